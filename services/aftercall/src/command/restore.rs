//! `restore`: puts a backup in the place of a log. Needs no server.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use aftercall_log::backup::Restoring;

use super::CommandError;
use super::backup::unpack;
use crate::config::StorageConfig;
use crate::output::Output;

/// From where to where.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The backup: a directory, a tar archive, or "-" for an archive on standard input
    #[arg(value_name = "BACKUP")]
    from: PathBuf,
    /// The data directory of the server that is to go on with it; it has no log yet
    #[arg(
        long,
        value_name = "DIR",
        default_value = "data",
        env = "AFTERCALL_STORAGE__DIR"
    )]
    data: PathBuf,
    /// Gives the log another identity: a copy to try things with, whose positions are not taken for
    /// those of the log that it was copied from. Without it, `log take-over` has it take the other's
    /// place; until then it tells nobody anything
    #[arg(long)]
    copy: bool,
}

/// Restores a log.
///
/// # Errors
/// When there is a log already, or the backup is not whole. Nothing is put in place then.
pub fn restore(args: &RestoreArgs, output: &mut Output) -> Result<(), CommandError> {
    let failed = |error| CommandError::Log(Box::new(error));
    let storage = StorageConfig {
        dir: args.data.clone(),
    };
    let restoring = Restoring::begin(storage.log()).map_err(failed)?;
    if args.from.is_dir() {
        restoring.directory(&args.from).map_err(failed)?;
    } else if args.from == Path::new("-") {
        unpack(&restoring, io::stdin().lock())?;
    } else {
        let file = File::open(&args.from).map_err(|source| CommandError::File {
            path: args.from.display().to_string(),
            source,
        })?;
        unpack(&restoring, io::BufReader::new(file))?;
    }
    let restored = restoring.finish(args.copy).map_err(failed)?;
    let (log, records) = (restored.log, restored.records);
    if output.json() {
        let line = serde_json::json!({
            "log": log.to_string(),
            "records": records,
            "mute": !args.copy,
        });
        return Ok(output.line(&line.to_string())?);
    }
    let place = storage.log();
    output.line(&format!(
        "{} has {records} records of the log {log}",
        place.display()
    ))?;
    if !args.copy {
        let data = args.data.display();
        output.line(&format!(
            "A server on it is mute, as the one that it was saved from may go on: it records, and tells nobody anything. If \
             it takes that one's place, call `aftercall log take-over --data {data}` first"
        ))?;
    }
    Ok(())
}
