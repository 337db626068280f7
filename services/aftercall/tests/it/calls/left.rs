//! Customers who leave while they wait for a second agent.

use aftercall_proto::model::v1::{Transfer, TransferKind};

use super::*;

#[tokio::test]
async fn a_call_that_is_left_in_its_second_queue_waits_for_the_first_agent() {
    in_a_house(|house| async move {
        let mut events = house.answered();
        events.push(CallEvent {
            transfer: Some(Transfer {
                kind: TransferKind::Blind.into(),
                to: "billing".to_owned(),
                reason: String::new(),
            }),
            ..house.by(60, Kind::Transferred, "ana")
        });
        events.push(CallEvent {
            queue_id: "billing".to_owned(),
            ..house.event(61, Kind::Queued)
        });
        let id = house.told(events).await;
        let mut watch = house.watch();
        until(&mut watch, CallState::Queued).await;
        let ended = CallEvent {
            disconnect_reason: DisconnectReason::Customer.into(),
            ..house.event(90, Kind::Ended)
        };
        // It rings at a second agent's when the customer leaves.
        house
            .told(vec![house.by(80, Kind::Offered, "ben"), ended])
            .await;
        let call = until(&mut watch, CallState::WrapUp).await.call.unwrap();
        assert_eq!((&*call.interaction_id, &*call.agent_id), (&*id, "ana"));
        let shown = house.get(&id).await.interaction.unwrap();
        assert_eq!(shown.record_status(), RecordStatus::Provisional);

        house.clock.advance(Duration::from_secs(2 * 3_600 + 60));
        let listed = loop {
            let listed = house.incomplete().await;
            if !listed.is_empty() {
                break listed;
            }
            tokio::task::yield_now().await;
        };
        let listed: Vec<_> = listed.iter().map(|call| &call.interaction_id).collect();
        assert_eq!(listed, [&id]);
        let shown = house.get(&id).await.interaction.unwrap();
        assert_eq!(shown.record_status(), RecordStatus::Incomplete);
        house.wrap_up().await;
        assert_eq!(house.incomplete().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_nobody_answered_is_whole_when_it_is_over() {
    in_a_house(|house| async move {
        let mut events = house.answered();
        events.truncate(2);
        events.push(house.event(30, Kind::Ended));
        let id = house.told(events).await;
        let shown = house.get(&id).await;
        assert_eq!(shown.call.unwrap().state(), CallState::Abandoned);
        let status = shown.interaction.unwrap().record_status();
        assert_eq!(status, RecordStatus::Unspecified);
        house.clock.advance(Duration::from_secs(9 * 3_600));
        assert_eq!(house.incomplete().await, []);
    })
    .await;
}
