//! A service is healthy while its answers are of the present, and while it can do its work.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::Log;
use aftercall_service::server::Health;
use aftercall_service::{Supervisor, chain};
use aftercall_view::{Lag, Progress, ViewHandle};

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
        let mut healthy = writable && serves(&self.bounds, &progress.borrow(), false);
        self.set(&health, healthy).await;
        let stopping = supervisor.stopping();
        supervisor.spawn(format!("health of {}", self.view.name()), async move {
            loop {
                let changed =
                    progress.wait_for(|now| serves(&self.bounds, now, healthy) != healthy);
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
                let now = writable && serves(&self.bounds, &progress.borrow(), healthy);
                if now != healthy {
                    healthy = now;
                    let reason = reason(&self.bounds, &progress.borrow(), writable);
                    tracing::info!(view = self.view.name(), healthy, reason, "health changed");
                    self.set(&health, healthy).await;
                }
            }
        });
    }

    fn is_writable(&self) -> bool {
        let log = self.writes_to.as_ref();
        log.is_none_or(|log| log.check_writable().is_ok())
    }

    async fn set(&self, health: &Health, healthy: bool) {
        for service in self.services {
            health.set(service, healthy).await;
        }
    }
}

/// Whether the view's answers are of the present. Once they were not (`was` is false), it has to come
/// back within half of the bounds: a view at a bound does not go to and fro.
fn serves(bounds: &HealthConfig, progress: &Progress, was: bool) -> bool {
    let share = if was { 1 } else { 2 };
    let Lag {
        records,
        index_records,
        age,
    } = progress.lag;
    progress.ready
        && progress.trouble.is_none()
        && records.max(index_records) <= bounds.lag_records_max / u64::from(share)
        && age <= bounds.lag_age_max / share
}

/// Why a service is not healthy, for the operator; empty if it is.
fn reason(bounds: &HealthConfig, progress: &Progress, writable: bool) -> String {
    match &progress.trouble {
        _ if !writable => "the log can't be written".to_owned(),
        Some(trouble) => format!("{}; it is tried again", chain(trouble)),
        None if progress.paused => "the view waits for space on its disk".to_owned(),
        None if !progress.ready => "the view is catching up".to_owned(),
        None if !serves(bounds, progress, true) => "the view is too far behind".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use aftercall_view::ViewError;

    use super::*;

    const BOUNDS: HealthConfig = HealthConfig {
        lag_records_max: 100,
        lag_age_max: Duration::from_secs(60),
    };

    fn behind(records: u64, index_records: u64, age_s: u64) -> Progress {
        Progress {
            ready: true,
            lag: Lag {
                records,
                index_records,
                age: Duration::from_secs(age_s),
            },
            ..Progress::default()
        }
    }

    #[test]
    fn a_view_serves_within_its_bounds_and_again_within_half_of_them() {
        for (progress, stays, comes_back) in [
            (behind(0, 0, 0), true, true),
            (behind(50, 50, 30), true, true),
            (behind(51, 0, 0), true, false),
            (behind(0, 51, 0), true, false),
            (behind(100, 100, 60), true, false),
            (behind(101, 0, 0), false, false),
            (behind(0, 101, 0), false, false),
            (behind(0, 0, 61), false, false),
        ] {
            assert_eq!(serves(&BOUNDS, &progress, true), stays, "{progress:?}");
            assert_eq!(
                serves(&BOUNDS, &progress, false),
                comes_back,
                "{progress:?}"
            );
        }
        let rebuilding = Progress {
            ready: false,
            ..behind(0, 0, 0)
        };
        assert!(!serves(&BOUNDS, &rebuilding, true));
    }

    #[test]
    fn a_view_that_cannot_go_on_does_not_serve_and_says_why() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let troubled = Progress {
            trouble: Some(Arc::new(ViewError::Thread(full))),
            ..behind(0, 0, 0)
        };
        assert!(!serves(&BOUNDS, &troubled, true));
        let why = reason(&BOUNDS, &troubled, true);
        assert!(
            why.contains("thread can't be started: no storage space"),
            "{why}"
        );
        assert_eq!(reason(&BOUNDS, &behind(0, 0, 0), true), "");
    }
}
