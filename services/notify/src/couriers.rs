//! Which webhooks this process sends to: a courier for each.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};

use crate::courier::{Courier, Of};
use crate::notify::Shared;
use crate::rows;
use crate::writer::{self, Ended, unless_opening};

/// How long to wait while the view can't say.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs the couriers of the webhooks that are this process's, until it is dropped.
pub(crate) async fn run(shared: Arc<Shared>) -> Result<Infallible, Ended> {
    let mut revisions = shared.changes.watch();
    let mut running = HashSet::new();
    let mut couriers = FuturesUnordered::new();
    loop {
        let held = shared.claim.partitions();
        let webhooks = revisions.borrow_and_update().webhooks;
        match held_in_use(&shared).await? {
            Some(found) => {
                for of in found {
                    if running.insert(of.clone()) {
                        couriers.push(Courier::new(Arc::clone(&shared), of).run());
                    }
                }
            }
            None => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        }
        let changed = async {
            // The sender lives in what is shared.
            let _ = revisions.wait_for(|now| now.webhooks != webhooks).await;
        };
        tokio::select! {
            biased;
            Some(ended) = couriers.next() => {
                running.remove(&ended?);
            }
            () = changed => {}
            () = shared.claim.others_than(&held) => {}
        }
    }
}

/// The webhooks in use that are this process's; none while the view can't say. Waits until the view has all
/// that is durable: what was sent by who held them before is not sent again.
async fn held_in_use(shared: &Arc<Shared>) -> Result<Option<Vec<Of>>, Ended> {
    if !writer::caught_up(&shared.reading).await? {
        return Ok(None);
    }
    let (store, holder) = (shared.reading.view().store(), Arc::clone(shared));
    let read = move || {
        let found = rows::in_use(&store)?.into_iter();
        let held = found.filter(|(tenant_id, _)| holder.holds(tenant_id));
        let held = held.map(|(tenant_id, webhook)| Of {
            tenant_id,
            webhook_id: webhook.webhook_id,
        });
        Ok(held.collect())
    };
    unless_opening(shared.supervisor.block(read).await?)
}
