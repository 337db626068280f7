//! Promises that are made after their contact, or without one.

use aftercall_domain::interaction::made_commitment_id;
use aftercall_log::Log;
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{CommitmentMade, Event, EventType};
use aftercall_proto::followups::v1::{
    FulfilCommitmentRequest, ListCommitmentsRequest, MakeCommitmentRequest, MakeCommitmentResponse,
};
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    CommitmentDraft, CommitmentKind, DueSpec, FollowUpPolicy, Setting, WarnStage, owner, warn_stage,
};
use aftercall_service::Clock;
use aftercall_service::testing::setting_changed;
use aftercall_view::Positions;
use pbjson_types::Duration;
use tonic::{Code, Status};

use crate::identifying::{identify, of};
use crate::stage::{
    Contact, OWNER, Running, Stage, TENANT, at, promise, reason, telephone, violations_of, wire,
};

/// The id of what the lead makes by the request `r-n`.
pub(crate) fn id(n: u64) -> String {
    made_commitment_id(TENANT, "lena", &format!("r-{n}")).to_string()
}

/// A promise that was forgotten, to be kept within so many seconds.
pub(crate) fn forgotten(seconds: i64) -> CommitmentDraft {
    let spec = Spec::Elapsed(Duration { seconds, nanos: 0 });
    CommitmentDraft {
        kind: CommitmentKind::SendInfo.into(),
        promise_text: "We send you the form.".to_owned(),
        told_to_customer: true,
        due: Some(DueSpec { spec: Some(spec) }),
        ..CommitmentDraft::default()
    }
}

pub(crate) fn in_contact(request_id: &str, draft: CommitmentDraft) -> MakeCommitmentRequest {
    MakeCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment: Some(draft),
        interaction_id: "i-1".to_owned(),
        ..MakeCommitmentRequest::default()
    }
}

fn to_customer(request_id: &str, customer_id: &str) -> MakeCommitmentRequest {
    MakeCommitmentRequest {
        interaction_id: String::new(),
        customer_id: customer_id.to_owned(),
        ..in_contact(request_id, forgotten(3_600))
    }
}

pub(crate) async fn make(
    running: &Running,
    who: &str,
    request: MakeCommitmentRequest,
) -> Result<MakeCommitmentResponse, Status> {
    let answer = running.client(who).make_commitment(request).await;
    answer.map(tonic::Response::into_inner)
}

/// What is wrong with which field.
fn wrong(status: &Status) -> Vec<(String, String)> {
    assert_eq!(reason(status), "INVALID_REQUEST");
    violations_of(status)
}

/// A contact with one promise, ten minutes ago.
async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    stage.record(&Contact {
        handle: telephone("+4930999001"),
        ..Contact::new("i-1", vec![promise("c-1", at(9_000))])
    });
    stage.clock.advance_to(at(600));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

#[tokio::test]
async fn a_forgotten_promise_is_one_of_its_contact_and_lapses_as_any_other() {
    let (stage, running) = begin().await;
    let made = make(&running, "agent", in_contact("r-1", forgotten(1_800)))
        .await
        .unwrap();
    let shown = made.commitment.unwrap();
    // Reckoned from when it was promised: in the call, not when somebody remembered it.
    assert_eq!(
        (shown.made_at, shown.promised_by),
        (wire(at(0)), wire(at(1_800)))
    );
    assert_eq!(shown.recorded_at, wire(at(600)));
    assert_eq!(
        (&*shown.customer_id, &*shown.interaction_id),
        ("customer-1", "i-1")
    );
    assert_eq!(
        (&*shown.customer_name, shown.handles.len()),
        ("Kim Example", 1)
    );
    assert_eq!(
        (&*shown.made_by_agent_id, &*shown.team_id),
        (OWNER, "team-1")
    );
    let keeper = shown.owner.unwrap().owner.unwrap();
    assert_eq!(keeper, owner::Owner::AgentId(OWNER.to_owned()));
    assert_eq!(shown.owner_team_id, "team-1");
    assert_eq!(
        of(&running, "customer-1").await,
        [&*shown.commitment_id, "c-1"]
    );

    stage.clock.advance_to(at(1_801));
    running.until(|| !stage.lapses().is_empty()).await;
    running.caught_up(&stage).await;
    assert_eq!(stage.lapses()[0].0, shown.commitment_id);
    stage.record(&Contact::new("i-2", Vec::new()));
    let late = FulfilCommitmentRequest {
        request_id: "r-2".to_owned(),
        commitment_id: shown.commitment_id.clone(),
        evidence_interaction_id: "i-2".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let mut client = running.client("owner");
    let kept = client.fulfil_commitment(late).await.unwrap().into_inner();
    assert_eq!(kept.commitment.unwrap().lapses.len(), 1);

    // A view that is built anew has the same.
    let before = running.get(&shown.commitment_id, "").await;
    running.stop().await;
    let rebuilt = stage
        .start_on(std::sync::Arc::new(stage.log.clone()), "anew")
        .await;
    rebuilt.caught_up(&stage).await;
    assert_eq!(rebuilt.get(&shown.commitment_id, "").await, before);
    rebuilt.stop().await;
}

#[tokio::test]
async fn its_policy_follows_it_up_as_if_it_had_been_recorded_with_the_contact() {
    let (stage, running) = begin().await;
    let policy = FollowUpPolicy {
        promise_stages: vec![WarnStage {
            stage_id: "half".to_owned(),
            basis: Some(warn_stage::Basis::PercentElapsed(50)),
        }],
        ..FollowUpPolicy::default()
    };
    let setting = Setting {
        setting_id: "mails".to_owned(),
        version: 1,
        body: Some(Body::FollowUpPolicy(policy)),
        ..Setting::default()
    };
    let record = setting_changed("acme", 1, setting, stage.clock.now());
    let positions = stage.log.append(vec![record]).await.unwrap();
    let request = MakeCommitmentRequest {
        settings_position: Positions::through(positions[0]).encode(stage.log.identity()),
        ..in_contact("r-1", forgotten(7_200))
    };
    let made = make(&running, "lead", request).await.unwrap();
    let shown = made.commitment.unwrap();
    assert_eq!(shown.policy.unwrap().policy_id, "mails");
    assert_eq!(shown.stages[0].stage_at, wire(at(3_600)));
    running.stop().await;
}

#[tokio::test]
async fn a_request_makes_it_once_and_names_it() {
    let (stage, running) = begin().await;
    let first = make(&running, "lead", in_contact("r-1", forgotten(1_800)))
        .await
        .unwrap();
    assert_eq!(first.commitment.as_ref().unwrap().commitment_id, id(1));
    let again = make(&running, "lead", in_contact("r-1", forgotten(1_800))).await;
    assert_eq!(again.unwrap(), first);
    let made = |stage: &Stage| {
        let events = stage.events().into_iter();
        let made = events.filter(|event| event.r#type() == EventType::CommitmentMade);
        made.count()
    };
    assert_eq!(made(&stage), 1);
    // The same words by another request, or by another actor, are another promise.
    for (who, request_id) in [("lead", "r-2"), ("owner", "r-1")] {
        let other = make(&running, who, in_contact(request_id, forgotten(1_800))).await;
        assert_ne!(other.unwrap(), first, "{who} {request_id}");
    }
    assert_eq!(made(&stage), 3);

    let reused = make(&running, "lead", in_contact("r-1", forgotten(1_900))).await;
    assert_eq!(reason(&reused.unwrap_err()), "REQUEST_ID_REUSED");
    // Requests are forgotten after seven days; what they made is not.
    stage.clock.advance_to(at(8 * 86_400));
    stage.record(&Contact::new("i-8", Vec::new()));
    running.caught_up(&stage).await;
    let late = make(&running, "lead", in_contact("r-1", forgotten(1_800))).await;
    assert_eq!(late.unwrap().commitment.unwrap().commitment_id, id(1));
    let reused = make(&running, "lead", in_contact("r-1", forgotten(1_900))).await;
    assert_eq!(reason(&reused.unwrap_err()), "REQUEST_ID_REUSED");
    assert_eq!(made(&stage), 3);
    running.stop().await;
}

#[tokio::test]
async fn two_replicas_that_are_asked_at_once_make_it_once() {
    let (stage, running) = begin().await;
    let other = stage
        .start_on(std::sync::Arc::new(stage.log.clone()), "other")
        .await;
    other.caught_up(&stage).await;
    let (one, two) = tokio::join!(
        make(&running, "lead", in_contact("r-1", forgotten(1_800))),
        make(&other, "lead", in_contact("r-1", forgotten(3_600))),
    );
    let refused = [&one, &two].into_iter().filter(|it| it.is_err()).count();
    assert_eq!(refused, 1, "{one:?} {two:?}");
    let shown = running.get(&id(1), "").await;
    let won = one.or(two).unwrap().commitment.unwrap();
    running.caught_up(&stage).await;
    assert_eq!(shown.promised_by, won.promised_by);
    running.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_promise_without_a_contact_is_its_callers_and_the_customers() {
    let (stage, running) = begin().await;
    let made = make(&running, "agent", to_customer("r-1", "customer-9"))
        .await
        .unwrap();
    let shown = made.commitment.unwrap();
    assert_eq!(
        (shown.made_at, shown.promised_by),
        (wire(at(600)), wire(at(4_200)))
    );
    assert_eq!(
        (&*shown.interaction_id, &*shown.made_by_agent_id),
        ("", "bob")
    );
    assert_eq!(of(&running, "customer-9").await, [&*shown.commitment_id]);
    let key = contact_key(TENANT, "customer-9", "");
    assert_eq!(stage.keys().last(), Some(&key));
    // Its end is under the same key, and counts.
    let fulfil = FulfilCommitmentRequest {
        request_id: "r-2".to_owned(),
        commitment_id: shown.commitment_id,
        ..FulfilCommitmentRequest::default()
    };
    let mut client = running.client("agent");
    client.fulfil_commitment(fulfil).await.unwrap();
    assert_eq!(stage.keys().last(), Some(&key));
    running.stop().await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one case for each field")]
async fn what_can_not_have_been_promised_is_refused_by_field() {
    let (_stage, running) = begin().await;
    let sound = || in_contact("r-1", forgotten(60));
    let cases: Vec<(&str, &str, MakeCommitmentRequest)> = vec![
        ("request_id", "REQUIRED", in_contact("", forgotten(60))),
        (
            "interaction_id",
            "REQUIRED",
            MakeCommitmentRequest {
                interaction_id: String::new(),
                ..sound()
            },
        ),
        (
            "commitment",
            "REQUIRED",
            MakeCommitmentRequest {
                commitment: None,
                ..sound()
            },
        ),
        (
            "interaction_id",
            "NOT_FOUND",
            MakeCommitmentRequest {
                interaction_id: "i-2".to_owned(),
                ..sound()
            },
        ),
        (
            "interaction_id",
            "CONFLICTING",
            MakeCommitmentRequest {
                customer_id: "customer-2".to_owned(),
                ..sound()
            },
        ),
        (
            "made_at",
            "CONFLICTING",
            MakeCommitmentRequest {
                made_at: wire(at(-1)),
                ..sound()
            },
        ),
        (
            "made_at",
            "IN_FUTURE",
            MakeCommitmentRequest {
                made_at: wire(at(1_000)),
                ..sound()
            },
        ),
        (
            "commitment.promised_by",
            "DUE_IN_PAST",
            in_contact("r-1", promise("", at(-1))),
        ),
        (
            "commitment.commitment_id",
            "CONFLICTING",
            in_contact("r-1", promise(&id(5), at(60))),
        ),
        (
            "commitment.fulfilled_at",
            "CONFLICTING",
            in_contact(
                "r-1",
                CommitmentDraft {
                    fulfilled_at: wire(at(1)),
                    ..forgotten(60)
                },
            ),
        ),
    ];
    for (field, why, request) in cases {
        let refused = make(&running, "lead", request).await.unwrap_err();
        assert_eq!(wrong(&refused), [(field.to_owned(), why.to_owned())]);
    }
    let denied = make(&running, "admin", sound()).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let foreign = make(&running, "foreign", sound()).await.unwrap_err();
    assert_eq!(wrong(&foreign)[0].1, "NOT_FOUND");
    running.stop().await;
}

#[tokio::test]
async fn it_goes_with_its_contact_when_that_is_somebody_elses() {
    let stage = Stage::with_partitions(4);
    let contact = Contact {
        customer_id: String::new(),
        handle: telephone("+4930999001"),
        ..Contact::new("i-1", vec![promise("c-1", at(9_000))])
    };
    stage.record(&contact);
    let running = stage.start().await;
    let first = make(&running, "lead", in_contact("r-1", forgotten(60)));
    let first = first.await.unwrap().commitment.unwrap().commitment_id;
    identify(&stage, ("i-1", ""), 2, "C-1");
    running.caught_up(&stage).await;
    assert_eq!(of(&running, "C-1").await, [&*first, "c-1"]);

    // One that is made now stands under the contact's own key, and is the customer's who was named.
    let second = make(&running, "lead", in_contact("r-2", forgotten(120)));
    let second = second.await.unwrap().commitment.unwrap();
    assert_eq!(second.customer_id, "C-1");
    stage.clock.advance_to(at(200));
    running.until(|| stage.lapses().len() == 2).await;
    let home = contact_key(TENANT, "", "i-1");
    assert!(stage.keys().iter().all(|key| *key == home));
    identify(&stage, ("i-1", ""), 3, "C-2");
    running.caught_up(&stage).await;
    assert_eq!(
        of(&running, "C-2").await,
        [&*first, &*second.commitment_id, "c-1"]
    );
    running.stop().await;
}

/// A promise as another recorder or replica may have written it.
fn written(commitment_id: &str, interaction_id: &str, customer_id: &str) -> Event {
    let fact = Fact::CommitmentMade(Box::new(CommitmentMade {
        commitment: Some(promise(commitment_id, at(5_000))),
        made_at: wire(at(0)),
        ..CommitmentMade::default()
    }));
    Event {
        event_id: format!("{commitment_id}-{interaction_id}"),
        tenant_id: TENANT.to_owned(),
        aggregate_id: commitment_id.to_owned(),
        interaction_id: interaction_id.to_owned(),
        customer_id: customer_id.to_owned(),
        sequence: 1,
        occurred_at: wire(at(1)),
        recorded_at: wire(at(1)),
        actor_id: "crm".to_owned(),
        ..fact.event()
    }
}

#[tokio::test]
async fn the_first_of_an_id_counts_and_only_in_a_contact_that_is_there_and_theirs() {
    let stage = Stage::new();
    let contact = Contact {
        customer_id: String::new(),
        ..Contact::new("i-1", Vec::new())
    };
    stage.record(&contact);
    identify(&stage, ("i-1", ""), 2, "C-1");
    let refused = [
        // With an id that a record could bring.
        written("0190d2c8-0002-7000-8000-000000000001", "i-1", "C-1"),
        // Decided before it was said whose contact it is.
        written(&id(1), "i-1", ""),
        written(&id(2), "i-9", ""),
        Event {
            aggregate_id: id(4),
            ..written(&id(3), "i-1", "C-1")
        },
    ];
    for event in &refused {
        stage.append(event, "");
    }
    stage.append(&written(&id(5), "i-1", "C-1"), "");
    let again = Event {
        event_id: "again".to_owned(),
        ..written(&id(5), "i-1", "C-1")
    };
    stage.append(&again, "");
    // A contact that brings the id later has lost it.
    stage.record(&Contact::new("i-5", Vec::new()));
    stage.append(&written(&id(6), "i-5", "customer-1"), "customer-1");
    stage.record(&Contact::new("i-6", vec![promise(&id(6), at(50))]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    assert_eq!(of(&running, "C-1").await, [id(5)]);
    assert_eq!(running.get(&id(5), "").await.promised_by, wire(at(5_000)));
    let everything = running.client("lead");
    let request = ListCommitmentsRequest::default();
    let all = { everything }.list_commitments(request).await.unwrap();
    assert_eq!(all.into_inner().commitments.len(), 2);
    assert_eq!(running.get(&id(6), "").await.interaction_id, "i-5");
    running.stop().await;
}
