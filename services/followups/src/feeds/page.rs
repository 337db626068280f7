//! What an address is answered with.

use std::collections::BTreeMap;
use std::time::Duration;

use aftercall_domain::commitment::{Commitment, Lifecycle};
use aftercall_domain::limits::CALENDAR_FEED_PROMISES_MAX;
use aftercall_service::server::Page;
use aftercall_service::{Unread, chain};
use aftercall_view::key::{MalformedKey, Parts};
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;
use tokio::time::Instant;

use super::calendar::{self, Dated};
use super::rows;
use super::secret::Secret;
use crate::followups::Followups;
use crate::keys::ListOf;
use crate::parts::EXAMINED_MAX;
use crate::stored;

/// How long a calendar waits for a view that begins.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What iCalendar is as a media type.
const MEDIA_TYPE: &str = "text/calendar; charset=utf-8";

/// A promise's place in the list: its due in microseconds, its id, and whose it is.
type Place = (i64, String, u64);

/// The states in which a promise is to be kept.
const OPEN: [Lifecycle; 2] = [Lifecycle::Active, Lifecycle::Paused];

/// The calendar at a path. A path that is no feed's, or no more, is answered as one that never was.
pub(crate) async fn page(followups: &Followups, path: &str) -> Page {
    let Some(secret) = Secret::of_path(path) else {
        return Page::Nothing;
    };
    match read(followups, secret.sha256()).await {
        Ok(None) => Page::Nothing,
        Ok(Some(body)) => Page::Found {
            media_type: MEDIA_TYPE,
            body,
        },
        Err(error) => {
            tracing::debug!(error = %chain(&error), "a calendar can't be read");
            Page::NotNow
        }
    }
}

async fn read(followups: &Followups, secret_sha256: [u8; 32]) -> Result<Option<Bytes>, Unread> {
    let reading = followups.reading();
    reading.ready(Instant::now() + WAIT_MAX).await?;
    let read = move |store: &Store| {
        let found = rows::by_secret(store, &secret_sha256)?;
        let Some((tenant_id, changed)) = found else {
            return Ok(None);
        };
        let promises = open(store, &tenant_id, &changed)?;
        let feed = changed.feed.unwrap_or_default();
        Ok::<_, Unread>(Some(calendar::write(&tenant_id, &feed, &promises).into()))
    };
    reading.run(read).await
}

/// The open promises of a feed, those that are due first.
fn open(
    store: &Store,
    tenant_id: &str,
    changed: &aftercall_proto::event::v1::CalendarFeedChanged,
) -> Result<Vec<Dated>, ApplyError> {
    let agent_id = changed.feed.as_ref().map_or("", |feed| &feed.agent_id);
    let (list, scope) = (ListOf::Agent(agent_id.to_owned()), rows::scope(changed));
    let mut found: BTreeMap<Place, Commitment> = BTreeMap::new();
    for lifecycle in OPEN {
        let all = list.key(tenant_id, lifecycle);
        let shared = all.len();
        let scan = store.scan_prefix(all, Direction::Ascending);
        for entry in scan.take(EXAMINED_MAX) {
            let (key, _) = entry?;
            let mut parts = Parts::new(&key[shared..]);
            let mut place =
                || Ok::<Place, MalformedKey>((parts.time()?, parts.id()?, parts.u64()?));
            let place = place().map_err(ApplyError::record)?;
            let get = |key: &[u8]| store.get(key);
            let promise = stored::commitment(tenant_id, &place.1, place.2, get)?;
            // What changed while it was read may be elsewhere now.
            let promise = promise.filter(|it| it.lifecycle == lifecycle);
            if let Some(promise) = promise.filter(|it| scope.admits(it.parties())) {
                found.insert(place, promise);
            }
        }
    }
    let found = found.into_iter().take(CALENDAR_FEED_PROMISES_MAX);
    let dated = found.map(|((_, _, whose), promise)| Dated { promise, whose });
    Ok(dated.collect())
}
