//! What became of the mails that tell of an alert.

use aftercall_proto::envelope::{Fact, notify_key};
use aftercall_proto::event::v1::{AttemptedMail, Event, MailAttempted};
use aftercall_proto::model::v1::receiver::Who;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{MailTrouble, Receiver, WebhookDeliveryState};
use aftercall_service::Clock;

use crate::routing::{explained, followed, house, only_alert, set, until_said};
use crate::stage::{Contact, Stage, TENANT, at, wire};

/// Somebody who sends mails says how an attempt went.
fn mailed(stage: &Stage, sequence: u64, attempt: AttemptedMail) {
    let now = stage.clock.now();
    let fact = Fact::MailAttempted(MailAttempted {
        attempts: vec![attempt],
    });
    let event = Event {
        event_id: format!("mails-{sequence}"),
        tenant_id: TENANT.to_owned(),
        aggregate_id: "mails".to_owned(),
        sequence,
        occurred_at: wire(now),
        recorded_at: wire(now),
        ..fact.event()
    };
    stage.append_under(notify_key(TENANT), &event);
}

#[tokio::test]
async fn it_is_told_what_became_of_a_mail() {
    let stage = Stage::new();
    house(&stage);
    let by_mail = Body::Receiver(Receiver {
        who: Some(Who::AgentId("ana".to_owned())),
        mail_address: "ana@example.com".to_owned(),
        ..Receiver::default()
    });
    set(&stage, 2, vec![("r-ana", by_mail)]);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 3_600)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(3_601));
    running.until(|| stage.lapses().len() == 1).await;
    running.caught_up(&stage).await;
    let alert_id = only_alert(&running).await;
    stage.clock.advance_to(at(3_632));
    until_said(&running, &stage, 1).await;
    let told = explained(&running, &alert_id).await;
    assert!(told.notifications[0].by_mail);
    let notification_id = told.notifications[0].notification_id.clone();
    assert_eq!(told.mails.len(), 1);
    assert_eq!(told.mails[0].notification_id, notification_id);
    assert_eq!(told.mails[0].state(), WebhookDeliveryState::Pending);

    let put_off = AttemptedMail {
        notification_id: notification_id.clone(),
        number: 1,
        attempted_at: wire(at(3_640)),
        trouble: MailTrouble::Code.into(),
        smtp_code: 451,
        state: WebhookDeliveryState::Pending.into(),
        next_attempt_at: wire(at(3_700)),
        ..AttemptedMail::default()
    };
    let taken = AttemptedMail {
        notification_id,
        number: 2,
        attempted_at: wire(at(3_700)),
        state: WebhookDeliveryState::Delivered.into(),
        ..AttemptedMail::default()
    };
    mailed(&stage, 1, put_off.clone());
    let waits = explained(&running, &alert_id).await.mails.remove(0);
    assert_eq!((waits.attempts, waits.smtp_code), (1, 451));
    assert_eq!(waits.next_attempt_at, wire(at(3_700)));
    mailed(&stage, 2, taken);
    // Of two that tried the same, the first counts.
    mailed(&stage, 3, put_off);
    let over = explained(&running, &alert_id).await.mails.remove(0);
    assert_eq!(over.state(), WebhookDeliveryState::Delivered);
    assert_eq!((over.attempts, over.smtp_code), (2, 0));
    assert_eq!(over.attempted_at, wire(at(3_700)));
    running.stop().await;
}
