//! Candidates, as they are read.
//!
//! A list goes by the number of cases. A candidate whose number grows while somebody turns pages
//! moves towards the front: it may be missed by that reader, and is never shown twice.
//!
//! Who does not read all of the tenant sees candidates by the cases that they read: see [`scoped`].

mod scoped;

use aftercall_domain::Scope;
use aftercall_domain::masking::Known;
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListCandidatesRequest, ListCandidatesResponse};
use aftercall_proto::model::v1::{Candidate, CandidateState};
use aftercall_service::{Call, Checker, Paging, Total, given};
use aftercall_view::{Direction, Positions, Store};
use prost::Message;

use crate::failure::Error;
use crate::fold::stored;
use crate::keys::{self, Ranking};
use crate::limits::{CANDIDATE_CASES_MAX, PAGE};
use crate::page::{self, Listed};
use crate::personal;
use crate::records::{Case, Tally, timestamp};
use scoped::Scoped;

/// A list of candidates, as it was asked for.
#[derive(Debug)]
pub(crate) struct Query {
    tenant_id: String,
    scope: Scope,
    state: CandidateState,
    reason_code: Option<String>,
    paging: Paging,
    include_total: bool,
}

impl Query {
    /// Checks the request.
    pub(crate) fn of(call: &Call<ListCandidatesRequest>, log: &LogIdentity) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let state = match checker.known("state", message.state) {
            None | Some(CandidateState::Unspecified) => CandidateState::Open,
            Some(state) => state,
        };
        checker.id("reason_code", &message.reason_code);
        let size = checker.count("page_size", message.page_size, PAGE);
        checker.done(())?;
        let tenant_id = call.tenant_id().to_owned();
        let reason_code = given(message.reason_code.clone());
        let prefix = Vec::from(ranking(&tenant_id, state, reason_code.as_deref()).prefix());
        let scope = call.scope();
        let query: [&[u8]; 2] = [&prefix, &scope.fingerprint()];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        page::check_place(&paging, &prefix)?;
        Ok(Self {
            tenant_id,
            scope,
            state,
            reason_code,
            paging,
            include_total: message.include_total,
        })
    }

    /// The page that is asked for.
    pub(crate) fn paging(&self) -> &Paging {
        &self.paging
    }
}

fn ranking<'a>(
    tenant_id: &'a str,
    state: CandidateState,
    reason_code: Option<&'a str>,
) -> Ranking<'a> {
    Ranking {
        tenant_id,
        state,
        reason_code,
    }
}

/// A page of candidates.
pub(crate) fn list(
    store: &Store,
    query: &Query,
    complete_through: &Positions,
    log: &LogIdentity,
) -> Result<ListCandidatesResponse, Error> {
    let Query {
        tenant_id,
        scope,
        state,
        reason_code,
        paging,
        include_total,
    } = query;
    let ranking = ranking(tenant_id, *state, reason_code.as_deref());
    let (listed, total) = match scope.parties() {
        Some(own) => {
            let scoped = Scoped::read(store, tenant_id, own)?;
            scoped.list(ranking, paging, *include_total)?
        }
        None => whole_list(store, ranking, paging, *include_total)?,
    };
    Ok(ListCandidatesResponse {
        next_page_token: paging.token(log, complete_through, listed.next),
        complete_through: complete_through.encode(log),
        candidates: listed.items,
        total_size: total.map(|total| total.size),
        total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
    })
}

/// A page of all of the tenant's candidates, and how many there are.
fn whole_list(
    store: &Store,
    ranking: Ranking<'_>,
    paging: &Paging,
    include_total: bool,
) -> Result<(Listed<Candidate>, Option<Total>), Error> {
    let prefix = Vec::from(ranking.prefix());
    let total = include_total.then(|| page::count(store, &prefix));
    let listed = page::read(store, &prefix, paging, |key| {
        let (case_count, candidate_id) = ranking.read(key).map_err(Error::internal)?;
        let found = whole(store, ranking.tenant_id, &candidate_id, None)?;
        let candidate = found.map(|candidate| Candidate {
            case_count,
            state: ranking.state.into(),
            ..candidate
        });
        Ok(candidate.map(|candidate| {
            let bytes = candidate.encoded_len();
            (candidate, bytes)
        }))
    })?;
    Ok((listed, total.transpose()?))
}

/// A candidate with its latest cases, of those that lie within somebody's scope, and what these say of
/// their customers. Its words hold nothing that is personal to any of them.
pub(crate) fn find(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    candidate_id: &str,
) -> Result<Option<(Candidate, Known)>, Error> {
    let mut known = Known::default();
    let candidate = match scope.parties() {
        None => whole(store, tenant_id, candidate_id, Some(&mut known))?,
        Some(own) => {
            let scoped = Scoped::read(store, tenant_id, own)?;
            scoped.candidate(candidate_id, Some(&mut known))?
        }
    };
    Ok(candidate.map(|mut candidate| {
        personal::mask(&mut candidate, &known);
        (candidate, known)
    }))
}

/// When a case occurred, its interaction, and whose that is.
type Place = (i64, String, u64);

/// A candidate with its latest cases, whoever had a part in them.
fn whole(
    store: &Store,
    tenant_id: &str,
    candidate_id: &str,
    known: Option<&mut Known>,
) -> Result<Option<Candidate>, Error> {
    let tally = store.get(keys::candidate(tenant_id, candidate_id))?;
    let Some(tally) = stored::<Tally>(tally).map_err(Error::internal)? else {
        return Ok(None);
    };
    let place = |key: &[u8]| keys::read_candidate_case(key).map_err(Error::internal);
    let cases = keys::candidate_cases(tenant_id, candidate_id);
    let first = store.scan_prefix(&cases, Direction::Descending).next();
    let first = first.map(|entry| place(&entry?.0)).transpose()?;
    let latest = store.scan_prefix(&cases, Direction::Ascending);
    let latest = latest.take(CANDIDATE_CASES_MAX);
    let latest = latest.map(|entry| place(&entry?.0));
    let mut candidate = assemble(store, tenant_id, (candidate_id, tally), latest, known)?;
    candidate.first_seen_at = first.map(|(occurred_at_us, ..)| timestamp(occurred_at_us));
    Ok(Some(candidate))
}

/// A candidate of its latest cases. Its words are those of the latest case that has any, without what is
/// personal. What the cases say of their customers is added to `known`.
fn assemble(
    store: &Store,
    tenant_id: &str,
    (candidate_id, tally): (&str, Tally),
    latest: impl Iterator<Item = Result<Place, Error>>,
    mut known: Option<&mut Known>,
) -> Result<Candidate, Error> {
    let solution_id = promoted_to(store, tenant_id, candidate_id)?;
    let mut candidate = Candidate {
        candidate_id: candidate_id.to_owned(),
        reason_code: tally.reason_code,
        case_count: tally.case_count,
        state: match solution_id {
            Some(_) => CandidateState::Promoted.into(),
            None => CandidateState::Open.into(),
        },
        solution_id: solution_id.unwrap_or_default(),
        ..Candidate::default()
    };
    for place in latest {
        let (occurred_at_us, interaction_id, whose) = place?;
        let case = store.get(keys::case(tenant_id, &interaction_id, whose))?;
        let case: Case = stored(case).map_err(Error::internal)?.unwrap_or_default();
        if let Some(known) = &mut known {
            known.extend(personal::known(&case));
        }
        add_case(&mut candidate, interaction_id, occurred_at_us, case);
    }
    Ok(candidate)
}

/// The solution that a candidate became.
pub(crate) fn promoted_to(
    store: &Store,
    tenant_id: &str,
    candidate_id: &str,
) -> Result<Option<String>, Error> {
    let solution_id = store.get(keys::promoted(tenant_id, candidate_id))?;
    let solution_id = solution_id.map(|id| String::from_utf8(id.to_vec()));
    solution_id.transpose().map_err(Error::internal)
}

/// Adds a case, older than those before it.
fn add_case(candidate: &mut Candidate, interaction_id: String, occurred_at_us: i64, case: Case) {
    if candidate.interaction_ids.is_empty() {
        candidate.last_seen_at = Some(timestamp(occurred_at_us));
    }
    candidate.interaction_ids.push(interaction_id);
    let mut words = [
        (
            "customer_wording",
            &mut candidate.customer_wording,
            &case.stated_verbatim,
        ),
        ("resolution", &mut candidate.resolution, &case.resolution),
        ("workaround", &mut candidate.workaround, &case.workaround),
    ];
    let is_new = |known: &str, new: &str| known.is_empty() && !new.is_empty();
    // Most cases only confirm the words of later ones.
    if !words.iter().any(|(_, known, new)| is_new(known, new)) {
        return;
    }
    let personal = personal::known(&case);
    for (field, known, new) in &mut words {
        if is_new(known, new) {
            let (text, masked) = personal::masked(field, new, &personal);
            **known = text;
            candidate.masked.extend(masked);
        }
    }
}
