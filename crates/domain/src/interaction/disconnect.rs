//! How a contact ended, and what shows it.

use super::check::Checker;
use crate::limits::DROP_EVIDENCE_MAX;
use crate::{Cleaner, FieldPath};

/// How a contact ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Disconnect {
    /// Who or what ended it.
    pub reason: Option<DisconnectReason>,
    /// In which stage.
    pub stage: Option<DisconnectStage>,
    /// Whether the line was lost.
    pub drop_class: Option<DropClass>,
    /// To whom it is put down that it was.
    pub attribution: Option<DropAttribution>,
    /// \[P\] What shows it.
    pub evidence: Vec<String>,
}

impl Disconnect {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        let list = at.field("evidence");
        if !checker.count(list, self.evidence.len(), DROP_EVIDENCE_MAX) {
            return;
        }
        for (index, one) in self.evidence.iter().enumerate() {
            checker.required_line(list.index(index), one);
        }
    }

    pub(super) fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        cleaner.each(
            at.field("evidence"),
            &mut self.evidence,
            |one, at, cleaner| {
                cleaner.text(at, one);
            },
        );
    }
}

/// Who or what ended a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// The customer hung up.
    Customer,
    /// The agent hung up.
    Agent,
    /// Somebody else on the line hung up.
    ThirdParty,
    /// The line failed.
    TelecomProblem,
    /// A system ended it.
    System,
    /// The call flow ended it.
    Flow,
    /// A supervisor stepped in.
    SupervisorBarge,
    /// It went elsewhere.
    TransferOut,
    /// Nobody knows.
    Unknown,
}

/// In which stage a contact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectStage {
    /// While it rang.
    Ringing,
    /// In the voice menu.
    Ivr,
    /// While waiting.
    Queue,
    /// While talking.
    Talk,
    /// On hold.
    Hold,
    /// In after-call work.
    Acw,
}

/// Whether a contact was lost rather than ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropClass {
    /// It ended as it should.
    NotADrop,
    /// It looks lost.
    Suspected,
    /// It was lost.
    Confirmed,
}

/// To whom the loss of a call is put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropAttribution {
    /// To us: our lines, our systems, our agent.
    Ours,
    /// To the carrier.
    Carrier,
    /// To the customer's own device.
    CustomerDevice,
    /// That is not known.
    Unknown,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::Violations;
    use crate::limits::LINE_BYTES_MAX;
    use crate::violation::Reason;

    fn wrong(evidence: Vec<String>) -> Vec<(String, Reason)> {
        let mut found = Violations::new();
        let mut checker = Checker {
            now: Timestamp::UNIX_EPOCH,
            import: false,
            found: &mut found,
        };
        let disconnect = Disconnect {
            evidence,
            ..Disconnect::default()
        };
        disconnect.check(FieldPath::ROOT, &mut checker);
        let all = found.as_slice().iter();
        all.map(|one| (one.field.clone(), one.reason)).collect()
    }

    #[test]
    fn evidence_is_said_and_bounded() {
        let said = "the carrier's own report".to_owned();
        assert!(wrong(vec![said.clone(); DROP_EVIDENCE_MAX]).is_empty());
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let expected = [
            ("evidence[1]".to_owned(), Reason::Required),
            ("evidence[2]".to_owned(), Reason::TooLong),
        ];
        assert_eq!(wrong(vec![said.clone(), String::new(), long]), expected);
        let many = wrong(vec![said; DROP_EVIDENCE_MAX + 1]);
        assert_eq!(many, [("evidence".to_owned(), Reason::TooMany)]);
    }
}
