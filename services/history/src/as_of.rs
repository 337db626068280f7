//! As of when something is asked: how things are, or what was known at a moment of the past.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::violation::Reason;
use aftercall_log::{Log, LogIdentity, Position, ReadError};
use aftercall_proto::convert::time;
use aftercall_proto::history::v1::{AsOf, as_of};
use aftercall_service::{Checker, Including, Paging, Through, Unread};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use tokio::time::Instant;

use crate::History;
use crate::failure::Unanswered;
use crate::known::Known;

/// How long a log may take to give a record that it has.
const READ_WAIT: Duration = Duration::from_secs(2);

/// As of when a request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// As it is.
    Now,
    /// What was recorded until then.
    Time(Timestamp),
    /// What a position includes.
    Position(String),
}

impl Asked {
    /// What tells it from any other, for page tokens.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        match self {
            Self::Now => Vec::new(),
            Self::Time(at) => [b"time ", &time::microseconds(*at).to_be_bytes()[..]].concat(),
            Self::Position(position) => [b"position ", position.as_bytes()].concat(),
        }
    }

    /// Checks what was asked for at `now`.
    pub(crate) fn check(asked: Option<&AsOf>, now: Timestamp, checker: &mut Checker) -> Self {
        let Some(asked) = asked else {
            return Self::Now;
        };
        match &asked.moment {
            None => {
                let text = "names no moment; give a time or a position, or leave as_of out";
                checker.add("as_of", Reason::Required, text);
                Self::Now
            }
            Some(as_of::Moment::Position(position)) => {
                checker.required_text("as_of.position", position, usize::MAX);
                Self::Position(position.clone())
            }
            Some(as_of::Moment::Time(at)) => {
                let Some(at) = checker.time("as_of.time", Some(at)) else {
                    return Self::Now;
                };
                if at > now {
                    let text =
                        "lies in the future; give a time that has passed, or leave as_of out";
                    checker.add("as_of.time", Reason::OutOfRange, text);
                }
                Self::Time(at)
            }
        }
    }
}

/// What an answer is complete through, and as of when it is.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// The position that it is complete through.
    pub(crate) through: Positions,
    /// The time that it is for: what is overdue then, and what was of late.
    pub(crate) now: Timestamp,
    /// The time that it is complete through, where it is known: of what is read from here on.
    pub(crate) through_at: Option<Timestamp>,
    is_past: bool,
}

impl Moment {
    /// As of the position `through`, of which `at` is the time.
    pub(crate) fn past(through: Positions, at: Timestamp) -> Self {
        Self {
            through,
            now: at,
            through_at: Some(at),
            is_past: true,
        }
    }

    /// What is known then.
    pub(crate) fn known(&self, store: &Store) -> Known {
        match self.is_past {
            true => Known::as_of(store, self.through.clone()),
            false => Known::now(store),
        }
    }

    /// Whether it is as of the past.
    pub(crate) fn is_past(&self) -> bool {
        self.is_past
    }

    /// The position and the time as they are answered.
    pub(crate) fn answered(&self, log: &LogIdentity) -> (String, Option<WireTimestamp>) {
        (self.through.encode(log), self.through_at.map(time::to_wire))
    }
}

impl History {
    /// Waits until the store includes what an answer must, and says as of when it is.
    pub(crate) async fn moment(
        &self,
        asked: &Asked,
        including: Including<'_>,
        until: Instant,
    ) -> Result<Moment, Unanswered> {
        let through = self.reading().store_at(including, until).await?;
        match asked {
            Asked::Now => Ok(self.present(through)),
            asked => {
                let past = self.past(asked, None, until).await?;
                let field = field(asked);
                let reading = self.reading();
                reading.store_through(field, &past.through, until).await?;
                Ok(past)
            }
        }
    }

    /// The same for a page of a list, which is complete through what the first one was.
    pub(crate) async fn moment_of_page(
        &self,
        asked: &Asked,
        (paging, including): (&Paging, Including<'_>),
        until: Instant,
    ) -> Result<Moment, Unanswered> {
        let reading = self.reading();
        let Some(first) = paging.first_through() else {
            return self.moment(asked, including, until).await;
        };
        let through = paging.reach(reading, including, until).await?;
        match asked {
            Asked::Now => Ok(self.present(through)),
            asked => self.past(asked, Some(first), until).await,
        }
    }

    /// How things are in a view that includes `through`.
    pub(crate) fn present(&self, through: Through) -> Moment {
        Moment {
            through: through.positions,
            now: self.clock().now(),
            through_at: through.at,
            is_past: false,
        }
    }

    /// The moment of the past that is asked for; of a page after the first one it is known what it includes.
    pub(crate) async fn past(
        &self,
        asked: &Asked,
        first: Option<&Positions>,
        until: Instant,
    ) -> Result<Moment, Unanswered> {
        let looked = tokio::time::timeout_at(until, self.look_back(asked, first, until));
        looked
            .await
            .unwrap_or_else(|_| Err(Unread::NotReached.into()))
    }

    async fn look_back(
        &self,
        asked: &Asked,
        first: Option<&Positions>,
        until: Instant,
    ) -> Result<Moment, Unanswered> {
        let reading = self.reading();
        let log = Arc::clone(reading.log());
        let (through, now) = match (asked, first) {
            (Asked::Now, _) => return Ok(self.present(reading.through())),
            (Asked::Time(time), Some(first)) => (first.clone(), *time),
            (Asked::Time(time), None) => {
                let time = *time;
                let find = move |_: &Store| recorded_until(&*log, time).map_err(Unread::from);
                (reading.run(find).await?, time)
            }
            (Asked::Position(token), _) => {
                let through = reading.positions("as_of.position", token)?;
                // Of what the log does not have, nothing can be read.
                let field = "as_of.position";
                reading.store_through(field, &through, until).await?;
                let last = through.clone();
                let find = move |_: &Store| recorded_last(&*log, &last).map_err(Unread::from);
                (through, reading.run(find).await?)
            }
        };
        Ok(Moment::past(through, now))
    }
}

/// Where a request says as of when it asks.
pub(crate) const fn field(asked: &Asked) -> &'static str {
    match asked {
        Asked::Position(_) => "as_of.position",
        Asked::Time(_) | Asked::Now => "as_of.time",
    }
}

/// All that was recorded until `time`: in each partition what stands before the first record that is later. Blocks.
fn recorded_until(log: &dyn Log, time: Timestamp) -> Result<Positions, ReadError> {
    let after_us = time::microseconds(time).saturating_add(1);
    let ends = (0..log.partitions()).map(|partition| {
        let end = log.offset_at(partition, after_us)?;
        Ok((partition, end))
    });
    ends.collect()
}

/// When the latest was recorded of what `through` includes last in each partition. Blocks.
fn recorded_last(log: &dyn Log, through: &Positions) -> Result<Timestamp, ReadError> {
    let mut latest_us = 0;
    for (partition, next) in through.iter() {
        let Some(offset) = next.checked_sub(1) else {
            continue;
        };
        let mut reader = log.reader(&[Position { partition, offset }])?;
        let read = reader.next(1, 1, READ_WAIT)?;
        let at_us = read.first().map_or(0, |entry| entry.record.recorded_at_us);
        latest_us = latest_us.max(at_us);
    }
    Ok(Timestamp::from_microsecond(latest_us).unwrap_or(Timestamp::UNIX_EPOCH))
}
