//! What should be looked at first: solutions by how much they are used, how often they fail, and since when nobody
//! has checked them.
//!
//! How urgent a solution is changes with the time, so no order that is stored holds. Solutions stand in the order of
//! what does not change with it, their weight; and as nothing gets more urgent after some years, whoever goes through
//! them in that order can stop as soon as no other one can be among the most urgent.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use aftercall_domain::solution::confidence::is_expired;
use aftercall_domain::solution::review::{AGE_DAYS_MAX, Demand};
use aftercall_log::LogIdentity;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::knowledge::v1::{ListReviewQueueRequest, ListReviewQueueResponse};
use aftercall_proto::model::v1::{Review, ReviewReason};
use aftercall_service::{Call, Checker, Paging, Through, Unread};
use aftercall_view::key::{Key, Parts};
use aftercall_view::{ApplyError, Direction, Store, TokenError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use super::{seen, standing};
use crate::duplicates;
use crate::failure::Error;
use crate::fold::standing::demand_of;
use crate::keys::evidence as keys;
use crate::limits::{PAGE, QUEUE_LOOKED_AT_MAX, QUEUE_MAX};
use crate::reader::Viewer;
use crate::records::timestamp;
use crate::stats::{self, Numbers};

/// The queue, as it was asked for.
#[derive(Debug)]
pub(super) struct Query {
    viewer: Viewer,
    /// When the first page was made: the order of all pages is that of then.
    now: Timestamp,
    after: Option<Place>,
    paging: Paging,
}

/// A place in the queue: the most urgent first.
type Place = (Reverse<u64>, String);

impl Query {
    /// Checks the request.
    pub(super) fn of(
        call: &Call<ListReviewQueueRequest>,
        log: &LogIdentity,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut checker = Checker::new();
        let size = checker.count("page_size", call.message.page_size, PAGE);
        checker.done(())?;
        let viewer = Viewer::of(call);
        let all = Vec::from(keys::all_demands(viewer.tenant_id()));
        let query: [&[u8]; 2] = [&all, &viewer.scope.fingerprint()];
        let paging = Paging::asked(log, &query, size, &call.message.page_token)?;
        let (now, after) = match paging.after() {
            None => (now, None),
            Some(token) => {
                let read = read_token(token).ok_or(Unread::PageToken(TokenError::Malformed))?;
                (read.0, Some(read.1))
            }
        };
        Ok(Self {
            viewer,
            now,
            after,
            paging,
        })
    }

    /// The page that is asked for.
    pub(super) const fn paging(&self) -> &Paging {
        &self.paging
    }
}

fn token(now: Timestamp, (priority, solution_id): &Place) -> Bytes {
    let key = Key::new(1).time(microseconds(now)).u64(priority.0);
    key.text(solution_id).into()
}

fn read_token(token: &[u8]) -> Option<(Timestamp, Place)> {
    let mut parts = Parts::new(token);
    parts.tag().ok()?;
    let now = Timestamp::from_microsecond(parts.time().ok()?).ok()?;
    let place = (Reverse(parts.u64().ok()?), parts.text().ok()?);
    parts.end().ok()?;
    Some((now, place))
}

/// A page of the queue.
pub(super) fn list(
    store: &Store,
    query: &Query,
    through: &Through,
    log: &LogIdentity,
) -> Result<ListReviewQueueResponse, Error> {
    let (viewer, paging) = (&query.viewer, &query.paging);
    let queue = queue(store, viewer.tenant_id(), query.now).map_err(Error::internal)?;
    let (mut page, mut last, mut more) = (paging.page(), None, false);
    for place in queue {
        if query.after.as_ref().is_some_and(|after| place <= *after) {
            continue;
        }
        let Ok((head, solution)) = seen(store, viewer, &place.1) else {
            continue;
        };
        let review = review(
            store,
            (viewer.tenant_id(), &place),
            &solution.title,
            query.now,
        );
        let mut review = review.map_err(Error::internal)?;
        review.solution_number = head.solution_number;
        review.duplicate_of_candidates = duplicates::find(store, viewer, &solution)?;
        let bytes = review.encoded_len();
        if !page.takes(bytes) {
            more = true;
            break;
        }
        page.add(review, bytes);
        last = Some(place);
    }
    let next = last.filter(|_| more).map(|last| token(query.now, &last));
    Ok(ListReviewQueueResponse {
        reviews: page.into_items(),
        next_page_token: paging.token(log, &through.positions, next),
        complete_through: through.position(log),
        complete_through_at: through.time(),
    })
}

/// The most urgent solutions of a tenant, at most [`QUEUE_MAX`].
fn queue(store: &Store, tenant_id: &str, now: Timestamp) -> Result<BTreeSet<Place>, ApplyError> {
    let mut queue: BTreeSet<Place> = BTreeSet::new();
    let mut looked_at = 0;
    let all = keys::all_demands(tenant_id);
    for entry in store.scan_prefix(&all, Direction::Ascending) {
        let (key, verify_by) = entry?;
        let (weight, checked_at_us, solution_id) =
            keys::read_demand(&key).map_err(ApplyError::record)?;
        let least = queue.last().map_or(0, |(priority, _)| priority.0);
        let reach = weight.saturating_add(1).saturating_mul(AGE_DAYS_MAX);
        looked_at += 1;
        if (queue.len() >= QUEUE_MAX && reach < least) || looked_at > QUEUE_LOOKED_AT_MAX {
            break;
        }
        let verify_by_us = verify_by
            .as_ref()
            .try_into()
            .map_or(i64::MAX, i64::from_be_bytes);
        let priority = priority(weight, (checked_at_us, verify_by_us), now);
        enter(&mut queue, (Reverse(priority), solution_id));
    }
    // What is to be checked again by now, even if nobody uses it.
    let due = keys::all_due(tenant_id);
    let to = due.clone().time(microseconds(now));
    let overdue = store.scan_range(&due, Some(&*to), Direction::Ascending);
    for entry in overdue.take(QUEUE_MAX) {
        let solution_id = keys::read_due(&entry?.0).map_err(ApplyError::record)?;
        let standing = standing(store, tenant_id, &solution_id)?;
        let Some(weight) = standing.weight else {
            continue;
        };
        let times = (
            standing.checked_at_us,
            standing.verify_by_us.unwrap_or(i64::MAX),
        );
        enter(
            &mut queue,
            (Reverse(priority(weight, times, now)), solution_id),
        );
    }
    Ok(queue)
}

fn enter(queue: &mut BTreeSet<Place>, place: Place) {
    queue.insert(place);
    if queue.len() > QUEUE_MAX {
        queue.pop_last();
    }
}

fn priority(weight: u64, (checked_at_us, verify_by_us): (i64, i64), now: Timestamp) -> u64 {
    let at = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::MAX);
    let verify_by = Some(at(verify_by_us)).filter(|_| verify_by_us != i64::MAX);
    Demand::priority_of(weight, at(checked_at_us), verify_by, now)
}

/// A solution in the queue, and why it stands there.
fn review(
    store: &Store,
    (tenant_id, (priority, solution_id)): (&str, &Place),
    title: &str,
    now: Timestamp,
) -> Result<Review, ApplyError> {
    let standing = standing(store, tenant_id, solution_id)?;
    let solution = (tenant_id, solution_id.as_str());
    let numbers = Numbers::read(store, solution, now)?;
    let live = stats::version_uses(store, solution, standing.version)?;
    let demand = demand_of(&live, &standing);
    let verify_by = standing
        .verify_by_us
        .and_then(|us| Timestamp::from_microsecond(us).ok());
    let reasons = [
        (ReviewReason::Flagged, demand.open_flags > 0),
        (ReviewReason::Failing, demand.failures > 0),
        (ReviewReason::Due, is_expired(verify_by, now)),
        (ReviewReason::Rejected, demand.rejections > 0),
        (ReviewReason::Used, numbers.all.links > 0),
    ];
    let reasons = reasons.into_iter().filter(|(_, holds)| *holds);
    Ok(Review {
        solution_id: solution_id.clone(),
        version: standing.version,
        title: title.to_owned(),
        priority: priority.0,
        use_count: numbers.all.links,
        failure_count: demand.failures,
        rejected_count: demand.rejections,
        open_flag_count: demand.open_flags,
        checked_at: Some(timestamp(standing.checked_at_us)),
        verify_by: standing.verify_by_us.map(timestamp),
        reasons: reasons.map(|(reason, _)| reason.into()).collect(),
        ..Review::default()
    })
}
