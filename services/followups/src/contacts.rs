//! The contacts that are recorded, as far as a promise's evidence needs them.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::Parties;
use aftercall_domain::commitment::{Commitment, Contact};
use aftercall_domain::interaction::Channel;
use aftercall_ledger::{Contact as Holder, Id, Ledger};
use aftercall_log::Log;
use aftercall_proto::convert::commitment::handles;
use aftercall_proto::convert::{parties, setting, time};
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::Event;
use aftercall_proto::model::v1::Interaction;
use aftercall_service::{Unread, given};
use aftercall_view::key::whose;
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

/// How long the log may take to hand out a record that is there.
const READ_WAIT: Duration = Duration::from_secs(5);

/// A promise, and to whom it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promised<'a> {
    pub(crate) commitment: &'a Commitment,
    /// Its customer and those who are the same; none if it was made to somebody who isn't identified.
    pub(crate) merged: &'a [String],
}

/// How a contact reached us.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    pub(crate) channel: Option<Channel>,
    /// The customer's language; may be empty.
    pub(crate) language: String,
}

/// A contact that is recorded.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// The key under which it stands.
    pub(crate) key: Bytes,
    /// Whose it is now; none for somebody who isn't identified.
    pub(crate) customer_id: Option<String>,
    /// When it began, as it was amended.
    pub(crate) began_at: Timestamp,
    /// Who had a part in it, as it was amended.
    pub(crate) parties: Parties,
    /// Its first record.
    pub(crate) interaction: Interaction,
}

/// A contact that is named as evidence for a promise.
#[derive(Debug)]
pub(crate) enum Named {
    /// It is with the customer to whom that was made.
    Theirs(Box<Witness>),
    /// It is with somebody else.
    SomebodyElses,
    /// There is no such contact.
    Nowhere,
}

/// A contact that is evidence for a promise.
#[derive(Debug)]
pub(crate) struct Witness {
    /// Whose it is, by the key under which it stands.
    pub(crate) whose: u64,
    /// When it was recorded, by our clock.
    pub(crate) recorded_at: Timestamp,
    /// When it began, as it was amended.
    pub(crate) began_at: Timestamp,
    /// Its first record, with its end as that was amended.
    pub(crate) interaction: Interaction,
}

/// The contacts that are recorded. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Contacts {
    ledger: Ledger,
    log: Arc<dyn Log>,
}

impl Contacts {
    pub(crate) fn new(ledger: Ledger, log: Arc<dyn Log>) -> Self {
        Self { ledger, log }
    }

    /// Whether a contact is with the customer to whom a promise was made; none if there is no such
    /// contact. Blocks.
    ///
    /// Usually the ledger knows: contacts of one customer have one key, and who was named later stands
    /// beside it. Where somebody isn't identified, the two records tell by the names under which they
    /// were made.
    ///
    /// # Errors
    /// While the ledger is being opened, or the log can't be read.
    pub(crate) fn is_customers(
        &self,
        tenant_id: &str,
        promised: Promised<'_>,
        interaction_id: &str,
    ) -> Result<Option<bool>, Unread> {
        let named = self.ledger.contacts(tenant_id, &Id::of(interaction_id))?;
        let own: Vec<u64> = promised
            .merged
            .iter()
            .map(|customer_id| whose(&contact_key(tenant_id, customer_id, interaction_id)))
            .collect();
        let is_named_so =
            |contact: &Holder| contact.identified_as().is_none() && own.contains(&contact.whose());
        if named.contacts().iter().any(is_named_so) {
            return Ok(Some(true));
        }
        let mut found = None;
        for contact in named.contacts() {
            let is_customers = self.is_with_customer(contact, promised)?;
            found = Some(is_customers || found == Some(true));
        }
        Ok(found)
    }

    /// The contact that is named as evidence for a promise. Where its id was given for several, it is the one with the
    /// promise's own customer, before those who are the same. Blocks.
    ///
    /// # Errors
    /// As [`Contacts::is_customers`].
    pub(crate) fn named(
        &self,
        tenant_id: &str,
        promised: Promised<'_>,
        interaction_id: &str,
    ) -> Result<Named, Unread> {
        let all = self.ledger.contacts(tenant_id, &Id::of(interaction_id))?;
        let mut named = match all.contacts() {
            [] => Named::Nowhere,
            _ => Named::SomebodyElses,
        };
        for contact in all.contacts() {
            let Some(recorded) = self.record_of(contact)? else {
                continue;
            };
            if !recorded.is_with_customer(promised) {
                continue;
            }
            let is_own = recorded.customer_id == promised.commitment.customer_id;
            if is_own || !matches!(named, Named::Theirs(_)) {
                named = Named::Theirs(Box::new(Witness::of(contact, recorded)));
            }
            if is_own {
                break;
            }
        }
        Ok(named)
    }

    /// How a contact reached us, as it was recorded; nothing of one that is not there. Blocks.
    ///
    /// # Errors
    /// As [`Contacts::is_customers`].
    pub(crate) fn reached(
        &self,
        tenant_id: &str,
        interaction_id: &str,
        whose: u64,
    ) -> Result<Reached, Unread> {
        let named = self.ledger.contacts(tenant_id, &Id::of(interaction_id))?;
        let mut contacts = named.contacts().iter();
        let Some(contact) = contacts.find(|contact| contact.whose() == whose) else {
            return Ok(Reached::default());
        };
        let Some(Recorded { interaction, .. }) = self.record_of(contact)? else {
            return Ok(Reached::default());
        };
        let language = interaction.customer.as_ref().map(|it| it.language.clone());
        Ok(Reached {
            channel: setting::channel(interaction.channel()),
            language: language.unwrap_or_default(),
        })
    }

    /// Whether a contact is with the promise's customer, by its record and by what was said later.
    fn is_with_customer(&self, contact: &Holder, promised: Promised<'_>) -> Result<bool, Unread> {
        let recorded = self.record_of(contact)?;
        Ok(recorded.is_some_and(|recorded| recorded.is_with_customer(promised)))
    }

    /// The contacts of an id, each of another customer, the one that was recorded first before others. Blocks.
    ///
    /// # Errors
    /// While the ledger is being opened, or the log can't be read.
    pub(crate) fn recorded(
        &self,
        tenant_id: &str,
        interaction_id: &str,
    ) -> Result<Vec<Recorded>, Unread> {
        let named = self.ledger.contacts(tenant_id, &Id::of(interaction_id))?;
        let mut all = Vec::new();
        for contact in named.contacts() {
            all.extend(self.record_of(contact)?);
        }
        Ok(all)
    }

    /// A contact's first record, read from the log, and what was said of it later.
    fn record_of(&self, contact: &Holder) -> Result<Option<Recorded>, Unread> {
        let position = contact.position();
        let mut reader = self.log.reader(&[position])?;
        let read = reader.next(1, usize::MAX, READ_WAIT)?;
        let entry = read.into_iter().find(|entry| entry.position == position);
        let Some(entry) = entry else {
            // The log could not be reached for so long.
            return Err(Unread::Unavailable(None));
        };
        let event = Event::decode(entry.record.body)?;
        let Some(Fact::InteractionRecorded(recorded)) = event.fact()? else {
            return Ok(None);
        };
        let mut interaction = recorded.interaction.unwrap_or_default();
        interaction.interaction_id = event.aggregate_id;
        let customer_id = contact.identified_as().unwrap_or(&event.customer_id);
        let began_at = interaction.occurred_at.as_ref().and_then(time::from_wire);
        let began_at = began_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let own = parties::of_wrap_up(&interaction);
        let of_all: Parties = match contact.amended_segments() {
            Some(amended) => own.chain(amended.iter()).collect(),
            None => own
                .chain(parties::of_segments(&interaction.segments))
                .collect(),
        };
        Ok(Some(Recorded {
            key: entry.record.key,
            customer_id: given(customer_id.to_owned()),
            began_at: contact.times(began_at, None).0,
            parties: of_all,
            interaction,
        }))
    }
}

impl Recorded {
    /// Whether it is with the promise's customer, by its record and by what was said later.
    fn is_with_customer(&self, promised: Promised<'_>) -> bool {
        let customer = self.interaction.customer.as_ref();
        let handles = customer.map_or_else(Vec::new, |customer| handles(&customer.handles));
        let contact = Contact {
            interaction_id: &self.interaction.interaction_id,
            customer_id: self.customer_id.as_deref(),
            handles: &handles,
        };
        promised
            .commitment
            .is_with_customer(contact, promised.merged)
    }
}

impl Witness {
    fn of(contact: &Holder, recorded: Recorded) -> Self {
        let Recorded {
            began_at,
            mut interaction,
            ..
        } = recorded;
        let ended_at = interaction.ended_at.as_ref().and_then(time::from_wire);
        let (_, ended_at) = contact.times(began_at, ended_at);
        interaction.ended_at = ended_at.map(time::to_wire);
        let recorded_at = Timestamp::from_microsecond(contact.recorded_at_us());
        Self {
            whose: contact.whose(),
            recorded_at: recorded_at.unwrap_or(Timestamp::UNIX_EPOCH),
            began_at,
            interaction,
        }
    }
}
