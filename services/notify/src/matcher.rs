//! The matcher: reads what is recorded, and queues it for the webhooks that are told of it.
//!
//! One reader of the log serves all webhooks that this process holds; without any, nothing is read. What the
//! ledger has not judged yet waits, and what it refused is nobody's business. A webhook's number and how far
//! it was looked for go into one event, so who comes after goes on from there, and two who believe to hold
//! the same webhook can't both count.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::delivery::EventPattern;
use aftercall_domain::ids::Namespace;
use aftercall_log::{Entry, Position, ReadError};
use aftercall_proto::cloud_event;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{AlertsRouted, Event, EventType, QueuedDelivery, WebhookQueued};
use aftercall_proto::model::v1::{Webhook, WebhookDelivery};
use aftercall_service::writing::{self, Written};
use aftercall_view::{ApplyError, Positions, StoreError};
use prost::Message;

use crate::ahead::Ahead;
use crate::meters;
use crate::notify::Shared;
use crate::rows::{self, Standing, place, places};
use crate::writer::{self, Ended, RETRY_AFTER, unless_opening};

/// How many records may pass without one for a webhook until that is recorded: so many are read again at most
/// when another process, or the next start, goes on.
const PASSED_MAX: u64 = 100_000;

/// How long to wait where the log or the view can't take part.
const PAUSE: Duration = Duration::from_secs(1);

/// A webhook whose events are looked for.
struct Listening {
    tenant_id: String,
    webhook_id: String,
    patterns: Vec<EventPattern>,
    standing: Standing,
    through: Positions,
    passed: u64,
    /// What was found since the latest event.
    found: Vec<QueuedDelivery>,
}

impl Listening {
    fn new(tenant_id: String, webhook: &Webhook, standing: Standing) -> Self {
        let patterns = webhook.event_types.iter();
        Self {
            tenant_id,
            webhook_id: webhook.webhook_id.clone(),
            // What was taken is one; a later version's would match nothing.
            patterns: patterns.filter_map(|text| text.parse().ok()).collect(),
            through: standing.through(),
            standing,
            passed: 0,
            found: Vec::new(),
        }
    }

    /// Whether it is to be told of an event.
    fn wants(&self, event: &Event, at: Position) -> bool {
        let event_type = event.cloud_event_type();
        self.tenant_id == event.tenant_id
            && !self.through.covers(at)
            && self.patterns.iter().any(|it| it.matches(event_type))
    }

    fn find(&mut self, event: &Event, at: Position) {
        let sequence = self.standing.last_sequence + self.found.len() as u64 + 1;
        let parts: [&[u8]; 3] = [
            self.tenant_id.as_bytes(),
            self.webhook_id.as_bytes(),
            event.event_id.as_bytes(),
        ];
        let message_id = format!("msg_{}", Namespace::WebhookMessage.id(&parts).simple());
        self.found.push(QueuedDelivery {
            delivery: Some(WebhookDelivery {
                sequence,
                message_id,
                event_type: event.cloud_event_type().to_owned(),
                event_id: event.event_id.clone(),
                aggregate: cloud_event::aggregate(event.r#type()).to_owned(),
                aggregate_id: event.aggregate_id.clone(),
                aggregate_sequence: event.sequence,
                interaction_id: event.interaction_id.clone(),
                customer_id: event.customer_id.clone(),
                occurred_at: event.occurred_at,
                recorded_at: event.recorded_at,
                source: cloud_event::source(event),
                ..WebhookDelivery::default()
            }),
            place: Some(place(at)),
        });
    }

    /// The messages for the receivers that it speaks for.
    fn find_messages(&mut self, event: &Event, routed: &AlertsRouted, at: Position) {
        if self.tenant_id != event.tenant_id || self.through.covers(at) {
            return;
        }
        let messages = routed.notifications.iter();
        for message in messages.filter(|it| it.webhook_id == self.webhook_id) {
            let sequence = self.standing.last_sequence + self.found.len() as u64 + 1;
            let id = &message.notification_id;
            self.found.push(QueuedDelivery {
                delivery: Some(WebhookDelivery {
                    sequence,
                    message_id: format!("msg_{}", id.replace('-', "")),
                    event_type: cloud_event::NOTIFICATION.to_owned(),
                    event_id: id.clone(),
                    aggregate: "notification".to_owned(),
                    aggregate_id: id.clone(),
                    occurred_at: message.decided_at,
                    recorded_at: event.recorded_at,
                    source: cloud_event::source(event),
                    ..WebhookDelivery::default()
                }),
                place: Some(place(at)),
            });
        }
    }

    /// Whether something is to be recorded.
    fn is_due(&self) -> bool {
        !self.found.is_empty() || self.passed >= PASSED_MAX
    }
}

/// Looks for what webhooks are told of.
pub(crate) struct Matcher(Arc<Shared>);

impl Matcher {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(self) -> Result<Infallible, Ended> {
        let mut revisions = self.0.changes.watch();
        loop {
            let held = self.0.claim.partitions();
            let webhooks = revisions.borrow_and_update().webhooks;
            let Some(listening) = self.listening().await? else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            meters::webhooks_held(listening.len());
            let changed = async {
                // The sender lives in what is shared.
                let _ = revisions.wait_for(|now| now.webhooks != webhooks).await;
            };
            tokio::select! {
                biased;
                () = changed => {}
                () = self.0.claim.others_than(&held) => {}
                ended = self.follow(listening) => ended?,
            }
        }
    }

    /// The webhooks in use that are this process's; none while the view can't say.
    async fn listening(&self) -> Result<Option<Vec<Listening>>, Ended> {
        if !writer::caught_up(&self.0.reading).await? {
            return Ok(None);
        }
        let (store, shared) = (self.0.reading.view().store(), Arc::clone(&self.0));
        let read = move || {
            let mut listening = Vec::new();
            for (tenant_id, webhook) in rows::in_use(&store)? {
                if shared.holds(&tenant_id) {
                    let id = &webhook.webhook_id;
                    let standing = rows::standing(&tenant_id, id, |key| store.get(key))?;
                    listening.push(Listening::new(tenant_id, &webhook, standing));
                }
            }
            Ok(listening)
        };
        unless_opening(self.0.supervisor.block(read).await?)
    }

    /// Queues what is found, until it has to begin anew.
    async fn follow(&self, mut listening: Vec<Listening>) -> Result<(), Ended> {
        if listening.is_empty() {
            return std::future::pending().await;
        }
        let mut judged = self.0.feed.ledger().progress();
        let mut ahead = Ahead::from(self.begin(&listening));
        loop {
            let through = judged.borrow_and_update().applied.clone();
            if ahead.has(&through) {
                if judged.changed().await.is_err() {
                    return Err(Ended::View);
                }
                continue;
            }
            let log = Arc::clone(&self.0.log);
            let read = move || {
                let read = ahead.next(&log, &through);
                (ahead, read)
            };
            let (back, read) = self.0.supervisor.block(read).await?;
            ahead = back;
            let entries = match read {
                Ok(entries) => entries,
                Err(ReadError::Unavailable { .. }) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if !self.look(&entries, &mut listening)? {
                tokio::time::sleep(PAUSE).await;
                return Ok(());
            }
            for one in &mut listening {
                one.through = one.through.union(ahead.through());
            }
            if !self.queue(&mut listening).await? {
                return Ok(());
            }
        }
    }

    /// Where the webhook that lacks most goes on.
    fn begin(&self, listening: &[Listening]) -> Positions {
        let partitions = 0..self.0.log.partitions();
        let least = partitions.map(|partition| {
            let next = listening.iter().map(|one| one.through.next(partition));
            (partition, next.min().unwrap_or_default())
        });
        least.collect()
    }

    /// Looks at records; says no while the ledger can't be asked.
    fn look(&self, entries: &[Entry], listening: &mut [Listening]) -> Result<bool, Ended> {
        for Entry { position, record } in entries {
            let Ok(event) = Event::decode(record.body.clone()) else {
                continue;
            };
            let event_type = event.r#type();
            let is_told =
                event_type != EventType::Unspecified && !cloud_event::is_of_webhooks(event_type);
            let routed = routed(&event);
            let wanted = listening.iter().any(|one| one.wants(&event, *position));
            if !is_told || (!wanted && routed.is_none()) {
                continue;
            }
            match self.0.feed.refusal(*position) {
                Ok(None) => {}
                Ok(Some(_)) => continue,
                Err(StoreError::Opening | StoreError::Failed(_)) => return Ok(false),
                Err(error) => return Err(Ended::Store(ApplyError::from(error))),
            }
            let wanting = listening.iter_mut();
            wanting
                .filter(|one| one.wants(&event, *position))
                .for_each(|one| one.find(&event, *position));
            if let Some(routed) = &routed {
                for one in listening.iter_mut() {
                    one.find_messages(&event, routed, *position);
                }
            }
        }
        for one in listening.iter_mut() {
            one.passed += entries.len() as u64;
        }
        Ok(true)
    }

    /// Records what was found; says no if another writer was first, or that is not known.
    async fn queue(&self, listening: &mut [Listening]) -> Result<bool, Ended> {
        let now = self.0.clock.now();
        let (mut records, mut due) = (Vec::new(), Vec::new());
        for one in listening.iter_mut().filter(|one| one.is_due()) {
            let queued = WebhookQueued {
                deliveries: std::mem::take(&mut one.found),
                through: places(&one.through),
            };
            meters::queued(queued.deliveries.len());
            let of = (&*one.tenant_id, &*one.webhook_id);
            let sequence = one.standing.queue_version + 1;
            let fact = Fact::WebhookQueued(queued);
            records.push(writer::record(of, sequence, &fact, now)?);
            due.push(one);
        }
        if records.is_empty() {
            return Ok(true);
        }
        let positions = match writing::write(&self.0.reading, records).await? {
            Written::At(positions) => positions,
            Written::Again(pause) => {
                tokio::time::sleep(pause.max(RETRY_AFTER)).await;
                return Ok(false);
            }
        };
        let placed: HashMap<_, _> = due
            .iter()
            .map(|one| (one.tenant_id.clone(), one.webhook_id.clone()))
            .zip(positions)
            .collect();
        for one in due {
            let store = self.0.reading.view().store();
            let found = rows::standing(&one.tenant_id, &one.webhook_id, |key| store.get(key));
            let Some(standing) = unless_opening(found)? else {
                return Ok(false);
            };
            let name = (one.tenant_id.clone(), one.webhook_id.clone());
            if standing.queued_at != placed.get(&name).copied().map(place) {
                return Ok(false);
            }
            one.standing = standing;
            one.passed = 0;
        }
        Ok(true)
    }
}

/// Who is told of alerts, if an event says that. Nothing else is decoded.
fn routed(event: &Event) -> Option<AlertsRouted> {
    if event.r#type() != EventType::AlertsRouted {
        return None;
    }
    match event.fact() {
        Ok(Some(Fact::AlertsRouted(routed))) => Some(routed),
        _ => None,
    }
}
