//! `log init` and `log copy`: logs on other engines than the files of this machine.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use aftercall_log::copy::{Phase, Progress, copy};
use aftercall_log::inspect::ReadOnlyLog;
use aftercall_log::{EmbeddedLog, Log, Offset, Options, Partition, Position, ReadError, Reader};
use indicatif::{ProgressBar, ProgressStyle};

use super::failed;
use crate::command::CommandError;
use crate::config::{Config, ConfigFile, StorageConfig};
use crate::log::{LogError, open_kafka};
use crate::output::Output;

/// What a new log on Kafka is to be like.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    #[command(flatten)]
    config: ConfigFile,
    /// How many partitions the topic gets, for good
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    partitions: u32,
    /// How many brokers keep each record
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    replication: u32,
    /// How many of them must have a record before it is acknowledged
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    min_in_sync: u32,
}

/// From where to where.
#[derive(Debug, clap::Args)]
pub struct CopyArgs {
    #[command(flatten)]
    config: ConfigFile,
    /// The log to copy: a data directory, "kafka" (the topic of the configuration) or "kafka:TOPIC"
    #[arg(long, value_name = "LOG")]
    from: Place,
    /// The log to copy into, new or from a copy that was broken off; written as --from is
    #[arg(long, value_name = "LOG")]
    to: Place,
}

/// Where a log is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// In a data directory.
    Directory(PathBuf),
    /// In a topic; in the configuration's if none is named.
    Topic(Option<String>),
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix("kafka") {
            Some("") => Self::Topic(None),
            Some(rest) if rest.starts_with(':') => Self::Topic(Some(rest[1..].to_owned())),
            _ => Self::Directory(PathBuf::from(text)),
        })
    }
}

impl Place {
    /// Opens the log there, which must be there: a name with a mistake in it makes none.
    fn open_source(&self, config: &Config) -> Result<Arc<dyn Log>, LogError> {
        if let Self::Directory(dir) = self {
            let storage = StorageConfig { dir: dir.clone() };
            ReadOnlyLog::open(storage.log())?;
        }
        self.open(config)
    }

    /// Opens the log there; in a directory, makes it.
    fn open(&self, config: &Config) -> Result<Arc<dyn Log>, LogError> {
        match self {
            Self::Directory(dir) => {
                let storage = StorageConfig { dir: dir.clone() };
                Ok(Arc::new(EmbeddedLog::open(
                    storage.log(),
                    Options::default(),
                )?))
            }
            Self::Topic(topic) => {
                let mut kafka = config.log.kafka.clone();
                if let Some(topic) = topic {
                    kafka.topic.clone_from(topic);
                }
                open_kafka(&kafka)
            }
        }
    }
}

/// Creates the topic, and the log in it.
#[cfg(feature = "kafka")]
pub(super) fn init(args: &InitArgs, output: &mut Output) -> Result<(), CommandError> {
    use aftercall_log::kafka::{NewLog, init};
    let config = args.config.load().map_err(failed)?;
    let kafka = config.log.kafka.engine().map_err(failed)?;
    let new = NewLog {
        partitions: args.partitions,
        replication: args.replication,
        replicas_min: args.min_in_sync,
    };
    let made = init(&kafka, &new).map_err(failed)?;
    if output.json() {
        let line = serde_json::json!({
            "log": made.id.to_string(),
            "topic": kafka.topic,
            "partitions": made.partitions,
            "created": made.created,
        });
        return Ok(output.line(&line.to_string())?);
    }
    let done = match made.created {
        true => "created",
        false => "was there",
    };
    Ok(output.line(&format!(
        "topic {} {done}: log {}, {} partitions",
        kafka.topic, made.id, made.partitions
    ))?)
}

#[cfg(not(feature = "kafka"))]
pub(super) fn init(_: &InitArgs, _: &mut Output) -> Result<(), CommandError> {
    Err(failed(LogError::NotBuilt))
}

/// Copies one log into another.
pub(super) fn copy_log(args: &CopyArgs, output: &mut Output) -> Result<(), CommandError> {
    if args.from == args.to {
        let same = "--from and --to name the same log";
        return Err(CommandError::Usage(same.to_owned()));
    }
    let config = args.config.load().map_err(failed)?;
    let source = args.from.open_source(&config).map_err(failed)?;
    let target = args.to.open(&config).map_err(failed)?;
    if source.id() == target.id() {
        let same = "--from and --to are the same log";
        return Err(CommandError::Usage(same.to_owned()));
    }
    let bar = bar();
    let copied = copy(&*source, &*target, |progress| show(&bar, progress));
    bar.finish_and_clear();
    target.close();
    let copied = copied.map_err(failed)?;
    let digest: String = copied
        .digest
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if output.json() {
        let line = serde_json::json!({
            "records": copied.records,
            "found": copied.found,
            "digest": digest,
            "log": target.id().to_string(),
        });
        return Ok(output.line(&line.to_string())?);
    }
    Ok(output.line(&format!(
        "both logs hold the same {} records ({} copied now), blake3 {digest}",
        copied.records,
        copied.records - copied.found
    ))?)
}

/// A reader of all partitions, from an offset or a time on.
pub(super) fn reader(
    log: &dyn Log,
    from: Offset,
    since: Option<i64>,
) -> Result<Box<dyn Reader>, ReadError> {
    let tails = log.tails()?;
    let at = |(partition, tail): (Partition, Offset)| {
        let offset = match since {
            Some(since) => log.offset_at(partition, since)?,
            // A partition that is shorter has nothing to show.
            None => from.min(tail),
        };
        Ok(Position { partition, offset })
    };
    let from: Result<Vec<_>, ReadError> = (0..).zip(tails).map(at).collect();
    log.reader(&from?)
}

/// A bar on standard error, where that is a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:10} {wide_bar} {human_pos}/{human_len}") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_message(match progress.phase {
        Phase::Resuming => "looking",
        Phase::Copying => "copying",
        Phase::Verifying => "comparing",
    });
    bar.set_length(progress.of);
    bar.set_position(progress.records);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_unless_it_says_kafka() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        assert_eq!(place("kafka"), Place::Topic(None));
        assert_eq!(place("kafka:new"), Place::Topic(Some("new".to_owned())));
        for dir in ["data", "./kafka", "kafka-data", "/var/lib/aftercall"] {
            assert_eq!(place(dir), Place::Directory(PathBuf::from(dir)));
        }
    }
}
