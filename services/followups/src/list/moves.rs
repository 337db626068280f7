//! The moves of a promise's due, the latest first.

use aftercall_domain::CommitmentId;
use aftercall_proto::followups::v1::{ListReschedulesRequest, ListReschedulesResponse};
use aftercall_proto::model::v1::Reschedule;
use aftercall_service::{Call, Checker, Including, Paging, Unread};
use aftercall_view::{ApplyError, Direction, Store, TokenError};
use bytes::Bytes;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::limits::PAGE;
use crate::{keys, stored};

/// Answers `call`.
pub(crate) async fn list(
    followups: &Followups,
    call: Call<ListReschedulesRequest>,
) -> Result<ListReschedulesResponse, Refused> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("commitment_id", &message.commitment_id);
    let size = checker.count("page_size", message.page_size, PAGE);
    checker.done(())?;
    let id = CommitmentId::read(&message.commitment_id);
    let reading = followups.reading();
    let log = reading.log_identity();
    let scope = call.scope();
    let query: [&[u8]; 4] = [
        b"reschedules",
        call.tenant_id().as_bytes(),
        &scope.fingerprint(),
        id.as_str().as_bytes(),
    ];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let below = below(&paging)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = paging.reach(reading, including, call.read_until()).await?;
    let read = move |store: &Store| {
        let tenant_id = call.tenant_id();
        let found = stored::meant(store, (tenant_id, &scope), &id)?;
        let (promise, whose) = found.ok_or(Refused::NotFound)?;
        let from = keys::moves(tenant_id, id.as_str(), whose);
        let to = keys::moved(tenant_id, id.as_str(), whose, below);
        let moves = store.scan_range(from, Some(&*to), Direction::Descending);
        let moves = moves.map(|entry| {
            let moved = Reschedule::decode(entry?.1).map_err(ApplyError::record)?;
            let place = Bytes::copy_from_slice(&moved.number.to_be_bytes());
            Ok::<_, Refused>((place, moved))
        });
        let (reschedules, next) = paging.fill(moves)?;
        Ok::<_, Refused>(ListReschedulesResponse {
            reschedules,
            next_page_token: paging.token(&log, &through.positions, next),
            total_size: promise.moves.into(),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(read).await
}

/// The number below which those of the page's moves lie. A move never changes, and later ones stand before
/// those of any page, so pages hold together.
fn below(paging: &Paging) -> Result<u32, Unread> {
    let Some(after) = paging.after() else {
        return Ok(u32::MAX);
    };
    let number = after[..].try_into().map(u32::from_be_bytes);
    number.map_err(|_| Unread::PageToken(TokenError::Malformed))
}
