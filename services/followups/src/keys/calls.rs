//! Calls, while they happen and until they are completed.
//!
//! ```text
//!  190 · see CALLS                                     what was told of calls
//!  191 · tenant · call                                 → nothing: it is not over, or waits for its wrap-up
//!  192 · partition · time · tenant · call              → nothing: when the tracker has something to say of it
//!  193 · tenant · beginning (latest first) · call      → nothing: it was completed without its wrap-up
//!  194 · tenant · partition · offset                   → which call this record changed
//!  195 · partition · tenant · call                     → Back: the customer was back soon after it, which is not said yet
//!  196 · tenant                                        → nothing: that there were calls as below
//!  196 · tenant · 1 · customer · until when · call     → nothing: it would be judged otherwise if the customer was back
//!  196 · tenant · 2 · name · until when · call         → the same, by a name under which the customer reached out
//!  197 · tenant · 1 · customer · beginning · call · whose → nothing: calls in which a customer reached out
//!  197 · tenant · 2 · name · beginning · call · whose  → the same, by a name under which they did
//! ```

use aftercall_ledger::CallRows;
use aftercall_log::{Partition, Position};
use aftercall_view::key::{Key, MalformedKey, Parts};
use prost::Message;

/// What was told of calls.
pub(crate) const CALLS: CallRows = CallRows::under(190);

const LIVE: u8 = 191;
const DUE: u8 = 192;
const INCOMPLETE: u8 = 193;
const CHANGE: u8 = 194;
const BACK: u8 = 195;
const AWAITING: u8 = 196;
const INBOUND: u8 = 197;

/// A tenant's calls that are live.
pub(crate) fn all_live(tenant_id: &str) -> Key {
    Key::new(LIVE).text(tenant_id)
}

/// One of them.
pub(crate) fn live(tenant_id: &str, interaction_id: &str) -> Key {
    all_live(tenant_id).id(interaction_id)
}

/// The calls of a partition that are to be closed, those first that are to be closed first.
pub(crate) fn all_due(partition: Partition) -> Key {
    Key::new(DUE).u32(partition)
}

/// Those that are to be closed before `at_us` have keys before this one.
pub(crate) fn due_from(partition: Partition, at_us: i64) -> Key {
    all_due(partition).time(at_us)
}

/// One of them.
pub(crate) fn due(partition: Partition, at_us: i64, tenant_id: &str, interaction_id: &str) -> Key {
    due_from(partition, at_us)
        .text(tenant_id)
        .id(interaction_id)
}

/// Reads when which call is to be closed.
pub(crate) fn read_due(key: &[u8]) -> Result<(i64, String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    Ok((parts.time()?, parts.text()?, parts.id()?))
}

/// A tenant's calls without their wrap-up, the latest first.
pub(crate) fn all_incomplete(tenant_id: &str) -> Key {
    Key::new(INCOMPLETE).text(tenant_id)
}

/// One of them.
pub(crate) fn incomplete(tenant_id: &str, began_at_us: i64, interaction_id: &str) -> Key {
    let all = all_incomplete(tenant_id);
    all.time_descending(began_at_us).id(interaction_id)
}

/// Reads which call a key of a list names.
pub(crate) fn read_incomplete(key: &[u8], list: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key.get(list.len()..).unwrap_or_default());
    parts.time_descending()?;
    parts.id()
}

/// The same of those that are live.
pub(crate) fn read_live(key: &[u8], list: &[u8]) -> Result<String, MalformedKey> {
    Parts::new(key.get(list.len()..).unwrap_or_default()).id()
}

/// What records of a partition changed, in their order.
pub(crate) fn changes(tenant_id: &str, partition: Partition) -> Key {
    Key::new(CHANGE).text(tenant_id).u32(partition)
}

/// Where it stands what one changed.
pub(crate) fn change(tenant_id: &str, at: Position) -> Key {
    changes(tenant_id, at.partition).u64(at.offset)
}

/// By which contact a customer was back, and when that began.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Back {
    /// In microseconds since the Unix epoch.
    #[prost(sint64, tag = "1")]
    pub(crate) began_at_us: i64,
    #[prost(string, tag = "2")]
    pub(crate) interaction_id: String,
}

/// The calls of a partition after which a customer was back, which is not said yet.
pub(crate) fn all_back(partition: Partition) -> Key {
    Key::new(BACK).u32(partition)
}

/// One of them.
pub(crate) fn back(partition: Partition, tenant_id: &str, interaction_id: &str) -> Key {
    all_back(partition).text(tenant_id).id(interaction_id)
}

/// Reads which call a key of [`back`] names, and of which tenant.
pub(crate) fn read_back(key: &[u8]) -> Result<(String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    Ok((parts.text()?, parts.id()?))
}

/// Under which it is noted that a tenant has, or had, calls that would be judged otherwise if the customer was back.
pub(crate) fn awaiting(tenant_id: &str) -> Key {
    Key::new(AWAITING).text(tenant_id)
}

/// Those of a customer, by until when it would make a difference, the earliest first.
pub(crate) fn awaiting_of(tenant_id: &str, customer_id: &str) -> Key {
    awaiting(tenant_id).u32(1).text(customer_id)
}

/// The same of whoever has a name.
pub(crate) fn awaiting_by(tenant_id: &str, name: &str) -> Key {
    awaiting(tenant_id).u32(2).text(name)
}

/// Reads which call a key of one of these lists names.
pub(crate) fn read_awaiting(key: &[u8], list: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key.get(list.len()..).unwrap_or_default());
    parts.time()?;
    parts.id()
}

/// The calls in which a customer reached out, the earliest first. Their keys are read as those of the contacts of a
/// customer are.
pub(crate) fn inbound_of(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(INBOUND).text(tenant_id).u32(1).text(customer_id)
}

/// The same of whoever has a name.
pub(crate) fn inbound_by(tenant_id: &str, name: &str) -> Key {
    Key::new(INBOUND).text(tenant_id).u32(2).text(name)
}
