//! Reads contacts as they were recorded, and as their reasons and handling were amended since, from the log.

use std::collections::VecDeque;
use std::sync::Arc;

use aftercall_log::{Entry, Log, Offset, Partition, Position, ReadError, Reader};
use aftercall_proto::event::v1::{Event, EventType, InteractionAmended, InteractionRecorded};
use aftercall_proto::model::v1::Interaction;
use prost::Message;
use tokio::time::Instant;

use crate::failure::Unanswered;
use crate::fold::WordsAt;

/// Records that are read at once, about how many bytes of them, and how far ahead the next one may be for what lies between to
/// be read as well, where a place in the log costs more than that.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 512 << 10;
const AHEAD_MAX: u64 = 2_000;

/// Reads single records of the log, in about the order in which they stand there.
#[derive(Debug)]
pub(crate) struct LogReader<'l> {
    log: &'l Arc<dyn Log>,
    until: Instant,
    reader: Option<Box<dyn Reader>>,
    /// What was read and not asked for yet.
    read: VecDeque<Entry>,
    /// What comes after that.
    next: Option<Position>,
}

impl<'l> LogReader<'l> {
    /// A reader that gives up at `until`.
    pub(crate) const fn new(log: &'l Arc<dyn Log>, until: Instant) -> Self {
        Self {
            log,
            until,
            reader: None,
            read: VecDeque::new(),
            next: None,
        }
    }

    /// A contact with its words as they stand now; none where they can't be read in time, or not at all: what is encrypted has
    /// none. Blocks.
    pub(crate) fn contact(&mut self, at: WordsAt) -> Result<Option<Interaction>, Unanswered> {
        let recorded = self.event(at.partition, at.recorded)?;
        let recorded = recorded.filter(|it| it.r#type() == EventType::InteractionRecorded);
        let Some(data) = recorded.as_ref().and_then(Event::data) else {
            return Ok(None);
        };
        let recorded = InteractionRecorded::decode(data.clone())?;
        let Some(mut contact) = recorded.interaction else {
            return Ok(None);
        };
        if let Some(offset) = at.reasons {
            let amended = self.amended(at.partition, offset)?;
            contact.contact_reasons = amended.contact_reasons;
        }
        if let Some(offset) = at.handling {
            contact.handling = self.amended(at.partition, offset)?.handling;
        }
        Ok(Some(contact))
    }

    /// The new values of an amendment; nothing of one that can't be read, so that what it replaced is not told.
    fn amended(&mut self, partition: Partition, offset: Offset) -> Result<Interaction, Unanswered> {
        let event = self.event(partition, offset)?;
        let event = event.filter(|it| it.r#type() == EventType::InteractionAmended);
        let Some(data) = event.as_ref().and_then(Event::data) else {
            return Ok(Interaction::default());
        };
        let amended = InteractionAmended::decode(data.clone())?;
        Ok(amended.interaction.unwrap_or_default())
    }

    fn event(&mut self, partition: Partition, offset: Offset) -> Result<Option<Event>, Unanswered> {
        let entry = match self.entry(Position { partition, offset }) {
            // A log that does not answer ends the sample, and not the answer.
            Err(ReadError::Unavailable { .. }) => None,
            entry => entry.map_err(aftercall_service::Unread::from)?,
        };
        let event = entry.map(|entry| Event::decode(entry.record.body));
        Ok(event.transpose()?)
    }

    /// The record at a place; none if there is none, or time is up.
    fn entry(&mut self, at: Position) -> Result<Option<Entry>, ReadError> {
        if !self.reaches(at) {
            self.read.clear();
            self.reader = Some(self.log.reader(&[at])?);
            self.next = Some(at);
        }
        let (records, bytes) = match self.log.is_shared() {
            true => (BATCH, BATCH_BYTES),
            // One at a time: a place costs next to nothing there.
            false => (1, 1),
        };
        loop {
            while let Some(entry) = self.read.pop_front() {
                if entry.position.offset == at.offset {
                    return Ok(Some(entry));
                }
                if at.offset < entry.position.offset {
                    self.read.push_front(entry);
                    return Ok(None);
                }
            }
            let wait = self.until.saturating_duration_since(Instant::now());
            let Some(reader) = self.reader.as_mut().filter(|_| !wait.is_zero()) else {
                return Ok(None);
            };
            let entries = reader.next(records, bytes, wait)?;
            self.next = reader.positions().first().copied();
            if entries.is_empty() {
                return Ok(None);
            }
            self.read.extend(entries);
        }
    }

    /// Whether it is reached by going on from where the reader is.
    fn reaches(&self, at: Position) -> bool {
        let first = self.read.front().map(|entry| entry.position);
        let Some(from) = first.or(self.next) else {
            return false;
        };
        let ahead_max = match self.log.is_shared() {
            true => AHEAD_MAX,
            false => 0,
        };
        let ahead = at.offset.checked_sub(from.offset);
        from.partition == at.partition && ahead.is_some_and(|ahead| ahead <= ahead_max)
    }
}
