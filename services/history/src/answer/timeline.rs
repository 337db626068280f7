//! All that happened with a customer, the latest first.

use aftercall_domain::Scope;
use aftercall_proto::encoded::ListTimelineResponse;
use aftercall_proto::history::v1::ListTimelineRequest;
use aftercall_service::{Call, Checker, Counting, Including, Paging, Total, Unread};
use aftercall_view::{Positions, Store, TokenError};
use bytes::Bytes;

use crate::as_of::Asked;
use crate::failure::Unanswered;
use crate::known::Known;
use crate::limits::{ENTRIES, EXAMINED_MAX};
use crate::request::Whose;
use crate::timelines::{PLACE_BYTES, Timelines};
use crate::{History, keys};

pub(crate) async fn list(
    history: &History,
    call: Call<ListTimelineRequest>,
) -> Result<ListTimelineResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    let whose = Whose::check(message.whose.clone(), &mut checker);
    let size = checker.count("page_size", message.page_size, ENTRIES);
    let now = history.clock().now();
    let asked = Asked::check(message.as_of.as_ref(), now, &mut checker);
    checker.done(())?;
    let (tenant_id, log) = (call.tenant_id(), history.log_identity());
    let scope = call.scope();
    let query: [&[u8]; 5] = [
        b"timeline",
        tenant_id.as_bytes(),
        &scope.fingerprint(),
        &whose.fingerprint(),
        &asked.fingerprint(),
    ];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    if paging
        .after()
        .is_some_and(|after| after.len() != PLACE_BYTES)
    {
        return Err(Unread::PageToken(TokenError::Malformed).into());
    }
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let reading = history.reading();
    let page = (&paging, including);
    let moment = history.moment_of_page(&asked, page, call.read_until());
    let moment = moment.await?;
    let read = move |store: &Store| {
        let (known, through) = (&moment.known(store), &moment.through);
        let customers = whose.customers(known, call.tenant_id())?;
        let timelines = || Timelines::of(call.tenant_id(), &whose, &customers);
        let total = call.message.include_total;
        let total = total
            .then(|| count(known, timelines(), (through, &scope)))
            .transpose()?;
        let (entries, next) = read(known, timelines(), &paging, (through, &scope))?;
        let (complete_through, complete_through_at) = moment.answered(&log);
        Ok::<_, Unanswered>(ListTimelineResponse {
            entries,
            next_page_token: paging.token(&log, through, next),
            complete_through,
            complete_through_at,
            total_size: total.map(|total| total.size),
            total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
        })
    };
    reading.run(read).await
}

/// The page's entries, and where it ends if there are more. What was recorded after the first page is
/// left out of all of them, so that together they are the timeline as it was then. A page looks at no more
/// than [`EXAMINED_MAX`] entries, and is short if too few of them lie within the scope.
fn read(
    known: &Known,
    timelines: Timelines,
    paging: &Paging,
    (complete_through, scope): (&Positions, &Scope),
) -> Result<(Vec<Bytes>, Option<Bytes>), Unanswered> {
    let (mut page, mut last, mut looked_at) = (paging.page(), None, None);
    let after = paging.after().map(|after| &**after);
    for (examined, row) in timelines.read(known, after).enumerate() {
        if examined == EXAMINED_MAX {
            return Ok((page.into_items(), looked_at));
        }
        let row = row?;
        looked_at = Some(row.place.clone());
        if !complete_through.covers(keys::position_of(row.seq())) {
            continue;
        }
        if let Some(entry) = row.answered(known, scope)? {
            let bytes = entry.len();
            if !page.takes(bytes) {
                return Ok((page.into_items(), last));
            }
            page.add(entry, bytes);
            // Where a page ends is the place of what is shown: what isn't has none for the caller.
            last = Some(row.place);
        }
    }
    Ok((page.into_items(), None))
}

/// How many entries there are.
fn count(
    known: &Known,
    timelines: Timelines,
    (complete_through, scope): (&Positions, &Scope),
) -> Result<Total, Unanswered> {
    let mut counting = Counting::new();
    let rows = timelines.read(known, None).map(|row| {
        let row = row?;
        let is_counted =
            complete_through.covers(keys::position_of(row.seq())) && row.is_within(known, scope)?;
        Ok::<_, Unanswered>((row.place, is_counted))
    });
    counting.part(rows, |(_, is_counted)| Ok(*is_counted))?;
    Ok(counting.total())
}
