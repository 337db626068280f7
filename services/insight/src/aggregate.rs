//! Measures by dimensions and time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use aftercall_domain::measure::Sums;
use aftercall_domain::violation::Reason;
use aftercall_domain::{Scope, Violations};
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateResponse, AggregateRow, ContactFilter, Dimension, TimeBucket,
};
use aftercall_service::{Call, Checker, Including, MESSAGE_BYTES_MAX, Places, Searched};
use aftercall_view::Store;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use prost::Message;

use crate::Insight;
use crate::answer::{definitions, measures};
use crate::buckets::Buckets;
use crate::failure::Unanswered;
use crate::filter::{Filter, Terms, searched};
use crate::groups::{GroupKey, Groups, ask_for};
use crate::insight::Asking;
use crate::labels::Labels;
use crate::limits::{DIMENSIONS_MAX, GROUPS_MAX};
use crate::scan::{self, Asked};
use crate::words::WordLists;

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    wire: ContactFilter,
    filter: Filter,
    dimensions: Vec<Dimension>,
    bucket: TimeBucket,
    zone: TimeZone,
    zone_name: String,
    terms: Terms,
    contacts_min: u64,
    compare: bool,
}

impl Query {
    fn of(request: &AggregateRequest) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        let wire = request.filter.clone().unwrap_or_default();
        let filter = Filter::of(&wire, &mut checker);
        let (field, asked) = ("dimensions", &request.dimensions);
        let dimensions = checker.known_list::<Dimension>(field, asked, DIMENSIONS_MAX);
        if matches!(&*dimensions, [one, other] if one == other) {
            checker.conflicting(field, "names the same dimension twice; name it once");
        }
        let bucket = checker.known::<TimeBucket>("bucket", request.bucket);
        let bucket = bucket.unwrap_or(TimeBucket::Unspecified);
        let (zone_name, zone) = zone(&request.time_zone, &mut checker);
        let terms = request.terms.as_ref();
        let terms = Terms::of(terms, request.filter.as_ref(), &mut checker);
        if request.group_contacts_min < 0 {
            let text = "is negative; give 0 to hide nothing";
            checker.add("group_contacts_min", Reason::OutOfRange, text);
        }
        if request.compare && (bucket != TimeBucket::Unspecified || filter.before().is_none()) {
            let text = "needs filter.occurred_from and filter.occurred_before, and no bucket";
            checker.conflicting("compare", text);
        }
        checker.done(Self {
            wire,
            filter,
            dimensions,
            bucket,
            zone,
            zone_name,
            terms,
            contacts_min: u64::try_from(request.group_contacts_min).unwrap_or(0),
            compare: request.compare,
        })
    }
}

fn zone(name: &str, checker: &mut Checker) -> (String, TimeZone) {
    if name.is_empty() {
        return ("UTC".to_owned(), TimeZone::UTC);
    }
    match TimeZone::get(name) {
        Ok(zone) => (name.to_owned(), zone),
        Err(_) => {
            let text = "is no zone of the IANA database; give one such as Europe/Berlin";
            checker.add("time_zone", Reason::UnknownValue, text);
            (name.to_owned(), TimeZone::UTC)
        }
    }
}

/// Answers `call`.
pub(crate) async fn answer(
    insight: &Insight,
    call: Call<AggregateRequest>,
) -> Result<AggregateResponse, Unanswered> {
    let query = Query::of(&call.message)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let (tenant_id, scope) = (call.tenant_id().to_owned(), call.scope());
    let asking = Asking {
        searched: query.searched(),
        whose: (&tenant_id, &scope),
        until: call.read_until(),
    };
    let (trees, whose) = (insight.trees().clone(), (tenant_id.clone(), scope.clone()));
    let measure = move |store: &Store, at: Timestamp, among: Option<&Places>| {
        let labels = Labels::read(&trees, &whose.0)?;
        query.measure(store, (&whose.0, &whose.1), (at, among), &labels)
    };
    insight.measure_among(including, asking, measure).await
}

impl Query {
    /// What is looked up for all that is measured.
    fn searched(&self) -> Option<Searched> {
        match self.filter.before().filter(|_| self.compare) {
            Some(before) => searched(&self.wire, &[&self.filter, &before]),
            None => searched(&self.wire, &[&self.filter]),
        }
    }

    fn measure(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (at, among): (Timestamp, Option<&Places>),
        labels: &Labels,
    ) -> Result<AggregateResponse, Unanswered> {
        let terms = self.terms.at(at);
        let buckets = self.buckets(store, whose.0)?;
        let asked = Asked {
            among,
            ..Asked::all(whose, &self.filter, &terms)
        };
        let groups = self.groups(store, asked, &buckets)?;
        let mut before = None;
        if let Some(filter) = self.filter.before().filter(|_| self.compare) {
            let filter = &filter;
            let asked = Asked { filter, ..asked };
            before = Some(self.groups(store, asked, &Buckets::default())?);
        }
        let mut answer = AggregateResponse {
            total: Some(measures(&groups.total())),
            total_before: before.as_ref().map(|before| measures(&before.total())),
            definitions: Some(definitions(self.terms, &self.zone_name)),
            ..AggregateResponse::default()
        };
        for ((key, values), sums, before) in joined(&groups, before.as_ref()) {
            if sums.contacts < self.contacts_min {
                answer.hidden_groups += 1;
                answer.hidden_contacts += i64::try_from(sums.contacts).unwrap_or(i64::MAX);
                continue;
            }
            let span = buckets.span(key.0);
            let named = self.dimensions.iter().zip(&values);
            let named = named.map(|(dimension, value)| labels.of(*dimension, value).to_owned());
            answer.rows.push(AggregateRow {
                labels: named.collect(),
                filter: Some(self.drill_down(&values, span)),
                values,
                bucket_from: span.and_then(|(from, _)| instant(from)),
                measures: Some(measures(&sums)),
                before: self.compare.then(|| measures(&before.unwrap_or_default())),
            });
        }
        let order = |row: &AggregateRow| (row.bucket_from.map(|it| it.seconds), row.values.clone());
        answer.rows.sort_by_cached_key(order);
        // Room for the positions.
        match answer.encoded_len() + 4_096 > MESSAGE_BYTES_MAX {
            true => Err(too_many().into()),
            false => Ok(answer),
        }
    }

    /// The buckets of all times that may come up.
    fn buckets(&self, store: &Store, tenant_id: &str) -> Result<Buckets, Unanswered> {
        let extent = match self.bucket {
            TimeBucket::Unspecified => None,
            _ => scan::extent(store, tenant_id)?,
        };
        let Some((first, last)) = extent else {
            return Ok(Buckets::default());
        };
        let first = first.max(self.filter.from_us);
        let last = last.min(self.filter.before_us.saturating_sub(1));
        let buckets = Buckets::within(self.bucket, &self.zone, (first, last.max(first)));
        buckets.map_err(|_| {
            let mut found = Violations::new();
            let text =
                "is too fine for so long a time; ask for a longer one, or for a shorter period";
            found.add("bucket", Reason::OutOfRange, text);
            found.into()
        })
    }

    /// All groups. Many rows are passed over in parts, by another thread, too, at the same time: whoever is done with a part
    /// takes the next.
    fn groups(
        &self,
        store: &Store,
        asked: Asked<'_>,
        buckets: &Buckets,
    ) -> Result<Groups, Unanswered> {
        let (parts, next) = (scan::parts(store, asked.tenant_id)?, AtomicUsize::new(0));
        let words = WordLists::default();
        let work = || {
            let mut all = Groups::by(&self.dimensions, *asked.terms);
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let part = (asked.part(*part), &words);
                all.take_in(&self.pass(store, part, buckets.clone())?);
            }
            Ok::<_, Unanswered>(all)
        };
        if parts.len() == 1 {
            return self.pass(store, (asked, &words), buckets.clone());
        }
        let (mut groups, others) = std::thread::scope(|threads| {
            let other = threads.spawn(work);
            let own = work();
            let other = other.join();
            let other = other.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok::<_, Unanswered>((own?, other?))
        })?;
        groups.take_in(&others);
        match groups.groups.len() > GROUPS_MAX {
            true => Err(too_many().into()),
            false => Ok(groups),
        }
    }

    fn pass(
        &self,
        store: &Store,
        (asked, words): (Asked<'_>, &WordLists),
        mut buckets: Buckets,
    ) -> Result<Groups, Unanswered> {
        let mut groups = Groups::by(&self.dimensions, *asked.terms);
        scan::rows_with(store, asked, words, |seen| {
            groups.add(seen, &mut buckets)?;
            match groups.groups.len() > GROUPS_MAX {
                true => Err(Unanswered::from(too_many())),
                false => Ok(true),
            }
        })?;
        Ok(groups)
    }

    /// Asks for exactly the contacts of a group.
    fn drill_down(&self, values: &[String], span: Option<(i64, i64)>) -> ContactFilter {
        let mut filter = self.wire.clone();
        filter.repeat_within_days = self.terms.repeat_days.cast_signed();
        filter.answer_within_seconds = self.terms.answer_within_s.cast_signed();
        for (dimension, value) in self.dimensions.iter().zip(values) {
            ask_for(&mut filter, *dimension, value);
        }
        if let Some((from, to)) = span {
            filter.occurred_from = instant(from.max(self.filter.from_us));
            filter.occurred_before = instant(to.min(self.filter.before_us));
        }
        filter
    }
}

/// A group with its values, what it comes to, and what it came to before.
type Joined = ((GroupKey, Vec<String>), Sums, Option<Sums>);

/// Groups with those of the period before, also those that were there only then.
fn joined(groups: &Groups, before: Option<&Groups>) -> Vec<Joined> {
    let mut earlier: HashMap<Vec<String>, Sums> = HashMap::new();
    for before in before.into_iter() {
        for (key, sums) in &before.groups {
            earlier.insert(before.values_of(*key), sums.clone());
        }
    }
    let mut all: Vec<Joined> = Vec::with_capacity(groups.groups.len());
    for (key, sums) in &groups.groups {
        let values = groups.values_of(*key);
        let before = earlier.remove(&values);
        all.push(((*key, values), sums.clone(), before));
    }
    for (values, before) in earlier {
        all.push((((0, 0, 0), values), Sums::default(), Some(before)));
    }
    all
}

fn instant(us: i64) -> Option<pbjson_types::Timestamp> {
    Timestamp::from_microsecond(us).ok().map(time::to_wire)
}

fn too_many() -> Violations {
    let mut found = Violations::new();
    let text = "give too many groups; ask for fewer dimensions, longer buckets, or fewer contacts";
    found.add("dimensions", Reason::OutOfRange, text);
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aftercall_ledger::testing::fold_to_store;
    use aftercall_log::Record;
    use aftercall_proto::convert::time::to_wire;
    use aftercall_proto::envelope::{Fact, contact_key};
    use aftercall_proto::event::v1::{Event, InteractionRecorded};
    use aftercall_proto::model::v1::{ContactReason, Customer, Interaction};
    use aftercall_view::testing::Partitions;
    use proptest::prelude::*;

    use super::*;
    use crate::fold::InsightProjection;
    use crate::keys::Address;

    const TENANT: &str = "acme";

    fn record(number: usize, (customer, team, reason, hour): (u8, u8, u8, u8)) -> Record {
        let (id, customer_id) = (
            format!("0199{number:04x}-0000-7000-8000-000000000001"),
            format!("c-{customer}"),
        );
        let reason = ContactReason {
            code: format!("billing.{reason}"),
            primary: true,
            ..ContactReason::default()
        };
        let at = Timestamp::from_second(1_767_225_600 + i64::from(hour) * 3_600);
        let contact = Interaction {
            interaction_id: id.clone(),
            customer: Some(Customer {
                customer_id: customer_id.clone(),
                ..Customer::default()
            }),
            team_id: format!("team-{team}"),
            occurred_at: at.ok().map(to_wire),
            contact_reasons: vec![reason],
            ..Interaction::default()
        };
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(contact),
            ..InteractionRecorded::default()
        }));
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: id.clone(),
            customer_id: customer_id.clone(),
            sequence: 1,
            ..fact.event()
        };
        Record {
            key: contact_key(TENANT, &customer_id, &id),
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        }
    }

    fn shown(groups: &Groups) -> BTreeMap<(u32, Vec<String>), Sums> {
        let all = groups.groups.iter();
        all.map(|(key, sums)| ((key.0, groups.values_of(*key)), sums.clone()))
            .collect()
    }

    proptest! {
        #[test]
        fn two_passes_find_what_one_finds_wherever_they_part(
            contacts in prop::collection::vec((0..5_u8, 0..3_u8, 0..3_u8, any::<u8>()), 0..40),
            partitions in 1..4_u32,
            middle in (0..4_u32, 0..40_u64),
        ) {
            let mut log = Partitions::new(partitions);
            for (number, contact) in contacts.iter().enumerate() {
                log.append(record(number, *contact));
            }
            let store = fold_to_store(&log, &mut InsightProjection::default(), &[(0, usize::MAX)]);
            let query = Query::of(&AggregateRequest {
                dimensions: vec![Dimension::Team.into(), Dimension::Reason.into()],
                bucket: TimeBucket::Day.into(),
                ..AggregateRequest::default()
            });
            let query = query.unwrap();
            let (scope, terms) = (Scope::All, query.terms.at(Timestamp::UNIX_EPOCH));
            let buckets = query.buckets(&store, TENANT).unwrap();
            let whole = Asked::all((TENANT, &scope), &query.filter, &terms);
            let words = WordLists::default();
            let pass = |part| query.pass(&store, (part, &words), buckets.clone()).unwrap();
            let one = pass(whole);
            let middle = Address { partition: middle.0, row: middle.1 };
            let mut two = pass(whole.part((scan::FIRST, Some(middle))));
            two.take_in(&pass(whole.part((middle, None))));
            prop_assert_eq!(one.total().contacts, contacts.len() as u64);
            prop_assert_eq!(shown(&one), shown(&two));
        }
    }
}
