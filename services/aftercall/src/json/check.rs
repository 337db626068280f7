//! Compares JSON with a message's descriptor: puts into the strict form what only looks different,
//! and says of the rest what is wrong.

use std::fmt;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::time;
use super::tree::Node;

/// Problems of one record that are said; whoever mends twenty sees the next ones.
const PROBLEMS_MAX: usize = 20;
/// How like a name must be to be meant, from 0 to 1.
const LIKENESS_MIN: f64 = 0.8;
/// Names that are listed where none is like.
const NAMES_MAX: usize = 12;

/// One step into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a field: its name, and which one of that name, from 1.
    Field(String, usize),
    /// Into a list's item, from 0.
    Item(usize),
}

/// A way into JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        let steps = path.iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Map { key } => Some(Step::Field(key.clone(), 1)),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Self(steps.collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name, _) if at == 0 => f.write_str(name)?,
                Step::Field(name, _) => write!(f, ".{name}")?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

/// Problems, each with its place.
pub(super) type Problems = Vec<(Path, String)>;

/// The message in `node` in the strict form, without what is null.
pub(super) fn check(node: Node, message: &MessageDescriptor) -> Result<Value, Problems> {
    let mut checker = Checker::default();
    let value = checker.record(node, message);
    match checker.problems.is_empty() {
        true => Ok(value),
        false => Err(checker.problems),
    }
}

#[derive(Default)]
struct Checker {
    path: Path,
    problems: Problems,
}

impl Checker {
    fn wrong(&mut self, said: impl Into<String>) -> Value {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push((self.path.clone(), said.into()));
        }
        Value::Null
    }

    fn within<T>(&mut self, step: Step, then: impl FnOnce(&mut Self) -> T) -> T {
        self.path.0.push(step);
        let done = then(self);
        self.path.0.pop();
        done
    }

    /// A whole record. Most often what is wrong is that the request around the contact is missing.
    fn record(&mut self, node: Node, request: &MessageDescriptor) -> Value {
        let bare = match &node {
            Node::Object(fields) => {
                let first = fields.first().map(|(name, _)| name.as_str());
                first.is_some_and(|name| {
                    field(request, name).is_none() && holder(request, name).is_some()
                })
            }
            _ => {
                return self.wrong("a record is an object: {\"interaction\": {...}}");
            }
        };
        match bare {
            true => self.wrong(
                "the contact stands alone, without the request around it: a record is \
                 {\"interaction\": {...}}",
            ),
            false => self.message(node, request),
        }
    }

    fn message(&mut self, node: Node, message: &MessageDescriptor) -> Value {
        match (message.full_name(), node) {
            ("google.protobuf.Timestamp", node) => self.time(node),
            // What else Google defines has forms of its own.
            (name, node) if name.starts_with("google.protobuf.") => plain(node),
            (_, Node::Object(fields)) => self.fields(fields, message),
            (_, _) => self.wrong("is an object: write { }"),
        }
    }

    fn fields(&mut self, fields: Vec<(String, Node)>, message: &MessageDescriptor) -> Value {
        let mut object = Map::new();
        let mut names: Vec<String> = Vec::new();
        for (name, node) in fields {
            let nth = names.iter().filter(|seen| **seen == name).count() + 1;
            names.push(name.clone());
            self.within(Step::Field(name.clone(), nth), |checker| {
                let Some(field) = field(message, &name) else {
                    let said = unknown(message, &name);
                    checker.wrong(said);
                    return;
                };
                let spelled = field.json_name().to_owned();
                if object.contains_key(&spelled) {
                    checker.wrong("is there twice: which one counts can't be told");
                    return;
                }
                let value = match node {
                    Node::Null => Value::Null,
                    node => checker.field(node, &field),
                };
                object.insert(spelled, value);
            });
        }
        object.retain(|_, value| !value.is_null());
        Value::Object(object)
    }

    fn field(&mut self, node: Node, field: &FieldDescriptor) -> Value {
        match node {
            node if field.is_map() => plain(node),
            Node::List(items) if field.is_list() => {
                let items = items.into_iter().enumerate().map(|(at, item)| {
                    self.within(Step::Item(at), |checker| match item {
                        Node::Null => checker.wrong("says nothing: leave it out"),
                        item => checker.single(item, field),
                    })
                });
                Value::Array(items.collect())
            }
            _ if field.is_list() => self.wrong("is a list: write it in [ ]"),
            node => self.single(node, field),
        }
    }

    fn single(&mut self, node: Node, field: &FieldDescriptor) -> Value {
        match (field.kind(), node) {
            (Kind::Message(message), node) => self.message(node, &message),
            (Kind::Enum(of), node) => self.enumeration(node, &of),
            (Kind::String, Node::Text(text)) => Value::String(text),
            (Kind::String, Node::Number(number)) => {
                self.wrong(format!("is text: write \"{number}\""))
            }
            (Kind::String, _) => self.wrong("is text: write it in quotation marks"),
            (Kind::Bool, Node::Bool(value)) => Value::Bool(value),
            (Kind::Bool, _) => self.wrong("is true or false, without quotation marks"),
            (Kind::Bytes, Node::Text(text)) => Value::String(text),
            (Kind::Bytes, _) => self.wrong("is text in base64"),
            // Numbers: JSON has no form for large ones but in quotation marks.
            (_, Node::Number(number)) => Value::Number(number),
            (Kind::Double | Kind::Float, Node::Text(text))
                if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) =>
            {
                Value::String(text)
            }
            (_, Node::Text(text)) if text.parse::<f64>().is_ok() => Value::String(text),
            (_, _) => self.wrong("is a number"),
        }
    }

    fn enumeration(&mut self, node: Node, of: &EnumDescriptor) -> Value {
        match node {
            Node::Text(name) if of.get_value_by_name(&name).is_some() => Value::String(name),
            Node::Number(number) => match whole(&number) {
                Some(number) => Value::Number(number.into()),
                None => self.wrong(one_of(of)),
            },
            Node::Text(name) => {
                let values = of.values();
                let names: Vec<String> = values.map(|value| value.name().to_owned()).collect();
                let meant = names.iter().find(|full| is_short_for(&name, full));
                let said = match meant.or_else(|| likest(&name, &names)) {
                    Some(meant) => format!("\"{name}\" is no value: did you mean \"{meant}\"?"),
                    None => format!("\"{name}\" is no value: {}", one_of(of)),
                };
                self.wrong(said)
            }
            _ => self.wrong(one_of(of)),
        }
    }

    fn time(&mut self, node: Node) -> Value {
        let read = match node {
            Node::Text(text) => time::of_text(&text),
            Node::Number(number) => Err(time::of_number(&number)),
            _ => Err(time::of_other()),
        };
        read.unwrap_or_else(|said| self.wrong(said))
    }
}

/// A field by either of its spellings.
fn field(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    let by_json = message.get_field_by_json_name(name);
    by_json.or_else(|| message.get_field_by_name(name))
}

/// The field of a message whose own message has a field `name`.
fn holder(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message.fields().find(|holder| match holder.kind() {
        Kind::Message(held) => field(&held, name).is_some(),
        _ => false,
    })
}

fn unknown(message: &MessageDescriptor, name: &str) -> String {
    let names: Vec<String> = message
        .fields()
        .map(|field| field.json_name().to_owned())
        .collect();
    if let Some(holder) = holder(message, name) {
        return format!("unknown field: it belongs in \"{}\"", holder.json_name());
    }
    if let Some(meant) = likest(name, &names) {
        return format!("unknown field: did you mean \"{meant}\"?");
    }
    match names.len() {
        0..=NAMES_MAX => format!("unknown field: there are {}", names.join(", ")),
        _ => "unknown field: leave it out".to_owned(),
    }
}

fn one_of(of: &EnumDescriptor) -> String {
    let values = of.values().filter(|value| value.number() != 0);
    let names: Vec<String> = values.map(|value| value.name().to_owned()).collect();
    format!("write one of {}", names.join(", "))
}

/// Whether `name` is `full` as people write it: without the type's name, in any case.
fn is_short_for(name: &str, full: &str) -> bool {
    let name = name.replace([' ', '-'], "_").to_ascii_uppercase();
    let rest = full.strip_suffix(&name);
    !name.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
}

fn likest<'a>(name: &str, names: &'a [String]) -> Option<&'a String> {
    let likeness = |other: &str| strsim::normalized_damerau_levenshtein(name, other);
    let rated = names.iter().map(|other| (likeness(other), other));
    let likest = rated.max_by(|(a, _), (b, _)| a.total_cmp(b));
    likest
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .map(|(_, name)| name)
}

/// A whole number, also in the form `1.0`.
fn whole(number: &serde_json::Number) -> Option<i32> {
    match number.as_i64() {
        Some(number) => i32::try_from(number).ok(),
        None => {
            let number = number.as_f64()?;
            let is_whole = number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
            is_whole.then_some(number as i32)
        }
    }
}

/// JSON as it is.
fn plain(node: Node) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(value),
        Node::Number(number) => Value::Number(number),
        Node::Text(text) => Value::String(text),
        Node::List(items) => Value::Array(items.into_iter().map(plain).collect()),
        Node::Object(fields) => {
            let fields = fields.into_iter().map(|(name, node)| (name, plain(node)));
            Value::Object(fields.collect())
        }
    }
}
