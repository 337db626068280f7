//! Contacts that came back, by cause, with the time and the money that they took.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aftercall_domain::measure::{Why, known};
use aftercall_domain::violation::Reason;
use aftercall_domain::{Scope, Violations};
use aftercall_proto::insight::v1::{
    ContactFilter, CountRepeatContactsRequest, CountRepeatContactsResponse, Dimension,
    RepeatGroupBy, RepeatRow,
};
use aftercall_proto::model::v1::Money;
use aftercall_service::{Call, Checker, Including, Places};
use aftercall_view::Store;
use jiff::Timestamp;

use crate::Insight;
use crate::answer::definitions;
use crate::failure::Unanswered;
use crate::filter::{Filter, Terms, cause_kind, searched};
use crate::groups::{By, Values, ask_for};
use crate::insight::Asking;
use crate::limits::REPEAT_ROWS_MAX;
use crate::parts::{self, Parts, Series};
use crate::row::Column;
use crate::scan::{self, Asked};

/// Billionths of a unit of money.
const NANOS: i128 = 1_000_000_000;

/// One group of repeats.
#[derive(Debug, Default)]
struct Group {
    contacts: u64,
    time_ms: u64,
    series: Series,
}

/// Repeats by their cause and the number of their value.
type Counts = BTreeMap<(Why, u32), Group>;

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    wire: ContactFilter,
    filter: Filter,
    by: RepeatGroupBy,
    terms: Terms,
    cost: Option<Money>,
}

impl Query {
    fn of(request: &CountRepeatContactsRequest) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        let wire = request.filter.clone().unwrap_or_default();
        let by = checker.known::<RepeatGroupBy>("by", request.by);
        if let Some(cost) = &request.cost_per_minute {
            checker.required_id("cost_per_minute.currency_code", &cost.currency_code);
            if cost.units < 0 || !(0..1_000_000_000).contains(&cost.nanos) {
                let text = "is negative, or its nanos are no part of a unit";
                checker.add("cost_per_minute", Reason::OutOfRange, text);
            }
        }
        let filter = Filter::of(&wire, &mut checker);
        let terms = Terms::of(request.terms.as_ref(), Some(&wire), &mut checker);
        checker.done(Self {
            wire,
            filter,
            by: by.unwrap_or_default(),
            terms,
            cost: request.cost_per_minute.clone(),
        })
    }

    fn count(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (at, among): (Timestamp, Option<&Places>),
    ) -> Result<CountRepeatContactsResponse, Unanswered> {
        let terms = self.terms.at(at);
        let asked = Asked {
            among,
            ..Asked::all(whose, &self.filter, &terms)
        };
        let (groups, [by_lapse, by_other]) = self.groups(store, asked)?;
        let value = |why, number| {
            match why {
                Why::LapsedCommitment => by_lapse.as_ref(),
                _ => by_other.as_ref(),
            }
            .map_or("", |values| values.value(number))
        };
        let (mut contacts, mut time) = (0, 0);
        let mut rows = Vec::with_capacity(groups.len());
        let has_series = Parts::of(&self.filter).is_some();
        for ((why, number), group) in groups {
            let Group {
                contacts: count,
                time_ms,
                series,
            } = group;
            contacts += count;
            time += time_ms;
            let value = value(why, number).to_owned();
            rows.push(RepeatRow {
                cause: cause_kind(Some(why)).into(),
                filter: Some(self.drill_down(why, &value)),
                value,
                contacts: i64::try_from(count).unwrap_or(i64::MAX),
                time_ms: i64::try_from(time_ms).unwrap_or(i64::MAX),
                cost: self.cost(time_ms),
                series: match has_series {
                    true => parts::shown(&series).collect(),
                    false => Vec::new(),
                },
            });
        }
        let found = rows.len();
        rows.sort_by_key(|row| (Reverse(row.contacts), row.cause, row.value.clone()));
        rows.truncate(REPEAT_ROWS_MAX);
        Ok(CountRepeatContactsResponse {
            rows,
            groups: i64::try_from(found).unwrap_or(i64::MAX),
            contacts: i64::try_from(contacts).unwrap_or(i64::MAX),
            time_ms: i64::try_from(time).unwrap_or(i64::MAX),
            cost: self.cost(time),
            definitions: Some(definitions(self.terms, "UTC")),
            ..CountRepeatContactsResponse::default()
        })
    }

    /// Repeats by their cause and the number of their value; and the values of those by lapse, and of the others.
    fn groups(
        &self,
        store: &Store,
        asked: Asked<'_>,
    ) -> Result<(Counts, [Option<Values>; 2]), Unanswered> {
        let terms = asked.terms;
        let (by_lapse, by_other) = match self.by {
            RepeatGroupBy::Unspecified => (None, None),
            RepeatGroupBy::Commitment => (Some(Column::RepeatCommitment), None),
            RepeatGroupBy::Team => (Some(Column::RepeatTeam), Some(Column::Team)),
            RepeatGroupBy::Reason => (Some(Column::Reason), Some(Column::Reason)),
        };
        let values = |column: Option<Column>| column.map(|column| Values::by(By::Word(column)));
        let (mut by_lapse, mut by_other) = (values(by_lapse), values(by_other));
        let mut groups: Counts = BTreeMap::new();
        let parts = Parts::of(&self.filter);
        scan::rows(store, asked, |seen| {
            let facts = seen.facts();
            if let Some(why) = terms.why(&facts) {
                let values = match why {
                    Why::LapsedCommitment => &mut by_lapse,
                    _ => &mut by_other,
                };
                let value = values.as_mut();
                let value = value.map(|it| it.of(seen, terms));
                let group = groups.entry((why, value.unwrap_or(0))).or_default();
                if let Some(parts) = parts {
                    parts.count(&mut group.series, seen.row.occurred_at_us());
                }
                group.contacts += 1;
                group.time_ms += match facts.handle() {
                    0 if facts.has(known::CONTACT) => facts.contact.into(),
                    handle => handle,
                };
            }
            Ok::<_, Unanswered>(true)
        })?;
        Ok((groups, [by_lapse, by_other]))
    }

    /// Asks for exactly the contacts of a group.
    fn drill_down(&self, why: Why, value: &str) -> ContactFilter {
        let mut filter = self.wire.clone();
        filter.repeat_within_days = self.terms.repeat_days.cast_signed();
        filter.answer_within_seconds = self.terms.answer_within_s.cast_signed();
        filter.repeat_causes = vec![cause_kind(Some(why)).into()];
        let by_lapse = why == Why::LapsedCommitment;
        match (self.by, by_lapse) {
            (RepeatGroupBy::Commitment, true) => {
                ask_for(&mut filter, Dimension::RepeatCommitment, value);
            }
            (RepeatGroupBy::Team, true) => ask_for(&mut filter, Dimension::RepeatTeam, value),
            (RepeatGroupBy::Team, false) => ask_for(&mut filter, Dimension::Team, value),
            (RepeatGroupBy::Reason, _) => ask_for(&mut filter, Dimension::Reason, value),
            (RepeatGroupBy::Commitment | RepeatGroupBy::Unspecified, _) => {}
        }
        filter
    }

    /// What so many milliseconds cost, rounded down to a billionth.
    fn cost(&self, time_ms: u64) -> Option<Money> {
        let cost = self.cost.as_ref()?;
        let minute = i128::from(cost.units) * NANOS + i128::from(cost.nanos);
        let nanos = minute * i128::from(time_ms) / 60_000;
        Some(Money {
            currency_code: cost.currency_code.clone(),
            units: i64::try_from(nanos / NANOS).unwrap_or(i64::MAX),
            nanos: i32::try_from(nanos % NANOS).unwrap_or(0),
        })
    }
}

/// Answers `call`.
pub(crate) async fn count(
    insight: &Insight,
    call: Call<CountRepeatContactsRequest>,
) -> Result<CountRepeatContactsResponse, Unanswered> {
    let query = Query::of(&call.message)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let (tenant_id, scope) = (call.tenant_id().to_owned(), call.scope());
    let asking = Asking {
        searched: searched(&query.wire, &[&query.filter]),
        whose: (&tenant_id, &scope),
        until: call.read_until(),
    };
    let whose = (tenant_id.clone(), scope.clone());
    let count = move |store: &Store, at: Timestamp, among: Option<&Places>| {
        query.count(store, (&whose.0, &whose.1), (at, among))
    };
    insight.measure_among(including, asking, count).await
}
