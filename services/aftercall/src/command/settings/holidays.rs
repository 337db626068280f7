//! `calendars holidays`: dates from a feed, staged until somebody approves them.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{self as wire, HolidaysState, Setting, SettingKind};
use aftercall_proto::settings::v1::{
    ApproveHolidaysRequest, ListSettingsRequest, RejectHolidaysRequest, StageHolidaysRequest,
};

use super::calendars::told;
use super::{Showing, get, made, showing};
use crate::command::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use crate::command::{CommandError, Session, input, warnings};
use crate::output::{Card, Cell, Column, Output, Style, Table};

/// The largest feed that is taken, in MiB.
const FEED_MIB_MAX: u64 = 1;

/// Holidays from an iCalendar feed
#[derive(Debug, clap::Subcommand)]
pub enum Holidays {
    /// Reads a feed, and stages its dates: nothing changes yet
    Stage(StageArgs),
    /// Feeds, with what was decided about them
    List(ListArgs),
    /// What a feed says, as it is or as a version was
    Show(ShowArgs),
    /// Makes staged dates the calendar's
    Approve(DecideArgs),
    /// Says of staged dates that they are not to be the calendar's
    Reject(DecideArgs),
}

/// Which feed to stage.
#[derive(Debug, clap::Args)]
pub struct StageArgs {
    /// The calendar's id
    calendar: String,
    /// The feed, iCalendar text, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// The feed's id, where a calendar has several; left out, the calendar's
    #[arg(
        long = "as",
        value_name = "ID",
        default_value = "",
        hide_default_value = true
    )]
    holidays: String,
    /// The first date to look at, such as 2027-01-01; left out, today's
    #[arg(
        long,
        value_name = "DATE",
        default_value = "",
        hide_default_value = true
    )]
    from: String,
    /// The first date not to look at any more; left out, three years later
    #[arg(
        long,
        value_name = "DATE",
        default_value = "",
        hide_default_value = true
    )]
    until: String,
    #[command(flatten)]
    why: WhyArgs,
}

/// Which feeds to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which feed to show.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The feed's id
    holidays: String,
    /// Which version; left out, the latest
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    version: u64,
}

/// What is decided about.
#[derive(Debug, clap::Args)]
pub struct DecideArgs {
    /// The feed's id
    holidays: String,
    /// The version that you looked at
    #[arg(long, value_name = "VERSION")]
    version: u64,
    #[command(flatten)]
    why: WhyArgs,
}

/// What goes with each of these commands.
#[derive(Debug, clap::Args)]
struct WhyArgs {
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// Runs one of the commands.
pub(super) async fn run(session: &mut Session, command: Holidays) -> Result<(), CommandError> {
    match command {
        Holidays::Stage(args) => stage(session, args).await,
        Holidays::List(args) => list(session, &args).await,
        Holidays::Show(args) => show(session, args).await,
        Holidays::Approve(args) => approve(session, args).await,
        Holidays::Reject(args) => reject(session, args).await,
    }
}

async fn stage(session: &mut Session, args: StageArgs) -> Result<(), CommandError> {
    let bytes = input::read(&args.file, FEED_MIB_MAX, "leave out what is long past")?;
    let feed = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let file = &args.file;
        CommandError::Input(format!(
            "{file} is no UTF-8 after {at} bytes; save it as UTF-8"
        ))
    })?;
    let request = StageHolidaysRequest {
        request_id: args.why.request_id,
        calendar_id: args.calendar,
        holidays_id: args.holidays,
        feed,
        from_date: args.from,
        until_date: args.until,
        reason: args.why.reason,
    };
    let answer = session.client.call(request).await?;
    let showing = showing(session);
    session.tell(&answer, |answer, output| {
        let setting = answer.holidays.clone().unwrap_or_default();
        print(&setting, &showing, output)?;
        warnings(&answer.warnings, output)
    })
}

async fn list(session: &mut Session, args: &ListArgs) -> Result<(), CommandError> {
    let request = ListSettingsRequest {
        kind: SettingKind::Holidays.into(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let limit = args.limit;
    tabled(
        session,
        request,
        limit,
        "no feeds of holidays",
        |found, output| {
            let mut table = Table::new([
                Column::id("feed"),
                Column::narrows("calendar"),
                Column::full("is"),
                Column::number("closed"),
                Column::number("special"),
                Column::number("as usual again"),
                Column::number("version"),
                Column::full("changed"),
                Column::narrows("by"),
            ]);
            for setting in found {
                let holidays = of(setting);
                let (state, style) = state(&holidays);
                table.row([
                    Cell::from(&setting.setting_id),
                    Cell::from(&holidays.calendar_id),
                    Cell::styled(state, style),
                    Cell::from(holidays.closed_dates.len().to_string()),
                    Cell::from(holidays.special_dates.len().to_string()),
                    Cell::from(holidays.reopened_dates.len().to_string()),
                    Cell::from(setting.version.to_string()),
                    Cell::from(output.times().minute(setting.changed_at.as_ref())),
                    Cell::from(&setting.changed_by),
                ]);
            }
            table.print(output)
        },
    )
    .await
}

async fn show(session: &mut Session, args: ShowArgs) -> Result<(), CommandError> {
    let setting = get(session, SettingKind::Holidays, args.holidays, args.version).await?;
    let showing = showing(session);
    session.tell(&setting, |setting, output| print(setting, &showing, output))
}

async fn approve(session: &mut Session, args: DecideArgs) -> Result<(), CommandError> {
    let request = ApproveHolidaysRequest {
        request_id: args.why.request_id,
        holidays_id: args.holidays,
        version: args.version,
        reason: args.why.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let (holidays, calendar) = (answer.holidays.as_ref(), answer.calendar.as_ref());
        let feed = holidays.map_or("", |setting| &setting.setting_id);
        let id = calendar.map_or("", |setting| &setting.setting_id);
        let version = calendar.map_or(0, |setting| setting.version);
        output.line(&format!(
            "{feed} is approved: the calendar {id} has version {version}"
        ))?;
        warnings(&answer.warnings, output)
    })
}

async fn reject(session: &mut Session, args: DecideArgs) -> Result<(), CommandError> {
    let request = RejectHolidaysRequest {
        request_id: args.why.request_id,
        holidays_id: args.holidays,
        version: args.version,
        reason: args.why.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let feed = answer.holidays.as_ref();
        let feed = feed.map_or("", |setting| &setting.setting_id);
        output.line(&format!("{feed} is rejected: its calendar stays as it is"))?;
        warnings(&answer.warnings, output)
    })
}

fn of(setting: &Setting) -> wire::Holidays {
    match &setting.body {
        Some(Body::Holidays(holidays)) => holidays.clone(),
        _ => wire::Holidays::default(),
    }
}

fn state(holidays: &wire::Holidays) -> (&'static str, Style) {
    match holidays.state() {
        HolidaysState::Unspecified => ("", Style::Plain),
        HolidaysState::Staged => ("staged", Style::Warn),
        HolidaysState::Approved => ("approved", Style::Plain),
        HolidaysState::Rejected => ("rejected", Style::Dim),
    }
}

fn print(setting: &Setting, showing: &Showing, output: &mut Output) -> std::io::Result<()> {
    let holidays = of(setting);
    output.paragraph(0, Style::Bold, &setting.setting_id)?;
    let (state, style) = state(&holidays);
    let mut card = Card::new();
    card.styled("is", state, style);
    let calendar = format!(
        "{} version {}",
        holidays.calendar_id, holidays.calendar_version
    );
    let dates = format!("{} up to {}", holidays.from_date, holidays.until_date);
    card.field("calendar", calendar).field("looked at", dates);
    for date in &holidays.closed_dates {
        card.field("closed", format!("{}  {}", date.date, date.label));
    }
    for date in &holidays.special_dates {
        let open = told(&date.hours);
        card.field("special", format!("{}  {open}  {}", date.date, date.label));
    }
    for date in &holidays.reopened_dates {
        card.field("as usual again", date);
    }
    for note in &holidays.notes {
        let line = match note.line {
            0 => String::new(),
            line => format!("line {line}: "),
        };
        card.styled("notes", format!("{line}{}", note.text), Style::Warn);
    }
    card.field("staged", showing.times.minute(holidays.staged_at.as_ref()))
        .field("staged by", &holidays.staged_by);
    made(&mut card, setting, showing);
    card.print(output, 2)
}
