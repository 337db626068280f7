//! How series of promises stand, noted beside the latest promise of each.

use aftercall_domain::commitment::{Commitment, Series};
use aftercall_ledger::Accepted;
use aftercall_proto::convert::time;
use aftercall_view::{ApplyError, Txn};
use pbjson_types::Timestamp;
use prost::Message;

use super::Promises;
use crate::{keys, stored};

/// A series.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SeriesRow {
    /// Its latest promise.
    #[prost(string, tag = "1")]
    pub(crate) latest_id: String,
    /// How many of its promises are open.
    #[prost(uint32, tag = "2")]
    open: u32,
    /// Whether no further one is made.
    #[prost(bool, tag = "3")]
    ended: bool,
    /// When one of as many as may be open ended last.
    #[prost(message, optional, tag = "4")]
    room_since: Option<Timestamp>,
}

impl Promises {
    /// A promise of a series is made or changes: the series is noted anew, and beside its latest promise how it stands.
    pub(super) fn place_in_series(
        &mut self,
        fact: &Accepted,
        before: Option<&Commitment>,
        after: &mut Commitment,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(series) = &mut after.series else {
            return Ok(());
        };
        let tenant_id = &fact.event.tenant_id;
        let key = keys::series(tenant_id, &series.occurrence.series_id, fact.whose);
        let row = txn
            .get(&*key)?
            .map(keys::decoded::<SeriesRow>)
            .transpose()?;
        let known = row.clone().unwrap_or_default();
        let was_open = before.is_some_and(Commitment::is_open);
        let is_open = after.lifecycle.is_open();
        let was_full = known.open >= series.recurrence.max_open;
        let id = &after.commitment_id;
        let mut now = SeriesRow {
            open: match (was_open, is_open) {
                (false, true) => known.open.saturating_add(1),
                (true, false) => known.open.saturating_sub(1),
                _ => known.open,
            },
            ended: known.ended || series.ended,
            latest_id: known.latest_id.clone(),
            room_since: match (was_open, is_open) {
                (true, false) if was_full => after.closed_at.map(time::to_wire),
                _ => known.room_since,
            },
        };
        if before.is_none() {
            now.latest_id.clone_from(id);
        }
        let is_latest = now.latest_id == *id;
        if is_latest {
            now.note_in(series);
        }
        if row.as_ref() == Some(&now) {
            return Ok(());
        }
        txn.put(key, now.encode_to_vec())?;
        let next_id = is_latest.then(|| id.clone());
        // The one that was the latest until now has a next one; else the latest is told how the series stands.
        if known.latest_id.is_empty() || known.latest_id == *id {
            return Ok(());
        }
        let latest =
            stored::commitment(tenant_id, &known.latest_id, fact.whose, |key| txn.get(key))?;
        let Some(latest) = latest else { return Ok(()) };
        let mut noted = latest.clone();
        if let Some(series) = &mut noted.series {
            match next_id {
                Some(_) => series.next_id = next_id,
                None => now.note_in(series),
            }
        }
        self.write(fact, Some(&latest), noted, txn)
    }
}

impl SeriesRow {
    /// Notes beside the latest promise how its series stands.
    fn note_in(&self, series: &mut Series) {
        (series.open, series.ended) = (self.open, self.ended);
        series.room_since = self.room_since.as_ref().and_then(time::from_wire);
    }
}
