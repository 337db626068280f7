//! Under which names a contact is found: its customer's handles, and those who may be the customer.

use std::collections::BTreeSet;

use aftercall_domain::{Handle, HandleKind};
use aftercall_proto::model::v1::{self as wire, Customer};

/// Who may be the customer, where nobody knows which of them it is; each once.
pub(crate) fn candidates(customer: &Customer) -> BTreeSet<&str> {
    let candidates = customer.candidate_customer_ids.iter().map(String::as_str);
    let known = !customer.customer_id.is_empty();
    candidates
        .filter(|candidate| !known && !candidate.is_empty())
        .collect()
}

/// The keys of all handles of the customer, each once.
pub(crate) fn handle_keys(customer: &Customer) -> BTreeSet<String> {
    let handles = customer.handles.iter().filter_map(handle);
    handles.flat_map(|handle| handle.keys()).collect()
}

/// The timelines of handles in which a contact stands, each once, with the handle where the timeline
/// is of several: see [`kept_under`](crate::timelines::kept_under).
pub(crate) fn handle_timelines(customer: &Customer) -> BTreeSet<(String, String)> {
    let handles = customer.handles.iter().filter_map(handle);
    let timelines = handles.filter_map(|handle| {
        let keys: Vec<String> = handle.keys().collect();
        let (whole, kept) = (keys.first()?, keys.last()?);
        let handle = if whole == kept { "" } else { whole.as_str() };
        Some((kept.clone(), handle.to_owned()))
    });
    timelines.collect()
}

/// A handle as it is compared; none of a sort that this version doesn't know.
fn handle(recorded: &wire::Handle) -> Option<Handle> {
    let kind = match recorded.kind() {
        wire::HandleKind::Unspecified => return None,
        wire::HandleKind::Telephone => HandleKind::Telephone,
        wire::HandleKind::Mail => HandleKind::Mail,
        wire::HandleKind::Chat => HandleKind::Chat,
        wire::HandleKind::Social => HandleKind::Social,
        wire::HandleKind::Other => HandleKind::Other,
    };
    Some(Handle {
        kind,
        value: recorded.value.clone(),
        display_form: String::new(),
    })
}
