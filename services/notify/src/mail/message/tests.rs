use aftercall_domain::alert::Severity;
use aftercall_domain::commitment::{Clock, CommitmentKind};
use aftercall_domain::wording::Language;
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::mail::notice::{Cause, Standing, Told};

fn notice(customer: &str, words: &str) -> Notice {
    Notice {
        notification_id: Uuid::from_u128(7),
        cause: Cause::Lapse,
        queued_at: Timestamp::from_second(1_795_772_000).unwrap(),
        promises: vec![Told {
            commitment_id: "c-1".to_owned(),
            kind: CommitmentKind::CallBack,
            customer_id: Some(customer.to_owned()),
            clock: Clock::Promise,
            due: Timestamp::from_second(1_795_770_720).unwrap(),
            severity: Severity::High,
            owner: None,
            standing: Standing::Overdue,
            promise_text: words.to_owned(),
        }],
        concerns: Vec::new(),
        omitted: 0,
    }
}

fn reader(address: &str, name: &str) -> Reader {
    Reader {
        mail_address: address.to_owned(),
        display_name: name.to_owned(),
        language: Language::German,
        time_zone: String::new(),
        personal_allowed: true,
    }
}

fn from() -> Mailbox {
    "aftercall <alerts@acme.example>".parse().unwrap()
}

/// The names of a mail's headers, in order, and their values, folded lines put together.
fn headers(message: &Message) -> Vec<(String, String)> {
    let text = String::from_utf8(message.formatted()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ");
    let lines = head.split("\r\n");
    lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

#[test]
fn the_same_notice_is_the_same_mail() {
    let (notice, reader) = (
        notice("C-1", "By noon."),
        reader("desk@example.com", "Desk"),
    );
    let first = message(&notice, &reader, &from()).unwrap();
    let again = message(&notice, &reader, &from()).unwrap();
    assert_eq!(first.formatted(), again.formatted());
    let headers = headers(&first);
    let value = |name: &str| {
        let found = headers.iter().find(|header| header.0 == name);
        found
            .unwrap_or_else(|| panic!("{name} of {headers:?}"))
            .1
            .as_str()
    };
    let id = "<00000000-0000-0000-0000-000000000007@acme.example>";
    assert_eq!(value("Message-ID"), id);
    assert_eq!(value("From"), "aftercall <alerts@acme.example>");
    assert_eq!(value("To"), "Desk <desk@example.com>");
    assert_eq!(value("Date"), "Fri, 27 Nov 2026 09:33:20 +0000");
    assert_eq!(value("Auto-Submitted"), "auto-generated");
    assert_eq!(value("X-Auto-Response-Suppress"), "All");
    assert_eq!(value("List-Id"), "aftercall <alerts.acme.example>");
    assert_eq!(value("Content-Language"), "de");
    assert_eq!(value("MIME-Version"), "1.0");
    assert_eq!(value("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(headers.len(), 12, "{headers:?}");
}

#[test]
fn an_address_that_is_none_is_refused() {
    for address in [
        "",
        "desk",
        "desk@example.com\r\nBcc: all@example.com",
        "a@b@c",
    ] {
        let refused = message(&notice("C-1", ""), &reader(address, ""), &from());
        assert!(
            matches!(refused, Err(Unsendable::Address(_))),
            "{address:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_header_or_a_line_of_its_own(
        customer in any::<String>(), words in any::<String>(), name in any::<String>()
    ) {
        let message = message(&notice(&customer, &words), &reader("desk@example.com", &name), &from());
        let message = message.unwrap();
        let names: Vec<_> = headers(&message).into_iter().map(|header| header.0).collect();
        let mut once = names.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), names.len());
        prop_assert_eq!(names.len(), 12);
        let formatted = message.formatted();
        prop_assert!(formatted.is_ascii());
        for line in String::from_utf8(formatted).unwrap().split("\r\n") {
            prop_assert!(line.len() <= 998 && !line.contains(['\r', '\n', '\0']));
        }
    }
}
