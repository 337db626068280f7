//! `log`: makes and copies logs, looks into a log's files, and repairs them. Needs no server.

mod engines;
pub(super) mod json;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aftercall_log::inspect::{
    ReadOnlyLog, RepairOptions, RepairReport, VerifyReport, repair, stats, verify,
};
use aftercall_log::{Entry, Reader, take_over};
use aftercall_proto::event::v1::Event;
use aftercall_proto::personal;
use aftercall_service::Clock;
use jiff::Timestamp;
use prost::Message;

use crate::command::CommandError;
use crate::config::{ConfigFile, StorageConfig};
use crate::log::open_kafka;
use crate::output::{Card, Cell, Column, Output, Style, Table, When, clean, past};

/// Records read at a time.
const RECORDS_AT_ONCE: usize = 512;
const BYTES_AT_ONCE: usize = 4 << 20;
/// How long a reader waits at the end of the log before it looks again.
const FOLLOW_WAIT: Duration = Duration::from_millis(500);

/// Makes, copies, inspects and repairs logs; needs no server
#[derive(Debug, clap::Subcommand)]
pub enum LogCommand {
    /// Makes a log on Kafka: creates its topic, and gives it an identity
    ///
    /// The cluster and the topic are those of [log.kafka] in the configuration. Harmless to repeat,
    /// and to be repeated when it was broken off.
    Init(engines::InitArgs),
    /// Copies a log into another, on the same or another engine
    ///
    /// Stop the services first: what they write while it runs is not copied. A copy that was broken
    /// off goes on when it is started again. At the end both logs are compared, record by record.
    Copy(engines::CopyArgs),
    /// Prints the log's events
    Cat(CatArgs),
    /// Counts what the log holds
    Stats(Directory),
    /// Reads every byte, and names each place that is damaged
    Verify(Directory),
    /// Cuts the log where it is damaged, so that it opens again, and keeps what it cut
    Repair(RepairArgs),
    /// Has a copy of the log, or one from a backup, take the place of the log that it was made of
    ///
    /// A server on a copy is mute: it records, and tells nobody anything, so that nobody is told twice.
    /// Call this once the other one is gone for good, and start the server again. What was suppressed
    /// until then stays so; webhooks can have it again by `webhooks replay`.
    TakeOver(Directory),
}

/// Where the log is.
#[derive(Debug, clap::Args)]
pub struct Directory {
    /// The server's data directory
    #[arg(
        long,
        value_name = "DIR",
        default_value = "data",
        env = "AFTERCALL_STORAGE__DIR"
    )]
    data: PathBuf,
}

/// Which events to print.
#[derive(Debug, clap::Args)]
pub struct CatArgs {
    #[command(flatten)]
    directory: Directory,
    #[command(flatten)]
    config: ConfigFile,
    /// Prints the topic of the configuration, all of its partitions, instead of a data directory
    #[arg(long)]
    kafka: bool,
    /// From this offset on, in each partition
    #[arg(
        long,
        value_name = "OFFSET",
        default_value_t = 0,
        conflicts_with = "since"
    )]
    from: u64,
    /// What was recorded at this time or later: 2026-11-22, "2026-11-22 17:00", or 7d for the last
    /// seven days
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    since: Option<When>,
    /// How many events; left out, all
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Waits for more at the end, until interrupted
    #[arg(long)]
    follow: bool,
    /// Leaves out what is personal: names, numbers and words of people
    #[arg(long)]
    redact: bool,
}

/// How far a repair may go.
#[derive(Debug, clap::Args)]
pub struct RepairArgs {
    #[command(flatten)]
    directory: Directory,
    /// Changes nothing, only says what would be done
    #[arg(long)]
    dry_run: bool,
    /// Cuts records that were acknowledged, too: they are lost, and views are built anew
    #[arg(long)]
    allow_loss: bool,
}

impl Directory {
    fn log(&self) -> PathBuf {
        let storage = StorageConfig {
            dir: self.data.clone(),
        };
        storage.log()
    }
}

/// Runs one of the commands.
///
/// # Errors
/// When the log can't be read, is damaged, or the output takes no more.
pub fn run(
    command: LogCommand,
    output: &mut Output,
    clock: &dyn Clock,
) -> Result<(), CommandError> {
    match command {
        LogCommand::Init(args) => engines::init(&args, output),
        LogCommand::Copy(args) => engines::copy_log(&args, output),
        LogCommand::Cat(args) => cat(&args, output, clock),
        LogCommand::Stats(directory) => print_stats(&directory.log(), output),
        LogCommand::Verify(directory) => print_verify(&directory.log(), output),
        LogCommand::Repair(args) => print_repair(&args, output),
        LogCommand::TakeOver(directory) => print_take_over(&directory.log(), output),
    }
}

/// What goes wrong with a log's files.
fn failed(error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::Log(Box::new(error))
}

fn cat(args: &CatArgs, output: &mut Output, clock: &dyn Clock) -> Result<(), CommandError> {
    let since = match &args.since {
        None => None,
        Some(when) => {
            let since = output.times().instant_at(when, clock.now());
            let since = since.map_err(|error| CommandError::Usage(error.to_string()))?;
            Some(since.as_microsecond())
        }
    };
    if args.kafka {
        let config = args.config.load().map_err(failed)?;
        let log = open_kafka(&config.log.kafka).map_err(failed)?;
        let mut reader = engines::reader(&*log, args.from, since).map_err(failed)?;
        return print_entries(args, &mut *reader, output);
    }
    let log = ReadOnlyLog::open(args.directory.log()).map_err(failed)?;
    let from = match since {
        None => args.from,
        Some(since) => log.offset_at(since).map_err(failed)?,
    };
    let mut reader = log.reader(from).map_err(failed)?;
    print_entries(args, &mut *reader, output)
}

fn print_entries(
    args: &CatArgs,
    reader: &mut dyn Reader,
    output: &mut Output,
) -> Result<(), CommandError> {
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(RECORDS_AT_ONCE);
        let wait = if args.follow {
            FOLLOW_WAIT
        } else {
            Duration::ZERO
        };
        let entries = reader.next(most, BYTES_AT_ONCE, wait).map_err(failed)?;
        for entry in &entries {
            print_entry(entry, args, output)?;
        }
        left -= entries.len() as u64;
        if entries.is_empty() && !args.follow {
            break;
        }
        output.flush()?;
    }
    Ok(())
}

/// Prints an entry; with its partition where there are several.
fn print_entry(entry: &Entry, args: &CatArgs, output: &mut Output) -> Result<(), CommandError> {
    let offset = entry.position.offset;
    let partition = args.kafka.then_some(entry.position.partition);
    let unreadable = |error| CommandError::Input(format!("offset {offset} is no event: {error}"));
    let mut event = Event::decode(entry.record.body.clone()).map_err(unreadable)?;
    if args.redact {
        event = personal::redacted(&event).map_err(unreadable)?;
    }
    if output.json() {
        let fact = event.fact().map_err(unreadable)?;
        if fact.is_some() {
            // Said already, in a form that can be read.
            event.payload = None;
        }
        return Ok(output.message(&json::line(partition, offset, &event, fact))?);
    }
    let offset = match partition {
        Some(partition) => format!("{partition}/{offset}"),
        None => offset.to_string(),
    };
    Ok(output.line(&format!("{offset:>9}  {}", line(&event, output)))?)
}

/// An event in a line: when, what, of what, by whom.
pub(super) fn line(event: &Event, output: &Output) -> String {
    let when = output.times().second(event.recorded_at.as_ref());
    let kind = event.cloud_event_type();
    let kind = kind.trim_start_matches("aftercall.");
    let about = format!("{} #{}", event.aggregate_id, event.sequence);
    let actor = if event.actor_id.is_empty() {
        ""
    } else {
        " by "
    };
    let about = clean(&format!("{about}{actor}{}", event.actor_id));
    format!("{when}  {kind:<26}  {about}")
}

fn micros(output: &Output, at: Option<i64>) -> String {
    let at = at.and_then(|at| Timestamp::from_microsecond(at).ok());
    output.times().second(at.map(crate::output::wire).as_ref())
}

fn print_stats(dir: &Path, output: &mut Output) -> Result<(), CommandError> {
    let found = stats(dir).map_err(failed)?;
    if output.json() {
        return Ok(output.message(&json::stats(&found))?);
    }
    let mut card = Card::new();
    card.field("log", found.id.to_string())
        .field("directory", dir.display().to_string())
        .field("records", found.records.to_string())
        .field("bytes of records", found.record_bytes.to_string())
        .field("bytes of files", found.file_bytes.to_string())
        .field("first recorded", micros(output, found.first_recorded_at_us))
        .field("last recorded", micros(output, found.latest_recorded_at_us));
    card.print(output, 0)?;
    output.line("")?;
    let mut table = Table::new([
        Column::full("segment"),
        Column::full("state"),
        Column::number("from offset"),
        Column::number("records"),
        Column::number("bytes"),
        Column::full("first recorded"),
    ]);
    for segment in &found.segments {
        let name = segment
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        table.row([
            Cell::from(name),
            Cell::from(if segment.sealed {
                "sealed"
            } else {
                "written to"
            }),
            Cell::from(segment.base.to_string()),
            Cell::from(segment.records.to_string()),
            Cell::from(segment.record_bytes.to_string()),
            Cell::from(micros(output, segment.first_recorded_at_us)),
        ]);
    }
    Ok(table.print(output)?)
}

fn print_verify(dir: &Path, output: &mut Output) -> Result<(), CommandError> {
    let terminal = std::io::stderr().is_terminal();
    let report = verify(dir, |progress| {
        if terminal {
            let percent = progress.bytes * 100 / progress.bytes_total.max(1);
            eprint!("\r{percent:>3}%  {} records ", progress.records);
        }
    });
    if terminal {
        eprint!("\r{:40}\r", "");
    }
    let report = report.map_err(failed)?;
    match output.json() {
        true => output.message(&json::verify(&report))?,
        false => print_report(&report, output)?,
    }
    output.flush()?;
    if report.is_sound() {
        Ok(())
    } else {
        Err(CommandError::Reported)
    }
}

fn print_report(report: &VerifyReport, output: &mut Output) -> std::io::Result<()> {
    for damage in &report.damages {
        output.line(&output.styled(Style::Bad, &damage.to_string()))?;
    }
    if let Some(torn) = &report.torn_tail {
        let (file, byte) = (torn.path.display(), torn.byte);
        let line = match torn.copied {
            false => format!(
                "{file} ends in a batch that was not written to its end, at byte {byte}; nothing of \
                 it was acknowledged, and the next start cuts it"
            ),
            true => format!(
                "{file} was copied while the log was written to; it is whole up to byte {byte}, and \
                 the next start goes on from there"
            ),
        };
        output.line(&line)?;
    }
    let read = format!("{} records, {} bytes read", report.records, report.bytes);
    let (style, verdict) = match report.damages_total {
        0 => (Style::Good, "every record is as it was written".to_owned()),
        1 => (Style::Bad, "1 place is damaged".to_owned()),
        places => (Style::Bad, format!("{places} places are damaged")),
    };
    output.line(&format!("{read}: {}", output.styled(style, &verdict)))
}

fn print_take_over(dir: &Path, output: &mut Output) -> Result<(), CommandError> {
    let log = take_over(dir).map_err(failed)?;
    if output.json() {
        let line = serde_json::json!({ "log": log.to_string() });
        return Ok(output.line(&line.to_string())?);
    }
    Ok(output.line(&format!(
        "the log {log} lives in {}: from its next start on, a server tells of it whomever it has to",
        dir.display()
    ))?)
}

fn print_repair(args: &RepairArgs, output: &mut Output) -> Result<(), CommandError> {
    let options = RepairOptions {
        dry_run: args.dry_run,
        allow_loss: args.allow_loss,
    };
    let report = repair(args.directory.log(), options).map_err(failed)?;
    if output.json() {
        return Ok(output.message(&json::repair(&report, args.dry_run))?);
    }
    let RepairReport::Cut {
        damage,
        bytes,
        kept_in,
        lost,
    } = report
    else {
        return Ok(output.line("there is nothing to repair")?);
    };
    let (cut, kept) = if args.dry_run {
        ("would be cut", "would be")
    } else {
        ("cut", "are")
    };
    output.line(&damage.to_string())?;
    let kept_in = kept_in.display();
    output.line(&format!(
        "{bytes} bytes {cut}; they {kept} kept in {kept_in}"
    ))?;
    let line = match lost {
        None => "no acknowledged record is affected".to_owned(),
        Some((first, last)) => format!("acknowledged records lost: {first} to {last}"),
    };
    Ok(output.line(&line)?)
}
