//! What the finder says of single sentences, which dues come of them, and what holds for any text.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::calendar::{TimeOfDay, Zone};
use crate::commitment::CommitmentKind as Kind;
use crate::due::{DayTime, DueSpec, WeekPart};
use crate::interaction::SentimentParticipant;
use crate::sentiment::Turn;

fn said(participant: SentimentParticipant, text: &str) -> Turn<'_> {
    Turn {
        participant,
        from_ms: 0,
        to_ms: 0,
        text,
    }
}

fn found(text: &str) -> Vec<Saying> {
    find(&[said(SentimentParticipant::Agent, text)])
}

/// The kinds and times of the promises in a text.
fn heard(text: &str) -> Vec<(Kind, Option<When>)> {
    let found = found(text).into_iter();
    found.map(|one| (one.kind, one.when)).collect()
}

fn on(day: Day) -> Option<When> {
    Some(When::On {
        day: Some(day),
        clock: None,
    })
}

fn at(day: Day, clock: Clock) -> Option<When> {
    Some(When::On {
        day: Some(day),
        clock: Some(clock),
    })
}

fn time(hour: u32, minute: u32) -> Clock {
    Clock::At(TimeOfDay::new(hour, minute, 0).unwrap())
}

const SEND_AND_CALL: &str =
    "I will send you all the details later today and call you back next week";

#[test]
fn one_sentence_may_be_two_promises_with_dues_of_their_own() {
    let expected = [
        (Kind::SendInfo, on(Day::In(0))),
        (Kind::CallBack, on(Day::EndOfWeek(1))),
    ];
    assert_eq!(heard(SEND_AND_CALL), expected);
    let found = found(SEND_AND_CALL);
    let words = |one: &Saying| &SEND_AND_CALL[one.finding.span.clone()];
    assert_eq!(
        words(&found[0]),
        "I will send you all the details later today"
    );
    assert_eq!(words(&found[1]), "call you back next week");
    let rules = found
        .iter()
        .map(|one| (one.finding.rule, one.finding.time_rule));
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [
            ("send_info.noun", Some("today")),
            ("call_back.call_you", Some("next_week"))
        ]
    );
    let german = "Ich schicke Ihnen heute noch die Unterlagen und rufe Sie nächste Woche zurück.";
    let expected = [
        (Kind::SendDocument, on(Day::In(0))),
        (Kind::CallBack, on(Day::EndOfWeek(1))),
    ];
    assert_eq!(heard(german), expected);
}

#[test]
fn who_promises_and_what_says_the_kind() {
    for (text, kind) in [
        ("I'll call you back.", Kind::CallBack),
        (
            "Our supervisor will call you on Tuesday.",
            Kind::SupervisorCall,
        ),
        (
            "I'll have my manager call you by Friday.",
            Kind::SupervisorCall,
        ),
        ("We'll be in touch tomorrow.", Kind::StatusUpdate),
        (
            "My colleague will send you the contract.",
            Kind::SendDocument,
        ),
        ("I'm going to email you the instructions.", Kind::SendInfo),
        ("We will refund you within 14 days.", Kind::Refund),
        (
            "By Friday, we will send you a replacement.",
            Kind::Replacement,
        ),
        ("We'll send a technician tomorrow.", Kind::TechVisit),
        ("We will look into it.", Kind::Investigate),
        ("I'll escalate this to my manager.", Kind::Escalate),
        (
            "You will be contacted as soon as possible.",
            Kind::StatusUpdate,
        ),
        (
            "Unser Teamleiter ruft Sie am Montagmorgen an.",
            Kind::SupervisorCall,
        ),
        ("Mein Kollege meldet sich bei Ihnen.", Kind::StatusUpdate),
        ("Wir erstatten Ihnen den Betrag.", Kind::Refund),
        ("Ein Techniker kommt am Dienstag.", Kind::TechVisit),
        ("Sie erhalten morgen einen Rückruf.", Kind::CallBack),
        (
            "Ich verspreche Ihnen, dass ich Sie zurückrufe.",
            Kind::CallBack,
        ),
        (
            "Ich werde Ihnen die Rechnung zuschicken.",
            Kind::SendDocument,
        ),
    ] {
        let kinds: Vec<_> = heard(text).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [kind], "{text}");
    }
}

#[test]
fn what_is_denied_asked_over_or_depends_is_no_promise() {
    for text in [
        "I won't call you back.",
        "I will not be able to send you the form.",
        "I can't promise that I'll call you back today.",
        "We never call you at night.",
        "If it fails I will call you tomorrow.",
        "I will send you a new one unless it works tomorrow.",
        "Shall I call you back tomorrow?",
        "Will we send you the invoice?",
        "I sent you the invoice yesterday.",
        "I told you that I will call you tomorrow.",
        "Could you call me back tomorrow",
        "I'd call you if I could.",
        "Ich rufe Sie heute nicht mehr an.",
        "Wenn es nicht klappt, rufe ich Sie an.",
        "Kann ich Sie morgen zurückrufen?",
        "Rufen Sie mich morgen an.",
        "Rufen Sie unsere Techniker an.",
        "Wir haben Ihnen die Rechnung gestern geschickt.",
        // What is done while the customer waits.
        "I'll just check that for you.",
        "I'll send you the link right now.",
        "I will need your pin to check your bank balance.",
    ] {
        assert!(heard(text).is_empty(), "{text}");
    }
    let customer = said(
        SentimentParticipant::Customer,
        "I'll call you back tomorrow.",
    );
    assert!(find(&[customer]).is_empty());
}

#[test]
fn what_only_sounds_so_takes_nothing_away() {
    for text in [
        "Don't worry, I'll call you back tomorrow.",
        "No problem I'll call you back tomorrow",
        "I'll call you back tomorrow, okay?",
        "As I said, I'll call you back tomorrow.",
        "I'll call you back tomorrow to see if it works.",
        "Kein Problem, ich rufe Sie morgen zurück.",
    ] {
        assert_eq!(heard(text), [(Kind::CallBack, on(Day::In(1)))], "{text}");
    }
}

#[test]
fn a_time_is_read_as_people_say_it() {
    let hours = |hours| Some(When::After(SignedDuration::from_hours(hours)));
    for (text, when) in [
        ("tomorrow morning", at(Day::In(1), Clock::Morning)),
        ("tomorrow by five", at(Day::In(1), time(17, 0))),
        ("at 5 p.m. tomorrow", at(Day::In(1), time(17, 0))),
        (
            "on Tuesday at 9:30 am",
            at(Day::Weekday(Weekday::Tuesday), time(9, 30)),
        ),
        ("next Tuesday", on(Day::OfNextWeek(Weekday::Tuesday))),
        ("within two hours", hours(2)),
        (
            "in half an hour",
            Some(When::After(SignedDuration::from_mins(30))),
        ),
        ("in three to five business days", on(Day::Business(5))),
        ("within a couple of days", on(Day::In(2))),
        ("by the end of the week", on(Day::EndOfWeek(0))),
        ("by the end of the day", at(Day::In(0), Clock::Closing)),
        ("on March 15", on(Day::Date { month: 3, day: 15 })),
        ("soon", None),
        ("about tomorrow's appointment", None),
    ] {
        let text = format!("I will call you {text}.");
        assert_eq!(heard(&text), [(Kind::CallBack, when)], "{text}");
    }
    for (text, when) in [
        ("morgen früh", at(Day::In(1), Clock::Morning)),
        ("bis Freitag", on(Day::Weekday(Weekday::Friday))),
        ("innerhalb von zwei Stunden", hours(2)),
        (
            "um 15 Uhr 30",
            Some(When::On {
                day: None,
                clock: Some(time(15, 30)),
            }),
        ),
        (
            "bis halb fünf",
            Some(When::On {
                day: None,
                clock: Some(time(16, 30)),
            }),
        ),
        ("am 15. März", on(Day::Date { month: 3, day: 15 })),
        ("in drei Werktagen", on(Day::Business(3))),
    ] {
        let text = format!("Ich rufe Sie {text} zurück.");
        assert_eq!(heard(&text), [(Kind::CallBack, when)], "{text}");
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_time_becomes_a_due_by_the_customers_clocks() {
    // A Wednesday, 14:00 in Berlin.
    let told_at = instant("2026-11-18T13:00:00Z");
    let zone = Zone::named("Europe/Berlin").unwrap();
    let place = Place {
        told_at,
        zone: &zone,
        calendar_id: None,
    };
    let end = |date: &str| DueSpec::EndOfLocalDay {
        date: date.parse().unwrap(),
        time_zone: "Europe/Berlin".to_owned(),
    };
    let local = |date: &str, time: &str| DueSpec::Local {
        date: date.parse().unwrap(),
        time: time.parse().unwrap(),
        time_zone: "Europe/Berlin".to_owned(),
    };
    let by = |clock| When::On {
        day: None,
        clock: Some(clock),
    };
    for (when, due) in [
        (on(Day::In(0)), end("2026-11-18")),
        (on(Day::Weekday(Weekday::Wednesday)), end("2026-11-25")),
        (on(Day::Weekday(Weekday::Friday)), end("2026-11-20")),
        (on(Day::OfNextWeek(Weekday::Friday)), end("2026-11-27")),
        (on(Day::EndOfWeek(0)), end("2026-11-20")),
        (on(Day::EndOfWeek(1)), end("2026-11-27")),
        (on(Day::EndOfMonth(0)), end("2026-11-30")),
        (on(Day::EndOfMonth(1)), end("2026-12-31")),
        (on(Day::Business(3)), end("2026-11-23")),
        (on(Day::Date { month: 3, day: 15 }), end("2027-03-15")),
        (at(Day::In(1), Clock::Morning), local("2026-11-19", "12:00")),
        (at(Day::In(1), Clock::Evening), end("2026-11-19")),
        (Some(by(time(17, 0))), local("2026-11-18", "17:00")),
        (Some(by(time(9, 0))), local("2026-11-19", "09:00")),
        (Some(by(Clock::Morning)), local("2026-11-19", "12:00")),
    ] {
        assert_eq!(when.unwrap().due(place), Some(due), "{when:?}");
    }
    assert_eq!(
        on(Day::Date { month: 2, day: 31 }).unwrap().due(place),
        None
    );
}

#[test]
fn open_days_and_weeks_are_those_of_a_calendar_where_there_is_one() {
    let zone = Zone::named("Europe/Berlin").unwrap();
    let office = Place {
        told_at: instant("2026-11-18T13:00:00Z"),
        zone: &zone,
        calendar_id: Some("office"),
    };
    let week = DueSpec::WeekPeriod {
        part: WeekPart::EndOfWeek,
        calendar_id: "office".to_owned(),
    };
    assert_eq!(on(Day::EndOfWeek(0)).unwrap().due(office), Some(week));
    let days = DueSpec::BusinessDays {
        days: 3,
        at: DayTime::EndOfDay,
        calendar_id: "office".to_owned(),
    };
    assert_eq!(on(Day::Business(3)).unwrap().due(office), Some(days));
}

#[test]
fn rules_have_names_of_their_own_and_begin_with_a_word() {
    let languages = [rules::ENGLISH, rules::GERMAN];
    let mut codes: Vec<_> = languages
        .iter()
        .flat_map(|language| language.rules)
        .map(|rule| rule.code)
        .chain(rules::TIME_RULES.iter().map(|rule| rule.code))
        .collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count);
    for rule in languages.iter().flat_map(|language| language.rules) {
        assert!((50..=80).contains(&rule.confidence), "{}", rule.code);
        for says in rule.after.iter().chain(rule.main).chain(rule.whole) {
            assert!(!says.starts_with('~'), "{}: {says}", rule.code);
        }
    }
}

#[test]
fn promises_without_end_are_counted_up_to_a_bound() {
    let text = "I will call you back and ".repeat(600);
    assert_eq!(found(&text).len(), crate::limits::SAYINGS_MAX);
    // What is one sentence for ever is cut into clauses, and looked at once.
    for part in [
        "i will ",
        "ich rufe ",
        "send ",
        "innerhalb ",
        "in # ",
        "a ",
        "the the ",
    ] {
        found(&part.repeat(20_000 / part.len()));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_and_places_lie_between_its_characters(
        parts in prop::collection::vec(
            prop_oneof![
                "\\PC{0,12}",
                Just("I will ".to_owned()),
                Just("call you back ".to_owned()),
                Just("und rufe Sie ".to_owned()),
                Just("ich werde ".to_owned()),
                Just("zurück\u{301}rufen ".to_owned()),
                Just("by five, ".to_owned()),
                Just("in ½ 5:3 uhr am p.m. ".to_owned()),
                Just("25:99 halb 99th of may. ".to_owned()),
            ],
            0..20,
        ),
    ) {
        let text = parts.concat();
        let turns = [
            said(SentimentParticipant::Customer, &text),
            said(SentimentParticipant::Agent, &text),
        ];
        let found = find(&turns);
        prop_assert_eq!(&find(&turns), &found);
        let zone = Zone::named("America/New_York").unwrap();
        for one in found {
            let Finding { turn, span, confidence, .. } = one.finding;
            prop_assert_eq!(turn, 1);
            prop_assert!(text.get(span.clone()).is_some_and(|words| !words.is_empty()), "{:?}", span);
            prop_assert!(confidence <= 100);
            let place = Place {
                told_at: instant("2026-12-31T23:59:59Z"),
                zone: &zone,
                calendar_id: None,
            };
            let _ = one.when.map(|when| when.due(place));
        }
    }
}
