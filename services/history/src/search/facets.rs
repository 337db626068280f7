//! Counting by facets, over everything that was found.

use std::collections::HashMap;

use aftercall_proto::history::v1::{Facet, FacetCount, FacetCounts, SentimentBand, SentimentTrend};
use aftercall_proto::model::v1::{Channel, Direction, DropAttribution};
use tantivy::columnar::{Cardinality, Column, StrColumn};
use tantivy::{DocId, SegmentReader};

use super::SearchError;
use crate::index::column;
use crate::limits::FACET_COUNTS_MAX;

/// The counts of all facets that were asked for.
#[derive(Debug)]
pub(super) struct Tallies(Vec<Tally>);

#[derive(Debug)]
struct Tally {
    facet: Facet,
    counts: HashMap<String, u64>,
    /// The contacts of each segment by their values, for facets of which a contact can have
    /// several: who has any but the listed ones can't be told from the counts.
    several: Vec<Several>,
}

/// The contacts of one segment that were found, and the values of each.
#[derive(Debug)]
struct Several {
    column: StrColumn,
    docs: Vec<DocId>,
}

impl Tallies {
    pub(super) fn new(facets: &[Facet]) -> Self {
        let tally = |facet: &Facet| Tally {
            facet: *facet,
            counts: HashMap::new(),
            several: Vec::new(),
        };
        Self(facets.iter().map(tally).collect())
    }

    pub(super) fn open(&self, reader: &SegmentReader) -> Result<SegmentTally, SearchError> {
        let open = |tally: &Tally| Counter::open(tally.facet, reader);
        Ok(SegmentTally(
            self.0
                .iter()
                .map(open)
                .collect::<Result<_, SearchError>>()?,
        ))
    }

    pub(super) fn close(&mut self, segment: SegmentTally) -> Result<(), SearchError> {
        for (tally, counter) in self.0.iter_mut().zip(segment.0) {
            counter.merge_into(tally)?;
        }
        Ok(())
    }

    /// The largest counts first, of equals the first by name.
    pub(super) fn into_counts(self) -> Result<Vec<FacetCounts>, SearchError> {
        self.0.into_iter().map(Tally::into_counts).collect()
    }
}

impl Tally {
    fn into_counts(self) -> Result<FacetCounts, SearchError> {
        let Self {
            facet,
            counts,
            several,
        } = self;
        let mut counts: Vec<_> = counts
            .into_iter()
            .map(|(value, count)| FacetCount { value, count })
            .collect();
        counts.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        let others = counts.split_off(counts.len().min(FACET_COUNTS_MAX));
        let other_count = match facet {
            facet if has_several(facet) && !others.is_empty() => {
                contacts_with_others(&several, &counts)?
            }
            _ => others.iter().map(|other| other.count).sum(),
        };
        Ok(FacetCounts {
            facet: facet.into(),
            counts,
            other_count,
        })
    }
}

/// Whether a contact can have several values of a facet.
fn has_several(facet: Facet) -> bool {
    matches!(
        facet,
        Facet::Label | Facet::Agent | Facet::Team | Facet::Signal | Facet::SentimentScorer
    )
}

/// Whether its values are numbers of an enum.
fn is_of_numbers(facet: Facet) -> bool {
    matches!(
        facet,
        Facet::Channel
            | Facet::Direction
            | Facet::Sentiment
            | Facet::WorstSentiment
            | Facet::SentimentTrend
            | Facet::DropAttribution
    )
}

/// How many contacts have a value that isn't `listed`.
fn contacts_with_others(segments: &[Several], listed: &[FacetCount]) -> Result<u64, SearchError> {
    let mut contacts = 0;
    for Several { column, docs } in segments {
        let mut is_listed = vec![false; column.num_terms()];
        for FacetCount { value, .. } in listed {
            if let Some(ordinal) = column.dictionary().term_ord(value)? {
                is_listed[ordinal as usize] = true;
            }
        }
        let has_other = |doc: &&DocId| {
            column
                .term_ords(**doc)
                .any(|ordinal| !is_listed[ordinal as usize])
        };
        contacts += docs.iter().filter(has_other).count() as u64;
    }
    Ok(contacts)
}

/// The counters of one segment.
pub(super) struct SegmentTally(Vec<Counter>);

impl SegmentTally {
    pub(super) fn add(&mut self, docs: &[DocId]) {
        self.0.iter_mut().for_each(|counter| counter.add(docs));
    }
}

enum Counter {
    /// The segment has no value at all.
    Nothing,
    /// One text a contact at most.
    Text {
        column: StrColumn,
        counts: Vec<u64>,
        values: Vec<Option<u64>>,
    },
    /// Any number of texts.
    Texts {
        column: StrColumn,
        counts: Vec<u64>,
        docs: Vec<DocId>,
    },
    /// One of a few numbers.
    Enum {
        facet: Facet,
        column: Column<u64>,
        counts: HashMap<u64, u64>,
        small: [u64; 16],
    },
}

impl Counter {
    fn open(facet: Facet, reader: &SegmentReader) -> Result<Self, SearchError> {
        let Some(name) = column_name(facet) else {
            return Ok(Self::Nothing);
        };
        let columns = reader.fast_fields();
        if is_of_numbers(facet) {
            let Some(column) = columns.column_opt(name)? else {
                return Ok(Self::Nothing);
            };
            return Ok(Self::Enum {
                facet,
                column,
                counts: HashMap::new(),
                small: [0; 16],
            });
        }
        let Some(column) = columns.str(name)? else {
            return Ok(Self::Nothing);
        };
        let counts = vec![0; column.num_terms()];
        Ok(match column.ords().get_cardinality() {
            Cardinality::Multivalued => Self::Texts {
                column,
                counts,
                docs: Vec::new(),
            },
            _ if has_several(facet) => Self::Texts {
                column,
                counts,
                docs: Vec::new(),
            },
            _ => Self::Text {
                column,
                counts,
                values: Vec::new(),
            },
        })
    }

    fn add(&mut self, found: &[DocId]) {
        match self {
            Self::Nothing => {}
            Self::Text {
                column,
                counts,
                values,
            } => {
                values.clear();
                values.resize(found.len(), None);
                column.ords().first_vals(found, values);
                values
                    .iter()
                    .flatten()
                    .for_each(|ordinal| counts[*ordinal as usize] += 1);
            }
            Self::Texts {
                column,
                counts,
                docs,
            } => {
                docs.extend_from_slice(found);
                for doc in found {
                    column
                        .term_ords(*doc)
                        .for_each(|ordinal| counts[ordinal as usize] += 1);
                }
            }
            Self::Enum {
                column,
                counts,
                small,
                ..
            } => {
                for value in found.iter().filter_map(|doc| column.first(*doc)) {
                    match small.get_mut(value as usize) {
                        Some(count) => *count += 1,
                        None => *counts.entry(value).or_default() += 1,
                    }
                }
            }
        }
    }

    fn merge_into(self, tally: &mut Tally) -> Result<(), SearchError> {
        match self {
            Self::Nothing => Ok(()),
            Self::Text { column, counts, .. } => merge_texts(&column, &counts, tally),
            Self::Texts {
                column,
                counts,
                docs,
            } => {
                merge_texts(&column, &counts, tally)?;
                tally.several.push(Several { column, docs });
                Ok(())
            }
            Self::Enum {
                facet,
                counts,
                small,
                ..
            } => {
                let small = small
                    .iter()
                    .enumerate()
                    .map(|(value, count)| (value as u64, *count));
                for (value, count) in counts.into_iter().chain(small) {
                    if count > 0 {
                        *tally.counts.entry(enum_name(facet, value)).or_default() += count;
                    }
                }
                Ok(())
            }
        }
    }
}

/// Adds the counts of a segment's own value numbers to those of the values.
fn merge_texts(column: &StrColumn, counts: &[u64], tally: &mut Tally) -> Result<(), SearchError> {
    let counted: Vec<(u64, u64)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(ordinal, count)| (ordinal as u64, *count))
        .collect();
    let ordinals: Vec<u64> = counted.iter().map(|(ordinal, _)| *ordinal).collect();
    let mut next = counted.iter();
    column
        .dictionary()
        .sorted_ords_to_term_cb(&ordinals, |value| {
            if let Some((_, count)) = next.next() {
                let value = String::from_utf8_lossy(value).into_owned();
                *tally.counts.entry(value).or_default() += count;
            }
        })?;
    Ok(())
}

fn column_name(facet: Facet) -> Option<&'static str> {
    match facet {
        Facet::Unspecified => None,
        Facet::Reason => Some(column::REASON),
        Facet::Agent => Some(column::AGENT),
        Facet::Team => Some(column::TEAM),
        Facet::Disposition => Some(column::DISPOSITION),
        Facet::DriverSegment => Some(column::DRIVER),
        Facet::Channel => Some(column::CHANNEL),
        Facet::Direction => Some(column::DIRECTION),
        Facet::Sentiment => Some(column::SENTIMENT),
        Facet::Label => Some(column::LABEL),
        Facet::Signal => Some(column::SIGNAL),
        Facet::WorstSentiment => Some(column::WORST),
        Facet::SentimentTrend => Some(column::TREND),
        Facet::RootCause => Some(column::ROOT_CAUSE),
        Facet::DropAttribution => Some(column::ATTRIBUTION),
        Facet::SentimentScorer => Some(column::SCORED_BY),
    }
}

/// The name of an enum's value; its number where this version doesn't know it.
fn enum_name(facet: Facet, value: u64) -> String {
    let known = i32::try_from(value).ok().and_then(|value| match facet {
        Facet::Channel => Some(Channel::try_from(value).ok()?.as_str_name()),
        Facet::Direction => Some(Direction::try_from(value).ok()?.as_str_name()),
        Facet::Sentiment | Facet::WorstSentiment => {
            Some(SentimentBand::try_from(value).ok()?.as_str_name())
        }
        Facet::SentimentTrend => Some(SentimentTrend::try_from(value).ok()?.as_str_name()),
        Facet::DropAttribution => Some(DropAttribution::try_from(value).ok()?.as_str_name()),
        _ => None,
    });
    known.map_or_else(|| value.to_string(), str::to_owned)
}
