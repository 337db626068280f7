//! Which promises a policy is for.

use super::{Reference, SettingKind, Visit, check_codes, check_few};
use crate::commitment::{CommitmentKind, Priority};
use crate::interaction::{Channel, is_language};
use crate::limits::POLICY_VALUES_MAX;
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// Which promises a policy is for: those that have one of the values of each list that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PromiseFilter {
    /// Sorts of promises.
    pub kinds: Vec<CommitmentKind>,
    /// The tenant's own codes of the kind.
    pub kind_codes: Vec<String>,
    /// How urgent.
    pub priorities: Vec<Priority>,
    /// Teams of whoever keeps it.
    pub team_ids: Vec<String>,
    /// Sites of the agent who made it.
    pub site_ids: Vec<String>,
    /// Queues that keep it.
    pub queue_ids: Vec<String>,
    /// Channels of the contact in which it was made.
    pub channels: Vec<Channel>,
    /// Languages of the customer: `de` is for `de-CH`, too.
    pub languages: Vec<String>,
    /// Whether the customer was told; none for either.
    pub told_to_customer: Option<bool>,
}

/// What of a promise decides which policy it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseFacts<'a> {
    /// What sort of promise it is.
    pub kind: CommitmentKind,
    /// The tenant's own code of the kind; may be empty.
    pub kind_code: &'a str,
    /// How urgent it is.
    pub priority: Priority,
    /// The team of whoever keeps it; where nobody said it, of the agent who made it. May be empty.
    pub team_id: &'a str,
    /// The site of the agent who made it; may be empty.
    pub site_id: &'a str,
    /// The queue that keeps it; empty where an agent does, or nobody.
    pub queue_id: &'a str,
    /// The channel of the contact in which it was made.
    pub channel: Option<Channel>,
    /// The customer's language, a BCP 47 tag; may be empty.
    pub language: &'a str,
    /// Whether the customer was told.
    pub told_to_customer: bool,
}

impl PromiseFilter {
    /// Whether a promise is one of them.
    pub fn matches(&self, promise: &PromiseFacts<'_>) -> bool {
        let PromiseFacts {
            kind,
            kind_code,
            priority,
            team_id,
            site_id,
            queue_id,
            channel,
            language,
            told_to_customer,
        } = *promise;
        has(&self.kinds, &kind)
            && has_text(&self.kind_codes, kind_code)
            && has(&self.priorities, &priority)
            && has_text(&self.team_ids, team_id)
            && has_text(&self.site_ids, site_id)
            && has_text(&self.queue_ids, queue_id)
            && (self.channels.is_empty()
                || channel.is_some_and(|channel| self.channels.contains(&channel)))
            && (self.languages.is_empty() || speaks(&self.languages, language))
            && self
                .told_to_customer
                .is_none_or(|told| told == told_to_customer)
    }

    /// Whether each promise that `other` matches is one of these: asked after this one, `other` never decides.
    pub fn covers(&self, other: &Self) -> bool {
        let languages = self.languages.is_empty()
            || !other.languages.is_empty()
                && other
                    .languages
                    .iter()
                    .all(|language| speaks(&self.languages, language));
        let told =
            self.told_to_customer.is_none() || self.told_to_customer == other.told_to_customer;
        holds(&self.kinds, &other.kinds)
            && holds(&self.kind_codes, &other.kind_codes)
            && holds(&self.priorities, &other.priorities)
            && holds(&self.team_ids, &other.team_ids)
            && holds(&self.site_ids, &other.site_ids)
            && holds(&self.queue_ids, &other.queue_ids)
            && holds(&self.channels, &other.channels)
            && languages
            && told
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        let most = POLICY_VALUES_MAX;
        check_few(at.field("kinds"), &self.kinds, most, found);
        check_few(at.field("priorities"), &self.priorities, most, found);
        check_few(at.field("channels"), &self.channels, most, found);
        for (name, codes) in [
            ("kind_codes", &self.kind_codes),
            ("team_ids", &self.team_ids),
            ("site_ids", &self.site_ids),
            ("queue_ids", &self.queue_ids),
        ] {
            check_codes(at.field(name), codes, most, found);
        }
        let languages = at.field("languages");
        if check_few(languages, &self.languages, most, found) {
            for (place, language) in self.languages.iter().enumerate() {
                if !is_language(language) {
                    let text = "is no BCP 47 language tag; give one such as de or de-CH";
                    found.add(languages.index(place), Reason::Malformed, text);
                }
            }
        }
    }

    pub(super) fn references(&self, at: FieldPath<'_>, visit: &mut Visit<'_>) {
        let teams = at.field("team_ids");
        for (place, id) in self.team_ids.iter().enumerate() {
            let kind = SettingKind::Team;
            visit(teams.index(place), Reference { kind, id });
        }
    }
}

fn has<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

fn has_text(list: &[String], value: &str) -> bool {
    list.is_empty() || list.iter().any(|one| one == value)
}

/// Whether one list takes all that another one takes. An empty one takes everything.
fn holds<T: PartialEq>(list: &[T], other: &[T]) -> bool {
    list.is_empty() || !other.is_empty() && other.iter().all(|value| list.contains(value))
}

/// Whether a tag is one of the ranges, or lies in one: basic filtering of RFC 4647.
fn speaks(ranges: &[String], tag: &str) -> bool {
    ranges.iter().any(|range| {
        let begin = tag.get(..range.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(range))
            && matches!(tag.as_bytes().get(range.len()), None | Some(b'-'))
    })
}
