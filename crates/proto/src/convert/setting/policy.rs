//! Follow-up policies.

use aftercall_domain::due::{StageBasis, WarnStage};
use aftercall_domain::interaction::Channel;
use aftercall_domain::setting::{
    FollowUpPolicy, FulfilmentPolicy, OpenTime, PromiseFilter, TargetRule,
};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use jiff::SignedDuration;

use crate::convert::due::{duration, duration_to_wire};
use crate::convert::enums::{self, Closed};
use crate::model::v1 as wire;
use crate::model::v1::fulfilment_policy::Rule as Fulfilment;
use crate::model::v1::internal_target_rule::Rule as Target;
use crate::model::v1::warn_stage::Basis;

/// Reads a policy. A stand-in is there beside each violation.
pub(super) fn read(
    policy: wire::FollowUpPolicy,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> FollowUpPolicy {
    let wire::FollowUpPolicy {
        display_name,
        position,
        applies_to,
        internal_target,
        promise_stages,
        target_stages,
        fulfilment,
        escalation_policy_id,
        accept_within,
        call_back_within,
        expire_after,
    } = policy;
    FollowUpPolicy {
        display_name,
        position,
        applies_to: filter(
            applies_to.unwrap_or_default(),
            at.field("applies_to"),
            found,
        ),
        internal_target: internal_target
            .and_then(|target| target_rule(target, at.field("internal_target"), found)),
        promise_stages: stages(promise_stages, at.field("promise_stages"), found),
        target_stages: stages(target_stages, at.field("target_stages"), found),
        fulfilment: fulfilment.map_or_else(FulfilmentPolicy::default, |policy| {
            fulfilment_policy(policy, at.field("fulfilment"), found)
        }),
        escalation_policy_id,
        accept_within: optional(accept_within, at.field("accept_within"), found),
        call_back_within: optional(call_back_within, at.field("call_back_within"), found),
        expire_after: optional(expire_after, at.field("expire_after"), found),
    }
}

impl From<FollowUpPolicy> for wire::FollowUpPolicy {
    fn from(policy: FollowUpPolicy) -> Self {
        let FollowUpPolicy {
            display_name,
            position,
            applies_to,
            internal_target,
            promise_stages,
            target_stages,
            fulfilment,
            escalation_policy_id,
            accept_within,
            call_back_within,
            expire_after,
        } = policy;
        Self {
            display_name,
            position,
            applies_to: Some(applies_to.into()),
            internal_target: internal_target.map(Into::into),
            promise_stages: promise_stages.into_iter().map(Into::into).collect(),
            target_stages: target_stages.into_iter().map(Into::into).collect(),
            fulfilment: Some(fulfilment.into()),
            escalation_policy_id,
            accept_within: accept_within.map(duration_to_wire),
            call_back_within: call_back_within.map(duration_to_wire),
            expire_after: expire_after.map(duration_to_wire),
        }
    }
}

fn filter(filter: wire::PromiseFilter, at: FieldPath<'_>, found: &mut Violations) -> PromiseFilter {
    let wire::PromiseFilter {
        kinds,
        kind_codes,
        priorities,
        team_ids,
        site_ids,
        queue_ids,
        channels,
        languages,
        told_to_customer,
    } = filter;
    PromiseFilter {
        kinds: all::<wire::CommitmentKind>(&kinds, at.field("kinds"), found),
        kind_codes,
        priorities: all::<wire::Priority>(&priorities, at.field("priorities"), found),
        team_ids,
        site_ids,
        queue_ids,
        channels: all::<wire::Channel>(&channels, at.field("channels"), found),
        languages,
        told_to_customer,
    }
}

impl From<PromiseFilter> for wire::PromiseFilter {
    fn from(filter: PromiseFilter) -> Self {
        let PromiseFilter {
            kinds,
            kind_codes,
            priorities,
            team_ids,
            site_ids,
            queue_ids,
            channels,
            languages,
            told_to_customer,
        } = filter;
        Self {
            kinds: numbers::<wire::CommitmentKind>(kinds),
            kind_codes,
            priorities: numbers::<wire::Priority>(priorities),
            team_ids,
            site_ids,
            queue_ids,
            channels: numbers::<wire::Channel>(channels),
            languages,
            told_to_customer,
        }
    }
}

fn all<W: Closed>(numbers: &[i32], at: FieldPath<'_>, found: &mut Violations) -> Vec<W::Domain> {
    let numbers = numbers.iter().enumerate();
    numbers
        .map(|(place, number)| enums::required::<W>(*number, at.index(place), found))
        .collect()
}

/// A contact's channel; none for "not said".
pub fn channel(channel: wire::Channel) -> Option<Channel> {
    channel.known()
}

fn numbers<W: Closed + From<W::Domain>>(values: Vec<W::Domain>) -> Vec<i32> {
    let values = values.into_iter();
    values.map(|value| W::from(value).into()).collect()
}

fn target_rule(
    target: wire::InternalTargetRule,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<TargetRule> {
    Some(match target.rule {
        None => {
            let text = "says nothing; give since_made or before_due";
            found.add(at, Reason::Required, text);
            return None;
        }
        Some(Target::SinceMade(time)) => {
            TargetRule::SinceMade(open_time(time, at.field("since_made"), found))
        }
        Some(Target::BeforeDue(time)) => {
            TargetRule::BeforeDue(open_time(time, at.field("before_due"), found))
        }
    })
}

impl From<TargetRule> for wire::InternalTargetRule {
    fn from(rule: TargetRule) -> Self {
        let rule = match rule {
            TargetRule::SinceMade(time) => Target::SinceMade(time.into()),
            TargetRule::BeforeDue(time) => Target::BeforeDue(time.into()),
        };
        Self { rule: Some(rule) }
    }
}

pub(super) fn open_time(
    time: wire::OpenTime,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> OpenTime {
    let duration = duration(time.duration, at.field("duration"), found);
    OpenTime {
        duration: duration.unwrap_or(STAND_IN),
        calendar_id: time.calendar_id,
    }
}

impl From<OpenTime> for wire::OpenTime {
    fn from(time: OpenTime) -> Self {
        let OpenTime {
            duration,
            calendar_id,
        } = time;
        Self {
            duration: Some(duration_to_wire(duration)),
            calendar_id,
        }
    }
}

fn stages(
    stages: Vec<wire::WarnStage>,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Vec<WarnStage> {
    let stages = stages.into_iter().enumerate();
    stages
        .map(|(place, stage)| WarnStage {
            id: stage.stage_id,
            basis: basis(stage.basis, at.index(place), found)
                .unwrap_or(StageBasis::PercentElapsed(1)),
        })
        .collect()
}

fn basis(basis: Option<Basis>, at: FieldPath<'_>, found: &mut Violations) -> Option<StageBasis> {
    Some(match basis {
        None => {
            let text = "does not say when it is; give one of before_due_elapsed, before_due_business, \
                        percent_elapsed, percent_business";
            found.add(at, Reason::Required, text);
            return None;
        }
        Some(Basis::BeforeDueElapsed(before)) => {
            let at = at.field("before_due_elapsed");
            StageBasis::BeforeDueElapsed(duration(Some(before), at, found)?)
        }
        Some(Basis::BeforeDueBusiness(before)) => {
            let before = open_time(before, at.field("before_due_business"), found);
            StageBasis::BeforeDueBusiness {
                duration: before.duration,
                calendar_id: before.calendar_id,
            }
        }
        Some(Basis::PercentElapsed(percent)) => StageBasis::PercentElapsed(small(percent)),
        Some(Basis::PercentBusiness(share)) => StageBasis::PercentBusiness {
            percent: small(share.percent),
            calendar_id: share.calendar_id,
        },
    })
}

impl From<WarnStage> for wire::WarnStage {
    fn from(stage: WarnStage) -> Self {
        let WarnStage { id, basis } = stage;
        let basis = match basis {
            StageBasis::BeforeDueElapsed(before) => {
                Basis::BeforeDueElapsed(duration_to_wire(before))
            }
            StageBasis::BeforeDueBusiness {
                duration,
                calendar_id,
            } => Basis::BeforeDueBusiness(wire::OpenTime {
                duration: Some(duration_to_wire(duration)),
                calendar_id,
            }),
            StageBasis::PercentElapsed(percent) => Basis::PercentElapsed(percent.into()),
            StageBasis::PercentBusiness {
                percent,
                calendar_id,
            } => Basis::PercentBusiness(wire::PercentBusiness {
                percent: percent.into(),
                calendar_id,
            }),
        };
        Self {
            stage_id: id,
            basis: Some(basis),
        }
    }
}

fn fulfilment_policy(
    policy: wire::FulfilmentPolicy,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> FulfilmentPolicy {
    match policy.rule {
        None => {
            let text = "asks for nothing; give one of reached, attempted, message_delivered, document_sent, \
                        case_resolved, manual";
            found.add(at, Reason::Required, text);
            FulfilmentPolicy::default()
        }
        Some(Fulfilment::Reached(reached)) => {
            let at = at.field("reached");
            let min_talk = optional(reached.min_talk, at.field("min_talk"), found);
            FulfilmentPolicy::Reached {
                min_talk: min_talk.unwrap_or_default(),
            }
        }
        Some(Fulfilment::Attempted(attempted)) => {
            let at = at.field("attempted");
            let min_gap = optional(attempted.min_gap, at.field("min_gap"), found);
            FulfilmentPolicy::Attempted {
                attempts: attempted.attempts,
                min_gap: min_gap.unwrap_or_default(),
                distinct_dayparts: attempted.distinct_dayparts,
            }
        }
        Some(Fulfilment::MessageDelivered(_)) => FulfilmentPolicy::MessageDelivered,
        Some(Fulfilment::DocumentSent(_)) => FulfilmentPolicy::DocumentSent,
        Some(Fulfilment::CaseResolved(_)) => FulfilmentPolicy::CaseResolved,
        Some(Fulfilment::Manual(_)) => FulfilmentPolicy::Manual,
    }
}

impl From<FulfilmentPolicy> for wire::FulfilmentPolicy {
    fn from(policy: FulfilmentPolicy) -> Self {
        let given = |span: SignedDuration| (!span.is_zero()).then(|| duration_to_wire(span));
        let rule = match policy {
            FulfilmentPolicy::Reached { min_talk } => Fulfilment::Reached(wire::CustomerReached {
                min_talk: given(min_talk),
            }),
            FulfilmentPolicy::Attempted {
                attempts,
                min_gap,
                distinct_dayparts,
            } => Fulfilment::Attempted(wire::CustomerAttempted {
                attempts,
                min_gap: given(min_gap),
                distinct_dayparts,
            }),
            FulfilmentPolicy::MessageDelivered => {
                Fulfilment::MessageDelivered(wire::MessageDelivered {})
            }
            FulfilmentPolicy::DocumentSent => Fulfilment::DocumentSent(wire::DocumentSent {}),
            FulfilmentPolicy::CaseResolved => Fulfilment::CaseResolved(wire::CaseResolved {}),
            FulfilmentPolicy::Manual => Fulfilment::Manual(wire::ManualFulfilment {}),
        };
        Self { rule: Some(rule) }
    }
}

/// What stands beside a violation in place of a duration.
pub(super) const STAND_IN: SignedDuration = SignedDuration::from_secs(1);

/// A duration that may be left out.
pub(super) fn optional(
    span: Option<pbjson_types::Duration>,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<SignedDuration> {
    duration(Some(span?), at, found)
}

/// A percentage; one that is too large for its type is too large anyway.
fn small(percent: u32) -> u8 {
    u8::try_from(percent).unwrap_or(u8::MAX)
}
