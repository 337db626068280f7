//! The contacts around one: what they are to each other, and for which of them it makes a difference whether it is there.

use aftercall_domain::measure::{NO_GAP, SinceOnset, flag};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::{APART_US, At, Group, Place, TROUBLE_US};
use crate::blocks;
use crate::keys::{self, read_place};
use crate::limits::NEIGHBOURS_MAX;
use crate::row::Row;

/// The contacts around one, in order.
pub(super) struct Around {
    pub(super) entries: Vec<(At, Place)>,
    /// How many are before it.
    pub(super) before: usize,
}

impl Around {
    pub(super) fn of(group: &Group<'_>, at: &At, txn: &mut Txn<'_>) -> Result<Self, ApplyError> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for customer_id in &group.customers {
            let list = keys::places(group.tenant_id, customer_id);
            let (first, rest) = near(&list, at, group.apart_us(), txn)?;
            before.extend(first);
            after.extend(rest);
        }
        if group.customers.len() > 1 {
            let order = |one: &(At, Place), other: &(At, Place)| one.0.order.cmp(&other.0.order);
            before.sort_unstable_by(order);
            after.sort_unstable_by(order);
            let too_many = before.len().saturating_sub(NEIGHBOURS_MAX);
            before.drain(..too_many);
            after.truncate(NEIGHBOURS_MAX);
        }
        let count = before.len();
        before.extend(after);
        Ok(Self {
            entries: before,
            before: count,
        })
    }

    /// What came before the contact at a place.
    pub(super) fn look_back(&self, own: usize, row: &mut Row) {
        let (At { at_us, .. }, place) = &self.entries[own];
        let before = self.entries[..own].iter().rev().take(NEIGHBOURS_MAX);
        let last = before.clone().next();
        let akin = before.clone().find(|(_, other)| place.is_akin(other));
        let since = |it: Option<&(At, Place)>| it.map_or(NO_GAP, |it| gap(it.0.at_us, *at_us));
        let facts = &mut row.facts;
        facts.since_any = since(last);
        facts.since_family = since(akin);
        let after_drop = facts.since_any != NO_GAP && last.is_some_and(|(_, it)| it.dropped);
        let akin = akin.filter(|_| facts.since_family != NO_GAP);
        let is_new = |(_, it): &(At, Place)| it.solved && place.asks_anew(it);
        facts.set(flag::AFTER_DROP, after_drop);
        facts.set(
            flag::AFTER_UNSOLVED,
            akin.is_some_and(|(_, it)| it.unsolved),
        );
        facts.set(flag::WITH_NEWS, akin.is_some_and(is_new));
        facts.since_onset = self.since_onset(own);
    }

    /// What came after it.
    pub(super) fn look_ahead(&self, own: usize, row: &mut Row) {
        let (At { at_us, .. }, place) = &self.entries[own];
        let mut after = self.entries[own + 1..].iter().take(NEIGHBOURS_MAX);
        let akin = after.find(|(_, other)| place.is_akin(other));
        row.facts.until_family = akin.map_or(NO_GAP, |(it, _)| gap(*at_us, it.at_us));
        let next = self.entries.get(own + 1);
        let is_redialled = next.is_some_and(|(it, _)| place.is_redialled(*at_us, it.at_us));
        row.facts.set(flag::REDIALLED, is_redialled);
    }

    /// What the customer spent on the trouble since it began.
    fn since_onset(&self, own: usize) -> SinceOnset {
        let (At { at_us, .. }, place) = &self.entries[own];
        let Some(onset_us) = place.onset_us else {
            return SinceOnset::default();
        };
        let onset_us = onset_us.max(at_us.saturating_sub(TROUBLE_US));
        let before = self.entries[..own].iter().rev().take(NEIGHBOURS_MAX);
        let since = before.take_while(|(it, _)| it.at_us >= onset_us);
        let mut spent = SinceOnset::default();
        for place in since.map(|(_, place)| place).chain([place]) {
            let transfers = u16::try_from(place.transfers).unwrap_or(u16::MAX);
            spent.contacts = spent.contacts.saturating_add(1);
            spent.transfers = spent.transfers.saturating_add(transfers);
            spent.time = spent.time.saturating_add(place.time);
        }
        spent
    }

    /// Of the others, those to whom it makes a difference whether the one at a place is there. Their rows are read, and no
    /// others: of most contacts that come, one.
    pub(super) fn touched(&self, own: usize) -> Vec<usize> {
        let first = own.saturating_sub(NEIGHBOURS_MAX);
        let last = self.entries.len().min(own + 1 + NEIGHBOURS_MAX);
        let before = (first..own).filter(|place| self.is_ahead(own, *place));
        let after = (own + 1..last).filter(|place| self.is_back(own, *place));
        before.chain(after).collect()
    }

    /// Whether it makes a difference to what comes after the contact at a place before `own`.
    fn is_ahead(&self, own: usize, place: usize) -> bool {
        let (at, it) = &self.entries[place];
        let own_us = self.entries[own].0.at_us;
        if place + 1 == own && it.is_redialled(at.at_us, own_us) {
            return true;
        }
        if gap(at.at_us, own_us) == NO_GAP {
            return false;
        }
        let mut others = (place + 1..self.entries.len()).filter(|other| *other != own);
        let akin = others.find(|other| it.is_akin(&self.entries[*other].1));
        match akin {
            Some(akin) if akin < own => false,
            _ if it.is_akin(&self.entries[own].1) => true,
            // It comes to lie too many contacts away, or no longer does.
            Some(akin) => akin - place == NEIGHBOURS_MAX + 1,
            None => false,
        }
    }

    /// Whether it makes a difference to what came before the contact at a place after `own`.
    fn is_back(&self, own: usize, place: usize) -> bool {
        let (at, it) = &self.entries[place];
        let own_us = self.entries[own].0.at_us;
        if it.onset_us.is_some_and(|onset_us| onset_us <= own_us) {
            return true;
        }
        if gap(own_us, at.at_us) == NO_GAP {
            return false;
        }
        let mut others = (0..place).rev().filter(|other| *other != own);
        let akin = others.find(|other| it.is_akin(&self.entries[*other].1));
        match akin {
            _ if place == own + 1 => true,
            Some(akin) if akin > own => false,
            _ if it.is_akin(&self.entries[own].1) => true,
            Some(akin) => place - akin == NEIGHBOURS_MAX + 1,
            None => false,
        }
    }

    /// Says in the rows of others what comes after them, or from `after` on what came before them. What is on their other
    /// side is not all here, and stays as it was.
    pub(super) fn settle(
        &self,
        tenant_id: &str,
        (touched, after): (Vec<usize>, usize),
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        for place in touched {
            self.change(tenant_id, place, txn, |row| match place < after {
                true => self.look_ahead(place, row),
                false => self.look_back(place, row),
            })?;
        }
        Ok(())
    }

    pub(super) fn change(
        &self,
        tenant_id: &str,
        place: usize,
        txn: &mut Txn<'_>,
        to: impl FnOnce(&mut Row),
    ) -> Result<(), ApplyError> {
        change(tenant_id, &self.entries[place].1, txn, to)
    }
}

/// Changes the row of a contact.
pub(super) fn change(
    tenant_id: &str,
    place: &Place,
    txn: &mut Txn<'_>,
    to: impl FnOnce(&mut Row),
) -> Result<(), ApplyError> {
    let address = place.address();
    let Some(mut row) = blocks::read(tenant_id, address, txn)? else {
        return Ok(());
    };
    let was = row.facts;
    to(&mut row);
    match row.facts == was {
        true => Ok(()),
        false => blocks::write(tenant_id, address, &row, txn),
    }
}

/// The contacts before and after a place, in order, and no more than [`NEIGHBOURS_MAX`] of each.
type Near = (Vec<(At, Place)>, Vec<(At, Place)>);

/// The contacts of one customer before and after a place. The one whose place it is is not there.
fn near(list: &Key, at: &At, apart_us: i64, txn: &mut Txn<'_>) -> Result<Near, ApplyError> {
    let from = list.clone().time(at.at_us.saturating_sub(apart_us));
    let to = list.clone().time(at.at_us.saturating_add(apart_us));
    let mut before = Vec::new();
    // Most customers have few: one look finds all.
    let found = txn.scan_range(&*from, Some(&to), Direction::Ascending);
    for entry in found.take(2 * NEIGHBOURS_MAX + 1) {
        before.push(read(list, entry?)?);
    }
    if before.len() <= 2 * NEIGHBOURS_MAX {
        let count = before.partition_point(|(it, _)| it.order < at.order);
        let mut after = before.split_off(count);
        after.truncate(NEIGHBOURS_MAX);
        before.drain(..count.saturating_sub(NEIGHBOURS_MAX));
        return Ok((before, after));
    }
    let key = [&**list, &at.order].concat();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let found = txn.scan_range(&*from, Some(&key), Direction::Descending);
    for entry in found.take(NEIGHBOURS_MAX) {
        before.push(read(list, entry?)?);
    }
    before.reverse();
    let found = txn.scan_range(&key, Some(&to), Direction::Ascending);
    for entry in found.take(NEIGHBOURS_MAX) {
        after.push(read(list, entry?)?);
    }
    Ok((before, after))
}

pub(super) fn read(list: &Key, (key, value): (Bytes, Bytes)) -> Result<(At, Place), ApplyError> {
    let (at_us, _) = read_place(list, &key).map_err(ApplyError::record)?;
    let order = key.slice(list.len()..);
    let place = Place::decode(value).map_err(ApplyError::record)?;
    Ok((At { at_us, order }, place))
}

/// Milliseconds between two contacts; none where they are too far apart to have to do with each other.
pub(super) fn gap(from_us: i64, to_us: i64) -> u32 {
    let gap = to_us.saturating_sub(from_us);
    match gap < APART_US {
        true => u32::try_from(gap / 1_000).unwrap_or(NO_GAP),
        false => NO_GAP,
    }
}
