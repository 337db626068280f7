//! What a contact means for a promise in which the customer reached us: they were back before they were called back; or
//! we waited for them, or somebody wanted to hear of it later, and that is over.

use jiff::Timestamp;

use crate::alert::Rule;
use crate::commitment::{
    AlertState, AlertStep, AlertWhat, Change, Commitment, Contact, EscalatesBy, Event, ResumeCause,
};
use crate::due::Calendars;

/// A contact in which the customer reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Return<'a> {
    /// The contact.
    pub interaction_id: &'a str,
    /// When it began, by its own clock.
    pub began_at: Timestamp,
}

/// Something that rests until its time is over, or the customer reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Resting {
    what: Rests,
    since: Timestamp,
    until: Option<Timestamp>,
}

/// What rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rests {
    /// Our own clock, because we wait for the customer.
    Clock,
    /// An alert that somebody wants to hear of later.
    Alert(Rule),
}

impl Resting {
    /// Whether a contact ends it that began then. What began before is what it rests in spite of.
    fn is_ended_at(&self, began_at: Timestamp) -> bool {
        began_at > self.since && self.until.is_none_or(|until| began_at <= until)
    }
}

impl Commitment {
    /// Since when a contact makes a difference in which the customer reaches us; none if none would.
    pub fn awaits_return_since(&self) -> Option<Timestamp> {
        match self.is_recovery() {
            true => Some(self.made_at),
            false => self.resting().map(|one| one.since).min(),
        }
    }

    /// Whether contacts make the same difference as they did before, in which the customer reaches us.
    pub fn awaits_return_like(&self, before: &Self) -> bool {
        self.is_recovery() == before.is_recovery() && self.resting().eq(before.resting())
    }

    /// Whether a contact makes a difference in which the customer reached us. `merged` are those who are one with the
    /// customer. To be called back after a dropped call, they have to be back when that was over; another promise has
    /// something that rested when it began.
    pub fn is_met_by_return(
        &self,
        contact: Contact<'_>,
        began_at: Timestamp,
        merged: &[String],
    ) -> bool {
        let is_in_time = match self.is_recovery() {
            true => began_at >= self.made_at,
            false => self.resting().any(|one| one.is_ended_at(began_at)),
        };
        is_in_time
            && contact.interaction_id != self.interaction_id
            && self.is_with_customer(contact, merged)
    }

    /// What rested goes on because the customer reached us, as the scheduler `actor_id` has noticed: what comes first of
    /// it, and once that counts, there may be more. None if nothing rests that the contact ends.
    pub fn go_on_by_return(
        &self,
        back: Return<'_>,
        (actor_id, now): (&str, Timestamp),
        calendars: &impl Calendars,
        escalates_by: Option<EscalatesBy<'_>>,
    ) -> Option<Event> {
        let mut resting = self.resting();
        let ended = resting.find(|one| one.is_ended_at(back.began_at))?;
        let interaction_id = back.interaction_id.to_owned();
        let change = match ended.what {
            // It went on when they reached us, whenever we notice. The contact's clock may be a little ahead of ours.
            Rests::Clock => {
                let cause = ResumeCause::CustomerReturned { interaction_id };
                self.resumed(cause, back.began_at.min(now), calendars)
                    .ok()?
            }
            Rests::Alert(rule) => Change::Alert(AlertStep {
                rule,
                episode_no: self.alert(rule)?.number,
                what: AlertWhat::CustomerReturned { interaction_id },
            }),
        };
        Some(self.next_telling(change, (actor_id, now), calendars, escalates_by))
    }

    /// What rests of an open promise, and is ended by the customer. An alert that stands still has to wait until our own
    /// clock goes on.
    fn resting(&self) -> impl Iterator<Item = Resting> {
        let pause = self.pause.as_ref();
        let pause = pause.filter(|pause| pause.ends_by_return);
        let clock = pause.map(|pause| Resting {
            what: Rests::Clock,
            since: pause.from,
            until: pause.until,
        });
        let alerts = self.alerts.iter().filter(|alert| self.alert_runs(alert));
        let snoozed = alerts.filter_map(|alert| match &alert.state {
            AlertState::Snoozed {
                at: Some(since),
                until,
                ..
            } => Some(Resting {
                what: Rests::Alert(alert.rule),
                since: *since,
                until: Some(*until),
            }),
            _ => None,
        });
        let all = clock.into_iter().chain(snoozed);
        all.filter(|_| self.is_open())
    }
}
