//! Solutions that fit a text, of those that whoever asks may see.
//!
//! The text is pasted as it is; nothing in it is syntax. Of its terms those that tell most are searched for, so that the
//! work is bounded whatever the text. While it is typed it is compared by its words, and once it is whole by what it
//! means, too: see [`ranking`]. What the index gives is looked up in the store, which may know better: only what is there
//! by now is told.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use aftercall_domain::{InteractionId, Violations};
use aftercall_proto::knowledge::v1::{
    Match, MatchedSynonym, SolutionFilter, SuggestSolutionsRequest, Suggestion,
};
use aftercall_proto::model::v1::{SearchQuestion, Solution, VerificationState};
use aftercall_retrieval::lexical::Match as Shared;
use aftercall_retrieval::ranker::Ranked;
use aftercall_service::{Checker, Page};
use aftercall_view::Store;
use aftercall_view::index::Snapshot;
use jiff::Timestamp;
use prost::Message;
use tantivy::DocAddress;

use crate::failure::Error;
use crate::index::Fields;
use crate::lexical;
use crate::limits::{
    LOOKED_AT_AGAIN_MAX, QUESTIONS_TOLD_MAX, SUGGESTIONS, TEXT_BYTES_MAX, TRUSTED_BESIDE_MAX,
};
use crate::narrow::Filter;
use crate::ranking::{self, Asked, Comparing, NEAR_MIN, Ranking, Text, Without};
use crate::reader::Viewer;
use crate::searches;
use crate::solutions;
use crate::trusting::{self, ByTrust};
use crate::visible::{Sight, Visible};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    text: String,
    /// Whether it is whole: then it is compared in meaning, too.
    is_finished: bool,
    /// The language that is asked for; may be empty.
    language: String,
    suggestions_max: usize,
    sight: Sight,
    /// The search that it goes on with; empty for a new one.
    search_id: String,
}

impl Wanted {
    /// Checks the request, which somebody makes at an instant.
    pub(crate) fn of(
        request: &SuggestSolutionsRequest,
        viewer: &Viewer,
        at_us: i64,
    ) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        checker.required_text("text", &request.text, TEXT_BYTES_MAX);
        let asked = request.suggestions_max;
        let reason = Some(request.reason_code.clone()).filter(|code| !code.is_empty());
        let filter = SolutionFilter {
            reason_codes: reason.into_iter().collect(),
            product: request.product.clone(),
            client_account_id: request.client_account_id.clone(),
            language: request.language.clone(),
            audience: request.audience,
            ..SolutionFilter::default()
        };
        let filter = Filter::of(&filter, "", &mut checker);
        let search_id = searches::search_id("search_id", &request.search_id, &mut checker);
        checker.id("interaction_id", &request.interaction_id);
        let wanted = Self {
            search_id,
            suggestions_max: checker.count("suggestions_max", asked, SUGGESTIONS),
            text: request.text.clone(),
            is_finished: request.is_finished,
            language: request.language.clone(),
            sight: filter.sight(viewer.reader(), at_us),
        };
        checker.done(wanted)
    }

    /// Asks for what comes nearest to a text.
    pub(crate) fn nearest(text: &str, viewer: &Viewer, at_us: i64) -> Self {
        Self {
            text: text.to_owned(),
            is_finished: true,
            language: String::new(),
            suggestions_max: 1,
            sight: Filter::default().sight(viewer.reader(), at_us),
            search_id: String::new(),
        }
    }

    /// The search that it goes on with; none for a new one.
    pub(crate) fn search_id(&self) -> Option<String> {
        Some(self.search_id.clone()).filter(|id| !id.is_empty())
    }

    /// The question to be kept where nothing fits; none where it is not to be: while it is typed, and where nobody
    /// asks it.
    pub(crate) fn question(&self, request: &SuggestSolutionsRequest) -> Option<SearchQuestion> {
        (self.is_finished && !request.is_trial).then(|| SearchQuestion {
            text: self.text.clone(),
            reason_code: request.reason_code.clone(),
            product: request.product.clone(),
            client_account_id: request.client_account_id.clone(),
            language: request.language.clone(),
            interaction_id: InteractionId::read(&request.interaction_id).into_string(),
            ..SearchQuestion::default()
        })
    }
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The suggestions, the best first.
    pub(crate) suggestions: Vec<Suggestion>,
    /// Whether something fits.
    pub(crate) fits: bool,
    /// Whether a program should hand over to a person.
    pub(crate) hand_off: bool,
}

/// Two solutions whose scores are as close as this fit alike: a program can't tell which of them is meant.
const ALIKE: f32 = 0.9;

/// The suggestions for a text.
pub(crate) fn suggest(
    store: &Store,
    snapshot: &Snapshot,
    (fields, comparing): (&Fields, &Comparing),
    viewer: &Viewer,
    wanted: &Wanted,
) -> Result<Answer, Error> {
    let sight = &wanted.sight;
    let sights = &comparing.memory.sights;
    let visible = Visible::of(
        sights,
        (&snapshot.searcher, fields),
        viewer.tenant_id(),
        sight,
    )?;
    let asked = Asked::of(
        comparing,
        &visible,
        Text {
            text: &wanted.text,
            language: &wanted.language,
            is_whole: wanted.is_finished,
        },
        lexical::Wanted::Best,
    )?;
    let now = Timestamp::from_microsecond(sight.at_us).map_err(Error::internal)?;
    let (mut scored, _) = scored(
        store,
        &visible,
        (viewer, comparing),
        (&asked, sight, now),
        wanted.suggestions_max,
    )?;
    let (fits, hand_off) = (fits(&scored), hands_off(&scored, sight));
    tell_apart(&mut scored);
    let mut page = Page::new(wanted.suggestions_max);
    for one in scored {
        let suggestion = one.into_suggestion(sight);
        let bytes = suggestion.encoded_len();
        if !page.takes(bytes) {
            break;
        }
        page.add(suggestion, bytes);
    }
    Ok(Answer {
        suggestions: page.into_items(),
        fits,
        hand_off,
    })
}

/// Whether something fits.
pub(crate) fn fits(scored: &[Scored]) -> bool {
    scored.iter().any(|one| !one.is_guess)
}

/// Whether a program should hand over to a person: it asks for those outside, and nothing fits, or two fit alike.
pub(crate) fn hands_off(scored: &[Scored], sight: &Sight) -> bool {
    let is_unsure = match scored {
        [first, second, ..] => second.score >= ALIKE * first.score,
        _ => false,
    };
    sight.is_outside && (is_unsure || !fits(scored))
}

/// A solution that was found, and how well it fits.
#[derive(Debug)]
pub(crate) struct Scored {
    pub(crate) solution: Solution,
    /// How well, with how far it is trusted.
    pub(crate) score: f32,
    /// How far it is trusted: by what its score was multiplied.
    pub(crate) trust: f32,
    /// How near it is in meaning, if that was compared.
    pub(crate) nearness: Option<f32>,
    /// How many contacts were compared in which it was used or rejected.
    pub(crate) cases: usize,
    pub(crate) matches: Vec<Match>,
    /// Near, and no answer.
    pub(crate) is_guess: bool,
    /// What to ask to tell it from its neighbours.
    pub(crate) questions: Vec<String>,
}

impl Scored {
    fn into_suggestion(self, sight: &Sight) -> Suggestion {
        let mut solution = self.solution;
        let questions = match sight.is_outside {
            true => Vec::new(),
            false => self.questions,
        };
        Suggestion {
            verification_expired: is_expired(&solution),
            discriminating_questions: questions,
            score: self.score,
            trust: self.trust,
            nearness: self.nearness,
            cases_compared: self.cases as i32,
            matches: self.matches,
            is_guess: self.is_guess,
            solution: Some({
                if sight.is_outside {
                    crate::reader::only_customer_wording(&mut solution);
                }
                solution
            }),
        }
    }
}

/// Whether a solution should be looked at again before it is relied on.
pub(crate) fn is_expired(solution: &Solution) -> bool {
    use VerificationState::{Expired, Withdrawn};
    matches!(solution.verification_state(), Expired | Withdrawn)
}

/// Adds to each solution's questions those of its neighbours in the answer: what tells two apart is asked for by
/// either.
pub(crate) fn tell_apart(scored: &mut [Scored]) {
    let own = |one: &Scored| one.solution.discriminating_questions.clone();
    let all: Vec<_> = scored.iter().map(own).collect();
    for (at, one) in scored.iter_mut().enumerate() {
        let mut questions = all[at].clone();
        let neighbours = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten();
        for neighbour in neighbours.filter_map(|at| all.get(at)) {
            for question in neighbour {
                if !questions.contains(question) {
                    questions.push(question.clone());
                }
            }
        }
        questions.truncate(QUESTIONS_TOLD_MAX);
        one.questions = questions;
    }
}

/// The best of what comes near, with why each does: at most so many. Where nothing fits, all of them are guesses. And
/// the documents that are left out of it, because their solutions are not there any more: the index may be a moment
/// behind, and what it still has must neither be told nor push aside what is there. Solutions are trusted as they were at
/// the time that is given.
pub(crate) fn scored(
    store: &Store,
    visible: &Visible<'_>,
    (viewer, comparing): (&Viewer, &Comparing),
    (asked, sight, trusted_at): (&Asked, &Sight, Timestamp),
    scored_max: usize,
) -> Result<(Vec<Scored>, BTreeSet<DocAddress>), Error> {
    let mut without = Without::default();
    let mut times = 0;
    loop {
        let ranking = ranking::rank(store, visible, comparing, asked, &without)?;
        let (scored, gone) = look(store, (viewer, sight, trusted_at), &ranking, scored_max)?;
        times += 1;
        let is_done = gone.is_empty() || times > LOOKED_AT_AGAIN_MAX;
        without.gone.extend(gone);
        if is_done {
            return Ok((scored, without.gone));
        }
    }
}

/// What of a ranking may be told, and the documents of what may not be any more.
fn look(
    store: &Store,
    (viewer, sight, trusted_at): (&Viewer, &Sight, Timestamp),
    ranking: &Ranking,
    scored_max: usize,
) -> Result<(Vec<Scored>, Vec<DocAddress>), Error> {
    let now = Timestamp::from_microsecond(sight.at_us).map_err(Error::internal)?;
    let (answer, tenant_id) = (&ranking.answer, viewer.tenant_id());
    // What shares only words that tell little, and means something else, is not suggested.
    let ranked = answer.ranked.iter();
    let told: Vec<&Ranked> = ranked.filter(|one| one.tells || is_near(one)).collect();
    let scores = told.iter().map(|one| (one.score, one.place)).collect();
    let within_reach = scored_max.saturating_add(TRUSTED_BESIDE_MAX);
    let mut by_trust = ByTrust::of(scores, within_reach, |at| {
        let solution_id = ranking.found[told[at].place].0.as_str();
        trusting::factor(store, (tenant_id, solution_id), trusted_at)
    });
    let (mut scored, mut gone) = (Vec::new(), Vec::new());
    while scored.len() < scored_max {
        let Some((at, trust)) = by_trust.next().map_err(Error::internal)? else {
            break;
        };
        let one = told[at];
        let (solution_id, address) = &ranking.found[one.place];
        let solution = solutions::find(store, viewer.whose(), solution_id, now)?;
        let Some(solution) = solution.filter(|solution| is_there(solution, sight)) else {
            gone.push(*address);
            continue;
        };
        let matches = one.matches().into_iter();
        scored.push(Scored {
            solution,
            score: one.score * trust,
            trust,
            nearness: one.nearness(),
            cases: one.cases.map_or(0, |cases| cases.counted),
            matches: matches.map(|shared| wire(shared, trust)).collect(),
            is_guess: !answer.verdict.fits,
            questions: Vec::new(),
        });
    }
    Ok((scored, gone))
}

fn is_near(one: &Ranked) -> bool {
    one.nearness().is_some_and(|near| near >= NEAR_MIN)
}

/// Whether a solution is there for who asks, as the store has it now.
pub(crate) fn is_there(solution: &Solution, sight: &Sight) -> bool {
    solution.version > 0 && solution.live_version == solution.version && sight.admits(solution)
}

fn wire(shared: Shared, trust: f32) -> Match {
    Match {
        field: shared.part.name().to_owned(),
        terms: shared.words.iter().map(|word| word.to_string()).collect(),
        score: shared.score * trust,
        synonyms: shared
            .synonyms
            .iter()
            .map(|(asked, found)| MatchedSynonym {
                asked: asked.to_string(),
                found: found.to_string(),
            })
            .collect(),
    }
}
