//! Solutions that fit a text, of those that whoever asks may see.
//!
//! The text is pasted as it is; nothing in it is syntax. Of its terms those that tell most are searched for, so that the
//! work is bounded whatever the text. While it is typed it is compared by its words, and once it is whole by what it
//! means, too: see [`ranking`].

use aftercall_domain::Violations;
use aftercall_proto::knowledge::v1::{Match, SolutionFilter, SuggestSolutionsRequest, Suggestion};
use aftercall_proto::model::v1::{Solution, VerificationState};
use aftercall_retrieval::lexical::Match as Shared;
use aftercall_retrieval::ranker;
use aftercall_service::{Checker, Page};
use aftercall_view::index::Snapshot;
use aftercall_view::{Positions, Store};
use jiff::Timestamp;
use prost::Message;

use crate::failure::Error;
use crate::index::Fields;
use crate::limits::{QUESTIONS_TOLD_MAX, SUGGESTIONS, TEXT_BYTES_MAX};
use crate::narrow::Filter;
use crate::ranking::{self, Asked, Comparing, NEAR_MIN, Ranking};
use crate::reader::Viewer;
use crate::solutions;
use crate::visible::{Sight, Visible};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    text: String,
    /// Whether it is whole: then it is compared in meaning, too.
    is_finished: bool,
    suggestions_max: usize,
    sight: Sight,
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
        let wanted = Self {
            suggestions_max: checker.count("suggestions_max", asked, SUGGESTIONS),
            text: request.text.clone(),
            is_finished: request.is_finished,
            sight: filter.sight(viewer.reader(), at_us),
        };
        checker.done(wanted)
    }

    /// Asks for what comes nearest to a text.
    pub(crate) fn nearest(text: &str, viewer: &Viewer, at_us: i64) -> Self {
        Self {
            text: text.to_owned(),
            is_finished: true,
            suggestions_max: 1,
            sight: Filter::default().sight(viewer.reader(), at_us),
        }
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
    /// What it is complete through.
    pub(crate) complete_through: Positions,
}

/// Two solutions whose scores are as close as this fit alike: a program can't tell which of them is meant.
const ALIKE: f32 = 0.9;

/// The suggestions for a text.
pub(crate) fn suggest(
    store: &Store,
    Snapshot {
        searcher,
        complete_through,
    }: &Snapshot,
    (fields, comparing): (&Fields, &Comparing),
    viewer: &Viewer,
    wanted: &Wanted,
) -> Result<Answer, Error> {
    let sight = &wanted.sight;
    let sights = &comparing.memory.sights;
    let visible = Visible::of(sights, (searcher, fields), viewer.tenant_id(), sight)?;
    let asked = Asked::of(comparing, &visible, (&wanted.text, wanted.is_finished))?;
    let mut scored = scored(
        store,
        &visible,
        (viewer, comparing),
        (&asked, sight.at_us),
        wanted.suggestions_max,
    )?;
    let fits = scored.iter().any(|one| !one.is_guess);
    let is_unsure = match scored.as_slice() {
        [first, second, ..] => second.score >= ALIKE * first.score,
        _ => false,
    };
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
        hand_off: sight.is_outside && (!fits || is_unsure),
        complete_through: complete_through.clone(),
    })
}

/// A solution that was found, and how well it fits.
#[derive(Debug)]
pub(crate) struct Scored {
    pub(crate) solution: Solution,
    pub(crate) score: f32,
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

/// The best of what comes near, with why each does: at most so many. Where nothing fits, all of them are guesses.
pub(crate) fn scored(
    store: &Store,
    visible: &Visible<'_>,
    (viewer, comparing): (&Viewer, &Comparing),
    (asked, at_us): (&Asked, i64),
    scored_max: usize,
) -> Result<Vec<Scored>, Error> {
    let Ranking {
        solution_ids,
        answer,
    } = ranking::rank(store, visible, comparing, asked, None)?;
    let now = Timestamp::from_microsecond(at_us).map_err(Error::internal)?;
    let mut scored = Vec::new();
    let is_near = |one: &ranker::Ranked| one.nearness().is_some_and(|near| near >= NEAR_MIN);
    let ranked = answer.ranked.into_iter();
    // What shares only words that tell little, and means something else, is not suggested.
    for one in ranked.filter(|one| one.tells || is_near(one)) {
        if scored.len() == scored_max {
            break;
        }
        let solution = solutions::find(store, viewer.whose(), &solution_ids[one.place], now)?;
        scored.extend(solution.map(|solution| Scored {
            solution,
            score: one.score,
            nearness: one.nearness(),
            cases: one.cases.map_or(0, |cases| cases.counted),
            matches: one.matches().into_iter().map(wire).collect(),
            is_guess: !answer.verdict.fits,
            questions: Vec::new(),
        }));
    }
    Ok(scored)
}

fn wire(shared: Shared) -> Match {
    Match {
        field: shared.part.name().to_owned(),
        terms: shared.words.iter().map(|word| word.to_string()).collect(),
        score: shared.score,
    }
}
