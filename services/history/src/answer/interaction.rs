//! One contact, or several.

use aftercall_domain::interaction::id_of_reference;
use aftercall_domain::violation::Reason;
use aftercall_domain::{InteractionId, Scope};
use aftercall_proto::history::v1::{
    BatchGetInteractionsRequest, BatchGetInteractionsResponse, GetInteractionRequest,
    GetInteractionResponse, InteractionName,
};
use aftercall_proto::model::v1::ExternalRef;
use aftercall_service::{ANSWER_BYTES_MAX, Call, Checker, Including, MESSAGE_BYTES_MAX, Page};
use aftercall_view::{Direction, Store};
use bytes::Bytes;
use prost::Message;

use super::{amendments, causes};
use crate::as_of::{Asked, Moment};
use crate::calls;
use crate::failure::Unanswered;
use crate::known::Known;
use crate::limits::NAMES_MAX;
use crate::request::name::Name;
use crate::stored::StoredEntry;
use crate::{History, keys, promises};

/// The most bytes of a contact and its promises in one answer, which holds some numbers beside.
const PROMISES_BYTES_MAX: usize = MESSAGE_BYTES_MAX - (64 << 10);

pub(crate) async fn get(
    history: &History,
    call: Call<GetInteractionRequest>,
) -> Result<GetInteractionResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    let name = Name::check("", message.which.clone(), &mut checker);
    let asked = Asked::check(message.as_of.as_ref(), history.clock().now(), &mut checker);
    let name = checker.done(name)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let reading = history.reading();
    let moment = history.moment(&asked, including, call.read_until()).await?;
    let (complete_through, complete_through_at) = moment.answered(&history.log_identity());
    let scope = call.scope();
    let read = move |store: &Store| {
        let at = (&moment, &moment.known(store));
        whole(at, (call.tenant_id(), &scope), name.as_ref())
    };
    let found = reading.run(read).await?;
    Ok(GetInteractionResponse {
        complete_through,
        complete_through_at,
        ..found
    })
}

/// The contact with its promises and its latest amendments.
fn whole(
    (moment, known): (&Moment, &Known),
    (tenant_id, scope): (&str, &Scope),
    name: Option<&Name>,
) -> Result<GetInteractionResponse, Unanswered> {
    let entry = named(known, (tenant_id, scope), name)?;
    // What is promised and amended follows from the contact as it was recorded.
    let mut completed = entry.clone();
    let told = calls::complete(known, tenant_id, &mut completed)?;
    let mut answer = GetInteractionResponse {
        interaction: completed.interaction,
        amendment_count: amendments::count(&entry),
        call: told.map(|row| row.shown()),
        root_cause_changes: causes::latest(known, tenant_id, &entry)?,
        root_cause_change_count: entry.root_causes,
        ..GetInteractionResponse::default()
    };
    let left = PROMISES_BYTES_MAX.saturating_sub(answer.encoded_len());
    let mut shown = Page::within(usize::MAX, left);
    for promise in promises::all(tenant_id, &entry, |key| known.get(key))? {
        let promise = promises::as_of(promise, moment.now);
        let bytes = promise.encoded_len();
        // An item that is the first of its page is always taken, but here it is not alone.
        if bytes > left || !shown.takes(bytes) {
            break;
        }
        shown.add(promise, bytes);
    }
    answer.commitments = shown.into_items();
    let left = ANSWER_BYTES_MAX.saturating_sub(answer.encoded_len());
    answer.amendments = amendments::latest(known, tenant_id, &entry, left)?;
    Ok(answer)
}

pub(crate) async fn get_batch(
    history: &History,
    call: Call<BatchGetInteractionsRequest>,
) -> Result<BatchGetInteractionsResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    let names = checked(&message.names, &mut checker);
    let names = checker.done(names)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let reading = history.reading();
    let through = reading.store_at(including, call.read_until()).await?;
    let moment = history.present(through);
    let (complete_through, complete_through_at) = moment.answered(&history.log_identity());
    let scope = call.scope();
    let read = move |store: &Store| batch(&Known::now(store), (call.tenant_id(), &scope), names);
    let found = reading.run(read).await?;
    Ok(BatchGetInteractionsResponse {
        complete_through,
        complete_through_at,
        ..found
    })
}

fn batch(
    known: &Known,
    whose: (&str, &Scope),
    names: Vec<Name>,
) -> Result<BatchGetInteractionsResponse, Unanswered> {
    let (mut page, mut not_found) = (Page::new(names.len()), Vec::new());
    let mut left_out = Vec::new();
    let mut names = names.into_iter();
    for name in names.by_ref() {
        let mut entry = find(known, whose, &name)?;
        if let Some(entry) = &mut entry {
            calls::complete(known, whose.0, entry)?;
        }
        let Some(interaction) = entry.and_then(|entry| entry.interaction) else {
            not_found.push(name.into());
            continue;
        };
        let bytes = interaction.encoded_len();
        if !page.takes(bytes) {
            left_out.push(name.into());
            break;
        }
        page.add(interaction, bytes);
    }
    left_out.extend(names.map(Into::into));
    Ok(BatchGetInteractionsResponse {
        interactions: page.into_items(),
        not_found,
        left_out,
        ..BatchGetInteractionsResponse::default()
    })
}

fn checked(names: &[InteractionName], checker: &mut Checker) -> Vec<Name> {
    if names.is_empty() {
        let text = "is required; give the names of the contacts";
        checker.add("names", Reason::Required, text);
    }
    if !checker.few("names", names.len(), NAMES_MAX) {
        return Vec::new();
    }
    let each = names.iter().enumerate();
    each.filter_map(|(place, name)| {
        Name::check(&format!("names[{place}]."), name.which.clone(), checker)
    })
    .collect()
}

/// The contact of a name that must be there, for who reads so much of a tenant.
pub(super) fn named(
    known: &Known,
    whose: (&str, &Scope),
    name: Option<&Name>,
) -> Result<StoredEntry, Unanswered> {
    let entry = name.map(|name| find(known, whose, name)).transpose()?;
    entry.flatten().ok_or(Unanswered::InteractionNotFound)
}

/// The contact of a name: of those within the scope the one that was recorded first, if the name was given for
/// several; or else a call.
fn find(
    known: &Known,
    (tenant_id, scope): (&str, &Scope),
    name: &Name,
) -> Result<Option<StoredEntry>, Unanswered> {
    if let Some(entry) = find_recorded(known, (tenant_id, scope), name)? {
        return Ok(Some(entry));
    }
    let id = match name {
        Name::Id(id) => InteractionId::read(id).as_str().to_owned(),
        Name::Reference(of) => {
            id_of_reference(tenant_id, &of.source_system, &of.external_id).to_string()
        }
    };
    let call = calls::provisional(known, tenant_id, &id)?;
    Ok(call.filter(|entry| entry.is_within(scope)))
}

/// The same of those that were recorded.
fn find_recorded(
    known: &Known,
    (tenant_id, scope): (&str, &Scope),
    name: &Name,
) -> Result<Option<StoredEntry>, Unanswered> {
    match name {
        Name::Id(id) => {
            let id = InteractionId::read(id);
            let pointers = by_id(known, tenant_id, id.as_str());
            first(known, (tenant_id, scope), pointers)
        }
        Name::Reference(of) => {
            // Usually the id follows from the reference; where the caller gave one, it is noted.
            let id = id_of_reference(tenant_id, &of.source_system, &of.external_id).to_string();
            let derived = by_id(known, tenant_id, &id);
            let noted = by_reference(known, tenant_id, of);
            let entry = first(known, (tenant_id, scope), derived.chain(noted))?;
            Ok(entry.filter(|entry| entry.is_referred_to_by(of)))
        }
    }
}

/// Where it is said where the contacts of an id stand.
fn by_id(
    known: &Known,
    tenant_id: &str,
    interaction_id: &str,
) -> impl Iterator<Item = Result<Bytes, Unanswered>> + use<> {
    let pointers = keys::entries_of(tenant_id, interaction_id);
    let pointers = known.scan_prefix(pointers, Direction::Ascending);
    pointers.map(|pointer| Ok(pointer?.0))
}

/// The same of the contacts that another system knows by a name.
fn by_reference(
    known: &Known,
    tenant_id: &str,
    of: &ExternalRef,
) -> impl Iterator<Item = Result<Bytes, Unanswered>> + use<> {
    let prefix = keys::references(tenant_id, &of.source_system, &of.external_id);
    let tenant_id = tenant_id.to_owned();
    let noted = known.scan_prefix(&prefix, Direction::Ascending);
    noted.filter_map(move |noted| match noted {
        Ok((key, _)) => keys::referenced(&tenant_id, &prefix, &key).map(|key| Ok(key.into())),
        Err(error) => Some(Err(error)),
    })
}

/// The contact within the scope that was recorded first.
fn first(
    known: &Known,
    (tenant_id, scope): (&str, &Scope),
    pointers: impl Iterator<Item = Result<Bytes, Unanswered>>,
) -> Result<Option<StoredEntry>, Unanswered> {
    let mut first: Option<StoredEntry> = None;
    for pointer in pointers {
        let Some(other) = entry(known, &pointer?)? else {
            continue;
        };
        let precedes = first.as_ref().is_none_or(|first| other.precedes(first));
        if precedes && calls::is_within(known, tenant_id, &other, scope)? {
            first = Some(other);
        }
    }
    Ok(first)
}

/// Where the entry stands that the key of a contact's document points to.
pub(crate) fn home(known: &Known, pointer: &[u8]) -> Result<Option<Bytes>, Unanswered> {
    Ok(known.get(pointer)?)
}

/// The entry that the key of a contact's document points to.
pub(crate) fn entry(known: &Known, pointer: &[u8]) -> Result<Option<StoredEntry>, Unanswered> {
    let Some(key) = home(known, pointer)? else {
        return Ok(None);
    };
    let Some(bytes) = known.get(&key)? else {
        return Ok(None);
    };
    Ok(Some(StoredEntry::decode(bytes)?))
}
