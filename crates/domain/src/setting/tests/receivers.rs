//! Who is told, and when not.

use super::*;
use crate::calendar::TimeOfDay;

fn duty() -> Receiver {
    Receiver {
        mail_address: "duty@example.com".to_owned(),
        ..Receiver::default()
    }
}

fn quiet(begins: &str, ends: &str) -> Option<QuietHours> {
    let time = |text: &str| text.parse::<TimeOfDay>().unwrap();
    Some(QuietHours {
        begins: time(begins),
        ends: time(ends),
    })
}

#[test]
fn a_receiver_reaches_somebody() {
    let nobody = Receiver::default();
    assert_wrong(Body::Receiver(nobody), "", Reason::Required);
    for receiver in [
        duty(),
        Receiver {
            whose: Some(Whose::Agent("a".to_owned())),
            ..Receiver::default()
        },
        Receiver {
            webhook_id: "crm".to_owned(),
            ..Receiver::default()
        },
    ] {
        assert_eq!(wrong(Body::Receiver(receiver)), []);
    }
    let nameless = Receiver {
        whose: Some(Whose::Team(String::new())),
        ..Receiver::default()
    };
    assert_wrong(Body::Receiver(nameless), "team_id", Reason::Required);
}

#[test]
fn mail_goes_to_an_address() {
    for address in ["a@b", "first.last+tag@mail.example.com", "ä@müller.example"] {
        let receiver = Receiver {
            mail_address: address.to_owned(),
            ..duty()
        };
        assert_eq!(wrong(Body::Receiver(receiver)), [], "{address}");
    }
    for address in [
        "a",
        "@b",
        "a@",
        "a@b@c",
        "a b@c",
        "A <a@b>",
        "a@b,c@d",
        "a@b.",
        "a@.b",
        "a..b@c",
        ".a@b",
        "a@b\r\nBcc: c@d",
    ] {
        let receiver = Receiver {
            mail_address: address.to_owned(),
            ..duty()
        };
        assert_wrong(Body::Receiver(receiver), "mail_address", Reason::Malformed);
    }
    let long = Receiver {
        mail_address: format!("{}@b", "a".repeat(253)),
        ..duty()
    };
    assert_wrong(Body::Receiver(long), "mail_address", Reason::TooLong);
}

#[test]
fn quiet_hours_need_a_zone_and_leave_time() {
    use Reason::{Conflicting, Malformed, OutOfRange, Required, UnknownTimeZone};
    let with = |zone: &str, quiet_hours| {
        Body::Receiver(Receiver {
            time_zone: zone.to_owned(),
            quiet_hours,
            ..duty()
        })
    };
    assert_eq!(wrong(with("Europe/Berlin", quiet("22:00", "07:00"))), []);
    assert_wrong(with("", quiet("22:00", "07:00")), "time_zone", Required);
    assert_wrong(with("Europe/Atlantis", None), "time_zone", UnknownTimeZone);
    for (begins, ends) in [("07:00", "07:00"), ("00:00", "24:00"), ("24:00", "07:00")] {
        assert_wrong(with("UTC", quiet(begins, ends)), "quiet_hours", Conflicting);
    }
    let spoken = Receiver {
        language: "german!".to_owned(),
        ..duty()
    };
    assert_wrong(Body::Receiver(spoken), "language", Malformed);
    let loud = Receiver {
        budget_per_hour: 1_001,
        ..duty()
    };
    assert_wrong(Body::Receiver(loud), "budget_per_hour", OutOfRange);
}

#[test]
fn what_was_not_said_is_said_when_it_is_taken() {
    for (given, taken) in [(0, 20), (1, 1), (1_000, 1_000)] {
        let mut body = Body::Receiver(Receiver {
            budget_per_hour: given,
            ..duty()
        });
        body.clean(FieldPath::ROOT, &mut Cleaner::default());
        let taken = Receiver {
            budget_per_hour: taken,
            ..duty()
        };
        assert_eq!(body, Body::Receiver(taken));
    }
}

#[test]
fn in_quiet_hours_it_is_told_when_they_are_over() {
    let with = |quiet_hours| Receiver {
        time_zone: "Europe/Berlin".to_owned(),
        quiet_hours,
        ..duty()
    };
    let night = with(quiet("22:00", "07:00"));
    for (asked, told) in [
        ("2026-01-05T20:59:59Z", "2026-01-05T20:59:59Z"),
        ("2026-01-05T21:00:00Z", "2026-01-06T06:00:00Z"),
        ("2026-01-06T05:59:59Z", "2026-01-06T06:00:00Z"),
        ("2026-01-06T06:00:00Z", "2026-01-06T06:00:00Z"),
        // The night in which the clocks go forward.
        ("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
        ("2026-03-29T12:00:00Z", "2026-03-29T12:00:00Z"),
    ] {
        assert_eq!(night.told_at(at(asked)), at(told), "{asked}");
    }
    let lunch = with(quiet("12:00", "13:00"));
    assert_eq!(
        lunch.told_at(at("2026-01-05T11:30:00Z")),
        at("2026-01-05T12:00:00Z")
    );
    let until_midnight = with(quiet("18:00", "24:00"));
    assert_eq!(
        until_midnight.told_at(at("2026-01-05T20:00:00Z")),
        at("2026-01-05T23:00:00Z")
    );
    let from_midnight = with(quiet("00:00", "08:00"));
    assert_eq!(
        from_midnight.told_at(at("2026-01-04T23:00:00Z")),
        at("2026-01-05T07:00:00Z")
    );
    let never = with(None);
    assert_eq!(
        never.told_at(at("2026-01-05T23:00:00Z")),
        at("2026-01-05T23:00:00Z")
    );
}
