//! Several promises made, taken up again, moved and put behind others by one request.

use aftercall_domain::interaction::made_commitment_id;
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    BatchCommitmentsRequest, BatchTarget, BatchedCommitment, FulfilCommitmentRequest,
    MakeCommitmentRequest, ReopenCommitmentRequest, RescheduleCommitmentRequest,
    SetDependenciesRequest,
};
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::{CommitmentDraft, DueSpec, LocalDue};
use pbjson_types::Duration;
use tonic::{Code, Status};

use crate::making::forgotten;
use crate::stage::{
    Contact, Running, Stage, TENANT, at, owned_by, promise, reason, wire, wrong_fields,
};

const HOUR_S: i64 = 3_600;

/// Two contacts of different customers, each with a promise that is due in an hour, ten minutes ago.
async fn begin() -> (Stage, Running) {
    let stage = Stage::with_partitions(2);
    for no in 1..3 {
        stage.record(&Contact {
            customer_id: format!("customer-{no}"),
            ..Contact::new(
                &format!("i-{no}"),
                vec![promise(&format!("c-{no}"), at(HOUR_S))],
            )
        });
    }
    stage.clock.advance_to(at(600));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

fn batch(request_id: &str, targets: Vec<BatchTarget>, command: Command) -> BatchCommitmentsRequest {
    BatchCommitmentsRequest {
        request_id: request_id.to_owned(),
        targets,
        command: Some(command),
    }
}

fn promises(ids: &[&str]) -> Vec<BatchTarget> {
    let targets = ids.iter().map(|id| BatchTarget {
        commitment_id: (*id).to_owned(),
        ..BatchTarget::default()
    });
    targets.collect()
}

fn contact(interaction_id: &str) -> BatchTarget {
    BatchTarget {
        interaction_id: interaction_id.to_owned(),
        ..BatchTarget::default()
    }
}

fn customer(customer_id: &str) -> BatchTarget {
    BatchTarget {
        customer_id: customer_id.to_owned(),
        ..BatchTarget::default()
    }
}

async fn send(
    running: &Running,
    caller: &str,
    request: &BatchCommitmentsRequest,
) -> Result<Vec<BatchedCommitment>, Status> {
    let answer = running
        .client(caller)
        .batch_commitments(request.clone())
        .await?;
    Ok(answer.into_inner().commitments)
}

fn refused(one: &BatchedCommitment) -> Status {
    aftercall_proto::status::from_wire(one.status.as_ref().unwrap())
}

fn elapsed(seconds: i64) -> Option<DueSpec> {
    let spec = Spec::Elapsed(Duration { seconds, nanos: 0 });
    Some(DueSpec { spec: Some(spec) })
}

fn forgotten_by_all() -> MakeCommitmentRequest {
    MakeCommitmentRequest {
        commitment: Some(CommitmentDraft {
            owner: owned_by("zoe"),
            ..forgotten(2 * HOUR_S)
        }),
        ..MakeCommitmentRequest::default()
    }
}

#[tokio::test]
async fn the_same_is_promised_in_several_contacts_and_to_a_customer() {
    let (stage, running) = begin().await;
    let targets = vec![
        contact("i-1"),
        contact("absent"),
        customer("customer-9"),
        contact("i-2"),
    ];
    let request = batch("b-1", targets, Command::Make(forgotten_by_all()));
    let answer = send(&running, "lead", &request).await.unwrap();
    let id = |of: &str| made_commitment_id(TENANT, "lena", &format!("b-1/{of}")).to_string();
    let ids: Vec<_> = answer.iter().map(|one| &*one.commitment_id).collect();
    let expected = [
        id("contact/i-1"),
        String::new(),
        id("customer/customer-9"),
        id("contact/i-2"),
    ];
    assert_eq!(ids, expected);
    for (place, whose, due) in [
        (0, "customer-1", 2 * HOUR_S),
        (2, "customer-9", 600 + 2 * HOUR_S),
        (3, "customer-2", 2 * HOUR_S),
    ] {
        let made = answer[place].commitment.as_ref().unwrap();
        // Each is reckoned from when it was promised.
        assert_eq!(
            (&*made.customer_id, &made.promised_by),
            (whose, &wire(at(due)))
        );
        let read = running
            .get(&made.commitment_id, &answer[place].position)
            .await;
        assert_eq!(read.owner, owned_by("zoe"));
    }
    let there_is_none = refused(&answer[1]);
    assert_eq!(wrong_fields(&there_is_none), ["interaction_id NOT_FOUND"]);

    let events = stage.events().len();
    let again = send(&running, "lead", &request).await.unwrap();
    assert_eq!(again, answer);
    assert_eq!(stage.events().len(), events, "nothing is made twice");
    running.stop().await;
}

#[tokio::test]
async fn several_are_taken_up_again_each_by_a_new_one() {
    let (stage, running) = begin().await;
    let done = Command::Fulfil(FulfilCommitmentRequest {
        note: "paid".to_owned(),
        ..FulfilCommitmentRequest::default()
    });
    let fulfil = batch("b-1", promises(&["c-1", "c-2"]), done);
    send(&running, "lead", &fulfil).await.unwrap();
    let again = Command::Reopen(ReopenCommitmentRequest {
        reason: "the refunds came back".to_owned(),
        due: elapsed(HOUR_S),
        told_to_customer: true,
        ..ReopenCommitmentRequest::default()
    });
    let mut targets = promises(&["c-1", "c-2", "absent"]);
    targets[1].expected_version = 7;
    let request = batch("b-2", targets, again);
    let shut = send(&running, "agent", &request).await.unwrap_err();
    assert_eq!(
        (shut.code(), &*reason(&shut)),
        (Code::PermissionDenied, "ROLE_REQUIRED")
    );
    let answer = send(&running, "lead", &request).await.unwrap();
    assert_eq!(answer[0].commitment_id, "c-1");
    let new = answer[0].commitment.as_ref().unwrap();
    assert_eq!(
        (&*new.reopens, &new.promised_by),
        ("c-1", &wire(at(600 + HOUR_S)))
    );
    assert_eq!(reason(&refused(&answer[1])), "VERSION_MISMATCH");
    assert_eq!(reason(&refused(&answer[2])), "COMMITMENT_NOT_FOUND");

    let events = stage.events().len();
    assert_eq!(send(&running, "lead", &request).await.unwrap(), answer);
    assert_eq!(stage.events().len(), events, "nothing is done twice");
    running.stop().await;
}

#[tokio::test]
async fn several_are_moved_by_one_due_in_words_each_by_its_own_clocks() {
    let stage = Stage::with_partitions(2);
    for (no, time_zone) in [(1, "Europe/Berlin"), (2, "America/New_York")] {
        let draft = CommitmentDraft {
            time_zone: time_zone.to_owned(),
            ..promise(&format!("c-{no}"), at(90 * 24 * HOUR_S))
        };
        stage.record(&Contact::new(&format!("i-{no}"), vec![draft]));
    }
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let day = at(30 * 24 * HOUR_S)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let local = LocalDue {
        date: day.to_string(),
        time: "17:00".to_owned(),
        time_zone: String::new(),
    };
    let moved = Command::Reschedule(RescheduleCommitmentRequest {
        due: Some(DueSpec {
            spec: Some(Spec::Local(local)),
        }),
        reason: "the part is late".to_owned(),
        customer_informed_message_id: "<told@mail.example>".to_owned(),
        ..RescheduleCommitmentRequest::default()
    });
    let request = batch("b-1", promises(&["c-1", "c-2"]), moved);
    let answer = send(&running, "lead", &request).await.unwrap();
    for (one, time_zone) in answer.iter().zip(["Europe/Berlin", "America/New_York"]) {
        let due = day.at(17, 0, 0, 0).in_tz(time_zone).unwrap().timestamp();
        let moved = one.commitment.as_ref().unwrap();
        assert_eq!(moved.promised_by, wire(due), "{time_zone}");
        assert_eq!(moved.due_revision, 2);
        let Some(Spec::Local(said)) = moved.reschedules[0].due.clone().unwrap().spec else {
            panic!("{:?}", moved.reschedules)
        };
        assert_eq!(said.time_zone, time_zone);
    }
    assert_eq!(send(&running, "lead", &request).await.unwrap(), answer);
    running.stop().await;
}

#[tokio::test]
async fn several_wait_for_the_same_and_none_for_itself() {
    let stage = Stage::with_partitions(2);
    let all = ["c-1", "c-2", "part"].map(|id| promise(id, at(HOUR_S)));
    stage.record(&Contact::new("i-1", all.to_vec()));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let wait = Command::SetDependencies(SetDependenciesRequest {
        depends_on: vec!["part".to_owned()],
        ..SetDependenciesRequest::default()
    });
    let request = batch("b-1", promises(&["c-1", "c-2", "part"]), wait);
    let answer = send(&running, "lead", &request).await.unwrap();
    for one in &answer[..2] {
        let waits = one.commitment.as_ref().unwrap();
        assert_eq!(waits.depends_on[0].commitment_id, "part");
    }
    let cyclic = refused(&answer[2]);
    assert_eq!(wrong_fields(&cyclic), ["depends_on CYCLIC_DEPENDENCY"]);
    running.stop().await;
}

#[tokio::test]
async fn targets_that_do_not_fit_the_command_are_refused_by_their_fields() {
    let (stage, running) = begin().await;
    let mut both = contact("i-1");
    (both.commitment_id, both.expected_version) = ("c-1".to_owned(), 1);
    let mut named = forgotten_by_all();
    named.interaction_id = "i-1".to_owned();
    named.commitment.as_mut().unwrap().due = None;
    let reopen = Command::Reopen(ReopenCommitmentRequest::default());
    let make = || Command::Make(forgotten_by_all());
    let two = [contact("i-1"), contact("i-1"), BatchTarget::default()];
    for (request, expected) in [
        (
            batch("b", vec![both], make()),
            vec![
                "targets[0].commitment_id CONFLICTING",
                "targets[0].expected_version CONFLICTING",
            ],
        ),
        (
            batch("b", two.to_vec(), make()),
            vec![
                "targets[1].interaction_id CONFLICTING",
                "targets[2].interaction_id REQUIRED",
            ],
        ),
        (
            batch("b", vec![contact("i-1")], Command::Make(named)),
            vec![
                "make.interaction_id CONFLICTING",
                "make.commitment.promised_by REQUIRED",
            ],
        ),
        (
            batch("b", vec![contact("i-1")], reopen),
            vec![
                "targets[0].commitment_id REQUIRED",
                "targets[0].interaction_id CONFLICTING",
                "reopen.reason REQUIRED",
                "reopen.promised_by REQUIRED",
            ],
        ),
        (
            batch(
                "b",
                vec![customer("customer-1")],
                Command::Make(MakeCommitmentRequest::default()),
            ),
            vec!["make.commitment REQUIRED"],
        ),
    ] {
        let refused = send(&running, "lead", &request).await.unwrap_err();
        assert_eq!(wrong_fields(&refused), expected);
    }
    assert_eq!(stage.events().len(), 2);
    running.stop().await;
}
