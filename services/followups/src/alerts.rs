//! Lists of alerts: the latest first, in pages.

mod filter;

use aftercall_domain::Party;
use aftercall_proto::alerts::v1::{ListAlertsRequest, ListAlertsResponse};
use aftercall_proto::model::v1::Alert;
use aftercall_service::{Call, Checker, Counting, Including, Paging, Total, Unread};
use aftercall_view::key::{MalformedKey, Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::AlertPlace;
use crate::limits::PAGE;
use crate::merged::Merged;
use crate::parts::{Joined, Part};
use crate::watch::Raised;
use crate::{keys, stored};

pub(crate) use filter::Filter;

/// An alert's place in its list: what follows the list's name in the key.
type Place = Bytes;

/// Answers `call`.
pub(crate) async fn list(
    followups: &Followups,
    call: Call<ListAlertsRequest>,
) -> Result<ListAlertsResponse, Refused> {
    let (until, tenant_id) = (call.read_until(), call.tenant_id().to_owned());
    let scope = call.scope();
    let seen = scope.fingerprint();
    let ListAlertsRequest {
        filter,
        page_size,
        page_token,
        min_position,
        latest,
        include_total,
    } = call.message;
    let filter = filter.unwrap_or_default();
    let bound = filter.encode_to_vec();
    let mut checker = Checker::new();
    let filter = Filter::new(filter, scope, &mut checker);
    let count_max = checker.count("page_size", page_size, PAGE);
    checker.done(())?;
    let reading = followups.reading();
    let log = reading.log_identity();
    let query: [&[u8]; 4] = [b"alerts", tenant_id.as_bytes(), &seen, &bound];
    let paging = Paging::asked(&log, &query, count_max, &page_token)?;
    let including = Including {
        min_position: &min_position,
        latest,
    };
    let through = paging.reach(reading, including, until).await?;
    let after = paging.after().cloned();
    let read = move |store: &Store| {
        let filter = filter
            .clone()
            .with_merged(store, &tenant_id)
            .map_err(ApplyError::from)?;
        let lists = Lists {
            store,
            tenant_id: &tenant_id,
            filter: &filter,
        };
        let total = include_total.then(|| lists.count()).transpose()?;
        Ok::<_, Unread>((lists.page(after.as_ref(), count_max)?, total))
    };
    let (page, total) = reading.run(read).await?;
    Ok(ListAlertsResponse {
        alerts: page.entries,
        next_page_token: paging.token(&log, &through.positions, page.next_after),
        complete_through: through.position(&log),
        complete_through_at: through.time(),
        total_size: total.map(|total| total.size),
        total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
    })
}

/// A tenant's lists of alerts: of the open ones, of the others. An alert only ever moves from there to the
/// others.
struct Lists<'a> {
    store: &'a Store,
    tenant_id: &'a str,
    filter: &'a Filter,
}

impl Lists<'_> {
    /// At most `count_max` alerts after `after`.
    fn page(
        &self,
        after: Option<&Place>,
        count_max: usize,
    ) -> Result<Joined<Place, Alert>, ApplyError> {
        let parts = self.filter.open().iter().map(|open| {
            let places = self.places(*open, after);
            Part::read(places, count_max, |place| self.wanted(place))
        });
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        Ok(Joined::of(parts, count_max))
    }

    /// How many alerts there are.
    fn count(&self) -> Result<Total, ApplyError> {
        let mut counting = Counting::new();
        for open in self.filter.open() {
            let places = self.places(*open, None);
            counting.part(places, |place| Ok(self.wanted(place)?.is_some()))?;
        }
        Ok(counting.total())
    }

    /// The places after `after` in the lists of those whose alerts the caller sees.
    fn places(
        &self,
        open: bool,
        after: Option<&Place>,
    ) -> impl Iterator<Item = Result<Place, ApplyError>> + use<> {
        let own = self.filter.scope().parties();
        let lists: Vec<Option<Party<'_>>> = match own {
            None => vec![None],
            Some(own) => own.iter().map(Some).collect(),
        };
        Merged::new(lists.into_iter().map(|of| {
            let list = keys::alert_list(self.tenant_id, of, open);
            let from = match after {
                None => list.to_vec(),
                Some(after) => [&list[..], after, &[0]].concat(),
            };
            let to = prefix_end(&list);
            let found = self
                .store
                .scan_range(from, to.as_deref(), Direction::Ascending);
            found.map(move |entry| Ok(entry?.0.slice(list.len()..)))
        }))
    }

    /// The alert at a place, if the filter admits it.
    fn wanted(&self, place: &Place) -> Result<Option<Alert>, ApplyError> {
        let place = named(place).map_err(ApplyError::record)?;
        let found = self
            .store
            .get(place.key(self.tenant_id))?
            .map(stored::decode_alert)
            .transpose()?;
        let get = |key: &[u8]| self.store.get(key);
        let raised = found.map(|alert| Raised::of(self.tenant_id, alert, get));
        let raised = raised.transpose()?;
        let admitted = raised.filter(|raised| self.filter.admits(raised));
        Ok(admitted.map(|raised| raised.alert))
    }
}

/// Which alert a place names.
fn named(place: &[u8]) -> Result<AlertPlace, MalformedKey> {
    let mut parts = Parts::new(place);
    parts.time_descending()?;
    AlertPlace::read(&mut parts)
}
