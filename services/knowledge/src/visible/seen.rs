//! What of the index's segments may be seen, kept from one request to the next.
//!
//! A segment never changes, but for documents of it that are deleted. So what was found out about it holds on, less
//! what was deleted since: how many documents may be seen, and how many terms they have together, is added up once for
//! a segment and who asks, and not for each request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::index::SegmentId;
use tantivy::schema::IndexRecordOption;
use tantivy::{Opstamp, Searcher, SegmentReader, Term};

use super::Sight;
use super::bits::Bits;
use crate::index::Fields;
use crate::limits::{HAVING_KEPT_BYTES, LENGTHS_KEPT_BYTES, SEEN_KEPT_BYTES};
use crate::recent::Recent;

/// How many terms each document of a segment has.
pub(super) type Lengths = Arc<[u32]>;

/// What requests have found out about segments.
#[derive(Debug)]
pub(crate) struct Sights {
    seen: Recent<Asker, Segments>,
    /// Of all words of a segment's documents, or of what may be read outside of the house.
    lengths: Recent<(SegmentId, bool), Lengths>,
    having: Arc<Having>,
}

/// In how many documents of what may be seen of a segment a term stands: by the number of what may be seen, and by where
/// the term's documents begin.
pub(super) type Having = Recent<(u64, usize), u64>;

/// What keeping one of these takes, in bytes.
pub(super) const HAVING_BYTES: usize = 96;

impl Default for Sights {
    fn default() -> Self {
        Self {
            seen: Recent::of(SEEN_KEPT_BYTES),
            lengths: Recent::of(LENGTHS_KEPT_BYTES),
            having: Arc::new(Recent::of(HAVING_KEPT_BYTES)),
        }
    }
}

/// Who asks, and by what they filter; not when they do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asker {
    tenant_id: String,
    marks: Vec<Vec<String>>,
    only_verified: bool,
    is_outside: bool,
}

impl Asker {
    /// About how much memory it takes, in bytes.
    fn memory_bytes(&self) -> usize {
        let marks = self.marks.iter().flatten();
        let marks = marks.map(|mark| size_of::<String>() + mark.len());
        size_of::<Self>() + self.tenant_id.len() + marks.sum::<usize>()
    }
}

/// What may be seen of a segment.
#[derive(Debug)]
pub(super) struct Seen {
    /// No other one has this number.
    pub(super) number: u64,
    segment_id: SegmentId,
    /// Which commit deleted the last of the documents that are left out.
    deleted: Option<Opstamp>,
    /// The documents.
    pub(super) bits: Bits,
    /// How many there are,
    pub(super) documents: u64,
    /// and how many terms they have together.
    pub(super) terms: u64,
    /// It holds for whoever asks after the one instant, and until the other one, in microseconds.
    after_us: i64,
    until_us: i64,
}

/// What may be seen of each segment.
pub(super) type Segments = Arc<[Arc<Seen>]>;

fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Sights {
    /// In how many documents of what may be seen terms stand.
    pub(super) fn having(&self) -> Arc<Having> {
        Arc::clone(&self.having)
    }

    /// What may be seen of each segment, and how long its documents are.
    pub(super) fn of(
        &self,
        searcher: &Searcher,
        fields: &Fields,
        tenant_id: &str,
        sight: &Sight,
    ) -> tantivy::Result<(Segments, Vec<Lengths>)> {
        let asker = Asker {
            tenant_id: tenant_id.to_owned(),
            marks: sight.marks.clone(),
            only_verified: sight.only_verified,
            is_outside: sight.is_outside,
        };
        let known = self.seen.get(&asker).unwrap_or_default();
        let segments = searcher.segment_readers();
        let lengths = segments
            .iter()
            .map(|segment| self.lengths(segment, fields, sight.is_outside));
        let lengths = lengths.collect::<tantivy::Result<Vec<Lengths>>>()?;
        let terms = terms(fields, tenant_id, sight);
        let mut seen = Vec::with_capacity(segments.len());
        for (segment, lengths) in segments.iter().zip(&lengths) {
            let before = known.iter().find(|seen| seen.is_of(segment, sight.at_us));
            let deleted = segment.delete_opstamp();
            seen.push(match before {
                Some(before) if before.deleted == deleted => Arc::clone(before),
                Some(before) if before.deleted < deleted => {
                    Arc::new(before.less_deleted(segment, lengths))
                }
                _ => Arc::new(Seen::of(segment, fields, (&terms, sight), lengths)?),
            });
        }
        // The same segments may stand in another order by now.
        let is_as_before = |(now, before): (&Arc<Seen>, &Arc<Seen>)| Arc::ptr_eq(now, before);
        if known.len() == seen.len() && seen.iter().zip(&*known).all(is_as_before) {
            return Ok((known, lengths));
        }
        let seen: Segments = seen.into();
        let each = seen.iter().map(|seen| seen.memory_bytes());
        let bytes = asker.memory_bytes() + each.sum::<usize>();
        self.seen.put(asker, Arc::clone(&seen), bytes);
        Ok((seen, lengths))
    }

    fn lengths(
        &self,
        segment: &SegmentReader,
        fields: &Fields,
        is_outside: bool,
    ) -> tantivy::Result<Lengths> {
        let key = (segment.segment_id(), is_outside);
        if let Some(lengths) = self.lengths.get(&key) {
            return Ok(lengths);
        }
        let column = segment.fast_fields().u64(fields.length(is_outside))?;
        let length = |document| {
            // No document has as many as that: see `Profile::length`.
            let length = column.first(document).unwrap_or(0);
            u32::try_from(length).unwrap_or(u32::MAX)
        };
        let lengths: Lengths = (0..segment.max_doc()).map(length).collect();
        let bytes = size_of_val(&*lengths);
        self.lengths.put(key, Arc::clone(&lengths), bytes);
        Ok(lengths)
    }
}

/// Of the terms of each of these a document must have one.
fn terms(fields: &Fields, tenant_id: &str, sight: &Sight) -> Vec<Vec<Term>> {
    let terms = |marks: &Vec<String>| {
        let marks = marks.iter();
        marks.map(|mark| fields.mark(tenant_id, mark)).collect()
    };
    sight.marks.iter().map(terms).collect()
}

impl Seen {
    /// Looks through a segment's marks.
    fn of(
        segment: &SegmentReader,
        fields: &Fields,
        (alternatives, sight): (&[Vec<Term>], &Sight),
        lengths: &[u32],
    ) -> tantivy::Result<Self> {
        let index = segment.inverted_index(fields.marks)?;
        let mut bits: Option<Bits> = None;
        for terms in alternatives {
            let mut any = Bits::new(segment.max_doc());
            for term in terms {
                let found = index.read_block_postings(term, IndexRecordOption::Basic)?;
                let Some(mut found) = found else { continue };
                while !found.docs().is_empty() {
                    found.docs().iter().for_each(|document| any.add(*document));
                    found.advance();
                }
            }
            match &mut bits {
                None => bits = Some(any),
                Some(bits) => bits.keep(&any),
            }
        }
        let mut bits = bits.unwrap_or_default();
        let (mut after_us, mut until_us) = (i64::MIN, i64::MAX);
        for (applies, name) in [
            (sight.only_verified, Fields::VERIFY_BY),
            (sight.is_outside, Fields::OUTSIDE_UNTIL),
        ] {
            if !applies {
                continue;
            }
            let until = segment.fast_fields().i64(name)?;
            bits.retain(|document| {
                let last_us = until.first(document).unwrap_or(i64::MAX);
                // As of the last microsecond, too.
                let stays = last_us >= sight.at_us;
                match stays {
                    true => until_us = until_us.min(last_us),
                    false => after_us = after_us.max(last_us),
                }
                stays
            });
        }
        let (mut documents, mut terms) = (0, 0);
        bits.retain(|document| {
            let stays = !segment.is_deleted(document);
            if stays {
                documents += 1;
                terms += u64::from(lengths[document as usize]);
            }
            stays
        });
        Ok(Self {
            number: next_number(),
            segment_id: segment.segment_id(),
            deleted: segment.delete_opstamp(),
            bits,
            documents,
            terms,
            after_us,
            until_us,
        })
    }

    /// The same, less what was deleted since.
    fn less_deleted(&self, segment: &SegmentReader, lengths: &[u32]) -> Self {
        let (mut documents, mut terms) = (self.documents, self.terms);
        let mut bits = self.bits.clone();
        bits.retain(|document| {
            let stays = !segment.is_deleted(document);
            if !stays {
                documents -= 1;
                terms -= u64::from(lengths[document as usize]);
            }
            stays
        });
        Self {
            number: next_number(),
            deleted: segment.delete_opstamp(),
            bits,
            documents,
            terms,
            ..*self
        }
    }

    /// Whether it is what is seen of a segment at an instant, apart from what is deleted of it.
    fn is_of(&self, segment: &SegmentReader, at_us: i64) -> bool {
        let holds = self.after_us < at_us && at_us <= self.until_us;
        self.segment_id == segment.segment_id() && holds
    }

    /// How much memory it takes, in bytes.
    fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.bits.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use aftercall_ledger::Happening;
    use aftercall_view::Indexer;
    use tantivy::indexer::NoMergePolicy;
    use tantivy::{Index, IndexWriter, TantivyDocument};

    use super::*;

    const TENANT: &str = "acme";
    /// As much as the writer takes at least, in bytes.
    const WRITER_BYTES: usize = 15_000_000;

    #[test]
    fn what_is_kept_of_segments_is_found_again_in_whatever_order_they_stand() {
        let fields = Fields::new();
        let index = Index::create_in_ram(Indexer::<Happening>::schema(&fields).schema);
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for documents in 1..4 {
            for _ in 0..documents {
                writer.add_document(TantivyDocument::default()).unwrap();
            }
            writer.commit().unwrap();
        }
        let searcher = index.reader().unwrap().searcher();
        let sight = Sight {
            marks: Vec::new(),
            at_us: 0,
            only_verified: true,
            is_outside: false,
        };
        let sights = Sights::default();
        let seen = || sights.of(&searcher, &fields, TENANT, &sight).unwrap().0;
        let is_in_order = |seen: &Segments| {
            let segments = searcher.segment_readers().iter();
            segments
                .map(|one| one.segment_id())
                .eq(seen.iter().map(|one| one.segment_id))
        };
        let first = seen();
        assert!(first.len() == 3 && is_in_order(&first));
        let asker = Asker {
            tenant_id: TENANT.to_owned(),
            marks: Vec::new(),
            only_verified: true,
            is_outside: false,
        };
        sights
            .seen
            .put(asker, first.iter().rev().cloned().collect(), 1);
        let again = seen();
        assert!(is_in_order(&again));
        // Nothing was looked through anew.
        assert!(
            first
                .iter()
                .zip(&*again)
                .all(|(one, other)| Arc::ptr_eq(one, other))
        );
    }
}
