//! Call events, put together from what a telephone system says.

use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::model::v1::{CallEvent, CallEventKind, Handle, HandleKind};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

/// How much of a name that is too long is kept beside its hash.
const KEPT_BYTES: usize = 96;
/// The longest text that is taken for a telephone number.
const NUMBER_BYTES_MAX: usize = 64;

/// An event of a call. Who tells it is said when it is sent.
pub(super) fn event(call: &str, id: &str, kind: CallEventKind, at: Timestamp) -> CallEvent {
    CallEvent {
        call_id: name(call),
        event_id: name(id),
        kind: kind.into(),
        occurred_at: Some(to_wire(at)),
        ..CallEvent::default()
    }
}

/// A text as a name that the server takes: without control characters, and where it is too long, told apart from
/// others that begin in the same way by its hash.
pub(super) fn name(text: &str) -> String {
    let clean: String = text
        .trim()
        .chars()
        .filter(|one| !one.is_control())
        .collect();
    if clean.len() <= ID_BYTES_MAX {
        return clean;
    }
    let kept = clean.floor_char_boundary(KEPT_BYTES);
    format!(
        "{}~{}",
        &clean[..kept],
        hex(&digest(&SHA256, clean.as_bytes()).as_ref()[..8])
    )
}

/// Bytes, as they are written in hashes.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text as a telephone number; none where it is something else, such as `anonymous` or `s`.
pub(super) fn telephone(text: &str) -> Option<Handle> {
    let text = text.trim();
    let is_number = text.len() <= NUMBER_BYTES_MAX
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.chars().all(|one| {
            matches!(
                one,
                '0'..='9' | '+' | '*' | '#' | '(' | ')' | ' ' | '-' | '.' | '/'
            )
        });
    is_number.then(|| Handle {
        kind: HandleKind::Telephone.into(),
        value: text.to_owned(),
        display_form: String::new(),
    })
}

/// Who or what a call is with, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Agent {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) team_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) site_id: String,
}

impl Agent {
    /// An event that is this agent's.
    pub(super) fn with(&self, event: CallEvent) -> CallEvent {
        CallEvent {
            agent_id: self.id.clone(),
            team_id: self.team_id.clone(),
            site_id: self.site_id.clone(),
            ..event
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_the_server_takes() {
        assert_eq!(name(" a\u{7}b "), "ab");
        let (long, other) = ("\u{e9}".repeat(100), "\u{e9}".repeat(101));
        assert!(name(&long).len() <= ID_BYTES_MAX);
        assert_ne!(name(&long), name(&other));
    }

    #[test]
    fn only_a_number_is_a_number() {
        for number in ["+49 30 1234", "004930-1234", "*43#", "1001"] {
            assert_eq!(telephone(number).unwrap().value, number);
        }
        for other in ["", "s", "<unknown>", "anonymous", "+", "sip:1@example.com"] {
            assert_eq!(telephone(other), None, "{other}");
        }
        assert_eq!(telephone(&"1".repeat(65)), None);
    }
}
