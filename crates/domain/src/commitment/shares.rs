//! Whose turn it was while a promise was to be kept: a wait for the customer is not ours.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Commitment;
use crate::due::Turn;

impl Commitment {
    /// Whose turn it was, from when until when: from when the promise was made until it was done, was let go, or until
    /// `now`, without gaps. During a pause it is that of whom the pause names, else ours. Nothing of it is empty.
    pub fn turns(&self, now: Timestamp) -> Vec<(Turn, Timestamp, Timestamp)> {
        let end = self.fulfilled_at.or(self.closed_at).unwrap_or(now);
        let end = end.max(self.made_at);
        let over = self.pauses.iter().map(|one| (one.turn, one.from, one.to));
        let lasting = self.pause.iter().map(|one| (one.turn, one.from, None));
        let mut turns = Vec::new();
        // Each instant counts once, also where an import brought pauses that overlap.
        let mut counted = self.made_at;
        for (turn, from, to) in over.chain(lasting) {
            let from = from.clamp(counted, end);
            let to = to.unwrap_or(end).clamp(from, end);
            turns.push((Turn::Us, counted, from));
            turns.push((turn, from, to));
            counted = to;
        }
        turns.push((Turn::Us, counted, end));
        turns.retain(|(_, from, to)| from < to);
        turns
    }

    /// How long it was whose turn, as [`Self::turns`] has it. In the order of [`Turn`], without those whose turn it never
    /// was. Together they are all of that time.
    pub fn shares(&self, now: Timestamp) -> Vec<(Turn, SignedDuration)> {
        let mut shares: BTreeMap<_, SignedDuration> = BTreeMap::new();
        for (turn, from, to) in self.turns(now) {
            *shares.entry(turn).or_default() += to.duration_since(from);
        }
        shares.into_iter().collect()
    }
}
