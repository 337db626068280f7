//! BM25, term by term.
//!
//! What tells most comes first. Once what is left to come can't bring a solution among the best that has nothing yet, only
//! those are looked for that have something; and of these, one by one, those are let go that can't come among the best
//! any more. So the long lists of the words that tell least, and of their further forms, are looked at in few places. The best,
//! and their scores to the bit, are the same: each term adds to each score in the same order.

use std::cmp::Ordering;

use aftercall_retrieval::lexical::{Library, Sought};
use tantivy::{DocAddress, DocId};

use crate::failure::Error;
use crate::visible::{Bits, Places, Visible};

/// How soon a term's frequency is saturated,
const K1: f32 = 1.2;
/// and how much the length of a solution counts.
const B: f32 = 0.75;

/// What sums may come out larger by than they are: many times what rounding makes of a hundred terms.
const ROUNDED: f64 = 1.001;

/// What the term brings to the score of a solution that has it so often among so many terms.
fn share(sought: &Sought, count: u32, length: u32, library: Library) -> f32 {
    let (count, length) = (count as f32, length as f32 / library.length_mean);
    sought.weight * (K1 + 1.0) * count / (count + K1 * (1.0 - B + B * length))
}

/// What it brings to none: a share grows with how often the term stands, and never comes to this.
fn share_limit(sought: &Sought) -> f64 {
    f64::from(sought.weight) * f64::from(K1 + 1.0)
}

/// The scores of a segment's documents; of none, before there is one.
#[derive(Debug, Clone, Default)]
struct Scores {
    scores: Vec<f32>,
    /// Those that share more than faint words.
    told: Bits,
}

impl Scores {
    /// Makes room for so many documents.
    fn begin(&mut self, documents: DocId) {
        if self.scores.is_empty() {
            self.scores = vec![0.0; documents as usize];
            self.told = Bits::new(documents);
        }
    }
}

/// The documents that share more than faint words, each with its score: all of them, or, where only so many of the best
/// are wanted, those that may be among these. Those that have all words of a phrase share more than faint words.
pub(super) fn scored(
    (visible, library): (&Visible<'_>, Library),
    (searched, phrases): (&[(&Sought, &Places)], &[Vec<&Places>]),
    best_max: Option<usize>,
) -> Result<Vec<(DocAddress, f32)>, Error> {
    let mut scoring = Scoring {
        visible,
        library,
        segments: vec![Scores::default(); visible.segments()],
        touched: Vec::new(),
    };
    for phrase in phrases {
        scoring.tell(phrase)?;
    }
    // What all terms that are left bring to none, and in how many documents they stand.
    let mut limit: f64 = searched
        .iter()
        .map(|(sought, _)| share_limit(sought))
        .sum::<f64>()
        * ROUNDED;
    let mut postings: u64 = searched.iter().map(|(sought, _)| sought.having).sum();
    let mut is_closed = false;
    for (sought, places) in searched {
        // To look for the last of the best takes a look at all: it is done where that many are left to come.
        let may_pay = postings > scoring.touched.len() as u64;
        let least = best_max.filter(|_| may_pay);
        if let Some(least) = least.and_then(|wanted| scoring.least_of_best(wanted)) {
            is_closed |= limit < least;
            if is_closed {
                scoring.let_go(least, limit);
            }
        }
        match is_closed {
            false => scoring.add(sought, places)?,
            true => scoring.add_to_known(sought, places)?,
        }
        limit -= share_limit(sought) * ROUNDED;
        postings -= sought.having;
    }
    Ok(scoring.told())
}

struct Scoring<'v> {
    visible: &'v Visible<'v>,
    library: Library,
    segments: Vec<Scores>,
    /// Those that have a score, each once; once no others come, in their order.
    touched: Vec<DocAddress>,
}

impl Scoring<'_> {
    /// Notes that those that have all of some words share more than faint words, once they have a score.
    fn tell(&mut self, words: &[&Places]) -> Result<(), Error> {
        let visible = self.visible;
        let mut all: Option<Vec<Bits>> = None;
        for places in words {
            let segments = 0..self.segments.len();
            let none = segments.map(|segment| Bits::new(visible.room(segment)));
            let mut having: Vec<Bits> = none.collect();
            visible.each_having(places, |segment, found| {
                for (document, _, _) in found.each() {
                    having[segment].add(document);
                }
            })?;
            if let Some(before) = &all {
                for (own, before) in having.iter_mut().zip(before) {
                    own.keep(before);
                }
            }
            all = Some(having);
        }
        for (segment, all) in all.into_iter().flatten().enumerate() {
            for document in all.iter() {
                self.segments[segment].begin(visible.room(segment));
                self.segments[segment].told.add(document);
            }
        }
        Ok(())
    }

    /// Adds what a term brings to all that have it.
    fn add(&mut self, sought: &Sought, places: &Places) -> Result<(), Error> {
        let Self {
            visible,
            library,
            segments,
            touched,
        } = self;
        visible.each_having(places, |segment, having| {
            segments[segment].begin(visible.room(segment));
            let Scores { scores, told } = &mut segments[segment];
            for (document, count, length) in having.each() {
                let score = &mut scores[document as usize];
                if *score == 0.0 {
                    touched.push(DocAddress::new(segment as u32, document));
                }
                *score += share(sought, count, length, *library);
                if sought.tells {
                    told.add(document);
                }
            }
        })?;
        Ok(())
    }

    /// Adds what a term brings to those that have a score already.
    fn add_to_known(&mut self, sought: &Sought, places: &Places) -> Result<(), Error> {
        let Self {
            visible,
            library,
            segments,
            touched,
        } = self;
        visible.each_among(places, touched, |address, count, length| {
            let Scores { scores, told } = &mut segments[address.segment_ord as usize];
            scores[address.doc_id as usize] += share(sought, count, length, *library);
            if sought.tells {
                told.add(address.doc_id);
            }
        })?;
        Ok(())
    }

    fn score(&self, address: DocAddress) -> f32 {
        self.segments[address.segment_ord as usize].scores[address.doc_id as usize]
    }

    fn is_told(&self, address: DocAddress) -> bool {
        self.segments[address.segment_ord as usize]
            .told
            .has(address.doc_id)
    }

    /// What the last of so many of the best has by now; none, as long as there are fewer.
    fn least_of_best(&self, wanted: usize) -> Option<f64> {
        let told = self.touched.iter().copied();
        let told = told.filter(|address| self.is_told(*address));
        let mut scores: Vec<f32> = told.map(|address| self.score(address)).collect();
        let last = wanted.checked_sub(1).filter(|last| *last < scores.len())?;
        let more_first = |a: &f32, b: &f32| -> Ordering { b.total_cmp(a) };
        let (_, least, _) = scores.select_nth_unstable_by(last, more_first);
        Some(f64::from(*least))
    }

    /// Lets those go that come to less than `least` with all that is left, and puts the others in their order.
    fn let_go(&mut self, least: f64, limit: f64) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.retain(|address| f64::from(self.score(*address)) * ROUNDED + limit >= least);
        touched.sort_unstable();
        self.touched = touched;
    }

    /// Those that share more than faint words, with their scores.
    fn told(self) -> Vec<(DocAddress, f32)> {
        let told = self.touched.iter().copied();
        let told = told.filter(|address| self.is_told(*address));
        told.map(|address| (address, self.score(address))).collect()
    }
}
