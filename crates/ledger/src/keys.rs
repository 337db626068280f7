//! The ledger's keys.
//!
//! ```text
//!  tag  key                                    value
//!  1    tenant · contact's id, or the id of
//!       a reference                            Holders: the contacts that it names
//!  2    tenant · promise's id                  Holders: the contacts whose callers gave it, or in which it
//!                                              was made later
//!  3    tenant · solution                      its version, big-endian
//!  4, 6 what requests to amend, identify, merge and set up did: see [`CHANGES`]
//!  5    tenant · customer                      Merged: with whom the customer is one
//!  7    tenant                                 how often its settings changed, big-endian
//!  8    tenant · kind · setting                Setting: its latest version
//!  9    tenant · kind · setting · version,
//!       the latest first                       Setting: that version
//!  10   tenant · kind of aggregate · id        how much happened to it, big-endian; of a call nothing: that
//!                                              it is one
//!  40   tenant · promise's id · whose          Made: a promise that was made after its contact
//!  41   tenant · promise's id · whose          the id of the promise that took it up again
//!  42   tenant · promise's id · whose          Waits: the promises that it waits for
//!  43   tenant · promise's id · whose          nothing: no further promise is made of the series that it began
//!  44   tenant · webhook                       whether it is in use
//! ```

use aftercall_proto::event::v1::AggregateKind;
use aftercall_proto::model::v1::SettingKind;
use aftercall_view::key::{Key, MalformedKey, Parts};

use crate::Id;
use crate::requests::Requests;

/// Requests that changed a contact's record, a customer or settings. Their answer is the version that they
/// made; of settings, which versions.
pub(crate) const CHANGES: Requests = Requests::new(4, 6);

const CONTACT: u8 = 1;
const PROMISE: u8 = 2;
const SOLUTION: u8 = 3;
const CUSTOMER: u8 = 5;
const SETTINGS: u8 = 7;
const SETTING: u8 = 8;
const SETTING_VERSION: u8 = 9;
const COUNTED: u8 = 10;
const MADE: u8 = 40;
const REOPENED: u8 = 41;
const WAITS: u8 = 42;
const SERIES_OVER: u8 = 43;
const WEBHOOK: u8 = 44;

pub(crate) fn contact(tenant_id: &str, id: &Id) -> Key {
    Key::new(CONTACT).text(tenant_id).bytes(id.as_bytes())
}

pub(crate) fn promise(tenant_id: &str, id: &Id) -> Key {
    Key::new(PROMISE).text(tenant_id).bytes(id.as_bytes())
}

/// A promise that was made after its contact.
pub(crate) fn made(tenant_id: &str, id: &Id, whose: u64) -> Key {
    Key::new(MADE)
        .text(tenant_id)
        .bytes(id.as_bytes())
        .u64(whose)
}

/// A promise that was taken up again.
pub(crate) fn reopened(tenant_id: &str, id: &Id, whose: u64) -> Key {
    Key::new(REOPENED)
        .text(tenant_id)
        .bytes(id.as_bytes())
        .u64(whose)
}

/// What a promise waits for.
pub(crate) fn waits(tenant_id: &str, id: &Id, whose: u64) -> Key {
    Key::new(WAITS)
        .text(tenant_id)
        .bytes(id.as_bytes())
        .u64(whose)
}

/// A series that has ended, by its first promise.
pub(crate) fn series_over(tenant_id: &str, first: &Id, whose: u64) -> Key {
    Key::new(SERIES_OVER)
        .text(tenant_id)
        .bytes(first.as_bytes())
        .u64(whose)
}

pub(crate) fn solution(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(SOLUTION).text(tenant_id).text(solution_id)
}

pub(crate) fn customer(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(CUSTOMER).text(tenant_id).text(customer_id)
}

pub(crate) fn settings(tenant_id: &str) -> Key {
    Key::new(SETTINGS).text(tenant_id)
}

/// The settings of a kind.
pub(crate) fn settings_of(tenant_id: &str, kind: SettingKind) -> Key {
    Key::new(SETTING).text(tenant_id).u32(kind_no(kind))
}

pub(crate) fn setting(tenant_id: &str, kind: SettingKind, setting_id: &str) -> Key {
    settings_of(tenant_id, kind).text(setting_id)
}

/// The versions of a setting.
pub(crate) fn setting_versions(tenant_id: &str, kind: SettingKind, setting_id: &str) -> Key {
    let versions = Key::new(SETTING_VERSION).text(tenant_id);
    versions.u32(kind_no(kind)).text(setting_id)
}

pub(crate) fn setting_version(
    tenant_id: &str,
    kind: SettingKind,
    setting_id: &str,
    version: u64,
) -> Key {
    setting_versions(tenant_id, kind, setting_id).u64(!version)
}

/// The webhooks of a tenant.
pub(crate) fn webhooks(tenant_id: &str) -> Key {
    Key::new(WEBHOOK).text(tenant_id)
}

pub(crate) fn webhook(tenant_id: &str, webhook_id: &str) -> Key {
    webhooks(tenant_id).text(webhook_id)
}

/// The webhook under a key of [`webhooks`].
pub(crate) fn read_webhook(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.text()
}

/// What only counts its events: of each log key by itself, since those of two keys are read in any order.
pub(crate) fn counted(tenant_id: &str, of: AggregateKind, (id, whose): (&str, u64)) -> Key {
    let kind = i32::from(of).unsigned_abs();
    let counted = Key::new(COUNTED).text(tenant_id).u32(kind);
    counted.text(id).u64(whose)
}

fn kind_no(kind: SettingKind) -> u32 {
    i32::from(kind).unsigned_abs()
}
