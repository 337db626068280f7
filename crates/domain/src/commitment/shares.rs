//! Whose turn it was while a promise was to be kept: a wait for the customer is not ours.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Commitment;
use crate::due::Turn;

impl Commitment {
    /// How long it was whose turn, from when the promise was made until it was done, was let go, or until `now`: during
    /// a pause that of whom the pause names, else ours. In the order of [`Turn`], without those whose turn it never
    /// was. Together they are all of that time.
    pub fn shares(&self, now: Timestamp) -> Vec<(Turn, SignedDuration)> {
        let end = self.fulfilled_at.or(self.closed_at).unwrap_or(now);
        let end = end.max(self.made_at);
        let over = self.pauses.iter().map(|one| (one.turn, one.from, one.to));
        let lasting = self.pause.iter().map(|one| (one.turn, one.from, None));
        let mut shares = BTreeMap::new();
        // Each instant counts once, also where an import brought pauses that overlap.
        let mut counted = self.made_at;
        for (turn, from, to) in over.chain(lasting) {
            let from = from.clamp(counted, end);
            let to = to.unwrap_or(end).clamp(from, end);
            *shares.entry(Turn::Us).or_default() += from.duration_since(counted);
            *shares.entry(turn).or_default() += to.duration_since(from);
            counted = to;
        }
        *shares.entry(Turn::Us).or_default() += end.duration_since(counted);
        shares.retain(|_, took: &mut SignedDuration| !took.is_zero());
        shares.into_iter().collect()
    }
}
