//! The life of a contact, as far as it decides which events count: its record, the amendments of it,
//! and all that becomes of what was promised in it.
//!
//! A log has no compare-and-append, so an event may stand in it that lost a race, and a record may
//! stand in it twice. Whether an event counts follows from those before it in its partition, and from
//! nothing else, so that every reader decides alike, and for ever.

use crate::commitment::{self, Folded, Ignored};
use crate::customer::MergeRefused;

/// A contact that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// 1 when recorded, one more with each amendment that counts.
    pub version: u64,
    /// What was promised in it.
    pub promises: Vec<PromiseLife>,
}

/// A promise of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseLife {
    /// The promise's id.
    pub commitment_id: String,
    /// What becomes of it.
    pub life: commitment::Life,
}

/// What happens to a contact after it was recorded.
#[derive(Debug, Clone, Copy)]
pub enum Step<'e> {
    /// Parts of the record are replaced, or it is said whose it is; or something happens to it that only
    /// a later version understands.
    Next {
        /// The contact's version once this is applied.
        sequence: u64,
    },
    /// Something happens to a promise.
    Promise {
        /// The promise.
        commitment_id: &'e str,
        /// What happens.
        event: &'e commitment::Event,
    },
    /// Something happens to a promise that only a later version understands.
    NextOfPromise {
        /// The promise.
        commitment_id: &'e str,
        /// The promise's version once this is applied.
        sequence: u64,
    },
}

/// Why an event does not count, for any reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It says nothing that makes sense; no writer of ours makes it.
    Malformed,
    /// The contact, or the solution, was recorded before.
    Repeated,
    /// A name that the contact brings is another contact's.
    NameTaken,
    /// What it happened to is not there.
    Unknown,
    /// Another event took its place in the sequence.
    NotNext,
    /// The promise is closed.
    Closed,
    /// It is of proposals, and the promise is none; or the other way about.
    OtherState,
    /// It speaks of another revision of the due than the one in force.
    OtherRevision,
    /// The due has lapsed already, or never can.
    NoLapse,
    /// The two customers are merged already.
    Merged,
    /// The two customers are not merged.
    NotMerged,
    /// There are as many of them as there may be.
    TooMany,
    /// A promise would wait for itself.
    Cyclic,
    /// The series of the promise has ended.
    SeriesOver,
}

impl Refused {
    /// The reason in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Repeated => "repeated",
            Self::NameTaken => "name taken",
            Self::Unknown => "unknown",
            Self::NotNext => "not next",
            Self::Closed => "closed",
            Self::OtherState => "other state",
            Self::OtherRevision => "other revision",
            Self::NoLapse => "no lapse",
            Self::Merged => "merged",
            Self::NotMerged => "not merged",
            Self::TooMany => "too many",
            Self::Cyclic => "cyclic",
            Self::SeriesOver => "series over",
        }
    }
}

impl From<Ignored> for Refused {
    fn from(ignored: Ignored) -> Self {
        match ignored {
            Ignored::NotNext => Self::NotNext,
            Ignored::Closed => Self::Closed,
            Ignored::OtherState => Self::OtherState,
            Ignored::OtherRevision => Self::OtherRevision,
            Ignored::NoLapse => Self::NoLapse,
        }
    }
}

impl From<MergeRefused> for Refused {
    fn from(refused: MergeRefused) -> Self {
        match refused {
            MergeRefused::NotNext => Self::NotNext,
            MergeRefused::Merged => Self::Merged,
            MergeRefused::NotMerged => Self::NotMerged,
            MergeRefused::TooMany => Self::TooMany,
        }
    }
}

impl Life {
    /// A contact that was just recorded, with what was promised in it.
    pub const fn new(promises: Vec<PromiseLife>) -> Self {
        Self {
            version: 1,
            promises,
        }
    }

    /// Applies what happens next.
    ///
    /// # Errors
    /// Why it does not count; then nothing has changed.
    pub fn apply(&mut self, step: Step<'_>) -> Result<(), Refused> {
        let folded = match step {
            Step::Next { sequence } => {
                if Some(sequence) != self.version.checked_add(1) {
                    return Err(Refused::NotNext);
                }
                self.version = sequence;
                return Ok(());
            }
            Step::Promise {
                commitment_id,
                event,
            } => self.promise(commitment_id)?.apply(event),
            Step::NextOfPromise {
                commitment_id,
                sequence,
            } => self.promise(commitment_id)?.pass_over(sequence),
        };
        match folded {
            Folded::Applied => Ok(()),
            Folded::Ignored(ignored) => Err(ignored.into()),
        }
    }

    fn promise(&mut self, commitment_id: &str) -> Result<&mut commitment::Life, Refused> {
        let mut promises = self.promises.iter_mut();
        let promise = promises.find(|promise| promise.commitment_id == commitment_id);
        promise
            .map(|promise| &mut promise.life)
            .ok_or(Refused::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life() -> Life {
        let promise = commitment::Life {
            version: 1,
            state: commitment::State::Over,
            promise: commitment::Due {
                revision: 1,
                may_lapse: true,
            },
            target: commitment::Due {
                revision: 0,
                may_lapse: false,
            },
        };
        Life::new(vec![PromiseLife {
            commitment_id: "c-1".to_owned(),
            life: promise,
        }])
    }

    #[test]
    fn what_is_not_the_next_is_refused_and_changes_nothing() {
        let mut life = life();
        life.apply(Step::Next { sequence: 2 }).unwrap();
        for sequence in [0, 1, 2, 4, u64::MAX] {
            let before = life.clone();
            let step = Step::Next { sequence };
            assert_eq!(life.apply(step), Err(Refused::NotNext), "{sequence}");
            assert_eq!(life, before);
        }
        life.apply(Step::Next { sequence: 3 }).unwrap();
        assert_eq!(life.version, 3);
    }

    #[test]
    fn what_only_a_later_version_understands_takes_its_place_even_after_the_end() {
        let mut life = life();
        let next = |commitment_id, sequence| Step::NextOfPromise {
            commitment_id,
            sequence,
        };
        life.apply(next("c-1", 2)).unwrap();
        assert_eq!(life.apply(next("c-1", 2)), Err(Refused::NotNext));
        assert_eq!(life.apply(next("c-2", 2)), Err(Refused::Unknown));
        assert_eq!((life.version, life.promises[0].life.version), (1, 2));
    }
}
