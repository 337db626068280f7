//! Of which events somebody is told.

use std::fmt;
use std::str::FromStr;

/// A type of event, such as `aftercall.commitment.lapsed.v1`, or the beginning of types, such as
/// `aftercall.commitment.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPattern(String);

/// What is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is neither a type of event, such as aftercall.commitment.lapsed.v1, nor the beginning of one up to a \
     dot, such as aftercall.commitment.*"
)]
pub struct NotAPattern;

impl EventPattern {
    /// Whether events of this type are meant.
    pub fn matches(&self, event_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => event_type.starts_with(beginning),
            None => event_type == self.0,
        }
    }
}

impl FromStr for EventPattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let words = match text.strip_suffix('*') {
            Some("") => return Ok(Self(text.to_owned())),
            Some(beginning) => beginning.strip_suffix('.').ok_or(NotAPattern)?,
            None => text,
        };
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        match words.split('.').all(is_word) {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAPattern),
        }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_or_a_beginning_up_to_a_dot_is_meant() {
        let lapsed = "aftercall.commitment.lapsed.v1";
        for (pattern, meant) in [
            ("*", true),
            ("aftercall.*", true),
            ("aftercall.commitment.*", true),
            ("aftercall.commitment.lapsed.*", true),
            (lapsed, true),
            ("aftercall.commitment.lapsed", false),
            ("aftercall.commitment.lapsed.v1.*", false),
            ("aftercall.interaction.*", false),
        ] {
            let read: EventPattern = pattern.parse().unwrap();
            assert_eq!(read.matches(lapsed), meant, "{pattern}");
        }
        for text in [
            "",
            ".",
            ".*",
            "a.*.b",
            "aftercall*",
            "*.v1",
            "**",
            "a..b",
            "A.b",
            "a b",
            "a.*.",
        ] {
            assert_eq!(text.parse::<EventPattern>(), Err(NotAPattern), "{text}");
        }
    }
}
