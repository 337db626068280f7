//! Who may do what, and what is refused with which reason.

use aftercall_proto::knowledge::v1::{DiscardDraftRequest, EditDraftRequest, TakeBackRequest};
use aftercall_proto::model::v1::{
    Audience, Confidence, Governance, HarmClass, Solution, SolutionSource, VersionState,
};
use aftercall_service::testing::violations_of;
use tonic::Code;

use super::desk::{Desk, content};
use crate::world::{STARTED_S, World, at, fields, reason};

pub(super) fn governed() -> Solution {
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

const CONTRIBUTOR: [(&str, &str); 2] = [("actor", "bob"), ("role", "kb_contributor")];
const PUBLISHER: [(&str, &str); 2] = [("actor", "pia"), ("role", "kb_publisher")];
const EXPERT: [(&str, &str); 2] = [("actor", "eva"), ("role", "kb_domain_expert")];
const OFFICER: [(&str, &str); 2] = [("actor", "cleo"), ("role", "compliance_officer")];

/// What says that it needs no compliance officer.
fn looser() -> Solution {
    Solution {
        governance: Governance::ExperienceBased.into(),
        ..Solution::default()
    }
}

#[tokio::test]
async fn what_replaces_what_law_governs_needs_its_officer_whatever_it_says() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published_saying(governed()).await;
    let next = desk.next_as(("d-2", &id), looser(), &CONTRIBUTOR).await;
    assert_eq!(next.unwrap().governance(), Governance::ExperienceBased);
    for who in [&CONTRIBUTOR, &PUBLISHER, &EXPERT] {
        let refused = desk.approve_as(&id, 2, who).await.unwrap_err();
        assert_eq!(reason(&refused), "ROLE_REQUIRED", "{who:?}");
    }
    desk.approve_as(&id, 2, &OFFICER).await.unwrap();
    let refused = desk.publish_as(&id, 2, &PUBLISHER).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    desk.publish_as(&id, 2, &OFFICER).await.unwrap();
    // By the officer's own decision it is governed by experience from now on, until they go back from that.
    let next = desk.next_as(("d-3", &id), looser(), &CONTRIBUTOR).await;
    assert_eq!(next.unwrap().version, 3);
    desk.approve_as(&id, 3, &CONTRIBUTOR).await.unwrap();
    desk.publish_as(&id, 3, &CONTRIBUTOR).await.unwrap();
    let refused = desk.roll_back_as(&id, 1, &PUBLISHER).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    desk.roll_back_as(&id, 1, &OFFICER).await.unwrap();
    let refused = desk.roll_back_as(&id, 2, &PUBLISHER).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    // Nor is the officer needed less because the version was recalled.
    let harm = HarmClass::Legal;
    desk.recall_as((&id, 4), harm, &EXPERT).await.unwrap();
    let next = desk.next_as(("d-5", &id), looser(), &EXPERT).await;
    let version = next.unwrap().version;
    let refused = desk.approve_as(&id, version, &EXPERT).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
}

#[tokio::test]
async fn an_officer_does_not_take_the_own_work_out_of_compliance() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published_saying(governed()).await;
    desk.next_as(("d-2", &id), looser(), &OFFICER)
        .await
        .unwrap();
    let own = desk.approve_as(&id, 2, &OFFICER).await.unwrap_err();
    assert_eq!(reason(&own), "OWN_WORK");
}

#[tokio::test]
async fn an_edit_that_leaves_the_rules_and_the_audience_out_leaves_them_as_they_are() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let wide = Solution {
        audience: Audience::Public.into(),
        ..governed()
    };
    let draft = desk.draft("d-1", wide.clone()).await.unwrap();
    let edit = EditDraftRequest {
        request_id: "e-1".to_owned(),
        solution_id: draft.solution_id,
        solution: Some(Solution {
            title: "Refunds by law".to_owned(),
            audience: Audience::Unspecified.into(),
            governance: Governance::Unspecified.into(),
            ..wide
        }),
        expected_sequence: draft.sequence,
        reason: String::new(),
    };
    let edited = desk.edit_by(edit, &[]).await.unwrap();
    assert_eq!(edited.title, "Refunds by law");
    assert_eq!(edited.governance(), Governance::ComplianceBased);
    assert_eq!(edited.audience(), Audience::Public);
}

#[tokio::test]
async fn what_law_governs_is_verified_and_vouched_for_by_its_officer() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published_saying(governed()).await;
    let until = STARTED_S + 365 * 86_400;
    for who in [&CONTRIBUTOR, &PUBLISHER, &EXPERT] {
        let verified = desk.verify_as((&id, 1), until, who).await;
        assert_eq!(reason(&verified.unwrap_err()), "ROLE_REQUIRED", "{who:?}");
        let vouched = desk.validate_as(&id, 1, who).await;
        assert_eq!(reason(&vouched.unwrap_err()), "ROLE_REQUIRED", "{who:?}");
    }
    assert_eq!(desk.get(&id).await.verify_by, governed().verify_by);
    let verified = desk.verify_as((&id, 1), until, &OFFICER).await.unwrap();
    assert_eq!(verified.verify_by, Some(at(until)));
    let vouched = desk.validate_as(&id, 1, &OFFICER).await.unwrap();
    assert_eq!(vouched.confidence(), Confidence::Validated);
    // What is governed by experience a contributor vouches for.
    let id = desk.published("Orange light").await;
    let vouched = desk.validate_as(&id, 1, &OFFICER).await.unwrap_err();
    assert_eq!(reason(&vouched), "ROLE_REQUIRED");
    desk.verify_as((&id, 1), until, &OFFICER).await.unwrap();
    desk.validate_as(&id, 1, &CONTRIBUTOR).await.unwrap();
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
    let undated = violations_of(&refused).swap_remove(3);
    assert_eq!(undated.1, "SOURCE_UNDATED");
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
