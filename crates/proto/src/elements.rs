//! How many elements a message has, counted in its encoded form. An element may take two bytes on
//! the wire and hundreds in memory, so it is counted before anything is decoded.

use std::collections::HashMap;
use std::sync::Arc;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// How deep messages may lie within each other. A decoder refuses what is deeper.
const DEPTH_MAX: usize = 100;

/// The requests of all methods, as far as their elements go. Clones are the same.
#[derive(Debug, Clone)]
pub struct Elements {
    shapes: Arc<[Shape]>,
    by_path: Arc<HashMap<String, usize>>,
}

/// The fields of a message that have elements, or messages which may, by their numbers in order.
type Shape = Box<[(u32, Kind)]>;

/// What lies in a field.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// One message, of this shape.
    One(usize),
    /// Messages of this shape, each an element.
    Many(usize),
    /// Entries of a map, of this shape, each an element. A decoder takes one whatever form its key says.
    Entries(usize),
    /// Texts or bytes, each an element.
    Texts,
    /// Numbers, each an element, or many of them packed into one.
    Numbers(Width),
}

/// How much a packed number takes.
#[derive(Debug, Clone, Copy)]
enum Width {
    Varying,
    Bytes(usize),
}

impl Elements {
    /// Of all methods that `described` has.
    pub fn new(described: &[FileDescriptorSet]) -> Self {
        let mut messages = HashMap::new();
        let files = || described.iter().flat_map(|set| &set.file);
        for file in files() {
            collect(file.package(), &file.message_type, &mut messages);
        }
        let numbers: HashMap<&str, usize> = messages.keys().map(String::as_str).zip(0..).collect();
        let shapes = messages.values().map(|message| shape(message, &numbers));
        let mut by_path = HashMap::new();
        for file in files() {
            for service in &file.service {
                for method in &service.method {
                    let path = format!(
                        "/{}{}/{}",
                        dotted(file.package()),
                        service.name(),
                        method.name()
                    );
                    if let Some(&shape) = numbers.get(method.input_type().trim_start_matches('.')) {
                        by_path.insert(path, shape);
                    }
                }
            }
        }
        Self {
            shapes: shapes.collect(),
            by_path: Arc::new(by_path),
        }
    }

    /// The requests of the method at `path`, as in `/aftercall.history.v1.HistoryService/Get`; none
    /// for a method that is not described.
    pub fn of(&self, path: &str) -> Option<Request> {
        let shape = *self.by_path.get(path)?;
        let shapes = Arc::clone(&self.shapes);
        Some(Request { shapes, shape })
    }
}

/// The requests of one method.
#[derive(Debug, Clone)]
pub struct Request {
    shapes: Arc<[Shape]>,
    shape: usize,
}

impl Request {
    /// How many elements `message` has; none if they are more than `max`. What no decoder takes is
    /// counted as far as one would read.
    pub fn count(&self, message: &[u8], max: usize) -> Option<usize> {
        let mut count = Count {
            shapes: &self.shapes,
            left: max,
        };
        count.message(self.shape, message, 0)?;
        Some(max - count.left)
    }
}

struct Count<'a> {
    shapes: &'a [Shape],
    left: usize,
}

impl Count<'_> {
    /// None when there are more elements than may be.
    fn message(&mut self, shape: usize, mut rest: &[u8], depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return Some(());
        }
        // A group is of an older time, and no field of ours: what lies in one is passed over.
        let mut groups = 0_usize;
        while let Some((number, form)) = key(&mut rest) {
            let entries = self.kind(shape, number).filter(|_| groups == 0);
            if let Some(Kind::Entries(inner)) = entries {
                let Some(bytes) = lengthy(&mut rest) else {
                    return Some(());
                };
                self.add(1)?;
                self.message(inner, bytes, depth + 1)?;
                continue;
            }
            let Some(value) = value(form, &mut rest) else {
                return Some(());
            };
            match value {
                Value::GroupStart => groups += 1,
                Value::GroupEnd => groups = groups.saturating_sub(1),
                _ if groups > 0 => {}
                Value::Number => {
                    if let Some(Kind::Numbers(_)) = self.kind(shape, number) {
                        self.add(1)?;
                    }
                }
                Value::Bytes(bytes) => match self.kind(shape, number) {
                    None | Some(Kind::Entries(_)) => {}
                    Some(Kind::One(inner)) => self.message(inner, bytes, depth + 1)?,
                    Some(Kind::Many(inner)) => {
                        self.add(1)?;
                        self.message(inner, bytes, depth + 1)?;
                    }
                    Some(Kind::Texts) => self.add(1)?,
                    Some(Kind::Numbers(width)) => self.add(packed(bytes, width))?,
                },
            }
        }
        Some(())
    }

    fn add(&mut self, elements: usize) -> Option<()> {
        self.left = self.left.checked_sub(elements)?;
        Some(())
    }

    fn kind(&self, shape: usize, number: u32) -> Option<Kind> {
        let fields = &self.shapes[shape];
        let at = fields.binary_search_by_key(&number, |(number, _)| *number);
        at.ok().map(|at| fields[at].1)
    }
}

/// How many numbers are packed into `bytes`.
fn packed(bytes: &[u8], width: Width) -> usize {
    match width {
        // A number ends with the byte that has no mark of another one to come.
        Width::Varying => bytes.iter().filter(|byte| **byte < 0x80).count(),
        Width::Bytes(width) => bytes.len() / width,
    }
}

/// A field's value, as far as its form says.
enum Value<'a> {
    Number,
    Bytes(&'a [u8]),
    GroupStart,
    GroupEnd,
}

/// The number and the form of the next field; none at the end, and where no decoder would go on.
fn key(rest: &mut &[u8]) -> Option<(u32, u32)> {
    let key = u32::try_from(varint(rest)?).ok()?;
    Some((key >> 3, key & 7))
}

/// A field's value in that form; none where no decoder would go on.
fn value<'a>(form: u32, rest: &mut &'a [u8]) -> Option<Value<'a>> {
    Some(match form {
        0 => varint(rest).map(|_| Value::Number)?,
        1 => split(rest, 8).map(|_| Value::Number)?,
        2 => Value::Bytes(lengthy(rest)?),
        3 => Value::GroupStart,
        4 => Value::GroupEnd,
        5 => split(rest, 4).map(|_| Value::Number)?,
        _ => return None,
    })
}

/// What has its length before it.
fn lengthy<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(rest)?).ok()?;
    split(rest, length)
}

fn split<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (at, byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            *rest = &rest[at + 1..];
            return Some(value);
        }
    }
    None
}

fn dotted(package: &str) -> String {
    match package {
        "" => String::new(),
        package => format!("{package}."),
    }
}

fn collect<'a>(
    within: &str,
    messages: &'a [DescriptorProto],
    into: &mut HashMap<String, &'a DescriptorProto>,
) {
    for message in messages {
        let name = format!("{}{}", dotted(within), message.name());
        collect(&name, &message.nested_type, into);
        into.insert(name, message);
    }
}

fn shape(message: &DescriptorProto, numbers: &HashMap<&str, usize>) -> Shape {
    let fields = message.field.iter();
    let mut shape: Vec<_> = fields
        .filter_map(|field| {
            let number = u32::try_from(field.number()).ok()?;
            Some((number, kind(message, field, numbers)?))
        })
        .collect();
    shape.sort_unstable_by_key(|(number, _)| *number);
    shape.into()
}

fn kind(
    message: &DescriptorProto,
    field: &FieldDescriptorProto,
    numbers: &HashMap<&str, usize>,
) -> Option<Kind> {
    let repeated = field.label() == Label::Repeated;
    if field.r#type() == Type::Message {
        let inner = *numbers.get(field.type_name().trim_start_matches('.'))?;
        return Some(match repeated {
            true if is_map(message, field) => Kind::Entries(inner),
            true => Kind::Many(inner),
            false => Kind::One(inner),
        });
    }
    repeated.then(|| match field.r#type() {
        Type::String | Type::Bytes | Type::Group | Type::Message => Kind::Texts,
        Type::Double | Type::Fixed64 | Type::Sfixed64 => Kind::Numbers(Width::Bytes(8)),
        Type::Float | Type::Fixed32 | Type::Sfixed32 => Kind::Numbers(Width::Bytes(4)),
        Type::Int64
        | Type::Uint64
        | Type::Int32
        | Type::Bool
        | Type::Uint32
        | Type::Enum
        | Type::Sint32
        | Type::Sint64 => Kind::Numbers(Width::Varying),
    })
}

/// Whether a field of messages is a map: its entries are of a type within the message, which says so.
fn is_map(message: &DescriptorProto, field: &FieldDescriptorProto) -> bool {
    let name = field.type_name().rsplit('.').next();
    let mut within = message.nested_type.iter();
    within.any(|inner| {
        let options = inner.options.as_ref();
        options.is_some_and(|options| options.map_entry()) && name == inner.name.as_deref()
    })
}
