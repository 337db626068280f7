//! What an agent needs when the phone rings.

use aftercall_domain::commitment::Commitment;
use aftercall_proto::history::v1::{
    CommitmentChange, GetCustomerContextRequest, GetCustomerContextResponse, TriedStep,
};
use aftercall_proto::model::v1::Interaction;
use aftercall_service::{ANSWER_BYTES_MAX, Call, Checker, Including, Page};
use aftercall_view::{Direction, Store};
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use super::warnings::warnings;
use crate::failure::Unanswered;
use crate::limits::{
    CONTEXT_CONTACTS, CONTEXT_ENTRIES_MAX, CONTEXT_PROMISES_MAX, CONTEXT_TRIED_MAX,
};
use crate::projection::read_count;
use crate::stored::{StoredEntry, microseconds};
use crate::{History, keys, promises};

/// About the most bytes of contacts, and of open promises: together what clients take of one answer.
const CONTACTS_BYTES_MAX: usize = ANSWER_BYTES_MAX / 2;
const PROMISES_BYTES_MAX: usize = ANSWER_BYTES_MAX / 2;

/// How far back warnings look.
pub(super) const LATELY: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(crate) async fn get(
    history: &History,
    call: Call<GetCustomerContextRequest>,
) -> Result<GetCustomerContextResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("customer_id", &message.customer_id);
    let asked = message.interactions_max;
    let shown = checker.count("interactions_max", asked, CONTEXT_CONTACTS);
    checker.done(())?;
    let including = Including {
        min_position: &message.min_position,
        latest: false,
    };
    let reading = history.reading();
    let complete_through = reading.store_at(including, call.read_until()).await?;
    let now = history.clock().now();
    let read = move |store: &Store| {
        context(
            store,
            call.tenant_id(),
            &call.message.customer_id,
            shown,
            now,
        )
    };
    let found = reading.run(read).await?;
    Ok(GetCustomerContextResponse {
        complete_through: complete_through.encode(history.log_id()),
        ..found
    })
}

fn context(
    store: &Store,
    tenant_id: &str,
    customer_id: &str,
    shown: usize,
    now: Timestamp,
) -> Result<GetCustomerContextResponse, Unanswered> {
    let past = Past::read(store, tenant_id, customer_id, now)?;
    let count = store.get(keys::contact_count(tenant_id, customer_id))?;
    let (warnings, tried) = (warnings(&past, now), tried(&past));
    let Past { contacts, open, .. } = past;
    let mut interactions = Page::within(shown, CONTACTS_BYTES_MAX);
    for Contact { interaction, .. } in contacts {
        if interactions.is_full() {
            break;
        }
        let bytes = interaction.encoded_len();
        interactions.add(interaction, bytes);
    }
    let mut open_commitments = Page::within(CONTEXT_PROMISES_MAX, PROMISES_BYTES_MAX);
    for promise in open {
        if open_commitments.is_full() {
            break;
        }
        let promise = promises::as_of(promise, now);
        let bytes = promise.encoded_len();
        open_commitments.add(promise, bytes);
    }
    Ok(GetCustomerContextResponse {
        interactions: interactions.into_items(),
        open_commitments: open_commitments.into_items(),
        tried,
        warnings,
        interaction_count: count.map_or(0, |count| read_count(&count)),
        complete_through: String::new(),
    })
}

/// What happened with a customer lately, the latest first: at least as many contacts as can be
/// shown, and all that warnings look at, within [`CONTEXT_ENTRIES_MAX`].
pub(super) struct Past {
    pub(super) contacts: Vec<Contact>,
    pub(super) changes: Vec<CommitmentChange>,
    /// The promises that are open, the first one due first; from all of the past.
    pub(super) open: Vec<Commitment>,
}

/// One contact of the past.
pub(super) struct Contact {
    pub(super) interaction: Interaction,
    /// Its promises as they were made; those of an import may have been over then.
    pub(super) made: Vec<Commitment>,
}

impl Past {
    fn read(
        store: &Store,
        tenant_id: &str,
        customer_id: &str,
        now: Timestamp,
    ) -> Result<Self, Unanswered> {
        let since_us = now
            .saturating_sub(LATELY)
            .map_or(i64::MIN, Timestamp::as_microsecond);
        let open = open_promises(store, tenant_id, customer_id)?;
        let mut past = Self {
            contacts: Vec::new(),
            changes: Vec::new(),
            open,
        };
        let timeline = keys::timeline(tenant_id, customer_id);
        let entries = store.scan_prefix(timeline, Direction::Ascending);
        for stored in entries.take(CONTEXT_ENTRIES_MAX) {
            let entry = StoredEntry::decode(stored?.1)?;
            let is_of_late = entry.occurred_at.as_ref().map_or(0, microseconds) >= since_us;
            if !is_of_late && past.contacts.len() >= CONTEXT_CONTACTS.max {
                break;
            }
            past.add(entry);
        }
        Ok(past)
    }

    fn add(&mut self, entry: StoredEntry) {
        let made = promises::as_made(&entry);
        let StoredEntry {
            interaction,
            commitment_change,
            ..
        } = entry;
        self.contacts
            .extend(interaction.map(|interaction| Contact { interaction, made }));
        self.changes.extend(commitment_change);
    }
}

/// The customer's open promises, the first one due first.
fn open_promises(
    store: &Store,
    tenant_id: &str,
    customer_id: &str,
) -> Result<Vec<Commitment>, Unanswered> {
    let prefix = keys::open_promises(tenant_id, customer_id);
    let open = store.scan_prefix(&prefix, Direction::Ascending);
    let mut promises = Vec::new();
    for stored in open.take(CONTEXT_PROMISES_MAX) {
        let (key, entry_key) = stored?;
        let Some(commitment_id) = keys::open_promise_id(&prefix, &key) else {
            continue;
        };
        let Some(bytes) = store.get(&entry_key)? else {
            continue;
        };
        let entry = StoredEntry::decode(bytes)?;
        promises.extend(promises::one(tenant_id, &entry, &commitment_id, |key| {
            store.get(key)
        })?);
    }
    Ok(promises)
}

/// What was tried in the last contacts, the latest first, each once.
fn tried(past: &Past) -> Vec<TriedStep> {
    let mut tried: Vec<TriedStep> = Vec::new();
    for Contact { interaction, .. } in past.contacts.iter().take(CONTEXT_CONTACTS.max) {
        let Some(handling) = &interaction.handling else {
            continue;
        };
        let done = handling.actions.iter().map(|action| &action.code);
        for step in done.chain(&handling.steps_already_tried) {
            if tried.len() == CONTEXT_TRIED_MAX {
                return tried;
            }
            if !step.is_empty() && !tried.iter().any(|known| known.step == *step) {
                tried.push(TriedStep {
                    step: step.clone(),
                    interaction_id: interaction.interaction_id.clone(),
                    occurred_at: interaction.occurred_at,
                });
            }
        }
    }
    tried
}
