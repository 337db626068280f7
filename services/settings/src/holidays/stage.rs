//! Staging, approving and rejecting holidays.

use std::ops::Range;

use aftercall_domain::calendar::{Holidays, OpeningHours, read_date};
use aftercall_domain::limits::{
    DUE_DAYS_MAX, FEED_BYTES_MAX, LINE_BYTES_MAX, SECONDS_PER_DAY, STAGED_DAYS_MAX,
};
use aftercall_domain::violation::Reason;
use aftercall_domain::{CalendarDraft, Cleaner, FieldPath, Violations, Warning};
use aftercall_ledger::{Ledger, Settings};
use aftercall_proto::convert::setting as convert;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{self as wire, HolidaysState, Setting, SettingKind};
use aftercall_proto::settings::v1::{
    ApproveHolidaysRequest, ApproveHolidaysResponse, RejectHolidaysRequest, RejectHolidaysResponse,
    StageHolidaysRequest, StageHolidaysResponse,
};
use aftercall_service::command;
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker, Deps, Reading};
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use tokio::time::Instant;

use super::{Notes, closings};
use crate::change::{Asked, ChangeCommand, Changed, Wish};
use crate::failure::Error;

/// A feed to be staged.
struct Stage {
    calendar_id: String,
    holidays_id: String,
    feed: String,
    from: Option<Date>,
    until: Option<Date>,
}

impl Wish for Stage {
    fn settings(
        &self,
        current: &Settings<'_>,
        asked: Asked<'_>,
        found: &mut Violations,
    ) -> Result<Vec<Setting>, Error> {
        let Some((version, draft)) = in_use(current, &self.calendar_id)? else {
            let text = "names no calendar of this tenant that is in use; name one that is";
            found.add("calendar_id", Reason::UnknownCalendar, text);
            return Err(std::mem::take(found).into());
        };
        self.check_calendar(current, found)?;
        let zone = zone_of(&draft);
        let within = self.within(zone.to_datetime(asked.now).date(), found);
        let mut notes = Notes::default();
        let closings = closings(&self.feed, zone, &within, (&mut notes, found));
        let mut holidays = draft.holidays(&closings, &within);
        if let Some(approved) = approved(current, &self.holidays_id)? {
            draft.reopen(&approved, &mut holidays, &within);
        }
        note_replaced(&draft, &holidays, &mut notes);
        if let Err(wrong) = with(&draft, &holidays).1 {
            found.extend(wrong);
        }
        let staged = wire::Holidays {
            calendar_id: self.calendar_id.clone(),
            calendar_version: version,
            from_date: within.start.to_string(),
            until_date: within.end.to_string(),
            closed_dates: holidays.closed_dates.into_iter().map(Into::into).collect(),
            special_dates: holidays.special_dates.into_iter().map(Into::into).collect(),
            reopened_dates: holidays.reopened_dates,
            notes: notes.into_notes(),
            staged_by: asked.by.actor_id.to_string(),
            staged_at: Some(to_wire(asked.now)),
            state: HolidaysState::Staged.into(),
        };
        Ok(vec![setting(&self.holidays_id, Body::Holidays(staged))])
    }
}

impl Stage {
    /// Notes a feed that has another calendar: what it said before is that one's.
    fn check_calendar(&self, current: &Settings<'_>, found: &mut Violations) -> Result<(), Error> {
        if let Some((_, before)) = staged(current, &self.holidays_id)?
            && before.calendar_id != self.calendar_id
        {
            let text = format!(
                "is the feed of the calendar {}; take another id for this calendar's",
                before.calendar_id
            );
            found.add("holidays_id", Reason::Conflicting, text);
        }
        Ok(())
    }

    /// The dates to look at.
    fn within(&self, today: Date, found: &mut Violations) -> Range<Date> {
        let days = |days: i64| SignedDuration::from_secs(days * SECONDS_PER_DAY);
        let from = self.from.unwrap_or(today);
        let usual = || from.saturating_add(days(DUE_DAYS_MAX));
        let until = self.until.unwrap_or_else(usual);
        let length = until.duration_since(from);
        if length <= SignedDuration::ZERO || length > days(STAGED_DAYS_MAX) {
            let text = format!(
                "is out of range; give a date after from_date, {from}, and at most {STAGED_DAYS_MAX} days later"
            );
            found.add("until_date", Reason::OutOfRange, text);
        }
        from..until.min(from.saturating_add(days(STAGED_DAYS_MAX)))
    }
}

/// Staged holidays to be decided about.
struct Decide {
    holidays_id: String,
    version: u64,
    is_approved: bool,
}

impl Wish for Decide {
    fn settings(
        &self,
        current: &Settings<'_>,
        _: Asked<'_>,
        found: &mut Violations,
    ) -> Result<Vec<Setting>, Error> {
        let (version, mut holidays) = staged(current, &self.holidays_id)?.ok_or(Error::NotFound)?;
        if version != self.version {
            return Err(Error::VersionMismatch {
                setting_id: self.holidays_id.clone(),
                current: version,
            });
        }
        if holidays.state() != HolidaysState::Staged {
            return Err(Error::HolidaysDecided);
        }
        let mut settings = Vec::new();
        if self.is_approved {
            settings.push(approve_in(current, &holidays, found)?);
        }
        holidays.state = match self.is_approved {
            true => HolidaysState::Approved,
            false => HolidaysState::Rejected,
        }
        .into();
        settings.push(setting(&self.holidays_id, Body::Holidays(holidays)));
        Ok(settings)
    }
}

/// The calendar as it is with the holidays.
fn approve_in(
    current: &Settings<'_>,
    holidays: &wire::Holidays,
    found: &mut Violations,
) -> Result<Setting, Error> {
    let id = &holidays.calendar_id;
    let setting = current.get(SettingKind::Calendar, id)?;
    let mut setting = setting.ok_or(Error::NotFound)?;
    if setting.version != holidays.calendar_version {
        return Err(Error::CalendarChanged {
            calendar_id: id.clone(),
            current: setting.version,
        });
    }
    if let Some(Body::Calendar(calendar)) = &mut setting.body {
        let (draft, checked) = with(&CalendarDraft::from(&*calendar), &holidays.into());
        if let Err(wrong) = checked {
            found.extend(wrong);
        }
        convert::put(calendar, draft);
    }
    Ok(setting)
}

/// A calendar with holidays, and what would be wrong with it.
fn with(
    draft: &CalendarDraft,
    holidays: &Holidays,
) -> (CalendarDraft, Result<OpeningHours, Violations>) {
    let mut draft = draft.clone();
    draft.take_holidays(holidays);
    let checked = draft.check(FieldPath::of("calendar"));
    (draft, checked)
}

/// Notes each date of which the calendar says something else.
fn note_replaced(draft: &CalendarDraft, holidays: &Holidays, notes: &mut Notes) {
    let closed = holidays.closed_dates.iter();
    let closed = closed.filter(|one| !draft.closed_dates.contains(one));
    let special = holidays.special_dates.iter();
    let special = special.filter(|one| !draft.special_dates.contains(one));
    let changed = closed.map(|one| &one.date);
    for date in changed.chain(special.map(|one| &one.date)) {
        let closed = draft.closed_dates.iter().find(|one| one.date == *date);
        let special = draft.special_dates.iter().find(|one| one.date == *date);
        let before = closed.map(|one| ("closed", &one.label));
        let before = before.or(special.map(|one| ("open at hours of its own", &one.label)));
        if let Some((how, label)) = before {
            notes.add(0, format!("{date} is {how} ({label:?}) as yet"));
        }
    }
}

/// A calendar that is in use, and its version.
fn in_use(current: &Settings<'_>, id: &str) -> Result<Option<(u64, CalendarDraft)>, Error> {
    let setting = current.get(SettingKind::Calendar, id)?;
    let setting = setting.filter(|setting| !setting.retired);
    Ok(setting.and_then(|setting| match &setting.body {
        Some(Body::Calendar(calendar)) => Some((setting.version, calendar.into())),
        _ => None,
    }))
}

/// What a feed says, and the version.
fn staged(current: &Settings<'_>, id: &str) -> Result<Option<(u64, wire::Holidays)>, Error> {
    let setting = current.get(SettingKind::Holidays, id)?;
    Ok(setting.and_then(|setting| Some((setting.version, holidays_of(setting)?))))
}

/// What a feed said when it was approved last.
fn approved(current: &Settings<'_>, id: &str) -> Result<Option<Holidays>, Error> {
    for setting in current.versions(SettingKind::Holidays, id, None) {
        let holidays = holidays_of(setting?);
        if let Some(holidays) = holidays.filter(|it| it.state() == HolidaysState::Approved) {
            return Ok(Some((&holidays).into()));
        }
    }
    Ok(None)
}

fn holidays_of(setting: Setting) -> Option<wire::Holidays> {
    match setting.body {
        Some(Body::Holidays(holidays)) => Some(holidays),
        _ => None,
    }
}

fn setting(id: &str, body: Body) -> Setting {
    Setting {
        setting_id: id.to_owned(),
        body: Some(body),
        ..Setting::default()
    }
}

/// The zone of a calendar that was checked when it was set up.
fn zone_of(draft: &CalendarDraft) -> TimeZone {
    let zone = TimeZoneDatabase::bundled().get(&draft.time_zone);
    zone.unwrap_or(TimeZone::UTC)
}

/// Stages the dates of a feed.
pub(crate) async fn stage(
    (deps, reading): (&Deps, &Reading),
    call: Call<StageHolidaysRequest>,
) -> Result<StageHolidaysResponse, Error> {
    let until = call.write_until();
    let hash = RequestHash::of_method("StageHolidays", &call.message);
    let mut message = call.message;
    let (wish, warnings) = check(&mut message)?;
    let command = ChangeCommand {
        ledger: Ledger::of(&deps.feed),
        log: reading.log_identity(),
        principal: call.principal,
        request_id: message.request_id,
        hash,
        reason: message.reason,
        wish,
    };
    let mut done = command::run(reading, &deps.clock, command, until).await?;
    Ok(StageHolidaysResponse {
        holidays: done.settings.pop(),
        position: done.position,
        warnings: warnings.into_iter().map(Into::into).collect(),
    })
}

fn check(message: &mut StageHolidaysRequest) -> Result<(Stage, Vec<Warning>), Error> {
    let mut cleaner = Cleaner::default();
    cleaner.text(FieldPath::of("reason"), &mut message.reason);
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    checker.required_id("calendar_id", &message.calendar_id);
    checker.id("holidays_id", &message.holidays_id);
    checker.required_text("feed", &message.feed, FEED_BYTES_MAX);
    checker.text("reason", &message.reason, LINE_BYTES_MAX);
    let mut date = |name: &'static str, text: &str| match text {
        "" => None,
        text => read_date(FieldPath::of(name), text, checker.found()),
    };
    let stage = Stage {
        from: date("from_date", &message.from_date),
        until: date("until_date", &message.until_date),
        calendar_id: message.calendar_id.clone(),
        holidays_id: match message.holidays_id.as_str() {
            "" => message.calendar_id.clone(),
            id => id.to_owned(),
        },
        feed: std::mem::take(&mut message.feed),
    };
    Ok((checker.done(stage)?, cleaner.into_warnings()))
}

/// Makes staged holidays the calendar's.
pub(crate) async fn approve(
    on: (&Deps, &Reading),
    call: Call<ApproveHolidaysRequest>,
) -> Result<ApproveHolidaysResponse, Error> {
    let (until, hash) = (
        call.write_until(),
        RequestHash::of_method("ApproveHolidays", &call.message),
    );
    let ApproveHolidaysRequest {
        request_id,
        holidays_id,
        version,
        reason,
    } = call.message;
    let wish = Decide {
        holidays_id,
        version,
        is_approved: true,
    };
    let (mut done, warnings) = decide(
        on,
        (call.principal, request_id, hash),
        (wish, reason),
        until,
    )
    .await?;
    let holidays = done.settings.pop();
    Ok(ApproveHolidaysResponse {
        holidays,
        calendar: done.settings.pop(),
        position: done.position,
        warnings: warnings.into_iter().map(Into::into).collect(),
    })
}

/// Says of staged holidays that they are not to be the calendar's.
pub(crate) async fn reject(
    on: (&Deps, &Reading),
    call: Call<RejectHolidaysRequest>,
) -> Result<RejectHolidaysResponse, Error> {
    let (until, hash) = (
        call.write_until(),
        RequestHash::of_method("RejectHolidays", &call.message),
    );
    let RejectHolidaysRequest {
        request_id,
        holidays_id,
        version,
        reason,
    } = call.message;
    let wish = Decide {
        holidays_id,
        version,
        is_approved: false,
    };
    let (mut done, warnings) = decide(
        on,
        (call.principal, request_id, hash),
        (wish, reason),
        until,
    )
    .await?;
    Ok(RejectHolidaysResponse {
        holidays: done.settings.pop(),
        position: done.position,
        warnings: warnings.into_iter().map(Into::into).collect(),
    })
}

async fn decide(
    (deps, reading): (&Deps, &Reading),
    (principal, request_id, hash): (aftercall_service::Principal, String, RequestHash),
    (wish, mut reason): (Decide, String),
    until: Instant,
) -> Result<(Changed, Vec<Warning>), Error> {
    let mut cleaner = Cleaner::default();
    cleaner.text(FieldPath::of("reason"), &mut reason);
    let mut checker = Checker::new();
    checker.required_id("request_id", &request_id);
    checker.required_id("holidays_id", &wish.holidays_id);
    checker.text("reason", &reason, LINE_BYTES_MAX);
    if wish.version == 0 {
        let text = "is required; give the version that you looked at";
        checker.add("version", Reason::Required, text);
    }
    checker.done(())?;
    let command = ChangeCommand {
        ledger: Ledger::of(&deps.feed),
        log: reading.log_identity(),
        principal,
        request_id,
        hash,
        reason,
        wish,
    };
    let done = command::run(reading, &deps.clock, command, until).await?;
    Ok((done, cleaner.into_warnings()))
}
