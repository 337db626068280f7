//! What a round decides about, as the view has it.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::alert::Alert;
use aftercall_domain::routing::{Books, DueDigest, Firing, GROUP_WAIT, House};
use aftercall_proto::convert::time::microseconds;
use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Store, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

use super::rows::{self, Standing};
use super::{ALERTS_AT_ONCE, keys};
use crate::keys::{AlertPlace, alert_id as alert_places};

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
    let mut tenants = Vec::new();
    let mut from = keys::all_silenced().to_vec();
    let end = aftercall_view::key::prefix_end(&keys::all_silenced());
    loop {
        let mut scan = store.scan_range(from, end.as_deref(), Direction::Ascending);
        let Some(entry) = scan.next() else {
            return Ok(tenants);
        };
        let (tenant_id, _) = keys::read_silenced(&entry?.0).map_err(ApplyError::record)?;
        let all = keys::silenced_of(&tenant_id);
        tenants.push(tenant_id);
        match aftercall_view::key::prefix_end(&all) {
            Some(next) => from = next,
            None => return Ok(tenants),
        }
    }
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
    Ok(Firing { alert, route })
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
