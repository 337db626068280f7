//! `backup`: a copy of a server's log while it runs.

mod archive;

use std::path::{Path, PathBuf};

use aftercall_client::Error;
use aftercall_log::LogId;
use aftercall_log::backup::{Held, Keeper, Part, Summary};
use aftercall_proto::operations::v1::BackupLogResponse;
use aftercall_proto::operations::v1::backup_log_response::Part as Wire;
use aftercall_view::Positions;
use tonic::Streaming;

use self::archive::Archive;
use super::{CommandError, Session};

pub(super) use self::archive::unpack;

/// Where to.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The directory that gets the backup; one from before goes on with what was recorded since
    #[arg(
        value_name = "DIR",
        required_unless_present = "tar",
        conflicts_with = "tar"
    )]
    dir: Option<PathBuf>,
    /// Writes a tar archive to standard output instead; one that is broken off can't go on
    #[arg(long)]
    tar: bool,
}

/// Copies the server's log.
///
/// # Errors
/// When the server refuses, the copy can't be written, or it does not read back.
pub async fn backup(session: &mut Session, args: &BackupArgs) -> Result<(), CommandError> {
    match &args.dir {
        Some(dir) => to_directory(session, dir).await,
        None => to_archive(session).await,
    }
}

async fn to_directory(session: &mut Session, dir: &Path) -> Result<(), CommandError> {
    let mut keeper = Keeper::open(dir).map_err(failed)?;
    let before = keeper.held().map_or(0, |held| held.next);
    let resume = keeper.held().map_or_else(String::new, position);
    let copy = session.client.backup_log(resume).await;
    let copy = copy.map_err(|error| of_another(dir, error))?;
    let mut copy = Copy::begin(copy).await?;
    while let Some(part) = copy.next().await? {
        keeper.take(part).map_err(failed)?;
    }
    let summary = keeper.finish(copy.records).map_err(failed)?;
    let Summary {
        log,
        records,
        bytes,
    } = summary;
    if session.output.json() {
        let line = serde_json::json!({
            "log": log.to_string(),
            "records": records,
            "bytes": bytes,
            "added": records - before.min(records),
        });
        return Ok(session.output.line(&line.to_string())?);
    }
    Ok(session.output.line(&format!(
        "{} holds {records} records of the log {log} ({} added now), each read once more",
        dir.display(),
        records - before.min(records)
    ))?)
}

async fn to_archive(session: &mut Session) -> Result<(), CommandError> {
    let copy = session.client.backup_log(String::new()).await?;
    let mut copy = Copy::begin(copy).await?;
    let mut archive = Archive::new(std::io::stdout());
    while let Some(part) = copy.next().await? {
        archive.take(&part)?;
    }
    archive.finish(copy.log, copy.records)
}

/// What the directory holds already, as the server names it.
fn position(held: &Held) -> String {
    Positions::from_iter([(0, held.next)]).encode(&held.identity)
}

/// A copy on its way.
struct Copy {
    parts: Streaming<BackupLogResponse>,
    log: LogId,
    records: u64,
}

impl Copy {
    async fn begin(mut parts: Streaming<BackupLogResponse>) -> Result<Self, CommandError> {
        let first = parts.message().await.map_err(Error::from)?;
        let Some(Wire::Begun(begun)) = first.and_then(|answer| answer.part) else {
            return Err(unexpected());
        };
        let log = begun.log_id[..].try_into().map_err(|_| unexpected())?;
        Ok(Self {
            parts,
            log: LogId(log),
            records: begun.records,
        })
    }

    async fn next(&mut self) -> Result<Option<Part>, CommandError> {
        let Some(answer) = self.parts.message().await.map_err(Error::from)? else {
            return Ok(None);
        };
        Ok(Some(match answer.part.ok_or_else(unexpected)? {
            Wire::Begun(_) => return Err(unexpected()),
            Wire::Epochs(bytes) => Part::Epochs(bytes),
            Wire::Frames(bytes) => Part::Frames(bytes),
            Wire::Segment(segment) => Part::Segment {
                base: segment.base,
                page: segment.page,
                from: segment.from_byte,
                bytes: segment.file_bytes,
            },
        }))
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::Log(Box::new(error))
}

fn unexpected() -> CommandError {
    CommandError::Input(
        "the server's copy of its log is of a form that is not known here".to_owned(),
    )
}

/// What is in the directory is of another log, or of what this one has lost.
fn of_another(dir: &Path, error: Error) -> CommandError {
    let reason = match &error {
        Error::Refused(refusal) => refusal.reason.as_str(),
        _ => "",
    };
    match reason {
        "POSITION_INVALID" | "POSITION_OF_ANOTHER_LIFE" => CommandError::Input(format!(
            "{} holds a backup of another log, or of what this one had before it was put back to an \
             earlier state: keep it, and name a new directory",
            dir.display()
        )),
        _ => error.into(),
    }
}
