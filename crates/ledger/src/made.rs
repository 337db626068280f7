//! Promises that were made after their contact, or without one.
//!
//! Each has an entry of its own, so that a contact's does not grow with what is promised later. Its id follows
//! from the request that made it, and carries the mark of ours: no record can bring it.

use aftercall_domain::commitment::{Commitment, Folded, State};
use aftercall_domain::interaction::{Refused, Step, is_ours};
use aftercall_log::Position;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::contacts::Decided;
use crate::entry::{Contact, Holders, Promise, recorded_at_us};
use crate::{Accepted, Id, calls, keys, waits};

/// A promise that was made after its contact.
#[derive(Clone, PartialEq, Message)]
pub struct Made {
    /// What was asked for, in short.
    #[prost(bytes = "bytes", tag = "1")]
    hash: Bytes,
    #[prost(uint32, tag = "2")]
    partition: u32,
    #[prost(uint64, tag = "3")]
    offset: u64,
    #[prost(int64, tag = "4")]
    recorded_at_us: i64,
    #[prost(message, optional, tag = "5")]
    promise: Option<Promise>,
    /// The first promise of its series; empty where it is that itself, or is of none.
    #[prost(string, tag = "6")]
    series_id: String,
}

impl Made {
    pub(crate) fn read(stored: Option<Bytes>) -> Result<Option<Self>, ApplyError> {
        stored
            .map(Self::decode)
            .transpose()
            .map_err(ApplyError::record)
    }

    /// What was asked for, in short.
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// Where it was made.
    pub fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }
}

/// A promise begins: the first of its id counts, of each customer. Its contact was recorded before it, and is whose the
/// event says. Of a series that has ended none begins: who makes it may not know yet.
pub(crate) fn make(fact: &Accepted, promise: &Commitment, txn: &mut Txn<'_>) -> Decided {
    let event = &fact.event;
    let tenant_id = &event.tenant_id;
    if event.sequence != 1 {
        return Ok(Err(Refused::NotNext));
    }
    let id = Id::of(&promise.commitment_id);
    if !id.uuid().is_some_and(is_ours) {
        // A record may bring such an id meanwhile.
        return Ok(Err(Refused::NameTaken));
    }
    if let Some(refused) = without_contact(fact, txn)? {
        return Ok(Err(refused));
    }
    let name = keys::promise(tenant_id, &id);
    let mut holders = Holders::read(txn.get(&name)?)?;
    if holders.has(fact.whose) {
        return Ok(Err(Refused::NameTaken));
    }
    let series = promise.series.as_ref();
    let series_id = series.map_or("", |series| &*series.occurrence.series_id);
    let over = keys::series_over(tenant_id, &Id::of(series_id), fact.whose);
    if !series_id.is_empty() && txn.get(&over)?.is_some() {
        return Ok(Err(Refused::SeriesOver));
    }
    if let Some(reopens) = &promise.reopens {
        let old = Id::of(&reopens.commitment_id);
        if let Err(refused) = reopen(fact, &old, txn)? {
            return Ok(Err(refused));
        }
        let reopened = keys::reopened(tenant_id, &old, fact.whose);
        txn.put(reopened, id.as_bytes().to_vec())?;
    }
    if !promise.depends_on.is_empty() {
        let for_ids = promise.awaited_ids();
        if waits::would_wait_for_itself(fact, &promise.commitment_id, &for_ids, txn)? {
            return Ok(Err(Refused::Cyclic));
        }
        waits::note(fact, &promise.commitment_id, &for_ids, txn)?;
    }
    holders.add_other(fact.whose, &Id::of(&event.interaction_id));
    txn.put(name, holders.encode_to_vec())?;
    let made = Made {
        hash: event.request_hash.clone(),
        partition: fact.position.partition,
        offset: fact.position.offset,
        recorded_at_us: recorded_at_us(event),
        promise: Some(Promise::new(&id, promise.life())),
        series_id: match Id::of(series_id) == id {
            true => String::new(),
            false => series_id.to_owned(),
        },
    };
    txn.put(keys::made(tenant_id, &id, fact.whose), made.encode_to_vec())?;
    Ok(Ok(()))
}

/// No further promise of the series begins that the promise of an event is of.
pub(crate) fn end_series(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let (tenant_id, id) = (&fact.event.tenant_id, Id::of(&fact.event.aggregate_id));
    let made = Made::read(txn.get(keys::made(tenant_id, &id, fact.whose))?)?;
    let first = made.filter(|made| !made.series_id.is_empty());
    let first = first.map_or(id, |made| Id::of(&made.series_id));
    let over = keys::series_over(tenant_id, &first, fact.whose);
    Ok(txn.put(over, Bytes::new())?)
}

/// Why a promise can't begin in its contact: it is not there, or was said to be somebody else's meanwhile.
fn without_contact(fact: &Accepted, txn: &Txn<'_>) -> Result<Option<Refused>, ApplyError> {
    let event = &fact.event;
    if event.interaction_id.is_empty() {
        return Ok(None);
    }
    let key = keys::contact(&event.tenant_id, &Id::of(&event.interaction_id));
    let contacts = Holders::read(txn.get(&key)?)?;
    Ok(match contacts.of(fact.whose) {
        None if calls::is_of(fact, txn)? => None,
        None => Some(Refused::Unknown),
        Some(contact) => {
            let named = contact.identified_as();
            named
                .is_some_and(|customer_id| customer_id != event.customer_id)
                .then_some(Refused::NotNext)
        }
    })
}

/// Whether a promise may be taken up again: it has ended, and none has taken it up.
fn reopen(fact: &Accepted, old: &Id, txn: &Txn<'_>) -> Decided {
    let event = &fact.event;
    let tenant_id = &event.tenant_id;
    let made = Made::read(txn.get(keys::made(tenant_id, old, fact.whose))?)?;
    let state = match made.and_then(|made| made.promise) {
        Some(promise) => Some(promise.life().state),
        None => {
            let key = keys::contact(tenant_id, &Id::of(&event.interaction_id));
            let contacts = Holders::read(txn.get(&key)?)?;
            let life = contacts.of(fact.whose).map(Contact::life);
            let promises = life.into_iter().flat_map(|life| life.promises);
            let mut same = promises.filter(|one| Id::of(&one.commitment_id) == *old);
            same.next().map(|one| one.life.state)
        }
    };
    let is_reopened = txn
        .get(keys::reopened(tenant_id, old, fact.whose))?
        .is_some();
    Ok(match state {
        None => Err(Refused::Unknown),
        Some(State::Over) if !is_reopened => Ok(()),
        Some(State::Over) => Err(Refused::NotNext),
        Some(State::Open | State::Proposed) => Err(Refused::OtherState),
    })
}

/// Something happens to a promise that was made after its contact; none if it is none of those.
pub(crate) fn follow(
    fact: &Accepted,
    step: Step<'_>,
    txn: &mut Txn<'_>,
) -> Result<Option<Result<(), Refused>>, ApplyError> {
    let event = &fact.event;
    let key = keys::made(&event.tenant_id, &Id::of(&event.aggregate_id), fact.whose);
    let Some(mut made) = Made::read(txn.get(&key)?)? else {
        return Ok(None);
    };
    let Some(promise) = &mut made.promise else {
        return Ok(None);
    };
    let mut life = promise.life();
    let folded = match step {
        Step::Promise { event, .. } => life.apply(event),
        Step::NextOfPromise { sequence, .. } => life.pass_over(sequence),
        Step::Next { .. } => return Ok(None),
    };
    if let Folded::Ignored(ignored) = folded {
        return Ok(Some(Err(ignored.into())));
    }
    *promise = Promise::new(&Id::of(&event.aggregate_id), life);
    txn.put(key, made.encode_to_vec())?;
    Ok(Some(Ok(())))
}
