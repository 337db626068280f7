//! Requests to record from JSON, as people's programs write it.
//!
//! What is taken is proto3 JSON as Google's parsers take it: null for "not said", enums by name or
//! number, fields in either spelling, numbers in quotation marks. Most records are read straight into
//! the message. Only one that can't be is looked at again with care, by the messages' descriptors:
//! it is taken after all, or everything that is wrong with it is said, with field, line and remedy.

mod check;
mod locate;
mod records;
mod time;
mod tree;

use std::sync::LazyLock;

use aftercall_proto::recorder::v1::RecordInteractionRequest;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use self::check::{Path, check};
use self::tree::Node;

pub(crate) use records::{Chunk, RECORD_BYTES_MAX, Record, Records, Scan, Seen};

/// The message that a record is.
const REQUEST: &str = "aftercall.recorder.v1.RecordInteractionRequest";
/// A problem's text is cut here: it may quote the record.
const TEXT_CHARS_MAX: usize = 300;

/// What is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field's path, as it is spelled in the record; empty for the record as a whole.
    pub field: String,
    /// What is wrong, and the remedy.
    pub text: String,
    /// In which line of the record, from 1.
    pub line: u64,
}

impl Problem {
    fn new(field: String, text: &str, line: usize) -> Self {
        Self {
            field,
            text: text.chars().take(TEXT_CHARS_MAX).collect(),
            line: line.max(1) as u64,
        }
    }

    /// A problem of the record as a whole.
    pub(crate) fn whole(text: &str) -> Self {
        Self::new(String::new(), text, 1)
    }
}

/// Reads a request to record.
///
/// # Errors
/// All that is wrong with it, as far as that can be told.
pub(crate) fn read(text: &str) -> Result<RecordInteractionRequest, Vec<Problem>> {
    serde_json::from_str(text).or_else(|_| read_with_care(text))
}

fn read_with_care(text: &str) -> Result<RecordInteractionRequest, Vec<Problem>> {
    let whole = |text: &str| vec![Problem::whole(text)];
    let node: Node = serde_json::from_str(text).map_err(|error| vec![not_json(text, &error)])?;
    let request = REQUESTS.as_ref().map_err(|error| whole(error))?;
    let value = check(node, request).map_err(|problems| {
        let located = problems
            .into_iter()
            .map(|(path, said)| Problem::new(path.to_string(), &said, locate::line(text, &path)));
        located.collect::<Vec<_>>()
    })?;
    let mut path = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(value, &mut path);
    let message = DynamicMessage::deserialize(request.clone(), tracked);
    let message = message.map_err(|error| {
        let path = Path::from(&path.path());
        let line = locate::line(text, &path);
        vec![Problem::new(path.to_string(), &error.to_string(), line)]
    })?;
    let request = message.transcode_to();
    request.map_err(|error| whole(&error.to_string()))
}

/// The descriptor of what is read.
static REQUESTS: LazyLock<Result<MessageDescriptor, String>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(aftercall_proto::DESCRIPTORS);
    let pool = pool.map_err(|error| error.to_string())?;
    let found = pool.get_message_by_name(REQUEST);
    found.ok_or_else(|| format!("{REQUEST} is not among the descriptors"))
});

fn not_json(text: &str, error: &serde_json::Error) -> Problem {
    if error.is_eof() {
        return Problem::new(
            String::new(),
            "the record is not closed: a bracket or quotation mark is missing at its end, or its file \
             breaks off",
            text.lines().count(),
        );
    }
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let said = format!("is not JSON at column {}: {said}", error.column());
    Problem::new(String::new(), &said, error.line())
}

#[cfg(test)]
mod tests {
    use aftercall_proto::model::v1::{Channel, Interaction};

    use super::*;

    fn contact(fields: &str) -> Interaction {
        let text = format!("{{\"interaction\": {{{fields}}}}}");
        read(&text).unwrap().interaction.unwrap()
    }

    fn problem(text: &str) -> Problem {
        let mut problems = read(text).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems.remove(0)
    }

    #[test]
    fn null_says_nothing_in_every_kind_of_field() {
        let nulls = r#""agentId": null, "channel": null, "customer": null, "segments": null,
            "noFollowUpPromised": null, "occurredAt": null, "version": null, "labels": null"#;
        assert_eq!(contact(nulls), Interaction::default());
        let deep = r#""contactReasons": [{"code": "a", "statedVerbatim": null}]"#;
        assert_eq!(contact(deep).contact_reasons[0].code, "a");
        let request = r#"{"interaction": {"agentId": "a"}, "importBatch": null}"#;
        assert_eq!(read(request).unwrap().import_batch, "");
    }

    #[test]
    fn enums_are_names_or_numbers_and_fields_have_two_spellings() {
        for channel in ["\"CHANNEL_VOICE\"", "1", "1.0"] {
            for field in ["occurred_at", "occurredAt"] {
                let text = format!(
                    "\"agent_id\": null, \"channel\": {channel}, \"{field}\": \"2026-11-20T09:00:00Z\""
                );
                let contact = contact(&text);
                assert_eq!(contact.channel(), Channel::Voice, "{text}");
                assert_eq!(contact.occurred_at.unwrap().seconds, 1_795_165_200);
            }
        }
        // A number that a newer program knows goes to the server, which says what it thinks of it.
        assert_eq!(contact("\"channel\": 4711").channel, 4711);
    }

    #[test]
    fn numbers_and_times_are_taken_in_every_form_of_proto3_json() {
        for version in ["7", "\"7\"", "7.0"] {
            let text = format!("\"agentId\": null, \"version\": {version}");
            assert_eq!(contact(&text).version, 7, "{text}");
        }
        for time in [
            "2026-11-20T09:00:00Z",
            "2026-11-20t09:00:00z",
            "2026-11-20 09:00:00Z",
            "2026-11-20T10:00:00+01:00",
            "2026-11-20T09:00:00.000000000Z",
        ] {
            let text = format!("\"agentId\": null, \"occurredAt\": \"{time}\"");
            let at = contact(&text).occurred_at.unwrap();
            assert_eq!((at.seconds, at.nanos), (1_795_165_200, 0), "{time}");
        }
    }

    #[test]
    fn a_time_that_can_not_be_used_says_what_to_write() {
        for (time, remedy) in [
            (
                "\"2026-11-01 09:00:00\"",
                "needs a zone, such as 2026-11-01T09:00:00Z",
            ),
            (
                "\"2026-11-01T09:00:00\"",
                "needs a zone, such as 2026-11-01T09:00:00Z",
            ),
            (
                "\"2026-11-01T09:00\"",
                "needs a zone, such as 2026-11-01T09:00:00Z",
            ),
            (
                "\"2026-11-01\"",
                "needs a time of day and a zone, such as 2026-11-01T00:00:00Z",
            ),
            (
                "\"01/11/2026 09:00\"",
                "write a time such as 2026-11-20T09:12:00Z",
            ),
            (
                "\"2026-11-01T09:00:00 CET\"",
                "write a time such as 2026-11-20T09:12:00Z",
            ),
            (
                "\"2026-13-01T09:00:00Z\"",
                "write a time such as 2026-11-20T09:12:00Z",
            ),
            ("\"\"", "write a time such as 2026-11-20T09:12:00Z"),
            ("1795165200", "such as 2026-11-20T09:00:00Z"),
            ("1795165200000", "such as 2026-11-20T09:00:00Z"),
            ("{\"seconds\": 1795165200}", "is text: write a time such as"),
        ] {
            let text = format!("{{\"interaction\":\n {{\"occurredAt\": {time}}}}}");
            let problem = problem(&text);
            assert_eq!(problem.field, "interaction.occurredAt", "{time}");
            assert_eq!(problem.line, 2, "{time}");
            assert!(problem.text.contains(remedy), "{time}: {problem:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_with_field_line_and_remedy() {
        let text = r#"{
  "interaction": {
    "chanel": "CHANNEL_VOICE",
    "direction": "inbound",
    "customerId": "C-1",
    "agentId": 7,
    "noFollowUpPromised": "true",
    "contactReasons": [
      {"code": "a"},
      {"code": "b", "primary": "yes", "sub": {}}
    ],
    "labels": "vip",
    "handling": ["x"],
    "version": "seven",
    "agent_id": "again"
  }
}"#;
        let said = read(text).unwrap_err().into_iter();
        let said: Vec<_> = said.map(|it| (it.line, it.field, it.text)).collect();
        let expected = [
            (3, "interaction.chanel", "did you mean \"channel\"?"),
            (
                4,
                "interaction.direction",
                "did you mean \"DIRECTION_INBOUND\"?",
            ),
            (5, "interaction.customerId", "it belongs in \"customer\""),
            (6, "interaction.agentId", "write \"7\""),
            (7, "interaction.noFollowUpPromised", "true or false"),
            (10, "interaction.contactReasons[1].primary", "true or false"),
            (10, "interaction.contactReasons[1].sub", "unknown field"),
            (12, "interaction.labels", "is a list: write it in [ ]"),
            (13, "interaction.handling", "is an object"),
            (14, "interaction.version", "is a number"),
            (15, "interaction.agent_id", "is there twice"),
        ];
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for ((line, field, text), expected) in said.iter().zip(expected) {
            assert_eq!((*line, field.as_str()), (expected.0, expected.1), "{text}");
            assert!(text.contains(expected.2), "{field}: {text}");
        }
    }

    #[test]
    fn a_field_that_is_there_twice_is_never_half_taken() {
        for twice in [
            r#""agentId": "a", "agentId": "b""#,
            r#""agentId": "a", "agent_id": "b""#,
            r#""channel": null, "agentId": "a", "agentId": "b""#,
        ] {
            let problem = problem(&format!("{{\"interaction\": {{{twice}}}}}"));
            assert!(problem.text.contains("is there twice"), "{problem:?}");
        }
    }

    #[test]
    fn a_contact_without_the_request_around_it_is_told_once() {
        let problem = problem(r#"{"channel": "CHANNEL_VOICE", "agentId": "a", "labels": []}"#);
        assert_eq!(problem.field, "");
        assert!(
            problem.text.contains("{\"interaction\": {...}}"),
            "{problem:?}"
        );
    }

    #[test]
    fn what_is_no_json_is_told_with_its_line() {
        for (text, line, said) in [
            ("{\n\"interaction\": {\n", 2, "not closed"),
            ("{\n\"interaction\": x}", 2, "is not JSON at column"),
            ("{\"interaction\": {},}", 1, "trailing comma"),
            ("null", 1, "is an object"),
            ("[]", 1, "is an object"),
            ("7", 1, "is an object"),
        ] {
            let problem = problem(text);
            assert_eq!(problem.line, line, "{text}");
            assert!(problem.text.contains(said), "{text}: {problem:?}");
        }
    }
}
