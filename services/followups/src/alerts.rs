//! Lists of alerts: the latest first, in pages.

use aftercall_proto::followups::v1::{ListAlertsRequest, ListAlertsResponse};
use aftercall_proto::model::v1::{Alert, AlertState};
use aftercall_service::{Call, Checker, Including, Page, Paging};
use aftercall_view::key::{MalformedKey, Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::limits::PAGE;
use crate::{keys, stored};

/// An alert's place in its list: what follows the list's name in the key.
type Place = Bytes;

/// Answers `call`.
pub(crate) async fn list(
    followups: &Followups,
    call: Call<ListAlertsRequest>,
) -> Result<ListAlertsResponse, Refused> {
    let ListAlertsRequest {
        state,
        page_size,
        page_token,
        min_position,
    } = &call.message;
    let mut checker = Checker::new();
    let wanted = checker.known::<AlertState>("state", *state);
    let count_max = checker.count("page_size", *page_size, PAGE);
    let states = checker.done(states(wanted))?;
    let tenant_id = call.tenant_id().to_owned();
    let reading = followups.reading();
    let log = reading.log_id();
    let query: [&[u8]; 3] = [b"alerts", tenant_id.as_bytes(), &state.to_be_bytes()];
    let paging = Paging::asked(log, &query, count_max, page_token)?;
    let including = Including {
        min_position,
        latest: false,
    };
    let through = paging.reach(reading, including, call.read_until()).await?;
    let after = paging.after().cloned();
    let read = move |store: &Store| page(store, &tenant_id, states, after, count_max);
    let (alerts, next_after) = reading.run(read).await?;
    Ok(ListAlertsResponse {
        alerts,
        next_page_token: paging.token(log, &through, next_after),
        complete_through: through.encode(log),
    })
}

/// Which lists hold the alerts that are wanted: of the triggered, of the resolved. The triggered
/// come first, because an alert only ever moves from there to the resolved.
fn states(state: Option<AlertState>) -> &'static [bool] {
    match state {
        Some(AlertState::Triggered) => &[true],
        Some(AlertState::Resolved) => &[false],
        Some(AlertState::Unspecified) | None => &[true, false],
    }
}

/// At most `count_max` alerts after `after`, and where the next page begins.
fn page(
    store: &Store,
    tenant_id: &str,
    triggered: &[bool],
    after: Option<Place>,
    count_max: usize,
) -> Result<(Vec<Alert>, Option<Place>), Refused> {
    let mut places = Vec::new();
    for triggered in triggered {
        let list = keys::alert_list(tenant_id, *triggered);
        let from = match &after {
            None => list.to_vec(),
            Some(after) => [&list[..], after, &[0]].concat(),
        };
        let to = prefix_end(&list);
        let found = store.scan_range(from, to.as_deref(), Direction::Ascending);
        for entry in found.take(count_max.saturating_add(1)) {
            places.push(entry?.0.slice(list.len()..));
        }
    }
    places.sort_unstable();
    // One that was resolved between the two reads is in both lists.
    places.dedup();
    let (mut alerts, mut last) = (Page::new(count_max), None);
    for place in places {
        if alerts.is_full() {
            return Ok((alerts.into_items(), last));
        }
        if let Some(alert) = alert(store, tenant_id, &place)? {
            let bytes = alert.encoded_len();
            alerts.add(alert, bytes);
        }
        last = Some(place);
    }
    Ok((alerts.into_items(), None))
}

fn alert(store: &Store, tenant_id: &str, place: &[u8]) -> Result<Option<Alert>, Refused> {
    let (commitment_id, whose, episode_no) = subject(place).map_err(ApplyError::record)?;
    let found = store.get(keys::alert(tenant_id, &commitment_id, whose, episode_no))?;
    Ok(found.map(stored::decode_alert).transpose()?)
}

/// The promise, whose it is, and the episode that a place names.
fn subject(place: &[u8]) -> Result<(String, u64, u32), MalformedKey> {
    let mut parts = Parts::new(place);
    parts.time_descending()?;
    Ok((parts.text()?, parts.u64()?, parts.u32()?))
}
