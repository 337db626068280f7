//! When a promise turns late, if nothing happens to it: so that it is known at any time without the promise itself.

use jiff::Timestamp;

use super::{Clock, Commitment, Timeliness};

/// When a due passes with the promise open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// There is none that runs.
    Never,
    /// Right after this instant.
    After(Timestamp),
    /// It has.
    Already,
}

impl Passing {
    /// Whether it has passed at `now`.
    pub fn by(self, now: Timestamp) -> bool {
        match self {
            Self::Never => false,
            Self::After(due) => now > due,
            Self::Already => true,
        }
    }
}

/// When a promise turns late, if nothing happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turning {
    /// When it is overdue.
    pub overdue: Passing,
    /// When it is at risk, unless it is overdue.
    pub at_risk: Passing,
}

impl Turning {
    /// Whether the promise is late at `now`.
    pub fn timeliness(self, now: Timestamp) -> Timeliness {
        match (self.overdue.by(now), self.at_risk.by(now)) {
            (true, _) => Timeliness::Overdue,
            (false, true) => Timeliness::AtRisk,
            (false, false) => Timeliness::OnTrack,
        }
    }
}

impl Commitment {
    /// When it turns late. A closed promise stays what it was.
    pub fn turning(&self) -> Turning {
        let ours = self.passing(Clock::Internal);
        let warned = !self.warned.is_empty() || self.is_held_up();
        Turning {
            overdue: match self.told_to_customer {
                true => self.passing(Clock::Promise),
                false => ours,
            },
            at_risk: match warned {
                true => Passing::Already,
                false => ours,
            },
        }
    }

    /// When the due of a clock passes with the promise open, as is known or as the clock says.
    pub(super) fn passing(&self, clock: Clock) -> Passing {
        match self.has_lapsed(clock) {
            true => Passing::Already,
            false => self.running(clock).map_or(Passing::Never, Passing::After),
        }
    }
}
