//! Mail, sent to a real server of SMTP, and to some that fail.

mod alerts;
mod failing;
mod relay;
mod testing;

use std::path::Path;
use std::sync::Arc;

use aftercall_domain::alert::Severity;
use aftercall_domain::commitment::{Clock as PromiseClock, CommitmentKind};
use aftercall_domain::wording::Language;
use aftercall_notify::mail::{
    Cause, MailConfig, MailTls, Mailer, Notice, Outcome, Reader, Standing, Told, Trouble,
};
use aftercall_service::{Clock, SystemClock};
use jiff::Timestamp;
use uuid::Uuid;

use relay::{NAME, PASSWORD, Relay};

pub(crate) fn notice(number: u128) -> Notice {
    Notice {
        notification_id: Uuid::from_u128(number),
        cause: Cause::Lapse,
        queued_at: Timestamp::from_second(1_795_772_000).unwrap(),
        promises: vec![Told {
            commitment_id: "c-1".to_owned(),
            kind: CommitmentKind::CallBack,
            customer_id: Some("C-1001".to_owned()),
            clock: PromiseClock::Promise,
            due: Timestamp::from_second(1_795_770_720).unwrap(),
            severity: Severity::High,
            owner: None,
            standing: Standing::Overdue,
            promise_text: ".\r\n.Zurück bis Freitag.\r\n.".to_owned(),
        }],
        concerns: Vec::new(),
        omitted: 0,
    }
}

pub(crate) fn reader(address: &str) -> Reader {
    Reader {
        mail_address: address.to_owned(),
        display_name: "Jürgen, Desk".to_owned(),
        language: Language::German,
        time_zone: "Europe/Berlin".to_owned(),
        personal_allowed: true,
    }
}

pub(crate) fn config(port: u16, tls: MailTls) -> MailConfig {
    MailConfig {
        host: Some("localhost".to_owned()),
        port: Some(port),
        tls,
        from: Some("aftercall <alerts@acme.example>".to_owned()),
        ..MailConfig::default()
    }
}

pub(crate) fn mailer(config: &MailConfig, ca_file: Option<&Path>, clock: Arc<dyn Clock>) -> Mailer {
    Mailer::open(config, ca_file, clock).unwrap().unwrap()
}

/// A mailer that says who it is.
fn known(relay: &Relay, tls: MailTls, password: &str) -> Mailer {
    let path = relay.file("password");
    std::fs::write(&path, format!("{password}\n")).unwrap();
    let config = MailConfig {
        username: Some(NAME.to_owned()),
        password_file: Some(path),
        ..config(relay.port, tls)
    };
    mailer(
        &config,
        Some(&relay.file("ca.pem")),
        Arc::new(SystemClock::new()),
    )
}

#[tokio::test]
async fn needs_smtp_a_mail_arrives_by_tls_as_it_was_written() {
    for (mode, tls) in [
        ("starttls", MailTls::Starttls),
        ("implicit", MailTls::Implicit),
    ] {
        let mut relay = Relay::start(mode);
        let mailer = known(&relay, tls, PASSWORD);
        for number in 1..=2 {
            let told = mailer
                .tell(&notice(number), &reader("desk@example.com"))
                .await;
            assert_eq!(told, Outcome::Taken, "{mode}");
        }
        let (first, second) = (relay.received(), relay.received());
        assert_eq!(first["tls"], true, "{mode}");
        assert_eq!(first["user"], NAME);
        assert_eq!(first["from"], "alerts@acme.example");
        assert_eq!(first["to"][0], "desk@example.com");
        assert_eq!(
            first["headers"]["Subject"],
            "Überfällig: Rückruf · C-1001, Fr. 27.11.2026, 10:12 Uhr (UTC+01:00)"
        );
        assert_eq!(
            first["headers"]["To"],
            "\"Jürgen, Desk\" <desk@example.com>"
        );
        let text = first["text"].as_str().unwrap();
        assert!(
            text.contains("  Wortlaut: . .Zurück bis Freitag. ."),
            "{text}"
        );
        assert_ne!(
            first["headers"]["Message-ID"],
            second["headers"]["Message-ID"]
        );
        // The second one came by the connection of the first.
        assert_eq!(first["peer"], second["peer"], "{mode}");
    }
}

#[tokio::test]
async fn needs_smtp_who_is_not_known_or_not_trusted_sends_nothing_and_may_later() {
    let relay = Relay::start("starttls");
    let stranger = known(&relay, MailTls::Starttls, "wrong");
    let told = stranger.tell(&notice(1), &reader("desk@example.com")).await;
    assert_eq!(told, Outcome::NotNow(Trouble::Credentials));
    let config = config(relay.port, MailTls::Starttls);
    let nameless = mailer(
        &config,
        Some(&relay.file("ca.pem")),
        Arc::new(SystemClock::new()),
    );
    let told = nameless.tell(&notice(1), &reader("desk@example.com")).await;
    assert_eq!(told, Outcome::NotNow(Trouble::Credentials));
    let untrusting = mailer(&config, None, Arc::new(SystemClock::new()));
    let told = untrusting
        .tell(&notice(1), &reader("desk@example.com"))
        .await;
    assert_eq!(told, Outcome::NotNow(Trouble::Tls));

    let plain = Relay::start("plain");
    let config = crate::mail::config(plain.port, MailTls::Starttls);
    let careful = mailer(&config, None, Arc::new(SystemClock::new()));
    let told = careful.tell(&notice(1), &reader("desk@example.com")).await;
    assert_eq!(told, Outcome::NotNow(Trouble::Tls));
}

#[tokio::test]
async fn needs_smtp_what_the_server_refuses_is_over_and_what_it_puts_off_is_not() {
    let mut relay = Relay::start("plain");
    let config = config(relay.port, MailTls::None);
    let mailer = mailer(&config, None, Arc::new(SystemClock::new()));
    for (address, outcome) in [
        ("gone@example.com", Outcome::Never(Trouble::Code(550))),
        ("later@example.com", Outcome::NotNow(Trouble::Code(451))),
        ("spam@example.com", Outcome::Never(Trouble::Code(554))),
        ("no address", Outcome::Never(Trouble::Address)),
        ("desk@example.com", Outcome::Taken),
    ] {
        let told = mailer.tell(&notice(1), &reader(address)).await;
        assert_eq!(told, outcome, "{address}");
    }
    assert_eq!(relay.received()["to"][0], "desk@example.com");
}
