//! The fold of the log into the view's store.

mod called;
mod explained;
mod identified;
mod moved;
mod places;
mod promised;
mod series;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use aftercall_domain::commitment::Commitment;
use aftercall_ledger::{Accepted, Happening, What};
use aftercall_proto::convert::interaction::{analyse, replace};
use aftercall_proto::event::v1::{
    InteractionAmended, InteractionAnalysed, InteractionIdentified, InteractionRecorded,
    RepeatAttributed,
};
use aftercall_proto::history::v1::Amendment;
use aftercall_view::index::IndexSchema;
use aftercall_view::{ApplyError, Indexer, Positions, Projection, Store, Txn};
use bytes::Bytes;
use pbjson_types::FieldMask;
use prost::Message;
use tantivy::TantivyDocument;

use crate::before::{Changed, Keeping};
use crate::calls::{self, CALLS};
use crate::index::{Contact, Fields};
use crate::promises::Standing;
use crate::stored::StoredEntry;
use crate::{keys, names, promises};

/// The version of the store's layout and of the fold: one more with each change of either.
const VERSION: u32 = 24;

/// Builds the view `history`: timelines, contacts, promises, and the search index.
pub(crate) struct HistoryProjection {
    fields: Fields,
    /// The contacts that this batch records and that nothing else in it touches, by the keys of
    /// their documents, and whether a promise in them is open: saves reading them back.
    fresh: HashMap<Bytes, (StoredEntry, bool)>,
}

impl HistoryProjection {
    pub(crate) fn new(fields: Fields) -> Self {
        Self {
            fields,
            fresh: HashMap::new(),
        }
    }

    fn record(
        &mut self,
        fact: &Accepted,
        recorded: &InteractionRecorded,
        promises: &[Commitment],
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(mut interaction) = recorded.interaction.clone() else {
            return Ok(());
        };
        let (event, seq) = (&fact.event, keys::seq_of(fact.position));
        interaction.recorded_at = event.recorded_at;
        interaction.version = 1;
        let entry = StoredEntry {
            occurred_at: interaction.occurred_at,
            interaction: Some(interaction),
            commitment_change: None,
            seq,
            imported: !event.import_batch.is_empty(),
            recorded_by: event.actor_id.clone(),
            ..StoredEntry::default()
        };
        let tenant_id = &event.tenant_id;
        if let Some(customer_id) = entry.customer_id() {
            count_contact(tenant_id, customer_id, 1, txn)?;
        }
        names::count(tenant_id, &entry, 1, txn)?;
        let key = places::home(tenant_id, &entry);
        places::note_new(tenant_id, &entry, &key, fact.whose, txn)?;
        for promise in promises {
            let home = &key;
            promises::track_new(tenant_id, Standing { promise, home, seq }, txn)?;
        }
        let pointer: Bytes = keys::entry_of(tenant_id, &event.aggregate_id, fact.whose).into();
        txn.put_lasting(key.clone(), entry.encode_to_vec())?;
        txn.put(pointer.clone(), key)?;
        txn.touch_new(pointer.clone());
        let has_open_promise = promises.iter().any(Commitment::is_open);
        calls::note_recorded(tenant_id, (&event.aggregate_id, &pointer, seq), txn)?;
        self.fresh.insert(pointer, (entry, has_open_promise));
        Ok(())
    }

    fn amend(
        &mut self,
        fact: &Accepted,
        amended: &InteractionAmended,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let (tenant_id, interaction_id) = (&event.tenant_id, &event.aggregate_id);
        let pointer: Bytes = keys::entry_of(tenant_id, interaction_id, fact.whose).into();
        let Some((key, mut entry)) = entry_at(&pointer, txn)? else {
            return Ok(());
        };
        let as_it_was = entry.clone();
        let Some(interaction) = &mut entry.interaction else {
            return Ok(());
        };
        let values = amended.interaction.clone().unwrap_or_default();
        let paths = amended.update_mask.clone().unwrap_or_default().paths;
        let before = replace(interaction, values, &paths);
        interaction.version = event.sequence;
        let amendment = Amendment {
            version: event.sequence,
            update_mask: Some(FieldMask { paths }),
            reason: amended.reason.clone(),
            amended_by: event.actor_id.clone(),
            recorded_at: event.recorded_at,
            before: Some(before),
        };
        let place = keys::amendment(tenant_id, interaction_id, fact.whose, event.sequence);
        txn.put(place, amendment.encode_to_vec())?;
        let occurred_at = interaction.occurred_at;
        let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
        keeping.changed(tenant_id, Changed::Contents, (entry.seq, &pointer))?;
        match occurred_at == entry.occurred_at {
            true => keeping.put(key, entry.encode_to_vec())?,
            false => {
                entry.recorded_occurred_at = entry.recorded_occurred_at.or(entry.occurred_at);
                entry.occurred_at = occurred_at;
                let before = (&key, &as_it_was);
                moved::apply(tenant_id, fact.whose, before, &entry, &mut keeping)?;
            }
        }
        self.fresh.remove(&pointer);
        txn.touch(pointer);
        Ok(())
    }

    /// Something was found in a contact.
    fn analyse(
        &mut self,
        fact: &Accepted,
        analysed: &InteractionAnalysed,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let pointer = keys::entry_of(&event.tenant_id, &event.aggregate_id, fact.whose);
        let pointer: Bytes = pointer.into();
        let Some((key, mut entry)) = entry_at(&pointer, txn)? else {
            return Ok(());
        };
        if let Some(interaction) = &mut entry.interaction {
            analyse(interaction, analysed);
            interaction.version = event.sequence;
        }
        entry.analyses += 1;
        let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
        keeping.changed(&event.tenant_id, Changed::Contents, (entry.seq, &pointer))?;
        keeping.put(key, entry.encode_to_vec())?;
        self.fresh.remove(&pointer);
        txn.touch(pointer);
        Ok(())
    }

    fn identify(
        &mut self,
        fact: &Accepted,
        identified: &InteractionIdentified,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let pointer = keys::entry_of(&event.tenant_id, &event.aggregate_id, fact.whose);
        let pointer: Bytes = pointer.into();
        if let Some(entry) = entry_at(&pointer, txn)? {
            let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
            let changed = (entry.1.seq, &*pointer);
            keeping.changed(&event.tenant_id, Changed::Contents, changed)?;
            identified::apply(event, identified, fact.whose, entry, &mut keeping)?;
            self.fresh.remove(&pointer);
            txn.touch(pointer);
        }
        Ok(())
    }

    /// A promise that was not kept caused a contact. Of a customer whose contact it no longer is, that is void.
    fn attribute(
        &mut self,
        fact: &Accepted,
        attributed: &RepeatAttributed,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let pointer = keys::entry_of(&event.tenant_id, &event.interaction_id, fact.whose);
        let pointer: Bytes = pointer.into();
        let Some((key, mut entry)) = entry_at(&pointer, txn)? else {
            return Ok(());
        };
        if entry.customer_id().unwrap_or_default() != event.customer_id {
            return Ok(());
        }
        if let Some(interaction) = &mut entry.interaction {
            interaction.repeat_cause = attributed.cause;
            interaction
                .repeat_commitment_id
                .clone_from(&attributed.commitment_id);
        }
        let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
        keeping.changed(&event.tenant_id, Changed::Contents, (entry.seq, &pointer))?;
        keeping.put(key, entry.encode_to_vec())?;
        self.fresh.remove(&pointer);
        txn.touch(pointer);
        Ok(())
    }
}

/// Two customers are one, or are two again.
fn merge(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
    for key in keys::MERGED.changed_by(fact) {
        keeping.keep(&key)?;
    }
    keys::MERGED.apply(fact, txn)
}

impl Projection for HistoryProjection {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "history"
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn opened(&mut self, _store: &Store, _applied: &Positions) -> Result<(), ApplyError> {
        self.fresh.clear();
        Ok(())
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        match &fact.what {
            What::Recorded { recorded, promises } => self.record(fact, recorded, promises, txn),
            What::Amended(amended) => self.amend(fact, amended, txn),
            What::Analysed(analysed) => self.analyse(fact, analysed, txn),
            What::Identified(identified) => self.identify(fact, identified, txn),
            What::Made(promise) => self.make_promise(fact, promise, txn),
            What::Promise(step) => self.change_promise(fact, step, txn),
            What::Repeat(attributed) => self.attribute(fact, attributed, txn),
            What::Cause(attributed) => {
                if let Some(pointer) = explained::apply(fact, attributed, txn)? {
                    self.fresh.remove(&pointer);
                    txn.touch(pointer);
                }
                Ok(())
            }
            What::Call(_) => called::apply(fact, txn),
            What::Merged(_) | What::Unmerged(_) => merge(fact, txn),
            What::Published(_)
            | What::Candidates(_)
            | What::Solution(_)
            | What::Search(_)
            | What::LinkJudged(_)
            | What::Problem(_)
            | What::Exported(_)
            | What::Concern(_)
            | What::Settings(_)
            | What::Webhook(_)
            | What::CalendarFeed(_)
            | What::Routed(_)
            | What::Mailed(_)
            | What::Unknown
            | What::Malformed => Ok(()),
        }
    }

    fn committed(&mut self, _applied: &Positions) {
        self.fresh.clear();
    }

    fn indexer(&mut self) -> Option<&mut dyn Indexer<Happening>> {
        Some(self)
    }
}

impl Indexer<Happening> for HistoryProjection {
    fn schema(&self) -> IndexSchema {
        self.fields.index_schema()
    }

    fn touched(
        &mut self,
        fact: &Accepted,
        txn: &Txn<'_>,
        touched: &mut BTreeSet<Bytes>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let (tenant_id, interaction_id) = (&event.tenant_id, &event.interaction_id);
        if interaction_id.is_empty() {
            return Ok(());
        }
        let is_call = matches!(fact.what, What::Call(_));
        if !is_call {
            touched.insert(keys::entry_of(tenant_id, interaction_id, fact.whose).into());
        }
        // What is recorded takes the place of what telephony told.
        let may_supersede = matches!(fact.what, What::Recorded { .. })
            && txn.get(&*CALLS.any(tenant_id))?.is_some();
        if is_call || may_supersede {
            let home: Bytes = calls::entry_key(tenant_id, interaction_id).into();
            if is_call {
                touched.extend(calls::recorded_as(&home, |key| txn.get(key))?);
            }
            touched.insert(home);
        }
        Ok(())
    }

    fn document(
        &mut self,
        key: &[u8],
        txn: &Txn<'_>,
    ) -> Result<Option<TantivyDocument>, ApplyError> {
        let tenant_id = keys::tenant_of(key).map_err(ApplyError::record)?;
        let (mut entry, has_open_promise) = match self.fresh.remove(key) {
            Some(fresh) => fresh,
            None => {
                let entry = match calls::is_call(key) {
                    true => calls::unrecorded(key, txn)?,
                    false => entry_at(key, txn)?.map(|(_, entry)| entry),
                };
                let Some(entry) = entry else {
                    return Ok(None);
                };
                let all = promises::all(&tenant_id, &entry, |key| txn.get(key))?;
                (entry, all.iter().any(Commitment::is_open))
            }
        };
        if !calls::is_call(key) {
            calls::complete_by(&tenant_id, &mut entry, |key| txn.get(key))?;
        }
        Ok(entry.interaction.as_ref().map(|interaction| {
            self.fields.document(&Contact {
                tenant_id: &tenant_id,
                interaction,
                occurred_at_us: entry.occurred_at_us(),
                seq: entry.seq,
                has_open_promise,
            })
        }))
    }
}

/// The entry that the key of a contact's document points to, and its own key.
fn entry_at(pointer: &[u8], txn: &Txn<'_>) -> Result<Option<(Bytes, StoredEntry)>, ApplyError> {
    let Some(key) = txn.get(pointer)? else {
        return Ok(None);
    };
    let Some(bytes) = txn.get(&key)? else {
        return Ok(None);
    };
    let entry = StoredEntry::decode(bytes).map_err(ApplyError::record)?;
    Ok(Some((key, entry)))
}

/// Counts one more contact of a customer, or one less.
fn count_contact(
    tenant_id: &str,
    customer_id: &str,
    by: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key: Bytes = keys::contact_count(tenant_id, customer_id).into();
    let count = txn.get(&key)?.map_or(0, |bytes| read_count(&bytes));
    let count = count.saturating_add_signed(by);
    txn.put(key, count.to_be_bytes().to_vec())?;
    Ok(())
}

/// The number of contacts that the store holds for a customer.
pub(crate) fn read_count(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}
