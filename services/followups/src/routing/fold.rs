//! The fold of decisions, and of what alerts' changes mean for when they are looked at.

use aftercall_domain::alert::{Alert, Rule};
use aftercall_domain::routing::{Held, Route, Routed, Why};
use aftercall_ledger::Accepted;
use aftercall_proto::convert::routing::routed_from_wire;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::event::v1::{AlertsRouted, RoutedDigest};
use aftercall_proto::model::v1::Notification;
use aftercall_view::key::{Key, Parts};
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use uuid::Uuid;

use super::{keys, rows};
use crate::keys::{AlertPlace, alert_id as alert_places};

/// An alert became another one: it is looked at when that asks for it.
pub(crate) fn place(
    tenant_id: &str,
    (before, after): (Option<&Alert>, &Alert),
    place: &AlertPlace,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let id = after.alert_id;
    let route = rows::route(tenant_id, id, |key| txn.get(key))?;
    let is_over = whole_is_over(tenant_id, &route, txn)?;
    let old = before.and_then(|before| route.look_at_after(before, is_over));
    let new = route.look_at_after(after, is_over);
    move_look(tenant_id, (id, place), (old, new), txn)?;
    match after.rule {
        Rule::SaveAction => hear_of(tenant_id, (before, after), txn),
        _ => Ok(()),
    }
}

/// An alert about a customer became another one: what it stands for is looked at if it is over.
fn hear_of(
    tenant_id: &str,
    (before, after): (Option<&Alert>, &Alert),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let was_over = before.is_some_and(|before| !before.state.is_open());
    let is_over = !after.state.is_open();
    if was_over == is_over {
        return Ok(());
    }
    let all = keys::summed_up_by(tenant_id, after.alert_id);
    let scan = txn.scan_prefix(all, Direction::Ascending);
    let summed_up: Vec<Uuid> = scan
        .map(|entry| keys::read_summed_up(&entry?.0).map_err(ApplyError::record))
        .collect::<Result<_, ApplyError>>()?;
    for id in summed_up {
        let route = rows::route(tenant_id, id, |key| txn.get(key))?;
        for (place, alert) in known(tenant_id, id, txn)? {
            let old = route.look_at_after(&alert, was_over);
            let new = route.look_at_after(&alert, is_over);
            move_look(tenant_id, (id, &place), (old, new), txn)?;
        }
    }
    Ok(())
}

/// Whether the alert about the customer is over that stands for one. One that this view does not know yet comes later, from
/// another partition.
fn whole_is_over(tenant_id: &str, route: &Route, txn: &mut Txn<'_>) -> Result<bool, ApplyError> {
    let Some(id) = route.summed_up_by() else {
        return Ok(false);
    };
    let found = known(tenant_id, id, txn)?;
    Ok(found.iter().any(|(_, alert)| !alert.state.is_open()))
}

/// Takes in what was decided, and returns of which alerts that was the first time.
pub(crate) fn apply(
    fact: &Accepted,
    routed: &AlertsRouted,
    txn: &mut Txn<'_>,
) -> Result<Vec<Uuid>, ApplyError> {
    let tenant_id = &*fact.event.tenant_id;
    let decided_at = routed.decided_at.as_ref().and_then(from_wire);
    let decided_at = decided_at.unwrap_or(Timestamp::UNIX_EPOCH);
    // What was held is told before more is held.
    for digest in &routed.digests {
        let told = routed
            .notifications
            .iter()
            .find(|one| one.receiver_id == digest.receiver_id && one.group_id.is_empty());
        self::digest(tenant_id, digest, (told, decided_at), txn)?;
    }
    for notification in &routed.notifications {
        message(tenant_id, notification, decided_at, txn)?;
    }
    let mut first = Vec::new();
    for alert in &routed.alerts {
        if let Some(alert) = routed_from_wire(alert.clone(), decided_at) {
            let id = alert.alert_id;
            if take((tenant_id, fact.event.sequence), alert, txn)? {
                first.push(id);
            }
        }
    }
    for turn in &routed.turns {
        let key = keys::turn(tenant_id, &turn.escalation_policy_id, turn.level_place);
        txn.put(key, turn.count.to_be_bytes().to_vec())?;
    }
    let standing = rows::Standing {
        version: fact.event.sequence,
        decided_at: Some(rows::place(fact.position)),
        environment: routed.environment.clone(),
    };
    txn.put(keys::standing(tenant_id), standing.encode_to_vec())?;
    Ok(first)
}

/// A digest is told, or put off.
fn digest(
    tenant_id: &str,
    digest: &RoutedDigest,
    (told, at): (Option<&Notification>, Timestamp),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let receiver_id = &*digest.receiver_id;
    let put_off_to = digest.put_off_to.as_ref().and_then(from_wire);
    set_digest(tenant_id, receiver_id, put_off_to, txn)?;
    if put_off_to.is_some() {
        return Ok(());
    }
    let all = keys::all_held(tenant_id, receiver_id);
    let scan = txn.scan_prefix(all, Direction::Ascending);
    let held: Vec<Bytes> = scan
        .map(|entry| Ok(entry?.0))
        .collect::<Result<_, ApplyError>>()?;
    for key in held {
        if let Some(told) = told {
            let alert_id = keys::read_held(&key).map_err(ApplyError::record)?;
            let mut route = rows::route(tenant_id, alert_id, |key| txn.get(key))?;
            route.digested(receiver_id, at);
            txn.put(keys::route(tenant_id, alert_id), rows::encode_route(route))?;
            let id = &told.notification_id;
            let about = keys::message_of(tenant_id, alert_id, microseconds(at), id);
            txn.put(about, Bytes::new())?;
        }
        txn.delete(key)?;
    }
    Ok(())
}

/// A receiver gets a message.
fn message(
    tenant_id: &str,
    notification: &Notification,
    at: Timestamp,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (id, receiver_id) = (&notification.notification_id, &notification.receiver_id);
    txn.put(keys::message(tenant_id, id), notification.encode_to_vec())?;
    for alert in &notification.alerts {
        if let Ok(alert_id) = Uuid::try_parse(&alert.alert_id) {
            let about = keys::message_of(tenant_id, alert_id, microseconds(at), id);
            txn.put(about, Bytes::new())?;
        }
    }
    let mut book = rows::book(tenant_id, receiver_id, |key| txn.get(key))?;
    book.told(at);
    txn.put(keys::book(tenant_id, receiver_id), rows::encode_book(&book))?;
    Ok(())
}

/// What was decided of an alert in a round; says whether it is the first time.
fn take(
    (tenant_id, round): (&str, u64),
    routed: Routed,
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let id = routed.alert_id;
    for receiver_id in &routed.dropped {
        txn.delete(keys::held(tenant_id, receiver_id, id))?;
    }
    for verdict in &routed.verdicts {
        if let Why::Held { by, until } = verdict.reason {
            let over = routed.over;
            let held = rows::encode_held(&Held { by, over });
            txn.put(keys::held(tenant_id, &verdict.receiver_id, id), held)?;
            set_digest(tenant_id, &verdict.receiver_id, Some(until), txn)?;
        }
    }
    let before = rows::route(tenant_id, id, |key| txn.get(key))?;
    let mut after = before.clone();
    after.take(routed, round);
    let (was, is) = (
        found_by(tenant_id, id, &before),
        found_by(tenant_id, id, &after),
    );
    for key in was.iter().filter(|key| !is.contains(key)) {
        txn.delete(key.clone())?;
    }
    for key in is.iter().filter(|key| !was.contains(key)) {
        txn.put(key.clone(), Bytes::new())?;
    }
    place_again(tenant_id, id, (&before, &after), txn)?;
    txn.put(keys::route(tenant_id, id), rows::encode_route(after))?;
    Ok(before.seen.is_none())
}

/// By what an alert is found, other than by the time at which it is to be looked at: by what keeps it from being told.
fn found_by(tenant_id: &str, alert_id: Uuid, route: &Route) -> Vec<Key> {
    let silence_id = Some(&route.silence_id).filter(|id| !id.is_empty());
    let silenced = silence_id.map(|id| keys::silenced(tenant_id, id, alert_id));
    let to_nobody = route.is_to_nobody();
    let to_nobody = to_nobody.then(|| keys::to_nobody(tenant_id, route.round, alert_id));
    let summed_up = route.summed_up_by();
    let summed_up = summed_up.map(|by| keys::summed_up(tenant_id, by, alert_id));
    let all = [silenced, to_nobody, summed_up];
    all.into_iter().flatten().collect()
}

/// The alerts of an id are looked at when what was decided asks for it. One that this view does not know yet comes
/// later, from another partition.
fn place_again(
    tenant_id: &str,
    alert_id: Uuid,
    (before, after): (&Route, &Route),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let was_over = whole_is_over(tenant_id, before, txn)?;
    let is_over = whole_is_over(tenant_id, after, txn)?;
    for (place, alert) in known(tenant_id, alert_id, txn)? {
        let old = before.look_at_after(&alert, was_over);
        let new = after.look_at_after(&alert, is_over);
        move_look(tenant_id, (alert_id, &place), (old, new), txn)?;
    }
    Ok(())
}

/// The alerts of an id that this view knows: usually there is one.
pub(crate) fn known(
    tenant_id: &str,
    alert_id: Uuid,
    txn: &mut Txn<'_>,
) -> Result<Vec<(AlertPlace, Alert)>, ApplyError> {
    let list = alert_places(tenant_id, alert_id);
    let scan = txn.scan_prefix(list.clone(), Direction::Ascending);
    let places = scan.map(|entry| {
        let (key, _) = entry?;
        AlertPlace::read(&mut Parts::new(&key[list.len()..])).map_err(ApplyError::record)
    });
    let places = places.collect::<Result<Vec<_>, ApplyError>>()?;
    let mut known = Vec::new();
    for place in places {
        if let Some(alert) = rows::alert(tenant_id, &place, |key| txn.get(key))? {
            known.push((place, alert));
        }
    }
    Ok(known)
}

fn move_look(
    tenant_id: &str,
    (alert_id, place): (Uuid, &AlertPlace),
    (old, new): (Option<Timestamp>, Option<Timestamp>),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if old == new {
        return Ok(());
    }
    let key = |at| keys::look(microseconds(at), tenant_id, alert_id, place);
    if let Some(old) = old {
        txn.delete(key(old))?;
    }
    if let Some(new) = new {
        txn.put(key(new), Bytes::new())?;
    }
    Ok(())
}

/// A receiver's digest is due at another time.
fn set_digest(
    tenant_id: &str,
    receiver_id: &str,
    at: Option<Timestamp>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let mut book = rows::book(tenant_id, receiver_id, |key| txn.get(key))?;
    if book.digest_at == at {
        return Ok(());
    }
    let key = |at| keys::digest(microseconds(at), tenant_id, receiver_id);
    if let Some(old) = book.digest_at {
        txn.delete(key(old))?;
    }
    if let Some(new) = at {
        txn.put(key(new), Bytes::new())?;
    }
    book.digest_at = at;
    txn.put(keys::book(tenant_id, receiver_id), rows::encode_book(&book))?;
    Ok(())
}
