//! Holidays from feeds: read, staged, and made a calendar's when somebody approves them.

mod event;
mod feed;
mod lines;
mod repeat;
mod stage;
#[cfg(test)]
mod tests;
mod times;

use std::ops::Range;

use aftercall_domain::Violations;
use aftercall_domain::calendar::Closing;
use aftercall_domain::limits::FEED_NOTES_MAX;
use aftercall_proto::model::v1::HolidaysNote;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use repeat::Budget;
use times::Clocks;

pub(crate) use stage::{approve, reject, stage};

/// What whoever approves holidays should know. The first ones are kept, and the rest is counted.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    kept: Vec<HolidaysNote>,
    omitted: usize,
}

impl Notes {
    /// Notes something about a line; 0 for what is about none.
    fn add(&mut self, line: usize, text: impl Into<String>) {
        // The last place is for how many there are more.
        if self.kept.len() + 1 < FEED_NOTES_MAX {
            self.kept.push(HolidaysNote {
                line: u32::try_from(line).unwrap_or(u32::MAX),
                text: text.into(),
            });
        } else {
            self.omitted += 1;
        }
    }

    fn into_notes(mut self) -> Vec<HolidaysNote> {
        if self.omitted > 0 {
            self.kept.push(HolidaysNote {
                line: 0,
                text: format!("there are {} notes more", self.omitted),
            });
        }
        self.kept
    }
}

/// When it is closed by a feed, on dates in `within`, by the clocks of `zone`. Notes all that is wrong with the feed.
pub(crate) fn closings(
    text: &str,
    zone: TimeZone,
    within: &Range<Date>,
    (notes, found): (&mut Notes, &mut Violations),
) -> Vec<Closing> {
    let clocks = Clocks(zone);
    let raw = feed::events(text, found);
    let events = event::read(&raw, &clocks, found);
    let (mut closings, mut outside) = (Vec::new(), 0);
    let mut budget = Budget::default();
    for event in &events {
        if event.length.is_zero() {
            notes.add(
                event.line,
                format!("{:?} takes no time, and is left out", event.label),
            );
            continue;
        }
        let before = closings.len();
        for from in budget.starts(event, &clocks, within.end, found) {
            let Ok(to) = from.checked_add(event.length) else {
                continue;
            };
            if to > within.start.at(0, 0, 0, 0) && from < within.end.at(0, 0, 0, 0) {
                closings.push(Closing {
                    from,
                    to,
                    label: event.label.clone(),
                });
            }
        }
        outside += usize::from(closings.len() == before);
    }
    if outside > 0 {
        let (from, until) = (within.start, within.end);
        let are = if outside == 1 {
            "event is"
        } else {
            "events are"
        };
        notes.add(
            0,
            format!("{outside} {are} not on a date from {from} up to {until}, and left out"),
        );
    }
    closings
}
