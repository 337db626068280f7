//! What is said in calls: it is read once, for what it was said for, and not kept.

use aftercall_domain::call::Speech;
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_proto::model::v1 as wire;

/// Takes the words out of an event, and says in it what they were said for, unless its caller does.
pub(crate) fn take_words(event: &mut wire::CallEvent, found: &mut Violations) {
    let (text, at) = (std::mem::take(&mut event.text), FieldPath::of("event"));
    let says_speech = event.speech != 0;
    if event.kind() != wire::CallEventKind::Said {
        let odd = "is of kind SAID alone; leave it out, or tell it by an event of its own";
        for (field, is_said) in [
            ("text", !text.is_empty()),
            ("speech", says_speech),
            ("participant", event.participant != 0),
        ] {
            if is_said {
                found.add(at.field(field), Reason::Conflicting, odd);
            }
        }
        return;
    }
    if text.len() > TEXT_BYTES_MAX {
        found.too_long(at.field("text"), TEXT_BYTES_MAX);
    } else if text.is_empty() && !says_speech {
        found.required(at.field("text"));
    } else if !says_speech {
        event.speech = wire::Speech::from(Speech::of(&text)).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> wire::CallEvent {
        wire::CallEvent {
            kind: wire::CallEventKind::Said.into(),
            text: text.to_owned(),
            ..wire::CallEvent::default()
        }
    }

    /// What is wrong with an event, by its fields; and the event as it is kept.
    fn taken(mut event: wire::CallEvent) -> (Vec<String>, wire::CallEvent) {
        let mut found = Violations::new();
        take_words(&mut event, &mut found);
        let fields = match found.into_result(()) {
            Ok(()) => Vec::new(),
            Err(found) => found
                .as_slice()
                .iter()
                .map(|one| one.field.clone())
                .collect(),
        };
        (fields, event)
    }

    #[test]
    fn words_go_and_what_they_were_said_for_stays() {
        let (wrong, kept) = taken(said("Is it open on Sundays?"));
        assert!(wrong.is_empty() && kept.text.is_empty());
        assert_eq!(kept.speech(), wire::Speech::Question);
        let mut told = said("Is it open on Sundays?");
        told.speech = wire::Speech::Other.into();
        let (wrong, kept) = taken(told);
        assert!(wrong.is_empty() && kept.text.is_empty());
        assert_eq!(kept.speech(), wire::Speech::Other);
    }

    #[test]
    fn words_without_a_kind_or_without_words_are_refused_by_name() {
        let (wrong, kept) = taken(wire::CallEvent {
            kind: wire::CallEventKind::Held.into(),
            ..said("Hello")
        });
        assert_eq!(wrong, ["event.text"]);
        assert!(kept.text.is_empty());
        assert_eq!(taken(said("")).0, ["event.text"]);
        assert_eq!(
            taken(said(&"x".repeat(TEXT_BYTES_MAX + 1))).0,
            ["event.text"]
        );
    }
}
