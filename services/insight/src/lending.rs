//! What insight lends the other services of the process: the contacts behind a number, by their places in the log.

use aftercall_log::Position;
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_service::{Checker, LENT_MAX, Places, Sought, Unfound, Unread, seq_of};
use aftercall_view::Store;
use jiff::Timestamp;

use crate::Insight;
use crate::failure::Unanswered;
use crate::filter::{Filter, Terms, searched};
use crate::insight::Asking;
use crate::scan::{self, Asked};

/// The contacts that a filter asks for, as the view is once it includes what is asked for.
pub(crate) async fn find(
    insight: &Insight,
    sought: Sought<ContactFilter>,
) -> Result<Places, Unfound> {
    let Sought {
        tenant_id,
        scope,
        filter: wire,
        including,
        until,
    } = sought;
    let mut checker = Checker::new();
    let filter = Filter::of(&wire, &mut checker);
    let terms = Terms::of(None, Some(&wire), &mut checker);
    let (filter, terms) = checker.done((filter, terms))?;
    let reading = insight.reading();
    reading.ready(until).await?;
    // The position is another view's of the same log.
    let field = "min_position";
    reading.store_through(field, &including, until).await?;
    let asking = Asking {
        searched: searched(&wire, &[&filter]),
        whose: (&tenant_id, &scope),
        until,
    };
    let among = insight.look_up(asking, &including).await?;
    let find = move |store: &Store| {
        let terms = terms.at(Timestamp::MAX);
        let asked = Asked {
            among: among.as_ref(),
            ..Asked::all((&tenant_id, &scope), &filter, &terms)
        };
        let mut places = Vec::new();
        scan::rows(store, asked, |seen| {
            places.push(seq_of(Position {
                partition: seen.address.partition,
                offset: seen.row.offset(),
            }));
            Ok::<_, Unanswered>(places.len() <= LENT_MAX)
        })?;
        places.sort_unstable();
        Ok(places)
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
            // Contacts are refused for nothing else.
            other => Unread::internal(other.to_string()).into(),
        }
    }
}
