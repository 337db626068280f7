//! What is odd about a due beside what else is known of it: told again, it is the same, because it follows from what the
//! log says of the due and from the calendars as they were.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{CalendarRef, DueWarning, Telling, ToldDue};
use crate::FieldPath;
use crate::calendar::Calendar;

/// A due that was given, of a promise or of ours, and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenDue {
    /// From when it was reckoned.
    pub told_at: Timestamp,
    /// The due.
    pub at: Timestamp,
    /// How it was said; none for an instant.
    pub said: Option<ToldDue>,
    /// Whether the customer was told this one.
    pub told_to_customer: bool,
    /// By when the customer was told that it would be done; of a task of which nobody was told, the due.
    pub promised_by: Timestamp,
    /// Our own due from then on, and the calendar that it was reckoned by; none for none.
    pub ours: Option<(Timestamp, Option<CalendarRef>)>,
}

impl GivenDue {
    /// What whoever gave it should know, each at most once. `as_of` knows the calendars as they were.
    ///
    /// # Errors
    /// Those of `as_of`.
    pub fn warnings<E>(
        &self,
        as_of: impl Fn(&CalendarRef) -> Result<Option<Calendar>, E>,
    ) -> Result<Vec<DueWarning>, E> {
        let mut odd = match &self.said {
            Some(said) => self.of_words(said, &as_of)?,
            None => Vec::new(),
        };
        let ours = self.ours.as_ref();
        let hours = match ours.and_then(|(_, calendar)| calendar.as_ref()) {
            Some(calendar) if self.told_to_customer && !self.names_calendar() => as_of(calendar)?,
            _ => None,
        };
        odd.extend(beside(
            (self.at, self.promised_by),
            ours.map(|(at, _)| *at),
            hours.as_ref(),
        ));
        Ok(odd)
    }

    /// Whether it was said by a calendar, which was compared with it then.
    fn names_calendar(&self) -> bool {
        let said = self.said.as_ref();
        said.is_some_and(|said| said.resolution.calendar.is_some())
    }

    /// What was odd about the words.
    fn of_words<E>(
        &self,
        said: &ToldDue,
        as_of: impl Fn(&CalendarRef) -> Result<Option<Calendar>, E>,
    ) -> Result<Vec<DueWarning>, E> {
        let calendar = match &said.resolution.calendar {
            Some(calendar) => as_of(calendar)?,
            None => None,
        };
        let known = calendar.map(|calendar| (calendar.id().to_owned(), calendar));
        let known: BTreeMap<String, Calendar> = known.into_iter().collect();
        let telling = Telling {
            occurred_at: self.told_at,
            // Whether it may be given was decided when it was.
            is_import: true,
        };
        let resolved = said.spec.resolve(FieldPath::ROOT, telling, &known);
        Ok(resolved.map_or_else(|_| Vec::new(), |resolved| resolved.warnings))
    }
}

/// What is odd about a due, and what the customer was told, beside our own due: that ours is later, and that nobody is
/// there then by these hours.
pub(crate) fn beside(
    (due, promised_by): (Timestamp, Timestamp),
    ours: Option<Timestamp>,
    hours: Option<&Calendar>,
) -> impl Iterator<Item = DueWarning> + use<> {
    let late = ours.is_some_and(|ours| ours > promised_by);
    let late = late.then_some(DueWarning::TargetAfterPromise);
    let closed = hours.is_some_and(|hours| !hours.is_open_until(due));
    let closed = closed.then_some(DueWarning::OutsideOpenHours);
    late.into_iter().chain(closed)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use jiff::SignedDuration;

    use super::*;
    use crate::due::DueSpec;
    use crate::due::tests::calendars;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A due that the customer was told, without words or a due of ours.
    fn given(due: &str) -> GivenDue {
        GivenDue {
            told_at: at("2026-03-02T10:00:00Z"),
            at: at(due),
            said: None,
            told_to_customer: true,
            promised_by: at(due),
            ours: None,
        }
    }

    fn odd(given: &GivenDue) -> Vec<DueWarning> {
        let as_of = |by: &CalendarRef| Ok::<_, Infallible>(by.find(&calendars()));
        given.warnings(as_of).unwrap()
    }

    fn utc() -> CalendarRef {
        CalendarRef::latest(&calendars()["utc"])
    }

    #[test]
    fn our_own_due_and_its_hours_are_compared_with_what_the_customer_was_told() {
        // `utc` closes at five.
        let (open, closed) = ("2026-03-03T12:00:00Z", "2026-03-03T18:00:00Z");
        let ours = |due: &str, ours: &str| GivenDue {
            ours: Some((at(ours), Some(utc()))),
            ..given(due)
        };
        assert_eq!(odd(&given(closed)), []);
        assert_eq!(odd(&ours(open, open)), []);
        let late = DueWarning::TargetAfterPromise;
        assert_eq!(odd(&ours(open, "2026-03-03T12:00:01Z")), [late]);
        let outside = DueWarning::OutsideOpenHours;
        assert_eq!(odd(&ours(closed, open)), [outside]);
        let both = ours(closed, "2026-03-04T12:00:00Z");
        assert_eq!(odd(&both), [late, outside]);
        // A due of ours alone is no promise that somebody waits for.
        let alone = GivenDue {
            told_to_customer: false,
            ..ours(closed, open)
        };
        assert_eq!(odd(&alone), []);
    }

    #[test]
    fn what_was_odd_about_the_words_is_so_by_the_calendar_of_then() {
        let calendars = calendars();
        let spec = DueSpec::BusinessElapsed {
            duration: SignedDuration::from_hours(2),
            calendar_id: "utc".to_owned(),
        };
        let telling = Telling {
            occurred_at: at("2026-03-02T10:00:00Z"),
            is_import: false,
        };
        for spec in [
            spec,
            DueSpec::Local {
                date: jiff::civil::date(2026, 3, 29),
                time: crate::calendar::TimeOfDay::NOON,
                time_zone: "Europe/Berlin".to_owned(),
            },
        ] {
            let resolved = spec.resolve(FieldPath::ROOT, telling, &calendars).unwrap();
            let again = GivenDue {
                at: resolved.at,
                promised_by: resolved.at,
                said: Some(ToldDue {
                    spec,
                    resolution: resolved.resolution,
                }),
                ..given("2026-03-02T10:00:00Z")
            };
            assert_eq!(odd(&again), resolved.warnings);
        }
    }
}
