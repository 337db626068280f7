//! One pass over the documents that match: counts them all, and keeps the page's.

use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;

use aftercall_view::Positions;
use tantivy::columnar::{Column, ColumnValues};
use tantivy::{DocId, SegmentOrdinal, SegmentReader};

use super::relevance::Scorer;
use super::{Order, Place, Search, SearchError};
use crate::index::column;
use crate::keys::position_of;

/// A document that may be on the page. Ordered by its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) place: Place,
    pub(super) score: f32,
    /// Of which index it is: see [`Indexes::parts`](super::Indexes::parts).
    pub(super) index: usize,
    pub(super) segment: SegmentOrdinal,
    pub(super) doc: DocId,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

/// The best candidates so far.
#[derive(Debug)]
pub(super) struct Page {
    /// The last one on top.
    best: BinaryHeap<Candidate>,
    results_max: usize,
    /// How many documents match.
    total: u64,
    /// How many of them are not on an earlier page.
    eligible: u64,
}

impl Page {
    pub(super) fn new(results_max: usize) -> Self {
        Self {
            best: BinaryHeap::new(),
            results_max,
            total: 0,
            eligible: 0,
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The candidates in order, and whether there are more.
    pub(super) fn into_results(self) -> (Vec<Candidate>, bool) {
        let has_more = self.eligible > self.best.len() as u64;
        (self.best.into_sorted_vec(), has_more)
    }

    /// The last place on a full page.
    fn last(&self) -> Option<Place> {
        let full = self.best.len() >= self.results_max;
        self.best.peek().filter(|_| full).map(|last| last.place)
    }

    fn offer(&mut self, candidate: Candidate) {
        if self.best.len() < self.results_max {
            self.best.push(candidate);
        } else if let Some(mut last) = self.best.peek_mut()
            && candidate < *last
        {
            *last = candidate;
        }
    }
}

/// One segment of the index while it is searched.
pub(super) struct Segment<'s> {
    index: usize,
    ordinal: SegmentOrdinal,
    reader: &'s SegmentReader,
    search: &'s Search<'s>,
    scorer: Scorer,
    occurred_at: Column<i64>,
    seq: Arc<dyn ColumnValues<u64>>,
    /// Times in the segment reach beyond the filter's.
    checks_time: bool,
    /// The contacts that are not looked for here, by their places in the log.
    left_out: Option<&'s HashSet<u64>>,
    /// What the segment may hold too much of.
    recorded_within: Option<&'s Positions>,
    docs: Vec<DocId>,
    times: Vec<i64>,
}

impl<'s> Segment<'s> {
    /// Opens a segment; none if its documents are all out of the filter's time.
    pub(super) fn open(
        (index, ordinal): (usize, usize),
        (reader, left_out): (&'s SegmentReader, Option<&'s HashSet<u64>>),
        search: &'s Search<'s>,
        scorer: Scorer,
    ) -> Result<Option<Self>, SearchError> {
        let occurred_at = reader.fast_fields().i64(column::OCCURRED_AT)?;
        let seq = reader.fast_fields().u64(column::SEQ)?;
        let within = search.filter.occurred_within();
        let (first, last) = (occurred_at.min_value(), occurred_at.max_value());
        if last < within.start || first >= within.end {
            return Ok(None);
        }
        let checks_time = first < within.start || last >= within.end;
        let (oldest, newest) = (position_of(seq.min_value()), position_of(seq.max_value()));
        let recorded_within = search
            .recorded_within
            .filter(|bound| oldest.partition != newest.partition || !bound.covers(newest));
        Ok(Some(Self {
            index,
            ordinal: ordinal as SegmentOrdinal,
            reader,
            search,
            scorer,
            occurred_at,
            seq: seq.values,
            checks_time,
            left_out,
            recorded_within,
            docs: Vec::new(),
            times: Vec::new(),
        }))
    }

    /// Counts `docs`, which match the query, and offers them to the page. Returns those that
    /// match in every respect.
    pub(super) fn collect(&mut self, docs: &[DocId], page: &mut Page) -> &[DocId] {
        self.narrow(docs);
        page.total += self.docs.len() as u64;
        for place in 0..self.docs.len() {
            self.offer(self.docs[place], self.times[place], page);
        }
        &self.docs
    }

    /// The places in the log of those of `docs`, which match the query, that match in every respect.
    pub(super) fn places(&mut self, docs: &[DocId]) -> impl Iterator<Item = u64> + '_ {
        self.narrow(docs);
        self.docs.iter().map(|doc| self.seq.get_val(*doc))
    }

    /// Takes those of `docs` that match in every respect, with their times.
    fn narrow(&mut self, docs: &[DocId]) {
        self.docs.clear();
        match self.reader.alive_bitset() {
            Some(alive) => self
                .docs
                .extend(docs.iter().filter(|doc| alive.is_alive(**doc))),
            None => self.docs.extend_from_slice(docs),
        }
        if let Some(bound) = self.recorded_within {
            let seq = &self.seq;
            self.docs
                .retain(|doc| bound.covers(position_of(seq.get_val(*doc))));
        }
        if let Some(left_out) = self.left_out {
            let seq = &self.seq;
            self.docs
                .retain(|doc| !left_out.contains(&seq.get_val(*doc)));
        }
        if let Some(among) = self.search.among {
            let seq = &self.seq;
            self.docs.retain(|doc| among.contains(seq.get_val(*doc)));
        }
        self.times.resize(self.docs.len(), 0);
        self.occurred_at
            .values
            .get_vals(&self.docs, &mut self.times);
        if self.checks_time {
            self.retain_in_time();
        }
    }

    fn retain_in_time(&mut self) {
        let within = self.search.filter.occurred_within();
        let mut kept = 0;
        for place in 0..self.docs.len() {
            if within.contains(&self.times[place]) {
                self.docs[kept] = self.docs[place];
                self.times[kept] = self.times[place];
                kept += 1;
            }
        }
        self.docs.truncate(kept);
        self.times.truncate(kept);
    }

    fn offer(&mut self, doc: DocId, occurred_at: i64, page: &mut Page) {
        let order = self.search.order;
        let by_relevance = order == Order::Relevance;
        let mut score = if by_relevance {
            self.scorer.score(doc)
        } else {
            0.0
        };
        // Most documents come after a full page's last place by their time alone.
        let earliest = order.earliest_place(score, occurred_at);
        let hopeless = page.last().is_some_and(|last| last < earliest);
        if hopeless && self.search.after.is_none_or(|after| after < earliest) {
            page.eligible += 1;
            return;
        }
        let place = order.place(score, occurred_at, self.seq.get_val(doc));
        if self.search.after.is_some_and(|after| place <= after) {
            return;
        }
        page.eligible += 1;
        if page.last().is_some_and(|last| last < place) {
            return;
        }
        if !by_relevance {
            score = self.scorer.score(doc);
        }
        page.offer(Candidate {
            place,
            score,
            index: self.index,
            segment: self.ordinal,
            doc,
        });
    }
}
