//! `calls report`: call events from JSON.

use aftercall_proto::model::v1::CallEvent;
use aftercall_proto::recorder::v1::report_call_events_response::Outcome;
use aftercall_proto::recorder::v1::{BatchReportCallEventsRequest, ReportCallEventsRequest};

use super::super::{CommandError, Session, input};
use crate::json::Records;
use crate::output::{Style, clean};

/// The largest input that is taken, in MiB.
const INPUT_MIB_MAX: u64 = 64;
/// Events of one request.
const BATCH_EVENTS_MAX: usize = 500;
/// Mistakes that are said.
const SHOWN_MAX: usize = 20;

/// What to tell.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
}

/// Tells what the file holds, in its order. With a mistake in it nothing is told, and all mistakes are said.
///
/// # Errors
/// When the file isn't what it should be, the server refuses, or the output takes no more.
pub(super) async fn report(session: &mut Session, args: &ReportArgs) -> Result<(), CommandError> {
    let bytes = input::read(&args.file, INPUT_MIB_MAX, "tell it in several files")?;
    let events = parse(&args.file, &bytes)?;
    if events.is_empty() {
        let text = format!("{}: there is nothing to tell", args.file);
        return Err(CommandError::Input(text));
    }
    let (mut told, mut refused) = (0_usize, 0_usize);
    for (from, batch) in (0..)
        .step_by(BATCH_EVENTS_MAX)
        .zip(events.chunks(BATCH_EVENTS_MAX))
    {
        let requests = batch.iter().map(|event| ReportCallEventsRequest {
            correlation_id: String::new(),
            event: Some(event.clone()),
        });
        let request = BatchReportCallEventsRequest {
            requests: requests.collect(),
        };
        let answer = session.client.call(request).await?;
        if session.output.json() {
            session.output.message(&answer)?;
        }
        for (index, one) in answer.responses.iter().enumerate() {
            match &one.outcome {
                Some(Outcome::Reported(_)) => told += 1,
                Some(Outcome::Failure(failure)) => {
                    refused += 1;
                    let text = format!("! event {}: {}", from + index + 1, failure.message);
                    session.output.paragraph(0, Style::Warn, &clean(&text))?;
                }
                None => {}
            }
        }
        session.output.flush()?;
    }
    if !session.output.json() {
        session.output.line(&format!("{told} events told"))?;
    }
    match refused {
        0 => Ok(()),
        _ => Err(CommandError::Reported),
    }
}

/// All events of the input.
fn parse(file: &str, bytes: &[u8]) -> Result<Vec<CallEvent>, CommandError> {
    let unreadable = |error| CommandError::Input(format!("{file}: {error}"));
    let mut records = Records::new(bytes);
    let (mut events, mut wrong) = (Vec::new(), Vec::new());
    while let Some(chunk) = records.chunk().map_err(unreadable)? {
        for record in chunk.records() {
            let line = record.line;
            match record.bytes.map(serde_json::from_slice::<CallEvent>) {
                Some(Ok(event)) => events.push(event),
                Some(Err(error)) => wrong.push(format!("{file}, record in line {line}: {error}")),
                None => wrong.push(format!("{file}, record in line {line}: is too long")),
            }
        }
    }
    if wrong.is_empty() {
        return Ok(events);
    }
    wrong.truncate(SHOWN_MAX);
    let mut text = "nothing is told; mend this first:".to_owned();
    wrong.iter().for_each(|line| text.extend(["\n  ", line]));
    Err(CommandError::Input(text))
}
