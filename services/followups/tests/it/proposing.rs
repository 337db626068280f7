//! Promises that are only proposed: who may say that they were given or not, and what becomes of them.

use aftercall_proto::followups::v1::{
    ConfirmCommitmentRequest, DismissCommitmentRequest, FulfilCommitmentRequest,
};
use aftercall_proto::model::v1::{
    Commitment, CommitmentDraft, CommitmentLifecycle, CommitmentOutcome,
};
use tonic::{Code, Response, Status};

use crate::following::when;
use crate::making::{forgotten, in_contact, make};
use crate::stage::{Contact, Running, Stage, at, promise, reason, violations_of, wire};

/// How long the proposals of these tests wait.
const UNTIL_S: i64 = 3_600;

/// A promise that may have been given, to be kept within two hours.
fn proposed() -> CommitmentDraft {
    CommitmentDraft {
        proposed_until: wire(at(UNTIL_S)),
        ..forgotten(7_200)
    }
}

/// A contact in which something was proposed, `c-1`, and something promised, `c-2`.
async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    let proposal = CommitmentDraft {
        proposed_until: wire(at(UNTIL_S)),
        ..promise("c-1", at(7_200))
    };
    let drafts = vec![proposal, promise("c-2", at(7_200))];
    stage.record(&Contact::new("i-1", drafts));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

fn confirm(request_id: &str, commitment_id: &str) -> ConfirmCommitmentRequest {
    ConfirmCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: commitment_id.to_owned(),
        expected_version: 0,
    }
}

fn dismiss(request_id: &str, commitment_id: &str) -> DismissCommitmentRequest {
    DismissCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: commitment_id.to_owned(),
        expected_version: 0,
        reason: "They only asked.".to_owned(),
    }
}

async fn confirmed(
    running: &Running,
    who: &str,
    request: ConfirmCommitmentRequest,
) -> Result<Commitment, Status> {
    let answer = running.client(who).confirm_commitment(request).await;
    let answer = answer.map(Response::into_inner)?;
    Ok(answer.commitment.unwrap())
}

async fn dismissed(
    running: &Running,
    who: &str,
    request: DismissCommitmentRequest,
) -> Result<Commitment, Status> {
    let answer = running.client(who).dismiss_commitment(request).await;
    let answer = answer.map(Response::into_inner)?;
    Ok(answer.commitment.unwrap())
}

/// The code and the reason of a refusal.
fn why(refused: Result<Commitment, Status>) -> (Code, String) {
    let status = refused.unwrap_err();
    (status.code(), reason(&status))
}

fn state(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn what_is_proposed_is_no_promise_until_somebody_says_that_it_was_given() {
    let (stage, running) = begin().await;
    let made = make(&running, "agent", in_contact("r-1", proposed())).await;
    let made = made.unwrap().commitment.unwrap();
    assert_eq!(made.lifecycle(), CommitmentLifecycle::Proposed);
    assert_eq!(made.proposed_until, wire(at(UNTIL_S)));
    let fulfil = FulfilCommitmentRequest {
        request_id: "r-2".to_owned(),
        commitment_id: made.commitment_id.clone(),
        ..FulfilCommitmentRequest::default()
    };
    let early = running.client("lead").fulfil_commitment(fulfil).await;
    assert_eq!(reason(&early.unwrap_err()), "COMMITMENT_STATE");

    let request = confirm("r-3", &made.commitment_id);
    let stands = confirmed(&running, "agent", request.clone()).await.unwrap();
    assert_eq!(stands.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!((stands.proposed_until, stands.version), (None, 2));
    let again = confirmed(&running, "agent", request).await.unwrap();
    assert_eq!(again, stands, "the same request gets the same answer");

    // It lapses as any other promise does, and is not dropped when the proposal would have been.
    stage.clock.advance_to(at(7_201));
    let late = when(&running, &made.commitment_id, |it| !it.lapses.is_empty()).await;
    assert_eq!(late.lifecycle(), CommitmentLifecycle::Active);
    running.stop().await;
}

#[tokio::test]
async fn what_was_not_promised_is_over_and_counts_as_nothing() {
    let (stage, running) = begin().await;
    let nothing = DismissCommitmentRequest {
        reason: String::new(),
        ..dismiss("r-1", "c-1")
    };
    let refused = dismissed(&running, "owner", nothing).await.unwrap_err();
    let expected = [("reason".to_owned(), "REQUIRED".to_owned())];
    assert_eq!(violations_of(&refused), expected);
    let over = dismissed(&running, "owner", dismiss("r-2", "c-1")).await;
    let over = over.unwrap();
    assert_eq!(
        (over.lifecycle(), over.outcome()),
        (
            CommitmentLifecycle::Cancelled,
            CommitmentOutcome::NotApplicable
        )
    );
    assert_eq!(over.close_note, "They only asked.");
    let closed = state(Code::FailedPrecondition, "COMMITMENT_ALREADY_CLOSED");
    let late = confirmed(&running, "owner", confirm("r-3", "c-1")).await;
    assert_eq!(why(late), closed);
    let twice = dismissed(&running, "owner", dismiss("r-4", "c-1")).await;
    assert_eq!(why(twice), closed);

    stage.clock.advance_to(at(7_201));
    running.until(|| !stage.lapses().is_empty()).await;
    running.caught_up(&stage).await;
    let lapsed = stage.lapses().into_iter().map(|(id, _)| id);
    assert_eq!(lapsed.collect::<Vec<_>>(), ["c-2"]);
    running.stop().await;
}

#[tokio::test]
async fn a_promise_is_no_proposal_and_a_proposal_that_has_changed_is_another_one() {
    let (_stage, running) = begin().await;
    let not_proposed = state(Code::FailedPrecondition, "COMMITMENT_STATE");
    let confirmed_twice = confirmed(&running, "owner", confirm("r-1", "c-2")).await;
    assert_eq!(why(confirmed_twice), not_proposed);
    let promised = dismissed(&running, "owner", dismiss("r-2", "c-2")).await;
    assert_eq!(why(promised), not_proposed);
    let older = ConfirmCommitmentRequest {
        expected_version: 7,
        ..confirm("r-3", "c-1")
    };
    let older = confirmed(&running, "owner", older).await.unwrap_err();
    assert_eq!(reason(&older), "VERSION_MISMATCH");
    let other = DismissCommitmentRequest {
        expected_version: 7,
        ..dismiss("r-4", "c-1")
    };
    let other = dismissed(&running, "owner", other).await.unwrap_err();
    assert_eq!(reason(&other), "VERSION_MISMATCH");
    let untouched = running.get("c-1", "").await;
    assert_eq!(untouched.lifecycle(), CommitmentLifecycle::Proposed);
    running.stop().await;
}

#[tokio::test]
async fn agents_leads_and_other_systems_say_whether_it_was_given_and_nobody_else() {
    let stage = Stage::new();
    let proposals = (0..10).map(|no| CommitmentDraft {
        proposed_until: wire(at(UNTIL_S)),
        ..promise(&format!("c-{no}"), at(7_200))
    });
    stage.record(&Contact::new("i-1", proposals.collect()));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let lacks = state(Code::PermissionDenied, "ROLE_REQUIRED");
    let by_admin = confirmed(&running, "admin", confirm("r-1", "c-0")).await;
    assert_eq!(why(by_admin), lacks);
    let by_admin = dismissed(&running, "admin", dismiss("r-2", "c-0")).await;
    assert_eq!(why(by_admin), lacks);
    let elsewhere = confirmed(&running, "foreign", confirm("r-3", "c-0")).await;
    assert_eq!(elsewhere.unwrap_err().code(), Code::NotFound);
    let elsewhere = dismissed(&running, "foreign", dismiss("r-4", "c-0")).await;
    assert_eq!(elsewhere.unwrap_err().code(), Code::NotFound);
    for (no, who) in ["owner", "agent", "lead", "supervisor", "crm"]
        .into_iter()
        .enumerate()
    {
        let [one, other] = [2 * no, 2 * no + 1].map(|no| format!("c-{no}"));
        let given = confirmed(&running, who, confirm("r-5", &one)).await;
        assert_eq!(given.unwrap().lifecycle(), CommitmentLifecycle::Active);
        let not_given = dismissed(&running, who, dismiss("r-6", &other)).await;
        let not_given = not_given.unwrap();
        assert_eq!(not_given.lifecycle(), CommitmentLifecycle::Cancelled);
        assert_eq!(not_given.version, 2);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_proposal_about_which_nobody_says_anything_is_dropped_and_one_too_far_ahead_refused() {
    let (stage, running) = begin().await;
    let week = 7 * 86_400;
    let far = CommitmentDraft {
        proposed_until: wire(at(week + 1)),
        ..proposed()
    };
    let refused = make(&running, "agent", in_contact("r-1", far)).await;
    let (field, _) = &violations_of(&refused.unwrap_err())[0];
    assert_eq!(field, "commitment.proposed_until");

    stage.clock.advance_to(at(UNTIL_S + 1));
    let dropped = when(&running, "c-1", |shown| shown.closed_at.is_some()).await;
    assert_eq!(
        (dropped.lifecycle(), dropped.outcome()),
        (
            CommitmentLifecycle::Expired,
            CommitmentOutcome::NotApplicable
        )
    );
    let late = confirmed(&running, "lead", confirm("r-2", "c-1")).await;
    assert_eq!(reason(&late.unwrap_err()), "COMMITMENT_ALREADY_CLOSED");
    running.stop().await;
}
