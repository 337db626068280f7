//! Power cuts under load.

use std::fs;
use std::path::Path;

use crate::crash::Trial;
use crate::mount::Mount;

const ROUNDS: usize = 12;
const DISK_BYTES: u64 = 512 << 20;
/// What is written right before a cut, and not synced.
const CANARY: &[u8] = &[b'c'; 256 << 10];

/// Rounds in which the unsynced canary must be lost, to show that the cut is one.
const LOST_MIN: usize = ROUNDS * 3 / 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cut_needs_root() {
    let scratch = tempfile::tempdir().expect("a directory");
    let mut disk = Mount::ext4(scratch.path(), DISK_BYTES);
    let canary = disk.path().join("canary");
    let mut trial = Trial::new(&disk.path().join("data"), scratch.path());
    let mut lost = 0;
    for _ in 0..ROUNDS {
        let server = trial.start().await;
        let writers = trial.load(&server).await;
        fs::write(&canary, CANARY).expect("a file");
        disk.cut_power();
        server.kill();
        Trial::ended(writers).await;
        disk.remount();
        lost += usize::from(is_lost(&canary));
        let _ = fs::remove_file(&canary);
    }
    assert!(
        lost >= LOST_MIN,
        "only {lost} of {ROUNDS} cuts lost what was not synced"
    );
    trial.conclude().await;
}

fn is_lost(canary: &Path) -> bool {
    fs::read(canary).map_or(true, |content| content != CANARY)
}
