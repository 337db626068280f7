//! From a record to a request.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use aftercall_domain::ids::Namespace;
use aftercall_log::BODY_BYTES_MAX;
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use prost::Message;

use super::report::{Place, RowError};
use super::source::Piece;
use crate::json::{self, Problem, RECORD_BYTES_MAX, Record};

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

/// Reads all records of a piece. Rows without a batch get `batch`.
pub(super) fn parse(piece: &Piece, batch: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for Record { line, bytes } in piece.chunk.records() {
        let place = Place {
            file: Arc::clone(&piece.file),
            line,
        };
        let line_bytes = bytes.map_or(RECORD_BYTES_MAX, <[u8]>::len) as u64 + 1;
        match bytes.map_or_else(|| Err(vec![too_long()]), parse_line) {
            Ok(Some(request)) => parsed
                .rows
                .push(complete(request, batch, place, line_bytes)),
            Ok(None) => parsed.other_bytes += line_bytes,
            Err(problems) => {
                parsed.other_bytes += line_bytes;
                parsed.errors.push(RowError::malformed(place, problems));
            }
        }
    }
    parsed
}

/// What is said of a record that is longer than any may be.
pub(crate) fn too_long() -> Problem {
    Problem::whole("the record is longer than 4 MiB: is it closed, and is it one record?")
}

/// The request that a record says; nothing where there is only white space.
///
/// # Errors
/// All that is wrong with it.
pub fn parse_line(record: &[u8]) -> Result<Option<RecordInteractionRequest>, Vec<Problem>> {
    let record = record.trim_ascii();
    if record.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(record).map_err(|error| {
        let from = error.valid_up_to() + 1;
        vec![Problem::whole(&format!(
            "the text isn't UTF-8 from byte {from} of the record on"
        ))]
    })?;
    let request = json::read(text)?;
    match request.encoded_len() > BODY_BYTES_MAX {
        true => {
            let text = format!("the record is larger than {} KiB", BODY_BYTES_MAX >> 10);
            Err(vec![Problem::whole(&text)])
        }
        false => Ok(Some(request)),
    }
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
    use crate::json::Records;

    fn parsed(text: &[u8], batch: &str) -> Parsed {
        let chunk = Records::new(Cursor::new(text.to_vec()))
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
