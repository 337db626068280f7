//! What can be done with a promise, over gRPC: two clocks, pauses, hand-overs, attempts, letting go; and what is
//! done about its alerts.

use aftercall_log::Log;
use aftercall_proto::alerts::v1::{AcknowledgeAlertRequest, CloseAlertRequest, ListAlertsRequest};
use aftercall_proto::followups::v1::{
    AcceptHandoverRequest, CommitmentFilter, ExplainDueRequest, FulfilCommitmentRequest,
    ListCommitmentsRequest, PauseCommitmentRequest, ReassignAllRequest, ReassignCommitmentRequest,
    RecordAttemptRequest, RequestWaiverRequest, RescheduleCommitmentRequest,
    ResumeCommitmentRequest, SupersedeCommitmentRequest, WaiveCommitmentRequest,
};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    Alert, AlertState, AttemptResult, CommitmentClock, CommitmentDraft, CommitmentLifecycle,
    CommitmentOutcome, CustomerReached, FollowUpPolicy, FulfilmentPolicy, NewTarget, PauseReason,
    PolicyRef, Setting, Timeliness, Turn, fulfilment_policy,
};
use aftercall_service::Clock;
use aftercall_service::testing::setting_changed;
use pbjson_types::Duration;
use tonic::Code;

use crate::stage::{
    Contact, Running, Stage, at, owned_by, promise, promise_of, reason, unwire, wire,
};

/// A promise that is due in an hour, and of which we want half an hour.
fn targeted(commitment_id: &str) -> CommitmentDraft {
    CommitmentDraft {
        target: Some(NewTarget {
            target_at: wire(at(1_800)),
            reckoning: None,
        }),
        ..promise(commitment_id, at(3_600))
    }
}

async fn begin(drafts: Vec<CommitmentDraft>) -> (Stage, Running) {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", drafts));
    let running = stage.start().await;
    (stage, running)
}

fn pause(request_id: &str) -> PauseCommitmentRequest {
    PauseCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: "c-1".to_owned(),
        reason: PauseReason::AwaitingCustomer.into(),
        ..PauseCommitmentRequest::default()
    }
}

fn to_agent(request_id: &str, agent_id: &str) -> ReassignCommitmentRequest {
    ReassignCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: "c-1".to_owned(),
        to_owner: owned_by(agent_id),
        ..ReassignCommitmentRequest::default()
    }
}

async fn alerts(running: &Running) -> Vec<Alert> {
    let request = ListAlertsRequest {
        latest: true,
        ..ListAlertsRequest::default()
    };
    let answer = running.alerts("lead").list_alerts(request).await;
    answer.unwrap().into_inner().alerts
}

#[tokio::test]
async fn a_pause_moves_our_own_due_and_the_promise_lapses_all_the_same() {
    let (stage, running) = begin(vec![targeted("c-1")]).await;
    let mut owner = running.client("owner");
    stage.clock.advance_to(at(600));
    let paused = owner.pause_commitment(pause("r-1")).await.unwrap();
    let paused = paused.into_inner().commitment.unwrap();
    assert_eq!(paused.lifecycle(), CommitmentLifecycle::Paused);
    let until = paused.pause.unwrap().paused_until;
    assert!(until.is_some(), "an owner's pause ends by itself");
    let again = owner.pause_commitment(pause("r-2")).await.unwrap_err();
    assert_eq!(
        (again.code(), &*reason(&again)),
        (Code::FailedPrecondition, "COMMITMENT_STATE")
    );

    stage.clock.advance_to(at(3_601));
    running.until(|| stage.lapses().len() == 1).await;
    let lapse = stage.lapses()[0].1.lapse.unwrap();
    assert_eq!(lapse.clock(), CommitmentClock::Promise, "ours stands still");

    let resume = ResumeCommitmentRequest {
        request_id: "r-3".to_owned(),
        commitment_id: "c-1".to_owned(),
        expected_version: 0,
    };
    let resumed = owner.resume_commitment(resume).await.unwrap().into_inner();
    let promise = resumed.commitment.unwrap();
    let target = promise.target.unwrap();
    assert_eq!(unwire(target.target_at.as_ref()), at(1_800 + 3_001));
    assert_eq!((target.due_revision, promise.due_revision), (2, 1));
    let explain = ExplainDueRequest {
        commitment_id: "c-1".to_owned(),
        clock: CommitmentClock::Internal.into(),
        latest: true,
        ..ExplainDueRequest::default()
    };
    let explained = running.client("lead").explain_due(explain).await.unwrap();
    let explained = explained.into_inner();
    let working = explained.working.unwrap();
    assert_eq!(unwire(working.at.as_ref()), at(1_800 + 3_001));
    let shares = explained.shares.iter();
    let shares = shares.map(|share| (share.turn(), share.took.as_ref().unwrap().seconds));
    let made_at = unwire(explained.commitment.unwrap().made_at.as_ref());
    let before = at(600).duration_since(made_at).as_secs();
    assert_eq!(
        shares.collect::<Vec<_>>(),
        [(Turn::Us, before), (Turn::Customer, 3_001)],
        "the wait was the customer's"
    );

    stage.clock.advance_to(at(1_800 + 3_002));
    running.until(|| stage.lapses().len() == 2).await;
    let lapse = stage.lapses()[1].1.lapse.unwrap();
    assert_eq!(
        (lapse.clock(), lapse.due_revision),
        (CommitmentClock::Internal, 2)
    );
    running.stop().await;
}

#[tokio::test]
async fn a_move_without_the_customer_leaves_the_promise_as_it_was_told() {
    let (stage, running) = begin(vec![promise("c-1", at(60))]).await;
    let moved = RescheduleCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-1".to_owned(),
        promised_by: wire(at(600)),
        reason: "the part is late".to_owned(),
        ..RescheduleCommitmentRequest::default()
    };
    let answer = running.client("owner").reschedule_commitment(moved).await;
    let promise = answer.unwrap().into_inner().commitment.unwrap();
    assert_eq!(unwire(promise.promised_by.as_ref()), at(60));
    assert_eq!((promise.due_revision, promise.moves), (1, 1));
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    assert_eq!(
        running.get("c-1", "").await.timeliness(),
        Timeliness::Overdue
    );
    running.stop().await;
}

#[tokio::test]
async fn what_is_handed_over_is_the_others_once_they_accept_and_comes_back_if_they_do_not() {
    let (stage, running) = begin(vec![promise("c-1", at(90_000))]).await;
    let mut owner = running.client("owner");
    let asked = owner.reassign_commitment(to_agent("r-1", "bob")).await;
    let asked = asked.unwrap().into_inner().commitment.unwrap();
    assert_eq!(
        asked.owner,
        owned_by("ana"),
        "until then the owner answers for it"
    );
    let mine = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            mine: true,
            ..CommitmentFilter::default()
        }),
        latest: true,
        ..ListCommitmentsRequest::default()
    };
    let bobs = running
        .client("agent")
        .list_commitments(mine)
        .await
        .unwrap();
    assert_eq!(
        bobs.into_inner().commitments.len(),
        1,
        "who is asked sees it"
    );

    // Nobody accepts within four hours.
    stage.clock.advance_to(at(4 * 3_600 + 1));
    running.until(|| stage.events().len() == 3).await;
    running.caught_up(&stage).await;
    assert_eq!(running.get("c-1", "").await.handover, None);

    owner
        .reassign_commitment(to_agent("r-2", "bob"))
        .await
        .unwrap();
    let accept = AcceptHandoverRequest {
        request_id: "r-3".to_owned(),
        commitment_id: "c-1".to_owned(),
        expected_version: 0,
    };
    let not_asked = owner.accept_handover(accept.clone()).await.unwrap_err();
    assert_eq!(not_asked.code(), Code::PermissionDenied);
    let accepted = running.client("agent").accept_handover(accept).await;
    let accepted = accepted.unwrap().into_inner().commitment.unwrap();
    assert_eq!(accepted.owner, owned_by("bob"));
    running.stop().await;
}

#[tokio::test]
async fn all_promises_of_somebody_who_is_ill_are_given_away_in_one_request() {
    let drafts = (0..30).map(|no| promise(&format!("c-{no:02}"), at(9_000 + no)));
    let (stage, running) = begin(drafts.collect()).await;
    let request = || ReassignAllRequest {
        request_id: "ill".to_owned(),
        from_agent_id: "ana".to_owned(),
        to_owner: owned_by("bob"),
        at_once: true,
        ..ReassignAllRequest::default()
    };
    let refused = running.client("owner").reassign_all(request()).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let mut lead = running.client("lead");
    let given = lead.reassign_all(request()).await.unwrap().into_inner();
    assert_eq!((given.commitments.len(), given.more), (30, false));
    assert!(
        given
            .commitments
            .iter()
            .all(|one| one.refused_reason.is_empty())
    );
    assert!(
        given
            .commitments
            .is_sorted_by(|one, next| one.commitment_id < next.commitment_id)
    );
    let again = lead.reassign_all(request()).await.unwrap().into_inner();
    assert_eq!(again.commitments, []);
    assert_eq!(running.get("c-07", "").await.owner, owned_by("bob"));
    drop(stage);
    running.stop().await;
}

#[tokio::test]
async fn how_long_a_handover_waits_is_the_policys_to_say() {
    let draft = |id: &str, policy_id: &str| CommitmentDraft {
        policy: Some(PolicyRef {
            policy_id: policy_id.to_owned(),
            version: 1,
        }),
        ..promise(id, at(90_000))
    };
    let (stage, running) = begin(vec![draft("c-1", "soon"), draft("c-2", "whenever")]).await;
    for (revision, (id, within)) in (1..).zip([("soon", Some(seconds(600))), ("whenever", None)]) {
        let setting = Setting {
            setting_id: id.to_owned(),
            version: 1,
            body: Some(Body::FollowUpPolicy(FollowUpPolicy {
                accept_within: within,
                ..FollowUpPolicy::default()
            })),
            ..Setting::default()
        };
        let record = setting_changed("acme", revision, setting, stage.clock.now());
        stage.log.append(vec![record]).await.unwrap();
    }
    running.caught_up(&stage).await;
    let mut owner = running.client("owner");
    for (id, until) in [("c-1", wire(at(600))), ("c-2", None)] {
        let asked = ReassignCommitmentRequest {
            commitment_id: id.to_owned(),
            ..to_agent(id, "bob")
        };
        let asked = owner.reassign_commitment(asked).await.unwrap().into_inner();
        let handover = asked.commitment.unwrap().handover.unwrap();
        assert_eq!(handover.accept_until, until, "{id}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_promise_is_kept_by_the_attempt_that_its_policy_asks_for() {
    let policy = FollowUpPolicy {
        fulfilment: Some(FulfilmentPolicy {
            rule: Some(fulfilment_policy::Rule::Reached(CustomerReached {
                min_talk: Some(seconds(30)),
            })),
        }),
        ..FollowUpPolicy::default()
    };
    let draft = CommitmentDraft {
        policy: Some(PolicyRef {
            policy_id: "calls".to_owned(),
            version: 1,
        }),
        ..promise("c-1", at(3_600))
    };
    let (stage, running) = begin(vec![draft]).await;
    let setting = Setting {
        setting_id: "calls".to_owned(),
        version: 1,
        body: Some(Body::FollowUpPolicy(policy)),
        ..Setting::default()
    };
    let record = setting_changed("acme", 1, setting, stage.clock.now());
    stage.log.append(vec![record]).await.unwrap();
    running.caught_up(&stage).await;
    let mut owner = running.client("owner");
    let word = FulfilCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-1".to_owned(),
        note: "called".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let refused = owner.fulfil_commitment(word).await.unwrap_err();
    assert_eq!(
        refused.code(),
        Code::InvalidArgument,
        "anybody's word is not enough"
    );
    let attempt = |contact: &str, result: AttemptResult, talk_s| RecordAttemptRequest {
        request_id: format!("by-{contact}"),
        commitment_id: "c-1".to_owned(),
        result: result.into(),
        talk_time: Some(seconds(talk_s)),
        evidence_interaction_id: contact.to_owned(),
        ..RecordAttemptRequest::default()
    };
    stage.record(&Contact::new("i-2", Vec::new()));
    stage.record(&Contact::new("i-3", Vec::new()));
    let mail = attempt("i-2", AttemptResult::Voicemail, 60);
    let tried = owner.record_attempt(mail).await.unwrap().into_inner();
    let tried = tried.commitment.unwrap();
    assert_eq!(tried.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(
        (tried.attempts_count, tried.attempts[0].result()),
        (1, AttemptResult::Voicemail)
    );
    let reached = attempt("i-3", AttemptResult::Reached, 31);
    let kept = owner.record_attempt(reached).await.unwrap().into_inner();
    let kept = kept.commitment.unwrap();
    assert_eq!(kept.lifecycle(), CommitmentLifecycle::Fulfilled);
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    assert_eq!(kept.evidence_interaction_id, "i-3");
    running.stop().await;
}

fn seconds(seconds: i64) -> Duration {
    Duration { seconds, nanos: 0 }
}

#[tokio::test]
async fn it_takes_another_one_to_let_a_promise_go_and_another_promise_of_the_customer_to_replace_it()
 {
    let drafts = vec![promise("c-1", at(3_600)), promise("c-2", at(3_600))];
    let (stage, running) = begin(drafts).await;
    let asked = RequestWaiverRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-1".to_owned(),
        reason: "the customer moved away".to_owned(),
        ..RequestWaiverRequest::default()
    };
    running.client("owner").request_waiver(asked).await.unwrap();
    let waive = WaiveCommitmentRequest {
        request_id: "r-2".to_owned(),
        commitment_id: "c-1".to_owned(),
        reason: "agreed".to_owned(),
        ..WaiveCommitmentRequest::default()
    };
    let by_lead = running.client("lead").waive_commitment(waive.clone()).await;
    assert_eq!(by_lead.unwrap_err().code(), Code::PermissionDenied);
    let waived = running.client("supervisor").waive_commitment(waive).await;
    let waived = waived.unwrap().into_inner().commitment.unwrap();
    assert_eq!(waived.lifecycle(), CommitmentLifecycle::Waived);

    stage.record(&Contact {
        customer_id: "customer-2".to_owned(),
        ..Contact::new("i-2", vec![promise("c-3", at(3_600))])
    });
    running.caught_up(&stage).await;
    let mut owner = running.client("owner");
    let replaced = |by: &str| SupersedeCommitmentRequest {
        request_id: format!("by-{by}"),
        commitment_id: "c-2".to_owned(),
        superseded_by: by.to_owned(),
        reason: "said twice".to_owned(),
        ..SupersedeCommitmentRequest::default()
    };
    for by in ["c-1", "c-2", "c-3", "c-9"] {
        let refused = owner.supersede_commitment(replaced(by)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{by}");
    }
    stage.record(&Contact::new("i-3", vec![promise("c-4", at(3_600))]));
    running.caught_up(&stage).await;
    let answer = owner.supersede_commitment(replaced("c-4")).await.unwrap();
    let replaced = answer.into_inner().commitment.unwrap();
    assert_eq!(replaced.superseded_by, "c-4");
    running.stop().await;
}

#[tokio::test]
async fn an_alert_that_somebody_sees_to_goes_on_when_their_time_is_over() {
    let (stage, running) = begin(vec![promise("c-1", at(60))]).await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    let [fired] = &alerts(&running).await[..] else {
        panic!("one alert")
    };
    assert_eq!(promise_of(fired).clock(), CommitmentClock::Promise);
    let ack = AcknowledgeAlertRequest {
        request_id: "r-1".to_owned(),
        alert_id: fired.alert_id.clone(),
        note: "calling now".to_owned(),
        ..AcknowledgeAlertRequest::default()
    };
    let mut bob = running.alerts("agent");
    let seen = bob
        .acknowledge_alert(ack.clone())
        .await
        .unwrap()
        .into_inner();
    let again = bob.acknowledge_alert(ack).await.unwrap().into_inner();
    assert_eq!(again, seen, "the same request gets the same answer");
    let seen = seen.alert.unwrap();
    assert_eq!(
        (seen.state(), &*seen.handled_by),
        (AlertState::Acknowledged, "bob")
    );
    // It is of high severity: half an hour.
    assert_eq!(unwire(seen.handled_until.as_ref()), at(61 + 1_800));
    stage.clock.advance_to(at(61 + 1_801));
    running.until(|| stage.events().len() == 4).await;
    let again = alerts(&running).await.remove(0);
    assert_eq!(
        (again.state(), again.level, again.episode_no),
        (AlertState::Triggered, 2, 1)
    );

    let close = CloseAlertRequest {
        request_id: "r-2".to_owned(),
        alert_id: fired.alert_id.clone(),
        reason: "known".to_owned(),
    };
    let closed = running
        .alerts("supervisor")
        .close_alert(close.clone())
        .await;
    let closed = closed.unwrap().into_inner().alert.unwrap();
    assert_eq!(closed.state(), AlertState::Closed);
    let none = CloseAlertRequest {
        alert_id: "no-such-alert".to_owned(),
        request_id: "r-3".to_owned(),
        ..close
    };
    let unknown = running.alerts("supervisor").close_alert(none).await;
    assert_eq!(reason(&unknown.unwrap_err()), "ALERT_NOT_FOUND");
    running.stop().await;
}
