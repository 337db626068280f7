//! Calls, as a view keeps them: what was told of each, and what it comes to.
//!
//! What is told of a call stands in one partition, in rows of its own, whoever's it is; what is recorded of the contact
//! stands where that is. Neither fold looks at the other's rows: who shows a contact puts both together.

mod row;
mod wordless;

use aftercall_domain::call::Call;
use aftercall_domain::interaction::Refused;
use aftercall_domain::limits::CALL_EVENTS_MAX;
use aftercall_proto::convert::call as convert;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::envelope::contact_key;
use aftercall_proto::event::v1::{AggregateKind, CallReported, Event};
use aftercall_proto::model::v1 as wire;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Store, StoreError, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::contacts::Decided;
use crate::{Accepted, Told, What, keys};
pub use row::{CallRow, Lost};
use row::{close, judge};

/// The calls in a view's store.
///
/// ```text
///  tag · tenant                                                         → nothing: that there are any
///  tag · tenant · 1 · contact                                           → CallRow
///  tag · tenant · 2 · contact · source · call there · event · revision  → what was told
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CallRows {
    tag: u8,
    /// Whether calls are only measured.
    is_measuring: bool,
}

/// Something that was told of a call.
#[derive(Clone, PartialEq, Message)]
struct ToldRow {
    #[prost(message, optional, tag = "1")]
    event: Option<wire::CallEvent>,
    #[prost(sint64, tag = "2")]
    recorded_at_us: i64,
}

/// What a record made of a call.
#[derive(Debug, Clone)]
pub struct CallChange {
    /// The call before, if it was there.
    pub before: Option<CallRow>,
    /// The call after.
    pub after: CallRow,
}

impl CallChange {
    /// The call before and after, each if it was over.
    pub fn over(&self) -> (Option<&wire::Call>, Option<&wire::Call>) {
        let before = self.before.as_ref();
        (before.and_then(CallRow::over), self.after.over())
    }

    /// Whether what the call adds to the record of its contact once it is over is something else than before.
    pub fn completes_anew(&self) -> bool {
        let adds = |call: &wire::Call| {
            let how = (call.disconnect.clone(), convert::is_judged(call));
            let (segments, path) = (call.segments.clone(), call.ivr_path.clone());
            (segments, path, call.ended_at, how)
        };
        let (before, after) = self.over();
        before.map(adds) != after.map(adds)
    }
}

impl CallRows {
    /// Those under keys that begin with `tag`.
    pub const fn under(tag: u8) -> Self {
        Self {
            tag,
            is_measuring: false,
        }
    }

    /// The same for views that only measure: without names and numbers of customers and what anybody says in words, and
    /// without what is shown of a call while nothing says that it is over.
    #[must_use]
    pub const fn measuring(self) -> Self {
        Self {
            is_measuring: true,
            ..self
        }
    }

    /// Under which it is noted that a tenant has calls.
    pub fn any(self, tenant_id: &str) -> Key {
        Key::new(self.tag).text(tenant_id)
    }

    /// Where a call stands.
    pub fn key(self, tenant_id: &str, interaction_id: &str) -> Key {
        self.all(tenant_id).id(interaction_id)
    }

    /// How the keys of all calls of a tenant begin; what follows is the contact's id alone.
    pub fn all(self, tenant_id: &str) -> Key {
        self.any(tenant_id).u32(1)
    }

    /// The call that a contact is, if it is one.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn read(
        self,
        tenant_id: &str,
        interaction_id: &str,
        get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
    ) -> Result<Option<CallRow>, ApplyError> {
        let row = get(&self.key(tenant_id, interaction_id))?;
        let row = row.map(CallRow::decode).transpose();
        row.map_err(ApplyError::record)
    }

    /// Whether a tenant has calls at all: most of what is shown asks, and mostly there are none.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn are_any(self, store: &Store, tenant_id: &str) -> Result<bool, StoreError> {
        Ok(store.get(self.any(tenant_id))?.is_some())
    }

    /// Applies what was told of a call; nothing if that changes nothing.
    ///
    /// # Errors
    /// When the store can't be read or written.
    pub fn apply(
        self,
        fact: &Accepted,
        txn: &mut Txn<'_>,
    ) -> Result<Option<CallChange>, ApplyError> {
        let What::Call(told) = &fact.what else {
            return Ok(None);
        };
        let event = &fact.event;
        let (tenant_id, id) = (&event.tenant_id, &event.aggregate_id);
        let before = self.read(tenant_id, id, |key| txn.get(key))?;
        let mut row = before.clone().unwrap_or_else(|| CallRow::at(fact.position));
        let changes = match told {
            Told::Reported(reported) => self.report(event, reported, &mut row, txn)?,
            Told::Closed(closed) => before.is_some() && close(&mut row, closed),
            Told::DropJudged(judged) => {
                let judged = match self.is_measuring {
                    true => wordless::judged(judged),
                    false => (**judged).clone(),
                };
                before.is_some() && judge(&mut row, event, &judged)
            }
            Told::Saved(saved) => {
                match self.is_measuring {
                    true => row.save(&wordless::saved(saved)),
                    false => row.save(saved),
                }
                before.is_some()
            }
        };
        if !changes {
            return Ok(None);
        }
        if !self.is_measuring || row.may_be_over() {
            let told = self.told(tenant_id, id, txn)?;
            let Some(call) = Call::by(&told, &row.terms()) else {
                return Ok(None);
            };
            row.show(call, id);
            row.note_lost(fact);
        }
        let any = self.any(tenant_id);
        if before.is_none() && txn.get(&*any)?.is_none() {
            txn.put(any, Bytes::new())?;
        }
        txn.put(self.key(tenant_id, id), row.encode_to_vec())?;
        Ok(Some(CallChange { before, after: row }))
    }

    /// Puts down what was told; says whether that is new.
    fn report(
        self,
        event: &Event,
        reported: &CallReported,
        row: &mut CallRow,
        txn: &mut Txn<'_>,
    ) -> Result<bool, ApplyError> {
        let Some(told) = &reported.event else {
            return Ok(false);
        };
        let recorded_at_us = recorded_at_us(event);
        if !is_of_use(told) {
            return Ok(false);
        }
        let key = self.all_told(&event.tenant_id, &event.aggregate_id);
        let key = key.text(&told.source).text(&told.call_id);
        let key = key.text(&told.event_id).u64(told.revision);
        if txn.get(&*key)?.is_some() {
            return Ok(false);
        }
        if row.told_n as usize >= CALL_EVENTS_MAX {
            let was = std::mem::replace(&mut row.is_cut_short, true);
            return Ok(!was);
        }
        row.note_terms(reported.terms.as_ref());
        row.told_n += 1;
        row.note_end(told);
        row.note_told(recorded_at_us);
        row.external_ref.get_or_insert_with(|| wire::ExternalRef {
            source_system: told.source.clone(),
            external_id: told.call_id.clone(),
        });
        let told = ToldRow {
            event: Some(match self.is_measuring {
                true => wordless::told(told),
                false => told.clone(),
            }),
            recorded_at_us,
        };
        txn.put(key, told.encode_to_vec())?;
        Ok(true)
    }

    fn all_told(self, tenant_id: &str, interaction_id: &str) -> Key {
        self.any(tenant_id).u32(2).id(interaction_id)
    }

    /// All that was told of a call.
    fn told(
        self,
        tenant_id: &str,
        interaction_id: &str,
        txn: &mut Txn<'_>,
    ) -> Result<Vec<aftercall_domain::call::CallEvent>, ApplyError> {
        let all = self.all_told(tenant_id, interaction_id);
        let mut told = Vec::new();
        for entry in txn.scan_prefix(all, Direction::Ascending) {
            let row = ToldRow::decode(entry?.1).map_err(ApplyError::record)?;
            let recorded_at = Timestamp::from_microsecond(row.recorded_at_us);
            let recorded_at = recorded_at.unwrap_or(Timestamp::UNIX_EPOCH);
            let event = row.event.as_ref();
            told.extend(event.and_then(|event| convert::from_log(event, recorded_at)));
        }
        Ok(told)
    }
}

fn recorded_at_us(event: &Event) -> i64 {
    let at = event.recorded_at.as_ref().and_then(from_wire);
    at.map_or(0, microseconds)
}

/// Whether something follows from it: its kind and time are known.
fn is_of_use(event: &wire::CallEvent) -> bool {
    convert::from_log(event, Timestamp::UNIX_EPOCH).is_some()
}

/// Something was told of a call: any of that counts, and the first notes that there is such a call.
pub(crate) fn note(fact: &Accepted, txn: &mut Txn<'_>) -> Decided {
    let event = &fact.event;
    if fact.key != contact_key(&event.tenant_id, "", &event.aggregate_id) {
        return Ok(Err(Refused::Malformed));
    }
    let key = keys::counted(
        &event.tenant_id,
        AggregateKind::Call,
        (&event.aggregate_id, fact.whose),
    );
    if txn.get(&*key)?.is_none() {
        txn.put(key, Bytes::new())?;
    }
    Ok(Ok(()))
}

/// Whether an event is about a contact that is a call, and stands under that call's key.
pub(crate) fn is_of(fact: &Accepted, txn: &Txn<'_>) -> Result<bool, ApplyError> {
    let event = &fact.event;
    let interaction_id = &event.interaction_id;
    if fact.key != contact_key(&event.tenant_id, "", interaction_id) {
        return Ok(false);
    }
    let key = keys::counted(
        &event.tenant_id,
        AggregateKind::Call,
        (interaction_id, fact.whose),
    );
    Ok(txn.get(&*key)?.is_some())
}
