//! Lists of alerts: the latest first, in pages.

use aftercall_proto::followups::v1::{ListAlertsRequest, ListAlertsResponse};
use aftercall_proto::model::v1::{Alert, AlertState};
use aftercall_view::key::{MalformedKey, Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, PageToken, Store, fingerprint};
use bytes::Bytes;

use crate::call::{Call, Checker};
use crate::failure::Refused;
use crate::followups::Followups;
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
    } = call.message;
    let tenant_id = call.principal.tenant_id.to_string();
    let query = fingerprint(&[b"alerts", tenant_id.as_bytes(), &state.to_be_bytes()]);
    let log = followups.log().id();
    let token = match page_token.as_str() {
        "" => None,
        token => Some(PageToken::decode(token, log, query).map_err(Refused::PageToken)?),
    };
    followups
        .includes("min_position", &min_position, call.deadline)
        .await?;
    let mut checker = Checker::default();
    let state = checker.choice::<AlertState, AlertState>("state", state);
    let count_max = checker.page_size(page_size);
    let states = checker.done(states(state))?;

    let (complete_through, after) = match token {
        None => (followups.view().applied(), None),
        Some(first) => {
            followups
                .wait_for("page_token", &first.complete_through, call.deadline)
                .await?;
            (first.complete_through, Some(first.payload))
        }
    };
    let page = followups.query(move |store| page(store, &tenant_id, states, after, count_max));
    let (alerts, next_after) = page.await?;
    let next_page_token = next_after.map(|payload| {
        let token = PageToken {
            query,
            complete_through: complete_through.clone(),
            payload,
        };
        token.encode(log)
    });
    Ok(ListAlertsResponse {
        alerts,
        next_page_token: next_page_token.unwrap_or_default(),
        complete_through: complete_through.encode(log),
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
    let more = places.len() > count_max;
    places.truncate(count_max);
    let next_after = places.last().filter(|_| more).cloned();
    let alerts = places.iter().map(|place| alert(store, tenant_id, place));
    let alerts: Vec<_> = alerts
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    Ok((alerts, next_after))
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
