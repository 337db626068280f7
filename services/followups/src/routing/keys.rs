//! What the view's store keeps of who is told of alerts. All of it follows from the decisions, but for when an
//! alert is to be looked at, which follows from the alert, too.
//!
//! ```text
//!  tag  key                                value
//!  40   time · tenant · alert · place      -: when an alert is to be looked at
//!  41   tenant · alert                     what was decided of it
//!  42   tenant · receiver · alert          what is held of it for the receiver's digest
//!  43   tenant · receiver                  what the receiver was told lately
//!  44   time · tenant · receiver           -: when its digest is due
//!  45   tenant · silence · alert           -: what a silence keeps
//!  46   tenant · policy · level            how many had their turn
//!  47   tenant                             how far the decisions are
//!  48   tenant · message                   a message
//!  49   tenant · alert · time · message    -: the messages about an alert
//!  53   tenant · message                   what became of its mail
//!  54   tenant · round · alert             -: of which nobody could be told, as was decided in that round
//!  55   tenant · alert · another alert     -: what the first one, which is about a customer, stands for
//! ```

use aftercall_view::key::{Key, MalformedKey, Parts};
use uuid::Uuid;

use crate::keys::AlertPlace;

const LOOK: u8 = 40;
const ROUTE: u8 = 41;
const HELD: u8 = 42;
const BOOK: u8 = 43;
const DIGEST: u8 = 44;
const SILENCED: u8 = 45;
const TURN: u8 = 46;
const STANDING: u8 = 47;
const MESSAGE: u8 = 48;
const MESSAGE_OF: u8 = 49;
const MAIL: u8 = 53;
const TO_NOBODY: u8 = 54;
const SUMMED_UP: u8 = 55;

/// All alerts that are to be looked at, the soonest first.
pub(super) fn looks() -> Key {
    Key::new(LOOK)
}

/// Those before an instant have keys before this one.
pub(super) fn looks_from(at_us: i64) -> Key {
    looks().time(at_us)
}

pub(super) fn look(at_us: i64, tenant_id: &str, alert_id: Uuid, place: &AlertPlace) -> Key {
    place.after(looks_from(at_us).text(tenant_id).bytes(alert_id.as_bytes()))
}

/// What a key of [`looks`] says.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) at_us: i64,
    pub(super) tenant_id: String,
    pub(super) alert_id: Uuid,
    pub(super) place: AlertPlace,
}

pub(super) fn read_look(key: &[u8]) -> Result<Look, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    Ok(Look {
        at_us: parts.time()?,
        tenant_id: parts.text()?,
        alert_id: read_id(&mut parts)?,
        place: AlertPlace::read(&mut parts)?,
    })
}

pub(super) fn route(tenant_id: &str, alert_id: Uuid) -> Key {
    Key::new(ROUTE).text(tenant_id).bytes(alert_id.as_bytes())
}

pub(super) fn all_held(tenant_id: &str, receiver_id: &str) -> Key {
    Key::new(HELD).text(tenant_id).text(receiver_id)
}

pub(super) fn held(tenant_id: &str, receiver_id: &str, alert_id: Uuid) -> Key {
    all_held(tenant_id, receiver_id).bytes(alert_id.as_bytes())
}

/// The alert under a key of [`all_held`].
pub(super) fn read_held(key: &[u8]) -> Result<Uuid, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.text()?;
    read_id(&mut parts)
}

pub(super) fn book(tenant_id: &str, receiver_id: &str) -> Key {
    Key::new(BOOK).text(tenant_id).text(receiver_id)
}

/// All digests, the soonest first.
pub(super) fn digests() -> Key {
    Key::new(DIGEST)
}

pub(super) fn digest(at_us: i64, tenant_id: &str, receiver_id: &str) -> Key {
    digests().time(at_us).text(tenant_id).text(receiver_id)
}

/// When a digest is due, and whose it is.
pub(super) fn read_digest(key: &[u8]) -> Result<(i64, String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    Ok((parts.time()?, parts.text()?, parts.text()?))
}

/// All alerts that silences keep, of all tenants.
pub(super) fn all_silenced() -> Key {
    Key::new(SILENCED)
}

/// All of a tenant.
pub(super) fn silenced_of(tenant_id: &str) -> Key {
    all_silenced().text(tenant_id)
}

pub(super) fn silenced(tenant_id: &str, silence_id: &str, alert_id: Uuid) -> Key {
    silenced_of(tenant_id)
        .text(silence_id)
        .bytes(alert_id.as_bytes())
}

/// Whose alert a silence keeps, and which.
pub(super) fn read_silenced(key: &[u8]) -> Result<(String, Uuid), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    let tenant_id = parts.text()?;
    parts.text()?;
    Ok((tenant_id, read_id(&mut parts)?))
}

/// All alerts of which nobody could be told, of all tenants.
pub(super) fn all_to_nobody() -> Key {
    Key::new(TO_NOBODY)
}

/// All of a tenant, in the order of the rounds in which that was decided.
pub(super) fn to_nobody_of(tenant_id: &str) -> Key {
    all_to_nobody().text(tenant_id)
}

/// Those of the rounds from `round` on have keys from this one on.
pub(super) fn to_nobody_from(tenant_id: &str, round: u64) -> Key {
    to_nobody_of(tenant_id).u64(round)
}

pub(super) fn to_nobody(tenant_id: &str, round: u64, alert_id: Uuid) -> Key {
    to_nobody_from(tenant_id, round).bytes(alert_id.as_bytes())
}

/// Whose alert it is under a key of [`all_to_nobody`], and which.
pub(super) fn read_to_nobody(key: &[u8]) -> Result<(String, Uuid), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    let tenant_id = parts.text()?;
    parts.u64()?;
    Ok((tenant_id, read_id(&mut parts)?))
}

/// All alerts for which one stands that is about their customer.
pub(super) fn summed_up_by(tenant_id: &str, alert_id: Uuid) -> Key {
    Key::new(SUMMED_UP)
        .text(tenant_id)
        .bytes(alert_id.as_bytes())
}

pub(super) fn summed_up(tenant_id: &str, by: Uuid, alert_id: Uuid) -> Key {
    summed_up_by(tenant_id, by).bytes(alert_id.as_bytes())
}

/// The alert under a key of [`summed_up_by`].
pub(super) fn read_summed_up(key: &[u8]) -> Result<Uuid, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.bytes()?;
    read_id(&mut parts)
}

pub(super) fn turn(tenant_id: &str, policy_id: &str, level_place: u32) -> Key {
    Key::new(TURN)
        .text(tenant_id)
        .text(policy_id)
        .u32(level_place)
}

pub(super) fn standing(tenant_id: &str) -> Key {
    Key::new(STANDING).text(tenant_id)
}

pub(super) fn message(tenant_id: &str, notification_id: &str) -> Key {
    Key::new(MESSAGE).text(tenant_id).text(notification_id)
}

/// What became of a message's mail.
pub(super) fn mail(tenant_id: &str, notification_id: &str) -> Key {
    Key::new(MAIL).text(tenant_id).text(notification_id)
}

/// The messages about an alert, the first one first.
pub(super) fn messages_of(tenant_id: &str, alert_id: Uuid) -> Key {
    Key::new(MESSAGE_OF)
        .text(tenant_id)
        .bytes(alert_id.as_bytes())
}

pub(super) fn message_of(
    tenant_id: &str,
    alert_id: Uuid,
    at_us: i64,
    notification_id: &str,
) -> Key {
    messages_of(tenant_id, alert_id)
        .time(at_us)
        .text(notification_id)
}

/// The message under a key of [`messages_of`].
pub(super) fn read_message_of(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.bytes()?;
    parts.time()?;
    parts.text()
}

fn read_id(parts: &mut Parts<'_>) -> Result<Uuid, MalformedKey> {
    Uuid::from_slice(&parts.bytes()?).map_err(|_| MalformedKey)
}
