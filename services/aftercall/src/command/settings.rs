//! What a tenant sets up: each kind listed, shown, made, changed and taken out of use in one way.

pub mod calendars;
pub mod call_policies;
mod escalations;
mod holidays;
pub mod policies;
pub mod receivers;
pub mod silences;
pub mod synonyms;
pub mod taxonomies;
mod teams;

use aftercall_domain::limits::SECONDS_PER_DAY;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{EscalationPolicy, Setting, SettingKind, Team};
use aftercall_proto::settings::v1::{
    ChangeSettingsRequest, GetSettingRequest, ListSettingVersionsRequest, ListSettingsRequest,
    SettingChange,
};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session, input, warnings};
use crate::output::{Card, Cell, Column, Output, Style, Table, Times};

/// A calendar as `set` takes it.
pub const CALENDAR: &str = calendars::EXAMPLE;
/// A follow-up policy as `set` takes it.
pub const POLICY: &str = policies::EXAMPLE;
/// An escalation policy as `set` takes it.
pub const ESCALATION: &str = escalations::EXAMPLE;
/// A call policy as `set` takes it.
pub const CALL_POLICY: &str = call_policies::EXAMPLE;
/// A list of synonyms as `set` takes it.
pub const SYNONYMS: &str = synonyms::EXAMPLE;
/// A team as `set` takes it.
pub const TEAM: &str = teams::EXAMPLE;
/// A taxonomy as `set` takes it.
pub const TAXONOMY: &str = taxonomies::EXAMPLE;
/// A receiver as `set` takes it.
pub const RECEIVER: &str = receivers::EXAMPLE;
/// A silence as `set` takes it.
pub const SILENCE: &str = silences::EXAMPLE;

/// What the help says of what `set` takes.
pub fn example(json: &str) -> String {
    format!("Example of a FILE for set:\n{json}")
}

/// The largest setting that is taken, in MiB.
const INPUT_MIB_MAX: u64 = 4;

/// What can be done with the settings of any kind
#[derive(Debug, clap::Subcommand)]
pub enum Managing {
    /// Those that are in use
    List(ListArgs),
    /// One of them, as it is or as a version was
    Show(ShowArgs),
    /// The versions of one, the latest first
    Versions(VersionsArgs),
    /// Makes one, or a new version of one, from JSON
    ///
    /// FILE holds the whole of it in proto3 JSON: what is left out is gone. The group's help has an example. What was
    /// decided before keeps the version by which it was.
    Set(SetArgs),
    /// Takes one out of use, or with --undo back into it
    ///
    /// None that another one names, which is in use, can be taken out of it.
    Retire(RetireArgs),
}

/// Which to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Those that are out of use, too
    #[arg(long)]
    retired: bool,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which to show.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Its id
    id: String,
    /// Which version; left out, the latest
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    version: u64,
}

/// Of which to show the versions.
#[derive(Debug, clap::Args)]
pub struct VersionsArgs {
    /// Its id
    id: String,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What is to be.
#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// Its id
    id: String,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Which to take out of use.
#[derive(Debug, clap::Args)]
pub struct RetireArgs {
    /// Its id
    id: String,
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

/// What is shown by.
#[derive(Debug, Clone)]
pub(crate) struct Showing {
    pub(crate) times: Times,
    pub(crate) now: Timestamp,
}

/// What the settings of one kind set, and how that is shown.
pub(crate) trait Kind: DeserializeOwned + Clone + Default {
    /// The kind.
    const KIND: SettingKind;
    /// What people call one.
    const ONE: &'static str;
    /// What people call several.
    const MANY: &'static str;

    /// What a setting of this kind sets.
    fn of(body: Body) -> Option<Self>;

    /// The same as a setting has it.
    fn body(self) -> Body;

    /// What people call this one.
    fn name(&self) -> &str;

    /// The columns of a list, beside those that all kinds have.
    fn columns() -> Vec<Column>;

    /// Their cells.
    fn cells(&self, showing: &Showing) -> Vec<Cell>;

    /// Adds what it says to a card.
    fn describe(&self, card: &mut Card, showing: &Showing);
}

/// Runs one of the commands on settings of a kind.
async fn manage<K: Kind>(session: &mut Session, command: Managing) -> Result<(), CommandError> {
    match command {
        Managing::List(args) => list::<K>(session, &args).await,
        Managing::Show(args) => show::<K>(session, args).await,
        Managing::Versions(args) => versions::<K>(session, args).await,
        Managing::Set(args) => set::<K>(session, args).await,
        Managing::Retire(args) => retire::<K>(session, args).await,
    }
}

/// Runs a command on escalation policies.
///
/// # Errors
/// When the file is none, the server refuses, or the output takes no more.
pub async fn escalations(session: &mut Session, command: Managing) -> Result<(), CommandError> {
    manage::<EscalationPolicy>(session, command).await
}

/// Runs a command on teams.
///
/// # Errors
/// As [`escalations`].
pub async fn teams(session: &mut Session, command: Managing) -> Result<(), CommandError> {
    manage::<Team>(session, command).await
}

async fn list<K: Kind>(session: &mut Session, args: &ListArgs) -> Result<(), CommandError> {
    let request = ListSettingsRequest {
        kind: K::KIND.into(),
        include_retired: args.retired,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let nothing = format!("no {} in use", K::MANY);
    let showing = showing(session);
    tabled(session, request, args.limit, &nothing, |found, output| {
        let mut columns = vec![Column::id(K::ONE), Column::words("name")];
        columns.extend(K::columns());
        columns.extend([
            Column::number("version"),
            Column::full("changed"),
            Column::narrows("by"),
        ]);
        let mut table = Table::new(columns);
        for setting in found {
            let set = set_of::<K>(setting);
            let mut cells = vec![
                Cell::from(&setting.setting_id),
                Cell::from(name(setting, &set)),
            ];
            cells.extend(set.cells(&showing));
            cells.extend([
                Cell::from(setting.version.to_string()),
                Cell::from(output.times().minute(setting.changed_at.as_ref())),
                Cell::from(&setting.changed_by),
            ]);
            table.row(cells);
        }
        table.print(output)
    })
    .await
}

async fn show<K: Kind>(session: &mut Session, args: ShowArgs) -> Result<(), CommandError> {
    let setting = get(session, K::KIND, args.id, args.version).await?;
    let showing = showing(session);
    session.tell(&setting, |setting, output| {
        print::<K>(setting, &showing, output)
    })
}

async fn get(
    session: &Session,
    kind: SettingKind,
    setting_id: String,
    version: u64,
) -> Result<Setting, CommandError> {
    let request = GetSettingRequest {
        kind: kind.into(),
        setting_id,
        version,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    Ok(answer.setting.unwrap_or_default())
}

async fn versions<K: Kind>(session: &mut Session, args: VersionsArgs) -> Result<(), CommandError> {
    let request = ListSettingVersionsRequest {
        kind: K::KIND.into(),
        setting_id: args.id,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let showing = showing(session);
    let limit = args.limit;
    tabled(session, request, limit, "no versions", |found, output| {
        let mut columns = vec![
            Column::number("version"),
            Column::full("changed"),
            Column::narrows("by"),
            Column::words("why"),
            Column::full("state"),
        ];
        columns.extend(K::columns());
        let mut table = Table::new(columns);
        for setting in found {
            let state = if setting.retired { "out of use" } else { "" };
            let mut cells = vec![
                Cell::from(setting.version.to_string()),
                Cell::from(output.times().minute(setting.changed_at.as_ref())),
                Cell::from(&setting.changed_by),
                Cell::from(&setting.reason),
                Cell::from(state),
            ];
            cells.extend(set_of::<K>(setting).cells(&showing));
            table.row(cells);
        }
        table.print(output)
    })
    .await
}

async fn set<K: Kind>(session: &mut Session, args: SetArgs) -> Result<(), CommandError> {
    let set: K = read(&args.file)?;
    let setting = Setting {
        setting_id: args.id,
        body: Some(set.body()),
        ..Setting::default()
    };
    change::<K>(session, setting, args.change).await
}

async fn retire<K: Kind>(session: &mut Session, args: RetireArgs) -> Result<(), CommandError> {
    let setting = Setting {
        retired: !args.undo,
        ..get(session, K::KIND, args.id, 0).await?
    };
    let change_args = ChangeArgs {
        // What was read is what is put back.
        expected_version: args.change.expected_version.or(Some(setting.version)),
        ..args.change
    };
    change::<K>(session, setting, change_args).await
}

async fn change<K: Kind>(
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
    let showing = showing(session);
    session.tell(&answer, |answer, output| {
        answer
            .settings
            .iter()
            .try_for_each(|one| print::<K>(one, &showing, output))?;
        warnings(&answer.warnings, output)
    })
}

fn read<K: Kind>(file: &str) -> Result<K, CommandError> {
    let bytes = input::read(file, INPUT_MIB_MAX, "leave out what is long past")?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        let one = K::ONE;
        CommandError::Input(format!("{file} is no {one} in proto3 JSON: {error}"))
    })
}

fn showing(session: &Session) -> Showing {
    Showing {
        times: session.output.times().clone(),
        now: session.clock.now(),
    }
}

fn set_of<K: Kind>(setting: &Setting) -> K {
    let body = setting.body.clone();
    body.and_then(K::of).unwrap_or_default()
}

fn name<K: Kind>(setting: &Setting, set: &K) -> String {
    match (set.name(), setting.retired) {
        (name, false) => name.to_owned(),
        ("", true) => "(out of use)".to_owned(),
        (name, true) => format!("{name} (out of use)"),
    }
}

fn print<K: Kind>(
    setting: &Setting,
    showing: &Showing,
    output: &mut Output,
) -> std::io::Result<()> {
    let set = set_of::<K>(setting);
    output.paragraph(0, Style::Bold, &setting.setting_id)?;
    let mut card = Card::new();
    card.field("name", name(setting, &set));
    set.describe(&mut card, showing);
    made(&mut card, setting, showing);
    card.print(output, 2)
}

/// Adds by whom, when and why a version was made.
fn made(card: &mut Card, setting: &Setting, showing: &Showing) {
    card.field("version", setting.version.to_string())
        .field("changed", showing.times.minute(setting.changed_at.as_ref()))
        .field("by", &setting.changed_by)
        .field("why", &setting.reason);
}

/// A duration as people say it, to the second; empty for none.
fn span(span: Option<&pbjson_types::Duration>) -> String {
    match span.map(|span| span.seconds) {
        None => String::new(),
        Some(seconds) if seconds > 0 && seconds % SECONDS_PER_DAY == 0 => {
            format!("{}d", seconds / SECONDS_PER_DAY)
        }
        Some(seconds) => format!("{:#}", SignedDuration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use aftercall_proto::model::v1::Receiver;

    use super::*;

    /// The ids of a list, so that what is shown of each kind is shown at all.
    fn shown<K: Kind>(json: &str) -> String {
        let set: K = serde_json::from_str(json).unwrap();
        let again = K::of(set.clone().body()).unwrap();
        let showing = Showing {
            times: Times::new(jiff::tz::TimeZone::UTC),
            now: Timestamp::UNIX_EPOCH,
        };
        let cells = again.cells(&showing);
        assert_eq!(cells.len(), K::columns().len());
        let mut card = Card::new();
        again.describe(&mut card, &showing);
        format!("{card:?}")
    }

    #[test]
    fn what_the_help_gives_as_an_example_is_one_and_is_shown_whole() {
        let policy = shown::<aftercall_proto::model::v1::FollowUpPolicy>(policies::EXAMPLE);
        for told in [
            "call back",
            "p1",
            "billing",
            "8h",
            "office",
            "half",
            "usual",
        ] {
            assert!(policy.contains(told), "{told}: {policy}");
        }
        let escalation = shown::<EscalationPolicy>(escalations::EXAMPLE);
        for told in [
            "the owner",
            "team billing",
            "15m",
            "duty",
            "30m",
            "for all alerts",
        ] {
            assert!(escalation.contains(told), "{told}: {escalation}");
        }
        let calls = shown::<aftercall_proto::model::v1::CallPolicy>(call_policies::EXAMPLE);
        for told in ["1m 30s", "5m", "15m", "4h", "1h"] {
            assert!(calls.contains(told), "{told}: {calls}");
        }
        let synonyms = shown::<aftercall_proto::model::v1::Synonyms>(synonyms::EXAMPLE);
        for told in ["en", "wifi, wlan, wireless network", "no connection"] {
            assert!(synonyms.contains(told), "{told}: {synonyms}");
        }
        let team = shown::<Team>(teams::EXAMPLE);
        for told in ["a.marsh", "j.doe", "billing-calls", "north"] {
            assert!(team.contains(told), "{told}: {team}");
        }
        let receiver = shown::<Receiver>(receivers::EXAMPLE);
        for told in ["duty@example.com", "22:00", "07:00", "Europe/Paris"] {
            assert!(receiver.contains(told), "{told}: {receiver}");
        }
        let silence = shown::<aftercall_proto::model::v1::Silence>(silences::EXAMPLE);
        for told in [
            "kind is call_back or refund",
            "priority is not p1",
            "being replaced",
        ] {
            assert!(silence.contains(told), "{told}: {silence}");
        }
        let calendar = shown::<aftercall_proto::model::v1::Calendar>(calendars::EXAMPLE);
        for told in ["09:00-18:00", "2027-12-25", "Europe/Paris"] {
            assert!(calendar.contains(told), "{told}: {calendar}");
        }
    }
}
