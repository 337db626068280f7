//! A service is healthy while its view has caught up.

use std::convert::Infallible;

use aftercall_service::Supervisor;
use aftercall_service::server::Health;
use aftercall_view::ViewHandle;

/// Keeps the health of `services`, all of which answer from `view`, true to the view: NOT_SERVING
/// while it is built.
pub(super) async fn follow(
    health: &Health,
    supervisor: &Supervisor,
    view: &ViewHandle,
    services: &'static [&'static str],
) {
    // Before the server answers anybody.
    let mut ready = view.is_ready();
    set(health, services, ready).await;
    let (health, stopping) = (health.clone(), supervisor.stopping());
    let (name, mut progress) = (view.name(), view.progress());
    supervisor.spawn(format!("health of {name}"), async move {
        loop {
            let changed = progress.wait_for(|progress| progress.ready != ready);
            ready = tokio::select! {
                () = stopping.cancelled() => return Ok::<(), Infallible>(()),
                changed = changed => match changed {
                    Ok(progress) => progress.ready,
                    // The view is gone before the process stops: a failure, and its own says why.
                    Err(_) => return Ok(()),
                },
            };
            tracing::info!(view = name, ready, "health changed");
            set(&health, services, ready).await;
        }
    });
}

async fn set(health: &Health, services: &[&'static str], ready: bool) {
    for service in services {
        health.set(service, ready).await;
    }
}
