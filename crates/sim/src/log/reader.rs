//! Reads the simulation's log, in portions that the seed decides.

use std::time::Duration;

use aftercall_log::{Entry, Offset, Position, ReadError, Reader};

use super::{Medium, unavailable};
use crate::executor::Executor;

/// The most records of a portion: few, so that many batches and cuts are tried.
const PORTION_MAX: u64 = 12;

/// A reader that never waits: who drives it has others to go on with.
#[derive(Debug)]
pub(super) struct SimReader {
    medium: Medium,
    executor: Executor,
    positions: Vec<Position>,
}

impl SimReader {
    pub(super) fn begin(
        medium: Medium,
        executor: Executor,
        from: &[Position],
    ) -> Result<Self, ReadError> {
        let tails = medium.tails();
        for at in from {
            let tail = tails.get(at.partition as usize).copied();
            let tail = tail.ok_or(ReadError::NoSuchPartition(at.partition))?;
            if at.offset > tail {
                let offset = at.offset;
                return Err(ReadError::OffsetOutOfRange { offset, tail });
            }
        }
        match from.is_empty() {
            true => Err(ReadError::NoPartitions),
            false => Ok(Self {
                medium,
                executor,
                positions: from.to_vec(),
            }),
        }
    }
}

impl Reader for SimReader {
    fn next(&mut self, records_max: usize, _: usize, _: Duration) -> Result<Vec<Entry>, ReadError> {
        let outage = self.medium.outage();
        let count = self.positions.len();
        let first = self.executor.draw(count as u64) as usize;
        let mut room = records_max.min(1 + self.executor.draw(PORTION_MAX) as usize);
        let mut entries = Vec::new();
        for step in 0..count {
            let at = &mut self.positions[(first + step) % count];
            if outage == Some(at.partition) {
                continue;
            }
            for record in self.medium.records(at.partition, at.offset, room) {
                entries.push(Entry {
                    position: *at,
                    record,
                });
                at.offset += 1 as Offset;
                room -= 1;
            }
        }
        match entries.is_empty() && outage.is_some() {
            true => Err(unavailable()),
            false => Ok(entries),
        }
    }

    fn positions(&self) -> &[Position] {
        &self.positions
    }
}
