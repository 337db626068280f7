//! To whom a promise was made: who has no customer's id is found, and called back, by their number.

use aftercall_proto::followups::v1::{
    CommitmentFilter, FulfilCommitmentRequest, ListCommitmentsRequest,
};

use crate::stage::{Contact, Running, Stage, at, promise, telephone};

pub(crate) const NUMBER: &str = "+4930999001";

/// A contact of somebody who was not identified.
pub(crate) fn unknown(interaction_id: &str, number: &str, commitment_id: &str) -> Contact {
    Contact {
        customer_id: String::new(),
        handle: telephone(number),
        ..Contact::new(interaction_id, vec![promise(commitment_id, at(3_600))])
    }
}

async fn found(running: &Running, handles: &[&str], customer_ids: &[&str]) -> Vec<String> {
    let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect();
    let request = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            handles: texts(handles),
            customer_ids: texts(customer_ids),
            ..CommitmentFilter::default()
        }),
        include_total: true,
        ..ListCommitmentsRequest::default()
    };
    let answer = running.client("lead").list_commitments(request).await;
    let answer = answer.unwrap().into_inner();
    let found: Vec<_> = answer
        .commitments
        .into_iter()
        .map(|it| it.commitment_id)
        .collect();
    assert_eq!(answer.total_size, Some(found.len() as u64));
    found
}

#[tokio::test]
async fn a_promise_to_an_unknown_caller_says_whom_to_call_and_is_found_by_the_number() {
    let stage = Stage::new();
    stage.record(&unknown("i-1", NUMBER, "c-1"));
    stage.record(&unknown("i-2", "+4930999002", "c-2"));
    stage.record(&unknown("i-3", "anonymous", "c-3"));
    let identified = Contact {
        handle: telephone(NUMBER),
        ..Contact::new("i-4", vec![promise("c-4", at(3_601))])
    };
    stage.record(&identified);
    stage.record(&Contact::new("i-5", vec![promise("c-5", at(3_602))]));
    let running = stage.start().await;
    running.caught_up(&stage).await;

    let shown = running.get("c-1", "").await;
    assert_eq!(shown.customer_id, "");
    assert_eq!(shown.customer_name, "Kim Example");
    assert_eq!(shown.handles, Vec::from_iter(telephone(NUMBER)));

    for spelling in [
        "+4930999001",
        "0049 30 999001",
        "030 999001",
        "(030) 999-001",
        "+49 (0)30 999 001",
        "tel:+49-30-999001",
    ] {
        assert_eq!(
            found(&running, &[spelling], &[]).await,
            ["c-1", "c-4"],
            "{spelling}"
        );
    }
    assert_eq!(
        found(&running, &["+43 30 999001"], &[]).await,
        [""; 0],
        "another country's"
    );
    assert_eq!(
        found(&running, &["anonymous"], &[]).await,
        [""; 0],
        "nobody's name"
    );
    let all = found(&running, &[NUMBER, "030 999002"], &["customer-1"]).await;
    assert_eq!(
        all,
        ["c-1", "c-2", "c-4", "c-5"],
        "a number or a customer, each promise once"
    );

    // The list follows what becomes of a promise.
    let fulfil = FulfilCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-1".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    running
        .client("lead")
        .fulfil_commitment(fulfil)
        .await
        .unwrap();
    assert_eq!(found(&running, &[NUMBER], &[]).await, ["c-1", "c-4"]);
    running.stop().await;
}
