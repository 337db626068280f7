//! An insight service behind a real server, over a log in memory that tests write events into.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::interaction::correction_id;
use aftercall_insight::Insight;
use aftercall_ledger::testing::merged;
use aftercall_log::{Log, LogId, MemoryLog, Position, Record};
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{
    CommitmentFulfilled, CommitmentLapsed, CommitmentMade, CommitmentPaused, CommitmentRescheduled,
    CommitmentResumed, Event, InteractionAmended, InteractionIdentified, InteractionRecorded,
    RepeatAttributed,
};
use aftercall_proto::insight::v1::insight_service_client::InsightServiceClient;
use aftercall_proto::insight::v1::problem_service_client::ProblemServiceClient;
use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateResponse, ContactFilter, ListContactsRequest,
};
use aftercall_proto::model::v1::{
    CallTerms, Channel, CommitmentClock, CommitmentDraft, CommitmentKind, CommitmentOrigin,
    CommitmentOutcome, ContactReason, Customer, Direction, Disconnect, DropClass, Handling,
    Interaction, Lapse, Owner, Pause, PauseReason, Priority, ReasonResolution, RepeatCause,
    Reschedule, ResumeCause, Segment, SegmentKind, Turn, owner,
};
use aftercall_service::server::Server;
use aftercall_service::testing::{Caller as TestCaller, OPEN, TestServer};
use aftercall_service::{
    Access, ActorKind, Agents, Deps, ManualClock, Role, Supervisor, SystemIds,
};
use aftercall_view::{Cache, Views};
use futures::FutureExt;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use prost::Message;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel as Connection;
use tonic::{Request, Status};

pub(crate) const TENANT: &str = "acme";
/// Supervisors read everything, and who leads a team reads that.
const BY_TEAM: Access = Access {
    agents: Agents::Team,
    ..OPEN
};

pub(crate) const NOW: &str = "2026-06-15T12:00:00Z";
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// The instant so many seconds before [`NOW`].
pub(crate) fn ago(seconds: i64) -> WireTimestamp {
    WireTimestamp {
        seconds: now().as_second() - seconds,
        nanos: 0,
    }
}

/// The id number `n` of a sort of things.
pub(crate) fn id(sort: u16, n: u64) -> String {
    format!("0190d2c8-{sort:04x}-7000-8000-{n:012x}")
}

/// A contact under construction.
#[derive(Debug, Clone)]
pub(crate) struct Contact(pub(crate) Interaction);

/// The contact number `n`, inbound, so many seconds ago.
pub(crate) fn contact(n: u64, seconds_ago: i64) -> Contact {
    Contact(Interaction {
        interaction_id: id(1, n),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        agent_id: "agent-1".into(),
        team_id: "team-1".into(),
        occurred_at: Some(ago(seconds_ago)),
        handling: Some(Handling::default()),
        ..Interaction::default()
    })
    .customer("customer-1")
}

impl Contact {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Interaction)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn customer(self, customer_id: &str) -> Self {
        let customer = Customer {
            customer_id: customer_id.to_owned(),
            ..Customer::default()
        };
        self.with(|it| it.customer = Some(customer))
    }

    pub(crate) fn reason(self, code: &str) -> Self {
        self.with(|it| {
            it.contact_reasons.push(ContactReason {
                code: code.to_owned(),
                primary: it.contact_reasons.is_empty(),
                ..ContactReason::default()
            });
        })
    }

    /// Says of all its reasons what came of them.
    pub(crate) fn came_to(self, resolution: ReasonResolution) -> Self {
        self.with(|it| {
            let reasons = it.contact_reasons.iter_mut();
            reasons.for_each(|reason| reason.resolution = resolution.into());
        })
    }

    /// Since so many seconds ago the customer has had the trouble; the contact took so many seconds.
    pub(crate) fn trouble(self, since: Option<i64>, took: i64) -> Self {
        self.with(|it| {
            let began = it.occurred_at.unwrap_or_default().seconds;
            it.problem_onset_at = since.map(ago);
            it.ended_at = Some(WireTimestamp {
                seconds: began + took,
                nanos: 0,
            });
        })
    }

    pub(crate) fn dropped(self) -> Self {
        self.with(|it| {
            it.disconnect = Some(Disconnect {
                drop_class: DropClass::Confirmed.into(),
                ..Disconnect::default()
            });
        })
    }

    /// A time in a queue, from so many seconds ago until so many.
    pub(crate) fn queued(self, from: i64, to: i64) -> Self {
        self.with(|it| {
            it.segments.push(Segment {
                kind: SegmentKind::Queue.into(),
                enqueued_at: Some(ago(from)),
                dequeued_at: Some(ago(to)),
                ..Segment::default()
            });
        })
    }

    /// The promise number `n`, which the customer was told, due so many seconds from now.
    pub(crate) fn promise(self, n: u64, due_in: i64) -> Self {
        let draft = CommitmentDraft {
            commitment_id: id(2, n),
            kind: CommitmentKind::CallBack.into(),
            promise_text: "I will call you back.".into(),
            told_to_customer: true,
            promised_by: Some(ago(-due_in)),
            owner: Some(Owner {
                owner: Some(owner::Owner::AgentId("agent-1".into())),
            }),
            priority: Priority::P3.into(),
            ..CommitmentDraft::default()
        };
        self.with(|it| it.commitments.push(draft))
    }

    fn customer_id(&self) -> &str {
        let customer = self.0.customer.as_ref();
        customer.map_or("", |it| &it.customer_id)
    }

    pub(crate) fn record(&self, events: &Events) {
        self.record_by(None, events);
    }

    /// The same while the tenant has set by what calls are judged.
    pub(crate) fn record_by(&self, terms: Option<&CallTerms>, events: &Events) {
        let recorded = InteractionRecorded {
            interaction: Some(self.0.clone()),
            call_terms: terms.cloned(),
        };
        let fact = Fact::InteractionRecorded(Box::new(recorded));
        self.fact(events, (&self.0.interaction_id, 1), &fact);
    }

    pub(crate) fn amend(&self, events: &Events, version: u64, paths: &[&str], to: Interaction) {
        let fact = Fact::InteractionAmended(Box::new(InteractionAmended {
            update_mask: Some(pbjson_types::FieldMask {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            }),
            interaction: Some(to),
            reason: "a slip".into(),
        }));
        self.fact(events, (&self.0.interaction_id, version), &fact);
    }

    pub(crate) fn identify(&self, events: &Events, version: u64, customer_id: &str) {
        let fact = Fact::InteractionIdentified(InteractionIdentified {
            customer_id: customer_id.to_owned(),
            reason: "called back".into(),
            ..InteractionIdentified::default()
        });
        self.fact(events, (&self.0.interaction_id, version), &fact);
    }

    pub(crate) fn fulfil(&self, events: &Events, n: u64, version: u64, done_ago: i64) {
        let mut promises = self.0.commitments.iter();
        let promise = promises.find(|it| it.commitment_id == id(2, n)).unwrap();
        let due = promise.promised_by.unwrap().seconds;
        let outcome = match ago(done_ago).seconds <= due {
            true => CommitmentOutcome::Kept,
            false => CommitmentOutcome::KeptLate,
        };
        let fact = Fact::CommitmentFulfilled(CommitmentFulfilled {
            fulfilled_at: Some(ago(done_ago)),
            outcome: outcome.into(),
            ..CommitmentFulfilled::default()
        });
        self.fact(events, (&id(2, n), version), &fact);
    }

    pub(crate) fn lapse(&self, events: &Events, n: u64, version: u64) {
        let mut promises = self.0.commitments.iter();
        let promise = promises.find(|it| it.commitment_id == id(2, n)).unwrap();
        let fact = Fact::CommitmentLapsed(CommitmentLapsed {
            lapse: Some(Lapse {
                clock: CommitmentClock::Promise.into(),
                due_revision: 1,
                lapsed_at: promise.promised_by,
                detected_at: Some(ago(0)),
            }),
            ..CommitmentLapsed::default()
        });
        self.fact(events, (&id(2, n), version), &fact);
    }

    /// Our own clock stands still from so many seconds ago on, and goes on so many seconds ago.
    pub(crate) fn pause(
        &self,
        events: &Events,
        (n, version): (u64, u64),
        (from, to): (i64, Option<i64>),
        (reason, turn): (PauseReason, Turn),
    ) {
        let pause = Fact::CommitmentPaused(CommitmentPaused {
            pause: Some(Pause {
                paused_at: Some(ago(from)),
                reason: reason.into(),
                turn: turn.into(),
                paused_by: "agent-1".into(),
                ..Pause::default()
            }),
        });
        self.fact(events, (&id(2, n), version), &pause);
        if let Some(to) = to {
            let resumed = Fact::CommitmentResumed(CommitmentResumed {
                cause: ResumeCause::Asked.into(),
                resumed_at: Some(ago(to)),
                ..CommitmentResumed::default()
            });
            self.fact(events, (&id(2, n), version + 1), &resumed);
        }
    }

    /// We move a promise without telling the customer.
    pub(crate) fn move_alone(&self, events: &Events, n: u64, version: u64) {
        let fact = Fact::CommitmentRescheduled(Box::new(CommitmentRescheduled {
            reschedule: Some(Reschedule {
                due_revision: 2,
                from_due: Some(ago(100)),
                to_due: Some(ago(-100)),
                reason: "a part is missing".into(),
                rescheduled_by: "agent-1".into(),
                rescheduled_at: Some(ago(0)),
                number: 1,
                clock: CommitmentClock::Internal.into(),
                ..Reschedule::default()
            }),
        }));
        self.fact(events, (&id(2, n), version), &fact);
    }

    /// It is found out that a promise that was not kept caused the contact.
    pub(crate) fn caused_by(&self, events: &Events, (n, team_id): (u64, &str)) {
        let fact = Fact::RepeatAttributed(Box::new(RepeatAttributed {
            cause: RepeatCause::LapsedCommitment.into(),
            commitment_id: id(2, n),
            owner_team_id: team_id.into(),
            ..RepeatAttributed::default()
        }));
        let aggregate = format!("repeat-{}", self.0.interaction_id);
        self.fact(events, (&aggregate, 1), &fact);
    }

    fn fact(&self, events: &Events, (aggregate, sequence): (&str, u64), fact: &Fact) {
        let event = Event {
            event_id: format!("{aggregate}-{sequence}"),
            tenant_id: TENANT.to_owned(),
            aggregate_id: aggregate.to_owned(),
            interaction_id: self.0.interaction_id.clone(),
            sequence,
            occurred_at: Some(ago(0)),
            recorded_at: Some(ago(0)),
            actor_id: "agent-1".into(),
            customer_id: self.customer_id().to_owned(),
            ..fact.event()
        };
        events.append(&event);
    }
}

/// An event log to write into.
#[derive(Debug, Clone)]
pub(crate) struct Events(pub(crate) MemoryLog);

impl Events {
    pub(crate) fn new(partitions: u32) -> Self {
        Self(MemoryLog::new(LogId([7; 16]), partitions))
    }

    /// Two customers become one by the event of this version, or two again.
    pub(crate) fn merge(&self, (one, other): (&str, &str), version: u64, undo: bool) {
        self.about(one, (one, version), &merged(one, other, !undo));
    }

    /// It is promised to a customer, so many seconds ago, that what they had been told is put right.
    pub(crate) fn correct(&self, customer_id: &str, n: u64, seconds_ago: i64) {
        let commitment_id = correction_id(customer_id.as_bytes(), &id(3, n), 1).to_string();
        let fact = Fact::CommitmentMade(Box::new(CommitmentMade {
            commitment: Some(CommitmentDraft {
                commitment_id: commitment_id.clone(),
                kind: CommitmentKind::CorrectMisinformation.into(),
                promised_by: Some(ago(-1_000)),
                origin: CommitmentOrigin::Recall.into(),
                owner: Some(Owner {
                    owner: Some(owner::Owner::AgentId("agent-1".into())),
                }),
                priority: Priority::P3.into(),
                ..CommitmentDraft::default()
            }),
            made_at: Some(ago(seconds_ago)),
            ..CommitmentMade::default()
        }));
        self.about(customer_id, (&commitment_id, 1), &fact);
    }

    /// Appends an event about a customer and no contact.
    fn about(&self, customer_id: &str, (aggregate, sequence): (&str, u64), fact: &Fact) {
        self.append(&Event {
            event_id: format!("{aggregate}-{sequence}"),
            tenant_id: TENANT.to_owned(),
            aggregate_id: aggregate.to_owned(),
            sequence,
            occurred_at: Some(ago(0)),
            recorded_at: Some(ago(0)),
            actor_id: "agent-1".into(),
            customer_id: customer_id.to_owned(),
            ..fact.event()
        });
    }

    pub(crate) fn append(&self, event: &Event) -> Position {
        let key = contact_key(&event.tenant_id, &event.customer_id, &event.interaction_id);
        let record = Record {
            key,
            recorded_at_us: now().as_microsecond(),
            body: event.encode_to_vec().into(),
        };
        let appended = self.0.append(vec![record]).now_or_never();
        appended.unwrap().unwrap()[0]
    }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) insight: Insight,
    pub(crate) clock: ManualClock,
    supervisor: Supervisor,
    channel: Connection,
}

impl Service {
    /// Starts the service over `events`, and waits until it has caught up with them.
    pub(crate) async fn start(events: &Events, views: &Path) -> Self {
        let clock = ManualClock::at(now());
        let supervisor = Supervisor::new();
        let ids = Arc::new(SystemIds::new(Arc::new(clock.clone())));
        let views = Views {
            cache: Cache::of(8 << 20),
            ..views.to_owned().into()
        };
        let time = (Arc::new(clock.clone()), ids);
        let log = Arc::new(events.0.clone());
        let (deps, feed) = Deps::new(log, views, (time.0, time.1), supervisor.clone());
        let insight = Insight::start(&deps).unwrap();
        deps.run_feed(feed).unwrap();
        let server = |server: Server| {
            let server = server.access(BY_TEAM).service(insight.server());
            server.service(insight.problem_server())
        };
        let server = TestServer::start(&supervisor, Arc::new(clock.clone()), server).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        insight.view().ready(deadline).await.unwrap();
        Self {
            insight,
            clock,
            supervisor,
            channel: server.channel(),
        }
    }

    pub(crate) async fn stop(self) {
        drop(self.channel);
        self.supervisor.shutdown(PATIENCE).await.unwrap();
    }

    pub(crate) fn client(&self) -> Caller {
        let who = TestCaller::of_kind(ActorKind::Supervisor, TENANT, "sup-1", &[Role::Supervisor]);
        Caller {
            credentials: who.credentials(),
            client: InsightServiceClient::new(self.channel.clone()),
            problems: ProblemServiceClient::new(self.channel.clone()),
        }
    }

    /// A client of a team's lead, who reads that team.
    pub(crate) fn lead_of(&self, team_id: &'static str) -> Caller {
        let who = TestCaller::of_kind(ActorKind::Agent, TENANT, "lead-1", &[Role::TeamLead]);
        Caller {
            credentials: who.of_groups(&[team_id], &[]).credentials(),
            ..self.client()
        }
    }
}

/// A client with credentials.
#[derive(Clone)]
pub(crate) struct Caller {
    credentials: AsciiMetadataValue,
    pub(crate) client: InsightServiceClient<Connection>,
    pub(crate) problems: ProblemServiceClient<Connection>,
}

impl Caller {
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let credentials = self.credentials.clone();
        request.metadata_mut().insert("authorization", credentials);
        request
    }

    pub(crate) async fn aggregate(
        &mut self,
        request: AggregateRequest,
    ) -> Result<AggregateResponse, Status> {
        let request = self.request(AggregateRequest {
            latest: true,
            ..request
        });
        Ok(self.client.aggregate(request).await?.into_inner())
    }

    /// The contacts of a filter, page by page, and how many there are said to be.
    pub(crate) async fn contacts(&mut self, filter: Option<ContactFilter>) -> (Vec<String>, i64) {
        let (mut ids, mut total, mut page_token) = (Vec::new(), None, String::new());
        loop {
            let request = self.request(ListContactsRequest {
                filter: filter.clone(),
                page_size: 3,
                page_token: page_token.clone(),
                latest: page_token.is_empty(),
                ..ListContactsRequest::default()
            });
            let page = self.client.list_contacts(request).await.unwrap();
            let page = page.into_inner();
            total = total.or(page.total_size);
            ids.extend(page.contacts.into_iter().map(|it| it.interaction_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return (ids, total.unwrap());
            }
        }
    }
}
