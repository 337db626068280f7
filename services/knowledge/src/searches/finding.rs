//! Solutions by words and filters, with counts of what there is.

mod numbered;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::InteractionId;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::knowledge::v1::{
    FacetCount, FacetCounts, SearchSolutionsRequest, SearchSolutionsResponse, SolutionFacet,
    SolutionHit,
};
use aftercall_proto::model::v1::SearchQuestion;
use aftercall_service::{Call, Checker, Including, Paging, Unread};
use aftercall_view::Store;
use aftercall_view::TokenError;
use aftercall_view::index::Snapshot;
use aftercall_view::key::{Key, Parts};
use bytes::Bytes;
use jiff::Timestamp;
use tantivy::DocAddress;
use tonic::Request;

use super::gone::Gone;
use super::keeping;
use super::reporting::search_id;
use super::snippets;
use crate::failure::Error;
use crate::index::Fields;
use crate::lexical::{self, Found};
use crate::limits::{BEST_MAX, FACET_VALUES_MAX, HITS, TEXT_BYTES_MAX};
use crate::marks::{self, Sort};
use crate::narrow::Filter;
use crate::ranking::{Asked, Comparing, Text};
use crate::reader::Viewer;
use crate::server::Knowledge;
use crate::solutions;
use crate::suggestions::{self, Scored};
use crate::visible::{Sight, Visible};

/// The most facets there are.
const FACETS_MAX: usize = 8;

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    text: String,
    /// Whether it is whole: then it is compared in meaning, too.
    is_finished: bool,
    /// The language that is asked for; may be empty.
    language: String,
    sight: Sight,
    facets: Vec<SolutionFacet>,
    paging: Paging,
    /// Where the page before ended.
    after: Option<Place>,
    /// For when solutions are trusted: that of the first page, so that none changes its place from page to page.
    trusted_at: Timestamp,
    /// The question to be kept where nothing fits; none where it is not to be.
    question: Option<SearchQuestion>,
    search_id: String,
}

/// A hit's place in the list: by what it is ranked, and its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place(Reverse<u64>, String);

impl Place {
    fn of(rank: u64, solution_id: &str) -> Self {
        Self(Reverse(rank), solution_id.to_owned())
    }

    /// Of what [`bytes`](Self::bytes) gives, with the time that is said there.
    fn read(place: &[u8]) -> Result<(Self, Timestamp), Unread> {
        let malformed = || Unread::PageToken(TokenError::Malformed);
        let mut parts = Parts::new(place);
        let read = parts
            .tag()
            .and_then(|_| Ok((parts.u64()?, parts.text()?, parts.time()?)));
        let (rank, id, at_us) = read.map_err(|_| malformed())?;
        let at = Timestamp::from_microsecond(at_us).map_err(|_| malformed())?;
        Ok((Self::of(rank, &id), at))
    }

    /// As a page that ends with it says it, in a list of solutions as they were trusted at a time.
    fn bytes(&self, trusted_at: Timestamp) -> Bytes {
        let key = Key::new(1).u64(self.0.0).text(&self.1);
        key.time(microseconds(trusted_at)).into()
    }
}

impl Query {
    fn of(
        knowledge: &Knowledge,
        call: &Call<SearchSolutionsRequest>,
        viewer: &Viewer,
    ) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        checker.text("text", &message.text, TEXT_BYTES_MAX);
        let filter = message.filter.clone().unwrap_or_default();
        let narrowed = Filter::of(&filter, "filter.", &mut checker);
        let given_id = search_id("search_id", &message.search_id, &mut checker);
        checker.id("interaction_id", &message.interaction_id);
        checker.id("about_reason_code", &message.about_reason_code);
        let facets = checker.known_list("facets", &message.facets, FACETS_MAX);
        let size = checker.count("page_size", message.page_size, HITS);
        checker.done(())?;
        let query: [&[u8]; 6] = [
            b"search",
            &[u8::from(message.is_finished)],
            call.tenant_id().as_bytes(),
            &viewer.scope.fingerprint(),
            &narrowed.fingerprint(),
            message.text.as_bytes(),
        ];
        let log = knowledge.reading().log_identity();
        let paging = Paging::asked(&log, &query, size, &message.page_token)?;
        let deps = knowledge.deps();
        let now = deps.clock.now();
        let (after, trusted_at) = match paging.after() {
            Some(place) => Place::read(place).map(|(place, at)| (Some(place), at))?,
            None => (None, now),
        };
        let says = !message.text.trim().is_empty();
        let is_kept = message.is_finished && says && after.is_none() && !narrowed.is_of_trust();
        let about = match (
            message.about_reason_code.is_empty(),
            &filter.reason_codes[..],
        ) {
            (true, [only]) => only,
            _ => &message.about_reason_code,
        };
        let question = is_kept.then(|| SearchQuestion {
            text: message.text.clone(),
            reason_code: about.clone(),
            product: filter.product.clone(),
            client_account_id: filter.client_account_id.clone(),
            language: filter.language.clone(),
            interaction_id: InteractionId::read(&message.interaction_id).into_string(),
            ..SearchQuestion::default()
        });
        Ok(Self {
            text: message.text.clone(),
            is_finished: message.is_finished,
            language: filter.language.clone(),
            sight: narrowed.sight(viewer.reader(), microseconds(now)),
            facets,
            paging,
            after,
            trusted_at,
            question,
            search_id: match given_id.as_str() {
                "" => deps.ids.uuid_v7().to_string(),
                _ => given_id,
            },
        })
    }
}

/// Answers a request, and keeps its question if it is whole and nothing fits.
pub(super) async fn find(
    knowledge: &Knowledge,
    request: Request<SearchSolutionsRequest>,
) -> Result<SearchSolutionsResponse, Error> {
    let call = Call::of(request)?;
    let viewer = Viewer::of(&call);
    let mut query = Query::of(knowledge, &call, &viewer)?;
    let (reading, until) = (knowledge.reading(), call.read_until());
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    query.paging.reach_index(reading, including, until).await?;
    let (snapshot, present) = reading.indexed()?;
    let through = query.paging.through(present);
    let (question, search_id) = (query.question.take(), query.search_id.clone());
    let (fields, log) = (Arc::clone(knowledge.fields()), reading.log_identity());
    let (searched_by, comparing) = (viewer.clone(), knowledge.comparing().clone());
    let search = move |store: &Store| {
        let by = (&searched_by, &comparing);
        let listed = search(store, (&snapshot, &fields), by, &query)?;
        Ok::<_, Error>(SearchSolutionsResponse {
            search_id: query.search_id.clone(),
            next_page_token: query.paging.token(&log, &through.positions, listed.next),
            complete_through: through.position(log),
            complete_through_at: through.time(),
            hits: listed.hits,
            fits: listed.fits,
            hand_off: listed.hand_off,
            facets: listed.facets,
            total_size: listed.total,
            total_size_is_upper_bound: listed.is_upper_bound,
            is_kept: false,
        })
    };
    let mut answer = reading.run(search).await?;
    if let Some(question) = question.filter(|_| !answer.fits) {
        let guesses = answer.hits.iter().map(|hit| hit.solution_id.clone());
        let unanswered = keeping::Unanswered {
            search_id,
            question,
            guesses: guesses.collect(),
        };
        answer.is_kept = keeping::keep(knowledge, &viewer.principal, unanswered, until).await;
    }
    Ok(answer)
}

/// A page of what was found.
struct Listed {
    hits: Vec<SolutionHit>,
    next: Option<Bytes>,
    fits: bool,
    hand_off: bool,
    facets: Vec<FacetCounts>,
    total: u64,
    /// What is gone may be in the counts: the index is far behind.
    is_upper_bound: bool,
}

fn search(
    store: &Store,
    (snapshot, fields): (&Snapshot, &Fields),
    (viewer, comparing): (&Viewer, &Comparing),
    query: &Query,
) -> Result<Listed, Error> {
    let sights = &comparing.memory.sights;
    let index = (&snapshot.searcher, fields);
    let visible = Visible::of(sights, index, viewer.tenant_id(), &query.sight)?;
    let indexed = (&visible, &snapshot.complete_through);
    let gone = Gone::since(store, indexed, viewer, &query.sight)?;
    if let Some(listed) = numbered::find(store, &visible, viewer, query)? {
        return Ok(listed);
    }
    match query.text.trim().is_empty() {
        true => latest(store, (&visible, gone), viewer, query),
        false => fitting(store, (&visible, gone), (viewer, comparing), query),
    }
}

/// What fits the words, the best first.
fn fitting(
    store: &Store,
    (visible, gone): (&Visible<'_>, Gone),
    (viewer, comparing): (&Viewer, &Comparing),
    query: &Query,
) -> Result<Listed, Error> {
    let mut asked = Asked::of(
        comparing,
        visible,
        Text {
            text: &query.text,
            language: &query.language,
            is_whole: query.is_finished,
        },
        lexical::Wanted::All,
    )?;
    asked.leave_out(&gone.documents);
    let (by, sight) = ((viewer, comparing), &query.sight);
    // What goes while this is answered is left out, too.
    let (mut scored, gone_since) = suggestions::scored(
        store,
        visible,
        by,
        (&asked, sight, query.trusted_at),
        BEST_MAX,
    )?;
    let fits = suggestions::fits(&scored);
    let hand_off = suggestions::hands_off(&scored, sight);
    suggestions::tell_apart(&mut scored);
    let terms = words_of(&asked.found);
    let mut all = asked.all();
    all.retain(|address| !gone_since.contains(address));
    let hits = scored.into_iter().map(|one| {
        let place = Place::of(u64::from(one.score.to_bits()), &one.solution.solution_id);
        (place, hit(one, sight, &terms))
    });
    let due = hits.filter(|(place, _)| query.after.as_ref().is_none_or(|after| place > after));
    let due = due.map(|(place, hit)| Ok::<_, Error>((place.bytes(query.trusted_at), hit)));
    let (hits, next) = query.paging.fill(due)?;
    Ok(Listed {
        hits,
        next,
        fits,
        hand_off,
        total: all.len() as u64,
        is_upper_bound: gone.may_be_more || asked.found.query.has_phrases(),
        facets: facets(visible, &query.facets, all.into_iter())?,
    })
}

fn words_of(found: &Found) -> Vec<String> {
    let sought = found.terms.iter().map(|sought| &sought.term);
    let synonyms = found.query.synonyms().iter().flat_map(|one| &one.terms);
    sought.chain(synonyms).cloned().collect()
}

/// All that the filters leave, the latest first.
fn latest(
    store: &Store,
    (visible, mut gone): (&Visible<'_>, Gone),
    viewer: &Viewer,
    query: &Query,
) -> Result<Listed, Error> {
    let published = visible.published()?;
    // Without its sign, so that it is a rank.
    let rank = |address: DocAddress| {
        let at_us = published[address.segment_ord as usize].first(address.doc_id);
        at_us.unwrap_or(0).cast_unsigned() ^ (1 << 63)
    };
    let mut all: Vec<_> = visible
        .all()
        .filter(|address| !gone.documents.contains(address))
        .map(|address| (rank(address), address))
        .collect();
    let (documents, mut gone_since) = (all.len(), 0);
    if let Some(Place(Reverse(after), _)) = &query.after {
        all.retain(|(rank, _)| rank <= after);
    }
    let wanted = query.paging.size().saturating_add(1);
    let mut looked_at = wanted;
    // What the index still has, and what is not there any more, makes no page shorter.
    let hits = loop {
        let due = due(visible, query, (&mut all, looked_at))?;
        let mut hits = Vec::new();
        for (place, address) in due {
            if hits.len() == wanted {
                break;
            }
            match latest_hit(store, viewer, query, &place)? {
                Some(hit) => hits.push(Ok::<_, Error>((place.bytes(query.trusted_at), hit))),
                None => gone_since += usize::from(gone.documents.insert(address)),
            }
        }
        if hits.len() == wanted || looked_at >= all.len() {
            break hits;
        }
        looked_at = looked_at.saturating_mul(2);
    };
    let total = documents.saturating_sub(gone_since) as u64;
    let left = visible.all();
    let left = left.filter(|address| !gone.documents.contains(address));
    let (hits, next) = query.paging.fill(hits.into_iter())?;
    Ok(Listed {
        hits,
        next,
        fits: total > 0,
        hand_off: query.sight.is_outside && total == 0,
        facets: facets(visible, &query.facets, left)?,
        total,
        is_upper_bound: gone.may_be_more,
    })
}

/// The first of some documents by their ranks, so many at least, each in its place after where the page before ended.
fn due(
    visible: &Visible<'_>,
    query: &Query,
    (all, looked_at): (&mut [(u64, DocAddress)], usize),
) -> Result<BTreeMap<Place, DocAddress>, Error> {
    let mut least = 0;
    // Those of one rank are ordered by their ids, so all that rank as the last one are looked at.
    if all.len() > looked_at {
        let (_, last, _) = all.select_nth_unstable_by_key(looked_at, |(rank, _)| Reverse(*rank));
        least = last.0;
    }
    let mut due = BTreeMap::new();
    for (rank, address) in all.iter().filter(|(rank, _)| *rank >= least) {
        if let Some((_, id)) = lexical::solution_at(visible, *address)? {
            let place = Place::of(*rank, &id);
            if query.after.as_ref().is_none_or(|after| place > *after) {
                due.insert(place, *address);
            }
        }
    }
    Ok(due)
}

/// A solution in its place; none where it is not there any more.
fn latest_hit(
    store: &Store,
    viewer: &Viewer,
    query: &Query,
    place: &Place,
) -> Result<Option<SolutionHit>, Error> {
    let sight = &query.sight;
    let now = Timestamp::from_microsecond(sight.at_us).map_err(Error::internal)?;
    let found = solutions::find(store, viewer.whose(), &place.1, now)?;
    let found = found.filter(|solution| suggestions::is_there(solution, sight));
    Ok(found.map(|solution| {
        let scored = Scored {
            score: 0.0,
            trust: 1.0,
            nearness: None,
            cases: 0,
            matches: Vec::new(),
            is_guess: false,
            questions: solution.discriminating_questions.clone(),
            solution,
        };
        hit(scored, sight, &[])
    }))
}

/// A solution in short, of what whoever asks may see of it.
fn hit(scored: Scored, sight: &Sight, terms: &[String]) -> SolutionHit {
    let solution = scored.solution;
    let (snippet, snippet_field) = snippets::passage(&solution, sight.is_outside, terms);
    let mut hit = SolutionHit {
        verification_expired: suggestions::is_expired(&solution),
        audience: marks::audience(&solution).into(),
        governance: marks::governance(&solution).into(),
        solution_id: solution.solution_id,
        solution_number: solution.solution_number,
        version: solution.version,
        title: solution.title,
        snippet,
        snippet_field,
        reason_code: solution.reason_code,
        confidence: solution.confidence,
        client_account_id: solution.client_account_id,
        language: solution.language,
        owner_group: solution.owner_group,
        verify_by: solution.verify_by,
        published_at: solution.published_at,
        score: scored.score,
        trust: scored.trust,
        nearness: scored.nearness,
        cases_compared: scored.cases as i32,
        matches: scored.matches,
        is_guess: scored.is_guess,
        discriminating_questions: scored.questions,
    };
    if sight.is_outside {
        hit.owner_group.clear();
        hit.discriminating_questions.clear();
    }
    hit
}

/// The counts that are asked for, of some documents.
fn facets(
    visible: &Visible<'_>,
    wanted: &[SolutionFacet],
    documents: impl Iterator<Item = DocAddress>,
) -> Result<Vec<FacetCounts>, Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let counts = visible.count_marks(documents)?;
    let facets = wanted.iter().filter_map(|facet| {
        // Outside of the house nobody is told who answers for what.
        let is_inner = *facet == SolutionFacet::OwnerGroup && visible.is_outside();
        let sort = Sort::of(*facet).filter(|_| !is_inner)?;
        let mut of_sort: Vec<_> = counts
            .iter()
            .filter_map(|(mark, count)| Some((marks::value(sort, mark)?.to_owned(), *count)))
            .collect();
        of_sort.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        of_sort.truncate(FACET_VALUES_MAX);
        let counts = of_sort.into_iter();
        Some(FacetCounts {
            facet: (*facet).into(),
            counts: counts
                .map(|(value, count)| FacetCount { value, count })
                .collect(),
        })
    });
    Ok(facets.collect())
}
