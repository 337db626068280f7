mod inhibiting;
mod persons;
mod properties;
mod reaching;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::alert::{Alert, PromiseSubject, ResolveCause, Resolved, Rule, Severity, Subject};
use crate::calendar::TimeOfDay;
use crate::commitment::{AlertState, Clock, CommitmentKind, Escalation, Owner, WentOn};
use crate::setting::{
    Delay, EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget, LabelMatcher,
    QuietHours, Receiver, Silence, Team, Whose,
};

const TENANT: &str = "acme";

fn at(second: i64) -> Timestamp {
    // A Monday, at noon.
    Timestamp::from_second(1_767_614_400 + second).unwrap()
}

/// An alert that fired.
fn alert(number: u128, fired_at: i64, severity: Severity) -> Alert {
    let labels = [("team", "billing"), ("severity", severity.code())];
    Alert {
        alert_id: Uuid::from_u128(number),
        alert_key: Uuid::from_u128(number << 64),
        episode_no: 1,
        rule: Rule::PromiseLapsed,
        severity,
        subject: Subject::Promise(PromiseSubject {
            commitment_id: format!("c-{number}"),
            interaction_id: "i".to_owned(),
            kind: CommitmentKind::CallBack,
            kind_code: String::new(),
            clock: Clock::Promise,
            due: at(fired_at),
            due_revision: 1,
            stage_id: String::new(),
        }),
        customer_id: None,
        owner: None,
        team_id: "billing".to_owned(),
        parties: std::iter::empty::<crate::Party<'_>>().collect(),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        reason_no: 1,
        first_fired_at: at(fired_at),
        late: false,
        imported: false,
        level: 1,
        went_on: None,
        escalation: Some(Escalation {
            policy_id: "usual".to_owned(),
            policy_version: 1,
            goes_on_at: None,
            exhausted: false,
            by_fallback: false,
        }),
        inhibited_by: None,
        paused: false,
        state: AlertState::Triggered,
    }
}

fn receiver(whose: Option<Whose>) -> (u64, Receiver) {
    let receiver = Receiver {
        whose,
        webhook_id: "w".to_owned(),
        budget_per_hour: 20,
        ..Receiver::default()
    };
    (1, receiver)
}

fn agent(id: &str) -> (u64, Receiver) {
    receiver(Some(Whose::Agent(id.to_owned())))
}

fn level(targets: &[EscalationTarget], strategy: EscalationStrategy) -> EscalationLevel {
    EscalationLevel {
        delay: Delay::Wall(SignedDuration::from_mins(10)),
        targets: targets.to_vec(),
        strategy,
    }
}

fn to_receiver(id: &str) -> EscalationTarget {
    EscalationTarget::Receiver(id.to_owned())
}

/// A team of Ann and Bob, whom their lead Lea is above; who is on duty takes the rest.
fn house() -> House {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let team = Team {
        member_ids: ids(&["ann", "bob"]),
        queue_ids: ids(&["invoices"]),
        ..Team::default()
    };
    let all = EscalationStrategy::All;
    let policy = EscalationPolicy {
        levels: vec![
            level(&[EscalationTarget::Team("billing".to_owned())], all),
            level(&[EscalationTarget::Agent("lea".to_owned())], all),
        ],
        num_loops: 0,
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    };
    House {
        escalations: BTreeMap::from([(("usual".to_owned(), 1), policy)]),
        teams: BTreeMap::from([("billing".to_owned(), team)]),
        receivers: BTreeMap::from([
            ("r-ann".to_owned(), agent("ann")),
            ("r-bob".to_owned(), agent("bob")),
            ("r-lea".to_owned(), agent("lea")),
            ("duty".to_owned(), receiver(None)),
        ]),
        silences: BTreeMap::new(),
        webhooks: BTreeSet::from(["w".to_owned()]),
        last_receiver_id: String::new(),
    }
}

fn silence(from: i64, to: i64) -> Silence {
    Silence {
        matchers: vec![LabelMatcher {
            label: "team".to_owned(),
            values: vec!["billing".to_owned()],
            excluded: false,
        }],
        starts_at: Some(at(from)),
        ends_at: Some(at(to)),
        reason: "the telephones are being replaced".to_owned(),
        created_by: "lea".to_owned(),
    }
}

/// What a service keeps, as it folds what was decided.
#[derive(Debug, Clone, Default)]
struct World {
    house: House,
    alerts: BTreeMap<Uuid, Alert>,
    routes: BTreeMap<Uuid, Route>,
    books: Books,
    held: BTreeMap<(String, Uuid), Held>,
    rounds: u64,
    sent: Vec<Notification>,
}

impl World {
    fn new(house: House) -> Self {
        Self {
            house,
            ..Self::default()
        }
    }

    fn put(&mut self, alert: Alert) {
        self.alerts.insert(alert.alert_id, alert);
    }

    fn change(&mut self, number: u128, change: impl FnOnce(&mut Alert)) {
        change(self.alerts.get_mut(&Uuid::from_u128(number)).unwrap());
    }

    fn firings(&self, now: Timestamp) -> Vec<Firing> {
        let soon = now + GROUP_WAIT;
        let firings = self.alerts.values().filter_map(|alert| {
            let mut route = self
                .routes
                .get(&alert.alert_id)
                .cloned()
                .unwrap_or_default();
            for told in &mut route.told {
                let key = (told.receiver_id.clone(), alert.alert_id);
                told.held = self.held.get(&key).is_some_and(|held| !held.over);
            }
            let near = route.look_at(alert).is_some_and(|at| at <= soon);
            let silent = !route.silence_id.is_empty();
            let stranded = self.house.strands(&route);
            let kept = route.is_to_nobody() || route.summed_up_by().is_some();
            (near || silent || stranded || kept).then(|| Firing {
                alert: alert.clone(),
                route,
                whole: self.whole_of(alert),
            })
        });
        firings.collect()
    }

    /// The alert about the same customer that sums one up.
    fn whole_of(&self, alert: &Alert) -> Option<Alert> {
        let mut all = self.alerts.values();
        let is_theirs =
            |one: &&Alert| one.customer_id.is_some() && one.customer_id == alert.customer_id;
        all.find(|one| is_theirs(one) && one.sums_up(alert))
            .cloned()
    }

    fn digests(&self, now: Timestamp) -> Vec<DueDigest> {
        let due = self.books.receivers.iter();
        let due = due.filter(|(_, book)| book.digest_at.is_some_and(|at| at <= now));
        let due = due.map(|(receiver_id, _)| DueDigest {
            receiver_id: receiver_id.clone(),
            held: self
                .held
                .iter()
                .filter(|((of, _), _)| of == receiver_id)
                .map(|((_, id), held)| (held.clone(), self.alerts[id].clone()))
                .collect(),
        });
        due.collect()
    }

    fn decide(&self, now: Timestamp, mute: bool) -> (Round, Books) {
        let mut books = self.books.clone();
        let moment = Moment {
            tenant_id: TENANT,
            round: self.rounds + 1,
            now,
            mute,
        };
        let (firings, digests) = (self.firings(now), self.digests(now));
        let round = decide(&self.house, &mut books, &firings, &digests, moment);
        (round, books)
    }

    /// Decides, and takes in what was decided.
    fn round(&mut self, second: i64) -> Round {
        let (round, books) = self.decide(at(second), false);
        self.take(&round, at(second));
        self.rounds += 1;
        self.books = books;
        round
    }

    fn take(&mut self, round: &Round, now: Timestamp) {
        for digest in &round.digests {
            if digest.put_off_to.is_some() {
                continue;
            }
            let of = |key: &(String, Uuid)| key.0 == digest.receiver_id;
            for (_, id) in self.held.keys().filter(|key| of(key)) {
                let route = self.routes.get_mut(id).unwrap();
                route.digested(&digest.receiver_id, now);
            }
            self.held.retain(|key, _| !of(key));
        }
        for routed in &round.alerts {
            for receiver_id in &routed.dropped {
                self.held.remove(&(receiver_id.clone(), routed.alert_id));
            }
            for verdict in &routed.verdicts {
                if let Why::Held { by, .. } = verdict.reason {
                    let held = Held {
                        by,
                        over: routed.over,
                    };
                    let key = (verdict.receiver_id.clone(), routed.alert_id);
                    self.held.insert(key, held);
                }
            }
            let route = self.routes.entry(routed.alert_id).or_default();
            route.take(routed.clone(), self.rounds + 1);
        }
        self.sent.extend(round.notifications.iter().cloned());
    }

    /// Who got messages, and what they said, in the order of the messages.
    fn said(round: &Round) -> Vec<(&str, NotificationKind, u64)> {
        let sent = round.notifications.iter();
        sent.map(|it| (&*it.receiver_id, it.kind, it.alert_count))
            .collect()
    }

    fn why(&self, number: u128) -> Vec<(String, Why)> {
        let route = &self.routes[&Uuid::from_u128(number)];
        let verdicts = route.verdicts.iter();
        verdicts
            .map(|one| (one.receiver_id.clone(), one.reason.clone()))
            .collect()
    }
}
