//! What is sent again because somebody asks for it.

use aftercall_proto::model::v1::WebhookDeliveryState as State;
use aftercall_proto::notify::v1::{ReplayWebhookRequest, ReplayWebhookResponse};

use crate::receiver::{Answer, Receiver};
use crate::world::{World, reason, webhook};

async fn replay(world: &World, request: ReplayWebhookRequest) -> ReplayWebhookResponse {
    let answer = world.admin().replay_webhook(request).await.unwrap();
    answer.into_inner()
}

#[tokio::test]
async fn what_was_tried_ten_times_is_dead_and_can_be_replayed() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.always(Answer::Status(500, ""));
    let made = world.create(webhook(receiver.url())).await;
    let id = made.webhook.unwrap().webhook_id;
    world.happens("acme", [1]).await;
    let mut began = None;
    for attempts in 1..10 {
        let failed = world.tried(&id, attempts).await;
        assert_eq!(failed.state(), State::Pending);
        began.get_or_insert(failed.last_attempt.unwrap().attempted_at.unwrap().seconds);
        world.pass_until_due(&failed);
    }
    let dead = world.in_state(&id, State::Dead, 1).await.remove(0);
    assert_eq!(dead.attempts, 10);
    assert_eq!(dead.next_attempt_at, None);
    let days = dead.last_attempt.unwrap().attempted_at.unwrap().seconds - began.unwrap();
    assert!((3 * 86_400..5 * 86_400).contains(&days), "{days}");
    assert_eq!(world.get(&id).await.progress.unwrap().dead, 1);
    receiver.always(Answer::Status(200, ""));
    let asked = ReplayWebhookRequest {
        request_id: "again".to_owned(),
        webhook_id: id.clone(),
        dead_only: true,
        ..ReplayWebhookRequest::default()
    };
    // The receiver failed so often that it is left alone for a while.
    let replayed = replay(&world, asked.clone()).await;
    assert_eq!((replayed.replayed, replayed.next_sequence), (1, 0));
    world.clock.advance(std::time::Duration::from_secs(301));
    let delivered = world.in_state(&id, State::Delivered, 1).await.remove(0);
    assert_eq!((delivered.attempts, delivered.replays), (1, 1));
    assert_eq!(world.get(&id).await.progress.unwrap().dead, 0);
    let received = receiver.received(11).await;
    assert!(received.iter().all(|one| one.id() == received[0].id()));
    // The same request is done once.
    assert_eq!(replay(&world, asked).await, replayed);
    assert_eq!(receiver.so_far().len(), 11);
    world.stop().await;
}

#[tokio::test]
async fn a_range_is_replayed_under_the_same_ids_and_numbers() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await;
    let id = made.webhook.unwrap().webhook_id;
    world.happens("acme", 0..6).await;
    world.in_state(&id, State::Delivered, 6).await;
    let first = receiver.received(6).await;
    let asked = |request_id: &str, first_sequence, last_sequence| ReplayWebhookRequest {
        request_id: request_id.to_owned(),
        webhook_id: id.clone(),
        first_sequence,
        last_sequence,
        dead_only: false,
    };
    assert_eq!(replay(&world, asked("r-1", 2, 4)).await.replayed, 3);
    let all = receiver.received(9).await;
    let name = |one: &crate::receiver::Received| (one.sequence(), one.id().to_owned());
    let mut again: Vec<_> = all[6..].iter().map(name).collect();
    again.sort();
    let mut of_then: Vec<_> = first.iter().map(name).collect();
    of_then.sort();
    assert_eq!(again, of_then[1..4]);
    world.taken(&id, 9).await;
    // Without bounds, all; what is not there is nothing.
    assert_eq!(replay(&world, asked("r-2", 0, 0)).await.replayed, 6);
    world.taken(&id, 15).await;
    assert_eq!(replay(&world, asked("r-3", 7, 0)).await.replayed, 0);
    assert_eq!(replay(&world, asked("r-4", 0, 99)).await.replayed, 6);
    world.taken(&id, 21).await;
    assert_eq!(receiver.so_far().len(), 21);
    let wrong = world.admin().replay_webhook(asked("r-5", 4, 2)).await;
    assert_eq!(reason(&wrong.unwrap_err()), "INVALID_REQUEST");
    world.stop().await;
}
