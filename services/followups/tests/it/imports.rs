//! History that is imported is history: it raises no storm.

use aftercall_proto::alerts::v1::{ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::model::v1::{CommitmentDraft, CommitmentOutcome, Timeliness};

use crate::stage::{Contact, Stage, at, next_alert, promise, promise_of, wire};

#[tokio::test]
async fn promises_that_were_over_at_import_never_lapse_live_and_never_alert() {
    let stage = Stage::new();
    stage.clock.advance_to(at(100_000));
    let running = stage.start().await;
    let watching = running
        .alerts("lead")
        .watch_alerts(WatchAlertsRequest::default())
        .await;
    let mut watch = watching.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().alert, None);
    for no in 0..500 {
        let done = |id: &str, fulfilled_at| CommitmentDraft {
            fulfilled_at: wire(fulfilled_at),
            ..promise(&format!("{id}-{no}"), at(1_000))
        };
        let contact = Contact {
            import_batch: "batch-1".to_owned(),
            ..Contact::new(
                &format!("i-{no}"),
                vec![
                    done("kept", at(1_000)),
                    done("late", at(1_001)),
                    promise(&format!("overdue-{no}"), at(1_000)),
                ],
            )
        };
        stage.record(&contact);
    }
    let ahead = Contact {
        import_batch: "batch-1".to_owned(),
        ..Contact::new("i-ahead", vec![promise("ahead", at(100_060))])
    };
    stage.record(&ahead);
    running.caught_up(&stage).await;
    let kept = running.get("kept-7", "").await;
    assert_eq!(
        (kept.outcome(), kept.lapses.len()),
        (CommitmentOutcome::Kept, 0)
    );
    let late = running.get("late-7", "").await;
    assert_eq!(
        (late.outcome(), late.lapses.len()),
        (CommitmentOutcome::KeptLate, 1)
    );
    let overdue = running.get("overdue-7", "").await;
    assert_eq!(
        (overdue.timeliness(), overdue.lapses.len()),
        (Timeliness::Overdue, 1)
    );
    assert_eq!(overdue.lapses[0].detected_at, wire(at(100_000)));

    // The one whose due lies ahead is a promise like any other, and the first to be heard of.
    stage.clock.advance_to(at(100_061));
    let (alert, _) = next_alert(&mut watch).await;
    assert_eq!(promise_of(&alert).commitment_id, "ahead");
    assert_eq!(stage.lapses().len(), 1);
    let alerts = running
        .alerts("lead")
        .list_alerts(ListAlertsRequest::default())
        .await;
    assert_eq!(alerts.unwrap().into_inner().alerts.len(), 1);
    running.stop().await;
}
