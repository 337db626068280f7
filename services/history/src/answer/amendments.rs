//! What was changed in a contact's record, the latest first.

use aftercall_proto::history::v1::{Amendment, ListAmendmentsRequest, ListAmendmentsResponse};
use aftercall_service::{Call, Checker, Including, Paging, Unread};
use aftercall_view::{Direction, Store, TokenError};
use bytes::Bytes;
use prost::Message;

use super::interaction::named;
use crate::failure::Unanswered;
use crate::known::Known;
use crate::limits::{AMENDMENTS, AMENDMENTS_SHOWN_MAX};
use crate::request::name::Name;
use crate::stored::StoredEntry;
use crate::{History, keys};

pub(crate) async fn list(
    history: &History,
    call: Call<ListAmendmentsRequest>,
) -> Result<ListAmendmentsResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    let name = Name::check("", message.which.clone(), &mut checker);
    let size = checker.count("page_size", message.page_size, AMENDMENTS);
    let name = checker.done(name)?;
    let (tenant_id, log) = (call.tenant_id(), history.log_identity());
    let named_by = name.as_ref().map(Name::fingerprint).unwrap_or_default();
    let scope = call.scope();
    let seen = scope.fingerprint();
    let query: [&[u8]; 4] = [b"amendments", tenant_id.as_bytes(), &seen, &named_by];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let below = below(&paging)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let reading = history.reading();
    let through = paging.reach(reading, including, call.read_until()).await?;
    let read = move |store: &Store| {
        let known = Known::now(store);
        let entry = named(&known, (call.tenant_id(), &scope), name.as_ref())?;
        let amendments = read(store, call.tenant_id(), &entry, below);
        let (amendments, next) = page(amendments, &paging)?;
        Ok::<_, Unanswered>(ListAmendmentsResponse {
            amendments,
            next_page_token: paging.token(&log, &through.positions, next),
            total_size: count(&entry),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(read).await
}

/// The version below which the page's amendments lie. An amendment never changes, and later ones
/// stand before those of any page, so pages hold together.
fn below(paging: &Paging) -> Result<u64, Unread> {
    let Some(after) = paging.after() else {
        return Ok(u64::MAX);
    };
    let version = after[..].try_into().map(u64::from_be_bytes);
    version.map_err(|_| Unread::PageToken(TokenError::Malformed))
}

/// A page of `amendments`, and where it ends if there are more.
fn page(
    amendments: impl Iterator<Item = Result<Amendment, Unanswered>>,
    paging: &Paging,
) -> Result<(Vec<Amendment>, Option<Bytes>), Unanswered> {
    let (mut page, mut last) = (paging.page(), None);
    for amendment in amendments {
        let amendment = amendment?;
        let bytes = amendment.encoded_len();
        if !page.takes(bytes) {
            return Ok((page.into_items(), last));
        }
        last = Some(Bytes::copy_from_slice(&amendment.version.to_be_bytes()));
        page.add(amendment, bytes);
    }
    Ok((page.into_items(), None))
}

/// How many amendments a contact has: each makes a version, as each analysis does.
pub(super) fn count(entry: &StoredEntry) -> u64 {
    version(entry).saturating_sub(1 + entry.analyses)
}

fn version(entry: &StoredEntry) -> u64 {
    let interaction = entry.interaction.as_ref();
    interaction.map_or(0, |contact| contact.version)
}

/// A contact's latest amendments, as many as are shown with it, and within `bytes_max`: of those that made it what it is
/// in `entry`.
pub(super) fn latest(
    known: &Known,
    tenant_id: &str,
    entry: &StoredEntry,
    bytes_max: usize,
) -> Result<Vec<Amendment>, Unanswered> {
    let amendments = read(known.store(), tenant_id, entry, version(entry) + 1);
    let mut bytes = 0;
    let mut latest = Vec::new();
    for amendment in amendments.take(AMENDMENTS_SHOWN_MAX) {
        let amendment = amendment?;
        bytes += amendment.encoded_len();
        if bytes > bytes_max {
            break;
        }
        latest.push(amendment);
    }
    Ok(latest)
}

/// The amendments that made versions below `below`, the latest first.
fn read(
    store: &Store,
    tenant_id: &str,
    entry: &StoredEntry,
    below: u64,
) -> impl Iterator<Item = Result<Amendment, Unanswered>> + use<> {
    let (interaction_id, whose) = (entry.interaction_id(), entry.whose(tenant_id));
    let from = keys::amendments(tenant_id, interaction_id, whose);
    let to = keys::amendment(tenant_id, interaction_id, whose, below);
    let stored = store.scan_range(from, Some(&*to), Direction::Descending);
    stored.map(|entry| Ok(Amendment::decode(entry?.1)?))
}
