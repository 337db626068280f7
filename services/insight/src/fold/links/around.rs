//! The contacts around one: what they are to each other, and for which of them it makes a difference whether it is there.

use aftercall_domain::measure::{NO_GAP, SinceOnset, flag};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::{APART_US, At, Group, Place, TROUBLE_US};
use crate::afters::{self, After};
use crate::blocks;
use crate::fold::saved::{is_slip, makes_repeat};
use crate::keys::{self, read_place};
use crate::limits::NEIGHBOURS_MAX;
use crate::row::Row;

/// The contacts around one, in order.
pub(super) struct Around {
    pub(super) entries: Vec<(At, Place)>,
    /// How many are before it.
    pub(super) before: usize,
}

/// What the contacts before one make of it.
#[derive(Debug, PartialEq, Eq)]
struct Back {
    since_any: u32,
    since_family: u32,
    after_drop: bool,
    after_unsolved: bool,
    with_news: bool,
    since_onset: SinceOnset,
    /// In queues, in those that it goes on with.
    waited: u32,
}

impl Default for Back {
    fn default() -> Self {
        Self {
            since_any: NO_GAP,
            since_family: NO_GAP,
            after_drop: false,
            after_unsolved: false,
            with_news: false,
            since_onset: SinceOnset::default(),
            waited: 0,
        }
    }
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
        let back = self.back(own, None);
        let facts = &mut row.facts;
        facts.since_any = back.since_any;
        facts.since_family = back.since_family;
        facts.since_onset = back.since_onset;
        facts.waited_before = back.waited;
        facts.set(flag::AFTER_DROP, back.after_drop);
        facts.set(flag::AFTER_UNSOLVED, back.after_unsolved);
        facts.set(flag::WITH_NEWS, back.with_news);
    }

    /// What came after it.
    pub(super) fn look_ahead(&self, own: usize, row: &mut Row) {
        let mut after = After::of(&row.facts);
        self.look_after(own, &mut after);
        after.add_to(&mut row.facts);
    }

    /// The same without the row, which stays as it is.
    fn look_after(&self, own: usize, after: &mut After) {
        let (At { at_us, .. }, place) = &self.entries[own];
        let mut later = self.entries[own + 1..].iter().take(NEIGHBOURS_MAX);
        let akin = later.find(|(_, other)| place.is_akin(other));
        after.until_family = akin.map_or(NO_GAP, |(it, _)| gap(*at_us, it.at_us));
        let mut gone_on_with = (own..).take_while(|place| self.is_gone_on_with(*place));
        let is_redialled = gone_on_with.any(|place| self.entries[place + 1].1.says_why());
        after.set(flag::REDIALLED, is_redialled);
        after.set(flag::GONE_ON_WITH, self.is_gone_on_with(own));
    }

    /// Whether the next contact goes on with the one at a place.
    fn is_gone_on_with(&self, place: usize) -> bool {
        let (at, it) = &self.entries[place];
        let next = self.entries.get(place + 1);
        next.is_some_and(|(next, _)| it.is_redialled(at.at_us, next.at_us))
    }

    /// What the contacts before the one at a place make of it; of these, one may be left out.
    fn back(&self, own: usize, without: Option<usize>) -> Back {
        let (At { at_us, .. }, place) = &self.entries[own];
        let before = (0..own).rev().filter(|other| Some(*other) != without);
        let before = before.take(NEIGHBOURS_MAX);
        let before: Vec<_> = before.map(|other| &self.entries[other]).collect();
        let (lost, earlier) = before.split_at(lost(*at_us, &before));
        let waited = lost.iter().map(|(_, it)| it.queue_wait);
        let waited = waited.fold(0, u32::saturating_add);
        if !place.says_why() {
            return Back {
                waited,
                ..Back::default()
            };
        }
        // Of a call that nobody recorded it matters whether it was cut off.
        let last = before.iter().find(|(_, it)| it.says_why() || it.dropped);
        let last = last.filter(|(it, _)| gap(it.at_us, *at_us) != NO_GAP);
        // Those that it goes on with are one with it.
        let is_akin = |it: &Place| {
            let mut parts = lost.iter().map(|(_, lost)| lost).chain([place]);
            parts.any(|part| part.is_akin(it))
        };
        let akin = earlier.iter().find(|(_, it)| is_akin(it));
        let akin = akin.filter(|(it, _)| gap(it.at_us, *at_us) != NO_GAP);
        Back {
            since_any: last.map_or(NO_GAP, |(it, _)| gap(it.at_us, *at_us)),
            since_family: akin.map_or(NO_GAP, |(it, _)| gap(it.at_us, *at_us)),
            after_drop: last.is_some_and(|(_, it)| it.dropped),
            after_unsolved: akin.is_some_and(|(_, it)| it.unsolved),
            with_news: akin.is_some_and(|(_, it)| it.solved && place.asks_anew(it)),
            since_onset: since_onset((*at_us, place), &before),
            waited,
        }
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
        if (place..own).all(|place| self.is_gone_on_with(place)) {
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
        self.back(place, None) != self.back(place, Some(own))
    }

    /// Says beside the rows of others what comes after them, or from `after` on in their rows what came before them. What is on
    /// their other side is not all here, and stays as it was. Of most contacts that come, one has something after it now: its
    /// row is neither read nor written.
    ///
    /// Says whether something is wrong in one of those that changed: a contact that becomes known late may add its wait to that
    /// of the one that goes on with it. Of what comes after a contact, nothing is wrong but that the customer is back so soon
    /// that it is a repeat; what its row says was looked at when that was written.
    pub(super) fn settle(
        &self,
        tenant_id: &str,
        (touched, after): (Vec<usize>, usize),
        txn: &mut Txn<'_>,
    ) -> Result<bool, ApplyError> {
        let mut is_wrong = false;
        for place in touched {
            is_wrong |= match place < after {
                true => self.settle_after(tenant_id, place, txn)?,
                false => self.change(tenant_id, place, txn, |row| self.look_back(place, row))?,
            };
        }
        Ok(is_wrong)
    }

    /// Says beside a contact's row what comes after it. Says whether the contact makes another one a repeat now.
    fn settle_after(
        &self,
        tenant_id: &str,
        place: usize,
        txn: &mut Txn<'_>,
    ) -> Result<bool, ApplyError> {
        let address = self.entries[place].1.address();
        let mut is_wrong = false;
        afters::change(tenant_id, address, txn, |after| {
            let was = after.until_family;
            self.look_after(place, after);
            is_wrong = after.until_family != was && makes_repeat(after.until_family);
        })?;
        Ok(is_wrong)
    }

    pub(super) fn change(
        &self,
        tenant_id: &str,
        place: usize,
        txn: &mut Txn<'_>,
        to: impl FnOnce(&mut Row),
    ) -> Result<bool, ApplyError> {
        change(tenant_id, &self.entries[place].1, txn, to)
    }
}

/// With how many of the contacts before it a contact that began then goes on, the last of them first: each is gone on with
/// by the next.
fn lost(own_us: i64, before: &[&(At, Place)]) -> usize {
    let mut back_us = own_us;
    let lost = before.iter().take_while(|(at, place)| {
        let is_near = gap(at.at_us, own_us) != NO_GAP;
        let is_lost = is_near && place.is_redialled(at.at_us, back_us);
        back_us = at.at_us;
        is_lost
    });
    lost.count()
}

/// What the customer spent on a trouble since it began, with the contacts before this one, the last of them first. One that
/// is gone on with is one with the next.
fn since_onset((at_us, place): (i64, &Place), before: &[&(At, Place)]) -> SinceOnset {
    let Some(onset_us) = place.onset_us else {
        return SinceOnset::default();
    };
    let onset_us = onset_us.max(at_us.saturating_sub(TROUBLE_US));
    let transfers = |place: &Place| u16::try_from(place.transfers).unwrap_or(u16::MAX);
    let mut spent = SinceOnset {
        contacts: 1,
        transfers: transfers(place),
        time: place.time,
    };
    let mut back_us = at_us;
    for (at, place) in before.iter().take_while(|(at, _)| at.at_us >= onset_us) {
        let is_one = place.is_redialled(at.at_us, back_us);
        back_us = at.at_us;
        spent.contacts = spent.contacts.saturating_add(u16::from(!is_one));
        spent.transfers = spent.transfers.saturating_add(transfers(place));
        spent.time = spent.time.saturating_add(place.time);
    }
    spent
}

/// Changes the row of a contact. Says whether it is another one now in which something is wrong.
pub(super) fn change(
    tenant_id: &str,
    place: &Place,
    txn: &mut Txn<'_>,
    to: impl FnOnce(&mut Row),
) -> Result<bool, ApplyError> {
    let address = place.address();
    let Some(mut row) = blocks::read(tenant_id, address, txn)? else {
        return Ok(false);
    };
    let was = row.facts;
    to(&mut row);
    if row.facts == was {
        return Ok(false);
    }
    blocks::write(tenant_id, address, &row, txn)?;
    Ok(is_slip(&row.facts))
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
