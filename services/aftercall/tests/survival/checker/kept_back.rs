//! What is kept back: by a silence, by quiet hours, and because somebody sees to it. It is told later, once and in one
//! message with others, or not at all.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::{Notification, NotificationHold, NotificationKind};
use jiff::Timestamp;

use super::Checker;
use super::told::{LATE, alert_id};
use crate::journal::Entries;

/// An alert was told to somebody.
#[derive(Debug, Clone)]
struct Telling {
    receiver_id: String,
    decided_at: Option<Timestamp>,
    kind: NotificationKind,
    /// Whether it was told late because it was not to disturb.
    waited: bool,
    by_mail: bool,
}

/// To whom alerts were told, and which somebody saw to, as far as the log was read.
#[derive(Debug, Default)]
pub(super) struct KeptBack {
    /// By the alert's id.
    tellings: BTreeMap<String, Vec<Telling>>,
    /// The messages that go by mail.
    mails: BTreeSet<String>,
    /// The alerts that went on to a further level.
    gone_on: HashSet<String>,
    /// The alerts that somebody saw to before they went on, and those that somebody saw to after it.
    taken: BTreeSet<String>,
    taken_late: HashSet<String>,
}

impl KeptBack {
    /// Notes what a message tells, which counts.
    pub(super) fn tells(&mut self, message: &Notification) {
        let quiet = NotificationHold::QuietHours;
        let telling = Telling {
            receiver_id: message.receiver_id.clone(),
            decided_at: message.decided_at.as_ref().and_then(from_wire),
            kind: message.kind(),
            waited: message.held_by().any(|by| by == quiet),
            by_mail: message.by_mail,
        };
        for alert in &message.alerts {
            let of = self.tellings.entry(alert.alert_id.clone()).or_default();
            of.push(telling.clone());
        }
        if message.by_mail {
            self.mails.insert(message.notification_id.clone());
        }
    }

    /// Notes that an alert goes on. Says what is wrong with that: somebody saw to it.
    pub(super) fn goes_on(&mut self, alert_id: &str) -> Option<String> {
        if self.taken.contains(alert_id) {
            return Some(format!("{alert_id} goes on, and somebody sees to it"));
        }
        self.gone_on.insert(alert_id.to_owned());
        None
    }

    /// Notes that somebody sees to an alert.
    pub(super) fn is_taken(&mut self, alert_id: String) {
        match self.gone_on.contains(&alert_id) {
            true => self.taken_late.insert(alert_id),
            false => self.taken.insert(alert_id),
        };
    }
}

impl Checker {
    /// The messages that go by mail, by their ids.
    pub(crate) fn mails(&self) -> &BTreeSet<String> {
        &self.told.kept_back.mails
    }

    /// How many alerts somebody saw to before they went on.
    pub(crate) fn taken(&self) -> usize {
        self.told.kept_back.taken.len()
    }

    /// How many alerts were summed up at the end of a silence, how many after quiet hours, and how many went by mail.
    pub(crate) fn told_later(&self) -> [usize; 3] {
        let all = || self.told.kept_back.tellings.values().flatten();
        let ended = NotificationKind::SilenceEnded;
        [
            all().filter(|one| one.kind == ended).count(),
            all().filter(|one| one.waited).count(),
            all().filter(|one| one.by_mail).count(),
        ]
    }

    /// The lapses of a team's promises that nobody was told of. A team is that of the promise's owner.
    pub(crate) fn untold(&self, team_id: &str, entries: &Entries) -> Vec<String> {
        let alerts = self.lapsed_of(team_id, entries).into_iter();
        let untold = alerts.filter(|(_, alert_id)| self.tellings(alert_id).is_empty());
        untold
            .map(|(id, _)| format!("nobody is told that {id} of {team_id} lapsed"))
            .collect()
    }

    /// Lapses of a team's promises that were told more than once, or before `from`.
    pub(crate) fn told_amiss(
        &self,
        team_id: &str,
        from: Option<Timestamp>,
        entries: &Entries,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for (id, alert_id) in self.lapsed_of(team_id, entries) {
            let told = self.tellings(&alert_id);
            if told.len() > 1 {
                faults.push(format!(
                    "the lapse of {id} of {team_id} is told as {told:?}"
                ));
            }
            let early = told.iter().find(|one| one.decided_at < from);
            faults.extend(early.map(|one| format!("{id} of {team_id} is told too early: {one:?}")));
        }
        faults
    }

    /// Lapses of a team's promises that went on to `next`, a receiver of a further level, though somebody saw to them; and
    /// those that did not, though nobody did.
    pub(crate) fn escalated_amiss(
        &self,
        team_id: &str,
        next: &str,
        entries: &Entries,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for (id, alert_id) in self.lapsed_of(team_id, entries) {
            let told = self.tellings(&alert_id);
            let is_taken = self.told.kept_back.taken.contains(&alert_id);
            let is_told = told.iter().any(|one| one.receiver_id == next);
            let is_taken_late = self.told.kept_back.taken_late.contains(&alert_id);
            match (is_taken, is_told) {
                (true, true) => faults.push(format!("{next} is told of {id}, which is seen to")),
                (false, false) if !is_taken_late => {
                    faults.push(format!("{next} is not told of {id}, which nobody sees to"));
                }
                _ => {}
            }
        }
        faults
    }

    fn tellings(&self, alert_id: &str) -> &[Telling] {
        let of = self.told.kept_back.tellings.get(alert_id);
        of.map_or(&[], Vec::as_slice)
    }

    /// The promises of a team that lapsed, each with its alert's id.
    fn lapsed_of(&self, team_id: &str, entries: &Entries) -> Vec<(String, String)> {
        let lapsed = self.lapsed().into_iter().filter(|id| {
            let promise = entries.promise(id);
            promise.is_some_and(|promise| promise.owner_team_id == team_id)
        });
        lapsed
            .map(|id| {
                let alert_id = alert_id(LATE, &id);
                (id, alert_id)
            })
            .collect()
    }
}
