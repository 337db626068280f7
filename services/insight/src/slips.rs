//! Customers with whom too much went wrong within a window.
//!
//! What went wrong in contacts follows from each customer's inbound contacts in order; what went wrong with promises
//! stands beside them. Customers are looked at in the order of their ids, some thousands for a page; those that are one are
//! looked at together, where the first of them stands.

use aftercall_domain::Scope;
use aftercall_domain::measure::{DAY_MS, REPEAT_DAYS, Slip, SlipKind, thresholds};
use aftercall_log::LogIdentity;
use aftercall_proto::convert::parties::PartiesRow;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    ListSlipUpsRequest, ListSlipUpsResponse, SlipUp, SlipUpKind, SlipUpWindow,
};
use aftercall_service::{Call, Checker, Including, Paging, given};
use aftercall_view::key::{Key, Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Positions, Store};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::Insight;
use crate::failure::Unanswered;
use crate::filter::bounded;
use crate::fold::{Place, PromiseSlip};
use crate::keys::{self, MERGED};
use crate::limits::{
    CUSTOMERS_LOOKED_AT_MAX, NEIGHBOURS_MAX, SECONDS_MAX, SLIPS_MAX, THRESHOLD_MAX,
    WINDOW_DAYS_MAX, WINDOWS,
};

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

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    customer_id: Option<String>,
    window_us: i64,
    threshold: usize,
    long_wait_ms: u32,
    paging: Paging,
}

impl Query {
    fn of(call: &Call<ListSlipUpsRequest>, log: &LogIdentity) -> Result<Self, Unanswered> {
        let message = &call.message;
        let mut checker = Checker::new();
        checker.id("customer_id", &message.customer_id);
        let days = bounded(
            &mut checker,
            "window_days",
            (message.window_days, WINDOW_DAYS_MAX),
        );
        let threshold = bounded(
            &mut checker,
            "threshold",
            (message.threshold, THRESHOLD_MAX),
        );
        let wait = bounded(
            &mut checker,
            "long_wait_seconds",
            (message.long_wait_seconds, SECONDS_MAX),
        );
        let size = checker.count("page_size", message.page_size, WINDOWS);
        checker.done(())?;
        let days = days.unwrap_or(WINDOW_DAYS);
        let threshold = threshold.unwrap_or(THRESHOLD);
        let wait = wait.unwrap_or(LONG_WAIT_S);
        let query: [&[u8]; 7] = [
            b"slip-ups",
            call.tenant_id().as_bytes(),
            &call.scope().fingerprint(),
            message.customer_id.as_bytes(),
            &days.to_be_bytes(),
            &threshold.to_be_bytes(),
            &wait.to_be_bytes(),
        ];
        Ok(Self {
            customer_id: given(message.customer_id.clone()),
            window_us: i64::from(days) * DAY_US,
            threshold: threshold as usize,
            long_wait_ms: wait.saturating_mul(1_000),
            paging: Paging::asked(log, &query, size, &message.page_token)?,
        })
    }

    fn list(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (through, log): (&Positions, &LogIdentity),
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
            next_page_token: self.paging.token(log, through, last.filter(|_| more)),
            complete_through: through.encode(log.clone()),
            complete_through_at: None,
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
        let found = of_customers(store, whose, customers, self.long_wait_ms)?;
        let slips = found.into_iter().map(|found| found.slip).collect();
        let listed = thresholds(slips, self.window_us, self.threshold);
        let windows = listed.into_iter().map(|slips| SlipUpWindow {
            customer_id: customer_id.clone(),
            slip_ups: slips.into_iter().map(shown).collect(),
            merged_customer_ids: others.to_vec(),
        });
        Ok(windows.collect())
    }
}

/// Something that went wrong, and who has a part in it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) slip: Slip,
    pub(crate) parties: Option<PartiesRow>,
}

/// What went wrong with customers that are one, in the order of time.
pub(crate) fn of_customers(
    store: &Store,
    whose: (&str, &Scope),
    customers: &[String],
    long_wait_ms: u32,
) -> Result<Vec<Found>, ApplyError> {
    let mut found = in_contacts(store, whose, customers, long_wait_ms)?;
    for customer_id in customers {
        found.extend(with_promises(store, whose, customer_id)?);
    }
    found.sort_by(|one, other| {
        let (one, other) = (&one.slip, &other.slip);
        let order = (one.at_us, one.kind).cmp(&(other.at_us, other.kind));
        order.then_with(|| one.interaction_id.cmp(&other.interaction_id))
    });
    Ok(found)
}

/// What went wrong in the contacts of customers that are one.
fn in_contacts(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    customers: &[String],
    long_wait_ms: u32,
) -> Result<Vec<Found>, ApplyError> {
    let mut places: Vec<(i64, String, Place)> = Vec::new();
    for customer_id in customers {
        let list = keys::places(tenant_id, customer_id);
        let latest = store.scan_prefix(&*list, Direction::Descending);
        for entry in latest.take(SLIPS_MAX) {
            let (key, value) = entry?;
            let (at_us, id) = keys::read_place(&list, &key).map_err(ApplyError::record)?;
            let place = Place::decode(value).map_err(ApplyError::record)?;
            places.push((at_us, id, place));
        }
    }
    places.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let too_many = places.len().saturating_sub(SLIPS_MAX);
    places.drain(..too_many);
    let mut found = Vec::new();
    let mut before = Course::default();
    for (number, (at_us, id, place)) in places.iter().enumerate() {
        let course = Course::of(&places, number, before);
        let lost = match course.is_one {
            true => before,
            false => Course::default(),
        };
        before = course;
        let parties = place.parties.iter().flat_map(|parties| parties.iter());
        if !scope.admits(parties) {
            continue;
        }
        // What went wrong in a contact that was cut off does not go wrong once more in the one that goes on with it.
        let is_long = |course: Course| course.waited >= long_wait_ms;
        let waited_long = is_long(course) && !is_long(lost);
        let kinds = [
            (SlipKind::Drop, place.dropped),
            (SlipKind::Repeat, course.is_repeat && !lost.is_repeat),
            (SlipKind::LongWait, waited_long),
        ];
        for (kind, _) in kinds.into_iter().filter(|(_, is_so)| *is_so) {
            found.push(Found {
                slip: Slip {
                    kind,
                    at_us: *at_us,
                    interaction_id: id.clone(),
                    commitment_id: String::new(),
                },
                parties: place.parties.clone(),
            });
        }
    }
    Ok(found)
}

/// What a contact comes to, with those that were cut off and that it goes on with.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    /// Whether it goes on with the one before it.
    is_one: bool,
    /// Where the first of them stands among the customer's contacts.
    first: usize,
    /// In queues, in milliseconds.
    waited: u32,
    /// Whether one of them has a reason of the same family as a contact shortly before them.
    is_repeat: bool,
}

impl Course {
    /// Of the contact of a number; `before` is what the one before it comes to.
    fn of(places: &[(i64, String, Place)], number: usize, before: Self) -> Self {
        let (at_us, _, place) = &places[number];
        let last = number.checked_sub(1).and_then(|last| places.get(last));
        let is_one = last.is_some_and(|(last_us, _, last)| last.is_redialled(*last_us, *at_us));
        let (first, lost) = match is_one {
            true => (before.first, before),
            false => (number, Self::default()),
        };
        let nearest = number.saturating_sub(NEIGHBOURS_MAX).min(first);
        let since = at_us.saturating_sub(i64::from(REPEAT_DAYS) * DAY_US);
        let earlier = places[nearest..first].iter().rev();
        let mut earlier = earlier.take_while(|(other_us, ..)| *other_us > since);
        let is_repeat = earlier.any(|(_, _, other)| place.is_akin(other));
        Self {
            is_one,
            first,
            waited: place.queue_wait.saturating_add(lost.waited),
            is_repeat: is_repeat || lost.is_repeat,
        }
    }
}

/// What went wrong with a customer's promises.
fn with_promises(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    customer_id: &str,
) -> Result<Vec<Found>, ApplyError> {
    let list = keys::slips(tenant_id, customer_id);
    let latest = store.scan_prefix(&*list, Direction::Descending);
    let mut found = Vec::new();
    for entry in latest.take(SLIPS_MAX) {
        let (key, value) = entry?;
        let at_us = Parts::new(&key[list.len()..]).time();
        let at_us = at_us.map_err(ApplyError::record)?;
        let slip = PromiseSlip::decode(value).map_err(ApplyError::record)?;
        let parties = slip.parties.iter().flat_map(|parties| parties.iter());
        if scope.admits(parties) {
            found.push(Found {
                slip: Slip {
                    kind: slip.kind(),
                    at_us,
                    interaction_id: slip.interaction_id,
                    commitment_id: slip.commitment_id,
                },
                parties: slip.parties,
            });
        }
    }
    Ok(found)
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
    let complete_through_at = query.paging.complete_at(reading, insight.clock().as_ref());
    let list = move |store: &Store| query.list(store, (call.tenant_id(), &scope), (&through, &log));
    let found = reading.run(list).await?;
    Ok(ListSlipUpsResponse {
        complete_through_at: complete_through_at.map(time::to_wire),
        ..found
    })
}
