//! What a promise is, or is not, so that what is asked for can't be done.

use aftercall_domain::commitment::Refusal;

/// Something that a promise is, or is not, so that what is asked for can't be done.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) commitment_id: String,
    pub(super) kind: StateKind,
}

/// What it is, or is not.
#[derive(Debug, Clone, Copy)]
pub(super) enum StateKind {
    NotConfirmed,
    NotProposed,
    Paused,
    NotPaused,
    PausedTooOften,
    Theirs,
    NoHandover,
    WaiverPending,
    NoWaiver,
    NotOver,
    Reopened,
    ReopenTooLate,
    NotRecurring,
    RecurrenceOver,
}

impl StateKind {
    /// What of a promise a refusal is about; none for one that is about something else.
    pub(super) const fn of(refusal: Refusal) -> Option<Self> {
        Some(match refusal {
            Refusal::NotConfirmed => Self::NotConfirmed,
            Refusal::NotProposed => Self::NotProposed,
            Refusal::AlreadyPaused => Self::Paused,
            Refusal::NotPaused => Self::NotPaused,
            Refusal::PausedTooOften => Self::PausedTooOften,
            Refusal::AlreadyTheirs => Self::Theirs,
            Refusal::NoHandover => Self::NoHandover,
            Refusal::WaiverPending => Self::WaiverPending,
            Refusal::NoWaiver => Self::NoWaiver,
            Refusal::NotOver => Self::NotOver,
            Refusal::Reopened => Self::Reopened,
            Refusal::ReopenTooLate => Self::ReopenTooLate,
            Refusal::NotRecurring => Self::NotRecurring,
            Refusal::RecurrenceOver => Self::RecurrenceOver,
            _ => return None,
        })
    }
}

impl State {
    pub(super) const fn text(&self) -> &'static str {
        match self.kind {
            StateKind::NotConfirmed => {
                "the commitment is only proposed; confirm it first, or dismiss it"
            }
            StateKind::NotProposed => "the commitment is no proposal: it is confirmed already",
            StateKind::Paused => "the commitment is paused already; resume it first",
            StateKind::NotPaused => "the commitment is not paused; there is nothing to resume",
            StateKind::PausedTooOften => {
                "the commitment was paused 100 times, which is the most; fulfil or cancel it"
            }
            StateKind::Theirs => {
                "they keep the commitment already, or are asked to; name somebody else"
            }
            StateKind::NoHandover => "nobody is asked to keep the commitment; reassign it first",
            StateKind::WaiverPending => {
                "somebody has asked already to let the commitment go; agree to it or decline it"
            }
            StateKind::NoWaiver => {
                "nobody has asked to let the commitment go; request a waiver first, and have another agree"
            }
            StateKind::NotOver => {
                "the commitment has not ended; reschedule it, or change it as it is"
            }
            StateKind::Reopened => {
                "another commitment has taken this one up again already; read reopened_by, and go on with that"
            }
            StateKind::ReopenTooLate => "the commitment ended more than 7 days ago; make a new one",
            StateKind::NotRecurring => "the commitment is promised once; there is no series to end",
            StateKind::RecurrenceOver => {
                "no further commitment of the series is made already; those that are open are to be kept or cancelled"
            }
        }
    }

    pub(super) const fn precondition(&self) -> (&'static str, &'static str) {
        match self.kind {
            StateKind::NotConfirmed => {
                ("CONFIRMED", "only a promise that is confirmed can be kept")
            }
            StateKind::NotProposed => ("PROPOSED", "only a proposal can be confirmed or dismissed"),
            StateKind::Paused => ("RUNNING", "only what runs can be paused"),
            StateKind::NotPaused => ("PAUSED", "only what is paused can be resumed"),
            StateKind::PausedTooOften => ("PAUSES_LEFT", "a commitment can be paused 100 times"),
            StateKind::Theirs => (
                "ANOTHER_OWNER",
                "it is given to somebody who has no part in it",
            ),
            StateKind::NoHandover => ("HANDOVER_PENDING", "somebody is asked before they accept"),
            StateKind::WaiverPending => ("NO_WAIVER_PENDING", "one asks for it at a time"),
            StateKind::NoWaiver => ("WAIVER_PENDING", "one asks for it, another one agrees"),
            StateKind::NotOver => ("ENDED", "only what has ended can be taken up again"),
            StateKind::Reopened => ("NOT_REOPENED", "a commitment is taken up again once"),
            StateKind::ReopenTooLate => (
                "ENDED_LATELY",
                "a commitment is taken up again within 7 days of its end",
            ),
            StateKind::NotRecurring => ("RECURRING", "only a series can be ended"),
            StateKind::RecurrenceOver => ("SERIES_GOES_ON", "a series is ended once"),
        }
    }
}
