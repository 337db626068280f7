//! Internal targets by a policy's rule.

use std::collections::BTreeMap;

use super::*;
use crate::calendar::Calendar;
use crate::calendar::tests::open_on_work_days;
use crate::due::InternalClock;

/// Open from 9:00 to 17:00 on weekdays.
pub(super) fn calendars() -> BTreeMap<String, Calendar> {
    let draft = open_on_work_days("UTC", &[("09:00", "17:00")]);
    let hours = draft.check(FieldPath::ROOT).unwrap();
    let calendar = Calendar::new("office", hours);
    [("office".to_owned(), calendar)].into()
}

fn reckoned(rule: &TargetRule, made_at: &str, due: &str) -> Option<Timestamp> {
    let calendars = calendars();
    let target = rule
        .target(("p", 3), (at(made_at), at(due)), &calendars)
        .unwrap()?;
    assert_eq!((&*target.policy_id, target.policy_version), ("p", 3));
    let InternalClock::Running { target_at } = target.clock(&calendars["office"]).unwrap() else {
        panic!("nothing pauses it");
    };
    Some(target_at)
}

#[test]
fn a_target_is_so_much_open_time_after_the_promise_or_before_its_due() {
    let since = |hours| TargetRule::SinceMade(open_time(hours * HOUR, "office"));
    let before = |hours| TargetRule::BeforeDue(open_time(hours * HOUR, "office"));
    // Monday noon to Wednesday noon: 16 open hours.
    let (made_at, due) = ("2026-01-05T12:00:00Z", "2026-01-07T12:00:00Z");
    for (rule, target) in [
        (since(2), "2026-01-05T14:00:00Z"),
        (since(6), "2026-01-06T10:00:00Z"),
        (before(2), "2026-01-07T10:00:00Z"),
        (before(4), "2026-01-06T16:00:00Z"),
        (before(15), "2026-01-05T13:00:00Z"),
        // There is not as much time: at once.
        (before(16), made_at),
        (before(100), made_at),
    ] {
        assert_eq!(reckoned(&rule, made_at, due), Some(at(target)), "{rule:?}");
    }
    let elsewhere = TargetRule::SinceMade(open_time(HOUR, "vienna"));
    assert_eq!(reckoned(&elsewhere, made_at, due), None);
}

#[test]
fn a_target_beyond_the_calendar_is_refused() {
    let rule = TargetRule::SinceMade(open_time(24 * 365_000 * HOUR, "office"));
    let made_at = at("2026-01-05T12:00:00Z");
    let target = rule.target(("p", 1), (made_at, made_at), &calendars());
    assert!(target.is_err(), "{target:?}");
}
