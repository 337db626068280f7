//! A run over the log: all promises that were recorded since a time, in pieces.
//!
//! How a promise ends is known only when the log has been read on, so open ones are held until then: what decides whether
//! an event counts ([`Life`]), and what is to be counted. There may be millions of them. So they are divided into shares
//! by their ids, and when too many are held, the last shares are let go, with what was counted of them; the log is
//! read once more for these. Each promise is counted in one way through the log from beginning to end, so that the sum
//! is the same as if all had been held.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry as Place};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::commitment::{Commitment, Folded, Life, Made, Owner, State};
use aftercall_domain::limits::SHADOW_OPEN_MAX;
use aftercall_domain::setting::PromiseFacts;
use aftercall_domain::setting::shadow::{Judged, Shadow};
use aftercall_log::{Entry, Log, Position, Reader};
use aftercall_proto::convert::commitment::{later_event, made, made_later};
use aftercall_proto::convert::setting as convert;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::model::v1::Channel;
use aftercall_service::Unread;
use aftercall_view::Positions;
use aftercall_view::key::{Key, whose};
use jiff::Timestamp;
use prost::Message;

use super::Set;
use crate::failure::Error;

/// Into how many shares the promises are divided: one for each value of a byte.
const SHARES: usize = 256;

/// How long a piece waits for the log, where it has to be fetched from a cluster.
const WAIT: Duration = Duration::from_millis(200);

/// No policy, no target.
const NO_POLICY: u32 = u32::MAX;
const NO_TARGET: i64 = i64::MAX;

/// How much is done at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Records of the log in a piece, and about how many bytes: few enough that other reads come to their turn.
    pub(super) records: usize,
    pub(super) bytes: usize,
    /// Open promises that are held.
    pub(super) open: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            records: 1_024,
            bytes: 8 << 20,
            open: SHADOW_OPEN_MAX,
        }
    }
}

/// What is run, and over what.
pub(super) struct Plan {
    pub(super) tenant_id: String,
    /// The policies as they are, and as they would be.
    pub(super) sets: (Set, Set),
    /// The ids of all these policies, sorted: a promise that is held names one by its place.
    pub(super) policy_ids: Vec<String>,
    /// Since when promises are looked at, by when they were recorded.
    pub(super) since: Timestamp,
    pub(super) now: Timestamp,
    /// Up to where the log is read.
    pub(super) through: Positions,
}

/// Says whether the record at a place counts nowhere.
pub(super) type IsRefused = Box<dyn Fn(Position) -> Result<bool, Error> + Send>;

/// A run over the log, between two pieces.
pub(super) struct Run {
    plan: Arc<Plan>,
    limits: Limits,
    log: Arc<dyn Log>,
    is_refused: IsRefused,
    /// Where each way through the log begins.
    from: Vec<Position>,
    /// None once all is counted.
    reader: Option<Box<dyn Reader>>,
    /// The number of the first share that this way is for.
    first: usize,
    /// The shares that this way is for.
    shares: Vec<Share>,
    /// How many promises are held, of all shares.
    open: usize,
    /// What was counted on the ways before.
    shadow: Shadow,
}

/// A part of the promises.
#[derive(Default)]
struct Share {
    /// Those that are not over yet.
    open: HashMap<Box<[u8]>, Kept>,
    shadow: Shadow,
}

/// What is held of an open promise. Hundreds of thousands are held, so it is kept small.
#[derive(Debug, Clone, Copy)]
struct Kept {
    life: Life,
    /// The targets by the policies as they are, and as they would be, in nanoseconds since the Unix epoch. One beyond the
    /// year 2262 counts as none.
    targets_ns: [i64; 2],
    /// These policies, by their places in [`Plan::policy_ids`].
    policies: [u32; 2],
}

impl Run {
    /// Finds where to begin. Blocks, as all that is done here.
    pub(super) fn begin(
        plan: Plan,
        limits: Limits,
        log: Arc<dyn Log>,
        is_refused: IsRefused,
    ) -> Result<Self, Error> {
        let mut from = Vec::new();
        for partition in 0..log.partitions() {
            let offset = log
                .offset_at(partition, microseconds(plan.since))
                .map_err(Unread::Log)?;
            from.push(Position { partition, offset });
        }
        let mut run = Self {
            plan: Arc::new(plan),
            limits,
            log,
            is_refused,
            from,
            reader: None,
            first: 0,
            shares: Vec::new(),
            open: 0,
            shadow: Shadow::default(),
        };
        run.set_out()?;
        Ok(run)
    }

    /// Does the next piece; answers whether that was the last one.
    pub(super) fn go_on(&mut self) -> Result<bool, Error> {
        let through = &self.plan.through;
        let Some(reader) = &mut self.reader else {
            return Ok(true);
        };
        let mut positions = reader.positions().iter();
        if positions.all(|at| at.offset >= through.next(at.partition)) {
            self.arrive()?;
            return Ok(self.reader.is_none());
        }
        // Nothing where a cluster is not reached: it is asked again until the caller's time is over.
        let read = reader.next(self.limits.records, self.limits.bytes, WAIT);
        for entry in &read.map_err(Unread::Log)? {
            if self.plan.through.covers(entry.position) {
                self.take(entry)?;
            }
        }
        Ok(false)
    }

    /// How many promises were looked at so far.
    pub(super) fn looked_at(&self) -> u64 {
        let counted = self.shares.iter().map(|share| share.shadow.promises);
        self.shadow.promises + counted.sum::<u64>() + self.open as u64
    }

    /// What was counted, once the last piece is done.
    pub(super) fn into_shadow(self) -> Shadow {
        self.shadow
    }

    /// Sets out on a way through the log, for all shares that are left.
    fn set_out(&mut self) -> Result<(), Error> {
        self.open = 0;
        self.shares = (self.first..SHARES).map(|_| Share::default()).collect();
        self.reader = match self.shares.is_empty() {
            true => None,
            false => Some(self.log.reader(&self.from).map_err(Unread::Log)?),
        };
        Ok(())
    }

    /// Counts what is still open at the end of a way, and sets out on the next one.
    fn arrive(&mut self) -> Result<(), Error> {
        self.first += self.shares.len();
        for mut share in std::mem::take(&mut self.shares) {
            for kept in std::mem::take(&mut share.open).into_values() {
                share.count(&self.plan, kept, None);
            }
            self.shadow.add(share.shadow);
        }
        self.set_out()
    }

    /// Takes an event of the tenant that is about promises.
    fn take(&mut self, entry: &Entry) -> Result<(), Error> {
        let Ok(event) = Event::decode(entry.record.body.clone()) else {
            return Ok(());
        };
        if event.tenant_id != self.plan.tenant_id {
            return Ok(());
        }
        // An event of a later version, or one that is sealed, says nothing here.
        let Ok(Some(fact)) = event.fact() else {
            return Ok(());
        };
        match &fact {
            Fact::InteractionRecorded(recorded) => {
                let contact = recorded.interaction.as_ref();
                let customer = contact.and_then(|contact| contact.customer.as_ref());
                let language = customer.map_or("", |customer| &customer.language);
                let channel = contact.map_or(0, |contact| contact.channel);
                self.begin_all(entry, made(&event, recorded), (channel, language))
            }
            Fact::CommitmentMade(later) => {
                let promises = made_later(&event, later).into_iter().collect();
                self.begin_all(entry, promises, (later.channel, &later.language))
            }
            _ => self.happened(entry, &event, &fact),
        }
    }

    /// Takes the promises that were made by a record.
    fn begin_all(
        &mut self,
        entry: &Entry,
        promises: Vec<Made>,
        spoken: (i32, &str),
    ) -> Result<(), Error> {
        let whose = whose(&entry.record.key);
        let since = self.plan.since;
        let mut ours = Vec::new();
        for promise in promises {
            let key = key(&promise.commitment_id, whose);
            // A clock may have been put back: then older records stand among the newer ones.
            if promise.recorded_at >= since && self.share(&key).is_some() {
                ours.push((key, promise));
            }
        }
        if ours.is_empty() || (self.is_refused)(entry.position)? {
            return Ok(());
        }
        for (key, promise) in ours {
            self.begin_one(key, promise, spoken);
        }
        Ok(())
    }

    fn begin_one(&mut self, key: Box<[u8]>, promise: Made, spoken: (i32, &str)) {
        let plan = Arc::clone(&self.plan);
        let facts = facts(&promise, spoken);
        let times = (promise.made_at, promise.promised_by);
        let (before, after) = &plan.sets;
        let judged = [before.judge(&facts, times), after.judge(&facts, times)];
        let was_proposed = promise.proposed_until.is_some();
        let promise = Commitment::new(promise);
        let kept = Kept::new(promise.life(), judged, &plan.policy_ids);
        let Some(share) = self.share(&key) else {
            return;
        };
        if kept.life.state == State::Over {
            if !was_proposed {
                let over_at = promise.fulfilled_at.or(promise.closed_at);
                share.count(&plan, kept, over_at);
            }
            return;
        }
        let place = share.open.entry(key);
        let is_new = matches!(place, Place::Vacant(_));
        place.or_insert(kept);
        self.open += usize::from(is_new);
        while self.open > self.limits.open && self.shares.len() > 1 {
            // The next way through the log is for it.
            let let_go = self.shares.pop().map_or(0, |share| share.open.len());
            self.open -= let_go;
        }
    }

    /// Takes what happened to a promise; counts it if it is over by that. It is folded as everywhere: it is over when it
    /// is for its tracker, by whatever.
    fn happened(&mut self, entry: &Entry, event: &Event, fact: &Fact) -> Result<(), Error> {
        let key = key(&event.aggregate_id, whose(&entry.record.key));
        let is_held = |share: &mut Share| share.open.contains_key(&key);
        if !self.share(&key).is_some_and(is_held) || (self.is_refused)(entry.position)? {
            return Ok(());
        }
        let Some(later) = later_event(event, fact) else {
            return Ok(());
        };
        let plan = Arc::clone(&self.plan);
        let Some(share) = self.share(&key) else {
            return Ok(());
        };
        let Some(kept) = share.open.get_mut(&key) else {
            return Ok(());
        };
        let was = *kept;
        let folded = kept.life.apply(&later);
        if folded == Folded::Applied && kept.life.state == State::Over {
            share.open.remove(&key);
            share.count(&plan, was, later.over_at());
            self.open -= 1;
        }
        Ok(())
    }

    /// The share of a promise, if this way is for it.
    fn share(&mut self, key: &[u8]) -> Option<&mut Share> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let [number, ..] = hasher.finish().to_be_bytes();
        let place = usize::from(number).checked_sub(self.first)?;
        self.shares.get_mut(place)
    }
}

impl Share {
    /// Counts a promise as it stood before it was over, or stands. What nobody confirmed was never promised.
    fn count(&mut self, plan: &Plan, kept: Kept, over_at: Option<Timestamp>) {
        if kept.life.state == State::Proposed {
            return;
        }
        let judged = kept.judged(&plan.policy_ids);
        self.shadow.count(judged, over_at, plan.now);
    }
}

impl Kept {
    fn new(life: Life, judged: [Judged<'_>; 2], policy_ids: &[String]) -> Self {
        let place = |id: &str| {
            let place = policy_ids.binary_search_by(|other| other.as_str().cmp(id));
            place.ok().and_then(|place| u32::try_from(place).ok())
        };
        let target = |at: Timestamp| i64::try_from(at.as_nanosecond()).ok();
        Self {
            life,
            targets_ns: judged.map(|it| it.target_at.and_then(target).unwrap_or(NO_TARGET)),
            policies: judged.map(|it| it.policy_id.and_then(place).unwrap_or(NO_POLICY)),
        }
    }

    fn judged<'a>(&self, policy_ids: &'a [String]) -> (Judged<'a>, Judged<'a>) {
        let [before, after] = [0, 1].map(|which: usize| {
            let place = usize::try_from(self.policies[which]).ok();
            let policy_id = place.and_then(|place| policy_ids.get(place));
            let target = Some(self.targets_ns[which]).filter(|at| *at != NO_TARGET);
            Judged {
                policy_id: policy_id.map(String::as_str),
                target_at: target.and_then(|at| Timestamp::from_nanosecond(at.into()).ok()),
            }
        });
        (before, after)
    }
}

/// What names a promise: ids that callers give may be the same for two customers.
fn key(commitment_id: &str, whose: u64) -> Box<[u8]> {
    let key = Key::new(1).id(commitment_id).u64(whose);
    Box::from(&*key)
}

/// What of a promise decides which policy it has, with the channel of its contact and the customer's language there.
fn facts<'a>(promise: &'a Made, (channel, language): (i32, &'a str)) -> PromiseFacts<'a> {
    PromiseFacts {
        kind: promise.kind,
        kind_code: &promise.kind_code,
        priority: promise.priority,
        team_id: match promise.owner_team_id.as_str() {
            "" => &promise.team_id,
            team => team,
        },
        site_id: &promise.site_id,
        queue_id: match &promise.owner {
            Some(Owner::Queue(id)) => id,
            Some(Owner::Agent(_)) | None => "",
        },
        channel: Channel::try_from(channel).ok().and_then(convert::channel),
        language,
        told_to_customer: promise.told_to_customer,
    }
}

#[cfg(test)]
mod tests;
