//! With whom something went wrong, as records say it, and for whom it was raised that it was too much.
//!
//! Whether it is too much is not reckoned here: that would cost each record as much as a customer has past. What is
//! noted is whom to look at, and what was raised.

use aftercall_domain::alert::Subject;
use aftercall_domain::concern::{Change, Event as Step};
use aftercall_domain::measure::{DAY_MS, Facts, NO_GAP, REPEAT_DAYS, flag};
use aftercall_ledger::{Accepted, What};
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::model::v1 as wire;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use crate::keys;
use crate::row::Row;
use crate::slips::LONG_WAIT_MS;

/// How far a concern has come.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Raisings {
    /// How many events it has.
    #[prost(uint64, tag = "1")]
    pub(crate) version: u64,
    /// How many episodes.
    #[prost(uint32, tag = "2")]
    pub(crate) episodes: u32,
}

/// A window that was raised.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RaisedWindow {
    /// Until when it lasts, in microseconds since the Unix epoch.
    #[prost(sint64, tag = "1")]
    pub(crate) until_us: i64,
    /// When it was raised, by our clock, in microseconds since the Unix epoch.
    #[prost(sint64, tag = "2")]
    pub(crate) raised_at_us: i64,
    /// The concern and its episode.
    #[prost(string, tag = "3")]
    pub(crate) concern_id: String,
    #[prost(uint32, tag = "4")]
    pub(crate) episode_no: u32,
    /// What went wrong in it, as it was known then.
    #[prost(message, repeated, tag = "5")]
    pub(crate) slips: Vec<wire::SlipUpRef>,
}

/// A contact is among its customer's, or a call that nobody recorded: notes whom to look at if something went wrong in it, or
/// in one beside it, by what that is with it.
pub(super) fn contact(
    fact: &Accepted,
    customer_id: &str,
    (row, is_beside_wrong): (&Row, bool),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    match is_beside_wrong || is_slip(&row.facts) {
        true => stir(fact, customer_id, txn),
        false => Ok(()),
    }
}

/// Whether something went wrong in a contact, with those that it goes on with, or it makes the one after it a repeat.
pub(super) fn is_slip(facts: &Facts) -> bool {
    let waited = facts.queue_wait.saturating_add(facts.waited_before);
    facts.has(flag::DROPPED)
        || waited >= LONG_WAIT_MS
        || makes_repeat(facts.since_family)
        || makes_repeat(facts.until_family)
}

/// Whether two contacts about the same are so near that the later one is a repeat.
pub(super) const fn makes_repeat(gap: u32) -> bool {
    gap != NO_GAP && gap < REPEAT_DAYS.saturating_mul(DAY_MS)
}

/// Customers are one from now on, or two: what went wrong with both may be too much.
pub(super) fn merge(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    match &fact.what {
        What::Merged(merged) => {
            stir(fact, &merged.customer_id, txn)?;
            stir(fact, &merged.merged_customer_id, txn)
        }
        _ => Ok(()),
    }
}

/// Notes that a customer is to be looked at. What comes with an import of history is nobody's to save.
pub(super) fn stir(
    fact: &Accepted,
    customer_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    if customer_id.is_empty() || !event.import_batch.is_empty() {
        return Ok(());
    }
    let (tenant_id, at) = (&*event.tenant_id, fact.position);
    let last = keys::last_stirred(tenant_id, customer_id, at.partition);
    if let Some(before) = txn.get(&*last)? {
        txn.delete(before)?;
    }
    let recorded_at = event.recorded_at.as_ref().and_then(from_wire);
    let recorded_at_us = recorded_at.map_or(0, microseconds);
    let key = keys::stirred(at, tenant_id, customer_id);
    txn.put(last, key.to_vec())?;
    txn.put(key, recorded_at_us.to_be_bytes().to_vec())?;
    Ok(())
}

/// Something became of a concern: of those about customers it is noted what was raised.
pub(super) fn concern(fact: &Accepted, step: &Step, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let event = &fact.event;
    let key = keys::concern(&event.tenant_id, &event.aggregate_id);
    let before = txn.get(&*key)?.map(Raisings::decode).transpose();
    let before = before.map_err(ApplyError::record)?;
    let slips = match &step.change {
        Change::Raised(raised) => match &raised.subject {
            Subject::SlipUps(slips) => Some((slips, raised.episode_no)),
            Subject::Promise(_) | Subject::Signal(_) => None,
        },
        Change::Alert { .. } | Change::Resolved { .. } => None,
    };
    if before.is_none() && slips.is_none() {
        return Ok(());
    }
    let mut raisings = before.unwrap_or_default();
    raisings.version = event.sequence;
    if let Some((slips, episode_no)) = slips {
        raisings.episodes = raisings.episodes.max(episode_no);
        let from_us = slips.slips.first().map_or(0, |first| first.at_us);
        let window = keys::windows(&event.tenant_id, &slips.customer_id).time(from_us);
        let recorded_at = event.recorded_at.as_ref().and_then(from_wire);
        let raised = RaisedWindow {
            until_us: microseconds(slips.window_until),
            raised_at_us: recorded_at.map_or(0, microseconds),
            concern_id: event.aggregate_id.clone(),
            episode_no,
            slips: slips.slips.iter().cloned().map(Into::into).collect(),
        };
        txn.put(window, raised.encode_to_vec())?;
    }
    txn.put(key, raisings.encode_to_vec())?;
    Ok(())
}
