//! Which feeds there are.

use aftercall_proto::event::v1::CalendarFeedChanged;
use aftercall_proto::followups::v1::{ListCalendarFeedsRequest, ListCalendarFeedsResponse};
use aftercall_service::{Call, Checker, Including, Paging};
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;
use prost::Message;

use super::rows::Asker;
use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys;
use crate::limits::PAGE;
use crate::parts::EXAMINED_MAX;

/// Which of a tenant's feeds are asked for.
struct Wanted {
    asker: Asker,
    agent_id: String,
    include_revoked: bool,
}

impl Wanted {
    fn admits(&self, changed: &CalendarFeedChanged) -> bool {
        let feed = changed.feed.as_ref();
        let is_wanted = feed.is_some_and(|feed| {
            let is_of = self.agent_id.is_empty() || feed.agent_id == self.agent_id;
            is_of && (self.include_revoked || feed.revoked_at.is_none())
        });
        is_wanted && self.asker.sees(changed)
    }
}

/// A page of feeds. It looks at no more than [`EXAMINED_MAX`] of them, and is short if that isn't enough.
pub(super) async fn list(
    followups: &Followups,
    call: Call<ListCalendarFeedsRequest>,
) -> Result<ListCalendarFeedsResponse, Refused> {
    let (reading, message) = (followups.reading(), &call.message);
    let log = reading.log_identity();
    let mut checker = Checker::new();
    checker.id("agent_id", &message.agent_id);
    let size = checker.count("page_size", message.page_size, PAGE);
    checker.done(())?;
    let scope = call.scope();
    let query: [&[u8]; 6] = [
        b"calendar feeds",
        call.tenant_id().as_bytes(),
        call.principal.actor_id.as_bytes(),
        &scope.fingerprint(),
        message.agent_id.as_bytes(),
        &[u8::from(message.include_revoked)],
    ];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = paging.reach(reading, including, call.read_until()).await?;
    let wanted = Wanted {
        agent_id: message.agent_id.clone(),
        include_revoked: message.include_revoked,
        asker: Asker {
            scope,
            principal: call.principal,
        },
    };
    let read = move |store: &Store| {
        let (feeds, next) = fill(store, &wanted, &paging)?;
        Ok::<_, Refused>(ListCalendarFeedsResponse {
            feeds,
            next_page_token: paging.token(&log, &through.positions, next),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(read).await
}

/// What is on the page, and where it ends if there may be more.
fn fill(
    store: &Store,
    wanted: &Wanted,
    paging: &Paging,
) -> Result<(Vec<aftercall_proto::model::v1::CalendarFeed>, Option<Bytes>), ApplyError> {
    let all = keys::feeds(&wanted.asker.principal.tenant_id);
    let end = aftercall_view::key::prefix_end(&all);
    let from = paging.after().map_or_else(|| all.to_vec(), after);
    let scan = store.scan_range(from, end.as_deref(), Direction::Ascending);
    let (mut page, mut last) = (paging.page(), None);
    for (examined, entry) in scan.enumerate() {
        let (key, value) = entry?;
        let changed = CalendarFeedChanged::decode(value).map_err(ApplyError::record)?;
        if examined == EXAMINED_MAX {
            return Ok((page.into_items(), last));
        }
        if wanted.admits(&changed) {
            let feed = changed.feed.unwrap_or_default();
            let bytes = feed.encoded_len();
            if !page.takes(bytes) {
                return Ok((page.into_items(), last));
            }
            page.add(feed, bytes);
        }
        last = Some(key);
    }
    Ok((page.into_items(), None))
}

/// The first key after one.
fn after(key: &Bytes) -> Vec<u8> {
    let mut after = key.to_vec();
    after.push(0);
    after
}
