//! Lists of promises: by due, in pages.
//!
//! Every filter is served by one index that is ordered by due: the customer's, the owner's or the
//! tenant's, each apart for each lifecycle. What an index doesn't know is looked up in the promise.
//! A page looks at no more than [`EXAMINED_MAX`] promises of each lifecycle; if that isn't enough
//! to fill it, it is short, and its token goes on from there.

mod filter;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aftercall_domain::commitment::Lifecycle;
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::followups::v1::{ListCommitmentsRequest, ListCommitmentsResponse};
use aftercall_proto::model::v1::Commitment as WireCommitment;
use aftercall_service::{Call, Including, Page, Paging, Unread};
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Store, TokenError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::stored;
use filter::Filter;

/// The most promises of one lifecycle that one page looks at.
const EXAMINED_MAX: usize = 1_000;

/// A promise's place in every list: its due in microseconds, its id, and whose it is.
type Place = (i64, String, u64);

/// A page of the list, and where the next one begins.
#[derive(Debug, Default)]
struct Found {
    commitments: BTreeMap<Place, WireCommitment>,
    next_after: Option<Place>,
}

/// Answers `call`.
pub(crate) async fn list(
    followups: &Followups,
    call: Call<ListCommitmentsRequest>,
) -> Result<ListCommitmentsResponse, Refused> {
    let until = call.read_until();
    let tenant_id = call.tenant_id().to_owned();
    let bound = bound_to_pages(&call.message);
    let (page_token, min_position) = (
        call.message.page_token.clone(),
        call.message.min_position.clone(),
    );
    let (filter, count_max) = Filter::new(tenant_id.clone(), call.message)?;
    let reading = followups.reading();
    let log = reading.log_id();
    let query: [&[u8]; 3] = [b"commitments", tenant_id.as_bytes(), &bound];
    let paging = Paging::asked(log, &query, count_max, &page_token)?;
    let after = paging.after().map(|payload| place(payload)).transpose()?;
    let including = Including {
        min_position: &min_position,
        latest: false,
    };
    let through = paging.reach(reading, including, until).await?;
    let now = followups.clock().now();
    let read = move |store: &Store| page(store, &filter, after, now, count_max);
    let Found {
        commitments,
        next_after,
    } = reading.run(read).await?;
    Ok(ListCommitmentsResponse {
        commitments: commitments.into_values().collect(),
        next_page_token: paging.token(log, &through, next_after.as_ref().map(payload)),
        complete_through: through.encode(log),
    })
}

/// What must stay the same from page to page.
fn bound_to_pages(request: &ListCommitmentsRequest) -> Vec<u8> {
    let filters = ListCommitmentsRequest {
        page_size: 0,
        page_token: String::new(),
        min_position: String::new(),
        ..request.clone()
    };
    filters.encode_to_vec()
}

fn payload((due_us, commitment_id, whose): &Place) -> Bytes {
    let mut payload = due_us.to_be_bytes().to_vec();
    payload.extend_from_slice(&whose.to_be_bytes());
    payload.extend_from_slice(commitment_id.as_bytes());
    payload.into()
}

fn place(payload: &[u8]) -> Result<Place, Refused> {
    let malformed = || Unread::PageToken(TokenError::Malformed);
    let (due_us, rest) = payload.split_first_chunk().ok_or_else(malformed)?;
    let (whose, commitment_id) = rest.split_first_chunk().ok_or_else(malformed)?;
    let commitment_id = str::from_utf8(commitment_id).map_err(|_| malformed())?;
    Ok((
        i64::from_be_bytes(*due_us),
        commitment_id.to_owned(),
        u64::from_be_bytes(*whose),
    ))
}

/// At most `count_max` promises after `after`.
///
/// The lists are read one after the other, the open promises first: a promise that is closed
/// meanwhile is met twice and counts once, and none is missed, because none is ever opened again.
fn page(
    store: &Store,
    filter: &Filter,
    after: Option<Place>,
    now: Timestamp,
    count_max: usize,
) -> Result<Found, Refused> {
    let mut commitments = BTreeMap::new();
    let mut looked_through: Option<Place> = None;
    for lifecycle in filter.lifecycles() {
        let part = part(store, filter, lifecycle, after.as_ref(), (now, count_max))?;
        commitments.extend(part.commitments);
        looked_through = match (looked_through, part.next_after) {
            (Some(first), Some(second)) => Some(first.min(second)),
            (first, second) => first.or(second),
        };
    }
    if let Some(end) = &looked_through {
        commitments.retain(|place, _| place <= end);
    }
    let next_after = match last_that_fits(&commitments, count_max) {
        Some(last) => {
            commitments.retain(|place, _| *place <= last);
            Some(last)
        }
        None => looked_through,
    };
    Ok(Found {
        commitments,
        next_after,
    })
}

/// The last promise of the page, if not all of them fit.
fn last_that_fits(
    commitments: &BTreeMap<Place, WireCommitment>,
    count_max: usize,
) -> Option<Place> {
    let mut page = Page::new(count_max);
    for (place, commitment) in commitments {
        if page.is_full() {
            return page.into_items().pop();
        }
        page.add(place.clone(), commitment.encoded_len());
    }
    None
}

/// The promises of one lifecycle: at most one more than `count_max`, and how far was looked.
fn part(
    store: &Store,
    filter: &Filter,
    lifecycle: Lifecycle,
    after: Option<&Place>,
    (now, count_max): (Timestamp, usize),
) -> Result<Found, ApplyError> {
    let list = filter.scope.list(&filter.tenant_id, lifecycle);
    let from = match after {
        None => Vec::from(list.clone().time(filter.due_from_us())),
        Some((due_us, commitment_id, whose)) => {
            let place = list.clone().time(*due_us).text(commitment_id).u64(*whose);
            let mut after = Vec::from(place);
            after.push(0);
            after
        }
    };
    let to = match filter.due_before_us() {
        Some(due_us) => Some(Vec::from(list.clone().time(due_us))),
        None => prefix_end(&list),
    };
    let mut part = Found::default();
    for (examined, entry) in store
        .scan_range(from, to.as_deref(), Direction::Ascending)
        .enumerate()
    {
        if examined == EXAMINED_MAX || part.commitments.len() > count_max {
            return Ok(part);
        }
        let (key, _) = entry?;
        let place = place_of(&key[list.len()..])?;
        part.next_after = Some(place.clone());
        let found = stored::commitment(&filter.tenant_id, &place.1, place.2, |key| store.get(key))?;
        // A promise that moved meanwhile stands elsewhere now.
        let there = found.filter(|found| microseconds(found.promised_by) == place.0);
        if let Some(commitment) = there.filter(|found| filter.admits(found, now)) {
            part.commitments.insert(place, to_wire(commitment, now));
        }
    }
    part.next_after = None;
    Ok(part)
}

/// The place that the end of a list's key says.
fn place_of(end: &[u8]) -> Result<Place, ApplyError> {
    let mut parts = Parts::new(end);
    let due_us = parts.time().map_err(ApplyError::record)?;
    let commitment_id = parts.text().map_err(ApplyError::record)?;
    Ok((
        due_us,
        commitment_id,
        parts.u64().map_err(ApplyError::record)?,
    ))
}
