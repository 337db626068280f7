//! Times in which some alerts are not told.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{check_codes, check_id};
use crate::limits::{
    DUE_DAYS_MAX, LINE_BYTES_MAX, MATCHERS_MAX, POLICY_VALUES_MAX, SECONDS_PER_DAY,
    SILENCE_DAYS_MAX,
};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// A time in which some alerts are not told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Silence {
    /// Which alerts: those that fit all of these.
    pub matchers: Vec<LabelMatcher>,
    /// Since when; none only before [`Silence::begin`].
    pub starts_at: Option<Timestamp>,
    /// Until when, and not at that instant any more.
    pub ends_at: Option<Timestamp>,
    /// Why nobody needs to hear of them. Personal.
    pub reason: String,
    /// Who made it first; empty only before it is made.
    pub created_by: String,
}

/// What a label of an alert must be, or must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMatcher {
    /// The label.
    pub label: String,
    /// Its values, of which it must have one.
    pub values: Vec<String>,
    /// Whether it must have none of them instead.
    pub excluded: bool,
}

impl Silence {
    /// Whether an alert with these labels is not told at an instant.
    pub fn mutes(&self, labels: &BTreeMap<String, String>, at: Timestamp) -> bool {
        let begun = self.starts_at.is_some_and(|start| start <= at);
        let over = self.ends_at.is_none_or(|end| end <= at);
        begun && !over && self.matchers.iter().all(|matcher| matcher.fits(labels))
    }

    /// Begins it, unless it says when it begins; notes what is wrong with its times as things stand now. `before`
    /// is what it was before, if it was.
    pub fn begin(
        &mut self,
        (before, by): (Option<&Self>, &str),
        now: Timestamp,
        at: FieldPath<'_>,
        found: &mut Violations,
    ) {
        self.created_by = match before {
            Some(before) => before.created_by.clone(),
            None => by.to_owned(),
        };
        let start = self.starts_at.unwrap_or(now);
        self.starts_at = Some(start);
        let Some(end) = self.ends_at else {
            return;
        };
        let days = |days: i64| SignedDuration::from_secs(days * SECONDS_PER_DAY);
        let ends_at = at.field("ends_at");
        if end <= now {
            let text = "is over already; give a time in the future, or take the silence out of use";
            found.add(ends_at, Reason::OutOfRange, text);
        } else if end <= start {
            let text = "is not later than starts_at, so that nothing is silent";
            found.add(ends_at, Reason::Conflicting, text);
        } else if end.duration_since(start) > days(SILENCE_DAYS_MAX) {
            let text = format!(
                "is more than {SILENCE_DAYS_MAX} days after its start; give an earlier time, and make another one when \
                 it is still needed then"
            );
            found.add(ends_at, Reason::OutOfRange, text);
        }
        if start.duration_since(now) > days(DUE_DAYS_MAX) {
            let text = format!("is out of range; give a time in the next {DUE_DAYS_MAX} days");
            found.add(at.field("starts_at"), Reason::OutOfRange, text);
        }
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        let matchers = at.field("matchers");
        if self.matchers.is_empty() {
            found.required(matchers);
        } else if self.matchers.len() > MATCHERS_MAX {
            found.too_many(matchers, self.matchers.len(), MATCHERS_MAX);
        } else {
            for (place, matcher) in self.matchers.iter().enumerate() {
                matcher.check(matchers.index(place), found);
            }
            if self.matchers.iter().all(|matcher| matcher.excluded) {
                let text = "say only what an alert must not have; say what it must have, too, or nearly all are silent";
                found.add(matchers, Reason::Conflicting, text);
            }
        }
        if self.ends_at.is_none() {
            let text = format!(
                "is required: a silence without an end is forgotten; give a time, at most {SILENCE_DAYS_MAX} days \
                 after its start"
            );
            found.add(at.field("ends_at"), Reason::Endless, text);
        }
        let reason = at.field("reason");
        if self.reason.trim().is_empty() {
            found.required(reason);
        } else if self.reason.len() > LINE_BYTES_MAX {
            found.too_long(reason, LINE_BYTES_MAX);
        }
    }
}

impl LabelMatcher {
    /// Whether an alert's labels are as it says. A label that is not there has no value.
    pub fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.label);
        value.is_some_and(|value| self.values.contains(value)) != self.excluded
    }

    fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        check_id(at.field("label"), &self.label, found);
        let values = at.field("values");
        if self.values.is_empty() {
            found.required(values);
        }
        check_codes(values, &self.values, POLICY_VALUES_MAX, found);
    }
}
