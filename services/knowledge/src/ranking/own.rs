//! What ranking needs of solutions' own words, kept from one request to the next: who types on is given much the same
//! solutions again, and to read one of the index means to unpack its neighbours with it.

use std::collections::HashMap;
use std::sync::Arc;

use aftercall_retrieval::Profile;
use parking_lot::Mutex;
use tantivy::index::SegmentId;
use tantivy::schema::{Field, Value};
use tantivy::{DocAddress, DocId, Searcher, SegmentReader, TantivyDocument};

use crate::failure::Error;
use crate::index::Fields;
use crate::keys;
use crate::limits::OWN_KEPT_BYTES;
use crate::recent::Recent;
use crate::visible::Visible;

/// What keeping one takes beside what it says, in bytes.
const KEEPING_BYTES: usize = 160;

/// How many documents are read ahead at a time.
const AHEAD_AT_A_TIME: u32 = 1_000;

/// What ranking needs of a solution.
#[derive(Debug)]
pub(super) struct Own {
    tenant_id: String,
    pub(super) solution_id: String,
    pub(super) profile: Profile,
}

/// What was read of late. A document never changes: a solution that does gets another one.
#[derive(Debug)]
pub(super) struct Owns {
    kept: Recent<Place, Arc<Own>>,
    /// How far each segment of the index was read ahead.
    ahead: Mutex<HashMap<SegmentId, DocId>>,
}

/// A document's segment, its place there, and whether of what it says only that is looked at which may be read outside
/// of the house.
type Place = (SegmentId, DocId, bool);

impl Default for Owns {
    fn default() -> Self {
        Self {
            kept: Recent::of(OWN_KEPT_BYTES),
            ahead: Mutex::default(),
        }
    }
}

impl Owns {
    /// What ranking needs of a document; none if there is nothing that can be read.
    pub(super) fn read(
        &self,
        visible: &Visible<'_>,
        address: DocAddress,
    ) -> Result<Option<Arc<Own>>, Error> {
        let segment = visible.searcher().segment_reader(address.segment_ord);
        let place = (segment.segment_id(), address.doc_id, visible.is_outside());
        let own = match self.kept.get(&place) {
            Some(own) => own,
            None => {
                let Some(own) = Own::read(visible, address)?.map(Arc::new) else {
                    return Ok(None);
                };
                self.kept.put(place, Arc::clone(&own), own.memory_bytes());
                own
            }
        };
        // The terms see to it already; a fault there must not show another tenant's words.
        Ok(Some(own).filter(|own| own.tenant_id == visible.tenant_id()))
    }

    /// Reads some documents before anybody asks for them, as long as there is room, and lets those go whose segment was
    /// merged with others. So the first questions after a start, or after a merge, need not wait for it. Says whether that
    /// was all.
    pub(super) fn read_ahead(&self, searcher: &Searcher, fields: &Fields) -> Result<bool, Error> {
        let segments = searcher.segment_readers();
        let mut ahead = self.ahead.lock();
        let ids: Vec<_> = segments.iter().map(SegmentReader::segment_id).collect();
        let before = ahead.len();
        ahead.retain(|segment, _| ids.contains(segment));
        if ahead.len() < before {
            self.kept.retain(|(segment, ..)| ids.contains(segment));
        }
        for segment in ids {
            ahead.entry(segment).or_default();
        }
        let unread = |segment: &&SegmentReader| ahead[&segment.segment_id()] < segment.max_doc();
        let Some(segment) = segments.iter().find(unread) else {
            return Ok(true);
        };
        if !self.kept.has_room() {
            return Ok(true);
        }
        let from = ahead[&segment.segment_id()];
        let to = from.saturating_add(AHEAD_AT_A_TIME).min(segment.max_doc());
        self.read_part(segment, from..to, fields)?;
        ahead.insert(segment.segment_id(), to);
        Ok(false)
    }

    /// Reads the documents of a part of a segment, as they are read within the house.
    fn read_part(
        &self,
        segment: &SegmentReader,
        part: std::ops::Range<DocId>,
        fields: &Fields,
    ) -> Result<(), Error> {
        // They stand one after the other: only the last block that was unpacked is needed again.
        let documents = segment.get_store_reader(1).map_err(Error::internal)?;
        let read = |doc_id| -> Result<Option<Own>, Error> {
            let document = documents.get::<TantivyDocument>(doc_id)?;
            Own::of(&document, (fields.key, fields.profile(false)))
        };
        for doc_id in part.filter(|doc_id| !segment.is_deleted(*doc_id)) {
            let place = (segment.segment_id(), doc_id, false);
            if self.kept.has(&place) {
                continue;
            }
            if let Some(own) = read(doc_id)?.map(Arc::new) {
                self.kept.put(place, Arc::clone(&own), own.memory_bytes());
            }
        }
        Ok(())
    }
}

impl Own {
    fn read(visible: &Visible<'_>, address: DocAddress) -> Result<Option<Self>, Error> {
        let document: TantivyDocument = visible.searcher().doc(address)?;
        let profile = visible.fields().profile(visible.is_outside());
        Self::of(&document, (visible.key(), profile))
    }

    fn of(
        document: &TantivyDocument,
        (key, profile): (Field, Field),
    ) -> Result<Option<Self>, Error> {
        let bytes = |field| document.get_first(field).and_then(|value| value.as_bytes());
        let (Some(key), Some(profile)) = (bytes(key), bytes(profile)) else {
            return Ok(None);
        };
        let (tenant_id, solution_id) = keys::read_solution(key).map_err(Error::internal)?;
        Ok(Profile::from_bytes(profile).map(|profile| Self {
            tenant_id,
            solution_id,
            profile,
        }))
    }

    /// About how much memory it takes, in bytes.
    fn memory_bytes(&self) -> usize {
        let ids = size_of::<Self>() + self.tenant_id.len() + self.solution_id.len();
        KEEPING_BYTES + ids + self.profile.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use aftercall_proto::model::v1::Solution;
    use aftercall_view::Indexer;
    use tantivy::indexer::NoMergePolicy;
    use tantivy::{Index, IndexWriter};

    use super::*;
    use crate::words;

    /// As much as the writer takes at least, in bytes.
    const WRITER_BYTES: usize = 15_000_000;
    const SEGMENTS: usize = 3;

    fn document(fields: &Fields, number: usize) -> TantivyDocument {
        let solution = Solution {
            title: format!("lamp {number}"),
            ..Solution::default()
        };
        let mut document = TantivyDocument::default();
        let key = keys::solution("acme", &format!("solution-{number}"));
        document.add_bytes(fields.key, &key);
        let profile = words::document(&solution).profile().to_bytes();
        document.add_bytes(fields.profile(false), &profile);
        document
    }

    fn read_all(owns: &Owns, index: &Index, fields: &Fields) -> Vec<SegmentId> {
        let searcher = index.reader().unwrap().searcher();
        while !owns.read_ahead(&searcher, fields).unwrap() {}
        for (segment_ord, segment) in (0..).zip(searcher.segment_readers()) {
            for doc_id in segment.doc_ids_alive() {
                let place = (segment.segment_id(), doc_id, false);
                let own = owns.kept.get(&place).unwrap();
                let read: TantivyDocument = searcher
                    .doc(DocAddress {
                        segment_ord,
                        doc_id,
                    })
                    .unwrap();
                let fields = (fields.key, fields.profile(false));
                assert_eq!(
                    own.solution_id,
                    Own::of(&read, fields).unwrap().unwrap().solution_id
                );
            }
        }
        let segments = searcher.segment_readers().iter();
        segments.map(SegmentReader::segment_id).collect()
    }

    #[test]
    fn all_is_read_ahead_and_what_was_merged_is_let_go() {
        let fields = Fields::new();
        let schema = Indexer::<aftercall_ledger::Happening>::schema(&fields).schema;
        let index = Index::create_in_ram(schema);
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let each = AHEAD_AT_A_TIME as usize + 1;
        for number in 0..SEGMENTS * each {
            writer.add_document(document(&fields, number)).unwrap();
            if number % each == each - 1 {
                writer.commit().unwrap();
            }
        }
        let owns = Owns::default();
        let before = read_all(&owns, &index, &fields);
        assert_eq!(before.len(), SEGMENTS);
        writer.merge(&before).wait().unwrap();
        assert_eq!(read_all(&owns, &index, &fields).len(), 1);
        for segment in before {
            assert!(!owns.kept.has(&(segment, 0, false)));
        }
    }
}
