//! `connect`: tells the calls of a telephone system as they happen there.
//!
//! ```text
//! file ───────────────────────────► records ─► memory ─► events ─► server
//! stream ─► outbox (on disk) ─────►           (a pure fold)        acknowledged ─► place (on disk)
//! ```
//!
//! * Nothing is lost: what can't be read again is on disk before it is told, and the place goes on only when all before
//!   it is acknowledged.
//! * Nothing counts twice: an event's name follows from what happened, and whoever reads on from a place comes to the
//!   same ones.
//! * Nothing is passed over in silence: what means nothing is counted by its kind, what the server refuses is kept.

mod amazon;
mod args;
mod asterisk;
mod csv;
mod cutter;
mod facts;
mod gather;
mod mapping;
mod outbox;
mod place;
mod pump;
mod sender;
mod staff;
mod tail;

use std::io::{IsTerminal, Write};
use std::path::Path;

use aftercall_service::Clock;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::command::{CommandError, ServerArgs};
use crate::import::signal;
use crate::output::{Output, Paint, Style, clean};

pub use args::Connect;

use amazon::House;
use args::{Input, Wanted};
use asterisk::cel::Columns;
use asterisk::switch::Setup;
use cutter::Cutter;
use gather::Gatherer;
use mapping::{Format, Passed, Raw};
use outbox::{Outbox, Reader};
use place::{Place, Spot, StateDir};
use pump::{Feed, Pump, Stream};
use sender::Sender;
use tail::How;

/// Kinds of records that meant nothing, of which the summary tells.
const KINDS_SHOWN: usize = 8;

/// What was told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    records: u64,
    events: u64,
    refused: u64,
    /// Records that meant nothing, by why.
    passed: &'a Passed,
    /// Whether it ended before its input did.
    interrupted: bool,
}

/// Reads bytes as records of every format, and gives how many events they mean: whatever they are, no more than a few for
/// each byte.
pub fn read_any(bytes: &[u8]) -> usize {
    let formats = [
        Format::Manager(Setup::default()),
        Format::Cel(Setup::default(), Columns::default()),
        Format::Cdr(Setup::default(), TimeZone::UTC),
        Format::Amazon(House::default()),
    ];
    let mut events = Vec::new();
    for format in &formats {
        let (mut cutter, mut found) = (Cutter::new(format.cut(), 0), Vec::new());
        cutter.push(bytes, &mut found);
        cutter.finish(&mut found);
        let mut memory = format.beginning();
        for one in found.iter().filter_map(|one| one.bytes.as_deref()) {
            memory.take(
                format,
                Raw::Record(one, Some(Timestamp::UNIX_EPOCH)),
                &mut events,
            );
        }
    }
    events.len()
}

/// Says something to who watches.
fn say(text: &str) {
    let mut stderr = std::io::stderr();
    let paint = Paint::for_terminal(stderr.is_terminal());
    // Nobody may watch any more: that ends nothing.
    let _ = writeln!(
        stderr,
        "{} {}",
        paint.apply(Style::Dim, "connect:"),
        clean(text)
    );
}

/// Tells what a telephone system says, until its input ends, or for ever.
///
/// # Errors
/// When the input can't be read, the server refuses to be told anything, or the state can't be written.
pub async fn connect(
    command: &Connect,
    server: &ServerArgs,
    output: &mut Output,
    clock: &dyn Clock,
) -> Result<(), CommandError> {
    let Wanted {
        format,
        input,
        source,
        state,
        outbox_bytes,
    } = command.wanted()?;
    let state = state.as_deref().map(StateDir::take).transpose()?;
    let whose = (format.name(), source.as_str());
    let place = state
        .as_ref()
        .map(|state| state.place(whose))
        .transpose()?
        .flatten();
    let (feed, outbox) = open(
        &format,
        &input,
        (state.as_ref(), place.as_ref(), outbox_bytes),
    )?;
    let mut pump = Pump {
        format: &format,
        source: &source,
        memory: place.map_or_else(|| format.beginning(), |place| place.memory),
        feed,
        sender: Sender::new(server, &source),
        state: state.as_ref(),
        clock,
        passed: Passed::default(),
        records: 0,
        saved_at: None,
        has_moved: false,
    };
    let cut = format.cut();
    let gathering = async {
        match outbox {
            Some(outbox) => gather(&Gatherer { outbox, clock, cut }, &input).await,
            None => Ok(()),
        }
    };
    let ended = {
        let mut pumping = std::pin::pin!(pump.run());
        let told = async {
            tokio::select! {
                told = &mut pumping => return told.map(|()| false),
                gathered = gathering => gathered?,
            }
            pumping.await.map(|()| false)
        };
        tokio::select! {
            told = told => told,
            () = signal() => Ok(true),
        }
    };
    finish(&pump, ended, output)
}

/// Says what was told.
fn finish(
    pump: &Pump<'_>,
    ended: Result<bool, CommandError>,
    output: &mut Output,
) -> Result<(), CommandError> {
    let summary = Summary {
        records: pump.records,
        events: pump.sender.told,
        refused: pump.sender.refused,
        passed: &pump.passed,
        interrupted: *ended.as_ref().unwrap_or(&true),
    };
    if ended.is_ok() || summary.records > 0 {
        print(&summary, output)?;
        output.flush()?;
    }
    ended?;
    match summary.refused {
        0 => Ok(()),
        _ => Err(CommandError::Reported),
    }
}

/// Where records come from, and where they are kept before that.
fn open(
    format: &Format,
    input: &Input,
    (state, place, outbox_bytes): (Option<&StateDir>, Option<&Place>, u64),
) -> Result<(Feed, Option<Outbox>), CommandError> {
    if let Input::File { path, follows } = input {
        let how = How {
            cut: format.cut(),
            follows: *follows,
            is_kept: state.is_some(),
        };
        return Ok((pump::tail(Path::new(path), how, place)?, None));
    }
    let Some(state) = state else {
        let stream = Stream::stdin(Cutter::new(format.cut(), 0))?;
        return Ok((Feed::Stream(stream), None));
    };
    let (number, offset) = match place.map(|place| &place.spot) {
        None => (1, 0),
        Some(Spot::Outbox { number, offset }) => (*number, *offset),
        Some(Spot::File { .. }) => {
            let text = "the place is of a file, and this is a stream: give it a directory of its own with --state";
            return Err(CommandError::Usage(text.to_owned()));
        }
    };
    let outbox = Outbox::open(state.dir(), number, outbox_bytes)?;
    Ok((
        Feed::Outbox(Reader::new(outbox.clone(), number, offset)),
        Some(outbox),
    ))
}

async fn gather(gatherer: &Gatherer<'_>, input: &Input) -> Result<(), CommandError> {
    match input {
        Input::File { .. } => Ok(()),
        Input::Stdin => gatherer.stdin().await,
        Input::Socket(address) => gatherer.socket(address).await,
        Input::Manager(address, login) => gatherer.manager(address, login).await,
    }
}

fn print(summary: &Summary<'_>, output: &mut Output) -> std::io::Result<()> {
    if output.json() {
        return output.message(summary);
    }
    let Summary {
        records,
        events,
        refused,
        passed,
        interrupted,
    } = summary;
    let style = match refused {
        0 => Style::Good,
        _ => Style::Warn,
    };
    let line = format!("{records} records read: {events} events told, {refused} refused");
    output.line(&output.styled(style, &line))?;
    let passed = passed.by_count();
    let shown = passed.iter().take(KINDS_SHOWN);
    let shown: Vec<_> = shown
        .map(|(why, count)| format!("{count} × {}", clean(why)))
        .collect();
    if !shown.is_empty() {
        let more = match passed.len() > KINDS_SHOWN {
            true => ", …",
            false => "",
        };
        output.line(&format!(
            "of no meaning for calls: {}{more}",
            shown.join(", ")
        ))?;
    }
    if *interrupted {
        output.line("interrupted: run it again; what is told twice counts once")?;
    }
    Ok(())
}
