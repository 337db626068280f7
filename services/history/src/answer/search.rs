//! Contacts by text and filters.

use aftercall_proto::history::v1::{
    SearchInteractionsRequest, SearchInteractionsResponse, SearchResult,
};
use aftercall_service::Internal;
use aftercall_view::index::Snapshot;
use aftercall_view::{PageToken, Positions, Store, TokenError, fingerprint};
use bytes::Bytes;
use prost::Message;

use super::interaction::entry;
use crate::History;
use crate::failure::Unanswered;
use crate::history::Call;
use crate::index::Fields;
use crate::limits::ANSWER_BYTES_MAX;
use crate::request::SearchRequest;
use crate::search::cursor::PLACE_BYTES;
use crate::search::snippets::snippets;
use crate::search::{self, Found, Hit, Place, Search, Weights};

pub(crate) async fn search(
    history: &History,
    call: Call<SearchInteractionsRequest>,
) -> Result<SearchInteractionsResponse, Unanswered> {
    let request = SearchRequest::check(&call.request)?;
    let query = query_fingerprint(call.tenant_id(), &call.request);
    let after = match call.request.page_token.as_str() {
        "" => None,
        token => Some(After::read(
            token,
            history,
            query,
            request.text.words().len(),
        )?),
    };
    if let Some(after) = &after {
        history
            .search_again_through(&after.complete_through, call.deadline)
            .await?;
    }
    history
        .search_through(&call.request.min_position, call.deadline)
        .await?;
    let snapshot = history.view().snapshot().ok_or(Unanswered::Unavailable)?;
    let page = Page {
        tenant_id: call.tenant_id().to_owned(),
        fields: history.fields().clone(),
        store: history.view().store(),
        snapshot,
        request,
        after,
    };
    // The index is read on threads that may block, and on a bounded number of them.
    let turn = history
        .searches()
        .acquire_owned()
        .await
        .map_err(Internal::new)?;
    let (log, searched) = (history.log_id(), move || {
        let _turn = turn;
        page.search()
    });
    let (answer, next) = tokio::task::spawn_blocking(searched)
        .await
        .map_err(Internal::new)??;
    let next_page_token = next.map(|after| after.into_token(query).encode(log));
    Ok(SearchInteractionsResponse {
        next_page_token: next_page_token.unwrap_or_default(),
        complete_through: answer.complete_through.encode(log),
        results: answer.results,
        total_size: answer.found.total,
        facets: answer.found.facets,
    })
}

/// Where a page begins: nothing that an index's change could move.
struct After {
    place: Place,
    weights: Weights,
    complete_through: Positions,
}

impl After {
    fn read(token: &str, history: &History, query: u64, words: usize) -> Result<Self, Unanswered> {
        let token = PageToken::decode(token, history.log_id(), query);
        let PageToken {
            complete_through,
            payload,
            ..
        } = token.map_err(Unanswered::PageToken)?;
        let parts = payload.split_first_chunk::<PLACE_BYTES>();
        parts
            .and_then(|(place, weights)| {
                let weights = Weights::from_bytes(weights, words)?;
                Some(Self {
                    place: Place::from_bytes(*place),
                    weights,
                    complete_through,
                })
            })
            .ok_or(Unanswered::PageToken(TokenError::Malformed))
    }

    fn into_token(self, query: u64) -> PageToken {
        let mut payload = self.place.to_bytes().to_vec();
        payload.extend(self.weights.to_bytes());
        let complete_through = self.complete_through;
        PageToken {
            query,
            complete_through,
            payload: Bytes::from(payload),
        }
    }
}

/// One page's work, ready for another thread.
struct Page {
    tenant_id: String,
    fields: Fields,
    store: Store,
    snapshot: Snapshot,
    request: SearchRequest,
    after: Option<After>,
}

struct Answer {
    found: Found,
    results: Vec<SearchResult>,
    complete_through: Positions,
}

impl Page {
    fn search(self) -> Result<(Answer, Option<After>), Unanswered> {
        let Self {
            tenant_id,
            fields,
            store,
            snapshot,
            request,
            after,
        } = self;
        let searcher = &snapshot.searcher;
        let (place, weights, within) = match after {
            Some(after) => (
                Some(after.place),
                after.weights,
                Some(after.complete_through),
            ),
            None => (
                None,
                search::weigh(searcher, &fields, &tenant_id, &request.text)?,
                None,
            ),
        };
        let mut found = search::run(
            searcher,
            &fields,
            &Search {
                tenant_id: &tenant_id,
                text: &request.text,
                filter: &request.filter,
                order: request.order,
                weights: &weights,
                after: place,
                recorded_within: within.as_ref(),
                results_max: request.results_max,
                facets: &request.facets,
            },
        )?;
        let hits = std::mem::take(&mut found.hits);
        let (results, last, has_more) = show(&store, &request, hits, found.has_more)?;
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
    store: &Store,
    request: &SearchRequest,
    hits: Vec<Hit>,
    mut has_more: bool,
) -> Result<(Vec<SearchResult>, Option<Place>, bool), Unanswered> {
    let mut results = Vec::with_capacity(hits.len());
    let (mut last, mut bytes) = (None, 0);
    for hit in hits {
        if bytes > ANSWER_BYTES_MAX {
            has_more = true;
            break;
        }
        last = Some(hit.place);
        // The store never drops a contact; only one that is being rebuilt has none.
        let entry = entry(store, &hit.key)?.ok_or(Unanswered::Unavailable)?;
        let Some(interaction) = entry.interaction else {
            continue;
        };
        bytes += interaction.encoded_len();
        results.push(SearchResult {
            snippets: snippets(&interaction, &request.text),
            interaction: Some(interaction),
            score: hit.score,
        });
    }
    Ok((results, last, has_more))
}

/// Binds page tokens to the request that they came from. Its facets may differ: they count
/// everything that was found, and so do not depend on the page.
fn query_fingerprint(tenant_id: &str, request: &SearchInteractionsRequest) -> u64 {
    let bound = SearchInteractionsRequest {
        page_size: 0,
        page_token: String::new(),
        min_position: String::new(),
        facets: Vec::new(),
        ..request.clone()
    };
    fingerprint(&[b"search", tenant_id.as_bytes(), &bound.encode_to_vec()])
}
