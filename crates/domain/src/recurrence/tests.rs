//! Which times a series has, and which of them is the next.

use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

const BERLIN: &str = "Europe/Berlin";

/// An instant by Berlin's clocks.
fn berlin(text: &str) -> Timestamp {
    let local: DateTime = text.parse().unwrap();
    let zone = TimeZone::get(BERLIN).unwrap();
    zone.to_timestamp(local).unwrap()
}

fn every(rrule: &str) -> Recurrence {
    Recurrence {
        rrule: rrule.to_owned(),
        time_zone: BERLIN.to_owned(),
        mode: RecurrenceMode::Sequential,
        until: None,
        count: None,
        catch_up: CatchUp::All,
        max_open: 0,
    }
}

/// The series whose first promise is due then.
fn begun(mut recurrence: Recurrence, due: &str) -> (Recurrence, Occurrence) {
    let mut found = Violations::new();
    let of = (berlin(due), None, "");
    let first = recurrence.begin(FieldPath::of("recurrence"), of, &mut found);
    (recurrence, first.unwrap_or_else(|| panic!("{found:?}")))
}

/// The dues of a series by Berlin's clocks, the first included, each next one made when the one before is due.
fn dues(recurrence: Recurrence, due: &str, at_most: usize) -> Vec<String> {
    let (recurrence, mut last) = begun(recurrence, due);
    let zone = TimeZone::get(BERLIN).unwrap();
    let mut dues = Vec::new();
    loop {
        dues.push(zone.to_datetime(last.due_at).to_string());
        match recurrence.next(&last, last.due_at) {
            Some(next) if dues.len() < at_most => last = next,
            _ => return dues,
        }
    }
}

/// The fields that are wrong, and why.
fn wrong(mut recurrence: Recurrence, due: &str) -> Vec<(String, Reason)> {
    let mut found = Violations::new();
    let of = (berlin(due), None, "");
    recurrence.begin(FieldPath::of("recurrence"), of, &mut found);
    let found = found.as_slice().iter();
    found.map(|one| (one.field.clone(), one.reason)).collect()
}

#[test]
fn every_monday_at_nine_is_at_nine_in_summer_and_in_winter() {
    let dues = dues(every("FREQ=WEEKLY;BYDAY=MO"), "2027-03-22T09:00:00", 3);
    assert_eq!(
        dues,
        [
            "2027-03-22T09:00:00",
            "2027-03-29T09:00:00",
            "2027-04-05T09:00:00"
        ]
    );
    // In winter's time and in summer's.
    let (recurrence, first) = begun(every("FREQ=WEEKLY;BYDAY=MO"), "2027-03-22T09:00:00");
    let next = recurrence.next(&first, first.due_at).unwrap();
    let apart = next.due_at.duration_since(first.due_at);
    assert_eq!(apart, SignedDuration::from_hours(7 * 24 - 1));
    let told = next.due(BERLIN).unwrap();
    assert!(matches!(told, DueSpec::Local { date: on, .. } if on == date(2027, 3, 29)));
}

#[test]
fn a_time_that_the_clocks_leap_over_is_the_leap_and_of_two_the_first() {
    // 02:30 is not on 2027-03-28, and is twice on 2027-10-31.
    let spring = dues(every("FREQ=DAILY"), "2027-03-27T02:30:00", 3);
    assert_eq!(
        spring,
        [
            "2027-03-27T02:30:00",
            "2027-03-28T03:00:00",
            "2027-03-29T02:30:00"
        ]
    );
    let (recurrence, first) = begun(every("FREQ=DAILY"), "2027-10-30T02:30:00");
    let next = recurrence.next(&first, first.due_at).unwrap();
    let apart = next.due_at.duration_since(first.due_at);
    assert_eq!(apart, SignedDuration::from_hours(24));
}

#[test]
fn the_end_of_a_day_stays_that_where_the_next_one_begins_by_a_leap() {
    // In Cairo the clocks leap over the beginning of 2027-04-30.
    let mut recurrence = every("FREQ=DAILY");
    recurrence.time_zone = "Africa/Cairo".to_owned();
    let told = DueSpec::EndOfLocalDay {
        date: date(2027, 4, 29),
        time_zone: "Africa/Cairo".to_owned(),
    };
    let zone = TimeZone::get("Africa/Cairo").unwrap();
    let due = zone.to_timestamp(date(2027, 4, 30).at(1, 0, 0, 0)).unwrap();
    let mut found = Violations::new();
    let first = recurrence.begin(FieldPath::ROOT, (due, Some(&told), ""), &mut found);
    let next = recurrence.next(&first.unwrap(), due).unwrap();
    let next = zone.to_datetime(next.due_at);
    assert_eq!(next, date(2027, 5, 1).at(0, 0, 0, 0));
}

#[test]
fn a_month_without_the_day_has_no_time_and_each_has_a_last_day() {
    let due = "2027-01-31T02:30:00";
    let thirty_first = dues(every("FREQ=MONTHLY"), due, 5);
    let last = dues(every("FREQ=MONTHLY;BYMONTHDAY=-1"), due, 4);
    let on = |days: &[&str]| -> Vec<String> {
        let days = days.iter();
        days.map(|day| format!("2027-{day}T02:30:00")).collect()
    };
    assert_eq!(
        thirty_first,
        on(&["01-31", "03-31", "05-31", "07-31", "08-31"])
    );
    assert_eq!(last, on(&["01-31", "02-28", "03-31", "04-30"]));
}

#[test]
fn hours_over_which_the_clocks_leap_are_one() {
    let dues = dues(every("FREQ=HOURLY"), "2027-03-28T01:00:00", 4);
    assert_eq!(
        dues,
        [
            "2027-03-28T01:00:00",
            "2027-03-28T03:00:00",
            "2027-03-28T04:00:00",
            "2027-03-28T05:00:00"
        ]
    );
}

#[test]
fn a_series_ends_by_count_by_until_and_after_three_years() {
    let due = "2027-01-04T09:00:00";
    let weekly = || every("FREQ=WEEKLY");
    let three = Recurrence {
        count: Some(3),
        ..weekly()
    };
    assert_eq!(dues(three, due, 99).len(), 3);
    assert_eq!(dues(every("FREQ=WEEKLY;COUNT=3"), due, 99).len(), 3);
    for (until, len) in [("2027-01-18T09:00:00", 3), ("2027-01-18T08:59:59", 2)] {
        let until = Recurrence {
            until: Some(berlin(until)),
            ..weekly()
        };
        assert_eq!(dues(until, due, 99).len(), len);
    }
    assert_eq!(
        dues(every("RRULE:FREQ=WEEKLY;UNTIL=20270118"), due, 99).len(),
        3
    );
    assert_eq!(
        dues(every("FREQ=WEEKLY;UNTIL=20270118T075959Z"), due, 99).len(),
        2
    );
    // 1,095 days hold 156 weeks.
    assert_eq!(dues(weekly(), due, 999).len(), 157);
    assert_eq!(
        dues(every("FREQ=MONTHLY"), "2027-01-31T09:00:00", 3)[1],
        "2027-03-31T09:00:00"
    );
}

#[test]
fn what_was_missed_is_passed_over_made_as_one_or_made_each() {
    let of = |catch_up| {
        let recurrence = Recurrence {
            catch_up,
            ..every("FREQ=WEEKLY")
        };
        begun(recurrence, "2027-01-04T09:00:00")
    };
    // Of the 11th, the 18th and the 25th none was made.
    let now = berlin("2027-01-27T12:00:00");
    let next = |catch_up| {
        let (recurrence, first) = of(catch_up);
        let next = recurrence.next(&first, now).unwrap();
        (next.local.date().day(), next.number, next.rule_no)
    };
    assert_eq!(next(CatchUp::Skip), (1, 2, 5));
    assert_eq!(next(CatchUp::CollapseToOne), (25, 2, 4));
    assert_eq!(next(CatchUp::All), (11, 2, 2));
    // Exactly at its time it is not missed.
    let now = berlin("2027-01-11T09:00:00");
    for catch_up in [CatchUp::Skip, CatchUp::CollapseToOne, CatchUp::All] {
        let (recurrence, first) = of(catch_up);
        assert_eq!(recurrence.next(&first, now).unwrap().local.date().day(), 11);
    }
    // Those that were passed over count.
    let (mut recurrence, first) = of(CatchUp::Skip);
    recurrence.count = Some(4);
    assert_eq!(recurrence.next(&first, berlin("2027-01-27T12:00:00")), None);
    recurrence.catch_up = CatchUp::CollapseToOne;
    let last = recurrence
        .next(&first, berlin("2027-01-27T12:00:00"))
        .unwrap();
    assert_eq!((last.local.date().day(), last.rule_no), (25, 4));
    assert_eq!(recurrence.next(&last, last.due_at), None);
}

#[test]
fn a_bad_rule_is_refused_and_the_field_says_why() {
    let due = "2027-01-04T09:00:00";
    let rrule = || "recurrence.rrule".to_owned();
    for bad in [
        "every monday",
        "FREQ=FORTNIGHTLY",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=90",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30",
        "FREQ=DAILY;BYHOUR=9;BYSECOND=0",
        "FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1",
        "FREQ=YEARLY;BYEASTER=1",
        "FREQ=WEEKLY;UNTIL=soon",
        "FREQ=WEEKLY;COUNT=many",
        "FREQ=WÖCHENTLICH",
        // The first promise is due on a Monday.
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    ] {
        assert_eq!(
            wrong(every(bad), due),
            [(rrule(), Reason::BadRrule)],
            "{bad}"
        );
    }
    assert_eq!(wrong(every(""), due), [(rrule(), Reason::Required)]);
    let long = format!("FREQ=WEEKLY;BYDAY={}", "MO,".repeat(100));
    assert_eq!(wrong(every(&long), due), [(rrule(), Reason::TooLong)]);
    let both = Recurrence {
        count: Some(3),
        until: Some(berlin("2027-02-01T09:00:00")),
        ..every("FREQ=WEEKLY")
    };
    let field = |name: &str, reason| (format!("recurrence.{name}"), reason);
    assert_eq!(wrong(both, due), [field("count", Reason::Conflicting)]);
    let twice = Recurrence {
        count: Some(3),
        ..every("FREQ=WEEKLY;COUNT=3")
    };
    assert_eq!(wrong(twice, due), [(rrule(), Reason::Conflicting)]);
}

#[test]
fn what_is_wrong_beside_the_rule_is_told_by_its_field() {
    let due = "2027-01-04T09:00:00";
    let weekly = || every("FREQ=WEEKLY");
    let many = Recurrence {
        count: Some(1_001),
        ..weekly()
    };
    let crowded = Recurrence {
        max_open: 21,
        ..weekly()
    };
    let [over, too_long] = ["2027-01-04T08:59:59", "2031-01-04T09:00:00"].map(|until| Recurrence {
        until: Some(berlin(until)),
        ..weekly()
    });
    let [unknown, nowhere] = ["Mars/Olympus", ""].map(|zone| Recurrence {
        time_zone: zone.to_owned(),
        ..weekly()
    });
    for (name, reason, bad) in [
        ("count", Reason::OutOfRange, many),
        ("max_open", Reason::OutOfRange, crowded),
        ("until", Reason::OutOfRange, over),
        ("until", Reason::OutOfRange, too_long),
        ("time_zone", Reason::UnknownTimeZone, unknown),
        ("time_zone", Reason::Required, nowhere),
    ] {
        assert_eq!(wrong(bad, due), [(format!("recurrence.{name}"), reason)]);
    }
}

#[test]
fn what_nobody_said_is_filled_in() {
    let (mut recurrence, due) = (every("freq=weekly"), berlin("2027-01-04T09:00:00"));
    recurrence.time_zone = String::new();
    let mut found = Violations::new();
    // A time that is told by the clocks is what they are to show each time, also where they leap over it.
    let told = DueSpec::Local {
        date: date(2027, 3, 28),
        time: "02:30".parse().unwrap(),
        time_zone: "europe/berlin".to_owned(),
    };
    let of = (due, Some(&told), "europe/berlin");
    let first = recurrence.begin(FieldPath::of("recurrence"), of, &mut found);
    assert_eq!(first.unwrap().local, date(2027, 3, 28).at(2, 30, 0, 0));
    assert_eq!(recurrence.time_zone, BERLIN);
    assert_eq!(recurrence.max_open, OPEN_OCCURRENCES);
    let three_years = SignedDuration::from_hours(24 * DUE_DAYS_MAX);
    assert_eq!(recurrence.until, Some(due + three_years));
}

/// Rules that may be followed from any of their times.
fn rules() -> impl Strategy<Value = String> {
    let interval = 1_u16..5;
    let days = prop::sample::subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..4);
    prop_oneof![
        interval
            .clone()
            .prop_map(|n| format!("FREQ=HOURLY;INTERVAL={n}")),
        interval
            .clone()
            .prop_map(|n| format!("FREQ=DAILY;INTERVAL={n}")),
        (interval.clone(), days.clone())
            .prop_map(|(n, days)| format!("FREQ=WEEKLY;INTERVAL={n};BYDAY={}", days.join(","))),
        (interval.clone(), 1_i8..32)
            .prop_map(|(n, day)| format!("FREQ=MONTHLY;INTERVAL={n};BYMONTHDAY={day}")),
        (interval, days, -2_i8..3).prop_filter_map("0 is no place", |(n, days, place)| {
            let days = days.join(",");
            (place != 0).then(|| format!("FREQ=MONTHLY;INTERVAL={n};BYDAY={days};BYSETPOS={place}"))
        }),
    ]
}

proptest! {
    /// The next one of the last is the next of the whole rule: nothing but the latest promise has to be known. Each is
    /// later than the one before, at the rule's local time unless the clocks leap over it.
    #[test]
    fn occurrence_by_occurrence_is_the_whole_rule(
        rrule in rules(),
        start in 0_i64..1_400,
        hour in 0_i8..24,
        zone in prop::sample::select(vec![BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]),
    ) {
        let start = date(2026, 1, 1).saturating_add(SignedDuration::from_hours(24 * start));
        let start = start.at(hour, 30, 0, 0);
        let rule = Rule::read(&rrule).unwrap();
        let end = start.saturating_add(SignedDuration::from_hours(24 * 400));
        let all: Vec<DateTime> = rule.times(start, end).unwrap().take(60).collect();
        prop_assume!(all.len() > 1);
        let zone = Zone::named(zone).unwrap();
        let mut recurrence = Recurrence {
            time_zone: zone.name().to_owned(),
            ..every(&rrule)
        };
        let mut found = Violations::new();
        let due = instant_of(&zone, all[0]);
        prop_assume!(local_of(&zone, due) == all[0]);
        let first = recurrence.begin(FieldPath::ROOT, (due, None, ""), &mut found);
        prop_assert!(found.is_empty(), "{found:?}");
        let mut last = first.unwrap();
        for (place, local) in all.iter().enumerate().skip(1) {
            if instant_of(&zone, *local) <= last.due_at {
                continue;
            }
            let next = recurrence.next(&last, last.due_at).unwrap();
            prop_assert_eq!(next.local, *local);
            prop_assert_eq!(next.rule_no as usize, place + 1);
            prop_assert!(next.due_at > last.due_at);
            let shown = local_of(&zone, next.due_at);
            prop_assert!(shown >= *local);
            last = next;
        }
    }

    /// However long nothing ran: of what was missed SKIP makes nothing, COLLAPSE_TO_ONE the latest, ALL the first.
    #[test]
    fn catching_up_makes_what_its_mode_says(rrule in rules(), days in 0_i64..300) {
        let start = date(2026, 1, 1).at(9, 0, 0, 0);
        let end = start.saturating_add(SignedDuration::from_hours(24 * 400));
        let all = Rule::read(&rrule).unwrap().times(start, end).unwrap();
        let all: Vec<DateTime> = all.collect();
        prop_assume!(!all.is_empty());
        let zone = Zone::named("UTC").unwrap();
        let dues: Vec<Timestamp> = all.iter().map(|local| instant_of(&zone, *local)).collect();
        let now = dues[0] + SignedDuration::from_hours(24 * days);
        for catch_up in [CatchUp::Skip, CatchUp::CollapseToOne, CatchUp::All] {
            let mut recurrence = Recurrence {
                catch_up,
                time_zone: "UTC".to_owned(),
                ..every(&rrule)
            };
            let mut found = Violations::new();
            let first = recurrence.begin(FieldPath::ROOT, (dues[0], None, ""), &mut found).unwrap();
            let later = || dues.iter().copied().skip(1);
            let expected = match catch_up {
                CatchUp::All => later().next(),
                CatchUp::Skip => later().find(|due| *due >= now),
                CatchUp::CollapseToOne => {
                    later().take_while(|due| *due < now).last().or_else(|| later().next())
                }
            };
            prop_assume!(expected.is_some());
            prop_assert_eq!(recurrence.next(&first, now).map(|next| next.due_at), expected);
        }
    }

    /// Whatever stands where a rule is to stand: it is refused or followed, and does not take for ever.
    #[test]
    fn no_text_makes_it_fail(text in "[A-Z=;,0-9+-]{0,60}", freq in "(SECONDLY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)") {
        for text in [text.clone(), format!("FREQ={freq};{text}")] {
            let mut recurrence = every(&text);
            let mut found = Violations::new();
            let of = (berlin("2027-01-04T09:00:00"), None, "");
            let first = recurrence.begin(FieldPath::ROOT, of, &mut found);
            prop_assert_eq!(first.is_some(), found.is_empty());
            if let Some(first) = first {
                recurrence.next(&first, Timestamp::MAX);
            }
        }
    }
}
