//! What became of a promise: by its source's label, by its source's times, and by the server.

use aftercall_proto::model::v1::{Commitment, CommitmentLifecycle, CommitmentOutcome, Timeliness};
use jiff::Timestamp;

/// A promise as its source has it.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    pub(super) commitment_id: String,
    pub(super) due: Timestamp,
    pub(super) fulfilled: Option<Timestamp>,
    /// The verdict that the source recorded.
    pub(super) labelled: Option<Verdict>,
    /// Whether what was done came after the due by the source's own clock, which may disagree with
    /// the instants in the hour in which clocks are set.
    pub(super) late_by_its_clock: bool,
}

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Done, at the due or before.
    Kept,
    /// Done after the due.
    KeptLate,
    /// Not done, and the due has passed.
    Overdue,
    /// Not done, and there is time.
    OnTrack,
}

/// Which verdict the server must come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// The one that the source recorded, which its times bear out.
    Labelled(Verdict),
    /// The source recorded none: the one that its times give.
    Computed(Verdict),
    /// The source contradicts itself in this way; the server goes by the times.
    Contradicts(&'static str, Verdict),
}

impl Verdict {
    /// What a source means by a label: ONTIME and OVERDUE are said of what is done and of what is
    /// open alike.
    pub(super) fn of_label(label: &str, done: bool) -> Option<Self> {
        match (label, done) {
            ("ONTIME", true) => Some(Self::Kept),
            ("ONTIME", false) => Some(Self::OnTrack),
            ("OVERDUE", true) => Some(Self::KeptLate),
            ("OVERDUE", false) => Some(Self::Overdue),
            _ => None,
        }
    }

    /// What the server says.
    pub(super) fn of(commitment: &Commitment) -> Option<Self> {
        match (commitment.lifecycle(), commitment.outcome()) {
            (CommitmentLifecycle::Fulfilled, CommitmentOutcome::Kept) => Some(Self::Kept),
            (CommitmentLifecycle::Fulfilled, CommitmentOutcome::KeptLate) => Some(Self::KeptLate),
            (CommitmentLifecycle::Active, _) => match commitment.timeliness() {
                Timeliness::Overdue => Some(Self::Overdue),
                Timeliness::OnTrack | Timeliness::AtRisk => Some(Self::OnTrack),
                Timeliness::Unspecified => None,
            },
            _ => None,
        }
    }
}

impl Promise {
    /// The verdict that the times give at `now`.
    fn by_times(&self, now: Timestamp) -> Verdict {
        match self.fulfilled {
            Some(at) if at <= self.due => Verdict::Kept,
            Some(_) => Verdict::KeptLate,
            None if now > self.due => Verdict::Overdue,
            None => Verdict::OnTrack,
        }
    }

    /// Which verdict the server must come to at `now`.
    pub(super) fn expected(&self, now: Timestamp) -> Expected {
        let by_times = self.by_times(now);
        let late = by_times == Verdict::KeptLate;
        match self.labelled {
            _ if self.fulfilled.is_some() && late != self.late_by_its_clock => {
                Expected::Contradicts("across a change of clocks", by_times)
            }
            None => Expected::Computed(by_times),
            Some(labelled) if labelled == by_times => Expected::Labelled(labelled),
            Some(_) => Expected::Contradicts("labelled against their own times", by_times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn promise(fulfilled: Option<i64>, label: &str) -> Promise {
        Promise {
            commitment_id: String::new(),
            due: at(100),
            fulfilled: fulfilled.map(at),
            labelled: Verdict::of_label(label, fulfilled.is_some()),
            late_by_its_clock: fulfilled.is_some_and(|done| done > 100),
        }
    }

    #[test]
    fn a_label_is_expected_where_the_times_bear_it_out() {
        let labelled = |fulfilled, label| promise(fulfilled, label).expected(at(1_000));
        assert_eq!(
            labelled(Some(99), "ONTIME"),
            Expected::Labelled(Verdict::Kept)
        );
        assert_eq!(
            labelled(Some(100), "ONTIME"),
            Expected::Labelled(Verdict::Kept)
        );
        assert_eq!(
            labelled(Some(101), "OVERDUE"),
            Expected::Labelled(Verdict::KeptLate)
        );
        assert_eq!(
            labelled(None, "OVERDUE"),
            Expected::Labelled(Verdict::Overdue)
        );
        assert_eq!(
            labelled(Some(101), ""),
            Expected::Computed(Verdict::KeptLate)
        );
        assert_eq!(labelled(None, ""), Expected::Computed(Verdict::Overdue));
        assert!(matches!(
            labelled(Some(101), "ONTIME"),
            Expected::Contradicts(_, Verdict::KeptLate)
        ));
        assert!(matches!(
            labelled(None, "ONTIME"),
            Expected::Contradicts(_, Verdict::Overdue)
        ));
        let open = promise(None, "ONTIME").expected(at(50));
        assert_eq!(open, Expected::Labelled(Verdict::OnTrack));
    }
}
