//! What must hold in the end, when nothing goes wrong any more.

mod answers;
mod measures;
mod stores;

pub(crate) use stores::are_the_same as stores_are_the_same;

use std::collections::BTreeSet;

use aftercall_service::Clock;
use aftercall_view::Positions;
use jiff::SignedDuration;

use crate::client::requests;
use crate::client::watches::{self, Change};
use crate::model::Model;
use crate::plan::{Contact, Promise, Tenant, Which};
use crate::world::World;

/// A timer may be this late: it looks at its clock once a second.
const LATE_MAX: SignedDuration = SignedDuration::from_secs(3);

/// Nothing falls due so soon after the end that it would change an answer while answers are compared.
const STILL_FOR: SignedDuration = SignedDuration::from_secs(20);

/// Whether timers have noted all that has lapsed, and have nothing to note for a while.
///
/// # Errors
/// What is wrong with the log.
pub(crate) fn timers_are_idle(world: &World) -> Result<bool, String> {
    let model = Model::of(world.medium())?;
    let now = world.clocks().iter().map(Clock::now).max();
    let soon = now.unwrap_or_default() + STILL_FOR;
    let is_due = model.contacts.values().any(|contact| {
        let mut promises = contact.promises.iter();
        let mut series = contact.series_timers();
        promises.any(|promise| promise.timers().any(|(at, _)| at < soon))
            || series.any(|(at, _)| at < soon)
    });
    Ok(!is_due && none_is_missed(world, &model).is_ok())
}

/// Checks everything.
///
/// # Errors
/// What is wrong first.
pub(crate) async fn at_the_end(world: &World) -> Result<(), String> {
    let model = Model::of(world.medium())?;
    world.counts().messages(model.messages.len());
    acknowledged_counts(world, &model)?;
    refusals_are_true(world, &model)?;
    none_is_missed(world, &model)?;
    if let Some(told) = model.told_and_never_was() {
        return Err(format!(
            "somebody is told of an alert that never was: {told:?}"
        ));
    }
    watchers_have_seen_all(world, &model).await?;
    stores::are_the_same(world).await?;
    answers::are_as_the_model(world, &model).await?;
    measures::are_a_recount(world, &model).await
}

/// What was acknowledged counts, where it was said to stand.
fn acknowledged_counts(world: &World, model: &Model) -> Result<(), String> {
    world.seen(|seen| {
        for (key, acknowledged) in &seen.recorded {
            let counts = model.contacts.get(key);
            if counts.is_none_or(|contact| contact.position != acknowledged.position) {
                return Err(format!(
                    "acknowledged, and does not count: {acknowledged:?}; {counts:?} does"
                ));
            }
        }
        match seen.changed.iter().find(|at| !model.counted.contains(at)) {
            Some(at) => Err(format!("done, and does not count: {at:?}")),
            None => Ok(()),
        }
    })
}

/// Who was told that a name is used finds it used.
fn refusals_are_true(world: &World, model: &Model) -> Result<(), String> {
    let refused = world.seen(|seen| seen.refused.clone());
    for (tenant, contact, reason) in refused {
        let id = requests::contact_id(contact.id).to_string();
        let tenant_id = requests::tenant_id(tenant);
        let is_true = match reason.as_str() {
            "REQUEST_ID_REUSED" => {
                let said = requests::content(tenant, &contact);
                let mut named = model.contacts_of(tenant_id).filter(|(one, _)| **one == id);
                named.any(|(_, other)| {
                    other.hash != said.as_bytes()[..]
                        || other.customer_id != requests::customer_of(&contact)
                })
            }
            // A contact follows up what was promised before it.
            name if name.contains("follow_ups") => {
                let own = contact.promise.as_ref().map(|promise| match promise.id {
                    Some(id) => Which::Given(id),
                    None => Which::Of(contact.id),
                });
                own.is_some() && own == contact.follows_up
            }
            // The only thing that can be wrong with them here.
            name if name.contains("commitment_id") || name.contains("external_ref") => {
                is_taken(model, tenant, &contact, &id)
            }
            _ => true,
        };
        if !is_true {
            return Err(format!(
                "refused for {reason}, and nothing is in its way: {contact:?}"
            ));
        }
    }
    Ok(())
}

/// Whether another contact has one of its names.
fn is_taken(model: &Model, tenant: Tenant, contact: &Contact, id: &str) -> bool {
    let asked = requests::record(tenant, contact)
        .interaction
        .unwrap_or_default();
    let given = match contact.promise {
        Some(Promise {
            id: Some(given), ..
        }) => requests::given_id(given).to_string(),
        _ => String::new(),
    };
    let others = model.contacts_of(requests::tenant_id(tenant));
    let mut others = others.filter(|(one, _)| *one != id);
    others.any(|(_, other)| {
        let same_reference = other.reference.is_some() && other.reference == asked.external_ref;
        same_reference || other.promises.iter().any(|promise| promise.id == given)
    })
}

/// All that the tracker has to say by itself is said, once its time has come.
fn none_is_missed(world: &World, model: &Model) -> Result<(), String> {
    let now = world.clocks().iter().map(Clock::now).min();
    let passed = now.unwrap_or_default() - LATE_MAX;
    let promises = model
        .contacts
        .values()
        .flat_map(|contact| &contact.promises);
    for promise in promises {
        if let Some((at, what)) = promise.timers().find(|(at, _)| *at < passed) {
            return Err(format!(
                "{what} at {at}, and at {passed} nobody has said so: {promise:?}"
            ));
        }
    }
    for contact in model.contacts.values() {
        let mut series = contact.series_timers();
        if let Some((at, id)) = series.find(|(at, _)| *at < passed) {
            return Err(format!(
                "series {id} is to go on or to end since {at}, and at {passed} it does neither: {contact:?}"
            ));
        }
    }
    if let Some((contact, promise)) = model.undecided().next() {
        return Err(format!(
            "contact {contact} followed it up, and nobody has said so: {promise:?}"
        ));
    }
    match model.unsaid_dangers().next() {
        Some((promise, danger)) => Err(format!(
            "another promise puts one in danger ({danger:?}), and nobody has said so: {promise:?}"
        )),
        None => Ok(()),
    }
}

/// Who watches has seen each change of an alert since the watch began, and nothing that never was.
async fn watchers_have_seen_all(world: &World, model: &Model) -> Result<(), String> {
    let Some(process) = world.process(0) else {
        return Ok(());
    };
    let tails = Positions::below(&world.medium().tails());
    let count = world.seen(|seen| seen.watched.len());
    for number in 0..count {
        let watched = watches::complete(world, &process, number, &tails).await?;
        let tenant_id = requests::tenant_id(watched.tenant);
        let theirs = model.alerts.iter().filter(|(_, one, _)| one == tenant_id);
        let all: BTreeSet<&Change> = theirs.clone().map(|(.., change)| change).collect();
        if let Some(never) = watched.changes.iter().find(|one| !all.contains(one)) {
            return Err(format!("watcher {number} saw what never was: {never:?}"));
        }
        let since = watched.since.unwrap_or_default();
        let mut since_then = theirs.filter(|(at, ..)| !since.covers(*at));
        if let Some(missed) = since_then.find(|(.., change)| !watched.changes.contains(change)) {
            return Err(format!("watcher {number} of {since:?} missed {missed:?}"));
        }
    }
    Ok(())
}
