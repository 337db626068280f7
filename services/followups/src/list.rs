//! Lists of promises: by due, in pages.
//!
//! A filter is served by indexes that are ordered by due: the customers', the owners' or the
//! tenant's, each apart for each lifecycle; of those that hold every match, the ones with the fewest
//! promises. Who does not read all of the tenant is served by the lists of the teams, sites and agents
//! whose promises they read. What an index doesn't know is looked up in the promise. A page looks at no more than
//! [`EXAMINED_MAX`] promises of each lifecycle; if that isn't enough to fill it, it is short, and its
//! token goes on from there.
//!
//! [`EXAMINED_MAX`]: crate::parts::EXAMINED_MAX

pub(crate) mod count;
mod filter;
pub(crate) mod moves;
mod scan;
pub(crate) mod tally;
#[cfg(test)]
pub(crate) mod tests;

use aftercall_domain::commitment::Commitment;
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::followups::v1::{ListCommitmentsRequest, ListCommitmentsResponse};
use aftercall_proto::model::v1::Commitment as WireCommitment;
use aftercall_service::{Call, Checker, Counting, Including, Paging, Total, Unread};
use aftercall_view::{ApplyError, Store, TokenError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::limits::PAGE;
use crate::merged::Merged;
use crate::parts::{Joined, Part};
use crate::stored;
pub(crate) use filter::Filter;
use scan::{narrowest, places};

/// A promise's place in every list: its due in microseconds, its id, and whose it is.
pub(crate) type Place = (i64, String, u64);

/// Answers `call`.
pub(crate) async fn list(
    followups: &Followups,
    call: Call<ListCommitmentsRequest>,
) -> Result<ListCommitmentsResponse, Refused> {
    let (until, tenant_id) = (call.read_until(), call.tenant_id().to_owned());
    let scope = call.scope();
    let ListCommitmentsRequest {
        filter,
        page_size,
        page_token,
        min_position,
        latest,
        include_total,
    } = call.message;
    let filter = filter.unwrap_or_default();
    let bound = filter.encode_to_vec();
    let now = followups.clock().now();
    let mut checker = Checker::new();
    let actor_id = call.principal.actor_id.clone();
    let asker = if filter.mine {
        actor_id.as_bytes()
    } else {
        &[]
    };
    let whose = (tenant_id.clone(), scope.clone(), &*actor_id);
    let filter = Filter::new(whose, filter, now, &mut checker);
    let count_max = checker.count("page_size", page_size, PAGE);
    checker.done(())?;
    let reading = followups.reading();
    let log = reading.log_identity();
    let query: [&[u8]; 5] = [
        b"commitments",
        tenant_id.as_bytes(),
        &scope.fingerprint(),
        asker,
        &bound,
    ];
    let paging = Paging::asked(&log, &query, count_max, &page_token)?;
    let after = paging.after().map(|payload| place(payload)).transpose()?;
    let including = Including {
        min_position: &min_position,
        latest,
    };
    let through = paging.reach(reading, including, until).await?;
    let read = move |store: &Store| {
        let filter = filter.with_merged(store).map_err(ApplyError::from)?;
        let total = include_total.then(|| count(store, &filter)).transpose()?;
        Ok::<_, Unread>((page(store, &filter, after, now, count_max)?, total))
    };
    let (page, total) = reading.run(read).await?;
    Ok(ListCommitmentsResponse {
        commitments: page.entries,
        next_page_token: paging.token(
            &log,
            &through.positions,
            page.next_after.as_ref().map(payload),
        ),
        complete_through: through.position(&log),
        complete_through_at: through.time(),
        total_size: total.map(|total| total.size),
        total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
    })
}

pub(crate) fn payload((due_us, commitment_id, whose): &Place) -> Bytes {
    let mut payload = due_us.to_be_bytes().to_vec();
    payload.extend_from_slice(&whose.to_be_bytes());
    payload.extend_from_slice(commitment_id.as_bytes());
    payload.into()
}

pub(crate) fn place(payload: &[u8]) -> Result<Place, Refused> {
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
fn page(
    store: &Store,
    filter: &Filter,
    after: Option<Place>,
    now: Timestamp,
    count_max: usize,
) -> Result<Joined<Place, WireCommitment>, ApplyError> {
    let lists = narrowest(store, filter, after.as_ref())?;
    let parts = filter.lifecycles().map(|lifecycle| {
        let places = places(store, filter, (&lists, lifecycle), after.as_ref());
        Part::read(places, count_max, |place| {
            let found = wanted(store, filter, place)?;
            Ok(found.map(|commitment| to_wire(commitment, now)))
        })
    });
    let parts = parts.collect::<Result<Vec<_>, ApplyError>>()?;
    Ok(Joined::of(parts, count_max))
}

/// The places after `after` of all promises that may be wanted, whatever became of them, by due.
pub(crate) fn all_places(
    store: &Store,
    filter: &Filter,
    after: Option<&Place>,
) -> Result<impl Iterator<Item = Result<Place, ApplyError>> + use<>, ApplyError> {
    let lists = narrowest(store, filter, after)?;
    let lifecycles = filter.lifecycles();
    let parts = lifecycles.map(|lifecycle| places(store, filter, (&lists, lifecycle), after));
    Ok(Merged::new(parts.collect::<Vec<_>>()))
}

/// How many promises there are.
fn count(store: &Store, filter: &Filter) -> Result<Total, ApplyError> {
    let lists = narrowest(store, filter, None)?;
    let mut counting = Counting::new();
    for lifecycle in filter.lifecycles() {
        let places = places(store, filter, (&lists, lifecycle), None);
        counting.part(places, |place| Ok(wanted(store, filter, place)?.is_some()))?;
    }
    Ok(counting.total())
}

/// The promise at a place, if the filter admits it.
pub(crate) fn wanted(
    store: &Store,
    filter: &Filter,
    place: &Place,
) -> Result<Option<Commitment>, ApplyError> {
    let (due_us, commitment_id, whose) = place;
    let found = stored::commitment(&filter.tenant_id, commitment_id, *whose, |key| {
        store.get(key)
    })?;
    // A promise that moved meanwhile stands elsewhere now.
    let there = found.filter(|found| microseconds(found.due_at()) == *due_us);
    Ok(there.filter(|found| filter.admits(found)))
}
