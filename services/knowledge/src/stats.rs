//! How solutions have been used, and what came of it, as of an instant.
//!
//! The store counts what does not depend on the time. Which uses are so recent that the customer may still come back
//! is found here: by the hours of the window, and in its first hour use by use.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::solution::{Outcomes, RETURN_DAYS};
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::model::v1::{SolutionStats, VersionStats};
use aftercall_view::key::prefix_end;
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use prost::Message;

use crate::echoes::{self, Echo};
use crate::fold::stored;
use crate::fold::uses::count;
use crate::heads::{self, Rows};
use crate::keys::{self, evidence};
use crate::limits::AGENTS_COUNTED_MAX;
use crate::records::{Hour, Known, Link, Used, Uses, timestamp};
use crate::searches::Reach;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What is known of a solution's uses at an instant.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    /// Of all versions together.
    pub(crate) all: Uses,
    /// How many uses of each version may still fail.
    pending: BTreeMap<u32, u64>,
}

impl Numbers {
    /// Reads them.
    pub(crate) fn read(
        store: &Store,
        (tenant_id, solution_id): (&str, &str),
        now: Timestamp,
    ) -> Result<Self, ApplyError> {
        let all = stored(store.get(keys::uses(tenant_id, solution_id))?)?;
        let all: Uses = all.unwrap_or_default();
        let pending = match all.links > 0 {
            true => pending(store, (tenant_id, solution_id), now)?,
            false => BTreeMap::new(),
        };
        Ok(Self { all, pending })
    }

    /// What came of the uses of all versions.
    pub(crate) fn outcomes(&self) -> Outcomes {
        outcomes(&self.all, self.pending.values().sum())
    }

    /// What came of those of a version.
    pub(crate) fn outcomes_of(&self, version: u32, uses: &Uses) -> Outcomes {
        outcomes(uses, self.pending_of(version))
    }

    /// How many uses of a version may still fail.
    pub(crate) fn pending_of(&self, version: u32) -> u64 {
        self.pending.get(&version).copied().unwrap_or_default()
    }
}

/// How a version was used.
pub(crate) fn version_uses(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    version: u32,
) -> Result<Uses, ApplyError> {
    let uses = store.get(evidence::version_uses(tenant_id, solution_id, version))?;
    Ok(stored(uses)?.unwrap_or_default())
}

/// How a solution has been used, all of its versions together and those of the solutions that were merged into it; and
/// the version that is shown alone. The solution is the first of its family.
pub(crate) fn of_family(
    store: &Store,
    (tenant_id, family): (&str, &[String]),
    version: u32,
    now: Timestamp,
) -> Result<SolutionStats, ApplyError> {
    let mut sum = SolutionStats {
        return_window_days: RETURN_DAYS,
        ..SolutionStats::default()
    };
    let mut last_used_at_us = None;
    for (place, member) in family.iter().enumerate() {
        let numbers = Numbers::read(store, (tenant_id, member), now)?;
        let outcomes = numbers.outcomes();
        sum.used_as_is_count += numbers.all.used_as_is;
        sum.used_modified_count += numbers.all.used_modified;
        sum.viewed_count += numbers.all.viewed;
        sum.rejected_count += numbers.all.rejected;
        sum.distinct_agents_count += numbers.all.agents;
        sum.link_count += numbers.all.links;
        sum.success_count += outcomes.successes;
        sum.failure_count += outcomes.failures;
        sum.pending_count += numbers.pending.values().sum::<u64>();
        sum.untraced_count += numbers.all.untraced;
        let echo = echoes::read(store, (tenant_id, member), 0)?;
        sum.helpful_count += outcomes.successes + echo.helped();
        sum.unhelpful_count += outcomes.failures + numbers.all.rejected + echo.failed();
        if place == 0 {
            let uses = version_uses(store, (tenant_id, member), version)?;
            let echo = echoes::read(store, (tenant_id, member), version)?;
            sum.this_version = Some(of_version(&numbers, version, &uses, echo));
        }
        let reach: Reach =
            stored(store.get(keys::search::reach(tenant_id, member))?)?.unwrap_or_default();
        let count = |sum: i64| u64::try_from(sum).unwrap_or(0);
        sum.search_shown_count += count(reach.shown);
        sum.search_opened_count += count(reach.opened);
        sum.search_used_count += count(reach.used);
        sum.search_rejected_count += count(reach.rejected);
        let all = keys::all_used(tenant_id, member);
        if let Some(entry) = store.scan_prefix(all, Direction::Ascending).next() {
            let used_at_us = keys::read_used(&entry?.0).map_err(ApplyError::record)?;
            last_used_at_us = last_used_at_us.max(Some(used_at_us));
        }
    }
    if family.len() > 1 {
        sum.distinct_agents_count = agents(store, tenant_id, family)?;
    }
    let outcomes = Outcomes {
        successes: sum.success_count,
        failures: sum.failure_count,
    };
    sum.wilson_lower = outcomes.wilson_lower();
    sum.last_used_at = last_used_at_us.map(timestamp);
    Ok(sum)
}

/// How many agents used one of several solutions, each once.
fn agents(store: &Store, tenant_id: &str, family: &[String]) -> Result<u64, ApplyError> {
    let mut agents = BTreeSet::new();
    for member in family {
        let users = keys::all_users(tenant_id, member);
        for entry in store.scan_prefix(users, Direction::Ascending) {
            if agents.len() >= AGENTS_COUNTED_MAX {
                break;
            }
            agents.insert(keys::read_user(&entry?.0).map_err(ApplyError::record)?);
        }
    }
    Ok(agents.len() as u64)
}

/// How one version has been used.
pub(crate) fn of_version(numbers: &Numbers, version: u32, uses: &Uses, echo: Echo) -> VersionStats {
    let outcomes = numbers.outcomes_of(version, uses);
    VersionStats {
        version,
        used_as_is_count: uses.used_as_is,
        used_modified_count: uses.used_modified,
        viewed_count: uses.viewed,
        rejected_count: uses.rejected,
        distinct_agents_count: uses.agents,
        link_count: uses.links,
        success_count: outcomes.successes,
        failure_count: outcomes.failures,
        pending_count: numbers.pending_of(version),
        untraced_count: uses.untraced,
        wilson_lower: outcomes.wilson_lower(),
        told_count: uses.parties,
        helpful_count: outcomes.successes + echo.helped(),
        unhelpful_count: outcomes.failures + uses.rejected + echo.failed(),
    }
}

fn outcomes(uses: &Uses, pending: u64) -> Outcomes {
    let failures = uses.returned_within(RETURN_DAYS);
    let others = failures + uses.untraced + pending;
    Outcomes {
        successes: uses.links.saturating_sub(others),
        failures,
    }
}

/// What came of a use, by the reason of the version that was used.
pub(crate) fn known_of(
    rows: &impl Rows,
    whose: (&str, &str),
    used: &Used,
) -> Result<Known, ApplyError> {
    match used.others() {
        [] => Ok(used.by_primary()),
        _ => Ok(used.by(&own_reason(rows, whose, used.version)?)),
    }
}

fn own_reason(
    rows: &impl Rows,
    (tenant_id, solution_id): (&str, &str),
    version: u32,
) -> Result<String, ApplyError> {
    let version = heads::version(rows, tenant_id, solution_id, version)?;
    Ok(version.unwrap_or_default().reason_code)
}

/// The uses that are so recent that the customer may still come back, by version.
fn pending(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    now: Timestamp,
) -> Result<BTreeMap<u32, u64>, ApplyError> {
    let window_us = i64::from(RETURN_DAYS) * MICROS_PER_DAY;
    // Who was used at exactly this instant has waited long enough.
    let since_us = microseconds(now).saturating_sub(window_us);
    let mut pending: BTreeMap<u32, i64> = BTreeMap::new();
    let mut differing = BTreeSet::new();
    let all = evidence::all_unreturned(tenant_id, solution_id);
    let from = all.clone().time(evidence::next_hour(since_us));
    let end = prefix_end(&all);
    let hours = store.scan_range(&from, end.as_deref(), Direction::Ascending);
    for entry in hours {
        let (key, value) = entry?;
        let version = evidence::read_unreturned(&key, &all).map_err(ApplyError::record)?;
        let hour = Hour::decode(value).map_err(ApplyError::record)?;
        *pending.entry(version).or_default() += hour.unreturned.cast_signed();
        if hour.differing > 0 {
            differing.insert(version);
        }
    }
    let whose = (tenant_id, solution_id);
    for version in differing {
        *pending.entry(version).or_default() += more_pending(store, whose, version, since_us)?;
    }
    // The rest of the window's first hour, from the latest backwards.
    let used = keys::all_used(tenant_id, solution_id);
    let from = used
        .clone()
        .time_descending(evidence::next_hour(since_us).saturating_sub(1));
    let to = used.clone().time_descending(since_us);
    for entry in store.scan_range(&from, Some(&*to), Direction::Ascending) {
        let used = Used::decode(entry?.1).map_err(ApplyError::record)?;
        if known_of(store, whose, &used)?.may_last() {
            *pending.entry(used.version).or_default() += 1;
        }
    }
    let pending = pending.into_iter();
    let pending = pending.map(|(version, count)| (version, u64::try_from(count).unwrap_or(0)));
    Ok(pending.collect())
}

/// How many more uses of a version are pending by its own reason than by the primary ones of their contacts, in the whole
/// hours after an instant.
fn more_pending(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    version: u32,
    since_us: i64,
) -> Result<i64, ApplyError> {
    let link = Link {
        solution_id: solution_id.to_owned(),
        version,
    };
    let own = own_reason(store, (tenant_id, solution_id), version)?;
    let all = evidence::differing_hours(tenant_id, &link, &own);
    let from = all.clone().time(evidence::next_hour(since_us));
    let end = prefix_end(&all);
    let hours = store.scan_range(&from, end.as_deref(), Direction::Ascending);
    // Numbers below zero are in their two's complement.
    let mut more = 0;
    for entry in hours {
        more += count(&entry?.1).cast_signed();
    }
    Ok(more)
}
