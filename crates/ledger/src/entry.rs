//! What stands in the ledger.

use aftercall_domain::Parties;
use aftercall_domain::commitment;
use aftercall_domain::customer::Merges;
use aftercall_domain::interaction::{Life, PromiseLife};
use aftercall_log::Position;
use aftercall_proto::convert::parties::{self, PartiesRow};
use aftercall_proto::convert::time;
use aftercall_proto::event::v1::{Event, InteractionAmended};
use aftercall_view::ApplyError;
use bytes::Bytes;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use prost::Message;

use crate::{Accepted, Id};

/// The contacts that an id names.
#[derive(Clone, PartialEq, Message)]
pub struct Holders {
    /// Those whose id it is, each of another customer, the earliest first. One, unless several
    /// recorders were asked at once.
    #[prost(message, repeated, tag = "1")]
    contacts: Vec<Contact>,
    /// Those that brought it as another name of theirs, by whose they are.
    #[prost(message, repeated, tag = "2")]
    others: Vec<Holder>,
}

/// A contact, as far as it decides which events count.
#[derive(Clone, PartialEq, Message)]
pub struct Contact {
    /// What its record says, in short.
    #[prost(bytes = "bytes", tag = "1")]
    hash: Bytes,
    #[prost(uint32, tag = "2")]
    partition: u32,
    #[prost(uint64, tag = "3")]
    offset: u64,
    #[prost(int64, tag = "4")]
    recorded_at_us: i64,
    #[prost(uint64, tag = "5")]
    version: u64,
    #[prost(fixed64, tag = "6")]
    whose: u64,
    #[prost(message, repeated, tag = "7")]
    promises: Vec<Promise>,
    /// Whose it was said to be later: see [`Contact::identified_as`].
    #[prost(string, optional, tag = "8")]
    named_later: Option<String>,
    /// Its times, where they were amended.
    #[prost(message, optional, tag = "9")]
    amended_times: Option<AmendedTimes>,
    /// Who has a part in its segments, where they were amended.
    #[prost(message, optional, tag = "10")]
    amended_segments: Option<PartiesRow>,
}

/// The times of a contact that were amended, in microseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Message)]
struct AmendedTimes {
    #[prost(sint64, optional, tag = "1")]
    began_at: Option<i64>,
    /// Whether the end was amended: it may have been taken back.
    #[prost(bool, tag = "2")]
    ends_anew: bool,
    #[prost(sint64, optional, tag = "3")]
    ended_at: Option<i64>,
}

/// A promise.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Promise {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(uint64, tag = "2")]
    version: u64,
    #[prost(uint32, tag = "3")]
    due_revision: u32,
    /// [`OPEN`] or [`PROPOSED`], [`PROMISE_MAY_LAPSE`] and [`TARGET_MAY_LAPSE`].
    #[prost(uint32, tag = "4")]
    state: u32,
    /// Of our own due.
    #[prost(uint32, tag = "5")]
    target_revision: u32,
}

const OPEN: u32 = 1;
const PROPOSED: u32 = 2;
const PROMISE_MAY_LAPSE: u32 = 4;
const TARGET_MAY_LAPSE: u32 = 8;

/// A contact that has a name.
#[derive(Clone, PartialEq, Message)]
pub struct Holder {
    /// Whose it is.
    #[prost(fixed64, tag = "1")]
    whose: u64,
    /// Its id.
    #[prost(bytes = "vec", tag = "2")]
    contact: Vec<u8>,
}

/// With whom a customer is one.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Merged {
    #[prost(uint64, tag = "1")]
    version: u64,
    #[prost(string, repeated, tag = "2")]
    with: Vec<String>,
}

impl From<Merged> for Merges {
    fn from(stored: Merged) -> Self {
        Self {
            version: stored.version,
            merged: stored.with.into_iter().collect(),
        }
    }
}

impl From<Merges> for Merged {
    fn from(merges: Merges) -> Self {
        Self {
            version: merges.version,
            with: merges.merged.into_iter().collect(),
        }
    }
}

impl Holders {
    pub(crate) fn read(stored: Option<Bytes>) -> Result<Self, ApplyError> {
        let decoded = stored.map(Self::decode).transpose();
        Ok(decoded.map_err(ApplyError::record)?.unwrap_or_default())
    }

    /// The contact that was recorded first under its id; where there is none, nobody's id is it.
    pub fn first(&self) -> Option<&Contact> {
        self.contacts.first()
    }

    /// The contacts of that id, each of another customer, the earliest first.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// The contact of that id that is `whose`.
    pub fn of(&self, whose: u64) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.whose == whose)
    }

    pub(crate) fn of_mut(&mut self, whose: u64) -> Option<&mut Contact> {
        let mut contacts = self.contacts.iter_mut();
        contacts.find(|contact| contact.whose == whose)
    }

    /// The contacts that have it as another name.
    pub fn others(&self) -> &[Holder] {
        &self.others
    }

    /// Whether a contact that is `whose` is named by it.
    pub(crate) fn has(&self, whose: u64) -> bool {
        let mut others = self.others.iter();
        self.of(whose).is_some() || others.any(|holder| holder.whose == whose)
    }

    /// Takes in a contact of this id. The earliest one comes first, in whatever order they are read.
    pub(crate) fn add(&mut self, contact: Contact) {
        self.contacts.push(contact);
        let order = |one: &Contact| (one.recorded_at_us, one.position());
        self.contacts.sort_by_key(order);
    }

    /// Takes in a contact that brings it as another name.
    pub(crate) fn add_other(&mut self, whose: u64, contact: &Id) {
        let contact = contact.as_bytes().to_vec();
        self.others.push(Holder { whose, contact });
        self.others.sort_by_key(|holder| holder.whose);
    }
}

impl Holder {
    /// Whose it is.
    pub fn whose(&self) -> u64 {
        self.whose
    }

    /// The contact's id.
    pub fn contact(&self) -> Id {
        Id::from_bytes(self.contact.clone())
    }
}

impl Contact {
    pub(crate) fn new(fact: &Accepted, promises: &[commitment::Commitment]) -> Self {
        let promises = promises.iter().map(|promise| PromiseLife {
            commitment_id: promise.commitment_id.clone(),
            life: promise.life(),
        });
        let mut contact = Self {
            hash: fact.event.request_hash.clone(),
            partition: fact.position.partition,
            offset: fact.position.offset,
            recorded_at_us: recorded_at_us(&fact.event),
            whose: fact.whose,
            ..Self::default()
        };
        contact.set_life(&Life::new(promises.collect()));
        contact
    }

    /// What its record says, in short.
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// Where its record stands.
    pub fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }

    /// When it was recorded.
    pub fn recorded_at_us(&self) -> i64 {
        self.recorded_at_us
    }

    /// 1, and one more for each amendment that counts.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whose it is: see [`whose`](aftercall_view::key::whose).
    pub fn whose(&self) -> u64 {
        self.whose
    }

    /// The customer that was named last after it was recorded, an empty one for nobody; none while
    /// only its record says whose it is.
    pub fn identified_as(&self) -> Option<&str> {
        self.named_later.as_deref()
    }

    /// When it began and ended, of a contact whose record says `began_at` and `ended_at`.
    pub fn times(
        &self,
        began_at: Timestamp,
        ended_at: Option<Timestamp>,
    ) -> (Timestamp, Option<Timestamp>) {
        let at = |us: i64| Timestamp::from_microsecond(us).ok();
        let amended = self.amended_times.unwrap_or_default();
        let began_at = amended.began_at.and_then(at).unwrap_or(began_at);
        match amended.ends_anew {
            true => (began_at, amended.ended_at.and_then(at)),
            false => (began_at, ended_at),
        }
    }

    /// Who has a part in its segments, where they were amended; none while its record says it.
    pub fn amended_segments(&self) -> Option<&PartiesRow> {
        self.amended_segments.as_ref()
    }

    pub(crate) fn amend(&mut self, amended: &InteractionAmended) {
        let paths = amended.update_mask.iter().flat_map(|mask| &mask.paths);
        let values = amended.interaction.as_ref();
        let us = |at: Option<&WireTimestamp>| at.and_then(time::from_wire).map(time::microseconds);
        for path in paths {
            let times = self.amended_times;
            match path.as_str() {
                "occurred_at" => {
                    let began_at = us(values.and_then(|values| values.occurred_at.as_ref()));
                    let times = times.unwrap_or_default();
                    self.amended_times = Some(AmendedTimes { began_at, ..times });
                }
                "segments" => {
                    let segments = values.map_or(&[][..], |values| &values.segments);
                    let parties: Parties = parties::of_segments(segments).collect();
                    self.amended_segments = Some(parties.into());
                }
                "ended_at" => {
                    self.amended_times = Some(AmendedTimes {
                        ends_anew: true,
                        ended_at: us(values.and_then(|values| values.ended_at.as_ref())),
                        ..times.unwrap_or_default()
                    });
                }
                _ => {}
            }
        }
    }

    pub(crate) fn identify(&mut self, customer_id: &str) {
        self.named_later = Some(customer_id.to_owned());
    }

    pub(crate) fn life(&self) -> Life {
        let promises = self.promises.iter().map(|promise| PromiseLife {
            commitment_id: Id::from_bytes(promise.id.clone()).to_string(),
            life: promise.life(),
        });
        Life {
            version: self.version,
            promises: promises.collect(),
        }
    }

    pub(crate) fn set_life(&mut self, life: &Life) {
        self.version = life.version;
        let promises = life.promises.iter().map(|promise| {
            let id = Id::of(&promise.commitment_id);
            Promise::new(&id, promise.life)
        });
        self.promises = promises.collect();
    }
}

impl Promise {
    pub(crate) fn new(id: &Id, life: commitment::Life) -> Self {
        let flag = |set: bool, flag| if set { flag } else { 0 };
        let state = match life.state {
            commitment::State::Open => OPEN,
            commitment::State::Proposed => PROPOSED,
            commitment::State::Over => 0,
        };
        Self {
            id: id.as_bytes().to_vec(),
            version: life.version,
            due_revision: life.promise.revision,
            target_revision: life.target.revision,
            state: state
                | flag(life.promise.may_lapse, PROMISE_MAY_LAPSE)
                | flag(life.target.may_lapse, TARGET_MAY_LAPSE),
        }
    }

    pub(crate) const fn life(&self) -> commitment::Life {
        let state = match (self.state & OPEN != 0, self.state & PROPOSED != 0) {
            (true, _) => commitment::State::Open,
            (false, true) => commitment::State::Proposed,
            (false, false) => commitment::State::Over,
        };
        commitment::Life {
            version: self.version,
            state,
            promise: commitment::Due {
                revision: self.due_revision,
                may_lapse: self.state & PROMISE_MAY_LAPSE != 0,
            },
            target: commitment::Due {
                revision: self.target_revision,
                may_lapse: self.state & TARGET_MAY_LAPSE != 0,
            },
        }
    }
}

pub(crate) fn recorded_at_us(event: &Event) -> i64 {
    let at = event.recorded_at.as_ref().and_then(time::from_wire);
    at.map_or(0, time::microseconds)
}
