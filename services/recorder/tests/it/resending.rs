//! The same contact, sent again.

use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use tonic::Code;

use crate::contact::{HOUR_S, at, id, interaction, reason, request, with_promise};
use crate::fixture::{Fixture, reason_of};

#[tokio::test]
async fn the_same_content_gets_the_first_answer_again() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    let first = crm
        .record_interaction(request(with_promise(&id(1))))
        .await
        .unwrap()
        .into_inner();
    fixture
        .clock
        .advance(std::time::Duration::from_secs(HOUR_S as u64));

    // The id in another spelling, and what only answers say.
    let mut spelled = with_promise(&id(1).to_uppercase());
    spelled.recorded_at = at(5);
    spelled.version = 3;
    for sent in [with_promise(&id(1)), spelled] {
        let again = crm
            .record_interaction(request(sent))
            .await
            .unwrap()
            .into_inner();
        assert!(again.already_recorded);
        assert_eq!(
            (&again.interaction_id, &again.position, again.recorded_at),
            (&first.interaction_id, &first.position, first.recorded_at)
        );
        assert_eq!(again.commitment_ids, first.commitment_ids);
    }
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn what_a_default_would_fill_in_is_no_part_of_what_was_sent() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    let sent = request(with_promise(&id(1)));
    crm.record_interaction(sent).await.unwrap();
    // Should the default become another one, this is another record: it is refused already.
    let mut spelled_out = with_promise(&id(1));
    spelled_out.commitments[0].set_priority(wire::Priority::P3);
    let refused = crm.record_interaction(request(spelled_out)).await;
    assert_eq!(reason_of(&refused.unwrap_err()).0, "REQUEST_ID_REUSED");
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn an_import_of_what_came_live_changes_nothing() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    let live = request(with_promise(&id(1)));
    let first = crm.record_interaction(live.clone()).await.unwrap();
    let import = RecordInteractionRequest {
        import_batch: "2026-05".to_owned(),
        ..live
    };
    let again = crm.record_interaction(import).await.unwrap().into_inner();
    assert!(again.already_recorded);
    assert_eq!(again.position, first.into_inner().position);
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn another_content_is_refused() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    crm.record_interaction(request(interaction(&id(1))))
        .await
        .unwrap();
    let other = wire::Interaction {
        contact_reasons: vec![reason("order.status")],
        ..interaction(&id(1))
    };
    let refused = crm.record_interaction(request(other)).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(reason_of(&refused).0, "REQUEST_ID_REUSED");

    // The same id in another tenant is another contact.
    let mut other_tenant = fixture.client("umbrella crm integration");
    let answer = other_tenant
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap();
    assert!(!answer.into_inner().already_recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_make_one_record() {
    let fixture = Fixture::new().await;
    let crm = fixture.crm();
    let calls = (0..64).map(|_| {
        let mut crm = crm.clone();
        async move { crm.record_interaction(request(with_promise(&id(1)))).await }
    });
    let answers = futures::future::join_all(calls).await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|one| one.unwrap().into_inner())
        .collect();
    assert_eq!(
        answers.iter().filter(|one| !one.already_recorded).count(),
        1
    );
    assert!(
        answers
            .iter()
            .all(|one| one.position == answers[0].position)
    );
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn a_view_that_is_behind_changes_nothing() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    fixture.log.hold_readers();
    let first = crm
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap()
        .into_inner();
    let again = crm
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap()
        .into_inner();
    assert!(again.already_recorded);
    assert_eq!(again.position, first.position);
    let other = wire::Interaction {
        contact_reasons: vec![reason("order.status")],
        ..interaction(&id(1))
    };
    let refused = crm.record_interaction(request(other)).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(fixture.log.len(), 1);
    fixture.log.release_readers();
}

#[tokio::test]
async fn nothing_is_written_before_the_past_is_known() {
    let fixture = Fixture::new().await;
    fixture
        .crm()
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap();
    fixture.log.hold_readers();
    fixture
        .crm()
        .record_interaction(request(interaction(&id(2))))
        .await
        .unwrap();

    // The new process begins with a view that lacks the second contact.
    let fixture = fixture.restart().await;
    while fixture.recorder.view().store().get([1]).is_err() {
        tokio::task::yield_now().await;
    }
    let mut crm = fixture.crm();
    for sent in [id(2), id(3)] {
        let refused = crm
            .record_interaction(request(interaction(&sent)))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        let (reason, details) = reason_of(&refused);
        assert_eq!(reason, "VIEW_UNAVAILABLE");
        assert!(details.retry_info().is_some());
    }
    fixture.log.release_readers();
    fixture.ready().await;
    for number in [1, 2] {
        let again = crm
            .record_interaction(request(interaction(&id(number))))
            .await
            .unwrap();
        assert!(again.into_inner().already_recorded, "contact {number}");
    }
    assert_eq!(fixture.log.len(), 2);
}
