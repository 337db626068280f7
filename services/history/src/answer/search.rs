//! Contacts by text and filters.

use aftercall_domain::Scope;
use aftercall_proto::history::v1::{
    SearchInteractionsRequest, SearchInteractionsResponse, SearchResult,
};
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_service::{
    Call, Including, Page, Paging, Permissions, Places, Sought, Unfound, Unread,
};
use aftercall_view::index::Snapshot;
use aftercall_view::{Positions, Store, TokenError};
use bytes::Bytes;
use prost::Message;

use super::interaction::entry;
use crate::as_of::{self, Asked as AsOf, Moment};
use crate::failure::Unanswered;
use crate::index::Fields;
use crate::known::Known;
use crate::request::{SearchRequest, with_merged};
use crate::search::cursor::PLACE_BYTES;
use crate::search::snippets::snippets;
use crate::search::then::Span;
use crate::search::{self, Found, Hit, Indexes, Place, Search, Then, Weights};
use crate::{History, calls};

pub(crate) async fn search(
    history: &History,
    call: Call<SearchInteractionsRequest>,
) -> Result<SearchInteractionsResponse, Unanswered> {
    let mut request = SearchRequest::check(&call.message, history.clock().now())?;
    let log = history.log_identity();
    let bound = bound_to_pages(&call.message);
    let scope = call.scope();
    let query: [&[u8]; 4] = [
        b"search",
        call.tenant_id().as_bytes(),
        &scope.fingerprint(),
        &bound,
    ];
    let paging = Paging::asked(&log, &query, request.results_max, &call.message.page_token)?;
    let after = After::read(&paging, request.text.words().len())?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let reading = history.reading();
    let until = call.read_until();
    paging.reach_index(reading, including, until).await?;
    let past = match &request.as_of {
        AsOf::Now => None,
        asked => {
            let past = history.past(asked, paging.first_through(), until).await?;
            let field = as_of::field(asked);
            reading.index_through(field, &past.through, until).await?;
            Some(past)
        }
    };
    let (snapshot, present) = reading.indexed()?;
    let present = history.present(present);
    let among = match request.behind.take() {
        None => None,
        Some(filter) => Some(behind(history, &call, (filter, present.through.clone())).await?),
    };
    let moment = past.unwrap_or(present);
    let is_first = after.is_none();
    let page = Asked {
        tenant_id: call.tenant_id().to_owned(),
        scope,
        fields: history.fields().clone(),
        snapshot,
        moment: moment.clone(),
        request,
        among,
        after,
    };
    let (answer, next) = reading.run(move |store| page.search(store)).await?;
    let next = next.map(After::into_place);
    let (_, complete_through_at) = moment.answered(&log);
    Ok(SearchInteractionsResponse {
        next_page_token: paging.token(&log, &answer.complete_through, next),
        complete_through: answer.complete_through.encode(&log),
        complete_through_at: complete_through_at.filter(|_| is_first || moment.is_past()),
        results: answer.results,
        total_size: answer.found.total,
        facets: answer.found.facets,
    })
}

/// The contacts behind a number, in insight's view once that includes what the index does. What it has and the index has not
/// yet is not found by the search either.
async fn behind(
    history: &History,
    call: &Call<SearchInteractionsRequest>,
    (filter, including): (ContactFilter, Positions),
) -> Result<Places, Unanswered> {
    call.principal.require_any(Permissions::MEASURING)?;
    let sought = Sought {
        tenant_id: call.tenant_id().to_owned(),
        scope: call.scope(),
        filter,
        including,
        until: call.read_until(),
    };
    let found = history.lent().measure(sought).await;
    let named = |field: &str| field.replacen("filter", "contact_filter", 1);
    Ok(found.map_err(|unfound: Unfound| unfound.named(named))?)
}

/// Where a page begins: nothing that an index's change could move.
struct After {
    place: Place,
    weights: Weights,
    complete_through: Positions,
}

impl After {
    fn read(paging: &Paging, words: usize) -> Result<Option<Self>, Unread> {
        let (Some(payload), Some(complete_through)) = (paging.after(), paging.first_through())
        else {
            return Ok(None);
        };
        let parts = payload.split_first_chunk::<PLACE_BYTES>();
        let after = parts.and_then(|(place, weights)| {
            Some(Self {
                place: Place::from_bytes(*place),
                weights: Weights::from_bytes(weights, words)?,
                complete_through: complete_through.clone(),
            })
        });
        match after {
            Some(after) => Ok(Some(after)),
            None => Err(Unread::PageToken(TokenError::Malformed)),
        }
    }

    fn into_place(self) -> Bytes {
        let mut place = self.place.to_bytes().to_vec();
        place.extend(self.weights.to_bytes());
        Bytes::from(place)
    }
}

/// One page's work, ready for another thread.
struct Asked {
    tenant_id: String,
    scope: Scope,
    fields: Fields,
    snapshot: Snapshot,
    moment: Moment,
    request: SearchRequest,
    among: Option<Places>,
    after: Option<After>,
}

struct Answer {
    found: Found,
    results: Vec<SearchResult>,
    complete_through: Positions,
}

impl Asked {
    fn search(self, store: &Store) -> Result<(Answer, Option<After>), Unanswered> {
        let Self {
            tenant_id,
            scope,
            fields,
            snapshot,
            moment,
            mut request,
            among,
            after,
        } = self;
        let known = &moment.known(store);
        let customers = std::mem::take(&mut request.filter.customer_ids);
        request.filter.customer_ids = all_merged(known, &tenant_id, customers)?;
        let whose = (&*tenant_id, &scope);
        let (place, weights, first) = match after {
            Some(after) => (
                Some(after.place),
                after.weights,
                Some(after.complete_through),
            ),
            None => {
                let text = &request.text;
                let weights = search::weigh(&snapshot.searcher, &fields, whose, text)?;
                (None, weights, None)
            }
        };
        let then = then(known, &fields, (&tenant_id, &request), (&moment, &snapshot))?;
        let indexes = Indexes {
            now: &snapshot.searcher,
            then: then.as_ref(),
        };
        let past = moment.is_past().then(|| moment.through.clone());
        let within = past.or(first);
        let mut found = search::run(
            indexes,
            &fields,
            &Search {
                tenant_id: &tenant_id,
                scope: &scope,
                text: &request.text,
                filter: &request.filter,
                among: among.as_ref(),
                order: request.order,
                weights: &weights,
                after: place,
                recorded_within: within.as_ref(),
                results_max: request.results_max,
                facets: &request.facets,
            },
        )?;
        let hits = std::mem::take(&mut found.hits);
        let (results, last, has_more) = show(known, whose, (&request, hits), found.has_more)?;
        let complete_through = within.unwrap_or(snapshot.complete_through);
        let next = last.filter(|_| has_more).map(|place| After {
            place,
            weights,
            complete_through: complete_through.clone(),
        });
        Ok((
            Answer {
                found,
                results,
                complete_through,
            },
            next,
        ))
    }
}

/// The results as they are answered, the last one's place, and whether there is more: a page that
/// would be too large ends early.
fn show(
    known: &Known,
    (tenant_id, scope): (&str, &Scope),
    (request, hits): (&SearchRequest, Vec<Hit>),
    mut has_more: bool,
) -> Result<(Vec<SearchResult>, Option<Place>, bool), Unanswered> {
    let is_scored = !request.text.wanted.is_empty();
    let (mut results, mut last) = (Page::new(hits.len()), None);
    for hit in hits {
        // The store never drops a contact; only one that is being rebuilt has none.
        let is_call = calls::is_call(&hit.key);
        let found = match is_call {
            true => calls::entry(known, &hit.key)?,
            false => entry(known, &hit.key)?,
        };
        let mut entry = found.ok_or(Unread::Unavailable(None))?;
        if !is_call {
            calls::complete(known, tenant_id, &mut entry)?;
        }
        // The store may be ahead of the index.
        let is_shown = entry.is_within(scope) && !calls::is_superseded(known, &hit.key)?;
        let Some(interaction) = entry.interaction.filter(|_| is_shown) else {
            last = Some(hit.place);
            continue;
        };
        let result = SearchResult {
            snippets: snippets(&interaction, &request.text),
            interaction: Some(interaction),
            score: is_scored.then_some(hit.score),
        };
        let bytes = result.encoded_len();
        if !results.takes(bytes) {
            has_more = true;
            break;
        }
        last = Some(hit.place);
        results.add(result, bytes);
    }
    Ok((results.into_items(), last, has_more))
}

/// What has changed since, where it is searched as of the past.
fn then(
    known: &Known,
    fields: &Fields,
    (tenant_id, request): (&str, &SearchRequest),
    (moment, snapshot): (&Moment, &Snapshot),
) -> Result<Option<Then>, Unanswered> {
    if !moment.is_past() {
        return Ok(None);
    }
    let span = Span {
        then: &moment.through,
        indexed: &snapshot.complete_through,
    };
    Then::read(known, fields, (tenant_id, &request.filter), span).map(Some)
}

/// The customers, and those with whom they are one.
pub(crate) fn all_merged(
    known: &Known,
    tenant_id: &str,
    customers: Vec<String>,
) -> Result<Vec<String>, Unanswered> {
    let mut all = Vec::new();
    for customer_id in customers {
        all.extend(with_merged(known, tenant_id, &customer_id)?);
    }
    Ok(all)
}

/// What binds page tokens to the request that they came from. Its facets may differ: they count
/// everything that was found, and so do not depend on the page.
fn bound_to_pages(request: &SearchInteractionsRequest) -> Vec<u8> {
    let bound = SearchInteractionsRequest {
        page_size: 0,
        page_token: String::new(),
        min_position: String::new(),
        latest: false,
        facets: Vec::new(),
        ..request.clone()
    };
    bound.encode_to_vec()
}
