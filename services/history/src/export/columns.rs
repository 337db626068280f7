//! The columns of CSV and Parquet, in their order, which is for ever: new ones come last. `docs/export.md` has the same
//! for people, and a test compares them.

use std::borrow::Cow;

use aftercall_domain::commitment::Commitment;
use aftercall_domain::interaction::path_in_line;
use aftercall_proto::convert::time;
use aftercall_proto::model::v1::{
    Channel, Customer, Direction, DriverSegment, DriverSetter, DropAttribution, DropClass,
    Handling, Interaction, MatchStatus, ReasonResolution, RepeatCause, RootCause,
};
use pbjson_types::Timestamp;

use crate::stored::microseconds;

/// What a column holds. Any may be left out in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Number,
    /// An instant.
    Time,
}

impl Kind {
    /// The name in `docs/export.md`.
    #[cfg(test)]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Time => "time",
        }
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'r> {
    /// Nothing is known.
    Nothing,
    /// Text.
    Text(Cow<'r, str>),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// An instant, in microseconds since the Unix epoch.
    Time(i64),
}

/// A contact to be taken home.
#[derive(Debug)]
pub(crate) struct Row {
    /// The contact.
    pub(crate) contact: Interaction,
    /// Its promises as they stood.
    pub(crate) promises: Vec<Commitment>,
}

/// A column.
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// What it is, for people: `docs/export.md` is held against it.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by a test"))]
    pub(crate) what: &'static str,
    /// The value of a row.
    pub(crate) cell: for<'r> fn(&'r Row) -> Cell<'r>,
}

macro_rules! columns {
    ($($name:literal, $kind:ident, $what:literal, $cell:expr;)*) => {
        /// All of them.
        pub(crate) const COLUMNS: &[Column] = &[$(Column {
            name: $name,
            kind: Kind::$kind,
            what: $what,
            cell: $cell,
        }),*];
    };
}

columns! {
    "interaction_id", Text, "the contact's id", |row| text(&row.contact.interaction_id);
    "source_system", Text, "the system that it comes from", |row| text(source(&row.contact).0);
    "external_id", Text, "its name there", |row| text(source(&row.contact).1);
    "recorded_at", Time, "when it was recorded, by our clock", |row| at(row.contact.recorded_at.as_ref());
    "version", Integer, "1, and one more for each amendment", |row| number(row.contact.version);
    "occurred_at", Time, "when it began", |row| at(row.contact.occurred_at.as_ref());
    "ended_at", Time, "when it ended", |row| at(row.contact.ended_at.as_ref());
    "channel", Text, "by which channel, such as `CHANNEL_VOICE`", |row| {
        name(row.contact.channel, |value| Some(Channel::try_from(value).ok()?.as_str_name()))
    };
    "direction", Text, "who reached out, such as `DIRECTION_INBOUND`", |row| {
        name(row.contact.direction, |value| Some(Direction::try_from(value).ok()?.as_str_name()))
    };
    "customer_id", Text, "the customer, by the CRM's own key", |row| {
        text(customer(&row.contact).map_or("", |customer| &customer.customer_id))
    };
    "match_status", Text, "how sure that is, such as `MATCH_STATUS_MATCHED`", |row| {
        let status = customer(&row.contact).map_or(0, |customer| customer.match_status);
        name(status, |value| Some(MatchStatus::try_from(value).ok()?.as_str_name()))
    };
    "agent_id", Text, "who wrapped it up", |row| text(&row.contact.agent_id);
    "team_id", Text, "that agent's team", |row| text(&row.contact.team_id);
    "site_id", Text, "that agent's site", |row| text(&row.contact.site_id);
    "primary_reason", Text, "the code of the main reason", |row| {
        let mut reasons = row.contact.contact_reasons.iter();
        text(reasons.find(|reason| reason.primary).map_or("", |reason| &reason.code))
    };
    "primary_resolution", Text, "what came of it, such as `REASON_RESOLUTION_RESOLVED`", |row| {
        let mut reasons = row.contact.contact_reasons.iter();
        let resolution = reasons.find(|reason| reason.primary).map_or(0, |reason| reason.resolution);
        name(resolution, |value| Some(ReasonResolution::try_from(value).ok()?.as_str_name()))
    };
    "reason_codes", Text, "the codes of all reasons, with `;` between them", |row| {
        list(row.contact.contact_reasons.iter().map(|reason| &*reason.code))
    };
    "disposition", Text, "the wrap-up code", |row| {
        text(row.contact.disposition.as_ref().map_or("", |disposition| &disposition.code))
    };
    "summary", Text, "how it was handled", |row| text(handling(&row.contact).map_or("", |it| &it.summary));
    "resolution", Text, "how it was solved", |row| text(handling(&row.contact).map_or("", |it| &it.resolution));
    "workaround", Text, "what helps meanwhile", |row| text(handling(&row.contact).map_or("", |it| &it.workaround));
    "actions", Text, "the codes of what was done, with `;` between them", |row| {
        let actions = handling(&row.contact).map_or(&[][..], |it| &it.actions[..]);
        list(actions.iter().map(|action| &*action.code))
    };
    "labels", Text, "the labels, with `;` between them", |row| list(row.contact.labels.iter().map(|it| &**it));
    "sentiment_end", Number, "the customer's feeling at the end, from -5 to 5", |row| {
        let end = row.contact.sentiment.as_ref().and_then(|sentiment| sentiment.end);
        end.map_or(Cell::Nothing, Cell::Number)
    };
    "drop_class", Text, "whether it was lost, such as `DROP_CLASS_CONFIRMED`", |row| {
        let class = row.contact.disconnect.as_ref().map_or(0, |disconnect| disconnect.drop_class);
        name(class, |value| Some(DropClass::try_from(value).ok()?.as_str_name()))
    };
    "repeat_cause", Text, "why the customer reached out again, such as `REPEAT_CAUSE_LAPSED_COMMITMENT`", |row| {
        name(row.contact.repeat_cause, |value| Some(RepeatCause::try_from(value).ok()?.as_str_name()))
    };
    "repeat_commitment_id", Text, "because of which promise", |row| text(&row.contact.repeat_commitment_id);
    "promises", Integer, "how many promises were made in it", |row| number(row.promises.len() as u64);
    "open_promises", Integer, "how many of them are open", |row| {
        number(row.promises.iter().filter(|promise| promise.is_open()).count() as u64)
    };
    "lapsed_promises", Integer, "how many of them lapsed, in either clock", |row| {
        number(row.promises.iter().filter(|promise| !promise.lapses.is_empty()).count() as u64)
    };
    "next_due_at", Time, "when the first of the open ones is due", |row| {
        let open = row.promises.iter().filter(|promise| promise.is_open());
        let due = open.map(|promise| time::microseconds(promise.promised_by)).min();
        due.map_or(Cell::Nothing, Cell::Time)
    };
    "root_cause", Text, "the code of its root cause, as it was said last", |row| {
        text(root_cause(&row.contact).map_or("", |cause| &cause.code))
    };
    "root_cause_taxonomy_version", Text, "which edition of the taxonomy that is of", |row| {
        text(root_cause(&row.contact).map_or("", |cause| &cause.taxonomy_version))
    };
    "root_cause_set_by", Text, "who said it", |row| {
        text(root_cause(&row.contact).map_or("", |cause| &cause.set_by))
    };
    "root_cause_set_at", Time, "when they said it", |row| {
        at(root_cause(&row.contact).and_then(|cause| cause.set_at.as_ref()))
    };
    "root_cause_confidence", Number, "how sure they were, from 0 to 1", |row| {
        let sure = root_cause(&row.contact).and_then(|cause| cause.confidence);
        sure.map_or(Cell::Nothing, Cell::Number)
    };
    "driver_segment", Text, "what made the customer call", |row| text(driver(&row.contact).map_or("", |it| &it.code));
    "driver_set_by", Text, "who says so, such as `DRIVER_SETTER_CLASSIFIER`", |row| {
        let setter = driver(&row.contact).map_or(0, |it| it.set_by);
        name(setter, |value| Some(DriverSetter::try_from(value).ok()?.as_str_name()))
    };
    "driver_classifier", Text, "which classifier", |row| text(driver(&row.contact).map_or("", |it| &it.classifier));
    "driver_confidence", Number, "how sure it is, from 0 to 1", |row| {
        let confidence = driver(&row.contact).and_then(|it| it.confidence);
        confidence.map_or(Cell::Nothing, Cell::Number)
    };
    "ivr_path", Text, "the steps of the voice menu in their order, with ` > ` between them; of a very long way some are left out, for `…`", |row| {
        let nodes = row.contact.ivr_path.iter().map(|step| &*step.node);
        owned(path_in_line(nodes))
    };
    "ivr_node", Text, "the last of them", |row| {
        text(row.contact.ivr_path.last().map_or("", |step| &step.node))
    };
    "drop_attribution", Text, "to whom it is put down that it was lost, such as `DROP_ATTRIBUTION_CARRIER`", |row| {
        let whose = row.contact.disconnect.as_ref().map_or(0, |disconnect| disconnect.attribution);
        name(whose, |value| Some(DropAttribution::try_from(value).ok()?.as_str_name()))
    };
}

fn text(text: &str) -> Cell<'_> {
    match text {
        "" => Cell::Nothing,
        text => Cell::Text(Cow::Borrowed(text)),
    }
}

fn list<'r>(parts: impl Iterator<Item = &'r str>) -> Cell<'r> {
    owned(parts.collect::<Vec<_>>().join(";"))
}

fn owned(text: String) -> Cell<'static> {
    match text.is_empty() {
        true => Cell::Nothing,
        false => Cell::Text(Cow::Owned(text)),
    }
}

fn number(number: u64) -> Cell<'static> {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn at(at: Option<&Timestamp>) -> Cell<'static> {
    at.map_or(Cell::Nothing, |at| Cell::Time(microseconds(at)))
}

/// The name of an enum's value; its number where this version doesn't know it.
fn name(value: i32, known: impl FnOnce(i32) -> Option<&'static str>) -> Cell<'static> {
    match (value, known(value)) {
        (0, _) => Cell::Nothing,
        (_, Some(name)) => Cell::Text(Cow::Borrowed(name)),
        (value, None) => Cell::Text(Cow::Owned(value.to_string())),
    }
}

fn source(contact: &Interaction) -> (&str, &str) {
    let source = contact.external_ref.as_ref();
    source.map_or(("", ""), |at| (&at.source_system, &at.external_id))
}

fn customer(contact: &Interaction) -> Option<&Customer> {
    contact.customer.as_ref()
}

fn root_cause(contact: &Interaction) -> Option<&RootCause> {
    contact.root_cause.as_ref()
}

fn driver(contact: &Interaction) -> Option<&DriverSegment> {
    contact.driver_segment.as_ref()
}

fn handling(contact: &Interaction) -> Option<&Handling> {
    contact.handling.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_column_in_its_order() {
        let documented = include_str!("../../../../docs/export.md");
        let table = documented
            .split("| column | type | what |\n")
            .nth(1)
            .unwrap();
        let rows = table
            .lines()
            .skip(1)
            .take_while(|line| line.starts_with('|'));
        let rows: Vec<&str> = rows.collect();
        let expected: Vec<String> = COLUMNS
            .iter()
            .map(|column| {
                let Column {
                    name, kind, what, ..
                } = column;
                format!("| `{name}` | {} | {what} |", kind.name())
            })
            .collect();
        assert_eq!(rows, expected, "the columns:\n{}", expected.join("\n"));
    }
}
