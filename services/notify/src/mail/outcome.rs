//! What came of a mail, and what follows from it: the same as of a webhook's message.

use aftercall_domain::delivery::next_attempt;
use aftercall_proto::model::v1::{MailTrouble, WebhookDeliveryState as State};
use jiff::Timestamp;

/// That the server closes the connection, whatever it was sent.
pub(super) const CLOSING: u16 = 421;

/// What came of an attempt to send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it, and answers for it from now on.
    Taken,
    /// It was not taken now; it may be later.
    NotNow(Trouble),
    /// It is never taken: the server, or the mail itself, says so.
    Never(Trouble),
}

/// What was in the way of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The server's name leads nowhere, or there is no connection to it, or it broke.
    Connection,
    /// TLS is not offered, or failed.
    Tls,
    /// The server does not know us by our name and password.
    Credentials,
    /// The server answered by this code.
    Code(u16),
    /// What it answered is no SMTP, or more than is read.
    Answer,
    /// It did not answer in time.
    Timeout,
    /// The mail can't be sent to such an address.
    Address,
    /// There is no server to send it by.
    NotConfigured,
    /// The receiver, or what it is to be told, isn't known here.
    Unknown,
    /// It is told in another environment.
    Environment,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// What has become of the delivery.
    pub state: State,
    /// When it is tried next, if it is pending.
    pub next_attempt_at: Option<Timestamp>,
}

impl Trouble {
    /// What the wire says of it, and SMTP's code or 0.
    pub(super) fn to_wire(self) -> (MailTrouble, u32) {
        match self {
            Self::Connection => (MailTrouble::Connection, 0),
            Self::Tls => (MailTrouble::Tls, 0),
            Self::Credentials => (MailTrouble::Credentials, 0),
            Self::Code(code) => (MailTrouble::Code, code.into()),
            Self::Answer => (MailTrouble::Answer, 0),
            Self::Timeout => (MailTrouble::Timeout, 0),
            Self::Address => (MailTrouble::Address, 0),
            Self::NotConfigured => (MailTrouble::NotConfigured, 0),
            Self::Unknown => (MailTrouble::Unknown, 0),
            Self::Environment => (MailTrouble::Environment, 0),
        }
    }
}

impl Outcome {
    /// Whether the server took part, be it by a refusal of this mail; none if it was not asked.
    pub(super) const fn answered(self) -> Option<bool> {
        match self {
            Self::Taken => Some(true),
            Self::NotNow(trouble) | Self::Never(trouble) => match trouble {
                Trouble::Code(code) => Some(code != CLOSING),
                Trouble::Connection
                | Trouble::Tls
                | Trouble::Credentials
                | Trouble::Answer
                | Trouble::Timeout => Some(false),
                Trouble::Address
                | Trouble::NotConfigured
                | Trouble::Unknown
                | Trouble::Environment => None,
            },
        }
    }

    /// What follows from attempt `number`, from 1, that ended at `now`. `random` is between 0 and 1, and spreads what
    /// failed together.
    pub fn fate(self, number: u32, now: Timestamp, random: f64) -> Fate {
        let next_attempt_at = match self {
            Self::Taken | Self::Never(_) => None,
            Self::NotNow(_) => next_attempt(number, now, None, random),
        };
        let state = match (self, next_attempt_at) {
            (Self::Taken, _) => State::Delivered,
            (_, Some(_)) => State::Pending,
            (_, None) => State::Dead,
        };
        Fate {
            state,
            next_attempt_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use aftercall_domain::delivery::ATTEMPTS_MAX;

    use super::*;

    #[test]
    fn what_is_not_taken_now_is_tried_again_as_webhooks_are_and_the_rest_never() {
        let now = Timestamp::UNIX_EPOCH;
        let fate = |outcome: Outcome, number| outcome.fate(number, now, 0.0);
        assert_eq!(fate(Outcome::Taken, 1).state, State::Delivered);
        let never = fate(Outcome::Never(Trouble::Code(550)), 1);
        assert_eq!((never.state, never.next_attempt_at), (State::Dead, None));
        let later = fate(Outcome::NotNow(Trouble::Code(451)), 1);
        assert_eq!(later.state, State::Pending);
        assert_eq!(later.next_attempt_at, next_attempt(1, now, None, 0.0));
        let last = fate(Outcome::NotNow(Trouble::Timeout), ATTEMPTS_MAX);
        assert_eq!((last.state, last.next_attempt_at), (State::Dead, None));
    }
}
