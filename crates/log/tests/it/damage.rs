//! Damage to what was acknowledged is refused or does no harm; what was not is cut.

use std::fs;
use std::path::{Path, PathBuf};

use aftercall_log::{Log, OpenError, Record};
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

use crate::scene::{Moment, PAGE, append, crash, cut_file, open_at, overwrite};

const SEGMENT_BYTES: u64 = 24 << 10;

/// Records of so many bytes, each different and without zeros.
fn batch(first: usize, bytes: &[usize]) -> Vec<Record> {
    let record = |(nth, bytes): (usize, &usize)| Record {
        key: format!("key-{nth}").into(),
        recorded_at_us: nth as i64,
        body: format!("{nth:*^bytes$}").into(),
    };
    (first..).zip(bytes).map(record).collect()
}

/// The sizes of the records of a few batches.
fn batches() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let bytes = prop_oneof![0..200_usize, 400..600_usize, 2_000..6_000_usize];
    prop::collection::vec(prop::collection::vec(bytes, 1..5), 1..8)
}

/// A log on which the batches were acknowledged, as it stands when its process ends.
fn written(batches: &[Vec<usize>]) -> (TempDir, Vec<Record>) {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), SEGMENT_BYTES).unwrap();
    let mut all = Vec::new();
    for bytes in batches {
        let records = batch(all.len(), bytes);
        append(&log, records.clone()).unwrap();
        all.extend(records);
    }
    let ended = Moment::of(dir.path());
    drop(log);
    ended.put_back();
    (dir, all)
}

/// The files of a log, but for its lock, and how many of their bytes hold something.
fn files(dir: &Path) -> Vec<(PathBuf, usize)> {
    let paths = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| !path.ends_with("lock"))
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            let used = bytes.iter().rposition(|&byte| byte != 0);
            (path, used.map_or(0, |at| at + 1))
        })
        .collect();
    files.sort();
    files
}

#[derive(Debug, Clone)]
enum Harm {
    Overwritten(Vec<u8>),
    Zeroed(Index),
    Flipped(u32),
    CutThere,
    Removed,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..3_000).prop_map(Harm::Overwritten),
        any::<Index>().prop_map(Harm::Zeroed),
        (0..8_u32).prop_map(Harm::Flipped),
        Just(Harm::CutThere),
        Just(Harm::Removed),
    ]
}

/// Harms what `path` holds in its first `used` bytes.
fn inflict(harm: &Harm, path: &Path, used: usize, at: Index) {
    let at = at.index(used.max(1));
    match harm {
        Harm::Overwritten(bytes) => {
            overwrite(path, at as u64, &bytes[..bytes.len().min(used - at)]);
        }
        Harm::Zeroed(until) => overwrite(path, at as u64, &vec![0; until.index(used - at) + 1]),
        Harm::Flipped(bit) => {
            let mut bytes = fs::read(path).unwrap();
            bytes[at] ^= 1 << bit;
            fs::write(path, bytes).unwrap();
        }
        Harm::CutThere => cut_file(path, at as u64),
        Harm::Removed => fs::remove_file(path).unwrap(),
    }
}

/// What a start finds: all that was acknowledged at least, unless it refuses.
fn opened(dir: &Path) -> Result<Vec<Record>, OpenError> {
    let log = open_at(dir, SEGMENT_BYTES)?;
    let tail = log.tails().unwrap()[0];
    // A sealed segment is read when it is asked for, and the damage said then.
    let from = aftercall_log::Position {
        partition: 0,
        offset: 0,
    };
    let mut found = Vec::new();
    let mut reader = match log.reader(&[from]) {
        Ok(reader) => reader,
        Err(error) => {
            return Err(OpenError::Io {
                action: "read",
                path: dir.to_owned(),
                source: std::io::Error::other(error),
            });
        }
    };
    while (found.len() as u64) < tail {
        match reader.next(1_000, 8 << 20, std::time::Duration::ZERO) {
            Ok(entries) => found.extend(entries.into_iter().map(|entry| entry.record)),
            Err(error) => {
                return Err(OpenError::Io {
                    action: "read",
                    path: dir.to_owned(),
                    source: std::io::Error::other(error),
                });
            }
        }
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn damage_to_what_was_acknowledged_is_refused_or_does_no_harm(
        batches in batches(),
        (which, at) in any::<(Index, Index)>(),
        harm in harm(),
    ) {
        let (dir, all) = written(&batches);
        let files = files(dir.path());
        let (path, used) = &files[which.index(files.len())];
        inflict(&harm, path, *used, at);
        match opened(dir.path()) {
            Ok(found) => prop_assert!(found == all, "{} of {}", found.len(), all.len()),
            Err(OpenError::Corrupt(damage)) => prop_assert!(damage.path.exists() || matches!(harm, Harm::Removed)),
            Err(OpenError::Foreign { .. } | OpenError::Io { action: "read", .. }) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn bits_that_change_are_refused_also_when_the_machine_has_failed_since(
        batches in batches(),
        at in any::<Index>(),
        bytes in prop::collection::vec(1..=255_u8, 1..40),
    ) {
        let (dir, all) = written(&batches);
        let dir = crash(dir.path());
        let (last, used) = files(dir.path()).remove(files(dir.path()).len() - 2);
        prop_assert!(last.extension().is_some_and(|is| is == "log"));
        let at = PAGE as usize + at.index((used - PAGE as usize).max(1));
        let mut damaged = fs::read(&last).unwrap();
        for (byte, with) in damaged[at..used].iter_mut().zip(bytes) {
            // No zero: that is how a place looks that was never written.
            *byte = if *byte == with { byte.wrapping_add(1).max(1) } else { with };
        }
        fs::write(&last, damaged).unwrap();
        let refused = matches!(opened(dir.path()), Err(OpenError::Corrupt(_)));
        prop_assert!(refused, "{} records", all.len());
    }

    #[test]
    fn what_was_not_acknowledged_never_keeps_a_log_closed(
        batches in batches(),
        last in prop::collection::vec(0..6_000_usize, 1..6),
        lacking in prop::collection::vec(any::<Index>(), 0..12),
        cut in any::<Option<Index>>(),
        machine_failed: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let log = open_at(dir.path(), 1 << 20).unwrap();
        let mut all = Vec::new();
        for bytes in &batches {
            let records = batch(all.len(), bytes);
            append(&log, records.clone()).unwrap();
            all.extend(records);
        }
        let acknowledged = Moment::of(dir.path());
        let begin = files(dir.path())[0].1;
        append(&log, batch(all.len(), &last)).unwrap();
        let ended = Moment::of(dir.path());
        let (path, end) = files(dir.path()).remove(0);
        drop(log);
        ended.put_back();
        acknowledged.put_back_file("durable");
        let mut bytes = fs::read(&path).unwrap();
        let sectors: Vec<_> = (begin / 512..end.div_ceil(512)).collect();
        for lacking in lacking {
            let sector = sectors[lacking.index(sectors.len())] * 512;
            bytes[sector.max(begin)..(sector + 512).min(end)].fill(0);
        }
        if let Some(cut) = cut {
            bytes.truncate(begin + cut.index(end - begin));
        }
        fs::write(&path, bytes).unwrap();
        if machine_failed {
            fs::remove_file(dir.path().join("durable")).unwrap();
        }
        let found = opened(dir.path());
        let mut whole = all.clone();
        whole.extend(batch(all.len(), &last));
        let found = found.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(found.len() >= all.len() && whole.starts_with(&found));
        // And it goes on.
        let log = open_at(dir.path(), 1 << 20).unwrap();
        append(&log, batch(found.len(), &[9])).unwrap();
        drop(log);
        prop_assert_eq!(opened(dir.path()).unwrap().len(), found.len() + 1);
    }
}

#[test]
fn whatever_follows_what_was_acknowledged_is_cut_when_only_the_process_has_ended() {
    let (dir, all) = written(&[vec![100, 700], vec![300]]);
    let (path, used) = files(dir.path()).remove(0);
    overwrite(&path, used as u64, &[7; 5_000]);
    assert_eq!(opened(dir.path()).unwrap(), all);
}

#[test]
fn a_log_whose_segments_are_gone_is_not_begun_anew() {
    let (dir, all) = written(&[vec![10, 20]]);
    let (path, _) = files(dir.path()).remove(0);
    fs::remove_file(&path).unwrap();
    let refused = opened(dir.path()).unwrap_err();
    let OpenError::Corrupt(damage) = &refused else {
        panic!("{refused}")
    };
    assert_eq!(damage.path, path);
    assert!(
        damage.detail.contains(&format!("{} records", all.len())),
        "{damage}"
    );
}
