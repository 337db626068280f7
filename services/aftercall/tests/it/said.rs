//! An agent promises two things in one sentence, and lists none of them: both are proposed; one is confirmed, and the other
//! dismissed.

use std::time::Duration;

use aftercall_client::Client;
use aftercall_proto::followups::v1::{
    ConfirmCommitmentRequest, DismissCommitmentRequest, GetCommitmentRequest,
};
use aftercall_proto::model::v1::{
    Commitment, CommitmentKind, CommitmentLifecycle, CommitmentOrigin, CommitmentOutcome,
    SentimentParticipant,
};
use aftercall_proto::recorder::v1::{RecordInteractionRequest, ScoredTurn, Scoring};
use aftercall_service::testing::contact;
use aftercall_service::{Clock, ManualClock};

use crate::app::beside_an_app;

const SAID: &str = "I will send you all the details later today and call you back next week";

async fn shown(client: &Client, commitment_id: &str) -> Commitment {
    let request = GetCommitmentRequest {
        commitment_id: commitment_id.to_owned(),
        latest: true,
        ..GetCommitmentRequest::default()
    };
    client.call(request).await.unwrap().commitment.unwrap()
}

async fn story(client: &Client, clock: &ManualClock) {
    let turn = ScoredTurn {
        text: SAID.to_owned(),
        participant: SentimentParticipant::Agent.into(),
        ..ScoredTurn::default()
    };
    let scoring = Scoring {
        turns: vec![turn],
        find_promises: true,
        ..Scoring::default()
    };
    let request = RecordInteractionRequest {
        interaction: Some(contact(clock.now())),
        scoring: Some(scoring),
        ..RecordInteractionRequest::default()
    };
    let recorded = client.call(request).await.unwrap();
    let [details, call] = &recorded.proposed[..] else {
        panic!("two promises, not {recorded:#?}");
    };
    let (details, call) = (&details.commitment_id, &call.commitment_id);
    let (sends, calls) = (shown(client, details).await, shown(client, call).await);
    assert_eq!(
        (sends.kind(), calls.kind()),
        (CommitmentKind::SendInfo, CommitmentKind::CallBack)
    );
    assert_ne!(sends.due, calls.due);
    assert_eq!(calls.promise_text, "call you back next week");
    for proposed in [&sends, &calls] {
        assert_eq!(proposed.lifecycle(), CommitmentLifecycle::Proposed);
        assert_eq!(proposed.origin(), CommitmentOrigin::Said);
        assert_eq!(proposed.interaction_id, recorded.interaction_id);
    }

    let confirm = ConfirmCommitmentRequest {
        request_id: "request-1".to_owned(),
        commitment_id: call.clone(),
        ..ConfirmCommitmentRequest::default()
    };
    client.call(confirm).await.unwrap();
    let dismiss = DismissCommitmentRequest {
        request_id: "request-2".to_owned(),
        commitment_id: details.clone(),
        reason: "They had been sent before.".to_owned(),
        ..DismissCommitmentRequest::default()
    };
    client.call(dismiss).await.unwrap();
    let calls = shown(client, call).await;
    assert_eq!(calls.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(calls.proposed_until, None);
    let sends = shown(client, details).await;
    assert_eq!(
        (sends.lifecycle(), sends.outcome()),
        (
            CommitmentLifecycle::Cancelled,
            CommitmentOutcome::NotApplicable
        )
    );

    // What was confirmed is a promise as any other: it lapses when next week is over, and what was dismissed never does.
    clock.advance(Duration::from_secs(13 * 86_400));
    while shown(client, call).await.lapses.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(shown(client, details).await.lapses.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentence_with_two_promises_becomes_two_proposals() {
    beside_an_app(|client, clock| async move {
        let told = tokio::time::timeout(Duration::from_secs(120), story(&client, &clock)).await;
        told.expect("the story should come to its end");
    })
    .await;
}
