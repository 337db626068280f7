//! What follow-up policies would have made of promises: two sets of them, beside each other.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{FollowUpPolicy, PromiseFacts, PromiseFilter};
use crate::commitment::{PolicyRef, Told};
use crate::due::Calendars;

/// A set of policies, with the calendars that they name.
#[derive(Debug, Clone)]
pub struct PolicySet<C> {
    /// By their ids, each with its version, in the order in which they are asked.
    policies: Vec<(String, u32, FollowUpPolicy)>,
    calendars: C,
}

/// What a set of policies makes of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The policy that decides about it, if any does.
    pub policy_id: Option<&'a str>,
    /// Its internal target, if it has one.
    pub target_at: Option<Timestamp>,
}

impl<C: Calendars> PolicySet<C> {
    /// A set of policies that are in use, in any order.
    pub fn new(mut policies: Vec<(String, u32, FollowUpPolicy)>, calendars: C) -> Self {
        policies.sort_by(|(id, _, one), (other_id, _, other)| {
            (one.position, id).cmp(&(other.position, other_id))
        });
        Self {
            policies,
            calendars,
        }
    }

    /// The calendars that the policies name.
    pub const fn calendars(&self) -> &C {
        &self.calendars
    }

    /// The policy that decides about a promise, if any does: of those that are for it, the one that is asked first.
    pub fn decides(&self, promise: &PromiseFacts<'_>) -> Option<(&str, u32, &FollowUpPolicy)> {
        let mut policies = self.policies.iter();
        let (id, version, policy) = policies.find(|(.., policy)| policy.matches(promise))?;
        Some((id, *version, policy))
    }

    /// Whether which policy decides depends on the contact in which a promise was made.
    pub fn asks_for_contact(&self) -> bool {
        let mut policies = self.policies.iter();
        policies.any(|(.., policy)| {
            let PromiseFilter {
                channels,
                languages,
                ..
            } = &policy.applies_to;
            !channels.is_empty() || !languages.is_empty()
        })
    }

    /// What it makes of a promise that was made at `made_at` and is due at `due`. Pauses are not reckoned with.
    pub fn judge(
        &self,
        promise: &PromiseFacts<'_>,
        (made_at, due): (Timestamp, Timestamp),
    ) -> Judged<'_> {
        let Some((id, version, policy)) = self.decides(promise) else {
            return Judged {
                policy_id: None,
                target_at: None,
            };
        };
        let by = PolicyRef {
            policy_id: id.to_owned(),
            version,
        };
        let told = Told {
            at: made_at,
            due,
            told_to_customer: promise.told_to_customer,
        };
        let target = policy.our_due(&by, told, &self.calendars);
        Judged {
            policy_id: Some(id),
            target_at: target.map(|target| target.at),
        }
    }
}

/// What two sets of policies make of the same promises, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shadow {
    /// How many promises there are.
    pub promises: u64,
    /// How many have another policy, or one where they had none, or none where they had one.
    pub other_policy: u64,
    /// How many have another internal target, or one where they had none, or none where they had one.
    pub other_target: u64,
    /// How many were not done by their internal target by the policies as they are.
    pub missed_now: u64,
    /// The same by the policies as they would be.
    pub missed_then: u64,
    /// How many promises each policy decides about: as they are, and as they would be.
    pub by_policy: BTreeMap<String, (u64, u64)>,
}

impl Shadow {
    /// Counts a promise that was over at `closed_at`, or is open, as things stand at `now`.
    pub fn count(
        &mut self,
        (before, after): (Judged<'_>, Judged<'_>),
        closed_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        let missed = |judged: Judged<'_>| {
            let until = closed_at.unwrap_or(now);
            u64::from(judged.target_at.is_some_and(|target| target < until))
        };
        self.promises += 1;
        self.other_policy += u64::from(before.policy_id != after.policy_id);
        self.other_target += u64::from(before.target_at != after.target_at);
        self.missed_now += missed(before);
        self.missed_then += missed(after);
        if let Some(id) = before.policy_id {
            self.by_policy.entry(id.to_owned()).or_default().0 += 1;
        }
        if let Some(id) = after.policy_id {
            self.by_policy.entry(id.to_owned()).or_default().1 += 1;
        }
    }

    /// Adds what was counted of other promises.
    pub fn add(&mut self, other: Self) {
        let Self {
            promises,
            other_policy,
            other_target,
            missed_now,
            missed_then,
            by_policy,
        } = other;
        self.promises += promises;
        self.other_policy += other_policy;
        self.other_target += other_target;
        self.missed_now += missed_now;
        self.missed_then += missed_then;
        for (id, (now, then)) in by_policy {
            let sum = self.by_policy.entry(id).or_default();
            *sum = (sum.0 + now, sum.1 + then);
        }
    }
}
