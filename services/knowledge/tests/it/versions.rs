//! Versions: written, reviewed, published, gone back to, put out of use, merged.

pub(crate) mod desk;
mod ends;
mod guards;
mod judged;
mod race;
mod reading;
mod scheduled;
mod table;

use std::time::Duration;

use aftercall_proto::knowledge::v1::{DraftSolutionRequest, EditDraftRequest};
use aftercall_proto::model::v1::{Confidence, Solution, VersionState};

use crate::world::{STARTED_S, World, at, reason, solved};
use desk::{Desk, content};

#[tokio::test]
async fn a_solution_goes_from_a_blank_page_to_its_second_version_without_ever_being_away() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let draft = desk.draft("d-1", content("Orange light")).await.unwrap();
    assert_eq!((draft.version, draft.state()), (1, VersionState::Draft));
    assert_eq!(draft.editors, ["kim"]);
    assert_eq!(world.suggest("orange light").await, []);
    let id = draft.solution_id.as_str();
    let submitted = desk.submit(id, 1).await.unwrap();
    assert_eq!(submitted.state(), VersionState::InReview);
    let approved = desk.approve(id, 1).await.unwrap();
    assert_eq!(
        (approved.state(), &*approved.approved_by),
        (VersionState::Approved, "kim")
    );
    let live = desk.publish(id, 1).await.unwrap();
    assert_eq!(
        (live.state(), live.live_version),
        (VersionState::Published, 1)
    );
    assert_eq!(live.confidence(), Confidence::NotValidated);
    assert_eq!(world.suggest("orange light").await.len(), 1);

    // The next version is written while the first one stays live.
    let next = Solution {
        title: "Orange light on the modem".to_owned(),
        change_note: "It is the modem's".to_owned(),
        ..Solution::default()
    };
    let next = desk.next("d-2", id, next).await.unwrap();
    assert_eq!((next.version, next.based_on_version), (2, 1));
    assert_eq!(next.resolution, live.resolution);
    assert_eq!((next.live_version, next.draft_version), (1, 2));
    for step in 0..3 {
        let shown = desk.get(id).await;
        assert_eq!((shown.version, shown.live_version), (1, 1), "{step}");
        assert_eq!(world.suggest("orange light").await.len(), 1);
        match step {
            0 => drop(desk.submit(id, 2).await.unwrap()),
            1 => drop(desk.approve(id, 2).await.unwrap()),
            _ => drop(desk.publish(id, 2).await.unwrap()),
        }
    }
    let shown = desk.get(id).await;
    assert_eq!(
        (shown.version, &*shown.title),
        (2, "Orange light on the modem")
    );
    assert_eq!(
        desk.states(id).await,
        [VersionState::Superseded, VersionState::Published]
    );
    let found = world.suggest("orange light modem").await;
    assert_eq!(found[0].solution.as_ref().unwrap().version, 2);
}

#[tokio::test]
async fn a_rollback_is_a_new_version_with_the_words_of_an_old_one() {
    use VersionState::{Published, Superseded};
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published("Orange light").await;
    desk.publish_next(&id, "Green light").await;
    let back = desk.roll_back(&id, 1).await.unwrap();
    assert_eq!((back.version, &*back.title), (3, "Orange light"));
    assert_eq!((back.state(), back.based_on_version), (Published, 1));
    assert_eq!(back.approved_by, "ann");
    assert_eq!(desk.states(&id).await, [Superseded, Superseded, Published]);
    let refused = desk.roll_back(&id, 3).await.unwrap_err();
    assert_eq!(reason(&refused), "SOLUTION_STATE");
}

#[tokio::test]
async fn what_is_gone_back_to_is_trusted_anew_and_verified_where_that_is_due() {
    const DAY: i64 = 86_400;
    let world = World::new().await;
    let desk = Desk::of(&world);
    let says = Solution {
        verify_by: Some(at(STARTED_S + 10 * DAY)),
        ..content("Orange light")
    };
    let id = desk.published_saying(says).await;
    let vouched = desk.validate_as(&id, 1, &[]).await.unwrap();
    assert_eq!(vouched.confidence(), Confidence::Validated);
    desk.publish_next(&id, "Green light").await;
    let back = desk.roll_back(&id, 1).await.unwrap();
    assert_eq!((back.version, &*back.title), (3, "Orange light"));
    assert_eq!(back.confidence(), Confidence::NotValidated);
    assert_eq!(back.content_hash, vouched.content_hash);
    assert_eq!(back.verify_by, vouched.verify_by);
    assert_eq!(back.last_verified, None);

    world.clock.advance(Duration::from_secs(11 * 86_400));
    for against in ["", "The manual of June"] {
        let due = desk.roll_back_verified((&id, 2), (against, None)).await;
        assert_eq!(reason(&due.unwrap_err()), "VERIFICATION_DUE", "{against}");
    }
    let until = STARTED_S + 40 * DAY;
    let june = ("The manual of June", Some(until));
    let back = desk.roll_back_verified((&id, 2), june).await.unwrap();
    assert_eq!((back.version, &*back.title), (4, "Green light"));
    assert_eq!(back.verify_by, Some(at(until)));
    assert_eq!(back.last_verified.unwrap().against, "The manual of June");
}

#[tokio::test]
async fn a_draft_from_a_case_is_prefilled_and_masked_and_one_from_a_candidate_takes_it() {
    let world = World::new().await;
    let words = "My mail ann@example.com gets nothing";
    let contact = solved(
        1,
        "mail.none",
        words,
        "Told ann@example.com to reset the filter",
    );
    world.record(&contact).await;
    let desk = Desk::of(&world);
    let request = DraftSolutionRequest {
        request_id: "d-1".to_owned(),
        interaction_id: contact.interaction_id.clone(),
        solution: Some(Solution {
            title: "No mail".to_owned(),
            ..Solution::default()
        }),
        ..DraftSolutionRequest::default()
    };
    let draft = desk.draft_by(request).await.unwrap();
    assert!(!draft.resolution.contains("ann@"), "{}", draft.resolution);
    assert!(draft.resolution.ends_with("to reset the filter"));
    assert_eq!(draft.reason_code, "mail.none");
    assert_eq!(draft.origin_interaction_ids, [contact.interaction_id]);
    let fields: Vec<_> = draft.masked.iter().map(|word| &*word.field).collect();
    assert_eq!(fields, ["question_in_customer_words[0]", "resolution"]);

    let candidate = world.candidates().await.remove(0);
    let request = DraftSolutionRequest {
        request_id: "d-2".to_owned(),
        candidate_id: candidate.candidate_id.clone(),
        solution: Some(Solution {
            title: "No mail at all".to_owned(),
            ..Solution::default()
        }),
        ..DraftSolutionRequest::default()
    };
    let made = desk.draft_by(request.clone()).await.unwrap();
    assert_eq!(made.candidate_id, candidate.candidate_id);
    assert_eq!(world.candidates().await, []);
    let again = DraftSolutionRequest {
        request_id: "d-3".to_owned(),
        ..request
    };
    let refused = desk.draft_by(again).await.unwrap_err();
    assert_eq!(reason(&refused), "CANDIDATE_ALREADY_PROMOTED");
    let promoted = aftercall_proto::knowledge::v1::PromoteCandidateRequest {
        request_id: "p-1".to_owned(),
        candidate_id: candidate.candidate_id,
        title: "No mail".to_owned(),
        ..Default::default()
    };
    let refused = world.client.clone().promote_candidate(promoted).await;
    assert_eq!(reason(&refused.unwrap_err()), "CANDIDATE_ALREADY_PROMOTED");
}

#[tokio::test]
async fn of_two_editors_the_second_is_told_that_the_draft_is_another_one() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let draft = desk.draft("d-1", content("Orange light")).await.unwrap();
    let edit = |request_id: &str, title: &str| EditDraftRequest {
        request_id: request_id.to_owned(),
        solution_id: draft.solution_id.clone(),
        solution: Some(content(title)),
        expected_sequence: draft.sequence,
        reason: "It is clearer".to_owned(),
    };
    let first = desk
        .edit_by(edit("e-1", "Amber light"), &[("actor", "ann")])
        .await
        .unwrap();
    assert_eq!((&*first.title, first.sequence), ("Amber light", 2));
    assert_eq!(first.editors, ["kim", "ann"]);
    assert_ne!(first.content_hash, draft.content_hash);
    let second = desk
        .edit_by(edit("e-2", "Red light"), &[])
        .await
        .unwrap_err();
    assert_eq!(reason(&second), "SEQUENCE_STALE");
    assert_eq!(second.code(), tonic::Code::Aborted);
    // Who repeats what was done is answered as before.
    let again = desk
        .edit_by(edit("e-1", "Amber light"), &[("actor", "ann")])
        .await
        .unwrap();
    assert_eq!(again, first);
    let other = desk
        .edit_by(edit("e-1", "Blue light"), &[("actor", "ann")])
        .await;
    assert_eq!(reason(&other.unwrap_err()), "REQUEST_ID_REUSED");
    let careless = EditDraftRequest {
        expected_sequence: 0,
        ..edit("e-3", "Red light")
    };
    let refused = desk.edit_by(careless, &[]).await.unwrap_err();
    assert_eq!(crate::world::fields(&refused), ["expected_sequence"]);
}

#[tokio::test]
async fn who_changed_what_when_and_why_is_told() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let draft = desk.draft("d-1", content("Orange light")).await.unwrap();
    let id = draft.solution_id.clone();
    let edit = EditDraftRequest {
        request_id: "e-1".to_owned(),
        solution_id: id.clone(),
        solution: Some(Solution {
            cause: "A loose cable".to_owned(),
            ..content("Amber light")
        }),
        expected_sequence: 1,
        reason: "Customers say amber".to_owned(),
    };
    desk.edit_by(edit, &[("actor", "ann")]).await.unwrap();
    desk.approve(&id, 1).await.unwrap();
    desk.publish(&id, 1).await.unwrap();
    let changes = desk.changes(&id).await;
    let told: Vec<_> = changes
        .iter()
        .map(|one| {
            (
                one.sequence,
                one.kind().as_str_name(),
                &*one.actor_id,
                &*one.reason,
            )
        })
        .collect();
    let kind = |name: &str| format!("SOLUTION_CHANGE_KIND_{name}");
    assert_eq!(
        told,
        [
            (1, &*kind("DRAFTED"), "kim", ""),
            (2, &*kind("EDITED"), "ann", "Customers say amber"),
            (3, &*kind("APPROVED"), "kim", ""),
            (4, &*kind("PUBLISHED"), "kim", ""),
        ]
    );
    assert_eq!(changes[1].changed_fields, ["title", "cause", "resolution"]);
    assert!(changes.iter().all(|change| change.at.is_some()));
}
