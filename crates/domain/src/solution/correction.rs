//! A version that was found wrong and recalled: how bad that is for those who were told it, and what is promised to
//! put it right.

use jiff::{SignedDuration, Timestamp};

use super::audience::HarmClass;
use super::decide::Refused;
use crate::commitment::{CommitmentKind, Origin, Owner, PolicyRef};
use crate::due::Calendars;
use crate::interaction::{CommitmentDraft, Surroundings};
use crate::limits::{CORRECTION_DAYS_MAX, LINE_BYTES_MAX, SECONDS_PER_DAY};
use crate::setting::FollowUpPolicy;
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// What is to be done where nobody said it, as whoever keeps it reads it.
const TEXT: &str = "Put right what the customer was told: the solution was recalled.";

/// By when it is to be put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionDue {
    /// Within so much time of when that was said; of whoever was found to have been told later, of when that was found.
    Within(SignedDuration),
    /// At this time.
    At(Timestamp),
}

/// What is promised to each who was told the version. The customer is not told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// What sort of promise.
    pub kind: CommitmentKind,
    /// What is to be done; left empty, a usual text.
    pub text: String,
    /// By when.
    pub due: CorrectionDue,
    /// Who keeps it; none for whoever told it last.
    pub owner: Option<Owner>,
    /// The team of whoever keeps it.
    pub owner_team_id: String,
}

/// What is said of a version that is recalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How bad it is to have been told it.
    pub harm_class: HarmClass,
    /// What is promised to each who was told it; none for nothing.
    pub correction: Option<Correction>,
}

impl Terms {
    /// What holds once `said` is said of the same version, too: the worse harm class counts, and a correction where
    /// there was none. What was promised already stays as it was promised.
    ///
    /// # Errors
    /// [`Refused::PromisedAlready`] for another correction than the one that there is, [`Refused::NothingMore`] where
    /// nothing is different by it.
    pub fn amended(&self, said: Self) -> Result<Self, Refused> {
        let correction = match (&self.correction, said.correction) {
            (Some(promised), Some(other)) if *promised != other => {
                return Err(Refused::PromisedAlready);
            }
            (promised, other) => promised.clone().or(other),
        };
        let amended = Self {
            harm_class: self.harm_class.max(said.harm_class),
            correction,
        };
        match amended == *self {
            true => Err(Refused::NothingMore),
            false => Ok(amended),
        }
    }
}

impl Correction {
    /// Notes all that is wrong with it in `found`, at the request's field `at`; `now` is when it is asked for.
    pub fn check(&self, at: FieldPath<'_>, now: Timestamp, found: &mut Violations) {
        if self.text.len() > LINE_BYTES_MAX {
            let text = format!("is too long; at most {LINE_BYTES_MAX} bytes are taken");
            found.add(at.field("text").to_string(), Reason::TooLong, text);
        }
        let days = SignedDuration::from_secs(CORRECTION_DAYS_MAX * SECONDS_PER_DAY);
        let latest = now.saturating_add(days).unwrap_or(Timestamp::MAX);
        let text = format!(
            "lies outside of what can be promised; give a time within {CORRECTION_DAYS_MAX} days"
        );
        match self.due {
            CorrectionDue::Within(within) if within <= SignedDuration::ZERO || within > days => {
                found.add(at.field("within").to_string(), Reason::OutOfRange, text);
            }
            CorrectionDue::At(due) if due <= now || due > latest => {
                found.add(at.field("due_at").to_string(), Reason::OutOfRange, text);
            }
            CorrectionDue::Within(_) | CorrectionDue::At(_) => {}
        }
    }

    /// The promise to one who was told it, made at `now` because of what was said then, and followed up by the policy
    /// that matches it first, if there is one.
    pub fn promise<'p>(
        &self,
        commitment_id: String,
        around: Surroundings<'_>,
        (said_at, now): (Timestamp, Timestamp),
        mut policies: impl Iterator<Item = (PolicyRef, &'p FollowUpPolicy)>,
    ) -> (CommitmentDraft, Option<(PolicyRef, &'p FollowUpPolicy)>) {
        let text = match self.text.as_str() {
            "" => TEXT,
            text => text,
        };
        let mut draft = CommitmentDraft {
            owner: self.owner.clone(),
            owner_team_id: self.owner_team_id.clone(),
            ..CommitmentDraft::of_ours(
                commitment_id,
                (self.kind, Origin::Recall),
                text.to_owned(),
                self.due_at(said_at, now),
            )
        };
        // A team that is named keeps it; whoever told it last need not be of that team.
        let around_owner = match (&self.owner, self.owner_team_id.as_str()) {
            (None, "") | (Some(_), _) => around,
            (None, _) => Surroundings {
                agent_id: "",
                ..around
            },
        };
        draft.settle(around_owner);
        let policy = draft.policy_of(around, &mut policies);
        (draft, policy)
    }

    /// By when it is due that is made at `now`. Where that has passed already, because it was not known before who was
    /// told, there is as much time as there would have been.
    fn due_at(&self, said_at: Timestamp, now: Timestamp) -> Timestamp {
        let (due_at, within) = match self.due {
            CorrectionDue::At(at) => (at, at.duration_since(said_at)),
            CorrectionDue::Within(within) => {
                let at = said_at.saturating_add(within);
                (at.unwrap_or(Timestamp::MAX), within)
            }
        };
        match due_at > now {
            true => due_at,
            false => now.saturating_add(within).unwrap_or(Timestamp::MAX),
        }
    }
}

/// Has a promise followed up by its policy, as any other.
pub fn follow_up(
    draft: &mut CommitmentDraft,
    policy: (PolicyRef, &FollowUpPolicy),
    made_at: Timestamp,
    calendars: &impl Calendars,
) {
    // Its due is our own, so nothing can be odd about that.
    let _ = draft.follow_up(policy, made_at, calendars);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn correction(due: CorrectionDue) -> Correction {
        Correction {
            kind: CommitmentKind::CallBack,
            text: String::new(),
            due,
            owner: None,
            owner_team_id: String::new(),
        }
    }

    fn promised(of: &Correction, now: Timestamp) -> CommitmentDraft {
        let around = Surroundings {
            agent_id: "ana",
            team_id: "north",
            ..Surroundings::default()
        };
        let none = std::iter::empty();
        let (draft, _) = of.promise("c-1".to_owned(), around, (at(1_000), now), none);
        draft
    }

    #[test]
    fn it_is_due_within_its_time_of_the_recall_or_of_when_it_is_found() {
        let of = correction(CorrectionDue::Within(SignedDuration::from_secs(60)));
        assert_eq!(promised(&of, at(1_001)).promised_by, at(1_060));
        assert_eq!(promised(&of, at(1_060)).promised_by, at(1_120));
        assert_eq!(promised(&of, at(5_000)).promised_by, at(5_060));
        let of = correction(CorrectionDue::At(at(1_100)));
        assert_eq!(promised(&of, at(1_001)).promised_by, at(1_100));
        assert_eq!(promised(&of, at(5_000)).promised_by, at(5_100));
    }

    #[test]
    fn whoever_told_it_keeps_it_unless_somebody_else_is_named() {
        let of = correction(CorrectionDue::At(at(2_000)));
        let draft = promised(&of, at(1_000));
        assert_eq!(draft.owner, Some(Owner::Agent("ana".to_owned())));
        assert_eq!(draft.owner_team_id, "north");
        assert!(!draft.told_to_customer);
        assert_eq!(draft.origin, Origin::Recall);
        let team = Correction {
            owner_team_id: "care".to_owned(),
            ..of.clone()
        };
        let draft = promised(&team, at(1_000));
        assert_eq!((draft.owner, &*draft.owner_team_id), (None, "care"));
        let queue = Correction {
            owner: Some(Owner::Queue("q".to_owned())),
            ..of
        };
        let draft = promised(&queue, at(1_000));
        assert_eq!(draft.owner, Some(Owner::Queue("q".to_owned())));
    }

    #[test]
    fn more_may_be_said_of_a_recall_and_what_was_promised_stays() {
        let day = SignedDuration::from_secs(SECONDS_PER_DAY);
        let within = |days: i32| correction(CorrectionDue::Within(day * days));
        let terms = |harm_class, correction| Terms {
            harm_class,
            correction,
        };
        let (effort, money) = (HarmClass::Effort, HarmClass::Money);
        let bare = terms(effort, None);
        let worse = terms(money, None);
        assert_eq!(bare.amended(worse.clone()), Ok(worse.clone()));
        assert_eq!(bare.amended(bare.clone()), Err(Refused::NothingMore));
        assert_eq!(worse.amended(bare.clone()), Err(Refused::NothingMore));
        // The worse of both, and the correction that there is.
        let promised = terms(money, Some(within(2)));
        assert_eq!(
            worse.amended(terms(effort, Some(within(2)))),
            Ok(promised.clone())
        );
        let legal = terms(HarmClass::Legal, None);
        let both = terms(HarmClass::Legal, Some(within(2)));
        assert_eq!(promised.amended(legal), Ok(both.clone()));
        assert_eq!(promised.amended(both.clone()), Ok(both));
        assert_eq!(
            promised.amended(promised.clone()),
            Err(Refused::NothingMore)
        );
        let other = terms(HarmClass::Legal, Some(within(3)));
        assert_eq!(promised.amended(other), Err(Refused::PromisedAlready));
    }

    #[test]
    fn a_due_that_nobody_can_keep_is_refused() {
        let day = SignedDuration::from_secs(SECONDS_PER_DAY);
        for due in [
            CorrectionDue::Within(SignedDuration::ZERO),
            CorrectionDue::Within(day * 1_000),
            CorrectionDue::At(at(1_000)),
            CorrectionDue::At(at(1_000 * SECONDS_PER_DAY)),
        ] {
            let mut found = Violations::new();
            correction(due).check(FieldPath::of("correction"), at(1_000), &mut found);
            assert_eq!(found.as_slice().len(), 1, "{due:?}");
        }
        let mut found = Violations::new();
        correction(CorrectionDue::Within(day)).check(FieldPath::of("c"), at(0), &mut found);
        assert!(found.is_empty());
    }
}
