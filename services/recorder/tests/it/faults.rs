//! A log that fails: every retry is exact.

use aftercall_log::testing::Fate;
use tokio::task::yield_now;
use tonic::Code;

use crate::contact::{id, interaction, request};
use crate::fixture::{Fixture, reason_of};

#[tokio::test]
async fn a_full_log_is_answered_and_a_retry_writes_once() {
    for (fault, reason) in [
        (Fate::QueueFull, "LOG_QUEUE_FULL"),
        (Fate::DiskFull, "LOG_DISK_FULL"),
    ] {
        let fixture = Fixture::new().await;
        let mut crm = fixture.crm();
        fixture.log.fail_next([fault]);
        let refused = crm
            .record_interaction(request(interaction(&id(1))))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        let (named, details) = reason_of(&refused);
        assert_eq!(named, reason);
        assert!(details.retry_info().is_some());
        let retried = crm
            .record_interaction(request(interaction(&id(1))))
            .await
            .unwrap();
        assert!(!retried.into_inner().already_recorded);
        assert_eq!(fixture.log.len(), 1);
    }
}

#[tokio::test]
async fn a_lost_acknowledgement_is_found_and_a_lost_record_written() {
    for (fault, was_written) in [(Fate::LostAck, true), (Fate::LostRecord, false)] {
        let fixture = Fixture::new().await;
        let mut crm = fixture.crm();
        fixture.log.fail_next([fault]);
        let unknown = crm
            .record_interaction(request(interaction(&id(1))))
            .await
            .unwrap_err();
        assert_eq!(unknown.code(), Code::Unavailable);
        let (reason, details) = reason_of(&unknown);
        assert_eq!(reason, "WRITE_IN_DOUBT");
        assert!(details.retry_info().is_some());
        let retried = crm
            .record_interaction(request(interaction(&id(1))))
            .await
            .unwrap();
        assert_eq!(
            retried.into_inner().already_recorded,
            was_written,
            "{fault:?}"
        );
        let again = crm
            .record_interaction(request(interaction(&id(1))))
            .await
            .unwrap();
        assert!(again.into_inner().already_recorded);
        assert_eq!(fixture.log.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_retry_in_doubt_waits_for_the_view() {
    let fixture = Fixture::new().await;
    let crm = fixture.crm();
    fixture.log.hold_readers();
    fixture.log.fail_next([Fate::LostAck]);
    let mut first = crm.clone();
    first
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap_err();
    let retries = (0..8).map(|_| {
        let mut crm = crm.clone();
        async move { crm.record_interaction(request(interaction(&id(1)))).await }
    });
    let retries = futures::future::join_all(retries);
    let (answers, ()) = tokio::join!(retries, async { fixture.log.release_readers() });
    for answer in answers {
        assert!(answer.unwrap().into_inner().already_recorded);
    }
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn what_stands_is_not_refused_because_another_content_is() {
    let fixture = Fixture::new().await;
    let (mut first, mut other, mut again) = (fixture.crm(), fixture.crm(), fixture.crm());
    fixture.log.hold_readers();
    fixture.log.fail_next([Fate::LostAck]);
    let record = || request(interaction(&id(1)));
    first.record_interaction(record()).await.unwrap_err();
    let mut changed = interaction(&id(1));
    "somebody".clone_into(&mut changed.agent_id);
    // The other content waits until the ledger knows what became of the first, and the first one, which
    // is sent again meanwhile, for the other.
    let turns = async || {
        for _ in 0..200 {
            yield_now().await;
        }
    };
    let (refused, answered, ()) = tokio::join!(
        other.record_interaction(request(changed)),
        async {
            turns().await;
            again.record_interaction(record()).await
        },
        async {
            turns().await;
            turns().await;
            fixture.log.release_readers();
        },
    );
    assert_eq!(reason_of(&refused.unwrap_err()).0, "REQUEST_ID_REUSED");
    assert!(answered.unwrap().into_inner().already_recorded);
    assert_eq!(fixture.log.len(), 1);
}
