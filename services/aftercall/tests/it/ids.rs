//! What was recorded is found by every usual spelling of its id.

use aftercall::app::App;
use aftercall_client::Client;
use aftercall_proto::followups::v1::{FulfilCommitmentRequest, GetCommitmentRequest};
use aftercall_proto::history::v1::GetInteractionRequest;
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListCandidatesRequest, PromoteCandidateRequest,
};
use aftercall_proto::model::v1::{Handling, ReasonResolution};
use aftercall_proto::recorder::v1::AmendInteractionRequest;
use pbjson_types::FieldMask;
use tempfile::TempDir;

use crate::app::{around, client, clock, config, promise};

const CONTACT: &str = "0199c3a4-6f00-7000-8000-0000000000a1";
const PROMISE: &str = "7dcf5a0e-7356-45bf-b1a8-68ce87fc1ce0";

/// The same id as programs of all kinds write it.
fn spellings(id: &str) -> [String; 5] {
    [
        id.to_owned(),
        id.to_uppercase(),
        format!("{{{}}}", id.to_uppercase()),
        format!("urn:uuid:{id}"),
        id.replace('-', ""),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_recorded_is_found_by_every_spelling_that_records_it() {
    for (contact, commitment) in spellings(CONTACT).into_iter().zip(spellings(PROMISE)) {
        let data = TempDir::new().unwrap();
        let app = App::start(&config(&data), &[], around(&clock())).await;
        let app = app.unwrap();
        let client = client(&app).await;
        let mut request = promise();
        let interaction = request.interaction.as_mut().unwrap();
        interaction.interaction_id.clone_from(&contact);
        interaction.commitments[0]
            .commitment_id
            .clone_from(&commitment);
        let reason = &mut interaction.contact_reasons[0];
        reason.set_resolution(ReasonResolution::Resolved);
        interaction.handling = Some(Handling {
            resolution: "Reset the router".to_owned(),
            ..Handling::default()
        });
        let recorded = client.call(request).await;
        let recorded = recorded.unwrap();
        assert_eq!(recorded.interaction_id, CONTACT);
        assert_eq!(recorded.commitment_ids, [PROMISE]);

        look_up(&client, &recorded.position).await;
        change(&client, &contact, &commitment).await;
        app.run(std::future::ready(())).await.unwrap();
    }
}

async fn look_up(client: &Client, position: &str) {
    for spelling in spellings(CONTACT) {
        let get = GetInteractionRequest {
            which: Some(spelling.into()),
            min_position: position.to_owned(),
            ..GetInteractionRequest::default()
        };
        let found = client.call(get).await.unwrap();
        let found = found.interaction.unwrap();
        assert_eq!(found.interaction_id, CONTACT);
    }
    for spelling in spellings(PROMISE) {
        let get = GetCommitmentRequest {
            commitment_id: spelling,
            min_position: position.to_owned(),
            ..GetCommitmentRequest::default()
        };
        let found = client.call(get).await.unwrap();
        let found = found.commitment.unwrap();
        assert_eq!(found.commitment_id, PROMISE);
    }
}

async fn change(client: &Client, contact: &str, commitment: &str) {
    let amend = AmendInteractionRequest {
        request_id: "a-1".to_owned(),
        interaction_id: contact.to_owned(),
        interaction: Some(Default::default()),
        update_mask: Some(FieldMask {
            paths: vec!["labels".to_owned()],
        }),
        reason: "typing error".to_owned(),
        ..AmendInteractionRequest::default()
    };
    let amended = client.call(amend).await.unwrap();
    assert_eq!(amended.interaction_id, CONTACT);

    let fulfil = FulfilCommitmentRequest {
        request_id: "f-1".to_owned(),
        commitment_id: commitment.to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let kept = client.call(fulfil).await.unwrap();
    let kept = kept.commitment.unwrap();
    assert_eq!(kept.commitment_id, PROMISE);

    let list = ListCandidatesRequest {
        latest: true,
        ..ListCandidatesRequest::default()
    };
    let mut listed = client.call(list).await.unwrap();
    let candidate = listed.candidates.remove(0);
    let promote = PromoteCandidateRequest {
        request_id: "p-1".to_owned(),
        candidate_id: candidate.candidate_id.to_uppercase(),
        title: "Slow network".to_owned(),
        ..PromoteCandidateRequest::default()
    };
    let promoted = client.call(promote).await;
    let solution = promoted.unwrap().solution.unwrap();
    for spelling in spellings(&solution.solution_id) {
        let get = GetSolutionRequest {
            solution_id: spelling,
            ..GetSolutionRequest::default()
        };
        let found = client.call(get).await.unwrap();
        let found = found.solution.unwrap();
        assert_eq!(found.solution_id, solution.solution_id);
    }
}
