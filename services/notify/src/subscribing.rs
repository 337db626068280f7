//! Subscriptions: a tenant's events from a place in the log on, as they stand there.
//!
//! Each reads the log by itself, ahead of the ledger by some hundred records at most, and gives out what the ledger has
//! let count. It keeps nothing but its place, which every answer tells.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::delivery::EventPattern;
use aftercall_domain::violation::Reason;
use aftercall_domain::{InteractionId, Violations};
use aftercall_log::{Entry, Log, Position, ReadError};
use aftercall_proto::cloud_event;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::event::v1::{Event, EventType};
use aftercall_proto::notify::v1::{SubscribeEventsRequest, SubscribeEventsResponse};
use aftercall_service::{Call, Checker, ServerStopping, Unread, to_status};
use aftercall_view::{Positions, Progress, StoreError};
use futures::Stream;
use prost::Message;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::ahead::Ahead;
use crate::failure::Error;
use crate::notify::Shared;

/// Patterns of types that a subscription names.
const TYPES_MAX: usize = 50;

/// After so long without an event it is said that the stream lives.
const SILENCE: Duration = Duration::from_secs(4);

/// How long to wait where the log or the ledger can't take part.
const PAUSE: Duration = Duration::from_secs(1);

/// Which events are wanted.
#[derive(Debug)]
struct Wanted {
    tenant_id: String,
    patterns: Vec<EventPattern>,
    customer_id: String,
    interaction_id: String,
}

/// Where a subscription begins.
#[derive(Debug, PartialEq, Eq)]
enum Beginning {
    /// After the last answer.
    After(String),
    /// With what was recorded at this time, in microseconds.
    Since(i64),
    /// With what is recorded from now on.
    Now,
    /// With the log's first event.
    First,
}

impl Wanted {
    fn of(call: &Call<SubscribeEventsRequest>) -> Result<(Self, Beginning), Violations> {
        let message = &call.message;
        let mut checker = Checker::new();
        checker.id("customer_id", &message.customer_id);
        checker.id("interaction_id", &message.interaction_id);
        checker.time("recorded_since", message.recorded_since.as_ref());
        let mut patterns = Vec::new();
        if checker.few("event_types", message.event_types.len(), TYPES_MAX) {
            for (place, text) in message.event_types.iter().enumerate() {
                match text.parse::<EventPattern>() {
                    Ok(pattern) => patterns.push(pattern),
                    Err(error) => {
                        let field = format!("event_types[{place}]");
                        checker.add(field, Reason::Malformed, error.to_string());
                    }
                }
            }
        }
        let since = message.recorded_since.as_ref().and_then(from_wire);
        let beginning = match (message.resume_token.as_str(), since, message.from_now) {
            ("", None, false) => Beginning::First,
            ("", Some(since), false) => Beginning::Since(microseconds(since)),
            ("", None, true) => Beginning::Now,
            ("", Some(_), true) => {
                let text = "begins elsewhere than recorded_since; send one of the two";
                checker.conflicting("from_now", text);
                Beginning::Now
            }
            (token, ..) => Beginning::After(token.to_owned()),
        };
        let wanted = Self {
            tenant_id: call.tenant_id().to_owned(),
            patterns,
            customer_id: message.customer_id.clone(),
            interaction_id: InteractionId::read(&message.interaction_id).into_string(),
        };
        checker.done((wanted, beginning))
    }

    fn wants(&self, event: &Event) -> bool {
        let event_type = event.r#type();
        let is_told =
            event_type != EventType::Unspecified && !cloud_event::is_of_webhooks(event_type);
        is_told
            && event.tenant_id == self.tenant_id
            && (self.customer_id.is_empty() || event.customer_id == self.customer_id)
            && (self.interaction_id.is_empty() || self.is_of_contact(event))
            && self.is_of_type(event.cloud_event_type())
    }

    fn is_of_contact(&self, event: &Event) -> bool {
        event.interaction_id == self.interaction_id
            || (cloud_event::aggregate(event.r#type()) == "interaction"
                && event.aggregate_id == self.interaction_id)
    }

    fn is_of_type(&self, event_type: &str) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|it| it.matches(event_type))
    }
}

/// Begins a subscription.
pub(crate) async fn begin(
    shared: &Arc<Shared>,
    call: Call<SubscribeEventsRequest>,
) -> Result<impl Stream<Item = Result<SubscribeEventsResponse, Status>> + Send + use<>, Error> {
    let (wanted, beginning) = Wanted::of(&call)?;
    let until = call.read_until();
    let ledger = &shared.settings;
    ledger.ready(until).await?;
    let place = match beginning {
        Beginning::First => Positions::new(),
        Beginning::Now => ledger.view().applied(),
        Beginning::After(token) => {
            let place = ledger.positions("resume_token", &token)?;
            ledger.store_through("resume_token", &place, until).await?;
            place
        }
        Beginning::Since(at_us) => {
            let log = Arc::clone(&shared.log);
            let find = move || begun_at(&log, at_us);
            let found = shared.supervisor.block(find).await;
            let found = found.map_err(|fault| Error::Unread(Unread::Internal(fault)))?;
            found.map_err(|error| Error::Unread(error.into()))?
        }
    };
    let subscription = Subscription {
        shared: Arc::clone(shared),
        wanted,
        ahead: Ahead::from(place.clone()),
        place,
        held: VecDeque::new(),
        begun: false,
        judged: shared.feed.ledger().progress(),
        draining: shared.supervisor.draining(),
    };
    let subscription = Some(subscription);
    Ok(futures::stream::unfold(subscription, |one| async move {
        let mut one = one?;
        match one.next().await {
            Ok(answer) => Some((Ok(answer), Some(one))),
            Err(status) => Some((Err(status), None)),
        }
    }))
}

/// The place before what was recorded at a time. Blocks.
fn begun_at(log: &Arc<dyn Log>, at_us: i64) -> Result<Positions, ReadError> {
    let offsets =
        (0..log.partitions()).map(|partition| Ok((partition, log.offset_at(partition, at_us)?)));
    offsets.collect()
}

/// One caller's place in the log.
struct Subscription {
    shared: Arc<Shared>,
    wanted: Wanted,
    ahead: Ahead,
    /// All that it includes was given.
    place: Positions,
    /// What was read and is still to be looked at.
    held: VecDeque<Entry>,
    begun: bool,
    judged: watch::Receiver<Progress>,
    draining: CancellationToken,
}

impl Subscription {
    async fn next(&mut self) -> Result<SubscribeEventsResponse, Status> {
        if !std::mem::replace(&mut self.begun, true) {
            return Ok(self.answer(SubscribeEventsResponse::default()));
        }
        let silent_until = tokio::time::Instant::now() + SILENCE;
        loop {
            if self.draining.is_cancelled() {
                return Err(to_status(ServerStopping));
            }
            if let Some(answer) = self.next_held().await? {
                return Ok(self.answer(answer));
            }
            let through = self.judged.borrow_and_update().applied.clone();
            if !self.ahead.has(&through) {
                self.read(through).await?;
                continue;
            }
            self.place = self.place.union(&through);
            tokio::select! {
                () = self.draining.cancelled() => {}
                changed = self.judged.changed() => if changed.is_err() {
                    return Err(to_status(Error::Unread(Unread::Unavailable(None))));
                },
                () = tokio::time::sleep_until(silent_until) => {
                    return Ok(self.answer(SubscribeEventsResponse::default()));
                }
            }
        }
    }

    /// The next event of those that were read, if it is wanted and counts.
    async fn next_held(&mut self) -> Result<Option<SubscribeEventsResponse>, Status> {
        while let Some(Entry { position, record }) = self.held.front().cloned() {
            let event = Event::decode(record.body).ok();
            let event = event.filter(|event| self.wanted.wants(event));
            if event.is_some() {
                match self.shared.feed.refusal(position) {
                    Ok(None) => {}
                    Ok(Some(_)) => {
                        self.pass(position);
                        continue;
                    }
                    Err(StoreError::Opening) => {
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                    Err(error) => return Err(to_status(Error::from(error))),
                }
            }
            self.pass(position);
            if let Some(event) = event {
                let at = Positions::through(position);
                return Ok(Some(SubscribeEventsResponse {
                    event_type: event.cloud_event_type().to_owned(),
                    event: Some(event),
                    position: at.encode(self.shared.log.identity()),
                    resume_token: String::new(),
                }));
            }
        }
        Ok(None)
    }

    fn pass(&mut self, position: Position) {
        self.held.pop_front();
        self.place.include(position);
    }

    async fn read(&mut self, through: Positions) -> Result<(), Status> {
        let mut ahead = std::mem::replace(&mut self.ahead, Ahead::from(Positions::new()));
        let log = Arc::clone(&self.shared.log);
        let read = move || {
            let read = ahead.next(&log, &through);
            (ahead, read)
        };
        let done = self.shared.supervisor.block(read).await;
        let done = done.map_err(|fault| Error::Unread(Unread::Internal(fault)));
        let (ahead, read) = done.map_err(to_status)?;
        self.ahead = ahead;
        match read {
            Ok(entries) => self.held.extend(entries),
            Err(ReadError::Unavailable { .. }) => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(to_status(Error::Unread(error.into()))),
        }
        if self.held.is_empty() {
            self.place = self.place.union(self.ahead.through());
        }
        Ok(())
    }

    fn answer(&self, mut answer: SubscribeEventsResponse) -> SubscribeEventsResponse {
        answer.resume_token = self.place.encode(self.shared.log.identity());
        answer
    }
}
