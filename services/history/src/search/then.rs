//! What contacts are found by as of the past.
//!
//! The index holds documents as they are. Those of contacts that have changed since are left out of it, and made anew
//! as they were, in an index of their own in memory; so the same search over both finds what it would have found then.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use aftercall_domain::commitment::Commitment;
use aftercall_log::Position;
use aftercall_service::Unread;
use aftercall_view::Positions;
use bytes::Bytes;
use tantivy::{Searcher, TantivyDocument};

use super::Filter;
use crate::answer::interaction::entry;
use crate::before::{self, Changed, DocumentChange};
use crate::failure::Unanswered;
use crate::index::{Contact, Fields};
use crate::known::Known;
use crate::limits::{AS_OF_CHANGED_MAX, AS_OF_CHANGES_MAX};
use crate::{calls, keys, promises};

/// The documents of the contacts that have changed since, as they were.
pub(crate) struct Then {
    /// None where there is none of them.
    searcher: Option<Searcher>,
    changed: HashSet<u64>,
}

impl fmt::Debug for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Then")
            .field("changed", &self.changed.len())
            .finish_non_exhaustive()
    }
}

/// What is asked of the past, and how far the index is that is asked beside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'s> {
    /// As of when.
    pub(crate) then: &'s Positions,
    /// What the index includes.
    pub(crate) indexed: &'s Positions,
}

impl Then {
    /// Reads what of a tenant has changed since, as far as it matters for `filter`. `known` is as of then.
    ///
    /// # Errors
    /// [`Unanswered::AsOfTooFarBack`] when that is too much.
    pub(crate) fn read(
        known: &Known,
        fields: &Fields,
        (tenant_id, filter): (&str, &Filter),
        span: Span<'_>,
    ) -> Result<Self, Unanswered> {
        let changed = changed(known, (tenant_id, filter), span)?;
        let mut documents = Vec::with_capacity(changed.len());
        for document in changed.keys() {
            documents.extend(as_it_was(known, fields, tenant_id, document)?);
        }
        let searcher = match documents.is_empty() {
            true => Ok(None),
            false => fields.index_schema().in_memory(documents).map(Some),
        };
        Ok(Self {
            searcher: searcher.map_err(|error| Unanswered::Unread(Unread::internal(error)))?,
            changed: changed.into_values().collect(),
        })
    }

    /// Searches the documents as they were.
    pub(super) fn searcher(&self) -> Option<&Searcher> {
        self.searcher.as_ref()
    }

    /// The contacts that have changed since, by their places in the log.
    pub(super) fn changed(&self) -> &HashSet<u64> {
        &self.changed
    }
}

/// The documents of the contacts that were there then and have changed since, each with its contact's place in the log.
fn changed(
    known: &Known,
    (tenant_id, filter): (&str, &Filter),
    span: Span<'_>,
) -> Result<BTreeMap<Bytes, u64>, Unanswered> {
    let mut changed = BTreeMap::new();
    let now = Known::now(known.store());
    let mut looks = 0;
    for (partition, _) in span.indexed.iter() {
        let from = Position {
            partition,
            offset: span.then.next(partition),
        };
        for change in before::documents_changed(known.store(), tenant_id, from) {
            let change = change?;
            looks += 1;
            if looks > AS_OF_CHANGES_MAX {
                return Err(Unanswered::AsOfTooFarBack);
            }
            let matters = change.what == Changed::Contents || filter.open_promise.is_some();
            if matters && span.then.covers(change.recorded_at) {
                changed.insert(change.document.clone(), keys::seq_of(change.recorded_at));
            }
            for (contact, seq) in completed_anew(&now, &change)? {
                if span.then.covers(keys::position_of(seq)) {
                    changed.insert(contact, seq);
                }
            }
            if changed.len() > AS_OF_CHANGED_MAX {
                return Err(Unanswered::AsOfTooFarBack);
            }
        }
    }
    Ok(changed)
}

/// The documents of the contacts that a change of a call completes otherwise than before, with their places in the log.
fn completed_anew(now: &Known, change: &DocumentChange) -> Result<Vec<(Bytes, u64)>, Unanswered> {
    if !calls::is_call(&change.document) {
        return Ok(Vec::new());
    }
    let recorded = calls::recorded_as(&change.document, |key| now.get(key))?;
    let mut contacts = Vec::with_capacity(recorded.len());
    for document in recorded {
        if let Some(entry) = entry(now, &document)? {
            contacts.push((document, entry.seq));
        }
    }
    Ok(contacts)
}

/// The document of a contact as it was.
fn as_it_was(
    known: &Known,
    fields: &Fields,
    tenant_id: &str,
    document: &Bytes,
) -> Result<Option<(Bytes, TantivyDocument)>, Unanswered> {
    let entry = match calls::is_call(document) {
        true => calls::unrecorded_then(known, document)?,
        false => entry(known, document)?,
    };
    let Some(mut entry) = entry else {
        return Ok(None);
    };
    let promises = promises::all(tenant_id, &entry, |key| known.get(key))?;
    let has_open_promise = promises.iter().any(Commitment::is_open);
    if !calls::is_call(document) {
        calls::complete(known, tenant_id, &mut entry)?;
    }
    Ok(entry.interaction.as_ref().map(|interaction| {
        let contact = Contact {
            tenant_id,
            interaction,
            occurred_at_us: entry.occurred_at_us(),
            seq: entry.seq,
            has_open_promise,
        };
        (document.clone(), fields.document(&contact))
    }))
}
