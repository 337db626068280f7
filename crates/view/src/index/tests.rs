//! What this crate relies on in its search engine.

mod faults;

use aftercall_log::LogId;
use tantivy::TantivyDocument;
use tantivy::collector::Count;
use tantivy::query::AllQuery;
use tantivy::schema::{INDEXED, Schema};
use tantivy::tokenizer::TokenizerManager;

use super::{IndexError, IndexOptions, IndexSchema, SearchIndex};
use crate::Positions;
use faults::Fails;

/// So many segments are merged.
const SEGMENTS: u8 = 8;
const DOCUMENTS: u8 = 10;

/// A crash leaves segments that are due to be merged, one of them with deletions of the last commit.
/// The merge begins with the first commit after the index was opened again, and must not take the
/// session's first deletion for one of the last commit's.
#[test]
fn the_first_replacement_after_an_opening_is_not_lost_in_a_merge() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = open(dir.path());
    index.set_merges(false);
    write_segments(&mut index);
    replace(&mut index, SEGMENTS - 1, 0).unwrap();
    index.commit(&through(SEGMENTS)).unwrap();
    drop(index);

    let mut index = open(dir.path());
    replace(&mut index, SEGMENTS - 1, 1).unwrap();
    index.commit(&through(SEGMENTS + 1)).unwrap();
    index.writer.wait_merging_threads().unwrap();

    let index = open(dir.path());
    let searcher = index.snapshot().searcher;
    let segments = searcher.segment_readers().len();
    assert!(
        segments < SEGMENTS.into(),
        "{segments} segments, none merged"
    );
    let found = searcher.search(&AllQuery, &Count).unwrap();
    assert_eq!(found, usize::from(SEGMENTS * DOCUMENTS));
}

/// A commit replaces all documents of a segment while it is being merged with others. That merge comes to
/// nothing: no document is lost by it, and none is there twice.
#[test]
fn a_merge_of_a_segment_that_is_emptied_meanwhile_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Fails::never();
    let mut index = faults::open(dir.path(), &disk).unwrap();
    let merging = disk.merging.lock();
    write_segments(&mut index);
    for document in 0..DOCUMENTS {
        replace(&mut index, 0, document).unwrap();
    }
    index.commit(&through(SEGMENTS)).unwrap();
    drop(merging);
    index.writer.wait_merging_threads().unwrap();

    let index = open(dir.path());
    let searcher = index.snapshot().searcher;
    // None was merged; the first is gone, and one more was written.
    assert_eq!(searcher.segment_readers().len(), usize::from(SEGMENTS));
    let found = searcher.search(&AllQuery, &Count).unwrap();
    assert_eq!(found, usize::from(SEGMENTS * DOCUMENTS));
}

const LOG: LogId = LogId([7; 16]);

fn open(dir: &std::path::Path) -> SearchIndex {
    SearchIndex::open(dir, schema(), LOG, &IndexOptions::default()).unwrap()
}

fn schema() -> IndexSchema {
    let mut schema = Schema::builder();
    let key = schema.add_bytes_field("key", INDEXED);
    IndexSchema {
        version: 1,
        schema: schema.build(),
        key,
        tokenizers: TokenizerManager::default(),
    }
}

/// Commits as many segments as are merged, each with as many documents.
fn write_segments(index: &mut SearchIndex) {
    for segment in 0..SEGMENTS {
        for document in 0..DOCUMENTS {
            replace(index, segment, document).unwrap();
        }
        index.commit(&through(segment)).unwrap();
    }
}

fn replace(index: &mut SearchIndex, segment: u8, document: u8) -> Result<(), IndexError> {
    let made = Some(TantivyDocument::default());
    index.upsert(&[segment, document], made)
}

fn through(records: u8) -> Positions {
    Positions::from_iter([(0, records.into())])
}
