//! Copies a log into another, whatever their engines: the way to a larger or a smaller one.
//!
//! Every record of a source partition that belongs into one target partition keeps its place among
//! its like: both sides have each such *pair* in the same order. So a copy that was broken off goes
//! on by itself: the target says how many of each pair it has, and a digest shows that they are the
//! same ones; the rest is appended. At the end, all pairs of both sides are compared.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::{AppendError, Entry, Log, Offset, Partition, Position, ReadError, Record};

/// How many records are read and appended at a time.
const BATCH_RECORDS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// How long one reading waits. The last offsets below a tail may have no record, so it ends without.
const READ_WAIT: Duration = Duration::from_millis(100);

/// How long a log may bring nothing although there is more.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading what the target has already.
    Resuming,
    /// Reading the source, and appending what the target lacks.
    Copying,
    /// Reading the target, to compare.
    Verifying,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How many records this phase has dealt with.
    pub records: u64,
    /// About how many it has to deal with.
    pub of: u64,
}

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// How many records both logs hold.
    pub records: u64,
    /// How many of them were there before.
    pub found: u64,
    /// BLAKE3 of all records, pair by pair: equal on both sides.
    pub digest: [u8; 32],
}

/// Why a copy ended early, or is not one.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A log can't be read.
    #[error("the {0} can't be read")]
    Read(Side, #[source] ReadError),
    /// A log brought nothing for a long time.
    #[error("the {0} brings no records, although it has more: run the copy again")]
    Silent(Side),
    /// The target does not take records.
    #[error("the target takes no more records; what is there is kept: run the copy again")]
    Append(#[from] AppendError),
    /// The target holds something that the source does not.
    #[error(
        "the target has records that are not the source's (partition {partition}): copy into a new \
         log"
    )]
    Differs {
        /// The target's partition.
        partition: Partition,
    },
}

/// One of the two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where records come from.
    Source,
    /// Where they go.
    Target,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// A source partition and a target partition.
type Pair = (Partition, Partition);

/// The records of a pair, in their order.
#[derive(Debug, Clone, Default)]
struct Sum {
    records: u64,
    hasher: blake3::Hasher,
}

impl Sum {
    fn add(&mut self, record: &Record) {
        self.records += 1;
        for part in [&record.key, &record.body] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
        self.hasher.update(&record.recorded_at_us.to_le_bytes());
    }

    fn is(&self, other: &Self) -> bool {
        self.records == other.records && self.hasher.finalize() == other.hasher.finalize()
    }
}

type Sums = BTreeMap<Pair, Sum>;

/// Copies what `source` holds now into `target`, which holds nothing else, or part of it from a copy
/// before. Nobody else may append to `target` meanwhile. Blocks; `progress` is told now and then.
///
/// # Errors
/// [`CopyError`]. What was copied stays, and copying again goes on from there.
pub fn copy(
    source: &dyn Log,
    target: &dyn Log,
    mut progress: impl FnMut(Progress),
) -> Result<Copied, CopyError> {
    let pair = |record: &Record| {
        (
            source.partition_of(&record.key),
            target.partition_of(&record.key),
        )
    };
    let found = sums_of(target, Phase::Resuming, pair, &mut progress)?;
    // Before anything is written: what is there may be another log's.
    check_found(source, &found, pair)?;
    let mut append = Appending {
        target,
        waiting: None,
    };
    let mut sums = Sums::new();
    let mut seen = 0;
    for_all(source, Side::Source, |batch, of| {
        let mut lacking = Vec::new();
        seen += batch.len() as u64;
        for entry in batch {
            let pair = pair(&entry.record);
            let sum = sums.entry(pair).or_default();
            sum.add(&entry.record);
            let there = found.get(&pair).map_or(0, |found| found.records);
            if sum.records > there {
                lacking.push(entry.record);
            }
        }
        append.next(lacking)?;
        progress(Progress {
            phase: Phase::Copying,
            records: seen,
            of,
        });
        Ok(())
    })?;
    append.next(Vec::new())?;
    let held = sums_of(target, Phase::Verifying, pair, &mut progress)?;
    compare(&sums, &held)?;
    Ok(Copied {
        records: seen,
        found: found.values().map(|sum| sum.records).sum(),
        digest: digest(&sums),
    })
}

/// One append is under way while the next records are read. Never two: one that fails must not be
/// overtaken.
struct Appending<'a> {
    target: &'a dyn Log,
    waiting: Option<crate::Append>,
}

impl Appending<'_> {
    fn next(&mut self, records: Vec<Record>) -> Result<(), CopyError> {
        if let Some(waiting) = self.waiting.take() {
            crate::types::wait(waiting)?;
        }
        if !records.is_empty() {
            self.waiting = Some(self.target.append(records));
        }
        Ok(())
    }
}

/// Whether what the target holds is what the source begins with, pair by pair.
fn check_found(
    source: &dyn Log,
    found: &Sums,
    pair: impl Fn(&Record) -> Pair,
) -> Result<(), CopyError> {
    if found.is_empty() {
        return Ok(());
    }
    let mut begins = Sums::new();
    for_all(source, Side::Source, |batch, _| {
        for entry in batch {
            let pair = pair(&entry.record);
            let there = found.get(&pair).map_or(0, |found| found.records);
            let sum = begins.entry(pair).or_default();
            if sum.records < there {
                sum.add(&entry.record);
            }
        }
        Ok(())
    })?;
    begins.retain(|_, sum| sum.records > 0);
    compare(&begins, found)
}

/// The sums of all that the target holds.
fn sums_of(
    target: &dyn Log,
    phase: Phase,
    pair: impl Fn(&Record) -> Pair,
    progress: &mut impl FnMut(Progress),
) -> Result<Sums, CopyError> {
    let mut sums = Sums::new();
    let mut records = 0;
    for_all(target, Side::Target, |batch, of| {
        records += batch.len() as u64;
        for entry in batch {
            let pair = pair(&entry.record);
            if pair.1 != entry.position.partition {
                let partition = entry.position.partition;
                return Err(CopyError::Differs { partition });
            }
            sums.entry(pair).or_default().add(&entry.record);
        }
        progress(Progress { phase, records, of });
        Ok(())
    })?;
    Ok(sums)
}

/// Hands over all that `log` holds now, in batches, with about how many records there are.
fn for_all(
    log: &dyn Log,
    side: Side,
    mut take: impl FnMut(Vec<Entry>, u64) -> Result<(), CopyError>,
) -> Result<(), CopyError> {
    let failed = |error| CopyError::Read(side, error);
    let tails = log.tails().map_err(failed)?;
    let of = tails.iter().sum();
    let start = |partition| Position {
        partition,
        offset: 0,
    };
    let from: Vec<_> = (0..log.partitions()).map(start).collect();
    let mut reader = log.reader(&from).map_err(failed)?;
    let below = |at: &Position| tail_of(&tails, at.partition) > at.offset;
    let mut heard_at = Instant::now();
    while reader.positions().iter().any(below) {
        let mut batch = reader
            .next(BATCH_RECORDS, BATCH_BYTES, READ_WAIT)
            .map_err(failed)?;
        if batch.is_empty() {
            if heard_at.elapsed() >= SILENCE_MAX {
                return Err(CopyError::Silent(side));
            }
            continue;
        }
        heard_at = Instant::now();
        // What came later is not part of this copy.
        batch.retain(|entry| below(&entry.position));
        take(batch, of)?;
    }
    Ok(())
}

fn tail_of(tails: &[Offset], partition: Partition) -> Offset {
    tails.get(partition as usize).copied().unwrap_or(0)
}

fn compare(source: &Sums, target: &Sums) -> Result<(), CopyError> {
    let pairs = source.keys().chain(target.keys());
    for pair in pairs {
        let same = match (source.get(pair), target.get(pair)) {
            (Some(source), Some(target)) => source.is(target),
            _ => false,
        };
        if !same {
            return Err(CopyError::Differs { partition: pair.1 });
        }
    }
    Ok(())
}

/// One digest of all pairs, in their order.
fn digest(sums: &Sums) -> [u8; 32] {
    let mut all = blake3::Hasher::new();
    for ((source, target), sum) in sums {
        all.update(&source.to_le_bytes());
        all.update(&target.to_le_bytes());
        all.update(&sum.records.to_le_bytes());
        all.update(sum.hasher.finalize().as_bytes());
    }
    *all.finalize().as_bytes()
}
