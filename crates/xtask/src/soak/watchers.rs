//! Those who watch alerts all along, across every restart: each alert is told of once.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::alerts::v1::{ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{Alert, AlertState};
use anyhow::Context;
use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::contact::Fate;
use super::scene::Scene;

/// How many there are.
const WATCHERS: usize = 4;

/// Alerts of a page.
const PAGE_SIZE: i32 = 500;

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

    /// Waits until each was told of every promise of which an alert was fired: that is each one that lapsed
    /// and was left so. Of one that was kept late before anybody had noticed there is none.
    pub(super) async fn conclude(&self, scene: &Scene) -> anyhow::Result<()> {
        let request = ListAlertsRequest {
            page_size: PAGE_SIZE,
            latest: true,
            ..ListAlertsRequest::default()
        };
        let alerts = scene.doors.crm(0).items(request).map_ok(promise_of);
        let fired: BTreeSet<_> = alerts.try_collect().await?;
        let lapsed = scene.book.all().into_iter();
        let lapsed = lapsed.filter(|it| it.told.is_some() && it.contact.fate() == Fate::Lapsed);
        for promise in lapsed.map(|entry| entry.contact.promise_id()) {
            if !fired.contains(&promise) {
                scene
                    .book
                    .found(format!("promise {promise} lapsed without an alert"));
            }
        }
        for heard in &self.heard {
            for missing in missing(heard, &fired).await {
                scene
                    .book
                    .found(format!("a watcher was not told of the alert of {missing}"));
            }
        }
        Ok(())
    }
}

/// What somebody was not told of, when all that was on its way has come.
async fn missing(heard: &Mutex<Heard>, fired: &BTreeSet<String>) -> Vec<String> {
    let mut missing = Vec::new();
    for _ in 0..LOOKS {
        missing = fired.difference(&heard.lock().promises).cloned().collect();
        if missing.is_empty() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    missing
}

/// The promise that an alert is about.
fn promise_of(alert: Alert) -> String {
    match alert.subject {
        Some(Subject::Promise(promise)) => promise.commitment_id,
        Some(Subject::Signal(_) | Subject::SlipUps(_)) | None => String::new(),
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
    let id = alert.alert_id.clone();
    heard.promises.insert(promise_of(alert));
    if !heard.told.insert((id.clone(), resolved)) {
        scene.book.found(format!(
            "a watcher is told twice of alert {id}, resolved {resolved}"
        ));
    }
}
