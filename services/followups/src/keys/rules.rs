//! The alerts' rules, as keys have them.

use aftercall_domain::alert::Rule;
use aftercall_view::key::{Key, MalformedKey};
use uuid::Uuid;

/// A rule's number in keys.
pub(super) const fn number_of(rule: Rule) -> u32 {
    match rule {
        Rule::PromiseLapsed => 1,
        Rule::TargetLapsed => 2,
        Rule::AtRisk => 3,
        Rule::Expired => 4,
        Rule::LegalThreat => 210,
        Rule::ManagerRequest => 211,
        Rule::SaveAction => 212,
    }
}

/// The rule of a number in keys.
pub(super) fn rule_of(number: u32) -> Result<Rule, MalformedKey> {
    let rule = Rule::ALL.into_iter().find(|it| number_of(*it) == number);
    rule.ok_or(MalformedKey)
}

/// Adds what a rule's alert is about: a customer's id is any text, and the other ones are ids of ours.
pub(super) fn with_subject(list: Key, rule: Rule, subject_id: &str) -> Key {
    match rule {
        Rule::SaveAction => list.text(subject_id),
        _ => list.id(subject_id),
    }
}

/// Reads what [`with_subject`] wrote.
pub(super) fn subject_of(rule: Rule, subject_id: Vec<u8>) -> Result<String, MalformedKey> {
    let uuid = match rule {
        Rule::SaveAction => None,
        _ => Uuid::from_slice(&subject_id).ok(),
    };
    match uuid {
        Some(uuid) => Ok(uuid.to_string()),
        None => String::from_utf8(subject_id).map_err(|_| MalformedKey),
    }
}

#[cfg(test)]
mod tests {
    use aftercall_view::key::Parts;

    use super::*;

    #[test]
    fn whatever_an_alert_is_about_is_read_as_it_was_written() {
        let id = "0190d2c8-0001-7000-8000-000000000001";
        let spelled = id.to_uppercase();
        // As long as the bytes of a UUID, spelled as one, and anything else.
        let customers = ["sixteen letters!", &*spelled, "C-1"];
        let about = customers.map(|customer| (Rule::SaveAction, customer));
        for (rule, subject) in [(Rule::AtRisk, id), (Rule::LegalThreat, id)]
            .into_iter()
            .chain(about)
        {
            let key = with_subject(Key::new(1), rule, subject);
            let mut parts = Parts::new(&key);
            parts.tag().unwrap();
            let read = subject_of(rule, parts.bytes().unwrap());
            assert_eq!(read.as_deref(), Ok(subject));
        }
    }
}
