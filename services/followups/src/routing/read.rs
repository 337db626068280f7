//! What a round decides about, as the view has it.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::alert::{Alert, Rule};
use aftercall_domain::routing::{Books, DueDigest, Firing, GROUP_WAIT, House, Route};
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::envelope::customer_key;
use aftercall_view::key::{Key, MalformedKey, Parts, prefix_end, whose};
use aftercall_view::{ApplyError, Direction, Store, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

use super::rows::{self, Standing};
use super::{ALERTS_AT_ONCE, Setup, keys};
use crate::keys::concerns::Named;
use crate::keys::{AlertPlace, MERGED, alert_id as alert_places};
use crate::stored;

/// How many entries are looked through at once for what is due.
const LOOKED_THROUGH_MAX: usize = 20_000;

/// How many alerts one digest counts at most.
const HELD_MAX: usize = 50_000;

/// What is to be decided about, and when to look again if there is nothing.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// By tenant: which alerts, and whose digests.
    pub(super) due: BTreeMap<String, Due>,
    /// When the next one is due.
    pub(super) next_at: Option<Timestamp>,
}

/// What of a tenant is to be decided about.
#[derive(Debug, Default, Clone)]
pub(super) struct Due {
    pub(super) alerts: Vec<(Uuid, AlertPlace)>,
    pub(super) digests: Vec<String>,
}

impl Due {
    /// Leaves half of it for another round; whether there was more than one thing.
    pub(super) fn halve(&mut self) -> bool {
        let several = self.alerts.len() + self.digests.len() > 1;
        if !self.digests.is_empty() {
            // A digest comes when all that may be taken out of it was looked at.
            self.digests.truncate(self.digests.len() / 2);
        } else {
            self.alerts.truncate(self.alerts.len().div_ceil(2));
        }
        several
    }
}

/// All that a round is decided by.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) standing: Standing,
    pub(super) firings: Vec<Firing>,
    pub(super) digests: Vec<DueDigest>,
    pub(super) books: Books,
}

/// What is due at `now` of the tenants that `is_held` says, or soon enough to go along with what is.
pub(super) fn agenda(
    store: &Store,
    now: Timestamp,
    is_held: impl Fn(&str) -> bool,
) -> Result<Agenda, ApplyError> {
    let mut agenda = Agenda::default();
    let mut looks: BTreeMap<String, bool> = BTreeMap::new();
    let soon = now.checked_add(GROUP_WAIT).unwrap_or(Timestamp::MAX);
    let later = |agenda: &mut Agenda, at_us: i64| {
        // The key's time is rounded down to the microsecond: one later it has passed for certain.
        let at = Timestamp::from_microsecond(at_us.saturating_add(1)).ok();
        agenda.next_at = agenda.next_at.into_iter().chain(at).min();
    };
    let scan = store.scan_prefix(keys::looks(), Direction::Ascending);
    for entry in scan.take(LOOKED_THROUGH_MAX) {
        let look = keys::read_look(&entry?.0).map_err(ApplyError::record)?;
        if !is_held(&look.tenant_id) {
            continue;
        }
        let is_due = look.at_us <= microseconds(now);
        if !is_due {
            later(&mut agenda, look.at_us);
        }
        if look.at_us > microseconds(soon) {
            break;
        }
        *looks.entry(look.tenant_id.clone()).or_default() |= is_due;
        let due = agenda.due.entry(look.tenant_id).or_default();
        if due.alerts.len() < ALERTS_AT_ONCE {
            due.alerts.push((look.alert_id, look.place));
        }
    }
    let scan = store.scan_prefix(keys::digests(), Direction::Ascending);
    for entry in scan.take(LOOKED_THROUGH_MAX) {
        let read = keys::read_digest(&entry?.0).map_err(ApplyError::record)?;
        let (at_us, tenant_id, receiver_id) = read;
        if at_us > microseconds(now) {
            later(&mut agenda, at_us);
            break;
        }
        if is_held(&tenant_id) {
            looks.insert(tenant_id.clone(), true);
            let due = agenda.due.entry(tenant_id).or_default();
            due.digests.push(receiver_id);
        }
    }
    for due in agenda.due.values_mut() {
        // A digest comes when all that may be taken out of it was looked at.
        if due.alerts.len() >= ALERTS_AT_ONCE {
            due.digests.clear();
        }
    }
    agenda
        .due
        .retain(|tenant_id, _| looks.get(tenant_id) == Some(&true));
    Ok(agenda)
}

/// Has what is held for receivers that reach nobody any more looked at again, in place of their digests: these come
/// when nothing of it is left.
pub(super) fn leave_stranded(
    store: &Store,
    tenant_id: &str,
    due: &mut Due,
    house: &House,
) -> Result<(), ApplyError> {
    for receiver_id in std::mem::take(&mut due.digests) {
        let stranded = match house.reaches(&receiver_id) {
            true => Vec::new(),
            false => stranded(store, tenant_id, &receiver_id, house)?,
        };
        if stranded.is_empty() {
            due.digests.push(receiver_id);
        }
        due.alerts.extend(stranded);
    }
    if due.alerts.len() >= ALERTS_AT_ONCE {
        due.alerts.truncate(ALERTS_AT_ONCE);
        due.digests.clear();
    }
    Ok(())
}

/// The alerts of which something is held for a receiver that reaches nobody, at most as many as a round takes.
fn stranded(
    store: &Store,
    tenant_id: &str,
    receiver_id: &str,
    house: &House,
) -> Result<Vec<(Uuid, AlertPlace)>, ApplyError> {
    let mut found = Vec::new();
    let scan = store.scan_prefix(keys::all_held(tenant_id, receiver_id), Direction::Ascending);
    for entry in scan.take(HELD_MAX) {
        let alert_id = keys::read_held(&entry?.0).map_err(ApplyError::record)?;
        for place in places(store, tenant_id, alert_id)? {
            if let Some(alert) = rows::alert(tenant_id, &place, |key| store.get(key))?
                && house.strands(&firing(store, tenant_id, alert)?.route)
            {
                found.push((alert_id, place));
            }
        }
        if found.len() >= ALERTS_AT_ONCE {
            break;
        }
    }
    Ok(found)
}

/// The tenants of whose alerts silences keep some.
pub(super) fn silenced_tenants(store: &Store) -> Result<Vec<String>, ApplyError> {
    let read = |key: &[u8]| Ok(keys::read_silenced(key)?.0);
    tenants(store, keys::all_silenced(), keys::silenced_of, read)
}

/// The tenants of whose alerts some could be told to nobody.
pub(super) fn tenants_reaching_nobody(store: &Store) -> Result<Vec<String>, ApplyError> {
    let read = |key: &[u8]| Ok(keys::read_to_nobody(key)?.0);
    tenants(store, keys::all_to_nobody(), keys::to_nobody_of, read)
}

/// The tenants that have something under keys that name the tenant first.
fn tenants(
    store: &Store,
    all: Key,
    of_tenant: impl Fn(&str) -> Key,
    read: impl Fn(&[u8]) -> Result<String, MalformedKey>,
) -> Result<Vec<String>, ApplyError> {
    let mut tenants = Vec::new();
    let end = prefix_end(&all);
    let mut from = all.to_vec();
    loop {
        let mut scan = store.scan_range(from, end.as_deref(), Direction::Ascending);
        let Some(entry) = scan.next() else {
            return Ok(tenants);
        };
        let tenant_id = read(&entry?.0).map_err(ApplyError::record)?;
        let all = of_tenant(&tenant_id);
        tenants.push(tenant_id);
        match prefix_end(&all) {
            Some(next) => from = next,
            None => return Ok(tenants),
        }
    }
}

/// The number of the latest round of a tenant.
pub(super) fn latest_round(store: &Store, tenant_id: &str) -> Result<u64, ApplyError> {
    Ok(rows::standing(tenant_id, |key| store.get(key))?.version)
}

/// The alerts of a tenant that could be told to nobody, as was decided in the rounds from `round` on, and now can be: at
/// most as many as a round takes. `house` is given the escalation policies by which they are told.
pub(super) fn reached_again(
    store: &Store,
    tenant_id: &str,
    (setup, house): (&Setup, &mut House),
    round: u64,
) -> Result<Vec<(Uuid, AlertPlace)>, ApplyError> {
    let mut found = Vec::new();
    let from = keys::to_nobody_from(tenant_id, round);
    let end = prefix_end(&keys::to_nobody_of(tenant_id));
    for entry in store.scan_range(from, end.as_deref(), Direction::Ascending) {
        let (_, alert_id) = keys::read_to_nobody(&entry?.0).map_err(ApplyError::record)?;
        let place = places(store, tenant_id, alert_id)?.into_iter().next();
        let Some(place) = place else { continue };
        let Some(alert) = rows::alert(tenant_id, &place, |key| store.get(key))? else {
            continue;
        };
        if let Some(escalation) = &alert.escalation {
            let version = (&*escalation.policy_id, escalation.policy_version);
            setup.with(tenant_id, house, version)?;
        }
        if house.finds_somebody(&alert) {
            found.push((alert_id, place));
        }
        if found.len() >= ALERTS_AT_ONCE {
            break;
        }
    }
    Ok(found)
}

/// The alerts of a tenant that no silence keeps any more, at most as many as a round takes.
pub(super) fn heard_again(
    store: &Store,
    tenant_id: &str,
    house: &House,
    now: Timestamp,
) -> Result<Vec<(Uuid, AlertPlace)>, ApplyError> {
    let mut found = Vec::new();
    let all = keys::silenced_of(tenant_id);
    for entry in store.scan_prefix(all, Direction::Ascending) {
        let (_, alert_id) = keys::read_silenced(&entry?.0).map_err(ApplyError::record)?;
        for place in places(store, tenant_id, alert_id)? {
            let alert = rows::alert(tenant_id, &place, |key| store.get(key))?;
            let is_kept = alert.is_none_or(|alert| {
                let mut silences = house.silences.values();
                silences.any(|silence| silence.mutes(&alert.labels, now))
            });
            if !is_kept {
                found.push((alert_id, place));
            }
        }
        if found.len() >= ALERTS_AT_ONCE {
            break;
        }
    }
    Ok(found)
}

/// All that a round of a tenant is decided by.
pub(super) fn round(
    store: &Store,
    tenant_id: &str,
    due: &Due,
    house: &House,
) -> Result<Round, ApplyError> {
    let get = |key: &[u8]| store.get(key);
    let mut round = Round {
        standing: rows::standing(tenant_id, get)?,
        firings: Vec::new(),
        digests: Vec::new(),
        books: Books::default(),
    };
    let mut seen = BTreeSet::new();
    for (alert_id, place) in &due.alerts {
        if !seen.insert(*alert_id) {
            continue;
        }
        if let Some(alert) = rows::alert(tenant_id, place, get)? {
            round.firings.push(firing(store, tenant_id, alert)?);
        }
    }
    for receiver_id in &due.digests {
        round.digests.push(digest(store, tenant_id, receiver_id)?);
    }
    // Of all receivers that may be told, and the turns of the levels that may be.
    for receiver_id in house.receivers.keys() {
        let book = rows::book(tenant_id, receiver_id, get)?;
        round.books.receivers.insert(receiver_id.clone(), book);
    }
    for ((policy_id, _), policy) in &house.escalations {
        for place in (0..u32::MAX).zip(&policy.levels).map(|(place, _)| place) {
            let found = store.get(keys::turn(tenant_id, policy_id, place))?;
            let count = found.and_then(|count| count.as_ref().try_into().ok());
            if let Some(count) = count.map(u64::from_be_bytes) {
                round.books.turns.insert((policy_id.clone(), place), count);
            }
        }
    }
    Ok(round)
}

/// An alert with what was decided of it.
pub(super) fn firing(store: &Store, tenant_id: &str, alert: Alert) -> Result<Firing, ApplyError> {
    let get = |key: &[u8]| store.get(key);
    let mut route = rows::route(tenant_id, alert.alert_id, get)?;
    for told in &mut route.told {
        let held = store.get(keys::held(tenant_id, &told.receiver_id, alert.alert_id))?;
        let held = held.map(rows::decode_held).transpose()?;
        told.held = held.is_some_and(|held| !held.over);
    }
    for other in other_names(store, tenant_id, &alert)? {
        route.told_as(other);
    }
    let whole = whole_of(store, tenant_id, &alert)?;
    Ok(Firing {
        alert,
        route,
        whole,
    })
}

/// What was decided of a warning under further numbers of its episode: earlier versions counted another episode where it
/// goes on. There are no alerts of these numbers.
fn other_names(store: &Store, tenant_id: &str, alert: &Alert) -> Result<Vec<Route>, ApplyError> {
    let mut others = Vec::new();
    if alert.rule != Rule::AtRisk {
        return Ok(others);
    }
    for number in alert.episode_no.saturating_add(1).. {
        let id = alert.id_of_episode(number);
        let route = rows::route(tenant_id, id, |key| store.get(key))?;
        if route.seen.is_none() || !places(store, tenant_id, id)?.is_empty() {
            break;
        }
        others.push(route);
    }
    Ok(others)
}

/// The alert about an alert's customer that sums it up, if there is one.
fn whole_of(store: &Store, tenant_id: &str, alert: &Alert) -> Result<Option<Alert>, ApplyError> {
    let customer_id = alert.customer_id.as_deref();
    let Some(customer_id) = customer_id.filter(|_| alert.is_summed_up()) else {
        return Ok(None);
    };
    for customer_id in MERGED.customers(store, tenant_id, customer_id)? {
        let named = Named {
            tenant_id: tenant_id.to_owned(),
            whose: whose(&customer_key(tenant_id, &customer_id)),
            subject_id: customer_id,
            rule: Rule::SaveAction,
        };
        let found = stored::concern(&named, |key| store.get(key))?;
        let whole = found.map(|found| found.alert(&named.id()));
        if let Some(whole) = whole.filter(|whole| whole.sums_up(alert)) {
            return Ok(Some(whole));
        }
    }
    Ok(None)
}

fn digest(store: &Store, tenant_id: &str, receiver_id: &str) -> Result<DueDigest, ApplyError> {
    let mut held = Vec::new();
    let all = keys::all_held(tenant_id, receiver_id);
    let scan = store.scan_prefix(all, Direction::Ascending);
    for entry in scan.take(HELD_MAX) {
        let (key, row) = entry?;
        let alert_id = keys::read_held(&key).map_err(ApplyError::record)?;
        let row = rows::decode_held(row)?;
        if let Some(place) = places(store, tenant_id, alert_id)?.into_iter().next()
            && let Some(alert) = rows::alert(tenant_id, &place, |key| store.get(key))?
        {
            held.push((row, alert));
        }
    }
    Ok(DueDigest {
        receiver_id: receiver_id.to_owned(),
        held,
    })
}

/// Where the alerts of an id stand: usually there is one.
fn places(store: &Store, tenant_id: &str, alert_id: Uuid) -> Result<Vec<AlertPlace>, ApplyError> {
    let list = alert_places(tenant_id, alert_id);
    let scan = store.scan_prefix(list.clone(), Direction::Ascending);
    let places = scan.map(|entry| {
        let (key, _) = entry.map_err(|error: StoreError| ApplyError::from(error))?;
        AlertPlace::read(&mut Parts::new(&key[list.len()..])).map_err(ApplyError::record)
    });
    places.collect()
}
