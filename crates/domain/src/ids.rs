//! The ids of what is recorded: UUIDs, which callers spell in several ways and we in one.
//!
//! An id is read once, where a request comes in, and is canonical from there on: small letters, hyphens,
//! nothing around it. So whoever looks something up finds it by every spelling that recorded it.

use std::fmt;

use uuid::Uuid;

/// The one spelling of an id; none for what is no UUID, or the one of zeros alone, which programs
/// send that have forgotten to fill it in. Takes capitals, and what is written without hyphens, in
/// braces or as `urn:uuid:`.
pub fn canonical(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| !id.is_nil())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(String);

            impl $name {
                /// Reads an id in any usual spelling. What is no id stays as it is: nothing is
                /// recorded under it, so it is not found.
                pub fn read(text: &str) -> Self {
                    Self(canonical(text).map_or_else(|| text.to_owned(), |id| id.to_string()))
                }

                /// The canonical spelling.
                pub fn as_str(&self) -> &str {
                    &self.0
                }

                /// The canonical spelling, by value.
                pub fn into_string(self) -> String {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl From<Uuid> for $name {
                fn from(id: Uuid) -> Self {
                    Self(id.to_string())
                }
            }
        )*
    };
}

ids! {
    /// The id of a contact.
    InteractionId;
    /// The id of a promise.
    CommitmentId;
    /// The id of a candidate for a solution.
    CandidateId;
    /// The id of a solution.
    SolutionId;
}

/// What an id is derived for. Ids of different namespaces never meet. The names are for ever: who
/// sends something again must get the same ids again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// A contact, of what names it in the system that it comes from.
    Interaction,
    /// A contact of an import that has no name, of its content.
    ImportRow,
    /// A promise without an id of its own, of its contact and its place there.
    Commitment,
    /// A promise that is made after its contact, of the request that makes it.
    MadeCommitment,
    /// A promise to call back after a dropped call, of that contact.
    DropRecovery,
    /// A promise to put right what a customer was told, of the version that was recalled and whom it was told.
    Correction,
    /// A promise that recurs, of its series and its number there.
    Occurrence,
    /// An event, of all that makes it the same event when it is written again.
    Event,
    /// What a rule's alerts of one subject have in common.
    AlertKey,
    /// One alert of several under one key.
    Alert,
    /// What is told together of a team's alerts, of the escalation policy and the team.
    AlertGroup,
    /// A message to a receiver, of the round in which it was decided.
    Notification,
    /// That a contact was caused by a broken promise, of the contact.
    Repeat,
    /// A way of solving, of the words that say it.
    Candidate,
    /// A solution, of its candidate.
    Solution,
    /// A solution's number, of the solution.
    SolutionNumber,
    /// A flag on a solution, of the request that raises it.
    SolutionFlag,
    /// A solution's use in a contact, of the two.
    Link,
    /// What the root cause of a contact was, of the contact.
    Cause,
    /// A trouble that contacts have in common, of the request that makes it.
    Problem,
    /// A webhook, of the request that makes it.
    Webhook,
    /// What a webhook is told of one event.
    WebhookMessage,
    /// A calendar of promises, of the request that makes it.
    CalendarFeed,
    /// A promise in calendars.
    CalendarEvent,
}

impl Namespace {
    const fn name(self) -> &'static str {
        match self {
            Self::Interaction => "aftercall.interaction",
            Self::ImportRow => "aftercall.import.row",
            Self::Commitment => "aftercall.commitment",
            Self::MadeCommitment => "aftercall.commitment.made",
            Self::DropRecovery => "aftercall.commitment.drop_recovery",
            Self::Correction => "aftercall.commitment.correction",
            Self::Occurrence => "aftercall.commitment.occurrence",
            Self::Event => "aftercall.event",
            Self::AlertKey => "aftercall.alert.key",
            Self::Alert => "aftercall.alert",
            Self::AlertGroup => "aftercall.alert.group",
            Self::Notification => "aftercall.notification",
            Self::Repeat => "aftercall.repeat",
            Self::Candidate => "aftercall.candidate",
            Self::Solution => "aftercall.solution",
            Self::SolutionNumber => "aftercall.solution.number",
            Self::SolutionFlag => "aftercall.solution.flag",
            Self::Link => "aftercall.link",
            Self::Cause => "aftercall.cause",
            Self::Problem => "aftercall.problem",
            Self::Webhook => "aftercall.webhook",
            Self::WebhookMessage => "aftercall.webhook.message",
            Self::CalendarFeed => "aftercall.calendar_feed",
            Self::CalendarEvent => "aftercall.calendar_feed.event",
        }
    }

    /// The id that follows from `parts` (UUID version 8): the same parts give the same id in every
    /// process and for ever. Parts are framed by their length, so `["ab", "c"]` and `["a", "bc"]`
    /// differ.
    pub fn id(self, parts: &[&[u8]]) -> Uuid {
        let mut hasher = blake3::Hasher::new();
        for part in std::iter::once(&self.name().as_bytes()).chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        Uuid::new_v8(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "7dcf5a0e-7356-45bf-b1a8-68ce87fc1ce0";

    #[test]
    fn every_usual_spelling_is_one_id() {
        for spelling in [
            CANONICAL,
            "7DCF5A0E-7356-45BF-B1A8-68CE87FC1CE0",
            "7dcf5a0E-7356-45bf-b1a8-68CE87fc1ce0",
            "7dcf5a0e735645bfb1a868ce87fc1ce0",
            "{7DCF5A0E-7356-45BF-B1A8-68CE87FC1CE0}",
            "urn:uuid:7dcf5a0e-7356-45bf-b1a8-68ce87fc1ce0",
        ] {
            assert_eq!(CommitmentId::read(spelling).as_str(), CANONICAL);
        }
    }

    #[test]
    fn derived_ids_never_change() {
        // Ids like these are in logs: another derivation would write every lapse again.
        let id = Namespace::Event.id(&[b"commitment", &7_u32.to_le_bytes()]);
        assert_eq!(id.to_string(), "928e636e-571c-865b-aedd-8656d387b0d9");
        assert_eq!(id.get_version_num(), 8);
        assert_ne!(
            id,
            Namespace::Alert.id(&[b"commitment", &7_u32.to_le_bytes()])
        );
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in [
            "",
            "c-1",
            "00000000-0000-0000-0000-000000000000",
            "7dcf5a0e",
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
            assert_eq!(InteractionId::read(text).as_str(), text);
        }
    }
}
