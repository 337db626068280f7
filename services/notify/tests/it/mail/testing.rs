//! `TestMail`: a tenant's administrators try whether mail arrives.

use aftercall_log::Log;
use aftercall_notify::NotifyConfig;
use aftercall_notify::mail::MailTls;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{MailTrouble, Receiver, Setting};
use aftercall_proto::notify::v1::TestMailRequest;
use aftercall_service::Clock;
use aftercall_service::testing::setting_changed;

use super::relay::Relay;
use crate::world::{With, World, reason};

fn receiver(id: &str, address: &str) -> Setting {
    Setting {
        setting_id: id.to_owned(),
        version: 1,
        body: Some(Body::Receiver(Receiver {
            mail_address: address.to_owned(),
            webhook_id: "w-1".to_owned(),
            language: "de".to_owned(),
            ..Receiver::default()
        })),
        ..Setting::default()
    }
}

fn asked(receiver_id: &str) -> TestMailRequest {
    TestMailRequest {
        receiver_id: receiver_id.to_owned(),
        latest: true,
        ..TestMailRequest::default()
    }
}

#[tokio::test]
async fn needs_smtp_a_receiver_is_sent_a_test_and_what_came_of_it_is_told() {
    let mut relay = Relay::start("plain");
    let config = NotifyConfig {
        mail: super::config(relay.port, MailTls::None),
        ..NotifyConfig::default()
    };
    let world = World::with(With {
        config,
        ..With::default()
    })
    .await;
    let receivers = [
        receiver("desk", "desk@example.com"),
        receiver("gone", "gone@example.com"),
        receiver("none", ""),
    ];
    for (revision, receiver) in (1..).zip(receivers) {
        let record = setting_changed("acme", revision, receiver, world.clock.now());
        world.log.append(vec![record]).await.unwrap();
    }
    let mut admin = world.mail();
    let tested = admin.test_mail(asked("desk")).await.unwrap().into_inner();
    assert!(tested.taken, "{tested:?}");
    let received = relay.received();
    assert_eq!(received["headers"]["Subject"], "Test der Mail");
    assert_eq!(received["headers"]["Message-ID"], tested.message_id);

    let gone = admin.test_mail(asked("gone")).await.unwrap().into_inner();
    assert!(!gone.taken && !gone.may_be_taken_later, "{gone:?}");
    assert_eq!((gone.trouble(), gone.smtp_code), (MailTrouble::Code, 550));
    let none = admin.test_mail(asked("none")).await.unwrap_err();
    assert!(none.message().contains("mail_address"), "{none}");
    let unknown = admin.test_mail(asked("nobody")).await.unwrap_err();
    assert_eq!(reason(&unknown), "SETTING_NOT_FOUND");
}

#[tokio::test]
async fn without_a_server_of_mail_none_is_sent() {
    let world = World::new().await;
    let refused = world.mail().test_mail(asked("desk")).await.unwrap_err();
    assert_eq!(reason(&refused), "MAIL_NOT_CONFIGURED");
}
