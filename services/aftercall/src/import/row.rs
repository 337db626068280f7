//! From a line to a request.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use aftercall_domain::ids::Namespace;
use aftercall_log::BODY_BYTES_MAX;
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use prost::Message;

use super::lines::{LINE_BYTES_MAX, Line};
use super::report::{Place, RowError, Violation};
use super::source::Piece;

/// A problem's text is cut here: it may quote the line.
const PROBLEM_CHARS_MAX: usize = 300;

/// A request, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) request: RecordInteractionRequest,
    /// The size of the request on the wire.
    pub(super) wire_bytes: usize,
    /// The size of the line.
    pub(super) line_bytes: u64,
    /// How often it was sent and came back.
    pub(super) attempts: u32,
}

impl Row {
    /// Rows of one customer give the same number.
    pub(super) fn lane(&self, lanes: usize) -> usize {
        let customer = self
            .request
            .interaction
            .as_ref()
            .and_then(|it| it.customer.as_ref());
        let mut hasher = DefaultHasher::new();
        match customer {
            Some(customer) if !customer.customer_id.is_empty() => {
                customer.customer_id.hash(&mut hasher)
            }
            // Nobody's: any order will do.
            _ => {
                let interaction = self.request.interaction.as_ref();
                interaction.map(|it| &it.interaction_id).hash(&mut hasher);
            }
        }
        (hasher.finish() % lanes as u64) as usize
    }
}

/// What a piece of an input holds.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) rows: Vec<Row>,
    pub(super) errors: Vec<RowError>,
    /// The bytes of lines that are no rows: wrong or blank.
    pub(super) other_bytes: u64,
}

/// Reads all lines of a piece. Rows without a batch get `batch`.
pub(super) fn parse(piece: &Piece, batch: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for Line { number, bytes } in piece.chunk.lines() {
        let place = Place {
            file: Arc::clone(&piece.file),
            line: number,
        };
        let line_bytes = bytes.map_or(LINE_BYTES_MAX, <[u8]>::len) as u64 + 1;
        match bytes.map_or_else(|| Err(Problem::line_too_long()), parse_line) {
            Ok(Some(request)) => parsed
                .rows
                .push(complete(request, batch, place, line_bytes)),
            Ok(None) => parsed.other_bytes += line_bytes,
            Err(problem) => {
                parsed.other_bytes += line_bytes;
                parsed.errors.push(problem.at(place));
            }
        }
    }
    parsed
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    reason: &'static str,
    field: String,
    text: String,
}

impl Problem {
    fn new(reason: &'static str, field: String, text: String) -> Self {
        Self {
            reason,
            field,
            text,
        }
    }

    fn line_too_long() -> Self {
        let text = "the line is longer than 4 MiB: one record a line, and none so large";
        Self::new("MESSAGE_TOO_LARGE", String::new(), text.to_owned())
    }

    fn at(self, place: Place) -> RowError {
        let violation = Violation {
            field: self.field,
            description: self.text.clone(),
            reason: "MALFORMED".to_owned(),
        };
        RowError {
            place,
            reason: self.reason.to_owned(),
            message: self.text,
            violations: Some(violation)
                .filter(|one| !one.field.is_empty())
                .into_iter()
                .collect(),
            retryable: false,
        }
    }
}

/// The request on a line; nothing on a blank one.
///
/// # Errors
/// What is wrong, with the field's path where it has one.
pub fn parse_line(line: &[u8]) -> Result<Option<RecordInteractionRequest>, Problem> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(line).map_err(|error| {
        let text = format!(
            "the line isn't UTF-8 from byte {} on",
            error.valid_up_to() + 1
        );
        Problem::new("MALFORMED", String::new(), text)
    })?;
    // Following the path costs time, and only a line that is wrong needs it.
    let request: RecordInteractionRequest = match serde_json::from_str(text) {
        Ok(request) => request,
        Err(error) => return Err(located(text, &error)),
    };
    match request.encoded_len() > BODY_BYTES_MAX {
        true => {
            let text = format!("the record is larger than {} KiB", BODY_BYTES_MAX >> 10);
            Err(Problem::new("MESSAGE_TOO_LARGE", String::new(), text))
        }
        false => Ok(Some(request)),
    }
}

fn located(text: &str, error: &serde_json::Error) -> Problem {
    let mut input = serde_json::Deserializer::from_str(text);
    let again: Result<RecordInteractionRequest, _> = serde_path_to_error::deserialize(&mut input);
    let path = again.err().map(|error| error.path().to_string());
    let field = path.filter(|path| path != ".").unwrap_or_default();
    let mut problem: String = error.to_string().chars().take(PROBLEM_CHARS_MAX).collect();
    // Most often the interaction without the request around it.
    if !field.contains('.') && problem.starts_with("unknown field") {
        problem.push_str("; a line is {\"interaction\": {...}}");
    }
    Problem::new("MALFORMED", field, problem)
}

/// Adds what makes sending a row again harmless, now or in another run.
fn complete(
    mut request: RecordInteractionRequest,
    batch: &str,
    place: Place,
    line_bytes: u64,
) -> Row {
    name(&mut request);
    if request.import_batch.is_empty() {
        request.import_batch = batch.to_owned();
    }
    Row {
        place,
        wire_bytes: request.encoded_len(),
        request,
        line_bytes,
        attempts: 0,
    }
}

/// Gives a contact that has no name an id from its content: the same content is the same contact,
/// in whichever line, file or batch it stands. The server would draw another one each time.
pub(crate) fn name(request: &mut RecordInteractionRequest) {
    let nameless =
        |it: &&mut Interaction| it.interaction_id.is_empty() && it.external_ref.is_none();
    if let Some(interaction) = request.interaction.as_mut().filter(nameless) {
        let content = interaction.encode_to_vec();
        interaction.interaction_id = Namespace::ImportRow.id(&[&content]).to_string();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::import::lines::Lines;

    fn parsed(text: &[u8], batch: &str) -> Parsed {
        let chunk = Lines::new(Cursor::new(text.to_vec()))
            .chunk()
            .unwrap()
            .unwrap();
        let file = "f".into();
        parse(&Piece { file, chunk }, batch)
    }

    #[test]
    fn a_row_without_a_name_gets_one_from_its_content() {
        let rows = |text: &[u8], batch| parsed(text, batch).rows;
        let line = br#"{"interaction": {"agentId": "a"}}"#;
        let id = |row: &Row| row.request.interaction.clone().unwrap().interaction_id;
        let first = rows(line, "x");
        assert_eq!(id(&first[0]), id(&rows(line, "y")[0]));
        assert_ne!(
            id(&first[0]),
            id(&rows(br#"{"interaction": {"agentId": "b"}}"#, "x")[0])
        );
        let named = br#"{"interaction": {"externalRef": {"externalId": "7"}}}"#;
        assert_eq!(id(&rows(named, "x")[0]), "");
    }

    #[test]
    fn a_batch_that_a_row_names_is_kept() {
        let text = b"{\"importBatch\": \"own\"}\n{}\n";
        let batches: Vec<_> = parsed(text, "given")
            .rows
            .into_iter()
            .map(|row| row.request.import_batch)
            .collect();
        assert_eq!(batches, ["own", "given"]);
    }

    #[test]
    fn a_wrong_line_is_named_with_its_field_and_the_others_go_on() {
        let text = b"\n{\"interaction\": {\"channel\": \"CHANNEL_FAX\"}}\n{}\n\xff\n[1\n";
        let parsed = parsed(text, "x");
        assert_eq!(parsed.rows.len(), 1);
        let errors: Vec<_> = parsed
            .errors
            .iter()
            .map(|error| {
                (
                    error.place.line,
                    error.violations.first().map(|v| v.field.as_str()),
                )
            })
            .collect();
        assert_eq!(
            errors,
            [(2, Some("interaction.channel")), (4, None), (5, None)]
        );
        assert!(
            parsed.errors[1].message.contains("UTF-8"),
            "{:?}",
            parsed.errors[1]
        );
    }

    #[test]
    fn a_bare_interaction_is_refused_with_the_remedy() {
        let problem = parse_line(br#"{"channel": "CHANNEL_VOICE"}"#).unwrap_err();
        assert!(
            problem.text.contains("{\"interaction\": {...}}"),
            "{problem:?}"
        );
    }

    #[test]
    fn rows_of_one_customer_share_a_lane() {
        let row = |customer: &str, agent: &str| {
            let text = format!(
                r#"{{"interaction": {{"agentId": "{agent}", "customer": {{"customerId": "{customer}"}}}}}}"#
            );
            parsed(text.as_bytes(), "x").rows.remove(0).lane(8)
        };
        assert_eq!(row("C-1", "a"), row("C-1", "b"));
        let lanes: std::collections::HashSet<_> =
            (0..50).map(|n| row(&format!("C-{n}"), "a")).collect();
        assert!(lanes.len() > 4, "{lanes:?}");
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_line(&line);
        }

        #[test]
        fn no_json_makes_it_panic(
            field in "(interaction|importBatch|x)",
            value in "(\\{.{0,30}\\}|\\[.{0,30}\\]|\".{0,30}\"|[0-9e.+-]{1,20}|null|\\{\"channel\":.{0,20}\\})",
        ) {
            let _ = parse_line(format!("{{\"{field}\":{value}}}").as_bytes());
        }
    }
}
