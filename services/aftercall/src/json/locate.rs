//! In which line of a text a value stands.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::check::{Path, Step};

/// The line, from 1, in which the value at `path` begins; 1 where there is none.
pub(super) fn line(text: &str, path: &Path) -> usize {
    let mut json = serde_json::Deserializer::from_str(text);
    // The way ends in an error on purpose: the parser then says where it stands.
    match Way(path.steps()).deserialize(&mut json) {
        Ok(()) => 1,
        Err(error) => error.line().max(1),
    }
}

/// What is left of the way to a value.
struct Way<'a>(&'a [Step]);

impl<'de> DeserializeSeed<'de> for Way<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0 {
            [] => Err(D::Error::custom("here")),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Way<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a way on")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // Of a field that is there twice, the last is meant.
        let mut found = Ok(());
        let mut left = self.occurrences();
        while let Some(key) = map.next_key::<String>()? {
            match self.0 {
                [Step::Field(name, _), rest @ ..] if *name == key => {
                    left -= 1;
                    if left == 0 {
                        found = map.next_value_seed(Way(rest));
                        break;
                    }
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        found
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let [Step::Item(at), rest @ ..] = self.0 else {
            return Ok(());
        };
        for _ in 0..*at {
            seq.next_element::<IgnoredAny>()?;
        }
        seq.next_element_seed(Way(rest))?;
        Ok(())
    }
}

impl Way<'_> {
    /// The how manyth field of its name is meant.
    fn occurrences(&self) -> usize {
        match self.0 {
            [Step::Field(_, nth), ..] => *nth,
            _ => 0,
        }
    }
}
