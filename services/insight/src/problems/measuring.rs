//! Contacts before and after something was done about a problem.

use aftercall_domain::Scope;
use aftercall_domain::measure::{spared, two_shares};
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    ContactFilter, MeasureImprovementRequest, MeasureImprovementResponse,
};
use aftercall_proto::model::v1::{Improvement, Problem};
use aftercall_service::{Call, Checker, Including};
use aftercall_view::Store;
use jiff::Timestamp;

use super::listing::DAY_US;
use super::{asking_for, filter, problem};
use crate::Insight;
use crate::answer::usual;
use crate::failure::Unanswered;
use crate::filter::{Filter, bounded};
use crate::limits::PROBLEM_DAYS_MAX;
use crate::scan::{self, Asked, Several};

/// How many days are compared, unless it is said.
const DAYS: u32 = 28;

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    problem_id: String,
    /// 0 for the last one.
    number: u32,
    days: u32,
}

/// The times that are compared, in microseconds: as long before the improvement as after it.
#[derive(Debug, Clone, Copy)]
struct Compared {
    from_us: i64,
    improved_us: i64,
    before_us: i64,
}

/// How many contacts there were, and how many of them were the problem's.
#[derive(Debug, Default)]
struct Counts {
    before: (u64, u64),
    after: (u64, u64),
    by_day: Vec<i64>,
}

impl Query {
    fn measure(
        &self,
        store: &Store,
        (tenant_id, scope): (&str, &Scope),
        at: Timestamp,
    ) -> Result<MeasureImprovementResponse, Unanswered> {
        let problem = problem(store, tenant_id, &self.problem_id)?;
        let problem = problem.ok_or(Unanswered::ProblemNotFound)?;
        let improvement = self.improvement(&problem)?.clone();
        let improved_at = improvement.improved_at.as_ref().and_then(time::from_wire);
        let improved_us = improved_at.map_or(0, time::microseconds);
        let asked_us = i64::from(self.days) * DAY_US;
        let passed_us = time::microseconds(at).saturating_sub(improved_us);
        let length_us = passed_us.clamp(0, asked_us);
        let compared = Compared {
            from_us: improved_us.saturating_sub(length_us),
            improved_us,
            before_us: improved_us.saturating_add(length_us),
        };
        let counts = count(store, (tenant_id, scope), (&problem, compared), at)?;
        Ok(MeasureImprovementResponse {
            improvement: Some(improvement),
            is_provisional: passed_us < asked_us,
            ..told(&problem, compared, counts)
        })
    }

    fn improvement<'p>(&self, problem: &'p Problem) -> Result<&'p Improvement, Unanswered> {
        let mut all = problem.improvements.iter();
        let found = match self.number {
            0 => all.next_back(),
            number => all.find(|it| it.number == number),
        };
        found.ok_or(Unanswered::ImprovementNotFound)
    }
}

/// Counts the problem's contacts and all others, in one pass.
fn count(
    store: &Store,
    whose: (&str, &Scope),
    (problem, compared): (&Problem, Compared),
    at: Timestamp,
) -> Result<Counts, Unanswered> {
    let period = Filter {
        from_us: compared.from_us,
        before_us: compared.before_us,
        ..filter(&ContactFilter::default())?
    };
    let filters = [filter(&asking_for(problem))?];
    let mut several = Several::of(&filters);
    let terms = usual().at(at);
    let asked = Asked::all(whose, &period, &terms);
    // The improvement begins a day, so that no day has some of both.
    let day = |at_us: i64| (at_us - compared.improved_us).div_euclid(DAY_US);
    let first = day(compared.from_us);
    let days = day(compared.before_us - 1) - first + 1;
    let mut counts = Counts {
        by_day: vec![0; usize::try_from(days.max(0)).unwrap_or(0)],
        ..Counts::default()
    };
    scan::rows(store, asked, |seen| {
        let at_us = seen.row.occurred_at_us();
        let is_theirs = several.fits(seen, 0);
        let (part, of) = match at_us < compared.improved_us {
            true => &mut counts.before,
            false => &mut counts.after,
        };
        *of += 1;
        *part += u64::from(is_theirs);
        let number = usize::try_from(day(at_us) - first).unwrap_or(usize::MAX);
        if let Some(day) = counts.by_day.get_mut(number).filter(|_| is_theirs) {
            *day += 1;
        }
        Ok::<_, Unanswered>(true)
    })?;
    Ok(counts)
}

fn told(problem: &Problem, compared: Compared, counts: Counts) -> MeasureImprovementResponse {
    let instant = |us| Timestamp::from_microsecond(us).ok().map(time::to_wire);
    let asking = |from_us, before_us| ContactFilter {
        occurred_from: instant(from_us),
        occurred_before: instant(before_us),
        ..asking_for(problem)
    };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let test = two_shares(counts.after, counts.before);
    let spared = spared(counts.before, counts.after);
    MeasureImprovementResponse {
        contacts_before: number(counts.before.0),
        all_before: number(counts.before.1),
        contacts_after: number(counts.after.0),
        all_after: number(counts.after.1),
        contacts_avoided: spared.count,
        contacts_avoided_low: spared.low,
        contacts_avoided_high: spared.high,
        z: test.z,
        p_value: test.p,
        by_day: counts.by_day,
        from: instant(compared.from_us),
        filter_before: Some(asking(compared.from_us, compared.improved_us)),
        filter_after: Some(asking(compared.improved_us, compared.before_us)),
        ..MeasureImprovementResponse::default()
    }
}

/// Answers `call`.
pub(super) async fn measure(
    insight: &Insight,
    call: Call<MeasureImprovementRequest>,
) -> Result<MeasureImprovementResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("problem_id", &message.problem_id);
    let days = (message.days, PROBLEM_DAYS_MAX);
    let days = bounded(&mut checker, "days", days).unwrap_or(DAYS);
    let query = checker.done(Query {
        problem_id: message.problem_id.clone(),
        number: message.number,
        days,
    })?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let (tenant_id, scope) = (call.tenant_id().to_owned(), call.scope());
    let measure =
        move |store: &Store, at: Timestamp| query.measure(store, (&tenant_id, &scope), at);
    insight.measure(including, call.read_until(), measure).await
}
