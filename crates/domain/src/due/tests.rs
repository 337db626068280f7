mod explained;
mod internal;
mod resolved;
mod stages;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::FieldPath;
use crate::calendar::tests::{hours, open_on_work_days as office};
use crate::calendar::{CalendarDraft, ClosedDate, OpeningHours, SpecialDate};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn time(text: &str) -> TimeOfDay {
    text.parse().unwrap()
}

fn checked(draft: &CalendarDraft) -> OpeningHours {
    draft.check(FieldPath::ROOT).unwrap()
}

/// `berlin`: from 9 to 12 and from 13 to 17 on work days, with Christmas of 2026. `utc`: from 9 to 17. `always`.
/// `early`: from 6 to 11.
pub(crate) fn calendars() -> BTreeMap<String, Calendar> {
    let mut berlin = office("Europe/Berlin", &[("09:00", "12:00"), ("13:00", "17:00")]);
    for (date, label) in [
        ("2026-12-25", "Christmas Day"),
        ("2026-12-26", "Boxing Day"),
    ] {
        berlin.closed_dates.push(ClosedDate {
            date: date.to_owned(),
            label: label.to_owned(),
        });
    }
    berlin.special_dates.push(SpecialDate {
        date: "2026-12-24".to_owned(),
        hours: hours(&[("09:00", "11:00")]),
        label: "Christmas Eve".to_owned(),
    });
    let mut always = office("Europe/Berlin", &[]);
    always.weekly = std::array::from_fn(|_| hours(&[("00:00", "24:00")]));
    let all = [
        ("berlin", berlin),
        ("utc", office("UTC", &[("09:00", "17:00")])),
        ("always", always),
        ("early", office("UTC", &[("06:00", "11:00")])),
    ];
    all.map(|(id, draft)| (id.to_owned(), Calendar::new(id, checked(&draft))))
        .into()
}

fn pause(from: &str, to: Option<&str>) -> Pause {
    Pause {
        from: at(from),
        to: to.map(at),
        reason: PauseReason::AwaitingCustomer,
        turn: Turn::Customer,
    }
}
