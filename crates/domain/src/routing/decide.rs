//! The decision.

mod telling;

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::audience::{Audience, Turns};
use super::decided::Decided;
use super::digest::{self, worst};
use super::{
    Books, DueDigest, Firing, Group, Hold, House, Moment, Notification, NotificationKind as Kind,
    REPEAT_AFTER, Round, Why, after,
};
use crate::alert::{Alert, ResolveCause, Severity};
use crate::commitment::{AlertState, WentOn};
use crate::limits::ALERTS_TOLD_MAX;
use crate::setting::EscalationStrategy;

/// Decides who is told what of some alerts now. `books` hold what those receivers were told whom it may concern, and
/// are left as the decision leaves them.
///
/// Alerts that still wait for their group may be among the firings: one goes along when everybody who is to hear of it
/// gets a message of its group anyway.
pub fn decide(
    house: &House,
    books: &mut Books,
    firings: &[Firing],
    digests: &[DueDigest],
    moment: Moment<'_>,
) -> Round {
    let turns_before = books.turns.clone();
    let mut deciding = Deciding {
        house,
        books,
        moment,
        turns: Turns::new(),
        intents: BTreeMap::new(),
        notifications: BTreeMap::new(),
        round: Round::default(),
        decided: BTreeMap::new(),
    };
    let (due, waiting): (Vec<_>, Vec<_>) = firings
        .iter()
        .enumerate()
        .partition(|(_, one)| deciding.is_due(one));
    for (place, firing) in due {
        deciding.judge(place, firing);
    }
    for due in digests {
        deciding.digest(due, firings);
    }
    deciding.tell();
    for (place, firing) in waiting {
        deciding.join(place, firing);
    }
    let Deciding {
        notifications,
        decided,
        mut round,
        ..
    } = deciding;
    round.notifications.extend(notifications.into_values());
    for (place, decided) in decided {
        if let Some(firing) = firings.get(place) {
            round.alerts.push(decided.routed(firing, moment.now));
        }
    }
    for (of, count) in &books.turns {
        if turns_before.get(of) != Some(count) {
            round.turns.push((of.0.clone(), of.1, *count));
        }
    }
    round
}

/// What somebody is to be told of an alert.
#[derive(Debug, Clone)]
struct Intent {
    /// Which of the firings.
    place: usize,
    alert_id: Uuid,
    kind: Kind,
    level: u32,
    reason_no: u32,
    severity: Severity,
    /// Why it is told in a digest, whenever that is.
    hold: Option<Hold>,
}

struct Deciding<'a> {
    house: &'a House,
    books: &'a mut Books,
    moment: Moment<'a>,
    turns: Turns,
    intents: BTreeMap<(String, Group), Vec<Intent>>,
    notifications: BTreeMap<(String, Group), Notification>,
    decided: BTreeMap<usize, Decided>,
    /// The digests.
    round: Round,
}

impl Deciding<'_> {
    /// Whether an alert is to be decided about now, and not only if its group is told.
    fn is_due(&self, firing: &Firing) -> bool {
        let Firing { alert, route, .. } = firing;
        let looked = route.look_at(alert).is_some_and(|at| at <= self.moment.now);
        looked
            || self.house.strands(route)
            || (!route.silence_id.is_empty() && self.silence(alert).is_none())
            || (route.is_to_nobody() && self.house.finds_somebody(alert))
            || (route.summed_up_by().is_some() && route.summed_up_by() != self.whole_of(firing))
    }

    /// The alert about the customer that stands for this one. One that a silence keeps, or that reaches nobody, stands for
    /// none.
    fn whole_of(&self, firing: &Firing) -> Option<Uuid> {
        let whole = firing.whole.as_ref()?;
        let is_heard = self.silence(whole).is_none() && self.house.reaches_of(whole);
        (is_heard && whole.sums_up(&firing.alert)).then_some(whole.alert_id)
    }

    /// What says all that an alert does, and more: another one of its subject, or one about the customer.
    fn inhibition(&self, firing: &Firing) -> Option<Why> {
        let of_subject = firing.alert.inhibited_by;
        let of_subject = of_subject.map(|by| Why::Inhibition { by, alert_id: None });
        of_subject.or_else(|| {
            let alert_id = Some(self.whole_of(firing)?);
            let by = firing.whole.as_ref()?.rule;
            Some(Why::Inhibition { by, alert_id })
        })
    }

    /// The silence that keeps an alert now, and until when.
    fn silence(&self, alert: &Alert) -> Option<(&str, Timestamp)> {
        let now = self.moment.now;
        let mut silences = self.house.silences.iter();
        let (id, silence) = silences.find(|(_, one)| one.mutes(&alert.labels, now))?;
        Some((id, silence.ends_at?))
    }

    fn judge(&mut self, place: usize, firing: &Firing) {
        let mut decided = Decided::default();
        let alert = &firing.alert;
        if alert.state != AlertState::Triggered || self.moment.mute {
            decided.drop_held(firing);
        } else {
            decided.drop_stranded(firing, self.house);
        }
        match &alert.state {
            _ if self.moment.mute => decided.all(Why::Environment),
            AlertState::Acknowledged(seen) => decided.all(Why::Acknowledged {
                by: seen.by.clone(),
                until: seen.until,
            }),
            AlertState::Snoozed { by, until, .. } => decided.all(Why::Snoozed {
                by: by.clone(),
                until: *until,
            }),
            AlertState::Closed { .. } => decided.all(Why::Closed),
            AlertState::Resolved(over) => {
                let tell = over.cause != ResolveCause::Overtaken;
                self.resolve((place, firing), tell, &mut decided);
            }
            AlertState::Triggered => self.fire((place, firing), &mut decided),
        }
        self.decided.insert(place, decided);
    }

    /// It is over: those hear of it who were told.
    fn resolve(&mut self, (place, firing): (usize, &Firing), tell: bool, decided: &mut Decided) {
        let Firing { alert, route, .. } = firing;
        decided.over = true;
        for told in &route.told {
            match Group::of(alert).filter(|_| tell && !told.held) {
                Some(group) => {
                    let intent = Intent::of((place, alert), Kind::Resolved, None);
                    let to = (told.receiver_id.clone(), group);
                    self.intents.entry(to).or_default().push(intent);
                }
                None => decided.of(&told.receiver_id, Why::Resolved),
            }
        }
        if route.told.is_empty() {
            decided.all(Why::Resolved);
        }
    }

    /// It fires, and nobody has taken it.
    fn fire(&mut self, (place, firing): (usize, &Firing), decided: &mut Decided) {
        let Firing { alert, route, .. } = firing;
        let Some(group) = Group::of(alert) else {
            return decided.all(Why::NoPolicy);
        };
        if let Some((silence_id, until)) = self.silence(alert) {
            decided.drop_held(firing);
            decided.silence_id = silence_id.to_owned();
            decided.next_look_at = Some(until);
            let silence_id = silence_id.to_owned();
            return decided.all(Why::Silence { silence_id, until });
        }
        let kept = self.inhibition(firing);
        if let Some(by) = kept.or(alert.paused.then_some(Why::Paused)) {
            decided.drop_held(firing);
            return decided.all(by);
        }
        decided.repeats = true;
        let audience = self.audience(firing);
        decided.verdicts = audience.left_out;
        if audience.receiver_ids.is_empty() {
            // It is looked at again once somebody comes into reach: until then there is nothing new to say of it.
            decided.to_nobody = true;
            return decided.all(Why::NoReceiver);
        }
        let hold = match () {
            () if !route.silence_id.is_empty() => Some(Hold::SilenceEnded),
            () if !alert.late || route.is_told(alert.reason_no) => None,
            () if alert.imported => Some(Hold::Import),
            () => Some(Hold::Late),
        };
        for receiver_id in audience.receiver_ids {
            let here = route.told_on(alert.level, &receiver_id, self.house);
            let here = here.filter(|_| hold.is_none());
            let kind = match here {
                None => kind_of(alert),
                Some(told) if told.reason_no != alert.reason_no => Kind::Triggered,
                Some(told) => {
                    let again = after(told.at, REPEAT_AFTER) <= self.moment.now;
                    let bad = alert.severity >= Severity::High;
                    if told.held || !again || !bad {
                        decided.of(&told.receiver_id, Why::AlreadyTold { at: told.at });
                        decided.through(&receiver_id, &told.receiver_id);
                        continue;
                    }
                    Kind::Repeated
                }
            };
            let intent = Intent::of((place, alert), kind, hold);
            let to = (receiver_id, group.clone());
            self.intents.entry(to).or_default().push(intent);
        }
    }

    /// Who is to hear of an alert. Of those by turns, who had theirs has it until the level is over.
    fn audience(&mut self, firing: &Firing) -> Audience {
        let Firing { alert, route, .. } = firing;
        let found = alert.escalation.as_ref().and_then(|escalation| {
            let name = (escalation.policy_id.clone(), escalation.policy_version);
            let level = self.house.escalations.get(&name)?.level(alert.level)?;
            Some(level.strategy == EscalationStrategy::RoundRobin)
        });
        if found == Some(true) {
            let told = route.told.iter().filter(|told| told.level == alert.level);
            // Through whichever of their receivers a person was told last.
            let told = told.filter(|told| {
                route.told_on(alert.level, &told.receiver_id, self.house) == Some(*told)
            });
            let receiver_ids: Vec<_> = told.map(|told| told.receiver_id.clone()).collect();
            if !receiver_ids.is_empty() {
                let left_out = Vec::new();
                return Audience {
                    receiver_ids,
                    left_out,
                };
            }
        }
        Audience::of(alert, self.house, self.books, &mut self.turns)
    }

    /// Tells what is held for a receiver, but for what was dropped in this round.
    fn digest(&mut self, due: &DueDigest, firings: &[Firing]) {
        let dropped = |alert: &Alert| {
            let mut decided = self.decided.iter();
            decided.any(|(place, decided)| {
                let of = firings.get(*place);
                of.is_some_and(|of| of.alert.alert_id == alert.alert_id)
                    && decided.dropped.contains(&due.receiver_id)
            })
        };
        let held = due.held.iter();
        let held = held.filter(|(held, alert)| held.over || !dropped(alert));
        let due = DueDigest {
            receiver_id: due.receiver_id.clone(),
            held: held.cloned().collect(),
        };
        digest::decide(self.house, self.books, &due, self.moment, &mut self.round);
    }
}

impl Intent {
    fn of((place, alert): (usize, &Alert), kind: Kind, hold: Option<Hold>) -> Self {
        Self {
            place,
            alert_id: alert.alert_id,
            kind,
            level: alert.level,
            reason_no: alert.reason_no,
            severity: alert.severity,
            hold,
        }
    }
}

/// What is said of an alert that fires, to who has not heard of its level.
fn kind_of(alert: &Alert) -> Kind {
    let exhausted = alert.escalation.as_ref().is_some_and(|it| it.exhausted);
    match &alert.went_on {
        _ if exhausted => Kind::Exhausted,
        None => Kind::Triggered,
        Some(WentOn::Untaken) => Kind::Escalated,
        Some(WentOn::Acknowledged { .. }) => Kind::AcknowledgementOver,
        Some(WentOn::Snoozed { .. }) => Kind::SnoozeOver,
    }
}

/// Says in a message what is to be said of an alert.
fn add(notification: &mut Notification, intent: &Intent) {
    worst(notification, (intent.level, intent.severity));
    notification.kind = notification.kind.max(intent.kind);
    if notification.alerts.len() < ALERTS_TOLD_MAX {
        notification.alerts.push((intent.alert_id, intent.kind));
    }
}
