//! Ids as keys hold them.

use std::fmt;

use uuid::Uuid;

/// The id of a contact or a promise. UUIDs take less room as such, and are the same in every
/// spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Vec<u8>);

impl Id {
    /// The id of this text.
    pub fn of(text: &str) -> Self {
        match Uuid::try_parse(text) {
            Ok(id) => id.into(),
            Err(_) => Self(text.into()),
        }
    }

    /// The id, if it is a UUID.
    pub fn uuid(&self) -> Option<Uuid> {
        Uuid::from_slice(&self.0).ok()
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id.as_bytes().to_vec())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.uuid() {
            Some(id) => id.fmt(f),
            None => f.write_str(&String::from_utf8_lossy(&self.0)),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_in_every_spelling_and_reads_back() {
        let id = "0190d2c8-0000-7000-8000-00000000000a";
        for spelling in [
            id.to_uppercase(),
            format!("{{{id}}}"),
            format!("urn:uuid:{id}"),
            id.replace('-', ""),
        ] {
            assert_eq!(Id::of(&spelling), Id::of(id), "{spelling}");
            assert_eq!(Id::of(&spelling).to_string(), id);
        }
        assert_eq!(Id::of("i-1").to_string(), "i-1");
        assert_ne!(Id::of("i-1"), Id::of("I-1"));
    }
}
