//! What of the search index a request may see: decided by marks, before anything is scored or counted.
//!
//! All that is reckoned is reckoned of the visible solutions alone: how many there are, how long they are, and in how
//! many of them a word stands. So an answer is the same as if there were no others.

mod bits;
mod seen;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aftercall_proto::model::v1::Solution;
use tantivy::columnar::Column;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, Searcher, TERMINATED, Term};

use crate::index::{self, Fields};
use crate::marks;
pub(crate) use bits::Bits;
pub(crate) use seen::Sights;
use seen::{Lengths, Seen};

/// Which solutions a request may see.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    /// Of the marks of each of these a solution must have one.
    pub(crate) marks: Vec<Vec<String>>,
    /// When it is asked, in microseconds.
    pub(crate) at_us: i64,
    /// Only those whose verification has not expired by then.
    pub(crate) only_verified: bool,
    /// Whoever asks is outside of the house: only what customers may read is searched in.
    pub(crate) is_outside: bool,
}

impl Sight {
    /// Whether a solution may be seen by what it says now: the index may still have it as it was.
    pub(crate) fn admits(&self, solution: &Solution) -> bool {
        let marks = marks::of(solution);
        let has_one = |of: &Vec<String>| of.iter().any(|mark| marks.contains(mark));
        let is_verified = || self.at_us <= index::verified_until(solution);
        let is_shown_outside = || self.at_us <= index::outside_until(solution);
        self.marks.iter().all(has_one)
            && (!self.only_verified || is_verified())
            && (!self.is_outside || is_shown_outside())
    }
}

/// The solutions that a request may see.
pub(crate) struct Visible<'a> {
    tenant_id: &'a str,
    fields: &'a Fields,
    searcher: &'a Searcher,
    is_outside: bool,
    /// What may be seen of each segment, how long its documents are, and what finds its terms.
    seen: Arc<[Arc<Seen>]>,
    lengths: Vec<Lengths>,
    indexes: Vec<Arc<InvertedIndexReader>>,
    having: Arc<seen::Having>,
    /// How many there are,
    documents: u64,
    /// and how many terms they have together.
    terms: u64,
}

/// Where a word stands: in which segments, and there in which documents.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<(usize, TermInfo)>);

/// Some documents of a segment in which a word stands.
pub(crate) struct Having<'v> {
    bits: &'v Bits,
    lengths: &'v [u32],
    postings: &'v BlockSegmentPostings,
}

impl Having<'_> {
    /// Those that may be seen: each with how often the word stands there, and how many terms it has.
    pub(crate) fn each(&self) -> impl Iterator<Item = (DocId, u32, u32)> {
        let all = self.postings.docs().iter().enumerate();
        let seen = all.filter(|(_, document)| self.bits.has(**document));
        seen.map(|(at, document)| {
            let length = self.lengths[*document as usize];
            (*document, self.postings.freq(at), length)
        })
    }
}

impl<'a> Visible<'a> {
    /// Looks through the marks, as far as that was not done before.
    pub(crate) fn of(
        sights: &Sights,
        (searcher, fields): (&'a Searcher, &'a Fields),
        tenant_id: &'a str,
        sight: &Sight,
    ) -> tantivy::Result<Self> {
        let (seen, lengths) = sights.of(searcher, fields, tenant_id, sight)?;
        let segments = searcher.segment_readers().iter();
        let indexes = segments.map(|segment| segment.inverted_index(fields.terms));
        Ok(Self {
            tenant_id,
            fields,
            searcher,
            is_outside: sight.is_outside,
            indexes: indexes.collect::<tantivy::Result<_>>()?,
            having: sights.having(),
            documents: seen.iter().map(|seen| seen.documents).sum(),
            terms: seen.iter().map(|seen| seen.terms).sum(),
            seen,
            lengths,
        })
    }

    /// How many solutions there are.
    pub(crate) fn documents(&self) -> u64 {
        self.documents
    }

    /// How many terms each has on average.
    pub(crate) fn terms_each(&self) -> f32 {
        self.terms.max(1) as f32 / self.documents.max(1) as f32
    }

    /// Whether whoever asks is outside of the house.
    pub(crate) fn is_outside(&self) -> bool {
        self.is_outside
    }

    pub(crate) fn tenant_id(&self) -> &str {
        self.tenant_id
    }

    /// The field of a document's key in the store.
    pub(crate) fn key(&self) -> tantivy::schema::Field {
        self.fields.key
    }

    pub(crate) fn fields(&self) -> &'a Fields {
        self.fields
    }

    pub(crate) fn searcher(&self) -> &'a Searcher {
        self.searcher
    }

    /// In how many of them a word stands, and where. Where it stands in more than `counted_max` documents of the index,
    /// those that nobody may see included, it is taken to stand in as many of them.
    pub(crate) fn having(&self, word: &str, counted_max: u64) -> tantivy::Result<(u64, Places)> {
        let term = self.fields.term(self.tenant_id, word, self.is_outside);
        let mut places = Places::default();
        let mut most = 0;
        for (segment, index) in self.indexes.iter().enumerate() {
            if let Some(info) = index.get_term_info(&term)? {
                most += u64::from(info.doc_freq);
                places.0.push((segment, info));
            }
        }
        if most > counted_max {
            return Ok((most.min(self.documents), places));
        }
        let mut having = 0;
        for (segment, info) in &places.0 {
            let key = (self.seen[*segment].number, info.postings_range.start);
            having += match self.having.get(&key) {
                Some(counted) => counted,
                None => {
                    let counted = self.count(*segment, info)?;
                    self.having.put(key, counted, seen::HAVING_BYTES);
                    counted
                }
            };
        }
        Ok((having, places))
    }

    /// In how many documents of a segment that may be seen a word stands.
    fn count(&self, segment: usize, info: &TermInfo) -> tantivy::Result<u64> {
        let bits = &self.seen[segment].bits;
        let index = &self.indexes[segment];
        let basic = IndexRecordOption::Basic;
        let mut postings = index.read_block_postings_from_terminfo(info, basic)?;
        let mut counted = 0;
        while !postings.docs().is_empty() {
            let seen = |document: &DocId| u64::from(bits.has(*document));
            counted += postings.docs().iter().map(seen).sum::<u64>();
            postings.advance();
        }
        Ok(counted)
    }

    /// Those of them that are made of a row of the store: one at most, but while it is being replaced.
    pub(crate) fn having_key(&self, key: &[u8]) -> tantivy::Result<Vec<DocAddress>> {
        let term = Term::from_field_bytes(self.fields.key, key);
        let mut having = Vec::new();
        let segments = self.searcher.segment_readers().iter();
        for (at, (segment, seen)) in (0..).zip(segments.zip(&*self.seen)) {
            let index = segment.inverted_index(self.fields.key)?;
            let found = index.read_block_postings(&term, IndexRecordOption::Basic)?;
            let Some(mut found) = found else { continue };
            while !found.docs().is_empty() {
                let documents = found.docs().iter().copied();
                let documents = documents.filter(|document| seen.bits.has(*document));
                having.extend(documents.map(|document| DocAddress::new(at, document)));
                found.advance();
            }
        }
        Ok(having)
    }

    /// Tells in which of them a word stands, some of one segment at a time, in their order.
    pub(crate) fn each_having(
        &self,
        places: &Places,
        mut told: impl FnMut(usize, Having<'_>),
    ) -> tantivy::Result<()> {
        for (segment, info) in &places.0 {
            let index = &self.indexes[*segment];
            let frequencies = IndexRecordOption::WithFreqs;
            let mut postings = index.read_block_postings_from_terminfo(info, frequencies)?;
            while !postings.docs().is_empty() {
                let having = Having {
                    bits: &self.seen[*segment].bits,
                    lengths: &self.lengths[*segment],
                    postings: &postings,
                };
                told(*segment, having);
                postings.advance();
            }
        }
        Ok(())
    }

    /// Tells in which of some documents a word stands, how often, and how many terms each has. The documents are in their
    /// order; what lies between them is passed over.
    pub(crate) fn each_among(
        &self,
        places: &Places,
        documents: &[DocAddress],
        mut told: impl FnMut(DocAddress, u32, u32),
    ) -> tantivy::Result<()> {
        for (segment, info) in &places.0 {
            let before = |ord: u32| documents.partition_point(|one| one.segment_ord < ord);
            let ord = *segment as u32;
            let mut rest = &documents[before(ord)..before(ord + 1)];
            let index = &self.indexes[*segment];
            let frequencies = IndexRecordOption::WithFreqs;
            let mut postings = index.read_block_postings_from_terminfo(info, frequencies)?;
            while let Some((first, after)) = rest.split_first() {
                let at = postings.seek(first.doc_id);
                let document = postings.doc(at);
                if document == TERMINATED {
                    break;
                }
                if document == first.doc_id {
                    let length = self.lengths[*segment][document as usize];
                    told(*first, postings.freq(at), length);
                    rest = after;
                } else {
                    rest = &rest[rest.partition_point(|one| one.doc_id < document)..];
                }
            }
        }
        Ok(())
    }

    /// How many segments there are.
    pub(crate) fn segments(&self) -> usize {
        self.seen.len()
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = DocAddress> {
        let segments = (0..).zip(&*self.seen);
        segments.flat_map(|(at, seen)| seen.bits.iter().map(move |doc| DocAddress::new(at, doc)))
    }

    /// For how many documents a segment has room.
    pub(crate) fn room(&self, segment: usize) -> DocId {
        self.searcher.segment_readers()[segment].max_doc()
    }

    /// When documents were published, segment by segment.
    pub(crate) fn published(&self) -> tantivy::Result<Vec<Column<i64>>> {
        let segments = self.searcher.segment_readers().iter();
        segments
            .map(|segment| segment.fast_fields().i64(Fields::PUBLISHED))
            .collect()
    }

    /// How many of some documents have each mark: without the tenant that stands before it.
    pub(crate) fn count_marks(
        &self,
        documents: impl IntoIterator<Item = DocAddress>,
    ) -> tantivy::Result<Vec<(String, u64)>> {
        let segments = self.searcher.segment_readers();
        let columns = segments
            .iter()
            .map(|segment| segment.fast_fields().str(Fields::MARKS));
        let columns: Vec<_> = columns.collect::<tantivy::Result<_>>()?;
        let sizes = columns
            .iter()
            .map(|column| column.as_ref().map_or(0, |it| it.num_terms()));
        let mut counts: Vec<Vec<u64>> = sizes.map(|size| vec![0; size]).collect();
        for DocAddress {
            segment_ord,
            doc_id,
        } in documents
        {
            let Some(column) = &columns[segment_ord as usize] else {
                continue;
            };
            for ord in column.term_ords(doc_id) {
                counts[segment_ord as usize][ord as usize] += 1;
            }
        }
        let mut sums = std::collections::BTreeMap::new();
        for (column, counts) in columns.iter().zip(&counts) {
            let Some(column) = column else { continue };
            for (ord, count) in (0..).zip(counts).filter(|(_, count)| **count > 0) {
                let mut term = String::new();
                column.ord_to_str(ord, &mut term)?;
                if let Some(mark) = Fields::unowned(self.tenant_id, &term) {
                    *sums.entry(mark.to_owned()).or_default() += count;
                }
            }
        }
        Ok(sums.into_iter().collect())
    }
}
