//! One life of a process: all services on the log, and how they are called.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_followups::Followups;
use aftercall_history::History;
use aftercall_insight::Insight;
use aftercall_knowledge::Knowledge;
use aftercall_log::Log;
use aftercall_notify::{Notify, NotifyConfig};
use aftercall_recorder::Recorder;
use aftercall_service::{Deps, Supervisor, TestIds, chain};
use aftercall_settings::Settings;
use aftercall_view::{ViewHandle, Views};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::clock::SimClock;
use crate::executor::{Disk, Executor, Group, Life};
use crate::log::{Medium, SimLog};
use crate::world::World;

/// The least that a search index takes.
const INDEX_BYTES: usize = 15_000_000;

/// How long a stop may take.
const DRAIN: Duration = Duration::from_secs(30);

/// A running process. Clones are the same.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) group: Group,
    /// All services, called in memory.
    pub(crate) services: Routes,
    /// Cancelled when the process is gone: whoever calls it hears no more.
    pub(crate) gone: CancellationToken,
    views: Vec<ViewHandle>,
    log: SimLog,
    supervisor: Supervisor,
}

/// What a process is started on.
pub(crate) struct Machine<'m> {
    pub(crate) number: usize,
    pub(crate) group: Group,
    pub(crate) medium: &'m Medium,
    pub(crate) executor: &'m Executor,
    pub(crate) clock: SimClock,
    pub(crate) disk: Disk,
    pub(crate) views: &'m Path,
}

impl Process {
    /// Starts all services.
    ///
    /// # Panics
    /// When a service does not start: there is no thread that it could lack.
    #[expect(clippy::too_many_lines, reason = "one step a service, and no decision")]
    pub(crate) fn start(machine: &Machine<'_>, world: &World) -> Self {
        let Machine {
            number,
            group,
            medium,
            executor,
            ref clock,
            ref disk,
            views,
        } = *machine;
        let life = Life {
            executor: executor.clone(),
            group,
            disk: disk.clone(),
        };
        let log = SimLog::open(medium, number, group, executor);
        let supervisor = Supervisor::on(Arc::new(life));
        let clock = Arc::new(clock.clone());
        let ids = Arc::new(TestIds::new(Arc::clone(&clock) as _, group.0));
        let (deps, feed) = Deps::new(
            Arc::new(log.clone()),
            Views {
                index_bytes_max: INDEX_BYTES,
                ..views.to_owned().into()
            },
            (clock, ids),
            supervisor.clone(),
        );
        let recorder = Recorder::start(deps.clone());
        let history = History::start(&deps).expect("history starts");
        let followups = Followups::start(deps.clone()).expect("followups start");
        let knowledge = Knowledge::start(deps.clone(), None).expect("knowledge starts");
        let insight = Insight::start(&deps).expect("insight starts");
        let settings = Settings::start(deps.clone());
        let notify = Notify::start(deps.clone(), &NotifyConfig::default());
        let notify = notify.expect("notify starts");
        deps.run_feed(feed).expect("the feed starts");
        let services = Routes::new(recorder.server())
            .add_service(recorder.call_server())
            .add_service(history.server())
            .add_service(followups.followup_server())
            .add_service(followups.alert_server())
            .add_service(followups.calendar_feed_server())
            .add_service(followups.live_call_server())
            .add_service(knowledge.server())
            .add_service(knowledge.solutions_server())
            .add_service(knowledge.search_server())
            .add_service(insight.server())
            .add_service(insight.problem_server())
            .add_service(settings.server())
            .add_service(notify.webhook_server())
            .add_service(notify.mail_server());
        let process = Self {
            group,
            services,
            gone: CancellationToken::new(),
            views: vec![
                deps.feed.ledger().clone(),
                history.view().clone(),
                followups.view().clone(),
                knowledge.view(),
                insight.view().clone(),
                notify.view().clone(),
            ],
            log,
            supervisor,
        };
        executor.spawn(group, async move {
            loop {
                deps.feed.look_for_ends();
                sleep(Duration::from_secs(1)).await;
            }
        });
        process.watch(number, executor, world);
        process
    }

    /// Tells the world when the process ends by itself, which it never should.
    fn watch(&self, number: usize, executor: &Executor, world: &World) {
        let (supervisor, world) = (self.supervisor.clone(), world.clone());
        executor.spawn(self.group, async move {
            let ended = supervisor.run_until(std::future::pending(), DRAIN).await;
            if let Err(error) = ended {
                world.find(format!("process {number} ended: {}", chain(&error)));
            }
        });
    }

    /// The views, the ledger first.
    pub(crate) fn views(&self) -> &[ViewHandle] {
        &self.views
    }

    /// The process is killed.
    pub(crate) fn crash(&self, executor: &Executor) {
        self.gone.cancel();
        executor.end(self.group);
        self.log.crash();
    }

    /// The process is stopped in order; what it holds up must end in time.
    pub(crate) async fn stop(&self, executor: &Executor) -> Result<(), String> {
        let stopped = self.supervisor.shutdown(DRAIN).await;
        self.log.flushed().await;
        self.log.close();
        self.gone.cancel();
        executor.end(self.group);
        stopped.map_err(|error| format!("it did not stop: {}", chain(&error)))
    }

    /// Waits until all views include all that the log holds now.
    pub(crate) async fn catch_up(&self, within: Duration) -> Result<(), String> {
        let deadline = Instant::now() + within;
        let tails = self.log.tails().map_err(|error| error.to_string())?;
        let tails = aftercall_view::Positions::below(&tails);
        for view in &self.views {
            let ready = view.ready(deadline).await;
            ready.map_err(|error| format!("view {} does not open: {error}", view.name()))?;
            let reached = view.wait_for(&tails, deadline).await;
            reached.map_err(|error| format!("view {} does not catch up: {error}", view.name()))?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}
