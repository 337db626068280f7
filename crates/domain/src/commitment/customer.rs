//! Whose contacts count for a promise.

use jiff::{SignedDuration, Timestamp};

use super::{Clock, Commitment};
use crate::handle::{Handle, look_up};
use crate::limits::{REPEAT_DAYS_MAX, SECONDS_PER_DAY};

/// A contact, as far as it tells whose it was.
#[derive(Debug, Clone, Copy)]
pub struct Contact<'a> {
    /// Its id.
    pub interaction_id: &'a str,
    /// Whose it was; none for somebody who isn't identified.
    pub customer_id: Option<&'a str>,
    /// The names under which they reached us or were reached.
    pub handles: &'a [Handle],
}

impl Commitment {
    /// The due that the customer was told and that had passed when they reached out at `began_at`, so that the promise
    /// is taken to be why: the latest one, of a promise that is to be kept still, or that passed at most
    /// [`REPEAT_DAYS_MAX`] days before.
    pub fn broken_before(&self, began_at: Timestamp) -> Option<Timestamp> {
        let lapses = self.lapses.iter();
        let told = lapses.filter(|lapse| lapse.clock == Clock::Promise);
        let passed = told
            .map(|lapse| lapse.lapsed_at)
            .filter(|at| *at < began_at);
        let last = passed.max()?;
        let recent = SignedDuration::from_secs(REPEAT_DAYS_MAX * SECONDS_PER_DAY);
        (self.is_open() || began_at.duration_since(last) <= recent).then_some(last)
    }

    /// Whether a contact was with the customer to whom the promise was made: it is the promise's own;
    /// or it was with the same customer, or with one of `merged`, who are the same; or, where one of
    /// the two was with somebody who isn't identified, both were under the same name, such as a
    /// number.
    pub fn is_with_customer(&self, contact: Contact<'_>, merged: &[String]) -> bool {
        if contact.interaction_id == self.interaction_id {
            return true;
        }
        match (self.customer_id.as_deref(), contact.customer_id) {
            (Some(own), Some(other)) => own == other || merged.iter().any(|one| one == other),
            (None, _) | (_, None) => {
                let mut handles = self.handles.iter();
                handles.any(|own| contact.handles.iter().any(|other| is_same(own, other)))
            }
        }
    }
}

/// Whether two handles are one name: a number whose country isn't known is the one that ends alike.
fn is_same(one: &Handle, other: &Handle) -> bool {
    let finds = |asked: &Handle, kept: &Handle| {
        let asked = look_up(Some(asked.kind), &asked.value, None);
        kept.keys().any(|key| asked.contains(&key))
    };
    finds(one, other) || finds(other, one)
}
