//! One problem, a tenant's problems with their contacts, and what a problem was before.

use aftercall_domain::Scope;
use aftercall_domain::measure::DAY_MS;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    ContactFilter, GetProblemRequest, GetProblemResponse, ListProblemVersionsRequest,
    ListProblemVersionsResponse, ListProblemsRequest, ListProblemsResponse, ProblemTrend,
    ProblemVersion,
};
use aftercall_proto::model::v1::{Problem, ProblemState};
use aftercall_service::{Call, Checker, Including, Paging, given};
use aftercall_view::key::{Key, prefix_end};
use aftercall_view::{Direction, Store};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use super::{asking_for, filter, problem};
use crate::Insight;
use crate::answer::usual;
use crate::failure::Unanswered;
use crate::filter::{Filter, bounded};
use crate::insight::Complete;
use crate::keys;
use crate::limits::{PROBLEM_DAYS_MAX, PROBLEMS, VERSIONS};
use crate::scan::{self, Asked, Several};

/// Microseconds of a day.
pub(super) const DAY_US: i64 = DAY_MS as i64 * 1_000;

/// Over how many days contacts are counted, unless it is said.
const DAYS: u32 = 30;

/// One problem.
pub(super) async fn get(
    insight: &Insight,
    call: Call<GetProblemRequest>,
) -> Result<GetProblemResponse, Unanswered> {
    let mut checker = Checker::new();
    checker.required_id("problem_id", &call.message.problem_id);
    checker.done(())?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let reading = insight.reading();
    let Complete { through, at } = insight.complete(including, call.read_until()).await?;
    let read = move |store: &Store| {
        let found = problem(store, call.tenant_id(), &call.message.problem_id)?;
        found.ok_or(Unanswered::ProblemNotFound)
    };
    let problem = reading.run(read).await?;
    Ok(GetProblemResponse {
        filter: Some(asking_for(&problem)),
        problem: Some(problem),
        complete_through: through.encode(insight.log_identity()),
        complete_through_at: Some(time::to_wire(at)),
    })
}

/// Which problems are asked for, checked.
#[derive(Debug)]
struct Query {
    department: Option<String>,
    state: ProblemState,
    days: u32,
    paging: Paging,
}

impl Query {
    fn of(call: &Call<ListProblemsRequest>, insight: &Insight) -> Result<Self, Unanswered> {
        let message = &call.message;
        let mut checker = Checker::new();
        checker.id("owner_department", &message.owner_department);
        let state = checker.known::<ProblemState>("state", message.state);
        let days = (message.days, PROBLEM_DAYS_MAX);
        let days = bounded(&mut checker, "days", days).unwrap_or(DAYS);
        let size = checker.count("page_size", message.page_size, PROBLEMS);
        checker.done(())?;
        let query: [&[u8]; 6] = [
            b"problems",
            call.tenant_id().as_bytes(),
            &call.scope().fingerprint(),
            message.owner_department.as_bytes(),
            &message.state.to_be_bytes(),
            &days.to_be_bytes(),
        ];
        let log = insight.log_identity();
        Ok(Self {
            department: given(message.owner_department.clone()),
            state: state.unwrap_or_default(),
            days,
            paging: Paging::asked(&log, &query, size, &message.page_token)?,
        })
    }

    fn admits(&self, problem: &Problem) -> bool {
        let department = self.department.as_ref();
        let is_theirs = department.is_none_or(|it| *it == problem.owner_department);
        is_theirs && (self.state == ProblemState::Unspecified || self.state == problem.state())
    }

    /// The problems of the page, and where it ends if there are more.
    fn page(
        &self,
        store: &Store,
        tenant_id: &str,
    ) -> Result<(Vec<Problem>, Option<Bytes>), Unanswered> {
        let all = keys::problems(tenant_id);
        let from = from(&all, self.paging.after());
        let end = prefix_end(&all);
        let found = store.scan_range(from, end.as_deref(), Direction::Ascending);
        let found = found.map(|entry| {
            let (key, value) = entry?;
            let place = key.slice(all.len()..);
            Ok::<_, Unanswered>((place, Problem::decode(value)?))
        });
        let found =
            found.filter(|it| it.as_ref().is_ok_and(|(_, it)| self.admits(it)) || it.is_err());
        self.paging.fill(found)
    }

    /// Each problem with its contacts until `at`.
    fn trends(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (problems, at): (Vec<Problem>, Timestamp),
    ) -> Result<Vec<ProblemTrend>, Unanswered> {
        let days = usize::try_from(self.days).unwrap_or(0);
        let before_us = time::microseconds(at);
        let from_us = before_us.saturating_sub(i64::from(self.days) * DAY_US);
        let period = Filter {
            from_us: from_us.saturating_sub(i64::from(self.days) * DAY_US),
            before_us,
            ..filter(&ContactFilter::default())?
        };
        let filters = problems.iter().map(|problem| filter(&asking_for(problem)));
        let filters = filters.collect::<Result<Vec<_>, _>>()?;
        let mut several = Several::of(&filters);
        let mut trends: Vec<_> = problems
            .into_iter()
            .map(|problem| trend(problem, days, (from_us, before_us)))
            .collect();
        let terms = usual().at(at);
        let asked = Asked::all(whose, &period, &terms);
        scan::rows(store, asked, |seen| {
            for (number, trend) in trends.iter_mut().enumerate() {
                if several.fits(seen, number) {
                    count(trend, seen.row.occurred_at_us(), from_us);
                }
            }
            Ok::<_, Unanswered>(true)
        })?;
        Ok(trends)
    }
}

fn trend(problem: Problem, days: usize, (from_us, before_us): (i64, i64)) -> ProblemTrend {
    let instant = |us| Timestamp::from_microsecond(us).ok().map(time::to_wire);
    ProblemTrend {
        filter: Some(ContactFilter {
            occurred_from: instant(from_us),
            occurred_before: instant(before_us),
            ..asking_for(&problem)
        }),
        problem: Some(problem),
        by_day: vec![0; days],
        ..ProblemTrend::default()
    }
}

fn count(trend: &mut ProblemTrend, at_us: i64, from_us: i64) {
    if at_us < from_us {
        trend.contacts_before += 1;
        return;
    }
    trend.contacts += 1;
    let day = usize::try_from((at_us - from_us) / DAY_US).unwrap_or(usize::MAX);
    if let Some(day) = trend.by_day.get_mut(day) {
        *day += 1;
    }
}

/// Where a page of a list begins.
fn from(all: &Key, after: Option<&Bytes>) -> Vec<u8> {
    match after {
        None => all.to_vec(),
        Some(place) => {
            let mut key = all.to_vec();
            key.extend_from_slice(place);
            // The first key after it.
            key.push(0);
            key
        }
    }
}

/// A page of a tenant's problems.
pub(super) async fn list(
    insight: &Insight,
    call: Call<ListProblemsRequest>,
) -> Result<ListProblemsResponse, Unanswered> {
    let query = Query::of(&call, insight)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let Complete { at, .. } = insight.complete(including, call.read_until()).await?;
    let reading = insight.reading();
    let through = query.paging.reach(reading, including, call.read_until());
    let (through, scope, log) = (through.await?, call.scope(), insight.log_identity());
    let list = move |store: &Store| {
        let tenant_id = call.tenant_id();
        let is_first = query.paging.after().is_none();
        let (problems, next) = query.page(store, tenant_id)?;
        Ok::<_, Unanswered>(ListProblemsResponse {
            problems: query.trends(store, (tenant_id, &scope), (problems, at))?,
            next_page_token: query.paging.token(&log, &through.positions, next),
            complete_through: through.position(log),
            complete_through_at: is_first.then(|| time::to_wire(at)),
        })
    };
    reading.run(list).await
}

/// A page of what a problem was.
pub(super) async fn versions(
    insight: &Insight,
    call: Call<ListProblemVersionsRequest>,
) -> Result<ListProblemVersionsResponse, Unanswered> {
    let message = &call.message;
    let log = insight.log_identity();
    let mut checker = Checker::new();
    checker.required_id("problem_id", &message.problem_id);
    let size = checker.count("page_size", message.page_size, VERSIONS);
    checker.done(())?;
    let query: [&[u8]; 3] = [
        b"problem versions",
        call.tenant_id().as_bytes(),
        message.problem_id.as_bytes(),
    ];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let reading = insight.reading();
    let through = paging.reach(reading, including, call.read_until()).await?;
    let list = move |store: &Store| {
        let (tenant_id, id) = (call.tenant_id(), &*call.message.problem_id);
        if problem(store, tenant_id, id)?.is_none() {
            return Err(Unanswered::ProblemNotFound);
        }
        let all = keys::problem_versions(tenant_id, id);
        let from = from(&all, paging.after());
        let end = prefix_end(&all);
        let found = store.scan_range(from, end.as_deref(), Direction::Ascending);
        let found = found.map(|entry| {
            let (key, value) = entry?;
            let version = ProblemVersion::decode(value)?;
            Ok::<_, Unanswered>((key.slice(all.len()..), version))
        });
        let (versions, next) = paging.fill(found)?;
        Ok(ListProblemVersionsResponse {
            versions,
            next_page_token: paging.token(&log, &through.positions, next),
            complete_through: through.position(log),
            complete_through_at: through.time(),
        })
    };
    reading.run(list).await
}
