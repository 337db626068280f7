//! Calls that were lost: who is back confirms it, and who is not is called back.

use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    Commitment, CommitmentKind, CommitmentLifecycle, CommitmentOrigin, CommitmentOutcome,
    Disconnect, FollowUpPolicy, Handle, HandleKind, PromiseFilter, Setting,
};
use aftercall_proto::settings::v1::{ChangeSettingsRequest, SettingChange};
use pbjson_types::Duration as WireDuration;

use super::*;

const NUMBER: &str = "+493099900";

impl House {
    /// An event of another call, of the same house and number.
    fn of(&self, call: &str, second: i64, kind: Kind) -> CallEvent {
        CallEvent {
            call_id: call.to_owned(),
            ..self.event(second, kind)
        }
    }

    /// Somebody of the number calls.
    fn started(&self, call: &str, second: i64) -> CallEvent {
        CallEvent {
            direction: 1,
            handles: vec![Handle {
                kind: HandleKind::Telephone.into(),
                value: NUMBER.to_owned(),
                ..Handle::default()
            }],
            ..self.of(call, second, Kind::Started)
        }
    }

    /// A call from the number that was lost on our side.
    fn lost(&self, call: &str, second: i64) -> Vec<CallEvent> {
        let dropped = CallEvent {
            drop_side: 2,
            ..self.of(call, second + 60, Kind::Dropped)
        };
        let answered = CallEvent {
            agent_id: "ana".to_owned(),
            ..self.of(call, second + 10, Kind::Answered)
        };
        vec![self.started(call, second), answered, dropped]
    }

    /// Whoever is cut off is called back within a quarter of an hour.
    async fn call_back(&self) {
        let policy = FollowUpPolicy {
            applies_to: Some(PromiseFilter {
                kinds: vec![CommitmentKind::CallBack.into()],
                ..PromiseFilter::default()
            }),
            call_back_within: Some(WireDuration {
                seconds: 900,
                nanos: 0,
            }),
            ..FollowUpPolicy::default()
        };
        let setting = Setting {
            setting_id: "calls".to_owned(),
            body: Some(Body::FollowUpPolicy(policy)),
            ..Setting::default()
        };
        let request = ChangeSettingsRequest {
            changes: vec![SettingChange {
                setting: Some(setting),
                expected_version: None,
            }],
            ..ChangeSettingsRequest::default()
        };
        self.client.call(request).await.unwrap();
    }

    /// The promises to call back.
    async fn call_backs(&self) -> Vec<Commitment> {
        let request = ListCommitmentsRequest {
            latest: true,
            filter: Some(CommitmentFilter {
                lifecycles: (1..=8).collect(),
                ..CommitmentFilter::default()
            }),
            ..ListCommitmentsRequest::default()
        };
        let answer = self.client.call(request).await.unwrap();
        let mut all = answer.commitments;
        all.retain(|one| one.origin() == CommitmentOrigin::DropRecovery);
        all
    }

    async fn until_call_back(&self, is: impl Fn(&Commitment) -> bool) -> Commitment {
        loop {
            let all = self.call_backs().await;
            assert!(all.len() < 2, "one call, one promise: {all:?}");
            if let Some(one) = all.into_iter().find(&is) {
                return one;
            }
            tokio::task::yield_now().await;
        }
    }

    /// The call's drop, once a contact is said to be that by which the customer was back.
    async fn until_back(&self, id: &str) -> aftercall_proto::model::v1::CallDrop {
        loop {
            let drop = self.get(id).await.call.unwrap().drop.unwrap_or_default();
            if !drop.back_by_interaction_id.is_empty() {
                return drop;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn who_is_back_soon_confirms_that_the_call_was_lost() {
    in_a_house(|house| async move {
        let lost = house.told(house.lost("1", 0)).await;
        let drop = house.get(&lost).await.call.unwrap().drop.unwrap();
        assert_eq!(drop.drop_class(), DropClass::Suspected);
        // Nobody says why this one ended: by itself that is no drop.
        let other = vec![house.started("2", 100), house.of("2", 130, Kind::Ended)];
        let other = house.told(other).await;
        let back = house.told(vec![house.started("3", 500)]).await;
        let drop = house.until_back(&lost).await;
        assert_eq!(drop.drop_class(), DropClass::Confirmed);
        assert_eq!(drop.basis(), DropBasis::AgentSide);
        // The second call is the first by which they were back; of that the third one is.
        assert_eq!(drop.back_by_interaction_id, other);
        let drop = house.until_back(&other).await;
        assert_eq!(drop.drop_class(), DropClass::Suspected);
        assert_eq!(drop.basis(), DropBasis::CustomerBack);
        assert_eq!(drop.back_by_interaction_id, back);
        // Nobody has judged.
        assert_eq!(drop.judgements, []);
    })
    .await;
}

#[tokio::test]
async fn who_is_cut_off_is_called_back_once_and_not_if_they_are_back_first() {
    in_a_house(|house| async move {
        house.call_back().await;
        let lost = house.told(house.lost("77", 0)).await;
        let promise = house.until_call_back(Commitment::is_active).await;
        assert_eq!(promise.interaction_id, lost);
        let due = promise.promised_by.unwrap().seconds;
        assert_eq!(due, house.began_at.as_second() + 60 + 900);
        // The agent says it, too, in the wrap-up, which stands under the customer's key.
        let mut record = contact(house.clock.now());
        record.interaction_id = lost.clone();
        record.disconnect = Some(Disconnect {
            drop_class: DropClass::Suspected.into(),
            ..Disconnect::default()
        });
        let request = RecordInteractionRequest {
            interaction: Some(record),
            ..RecordInteractionRequest::default()
        };
        house.client.call(request).await.unwrap();
        let back = house.told(vec![house.started("78", 300)]).await;
        let is_over = |one: &Commitment| !one.is_active();
        let promise = house.until_call_back(is_over).await;
        assert_eq!(
            promise.outcome(),
            CommitmentOutcome::SatisfiedByCustomerReturn
        );
        assert!(format!("{promise:?}").contains(&back));
    })
    .await;
}

#[tokio::test]
async fn a_call_that_was_not_lost_after_all_needs_nobody_called_back() {
    in_a_house(|house| async move {
        house.call_back().await;
        let lost = house.told(house.lost("77", 0)).await;
        house.until_call_back(Commitment::is_active).await;
        let judge = JudgeCallDropRequest {
            request_id: "judge-1".to_owned(),
            interaction_id: lost,
            drop_class: DropClass::NotADrop.into(),
            reason: "all was said".to_owned(),
            ..JudgeCallDropRequest::default()
        };
        house.client.call(judge).await.unwrap();
        house.until_call_back(|one| !one.is_active()).await;
    })
    .await;
}

trait Stands {
    fn is_active(&self) -> bool;
}

impl Stands for Commitment {
    fn is_active(&self) -> bool {
        self.lifecycle() == CommitmentLifecycle::Active
    }
}
