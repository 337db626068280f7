//! What rose and fell between a period and the one before it.

mod sample;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::measure::{corrected, two_shares};
use aftercall_domain::violation::Reason;
use aftercall_domain::{Scope, Violations};
use aftercall_proto::insight::v1::{
    CompareDriversRequest, CompareDriversResponse, ContactFilter, Dimension, Driver,
};
use aftercall_service::{Call, Checker, Including, Places};
use aftercall_view::Store;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::Insight;
use crate::answer::definitions;
use crate::failure::Unanswered;
use crate::filter::{Filter, Terms, bounded, searched};
use crate::groups::{By, Values, ask_for};
use crate::insight::Asking;
use crate::labels::Labels;
use crate::limits::{DRIVERS, STANDING_WORDS_MAX, WORD_CONTACTS_MAX, WORD_CONTACTS_MIN};
use crate::parts::{self, Parts, Series};
use crate::scan::{self, Asked};
use words::{Source, Wanted};

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    wire: ContactFilter,
    filter: Filter,
    before: Filter,
    by: Dimension,
    limit: usize,
    terms: Terms,
    words: Option<Wanted>,
}

impl Query {
    fn of(request: &CompareDriversRequest) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        let wire = request.filter.clone().unwrap_or_default();
        let filter = Filter::of(&wire, &mut checker);
        for (field, at) in [
            ("filter.occurred_from", &wire.occurred_from),
            ("filter.occurred_before", &wire.occurred_before),
        ] {
            if at.is_none() {
                checker.found().required(field);
            }
        }
        let by = match checker.known::<Dimension>("by", request.by) {
            None | Some(Dimension::Unspecified) => Dimension::Reason,
            Some(by) => by,
        };
        let terms = Terms::of(None, Some(&wire), &mut checker);
        let limit = checker.count("limit", request.limit, DRIVERS);
        let before = filter.before().unwrap_or_else(|| filter.clone());
        let words = wanted(request, &mut checker);
        checker.done(Self {
            wire,
            filter,
            before,
            by,
            limit,
            terms,
            words,
        })
    }

    fn compare(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (at, among): (Timestamp, Option<&Places>),
        labels: &Labels,
    ) -> Result<CompareDriversResponse, Unanswered> {
        let mut counts: BTreeMap<String, [Count; 2]> = BTreeMap::new();
        let terms = self.terms.at(at);
        let mut totals = [0, 0];
        for (place, filter) in [&self.before, &self.filter].into_iter().enumerate() {
            let asked = Asked {
                among,
                ..Asked::all(whose, filter, &terms)
            };
            let (counted, total) = self.count(store, asked)?;
            totals[place] = total;
            for (value, count) in counted {
                counts.entry(value).or_default()[place] = count;
            }
        }
        let all = (totals[1], totals[0]);
        let tests: Vec<_> = counts
            .values()
            .map(|[before, now]| two_shares((now.contacts, all.0), (before.contacts, all.1)))
            .collect();
        let p_values: Vec<f64> = tests.iter().map(|test| test.p).collect();
        let compared = i64::try_from(counts.len()).unwrap_or(i64::MAX);
        let mut drivers = Vec::with_capacity(counts.len());
        let corrected = corrected(&p_values);
        for (((value, series), test), q_value) in counts.into_iter().zip(&tests).zip(corrected) {
            let [before, now] = [series[0].contacts, series[1].contacts];
            let mut filter = self.wire.clone();
            filter.repeat_within_days = self.terms.repeat_days.cast_signed();
            ask_for(&mut filter, self.by, &value);
            drivers.push(Driver {
                label: labels.of(self.by, &value).to_owned(),
                value,
                contacts: i64::try_from(now).unwrap_or(i64::MAX),
                contacts_before: i64::try_from(before).unwrap_or(i64::MAX),
                share: share(now, all.0),
                share_before: share(before, all.1),
                z: test.z,
                p_value: test.p,
                q_value,
                is_new: before == 0,
                filter: Some(filter),
                series: series
                    .iter()
                    .flat_map(|it| parts::shown(&it.series))
                    .collect(),
                ..Driver::default()
            });
        }
        drivers.sort_by(|one, other| {
            let order = one.p_value.total_cmp(&other.p_value);
            order.then_with(|| other.contacts.cmp(&one.contacts))
        });
        drivers.truncate(self.limit);
        Ok(CompareDriversResponse {
            drivers,
            contacts: i64::try_from(all.0).unwrap_or(i64::MAX),
            contacts_before: i64::try_from(all.1).unwrap_or(i64::MAX),
            compared,
            definitions: Some(definitions(self.terms, "UTC")),
            ..CompareDriversResponse::default()
        })
    }

    /// The contacts of each value, and of all; a contact with several values counts in each of them.
    fn count(
        &self,
        store: &Store,
        asked: Asked<'_>,
    ) -> Result<(Vec<(String, Count)>, u64), Unanswered> {
        let mut values = Values::by(By::from(self.by));
        let mut counts: Vec<Count> = Vec::new();
        let mut total = 0;
        let parts = Parts::of(asked.filter);
        let mut add = |number: u32, at_us: i64| {
            let number = number as usize;
            if counts.len() <= number {
                counts.resize(number + 1, Count::default());
            }
            counts[number].contacts += 1;
            if let Some(parts) = parts {
                parts.count(&mut counts[number].series, at_us);
            }
        };
        scan::rows(store, asked, |seen| {
            total += 1;
            let at_us = seen.row.occurred_at_us();
            if !values.are_several() {
                add(values.of(seen, asked.terms), at_us);
                return Ok::<_, Unanswered>(true);
            }
            for (number, _) in values.all(seen, asked.terms)? {
                add(number, at_us);
            }
            Ok(true)
        })?;
        let counts = (0..).zip(counts);
        let counts = counts.map(|(number, count)| (values.value(number).to_owned(), count));
        Ok((counts.collect(), total))
    }
}

/// Which words are asked for, if any are.
fn wanted(request: &CompareDriversRequest, checker: &mut Checker) -> Option<Wanted> {
    let limit = (request.words_limit, STANDING_WORDS_MAX);
    let limit = bounded(checker, "words_limit", limit);
    const FIELD: &str = "word_contacts_min";
    let least = bounded(
        checker,
        FIELD,
        (request.word_contacts_min, WORD_CONTACTS_MAX),
    );
    let smallest = WORD_CONTACTS_MIN.cast_unsigned();
    if least.is_some_and(|least| least < smallest) {
        let text = format!(
            "is less than {smallest}, and a word of so few contacts might tell of somebody; give {smallest} or more"
        );
        checker.add(FIELD, Reason::OutOfRange, text);
    }
    Some(Wanted {
        limit: usize::try_from(limit?).unwrap_or(0),
        contacts_min: least.unwrap_or(smallest).into(),
    })
}

/// How many contacts there are of a value, and when.
#[derive(Debug, Clone, Default)]
struct Count {
    contacts: u64,
    series: Series,
}

#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(part: u64, of: u64) -> f64 {
    match of {
        0 => 0.0,
        of => part as f64 / of as f64,
    }
}

/// Answers `call`.
pub(crate) async fn compare(
    insight: &Insight,
    call: Call<CompareDriversRequest>,
) -> Result<CompareDriversResponse, Unanswered> {
    let query = Query::of(&call.message)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let (tenant_id, scope) = (call.tenant_id().to_owned(), call.scope());
    let until = call.read_until();
    let asking = Asking {
        searched: searched(&query.wire, &[&query.filter, &query.before]),
        whose: (&tenant_id, &scope),
        until,
    };
    let whose = (tenant_id.clone(), scope.clone());
    let (trees, log) = (insight.trees().clone(), Arc::clone(insight.reading().log()));
    let compare = move |store: &Store, at: Timestamp, among: Option<&Places>| {
        let labels = Labels::read(&trees, &whose.0)?;
        let (whose, at) = ((&*whose.0, &whose.1), (at, among));
        let mut answer = query.compare(store, whose, at, &labels)?;
        if let Some(wanted) = query.words {
            // Half of the time that is left: the other half is for what the caller asks beside.
            let now = Instant::now();
            let source = Source {
                store,
                log: &log,
                until: now + until.saturating_duration_since(now) / 2,
            };
            words::tell(&query, wanted, (&source, whose), at, &mut answer)?;
        }
        Ok::<_, Unanswered>(answer)
    };
    insight.measure_among(including, asking, compare).await
}
