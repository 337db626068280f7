//! Cases come and go; their candidates rise and fall.

use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use super::{Change, stored};
use crate::form::Form;
use crate::keys::{self, Ranking};
use crate::lessons::{self, Lesson};
use crate::records::{Case, Lessons, Tally, Taught, Wording};
use crate::standing::{Standing, made_of};

/// Counts `case` for its candidates, or takes it back.
pub(super) fn shift(change: &mut Change<'_, '_>, case: &Case, by: i64) -> Result<(), ApplyError> {
    let tenant_id = &change.event.tenant_id;
    let lessons = lessons::of(case, tenant_id);
    if lessons.is_empty() {
        return Ok(());
    }
    let taught = lessons::taught(case, &lessons);
    let mut rows = Lessons::default();
    for (lesson, taught) in lessons.iter().zip(taught) {
        let place = keys::candidate_case(
            tenant_id,
            &lesson.candidate_id,
            case.occurred_at_us,
            change.interaction(),
        );
        match by > 0 {
            true => change.txn.put(place, taught.encode_to_vec())?,
            false => change.txn.delete(place)?,
        }
        count(change, case, lesson, (&taught, by > 0))?;
        let candidate_id = Uuid::try_parse(&lesson.candidate_id).unwrap_or_default();
        rows.taught.push(taught.of(candidate_id));
    }
    for party in case.parties().iter() {
        let (at_us, interaction) = (case.occurred_at_us, change.interaction());
        let place = keys::party_case(tenant_id, party, at_us, interaction);
        match by > 0 {
            true => change.txn.put(place, rows.encode_to_vec())?,
            false => change.txn.delete(place)?,
        }
    }
    Ok(())
}

/// Counts one lesson of a case, or takes it back.
fn count(
    change: &mut Change<'_, '_>,
    case: &Case,
    lesson: &Lesson<'_>,
    (taught, is_added): (&Taught, bool),
) -> Result<(), ApplyError> {
    let tenant_id = &change.event.tenant_id;
    let candidate_id = &lesson.candidate_id;
    rerank(change.txn, tenant_id, candidate_id, |txn| {
        count_wording(txn, tenant_id, candidate_id, (taught, is_added))?;
        let key = keys::candidate(tenant_id, candidate_id);
        let before: Option<Tally> = stored(txn.get(&key)?)?;
        let is_new = before.is_none();
        let mut tally = before.unwrap_or_default();
        tally.shift(case.occurred_at_us, taught, is_added);
        tally.reason_code = lesson.reason_code.to_owned();
        if tally.case_count == 0 {
            txn.delete(key)?;
            return offer(txn, tenant_id, lesson, false);
        }
        txn.put(key, tally.encode_to_vec())?;
        match is_new {
            true => {
                inherit(txn, tenant_id, lesson)?;
                offer(txn, tenant_id, lesson, true)
            }
            false => Ok(()),
        }
    })
}

/// What was made of a candidate and decided on it by the id that it had once holds for it.
fn inherit(txn: &mut Txn<'_>, tenant_id: &str, lesson: &Lesson<'_>) -> Result<(), ApplyError> {
    let candidate_id = &lesson.candidate_id;
    let Some(former_id) = Form::former_id(lesson.words, tenant_id, lesson.reason_code) else {
        return Ok(());
    };
    txn.put(keys::formerly(tenant_id, &former_id, candidate_id), "")?;
    for solution_id in made_of(txn, tenant_id, &former_id)?.solution_ids {
        mark(txn, tenant_id, candidate_id, &solution_id)?;
    }
    match txn.get(keys::decided(tenant_id, &former_id))? {
        Some(decision) => decide(txn, tenant_id, candidate_id, &decision),
        None => Ok(()),
    }
}

/// The candidates that an id names in an event: what has it, and those whose cases had it once.
pub(super) fn named(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    candidate_id: &str,
) -> Result<Vec<String>, ApplyError> {
    let mut named = vec![candidate_id.to_owned()];
    let prefix = keys::all_formerly(tenant_id, candidate_id);
    for entry in txn.scan_prefix(prefix, Direction::Ascending) {
        named.push(keys::read_formerly(&entry?.0).map_err(ApplyError::record)?);
    }
    Ok(named)
}

/// Notes a decision on a candidate, by its row's key. The last one of the reason counts, in whatever order cases and
/// decisions come. Moves the candidate in no ranking.
pub(super) fn decide(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    candidate_id: &str,
    decision: &Bytes,
) -> Result<(), ApplyError> {
    let key = keys::decided(tenant_id, candidate_id);
    let before = txn.get(&key)?;
    match before.is_some_and(|before| before >= *decision) {
        true => Ok(()),
        false => Ok(txn.put(key, decision.clone())?),
    }
}

/// Counts a case for its words. What was promoted by the id of the words is the candidate.
fn count_wording(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    candidate_id: &str,
    (taught, is_added): (&Taught, bool),
) -> Result<(), ApplyError> {
    let wording_id = taught.wording_id();
    let key = keys::wording(tenant_id, &wording_id);
    let known: Option<Wording> = stored(txn.get(&key)?)?;
    if known.is_none() {
        for solution_id in made_of(txn, tenant_id, &wording_id)?.solution_ids {
            mark(txn, tenant_id, candidate_id, &solution_id)?;
        }
    }
    let by = if is_added { 1 } else { -1 };
    let cases = known.map_or(0, |known| known.case_count);
    let wording = Wording {
        candidate_id: candidate_id.to_owned(),
        case_count: cases.saturating_add_signed(by),
    };
    txn.put(key, wording.encode_to_vec())?;
    Ok(())
}

/// Puts a candidate's form where it is found by those that are near it, or takes it away.
fn offer(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    lesson: &Lesson<'_>,
    is_added: bool,
) -> Result<(), ApplyError> {
    if !lesson.form.may_have_near() {
        return Ok(());
    }
    let key = keys::form(tenant_id, &lesson.candidate_id);
    match is_added {
        true => txn.put(key, lesson.form.to_bytes())?,
        false => txn.delete(key)?,
    }
    for band in lesson.form.bands(lesson.reason_code) {
        let key = keys::in_band(tenant_id, band, &lesson.candidate_id);
        match is_added {
            true => txn.put(key, "")?,
            false => txn.delete(key)?,
        }
    }
    Ok(())
}

/// Notes that a candidate became a solution. Moves it in no ranking.
fn mark(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    candidate_id: &str,
    solution_id: &str,
) -> Result<(), ApplyError> {
    txn.put(keys::made_of(tenant_id, solution_id, candidate_id), "")?;
    let mut made = made_of(txn, tenant_id, candidate_id)?;
    let place = made
        .solution_ids
        .binary_search_by(|one| one.as_str().cmp(solution_id));
    if let Err(place) = place {
        made.solution_ids.insert(place, solution_id.to_owned());
        let key = keys::promoted(tenant_id, candidate_id);
        txn.put(key, made.encode_to_vec())?;
    }
    Ok(())
}

/// A solution was given up before it was live: the candidates that it was made of are none of it any more.
pub(super) fn free(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    solution_id: &str,
) -> Result<(), ApplyError> {
    let mut freed = Vec::new();
    let prefix = keys::all_made_of(tenant_id, solution_id);
    for entry in txn.scan_prefix(prefix, Direction::Ascending) {
        freed.push(keys::read_made_of(&entry?.0).map_err(ApplyError::record)?);
    }
    for candidate_id in freed {
        rerank(txn, tenant_id, &candidate_id, |txn| {
            txn.delete(keys::made_of(tenant_id, solution_id, &candidate_id))?;
            let mut made = made_of(txn, tenant_id, &candidate_id)?;
            made.solution_ids.retain(|one| one != solution_id);
            let key = keys::promoted(tenant_id, &candidate_id);
            match made.solution_ids.is_empty() {
                true => Ok(txn.delete(key)?),
                false => Ok(txn.put(key, made.encode_to_vec())?),
            }
        })?;
    }
    Ok(())
}

/// A candidate, named by its own id, by one that it had once or by that of one of its wordings, became a solution.
pub(super) fn promote(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    named: &str,
    solution_id: &str,
) -> Result<(), ApplyError> {
    let wording: Option<Wording> = stored(txn.get(keys::wording(tenant_id, named))?)?;
    let of_wording = wording.map(|wording| wording.candidate_id);
    let named = self::named(txn, tenant_id, named)?;
    for candidate_id in named.into_iter().chain(of_wording) {
        rerank(txn, tenant_id, &candidate_id, |txn| {
            mark(txn, tenant_id, &candidate_id, solution_id)
        })?;
    }
    Ok(())
}

/// Changes how a candidate stands or what it has by `edit`, and puts it where it then belongs in the rankings.
pub(super) fn rerank(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    candidate_id: &str,
    edit: impl FnOnce(&mut Txn<'_>) -> Result<(), ApplyError>,
) -> Result<(), ApplyError> {
    for place in places(txn, tenant_id, candidate_id)?.0 {
        txn.delete(place)?;
    }
    edit(txn)?;
    let (places, until_us) = places(txn, tenant_id, candidate_id)?;
    for place in places {
        let until = until_us.map_or_else(Vec::new, |until_us| until_us.to_be_bytes().to_vec());
        txn.put(place, until)?;
    }
    Ok(())
}

/// A candidate's places in the rankings, none without cases, and until when it stands so.
fn places(
    txn: &Txn<'_>,
    tenant_id: &str,
    candidate_id: &str,
) -> Result<(Vec<Key>, Option<i64>), ApplyError> {
    let tally = txn.get(keys::candidate(tenant_id, candidate_id))?;
    let Some(tally) = stored::<Tally>(tally)? else {
        return Ok((Vec::new(), None));
    };
    let standing = Standing::read(txn, tenant_id, candidate_id)?;
    let rank = tally.worth().rank();
    let rankings = [None, Some(tally.reason_code.as_str())].map(|reason_code| Ranking {
        tenant_id,
        state: standing.state(),
        reason_code,
    });
    let places = rankings.map(|ranking| ranking.place(rank, candidate_id));
    Ok((places.into(), standing.until_us()))
}
