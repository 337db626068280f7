//! Mails that tell of alerts: what is decided in a round arrives.

use std::time::Duration;

use aftercall_log::{Log, Position};
use aftercall_notify::NotifyConfig;
use aftercall_notify::mail::MailTls;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{AlertsRouted, AttemptedMail, Event};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    AlertSeverity, CommitmentClock, CommitmentKind, MailTrouble, Notification, NotificationKind,
    NotifiedAlert, PromiseSubject, Receiver, Setting, WebhookDeliveryState as State,
};
use aftercall_service::Clock;
use aftercall_service::testing::setting_changed;
use prost::Message;
use uuid::Uuid;

use super::relay::Relay;
use crate::world::{PATIENCE, With, World};

/// A message to a receiver: a promise of a call was not kept.
fn lapse(number: u128, receiver_id: &str, world: &World) -> Notification {
    let now = to_wire(world.clock.now());
    Notification {
        notification_id: Uuid::from_u128(number).to_string(),
        receiver_id: receiver_id.to_owned(),
        receiver_version: 1,
        kind: NotificationKind::Triggered.into(),
        level: 1,
        alerts: vec![NotifiedAlert {
            kind: NotificationKind::Triggered.into(),
            severity: AlertSeverity::High.into(),
            customer_id: "C-1001".to_owned(),
            promise: Some(PromiseSubject {
                commitment_id: "c-1".to_owned(),
                kind: CommitmentKind::CallBack.into(),
                clock: CommitmentClock::Promise.into(),
                promised_by: Some(now),
                ..PromiseSubject::default()
            }),
            ..NotifiedAlert::default()
        }],
        alert_count: 1,
        decided_at: Some(now),
        by_mail: true,
        ..Notification::default()
    }
}

fn message_id(number: u128) -> String {
    format!("<{}@acme.example>", Uuid::from_u128(number))
}

fn sent_by(relay: &Relay) -> NotifyConfig {
    NotifyConfig {
        mail: super::config(relay.port, MailTls::None),
        ..NotifyConfig::default()
    }
}

/// A world with two receivers, one of which the server does not know.
async fn world(config: NotifyConfig) -> World {
    let world = World::with(With {
        config,
        ..With::default()
    });
    let world = world.await;
    let receivers = [("desk", "desk@example.com"), ("gone", "gone@example.com")];
    for (revision, (id, address)) in (1..).zip(receivers) {
        let receiver = Setting {
            setting_id: id.to_owned(),
            version: 1,
            body: Some(Body::Receiver(Receiver {
                mail_address: address.to_owned(),
                language: "de".to_owned(),
                ..Receiver::default()
            })),
            ..Setting::default()
        };
        let record = setting_changed("acme", revision, receiver, world.clock.now());
        world.log.append(vec![record]).await.unwrap();
    }
    world
}

/// A round is decided, in this environment unless it names another.
async fn decided(
    world: &World,
    sequence: u64,
    environment: Option<&str>,
    notifications: Vec<Notification>,
) {
    let here = world.log.id().to_string();
    let fact = Fact::AlertsRouted(AlertsRouted {
        decided_at: Some(to_wire(world.clock.now())),
        environment: environment.map_or(here, str::to_owned),
        notifications,
        ..AlertsRouted::default()
    });
    let by = ("acme", "aftercall-router");
    world.said(by, ("alert-routes", sequence), &fact).await;
}

/// What the log says of attempts.
fn recorded(world: &World) -> Vec<AttemptedMail> {
    let mut attempts = Vec::new();
    for partition in 0..world.log.partitions() {
        let from = Position {
            partition,
            offset: 0,
        };
        let mut reader = world.log.reader(&[from]).unwrap();
        for entry in reader.next(10_000, usize::MAX, Duration::ZERO).unwrap() {
            let event = Event::decode(entry.record.body).unwrap();
            if let Ok(Some(Fact::MailAttempted(attempted))) = event.fact() {
                attempts.extend(attempted.attempts);
            }
        }
    }
    attempts
}

/// Waits until so many attempts are recorded.
async fn attempts(world: &World, count: usize) -> Vec<AttemptedMail> {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let recorded = recorded(world);
            if recorded.len() >= count {
                return recorded;
            }
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("attempts")
}

/// Time passes until a mail is tried again.
fn pass_until_due(world: &World, attempt: &AttemptedMail) {
    let due = attempt.next_attempt_at.expect("it is to be tried again");
    let due = jiff::Timestamp::new(due.seconds, due.nanos).unwrap();
    world.clock.advance_to(due + Duration::from_millis(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn needs_smtp_what_is_decided_arrives_as_one_mail_under_the_messages_id() {
    let mut relay = Relay::start("plain");
    let config = sent_by(&relay);
    let world = world(config.clone()).await;
    let elsewhere = Notification {
        by_mail: false,
        ..lapse(1, "desk", &world)
    };
    let messages = vec![elsewhere, lapse(2, "desk", &world)];
    decided(&world, 1, None, messages).await;
    let mail = relay.received();
    assert_eq!(mail["headers"]["Message-ID"], message_id(2));
    assert_eq!(mail["to"][0], "desk@example.com");
    let subject = mail["headers"]["Subject"].as_str().unwrap();
    assert!(subject.starts_with("Überfällig"), "{subject}");
    assert!(mail["text"].as_str().unwrap().contains("C-1001"), "{mail}");
    let attempt = attempts(&world, 1).await.remove(0);
    assert_eq!(attempt.state(), State::Delivered);
    assert_eq!(
        (attempt.number, attempt.trouble()),
        (1, MailTrouble::Unspecified)
    );
    // What was taken is not sent again: what comes next is the next message.
    let world = world.restarted_with(|with| with.config = config).await;
    let next = lapse(3, "desk", &world);
    decided(&world, 2, None, vec![next]).await;
    assert_eq!(relay.received()["headers"]["Message-ID"], message_id(3));
    assert_eq!(attempts(&world, 2).await.len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn needs_smtp_what_is_refused_for_a_while_arrives_after_a_restart_as_the_same_mail() {
    let mut relay = Relay::start("plain");
    relay.be_busy(true);
    let config = sent_by(&relay);
    let world = world(config.clone()).await;
    let message = lapse(4, "desk", &world);
    decided(&world, 1, None, vec![message]).await;
    let refused = relay.received();
    assert_eq!(refused["taken"], false);
    let failed = attempts(&world, 1).await.remove(0);
    assert_eq!(failed.state(), State::Pending);
    assert_eq!(
        (failed.trouble(), failed.smtp_code),
        (MailTrouble::Code, 451)
    );
    let world = world.restarted_with(|with| with.config = config).await;
    relay.be_busy(false);
    pass_until_due(&world, &failed);
    let taken = relay.received();
    assert_eq!(taken["taken"], true);
    assert_eq!(taken["headers"]["Message-ID"], message_id(4));
    assert_eq!(taken["headers"], refused["headers"]);
    assert_eq!(taken["text"], refused["text"]);
    let attempts = attempts(&world, 2).await;
    assert_eq!(
        (attempts[1].number, attempts[1].state()),
        (2, State::Delivered)
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn needs_smtp_who_dies_before_it_is_recorded_sends_the_same_mail_again() {
    let mut relay = Relay::start("plain");
    let config = sent_by(&relay);
    let one = world(config.clone()).await;
    let message = lapse(5, "desk", &one);
    // The log is copied as it was before the attempt was recorded.
    let clock = one.clock.clone();
    decided(&one, 1, None, vec![message]).await;
    let sent = relay.received();
    attempts(&one, 1).await;
    let log = without_attempts(&one).await;
    one.stop().await;
    let other = World::with(With {
        config,
        log,
        clock,
        ..With::default()
    });
    let other = other.await;
    assert_eq!(relay.received()["headers"], sent["headers"]);
    attempts(&other, 1).await;
    other.stop().await;
}

/// The log of a process that died before it recorded an attempt.
async fn without_attempts(world: &World) -> std::sync::Arc<aftercall_log::MemoryLog> {
    let copy = aftercall_log::MemoryLog::new(world.log.id(), world.log.partitions());
    for partition in 0..world.log.partitions() {
        let from = Position {
            partition,
            offset: 0,
        };
        let mut reader = world.log.reader(&[from]).unwrap();
        let entries = reader.next(10_000, usize::MAX, Duration::ZERO).unwrap();
        let records = entries.into_iter().map(|entry| entry.record);
        let records = records.filter(|record| {
            let event = Event::decode(record.body.clone()).unwrap();
            !matches!(event.fact(), Ok(Some(Fact::MailAttempted(_))))
        });
        copy.append(records.collect()).await.unwrap();
    }
    std::sync::Arc::new(copy)
}

#[tokio::test(flavor = "multi_thread")]
async fn needs_smtp_what_is_refused_for_good_or_decided_elsewhere_is_recorded_and_ends() {
    let relay = Relay::start("plain");
    let world = world(sent_by(&relay)).await;
    let (gone, stray) = (lapse(6, "gone", &world), lapse(7, "desk", &world));
    decided(&world, 1, None, vec![gone]).await;
    let refused = attempts(&world, 1).await.remove(0);
    assert_eq!(refused.state(), State::Dead);
    assert_eq!(
        (refused.trouble(), refused.smtp_code),
        (MailTrouble::Code, 550)
    );
    decided(&world, 2, Some("elsewhere"), vec![stray]).await;
    let mute = attempts(&world, 2).await.remove(1);
    assert_eq!(mute.state(), State::Suppressed);
    assert_eq!(mute.trouble(), MailTrouble::Environment);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn needs_smtp_without_a_server_that_is_recorded_and_made_good_once_there_is_one() {
    let world = world(NotifyConfig::default()).await;
    let message = lapse(8, "desk", &world);
    decided(&world, 1, None, vec![message]).await;
    let failed = attempts(&world, 1).await.remove(0);
    assert_eq!(failed.state(), State::Pending);
    assert_eq!(failed.trouble(), MailTrouble::NotConfigured);
    let mut relay = Relay::start("plain");
    let config = sent_by(&relay);
    let world = world.restarted_with(|with| with.config = config).await;
    pass_until_due(&world, &failed);
    assert_eq!(relay.received()["headers"]["Message-ID"], message_id(8));
    world.stop().await;
}
