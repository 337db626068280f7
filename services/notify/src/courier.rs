//! The courier of one webhook: sends what is due, and records what came of it.
//!
//! ```text
//!  due, in order ─► attempts, a few at once ─► outcomes ─► one event for all that wait ─► view
//!       ▲                                                                              │
//!       └────────── what failed, later ◄───────────────────────────────────────────────┘
//! ```
//!
//! A delivery is this courier's from the attempt's begin until the view shows what came of it. It leaves
//! nothing half done: a webhook that goes out of use, or to another process, first gets its outcomes recorded.

pub(crate) mod attempt;
mod outcomes;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::delivery::Breaker;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::event::v1::{AttemptedDelivery, WebhookChanged};
use aftercall_proto::model::v1::WebhookDeliveryState as State;
use aftercall_view::key::prefix_end;
use aftercall_view::{ApplyError, Direction};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;

use crate::keys;
use crate::notify::Shared;
use crate::rows::{self, Row};
use crate::send::Pool;
use crate::writer::{Ended, RETRY_AFTER, unless_opening};

/// How many attempts at one receiver are made at once.
const ATTEMPTS_AT_ONCE: usize = 16;

/// How many deliveries are looked up at once.
const LOOKED_UP_MAX: usize = 512;

/// How often all that is due is looked through from its beginning. What was sent leaves marks in the store
/// until that tidies up, so the usual look begins where the one before got to; what lies before that, because
/// a clock was set back or an outcome did not count, is found by this one.
const LOOKED_THROUGH_EVERY: Duration = Duration::from_secs(10);

/// How many outcomes wait to be recorded before no more is sent.
const OUTCOMES_MAX: usize = 1_000;

/// A webhook's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Of {
    pub(crate) tenant_id: String,
    pub(crate) webhook_id: String,
}

/// Sends to one webhook.
pub(crate) struct Courier {
    shared: Arc<Shared>,
    of: Of,
    pool: Pool,
}

/// A delivery that is due.
struct Due {
    at_us: i64,
    sequence: u64,
}

/// What goes on.
struct Work<'a> {
    webhook: Arc<WebhookChanged>,
    breaker: Breaker,
    /// What is due next.
    due: VecDeque<Due>,
    /// Whether there may be more of it in the view.
    look: bool,
    /// When what was taken last was due: what is due before is being worked on.
    floor_us: Option<i64>,
    /// When all of it was looked through last, by the time that never goes back.
    looked_through_at: Duration,
    /// What is being tried, or tried and not in the view yet.
    busy: HashSet<u64>,
    trying: FuturesUnordered<BoxFuture<'a, AttemptedDelivery>>,
    tried: Vec<AttemptedDelivery>,
    recording: Option<BoxFuture<'a, Result<Vec<u64>, Ended>>>,
}

impl Work<'_> {
    fn is_idle(&self) -> bool {
        self.trying.is_empty() && self.tried.is_empty() && self.recording.is_none()
    }

    /// How many attempts may begin at `now`, or until when none may.
    fn room(&self, now: Timestamp) -> Result<usize, Timestamp> {
        if self.tried.len() >= OUTCOMES_MAX {
            return Ok(0);
        }
        let width = self.breaker.width(now, ATTEMPTS_AT_ONCE)?;
        Ok(width.saturating_sub(self.trying.len()))
    }
}

impl Courier {
    pub(crate) fn new(shared: Arc<Shared>, of: Of) -> Self {
        Self {
            shared,
            of,
            pool: Pool::default(),
        }
    }

    /// Sends until the webhook is out of use or another process's; answers whose it was.
    pub(crate) async fn run(self) -> Result<Of, Ended> {
        let mut revisions = self.shared.changes.watch();
        let mut seen = revisions.borrow_and_update().webhooks;
        let mut work = Work {
            webhook: Arc::default(),
            breaker: Breaker::default(),
            due: VecDeque::new(),
            look: true,
            floor_us: None,
            looked_through_at: Duration::ZERO,
            busy: HashSet::new(),
            trying: FuturesUnordered::new(),
            tried: Vec::new(),
            recording: None,
        };
        let mut is_open = self.open(&mut work).await?;
        let partition = self.shared.partition(&self.of.tenant_id);
        loop {
            let held = self.shared.claim.holds(partition);
            let wake_at = match is_open {
                true => self.begin(&mut work).await?,
                false if work.is_idle() => break,
                false => None,
            };
            if work.recording.is_none() && !work.tried.is_empty() {
                let tried = std::mem::take(&mut work.tried);
                work.recording = Some(Box::pin(outcomes::record(&self.shared, &self.of, tried)));
            }
            let recorded = async {
                match &mut work.recording {
                    Some(recording) => recording.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(outcome) = work.trying.next() => {
                    self.note(&mut work.breaker, &outcome);
                    work.tried.push(outcome);
                }
                recorded = recorded => {
                    work.recording = None;
                    for sequence in recorded? {
                        work.busy.remove(&sequence);
                    }
                    work.look = true;
                }
                changed = revisions.changed() => {
                    changed.map_err(|_| Ended::View)?;
                    work.look = true;
                    let now = revisions.borrow_and_update().webhooks;
                    if now != seen {
                        seen = now;
                        is_open = self.open(&mut work).await?;
                    }
                }
                () = self.sleep(wake_at) => work.look = true,
                () = self.shared.claim.until(partition, !held) => {
                    is_open = self.open(&mut work).await?;
                }
            }
        }
        drop(work);
        Ok(self.of)
    }

    /// Reads the webhook anew; says whether it is in use, and this process's.
    async fn open(&self, work: &mut Work<'_>) -> Result<bool, Ended> {
        work.due.clear();
        loop {
            let store = self.shared.reading.view().store();
            let Of {
                tenant_id,
                webhook_id,
            } = &self.of;
            let found = rows::webhook(tenant_id, webhook_id, |key| store.get(key));
            let Some(found) = unless_opening(found)? else {
                tokio::time::sleep(RETRY_AFTER).await;
                continue;
            };
            let Some(changed) = found else {
                return Ok(false);
            };
            let is_in_use = changed.webhook.as_ref().is_some_and(|it| !it.disabled);
            work.webhook = Arc::new(changed);
            return Ok(is_in_use && self.shared.holds(tenant_id));
        }
    }

    async fn sleep(&self, until: Option<Timestamp>) {
        match until {
            Some(until) => self.shared.clock.sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    fn note(&self, breaker: &mut Breaker, outcome: &AttemptedDelivery) {
        match outcome.state() {
            State::Delivered => breaker.succeeded(),
            // Nobody was asked.
            State::Suppressed => {}
            _ => breaker.failed(self.shared.clock.now()),
        }
    }

    /// Begins attempts at what is due; answers when to look again, if nothing else happens.
    async fn begin<'a>(&'a self, work: &mut Work<'a>) -> Result<Option<Timestamp>, Ended> {
        let now = self.shared.clock.now();
        let room = match work.room(now) {
            Ok(room) => room,
            Err(until) => return Ok(Some(until)),
        };
        for _ in 0..room {
            if work.due.is_empty() && std::mem::take(&mut work.look) {
                self.look(work).await?;
            }
            let Some(next) = work.due.front() else {
                let floor = work.floor_us.is_some();
                let later = now.saturating_add(LOOKED_THROUGH_EVERY);
                return Ok(floor.then(|| later.unwrap_or(Timestamp::MAX)));
            };
            if next.at_us > microseconds(now) {
                let at = Timestamp::from_microsecond(next.at_us);
                // What came meanwhile may be due before it.
                work.due.clear();
                return Ok(at.ok());
            }
            let sequence = next.sequence;
            work.floor_us = Some(next.at_us);
            work.due.pop_front();
            if work.busy.contains(&sequence) {
                continue;
            }
            if let Some(row) = self.row(sequence).await? {
                work.busy.insert(sequence);
                let webhook = Arc::clone(&work.webhook);
                work.trying.push(Box::pin(self.attempt(webhook, row)));
            }
        }
        Ok(None)
    }

    /// Looks up what is due next.
    async fn look(&self, work: &mut Work<'_>) -> Result<(), Ended> {
        let now = self.shared.clock.monotonic();
        if now >= work.looked_through_at + LOOKED_THROUGH_EVERY {
            work.looked_through_at = now;
            work.floor_us = None;
        }
        work.due = self.look_up(work.floor_us, &work.busy).await?;
        Ok(())
    }

    /// What is due, from an instant on if there is one, soonest first, that nobody works on.
    async fn look_up(
        &self,
        from_us: Option<i64>,
        busy: &HashSet<u64>,
    ) -> Result<VecDeque<Due>, Ended> {
        let store = self.shared.reading.view().store();
        let all = keys::all_due(&self.of.tenant_id, &self.of.webhook_id);
        let end = prefix_end(&all);
        let from = match from_us {
            Some(from_us) => all.time(from_us),
            None => all,
        };
        let busy = busy.clone();
        let read = move || {
            let mut due = VecDeque::new();
            for entry in store.scan_range(from, end.as_deref(), Direction::Ascending) {
                let (key, _) = entry?;
                let (at_us, sequence) = keys::read_due(&key).map_err(ApplyError::record)?;
                if !busy.contains(&sequence) {
                    due.push_back(Due { at_us, sequence });
                }
                if due.len() >= LOOKED_UP_MAX {
                    break;
                }
            }
            Ok(due)
        };
        let found = unless_opening(self.shared.supervisor.block(read).await?)?;
        Ok(found.unwrap_or_default())
    }

    async fn row(&self, sequence: u64) -> Result<Option<Row>, Ended> {
        let store = self.shared.reading.view().store();
        let Of {
            tenant_id,
            webhook_id,
        } = &self.of;
        let found = rows::delivery(tenant_id, webhook_id, sequence, |key| store.get(key));
        Ok(unless_opening(found)?.flatten())
    }
}
