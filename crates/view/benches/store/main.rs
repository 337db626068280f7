//! How fast stores take what a rebuild of four views writes, side by side.
//!
//! `cargo bench -p aftercall-view --bench store [RECORDS] [BATCH] [ENGINE…]`. Each engine keeps four
//! stores that are filled at once, one thread each, with the keys and values that a contact with one
//! promise leaves in the four views; then timelines are read. "none" throws everything away: the
//! difference to it is the engine's own work.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures by the machine's own clock"
)]

mod peers;
mod workload;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use aftercall_view::{Cache, Direction, Engine, EngineKind, Store, StoreError, Txn};
use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};

use workload::{Step, VIEWS};

const CACHE_BYTES: u64 = 32 << 20;
const ENGINES: &[&str] = &["none", "lsm-tree", "sled", "fjall", "redb"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = arguments.iter().filter_map(|it| it.parse::<u64>().ok());
    let records = numbers.next().unwrap_or(100_000);
    let batch = numbers.next().unwrap_or(16_384);
    let mut engines: Vec<_> = ENGINES.to_vec();
    if arguments
        .iter()
        .any(|name| ENGINES.contains(&name.as_str()))
    {
        engines.retain(|name| arguments.iter().any(|it| it == name));
    }
    println!(
        "{:10} {:>10} {:>12} {:>9} {:>9} {:>11} {:>12}",
        "engine", "records/s", "CPU µs/rec", "RSS MB", "disk MB", "reopen", "10 entries"
    );
    for name in engines {
        measure(name, records, batch)?;
    }
    Ok(())
}

fn measure(name: &str, records: u64, batch: u64) -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let stores = open_all(name, dir.path())?;
    let (began, cpu) = (Instant::now(), cpu());
    std::thread::scope(|scope| {
        let fill = |view| {
            let store = &stores[view];
            scope.spawn(move || fill(store, view, records, batch))
        };
        let threads: Vec<_> = (0..VIEWS).map(fill).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().map_err(|_| "a writer panicked")??;
            Ok::<_, Box<dyn std::error::Error>>(())
        })
    })?;
    let memory = resident_mb()?;
    stores.iter().try_for_each(Store::flush)?;
    drop(stores);
    let rate = records as f64 / began.elapsed().as_secs_f64();
    let cpu = (self::cpu() - cpu).as_secs_f64() * 1e6 / records as f64;
    let disk = disk_bytes(dir.path())? / 1_000_000;
    let began = Instant::now();
    let stores = open_all(name, dir.path())?;
    let reopened = began.elapsed();
    let read = timelines(&stores[workload::HISTORY])?;
    println!(
        "{name:10} {rate:10.0} {cpu:12.1} {memory:9} {disk:9} {:>11} {:>12}",
        format!("{reopened:.1?}"),
        format!("{read:.1?}"),
    );
    Ok(())
}

fn open_all(name: &str, dir: &Path) -> Result<Vec<Store>, StoreError> {
    let cache = Cache::of(CACHE_BYTES * VIEWS as u64);
    let open = |view: usize| -> Result<Box<dyn Engine>, StoreError> {
        let dir = dir.join(view.to_string());
        Ok(match name {
            "lsm-tree" => EngineKind::Lsm.open(&dir, &cache)?,
            "sled" => EngineKind::Sled.open(&dir, &cache)?,
            "fjall" => Box::new(peers::Fjall::open(&dir, CACHE_BYTES)),
            "redb" => Box::new(peers::Redb::open(&dir, CACHE_BYTES as usize)),
            _ => Box::new(peers::Nothing),
        })
    };
    (0..VIEWS).map(|view| Ok(Store::on(open(view)?))).collect()
}

fn fill(store: &Store, view: usize, records: u64, batch: u64) -> Result<(), StoreError> {
    let mut steps = Vec::new();
    for first in (0..records).step_by(batch as usize) {
        let mut txn = Txn::new(store);
        for record in first..records.min(first + batch) {
            workload::steps(view, record, &mut steps);
            for step in steps.drain(..) {
                match step {
                    Step::Look(key) => drop(txn.get(key)?),
                    Step::Put(key, value) => txn.put(key, value)?,
                    Step::Remove(key) => txn.delete(key)?,
                    Step::Count(key) => {
                        let count = txn.get(&key)?.map_or(0, |count| number(&count));
                        txn.put(key, (count + 1).to_be_bytes().to_vec())?;
                    }
                }
            }
        }
        store.apply(txn.into_changes())?;
    }
    Ok(())
}

fn number(bytes: &Bytes) -> u64 {
    bytes[..].try_into().map_or(0, u64::from_be_bytes)
}

/// The time of the first ten entries of a timeline.
fn timelines(store: &Store) -> Result<Duration, StoreError> {
    const READS: u32 = 10_000;
    let began = Instant::now();
    for read in 0..READS {
        let prefix = workload::timeline(u64::from(read));
        for entry in store.scan_prefix(prefix, Direction::Ascending).take(10) {
            entry?;
        }
    }
    Ok(began.elapsed() / READS)
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn resident_mb() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    Ok(kilobytes.unwrap_or_default() / 1_000)
}

fn disk_bytes(dir: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += match metadata.is_dir() {
            true => disk_bytes(&entry.path())?,
            false => metadata.blocks() * 512,
        };
    }
    Ok(bytes)
}
