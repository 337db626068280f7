//! The directions of all live solutions, in memory: by what they are of, and by the documents of the search index.

use std::collections::{HashMap, HashSet};

use aftercall_retrieval::meaning::{Nearest, Scan, Vector};
use aftercall_view::index::Snapshot;
use tantivy::index::SegmentId;
use tantivy::{DocAddress, SegmentReader};

use super::sense::Sense;
use crate::index::Fields;
use crate::visible::Visible;

/// Where nothing is known.
const NOWHERE: u32 = u32::MAX;

/// How many senses a document has.
const SENSES: usize = Fields::SENSES.len();
/// What customers said stands last.
const SAID: usize = 2;

/// Directions.
#[derive(Debug)]
pub(super) struct Library {
    scan: Scan,
    places: HashMap<Sense, u32>,
    free: Vec<u32>,
    segments: HashMap<SegmentId, Segment>,
}

/// Where the directions of a segment's documents stand.
#[derive(Debug)]
struct Segment {
    /// By document, and then by sense.
    places: Vec<[u32; SENSES]>,
    /// Whether all of them are known.
    is_whole: bool,
}

/// A document that has a sense without a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unknown {
    pub(super) address: DocAddress,
    pub(super) sense: Sense,
    /// Whether it is of what customers said, rather than of the document's own words.
    pub(super) is_said: bool,
}

impl Unknown {
    /// In which order directions are reckoned: first of all documents' own words, without which they can't be compared at
    /// all; and those of a document together.
    pub(super) fn order(&self) -> (bool, u32, u32) {
        let DocAddress {
            segment_ord,
            doc_id,
        } = self.address;
        (self.is_said, segment_ord, doc_id)
    }
}

/// What is to be learnt of an index.
#[derive(Debug, Default)]
pub(super) struct Plan {
    segments: Vec<(SegmentId, Segment)>,
    /// All segments that there are.
    current: HashSet<SegmentId>,
    unknown: Vec<Unknown>,
}

impl Library {
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            scan: Scan::new(dimensions),
            places: HashMap::new(),
            free: Vec::new(),
            segments: HashMap::new(),
        }
    }

    /// How many directions are known.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the direction of a sense is known.
    pub(super) fn has(&self, sense: Sense) -> bool {
        self.places.contains_key(&sense)
    }

    /// Takes in the direction of a sense.
    pub(super) fn put(&mut self, sense: Sense, vector: &Vector) {
        if self.has(sense) {
            return;
        }
        let place = match self.free.pop() {
            Some(place) => {
                self.scan.put(place as usize, vector);
                place
            }
            None => self.scan.push(vector) as u32,
        };
        self.places.insert(sense, place);
    }

    /// What following the index to this snapshot brings.
    pub(super) fn plan(&self, snapshot: &Snapshot) -> tantivy::Result<Plan> {
        let mut plan = Plan::default();
        for (at, reader) in (0..).zip(snapshot.searcher.segment_readers()) {
            let id = reader.segment_id();
            plan.current.insert(id);
            let known = self.segments.get(&id);
            if known.is_none_or(|segment| !segment.is_whole) {
                let segment = self.segment(reader, at, &mut plan.unknown)?;
                plan.segments.push((id, segment));
            }
        }
        Ok(plan)
    }

    /// Follows the index: learns of new segments, forgets those that are gone with what only they had, and says which
    /// documents have a sense without a direction.
    pub(super) fn follow(&mut self, plan: Plan) -> Vec<Unknown> {
        self.segments.extend(plan.segments);
        let before = self.segments.len();
        self.segments.retain(|id, _| plan.current.contains(id));
        if self.segments.len() < before {
            self.sweep();
        }
        plan.unknown
    }

    fn segment(
        &self,
        reader: &SegmentReader,
        at: u32,
        unknown: &mut Vec<Unknown>,
    ) -> tantivy::Result<Segment> {
        let before = unknown.len();
        let mut places = vec![[NOWHERE; SENSES]; reader.max_doc() as usize];
        for (number, name) in Fields::SENSES.into_iter().enumerate() {
            let column = reader.fast_fields().u64(name)?;
            for doc in 0..reader.max_doc() {
                let sense = column.first(doc).unwrap_or(0);
                if sense == 0 {
                    continue;
                }
                match self.places.get(&sense) {
                    Some(place) => places[doc as usize][number] = *place,
                    None if reader.is_deleted(doc) => {}
                    None => unknown.push(Unknown {
                        address: DocAddress::new(at, doc),
                        sense,
                        is_said: number == SAID,
                    }),
                }
            }
        }
        Ok(Segment {
            places,
            is_whole: unknown.len() == before,
        })
    }

    /// Forgets the directions that no document has.
    fn sweep(&mut self) {
        let mut is_used = vec![false; self.scan.len()];
        let segments = self.segments.values();
        for place in segments.flat_map(|segment| segment.places.iter().flatten()) {
            if *place != NOWHERE {
                is_used[*place as usize] = true;
            }
        }
        let free = &mut self.free;
        self.places.retain(|_, place| {
            let stays = is_used[*place as usize];
            if !stays {
                free.push(*place);
            }
            stays
        });
    }

    /// The documents that are nearest to a direction, of those that may be seen.
    pub(super) fn nearest(
        &self,
        visible: &Visible<'_>,
        vector: &Vector,
        wanted: usize,
    ) -> Vec<(DocAddress, f32)> {
        let segments = self.of(visible);
        let own = own(visible);
        let mut nearest = Nearest::new(wanted);
        for address in visible.all() {
            let Some(places) = places(&segments, address) else {
                continue;
            };
            let known = [own, SAID].map(|sense| places[sense]);
            let known = known.into_iter().filter(|place| *place != NOWHERE);
            let cosine = known
                .map(|place| self.scan.cosine(place as usize, vector))
                .reduce(f32::max);
            if let Some(cosine) = cosine {
                nearest.add(address, cosine);
            }
        }
        nearest.finish()
    }

    /// The directions of documents' own words, as far as they are known.
    pub(super) fn own(
        &self,
        visible: &Visible<'_>,
        documents: &[DocAddress],
    ) -> Vec<Option<Vector>> {
        let segments = self.of(visible);
        let own = own(visible);
        let of = |address: &DocAddress| {
            let place = places(&segments, *address)?[own];
            (place != NOWHERE).then(|| self.scan.get(place as usize))
        };
        documents.iter().map(of).collect()
    }

    fn of(&self, visible: &Visible<'_>) -> Vec<Option<&Segment>> {
        let readers = visible.searcher().segment_readers().iter();
        readers
            .map(|reader| self.segments.get(&reader.segment_id()))
            .collect()
    }
}

/// Which of a document's senses whoever asks may read.
fn own(visible: &Visible<'_>) -> usize {
    usize::from(visible.is_outside())
}

fn places<'s>(
    segments: &[Option<&'s Segment>],
    DocAddress {
        segment_ord,
        doc_id,
    }: DocAddress,
) -> Option<&'s [u32; SENSES]> {
    let segment = (*segments.get(segment_ord as usize)?)?;
    segment.places.get(doc_id as usize)
}
