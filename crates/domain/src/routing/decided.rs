//! What was decided of one alert.

use jiff::Timestamp;

use super::state::ToNobody;
use super::{Firing, House, REPEAT_AFTER, Routed, Seen, Told, Verdict, Why, after};
use crate::alert::Severity;

/// What was decided of an alert.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) told: Vec<Told>,
    pub(super) over: bool,
    pub(super) dropped: Vec<String>,
    pub(super) silence_id: String,
    /// Whether it is told, so that it may be told again.
    pub(super) repeats: bool,
    /// Whether nobody of its level can be told.
    pub(super) to_nobody: bool,
    pub(super) next_look_at: Option<Timestamp>,
}

impl Decided {
    /// What is held of an alert is not told any more.
    pub(super) fn drop_held(&mut self, firing: &Firing) {
        self.drop_where(firing, |_| true);
    }

    /// What is held for receivers that reach nobody any more is not told by them: others are, in their place.
    pub(super) fn drop_stranded(&mut self, firing: &Firing, house: &House) {
        self.drop_where(firing, |told| !house.reaches(&told.receiver_id));
    }

    fn drop_where(&mut self, firing: &Firing, is_dropped: impl Fn(&Told) -> bool) {
        let held = firing.route.told.iter().filter(|told| told.held);
        for told in held.filter(|told| is_dropped(told)) {
            if !self.dropped.contains(&told.receiver_id) {
                self.dropped.push(told.receiver_id.clone());
            }
        }
    }

    pub(super) fn all(&mut self, reason: Why) {
        self.of("", reason);
    }

    pub(super) fn of(&mut self, receiver_id: &str, reason: Why) {
        self.verdicts.push(Verdict {
            receiver_id: receiver_id.to_owned(),
            reason,
        });
    }

    /// Says that who is to hear of it through one of their receivers does through another.
    pub(super) fn through(&mut self, named: &str, by: &str) {
        if named == by {
            return;
        }
        // What was said of them before it was known through which.
        let is_same = |one: &Verdict| matches!(one.reason, Why::SamePerson { .. });
        self.verdicts
            .retain(|one| ![named, by].contains(&&*one.receiver_id) || !is_same(one));
        for one in &mut self.verdicts {
            if let Why::SamePerson { receiver_id } = &mut one.reason
                && receiver_id.as_str() == named
            {
                by.clone_into(receiver_id);
            }
        }
        let receiver_id = by.to_owned();
        self.of(named, Why::SamePerson { receiver_id });
    }

    /// Whether a receiver is to hear of it, and has.
    fn knows(&self, receiver_id: &str) -> bool {
        let mut verdicts = self.verdicts.iter();
        verdicts.any(|verdict| {
            let knows = matches!(verdict.reason, Why::AlreadyTold { .. });
            knows && verdict.receiver_id == receiver_id
        })
    }

    pub(super) fn routed(mut self, firing: &Firing, now: Timestamp) -> Routed {
        let alert = &firing.alert;
        if self.repeats && alert.severity >= Severity::High {
            // Who is not to hear of it any more is not waited for.
            let earlier = firing.route.told.iter();
            let earlier = earlier.filter(|told| self.knows(&told.receiver_id));
            let told = self.told.iter().chain(earlier);
            let told = told.filter(|told| told.level == alert.level);
            // What is held may be told later than it was to be.
            let again = told.map(|told| match told.held {
                true => after(told.at.max(now), REPEAT_AFTER),
                false => after(told.at, REPEAT_AFTER),
            });
            let again = again.min();
            self.next_look_at = self.next_look_at.into_iter().chain(again).min();
        }
        Routed {
            alert_id: alert.alert_id,
            seen: Seen {
                to_nobody: self.to_nobody.then(|| ToNobody::of(alert)),
                ..Seen::of(alert)
            },
            verdicts: self.verdicts,
            told: self.told,
            over: self.over,
            dropped: self.dropped,
            silence_id: self.silence_id,
            next_look_at: self.next_look_at,
        }
    }
}
