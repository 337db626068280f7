//! What happens on the switch, whichever of its formats tells it.

/// A channel, as far as the format says who is behind it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Party<'a> {
    /// Its `Uniqueid`.
    pub(super) id: &'a str,
    /// Its name, such as `PJSIP/1001-0000002a`.
    pub(super) name: &'a str,
    /// The queue's member: its interface and its name.
    pub(super) member: Option<(&'a str, &'a str)>,
}

/// By what somebody is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By<'a> {
    /// By a queue.
    Queue(&'a str),
    /// By whatever the channel is in: a queue, or else the dialplan.
    Whatever,
    /// By a dial. Those of queues dial, too, and say so by events of their own.
    Dial,
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ender {
    Customer,
    Agent,
}

/// What happens. Channels are named by their `Uniqueid`, calls by their `Linkedid`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// A channel begins.
    Begins {
        id: &'a str,
        name: &'a str,
        call: &'a str,
        caller: &'a str,
        dialled: &'a str,
    },
    /// A digit was pressed on it.
    Digit {
        id: &'a str,
        context: &'a str,
        digit: &'a str,
    },
    /// It enters a queue.
    Queues { id: &'a str, queue: &'a str },
    /// It leaves it, for whatever reason.
    LeavesQueue { id: &'a str },
    /// On its behalf it rings at somebody's.
    Rings {
        id: &'a str,
        to: Party<'a>,
        by: By<'a>,
    },
    /// They answer.
    Answers {
        id: &'a str,
        to: Party<'a>,
        by: By<'a>,
    },
    /// It puts whom it talks with on hold.
    Holds { id: &'a str },
    /// It takes them back.
    Resumes { id: &'a str },
    /// It hands on whom it talks with, without a word.
    HandsOn { id: &'a str, to: &'a str },
    /// It hands on whom it talks with after a word: by one of two channels of its own, to a third one, or to what is
    /// called `to`.
    HandsOver {
        ids: [&'a str; 2],
        target: Party<'a>,
        to: &'a str,
    },
    /// It is on one line with others.
    Joins { id: &'a str, bridge: &'a str },
    /// It is not any more.
    Leaves { id: &'a str, bridge: &'a str },
    /// Its other side hangs up.
    AsksToHangUp { id: &'a str },
    /// It is said who ended its call.
    SaysWho { id: &'a str, by: Ender },
    /// It ends: by a cause of Q.850, and by what is said to have hung up, a channel's name or the dialplan's.
    HangsUp {
        id: &'a str,
        cause: Option<u32>,
        source: &'a str,
    },
    /// All channels of a call have ended.
    IsOver { call: &'a str },
}

/// Whether a cause of Q.850 says that the network lost a line, rather than that somebody ended it. Asterisk gives them
/// as the `Cause` of `Hangup` and as `hangupcause` of `HANGUP`.
pub(super) const fn is_loss(cause: u32) -> bool {
    matches!(
        cause,
        // No circuit, 34; network out of order, 38; temporary failure, 41; congestion of the switch, 42; access
        // information discarded, 43; circuit not available, 44; resource unavailable, 47.
        27 | 34 | 38 | 41
            ..=44 | 47
        // Recovery by a timer, as where nothing was heard of the other side; protocol error.
        | 102 | 111
    )
}
