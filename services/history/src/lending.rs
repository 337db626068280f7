//! What history lends the other services of the process: the contacts that a search finds, by their places in the log.

use aftercall_service::{Checker, LENT_MAX, Places, Searched, Sought, Unfound, Unread};
use aftercall_view::Store;

use crate::History;
use crate::answer::search::all_merged;
use crate::failure::Unanswered;
use crate::known::Known;
use crate::limits::QUERY_BYTES_MAX;
use crate::request::{filter, prefix};
use crate::search::grammar::TextQuery;
use crate::search::{self, Indexes, Order, Search, Weights};

/// The contacts that a search finds, as the index is once it includes what is asked for.
pub(crate) async fn find(history: &History, sought: Sought<Searched>) -> Result<Places, Unfound> {
    let Sought {
        tenant_id,
        scope,
        filter: searched,
        including,
        until,
    } = sought;
    let mut checker = Checker::new();
    checker.text("query", &searched.query, QUERY_BYTES_MAX);
    let text = TextQuery::parse(prefix(&searched.query, QUERY_BYTES_MAX));
    let filter = filter(&searched.filter, &mut checker);
    let mut filter = checker.done(filter)?;
    let reading = history.reading();
    reading.ready(until).await?;
    // The position is another view's of the same log.
    let field = "min_position";
    reading.index_through(field, &including, until).await?;
    let (snapshot, _) = reading.indexed()?;
    let fields = history.fields().clone();
    let find = move |store: &Store| {
        let known = Known::now(store);
        let customers = std::mem::take(&mut filter.customer_ids);
        filter.customer_ids = all_merged(&known, &tenant_id, customers)?;
        let indexes = Indexes {
            now: &snapshot.searcher,
            then: None,
        };
        let words = vec![0; text.words().len()];
        let search = Search {
            tenant_id: &tenant_id,
            scope: &scope,
            text: &text,
            filter: &filter,
            among: None,
            order: Order::Latest,
            // In the order of time words have no weight.
            weights: &Weights::new(0, &words),
            after: None,
            recorded_within: None,
            results_max: 0,
            facets: &[],
        };
        Ok(search::places(indexes, &fields, &search, LENT_MAX)?)
    };
    let found: Result<Vec<u64>, Unanswered> = reading.run(find).await;
    let places = found?;
    match places.len() > LENT_MAX {
        true => Err(Unfound::TooWide),
        false => Ok(Places::of(&places)),
    }
}

impl From<Unanswered> for Unfound {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Invalid(violations) => Self::Invalid(violations),
            Unanswered::Unfound(unfound) => unfound,
            Unanswered::Unread(unread) => Self::Unread(unread),
            // A search that is not as of the past is refused for nothing else.
            other => Unread::internal(other.to_string()).into(),
        }
    }
}
