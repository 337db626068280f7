//! `export`: contacts taken home, as files with a signed list.

mod folder;
mod verify;

use std::path::PathBuf;

use aftercall_client::Error;
use aftercall_proto::history::v1::export_interactions_response::Piece;
use aftercall_proto::history::v1::{
    ExportFormat, ExportInteractionsRequest, ExportStart, GetExportKeyRequest,
};

use self::folder::Folder;
use super::as_of::AsOfArgs;
use super::search::FilterArgs;
use super::{CommandError, Session};
use crate::output::{Output, Style, values};

/// Contacts taken home
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ExportArgs {
    #[command(subcommand)]
    command: Option<ExportCommand>,
    #[command(flatten)]
    taking: TakingArgs,
}

/// What else there is about exports.
#[derive(Debug, clap::Subcommand)]
enum ExportCommand {
    /// Checks an export: its signature, and every byte of every file; needs no server
    ///
    /// Whose key it was signed by is told: compare it with the one that the server told (`aftercall export key`), or give
    /// that one.
    Verify(VerifyArgs),
    /// Prints the key by which the server signs
    Key,
}

/// What to check.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// The directory of the export
    dir: PathBuf,
    /// The public key that must have signed it, in Base64, as `aftercall export key` prints it
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    signed_by: Option<String>,
}

/// What to take home, and where to.
#[derive(Debug, clap::Args)]
struct TakingArgs {
    /// The directory that gets the files; one from a run that was broken off goes on as it was asked for then
    #[arg(long, value_name = "DIR", required = true)]
    to: Option<PathBuf>,
    /// Words to find in reason and handling, as `aftercall search` takes them
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        hide_default_value = true
    )]
    #[arg(allow_hyphen_values = true)]
    query: String,
    /// The form of the files
    #[arg(long, value_parser = values::<ExportFormat>(), default_value = "ndjson")]
    format: i32,
    /// How many contacts a file holds, at most 1000000
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=1_000_000))]
    part_rows: i32,
    #[command(flatten)]
    as_of: AsOfArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

impl ExportArgs {
    /// Whether no server is needed.
    pub fn is_local(&self) -> bool {
        matches!(self.command, Some(ExportCommand::Verify(_)))
    }
}

/// Checks an export.
///
/// # Errors
/// When something is wrong with it; what, is said.
pub fn verify(args: &ExportArgs, output: &mut Output) -> Result<(), CommandError> {
    match &args.command {
        Some(ExportCommand::Verify(args)) => verify::verify(args, output),
        Some(ExportCommand::Key) | None => Ok(()),
    }
}

/// Takes contacts home, or says by which key that is signed.
///
/// # Errors
/// When the server refuses, the stream breaks, or a file can't be written.
pub async fn run(session: &mut Session, args: ExportArgs) -> Result<(), CommandError> {
    match args.command {
        Some(ExportCommand::Verify(args)) => verify::verify(&args, &mut session.output),
        Some(ExportCommand::Key) => key(session).await,
        None => take(session, args.taking).await,
    }
}

async fn key(session: &mut Session) -> Result<(), CommandError> {
    let key = session.client.call(GetExportKeyRequest {}).await?;
    session.tell(&key, |key, output| {
        output.line(&format!("{}  {}", key.public_key, key.key_id))
    })
}

async fn take(session: &mut Session, args: TakingArgs) -> Result<(), CommandError> {
    let dir = args.to.clone().unwrap_or_default();
    let mut folder = Folder::open(&dir)?;
    let request = match folder.resume_token() {
        Some(resume_token) => ExportInteractionsRequest {
            resume_token: resume_token.to_owned(),
            min_position: session.after.clone(),
            ..Default::default()
        },
        None => ExportInteractionsRequest {
            query: args.query,
            as_of: args.as_of.asked(session)?,
            filter: Some(args.filter.into_filter(session)?),
            format: args.format,
            part_rows: args.part_rows,
            min_position: session.after.clone(),
            latest: true,
            ..Default::default()
        },
    };
    match receive(session, request, &mut folder).await {
        Err(error) if folder.is_begun() && !error.reader_is_gone() => {
            let text = format!(
                "the export is not whole: {} files are; run the same command again, and it goes on after them",
                folder.files()
            );
            if !session.output.json() {
                let text = session.output.styled(Style::Warn, &text);
                session.output.line(&text)?;
            }
            Err(error)
        }
        outcome => outcome,
    }
}

async fn receive(
    session: &mut Session,
    request: ExportInteractionsRequest,
    folder: &mut Folder,
) -> Result<(), CommandError> {
    let mut pieces = session.client.export_interactions(request).await?;
    let output = &mut session.output;
    let mut rows = 0;
    while let Some(answer) = pieces.message().await.map_err(Error::from)? {
        match answer.piece.ok_or_else(unexpected)? {
            Piece::Start(start) => {
                rows = start.rows;
                say_start(&start, output)?;
                folder.begin(&start)?;
            }
            Piece::Bytes(bytes) => folder.write(&bytes)?,
            Piece::Part(part) => {
                if !output.json() {
                    let text = format!("{}: {} contacts", part.name, part.rows);
                    output.line(&output.styled(Style::Dim, &text))?;
                    output.flush()?;
                }
                folder.finish_part(&part)?;
            }
            Piece::Manifest(manifest) => {
                folder.finish(&manifest)?;
                if output.json() {
                    let line = serde_json::json!({"rows": rows, "files": folder.files()});
                    return Ok(output.line(&line.to_string())?);
                }
                let text = format!("{rows} contacts in {} files, signed", folder.files());
                return Ok(output.line(&text)?);
            }
        }
    }
    Err(CommandError::Input(
        "the server ended the export before it was whole".to_owned(),
    ))
}

fn say_start(start: &ExportStart, output: &mut Output) -> Result<(), CommandError> {
    if output.json() {
        return Ok(());
    }
    let at = output.times().second(start.as_of_time.as_ref());
    let text = match start.next_part {
        0 | 1 => format!("{} contacts as of {at}", start.rows),
        next => format!(
            "{} contacts as of {at}, as it was asked for when it began; going on with file {next}",
            start.rows
        ),
    };
    output.line(&text)?;
    Ok(output.flush()?)
}

fn unexpected() -> CommandError {
    CommandError::Input("the server's export is of a form that is not known here".to_owned())
}
