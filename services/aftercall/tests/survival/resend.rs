//! Sends everything again: what is there is answered as before, and nothing is there twice.

use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{
    RecordInteractionRequest, RecordInteractionResponse, RecordInteractionsRequest,
};
use tokio::time::Instant;
use tonic::Code;
use tonic::transport::Channel;

use crate::checker::Checker;
use crate::crash::PATIENCE;
use crate::journal::Journal;

/// Sends again all that `journal` has. What never arrived is recorded now. `checker` has read the
/// log to its end.
pub(crate) async fn all(journal: &Journal, checker: &Checker, channel: &Channel) {
    records(journal, checker, channel).await;
    amendments(journal, channel).await;
    fulfilments(journal, channel).await;
}

async fn records(journal: &Journal, checker: &Checker, channel: &Channel) {
    let mut requests = in_order(journal);
    requests.sort_by_key(|(order, ..)| *order);
    for (_, id, _) in &requests {
        if checker.offset_of(id).is_none() {
            journal.send_record_again(id);
        }
    }
    let messages: Vec<_> = requests.into_iter().map(message).collect();
    let mut recorder = RecorderServiceClient::new(channel.clone());
    let answers = recorder
        .record_interactions(tokio_stream::iter(messages))
        .await;
    let mut answers = answers.expect("a stream").into_inner();
    while let Some(answer) = answers.message().await.expect("an answer to each") {
        let id = answer.correlation_id;
        let Some(Outcome::Response(response)) = answer.outcome else {
            panic!("{id}: {:?}", answer.outcome);
        };
        record(journal, checker, &id, response);
    }
}

fn in_order(journal: &Journal) -> Vec<(u64, String, RecordInteractionRequest)> {
    let entries = journal.entries();
    let all = entries.records.iter();
    all.map(|(id, sent)| (sent.order, id.clone(), sent.request.clone()))
        .collect()
}

fn message((_, id, request): (u64, String, RecordInteractionRequest)) -> RecordInteractionsRequest {
    RecordInteractionsRequest {
        correlation_id: id,
        request: Some(request),
    }
}

fn record(journal: &Journal, checker: &Checker, id: &str, response: RecordInteractionResponse) {
    let there = checker.offset_of(id);
    assert_eq!(response.already_recorded, there.is_some(), "{id}");
    if let Some(offset) = there {
        assert_eq!(checker.offset_after(&response.position), Some(offset + 1));
    }
    if let Some((before, _)) = journal.entries().records[id].answer.acknowledged() {
        let before = RecordInteractionResponse {
            already_recorded: true,
            ..before.clone()
        };
        assert_eq!(response, before);
    }
    journal.answer_record(id, Some(response));
}

async fn amendments(journal: &Journal, channel: &Channel) {
    let mut recorder = RecorderServiceClient::new(channel.clone());
    let requests: Vec<_> = {
        let entries = journal.entries();
        let all = entries.amendments.values();
        all.map(|sent| sent.request.clone()).collect()
    };
    for request in requests {
        let id = request.request_id.clone();
        let answer = recorder.amend_interaction(request).await;
        let answer = answer.unwrap_or_else(|status| panic!("{id}: {status:?}"));
        let answer = answer.into_inner();
        if let Some((before, _)) = journal.entries().amendments[&id].answer.acknowledged() {
            assert_eq!(answer, *before);
        }
        journal.answer_amendment(&id, Some(answer));
    }
}

async fn fulfilments(journal: &Journal, channel: &Channel) {
    let mut followups = FollowupServiceClient::new(channel.clone());
    let requests: Vec<_> = {
        let entries = journal.entries();
        let all = entries.fulfilments.values();
        all.map(|sent| sent.request.clone()).collect()
    };
    for request in requests {
        let id = request.request_id.clone();
        // A view that is being rebuilt on a slow machine is asked again, as callers do.
        let begun_at = Instant::now();
        let answer = loop {
            match followups.fulfil_commitment(request.clone()).await {
                Err(status)
                    if status.code() == Code::Unavailable && begun_at.elapsed() < PATIENCE => {}
                answer => break answer,
            }
        };
        let answer = answer.unwrap_or_else(|status| panic!("{id}: {status:?}"));
        let answer = answer.into_inner();
        if let Some((before, _)) = journal.entries().fulfilments[&id].answer.acknowledged() {
            assert_eq!(answer, *before);
        }
        journal.answer_fulfilment(&id, Some(answer));
    }
}
