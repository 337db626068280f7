//! All that happened with a customer, the latest first.

use aftercall_domain::Violations;
use aftercall_proto::encoded::ListTimelineResponse;
use aftercall_proto::history::v1::ListTimelineRequest;
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{Direction, PageToken, Positions, TokenError, fingerprint};
use bytes::Bytes;

use crate::failure::Unanswered;
use crate::history::Call;
use crate::limits::{ANSWER_BYTES_MAX, ENTRIES_MAX, ENTRIES_USUAL};
use crate::request::{page_size, required_id};
use crate::{History, keys, stored};

/// The length of an entry's place in its customer's timeline: its time and its place in the log.
const PLACE_BYTES: usize = 16;

pub(crate) async fn list(
    history: &History,
    call: Call<ListTimelineRequest>,
) -> Result<ListTimelineResponse, Unanswered> {
    let request = &call.request;
    let mut found = Violations::new();
    required_id("customer_id", &request.customer_id, &mut found);
    let size = (ENTRIES_USUAL, ENTRIES_MAX);
    let entries_max = page_size("page_size", request.page_size, size, &mut found);
    found.into_result(())?;
    let page = Page::asked(history, &call)?;
    if let Some(before) = &page.before {
        history
            .read_again_through(&before.complete_through, call.deadline)
            .await?;
    }
    let applied = history
        .read_through(&request.min_position, call.deadline)
        .await?;
    page.read(history, applied, entries_max)
}

/// Where a page begins.
struct Page {
    /// The customer's timeline.
    prefix: Vec<u8>,
    query: u64,
    /// The page before.
    before: Option<PageToken>,
}

impl Page {
    fn asked(history: &History, call: &Call<ListTimelineRequest>) -> Result<Self, Unanswered> {
        let ListTimelineRequest {
            customer_id,
            page_token,
            ..
        } = &call.request;
        let tenant_id = call.tenant_id();
        let query = fingerprint(&[b"timeline", tenant_id.as_bytes(), customer_id.as_bytes()]);
        let before = match page_token.as_str() {
            "" => None,
            token => Some(
                PageToken::decode(token, history.log_id(), query)
                    .and_then(|token| match token.payload.len() {
                        PLACE_BYTES => Ok(token),
                        _ => Err(TokenError::Malformed),
                    })
                    .map_err(Unanswered::PageToken)?,
            ),
        };
        Ok(Self {
            prefix: keys::timeline(tenant_id, customer_id).into(),
            query,
            before,
        })
    }

    /// Reads the page. What was recorded after the first page is left out of all of them, so that
    /// together they are the timeline as it was then.
    fn read(
        self,
        history: &History,
        applied: Positions,
        entries_max: usize,
    ) -> Result<ListTimelineResponse, Unanswered> {
        let mut from = self.prefix.clone();
        let complete_through = match &self.before {
            Some(before) => {
                from.extend_from_slice(&before.payload);
                // The first key after the last entry's.
                from.push(0);
                before.complete_through.clone()
            }
            None => applied,
        };
        let end = prefix_end(&self.prefix);
        let store = history.view().store();
        let mut entries = Vec::with_capacity(entries_max);
        let (mut last, mut next_page_token, mut bytes) = (Bytes::new(), String::new(), 0);
        for stored in store.scan_range(from, end.as_deref(), Direction::Ascending) {
            let (key, value) = stored?;
            let place = key.slice(self.prefix.len().min(key.len())..);
            if !complete_through.covers(keys::position_of(seq(&place))) {
                continue;
            }
            if entries.len() == entries_max || bytes > ANSWER_BYTES_MAX {
                let complete_through = complete_through.clone();
                let token = PageToken {
                    query: self.query,
                    complete_through,
                    payload: last,
                };
                next_page_token = token.encode(history.log_id());
                break;
            }
            bytes += value.len();
            entries.push(stored::answered(&value)?);
            last = place;
        }
        let complete_through = complete_through.encode(history.log_id());
        Ok(ListTimelineResponse {
            entries,
            next_page_token,
            complete_through,
        })
    }
}

/// The place in the log of an entry at `place` in its timeline.
fn seq(place: &[u8]) -> u64 {
    let mut parts = Parts::new(place);
    let seq = parts.time_descending().and_then(|_| parts.u64());
    // Every key of a timeline ends so; one that doesn't is after every position.
    seq.map_or(u64::MAX, |seq| !seq)
}
