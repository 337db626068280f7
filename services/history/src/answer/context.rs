//! What an agent needs when the phone rings.

use aftercall_domain::Scope;
use aftercall_domain::commitment::Commitment;
use aftercall_proto::history::v1::{
    CommitmentChange, GetCustomerContextRequest, GetCustomerContextResponse, TriedStep,
};
use aftercall_proto::model::v1::Interaction;
use aftercall_service::{ANSWER_BYTES_MAX, Call, Checker, Including, Page};
use aftercall_view::Store;
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use super::warnings::warnings;
use crate::as_of::Asked;
use crate::failure::Unanswered;
use crate::known::Known;
use crate::limits::{
    CONTEXT_CONTACTS, CONTEXT_ENTRIES_MAX, CONTEXT_PROMISES_MAX, CONTEXT_TRIED_MAX, EXAMINED_MAX,
};
use crate::projection::read_count;
use crate::request::Whose;
use crate::stored::{StoredEntry, microseconds};
use crate::timelines::{Row, Timelines};
use crate::{History, keys, promises};

/// About the most bytes of the contacts, and of the promises, in a context.
const PART_BYTES_MAX: usize = ANSWER_BYTES_MAX / 2;

/// How far back warnings look.
pub(super) const LATELY: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(crate) async fn get(
    history: &History,
    call: Call<GetCustomerContextRequest>,
) -> Result<GetCustomerContextResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    let whose = Whose::check(message.whose.clone(), &mut checker);
    let asked = message.interactions_max;
    let shown_max = checker.count("interactions_max", asked, CONTEXT_CONTACTS);
    let as_of = Asked::check(message.as_of.as_ref(), history.clock().now(), &mut checker);
    checker.done(())?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let reading = history.reading();
    let moment = history.moment(&as_of, including, call.read_until()).await?;
    let (complete_through, complete_through_at) = moment.answered(&history.log_identity());
    let scope = call.scope_in_hand();
    let read = move |store: &Store| {
        let known = &moment.known(store);
        let in_hand = InHand {
            known,
            tenant_id: call.tenant_id(),
            whose: &whose,
            customers: &whose.customers(known, call.tenant_id())?,
            scope: &scope,
        };
        in_hand.context(shown_max, moment.now)
    };
    let found = reading.run(read).await?;
    Ok(GetCustomerContextResponse {
        complete_through,
        complete_through_at,
        ..found
    })
}

/// The customer, or whoever has the handle, on whom somebody asks for the context.
struct InHand<'a> {
    known: &'a Known,
    tenant_id: &'a str,
    whose: &'a Whose,
    /// The customers that are one with the one that is asked for.
    customers: &'a [String],
    /// What of it the caller is shown.
    scope: &'a Scope,
}

impl InHand<'_> {
    fn context(
        &self,
        shown_max: usize,
        now: Timestamp,
    ) -> Result<GetCustomerContextResponse, Unanswered> {
        let past = Past::read(self, now)?;
        let interaction_count = match self.whose {
            Whose::Customer(_) => self.count()?,
            Whose::Handle(_) => past.contacts.len() as u64,
        };
        let (warnings, tried) = (warnings(&past, now), tried(&past));
        let Past {
            contacts,
            ambiguous,
            open,
            ..
        } = past;
        let (interactions, ambiguous_interaction_ids) = shown(contacts, ambiguous, shown_max);
        let open = open.into_iter().map(|one| promises::as_of(one, now));
        Ok(GetCustomerContextResponse {
            interactions,
            open_commitments: within_bytes(open.take(CONTEXT_PROMISES_MAX)),
            tried,
            warnings,
            interaction_count,
            ambiguous_interaction_ids,
            complete_through: String::new(),
            complete_through_at: None,
        })
    }

    /// How many contacts the customers have, as far as they are shown.
    fn count(&self) -> Result<u64, Unanswered> {
        if !self.scope.is_all() || self.known.is_past() {
            let mut contacts = 0_u64;
            for row in self.rows() {
                let entry = row?.decoded(self.known)?;
                let own = entry.filter(|(_, ambiguous)| !ambiguous);
                let is_contact = own
                    .is_some_and(|(entry, _)| entry.is_recorded() && entry.is_within(self.scope));
                contacts += u64::from(is_contact);
            }
            return Ok(contacts);
        }
        recorded(self.known, self.tenant_id, self.customers)
    }

    /// The latest of all that happened, as much as is looked at.
    fn rows(&self) -> impl Iterator<Item = Result<Row, Unanswered>> + use<> {
        let timelines = Timelines::of(self.tenant_id, self.whose, self.customers);
        timelines.read(self.known, None).take(EXAMINED_MAX)
    }

    /// A customer's open promises, as far as they are shown, the first one due first.
    fn open_promises(&self, customer_id: &str) -> Result<Vec<Commitment>, Unanswered> {
        let whose = (self.tenant_id, customer_id);
        promises::open(self.known, whose, self.scope, CONTEXT_PROMISES_MAX)
    }
}

/// How many contacts were recorded of customers that are one.
pub(super) fn recorded(
    known: &Known,
    tenant_id: &str,
    customers: &[String],
) -> Result<u64, Unanswered> {
    let mut contacts = 0_u64;
    for customer_id in customers {
        let count = known.get(keys::contact_count(tenant_id, customer_id))?;
        contacts = contacts.saturating_add(count.map_or(0, |count| read_count(&count)));
    }
    Ok(contacts)
}

/// The latest of both sorts of contacts together, and which of them are ambiguous.
fn shown(
    contacts: Vec<Contact>,
    ambiguous: Vec<Interaction>,
    shown_max: usize,
) -> (Vec<Interaction>, Vec<String>) {
    let own = contacts
        .into_iter()
        .map(|contact| (contact.interaction, false));
    let mut all: Vec<(Interaction, bool)> = own
        .chain(ambiguous.into_iter().map(|contact| (contact, true)))
        .collect();
    // Each sort is in this order already; what began at the same time keeps its own.
    all.sort_by_key(|(contact, _)| {
        std::cmp::Reverse(contact.occurred_at.as_ref().map(microseconds))
    });
    let marks: Vec<bool> = all.iter().map(|(_, ambiguous)| *ambiguous).collect();
    let shown = within_bytes(all.into_iter().map(|(contact, _)| contact).take(shown_max));
    let ambiguous = shown.iter().zip(marks).filter(|(_, ambiguous)| *ambiguous);
    let ids = ambiguous.map(|(contact, _)| contact.interaction_id.clone());
    let ids = ids.collect();
    (shown, ids)
}

/// The first of `messages`, as many as a part of a context may hold.
fn within_bytes<M: Message>(messages: impl Iterator<Item = M>) -> Vec<M> {
    let mut page = Page::within(usize::MAX, PART_BYTES_MAX);
    for message in messages {
        let bytes = message.encoded_len();
        if !page.takes(bytes) {
            break;
        }
        page.add(message, bytes);
    }
    page.into_items()
}

/// What happened with a customer, or by a handle, lately, the latest first: at least as many
/// contacts as can be shown, and all that warnings look at, within [`CONTEXT_ENTRIES_MAX`].
pub(super) struct Past {
    pub(super) contacts: Vec<Contact>,
    /// The contacts of one of several customers, of whom this is one: nothing is concluded of them.
    ambiguous: Vec<Interaction>,
    pub(super) changes: Vec<CommitmentChange>,
    /// The promises that are open, the first one due first; a customer's own from all of the past.
    pub(super) open: Vec<Commitment>,
}

/// One contact of the past.
pub(super) struct Contact {
    pub(super) interaction: Interaction,
    /// Its promises as they were made; those of an import may have been over then.
    pub(super) made: Vec<Commitment>,
}

impl Past {
    fn read(of: &InHand<'_>, now: Timestamp) -> Result<Self, Unanswered> {
        let (known, scope) = (of.known, of.scope);
        let since_us = now
            .saturating_sub(LATELY)
            .map_or(i64::MIN, Timestamp::as_microsecond);
        let mut past = Self {
            contacts: Vec::new(),
            ambiguous: Vec::new(),
            changes: Vec::new(),
            open: Vec::new(),
        };
        for customer_id in of.customers {
            past.open.extend(of.open_promises(customer_id)?);
        }
        let mut taken = 0;
        for row in of.rows() {
            if taken == CONTEXT_ENTRIES_MAX {
                break;
            }
            let Some((entry, ambiguous)) = row?.decoded(known)? else {
                continue;
            };
            if !entry.is_within(scope) {
                continue;
            }
            taken += 1;
            let is_of_late = entry.occurred_at.as_ref().map_or(0, microseconds) >= since_us;
            if !is_of_late && past.contacts.len() >= CONTEXT_CONTACTS.max {
                break;
            }
            if ambiguous || matches!(of.whose, Whose::Handle(_)) {
                let promises = promises::all(of.tenant_id, &entry, |key| known.get(key))?;
                let open = promises.into_iter().filter(Commitment::is_open);
                past.open
                    .extend(open.filter(|promise| scope.admits(promise.parties())));
            }
            past.add(entry, ambiguous);
        }
        past.open.sort_by_key(|promise| promise.promised_by);
        Ok(past)
    }

    fn add(&mut self, entry: StoredEntry, ambiguous: bool) {
        if ambiguous {
            self.ambiguous.extend(entry.interaction);
            return;
        }
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
