//! A contact in short.

use std::collections::BTreeSet;

use aftercall_domain::interaction::{Direction, PartsShown};
use aftercall_domain::{Handle, Violations};
use aftercall_ledger::{Accepted, CallRow};
use aftercall_log::Position;
use aftercall_proto::convert::commitment::handles;
use aftercall_proto::convert::interaction;
use aftercall_proto::convert::parties::{self, PartiesRow};
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::envelope::contact_key;
use aftercall_proto::model::v1 as wire;
use aftercall_view::key::{Key, whose};
use aftercall_view::{ApplyError, StoreError};
use bytes::Bytes;
use jiff::SignedDuration;
use prost::Message;

use super::Cause;
use crate::keys::calls::CALLS;
use crate::keys::matched::Following;
use crate::keys::{contacts, recovery};

/// A contact: its tenant, id and whose it is.
pub(in crate::projection) type Id<'a> = (&'a str, &'a str, u64);

/// A contact in short.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Short {
    /// Whose it is now; empty for nobody's.
    #[prost(string, tag = "1")]
    pub(crate) customer_id: String,
    /// The log key that it was recorded under, and under which stands what is said of it.
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) log_key: Bytes,
    #[prost(sint64, tag = "3")]
    pub(crate) began_at_us: i64,
    #[prost(enumeration = "wire::Direction", tag = "4")]
    direction: i32,
    #[prost(enumeration = "wire::Channel", tag = "5")]
    pub(crate) channel: i32,
    #[prost(string, tag = "6")]
    pub(crate) agent_id: String,
    #[prost(string, tag = "7")]
    pub(crate) team_id: String,
    /// The main reason.
    #[prost(string, tag = "8")]
    pub(crate) reason_code: String,
    #[prost(sint64, optional, tag = "9")]
    pub(super) ended_at_us: Option<i64>,
    #[prost(message, optional, tag = "10")]
    parties: Option<PartiesRow>,
    #[prost(uint32, tag = "11")]
    partition: u32,
    #[prost(uint64, tag = "12")]
    offset: u64,
    /// What caused it, if the log says it of the customer whose it is.
    #[prost(message, optional, tag = "13")]
    pub(crate) cause: Option<Cause>,
    /// How often the log said what caused it.
    #[prost(uint64, tag = "14")]
    pub(crate) times_said: u64,
    /// If it was cut off: by which record that is known.
    #[prost(message, optional, tag = "15")]
    pub(crate) dropped: Option<Dropped>,
    /// Whether it says itself which promises it follows up.
    #[prost(bool, tag = "16")]
    says_itself: bool,
    /// The names under which somebody reached out.
    #[prost(message, repeated, tag = "17")]
    handles: Vec<wire::Handle>,
    /// What its parts tell, where they were amended.
    #[prost(message, optional, tag = "30")]
    pub(crate) amended_parts: Option<Parts>,
}

/// What the parts of a contact tell.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Parts {
    /// Whether a voicemail is one of them.
    #[prost(bool, tag = "1")]
    has_voicemail: bool,
    /// How long the customer was talked to; none if that does not follow from them.
    #[prost(sint64, optional, tag = "2")]
    talk_us: Option<i64>,
    /// Until when an agent worked after it.
    #[prost(sint64, optional, tag = "3")]
    pub(crate) worked_until_us: Option<i64>,
    /// Whether an agent's part was answered.
    #[prost(bool, tag = "4")]
    is_answered: bool,
}

impl Parts {
    /// Those with which a contact was amended.
    pub(super) fn of(values: &wire::Interaction) -> Self {
        // What is odd about them was refused before they were recorded.
        let contact = interaction::read(values.clone(), &mut Violations::new());
        let PartsShown {
            has_voicemail,
            is_answered,
            talk,
        } = contact.parts_shown();
        let segments = contact.segments.iter();
        let worked_until = segments.filter_map(|it| it.acw_ended_at).max();
        Self {
            has_voicemail,
            talk_us: talk.and_then(|talk| i64::try_from(talk.as_micros()).ok()),
            worked_until_us: worked_until.map(microseconds),
            is_answered,
        }
    }

    /// What they show of whether the customer was reached.
    pub(crate) fn shown(&self) -> PartsShown {
        PartsShown {
            has_voicemail: self.has_voicemail,
            is_answered: self.is_answered,
            talk: self.talk_us.map(SignedDuration::from_micros),
        }
    }
}

/// The record by which it is known that a contact was cut off.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Dropped {
    #[prost(uint64, tag = "1")]
    offset: u64,
    #[prost(sint64, tag = "2")]
    pub(crate) known_at_us: i64,
}

impl Dropped {
    /// The record at hand, if it says so.
    pub(super) fn by(fact: &Accepted, contact: &wire::Interaction) -> Option<Self> {
        let ended = contact.disconnect.as_ref()?;
        let is_drop = matches!(
            ended.drop_class(),
            wire::DropClass::Suspected | wire::DropClass::Confirmed
        );
        let known_at = fact.event.recorded_at.as_ref().and_then(from_wire);
        is_drop.then(|| Self {
            offset: fact.position.offset,
            known_at_us: known_at.map_or(0, microseconds),
        })
    }
}

impl Short {
    /// The contact; none of one that has nothing to do with promises: among ourselves, or imported.
    pub(super) fn of(fact: &Accepted, contact: &wire::Interaction) -> Option<Self> {
        let direction = contact.direction();
        let is_inbound = direction == wire::Direction::Inbound;
        let is_of_use = is_inbound || direction == wire::Direction::Outbound;
        let began_at = contact.occurred_at.as_ref().and_then(from_wire)?;
        if !is_of_use || !fact.event.import_batch.is_empty() {
            return None;
        }
        let parties: aftercall_domain::Parties = parties::of_contact(contact).collect();
        Some(Self {
            customer_id: fact.event.customer_id.clone(),
            log_key: fact.key.clone(),
            began_at_us: microseconds(began_at),
            direction: direction.into(),
            channel: contact.channel,
            agent_id: contact.agent_id.clone(),
            team_id: contact.team_id.clone(),
            reason_code: main_reason(contact),
            ended_at_us: ended_at(contact),
            parties: Some(parties.into()),
            partition: fact.position.partition,
            offset: fact.position.offset,
            cause: None,
            times_said: 0,
            dropped: Dropped::by(fact, contact),
            says_itself: !contact.follow_ups.is_empty(),
            handles: match &contact.customer {
                Some(customer) if is_inbound => named(&customer.handles),
                _ => Vec::new(),
            },
            amended_parts: None,
        })
    }

    /// A call, as telephony tells of it; none of one among ourselves, or of which it is not known when it began. Whoever
    /// does not say who reached out means the customer.
    pub(in crate::projection) fn of_call(tenant_id: &str, row: &CallRow) -> Option<Self> {
        let call = row.call()?;
        let direction = match call.direction() {
            wire::Direction::Internal => return None,
            wire::Direction::Outbound => wire::Direction::Outbound,
            wire::Direction::Inbound | wire::Direction::Unspecified => wire::Direction::Inbound,
        };
        let us = |at: &Option<pbjson_types::Timestamp>| {
            at.as_ref().and_then(from_wire).map(microseconds)
        };
        let Position { partition, offset } = row.position();
        Some(Self {
            customer_id: call.customer_id.clone(),
            log_key: contact_key(tenant_id, "", &call.interaction_id),
            began_at_us: us(&call.began_at)?,
            direction: direction.into(),
            channel: wire::Channel::Voice.into(),
            agent_id: call.agent_id.clone(),
            team_id: call.team_id.clone(),
            ended_at_us: us(&call.ended_at),
            partition,
            offset,
            dropped: row.lost().map(|lost| Dropped {
                offset: lost.offset,
                known_at_us: lost.known_at_us,
            }),
            says_itself: true,
            handles: match direction {
                wire::Direction::Inbound => named(&call.handles),
                _ => Vec::new(),
            },
            ..Self::default()
        })
    }

    /// What a store has of a contact: its record, or else what telephony tells of it as a call.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) fn find(
        id: Id<'_>,
        get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
    ) -> Result<Option<Self>, ApplyError> {
        let (tenant_id, interaction_id, whose) = id;
        match get(&contacts::contact(tenant_id, interaction_id, whose))? {
            Some(row) => Self::decode_row(row).map(Some),
            None => Self::find_call(id, get),
        }
    }

    /// The call alone, if whose it is means the call's own key.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) fn find_call(
        (tenant_id, interaction_id, of): Id<'_>,
        get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
    ) -> Result<Option<Self>, ApplyError> {
        // Most tenants have no calls.
        if get(&CALLS.any(tenant_id))?.is_none() || call_is_whose(tenant_id, interaction_id) != of {
            return Ok(None);
        }
        let row = CALLS.read(tenant_id, interaction_id, get)?;
        Ok(row.and_then(|row| Self::of_call(tenant_id, &row)))
    }

    pub(crate) fn decode_row(row: Bytes) -> Result<Self, ApplyError> {
        Self::decode(row).map_err(ApplyError::record)
    }

    pub(crate) fn parties(&self) -> impl Iterator<Item = aftercall_domain::Party<'_>> {
        self.parties.iter().flat_map(PartiesRow::iter)
    }

    /// The names under which the customer reached out.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        handles(&self.handles)
    }

    /// Where its record stands.
    pub(in crate::projection) const fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }

    /// Where it is put down that it was cut off, if it was.
    pub(in crate::projection) fn dropped_at(&self, id: Id<'_>) -> Option<Key> {
        let at = Position {
            partition: self.partition,
            offset: self.dropped?.offset,
        };
        Some(recovery::dropped(at, id))
    }

    /// Its place in each of the lists by the names under which the customer reached out.
    pub(in crate::projection) fn inbound_by(
        &self,
        (tenant_id, interaction_id, whose): Id<'_>,
        list: fn(&str, &str) -> Key,
    ) -> BTreeSet<Key> {
        if !self.is_inbound() {
            return BTreeSet::new();
        }
        let names = recovery::names(&self.handles()).into_iter();
        let lists = names.map(|name| list(tenant_id, &name));
        lists
            .map(|list| list.time(self.began_at_us).id(interaction_id).u64(whose))
            .collect()
    }

    /// When it was over; where nobody said that, when it began.
    pub(crate) fn over_at_us(&self) -> i64 {
        self.ended_at_us.unwrap_or(self.began_at_us)
    }

    pub(in crate::projection) fn is_inbound(&self) -> bool {
        self.direction() == wire::Direction::Inbound
    }

    /// How long it was, where that is known.
    pub(crate) fn length_us(&self) -> Option<i64> {
        let ended_at_us = self.ended_at_us?;
        ended_at_us
            .checked_sub(self.began_at_us)
            .filter(|length| *length >= 0)
    }

    /// Where it stands in its customer's list, if it is somebody's.
    pub(super) fn place(&self, (tenant_id, interaction_id, whose): Id<'_>) -> Option<Key> {
        let direction = match self.is_inbound() {
            true => Direction::Inbound,
            false => Direction::Outbound,
        };
        let list = contacts::contacts_of(tenant_id, &self.customer_id, direction);
        let place = list.time(self.began_at_us).id(interaction_id).u64(whose);
        let is_looked_for = self.is_inbound() || !self.says_itself;
        (is_looked_for && !self.customer_id.is_empty()).then_some(place)
    }

    /// The key under which it is undecided what caused it.
    pub(super) fn undecided(&self, (tenant_id, interaction_id, whose): Id<'_>) -> Key {
        Following::cause_of(tenant_id, interaction_id, whose).undecided(self.position())
    }
}

/// Whose a call is: that follows from the key under which it is told.
pub(in crate::projection) fn call_is_whose(tenant_id: &str, interaction_id: &str) -> u64 {
    whose(&contact_key(tenant_id, "", interaction_id))
}

pub(super) fn main_reason(contact: &wire::Interaction) -> String {
    let mut reasons = contact.contact_reasons.iter();
    let reason = reasons.find(|reason| reason.primary);
    reason.map_or_else(String::new, |reason| reason.code.clone())
}

pub(super) fn ended_at(contact: &wire::Interaction) -> Option<i64> {
    let ended_at = contact.ended_at.as_ref().and_then(from_wire);
    ended_at.map(microseconds)
}

/// The names of whoever reached out, as far as they are found by them.
fn named(handles: &[wire::Handle]) -> Vec<wire::Handle> {
    let handles = handles.iter().map(|handle| wire::Handle {
        display_form: String::new(),
        ..handle.clone()
    });
    handles.collect()
}
