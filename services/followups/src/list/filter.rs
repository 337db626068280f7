//! What a list is to hold.

use std::collections::BTreeSet;
use std::ops::Range;

use aftercall_domain::commitment::{
    Commitment, CommitmentKind, Lifecycle, Outcome, Owner, Priority, Timeliness,
};
use aftercall_domain::handle::look_up;
use aftercall_domain::limits::{LINE_BYTES_MAX, SECONDS_PER_DAY};
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, Handle, NotADay, Party, Scope, local_day};
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::followups::v1::{CommitmentFilter, LocalDay};
use aftercall_proto::model::v1 as wire;
use aftercall_service::Checker;
use aftercall_view::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};

use super::tally::Tally;
use crate::keys::{self, ListOf};
use crate::limits::FILTER_VALUES_MAX;

/// By how much a clock may have been set back since it noticed a lapse: for longer, an open promise
/// is not looked for among the overdue ones before its due passes again.
const SET_BACK_MAX: SignedDuration = SignedDuration::from_secs(SECONDS_PER_DAY);

/// The filters of a list. All of them must hold; of each, any value will do, and none is no filter.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(super) tenant_id: String,
    /// Whose promises the caller reads.
    scope: Scope,
    /// As of when promises are late.
    now: Timestamp,
    customer_ids: Vec<String>,
    /// The forms under which the handles are found; none if none are asked for.
    handles: Option<BTreeSet<String>>,
    owners: Vec<Owner>,
    owner_team_ids: Vec<String>,
    team_ids: Vec<String>,
    kinds: Vec<CommitmentKind>,
    kind_codes: Vec<String>,
    priorities: Vec<Priority>,
    lifecycles: Vec<Lifecycle>,
    timeliness: Vec<Timeliness>,
    outcomes: Vec<Outcome>,
    due_from: Option<Timestamp>,
    due_before: Option<Timestamp>,
    /// Who asks for what they keep, or are asked to keep.
    mine: Option<String>,
    plan_ids: Vec<String>,
    series_ids: Vec<String>,
}

impl Filter {
    /// The filters of a request by `actor_id`, at `now`; what is wrong with them is noted.
    pub(crate) fn new(
        (tenant_id, scope, actor_id): (String, Scope, &str),
        filter: CommitmentFilter,
        now: Timestamp,
        checker: &mut Checker,
    ) -> Self {
        for (field, ids) in [
            ("filter.customer_ids", &filter.customer_ids),
            ("filter.owner_agent_ids", &filter.owner_agent_ids),
            ("filter.owner_queue_ids", &filter.owner_queue_ids),
            ("filter.owner_team_ids", &filter.owner_team_ids),
            ("filter.team_ids", &filter.team_ids),
            ("filter.kind_codes", &filter.kind_codes),
            ("filter.plan_ids", &filter.plan_ids),
            ("filter.series_ids", &filter.series_ids),
        ] {
            checker.ids(field, ids, FILTER_VALUES_MAX);
        }
        let (mut due_from, mut due_before) = checker.within(
            ("filter.due_from", filter.due_from.as_ref()),
            ("filter.due_before", filter.due_before.as_ref()),
        );
        if let Some(day) = filter.due_on.as_ref().and_then(|day| day_of(day, checker)) {
            due_from = due_from.max(Some(day.start));
            due_before = Some(due_before.map_or(day.end, |before| before.min(day.end)));
        }
        let handles = handles(&filter.handles, checker);
        let series_ids = filter.series_ids.iter();
        let series_ids = series_ids.map(|id| CommitmentId::read(id).into_string());
        let agents = filter.owner_agent_ids.into_iter().map(Owner::Agent);
        let queues = filter.owner_queue_ids.into_iter().map(Owner::Queue);
        Self {
            tenant_id,
            scope,
            now,
            customer_ids: distinct(filter.customer_ids),
            handles,
            owners: agents.chain(queues).collect(),
            owner_team_ids: filter.owner_team_ids,
            team_ids: filter.team_ids,
            kinds: chosen::<wire::CommitmentKind, _>("kinds", &filter.kinds, checker),
            kind_codes: filter.kind_codes,
            priorities: chosen::<wire::Priority, _>("priorities", &filter.priorities, checker),
            lifecycles: chosen::<wire::CommitmentLifecycle, _>(
                "lifecycles",
                &filter.lifecycles,
                checker,
            ),
            timeliness: chosen::<wire::Timeliness, _>("timeliness", &filter.timeliness, checker),
            outcomes: chosen::<wire::CommitmentOutcome, _>("outcomes", &filter.outcomes, checker),
            due_from,
            due_before,
            mine: filter.mine.then(|| actor_id.to_owned()),
            plan_ids: distinct(filter.plan_ids),
            series_ids: distinct(series_ids.collect()),
        }
    }

    /// The same, with all customers that are one with those that are asked for.
    pub(crate) fn with_merged(mut self, store: &Store) -> Result<Self, StoreError> {
        let mut customer_ids = Vec::new();
        for customer_id in &self.customer_ids {
            customer_ids.extend(keys::MERGED.customers(store, &self.tenant_id, customer_id)?);
        }
        self.customer_ids = distinct(customer_ids);
        Ok(self)
    }

    /// The ways to find every match: the lists of one way hold all of them. How much there is outside of the
    /// scope must not show, so what is not asked for by its customer is found by lists that hold nothing else.
    pub(super) fn choices(&self) -> Vec<Vec<ListOf>> {
        let mut choices = Vec::new();
        if self.asks_whose() {
            let customers = self.customer_ids.iter().cloned().map(ListOf::Customer);
            let handles = self.handles.iter().flatten().cloned().map(ListOf::Handle);
            choices.push(customers.chain(handles).collect());
        }
        if !self.owners.is_empty() && self.owners.iter().all(|owner| self.is_within(owner)) {
            choices.push(self.owners.iter().cloned().map(ListOf::owner).collect());
        }
        if let Some(mine) = self.mine.as_ref().filter(|id| self.is_within_agent(id)) {
            let asked = ListOf::party(Party::Agent(mine));
            choices.push(vec![ListOf::Agent(mine.clone()), asked]);
        }
        for teams in [&self.owner_team_ids, &self.team_ids] {
            let parties = teams.iter().map(|id| Party::Team(id));
            if !teams.is_empty() && parties.clone().all(|team| self.scope.admits([team])) {
                choices.push(parties.map(ListOf::party).collect());
            }
        }
        if self.scope.is_all() {
            let plans = self.plan_ids.iter().cloned().map(ListOf::Plan);
            let series = self.series_ids.iter().cloned().map(ListOf::Series);
            let narrow: [Vec<ListOf>; 2] = [plans.collect(), series.collect()];
            choices.extend(narrow.into_iter().filter(|lists| !lists.is_empty()));
        }
        match self.scope.parties() {
            Some(own) => choices.push(ListOf::all_of(own)),
            None if choices.is_empty() => choices.push(vec![ListOf::Tenant]),
            None => {}
        }
        choices
    }

    /// Whether all that somebody keeps lies within the scope.
    fn is_within(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Agent(id) => self.is_within_agent(id),
            Owner::Queue(_) => self.scope.is_all(),
        }
    }

    fn is_within_agent(&self, id: &str) -> bool {
        self.scope.admits([Party::Agent(id)])
    }

    /// Whether who asks keeps a promise, or is asked to.
    fn is_mine(&self, commitment: &Commitment) -> bool {
        let handover = commitment.handover.as_ref();
        let owners = commitment
            .owner
            .iter()
            .chain(handover.map(|asked| &asked.to));
        let mut agents = owners.filter_map(|owner| match owner {
            Owner::Agent(id) => Some(id),
            Owner::Queue(_) => None,
        });
        self.mine
            .as_ref()
            .is_none_or(|mine| agents.any(|id| id == mine))
    }

    fn asks_whose(&self) -> bool {
        !self.customer_ids.is_empty() || self.handles.is_some()
    }

    /// Whether a promise was made to one of the customers, or under one of the handles.
    fn is_theirs(&self, commitment: &Commitment) -> bool {
        let mut handles = commitment.handles.iter().flat_map(Handle::keys);
        let customer_id = commitment.customer_id.as_ref();
        !self.asks_whose()
            || customer_id.is_some_and(|id| self.customer_ids.contains(id))
            || handles.any(|key| self.handles.iter().any(|asked| asked.contains(&key)))
    }

    /// The lifecycles in which there can be a match, the open ones first.
    pub(super) fn lifecycles(&self) -> impl Iterator<Item = Lifecycle> {
        let open = Lifecycle::ALL.into_iter().filter(|one| one.is_open());
        let others = Lifecycle::ALL.into_iter().filter(|one| !one.is_open());
        let by_outcome = |one: &Lifecycle| {
            self.outcomes.is_empty() || self.outcomes.iter().any(|outcome| may_be(*one, *outcome))
        };
        let wanted = open
            .chain(others)
            .filter(|one| any_of(&self.lifecycles, one) && by_outcome(one));
        wanted.collect::<Vec<_>>().into_iter()
    }

    /// When the matches of a lifecycle are due, in microseconds.
    pub(super) fn due_us(&self, lifecycle: Lifecycle) -> Range<i64> {
        // Part of a microsecond may still lie before the end.
        let end = |before: Timestamp| microseconds(before).saturating_add(1);
        let overdue = lifecycle.is_open() && self.timeliness == [Timeliness::Overdue];
        let late = overdue.then(|| end(self.now.saturating_add(SET_BACK_MAX).unwrap_or(self.now)));
        let before = self.due_before.map(end);
        let end = before.into_iter().chain(late).min();
        self.due_from.map_or(i64::MIN, microseconds)..end.unwrap_or(i64::MAX)
    }

    /// Whose promises the caller reads.
    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether only certain customers' promises are wanted.
    pub(crate) fn names_customers(&self) -> bool {
        !self.customer_ids.is_empty()
    }

    /// Whether every filter holds for `commitment`.
    pub(super) fn admits(&self, commitment: &Commitment) -> bool {
        self.admits_at(commitment, self.now)
    }

    /// The same at another time.
    pub(crate) fn admits_at(&self, commitment: &Commitment, now: Timestamp) -> bool {
        self.admits_but_for_lateness(commitment)
            && any_of(&self.timeliness, &commitment.timeliness(now))
    }

    /// Whether every filter held for what `commitment` was until `now`: with time alone it may have become late.
    pub(crate) fn may_have_admitted(&self, commitment: &Commitment, now: Timestamp) -> bool {
        let lateness = [Timestamp::MIN, now].map(|at| commitment.timeliness(at));
        let mut lateness = lateness.iter();
        self.admits_but_for_lateness(commitment)
            && lateness.any(|one| any_of(&self.timeliness, one))
    }

    fn admits_but_for_lateness(&self, commitment: &Commitment) -> bool {
        let due = commitment.due_at();
        self.scope.admits(commitment.parties())
            && self.is_theirs(commitment)
            && self.is_mine(commitment)
            && any_set(&self.owners, commitment.owner.as_ref())
            && any_of(&self.owner_team_ids, &commitment.owner_team_id)
            && self.may_come_to_admit(commitment)
            && any_of(&self.lifecycles, &commitment.lifecycle)
            && any_set(&self.outcomes, commitment.outcome.as_ref())
            && self.due_from.is_none_or(|from| due >= from)
            && self.due_before.is_none_or(|before| due < before)
    }

    /// The same as [`Filter::admits`], by what stands in the tenant's list alone, which is read only where nobody asks
    /// whose a promise is, who keeps it, and which plan or series it is of: see [`Filter::choices`].
    pub(super) fn admits_tally(&self, tally: &Tally, now: Timestamp) -> bool {
        let due = tally.due_at;
        any_of(&self.kinds, &tally.kind)
            && any_of(&self.kind_codes, &tally.kind_code)
            && any_of(&self.priorities, &tally.priority)
            && any_set(&self.outcomes, tally.outcome.as_ref())
            && self.due_from.is_none_or(|from| due >= from)
            && self.due_before.is_none_or(|before| due < before)
            && any_of(&self.timeliness, &tally.turning.timeliness(now))
    }

    /// Whether those filters hold that are about what a promise always stays.
    pub(crate) fn may_come_to_admit(&self, commitment: &Commitment) -> bool {
        let series = commitment.series.as_ref();
        let series_id = series.map(|series| &series.occurrence.series_id);
        any_of(&self.team_ids, &commitment.team_id)
            && any_of(&self.kinds, &commitment.kind)
            && any_of(&self.kind_codes, &commitment.kind_code)
            && any_of(&self.priorities, &commitment.priority)
            && any_of(&self.plan_ids, &commitment.plan_id)
            && any_set(&self.series_ids, series_id)
    }
}

/// Whether `value` is one of those that are wanted.
fn any_of<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

/// The same for a value that may not be there.
fn any_set<T: PartialEq>(wanted: &[T], value: Option<&T>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.contains(value))
}

/// The forms under which handles are found; none if none are asked for.
fn handles(texts: &[String], checker: &mut Checker) -> Option<BTreeSet<String>> {
    let mut forms = BTreeSet::new();
    if checker.few("filter.handles", texts.len(), FILTER_VALUES_MAX) {
        for (index, text) in texts.iter().enumerate() {
            let field = format!("filter.handles[{index}]");
            checker.required_text(&field, text, LINE_BYTES_MAX);
            if text.len() <= LINE_BYTES_MAX {
                forms.extend(look_up(None, text, None));
            }
        }
    }
    (!texts.is_empty()).then_some(forms)
}

/// The values of an enum that are wanted.
fn chosen<W: TryFrom<i32> + Copy, D: TryFrom<W>>(
    field: &str,
    values: &[i32],
    checker: &mut Checker,
) -> Vec<D> {
    let known = checker.known_list::<W>(&format!("filter.{field}"), values, FILTER_VALUES_MAX);
    let known = known.into_iter();
    known.filter_map(|one| D::try_from(one).ok()).collect()
}

fn distinct(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whether a promise that was closed in this way can have come to that.
fn may_be(lifecycle: Lifecycle, outcome: Outcome) -> bool {
    let outcomes: &[Outcome] = match lifecycle {
        Lifecycle::Proposed | Lifecycle::Active | Lifecycle::Paused => &[],
        Lifecycle::Fulfilled => &[Outcome::Kept, Outcome::KeptLate, Outcome::NotApplicable],
        Lifecycle::Cancelled => &[
            Outcome::Broken,
            Outcome::ReleasedByCustomer,
            Outcome::NotApplicable,
            Outcome::SatisfiedByCustomerReturn,
        ],
        Lifecycle::Waived | Lifecycle::Superseded => &[Outcome::NotApplicable],
        Lifecycle::Expired => &[Outcome::Broken, Outcome::NotApplicable],
    };
    outcomes.contains(&outcome)
}

fn day_of(day: &LocalDay, checker: &mut Checker) -> Option<Range<Timestamp>> {
    let LocalDay {
        year,
        month,
        day,
        time_zone,
    } = day;
    let at = |field: &str| format!("filter.due_on.{field}");
    match local_day((*year, *month, *day), time_zone) {
        Ok(day) => return Some(day),
        Err(NotADay::Year) => {
            checker.add(
                at("year"),
                Reason::OutOfRange,
                "give a year from 1970 to 2199",
            );
        }
        Err(NotADay::Month) => {
            checker.add(at("month"), Reason::OutOfRange, "give a month from 1 to 12");
        }
        Err(NotADay::Day) => {
            let text = "the month has no such day; check the date";
            checker.add(at("day"), Reason::OutOfRange, text);
        }
        Err(NotADay::TimeZone) if time_zone.is_empty() => {
            checker.found().required(at("time_zone"));
        }
        Err(NotADay::TimeZone) => {
            let text = "must be an IANA time zone, such as Europe/Berlin";
            checker.add(at("time_zone"), Reason::Malformed, text);
        }
    }
    None
}
