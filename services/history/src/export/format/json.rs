//! A message as a line of JSON, in fewer steps than `serde_json` takes, and the same to the byte.
//!
//! Nearly all that a contact's line has are names of fields, which hold nothing that JSON would have to escape and are
//! copied as they are, and texts, most of which hold no such thing either: that is found out for sixteen bytes at once.
//! Whatever else comes up is left to `serde_json`.

use std::fmt;

use serde::ser::{Error, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};

/// How many bytes of a text are looked at in one step.
const CHUNK_BYTES: usize = 16;

/// Adds a message to `lines`.
pub(super) fn write(
    message: &impl Serialize,
    lines: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    let begin = lines.len();
    if message.serialize(Json(lines)).is_ok() {
        return Ok(());
    }
    lines.truncate(begin);
    serde_json::to_writer(lines, message)
}

/// Writes messages, their fields and lists of these.
struct Json<'l>(&'l mut Vec<u8>);

/// The fields of a message.
struct Fields<'l> {
    lines: &'l mut Vec<u8>,
    is_first: bool,
}

/// A list.
struct List<'l> {
    lines: &'l mut Vec<u8>,
    is_first: bool,
}

/// It is left to `serde_json`: what is no part of our messages, or what can't be written at all, which it says why.
#[derive(Debug, thiserror::Error)]
#[error("it is left to serde_json")]
struct Rare;

impl Error for Rare {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Writes a value as `serde_json` does.
fn common<T: ?Sized + Serialize>(lines: &mut Vec<u8>, value: &T) -> Result<(), Rare> {
    serde_json::to_writer(lines, value).map_err(|_| Rare)
}

fn is_plain(text: &[u8]) -> bool {
    // Without a way out in the middle, so that all bytes of a chunk are compared at once.
    let are_plain = |bytes: &[u8]| {
        bytes.iter().fold(true, |all, byte| {
            all & (*byte >= b' ') & (*byte != b'"') & (*byte != b'\\')
        })
    };
    let (chunks, rest) = text.as_chunks::<CHUNK_BYTES>();
    chunks.iter().all(|chunk| are_plain(chunk)) && are_plain(rest)
}

macro_rules! left_to_serde_json {
    ($($name:ident($value:ty);)*) => {
        $(fn $name(self, value: $value) -> Result<(), Rare> {
            common(self.0, &value)
        })*
    };
}

impl<'l> Serializer for Json<'l> {
    type Ok = ();
    type Error = Rare;
    type SerializeSeq = List<'l>;
    type SerializeTuple = Impossible<(), Rare>;
    type SerializeTupleStruct = Impossible<(), Rare>;
    type SerializeTupleVariant = Impossible<(), Rare>;
    type SerializeMap = Impossible<(), Rare>;
    type SerializeStruct = Fields<'l>;
    type SerializeStructVariant = Impossible<(), Rare>;

    left_to_serde_json! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
    }

    fn serialize_str(self, text: &str) -> Result<(), Rare> {
        if !is_plain(text.as_bytes()) {
            return common(self.0, text);
        }
        self.0.reserve(text.len() + 2);
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Rare> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'l>, Rare> {
        self.0.push(b'[');
        Ok(List {
            lines: self.0,
            is_first: true,
        })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'l>, Rare> {
        self.0.push(b'{');
        Ok(Fields {
            lines: self.0,
            is_first: true,
        })
    }

    fn serialize_none(self) -> Result<(), Rare> {
        Err(Rare)
    }

    fn serialize_unit(self) -> Result<(), Rare> {
        Err(Rare)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Rare> {
        Err(Rare)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Rare> {
        Err(Rare)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), Rare> {
        Err(Rare)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Rare> {
        Err(Rare)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Rare> {
        Err(Rare)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Rare> {
        Err(Rare)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Rare> {
        Err(Rare)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Rare> {
        Err(Rare)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Rare> {
        Err(Rare)
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Rare;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Rare> {
        self.lines.reserve(name.len() + 4);
        if !std::mem::take(&mut self.is_first) {
            self.lines.push(b',');
        }
        self.lines.push(b'"');
        self.lines.extend_from_slice(name.as_bytes());
        self.lines.extend_from_slice(b"\":");
        value.serialize(Json(self.lines))
    }

    fn end(self) -> Result<(), Rare> {
        self.lines.push(b'}');
        Ok(())
    }
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = Rare;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Rare> {
        if !std::mem::take(&mut self.is_first) {
            self.lines.push(b',');
        }
        value.serialize(Json(self.lines))
    }

    fn end(self) -> Result<(), Rare> {
        self.lines.push(b']');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aftercall_proto::history::v1::ExportedInteraction;
    use aftercall_proto::model::v1::{
        Commitment, ContactReason, Customer, Handle, Handling, Interaction, Lapse, Sentiment,
    };
    use pbjson_types::Timestamp;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What is held against `serde_json`, after a line that is there already.
    fn check(message: &impl Serialize) -> Result<(), TestCaseError> {
        let mut lines = b"the line before\n".to_vec();
        let written = write(message, &mut lines);
        match serde_json::to_vec(message) {
            Ok(expected) => {
                prop_assert!(written.is_ok(), "{:?}", written);
                let expected = [b"the line before\n", &*expected].concat();
                prop_assert_eq!(lines, expected);
            }
            Err(expected) => {
                let written = written.map_err(|error| error.to_string());
                prop_assert_eq!(written, Err(expected.to_string()));
            }
        }
        Ok(())
    }

    /// Of any characters, and of those that are escaped, at any place.
    fn text() -> impl Strategy<Value = String> {
        let letter = prop_oneof![
            60 => proptest::char::range(' ', '~'),
            20 => any::<char>(),
            1 => Just('"'),
            1 => Just('\\'),
            1 => (0..0x20_u8).prop_map(char::from),
        ];
        let letters = vec(letter, 0..50);
        letters.prop_map(|letters| letters.into_iter().collect())
    }

    fn at() -> impl Strategy<Value = Option<Timestamp>> {
        let at = (-70_000_000_000..260_000_000_000_i64, 0..1_000_000_000_i32);
        let at = at.prop_map(|(seconds, nanos)| Timestamp { seconds, nanos });
        // What no clock shows is refused by both.
        let never = Just(Timestamp {
            seconds: i64::MAX,
            nanos: -1,
        });
        prop::option::of(prop_oneof![40 => at, 1 => never])
    }

    fn contact() -> impl Strategy<Value = Interaction> {
        let customer = (vec(text(), 3), 0..5_i32, vec((0..6_i32, text()), 0..3));
        let customer = customer.prop_map(|(texts, match_status, handles)| Customer {
            customer_id: texts[0].clone(),
            display_name: texts[1].clone(),
            candidate_customer_ids: texts,
            match_status,
            handles: handles
                .into_iter()
                .map(|(kind, value)| Handle {
                    kind,
                    value,
                    ..Handle::default()
                })
                .collect(),
            ..Customer::default()
        });
        let felt = prop::option::of(any::<f64>());
        let felt = (felt.clone(), felt).prop_map(|(start, end)| Sentiment {
            start,
            end,
            ..Sentiment::default()
        });
        let reason = (text(), any::<bool>(), text());
        let reason = reason.prop_map(|(code, primary, stated_verbatim)| ContactReason {
            code,
            primary,
            stated_verbatim,
            ..ContactReason::default()
        });
        let parts = (
            prop::option::of(customer),
            prop::option::of(felt),
            vec(reason, 0..3),
            vec(text(), 0..3),
        );
        // Of the last channel no enum says anything: that is refused by both.
        let channel = prop_oneof![40 => 0..9_i32, 1 => Just(99)];
        (parts, vec(text(), 3), (channel, any::<u64>()), at()).prop_map(
            |((customer, sentiment, contact_reasons, labels), texts, numbers, occurred_at)| {
                Interaction {
                    interaction_id: texts[0].clone(),
                    channel: numbers.0,
                    version: numbers.1,
                    handling: Some(Handling {
                        summary: texts[1].clone(),
                        ..Handling::default()
                    }),
                    agent_id: texts[2].clone(),
                    customer,
                    sentiment,
                    contact_reasons,
                    labels,
                    occurred_at,
                    ..Interaction::default()
                }
            },
        )
    }

    fn promise() -> impl Strategy<Value = Commitment> {
        let lapse = (any::<u32>(), at()).prop_map(|(due_revision, lapsed_at)| Lapse {
            due_revision,
            lapsed_at,
            ..Lapse::default()
        });
        (text(), any::<bool>(), at(), vec(lapse, 0..3)).prop_map(
            |(promise_text, told_to_customer, promised_by, lapses)| Commitment {
                promise_text,
                told_to_customer,
                promised_by,
                lapses,
                ..Commitment::default()
            },
        )
    }

    proptest! {
        #[test]
        fn a_line_is_that_of_serde_json_to_the_byte(
            interaction in prop::option::of(contact()),
            commitments in vec(promise(), 0..3),
        ) {
            check(&ExportedInteraction { interaction, commitments })?;
        }

        #[test]
        fn a_text_is_plain_that_stands_as_it_is(text in text()) {
            let written = serde_json::to_string(&text).unwrap();
            let stands = written == format!("\"{text}\"");
            prop_assert_eq!(is_plain(text.as_bytes()), stands);
        }
    }

    #[derive(serde::Serialize)]
    enum Shape {
        Unit,
        Alone(u8),
        Pair(i8, char),
        Fields { side: f32 },
    }

    #[derive(serde::Serialize)]
    struct Holds<T> {
        text: &'static str,
        it: T,
    }

    /// No message has any of these.
    #[test]
    fn what_is_rare_is_as_serde_json_has_it() {
        fn check_it(it: impl Serialize) {
            check(&Holds { text: "\u{7f}", it }).unwrap();
        }
        check_it(());
        check_it(None::<u8>);
        check_it(Some(-7_i64));
        check_it((1_u16, "two"));
        check_it(BTreeMap::from([(1, "one"), (2, "two")]));
        check_it(BTreeMap::from([("one", f64::NAN), ("two", 1e300)]));
        check_it([Shape::Unit, Shape::Alone(1), Shape::Pair(-1, '"')]);
        check_it(vec![Shape::Fields { side: 0.1 }]);
        // Keys that are no texts can't be written.
        check_it(BTreeMap::from([(vec![1], 1)]));
    }
}
