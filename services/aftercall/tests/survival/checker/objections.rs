//! The checker objects to wrong logs: what it is silent about can be trusted.

use aftercall_log::{LogId, Record};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::event::v1::{
    AlertsRouted, CommitmentFulfilled, CommitmentStageReached, MailAttempted, QueuedDelivery,
    WebhookQueued,
};
use aftercall_proto::followups::v1::FulfilCommitmentResponse;
use aftercall_proto::model::v1::{
    CommitmentClock, Lapse, Notification, NotificationKind, NotifiedAlert, PolicyRef,
    PromiseSubject, Stage, WebhookDelivery,
};
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};
use jiff::SignedDuration;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::requests::{self, now};

mod kept_back;

const LOG: LogId = LogId([7; 16]);

/// A journal, and a log that goes with it as far as a test wants.
struct Scene {
    journal: Journal,
    rng: StdRng,
    log: Vec<Entry>,
    sent: u64,
}

impl Scene {
    fn new() -> Self {
        Self {
            journal: Journal::new(),
            rng: StdRng::seed_from_u64(1),
            log: Vec::new(),
            sent: 0,
        }
    }

    /// Sends the record of a contact with a promise.
    fn send(&mut self) -> RecordInteractionRequest {
        loop {
            self.sent += 1;
            let request = requests::record(&mut self.rng, "scene", self.sent, "customer");
            let interaction = request.interaction.as_ref().expect("an interaction");
            if !interaction.commitments.is_empty() {
                self.journal.send_record(&request);
                return request;
            }
        }
    }

    fn append(&mut self, event: &Event) -> Position {
        let position = Position {
            partition: 0,
            offset: self.log.len() as u64,
        };
        self.log.push(Entry {
            position,
            record: Record {
                key: "default|customer".into(),
                recorded_at_us: 0,
                body: event.encode_to_vec().into(),
            },
        });
        position
    }

    fn acknowledge(&self, request: &RecordInteractionRequest, at: Position) {
        let interaction = request.interaction.as_ref().expect("an interaction");
        let answer = RecordInteractionResponse {
            position: Positions::through(at).encode(LOG),
            ..RecordInteractionResponse::default()
        };
        self.journal
            .answer_record(&interaction.interaction_id, Some(answer));
    }

    /// Sent, in the log, and acknowledged.
    fn record(&mut self) -> RecordInteractionRequest {
        let request = self.send();
        let at = self.append(&recorded(&request));
        self.acknowledge(&request, at);
        request
    }

    fn faults(&self, mut checker: Checker) -> Vec<String> {
        checker.compare(LOG, &self.log, &self.journal.entries());
        checker.faults
    }

    /// What is wrong of a log that several processes write.
    fn shared(&self) -> Vec<String> {
        self.faults(Checker::of_shared())
    }
}

fn event(fact: Fact, aggregate_id: &str, sequence: u64, request_id: &str) -> Event {
    Event {
        aggregate_id: aggregate_id.to_owned(),
        sequence,
        request_id: request_id.to_owned(),
        recorded_at: Some(to_wire(now() + SignedDuration::from_hours(100))),
        ..fact.event()
    }
}

fn recorded(request: &RecordInteractionRequest) -> Event {
    let interaction = request.interaction.clone();
    let id = interaction.clone().unwrap_or_default().interaction_id;
    let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
        interaction,
        ..InteractionRecorded::default()
    }));
    event(fact, &id, 1, &id)
}

fn promise(request: &RecordInteractionRequest) -> &aftercall_proto::model::v1::CommitmentDraft {
    let interaction = request.interaction.as_ref();
    &interaction.expect("an interaction").commitments[0]
}

fn lapsed(request: &RecordInteractionRequest, sequence: u64) -> Event {
    let promise = promise(request);
    let lapse = Lapse {
        due_revision: 1,
        lapsed_at: promise.promised_by,
        ..Lapse::default()
    };
    let fact = Fact::CommitmentLapsed(CommitmentLapsed {
        lapse: Some(lapse),
        ..CommitmentLapsed::default()
    });
    event(fact, &promise.commitment_id, sequence, "")
}

#[test]
fn a_log_as_it_should_be_is_taken() {
    let mut scene = Scene::new();
    let first = scene.record();
    scene.record();
    scene.append(&lapsed(&first, 2));
    assert_eq!(scene.shared(), [""; 0]);
    assert_eq!(scene.faults(Checker::default()), [""; 0]);
}

#[test]
fn a_lost_acknowledgement() {
    let mut scene = Scene::new();
    let request = scene.send();
    let nowhere = Position {
        partition: 0,
        offset: 5,
    };
    scene.acknowledge(&request, nowhere);
    let faults = scene.shared();
    assert!(faults[0].contains("is lost"), "{faults:?}");
}

#[test]
fn an_acknowledgement_of_another_place() {
    let mut scene = Scene::new();
    scene.record();
    let request = scene.send();
    let at = scene.append(&recorded(&request));
    scene.acknowledge(
        &request,
        Position {
            offset: at.offset - 1,
            ..at
        },
    );
    let faults = scene.shared();
    assert!(faults[0].contains("was said to be at"), "{faults:?}");
}

#[test]
fn what_was_changed_or_never_sent() {
    let mut scene = Scene::new();
    let mut request = scene.send();
    let interaction = request.interaction.as_mut().expect("an interaction");
    interaction.agent_id = "somebody else".to_owned();
    scene.append(&recorded(&request));
    interaction_of_nobody(&mut request);
    scene.append(&recorded(&request));
    let faults = scene.shared();
    assert!(faults[0].contains("is not what was sent"), "{faults:?}");
    assert!(faults[1].contains("was never sent"), "{faults:?}");
}

#[test]
fn what_a_policy_makes_of_a_promise_is_no_change_of_it() {
    let mut scene = Scene::new();
    let mut request = scene.send();
    let interaction = request.interaction.as_mut().expect("an interaction");
    let draft = &mut interaction.commitments[0];
    draft.stages = vec![Stage::default()];
    scene.append(&recorded(&request));
    let faults = scene.shared();
    assert!(faults[0].contains("is not what was sent"), "{faults:?}");
    scene.log.clear();
    let interaction = request.interaction.as_mut().expect("an interaction");
    let draft = &mut interaction.commitments[0];
    draft.policy = Some(PolicyRef::default());
    scene.append(&recorded(&request));
    assert_eq!(scene.shared(), [""; 0]);
    let interaction = request.interaction.as_mut().expect("an interaction");
    interaction.commitments[0].promise_text = "another one".to_owned();
    scene.log.clear();
    scene.append(&recorded(&request));
    let faults = scene.shared();
    assert!(faults[0].contains("is not what was sent"), "{faults:?}");
}

fn interaction_of_nobody(request: &mut RecordInteractionRequest) {
    let interaction = request.interaction.as_mut().expect("an interaction");
    interaction.interaction_id = "nobody's".to_owned();
}

#[test]
fn a_customers_records_in_another_order() {
    let mut scene = Scene::new();
    let (first, second) = (scene.send(), scene.send());
    scene.append(&recorded(&second));
    scene.append(&recorded(&first));
    let faults = scene.shared();
    assert!(
        faults[0].contains("after what was sent later"),
        "{faults:?}"
    );
}

#[test]
fn a_record_twice_is_harmless_only_where_several_processes_write() {
    let mut scene = Scene::new();
    let first = scene.record();
    scene.record();
    scene.append(&recorded(&first));
    assert_eq!(scene.shared(), [""; 0]);
    let faults = scene.faults(Checker::default());
    assert!(faults.iter().any(|it| it.contains("already")), "{faults:?}");
}

#[test]
fn a_retry_may_be_answered_by_where_it_stands_again() {
    let mut scene = Scene::new();
    let request = scene.send();
    scene.append(&recorded(&request));
    let again = scene.append(&recorded(&request));
    scene.acknowledge(&request, again);
    assert_eq!(scene.shared(), [""; 0]);
}

/// The command that fulfils what was promised in `recorded`, sent; and the event that it makes.
fn fulfil(scene: &mut Scene, recorded: &RecordInteractionRequest, sequence: u64) -> Event {
    let id = promise(recorded).commitment_id.clone();
    let command = requests::fulfilment(&mut scene.rng, "request".to_owned(), &id);
    scene.journal.send_fulfilment("customer", &command);
    let fulfilled = Fact::CommitmentFulfilled(CommitmentFulfilled {
        note: command.note,
        fulfilled_at: command.fulfilled_at,
        ..CommitmentFulfilled::default()
    });
    event(fulfilled, &id, sequence, "request")
}

impl Scene {
    /// Says that the command of [`fulfil`] is in the log at that place.
    fn acknowledge_fulfilment(&self, at: Position) {
        let answer = FulfilCommitmentResponse {
            position: Positions::through(at).encode(LOG),
            ..FulfilCommitmentResponse::default()
        };
        self.journal.answer_fulfilment("request", Some(answer));
    }
}

#[test]
fn a_lapse_of_what_was_kept_in_time() {
    let mut scene = Scene::new();
    let request = scene.record();
    let fulfilled = fulfil(&mut scene, &request, 2);
    let at = scene.append(&fulfilled);
    scene.acknowledge_fulfilment(at);
    assert_eq!(scene.shared(), [""; 0]);
    // One that lost the race against the fulfilment is ignored by everybody, so it is no fault.
    scene.append(&lapsed(&request, 2));
    assert_eq!(scene.shared(), [""; 0]);
    scene.append(&lapsed(&request, 3));
    let faults = scene.shared();
    assert!(faults[0].contains("was kept in time"), "{faults:?}");
}

#[test]
fn a_command_that_a_lapse_outran_stands_there_again_and_counts_once() {
    let mut scene = Scene::new();
    let request = scene.record();
    let outrun = fulfil(&mut scene, &request, 2);
    let next = Event {
        sequence: 3,
        ..outrun.clone()
    };
    scene.append(&lapsed(&request, 2));
    scene.append(&outrun);
    scene.append(&next);
    assert_eq!(scene.faults(Checker::default()), [""; 0]);
    assert_eq!(scene.shared(), [""; 0]);
    let twice = Event {
        sequence: 4,
        ..outrun.clone()
    };
    scene.append(&twice);
    let faults = scene.faults(Checker::default());
    assert!(faults[0].contains("already"), "{faults:?}");
    scene.log.pop();
    scene.append(&Event {
        sequence: 9,
        ..outrun
    });
    let faults = scene.faults(Checker::default());
    assert!(faults[0].contains("follows nothing"), "{faults:?}");
}

#[test]
fn a_lapse_that_counts_twice() {
    let mut scene = Scene::new();
    let request = scene.record();
    scene.append(&lapsed(&request, 2));
    // Another tracker's, which lost the race.
    scene.append(&lapsed(&request, 2));
    assert_eq!(scene.shared(), [""; 0]);
    scene.append(&lapsed(&request, 3));
    let faults = scene.shared();
    assert!(faults[0].contains("already"), "{faults:?}");
}

#[test]
fn a_place_that_is_read_again() {
    let mut scene = Scene::new();
    scene.record();
    scene.log.push(scene.log[0].clone());
    let faults = scene.shared();
    assert!(faults[0].contains("stands where 1 should"), "{faults:?}");
}

fn routed(request: &RecordInteractionRequest, message: &str, sequence: u64) -> Event {
    let alert = NotifiedAlert {
        kind: NotificationKind::Triggered.into(),
        rule: "commitment.promise_lapsed".to_owned(),
        promise: Some(PromiseSubject {
            commitment_id: promise(request).commitment_id.clone(),
            due_revision: 1,
            ..PromiseSubject::default()
        }),
        ..NotifiedAlert::default()
    };
    let fact = Fact::AlertsRouted(AlertsRouted {
        notifications: vec![Notification {
            notification_id: message.to_owned(),
            alerts: vec![alert],
            ..Notification::default()
        }],
        ..AlertsRouted::default()
    });
    event(fact, "routes", sequence, "")
}

#[test]
fn somebody_who_is_told_of_what_did_not_lapse_or_twice() {
    let mut scene = Scene::new();
    let request = scene.record();
    // It may stand in another partition than the lapse, and be read before it.
    scene.append(&routed(&request, "a", 1));
    let told = |scene: &Scene| {
        let mut checker = Checker::of_shared();
        checker.compare(LOG, &scene.log, &scene.journal.entries());
        [checker.faults.clone(), checker.told_and_never_was()].concat()
    };
    let faults = told(&scene);
    assert!(faults[0].contains("and it did not"), "{faults:?}");
    scene.append(&lapsed(&request, 2));
    // Another round's, which lost the race.
    scene.append(&routed(&request, "a", 1));
    assert_eq!(told(&scene), [""; 0]);
    scene.append(&routed(&request, "a", 2));
    let faults = told(&scene);
    assert!(faults[0].contains("decided on twice"), "{faults:?}");
}

#[test]
fn a_warning_twice() {
    let mut scene = Scene::new();
    let request = scene.record();
    let id = promise(&request).commitment_id.clone();
    let warned = |sequence| {
        let fact = Fact::CommitmentStageReached(CommitmentStageReached {
            stage_id: "soon".to_owned(),
            clock: CommitmentClock::Promise.into(),
            due_revision: 1,
            reached_at: promise(&request).promised_by,
            ..CommitmentStageReached::default()
        });
        event(fact, &id, sequence, "")
    };
    scene.append(&warned(2));
    scene.append(&warned(2));
    assert_eq!(scene.shared(), [""; 0]);
    scene.append(&warned(3));
    let faults = scene.shared();
    assert!(faults[0].contains("warned of twice"), "{faults:?}");
}

#[test]
fn a_webhooks_messages_with_a_gap_and_a_mail_of_nobody() {
    let mut scene = Scene::new();
    let queued = |number, sequence| {
        let delivery = WebhookDelivery {
            sequence: number,
            event_id: format!("event-{number}"),
            ..WebhookDelivery::default()
        };
        let fact = Fact::WebhookQueued(WebhookQueued {
            deliveries: vec![QueuedDelivery {
                delivery: Some(delivery),
                ..QueuedDelivery::default()
            }],
            ..WebhookQueued::default()
        });
        event(fact, "webhook", sequence, "")
    };
    scene.append(&queued(1, 1));
    scene.append(&queued(1, 1));
    scene.append(&queued(2, 2));
    assert_eq!(scene.shared(), [""; 0]);
    scene.append(&queued(4, 3));
    let mailed = Fact::MailAttempted(MailAttempted {
        attempts: vec![Default::default()],
    });
    scene.append(&event(mailed, "mails", 1, ""));
    let faults = scene.shared();
    assert!(faults[0].contains("a gap"), "{faults:?}");
    assert!(faults[1].contains("nobody decided so"), "{faults:?}");
}
