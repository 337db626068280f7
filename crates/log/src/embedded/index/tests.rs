use proptest::prelude::*;

use super::*;

const ORIGIN: LogId = LogId([3; 16]);

fn built(times: &[i64]) -> SparseIndex {
    let mut index = SparseIndex::new(100, 4096);
    for &time in times {
        index.push(time, 100_000);
    }
    index
}

proptest! {
    #[test]
    fn an_index_reads_back_as_it_was_written(times: Vec<i64>) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("some.idx");
        let index = built(&times);
        index.save(&path, ORIGIN).expect("saved");
        prop_assert_eq!(SparseIndex::load(&path, ORIGIN, 100), Some(index));
        prop_assert_eq!(SparseIndex::load(&path, LogId([4; 16]), 100), None);
        prop_assert_eq!(SparseIndex::load(&path, ORIGIN, 101), None);
    }

    #[test]
    fn a_flipped_bit_makes_an_index_void(times: Vec<i64>, bit: prop::sample::Index) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("some.idx");
        built(&times).save(&path, ORIGIN).expect("saved");
        let mut bytes = fs::read(&path).expect("bytes");
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, bytes).expect("written");
        prop_assert_eq!(SparseIndex::load(&path, ORIGIN, 100), None);
    }

    #[test]
    fn a_search_begins_at_or_before_its_record(times in proptest::collection::vec(0..50_i64, 1..60), wanted in 0..60_i64) {
        let index = built(&times);
        for offset in 100..index.next() {
            let start = index.find(offset);
            prop_assert!(start.offset <= offset && offset - start.offset < 3);
            prop_assert_eq!(start.at, 4096 + (start.offset - 100) * 100_000);
        }
        let first = times.iter().position(|&time| time >= wanted).map(|at| at as Offset + 100);
        match (index.find_time(wanted), first) {
            (Some(start), Some(first)) => prop_assert!(start.offset <= first && first - start.offset < 3),
            (start, first) => prop_assert_eq!(start.is_some(), first.is_some()),
        }
    }
}
