//! How fast a view's store takes batches and answers: sled as views use it.
//!
//! `cargo bench -p aftercall-view --bench store [RECORDS]`. A record is two writes, as a timeline
//! has them: about 900 bytes under a customer's key, 80 bytes under a random id. Each line says
//! how long one batch kept readers out: sled lets no reader of any store in when a batch is
//! applied.

use std::time::Duration;

use aftercall_view::key::Key;
use aftercall_view::{Direction, SledEngine, Store, StoreError, Txn};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

const CUSTOMERS: u32 = 100_000;
const CACHE_BYTES: u64 = 64 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let records = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(200_000);
    for batch in [256, 1024, 4096] {
        let dir = tempfile::tempdir()?;
        let store = Store::on(Box::new(SledEngine::open(dir.path(), CACHE_BYTES)?));
        write(&store, records, batch)?;
        read(&store)?;
    }
    Ok(())
}

fn write(store: &Store, records: usize, batch: usize) -> Result<(), StoreError> {
    let mut random = StdRng::seed_from_u64(1);
    let mut body = vec![0; 900];
    random.fill(&mut body[..]);
    let mut applied = Vec::new();
    let begun_at = Instant::now();
    for first in (0..records).step_by(batch) {
        let mut txn = Txn::new(store);
        for record in first..records.min(first + batch) {
            txn.put(
                timeline(random.random_range(0..CUSTOMERS), record),
                body.clone(),
            )?;
            let id = Key::new(2)
                .text("tenant")
                .bytes(&random.random::<[u8; 16]>());
            txn.put(id, body[..80].to_vec())?;
        }
        let changes = txn.into_changes();
        let begun_at = Instant::now();
        store.apply(changes)?;
        applied.push(begun_at.elapsed());
    }
    let seconds = begun_at.elapsed().as_secs_f64();
    applied.sort_unstable();
    println!(
        "batches of {batch:4}: {:7.0} records/s, apply p50 {:?} p99 {:?}, {} MB on disk",
        records as f64 / seconds,
        percentile(&applied, 50),
        percentile(&applied, 99),
        store.disk_bytes()? / 1_000_000,
    );
    Ok(())
}

fn read(store: &Store) -> Result<(), StoreError> {
    let mut random = StdRng::seed_from_u64(2);
    let mut took = Vec::new();
    for _ in 0..20_000 {
        let prefix = Key::new(1)
            .text("tenant")
            .u32(random.random_range(0..CUSTOMERS));
        let begun_at = Instant::now();
        for entry in store.scan_prefix(prefix, Direction::Ascending).take(10) {
            entry?;
        }
        took.push(begun_at.elapsed());
    }
    took.sort_unstable();
    let (p50, p99) = (percentile(&took, 50), percentile(&took, 99));
    println!("           a timeline's first ten: p50 {p50:?} p99 {p99:?}");
    Ok(())
}

fn timeline(customer: u32, record: usize) -> Key {
    Key::new(1)
        .text("tenant")
        .u32(customer)
        .time_descending(record as i64)
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted
        .get(sorted.len() * percent / 100)
        .copied()
        .unwrap_or_default()
}
