//! Calls that were lost: who is back confirms it, and who is not is called back.

use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::insight::v1::{AggregateRequest, ListSlipUpsRequest, Measures, SlipUpKind};
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

impl House {
    /// C-1 calls, and waits in a queue.
    fn queued(&self, call: &str, second: i64) -> Vec<CallEvent> {
        let queued = CallEvent {
            queue_id: "sales".to_owned(),
            customer_id: "C-1".to_owned(),
            ..self.of(call, second, Kind::Queued)
        };
        vec![self.started(call, second), queued]
    }

    fn ended(&self, call: &str, second: i64, reason: DisconnectReason) -> CallEvent {
        CallEvent {
            disconnect_reason: reason.into(),
            ..self.of(call, second, Kind::Ended)
        }
    }

    /// What a CRM records of a call: what it was about, and nothing of how it went.
    async fn recorded(&self, call: &str, second: i64) {
        let began_at = self.began_at + SignedDuration::from_secs(second);
        let mut record = contact(began_at);
        record.customer.get_or_insert_default().customer_id = "C-1".to_owned();
        record.external_ref = Some(ExternalRef {
            source_system: "pbx".to_owned(),
            external_id: call.to_owned(),
        });
        let request = RecordInteractionRequest {
            interaction: Some(record),
            ..RecordInteractionRequest::default()
        };
        self.client.call(request).await.unwrap();
    }

    async fn measured(&self) -> Measures {
        let request = AggregateRequest {
            latest: true,
            ..AggregateRequest::default()
        };
        self.client.call(request).await.unwrap().total.unwrap()
    }

    /// What went wrong with C-1, in which contacts.
    async fn slips(&self) -> Vec<(SlipUpKind, String)> {
        let request = ListSlipUpsRequest {
            customer_id: "C-1".to_owned(),
            threshold: 2,
            latest: true,
            ..ListSlipUpsRequest::default()
        };
        let windows = self.client.call(request).await.unwrap().windows;
        let slips = windows.into_iter().flat_map(|window| window.slip_ups);
        slips
            .map(|slip| (slip.kind(), slip.interaction_id))
            .collect()
    }
}

#[tokio::test]
async fn after_45_minutes_in_a_queue_a_call_is_lost_on_hold_and_goes_on_with_the_redial() {
    in_a_house(|house| async move {
        house.call_back().await;
        let by = |second: i64, kind: Kind| CallEvent {
            agent_id: "ana".to_owned(),
            ..house.of("77", second, kind)
        };
        let mut lost = house.queued("77", -2_700);
        lost.extend([by(0, Kind::Answered), by(60, Kind::Held)]);
        lost.push(house.ended("77", 180, DisconnectReason::Customer));
        let lost = house.told(lost).await;
        let drop = house.get(&lost).await.call.unwrap().drop.unwrap();
        assert_eq!(drop.drop_class(), DropClass::Suspected);
        assert_eq!(drop.basis(), DropBasis::HungUpOnHold);
        house.until_call_back(Commitment::is_active).await;

        // They are back two minutes later, which confirms it and withdraws the promise to call them.
        let mut back = house.queued("78", 300);
        back.push(CallEvent {
            agent_id: "ben".to_owned(),
            ..house.of("78", 360, Kind::Answered)
        });
        back.push(house.ended("78", 560, DisconnectReason::Agent));
        let back = house.told(back).await;
        let drop = house.until_back(&lost).await;
        assert_eq!(drop.drop_class(), DropClass::Confirmed);
        assert_eq!(drop.back_by_interaction_id, back);
        let promise = house.until_call_back(|one| !one.is_active()).await;
        assert_eq!(
            promise.outcome(),
            CommitmentOutcome::SatisfiedByCustomerReturn
        );

        house.recorded("78", 300).await;
        for lost_is_recorded in [false, true] {
            if lost_is_recorded {
                house.recorded("77", -2_700).await;
            }
            let all = house.measured().await;
            let redialled = i64::from(lost_is_recorded);
            assert_eq!((all.contacts, all.unrecorded), (2, 1 - redialled));
            assert_eq!((all.dropped, all.redialled), (1, redialled));
            assert_eq!(all.first_contact_resolution, Some(1.0));
            assert_eq!((all.repeats, all.repeat_rate), (0, Some(0.0)));
            assert_eq!((all.waited_ms, all.waited_contacts), (2_760_000, 1));
            let slips = [SlipUpKind::Drop, SlipUpKind::LongWait];
            assert_eq!(house.slips().await, slips.map(|kind| (kind, lost.clone())));
        }
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
