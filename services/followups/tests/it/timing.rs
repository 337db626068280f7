//! In time, too late, and the moment between.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentFulfilled, Event};
use aftercall_proto::followups::v1::{FulfilCommitmentRequest, RescheduleCommitmentRequest};
use aftercall_proto::model::v1::{CommitmentLifecycle, CommitmentOutcome, Timeliness};

use crate::stage::{Contact, MICROSECOND, Stage, TENANT, at, promise, unwire, wire};

fn fulfil(commitment_id: &str) -> FulfilCommitmentRequest {
    FulfilCommitmentRequest {
        request_id: format!("fulfil-{commitment_id}"),
        commitment_id: commitment_id.to_owned(),
        ..FulfilCommitmentRequest::default()
    }
}

#[tokio::test]
async fn a_promise_done_exactly_at_its_due_is_kept_and_never_lapses() {
    let stage = Stage::new();
    let running = stage.start().await;
    let due = at(60);
    stage.record(&Contact::new(
        "i-1",
        vec![promise("kept", due), promise("open", due)],
    ));
    stage.clock.advance_to(due);
    let kept = running
        .client("owner")
        .fulfil_commitment(fulfil("kept"))
        .await;
    let kept = kept.unwrap().into_inner().commitment.unwrap();
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    assert_eq!(kept.lifecycle(), CommitmentLifecycle::Fulfilled);
    assert!(stage.lapses().is_empty(), "at the due there is still time");

    stage.clock.advance_to(due + MICROSECOND);
    running.until(|| !stage.lapses().is_empty()).await;
    let (lapsed, lapse) = stage.lapses().remove(0);
    let lapse = lapse.lapse.unwrap();
    assert_eq!(lapsed, "open");
    assert_eq!(unwire(lapse.lapsed_at.as_ref()), due);
    assert_eq!(unwire(lapse.detected_at.as_ref()), due + MICROSECOND);

    running.caught_up(&stage).await;
    let open = running.get("open", "").await;
    assert_eq!(
        (open.timeliness(), open.lapses.len()),
        (Timeliness::Overdue, 1)
    );
    let late = running
        .client("owner")
        .fulfil_commitment(fulfil("open"))
        .await;
    let late = late.unwrap().into_inner().commitment.unwrap();
    assert_eq!(late.outcome(), CommitmentOutcome::KeptLate);
    assert_eq!(stage.lapses().len(), 1);
    running.stop().await;
}

/// The tracker wakes while the last moment's fulfilment is on its way. Whoever is first in the log,
/// a promise that was kept in time is kept; and one whose fulfilment was answered before the due
/// had passed has no lapse.
#[tokio::test]
async fn a_promise_kept_in_time_stays_kept_when_fulfilment_and_tracker_race() {
    let stage = Stage::new();
    let running = stage.start().await;
    for round in 0..50 {
        let due = at(60 * (round + 1));
        let (answered, racing) = (format!("answered-{round}"), format!("racing-{round}"));
        let promises = vec![promise(&answered, due), promise(&racing, due)];
        stage.record(&Contact::new(&format!("i-{round}"), promises));
        stage.clock.advance_to(due);
        let mut client = running.client("owner");
        client.fulfil_commitment(fulfil(&answered)).await.unwrap();
        let request = FulfilCommitmentRequest {
            fulfilled_at: wire(due),
            ..fulfil(&racing)
        };
        let clock = stage.clock.clone();
        let (fulfilled, ()) = tokio::join!(client.fulfil_commitment(request), async move {
            tokio::task::yield_now().await;
            clock.advance_to(due + MICROSECOND);
        });
        let fulfilled = fulfilled.unwrap().into_inner();
        let commitment = fulfilled.commitment.unwrap();
        assert_eq!(commitment.outcome(), CommitmentOutcome::Kept);
        let answered = running.get(&answered, &fulfilled.position).await;
        assert_eq!(answered.lapses, [], "round {round}");
    }
    let lapses = stage.lapses();
    assert!(
        lapses.iter().all(|(id, _)| id.starts_with("racing")),
        "{lapses:?}"
    );
    running.stop().await;
}

#[tokio::test]
async fn an_earlier_due_wakes_the_tracker_that_sleeps_to_a_later_one() {
    let stage = Stage::new();
    let running = stage.start().await;
    stage.record(&Contact::new("i-1", vec![promise("later", at(3_600))]));
    running.caught_up(&stage).await;
    stage.record(&Contact::new("i-2", vec![promise("sooner", at(60))]));
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    assert_eq!(stage.lapses()[0].0, "sooner");
    running.stop().await;
}

/// A promise that lapsed, was moved with the customer's knowledge, and was then kept: one lapse,
/// of the first due, and kept.
#[tokio::test]
async fn moved_after_its_lapse_and_then_kept() {
    let stage = Stage::new();
    let running = stage.start().await;
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    stage.clock.advance_to(at(120));
    running.until(|| stage.lapses().len() == 1).await;

    stage.record(&Contact::new("i-2", Vec::new()));
    let moved = RescheduleCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-1".to_owned(),
        promised_by: wire(at(600)),
        reason: "the part is late".to_owned(),
        customer_informed_interaction_id: "i-2".to_owned(),
        ..RescheduleCommitmentRequest::default()
    };
    let refused = running
        .client("owner")
        .reschedule_commitment(moved.clone())
        .await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::PermissionDenied);
    let moved = running.client("lead").reschedule_commitment(moved).await;
    let moved = moved.unwrap().into_inner().commitment.unwrap();
    assert_eq!(
        (moved.due_revision, moved.timeliness()),
        (2, Timeliness::OnTrack)
    );
    assert!(moved.reschedules[0].after_lapse);

    stage.clock.advance_to(at(600));
    let kept = running
        .client("owner")
        .fulfil_commitment(fulfil("c-1"))
        .await;
    let kept = kept.unwrap().into_inner().commitment.unwrap();
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    let revisions: Vec<_> = kept.lapses.iter().map(|lapse| lapse.due_revision).collect();
    assert_eq!(revisions, [1]);
    running.stop().await;
}

/// The fulfilment is in the log before the due has passed, and nobody told this replica's view: the
/// tracker has to look before it speaks.
#[tokio::test]
async fn the_tracker_has_read_what_another_replica_acknowledged_before_the_due() {
    let stage = Stage::new();
    let running = stage.start().await;
    for round in 0..100 {
        let (commitment_id, due) = (format!("c-{round}"), at(60 * (round + 1)));
        let contact = Contact::new(&format!("i-{round}"), vec![promise(&commitment_id, due)]);
        stage.record(&contact);
        running.caught_up(&stage).await;
        stage.clock.advance_to(due);
        for no in 0..50 {
            // Others' records, so that the view has something to read before it gets there.
            stage.record(&Contact::new(&format!("other-{round}-{no}"), Vec::new()));
        }
        let fact = Fact::CommitmentFulfilled(CommitmentFulfilled {
            fulfilled_at: wire(due),
            outcome: CommitmentOutcome::Kept.into(),
            ..CommitmentFulfilled::default()
        });
        let event = Event {
            aggregate_id: commitment_id,
            sequence: 2,
            interaction_id: contact.interaction_id.clone(),
            customer_id: contact.customer_id.clone(),
            tenant_id: TENANT.to_owned(),
            recorded_at: wire(due),
            ..fact.event()
        };
        stage.append(&event, &contact.customer_id);
        stage.clock.advance_to(due + MICROSECOND);
        tokio::task::yield_now().await;
    }
    stage.record(&Contact::new("i-last", vec![promise("last", at(10_000))]));
    stage.clock.advance_to(at(10_001));
    running.until(|| !stage.lapses().is_empty()).await;
    running.caught_up(&stage).await;
    let lapsed: Vec<_> = stage.lapses().into_iter().map(|(id, _)| id).collect();
    assert_eq!(lapsed, ["last"]);
    running.stop().await;
}
