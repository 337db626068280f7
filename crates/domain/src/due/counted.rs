//! Open time less pauses.

use jiff::Timestamp;

use super::Pause;
use crate::calendar::{Calendar, Walked, instant};

/// A calendar's time that counts: what is open, and no pause.
pub(super) struct Counted<'a> {
    calendar: &'a Calendar,
    /// In order, none touching another.
    pauses: Vec<(i64, i64)>,
}

impl<'a> Counted<'a> {
    pub(super) fn new(calendar: &'a Calendar, pauses: &[Pause]) -> Self {
        let mut all: Vec<(i64, i64)> = pauses
            .iter()
            .map(|pause| (instant(pause.from), pause.to.map_or(i64::MAX, instant)))
            .filter(|(from, to)| from < to)
            .collect();
        all.sort_unstable();
        let mut pauses: Vec<(i64, i64)> = Vec::with_capacity(all.len());
        for (from, to) in all {
            match pauses.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => pauses.push((from, to)),
            }
        }
        Self { calendar, pauses }
    }

    /// The parts of a time that lie in no pause, in order.
    pub(super) fn stretches(&self, from: i64, until: i64) -> impl Iterator<Item = (i64, i64)> {
        let begins = std::iter::once(from).chain(self.pauses.iter().map(|pause| pause.1));
        let ends = self.pauses.iter().map(|pause| pause.0).chain([until]);
        begins
            .zip(ends)
            .map(move |(begins, ends)| (begins.max(from), ends.min(until)))
            .filter(|(begins, ends)| begins < ends)
    }

    /// As [`Calendar::walk`].
    pub(super) fn walk(&self, from: i64, until: i64, want: i64) -> Walked {
        let mut open = 0;
        for (begins, ends) in self.stretches(from, until) {
            let walked = self.calendar.walk(begins, ends, want - open);
            open += walked.open;
            if walked.at.is_some() {
                return Walked {
                    open,
                    at: walked.at,
                };
            }
        }
        Walked { open, at: None }
    }

    /// Since when `want` nanoseconds of counted time have passed up to `until`; `from`, if there is no more than
    /// that.
    pub(super) fn back(&self, from: Timestamp, until: Timestamp, want: i64) -> i64 {
        let (from, until) = (instant(from), instant(until));
        let spare = self.walk(from, until, i64::MAX).open - want;
        if spare <= 0 {
            return from;
        }
        let closes = self.walk(from, until, spare).at.unwrap_or(from);
        self.walk(closes, until, 0).at.unwrap_or(closes)
    }
}
