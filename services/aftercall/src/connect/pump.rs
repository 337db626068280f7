//! From records to events that are told, and to the next place.

use std::io::Read;
use std::time::Duration;

use aftercall_proto::model::v1::CallEvent;
use aftercall_service::Clock;
use tokio::sync::mpsc;

use super::cutter::{Cutter, Found};
use super::mapping::{Format, Memory, Passed, Raw, Taken};
use super::outbox::{Kept, Reader};
use super::place::{Place, Spot, StateDir, failed};
use super::say;
use super::sender::{BATCH_EVENTS_MAX, Sender};
use super::tail::{How, More, Tail};
use crate::command::CommandError;

/// How often a followed file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often a place is written while there is more to tell.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// Pieces of standard input that wait.
const PIECES_MAX: usize = 2;
const PIECE_BYTES: usize = 64 << 10;

/// Where records come from.
#[derive(Debug)]
pub(super) enum Feed {
    /// A file.
    Tail(Tail),
    /// What is kept of a stream.
    Outbox(Reader),
    /// A stream, of which nothing is kept.
    Stream(Stream),
}

/// Standard input.
#[derive(Debug)]
pub(super) struct Stream {
    pieces: mpsc::Receiver<std::io::Result<Vec<u8>>>,
    cutter: Cutter,
    /// The piece that was waited for.
    waiting: Option<Option<std::io::Result<Vec<u8>>>>,
}

impl Stream {
    pub(super) fn stdin(cutter: Cutter) -> Result<Self, CommandError> {
        Ok(Self {
            pieces: stdin()?,
            cutter,
            waiting: None,
        })
    }
}

/// The pieces of standard input, read by a thread: it may wait for ever, and must not keep the process.
pub(super) fn stdin() -> Result<mpsc::Receiver<std::io::Result<Vec<u8>>>, CommandError> {
    let (sender, pieces) = mpsc::channel(PIECES_MAX);
    let reading = move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            let read = input.read(&mut piece).map(|read| {
                piece.truncate(read);
                piece
            });
            let is_last = !read.as_ref().is_ok_and(|piece| !piece.is_empty());
            if sender.blocking_send(read).is_err() || is_last {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("connect-reader".to_owned())
        .spawn(reading)?;
    Ok(pieces)
}

/// Standard input can't be read.
pub(super) fn unreadable(error: std::io::Error) -> CommandError {
    failed(std::path::Path::new("standard input"))(error)
}

/// What was read at a time.
#[derive(Debug, Default)]
struct Records {
    found: Vec<Found>,
    kept: Vec<Kept>,
}

/// Tells what records mean.
#[derive(Debug)]
pub(super) struct Pump<'a> {
    pub(super) format: &'a Format,
    pub(super) source: &'a str,
    pub(super) memory: Memory,
    pub(super) feed: Feed,
    pub(super) sender: Sender<'a>,
    pub(super) state: Option<&'a StateDir>,
    pub(super) clock: &'a dyn Clock,
    pub(super) passed: Passed,
    pub(super) records: u64,
    /// When a place was written last, by the monotonic clock.
    pub(super) saved_at: Option<Duration>,
    /// Whether more was read since then.
    pub(super) has_moved: bool,
}

impl Pump<'_> {
    /// Tells all that there is, until there is no more.
    ///
    /// # Errors
    /// When the input can't be read, the server refuses to be told anything, or the place can't be written.
    pub(super) async fn run(&mut self) -> Result<(), CommandError> {
        let mut events = Vec::new();
        loop {
            let mut records = Records::default();
            let more = self.read(&mut records)?;
            self.has_moved |= more != More::NotYet;
            self.map(&records, &mut events);
            if events.len() < BATCH_EVENTS_MAX && more == More::Perhaps {
                // Whoever interrupts is heard.
                tokio::task::yield_now().await;
                continue;
            }
            let all = std::mem::take(&mut events);
            if !all.is_empty() {
                self.sender.tell(all, self.state).await?;
            }
            self.save(more != More::Perhaps)?;
            match more {
                More::Perhaps => {}
                More::Never => return Ok(()),
                More::NotYet => self.wait().await,
            }
        }
    }

    fn read(&mut self, records: &mut Records) -> Result<More, CommandError> {
        match &mut self.feed {
            Feed::Tail(tail) => {
                let more = tail.more(&mut records.found);
                let more = more.map_err(failed(tail.path()))?;
                tail.said.drain(..).for_each(|said| say(&said));
                Ok(more)
            }
            Feed::Outbox(reader) => reader.more(&mut records.kept),
            Feed::Stream(stream) => stream.more(&mut records.found),
        }
    }

    fn map(&mut self, records: &Records, events: &mut Vec<CallEvent>) {
        // Who reads a stream as it comes knows when it came.
        let came_at = matches!(self.feed, Feed::Stream(_)).then(|| self.clock.now());
        let found = records.found.iter().map(|one| match &one.bytes {
            Some(bytes) => Raw::Record(bytes, came_at),
            None => Raw::TooLong,
        });
        let kept = records.kept.iter().map(Kept::raw);
        for raw in found.chain(kept) {
            self.records += 1;
            match self.memory.take(self.format, raw, events) {
                Taken::In => {}
                Taken::Passed(why) => self.passed.count(why),
                Taken::Said(text) => say(&text),
            }
        }
    }

    /// Writes how far is told: always where there is no more for now, and else not too often.
    fn save(&mut self, always: bool) -> Result<(), CommandError> {
        let Some(state) = self.state else {
            return Ok(());
        };
        let now = self.clock.monotonic();
        let saved_at = self.saved_at;
        let is_due = saved_at.is_none_or(|saved_at| now >= saved_at + SAVE_EVERY);
        if !self.has_moved || !(always || is_due) {
            return Ok(());
        }
        (self.saved_at, self.has_moved) = (Some(now), false);
        let whose = (self.format.name(), self.source);
        let memory = &self.memory;
        let save = |spot| state.save(&Place::new(whose, spot, memory.clone()));
        match &mut self.feed {
            Feed::Tail(tail) => {
                let (file, offset) = tail.spot().map_err(failed(tail.path()))?;
                save(Spot::File { file, offset })
            }
            Feed::Outbox(reader) => match reader.renew(save)? {
                true => Ok(()),
                false => state.save(&Place::new(whose, reader.spot(), memory.clone())),
            },
            Feed::Stream(_) => Ok(()),
        }
    }

    async fn wait(&mut self) {
        match &mut self.feed {
            Feed::Tail(_) => tokio::time::sleep(LOOK_EVERY).await,
            Feed::Outbox(reader) => reader.came().await,
            Feed::Stream(stream) => stream.waiting = Some(stream.pieces.recv().await),
        }
    }
}

impl Stream {
    fn more(&mut self, found: &mut Vec<Found>) -> Result<More, CommandError> {
        let piece = match self.waiting.take() {
            Some(piece) => piece,
            None => match self.pieces.try_recv() {
                Ok(piece) => Some(piece),
                Err(mpsc::error::TryRecvError::Empty) => return Ok(More::NotYet),
                Err(mpsc::error::TryRecvError::Disconnected) => None,
            },
        };
        let piece = piece.transpose().map_err(unreadable)?.unwrap_or_default();
        if piece.is_empty() {
            self.cutter.finish(found);
            return Ok(More::Never);
        }
        self.cutter.push(&piece, found);
        Ok(More::Perhaps)
    }
}

/// Opens a file, or goes on where it was read to.
pub(super) fn tail(
    path: &std::path::Path,
    how: How,
    place: Option<&Place>,
) -> Result<Feed, CommandError> {
    let from = match place.map(|place| &place.spot) {
        None => None,
        Some(Spot::File { file, offset }) => Some((file, *offset)),
        Some(Spot::Outbox { .. }) => {
            let text = "the place is of a stream, and this is a file: give it a directory of its own with --state";
            return Err(CommandError::Usage(text.to_owned()));
        }
    };
    let opened = Tail::open(path, how, from);
    Ok(Feed::Tail(opened.map_err(failed(path))?))
}
