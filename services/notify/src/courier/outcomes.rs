//! Records what came of attempts.

use std::sync::Arc;

use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{AttemptedDelivery, WebhookAttempted, WebhookChanged};
use aftercall_proto::model::v1::WebhookFailure;
use aftercall_service::writing::{self, Written};

use super::Of;
use crate::notify::Shared;
use crate::rows::{self, place};
use crate::writer::{self, Ended, RETRY_AFTER, unless_opening};

/// Records outcomes, as often as it takes until they count; answers the deliveries' numbers. If one of them was
/// that the receiver is gone, the webhook is taken out of use.
pub(super) async fn record(
    shared: &Arc<Shared>,
    of: &Of,
    attempts: Vec<AttemptedDelivery>,
) -> Result<Vec<u64>, Ended> {
    let sequences = attempts.iter().map(|attempt| attempt.sequence).collect();
    let is_gone = attempts.iter().any(|attempt| {
        let attempt = attempt.attempt.as_ref();
        attempt.is_some_and(|attempt| attempt.failure() == WebhookFailure::Gone)
    });
    let fact = Fact::WebhookAttempted(WebhookAttempted { attempts });
    while !try_to_record(shared, of, &fact).await? {}
    if is_gone {
        while !try_to_disable(shared, of).await? {}
    }
    Ok(sequences)
}

async fn try_to_record(shared: &Shared, of: &Of, fact: &Fact) -> Result<bool, Ended> {
    let store = shared.reading.view().store();
    let Of {
        tenant_id,
        webhook_id,
    } = of;
    let standing = || rows::standing(tenant_id, webhook_id, |key| store.get(key));
    let Some(before) = unless_opening(standing())? else {
        return again(shared).await;
    };
    let sequence = before.outcomes_version + 1;
    let record = writer::record((tenant_id, webhook_id), sequence, fact, shared.clock.now())?;
    let at = match writing::write(&shared.reading, vec![record]).await? {
        Written::At(positions) => positions.first().copied(),
        Written::Again(pause) => {
            tokio::time::sleep(pause).await;
            return again(shared).await;
        }
    };
    // Another process may believe to hold the same webhook, and was first.
    let after = unless_opening(standing())?;
    Ok(after.is_some_and(|after| after.tried_at == at.map(place)))
}

async fn try_to_disable(shared: &Shared, of: &Of) -> Result<bool, Ended> {
    let store = shared.reading.view().store();
    let Of {
        tenant_id,
        webhook_id,
    } = of;
    let found = rows::webhook(tenant_id, webhook_id, |key| store.get(key));
    let Some(found) = unless_opening(found)? else {
        return again(shared).await;
    };
    let Some(webhook) = found.as_ref().and_then(|found| found.webhook.clone()) else {
        return Ok(true);
    };
    if webhook.disabled {
        return Ok(true);
    }
    let now = shared.clock.now();
    let mut gone = webhook;
    gone.version += 1;
    (gone.disabled, gone.gone) = (true, true);
    gone.changed_at = Some(to_wire(now));
    gone.changed_by = writer::ACTOR.to_owned();
    let sequence = gone.version;
    let changed = WebhookChanged {
        webhook: Some(gone),
        secrets: found.unwrap_or_default().secrets,
        begins_at: Vec::new(),
    };
    let fact = Fact::WebhookChanged(Box::new(changed));
    let record = writer::record((tenant_id, webhook_id), sequence, &fact, now)?;
    tracing::info!(
        tenant_id,
        webhook_id,
        "a webhook's receiver is gone: it is disabled"
    );
    if let Written::Again(pause) = writing::write(&shared.reading, vec![record]).await? {
        tokio::time::sleep(pause).await;
        return again(shared).await;
    }
    // It counts unless somebody else changed the webhook at the same time: to be looked at anew.
    Ok(false)
}

/// Waits until what may have been written is known.
async fn again(shared: &Shared) -> Result<bool, Ended> {
    if !writer::caught_up(&shared.reading).await? {
        tokio::time::sleep(RETRY_AFTER).await;
    }
    Ok(false)
}
