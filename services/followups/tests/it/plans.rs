//! Plans: promises of which each is a step.

use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::model::v1::CommitmentDraft;

use crate::making::{forgotten, in_contact, make};
use crate::stage::{Contact, Running, Stage, at, promise};

fn step(plan_id: &str, step_no: u32, seconds: i64) -> CommitmentDraft {
    CommitmentDraft {
        plan_id: plan_id.to_owned(),
        step_no,
        ..forgotten(seconds)
    }
}

async fn plans(running: &Running, plan_ids: &[&str]) -> Vec<(String, u32)> {
    let request = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            plan_ids: plan_ids.iter().map(|id| (*id).to_owned()).collect(),
            ..CommitmentFilter::default()
        }),
        ..ListCommitmentsRequest::default()
    };
    let answer = running.client("lead").list_commitments(request).await;
    let all = answer.unwrap().into_inner().commitments.into_iter();
    all.map(|one| (one.plan_id, one.step_no)).collect()
}

#[tokio::test]
async fn the_steps_of_a_plan_are_found_by_it() {
    let stage = Stage::new();
    let in_record = CommitmentDraft {
        plan_id: "move".to_owned(),
        step_no: 1,
        ..promise("c-1", at(3_600))
    };
    stage.record(&Contact::new(
        "i-1",
        vec![in_record, promise("c-2", at(3_600))],
    ));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    for (request_id, draft) in [
        ("r-1", step("move", 2, 7_200)),
        ("r-2", step("other", 1, 7_200)),
    ] {
        let made = make(&running, "lead", in_contact(request_id, draft)).await;
        made.unwrap();
    }
    let named = |plan_id: &str, step_no| (plan_id.to_owned(), step_no);
    assert_eq!(
        plans(&running, &["move"]).await,
        [named("move", 1), named("move", 2)]
    );
    let both = plans(&running, &["other", "move"]).await;
    assert_eq!(both.len(), 3);
    assert!(plans(&running, &["none"]).await.is_empty());
    assert_eq!(plans(&running, &[]).await.len(), 4);
    running.stop().await;
}
