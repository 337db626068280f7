//! Those who watch alerts all along, across every restart: each alert is told of once.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::alerts::v1::WatchAlertsRequest;
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{Alert, AlertState};
use anyhow::{Context, ensure};
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::contact::Fate;
use super::scene::Scene;

/// How many there are.
const WATCHERS: usize = 4;

/// How long to wait for what they still have to be told, and how often to look.
const LOOKS: u32 = 300;
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The watchers, at work.
pub(super) struct Watchers {
    heard: Vec<Arc<Mutex<Heard>>>,
    _tasks: JoinSet<()>,
}

/// What one of them has been told.
#[derive(Debug, Default)]
struct Heard {
    /// Each alert, by whether it was resolved.
    told: BTreeSet<(String, bool)>,
    /// Promises of which an alert was fired.
    promises: BTreeSet<String>,
}

impl Watchers {
    /// Lets them watch; returns when all have begun.
    pub(super) async fn start(scene: &Arc<Scene>) -> anyhow::Result<Self> {
        let mut watchers = Self {
            heard: Vec::new(),
            _tasks: JoinSet::new(),
        };
        for _ in 0..WATCHERS {
            let heard = Arc::<Mutex<Heard>>::default();
            let (begun, beginning) = oneshot::channel();
            let watch = watch(Arc::clone(scene), Arc::clone(&heard), begun);
            watchers._tasks.spawn(watch);
            watchers.heard.push(heard);
            beginning.await.context("a watch that begins")?;
        }
        Ok(watchers)
    }

    /// How many alerts were told of, to all of them.
    pub(super) fn told(&self) -> usize {
        self.heard.iter().map(|heard| heard.lock().told.len()).sum()
    }

    /// Waits until each was told of every promise that has lapsed.
    pub(super) async fn conclude(&self, scene: &Scene) -> anyhow::Result<()> {
        let lapsed = scene.book.all().into_iter().filter(|entry| {
            entry.told.is_some() && matches!(entry.contact.fate(), Fate::Late | Fate::Lapsed)
        });
        let lapsed: BTreeSet<_> = lapsed.map(|entry| entry.contact.promise_id()).collect();
        for heard in &self.heard {
            let mut missing = Vec::new();
            for _ in 0..LOOKS {
                missing = lapsed.difference(&heard.lock().promises).cloned().collect();
                if missing.is_empty() {
                    break;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
            let (count, first) = (missing.len(), missing.first());
            ensure!(
                count == 0,
                "a watcher missed {count} alerts, such as of {first:?}"
            );
        }
        Ok(())
    }
}

async fn watch(scene: Arc<Scene>, heard: Arc<Mutex<Heard>>, begun: oneshot::Sender<()>) {
    let client = scene.doors.crm(0).clone();
    let mut answers = pin!(client.watch_alerts(WatchAlertsRequest::default()));
    let mut begun = Some(begun);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => {
                if let Some(begun) = begun.take() {
                    let _ = begun.send(());
                }
                if let Some(alert) = answer.alert {
                    note(&scene, &mut heard.lock(), alert);
                }
            }
            Err(error) => scene.book.found(format!("a watch ended: {error}")),
        }
    }
}

fn note(scene: &Scene, heard: &mut Heard, alert: Alert) {
    let resolved = alert.state == i32::from(AlertState::Resolved);
    if let Some(Subject::Promise(promise)) = alert.subject {
        heard.promises.insert(promise.commitment_id);
    }
    if !heard.told.insert((alert.alert_id.clone(), resolved)) {
        let id = alert.alert_id;
        scene.book.found(format!(
            "a watcher is told twice of alert {id}, resolved {resolved}"
        ));
    }
}
