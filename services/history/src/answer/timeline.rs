//! All that happened with a customer, the latest first.

use aftercall_proto::encoded::ListTimelineResponse;
use aftercall_proto::history::v1::ListTimelineRequest;
use aftercall_service::{Call, Checker, Including, Paging, Unread};
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{Direction, Positions, Store, TokenError};
use bytes::Bytes;

use crate::failure::Unanswered;
use crate::limits::ENTRIES;
use crate::{History, keys, stored};

/// The length of an entry's place in its customer's timeline: its time and its place in the log.
const PLACE_BYTES: usize = 16;

pub(crate) async fn list(
    history: &History,
    call: Call<ListTimelineRequest>,
) -> Result<ListTimelineResponse, Unanswered> {
    let ListTimelineRequest {
        customer_id,
        page_size,
        page_token,
        min_position,
    } = &call.message;
    let mut checker = Checker::new();
    checker.required_id("customer_id", customer_id);
    let size = checker.count("page_size", *page_size, ENTRIES);
    checker.done(())?;
    let (tenant_id, log) = (call.tenant_id(), history.log_id());
    let query: [&[u8]; 3] = [b"timeline", tenant_id.as_bytes(), customer_id.as_bytes()];
    let paging = Paging::asked(log, &query, size, page_token)?;
    if paging
        .after()
        .is_some_and(|after| after.len() != PLACE_BYTES)
    {
        return Err(Unread::PageToken(TokenError::Malformed).into());
    }
    let including = Including {
        min_position,
        latest: false,
    };
    let reading = history.reading();
    let through = paging.reach(reading, including, call.read_until()).await?;
    let timeline = Vec::from(keys::timeline(tenant_id, customer_id));
    let read = move |store: &Store| {
        let (entries, next) = read(store, &timeline, &paging, &through)?;
        Ok::<_, Unanswered>(ListTimelineResponse {
            entries,
            next_page_token: paging.token(log, &through, next),
            complete_through: through.encode(log),
        })
    };
    reading.run(read).await
}

/// The page's entries, and where it ends if there are more. What was recorded after the first page is
/// left out of all of them, so that together they are the timeline as it was then.
fn read(
    store: &Store,
    timeline: &[u8],
    paging: &Paging,
    complete_through: &Positions,
) -> Result<(Vec<Bytes>, Option<Bytes>), Unanswered> {
    let mut from = timeline.to_vec();
    if let Some(after) = paging.after() {
        from.extend_from_slice(after);
        // The first key after the last entry's.
        from.push(0);
    }
    let end = prefix_end(timeline);
    let (mut page, mut last) = (paging.page(), None);
    for stored in store.scan_range(from, end.as_deref(), Direction::Ascending) {
        let (key, value) = stored?;
        let place = key.slice(timeline.len().min(key.len())..);
        if !complete_through.covers(keys::position_of(seq(&place))) {
            continue;
        }
        if page.is_full() {
            return Ok((page.into_items(), last));
        }
        page.add(stored::answered(&value)?, value.len());
        last = Some(place);
    }
    Ok((page.into_items(), None))
}

/// The place in the log of an entry at `place` in its timeline.
fn seq(place: &[u8]) -> u64 {
    let mut parts = Parts::new(place);
    let seq = parts.time_descending().and_then(|_| parts.u64());
    // Every key of a timeline ends so; one that doesn't is after every position.
    seq.map_or(u64::MAX, |seq| !seq)
}
