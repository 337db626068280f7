//! What solutions are good for: the contacts of their reasons before and after they existed.
//!
//! Nothing here is of single agents or teams: who is measured by links makes links.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aftercall_domain::Scope;
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{
    CaseMeasures, KnowledgeReportRequest, KnowledgeRow, LinkAccuracy, ReportGrouping, WorthWriting,
};
use aftercall_service::{Call, Checker, Paging, given};
use aftercall_view::{Direction, Store};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use super::judging::{accuracy, reach};
use super::period::{self, Of, Period};
use super::records::{Reach, Sums, day_of};
use super::struggles;
use crate::candidates::Firsts;
use crate::failure::Error;
use crate::keys::{self as view_keys, search as keys};
use crate::limits::{REPORT, WORTH_WRITING_MAX};
use crate::page;
use crate::reader::{Viewer, addressed};
use crate::records::micros;
use crate::solutions;

/// What is asked for, checked.
#[derive(Debug)]
pub(super) struct Query {
    tenant_id: String,
    viewer: Viewer,
    period: Period,
    by: ReportGrouping,
    reason_code: Option<String>,
    paging: Paging,
}

impl Query {
    /// Checks the request.
    pub(super) fn of(
        call: &Call<KnowledgeReportRequest>,
        log: &LogIdentity,
    ) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let (from, before) = (message.from.as_ref(), message.before.as_ref());
        let period = Period::of(from, before, &mut checker);
        let by = match checker.known("group_by", message.group_by) {
            None | Some(ReportGrouping::Unspecified) => ReportGrouping::Solution,
            Some(by) => by,
        };
        checker.id("reason_code", &message.reason_code);
        let size = checker.count("page_size", message.page_size, REPORT);
        checker.done(())?;
        let tenant_id = call.tenant_id().to_owned();
        let viewer = Viewer::of(call);
        let query: [&[u8]; 6] = [
            b"report",
            tenant_id.as_bytes(),
            &viewer.scope.fingerprint(),
            &period.bytes(),
            by.as_str_name().as_bytes(),
            message.reason_code.as_bytes(),
        ];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        if by == ReportGrouping::Solution {
            page::check_place(&paging, &view_keys::all_published(&tenant_id))?;
        }
        Ok(Self {
            tenant_id,
            viewer,
            period,
            by,
            reason_code: given(message.reason_code.clone()),
            paging,
        })
    }

    /// The page that is asked for.
    pub(super) fn paging(&self) -> &Paging {
        &self.paging
    }

    /// The contacts of all of the tenant: solutions, and the numbers of their uses, are not divided.
    fn sums_of(&self) -> Of<'_> {
        Of {
            tenant_id: &self.tenant_id,
            scope: &Scope::All,
            team_id: None,
            reason_code: self.reason_code.as_deref(),
        }
    }
}

/// Rows, where the page ends, and what would be worth writing.
pub(super) type Reported = (Vec<KnowledgeRow>, Option<Bytes>, Vec<WorthWriting>);

/// A page of the report.
pub(super) fn report(store: &Store, query: &Query, now_us: i64) -> Result<Reported, Error> {
    let sums = period::by_reason(store, query.sums_of(), query.period)?;
    let now = Timestamp::from_microsecond(now_us).map_err(Error::internal)?;
    let (rows, next) = match query.by {
        ReportGrouping::Reason => reasons(store, query, &sums)?,
        ReportGrouping::Solution | ReportGrouping::Unspecified => {
            of_solutions(store, query, &sums, now)?
        }
    };
    let worth_writing = match query.paging.after() {
        None => worth_writing(store, query, now_us)?,
        Some(_) => Vec::new(),
    };
    Ok((rows, next, worth_writing))
}

/// The sums of each reason, day by day.
type ByReason = HashMap<String, BTreeMap<u32, Sums>>;

fn of_solutions(
    store: &Store,
    query: &Query,
    sums: &ByReason,
    now: Timestamp,
) -> Result<(Vec<KnowledgeRow>, Option<Bytes>), Error> {
    let tenant_id = query.tenant_id.as_str();
    let prefix = Vec::from(view_keys::all_published(tenant_id));
    let listed = page::read(store, &prefix, &query.paging, |key| {
        let id = view_keys::read_published(key).map_err(Error::internal)?;
        let found = solutions::find(store, query.viewer.whose(), &id, now)?;
        let Some(solution) = found.filter(|one| query.viewer.reader().reads(addressed(one))) else {
            return Ok(None);
        };
        let is_asked_for = query.reason_code.as_ref();
        if is_asked_for.is_some_and(|asked| *asked != solution.reason_code) {
            return Ok(None);
        }
        let used = used_on(store, query, &id)?;
        let reach = reach(store, tenant_id, &id)?;
        let published = || micros(solution.published_at.as_ref());
        let existed_from = reach.existed_from_us.unwrap_or_else(published);
        let days = sums.get(&solution.reason_code);
        let of_reason = |day: &u32| used.get(&(*day, solution.reason_code.clone()));
        let solved = |days: &mut dyn Iterator<Item = u32>| {
            days.filter_map(|day| of_reason(&day))
                .map(|sums| sums.cases)
                .sum::<i64>()
        };
        let split = Split::of(query.period, day_of(existed_from));
        let row = KnowledgeRow {
            solution_id: id.clone(),
            title: solution.title,
            reason_code: solution.reason_code.clone(),
            existed_from: Some(struggles::day_at(split.at)),
            before: split.before(days, solved),
            after: split.after(days, solved),
            used: Some(measures(&period::total(used.values()), None)),
            link_accuracy: Some(accuracy(&reach)),
        };
        let bytes = row.encoded_len();
        Ok(Some((row, bytes)))
    })?;
    Ok((listed.items, listed.next))
}

/// A period, before and after something began to exist.
#[derive(Debug, Clone, Copy)]
struct Split {
    period: Period,
    at: u32,
}

impl Split {
    fn of(period: Period, at: u32) -> Self {
        Self { period, at }
    }

    /// `solved` counts the contacts of some days that are to count as solved, where that is not the sums' own number.
    fn before(
        self,
        days: Option<&BTreeMap<u32, Sums>>,
        solved: impl Fn(&mut dyn Iterator<Item = u32>) -> i64,
    ) -> Option<CaseMeasures> {
        let days_before = self.period.from..self.at.clamp(self.period.from, self.period.before);
        Self::measured(days, days_before, solved)
    }

    fn after(
        self,
        days: Option<&BTreeMap<u32, Sums>>,
        solved: impl Fn(&mut dyn Iterator<Item = u32>) -> i64,
    ) -> Option<CaseMeasures> {
        let days_after = self.at.clamp(self.period.from, self.period.before)..self.period.before;
        Self::measured(days, days_after, solved)
    }

    fn measured(
        days: Option<&BTreeMap<u32, Sums>>,
        mut range: std::ops::Range<u32>,
        solved: impl Fn(&mut dyn Iterator<Item = u32>) -> i64,
    ) -> Option<CaseMeasures> {
        if range.is_empty() {
            return None;
        }
        let total = days.map_or_else(Sums::default, |days| {
            period::total(days.range(range.clone()).map(|(_, sums)| sums))
        });
        Some(measures(&total, Some(solved(&mut range))))
    }
}

fn measures(sums: &Sums, solved_with: Option<i64>) -> CaseMeasures {
    let count = |sum: i64| u64::try_from(sum).unwrap_or(0);
    let mean = (sums.timed > 0).then(|| sums.handle_seconds / sums.timed);
    CaseMeasures {
        cases: count(sums.cases),
        timed_cases: count(sums.timed),
        mean_handle_time: mean.map(|seconds| pbjson_types::Duration { seconds, nanos: 0 }),
        came_back: count(sums.came_back),
        solved_with: count(solved_with.unwrap_or(sums.solved_with)),
    }
}

/// The sums of the contacts in which a solution was used, by day and reason.
fn used_on(
    store: &Store,
    query: &Query,
    solution_id: &str,
) -> Result<BTreeMap<(u32, String), Sums>, Error> {
    let tenant_id = query.tenant_id.as_str();
    let from = keys::used_on(tenant_id, solution_id, query.period.from);
    let to = keys::used_on(tenant_id, solution_id, query.period.before);
    let mut used = BTreeMap::new();
    for entry in store.scan_range(from, Some(&to), Direction::Ascending) {
        let (key, sums) = entry?;
        let place = keys::read_used_on(&key).map_err(Error::internal)?;
        used.insert(place, Sums::decode(sums).map_err(Error::internal)?);
    }
    Ok(used)
}

/// From when on a reason had a solution.
fn existed_from(store: &Store, query: &Query, reason_code: &str) -> Result<Option<i64>, Error> {
    let list = keys::existing(&query.tenant_id, reason_code);
    let first = store.scan_prefix(&list, Direction::Ascending).next();
    let first = first.transpose()?;
    let read = first.map(|(key, _)| keys::read_existing(&key, &list));
    let read = read.transpose().map_err(Error::internal)?;
    Ok(read.map(|(at_us, _)| at_us))
}

fn reasons(
    store: &Store,
    query: &Query,
    sums: &ByReason,
) -> Result<(Vec<KnowledgeRow>, Option<Bytes>), Error> {
    let mut codes: Vec<_> = sums.keys().filter(|code| !code.is_empty()).collect();
    codes.sort();
    let after = query.paging.after();
    let due = codes
        .into_iter()
        .filter(|code| after.is_none_or(|after| code.as_bytes() > &after[..]));
    let rows = due.map(|code| {
        let days = sums.get(code);
        let existed_from = existed_from(store, query, code)?.map(day_of);
        // Where there is none, all of it was before.
        let split = Split::of(query.period, existed_from.unwrap_or(query.period.before));
        let solved = |range: &mut dyn Iterator<Item = u32>| {
            let of_day = |day: u32| days?.get(&day);
            range
                .filter_map(of_day)
                .map(|sums| sums.solved_with)
                .sum::<i64>()
        };
        let row = KnowledgeRow {
            reason_code: code.clone(),
            existed_from: existed_from.map(struggles::day_at),
            before: split.before(days, solved),
            after: split.after(days, solved),
            link_accuracy: Some(accuracy_of(store, query, code)?),
            ..KnowledgeRow::default()
        };
        Ok((Bytes::copy_from_slice(code.as_bytes()), row))
    });
    query.paging.fill(rows)
}

/// How often the links of all solutions of a reason are right.
fn accuracy_of(store: &Store, query: &Query, reason_code: &str) -> Result<LinkAccuracy, Error> {
    let list = keys::existing(&query.tenant_id, reason_code);
    let (mut sum, mut counted) = (Reach::default(), BTreeSet::new());
    for entry in store.scan_prefix(&list, Direction::Ascending) {
        let (_, id) = keys::read_existing(&entry?.0, &list).map_err(Error::internal)?;
        let one = reach(store, &query.tenant_id, &id)?;
        // One that changed its reason and changed back stands there twice.
        if counted.insert(id) {
            sum.right += one.right;
            sum.wrong += one.wrong;
        }
    }
    Ok(accuracy(&sum))
}

/// What the worst struggles ask for, of the caller's teams and sites.
fn worth_writing(store: &Store, query: &Query, now_us: i64) -> Result<Vec<WorthWriting>, Error> {
    let of = Of {
        scope: &query.viewer.scope,
        ..query.sums_of()
    };
    let ranked = struggles::ranked(store, of, query.period)?;
    let worst = ranked.into_iter().filter(|(reason, _)| !reason.is_empty());
    let firsts = Firsts::read(store, query.viewer.whose(), now_us)?;
    let mut worth = Vec::new();
    for (reason_code, sums) in worst.take(WORTH_WRITING_MAX) {
        let questions = struggles::evidence(store, of, query.period, &reason_code)?.questions;
        let (candidate_id, candidate_cases) = firsts.of(&reason_code)?.unwrap_or_default();
        worth.push(WorthWriting {
            struggle_score: sums.score(),
            question: questions.into_iter().next().unwrap_or_default().text,
            reason_code,
            candidate_id,
            candidate_cases,
        });
    }
    Ok(worth)
}
