//! Customers with whom too much went wrong within a window.
//!
//! Customers are looked at in the order of their ids, some thousands for a page; those that are one are looked at together,
//! where the first of them stands. What went wrong with one: [`found`]; all of it, one by one: [`ledger`].

mod found;
pub(crate) mod ledger;

use aftercall_domain::Scope;
use aftercall_domain::measure::{DAY_MS, Slip, SlipKind, thresholds};
use aftercall_log::LogIdentity;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    ListSlipUpsRequest, ListSlipUpsResponse, SlipUp, SlipUpKind, SlipUpWindow,
};
use aftercall_service::{Call, Checker, Including, Paging, Through, given};
use aftercall_view::key::{Key, prefix_end};
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;
use jiff::Timestamp;

use crate::Insight;
use crate::failure::Unanswered;
use crate::filter::bounded;
use crate::keys::{self, MERGED};
use crate::limits::{
    CUSTOMERS_LOOKED_AT_MAX, SECONDS_MAX, THRESHOLD_MAX, WINDOW_DAYS_MAX, WINDOWS,
};

pub(crate) use found::{Found, of_customers};

/// A wait is long from so many seconds on, unless it is said.
const LONG_WAIT_S: u32 = 600;

/// The same in milliseconds.
pub(crate) const LONG_WAIT_MS: u32 = LONG_WAIT_S * 1_000;

/// How many slip-ups make a listing, unless it is said.
pub(crate) const THRESHOLD: u32 = 3;

/// How many days the window has, unless it is said.
const WINDOW_DAYS: u32 = 30;

/// The same in microseconds.
pub(crate) const WINDOW_US: i64 = WINDOW_DAYS as i64 * DAY_US;

/// Microseconds of a day.
const DAY_US: i64 = DAY_MS as i64 * 1_000;

/// What is too much.
#[derive(Debug, Clone, Copy)]
struct Limits {
    days: u32,
    threshold: u32,
    wait_s: u32,
}

impl Limits {
    /// What is asked for: the days of a window, how many slip-ups make a listing, and from how many seconds on a wait is
    /// long.
    fn check(checker: &mut Checker, days: i32, threshold: i32, wait_s: i32) -> Self {
        let days = bounded(checker, "window_days", (days, WINDOW_DAYS_MAX));
        let threshold = bounded(checker, "threshold", (threshold, THRESHOLD_MAX));
        let wait_s = bounded(checker, "long_wait_seconds", (wait_s, SECONDS_MAX));
        Self {
            days: days.unwrap_or(WINDOW_DAYS),
            threshold: threshold.unwrap_or(THRESHOLD),
            wait_s: wait_s.unwrap_or(LONG_WAIT_S),
        }
    }

    /// What tells them from others, for page tokens.
    fn fingerprint(self) -> Vec<u8> {
        let all = [self.days, self.threshold, self.wait_s];
        all.into_iter().flat_map(u32::to_be_bytes).collect()
    }

    fn window_us(self) -> i64 {
        i64::from(self.days) * DAY_US
    }

    const fn long_wait_ms(self) -> u32 {
        self.wait_s.saturating_mul(1_000)
    }

    /// What of `slips` reached the threshold.
    fn listed(self, slips: Vec<Slip>) -> Vec<Vec<Slip>> {
        thresholds(slips, self.window_us(), self.threshold as usize)
    }
}

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    customer_id: Option<String>,
    limits: Limits,
    paging: Paging,
}

impl Query {
    fn of(call: &Call<ListSlipUpsRequest>, log: &LogIdentity) -> Result<Self, Unanswered> {
        let message = &call.message;
        let mut checker = Checker::new();
        checker.id("customer_id", &message.customer_id);
        let limits = Limits::check(
            &mut checker,
            message.window_days,
            message.threshold,
            message.long_wait_seconds,
        );
        let size = checker.count("page_size", message.page_size, WINDOWS);
        checker.done(())?;
        let query: [&[u8]; 5] = [
            b"slip-ups",
            call.tenant_id().as_bytes(),
            &call.scope().fingerprint(),
            message.customer_id.as_bytes(),
            &limits.fingerprint(),
        ];
        Ok(Self {
            customer_id: given(message.customer_id.clone()),
            limits,
            paging: Paging::asked(log, &query, size, &message.page_token)?,
        })
    }

    fn list(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (through, log): (&Through, &LogIdentity),
    ) -> Result<ListSlipUpsResponse, Unanswered> {
        let (mut windows, mut last) = (Vec::new(), None);
        let mut more = false;
        match &self.customer_id {
            Some(customer_id) => {
                let customers = MERGED.customers(store, whose.0, customer_id)?;
                windows = self.windows_of(store, whose, &customers)?;
            }
            None => {
                let after = self.paging.after().map(|place| place.to_vec());
                let mut after = after.and_then(|place| String::from_utf8(place).ok());
                let mut looked_at = 0;
                while let Some(customer_id) = next_customer(store, whose.0, after.as_deref())? {
                    more =
                        windows.len() >= self.paging.size() || looked_at >= CUSTOMERS_LOOKED_AT_MAX;
                    if more {
                        break;
                    }
                    looked_at += 1;
                    let customers = MERGED.customers(store, whose.0, &customer_id)?;
                    if is_first(store, whose.0, &customers)? {
                        windows.extend(self.windows_of(store, whose, &customers)?);
                    }
                    last = Some(Bytes::from(customer_id.clone()));
                    after = Some(customer_id);
                }
            }
        }
        Ok(ListSlipUpsResponse {
            windows,
            next_page_token: self
                .paging
                .token(log, &through.positions, last.filter(|_| more)),
            complete_through: through.position(log),
            complete_through_at: through.time(),
        })
    }

    /// What reached the threshold with a customer, the first, and those that are one with it.
    fn windows_of(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        customers: &[String],
    ) -> Result<Vec<SlipUpWindow>, Unanswered> {
        let Some((customer_id, others)) = customers.split_first() else {
            return Ok(Vec::new());
        };
        let found = of_customers(store, whose, customers, self.limits.long_wait_ms())?;
        let slips = found.into_iter().map(|found| found.slip).collect();
        let listed = self.limits.listed(slips);
        let windows = listed.into_iter().map(|slips| SlipUpWindow {
            customer_id: customer_id.clone(),
            slip_ups: slips.into_iter().map(shown).collect(),
            merged_customer_ids: others.to_vec(),
        });
        Ok(windows.collect())
    }
}

/// Whether the first of customers that are one is the one among whom they are looked at: of those with inbound contacts or
/// promises that went wrong, the first by their ids.
fn is_first(store: &Store, tenant_id: &str, customers: &[String]) -> Result<bool, Unanswered> {
    let Some((customer_id, others)) = customers.split_first() else {
        return Ok(false);
    };
    for other in others.iter().filter(|other| *other < customer_id) {
        let lists = [
            keys::places(tenant_id, other),
            keys::slips(tenant_id, other),
        ];
        for list in lists {
            let mut found = store.scan_prefix(&*list, Direction::Ascending);
            if found.next().transpose()?.is_some() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The first customer after another, of those with inbound contacts or promises that went wrong.
fn next_customer(
    store: &Store,
    tenant_id: &str,
    after: Option<&str>,
) -> Result<Option<String>, Unanswered> {
    let mut next: Option<String> = None;
    for all in [keys::all_places(tenant_id), keys::all_slips(tenant_id)] {
        let from: Vec<u8> = match after {
            None => all.to_vec(),
            Some(customer_id) => {
                let list: Key = all.clone().text(customer_id);
                prefix_end(&list).unwrap_or_default()
            }
        };
        let end = prefix_end(&all);
        let mut found = store.scan_range(from, end.as_deref(), Direction::Ascending);
        if let Some(entry) = found.next() {
            let customer_id = keys::customer_of(&all, &entry?.0).map_err(ApplyError::record)?;
            next = Some(match next {
                Some(other) => other.min(customer_id),
                None => customer_id,
            });
        }
    }
    Ok(next)
}

fn shown(slip: Slip) -> SlipUp {
    let kind = match slip.kind {
        SlipKind::Lapse => SlipUpKind::Lapse,
        SlipKind::Drop => SlipUpKind::Drop,
        SlipKind::Repeat => SlipUpKind::Repeat,
        SlipKind::Correction => SlipUpKind::Correction,
        SlipKind::LongWait => SlipUpKind::LongWait,
    };
    let at = Timestamp::from_microsecond(slip.at_us);
    SlipUp {
        kind: kind.into(),
        at: at.ok().map(time::to_wire),
        interaction_id: slip.interaction_id,
        commitment_id: slip.commitment_id,
    }
}

/// The listings of a page.
pub(crate) async fn list(
    insight: &Insight,
    call: Call<ListSlipUpsRequest>,
) -> Result<ListSlipUpsResponse, Unanswered> {
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
