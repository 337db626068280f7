//! Fields of a contact, from JSON: their values, and which of them are there.

use aftercall_proto::model::v1::Interaction;
use pbjson_types::FieldMask;
use serde_json::{Map, Value};

use super::{CommandError, input};

/// The largest input that is read, in MiB.
const INPUT_MIB_MAX: u64 = 1;

/// What a file says of a contact.
#[derive(Debug)]
pub(super) struct Fields {
    /// The values of the fields that are there.
    pub(super) values: Interaction,
    /// Which those are: an empty value empties its field.
    pub(super) mask: FieldMask,
}

/// Reads the fields that are in a file, or in standard input where it is called `-`.
///
/// # Errors
/// When it can't be read, or is no object with fields of a contact.
pub(super) fn read(file: &str) -> Result<Fields, CommandError> {
    let bytes = input::read(file, INPUT_MIB_MAX, "say fewer fields at a time")?;
    parse(&bytes).map_err(|error| {
        let text = format!("{file} is no object with fields of a contact: {error}");
        CommandError::Input(text)
    })
}

fn parse(bytes: &[u8]) -> Result<Fields, serde_json::Error> {
    let fields: Map<String, Value> = serde_json::from_slice(bytes)?;
    let paths = fields.keys().map(|name| snake(name)).collect();
    Ok(Fields {
        values: serde_json::from_slice(bytes)?,
        mask: FieldMask { paths },
    })
}

/// A field's name as a mask has it: proto3 JSON takes `contactReasons` and `contact_reasons`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for one in name.chars() {
        if one.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(one.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_that_are_there_are_said_whatever_they_are_called() {
        let text =
            r#"{"contactReasons": [{"code": "billing"}], "problem_onset_at": null, "labels": []}"#;
        let Fields { values, mut mask } = parse(text.as_bytes()).unwrap();
        mask.paths.sort();
        assert_eq!(
            mask.paths,
            ["contact_reasons", "labels", "problem_onset_at"]
        );
        assert_eq!(values.contact_reasons[0].code, "billing");
        for wrong in ["[]", "{\"labels\": 3}", "{\"nothing\": 1}", "{"] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
