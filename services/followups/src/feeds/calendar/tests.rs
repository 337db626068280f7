use aftercall_domain::commitment::{CommitmentKind, Made, Origin, Priority};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::feeds::lines::plain;

const BEGIN_S: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(BEGIN_S + seconds).unwrap()
}

fn dated(commitment_id: &str, customer_id: Option<&str>, text: &str) -> Dated {
    let promise = Commitment::new(Made {
        commitment_id: commitment_id.to_owned(),
        interaction_id: "i-1".to_owned(),
        customer_id: customer_id.map(str::to_owned),
        customer_name: "Kim Example".to_owned(),
        handles: Vec::new(),
        made_by: "ana".to_owned(),
        team_id: String::new(),
        site_id: String::new(),
        kind: CommitmentKind::CallBack,
        kind_code: String::new(),
        origin: Origin::default(),
        promise_text: text.to_owned(),
        told_to_customer: true,
        promised_by: at(3_600),
        due: None,
        promised_not_before: None,
        time_zone: String::new(),
        owner: None,
        owner_team_id: String::new(),
        priority: Priority::P2,
        read_back_confirmed: false,
        policy: None,
        target: None,
        stages: Vec::new(),
        expire_after: SignedDuration::from_hours(24),
        proposed_until: None,
        made_at: at(0),
        recorded_at: at(1),
        recorded_by: "crm".to_owned(),
        reopens: None,
        depends_on: Vec::new(),
        series: None,
        plan_id: String::new(),
        step_no: 0,
        imported: false,
        fulfilled_at: None,
    });
    Dated { promise, whose: 1 }
}

fn feed(personal_allowed: bool) -> CalendarFeed {
    CalendarFeed {
        agent_id: "ana".to_owned(),
        personal_allowed,
        ..CalendarFeed::default()
    }
}

/// The content lines, put together again.
fn unfolded(text: &str) -> Vec<String> {
    let whole = text.replace("\r\n ", "");
    let lines = whole.strip_suffix("\r\n").unwrap().split("\r\n");
    lines.map(str::to_owned).collect()
}

/// A text as it was before it was escaped.
fn unescaped(text: &str) -> String {
    let (mut plain, mut signs) = (String::new(), text.chars());
    while let Some(sign) = signs.next() {
        plain.push(match sign {
            '\\' => match signs.next().unwrap() {
                'n' => '\n',
                sign => sign,
            },
            sign => sign,
        });
    }
    plain
}

#[test]
fn a_promise_is_an_event_at_its_due_without_its_words() {
    let text = write(
        "acme",
        &feed(false),
        &[dated("c-1", Some("C-1001"), "By noon.")],
    );
    let mut lines = unfolded(&text);
    let place = lines.iter().position(|line| line.starts_with("UID:"));
    let uid = lines.remove(place.unwrap());
    assert!(uid.ends_with("@aftercall"), "{uid}");
    let wanted = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//aftercall//promises//EN",
        "CALSCALE:GREGORIAN",
        "NAME:ana",
        "X-WR-CALNAME:ana",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        "BEGIN:VEVENT",
        "DTSTAMP:20270115T080001Z",
        "CREATED:20270115T080001Z",
        "LAST-MODIFIED:20270115T080001Z",
        "SEQUENCE:0",
        "DTSTART:20270115T090000Z",
        "SUMMARY:Call back · C-1001",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn the_same_promises_give_the_same_bytes_and_each_promise_its_own_uid() {
    let promises = [
        dated("c-1", Some("C-1"), "One."),
        dated("c-2", Some("C-1"), "Two."),
    ];
    let text = write("acme", &feed(true), &promises);
    assert_eq!(text, write("acme", &feed(true), &promises));
    let uids = |text: &str| -> Vec<String> {
        let lines = unfolded(text).into_iter();
        lines.filter(|line| line.starts_with("UID:")).collect()
    };
    let mut all = uids(&text);
    all.extend(uids(&write("other", &feed(true), &promises)));
    let mut other = promises[0].clone();
    other.whose = 2;
    all.extend(uids(&write("acme", &feed(true), &[other])));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5);
}

#[test]
fn somebody_unknown_and_the_kind_are_named_in_the_feeds_language() {
    let german = CalendarFeed {
        language: FeedLanguage::German.into(),
        ..feed(false)
    };
    let text = write("acme", &german, &[dated("c-1", None, "")]);
    let lines = unfolded(&text);
    assert!(
        lines.contains(&"SUMMARY:Rückruf · unbekannter Anrufer".to_owned()),
        "{text}"
    );
}

#[test]
fn a_long_text_is_shortened_between_two_signs() {
    let text = "ä".repeat(CALENDAR_FEED_TEXT_BYTES_MAX);
    let short = shortened(&text);
    assert_eq!(
        short.strip_suffix('…').unwrap().len(),
        CALENDAR_FEED_TEXT_BYTES_MAX
    );
    assert_eq!(shortened("short"), "short");
}

/// Texts with what iCalendar has a meaning for.
fn text() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        3 => any::<char>(),
        2 => prop::sample::select(vec!['\r', '\n', '\t', ' ', '\\', ',', ';', ':', '"', '\0', '\u{85}', '\u{2028}', '🦀']),
        2 => prop::char::range('a', 'z'),
    ];
    prop::collection::vec(sign, 0..300).prop_map(|signs| signs.into_iter().collect())
}

proptest! {
    #[test]
    fn any_text_is_in_the_calendar_as_it_is_and_changes_nothing_else(
        words in text(), name in text(), customer in text(), id in "[a-z0-9]{1,8}"
    ) {
        let feed = CalendarFeed { display_name: name.clone(), ..feed(true) };
        let calendar = write("acme", &feed, &[dated(&id, Some(&customer), &words)]);
        for line in calendar.strip_suffix("\r\n").unwrap().split("\r\n") {
            prop_assert!(line.len() <= 75, "{}", line.len());
            prop_assert!(!line.contains(['\r', '\n']));
        }
        let lines = unfolded(&calendar);
        let value = |of: &str| {
            let mut values = lines.iter().filter_map(|line| line.strip_prefix(of));
            let value = values.next().map(unescaped);
            assert!(values.next().is_none(), "{of} is there once");
            value
        };
        let told = Some(plain(&words)).filter(|told| !words.is_empty() || !told.is_empty());
        prop_assert_eq!(value("DESCRIPTION:"), told);
        let summary = plain(&format!("Call back · {customer}"));
        prop_assert_eq!(value("SUMMARY:"), Some(summary));
        let name = if name.is_empty() { "ana".to_owned() } else { plain(&name) };
        prop_assert_eq!(value("NAME:"), Some(name));
        let begins = lines.iter().filter(|line| line.starts_with("BEGIN:")).count();
        prop_assert_eq!(begins, 2);
    }
}
