//! What of the search index a request may see: decided by marks, before anything is scored or counted.
//!
//! All that is reckoned is reckoned of the visible solutions alone: how many there are, how long they are, and in how
//! many of them a word stands. So an answer is the same as if there were no others.

use tantivy::columnar::Column;
use tantivy::postings::Postings as _;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, DocSet, Searcher, TERMINATED, Term};

use crate::index::Fields;

/// Documents of one segment, a bit each.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(documents: DocId) -> Self {
        Self(vec![0; (documents as usize).div_ceil(64)])
    }

    fn add(&mut self, document: DocId) {
        self.0[document as usize / 64] |= 1 << (document % 64);
    }

    fn has(&self, document: DocId) -> bool {
        self.0[document as usize / 64] >> (document % 64) & 1 == 1
    }

    fn keep(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= other;
        }
    }

    fn retain(&mut self, keeps: impl Fn(DocId) -> bool) {
        let all: Vec<_> = self.iter().collect();
        for document in all.into_iter().filter(|document| !keeps(*document)) {
            self.0[document as usize / 64] &= !(1 << (document % 64));
        }
    }

    fn iter(&self) -> impl Iterator<Item = DocId> {
        let words = (0_u32..).zip(&self.0);
        words.flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

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

/// The solutions that a request may see.
pub(crate) struct Visible<'a> {
    tenant_id: &'a str,
    fields: &'a Fields,
    searcher: &'a Searcher,
    is_outside: bool,
    segments: Vec<Bits>,
    /// How many there are,
    documents: u64,
    /// and how many terms they have together.
    terms: u64,
}

impl<'a> Visible<'a> {
    /// Looks through the marks.
    pub(crate) fn of(
        searcher: &'a Searcher,
        fields: &'a Fields,
        tenant_id: &'a str,
        sight: &Sight,
    ) -> tantivy::Result<Self> {
        let mut visible = Self {
            tenant_id,
            fields,
            searcher,
            is_outside: sight.is_outside,
            segments: Vec::with_capacity(searcher.segment_readers().len()),
            documents: 0,
            terms: 0,
        };
        let alternatives: Vec<Vec<Term>> = sight
            .marks
            .iter()
            .map(|marks| {
                marks
                    .iter()
                    .map(|mark| fields.mark(tenant_id, mark))
                    .collect()
            })
            .collect();
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(fields.marks)?;
            let mut bits: Option<Bits> = None;
            for terms in &alternatives {
                let mut any = Bits::new(segment.max_doc());
                for term in terms {
                    let found = index.read_postings(term, IndexRecordOption::Basic)?;
                    let Some(mut found) = found else { continue };
                    while found.doc() != TERMINATED {
                        any.add(found.doc());
                        found.advance();
                    }
                }
                match &mut bits {
                    None => bits = Some(any),
                    Some(bits) => bits.keep(&any),
                }
            }
            let mut bits = bits.unwrap_or_default();
            for (applies, name) in [
                (sight.only_verified, Fields::VERIFY_BY),
                (sight.is_outside, Fields::OUTSIDE_UNTIL),
            ] {
                if applies {
                    let until = segment.fast_fields().i64(name)?;
                    // As of the last microsecond, too.
                    let is_until = |until: i64| until >= sight.at_us;
                    bits.retain(|document| until.first(document).is_none_or(is_until));
                }
            }
            if segment.has_deletes() {
                bits.retain(|document| !segment.is_deleted(document));
            }
            let lengths = segment.fast_fields().u64(fields.length(sight.is_outside))?;
            for document in bits.iter() {
                visible.documents += 1;
                visible.terms += lengths.first(document).unwrap_or(0);
            }
            visible.segments.push(bits);
        }
        Ok(visible)
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

    /// In how many of them a word stands. Where it stands in more than `counted_max` documents of the index, those that
    /// nobody may see included, it is taken to stand in as many of them.
    pub(crate) fn having(&self, word: &str, counted_max: u64) -> tantivy::Result<u64> {
        let term = self.fields.term(self.tenant_id, word, self.is_outside);
        let mut found = Vec::new();
        let mut most = 0;
        for (segment, bits) in self.searcher.segment_readers().iter().zip(&self.segments) {
            let index = segment.inverted_index(self.fields.terms)?;
            if let Some(info) = index.get_term_info(&term)? {
                most += u64::from(info.doc_freq);
                found.push((index, info, bits));
            }
        }
        if most > counted_max {
            return Ok(most.min(self.documents));
        }
        let mut having = 0;
        for (index, info, bits) in found {
            let mut found = index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            while found.doc() != TERMINATED {
                having += u64::from(bits.has(found.doc()));
                found.advance();
            }
        }
        Ok(having)
    }

    /// Tells where a word stands, and how often.
    pub(crate) fn each_having(
        &self,
        word: &str,
        mut told: impl FnMut(DocAddress, u32),
    ) -> tantivy::Result<()> {
        let term = self.fields.term(self.tenant_id, word, self.is_outside);
        for (at, segment) in (0..).zip(self.searcher.segment_readers()) {
            let bits = &self.segments[at as usize];
            let index = segment.inverted_index(self.fields.terms)?;
            let found = index.read_postings(&term, IndexRecordOption::WithFreqs)?;
            let Some(mut found) = found else { continue };
            while found.doc() != TERMINATED {
                if bits.has(found.doc()) {
                    told(DocAddress::new(at, found.doc()), found.term_freq());
                }
                found.advance();
            }
        }
        Ok(())
    }

    /// How many terms documents have, segment by segment.
    pub(crate) fn lengths(&self) -> tantivy::Result<Vec<Column<u64>>> {
        let segments = self.searcher.segment_readers().iter();
        let name = self.fields.length(self.is_outside);
        segments
            .map(|segment| segment.fast_fields().u64(name))
            .collect()
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = DocAddress> {
        let segments = (0..).zip(&self.segments);
        segments.flat_map(|(at, bits)| bits.iter().map(move |doc| DocAddress::new(at, doc)))
    }

    /// For how many documents a segment has room.
    pub(crate) fn segment_len(&self, segment_ord: u32) -> usize {
        self.searcher.segment_reader(segment_ord).max_doc() as usize
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_what_was_added_and_kept() {
        let (mut one, mut other) = (Bits::new(200), Bits::new(200));
        for document in [0, 1, 63, 64, 130, 199] {
            one.add(document);
        }
        for document in [1, 64, 65, 199] {
            other.add(document);
        }
        one.keep(&other);
        assert_eq!(one.iter().collect::<Vec<_>>(), [1, 64, 199]);
        one.retain(|document| document != 64);
        assert_eq!(one.iter().collect::<Vec<_>>(), [1, 199]);
        assert!(one.has(199) && !one.has(64));
    }
}
