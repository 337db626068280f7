//! Who is cut off is called back: what is promised then, by itself.

use jiff::{SignedDuration, Timestamp};

use super::{CommitmentDraft, Surroundings};
use crate::commitment::{CommitmentKind, Origin, Owner, PolicyRef};
use crate::due::Calendars;
use crate::limits::DROP_KNOWN_LATE_HOURS_MAX;
use crate::setting::FollowUpPolicy;

/// What is to be done, as whoever keeps it reads it.
const TEXT: &str = "Call back: the contact was cut off.";

/// A contact that was cut off, as far as it decides who calls back, and by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff<'a> {
    /// When it ended; where nobody said that, when it began.
    pub at: Timestamp,
    /// Since when it is known that it was cut off.
    pub known_at: Timestamp,
    /// Who had to do with it, and how the customer and we spoke.
    pub around: Surroundings<'a>,
    /// The queue in which it was last; empty for none.
    pub queue_id: &'a str,
}

impl CutOff<'_> {
    /// The promise to call back, and the policy that asks for it: of those that match the promise, the one that is
    /// asked first. None if there is no such policy, or it names no time; or if it became known only long after that
    /// time that the contact was cut off, as when an old log is read. The customer knows nothing of it, so it is a
    /// task with a due of our own. Whoever had the contact keeps it; where no agent had, the queue.
    pub fn call_back<'p>(
        &self,
        commitment_id: String,
        mut policies: impl Iterator<Item = (PolicyRef, &'p FollowUpPolicy)>,
    ) -> Option<(CommitmentDraft, PolicyRef, &'p FollowUpPolicy)> {
        let mut draft = self.draft(commitment_id);
        draft.settle(self.around);
        let (by, policy) = draft.policy_of(self.around, &mut policies)?;
        draft.promised_by = self.at.checked_add(policy.call_back_within?).ok()?;
        let late = SignedDuration::from_hours(DROP_KNOWN_LATE_HOURS_MAX);
        let is_old = self.known_at.duration_since(draft.promised_by) > late;
        (!is_old).then_some((draft, by, policy))
    }

    /// Has the promise followed up by its policy, as any other.
    pub fn follow_up(
        &self,
        (draft, by, policy): (&mut CommitmentDraft, PolicyRef, &FollowUpPolicy),
        calendars: &impl Calendars,
    ) {
        // Its due is our own, so nothing can be odd about that.
        let _ = draft.follow_up((by, policy), self.at, calendars);
    }

    fn draft(&self, commitment_id: String) -> CommitmentDraft {
        let queue = (!self.queue_id.is_empty()).then(|| Owner::Queue(self.queue_id.to_owned()));
        CommitmentDraft {
            owner: queue.filter(|_| self.around.agent_id.is_empty()),
            ..CommitmentDraft::of_ours(
                commitment_id,
                (CommitmentKind::CallBack, Origin::DropRecovery),
                TEXT.to_owned(),
                self.at,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::*;
    use crate::calendar::Calendar;
    use crate::due::{StageBasis, WarnStage};
    use crate::interaction::Channel;
    use crate::setting::PromiseFilter;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn minutes(minutes: i64) -> Option<SignedDuration> {
        Some(SignedDuration::from_mins(minutes))
    }

    fn by(id: &str) -> PolicyRef {
        PolicyRef {
            policy_id: id.to_owned(),
            version: 3,
        }
    }

    fn of_channel(channel: Channel, within: Option<SignedDuration>) -> FollowUpPolicy {
        FollowUpPolicy {
            applies_to: PromiseFilter {
                channels: vec![channel],
                ..PromiseFilter::default()
            },
            call_back_within: within,
            target_stages: vec![WarnStage {
                id: "soon".to_owned(),
                basis: StageBasis::PercentElapsed(50),
            }],
            ..FollowUpPolicy::default()
        }
    }

    fn called(agent_id: &'static str) -> CutOff<'static> {
        CutOff {
            at: at(1_000),
            known_at: at(1_000),
            around: Surroundings {
                agent_id,
                team_id: "north",
                channel: Some(Channel::Voice),
                ..Surroundings::default()
            },
            queue_id: "sales",
        }
    }

    #[test]
    fn the_first_policy_that_matches_says_by_when_and_how_it_is_followed_up() {
        let policies = [
            (by("chats"), of_channel(Channel::Chat, minutes(1))),
            (by("calls"), of_channel(Channel::Voice, minutes(15))),
            (
                by("all"),
                FollowUpPolicy {
                    call_back_within: minutes(2),
                    ..FollowUpPolicy::default()
                },
            ),
        ];
        let asked = || policies.iter().map(|(by, policy)| (by.clone(), policy));
        let call = called("ana");
        let (mut draft, by, policy) = call.call_back("c-1".to_owned(), asked()).unwrap();
        let none = BTreeMap::<String, Calendar>::new();
        call.follow_up((&mut draft, by.clone(), policy), &none);
        assert_eq!(by.policy_id, "calls");
        assert_eq!(draft.policy, Some(by));
        assert_eq!(draft.promised_by, at(1_000 + 15 * 60));
        assert_eq!(draft.target.unwrap().at, draft.promised_by);
        assert_eq!(draft.stages[0].at, at(1_000 + 15 * 30));
        assert!(!draft.told_to_customer);
        assert_eq!(
            (draft.kind, draft.origin),
            (CommitmentKind::CallBack, Origin::DropRecovery)
        );
        assert_eq!(draft.owner, Some(Owner::Agent("ana".to_owned())));
        assert_eq!(draft.owner_team_id, "north");
        // Where no agent had it, the queue calls back.
        let (draft, ..) = called("").call_back("c-1".to_owned(), asked()).unwrap();
        assert_eq!(draft.owner, Some(Owner::Queue("sales".to_owned())));
    }

    #[test]
    fn what_becomes_known_long_after_the_time_to_call_back_promises_nothing() {
        let policy = of_channel(Channel::Voice, minutes(15));
        let due_s = 1_000 + 15 * 60;
        for (late_s, is_promised) in [(0, true), (86_400, true), (86_401, false)] {
            let call = CutOff {
                known_at: at(due_s + late_s),
                ..called("ana")
            };
            let made = call.call_back("c-1".to_owned(), [(by("calls"), &policy)].into_iter());
            assert_eq!(made.is_some(), is_promised, "{late_s} seconds late");
        }
    }

    #[test]
    fn no_policy_or_one_without_a_time_promises_nothing() {
        let silent = of_channel(Channel::Voice, None);
        let other = of_channel(Channel::Chat, minutes(15));
        let later = FollowUpPolicy {
            call_back_within: minutes(15),
            ..FollowUpPolicy::default()
        };
        for policies in [vec![], vec![&other], vec![&silent, &later]] {
            let asked = policies.into_iter().map(|policy| (by("p"), policy));
            assert_eq!(called("ana").call_back("c-1".to_owned(), asked), None);
        }
    }
}
