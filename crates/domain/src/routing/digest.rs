//! Digests: in one message what could not be told one by one.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Books, Digested, DueDigest, Hold, House, Moment, Notification, NotificationKind as Kind, Round,
};
use crate::alert::Severity;
use crate::commitment::AlertState;
use crate::ids::Namespace;
use crate::limits::ALERTS_TOLD_MAX;

/// Tells what is held for a receiver, or puts it off. What somebody took meanwhile, or what was over before it was
/// told, is not told.
pub(super) fn decide(
    house: &House,
    books: &mut Books,
    due: &DueDigest,
    moment: Moment<'_>,
    round: &mut Round,
) {
    let receiver_id = &due.receiver_id;
    let mut digested = Digested {
        receiver_id: receiver_id.clone(),
        put_off_to: None,
    };
    let book = books.of(receiver_id);
    book.digest_at = None;
    let receiver = house.receivers.get(receiver_id).filter(|_| !moment.mute);
    let tell = due.held.iter();
    let tell = tell
        .filter(|(held, alert)| held.over || alert.state == AlertState::Triggered && !alert.paused);
    let tell: Vec<_> = tell.collect();
    if let Some((_, receiver)) = receiver
        && !tell.is_empty()
        && house.reaches(receiver_id)
    {
        let (free, _) = book.free_at(receiver, moment.now);
        if free > moment.now {
            book.digest_at = Some(free);
            digested.put_off_to = Some(free);
        } else {
            book.told(moment.now);
            let mut message = addressed(house, receiver_id, moment.now);
            let parts = [
                moment.tenant_id.as_bytes(),
                &moment.round.to_be_bytes(),
                receiver_id.as_bytes(),
            ];
            message.notification_id = Namespace::Notification.id(&parts);
            let silence = tell.iter().all(|(held, _)| held.by == Hold::SilenceEnded);
            message.kind = match silence {
                true => Kind::SilenceEnded,
                false => Kind::Digest,
            };
            for (held, alert) in tell {
                worst(&mut message, (alert.level, alert.severity));
                if message.alerts.len() < ALERTS_TOLD_MAX {
                    let kind = match held.over {
                        true => Kind::Resolved,
                        false => Kind::Triggered,
                    };
                    message.alerts.push((alert.alert_id, kind));
                }
                if !message.held_by.contains(&held.by) {
                    message.held_by.push(held.by);
                }
            }
            message.held_by.sort_unstable();
            round.notifications.push(message);
        }
    }
    round.digests.push(digested);
}

/// A message for a receiver that says nothing yet.
pub(super) fn addressed(house: &House, receiver_id: &str, at: Timestamp) -> Notification {
    let found = house.receivers.get(receiver_id);
    let receiver = found.map(|(_, receiver)| receiver);
    Notification {
        notification_id: Uuid::nil(),
        receiver_id: receiver_id.to_owned(),
        receiver_version: found.map_or(0, |(version, _)| *version),
        kind: Kind::Resolved,
        group: None,
        level: 0,
        severity: Severity::Info,
        alerts: Vec::new(),
        alert_count: 0,
        held_by: Vec::new(),
        at,
        webhook_id: receiver.map_or_else(String::new, |it| it.webhook_id.clone()),
        by_mail: receiver.is_some_and(|it| !it.mail_address.is_empty()),
    }
}

/// Counts an alert, which makes a message as bad as itself.
pub(super) fn worst(message: &mut Notification, (level, severity): (u32, Severity)) {
    message.alert_count = message.alert_count.saturating_add(1);
    message.level = message.level.max(level);
    message.severity = message.severity.max(severity);
}
