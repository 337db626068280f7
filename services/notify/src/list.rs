//! Reading webhooks: one, all of a tenant, what one was told of.

use aftercall_proto::event::v1::WebhookChanged;
use aftercall_proto::model::v1::{Webhook, WebhookDelivery, WebhookDeliveryState as State};
use aftercall_proto::notify::v1::{
    GetWebhookRequest, GetWebhookResponse, ListWebhookDeliveriesRequest,
    ListWebhookDeliveriesResponse, ListWebhooksRequest, ListWebhooksResponse,
};
use aftercall_service::{Call, Checker, Counts, Including, Paging, Unread};
use aftercall_view::{ApplyError, Direction, Store, TokenError};
use bytes::Bytes;
use prost::Message;

use crate::failure::Error;
use crate::keys;
use crate::notify::Shared;
use crate::rows::{self, Row};

/// How many webhooks or deliveries a page has.
const PAGE: Counts = Counts {
    usual: 50,
    max: 500,
};

/// One webhook, and how far it is.
pub(crate) async fn get(
    shared: &Shared,
    call: Call<GetWebhookRequest>,
) -> Result<GetWebhookResponse, Error> {
    let mut checker = Checker::new();
    checker.required_id("webhook_id", &call.message.webhook_id);
    checker.done(())?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let reading = &shared.reading;
    let through = reading.store_at(including, call.read_until()).await?;
    let read = move |store: &Store| {
        let (tenant_id, id) = (call.tenant_id(), &call.message.webhook_id);
        let found = rows::webhook(tenant_id, id, |key| store.get(key))?;
        let found = found.ok_or(Error::NotFound)?;
        let standing = rows::standing(tenant_id, id, |key| store.get(key))?;
        Ok::<_, Error>((found.webhook, standing.progress()))
    };
    let (webhook, progress) = reading.run(read).await?;
    Ok(GetWebhookResponse {
        webhook,
        progress: Some(progress),
        complete_through: through.position(reading.log_identity()),
        complete_through_at: through.time(),
    })
}

/// A page of a tenant's webhooks.
pub(crate) async fn list(
    shared: &Shared,
    call: Call<ListWebhooksRequest>,
) -> Result<ListWebhooksResponse, Error> {
    let (reading, message) = (&shared.reading, &call.message);
    let log = reading.log_identity();
    let mut checker = Checker::new();
    let size = checker.count("page_size", message.page_size, PAGE);
    checker.done(())?;
    let query: [&[u8]; 2] = [b"webhooks", call.tenant_id().as_bytes()];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = paging.reach(reading, including, call.read_until()).await?;
    let read = move |store: &Store| {
        let all = keys::webhooks_of(call.tenant_id());
        let from = paging.after().map_or_else(|| all.to_vec(), after);
        let end = aftercall_view::key::prefix_end(&all);
        let scan = store.scan_range(from, end.as_deref(), Direction::Ascending);
        let found = scan.map(|entry| {
            let (key, value) = entry?;
            let changed = WebhookChanged::decode(value).map_err(ApplyError::record)?;
            Ok::<(Bytes, Webhook), ApplyError>((key, changed.webhook.unwrap_or_default()))
        });
        let (webhooks, next) = paging.fill(found)?;
        Ok::<_, Error>(ListWebhooksResponse {
            webhooks,
            next_page_token: paging.token(&log, &through.positions, next),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(read).await
}

/// A page of deliveries, the latest first.
pub(crate) async fn deliveries(
    shared: &Shared,
    call: Call<ListWebhookDeliveriesRequest>,
) -> Result<ListWebhookDeliveriesResponse, Error> {
    let (reading, message) = (&shared.reading, &call.message);
    let log = reading.log_identity();
    let mut checker = Checker::new();
    checker.required_id("webhook_id", &message.webhook_id);
    let state: Option<State> = checker.known("state", message.state);
    let size = checker.count("page_size", message.page_size, PAGE);
    checker.done(())?;
    let query: [&[u8]; 4] = [
        b"webhook deliveries",
        call.tenant_id().as_bytes(),
        message.webhook_id.as_bytes(),
        &message.state.to_be_bytes(),
    ];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let below = below(&paging)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = paging.reach(reading, including, call.read_until()).await?;
    let read = move |store: &Store| {
        let (tenant_id, id) = (call.tenant_id(), &*call.message.webhook_id);
        if store.get(keys::webhook(tenant_id, id))?.is_none() {
            return Err(Error::NotFound);
        }
        let found = in_state(store, (tenant_id, id), state.unwrap_or_default(), below);
        let (deliveries, next) = paging.fill(found)?;
        Ok(ListWebhookDeliveriesResponse {
            deliveries,
            next_page_token: paging.token(&log, &through.positions, next),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(read).await
}

/// Deliveries in a state, or in any, from the latest one below a number; each with its place in the list.
fn in_state<'s>(
    store: &'s Store,
    (tenant_id, webhook_id): (&'s str, &'s str),
    state: State,
    below: u64,
) -> impl Iterator<Item = Result<(Bytes, WebhookDelivery), ApplyError>> + 's {
    let all = match state {
        State::Unspecified => keys::deliveries(tenant_id, webhook_id),
        state => keys::in_state(tenant_id, webhook_id, state),
    };
    let to = all.clone().u64(below);
    let scan = store.scan_range(all, Some(&*to), Direction::Descending);
    scan.filter_map(move |entry| {
        let read = || {
            let sequence = keys::sequence_of(&entry?.0).map_err(ApplyError::record)?;
            let row = rows::delivery(tenant_id, webhook_id, sequence, |key| store.get(key))?;
            let delivery = row.and_then(|Row { delivery, .. }| delivery);
            // What changed while it was read may be elsewhere now.
            let is_there =
                |it: &WebhookDelivery| state == State::Unspecified || it.state() == state;
            let place = Bytes::copy_from_slice(&sequence.to_be_bytes());
            Ok(delivery.filter(is_there).map(|delivery| (place, delivery)))
        };
        read().transpose()
    })
}

/// The first key after one.
fn after(key: &Bytes) -> Vec<u8> {
    let mut after = key.to_vec();
    after.push(0);
    after
}

/// The number below which the page's deliveries lie.
fn below(paging: &Paging) -> Result<u64, Unread> {
    let Some(after) = paging.after() else {
        return Ok(u64::MAX);
    };
    let number = after[..].try_into().map(u64::from_be_bytes);
    number.map_err(|_| Unread::PageToken(TokenError::Malformed))
}
