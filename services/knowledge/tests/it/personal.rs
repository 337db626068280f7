//! What customers say of themselves stays out of solutions.

use aftercall_proto::knowledge::v1::{
    DraftSolutionRequest, PromoteCandidateRequest, PromoteCandidateResponse,
};
use aftercall_proto::model::v1::{
    Candidate, Customer, EnvironmentEntry, ExternalRef, Handle, HandleKind, Interaction,
    PersonalKind, Solution, SolutionSource,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::versions::desk::Desk;
use crate::world::{World, at, solved};

/// A case of Anna Berg's.
fn annas(n: i64, words: &str, resolution: &str) -> Interaction {
    let handle = |kind: HandleKind, value: &str| Handle {
        kind: kind.into(),
        value: value.to_owned(),
        ..Handle::default()
    };
    Interaction {
        customer: Some(Customer {
            customer_id: "C-4711".to_owned(),
            display_name: "Anna Berg".to_owned(),
            handles: vec![
                handle(HandleKind::Telephone, "+4930999001"),
                handle(HandleKind::Chat, "sunny_anna"),
            ],
            ..Customer::default()
        }),
        external_ref: Some(ExternalRef {
            source_system: "crm".to_owned(),
            external_id: "SR-20931".to_owned(),
        }),
        ..solved(n, "net.slow", words, resolution)
    }
}

fn request(candidate: &Candidate) -> PromoteCandidateRequest {
    PromoteCandidateRequest {
        request_id: "r-1".to_owned(),
        candidate_id: candidate.candidate_id.clone(),
        title: "Slow network".to_owned(),
        ..PromoteCandidateRequest::default()
    }
}

async fn promote(
    world: &World,
    request: PromoteCandidateRequest,
) -> Result<PromoteCandidateResponse, Status> {
    let answer = world.client.clone().promote_candidate(request).await;
    answer.map(tonic::Response::into_inner)
}

/// The refusal's reason, and the fields and kinds that it names.
fn refusal(status: &Status) -> (String, Vec<(String, String)>) {
    assert_eq!(status.code(), Code::FailedPrecondition);
    let reason = status.get_details_error_info().unwrap().reason;
    let named = status.get_details_precondition_failure().unwrap();
    let named = named.violations.into_iter();
    (reason, named.map(|one| (one.subject, one.r#type)).collect())
}

#[tokio::test]
async fn a_candidates_words_are_masked_and_say_what_was() {
    let world = World::new().await;
    let words = "Ärger at Hauptstraße 12, 10115 Berlin: call 030 999001";
    let resolution =
        "Told Ms Berg (C-4711, SR-20931, sunny_anna) to reset the router within 10 min";
    world.record(&annas(1, words, resolution)).await;
    let candidate = world.candidates().await.remove(0);
    assert_eq!(
        candidate.customer_wording,
        "Ärger at [postal address]: call [phone number]"
    );
    assert_eq!(
        candidate.resolution,
        "Told Ms [name] ([id], [id], [handle]) to reset the router within 10 min"
    );
    let told: Vec<_> = candidate
        .masked
        .iter()
        .map(|one| {
            let field = match one.field.as_str() {
                "customer_wording" => &candidate.customer_wording,
                _ => &candidate.resolution,
            };
            let start = one.offset as usize;
            (one.kind(), &field[start..start + one.length as usize])
        })
        .collect();
    assert_eq!(
        told,
        [
            (PersonalKind::PostalAddress, "[postal address]"),
            (PersonalKind::TelephoneNumber, "[phone number]"),
            (PersonalKind::Name, "[name]"),
            (PersonalKind::Id, "[id]"),
            (PersonalKind::Id, "[id]"),
            (PersonalKind::Handle, "[handle]"),
        ]
    );

    let solution = promote(&world, request(&candidate)).await.unwrap();
    let solution = solution.solution.unwrap();
    assert_eq!(
        solution.question_in_customer_words,
        [candidate.customer_wording]
    );
    assert_eq!(solution.resolution, candidate.resolution);
}

#[tokio::test]
async fn what_is_personal_to_another_of_the_cases_is_not_published() {
    let world = World::new().await;
    let resolution = "Reset the router";
    let other = Interaction {
        customer: None,
        external_ref: None,
        ..annas(2, "Anna's line is slow", resolution)
    };
    world.record(&annas(1, "slow", resolution)).await;
    world.record(&other).await;
    let candidate = world.candidates().await.remove(0);
    assert_eq!(candidate.case_count, 2);
    let solution = promote(&world, request(&candidate)).await.unwrap();
    assert_eq!(
        solution.solution.unwrap().question_in_customer_words,
        ["[name]'s line is slow"]
    );
}

#[tokio::test]
async fn a_customer_who_is_known_later_is_masked_too() {
    let world = World::new().await;
    let nobody = Interaction {
        customer: None,
        ..annas(1, "Anna's line is slow", "Reset the router")
    };
    world.record(&nobody).await;
    assert_eq!(
        world.candidates().await[0].customer_wording,
        "Anna's line is slow"
    );
    world.amend(2, &["customer"], &annas(1, "", "")).await;
    assert_eq!(
        world.candidates().await[0].customer_wording,
        "[name]'s line is slow"
    );
}

#[tokio::test]
async fn publishing_personal_words_takes_a_second_look() {
    let world = World::new().await;
    world.record(&annas(1, "slow", "Reset the router")).await;
    let candidate = world.candidates().await.remove(0);
    let mut request = request(&candidate);
    request.title = "As for Anna Berg".to_owned();
    request.question_in_customer_words = vec!["slow".to_owned(), "at 12 Elm Street".to_owned()];
    request.resolution = "Call 030 999001 or mail to help@example.org".to_owned();
    let refused = promote(&world, request.clone()).await.unwrap_err();
    let (reason, named) = refusal(&refused);
    assert_eq!(reason, "PERSONAL_WORDS");
    let expected = [
        ("title", "PERSONAL_KIND_NAME"),
        ("resolution", "PERSONAL_KIND_TELEPHONE_NUMBER"),
        ("resolution", "PERSONAL_KIND_MAIL_ADDRESS"),
        (
            "question_in_customer_words[1]",
            "PERSONAL_KIND_POSTAL_ADDRESS",
        ),
    ];
    let expected = expected.map(|(field, kind)| (field.to_owned(), kind.to_owned()));
    assert_eq!(named, expected);
    let told = format!("{refused:?}");
    for word in ["Anna", "Elm", "999001", "help@"] {
        assert!(!told.contains(word), "{word} in {told}");
    }
    assert_eq!(world.candidates().await.len(), 1);

    request.personal_reviewed = true;
    let solution = promote(&world, request.clone()).await.unwrap();
    let solution = solution.solution.unwrap();
    assert_eq!(solution.title, request.title);
    assert_eq!(solution.resolution, request.resolution);
}

#[tokio::test]
async fn whatever_contact_a_version_is_made_of_last_is_looked_through() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    for n in 1..=10 {
        world
            .record(&solved(n, "net.slow", "slow", "Reset the router"))
            .await;
    }
    let promoted = world.promote_first("p-1", "Slow network").await;
    let id = promoted.solution_id;
    let last = annas(11, "slow", "Reset the router");
    world.record(&last).await;
    let says = Solution {
        change_note: "As Anna was told".to_owned(),
        environment: vec![EnvironmentEntry {
            key: "Bergs router".to_owned(),
            value: "old".to_owned(),
        }],
        sources: vec![SolutionSource {
            uri: "https://example.org/SR-20931".to_owned(),
            title: "Ms Berg's contract".to_owned(),
            checked_at: Some(at(11)),
            ..SolutionSource::default()
        }],
        ..Solution::default()
    };
    let request = DraftSolutionRequest {
        request_id: "d-1".to_owned(),
        solution_id: id.clone(),
        interaction_id: last.interaction_id,
        solution: Some(says),
        ..DraftSolutionRequest::default()
    };
    let draft = desk.draft_by(request).await.unwrap();
    assert_eq!(draft.origin_interaction_ids.len(), 11);
    let refused = desk.submit(&id, draft.version).await.unwrap_err();
    let (reason, named) = refusal(&refused);
    assert_eq!(reason, "PERSONAL_WORDS");
    let expected = [
        ("change_note", "PERSONAL_KIND_NAME"),
        ("environment[0].key", "PERSONAL_KIND_NAME"),
        ("sources[0].title", "PERSONAL_KIND_NAME"),
        ("sources[0].uri", "PERSONAL_KIND_ID"),
    ];
    let expected = expected.map(|(field, kind)| (field.to_owned(), kind.to_owned()));
    assert_eq!(named, expected);
}
