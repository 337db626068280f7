//! `calendars`: when the house is open.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Calendar, Hours, Setting, SettingKind, Week};
use aftercall_proto::settings::v1::{
    ChangeSettingsRequest, GetSettingRequest, ListSettingVersionsRequest, ListSettingsRequest,
    SettingChange,
};

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session, input, warnings};
use crate::output::{Card, Cell, Column, Output, Style, Table};

/// The largest calendar that is taken, in MiB.
const INPUT_MIB_MAX: u64 = 4;

/// When the house is open
#[derive(Debug, clap::Subcommand)]
pub enum Calendars {
    /// The calendars that are in use
    List(ListArgs),
    /// One calendar, as it is or as a version was
    Show(ShowArgs),
    /// The versions of a calendar, the latest first
    Versions(VersionsArgs),
    /// Makes a calendar, or a new version of one, from JSON
    ///
    /// FILE holds the calendar in proto3 JSON, such as {"time_zone": "Europe/Paris", "weekly": {"monday":
    /// [{"opens": "09:00", "closes": "18:00"}]}, "closed_dates": [{"date": "2027-12-25", "label":
    /// "Christmas"}]}. Promises that were made before keep the version by which they were reckoned.
    Set(SetArgs),
    /// Takes a calendar out of use, or with --undo back into it
    Retire(RetireArgs),
}

/// Which calendars to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Those that are out of use, too
    #[arg(long)]
    retired: bool,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which calendar to show.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The calendar's id
    calendar: String,
    /// Which version; left out, the latest
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    version: u64,
}

/// Of which calendar to show the versions.
#[derive(Debug, clap::Args)]
pub struct VersionsArgs {
    /// The calendar's id
    calendar: String,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What a calendar is to be.
#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// The calendar's id
    calendar: String,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Which calendar to take out of use.
#[derive(Debug, clap::Args)]
pub struct RetireArgs {
    /// The calendar's id
    calendar: String,
    /// Takes it back into use
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// What goes with each change.
#[derive(Debug, clap::Args)]
pub struct ChangeArgs {
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Only if this is the version now; 0: only if there is none yet
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u64>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// Runs one of the commands.
///
/// # Errors
/// When the file is no calendar, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Calendars) -> Result<(), CommandError> {
    match command {
        Calendars::List(args) => list(session, &args).await,
        Calendars::Show(args) => show(session, args).await,
        Calendars::Versions(args) => versions(session, args).await,
        Calendars::Set(args) => set(session, args).await,
        Calendars::Retire(args) => retire(session, args).await,
    }
}

async fn list(session: &mut Session, args: &ListArgs) -> Result<(), CommandError> {
    let request = ListSettingsRequest {
        kind: SettingKind::Calendar.into(),
        include_retired: args.retired,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(
        session,
        request,
        args.limit,
        "no calendars in use",
        |found, output| {
            let mut table = Table::new([
                Column::id("calendar"),
                Column::words("name"),
                Column::full("zone"),
                Column::number("version"),
                Column::full("changed"),
                Column::narrows("by"),
            ]);
            for setting in found {
                let calendar = calendar_of(setting);
                table.row([
                    Cell::from(&setting.setting_id),
                    Cell::from(name(setting, &calendar)),
                    Cell::from(&calendar.time_zone),
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
    let setting = get(session, args.calendar, args.version).await?;
    session.tell(&setting, print)
}

async fn get(
    session: &Session,
    calendar_id: String,
    version: u64,
) -> Result<Setting, CommandError> {
    let request = GetSettingRequest {
        kind: SettingKind::Calendar.into(),
        setting_id: calendar_id,
        version,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    Ok(answer.setting.unwrap_or_default())
}

async fn versions(session: &mut Session, args: VersionsArgs) -> Result<(), CommandError> {
    let request = ListSettingVersionsRequest {
        kind: SettingKind::Calendar.into(),
        setting_id: args.calendar,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(
        session,
        request,
        args.limit,
        "no versions",
        |found, output| {
            let mut table = Table::new([
                Column::number("version"),
                Column::full("changed"),
                Column::narrows("by"),
                Column::words("why"),
                Column::full("counts from"),
            ]);
            for setting in found {
                table.row([
                    Cell::from(setting.version.to_string()),
                    Cell::from(output.times().minute(setting.changed_at.as_ref())),
                    Cell::from(&setting.changed_by),
                    Cell::from(&setting.reason),
                    Cell::from(&calendar_of(setting).effective_from),
                ]);
            }
            table.print(output)
        },
    )
    .await
}

async fn set(session: &mut Session, args: SetArgs) -> Result<(), CommandError> {
    let calendar = read(&args.file)?;
    let setting = Setting {
        setting_id: args.calendar,
        body: Some(Body::Calendar(calendar)),
        ..Setting::default()
    };
    change(session, setting, args.change).await
}

async fn retire(session: &mut Session, args: RetireArgs) -> Result<(), CommandError> {
    let setting = Setting {
        retired: !args.undo,
        ..get(session, args.calendar, 0).await?
    };
    let change_args = ChangeArgs {
        // What was read is what is put back.
        expected_version: args.change.expected_version.or(Some(setting.version)),
        ..args.change
    };
    change(session, setting, change_args).await
}

async fn change(
    session: &mut Session,
    setting: Setting,
    args: ChangeArgs,
) -> Result<(), CommandError> {
    let request = ChangeSettingsRequest {
        request_id: args.request_id,
        changes: vec![SettingChange {
            setting: Some(setting),
            expected_version: args.expected_version,
        }],
        reason: args.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        answer
            .settings
            .iter()
            .try_for_each(|one| print(one, output))?;
        warnings(&answer.warnings, output)
    })
}

fn read(file: &str) -> Result<Calendar, CommandError> {
    let bytes = input::read(file, INPUT_MIB_MAX, "leave out dates that are long past")?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        CommandError::Input(format!("{file} is no calendar in proto3 JSON: {error}"))
    })
}

fn calendar_of(setting: &Setting) -> Calendar {
    match &setting.body {
        Some(Body::Calendar(calendar)) => calendar.clone(),
        _ => Calendar::default(),
    }
}

fn name(setting: &Setting, calendar: &Calendar) -> String {
    match setting.retired {
        true => format!("{} (out of use)", calendar.display_name),
        false => calendar.display_name.clone(),
    }
}

fn print(setting: &Setting, output: &mut Output) -> std::io::Result<()> {
    let calendar = calendar_of(setting);
    output.paragraph(0, Style::Bold, &setting.setting_id)?;
    let times = output.times().clone();
    let mut card = Card::new();
    card.field("name", name(setting, &calendar))
        .field("zone", &calendar.time_zone);
    let week = calendar.weekly.clone().unwrap_or_default();
    for (day, open) in days(&week) {
        card.field(day, told(open));
    }
    for date in &calendar.special_dates {
        let open = told(&date.hours);
        card.field("special", format!("{}  {open}  {}", date.date, date.label));
    }
    for date in &calendar.closed_dates {
        card.field("closed", format!("{}  {}", date.date, date.label));
    }
    card.field("counts from", &calendar.effective_from)
        .field("version", setting.version.to_string())
        .field("changed", times.minute(setting.changed_at.as_ref()))
        .field("by", &setting.changed_by)
        .field("why", &setting.reason);
    card.print(output, 2)
}

fn days(week: &Week) -> [(&'static str, &[Hours]); 7] {
    [
        ("Monday", &week.monday),
        ("Tuesday", &week.tuesday),
        ("Wednesday", &week.wednesday),
        ("Thursday", &week.thursday),
        ("Friday", &week.friday),
        ("Saturday", &week.saturday),
        ("Sunday", &week.sunday),
    ]
}

fn told(open: &[Hours]) -> String {
    let open = open
        .iter()
        .map(|hours| format!("{}-{}", hours.opens, hours.closes));
    open.collect::<Vec<_>>().join(", ")
}
