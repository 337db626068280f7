//! What the view's store holds of a contact.

use aftercall_domain::Scope;
use aftercall_proto::convert::parties;
use aftercall_proto::envelope::contact_key;
use aftercall_proto::event::v1::Event;
use aftercall_proto::history::v1::CommitmentChange;
use aftercall_proto::model::v1::{ExternalRef, Interaction};
use aftercall_view::key::whose;
use bytes::Bytes;
use pbjson_types::Timestamp;
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};

/// The first field that is not a timeline entry's.
const OWN_TAG_MIN: u32 = 100;

/// The number and type of `aftercall.history.v1.TimelineEntry.ambiguous` with the value true.
const AMBIGUOUS: [u8; 2] = [4 << 3, 1];

/// One entry of a timeline as it is stored.
///
/// The bytes are those of an `aftercall.history.v1.TimelineEntry`, and after them fields of our own,
/// from [`OWN_TAG_MIN`] on: see [`answered`]. So a page of a timeline is answered without decoding
/// what it holds. That is safe, because both sides of it are fixed: the three fields that are stored
/// are messages of the API, of which fields are never renumbered or used again; a field that the
/// answer gains is added to the bytes when they are answered, as [`AMBIGUOUS`] is, or raises the
/// view's version; our own fields are numbered where the API's never come; and a test holds the two
/// messages against each other. A view is rebuilt from the log at any time, so nothing that lasts is
/// stored so: the log holds events alone.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredEntry {
    /// When it happened, by the clock of whoever saw it.
    #[prost(message, optional, tag = "1")]
    pub(crate) occurred_at: Option<Timestamp>,
    /// The contact, with amendments applied; or
    #[prost(message, optional, tag = "2")]
    pub(crate) interaction: Option<Interaction>,
    /// what became of a promise.
    #[prost(message, optional, tag = "3")]
    pub(crate) commitment_change: Option<CommitmentChange>,
    /// The place in the log of the contact's first record.
    #[prost(uint64, tag = "100")]
    pub(crate) seq: u64,
    /// Whether the contact came with an import of history.
    #[prost(bool, tag = "101")]
    pub(crate) imported: bool,
    /// Who recorded the contact.
    #[prost(string, tag = "102")]
    pub(crate) recorded_by: String,
    /// Where the entry stands of which this one only says that it belongs into this timeline, too:
    /// then nothing else is said.
    #[prost(bytes = "bytes", tag = "103")]
    pub(crate) home: Bytes,
    /// Whose contact it was when it was recorded: of what became of its promises, and of a contact of
    /// which that was said anew later. What is kept of it stays where it is.
    #[prost(fixed64, optional, tag = "104")]
    pub(crate) recorded_as: Option<u64>,
    /// The handle that it was, where the timeline is of several that are spelled alike.
    #[prost(string, tag = "105")]
    pub(crate) handle: String,
    /// When the contact's record said that it happened, where that was amended since: its promises
    /// were made then.
    #[prost(message, optional, tag = "106")]
    pub(crate) recorded_occurred_at: Option<Timestamp>,
    /// How many of the contact's versions say what was found in it, and amend nothing.
    #[prost(uint64, tag = "107")]
    pub(crate) analyses: u64,
    /// How often it was said what the contact's root cause was.
    #[prost(uint64, tag = "108")]
    pub(crate) root_causes: u64,
    /// The promises that were made in the contact after it was recorded, by their ids.
    #[prost(string, repeated, tag = "140")]
    pub(crate) made_later: Vec<String>,
}

impl StoredEntry {
    /// The customer's id; none where the customer isn't identified.
    pub(crate) fn customer_id(&self) -> Option<&str> {
        let customer = self.interaction.as_ref()?.customer.as_ref()?;
        Some(&*customer.customer_id).filter(|id| !id.is_empty())
    }

    /// The contact's id; empty for what isn't a contact.
    pub(crate) fn interaction_id(&self) -> &str {
        let interaction = self.interaction.as_ref();
        interaction.map_or("", |contact| &contact.interaction_id)
    }

    /// Whether it is a contact that was recorded, and not one of which only telephony told: that has no version.
    pub(crate) fn is_recorded(&self) -> bool {
        let interaction = self.interaction.as_ref();
        interaction.is_some_and(|contact| contact.version > 0)
    }

    /// Whose contact it is, by the key that it was recorded under.
    pub(crate) fn whose(&self, tenant_id: &str) -> u64 {
        if let Some(recorded_as) = self.recorded_as {
            return recorded_as;
        }
        let customer_id = self.customer_id().unwrap_or_default();
        whose(&contact_key(tenant_id, customer_id, self.interaction_id()))
    }

    /// Whether it lies within somebody's scope: the contact, or the promise of which something became.
    pub(crate) fn is_within(&self, scope: &Scope) -> bool {
        let contact = self.interaction.iter().flat_map(parties::of_contact);
        let change = self.commitment_change.iter();
        let promise = change.filter_map(|change| change.commitment.as_ref());
        scope.admits(contact.chain(promise.flat_map(parties::of_promise)))
    }

    /// Whether another system knows the contact by this name.
    pub(crate) fn is_referred_to_by(&self, name: &ExternalRef) -> bool {
        let interaction = self.interaction.as_ref();
        interaction.and_then(|contact| contact.external_ref.as_ref()) == Some(name)
    }

    /// Whether it was recorded before `other`; which of the two is read first does not matter.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        let order = |entry: &Self| {
            let contact = entry.interaction.as_ref();
            let recorded_at = contact.and_then(|contact| contact.recorded_at.as_ref());
            (recorded_at.map(microseconds), entry.seq)
        };
        order(self) < order(other)
    }

    /// The envelope of the contact's first record, as far as its promises follow from it.
    pub(crate) fn record(&self) -> Event {
        let interaction = self.interaction.as_ref();
        let import_batch = if self.imported { "import" } else { "" };
        Event {
            sequence: 1,
            occurred_at: self.recorded_occurred_at.or(self.occurred_at),
            recorded_at: interaction.and_then(|interaction| interaction.recorded_at),
            actor_id: self.recorded_by.clone(),
            customer_id: self.customer_id().unwrap_or_default().to_owned(),
            import_batch: import_batch.to_owned(),
            ..Event::default()
        }
    }

    /// When it happened, in microseconds since the Unix epoch.
    pub(crate) fn occurred_at_us(&self) -> i64 {
        self.occurred_at.as_ref().map_or(0, microseconds)
    }
}

/// Microseconds since the Unix epoch, rounded down. Instants that no clock shows end at the last
/// that can be represented.
pub(crate) fn microseconds(at: &Timestamp) -> i64 {
    at.seconds
        .saturating_mul(1_000_000)
        .saturating_add(i64::from(at.nanos / 1_000))
}

/// Whether an entry only says where another one stands.
pub(crate) fn is_elsewhere(stored: &[u8]) -> bool {
    let key = decode_key(&mut &stored[..]);
    key.is_ok_and(|(tag, _)| tag >= OWN_TAG_MIN)
}

/// An answer's entry, marked as of one of several customers.
pub(crate) fn ambiguous(answered: &Bytes) -> Bytes {
    [answered, &AMBIGUOUS[..]].concat().into()
}

/// An entry as it is answered: an encoded [`TimelineEntry`].
///
/// [`TimelineEntry`]: aftercall_proto::history::v1::TimelineEntry
pub(crate) fn answered(stored: &Bytes) -> Result<Bytes, prost::DecodeError> {
    let mut rest = &stored[..];
    // Fields are encoded in the order of their numbers, so ours stand together at the end.
    loop {
        let before = rest.len();
        if before == 0 {
            return Ok(stored.clone());
        }
        let (tag, wire_type) = decode_key(&mut rest)?;
        if tag >= OWN_TAG_MIN {
            return Ok(stored.slice(..stored.len() - before));
        }
        skip_field(wire_type, tag, &mut rest, DecodeContext::default())?;
    }
}

#[cfg(test)]
mod tests {
    use aftercall_proto::history::v1::{TimelineEntry, timeline_entry::What};

    use super::*;

    #[test]
    fn what_is_answered_is_the_public_part() {
        let interaction = Interaction {
            interaction_id: "contact".to_owned(),
            ..Interaction::default()
        };
        let occurred_at = Some(Timestamp {
            seconds: 7,
            nanos: 1,
        });
        let stored = StoredEntry {
            occurred_at,
            interaction: Some(interaction.clone()),
            commitment_change: None,
            seq: 3,
            imported: true,
            recorded_by: "crm".to_owned(),
            ..StoredEntry::default()
        };
        let mut entry = TimelineEntry {
            occurred_at,
            what: Some(What::Interaction(interaction)),
            ambiguous: false,
        };
        let answer = answered(&stored.encode_to_vec().into()).unwrap();
        assert_eq!(answer, entry.encode_to_vec());
        entry.ambiguous = true;
        assert_eq!(ambiguous(&answer), entry.encode_to_vec());
        assert_eq!(answered(&answer).unwrap(), answer);
        let elsewhere = StoredEntry {
            home: Bytes::from_static(b"key"),
            ..StoredEntry::default()
        };
        assert!(is_elsewhere(&elsewhere.encode_to_vec()) && !is_elsewhere(&answer));
        let torn = stored.encode_to_vec();
        answered(&Bytes::from(torn[..5].to_vec())).unwrap_err();
    }
}
