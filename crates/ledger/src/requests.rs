//! Which requests were done, so that a repetition gets the first answer: one form for all views.
//!
//! A request is named by its tenant, its actor, its method and the id that the caller gave it. What
//! it did is kept under the thing that it changed and whose that is, because two callers may use the
//! same id in two places that don't know of each other yet: the same id and content finds its own.
//!
//! It is kept for [`KEPT_FOR`] of its partition's own time: how far other partitions are differs from
//! reader to reader. That time is the sum of the steps from one request to the next, none longer than
//! a day in either direction. So a clock that jumps a month ahead and back again makes nobody
//! forget what was asked an hour ago: its two steps cancel each other. A partition that was quiet for
//! longer than a step keeps its requests for longer.

use aftercall_log::{Partition, Position};
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::event::v1::EventType;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Store, Txn};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use crate::Accepted;

/// For how much of its partition's time a request is known.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How much of the time between two requests counts, at most.
const STEP_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How many old requests each new one makes us forget, so that the store shrinks faster than it
/// grows.
const FORGOTTEN_AT_ONCE: usize = 4;

/// What names a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestName<'a> {
    /// The tenant.
    pub tenant_id: &'a str,
    /// Who asked.
    pub actor_id: &'a str,
    /// The method, by the event that it makes.
    pub method: EventType,
    /// The caller's id of it.
    pub request_id: &'a str,
}

/// What a request did.
#[derive(Clone, PartialEq, Message)]
pub struct Done {
    #[prost(bytes = "bytes", tag = "1")]
    hash: Bytes,
    #[prost(uint32, tag = "2")]
    partition: u32,
    #[prost(uint64, tag = "3")]
    offset: u64,
    #[prost(int64, tag = "4")]
    recorded_at_us: i64,
    #[prost(bytes = "bytes", tag = "5")]
    answer: Bytes,
}

impl Done {
    /// Where its event stands.
    pub fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }

    /// When that was written.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.recorded_at_us).ok()
    }

    /// What the view keeps of the answer, in its own form.
    pub fn answer(&self) -> &Bytes {
        &self.answer
    }
}

/// How far a partition's own time has come.
#[derive(Clone, Copy, PartialEq, Message)]
struct Age {
    /// The sum of the steps, in microseconds.
    #[prost(int64, tag = "1")]
    own_us: i64,
    /// When the last request was recorded, by the clock of then.
    #[prost(int64, tag = "2")]
    recorded_at_us: i64,
}

impl Age {
    /// One step on, to a request that was recorded then.
    fn after(before: Option<Self>, recorded_at_us: i64) -> Self {
        let step_max = i64::try_from(STEP_MAX.as_micros()).unwrap_or(i64::MAX);
        let own_us = before.map_or(0, |before| {
            let step = recorded_at_us.saturating_sub(before.recorded_at_us);
            before
                .own_us
                .saturating_add(step.clamp(-step_max, step_max))
        });
        Self {
            own_us,
            recorded_at_us,
        }
    }
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// Nothing: it was not done, or so long ago that it is forgotten.
    Not,
    /// It was done.
    Done(Box<Done>),
    /// Its id was used, for something else.
    Reused,
}

/// The requests that a view remembers.
#[derive(Debug, Clone, Copy)]
pub struct Requests {
    tag: u8,
    age_tag: u8,
}

impl Requests {
    /// Those under `tag`, by their age under `age_tag`. Part of the view's version.
    pub const fn new(tag: u8, age_tag: u8) -> Self {
        Self { tag, age_tag }
    }

    /// Remembers the request behind an event that counted, if there is one: it changed `subject`.
    /// Of equal ones the first is kept.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remember(
        &self,
        fact: &Accepted,
        subject: &str,
        answer: impl FnOnce() -> Bytes,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let recorded_at = event.recorded_at.as_ref().and_then(from_wire);
        let Some(recorded_at) = recorded_at else {
            return Ok(());
        };
        if event.request_id.is_empty() {
            return Ok(());
        }
        let partition = fact.position.partition;
        let age = self.step(partition, recorded_at, txn)?;
        self.forget(partition, age, txn)?;
        let name = RequestName {
            tenant_id: &event.tenant_id,
            actor_id: &event.actor_id,
            method: event.r#type(),
            request_id: &event.request_id,
        };
        let key = self.of(name).text(subject).u64(fact.whose);
        if txn.get(&key)?.is_some() {
            return Ok(());
        }
        let done = Done {
            hash: event.request_hash.clone(),
            partition: fact.position.partition,
            offset: fact.position.offset,
            recorded_at_us: recorded_at.as_microsecond(),
            answer: answer(),
        };
        let of_age = self.ages(partition).time(age.own_us);
        txn.put(of_age.u64(fact.position.offset), Vec::from(key.clone()))?;
        txn.put(key, done.encode_to_vec())?;
        Ok(())
    }

    /// What is known of the request `name` with this content.
    ///
    /// # Errors
    /// When the store fails.
    pub fn find(
        &self,
        store: &Store,
        name: RequestName<'_>,
        hash: &[u8],
    ) -> Result<Known, ApplyError> {
        let mut known = Known::Not;
        for entry in store.scan_prefix(self.of(name), Direction::Ascending) {
            let done = Done::decode(entry?.1).map_err(ApplyError::record)?;
            if done.hash == hash {
                return Ok(Known::Done(Box::new(done)));
            }
            known = Known::Reused;
        }
        Ok(known)
    }

    fn of(&self, name: RequestName<'_>) -> Key {
        Key::new(self.tag)
            .text(name.tenant_id)
            .text(name.actor_id)
            .u32(i32::from(name.method).unsigned_abs())
            .text(name.request_id)
    }

    /// The requests of a partition by the partition's own time; under the key itself stands how far
    /// that time has come.
    fn ages(&self, partition: Partition) -> Key {
        Key::new(self.age_tag).u32(partition)
    }

    fn step(
        &self,
        partition: Partition,
        recorded_at: Timestamp,
        txn: &mut Txn<'_>,
    ) -> Result<Age, ApplyError> {
        let key = self.ages(partition);
        let before = txn.get(&key)?.map(Age::decode).transpose();
        let before = before.map_err(ApplyError::record)?;
        let age = Age::after(before, recorded_at.as_microsecond());
        txn.put(key, age.encode_to_vec())?;
        Ok(age)
    }

    fn forget(&self, partition: Partition, now: Age, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let kept_us = i64::try_from(KEPT_FOR.as_micros()).unwrap_or(i64::MAX);
        let ages = self.ages(partition);
        let end = ages.clone().time(now.own_us.saturating_sub(kept_us));
        // What follows the key itself, which is no request's.
        let begin = ages.time(i64::MIN);
        let old = txn.scan_range(begin, Some(&end), Direction::Ascending);
        let old: Vec<_> = old.take(FORGOTTEN_AT_ONCE).collect::<Result<_, _>>()?;
        for (age, request) in old {
            txn.delete(request)?;
            txn.delete(age)?;
        }
        Ok(())
    }
}
