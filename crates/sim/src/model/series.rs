//! Series of promises: which promise has to be the next one, and when it is to be made. Their rules are simple ones, so
//! that their times are found by going from one to the next by the local clocks.

use std::collections::BTreeMap;

use aftercall_domain::interaction::occurrence_commitment_id;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentMade, Event};
use aftercall_proto::model::v1::{CatchUp, CommitmentDraft, RecurrenceEnd, RecurrenceMode};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::follow::Counted;
use super::{Contact, Promise, at};
use crate::log::Stored;
use crate::plan::Every;

/// Steps from one time of a rule to the next that are taken at most: more than three years of hours.
const STEPS_MAX: i64 = 30_000;

/// A series.
#[derive(Debug)]
pub(super) struct Series {
    rule: Rule,
    /// Of its latest promise.
    latest: Place,
    /// When one of as many as may be open ended last.
    room_since: Option<Timestamp>,
    ended: bool,
}

/// A promise's place in its series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    series_id: String,
    number: u32,
    rule_no: u32,
    local: DateTime,
    due_at: Timestamp,
}

/// How a series recurs.
#[derive(Debug)]
struct Rule {
    every: Every,
    interval: i64,
    zone: TimeZone,
    mode: RecurrenceMode,
    catch_up: CatchUp,
    until: Timestamp,
    /// 0 for no such end.
    count: u32,
    max_open: usize,
}

impl Place {
    pub(super) fn of(draft: &CommitmentDraft) -> Option<Self> {
        let place = draft.occurrence.as_ref()?;
        let series_id = match place.series_id.is_empty() {
            true => &draft.commitment_id,
            false => &place.series_id,
        };
        Some(Self {
            series_id: series_id.clone(),
            number: place.occurrence_no,
            rule_no: place.rule_no,
            local: place.local_time.parse().ok()?,
            due_at: at(place.due_at),
        })
    }
}

impl Rule {
    /// None for what is no simple rule.
    fn of(draft: &CommitmentDraft) -> Option<Self> {
        let recurrence = draft.recurrence.as_ref()?;
        let parts = recurrence.rrule.split(';');
        let parts: BTreeMap<&str, &str> = parts.filter_map(|part| part.split_once('=')).collect();
        let zone = TimeZoneDatabase::bundled().get(&recurrence.time_zone);
        Some(Self {
            every: match *parts.get("FREQ")? {
                "HOURLY" => Every::Hour,
                "DAILY" => Every::Day,
                "WEEKLY" => Every::Week,
                "MONTHLY" => Every::Month,
                _ => return None,
            },
            interval: parts.get("INTERVAL").map_or(Some(1), |n| n.parse().ok())?,
            zone: zone.ok()?,
            mode: recurrence.mode(),
            catch_up: recurrence.catch_up(),
            until: recurrence.until.map(|until| at(Some(until)))?,
            count: recurrence.count,
            max_open: recurrence.max_open as usize,
        })
    }

    /// So many of its units later by the local clocks; none if there is no such day.
    fn later(&self, than: DateTime, units: i64) -> Option<DateTime> {
        let hours = match self.every {
            Every::Hour => units,
            Every::Day => 24 * units,
            Every::Week => 7 * 24 * units,
            Every::Month => {
                let months = 12 * i64::from(than.year()) + i64::from(than.month()) - 1 + units;
                let year = i16::try_from(months.div_euclid(12)).ok()?;
                let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
                let date = Date::new(year, month, than.day()).ok()?;
                return Some(date.to_datetime(than.time()));
            }
        };
        than.checked_add(SignedDuration::from_hours(hours)).ok()
    }

    /// When the clocks show it: the leap, where they leap over it; the first time, where they show it twice.
    fn instant(&self, local: DateTime) -> Option<Timestamp> {
        let offset = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Fold { before, .. } => before,
            AmbiguousOffset::Gap { after, .. } => {
                let before = after.to_timestamp(local).ok()?;
                let leap = self.zone.following(before).next()?;
                return Some(leap.timestamp());
            }
        };
        offset.to_timestamp(local).ok()
    }

    /// The place of the promise after the one of `last`, if it is made at `now`; and the last time of those before it of
    /// which none is made. None if there is no further time.
    fn next(&self, last: &Place, now: Timestamp) -> Option<(Place, Option<Timestamp>)> {
        let mut all: Vec<Place> = Vec::new();
        let mut rule_no = last.rule_no;
        for step in 1..STEPS_MAX {
            let Some(local) = self.later(last.local, step * self.interval) else {
                continue;
            };
            let due_at = self.instant(local)?;
            rule_no += 1;
            if due_at > self.until || self.count > 0 && rule_no > self.count {
                break;
            }
            if all.last().unwrap_or(last).due_at >= due_at {
                // The clocks leap over both.
                continue;
            }
            all.push(Place {
                series_id: last.series_id.clone(),
                number: last.number + 1,
                rule_no,
                local,
                due_at,
            });
            if due_at >= now {
                break;
            }
        }
        let passed = all.iter().filter(|one| one.due_at < now).count();
        let next = match self.catch_up {
            CatchUp::All => 0,
            CatchUp::CollapseToOne => passed.saturating_sub(1),
            CatchUp::Skip | CatchUp::Unspecified => passed,
        };
        let passed_over = all[..next].last().map(|one| one.due_at);
        Some((all.get(next)?.clone(), passed_over))
    }
}

impl Series {
    /// The series that a contact's record begins, by their first promises' ids.
    ///
    /// # Errors
    /// When one begins anywhere but at its first promise's due.
    pub(super) fn begun(drafts: &[CommitmentDraft]) -> Result<BTreeMap<String, Self>, String> {
        let recur = drafts.iter().filter(|draft| draft.recurrence.is_some());
        let series = recur.map(|draft| Ok((draft.commitment_id.clone(), Self::begin(draft)?)));
        series.collect()
    }

    fn begin(draft: &CommitmentDraft) -> Result<Self, String> {
        let wrong = || format!("no series begins like this: {draft:?}");
        let rule = Rule::of(draft).ok_or_else(wrong)?;
        let latest = Place::of(draft).ok_or_else(wrong)?;
        let due = at(draft.promised_by);
        let is_first = (latest.number, latest.rule_no, latest.due_at) == (1, 1, due)
            && latest.series_id == draft.commitment_id
            && latest.local == rule.zone.to_datetime(due)
            && rule.until >= due;
        if !is_first {
            return Err(wrong());
        }
        Ok(Self {
            rule,
            latest,
            room_since: None,
            ended: false,
        })
    }
}

impl Contact {
    fn of_series(&self, series_id: &str) -> impl Iterator<Item = (&Place, &Promise)> {
        let all = self.promises.iter();
        let all = all.filter_map(|promise| Some((promise.place.as_ref()?, promise)));
        all.filter(move |(place, _)| place.series_id == series_id)
    }

    /// Since when a series is to go on, or it is to be said that it does not; none while it is not.
    fn goes_on_since(&self, series_id: &str, series: &Series) -> Option<Timestamp> {
        if series.ended {
            return None;
        }
        let mut all = self.of_series(series_id);
        match series.rule.mode {
            RecurrenceMode::Sequential => {
                let latest = all.find(|(place, _)| **place == series.latest);
                latest.and_then(|(_, promise)| promise.ended_at)
            }
            _ => {
                let open = all.filter(|(_, promise)| promise.is_open()).count();
                let since = Some(series.latest.due_at).max(series.room_since);
                since.filter(|_| open < series.rule.max_open)
            }
        }
    }

    /// When its series go on.
    pub(crate) fn series_timers(&self) -> impl Iterator<Item = (Timestamp, &String)> {
        let all = self.series.iter();
        all.filter_map(|(id, series)| Some((self.goes_on_since(id, series)?, id)))
    }

    /// A promise is made in it. Says whether it counts: of a series that has ended none does.
    ///
    /// # Errors
    /// When it is not the one that has to be the next of its series, or is made too early, or while too many are open.
    pub(super) fn go_on(
        &mut self,
        made: &CommitmentMade,
        draft: &CommitmentDraft,
        event: &Event,
        stored: &Stored,
    ) -> Result<bool, String> {
        if draft.recurrence.is_none() {
            return Ok(true);
        }
        let place = Place::of(draft).ok_or_else(|| format!("it has no place: {draft:?}"))?;
        let id = place.series_id.clone();
        if id == draft.commitment_id {
            self.series.insert(id, Series::begin(draft)?);
            return Ok(true);
        }
        let Some(series) = self.series.get(&id) else {
            return Err(format!("there is no such series: {draft:?}"));
        };
        if series.ended {
            return Ok(false);
        }
        let wrong = |why: &str| format!("{why}: {draft:?}, made {:?}; {series:?}", made.made_at);
        let since = self.goes_on_since(&id, series);
        let since = since.filter(|since| stored.asked_at > *since);
        let since = since.ok_or_else(|| wrong("a series does not go on yet, and goes on"))?;
        let next = series.rule.next(&series.latest, at(event.recorded_at));
        let (next, passed_over) = next.ok_or_else(|| wrong("a series goes on after its end"))?;
        let made_at = passed_over.max(Some(since)).min(Some(next.due_at));
        let derived = occurrence_commitment_id(&stored.record.key, &id, next.number).to_string();
        if place != next
            || draft.commitment_id != derived
            || at(draft.promised_by) != next.due_at
            || made.made_at.map(|made_at| at(Some(made_at))) != made_at
        {
            return Err(wrong(&format!(
                "the next promise is {next:?}, made at {made_at:?}"
            )));
        }
        if let Some(series) = self.series.get_mut(&id) {
            series.latest = next;
        }
        Ok(true)
    }

    /// Something happens to a promise that was made in it.
    pub(super) fn follow(&mut self, fact: &Fact, event: &Event, stored: &Stored) -> Counted {
        let mut all = self.promises.iter_mut();
        let Some(promise) = all.find(|promise| promise.id == event.aggregate_id) else {
            return Ok(None);
        };
        let was_open = promise.is_open();
        let taken = promise.take(fact, event, stored)?;
        let (ends, ended_at) = (was_open && !promise.is_open(), promise.ended_at);
        let Some(place) = promise.place.clone().filter(|_| taken.is_some()) else {
            return Ok(taken);
        };
        let open = self.of_series(&place.series_id);
        let open = open.filter(|(_, promise)| promise.is_open()).count();
        let Some(series) = self.series.get_mut(&place.series_id) else {
            return Err(format!("there is no such series: {place:?}"));
        };
        if ends && open + 1 >= series.rule.max_open {
            series.room_since = ended_at;
        }
        if let Fact::CommitmentRecurrenceEnded(ended) = fact {
            series.ended = true;
            if ended.cause() != RecurrenceEnd::Asked {
                let since = match series.rule.mode {
                    RecurrenceMode::Sequential => ended_at,
                    _ => Some(place.due_at),
                };
                let is_time = since.is_some_and(|since| stored.asked_at > since);
                let next = series.rule.next(&place, at(event.recorded_at));
                if next.is_some() || !is_time {
                    return Err(format!(
                        "a series ends that goes on with {next:?} after {since:?}: {series:?}"
                    ));
                }
            }
        }
        Ok(taken)
    }

    /// Of a promise in a series: which one it is, which one is the next, and whether there is none.
    pub(crate) fn shown_place(&self, promise: &Promise) -> Option<(u32, String, bool)> {
        let place = promise.place.as_ref()?;
        let series = self.series.get(&place.series_id)?;
        let mut all = self.of_series(&place.series_id);
        let next = all.find(|(other, _)| other.number == place.number + 1);
        let next_id = next.map_or_else(String::new, |(_, promise)| promise.id.clone());
        let ended = promise.says_end || series.ended && series.latest == *place;
        Some((place.number, next_id, ended))
    }
}
