//! Which of the solutions that a request may see fit a text best, by all that is known: their words, what they mean,
//! and what customers said in contacts in which they were used or rejected.

mod own;
mod said;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use aftercall_retrieval::meaning::Vector;
use aftercall_retrieval::ranker::{self, Answer, Candidate, Case, Question};
use aftercall_view::Store;
use tantivy::{DocAddress, Searcher};

use crate::calibrating::Calibrations;
use crate::failure::Error;
use crate::index::Fields;
use crate::lexical::{self, Found, Wanted};
use crate::limits::{NEAREST_MAX, SAID_COMPARED_MAX};
use crate::meaning::Meaning;
use crate::synonyms::Synonyms;
use crate::visible::{Sights, Visible};
use own::{Own, Owns};
use said::{AllSaid, Said};

/// What shares no word that tells something with a text is told if its cosine is as large as this. Texts that have
/// nothing to do with each other stay below.
pub(crate) const NEAR_MIN: f32 = 0.3;

/// What solutions are compared with, beside the index. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Comparing {
    /// What they mean; none without a model.
    pub(crate) meaning: Option<Arc<Meaning>>,
    /// What tenants' own uses have shown.
    pub(crate) calibrations: Calibrations,
    /// What tenants say that words stand for.
    pub(crate) synonyms: Synonyms,
    /// What requests keep for the next ones.
    pub(crate) memory: Arc<Memory>,
}

/// What requests keep in memory for the next ones: what is not there is found once more.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Which solutions may be seen.
    pub(crate) sights: Sights,
    owns: Owns,
    said: AllSaid,
}

impl Comparing {
    /// With a model, or by words alone; and with tenants' synonyms.
    pub(crate) fn with(meaning: Option<Meaning>, synonyms: Synonyms) -> Self {
        Self {
            meaning: meaning.map(Arc::new),
            synonyms,
            ..Self::default()
        }
    }
}

impl Memory {
    /// Reads some of what ranking needs of solutions before anybody asks for it. Says whether that was all.
    pub(crate) fn read_ahead(&self, searcher: &Searcher, fields: &Fields) -> Result<bool, Error> {
        self.owns.read_ahead(searcher, fields)
    }
}

/// A text that is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t> {
    /// The text.
    pub(crate) text: &'t str,
    /// The language that is asked for; may be empty.
    pub(crate) language: &'t str,
    /// Whether it is whole: then it is compared in meaning, too.
    pub(crate) is_whole: bool,
}

/// A text, and what comes near to it.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What shares words with it.
    pub(crate) found: Found,
    /// What it means; none while it is typed, or without a model.
    vector: Option<Vector>,
    /// What is nearest in meaning, with the cosine.
    nearest: Vec<(DocAddress, f32)>,
}

impl Asked {
    /// A text, which is compared in meaning if it is whole; and whether all that is found is wanted, or the best of it.
    pub(crate) fn of(
        comparing: &Comparing,
        visible: &Visible<'_>,
        asked: Text<'_>,
        wanted: Wanted,
    ) -> Result<Self, Error> {
        let Text {
            text,
            language,
            is_whole,
        } = asked;
        let synonyms = comparing.synonyms.counting(visible.tenant_id(), language);
        let mut asked = Self {
            found: lexical::search(visible, (text, &synonyms), wanted)?,
            vector: None,
            nearest: Vec::new(),
        };
        if let Some(meaning) = comparing.meaning.as_ref().filter(|_| is_whole) {
            let vector = meaning.question(text)?;
            asked.nearest = meaning.nearest(visible, &vector, NEAREST_MAX);
            asked.vector = Some(vector);
        }
        Ok(asked)
    }

    /// Leaves out documents that are not there any more.
    pub(crate) fn leave_out(&mut self, gone: &BTreeSet<DocAddress>) {
        if !gone.is_empty() {
            self.found.leave_out(gone);
            self.nearest.retain(|(address, _)| !gone.contains(address));
        }
    }

    /// All that is found, if that was wanted: what shares words that tell something, and what is near in meaning.
    pub(crate) fn all(&self) -> BTreeSet<DocAddress> {
        let near = self
            .nearest
            .iter()
            .filter(|(_, cosine)| *cosine >= NEAR_MIN);
        let near = near.map(|(address, _)| *address);
        self.found.addresses().chain(near).collect()
    }
}

/// What is not looked at.
#[derive(Debug, Default)]
pub(crate) struct Without<'w> {
    /// What was said in a contact: of a solution, by its draw.
    pub(crate) saying: Option<(&'w str, u64)>,
    /// Documents of solutions that are not there for whoever asks, although the index still has them.
    pub(crate) gone: BTreeSet<DocAddress>,
}

/// Solutions in their order.
#[derive(Debug)]
pub(crate) struct Ranking {
    /// By their places in the answer: each with its document.
    pub(crate) found: Vec<(String, DocAddress)>,
    /// Their order, and whether anything fits.
    pub(crate) answer: Answer,
}

/// A solution that comes near.
struct Near {
    address: DocAddress,
    own: Arc<Own>,
    vector: Option<Vector>,
    cases: Vec<Case>,
}

/// Ranks what comes near to what is asked.
pub(crate) fn rank(
    store: &Store,
    visible: &Visible<'_>,
    comparing: &Comparing,
    asked: &Asked,
    without: &Without<'_>,
) -> Result<Ranking, Error> {
    let (addresses, compared) = addresses(asked);
    let addresses: Vec<DocAddress> = addresses.difference(&without.gone).copied().collect();
    let vectors = match &comparing.meaning {
        Some(meaning) if asked.vector.is_some() => meaning.own(visible, &addresses),
        _ => vec![None; addresses.len()],
    };
    let mut near = Vec::with_capacity(addresses.len());
    for (address, vector) in addresses.into_iter().zip(vectors) {
        let Some(own) = comparing.memory.owns.read(visible, address)? else {
            continue;
        };
        let whose = (visible.tenant_id(), own.solution_id.as_str());
        let cases = match compared.contains(&address) {
            true => cases(store, comparing, asked, whose, without.saying)?,
            false => Vec::new(),
        };
        near.push(Near {
            address,
            own,
            vector,
            cases,
        });
    }
    // Equal ones are given by their ids, so that every index answers the same.
    near.sort_by(|a, b| a.own.solution_id.cmp(&b.own.solution_id));
    let candidates: Vec<_> = near.iter().map(Near::candidate).collect();
    let calibrated = comparing.calibrations.of(visible.tenant_id());
    let question = Question {
        query: &asked.found.query,
        sought: &asked.found.terms,
        library: asked.found.library,
        vector: asked.vector.as_ref(),
        calibrations: &calibrated.by,
    };
    let answer = ranker::rank(&question, &candidates);
    let found = near
        .iter()
        .map(|one| (one.own.solution_id.clone(), one.address));
    Ok(Ranking {
        found: found.collect(),
        answer,
    })
}

impl Near {
    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            profile: &self.own.profile,
            vector: self.vector.as_ref(),
            cases: &self.cases,
        }
    }
}

/// The documents that share most words with what is asked, and those that are nearest to it in meaning; and of both the
/// first, which are compared by what customers said, too.
fn addresses(asked: &Asked) -> (BTreeSet<DocAddress>, HashSet<DocAddress>) {
    let by_words = asked.found.best().iter().copied();
    let by_meaning = asked.nearest.iter().map(|(address, _)| *address);
    let first = by_words.clone().take(SAID_COMPARED_MAX);
    let compared = first.chain(by_meaning.clone().take(SAID_COMPARED_MAX));
    (by_words.chain(by_meaning).collect(), compared.collect())
}

/// What customers said in contacts in which a solution was used or rejected.
fn cases(
    store: &Store,
    comparing: &Comparing,
    asked: &Asked,
    (tenant_id, solution_id): (&str, &str),
    without: Option<(&str, u64)>,
) -> Result<Vec<Case>, Error> {
    let said = comparing.memory.said.read(store, tenant_id, solution_id);
    let said = said.map_err(Error::internal)?;
    let meaning = comparing
        .meaning
        .as_ref()
        .filter(|_| asked.vector.is_some());
    let cases = said
        .iter()
        .filter(|said| without != Some((solution_id, said.draw)));
    let case = |said: &Said| Case {
        profile: Arc::clone(&said.profile),
        vector: meaning.and_then(|meaning| meaning.said(said.text_id?)),
        accepted: said.accepted,
    };
    Ok(cases.map(case).collect())
}
