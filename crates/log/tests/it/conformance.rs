//! The contract, for each engine.

use aftercall_log::conformance::Engine;
use aftercall_log::{EmbeddedLog, Log, LogId, MemoryLog, Options};
use tempfile::TempDir;

struct Memory(MemoryLog);

impl Engine for Memory {
    fn open(&self) -> Box<dyn Log> {
        Box::new(self.0.clone())
    }
}

struct Embedded {
    dir: TempDir,
    segment_bytes: u64,
}

impl Engine for Embedded {
    fn open(&self) -> Box<dyn Log> {
        let options = Options {
            segment_bytes: self.segment_bytes,
            ..Options::default()
        };
        Box::new(EmbeddedLog::open(self.dir.path(), options).unwrap())
    }
}

fn embedded(segment_bytes: u64) -> Embedded {
    Embedded {
        dir: tempfile::tempdir().unwrap(),
        segment_bytes,
    }
}

mod memory_of_one_partition {
    aftercall_log::conformance_suite!(|| super::Memory(super::MemoryLog::new(
        super::LogId([1; 16]),
        1
    )));
}

mod memory_of_many_partitions {
    aftercall_log::conformance_suite!(|| super::Memory(super::MemoryLog::new(
        super::LogId([1; 16]),
        7
    )));
}

mod embedded_in_one_segment {
    aftercall_log::conformance_suite!(|| super::embedded(64 << 20));
}

mod embedded_in_many_segments {
    aftercall_log::conformance_suite!(|| super::embedded(6_000));
}
