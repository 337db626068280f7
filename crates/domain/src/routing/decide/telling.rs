//! What is to be told becomes messages: one for each person and group. Or it is held for a digest.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Deciding, Intent, add, kind_of};
use crate::commitment::AlertState;
use crate::ids::Namespace;
use crate::routing::audience::{Audience, receivers_of_person};
use crate::routing::decided::Decided;
use crate::routing::digest;
use crate::routing::{
    Firing, GATHER_FOR, Group, Hold, Moment, Notification, NotificationKind as Kind, Told, Why,
    after,
};

/// Whom a message is for: a receiver, and what is told together.
type To = (String, Group);

impl Deciding<'_> {
    /// Tells what is to be told, one message for each person and group; or holds it.
    pub(super) fn tell(&mut self) {
        let mut intents = std::mem::take(&mut self.intents);
        while let Some((to, own)) = intents.pop_first() {
            let receiver_id = &to.0;
            if !self.house.reaches(receiver_id) {
                let why = self.house.unreached(receiver_id);
                for intent in &own {
                    let why = why.clone().unwrap_or(Why::NoReceiver);
                    self.decide(intent, receiver_id, why, None);
                }
                continue;
            }
            let now = self.moment.now;
            let (gathered, plain) = parted(own);
            match self.held_now(receiver_id) {
                Some(by) => self.hold((receiver_id, now), &plain, |_| by),
                None if plain.is_empty() => {}
                None => {
                    let mut theirs = self.theirs(&to, &mut intents);
                    theirs.insert(receiver_id.clone(), plain);
                    self.tell_person(&to.1, &theirs);
                }
            }
            let earliest = after(now, GATHER_FOR);
            self.hold((receiver_id, earliest), &gathered, |intent| {
                intent.hold.unwrap_or(Hold::Late)
            });
        }
    }

    /// Why a receiver gets no message of its own now; none if it does.
    fn held_now(&self, receiver_id: &str) -> Option<Hold> {
        let (_, hold) = self
            .books
            .free_at((receiver_id, self.house), self.moment.now);
        hold
    }

    /// Takes from `intents` what else of the same group the same person is to be told now, by the receiver that is named.
    fn theirs(
        &self,
        (receiver_id, group): &To,
        intents: &mut BTreeMap<To, Vec<Intent>>,
    ) -> BTreeMap<String, Vec<Intent>> {
        let mut theirs = BTreeMap::new();
        for other in receivers_of_person(receiver_id, self.house) {
            let Some(all) = intents.get_mut(&(other.to_owned(), group.clone())) else {
                continue;
            };
            if !self.house.reaches(other) || self.held_now(other).is_some() {
                continue;
            }
            let (gathered, plain) = parted(std::mem::take(all));
            *all = gathered;
            if !plain.is_empty() {
                theirs.insert(other.to_owned(), plain);
            }
        }
        theirs
    }

    /// Tells a person what there is of a group in one message, although alerts name several of their receivers. It goes to
    /// the one that is named on the highest level, which is how they are reached when it is most urgent; of several of those,
    /// to the first one by its id.
    fn tell_person(&mut self, group: &Group, theirs: &BTreeMap<String, Vec<Intent>>) {
        let level = |intents: &[Intent]| intents.iter().map(|intent| intent.level).max();
        let best = theirs
            .iter()
            .min_by_key(|(_, all)| Reverse(level(all.as_slice())));
        let Some((receiver_id, _)) = best else {
            return;
        };
        // What was told through several of their receivers is over for each of them, and is said to be once.
        let mut said: BTreeMap<usize, Intent> = BTreeMap::new();
        for intent in theirs.values().flatten() {
            said.entry(intent.place).or_insert_with(|| intent.clone());
        }
        let said: Vec<Intent> = said.into_values().collect();
        let to = (receiver_id.clone(), group.clone());
        let notification = self.notification(&to, &said);
        self.books.of(receiver_id).told(self.moment.now);
        self.told(&said, &notification);
        for (named, all) in theirs {
            for intent in all {
                let decided = self.decided.entry(intent.place).or_default();
                decided.through(named, receiver_id);
            }
        }
        self.notifications.insert(to, notification);
    }

    /// An alert that waits for its group goes along, if everybody who is to hear of it gets a message anyway.
    pub(super) fn join(&mut self, place: usize, firing: &Firing) {
        let alert = &firing.alert;
        let is_first = firing.route.seen.is_none() && firing.route.look_at(alert).is_some();
        let plain = alert.state == AlertState::Triggered && !alert.late;
        let Some(group) = Group::of(alert).filter(|_| is_first && plain && !self.moment.mute)
        else {
            return;
        };
        if alert.paused || self.inhibition(firing).is_some() || self.silence(alert).is_some() {
            return;
        }
        let mut audience = Audience::default();
        let mut books = self.books.clone();
        let mut turns = self.turns.clone();
        if self.notifications.keys().any(|(_, one)| *one == group) {
            audience = Audience::of(alert, self.house, &mut books, &mut turns);
        }
        let messages = audience.receiver_ids.iter();
        let messages = messages.map(|receiver_id| self.message_of(receiver_id, &group));
        let messages: Option<Vec<To>> = messages.collect();
        let Some(messages) = messages.filter(|all| !all.is_empty() && turns == self.turns) else {
            return;
        };
        let decided = Decided {
            verdicts: audience.left_out,
            repeats: true,
            ..Decided::default()
        };
        self.decided.insert(place, decided);
        for (named, to) in audience.receiver_ids.iter().zip(messages) {
            let intent = Intent::of((place, alert), kind_of(alert), None);
            let Some(notification) = self.notifications.get_mut(&to) else {
                continue;
            };
            add(notification, &intent);
            let notification = notification.clone();
            self.told(std::slice::from_ref(&intent), &notification);
            let decided = self.decided.entry(place).or_default();
            decided.through(named, &to.0);
        }
    }

    /// The message of a group that a receiver's person gets now, through whichever of their receivers.
    fn message_of(&self, receiver_id: &str, group: &Group) -> Option<To> {
        let theirs = receivers_of_person(receiver_id, self.house);
        let mut messages = theirs.map(|id| (id.to_owned(), group.clone()));
        messages.find(|to| self.notifications.contains_key(to))
    }

    fn notification(&self, (receiver_id, group): &To, of: &[Intent]) -> Notification {
        let Moment {
            tenant_id,
            round,
            now,
            ..
        } = self.moment;
        let group_id = group.id(tenant_id);
        let parts = [
            tenant_id.as_bytes(),
            &round.to_be_bytes(),
            receiver_id.as_bytes(),
            group_id.as_bytes(),
        ];
        let mut notification = digest::addressed(self.house, receiver_id, now);
        notification.notification_id = Namespace::Notification.id(&parts);
        notification.group = Some(group.clone());
        for intent in of {
            add(&mut notification, intent);
        }
        notification
    }

    fn told(&mut self, intents: &[Intent], by: &Notification) {
        for intent in intents {
            let reason = Why::Told {
                notification_id: by.notification_id,
                kind: intent.kind,
            };
            let told = (intent.kind != Kind::Resolved).then_some((by.at, false));
            self.decide(intent, &by.receiver_id, reason, told);
        }
    }

    fn hold(
        &mut self,
        (receiver_id, earliest): (&str, Timestamp),
        intents: &[Intent],
        by: impl Fn(&Intent) -> Hold,
    ) {
        for intent in intents {
            let now = self.moment.now;
            let until = self.books.hold((receiver_id, self.house), now, earliest);
            let by = by(intent);
            let told = (intent.kind != Kind::Resolved).then_some((until, true));
            self.decide(intent, receiver_id, Why::Held { by, until }, told);
        }
    }

    fn decide(
        &mut self,
        intent: &Intent,
        receiver_id: &str,
        reason: Why,
        told: Option<(Timestamp, bool)>,
    ) {
        let decided = self.decided.entry(intent.place).or_default();
        decided.of(receiver_id, reason);
        decided.told.extend(told.map(|(at, held)| Told {
            receiver_id: receiver_id.to_owned(),
            level: intent.level,
            reason_no: intent.reason_no,
            at,
            held,
        }));
    }
}

/// What is told in a digest whenever that is, and what is told by itself.
fn parted(intents: Vec<Intent>) -> (Vec<Intent>, Vec<Intent>) {
    intents
        .into_iter()
        .partition(|intent| intent.hold.is_some())
}
