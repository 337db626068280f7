//! An edit of a policy moves nothing that is open; asked for, open promises are followed up by the policies as they
//! are now, as a shadow run and a dry run said before.

use std::collections::BTreeMap;
use std::time::Duration;

use aftercall_client::{Client, Error};
use aftercall_proto::followups::v1::{
    CommitmentFilter, FulfilCommitmentRequest, ListCommitmentsRequest, PauseCommitmentRequest,
    RescheduleCommitmentRequest, RetargetOpenRequest, RetargetOpenResponse,
};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::warn_stage::Basis;
use aftercall_proto::model::v1::{
    Calendar, Channel, Commitment, CommitmentKind, CommitmentLifecycle, FollowUpPolicy,
    Interaction, PauseReason, PromiseFilter, Setting, WarnStage,
};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::settings::v1::{
    ChangeSettingsRequest, SettingChange, ShadowPoliciesRequest, ShadowPoliciesResponse,
};
use aftercall_service::testing::{contact, open_week, promise, setting, since_made};
use aftercall_service::{Clock, ManualClock};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;

use crate::app::beside_an_app;

/// So many promises are made, more than one request retargets.
const PROMISES: usize = 3_200;

/// So many contacts are recorded at a time.
const AT_A_TIME: usize = 64;

/// How many promises one request retargets.
const A_PAGE: usize = 500;

struct House {
    client: Client,
    clock: ManualClock,
}

fn open_all_week() -> Setting {
    let calendar = Calendar {
        time_zone: "UTC".to_owned(),
        weekly: Some(open_week()),
        ..Calendar::default()
    };
    setting("always", Body::Calendar(calendar))
}

/// Call-backs are to be done so many hours after they were promised, and are warned of before.
fn calls(hours: i64, channels: &[Channel]) -> Setting {
    let policy = FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            kinds: vec![CommitmentKind::CallBack.into()],
            channels: channels.iter().map(|one| (*one).into()).collect(),
            ..PromiseFilter::default()
        }),
        internal_target: Some(since_made(hours, "always")),
        target_stages: vec![WarnStage {
            stage_id: "half".to_owned(),
            basis: Some(Basis::PercentElapsed(50)),
        }],
        ..FollowUpPolicy::default()
    };
    setting("calls", Body::FollowUpPolicy(policy))
}

impl House {
    async fn set(&self, settings: impl IntoIterator<Item = Setting>) -> String {
        let changes = settings.into_iter().map(|setting| SettingChange {
            setting: Some(setting),
            expected_version: None,
        });
        let request = ChangeSettingsRequest {
            changes: changes.collect(),
            ..ChangeSettingsRequest::default()
        };
        self.client.call(request).await.unwrap().position
    }

    async fn shadow(&self, setting: Setting) -> ShadowPoliciesResponse {
        let request = ShadowPoliciesRequest {
            changes: vec![SettingChange {
                setting: Some(setting),
                expected_version: None,
            }],
            days: 90,
            latest: true,
            ..ShadowPoliciesRequest::default()
        };
        self.client.call(request).await.unwrap()
    }

    /// A contact with two promises: a call-back, and something else.
    async fn record(&self, no: usize) {
        let now = self.clock.now();
        let due = |days: i64| now + SignedDuration::from_hours(24 * days);
        let mut other = promise(due(3));
        other.kind = CommitmentKind::SendDocument.into();
        let record = Interaction {
            interaction_id: uuid::Uuid::from_u128(no as u128 + 1).to_string(),
            channel: [Channel::Voice, Channel::Chat][no % 2].into(),
            no_follow_up_promised: false,
            commitments: vec![promise(due(2)), other],
            ..contact(now)
        };
        let request = RecordInteractionRequest {
            interaction: Some(record),
            ..RecordInteractionRequest::default()
        };
        self.client.call(request).await.unwrap();
    }

    /// All promises by their ids.
    async fn promises(&self) -> BTreeMap<String, Commitment> {
        let request = ListCommitmentsRequest {
            latest: true,
            ..ListCommitmentsRequest::default()
        };
        let all = self
            .client
            .items(request)
            .map_ok(|one| (one.commitment_id.clone(), one));
        all.try_collect().await.unwrap()
    }

    /// All pages.
    async fn retarget(&self, id: &str, validate_only: bool) -> Vec<RetargetOpenResponse> {
        let mut request = RetargetOpenRequest {
            request_id: id.to_owned(),
            validate_only,
            ..RetargetOpenRequest::default()
        };
        let mut pages = Vec::new();
        loop {
            let page = self.client.call(request.clone()).await.unwrap();
            request.page_token.clone_from(&page.next_page_token);
            pages.push(page);
            if request.page_token.is_empty() {
                return pages;
            }
        }
    }
}

/// Runs `test` in a house whose call-backs are to be done a day after they were promised.
async fn in_a_house<F: Future<Output = ()>>(test: impl FnOnce(House) -> F) {
    beside_an_app(|client, clock| async move {
        let house = House { client, clock };
        house.set([open_all_week()]).await;
        house.set([calls(24, &[])]).await;
        test(house).await;
    })
    .await;
}

fn sum(pages: &[RetargetOpenResponse], of: fn(&RetargetOpenResponse) -> u64) -> u64 {
    pages.iter().map(of).sum()
}

fn hours_after_made(commitment: &Commitment) -> Option<i64> {
    let at = commitment.target.as_ref()?.target_at.as_ref()?.seconds;
    let made = commitment.made_at.as_ref()?.seconds;
    Some((at - made) / 3_600)
}

/// What the customer was told stays; a call-back follows the new policy, or none where none is for it any more.
fn assert_followed(was: &Commitment, is: &Commitment) {
    let told = |it: &Commitment| (it.promised_by, it.due_revision);
    assert_eq!(told(is), told(was));
    assert_eq!(is.lifecycle(), CommitmentLifecycle::Active);
    if was.kind() != CommitmentKind::CallBack {
        assert_eq!(is, was, "no policy is for it, then and now");
        return;
    }
    assert_eq!(hours_after_made(was), Some(24));
    match is.policy.as_ref().map(|policy| policy.version) {
        Some(version) => {
            assert_eq!((version, hours_after_made(is)), (2, Some(8)));
            assert_eq!(is.target.as_ref().unwrap().due_revision, 2);
            assert_eq!(is.stages.len(), 1);
        }
        None => assert_eq!((&is.target, is.stages.len()), (&None, 0)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_moves_nothing_until_it_is_asked_for() {
    in_a_house(async |house| {
        stream::iter(0..PROMISES / 2)
            .for_each_concurrent(AT_A_TIME, |no| house.record(no))
            .await;
        // Half of the call-backs are late by what is to be the policy, and none by what it is.
        house.clock.advance(Duration::from_secs(10 * 3_600));
        let before = house.promises().await;
        assert_eq!(before.len(), PROMISES);
        let shadowed = house.shadow(calls(8, &[Channel::Voice])).await;
        house.set([calls(8, &[Channel::Voice])]).await;
        assert_eq!(house.promises().await, before, "an edit moves nothing");

        let tried = house.retarget("try", true).await;
        assert_eq!(
            tried.len(),
            PROMISES.div_ceil(A_PAGE),
            "so many are not done at once"
        );
        assert_eq!(house.promises().await, before, "nor does asking");
        let (calls, voice) = (PROMISES as u64 / 2, PROMISES as u64 / 4);
        assert_eq!(sum(&tried, |it| it.examined), PROMISES as u64);
        assert_eq!(sum(&tried, |it| it.changed), calls);
        // So many contacts are more than a shadow run reads in one piece.
        assert_eq!(shadowed.promises, PROMISES as u64);
        for (of, shadowed, expected) in [
            (
                (|it| it.other_policy) as fn(&RetargetOpenResponse) -> u64,
                shadowed.other_policy,
                voice,
            ),
            (|it| it.other_target, shadowed.other_target, calls),
            (|it| it.missed_now, shadowed.missed_now, 0),
            (|it| it.missed_then, shadowed.missed_then, voice),
        ] {
            assert_eq!((sum(&tried, of), shadowed), (expected, expected));
        }

        let done = house.retarget("do", false).await;
        assert_eq!(sum(&done, |it| it.changed), calls);
        assert!(
            done.iter()
                .flat_map(|it| &it.commitments)
                .all(|one| one.status.is_none())
        );
        let after = house.promises().await;
        for (id, was) in &before {
            assert_followed(was, &after[id]);
        }
        // Sent again, it tells the same; and there is nothing more to do.
        let again = house.retarget("do", false).await;
        let told = |pages: &[RetargetOpenResponse]| {
            let all = pages.iter().flat_map(|page| &page.commitments);
            let all = all.map(|one| (one.commitment_id.clone(), one.position.clone()));
            all.collect::<BTreeMap<_, _>>()
        };
        assert_eq!(told(&again), told(&done));
        assert_eq!(sum(&again, |it| it.changed), calls);
        let more = house.retarget("more", false).await;
        assert_eq!(sum(&more, |it| it.changed), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_decided_stays_and_pauses_are_reckoned_with() {
    in_a_house(async |house| {
        for no in 0..4 {
            house.record(no).await;
        }
        let call_backs: Vec<_> = house
            .promises()
            .await
            .into_values()
            .filter(|one| one.kind() == CommitmentKind::CallBack)
            .map(|one| one.commitment_id)
            .collect();
        let [moved, paused, done, plain] = &call_backs[..] else {
            panic!("{call_backs:?}")
        };
        let now = house.clock.now();
        let request = RescheduleCommitmentRequest {
            commitment_id: moved.clone(),
            promised_by: Some(aftercall_proto::convert::time::to_wire(
                now + SignedDuration::from_hours(30),
            )),
            reason: "The bank needs longer.".to_owned(),
            ..RescheduleCommitmentRequest::default()
        };
        house.client.call(request).await.unwrap();
        let request = PauseCommitmentRequest {
            commitment_id: paused.clone(),
            reason: PauseReason::AwaitingCustomer.into(),
            paused_until: Some(aftercall_proto::convert::time::to_wire(
                now + SignedDuration::from_hours(3),
            )),
            ..PauseCommitmentRequest::default()
        };
        house.client.call(request).await.unwrap();
        let request = FulfilCommitmentRequest {
            commitment_id: done.clone(),
            note: "The form is in the mail.".to_owned(),
            ..FulfilCommitmentRequest::default()
        };
        house.client.call(request).await.unwrap();
        house.clock.advance(Duration::from_secs(4 * 3_600));
        while house.promises().await[paused].lifecycle() != CommitmentLifecycle::Active {
            tokio::task::yield_now().await;
        }
        let before = house.promises().await;
        house.set([calls(8, &[])]).await;
        let pages = house.retarget("do", false).await;
        assert_eq!(sum(&pages, |it| it.moved_by_hand), 1);
        assert_eq!(sum(&pages, |it| it.changed), 2);
        let after = house.promises().await;
        assert_eq!(after[moved], before[moved]);
        assert_eq!(after[done], before[done]);
        assert_eq!(hours_after_made(&after[plain]), Some(8));
        assert_eq!(hours_after_made(&after[paused]), Some(8 + 3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused() {
    in_a_house(async |house| {
        let request = RetargetOpenRequest {
            request_id: "x".repeat(81),
            filter: Some(CommitmentFilter {
                lifecycles: vec![
                    CommitmentLifecycle::Active.into(),
                    CommitmentLifecycle::Fulfilled.into(),
                ],
                ..CommitmentFilter::default()
            }),
            ..RetargetOpenRequest::default()
        };
        match house.client.call(request).await {
            Err(Error::Refused(refusal)) => {
                let fields = refusal.violations.iter().map(|one| one.field.as_str());
                let fields: Vec<_> = fields.collect();
                assert_eq!(fields, ["request_id", "filter.lifecycles[1]"]);
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
}
