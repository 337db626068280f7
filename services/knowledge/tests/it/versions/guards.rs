//! Who may do what, and what is refused with which reason.

use aftercall_proto::knowledge::v1::{DiscardDraftRequest, TakeBackRequest};
use aftercall_proto::model::v1::{Audience, Governance, Solution, SolutionSource, VersionState};
use tonic::Code;

use super::desk::{Desk, content};
use crate::world::{World, at, fields, reason};

fn governed() -> Solution {
    Solution {
        governance: Governance::ComplianceBased.into(),
        sources: vec![SolutionSource {
            uri: "https://law.example/refunds".to_owned(),
            checked_at: Some(at(1_779_000_000)),
            ..SolutionSource::default()
        }],
        verify_by: Some(at(1_790_000_000)),
        ..content("Refunds")
    }
}

#[tokio::test]
async fn four_eyes_see_what_is_governed_by_compliance() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let officer = |name: &'static str| [("actor", name), ("role", "compliance_officer")];
    let draft = desk
        .draft_as("d-1", governed(), &officer("ann"))
        .await
        .unwrap();
    let id = draft.solution_id;
    desk.submit_as(&id, 1, &officer("ann")).await.unwrap();
    let own = desk.approve_as(&id, 1, &officer("ann")).await.unwrap_err();
    assert_eq!(
        (own.code(), &*reason(&own)),
        (Code::PermissionDenied, "OWN_WORK")
    );
    let contributor = [("actor", "bob"), ("role", "kb_publisher")];
    let other = desk.approve_as(&id, 1, &contributor).await.unwrap_err();
    assert_eq!(reason(&other), "ROLE_REQUIRED");
    desk.approve_as(&id, 1, &officer("cleo")).await.unwrap();
    let other = desk.publish_as(&id, 1, &contributor).await.unwrap_err();
    assert_eq!(reason(&other), "ROLE_REQUIRED");
    let live = desk.publish_as(&id, 1, &officer("ann")).await.unwrap();
    assert_eq!(live.state(), VersionState::Published);
    assert_eq!((&*live.approved_by, &*live.published_by), ("cleo", "ann"));
}

#[tokio::test]
async fn own_work_by_experience_may_be_approved_but_not_for_those_outside() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let contributor = [("actor", "bob"), ("role", "kb_contributor")];
    let wide = Solution {
        audience: Audience::Public.into(),
        ..content("Orange light")
    };
    let draft = desk.draft_as("d-1", wide, &contributor).await.unwrap();
    let id = draft.solution_id;
    desk.approve_as(&id, 1, &contributor).await.unwrap();
    let refused = desk.publish_as(&id, 1, &contributor).await.unwrap_err();
    assert_eq!(
        (refused.code(), &*reason(&refused)),
        (Code::PermissionDenied, "AUDIENCE_TOO_WIDE")
    );
    let publisher = [("actor", "pia"), ("role", "kb_publisher")];
    desk.publish_as(&id, 1, &publisher).await.unwrap();
    let candidate = [("actor", "cas"), ("role", "kb_candidate")];
    let agent = [("actor", "dan"), ("role", "agent")];
    let draft = desk
        .draft_as("d-2", content("Green light"), &candidate)
        .await
        .unwrap();
    let other = desk
        .approve_as(&draft.solution_id, 1, &candidate)
        .await
        .unwrap_err();
    assert_eq!(reason(&other), "ROLE_REQUIRED");
    let other = desk
        .draft_as("d-3", content("Red light"), &agent)
        .await
        .unwrap_err();
    assert_eq!(reason(&other), "ROLE_REQUIRED");
    let stranger = [("actor", "eve"), ("role", "kb_candidate")];
    let other = desk
        .submit_as(&draft.solution_id, 1, &stranger)
        .await
        .unwrap_err();
    assert_eq!(reason(&other), "NOT_AUTHOR");
}

#[tokio::test]
async fn every_state_takes_only_what_the_table_lets_it() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let draft = desk.draft("d-1", content("Orange light")).await.unwrap();
    let id = draft.solution_id;
    let state = |outcome: Result<Solution, tonic::Status>| reason(&outcome.unwrap_err());
    assert_eq!(state(desk.publish(&id, 1).await), "SOLUTION_STATE");
    assert_eq!(state(desk.roll_back(&id, 1).await), "SOLUTION_STATE");
    assert_eq!(state(desk.retire(&id, "", &[]).await), "DRAFT_OPEN");
    assert_eq!(state(desk.publish(&id, 7).await), "VERSION_NOT_FOUND");
    let next = desk.next("d-2", &id, Solution::default()).await;
    assert_eq!(state(next), "DRAFT_OPEN");
    desk.submit(&id, 1).await.unwrap();
    assert_eq!(state(desk.submit(&id, 1).await), "SOLUTION_STATE");
    desk.request_changes(&id, 1).await.unwrap();
    desk.submit(&id, 1).await.unwrap();
    desk.take_back(&id, 1).await.unwrap();
    desk.discard_draft(&id, 1).await.unwrap();
    assert_eq!(desk.states(&id).await, [VersionState::Retired]);
    assert_eq!(state(desk.approve(&id, 1).await), "SOLUTION_STATE");
    assert_eq!(state(desk.retire(&id, "", &[]).await), "SOLUTION_STATE");
    assert_eq!(
        state(desk.publish("nowhere", 1).await),
        "SOLUTION_NOT_FOUND"
    );
    // What was given up does not stand in the way of another one.
    let next = desk.next("d-3", &id, Solution::default()).await.unwrap();
    assert_eq!((next.version, next.state()), (2, VersionState::Draft));
}

#[tokio::test]
async fn what_a_version_says_is_checked_field_by_field() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let wrong = Solution {
        title: " ".to_owned(),
        symptoms: vec![String::new()],
        language: "d".to_owned(),
        sources: vec![SolutionSource {
            uri: "https://law.example".to_owned(),
            content_hash: "abc".to_owned(),
            ..SolutionSource::default()
        }],
        audience: 99,
        verify_by: Some(at(5)),
        effective_from: Some(at(6)),
        ..Solution::default()
    };
    let refused = desk.draft("d-1", wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["solution.audience"]);
    let wrong = Solution {
        title: " ".to_owned(),
        symptoms: vec![String::new()],
        language: "d".to_owned(),
        sources: vec![SolutionSource {
            uri: "https://law.example".to_owned(),
            content_hash: "abc".to_owned(),
            ..SolutionSource::default()
        }],
        verify_by: Some(at(5)),
        effective_from: Some(at(6)),
        ..Solution::default()
    };
    let refused = desk.draft("d-1", wrong).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "solution.title",
            "solution.symptoms[0]",
            "solution.language",
            "solution.sources[0].checked_at",
            "solution.sources[0].content_hash",
            "solution.verify_by",
        ]
    );
}

#[tokio::test]
async fn what_lacks_something_or_holds_personal_words_is_not_handed_in() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let bare = Solution {
        title: "Refunds".to_owned(),
        governance: Governance::ComplianceBased.into(),
        audience: Audience::Customer.into(),
        ..Solution::default()
    };
    let draft = desk.draft("d-1", bare).await.unwrap();
    assert_eq!(
        draft.confidence().as_str_name(),
        "CONFIDENCE_WORK_IN_PROGRESS"
    );
    let refused = desk.submit(&draft.solution_id, 1).await.unwrap_err();
    assert_eq!(reason(&refused), "SOLUTION_INCOMPLETE");
    for field in ["resolution", "customer_wording", "sources", "verify_by"] {
        assert!(refused.message().contains(field), "{}", refused.message());
    }
    let personal = Solution {
        symptoms: vec!["Write to ann@example.com".to_owned()],
        ..content("Mail")
    };
    let draft = desk.draft("d-2", personal).await.unwrap();
    let id = draft.solution_id;
    let refused = desk.submit(&id, 1).await.unwrap_err();
    assert_eq!(reason(&refused), "PERSONAL_WORDS");
    desk.approve(&id, 1).await.unwrap();
    let refused = desk.publish(&id, 1).await.unwrap_err();
    assert_eq!(reason(&refused), "PERSONAL_WORDS");
    let reviewed = aftercall_proto::knowledge::v1::PublishVersionRequest {
        request_id: "p-1".to_owned(),
        solution_id: id,
        version: 1,
        personal_reviewed: true,
        ..Default::default()
    };
    desk.solutions
        .clone()
        .publish_version(reviewed)
        .await
        .unwrap();
}

#[tokio::test]
async fn one_id_of_a_request_is_of_one_method_alone() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk
        .draft("r-1", content("Slow"))
        .await
        .unwrap()
        .solution_id;
    desk.submit(&id, 1).await.unwrap();
    let take_back = TakeBackRequest {
        request_id: "r-2".to_owned(),
        solution_id: id.clone(),
        version: 1,
        ..TakeBackRequest::default()
    };
    let mut solutions = world.solutions.clone();
    solutions.take_back(take_back.clone()).await.unwrap();
    solutions.take_back(take_back).await.unwrap();
    // The same words to another method, which makes an event of the same type.
    let discard = DiscardDraftRequest {
        request_id: "r-2".to_owned(),
        solution_id: id,
        version: 1,
        ..DiscardDraftRequest::default()
    };
    let refused = solutions.discard_draft(discard).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
}
