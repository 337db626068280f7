//! What follows of a solution by itself, as the view stands.

use aftercall_domain::solution::confidence::{
    Cause, DOUBT_OUTCOMES_MIN, Evidence, Trust, is_expired,
};
use aftercall_domain::solution::{RETURN_DAYS, known_at};
use aftercall_log::Record;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::SolutionConfidenceChanged;
use aftercall_proto::model::v1::{Confidence, ConfidenceCause, Governance, Recall, Solution};
use aftercall_service::seal::Sealing;
use aftercall_view::key::prefix_end;
use aftercall_view::{ApplyError, Direction, Store};
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use super::{Held, author};
use crate::evidence::standing;
use crate::heads::{self, Head};
use crate::keys::{self, evidence};
use crate::notes::Name;
use crate::records::{Known, Standing, Used, Uses};
use crate::stats::{self, Numbers};
use crate::versions::effective;

/// How many solutions are found in one go.
const FOUND_MAX: usize = 1_000;

/// How many approved versions that wait for their time are found when all solutions are looked at.
const SCHEDULED_MAX: usize = 10_000;

/// How many uses are looked at to find the first that may still fail.
const USES_LOOKED_AT_MAX: usize = 1_000;

/// When to try again to publish what could not be published.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// When to look again at a solution with so many uses.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Solutions that were ever live.
#[derive(Debug)]
pub(super) struct Found {
    /// Those of the held partitions.
    pub(super) names: Vec<Name>,
    /// Where others begin.
    pub(super) rest: Option<Vec<u8>>,
}

/// Finds the solutions of the held partitions, from a key on. Blocks.
pub(super) fn survey(store: &Store, held: &Held, from: &[u8]) -> Result<Found, ApplyError> {
    let mut found = Found {
        names: Vec::new(),
        rest: None,
    };
    let all = evidence::all_standings();
    let end = prefix_end(&all);
    if *from == *all {
        // What was never live yet may wait for its time.
        for scheduled in effective::scheduled(store).take(SCHEDULED_MAX) {
            let Ok(scheduled) = scheduled else { break };
            let name = (scheduled.tenant_id, scheduled.solution_id);
            if held.holds(&name) {
                found.names.push(name);
            }
        }
    }
    let standings = store.scan_range(from, end.as_deref(), Direction::Ascending);
    for (place, entry) in standings.enumerate() {
        let (key, _) = entry?;
        if place == FOUND_MAX {
            found.rest = Some(key.to_vec());
            break;
        }
        let name = evidence::read_standing(&key).map_err(ApplyError::record)?;
        if held.holds(&name) {
            found.names.push(name);
        }
    }
    Ok(found)
}

/// What looks at solutions came to.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What is to be said.
    pub(super) records: Vec<Record>,
    /// When each is to be looked at again, unless something changes before.
    pub(super) next: Vec<(Name, Option<Timestamp>)>,
    /// Which of their versions were recalled, and are promised to be put right.
    pub(super) recalled: Vec<(Name, u32)>,
}

/// Looks at some solutions. Blocks.
pub(super) fn read(
    store: &Store,
    held: &Held,
    names: &[Name],
    now: Timestamp,
) -> Result<Judged, ApplyError> {
    let mut judged = Judged::default();
    for name in names.iter().filter(|name| held.holds(name)) {
        let (tenant_id, solution_id) = (name.0.as_str(), name.1.as_str());
        let recalls = evidence::all_recalls(tenant_id, solution_id);
        for entry in store.scan_prefix(recalls, Direction::Ascending) {
            let recall = Recall::decode(entry?.1).map_err(ApplyError::record)?;
            if recall.correction.is_some() {
                judged.recalled.push((name.clone(), recall.version));
            }
        }
        let Some(head) = Head::read(store, tenant_id, solution_id)? else {
            continue;
        };
        let next = match publish(store, name, &head, now)? {
            Publication::Now(record) => {
                judged.records.push(*record);
                None
            }
            Publication::At(at) => {
                let (record, next) = trust(store, name, &head, now)?;
                judged.records.extend(record);
                at.into_iter().chain(next).min()
            }
        };
        judged.next.push((name.clone(), next));
    }
    Ok(judged)
}

/// Whether an approved version is to go live.
enum Publication {
    Now(Box<Record>),
    At(Option<Timestamp>),
}

fn publish(
    store: &Store,
    (tenant_id, solution_id): &Name,
    head: &Head,
    now: Timestamp,
) -> Result<Publication, ApplyError> {
    if head.scheduled_at_us == 0 {
        return Ok(Publication::At(None));
    }
    let record = match effective::record(store, (tenant_id, solution_id), now) {
        Ok(record) => record,
        Err(error) => {
            tracing::warn!(error = %error, "an approved version can't be published now");
            return Ok(Publication::At(now.checked_add(TRY_AGAIN).ok()));
        }
    };
    Ok(match record {
        Some(record) => Publication::Now(Box::new(record)),
        None => {
            // The row's time is rounded down to the microsecond: one later it has come for certain.
            let at = Timestamp::from_microsecond(head.scheduled_at_us.saturating_add(1));
            Publication::At(at.ok().filter(|at| *at > now))
        }
    })
}

/// Whether the trust in the live version changes, and when it may.
fn trust(
    store: &Store,
    (tenant_id, solution_id): &Name,
    head: &Head,
    now: Timestamp,
) -> Result<(Option<Record>, Option<Timestamp>), ApplyError> {
    let live = head.live_version();
    let Some(version) = heads::version(store, tenant_id, solution_id, live)? else {
        return Ok((None, None));
    };
    let standing = standing(store, tenant_id, solution_id)?;
    let solution = (tenant_id.as_str(), solution_id.as_str());
    let Some(known) = evidence_of(store, solution, (&version, &standing), now)? else {
        return Ok((None, None));
    };
    if let Some((to, cause)) = known.decide(now) {
        let record = changed(solution, (head, live), (&known, to, cause), now)?;
        return Ok((Some(record), None));
    }
    let expires = known.verify_by.filter(|by| !is_expired(Some(*by), now));
    let expires = expires.filter(|_| known.trust == Trust::Validated);
    // The instant itself is still in time.
    let expires = expires.and_then(|by| by.checked_add(SignedDuration::from_micros(1)).ok());
    let counts = known.may_be_trusted_by_itself(now)
        || (known.trust == Trust::Validated
            && known.outcomes.failures > known.failures_vouched_for
            && known.outcomes.count() < DOUBT_OUTCOMES_MIN);
    let passes = match counts {
        true => next_window(store, solution, live, now)?,
        false => None,
    };
    Ok((None, expires.into_iter().chain(passes).min()))
}

/// What is known of the live version; none where nothing is decided by itself.
fn evidence_of(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    (version, standing): (&Solution, &Standing),
    now: Timestamp,
) -> Result<Option<Evidence>, ApplyError> {
    let trust = match version.confidence() {
        Confidence::Validated => Trust::Validated,
        Confidence::NotValidated => Trust::NotValidated,
        Confidence::Unspecified | Confidence::WorkInProgress | Confidence::Archived => {
            return Ok(None);
        }
    };
    let numbers = Numbers::read(store, (tenant_id, solution_id), now)?;
    let uses: Uses = stats::version_uses(store, (tenant_id, solution_id), version.version)?;
    let author = match version.author.as_str() {
        "" => &version.published_by,
        author => author,
    };
    let own = evidence::version_user((tenant_id, solution_id, version.version), author);
    let used_it = store.get(own)?.is_some();
    Ok(Some(Evidence {
        trust,
        is_by_experience: version.governance() != Governance::ComplianceBased,
        other_agents: uses.agents.saturating_sub(u64::from(used_it)),
        outcomes: numbers.outcomes_of(version.version, &uses),
        open_flags: standing.open_flags,
        is_found_wrong: standing.is_found_wrong,
        has_changed_source: standing.has_changed_source,
        verify_by: version.verify_by.as_ref().and_then(from_wire),
        failures_vouched_for: standing.failures_vouched_for,
    }))
}

/// The event by which the trust changes, with its numbers.
fn changed(
    (tenant_id, solution_id): (&str, &str),
    (head, version): (&Head, u32),
    (known, to, cause): (&Evidence, Trust, Cause),
    now: Timestamp,
) -> Result<Record, ApplyError> {
    let confidence = |trust| match trust {
        Trust::NotValidated => Confidence::NotValidated,
        Trust::Validated => Confidence::Validated,
    };
    let fact = Fact::SolutionConfidenceChanged(Box::new(SolutionConfidenceChanged {
        version,
        from: confidence(known.trust).into(),
        to: confidence(to).into(),
        cause: to_wire_cause(cause).into(),
        success_count: known.outcomes.successes,
        failure_count: known.outcomes.failures,
        wilson_lower: known.outcomes.wilson_lower(),
        other_agents_count: known.other_agents,
        note: String::new(),
    }));
    let sealing = Sealing {
        by: author(tenant_id),
        aggregate_id: solution_id,
        interaction_id: "",
        customer_id: "",
        sequence: head.sequence.saturating_add(1),
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    sealing.seal(&fact).map_err(ApplyError::record)
}

/// The cause as the wire says it.
pub(crate) const fn to_wire_cause(cause: Cause) -> ConfidenceCause {
    match cause {
        Cause::Contributor => ConfidenceCause::Contributor,
        Cause::Outcomes => ConfidenceCause::Outcomes,
        Cause::FlagConfirmed => ConfidenceCause::FlagConfirmed,
        Cause::SourceChanged => ConfidenceCause::SourceChanged,
        Cause::VerificationExpired => ConfidenceCause::VerificationExpired,
        Cause::Returns => ConfidenceCause::Returns,
    }
}

/// When the window of the first use passes whose customer may still come back.
fn next_window(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    version: u32,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApplyError> {
    let since_us = microseconds(now).saturating_sub(i64::from(RETURN_DAYS) * MICROS_PER_DAY);
    let all = keys::all_used(tenant_id, solution_id);
    let to = all.clone().time_descending(since_us);
    // The earliest first: the keys are in the other order.
    let uses = store.scan_range(&all, Some(&*to), Direction::Descending);
    for (place, entry) in uses.enumerate() {
        if place == USES_LOOKED_AT_MAX {
            return Ok(now.checked_add(LOOK_AGAIN).ok());
        }
        let (key, used) = entry?;
        let used = Used::decode(used).map_err(ApplyError::record)?;
        if used.version == version
            && stats::known_of(store, (tenant_id, solution_id), &used)? == Known::Unreturned
        {
            let used_us = keys::read_used(&key).map_err(ApplyError::record)?;
            let used_at = Timestamp::from_microsecond(used_us).unwrap_or(now);
            return Ok(Some(known_at(used_at, RETURN_DAYS)));
        }
    }
    Ok(None)
}
