//! All that went wrong with one customer, the latest first, each with why it counts, and in which window and alert it did.

use std::collections::HashMap;

use aftercall_domain::Scope;
use aftercall_domain::concern::concern_alert_id;
use aftercall_domain::measure::{Slip, SlipKind};
use aftercall_log::LogIdentity;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    ListCustomerSlipUpsRequest, ListCustomerSlipUpsResponse, SlipUpEntry, SlipUpInAlert,
    SlipUpInWindow,
};
use aftercall_service::{Call, Checker, Including, Paging, Through, Unread};
use aftercall_view::{ApplyError, Direction, Store, TokenError};
use bytes::Bytes;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use prost::Message;

use super::found::{self, Found, Looked, of_customers, order};
use super::{Limits, shown};
use crate::Insight;
use crate::failure::Unanswered;
use crate::fold::RaisedWindow;
use crate::keys::{self, MERGED};
use crate::limits::WINDOWS;

/// Where a page ends: what is not before it was shown.
#[derive(Clone, PartialEq, Message)]
struct Place {
    /// In microseconds since the Unix epoch: what is as late or later was shown, unless it comes after `last`.
    #[prost(sint64, tag = "1")]
    before_us: i64,
    /// The last one that was shown, where the page ends within an instant.
    #[prost(message, optional, tag = "2")]
    last: Option<Last>,
}

/// A slip-up by what orders it.
#[derive(Clone, PartialEq, Message)]
struct Last {
    #[prost(sint64, tag = "1")]
    at_us: i64,
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(string, tag = "3")]
    interaction_id: String,
    #[prost(string, tag = "4")]
    commitment_id: String,
}

impl Place {
    fn read(paging: &Paging) -> Result<Self, Unread> {
        match paging.after() {
            None => Ok(Self {
                before_us: i64::MAX,
                last: None,
            }),
            Some(place) => {
                let read = Self::decode(place.clone());
                read.map_err(|_| Unread::PageToken(TokenError::Malformed))
            }
        }
    }

    /// After a slip-up that was shown.
    fn after(slip: &Slip) -> Self {
        Self {
            before_us: slip.at_us.saturating_add(1),
            last: Some(Last {
                at_us: slip.at_us,
                kind: slip.kind as u32,
                interaction_id: slip.interaction_id.clone(),
                commitment_id: slip.commitment_id.clone(),
            }),
        }
    }

    /// After all that is later than an instant.
    fn after_all_since(after_us: i64) -> Self {
        Self {
            before_us: after_us.saturating_add(1),
            last: None,
        }
    }

    /// Whether a slip-up comes after it.
    fn is_before(&self, slip: &Slip) -> bool {
        let (at_us, kind, interaction_id, commitment_id) = order(slip);
        let own = (at_us, kind as u32, interaction_id, commitment_id);
        self.last.as_ref().is_none_or(|last| {
            let last = (
                last.at_us,
                last.kind,
                &*last.interaction_id,
                &*last.commitment_id,
            );
            own < last
        })
    }
}

/// What is asked for, checked.
struct Query {
    customer_id: String,
    limits: Limits,
    paging: Paging,
    from: Place,
}

impl Query {
    fn of(call: &Call<ListCustomerSlipUpsRequest>, log: &LogIdentity) -> Result<Self, Unanswered> {
        let message = &call.message;
        let mut checker = Checker::new();
        checker.required_id("customer_id", &message.customer_id);
        let limits = Limits::check(
            &mut checker,
            message.window_days,
            message.threshold,
            message.long_wait_seconds,
        );
        let size = checker.count("page_size", message.page_size, WINDOWS);
        checker.done(())?;
        let query: [&[u8]; 5] = [
            b"customer-slip-ups",
            call.tenant_id().as_bytes(),
            &call.scope().fingerprint(),
            message.customer_id.as_bytes(),
            &limits.fingerprint(),
        ];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        Ok(Self {
            customer_id: message.customer_id.clone(),
            limits,
            from: Place::read(&paging)?,
            paging,
        })
    }

    fn list(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (through, log): (&Through, &LogIdentity),
    ) -> Result<ListCustomerSlipUpsResponse, Unanswered> {
        let customers = MERGED.customers(store, whose.0, &self.customer_id)?;
        let wait_ms = self.limits.long_wait_ms();
        let until = (&*customers, self.from.before_us);
        let Looked { found, after_us } = found::before(store, whose, until, wait_ms)?;
        let led_to = LedTo::read(store, whose, &customers, self.limits)?;
        let (mut page, mut last, mut is_full) = (self.paging.page(), None, false);
        let latest = found.into_iter().rev();
        for found in latest.filter(|found| self.from.is_before(&found.slip)) {
            let place = Place::after(&found.slip);
            let entry = led_to.entry(found);
            let bytes = entry.encoded_len();
            is_full = !page.takes(bytes);
            if is_full {
                break;
            }
            page.add(entry, bytes);
            last = Some(place);
        }
        let next = match is_full {
            true => last,
            false => after_us.map(Place::after_all_since),
        };
        let next = next.map(|place| Bytes::from(place.encode_to_vec()));
        Ok(ListCustomerSlipUpsResponse {
            entries: page.into_items(),
            next_page_token: self.paging.token(log, &through.positions, next),
            customer_ids: customers,
            complete_through: through.position(log),
            complete_through_at: through.time(),
        })
    }
}

/// What slip-ups of customers that are one led to.
struct LedTo {
    windows: HashMap<Slip, SlipUpInWindow>,
    alerts: HashMap<Slip, SlipUpInAlert>,
}

impl LedTo {
    fn read(
        store: &Store,
        whose: (&str, &Scope),
        customers: &[String],
        limits: Limits,
    ) -> Result<Self, ApplyError> {
        let found = of_customers(store, whose, customers, limits.long_wait_ms())?;
        let slips = found.into_iter().map(|found| found.slip).collect();
        let mut windows = HashMap::new();
        for listed in limits.listed(slips) {
            let from_us = listed.first().map_or(0, |first| first.at_us);
            let until_us = from_us.saturating_add(limits.window_us());
            for (place, slip) in listed.into_iter().enumerate() {
                let window = SlipUpInWindow {
                    from: instant(from_us),
                    until: instant(until_us),
                    number: i32::try_from(place + 1).unwrap_or(i32::MAX),
                };
                windows.insert(slip, window);
            }
        }
        Ok(Self {
            windows,
            alerts: alerts(store, whose.0, customers)?,
        })
    }

    fn entry(&self, found: Found) -> SlipUpEntry {
        let Found { slip, basis, .. } = found;
        let (mut repeats, mut waited_ms) = (String::new(), 0);
        match slip.kind {
            SlipKind::Repeat => repeats = basis.repeats,
            SlipKind::LongWait => waited_ms = i64::from(basis.waited_ms),
            SlipKind::Lapse | SlipKind::Drop | SlipKind::Correction => {}
        }
        SlipUpEntry {
            repeats_interaction_id: repeats,
            waited_ms,
            goes_on_with_interaction_ids: basis.goes_on_with,
            window: self.windows.get(&slip).cloned(),
            alert: self.alerts.get(&slip).cloned(),
            slip_up: Some(shown(slip)),
        }
    }
}

/// The alerts that were raised about customers, by what they are about.
fn alerts(
    store: &Store,
    tenant_id: &str,
    customers: &[String],
) -> Result<HashMap<Slip, SlipUpInAlert>, ApplyError> {
    let mut alerts = HashMap::new();
    for customer_id in customers {
        let list = keys::windows(tenant_id, customer_id);
        for entry in store.scan_prefix(list, Direction::Ascending) {
            let window = RaisedWindow::decode(entry?.1).map_err(ApplyError::record)?;
            let alert_id = concern_alert_id(&window.concern_id, window.episode_no);
            let alert = SlipUpInAlert {
                alert_id: alert_id.map_or_else(String::new, |id| id.to_string()),
                raised_at: instant(window.raised_at_us),
                window_until: instant(window.until_us),
            };
            let slips = window.slips.into_iter().map(Slip::try_from);
            alerts.extend(slips.flatten().map(|slip| (slip, alert.clone())));
        }
    }
    Ok(alerts)
}

fn instant(at_us: i64) -> Option<WireTimestamp> {
    Timestamp::from_microsecond(at_us).ok().map(time::to_wire)
}

/// A page of what went wrong with a customer.
pub(crate) async fn list(
    insight: &Insight,
    call: Call<ListCustomerSlipUpsRequest>,
) -> Result<ListCustomerSlipUpsResponse, Unanswered> {
    let log = insight.log_identity();
    let query = Query::of(&call, &log)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let reading = insight.reading();
    let through = query.paging.reach(reading, including, call.read_until());
    let (through, scope) = (through.await?, call.scope());
    let list = move |store: &Store| query.list(store, (call.tenant_id(), &scope), (&through, &log));
    reading.run(list).await
}
