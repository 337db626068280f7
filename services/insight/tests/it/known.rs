//! Contacts as a test knows them, and what they come to: a recount that shares nothing with the service.

use std::collections::BTreeSet;

use aftercall_proto::insight::v1::{Measures, RepeatCauseKind};
use aftercall_proto::model::v1::{
    ContactReason, Direction, Disconnect, DropClass, Hold, HoldReason, ReasonResolution, Segment,
    SegmentKind, Transfer, TransferKind,
};

use crate::fixture::{Contact, ago, contact};

pub(crate) const DAY: i64 = 86_400;
pub(crate) const REASONS: [&str; 5] = [
    "billing.refund",
    "billing.invoice",
    "outage.line",
    "outage",
    "app",
];

/// How it is known of a contact what happened in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Its record says all of it.
    Recorded,
    /// Telephony tells what its record does not say: before it is recorded,
    ToldBefore,
    /// or afterwards.
    ToldAfter,
    /// Telephony tells of it, and nobody records it.
    ToldAlone,
}

/// A contact as the test knows it: what it comes to follows from these numbers, not from what the service reads.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) n: u64,
    pub(crate) seconds_ago: i64,
    pub(crate) customer: u8,
    pub(crate) team: u8,
    pub(crate) inbound: bool,
    pub(crate) reasons: Vec<usize>,
    pub(crate) dropped: bool,
    pub(crate) queued: Option<i64>,
    pub(crate) talked: Option<(i64, i64, i64)>,
    pub(crate) after: i64,
    pub(crate) resolution: ReasonResolution,
    /// How long before it the trouble had begun.
    pub(crate) trouble: Option<i64>,
    pub(crate) took: i64,
    pub(crate) how: How,
}

pub(crate) fn name(sort: &str, number: u8) -> String {
    match number {
        0 => String::new(),
        number => format!("{sort}-{number}"),
    }
}

impl Known {
    pub(crate) fn reasons(&self) -> Vec<ContactReason> {
        let reasons = self.reasons.iter().enumerate();
        let reasons = reasons.map(|(place, reason)| ContactReason {
            code: REASONS[*reason].to_owned(),
            primary: place == 0,
            resolution: self.resolution.into(),
            ..ContactReason::default()
        });
        reasons.collect()
    }

    pub(crate) fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut at = self.seconds_ago;
        if let Some(wait) = self.queued {
            segments.push(Segment {
                kind: SegmentKind::Queue.into(),
                enqueued_at: Some(ago(at)),
                dequeued_at: Some(ago(at - wait)),
                ..Segment::default()
            });
            at -= wait;
        }
        if let Some((talk, lookup, verify)) = self.talked {
            let end = at - talk - lookup - verify;
            let hold = |from: i64, to: i64, reason: HoldReason| Hold {
                began_at: Some(ago(from)),
                ended_at: Some(ago(to)),
                reason: reason.into(),
            };
            segments.push(Segment {
                kind: SegmentKind::Agent.into(),
                offered_at: Some(ago(at)),
                answered_at: Some(ago(at)),
                ended_at: Some(ago(end)),
                acw_started_at: Some(ago(end)),
                acw_ended_at: Some(ago(end - self.after)),
                holds: vec![
                    hold(end + verify, end, HoldReason::Verify),
                    hold(end + verify + lookup, end + verify, HoldReason::Lookup),
                ],
                transfer: (talk % 3 == 0).then(|| Transfer {
                    kind: TransferKind::Warm.into(),
                    ..Transfer::default()
                }),
                ..Segment::default()
            });
        }
        segments
    }

    pub(crate) fn is_recorded(&self) -> bool {
        self.how != How::ToldAlone
    }

    pub(crate) fn disconnect(&self) -> Option<Disconnect> {
        self.dropped.then(|| Disconnect {
            drop_class: DropClass::Suspected.into(),
            ..Disconnect::default()
        })
    }

    pub(crate) fn contact(&self) -> Contact {
        let contact = contact(self.n, self.seconds_ago);
        let contact = contact.customer(&name("customer", self.customer));
        contact.with(|it| {
            it.team_id = name("team", self.team);
            it.contact_reasons = self.reasons();
            if self.how == How::Recorded {
                it.segments = self.segments();
                it.disconnect = self.disconnect();
                it.ended_at = Some(ago(self.seconds_ago - self.took));
            }
            it.problem_onset_at = self.trouble.map(|before| ago(self.seconds_ago + before));
            if !self.inbound {
                it.direction = Direction::Outbound.into();
            }
        })
    }

    pub(crate) fn family(&self, place: usize) -> &'static str {
        let reason = REASONS[self.reasons[place]];
        reason.split('.').next().unwrap()
    }

    fn resolvable(&self) -> bool {
        self.inbound && self.customer != 0 && self.is_recorded()
    }

    fn order(&self) -> (i64, u64) {
        (-self.seconds_ago, self.n)
    }

    fn is_akin(&self, other: &Self) -> bool {
        let theirs: Vec<_> = (0..other.reasons.len())
            .map(|at| other.family(at))
            .collect();
        (0..self.reasons.len()).any(|at| theirs.contains(&self.family(at)))
    }

    fn transfers(&self) -> i64 {
        self.talked.map_or(0, |(talk, ..)| i64::from(talk % 3 == 0))
    }
}

/// All that there is in the end.
#[derive(Debug, Default)]
pub(crate) struct All {
    pub(crate) contacts: Vec<Known>,
    /// Whom an event names first, and whom it joins with that one.
    pub(crate) merged: BTreeSet<(u8, u8)>,
    /// To whom, and how long ago.
    pub(crate) corrections: Vec<(u8, i64)>,
}

impl All {
    /// The customer and those that are one with it.
    fn one_with(&self, customer: u8) -> BTreeSet<u8> {
        let mut known = BTreeSet::from([customer]);
        for _ in 0..4 {
            for (one, other) in &self.merged {
                if known.contains(one) || known.contains(other) {
                    known.extend([*one, *other]);
                }
            }
        }
        known
    }

    /// The resolvable contacts of the same customer before one, the last first.
    fn before(&self, it: &Known) -> Vec<&Known> {
        let customers = self.one_with(it.customer);
        let theirs = self.contacts.iter();
        let theirs = theirs.filter(|one| one.resolvable() && customers.contains(&one.customer));
        let mut before: Vec<_> = theirs.filter(|one| one.order() < it.order()).collect();
        before.sort_by_key(|one| std::cmp::Reverse(one.order()));
        before
    }

    fn is_followed_by(&self, it: &Known, other: &Known, days: i64) -> bool {
        let before = self.before(other);
        let is_before = before.iter().any(|one| one.n == it.n);
        let gap = it.seconds_ago - other.seconds_ago;
        it.resolvable() && other.resolvable() && is_before && gap < days * DAY && it.is_akin(other)
    }

    /// Whether a resolvable contact was cut off and the customer was back within ten minutes.
    fn is_redialled(&self, it: &Known) -> bool {
        let customers = self.one_with(it.customer);
        let theirs = self.contacts.iter();
        let theirs = theirs.filter(|one| one.resolvable() && customers.contains(&one.customer));
        let after = theirs.filter(|one| one.order() > it.order());
        let next = after.min_by_key(|one| one.order());
        it.dropped && next.is_some_and(|next| it.seconds_ago - next.seconds_ago <= it.took + 600)
    }

    /// The contacts that were cut off and that one goes on with, the last first.
    fn lost(&self, it: &Known) -> Vec<&Known> {
        let before = match it.resolvable() {
            true => self.before(it),
            false => Vec::new(),
        };
        let is_lost = |before: &&Known| self.is_redialled(before);
        before.into_iter().take_while(is_lost).collect()
    }

    /// Whether a resolvable contact is a further one: those that it goes on with are one with it.
    fn is_repeat(&self, it: &Known, days: i64) -> bool {
        let lost = self.lost(it);
        let first = lost.last().copied().unwrap_or(it);
        let is_akin = |other: &Known| lost.iter().any(|it| it.is_akin(other)) || it.is_akin(other);
        let is_near = |other: &Known| other.seconds_ago - it.seconds_ago < days * DAY;
        let before = self.before(first);
        let mut before = before.iter();
        !self.is_redialled(it) && before.any(|other| is_near(other) && is_akin(other))
    }

    /// Why a contact is a repeat.
    pub(crate) fn why(&self, it: &Known, days: i64) -> Option<RepeatCauseKind> {
        if !it.resolvable() {
            return None;
        }
        let before = self.before(it);
        let is_near = |ago: i64| ago - it.seconds_ago < days * DAY;
        let last = before.first().filter(|last| is_near(last.seconds_ago));
        if last.is_some_and(|last| last.dropped) {
            return Some(RepeatCauseKind::Drop);
        }
        let customers = self.one_with(it.customer);
        let is_corrected = self
            .corrections
            .iter()
            .any(|(to, ago)| customers.contains(to) && *ago >= it.seconds_ago && is_near(*ago));
        if is_corrected {
            return Some(RepeatCauseKind::Correction);
        }
        last?;
        let akin = before.iter().find(|one| one.is_akin(it));
        let Some(akin) = akin.filter(|akin| is_near(akin.seconds_ago)) else {
            return Some(RepeatCauseKind::Unrelated);
        };
        let asks_anew = !it.reasons.iter().any(|code| akin.reasons.contains(code));
        Some(match akin.resolution {
            ReasonResolution::NotResolved => RepeatCauseKind::NotResolved,
            ReasonResolution::Resolved if asks_anew => RepeatCauseKind::NewFacts,
            _ => RepeatCauseKind::Unknown,
        })
    }
}

/// The measures that are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) contacts: i64,
    unrecorded: i64,
    waited: [i64; 2],
    offered: i64,
    handled: i64,
    abandoned: i64,
    short_abandoned: i64,
    answered_within: i64,
    handle_ms: i64,
    hold_ms: i64,
    verify_ms: i64,
    wait_ms: i64,
    answer_ms: i64,
    dropped: i64,
    resolvable: i64,
    resolved: i64,
    provisional: i64,
    redialled: i64,
    repeats: i64,
    troubles: i64,
    since_onset: [i64; 3],
    effort: [i64; 2],
}

impl Count {
    pub(crate) fn of(measures: &Measures) -> Self {
        Self {
            contacts: measures.contacts,
            unrecorded: measures.unrecorded,
            waited: [measures.waited_ms, measures.waited_contacts],
            offered: measures.offered,
            handled: measures.handled,
            abandoned: measures.abandoned,
            short_abandoned: measures.short_abandoned,
            answered_within: measures.answered_within,
            handle_ms: measures.handle_ms,
            hold_ms: measures.hold_ms,
            verify_ms: measures.verify_hold_ms,
            wait_ms: measures.queue_wait_ms,
            answer_ms: measures.answer_ms,
            dropped: measures.dropped,
            resolvable: measures.resolvable,
            resolved: measures.resolved_first,
            provisional: measures.provisional,
            redialled: measures.redialled,
            repeats: measures.repeats,
            troubles: measures.onset_contacts,
            since_onset: [
                measures.since_onset_contacts,
                measures.since_onset_ms,
                measures.since_onset_transfers,
            ],
            effort: [measures.effort_contacts, measures.effort_seconds],
        }
    }

    pub(crate) fn add(&mut self, it: &Known, all: &All, (within, days): (i64, i64)) {
        let (talk, lookup, verify) = it.talked.unwrap_or_default();
        let offered = it.inbound && (it.queued.is_some() || it.talked.is_some());
        let abandoned = offered && it.talked.is_none();
        let wait = it.queued.unwrap_or(0);
        self.contacts += 1;
        self.unrecorded += i64::from(!it.is_recorded());
        self.add_wait(it, all);
        self.offered += i64::from(offered);
        self.handled += i64::from(it.talked.is_some());
        self.abandoned += i64::from(abandoned);
        self.short_abandoned += i64::from(abandoned && wait < 5);
        self.wait_ms += wait * 1_000;
        self.dropped += i64::from(it.dropped);
        if it.talked.is_some() {
            self.handle_ms += (talk + lookup + verify + it.after) * 1_000;
            self.hold_ms += (lookup + verify) * 1_000;
            self.verify_ms += verify * 1_000;
            if offered {
                self.answer_ms += wait * 1_000;
                self.answered_within += i64::from(wait <= within);
            }
        }
        if let Some(before) = it.trouble {
            self.effort[0] += 1;
            self.effort[1] += before + it.took;
        }
        if it.resolvable() {
            self.add_trouble(it, all);
            let others = &all.contacts;
            let came_back = others
                .iter()
                .any(|other| all.is_followed_by(it, other, days));
            let resolved = !it.dropped && !came_back;
            self.resolvable += 1;
            self.redialled += i64::from(all.is_redialled(it));
            self.resolved += i64::from(resolved);
            self.provisional += i64::from(resolved && it.seconds_ago < days * DAY);
            self.repeats += i64::from(all.is_repeat(it, days));
        }
    }

    fn add_wait(&mut self, it: &Known, all: &All) {
        if it.resolvable() && all.is_redialled(it) {
            return;
        }
        let lost = all.lost(it);
        let before: i64 = lost.iter().filter_map(|it| it.queued).sum();
        self.waited[0] += (before + it.queued.unwrap_or(0)) * 1_000;
        self.waited[1] += i64::from(before > 0 || it.queued.is_some());
    }

    fn add_trouble(&mut self, it: &Known, all: &All) {
        let Some(before) = it.trouble else { return };
        let onset = it.seconds_ago + before;
        let since = all.before(it).into_iter().chain([it]);
        self.troubles += 1;
        for one in since.filter(|one| one.seconds_ago <= onset) {
            // One that was cut off is one with the next.
            let is_gone_on_with = one.n != it.n && all.is_redialled(one);
            self.since_onset[0] += i64::from(!is_gone_on_with);
            self.since_onset[1] += one.took * 1_000;
            self.since_onset[2] += one.transfers();
        }
    }
}
