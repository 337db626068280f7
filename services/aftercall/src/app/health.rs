//! A service is healthy while its answers are of the present, and while it can do its work.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::Log;
use aftercall_service::Supervisor;
use aftercall_service::server::Health;
use aftercall_view::{Progress, ViewHandle};

use crate::config::HealthConfig;

/// How often the log is asked whether it can be written.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);

/// The services that answer from one view.
#[derive(Debug)]
pub(super) struct Followed {
    /// Their full names.
    pub(super) services: &'static [&'static str],
    pub(super) view: ViewHandle,
    /// The log, for services that are of no use unless they can write.
    pub(super) writes_to: Option<Arc<dyn Log>>,
    pub(super) bounds: HealthConfig,
}

impl Followed {
    /// Sets the services' health, and keeps it true until the process stops.
    pub(super) async fn follow(self, health: Health, supervisor: &Supervisor) {
        let mut progress = self.view.progress();
        let mut writable = self.is_writable();
        // Before the server answers anybody.
        let mut healthy = writable && self.view_serves(&progress.borrow(), false);
        self.set(&health, healthy).await;
        let stopping = supervisor.stopping();
        supervisor.spawn(format!("health of {}", self.view.name()), async move {
            loop {
                let changed = progress.wait_for(|now| self.view_serves(now, healthy) != healthy);
                tokio::select! {
                    () = stopping.cancelled() => return Ok::<(), Infallible>(()),
                    // While the log can't be written, it does not matter what the view says.
                    changed = changed, if writable => if changed.is_err() {
                        // The view is gone before the process stops: a failure, and its own says
                        // why.
                        return Ok(());
                    },
                    () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
                }
                writable = self.is_writable();
                let now = writable && self.view_serves(&progress.borrow(), healthy);
                if now != healthy {
                    healthy = now;
                    tracing::info!(view = self.view.name(), healthy, writable, "health changed");
                    self.set(&health, healthy).await;
                }
            }
        });
    }

    fn is_writable(&self) -> bool {
        let log = self.writes_to.as_ref();
        log.is_none_or(|log| log.check_writable().is_ok())
    }

    /// Whether the view's answers are of the present. Once they were not, it has to come back
    /// within half of the bounds: a view at a bound does not go to and fro.
    fn view_serves(&self, progress: &Progress, was: bool) -> bool {
        let HealthConfig {
            lag_records_max,
            lag_age_max,
        } = self.bounds;
        let share = if was { 1 } else { 2 };
        let records = progress.lag.records.max(progress.lag.index_records);
        progress.ready
            && records <= lag_records_max / share
            && progress.lag.age <= lag_age_max / share as u32
    }

    async fn set(&self, health: &Health, healthy: bool) {
        for service in self.services {
            health.set(service, healthy).await;
        }
    }
}
