//! `import`: many contacts from JSON Lines, fast, and harmless to repeat or to interrupt.
//!
//! ```text
//! files ─► records ─► chunks ─► parse (several threads) ─► by customer ─► lanes ─► server
//!                  bounded    bounded, in order                        bounded  (a stream each)
//! ```
//!
//! * Nothing is written twice: a row without an id gets one from its content, and the batch's name
//!   doesn't depend on the file, so that the same rows from another file are the same records.
//! * Rows of one customer go out in the order of the file, on one stream.
//! * Every stage waits for the next one, so a slow server slows down the reading.

mod lane;
mod progress;
mod report;
mod row;
mod source;

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use aftercall_service::Clock;
use futures::{Stream, StreamExt};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::command::{CommandError, ServerArgs};
use crate::output::{Output, Style};

pub use crate::json::Problem;
pub use report::Counts;
pub(crate) use row::name;
pub use row::parse_line;
pub(crate) use row::too_long;

use lane::Lane;
use progress::{Progress, grouped, rate};
use report::Tally;
use row::{Parsed, Row, parse};
use source::Piece;

/// Chunks and batches of rows that wait between two stages.
const WAITING_MAX: usize = 2;
/// How long what is in flight has to be answered after an interruption.
const GRACE: Duration = Duration::from_secs(10);

/// What to import, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct ImportArgs {
    /// Files of JSON Lines, gzip or not; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Names the import in the records. It is part of what a record says: under another name the
    /// same rows are refused with REQUEST_ID_REUSED. Rows that name their own keep it
    #[arg(long, value_name = "NAME", default_value = "import")]
    pub batch: String,
    /// How many streams to the server
    #[arg(long, value_name = "N", default_value_t = 4)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=64))]
    pub parallel: u8,
    /// Writes every row that failed here, as JSON, one a line: file, line, reason, message,
    /// violations
    #[arg(long, value_name = "FILE")]
    pub errors: Option<String>,
}

/// What an import did.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// How many rows came to which end.
    #[serde(flatten)]
    pub counts: Counts,
    /// How long it took.
    pub seconds: f64,
    /// Whether it ended before all rows were read and answered.
    pub interrupted: bool,
}

/// Imports, says how far it is, and prints the summary.
///
/// # Errors
/// [`CommandError::Reported`] when not all rows were imported, and their errors or the interruption
/// have been said; other errors where nothing could begin.
pub async fn import(
    args: &ImportArgs,
    server: &ServerArgs,
    output: &mut Output,
    clock: &dyn Clock,
) -> Result<(), CommandError> {
    let stop = CancellationToken::new();
    let progress = Progress::new(std::io::stderr().is_terminal());
    let tally = Arc::new(Tally::new(args.errors.as_deref(), progress.show())?);
    let started = clock.monotonic();
    let bytes_total = source::bytes_total(&args.files);
    let ended = tokio::select! {
        ended = run(args, server, &tally, &stop) => ended,
        () = progress.run(&tally, bytes_total) => Ok(()),
        () = interrupt(&stop) => Err(CommandError::Reported),
    };
    progress.finish();
    let kept = tally.finish();
    let counts = tally.counts();
    let failed_early = ended.is_err() && counts == Counts::default();
    let interrupted = stop.is_cancelled() || ended.is_err() || counts.open() > 0;
    let summary = Summary {
        counts,
        seconds: (clock.monotonic() - started).as_secs_f64(),
        interrupted,
    };
    if !failed_early {
        print(&summary, output)?;
        output.flush()?;
    }
    ended.and(kept)?;
    let failed = counts.failed > 0 || counts.files_failed > 0;
    match interrupted || failed {
        true => Err(CommandError::Reported),
        false => Ok(()),
    }
}

/// Runs the stages until all rows have their answer, or until `stop`.
async fn run(
    args: &ImportArgs,
    server: &ServerArgs,
    tally: &Arc<Tally>,
    stop: &CancellationToken,
) -> Result<(), CommandError> {
    let mut lanes = JoinSet::new();
    let mut senders = Vec::new();
    for _ in 0..args.parallel {
        let (sender, rows) = mpsc::channel(WAITING_MAX);
        let client = server.connect().await?;
        let lane = Lane {
            client,
            rows,
            tally: Arc::clone(tally),
            stop: stop.clone(),
        };
        lanes.spawn(lane.run());
        senders.push(sender);
    }
    let batches = batches(args, tally)?;
    let distributed = distribute(batches, senders, tally, stop);
    // A lane that gives up ends the import; the others' rows in flight are left to a later run.
    let answered = async {
        while let Some(lane) = lanes.join_next().await {
            match lane {
                Ok(ended) => ended?,
                Err(panic) => return Err(CommandError::Input(format!("a stream failed: {panic}"))),
            }
        }
        Ok(())
    };
    tokio::pin!(answered);
    tokio::select! {
        ended = &mut answered => ended,
        () = distributed => answered.await,
    }
}

/// The inputs' rows, parsed by several threads, in their order.
fn batches(
    args: &ImportArgs,
    tally: &Arc<Tally>,
) -> Result<impl Stream<Item = Parsed> + use<>, CommandError> {
    let (sender, pieces) = mpsc::channel::<Piece>(WAITING_MAX);
    let (files, reading) = (args.files.clone(), Arc::clone(tally));
    // Not a task: it may wait for standard input for ever, and must not keep the process.
    std::thread::Builder::new()
        .name("import-reader".to_owned())
        .spawn(move || source::read(&files, &reading, &sender))?;
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let batch: Arc<str> = args.batch.as_str().into();
    let parsed = ReceiverStream::new(pieces).map(move |piece| {
        let batch = Arc::clone(&batch);
        tokio::task::spawn_blocking(move || parse(&piece, &batch))
    });
    let parsed = parsed.buffered(threads + 1);
    // Parsing doesn't panic, and is not cancelled while the import runs.
    Ok(parsed.filter_map(|parsed| std::future::ready(parsed.ok())))
}

/// Gives each lane its customers' rows, until the inputs end, nobody takes them, or `stop`.
async fn distribute(
    batches: impl Stream<Item = Parsed>,
    lanes: Vec<mpsc::Sender<Vec<Row>>>,
    tally: &Tally,
    stop: &CancellationToken,
) {
    let mut batches = std::pin::pin!(batches);
    loop {
        let parsed = tokio::select! {
            parsed = batches.next() => parsed,
            () = stop.cancelled() => return,
        };
        let Some(Parsed {
            rows,
            errors,
            other_bytes,
        }) = parsed
        else {
            return;
        };
        let bytes = rows.iter().map(|row| row.line_bytes).sum::<u64>() + other_bytes;
        tally.read((rows.len() + errors.len()) as u64, bytes);
        tally.settled(other_bytes);
        errors.iter().for_each(|error| tally.failed(error));
        let mut shares: Vec<Vec<Row>> = lanes.iter().map(|_| Vec::new()).collect();
        for row in rows {
            let lane = row.lane(lanes.len());
            shares[lane].push(row);
        }
        for (lane, share) in lanes.iter().zip(shares) {
            if !share.is_empty() && lane.send(share).await.is_err() {
                return;
            }
        }
    }
}

/// Ends the import in order at the first signal, and at once after a while or at the second one.
async fn interrupt(stop: &CancellationToken) {
    signal().await;
    stop.cancel();
    eprintln!("interrupted: waiting for what is in flight; once more ends at once");
    tokio::select! {
        () = signal() => {}
        () = tokio::time::sleep(GRACE) => {}
    }
}

/// Waits until somebody interrupts or ends the process.
pub(crate) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => {
            if interrupted.is_err() {
                // No signals to be had: then nobody can interrupt, either.
                std::future::pending::<()>().await;
            }
        }
        _ = terminate => {}
    }
}

fn print(summary: &Summary, output: &mut Output) -> std::io::Result<()> {
    if output.json() {
        return output.message(summary);
    }
    let Summary {
        counts,
        seconds,
        interrupted,
    } = *summary;
    let settled = counts.read - counts.open();
    let line = format!(
        "{} rows read: {} recorded, {} recorded before, {} failed; {seconds:.1} s, {}/s",
        grouped(counts.read),
        grouped(counts.recorded),
        grouped(counts.already_recorded),
        grouped(counts.failed),
        grouped(rate(settled, seconds)),
    );
    let style = if counts.files_failed > 0 || counts.failed > 0 || interrupted {
        Style::Warn
    } else {
        Style::Good
    };
    output.line(&output.styled(style, &line))?;
    if interrupted {
        output.line("not finished: run it again, and what is recorded is passed over")?;
    }
    Ok(())
}
