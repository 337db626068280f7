//! What went wrong with a customer, and when it is too much.

use std::collections::VecDeque;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlipKind {
    /// A promise was not kept when it was due.
    Lapse,
    /// A contact was cut off.
    Drop,
    /// The customer had to come back with the same.
    Repeat,
    /// What the customer was told has to be put right.
    Correction,
    /// A long wait.
    LongWait,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slip {
    /// What.
    pub kind: SlipKind,
    /// When, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The contact.
    pub interaction_id: String,
    /// The promise; empty for none.
    pub commitment_id: String,
}

/// Each time that `threshold` slips lie within a window: those slips, the last of which reached it. `slips` are in the
/// order of their times. A slip belongs to one listing at most, so that one window lists once; what comes after begins
/// anew.
pub fn thresholds(slips: Vec<Slip>, window_us: i64, threshold: usize) -> Vec<Vec<Slip>> {
    let (mut listed, mut within) = (Vec::new(), VecDeque::new());
    let mut silent_until = i64::MIN;
    for slip in slips {
        let at_us = slip.at_us;
        if at_us < silent_until {
            continue;
        }
        let is_out = |first: &Slip| first.at_us.saturating_add(window_us) <= at_us;
        while within.front().is_some_and(is_out) {
            within.pop_front();
        }
        within.push_back(slip);
        if within.len() >= threshold.max(1) {
            // The window of the first one lists no more.
            silent_until = within
                .front()
                .map_or(at_us, |first| first.at_us.saturating_add(window_us));
            listed.push(within.drain(..).collect());
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(times: &[i64]) -> Vec<Vec<i64>> {
        let slips = times.iter().map(|at_us| Slip {
            kind: SlipKind::Drop,
            at_us: *at_us,
            interaction_id: String::new(),
            commitment_id: String::new(),
        });
        let listed = thresholds(slips.collect(), 30, 3);
        let times = |slips: &Vec<Slip>| slips.iter().map(|slip| slip.at_us).collect();
        listed.iter().map(times).collect()
    }

    #[test]
    fn the_third_is_listed_once_a_window() {
        assert!(listed(&[0, 10]).is_empty());
        assert_eq!(listed(&[0, 10, 20]), [[0, 10, 20]]);
        assert_eq!(listed(&[0, 10, 20, 25, 26, 27]), [[0, 10, 20]]);
        assert!(listed(&[0, 10, 30]).is_empty());
        assert_eq!(listed(&[0, 10, 30, 35]), [[10, 30, 35]]);
        assert_eq!(listed(&[0, 1, 2, 30, 31, 32]), [[0, 1, 2], [30, 31, 32]]);
    }
}
