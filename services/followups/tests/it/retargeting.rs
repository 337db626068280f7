//! Open promises, followed up by the policies as they are now.

use std::collections::BTreeMap;

use aftercall_log::Log;
use aftercall_proto::followups::v1::{
    CommitmentFilter, ListCommitmentsRequest, RetargetOpenRequest, RetargetOpenResponse,
};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::warn_stage::Basis;
use aftercall_proto::model::v1::{
    Commitment, CommitmentDraft, CommitmentKind, CommitmentLifecycle, FollowUpPolicy, PolicyRef,
    PromiseFilter, Setting, WarnStage,
};
use aftercall_service::testing::{OPEN, setting_changed};
use aftercall_service::{Access, Agents, Clock};
use pbjson_types::Duration;
use tonic::{Code, Status};

use crate::stage::{Contact, Running, Stage, at, owned_by, promise, reason, violations_of};

/// So many promises have the policy: more than one request takes.
const CALLS: usize = 520;

/// Call-backs are warned of so long before they are due.
async fn warn(stage: &Stage, version: u64, minutes: i64) {
    let policy = FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            kinds: vec![CommitmentKind::CallBack.into()],
            ..PromiseFilter::default()
        }),
        promise_stages: vec![WarnStage {
            stage_id: "soon".to_owned(),
            basis: Some(Basis::BeforeDueElapsed(Duration {
                seconds: minutes * 60,
                nanos: 0,
            })),
        }],
        ..FollowUpPolicy::default()
    };
    let setting = Setting {
        setting_id: "calls".to_owned(),
        version,
        body: Some(Body::FollowUpPolicy(policy)),
        ..Setting::default()
    };
    let record = setting_changed("acme", version, setting, stage.clock.now());
    stage.log.append(vec![record]).await.unwrap();
}

/// Call-backs that have no policy yet, and something else.
async fn begin() -> (Stage, Running) {
    let stage = Stage::with_partitions(2).with_access(Access {
        agents: Agents::Team,
        ..OPEN
    });
    for first in (0..CALLS).step_by(40) {
        let drafts = (first..first + 40).map(|no| CommitmentDraft {
            owner: owned_by(["bob", "zoe"][no % 2]),
            ..promise(&format!("c-{no:03}"), at(7_200 + no as i64))
        });
        let contact = Contact {
            agent_id: "zoe".to_owned(),
            customer_id: format!("customer-{}", first % 3),
            ..Contact::new(&format!("i-{first}"), drafts.collect())
        };
        stage.record(&contact);
    }
    let other = CommitmentDraft {
        kind: CommitmentKind::Refund.into(),
        ..promise("other", at(9_000))
    };
    stage.record(&Contact::new("i-other", vec![other]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

async fn page(
    running: &Running,
    caller: &str,
    request: &RetargetOpenRequest,
) -> Result<RetargetOpenResponse, Status> {
    let answer = running.client(caller).retarget_open(request.clone()).await;
    let answer = answer?.into_inner();
    let is_first = request.page_token.is_empty();
    assert_eq!(answer.complete_through_at.is_some(), is_first);
    Ok(answer)
}

/// All pages.
async fn retarget(
    running: &Running,
    (caller, id): (&str, &str),
    validate_only: bool,
) -> Vec<RetargetOpenResponse> {
    let mut request = RetargetOpenRequest {
        request_id: id.to_owned(),
        validate_only,
        ..RetargetOpenRequest::default()
    };
    let mut pages = Vec::new();
    loop {
        let answer = page(running, caller, &request).await.unwrap();
        request.page_token.clone_from(&answer.next_page_token);
        pages.push(answer);
        if request.page_token.is_empty() {
            return pages;
        }
    }
}

async fn promises(running: &Running) -> BTreeMap<String, Commitment> {
    let mut request = ListCommitmentsRequest {
        page_size: 500,
        latest: true,
        ..ListCommitmentsRequest::default()
    };
    let mut all = BTreeMap::new();
    loop {
        let answer = running
            .client("supervisor")
            .list_commitments(request.clone())
            .await;
        let answer = answer.unwrap().into_inner();
        let found = answer.commitments.into_iter();
        all.extend(found.map(|one| (one.commitment_id.clone(), one)));
        request.page_token = answer.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}

fn sum(pages: &[RetargetOpenResponse], of: fn(&RetargetOpenResponse) -> u64) -> u64 {
    pages.iter().map(of).sum()
}

/// The changes by their promises: where each stands in the log.
fn told(pages: &[RetargetOpenResponse]) -> BTreeMap<String, String> {
    let all = pages.iter().flat_map(|page| &page.commitments);
    let all = all.map(|one| (one.commitment_id.clone(), one.position.clone()));
    all.collect()
}

#[tokio::test]
async fn an_edit_moves_nothing_until_it_is_asked_for() {
    let (stage, running) = begin().await;
    let before = promises(&running).await;
    warn(&stage, 1, 30).await;
    running.caught_up(&stage).await;
    assert_eq!(promises(&running).await, before, "an edit moves nothing");
    let events = stage.events().len();
    let tried = retarget(&running, ("admin", "try"), true).await;
    assert_eq!(tried.len(), 2, "so many are not done at once");
    assert_eq!(sum(&tried, |it| it.examined), CALLS as u64 + 1);
    assert_eq!(sum(&tried, |it| it.changed), CALLS as u64);
    assert_eq!(sum(&tried, |it| it.other_policy), CALLS as u64);
    assert_eq!(sum(&tried, |it| it.other_target), 0);
    assert_eq!(stage.events().len(), events, "nor does asking");

    let done = retarget(&running, ("admin", "do"), false).await;
    assert_eq!(sum(&done, |it| it.changed), CALLS as u64);
    assert_eq!(stage.events().len(), events + CALLS, "an event for each");
    let after = promises(&running).await;
    let policy = PolicyRef {
        policy_id: "calls".to_owned(),
        version: 1,
    };
    for (id, was) in &before {
        let is = &after[id];
        if id == "other" {
            assert_eq!(is, was);
            continue;
        }
        assert_eq!((is.version, is.policy.as_ref()), (2, Some(&policy)));
        assert_eq!((&is.promised_by, is.due_revision), (&was.promised_by, 1));
        assert_eq!(is.stages[0].stage_id, "soon");
    }
    // Sent again it tells the same, from another start of the service, too; and there is nothing more to do.
    running.stop().await;
    let running = stage.start().await;
    let again = retarget(&running, ("admin", "do"), false).await;
    assert_eq!(told(&again), told(&done));
    assert_eq!(sum(&again, |it| it.changed), CALLS as u64);
    let more = retarget(&running, ("admin", "more"), false).await;
    assert_eq!(sum(&more, |it| it.changed), 0);
    assert_eq!(stage.events().len(), events + CALLS);
    running.stop().await;
}

#[tokio::test]
async fn a_supervisor_reaches_the_own_promises_and_nobody_who_only_works_there_any() {
    let (stage, running) = begin().await;
    warn(&stage, 1, 30).await;
    running.caught_up(&stage).await;
    // The stage's supervisors read all of the tenant; one of another tenant finds nothing.
    let foreign = retarget(&running, ("foreign", "do"), false).await;
    assert_eq!(sum(&foreign, |it| it.examined), 0);
    let request = RetargetOpenRequest {
        request_id: "do".to_owned(),
        filter: Some(CommitmentFilter {
            owner_agent_ids: vec!["bob".to_owned()],
            ..CommitmentFilter::default()
        }),
        ..RetargetOpenRequest::default()
    };
    let refused = page(&running, "lead", &request).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    let answer = page(&running, "supervisor", &request).await.unwrap();
    assert_eq!((answer.examined, answer.changed), (260, 260));
    running.stop().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_field() {
    let stage = Stage::new();
    let running = stage.start().await;
    let closed = CommitmentFilter {
        lifecycles: vec![
            CommitmentLifecycle::Active.into(),
            CommitmentLifecycle::Fulfilled.into(),
        ],
        customer_ids: vec!["customer-1".to_owned()],
        ..CommitmentFilter::default()
    };
    let request = RetargetOpenRequest {
        request_id: "x".repeat(81),
        filter: Some(closed),
        ..RetargetOpenRequest::default()
    };
    for (caller, expected) in [
        ("supervisor", vec!["request_id", "filter.lifecycles[1]"]),
        (
            "admin",
            vec!["request_id", "filter.customer_ids", "filter.lifecycles[1]"],
        ),
    ] {
        let refused = page(&running, caller, &request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let found = violations_of(&refused).into_iter();
        let found: Vec<_> = found.map(|(field, _)| field).collect();
        assert_eq!(found, expected, "{caller}");
    }
    running.stop().await;
}
