//! What is counted of a contact or a search follows from what the view holds of it and of what is beside it. Whenever
//! any of that changes, it is counted anew: what was counted is taken back, and what follows now is added.

use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use prost::Message;

use super::records::{Asked, Counted, Shown, Sums, Trace, day_of};
use crate::fold::stored;
use crate::keys::search::{self as keys, Showing};
use crate::limits::SEARCHES_OF_A_CONTACT_MAX;

/// What changed beside a contact.
#[derive(Debug, Clone, Copy)]
pub(super) enum Changed {
    /// Another one of the same trouble has come before it.
    Preceded,
    /// Another one has come after it.
    Followed,
    /// A search names it.
    Searched,
    /// Another one has gone: it is looked at anew what stands beside it.
    Left,
}

/// Counts a contact anew, of which that is all that has changed.
pub(super) fn recount_contact(
    tenant_id: &str,
    contact: (&str, u64),
    changed: Changed,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (interaction_id, whose) = contact;
    let key = keys::trace(tenant_id, interaction_id, whose);
    let Some(mut trace) = stored::<Trace>(txn.get(&key)?)? else {
        return Ok(());
    };
    let before = trace.beside;
    match changed {
        Changed::Preceded => trace.beside.is_repeat = true,
        Changed::Followed => trace.beside.came_back = true,
        Changed::Searched => trace.beside.searched = true,
        Changed::Left => {
            if let Some(place) = trace.place(tenant_id) {
                let [is_repeat, came_back] = place.beside(contact, txn)?;
                trace.beside.is_repeat = is_repeat;
                trace.beside.came_back = came_back;
            }
        }
    }
    match trace.beside == before {
        true => Ok(()),
        false => put_counted(tenant_id, contact, trace, txn),
    }
}

/// Counts a contact as its trace says, and puts that.
pub(super) fn put_counted(
    tenant_id: &str,
    (interaction_id, whose): (&str, u64),
    mut trace: Trace,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let counted = Counted {
        at_us: trace.occurred_at_us,
        reason_code: trace.reason_code.clone(),
        site_id: trace.site_id.clone(),
        team_id: trace.team_id.clone(),
        sums: trace.sums(),
        used: trace.used.clone(),
    };
    if trace.counted.as_ref() != Some(&counted) {
        let showing = Showing::Contact(interaction_id.to_owned(), whose);
        let before = trace.counted.as_ref();
        replace(tenant_id, &showing, before, Some(&counted), txn)?;
        trace.counted = Some(counted);
    }
    let key = keys::trace(tenant_id, interaction_id, whose);
    Ok(txn.put(key, trace.encode_to_vec())?)
}

/// Whether a search names a contact.
pub(super) fn is_searched(
    tenant_id: &str,
    interaction_id: &str,
    txn: &Txn<'_>,
) -> Result<bool, ApplyError> {
    let key = keys::is_asked_in(tenant_id, interaction_id);
    Ok(txn.get(key)?.is_some())
}

/// Says that a search is for a contact, and counts anew what that bears on.
pub(super) fn join(
    tenant_id: &str,
    interaction_id: &str,
    search_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let list = keys::asked_in(tenant_id, interaction_id);
    txn.put(list.clone().id(search_id), "")?;
    txn.put(keys::is_asked_in(tenant_id, interaction_id), "")?;
    recount_search(tenant_id, search_id, txn)?;
    // One that had a place among the first has lost it.
    let last = txn
        .scan_prefix(&list, Direction::Ascending)
        .nth(SEARCHES_OF_A_CONTACT_MAX)
        .transpose()?;
    if let Some((key, _)) = last {
        let last = keys::read_asked_in(&key, &list).map_err(ApplyError::record)?;
        recount_search(tenant_id, &last, txn)?;
    }
    for whose in contacts_of(tenant_id, interaction_id, txn)? {
        let contact = (interaction_id, whose);
        recount_contact(tenant_id, contact, Changed::Searched, txn)?;
    }
    Ok(())
}

/// Whose the contacts of an id are, in one order for every reader.
pub(super) fn contacts_of(
    tenant_id: &str,
    interaction_id: &str,
    txn: &mut Txn<'_>,
) -> Result<Vec<u64>, ApplyError> {
    let list = keys::traces(tenant_id, interaction_id);
    let found = txn.scan_prefix(&list, Direction::Ascending);
    found
        .map(|entry| keys::read_trace(&entry?.0, &list).map_err(ApplyError::record))
        .collect()
}

/// Counts the searches for a contact anew: what they are about may follow from it.
pub(super) fn recount_searches_of(
    tenant_id: &str,
    interaction_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for search_id in first_searches(tenant_id, interaction_id, txn)? {
        recount_search(tenant_id, &search_id, txn)?;
    }
    Ok(())
}

/// The searches for a contact that are taken for what it was about: the first ones by their ids.
fn first_searches(
    tenant_id: &str,
    interaction_id: &str,
    txn: &mut Txn<'_>,
) -> Result<Vec<String>, ApplyError> {
    let list = keys::asked_in(tenant_id, interaction_id);
    let found = txn.scan_prefix(&list, Direction::Ascending);
    found
        .take(SEARCHES_OF_A_CONTACT_MAX)
        .map(|entry| keys::read_asked_in(&entry?.0, &list).map_err(ApplyError::record))
        .collect()
}

/// Counts a search anew.
pub(super) fn recount_search(
    tenant_id: &str,
    search_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::asked(tenant_id, search_id);
    let Some(mut asked) = stored::<Asked>(txn.get(&key)?)? else {
        return Ok(());
    };
    let counted = match asked.is_unanswered() {
        true => Some(unanswered(tenant_id, search_id, &asked, txn)?),
        false => None,
    };
    if asked.counted == counted {
        return Ok(());
    }
    let showing = Showing::Search(search_id.to_owned());
    replace(
        tenant_id,
        &showing,
        asked.counted.as_ref(),
        counted.as_ref(),
        txn,
    )?;
    asked.counted = counted;
    txn.put(key, asked.encode_to_vec())?;
    Ok(())
}

/// What counts of a search that found nothing: for the reason that it names, or else the contact's.
fn unanswered(
    tenant_id: &str,
    search_id: &str,
    asked: &Asked,
    txn: &mut Txn<'_>,
) -> Result<Counted, ApplyError> {
    let question = &asked.question;
    let mut counted = Counted {
        at_us: asked.at_us,
        reason_code: question.reason_code.clone(),
        site_id: question.site_id.clone(),
        team_id: question.team_id.clone(),
        sums: Sums {
            unanswered: 1,
            ..Sums::default()
        },
        used: Vec::new(),
    };
    let interaction_id = question.interaction_id.as_str();
    if counted.reason_code.is_empty() && !interaction_id.is_empty() {
        let first = first_searches(tenant_id, interaction_id, txn)?;
        let whose = contacts_of(tenant_id, interaction_id, txn)?;
        if let Some(whose) = whose
            .first()
            .filter(|_| first.iter().any(|id| id == search_id))
        {
            let trace = keys::trace(tenant_id, interaction_id, *whose);
            let trace: Option<Trace> = stored(txn.get(trace)?)?;
            counted.reason_code = trace.unwrap_or_default().reason_code;
        }
    }
    Ok(counted)
}

/// Takes back what was counted, and counts what follows now.
fn replace(
    tenant_id: &str,
    showing: &Showing,
    before: Option<&Counted>,
    after: Option<&Counted>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for (counted, sign) in [(before, -1), (after, 1)] {
        let Some(counted) = counted else { continue };
        let day = day_of(counted.at_us);
        let place = (counted.site_id.as_str(), counted.team_id.as_str());
        let reason = counted.reason_code.as_str();
        let sums = &counted.sums;
        shift(keys::sums(tenant_id, day, reason, place), sums, sign, txn)?;
        for used in &counted.used {
            let key = keys::used_on(tenant_id, &used.solution_id, day).text(reason);
            shift(key, sums, sign, txn)?;
        }
        if sums.score() == 0 {
            continue;
        }
        let key = keys::showing(tenant_id, reason, counted.at_us, showing);
        match sign > 0 {
            true => {
                let shown = Shown {
                    site_id: counted.site_id.clone(),
                    team_id: counted.team_id.clone(),
                };
                txn.put(key, shown.encode_to_vec())?;
            }
            false => txn.delete(key)?,
        }
    }
    Ok(())
}

fn shift(key: Key, by: &Sums, sign: i64, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let mut sums: Sums = stored(txn.get(&key)?)?.unwrap_or_default();
    sums.shift(by, sign);
    match sums == Sums::default() {
        true => txn.delete(key)?,
        false => txn.put(key, sums.encode_to_vec())?,
    }
    Ok(())
}
