//! The words of promises, for those who may be told what is personal.
//!
//! No alert and no message in the log holds them: they are read where the promise was recorded, when a message is sent.
//! A message whose words can't be read is sent without them, for it matters more than they do.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::limits::MAIL_PROMISES_MAX;
use aftercall_ledger::{Id, Ledger};
use aftercall_log::{Log, Position};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::model::v1::{Notification, NotifiedAlert};
use aftercall_view::ApplyError;
use prost::Message as _;

use crate::notify::Shared;
use crate::writer::{Ended, unless_opening};

/// How long the log may take to hand out a record that is there.
const READ_WAIT: Duration = Duration::from_secs(5);

/// The event at a place; none while the log does not hand it out. Blocks.
pub(crate) fn event_at(log: &dyn Log, at: Position) -> Option<Event> {
    let mut reader = log.reader(&[at]).ok()?;
    let read = reader.next(1, usize::MAX, READ_WAIT).ok()?;
    let entry = read.into_iter().find(|entry| entry.position == at)?;
    Event::decode(entry.record.body).ok()
}

/// A message with the words of the promises that it is about, of the worst [`MAIL_PROMISES_MAX`].
pub(crate) async fn with_words(
    shared: &Arc<Shared>,
    tenant_id: &str,
    message: Notification,
) -> Result<Notification, Ended> {
    let (shared, tenant_id) = (Arc::clone(shared), tenant_id.to_owned());
    let supervisor = shared.supervisor.clone();
    let read = move || {
        let ledger = Ledger::of(&shared.feed);
        let mut message = message;
        let mut alerts: Vec<_> = message.alerts.iter_mut().collect();
        alerts.sort_by_key(|alert| Reverse(alert.severity));
        for alert in alerts.into_iter().take(MAIL_PROMISES_MAX) {
            let words = words(&ledger, &*shared.log, &tenant_id, alert);
            alert.promise_text = unless_opening(words)?.unwrap_or_default();
        }
        Ok(message)
    };
    supervisor.block(read).await?
}

/// The words of the promise that an alert is about; empty where they can't be found.
fn words(
    ledger: &Ledger,
    log: &dyn Log,
    tenant_id: &str,
    alert: &NotifiedAlert,
) -> Result<String, ApplyError> {
    let Some(promise) = &alert.promise else {
        return Ok(String::new());
    };
    let contact = Id::of(&promise.interaction_id);
    let id = Id::of(&promise.commitment_id);
    let places = ledger.places(tenant_id, &contact, &id)?;
    let is_certain = places.len() == 1;
    for place in places {
        let Some(event) = event_at(log, place) else {
            continue;
        };
        // Several customers may have a promise of that id: nobody is told another one's words.
        if !is_certain && event.customer_id != alert.customer_id {
            continue;
        }
        if let Some(words) = words_in(&event, &promise.commitment_id) {
            return Ok(words);
        }
    }
    Ok(String::new())
}

/// The words of a promise in the event that recorded it.
fn words_in(event: &Event, commitment_id: &str) -> Option<String> {
    let drafts = match event.fact() {
        Ok(Some(Fact::InteractionRecorded(recorded))) => recorded.interaction?.commitments,
        Ok(Some(Fact::CommitmentMade(made))) => vec![made.commitment?],
        _ => return None,
    };
    let mut drafts = drafts.into_iter();
    let draft = drafts.find(|draft| draft.commitment_id == commitment_id)?;
    Some(draft.promise_text)
}
