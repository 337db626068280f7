//! Shadow runs: what policies would have made of promises that were made. Nothing changes.

use aftercall_log::Log;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    CommitmentAttempted, CommitmentFulfilled, CommitmentSuperseded, InteractionRecorded,
};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    Attempt, AttemptResult, Calendar, Channel, CommitmentDraft, CommitmentKind, CommitmentOutcome,
    FollowUpPolicy, Interaction, PromiseFilter, Setting, Team,
};
use aftercall_proto::settings::v1::{
    PolicyShadow, SettingChange, ShadowPoliciesRequest, ShadowPoliciesResponse,
};
use aftercall_service::seal::{Author, Sealing};
use aftercall_service::testing::since_made;
use aftercall_service::{ActorKind, Role};
use jiff::Timestamp;
use tonic::Status;

use crate::world::{World, office, put_all, reason, retired, set, wrong};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Appends what happened to the log, as the recorder and the tracker do.
async fn happened(
    world: &World,
    tenant_id: &str,
    (aggregate_id, contact): (&str, &str),
    (sequence, now): (u64, &str),
    fact: Fact,
) {
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: "crm",
            kind: ActorKind::Integration,
        },
        aggregate_id,
        interaction_id: contact,
        customer_id: "C-1",
        sequence,
        occurred_at: at(now),
        recorded_at: at(now),
        import_batch: "",
        request: None,
    };
    let record = sealing.seal(&fact).unwrap();
    world.log.append(vec![record]).await.unwrap();
}

fn uuid(no: u8) -> String {
    format!("0199c3a4-6f00-7000-8000-0000000000{no:02x}")
}

/// A promise that was made at an instant, told to the customer, and due a week later.
async fn promised(world: &World, tenant_id: &str, no: u8, kind: CommitmentKind, made_at: &str) {
    let draft = CommitmentDraft {
        kind: kind.into(),
        told_to_customer: true,
        ..CommitmentDraft::default()
    };
    drafted(world, tenant_id, no, made_at, draft).await;
}

/// The same, whatever it is.
async fn drafted(world: &World, tenant_id: &str, no: u8, made_at: &str, draft: CommitmentDraft) {
    let due = at(made_at) + jiff::SignedDuration::from_hours(7 * 24);
    let contact = uuid(no);
    let interaction = Interaction {
        interaction_id: contact.clone(),
        channel: Channel::Voice.into(),
        occurred_at: Some(to_wire(at(made_at))),
        commitments: vec![CommitmentDraft {
            commitment_id: uuid(no + 100),
            promised_by: Some(to_wire(due)),
            ..draft
        }],
        ..Interaction::default()
    };
    let recorded = InteractionRecorded {
        interaction: Some(interaction),
        ..InteractionRecorded::default()
    };
    let fact = Fact::InteractionRecorded(Box::new(recorded));
    happened(world, tenant_id, (&contact, &contact), (1, made_at), fact).await;
}

async fn fulfilled(world: &World, no: u8, done_at: &str) {
    let done = CommitmentFulfilled {
        fulfilled_at: Some(to_wire(at(done_at))),
        outcome: CommitmentOutcome::Kept.into(),
        ..CommitmentFulfilled::default()
    };
    later(world, no, done_at, Fact::CommitmentFulfilled(done)).await;
}

/// What happens to a promise next.
async fn later(world: &World, no: u8, now: &str, fact: Fact) {
    let of = (&*uuid(no + 100), &*uuid(no));
    happened(world, "acme", of, (2, now), fact).await;
}

fn policy(id: &str, position: u32, kinds: &[CommitmentKind], hours: i64) -> Setting {
    let policy = FollowUpPolicy {
        position,
        applies_to: Some(PromiseFilter {
            kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
            ..PromiseFilter::default()
        }),
        internal_target: Some(since_made(hours, "office")),
        ..FollowUpPolicy::default()
    };
    set(id, Body::FollowUpPolicy(policy))
}

async fn shadow(
    world: &World,
    settings: Vec<Setting>,
    days: i32,
) -> Result<ShadowPoliciesResponse, Status> {
    let changes = settings.into_iter().map(|setting| SettingChange {
        setting: Some(setting),
        expected_version: None,
    });
    let request = ShadowPoliciesRequest {
        changes: changes.collect(),
        days,
        latest: true,
        ..ShadowPoliciesRequest::default()
    };
    let answer = world.admin().shadow_policies(request).await?.into_inner();
    assert!(answer.complete_through_at.is_some());
    Ok(answer)
}

fn counts(answer: &ShadowPoliciesResponse) -> [u64; 5] {
    [
        answer.promises,
        answer.other_policy,
        answer.other_target,
        answer.missed_now,
        answer.missed_then,
    ]
}

fn by_policy(answer: &ShadowPoliciesResponse) -> Vec<(&str, u64, u64)> {
    let told = answer.policies.iter();
    told.map(
        |PolicyShadow {
             policy_id,
             promises_now,
             promises_then,
         }| (&**policy_id, *promises_now, *promises_then),
    )
    .collect()
}

/// A house with one policy for all promises: eight open hours. It is Thursday, the 28th of May 2026.
async fn house() -> World {
    use CommitmentKind::{CallBack, Refund};
    let world = World::new().await;
    let calendar = set("office", Body::Calendar(office("UTC")));
    let all = [calendar, policy("all", 5, &[], 8)];
    world.change(put_all("house", all)).await.unwrap();
    // Older than is looked at.
    promised(&world, "acme", 1, Refund, "2026-02-02T10:00:00Z").await;
    // Another tenant's.
    promised(&world, "other", 2, Refund, "2026-05-26T10:00:00Z").await;
    // In eight open hours, that is by Wednesday at ten: kept, missed, open and late, open with time left.
    promised(&world, "acme", 3, Refund, "2026-05-26T10:00:00Z").await;
    fulfilled(&world, 3, "2026-05-27T10:00:00Z").await;
    promised(&world, "acme", 4, CallBack, "2026-05-26T10:00:00Z").await;
    fulfilled(&world, 4, "2026-05-27T10:00:01Z").await;
    promised(&world, "acme", 5, CallBack, "2026-05-26T10:00:00Z").await;
    promised(&world, "acme", 6, Refund, "2026-05-28T12:00:00Z").await;
    // The same contact once more, which does not count.
    promised(&world, "acme", 6, CallBack, "2026-05-28T12:00:00Z").await;
    world
}

#[tokio::test]
async fn what_a_policy_would_have_made_is_counted_and_nothing_changes() {
    use CommitmentKind::Refund;
    let world = house().await;
    let records = world.len();
    let refunds = || vec![policy("refunds", 1, &[Refund], 2)];
    let answer = shadow(&world, refunds(), 0).await.unwrap();
    // Refunds would have had two hours: the first one was done later, and so is the last one, by now.
    assert_eq!(counts(&answer), [4, 2, 2, 2, 4]);
    assert_eq!(by_policy(&answer), [("all", 4, 2), ("refunds", 0, 2)]);
    assert_eq!(world.len(), records);

    // It is what is, once the policy is in use.
    world.change(put_all("r-1", refunds())).await.unwrap();
    let again = shadow(&world, refunds(), 0).await.unwrap();
    assert_eq!(counts(&again), [4, 0, 0, 4, 4]);
    assert_eq!(by_policy(&again), [("all", 2, 2), ("refunds", 2, 2)]);
    // And without it, what was before.
    let without = shadow(&world, refunds().into_iter().map(retired).collect(), 0).await;
    assert_eq!(counts(&without.unwrap()), [4, 2, 2, 4, 2]);
    world.stop().await;
}

#[tokio::test]
async fn a_promise_is_over_by_whatever_ends_it_and_a_task_has_its_own_due() {
    use CommitmentKind::{CallBack, Other};
    let world = house().await;
    // These are to be done by Wednesday at ten, and are over an hour before: by a call, and with another in its place.
    let (made_at, over_at) = ("2026-05-26T10:00:00Z", "2026-05-27T09:00:00Z");
    promised(&world, "acme", 7, CallBack, made_at).await;
    let kept = CommitmentAttempted {
        attempt: Some(Attempt {
            attempted_at: Some(to_wire(at(over_at))),
            result: AttemptResult::Reached.into(),
            ..Attempt::default()
        }),
        outcome: CommitmentOutcome::Kept.into(),
        ..CommitmentAttempted::default()
    };
    later(&world, 7, over_at, Fact::CommitmentAttempted(kept)).await;
    promised(&world, "acme", 8, Other, made_at).await;
    let superseded = CommitmentSuperseded {
        superseded_by: uuid(107),
        ..CommitmentSuperseded::default()
    };
    later(&world, 8, over_at, Fact::CommitmentSuperseded(superseded)).await;
    // The customer was not told of this one: it is due when it was said to be, whatever a policy says.
    drafted(&world, "acme", 9, made_at, CommitmentDraft::default()).await;
    // Nobody confirmed this one.
    let proposed = CommitmentDraft {
        told_to_customer: true,
        proposed_until: Some(to_wire(at("2026-05-30T10:00:00Z"))),
        ..CommitmentDraft::default()
    };
    drafted(&world, "acme", 10, made_at, proposed).await;

    let sooner = shadow(&world, vec![policy("all", 5, &[], 1)], 0).await;
    // With one hour in place of eight all of which the customer was told would have been late.
    assert_eq!(counts(&sooner.unwrap()), [7, 0, 6, 2, 6]);
    world.stop().await;
}

#[tokio::test]
async fn a_calendar_is_run_like_a_policy_and_days_say_how_far_back() {
    let world = house().await;
    let closed = Calendar {
        closed_dates: ["2026-05-27", "2026-05-28"]
            .map(|date| aftercall_proto::model::v1::ClosedDate {
                date: date.to_owned(),
                label: String::new(),
            })
            .into(),
        ..office("UTC")
    };
    let calendar = || vec![set("office", Body::Calendar(closed.clone()))];
    let answer = shadow(&world, calendar(), 0).await.unwrap();
    // With two days closed, everybody had until Friday.
    assert_eq!(counts(&answer), [4, 0, 4, 2, 0]);
    let answer = shadow(&world, calendar(), 1).await.unwrap();
    assert_eq!(counts(&answer), [1, 0, 1, 0, 0]);
    world.stop().await;
}

#[tokio::test]
async fn what_is_run_is_checked_as_a_change_would_be() {
    let world = house().await;
    let mut unknown = policy("p", 1, &[CommitmentKind::Refund], 2);
    if let Some(Body::FollowUpPolicy(policy)) = &mut unknown.body {
        policy.escalation_policy_id = "nobody".to_owned();
    }
    let team = set("t", Body::Team(Team::default()));
    for (settings, field, expected) in [
        (vec![], "changes", "REQUIRED"),
        (vec![team], "changes[0].setting", "CONFLICTING"),
        (
            vec![unknown],
            "changes[0].setting.follow_up_policy.escalation_policy_id",
            "UNKNOWN_ESCALATION_POLICY",
        ),
        (
            vec![policy("late", 9, &[], 2)],
            "changes[0].setting.follow_up_policy.applies_to",
            "MATCHES_NOTHING",
        ),
    ] {
        let error = shadow(&world, settings, 0).await.unwrap_err();
        assert_eq!(wrong(&error), [(field.to_owned(), expected.to_owned())]);
    }
    let mut supervisor = world.client_with(&[Role::Supervisor]);
    let error = supervisor
        .shadow_policies(ShadowPoliciesRequest::default())
        .await;
    assert_eq!(reason(&error.unwrap_err()), "ROLE_REQUIRED");
    world.stop().await;
}
