//! How far solutions are trusted: what people and the keeper say of the live version, and how urgent it is to look at
//! it.

use aftercall_domain::solution::Change;
use aftercall_domain::solution::review::Demand;
use aftercall_ledger::Accepted;
use aftercall_proto::event::v1::{
    SolutionConfidenceChanged, SolutionFlagResolved, SolutionFlagged, SolutionVerified,
    SolutionVersionRecalled,
};
use aftercall_proto::model::v1::{
    Confidence, Recall, Solution, SolutionChange, SolutionChangeKind as Kind, SolutionFlag,
    SolutionFlagState, SolutionVerification, SourceCheck,
};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use super::rows::{Subject, change};
use super::stored;
use crate::content;
use crate::echoes;
use crate::heads::{self, Head};
use crate::keys::{self, evidence};
use crate::records::{Doubt, Standing, Uses, micros};

/// How many sources of a version are compared with what they were.
const SOURCES_KNOWN_MAX: usize = 100;

/// The version is trusted, or not any more.
pub(super) fn trust(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    changed: &SolutionConfidenceChanged,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    subject.turn(&Change::Other, txn)?;
    let to = changed.to();
    subject.edit(changed.version, txn, |solution| solution.set_confidence(to))?;
    if to == Confidence::Validated {
        doubt(fact, changed.version, txn, |doubt| {
            *doubt = Doubt::default()
        })?;
    }
    edit(fact, changed.version, txn, |standing| {
        standing.cause = changed.cause;
        standing.changed_at_us = micros(fact.event.occurred_at.as_ref());
        if to == Confidence::Validated {
            standing.failures_vouched_for = changed.failure_count;
        }
    })?;
    let done = change(Kind::ConfidenceChanged, changed.version, &changed.note);
    Ok(done)
}

/// Somebody says that a version is wrong.
pub(super) fn flag(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    flagged: &SolutionFlagged,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    subject.turn(&Change::Other, txn)?;
    let mut flag = flagged.flag.clone().unwrap_or_default();
    flag.solution_id.clone_from(&fact.event.aggregate_id);
    flag.set_state(SolutionFlagState::Open);
    let tenant_id = fact.event.tenant_id.as_str();
    let key = evidence::flag(tenant_id, &flag.solution_id, &flag.flag_id);
    let before: Option<SolutionFlag> = stored(txn.get(key)?)?;
    echoes::flag(tenant_id, before.as_ref(), &flag, txn)?;
    put_flag(tenant_id, &flag, txn)?;
    edit(fact, flag.version, txn, |standing| standing.open_flags += 1)?;
    Ok(change(Kind::Flagged, flag.version, &flag.note))
}

/// Somebody judged a flag.
pub(super) fn resolve(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    resolved: &SolutionFlagResolved,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    subject.turn(&Change::Other, txn)?;
    let event = &fact.event;
    let key = evidence::flag(&event.tenant_id, &event.aggregate_id, &resolved.flag_id);
    if let Some(before) = stored::<SolutionFlag>(txn.get(&key)?)? {
        take_flag(&event.tenant_id, &before, txn)?;
        let flag = SolutionFlag {
            state: resolved.state,
            resolved_by: event.actor_id.clone(),
            resolved_at: event.occurred_at,
            resolution_note: resolved.note.clone(),
            ..before.clone()
        };
        echoes::flag(&event.tenant_id, Some(&before), &flag, txn)?;
        put_flag(&event.tenant_id, &flag, txn)?;
        let was_open = before.state() == SolutionFlagState::Open;
        edit(fact, flag.version, txn, |standing| {
            standing.open_flags = standing.open_flags.saturating_sub(u64::from(was_open));
        })?;
        if flag.state() == SolutionFlagState::Confirmed {
            doubt(fact, flag.version, txn, |doubt| doubt.is_found_wrong = true)?;
        }
    }
    Ok(change(Kind::FlagResolved, resolved.version, &resolved.note))
}

/// Somebody checked a version against its sources.
pub(super) fn verify(
    subject: &mut Subject<'_>,
    fact: &Accepted,
    verified: &SolutionVerified,
    txn: &mut Txn<'_>,
) -> Result<SolutionChange, ApplyError> {
    subject.turn(&Change::Other, txn)?;
    let uris = verified.sources.iter().map(|source| source.uri.as_str());
    subject.head.last_verified = Some(SolutionVerification {
        at: subject.at(),
        by: fact.event.actor_id.clone(),
        against: uris.collect::<Vec<_>>().join(", "),
    });
    subject.edit(verified.version, txn, |solution| {
        solution.verify_by = verified.verify_by;
    })?;
    if verified.sources.iter().any(|source| source.changed) {
        let differs = |doubt: &mut Doubt| doubt.has_changed_source = true;
        doubt(fact, verified.version, txn, differs)?;
    }
    edit(fact, verified.version, txn, |standing| {
        for source in &verified.sources {
            let is_full = standing.sources.len() >= SOURCES_KNOWN_MAX;
            let known = standing.sources.iter_mut();
            match known.into_iter().find(|known| known.uri == source.uri) {
                Some(known) => known.clone_from(source),
                None if is_full => {}
                None => standing.sources.push(source.clone()),
            }
        }
    })?;
    Ok(change(Kind::Verified, verified.version, &verified.note))
}

/// A version was recalled, or more was said of that: whoever was told it is to be told what is right.
pub(super) fn recall(
    fact: &Accepted,
    recalled: &SolutionVersionRecalled,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    let key = evidence::recall(&event.tenant_id, &event.aggregate_id, recalled.version);
    // One that is said again says more of the one that there is.
    let before: Option<Recall> = stored(txn.get(&key)?)?;
    let before = before.unwrap_or_else(|| Recall {
        solution_id: event.aggregate_id.clone(),
        version: recalled.version,
        recalled_at: event.occurred_at,
        recalled_by: event.actor_id.clone(),
        ..Recall::default()
    });
    let correction_at = match (&before.correction, &recalled.correction) {
        (_, None) => None,
        (None, Some(_)) => event.occurred_at,
        (Some(_), Some(_)) => before.correction_at,
    };
    let recall = Recall {
        harm_class: recalled.harm_class,
        reason: recalled.reason.clone(),
        correction: recalled.correction.clone(),
        correction_at,
        ..before
    };
    Ok(txn.put(key, recall.encode_to_vec())?)
}

/// What is known of a version that goes live begins anew, but what people found to speak against its words. Called
/// after every event of a solution.
pub(super) fn refresh(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let (tenant_id, solution_id) = (&*fact.event.tenant_id, &*fact.event.aggregate_id);
    let head = Head::read(txn, tenant_id, solution_id)?.unwrap_or_default();
    let live = head.live_version();
    let before = read(txn, (tenant_id, solution_id))?;
    if live == 0 && before == Standing::default() {
        return Ok(());
    }
    let mut standing = before.clone();
    standing.is_live = live > 0;
    if live > 0 {
        let version = heads::version(txn, tenant_id, solution_id, live)?;
        let version = version.unwrap_or_default();
        let doubt: Option<Doubt> = stored(txn.get(words((tenant_id, solution_id), &version))?)?;
        let doubt = doubt.unwrap_or_default();
        if live != before.version {
            let sources = version.sources.iter();
            standing = Standing {
                version: live,
                is_live: true,
                weight: before.weight,
                sources: sources
                    .map(|source| SourceCheck {
                        uri: source.uri.clone(),
                        content_hash: source.content_hash.clone(),
                        checked_at: source.checked_at,
                        changed: false,
                    })
                    .collect(),
                ..Standing::default()
            };
        }
        let verified_at = head.last_verified.and_then(|verified| verified.at);
        let verified_at_us = verified_at.as_ref().map(|at| micros(Some(at)));
        let published_at_us = micros(version.published_at.as_ref());
        // What was checked before was an earlier version.
        standing.verified_at_us = verified_at_us.filter(|at_us| *at_us >= published_at_us);
        standing.checked_at_us = published_at_us.max(verified_at_us.unwrap_or_default());
        let verify_by = version.verify_by.as_ref();
        standing.verify_by_us = verify_by.map(|at| micros(Some(at)));
        standing.is_found_wrong = doubt.is_found_wrong;
        standing.has_changed_source = doubt.has_changed_source;
    }
    rank((tenant_id, solution_id), (&before, standing), txn)
}

/// The uses of a solution are others: that may make it more or less urgent to look at it. Said once for all that a batch
/// of events changed: of a solution that is used much, each of its uses would move it.
pub(super) fn rerank(
    (tenant_id, solution_id): (&str, &str),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let before = read(txn, (tenant_id, solution_id))?;
    match before.is_live {
        true => rank((tenant_id, solution_id), (&before, before.clone()), txn),
        false => Ok(()),
    }
}

/// Puts a solution where it belongs among those that should be looked at.
fn rank(
    (tenant_id, solution_id): (&str, &str),
    (before, mut after): (&Standing, Standing),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    after.weight = match after.is_live {
        true => Some(demand(txn, (tenant_id, solution_id), &after)?.weight()),
        false => None,
    };
    if after == *before {
        return Ok(());
    }
    let place = |standing: &Standing| {
        let of = |weight| (weight, standing.checked_at_us);
        standing
            .weight
            .map(|weight| evidence::demand(tenant_id, of(weight), solution_id))
    };
    let due = |standing: &Standing| {
        let verify_by_us = standing.verify_by_us.filter(|_| standing.is_live);
        verify_by_us.map(|at_us| evidence::due(tenant_id, at_us, solution_id))
    };
    let (old, new) = (place(before), place(&after));
    let (old_due, new_due) = (due(before), due(&after));
    if old != new || before.verify_by_us != after.verify_by_us {
        old.into_iter().try_for_each(|old| txn.delete(old))?;
        if let Some(new) = new {
            let verify_by_us = after.verify_by_us.unwrap_or(i64::MAX);
            txn.put(new, verify_by_us.to_be_bytes().to_vec())?;
        }
    }
    if old_due != new_due {
        old_due.into_iter().try_for_each(|old| txn.delete(old))?;
        if let Some(new) = new_due {
            txn.put(new, "")?;
        }
    }
    let key = evidence::standing(tenant_id, solution_id);
    Ok(txn.put(key, after.encode_to_vec())?)
}

/// What speaks for looking at a solution.
fn demand(
    txn: &Txn<'_>,
    (tenant_id, solution_id): (&str, &str),
    standing: &Standing,
) -> Result<Demand, ApplyError> {
    let all: Option<Uses> = stored(txn.get(keys::uses(tenant_id, solution_id))?)?;
    let key = evidence::version_uses(tenant_id, solution_id, standing.version);
    let live: Option<Uses> = stored(txn.get(key)?)?;
    Ok(Demand {
        uses: all.map_or(0, |all| all.links),
        ..demand_of(&live.unwrap_or_default(), standing)
    })
}

/// The same as far as it is of the live version.
pub(crate) fn demand_of(live: &Uses, standing: &Standing) -> Demand {
    use aftercall_domain::solution::RETURN_DAYS;
    Demand {
        uses: 0,
        failures: live.returned_within(RETURN_DAYS),
        rejections: live.rejected,
        open_flags: standing.open_flags,
    }
}

fn read(txn: &Txn<'_>, (tenant_id, solution_id): (&str, &str)) -> Result<Standing, ApplyError> {
    let standing = txn.get(evidence::standing(tenant_id, solution_id))?;
    Ok(stored(standing)?.unwrap_or_default())
}

/// Where it is kept what speaks against what a version says.
fn words((tenant_id, solution_id): (&str, &str), version: &Solution) -> Key {
    evidence::doubt(tenant_id, solution_id, &content::hash(version))
}

/// Changes what speaks against what a version says. Of the live version that is taken over by [`refresh`], whichever
/// version it was found in.
fn doubt(
    fact: &Accepted,
    version: u32,
    txn: &mut Txn<'_>,
    edit: impl FnOnce(&mut Doubt),
) -> Result<(), ApplyError> {
    let (tenant_id, solution_id) = (&*fact.event.tenant_id, &*fact.event.aggregate_id);
    let Some(version) = heads::version(txn, tenant_id, solution_id, version)? else {
        return Ok(());
    };
    let key = words((tenant_id, solution_id), &version);
    let mut doubt: Doubt = stored(txn.get(&key)?)?.unwrap_or_default();
    edit(&mut doubt);
    match doubt == Doubt::default() {
        true => Ok(txn.delete(key)?),
        false => Ok(txn.put(key, doubt.encode_to_vec())?),
    }
}

/// Changes what is known of the version that is live or was last, if it is this one.
fn edit(
    fact: &Accepted,
    version: u32,
    txn: &mut Txn<'_>,
    edit: impl FnOnce(&mut Standing),
) -> Result<(), ApplyError> {
    let whose = (&*fact.event.tenant_id, &*fact.event.aggregate_id);
    let before = read(txn, whose)?;
    if before.version != version || version == 0 {
        return Ok(());
    }
    let mut after = before.clone();
    edit(&mut after);
    rank(whose, (&before, after), txn)
}

fn places<'a>(tenant_id: &'a str, flag: &'a SolutionFlag) -> [evidence::Flags<'a>; 2] {
    [None, Some(flag.solution_id.as_str())].map(|solution_id| evidence::Flags {
        tenant_id,
        solution_id,
        state: flag.state(),
    })
}

fn put_flag(tenant_id: &str, flag: &SolutionFlag, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let ids = (flag.solution_id.as_str(), flag.flag_id.as_str());
    let at_us = micros(flag.flagged_at.as_ref());
    for list in places(tenant_id, flag) {
        txn.put(list.place(at_us, ids), "")?;
    }
    Ok(txn.put(
        evidence::flag(tenant_id, ids.0, ids.1),
        flag.encode_to_vec(),
    )?)
}

fn take_flag(tenant_id: &str, flag: &SolutionFlag, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let ids = (flag.solution_id.as_str(), flag.flag_id.as_str());
    let at_us = micros(flag.flagged_at.as_ref());
    for list in places(tenant_id, flag) {
        txn.delete(list.place(at_us, ids))?;
    }
    Ok(())
}
