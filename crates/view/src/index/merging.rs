//! Which segments are merged: as tantivy thinks best, as far as the disk has room.
//!
//! Commits go on while segments are merged. One that deletes or replaces all documents that a small
//! segment still has takes that segment away from under its merge. tantivy then throws away what the
//! merge made, and warns ("couldn't find segment in SegmentManager"). That harms nothing: the segments
//! that it would have replaced stay, with all deletions, and a later commit begins another merge of them.

use std::path::PathBuf;

use tantivy::SegmentMeta;
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy};

use crate::room;

/// Begins no merge that the disk has no room for. Half of one would only fill the disk, for the log too,
/// and be begun again with the next commit.
#[derive(Debug)]
pub(super) struct Roomy {
    best: LogMergePolicy,
    dir: PathBuf,
    /// What must be left, in bytes: what the writer has in memory becomes a segment beside the merges.
    spared_bytes: u64,
}

impl Roomy {
    pub(super) fn new(dir: PathBuf, spared_bytes: u64) -> Self {
        Self {
            best: LogMergePolicy::default(),
            dir,
            spared_bytes,
        }
    }

    /// The size of a segment's files: they have its id for their name.
    fn bytes(&self, segment: &SegmentMeta) -> u64 {
        let id = segment.id().uuid_string();
        let files = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let of_it = files.filter(|file| file.file_name().to_string_lossy().starts_with(&id));
        of_it
            .filter_map(|file| file.metadata().ok())
            .map(|file| file.len())
            .sum()
    }
}

impl MergePolicy for Roomy {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        let mut candidates = self.best.compute_merge_candidates(segments);
        let mut taken = self.spared_bytes;
        candidates.retain(|MergeCandidate(merged)| {
            let merged = segments
                .iter()
                .filter(|segment| merged.contains(&segment.id()));
            let with_it = taken + merged.map(|segment| self.bytes(segment)).sum::<u64>();
            let fits = room::has(&self.dir, with_it);
            if fits {
                taken = with_it;
            }
            fits
        });
        candidates
    }
}
