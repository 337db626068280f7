//! A solution in the hands of the fold: its head and its versions before an event, and what the event makes of
//! them.

use std::collections::BTreeSet;

use aftercall_domain::solution::{Change, VersionState};
use aftercall_ledger::Accepted;
use aftercall_proto::model::v1::{self as wire, Solution, SolutionChange};
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use pbjson_types::Timestamp;
use prost::Message;

use super::{listing, outcomes, redirects};
use crate::duplicates;
use crate::heads::{self, Head};
use crate::keys::{self, versions as rows};
use crate::numbers;
use crate::records::{Link, micros};

/// A solution that an event is of.
pub(crate) struct Subject<'a> {
    fact: &'a Accepted,
    before: Head,
    pub(crate) head: Head,
    /// The versions whose rows the event changed.
    changed: BTreeSet<u32>,
}

impl<'a> Subject<'a> {
    /// The solution that `fact` is of, as it is before it.
    pub(crate) fn of(fact: &'a Accepted, txn: &Txn<'_>) -> Result<Self, ApplyError> {
        let event = &fact.event;
        let before = Head::read(txn, &event.tenant_id, &event.aggregate_id)?.unwrap_or_default();
        Ok(Self {
            fact,
            head: before.clone(),
            before,
            changed: BTreeSet::new(),
        })
    }

    /// When the event happened.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        self.fact.event.occurred_at
    }

    /// Puts a version's row, whole. Its uses may be known before it is: what came of them follows its reason.
    pub(crate) fn put(&mut self, solution: &Solution, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        self.number(solution, txn)?;
        let tenant_id = self.fact.event.tenant_id.as_str();
        let link = Link {
            solution_id: solution.solution_id.clone(),
            version: solution.version,
        };
        let before = heads::version(txn, tenant_id, &link.solution_id, link.version)?;
        let before = before.unwrap_or_default().reason_code;
        if before != solution.reason_code {
            let reasons = [before.as_str(), &solution.reason_code];
            outcomes::retrace(tenant_id, &link, reasons, txn)?;
        }
        self.changed.insert(solution.version);
        heads::put_version(txn, tenant_id, solution)
    }

    /// The solution has a number from the first version on that is known of it.
    fn number(&mut self, solution: &Solution, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        if !self.head.solution_number.is_empty() {
            return Ok(());
        }
        let tenant_id = self.fact.event.tenant_id.as_str();
        let number = numbers::of(tenant_id, solution).into_string();
        txn.put(
            rows::numbered(tenant_id, &number, &solution.solution_id),
            "",
        )?;
        self.head.solution_number = number;
        Ok(())
    }

    /// Changes a version's row, if it is there.
    pub(crate) fn edit(
        &mut self,
        version: u32,
        txn: &mut Txn<'_>,
        edit: impl FnOnce(&mut Solution),
    ) -> Result<(), ApplyError> {
        let event = &self.fact.event;
        let row = heads::version(txn, &event.tenant_id, &event.aggregate_id, version)?;
        let Some(mut solution) = row else {
            return Ok(());
        };
        edit(&mut solution);
        self.put(&solution, txn)
    }

    /// Notes by which rules a version is approved.
    pub(crate) fn approve(&mut self, version: u32, txn: &Txn<'_>) -> Result<(), ApplyError> {
        let event = &self.fact.event;
        let row = heads::version(txn, &event.tenant_id, &event.aggregate_id, version)?;
        if let Some(solution) = row {
            let rules = heads::rules(txn, &event.tenant_id, (&self.head, &solution))?;
            self.head.set_approved_under(rules.into());
        }
        Ok(())
    }

    /// Lets the life go on: the states of the versions that change by it stand in their rows.
    pub(crate) fn turn(&mut self, change: &Change, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let mut life = self.head.life();
        let turns = life.apply(change);
        // What this version of aftercall does not know took a place, too.
        life.sequence = self.fact.event.sequence;
        self.head.set_life(&life);
        let at = self.at();
        for (version, state) in turns {
            self.edit(version, txn, |solution| {
                solution.set_state(state.into());
                let is_over = !state.is_open() && state != VersionState::Published;
                let was_live = solution.published_at.is_some();
                solution.effective_to = at.filter(|_| is_over && was_live);
            })?;
        }
        Ok(())
    }

    /// Writes all that follows: the head, what is shown and found, the list, what was done and by which request.
    pub(crate) fn finish(
        mut self,
        change: SolutionChange,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &self.fact.event;
        let (tenant_id, solution_id) = (event.tenant_id.as_str(), event.aggregate_id.as_str());
        self.schedule(txn)?;
        let whose = (tenant_id, solution_id);
        listing::update(txn, whose, &self.before, &mut self.head)?;
        self.show(txn)?;
        self.offer(txn)?;
        self.note(&change, txn)?;
        txn.put(
            rows::head(tenant_id, solution_id),
            self.head.encode_to_vec(),
        )?;
        let version = change.version;
        let answer = || Bytes::copy_from_slice(&version.to_be_bytes());
        rows::CHANGES.remember(self.fact, solution_id, answer, txn)?;
        txn.touch(keys::solution(tenant_id, solution_id));
        let stirred = |id: &str| rows::stirred(tenant_id, self.fact.position, id);
        txn.put(stirred(solution_id), "")?;
        let led = [&self.before, &self.head].map(|head| head.redirect().map(|(to, _)| to));
        if led[0] != led[1] {
            for to in led.into_iter().flatten() {
                redirects::touch(txn, tenant_id, to)?;
                txn.put(stirred(to), "")?;
            }
        }
        Ok(())
    }

    /// What is shown is the version that is live, or was last.
    fn show(&self, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let event = &self.fact.event;
        let shown = self.head.shown_version;
        if shown == 0 || !(self.changed.contains(&shown) || self.before.shown_version != shown) {
            return Ok(());
        }
        let row = heads::version(txn, &event.tenant_id, &event.aggregate_id, shown)?;
        if let Some(solution) = row {
            let key = keys::solution(&event.tenant_id, &event.aggregate_id);
            txn.put(key, solution.encode_to_vec())?;
        }
        Ok(())
    }

    /// What is live stands where versions that say nearly the same find it.
    fn offer(&mut self, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let event = &self.fact.event;
        let (tenant_id, solution_id) = (event.tenant_id.as_str(), event.aggregate_id.as_str());
        let live = self.head.live_version();
        if !self.changed.contains(&live) && self.before.live_version() == live {
            return Ok(());
        }
        let row = heads::version(txn, tenant_id, solution_id, live)?;
        let bands = row.map_or_else(Vec::new, |solution| duplicates::bands(&solution));
        if bands != self.before.bands {
            for band in &self.before.bands {
                txn.delete(rows::in_band(tenant_id, *band, solution_id))?;
            }
            for band in &bands {
                txn.put(rows::in_band(tenant_id, *band, solution_id), "")?;
            }
            self.head.bands = bands;
        }
        Ok(())
    }

    /// An approved version with a time waits for it.
    fn schedule(&mut self, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let event = &self.fact.event;
        let life = self.head.life();
        let approved = life
            .open
            .filter(|open| open.state == VersionState::Approved);
        let version = approved.map_or(0, |open| open.version);
        let row = heads::version(txn, &event.tenant_id, &event.aggregate_id, version)?;
        let from = row.and_then(|solution| solution.effective_from);
        let from_us = from.map_or(0, |from| micros(Some(&from)));
        let before_us = std::mem::replace(&mut self.head.scheduled_at_us, from_us);
        let place = |at_us| rows::scheduled(at_us, &event.tenant_id, &event.aggregate_id);
        if before_us != 0 && before_us != from_us {
            txn.delete(place(before_us))?;
        }
        if from_us != 0 {
            txn.put(place(from_us), version.to_be_bytes().to_vec())?;
        }
        Ok(())
    }

    fn note(&self, change: &SolutionChange, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let event = &self.fact.event;
        let version = heads::version(txn, &event.tenant_id, &event.aggregate_id, change.version)?;
        let change = SolutionChange {
            sequence: event.sequence,
            actor_id: event.actor_id.clone(),
            at: self.at(),
            state: version.map_or(0, |version| version.state),
            ..change.clone()
        };
        let key = rows::change(&event.tenant_id, &event.aggregate_id, event.sequence);
        Ok(txn.put(key, change.encode_to_vec())?)
    }
}

/// A change of which no more is said than its kind, version and reason.
pub(crate) fn change(kind: wire::SolutionChangeKind, version: u32, reason: &str) -> SolutionChange {
    SolutionChange {
        kind: kind.into(),
        version,
        reason: reason.to_owned(),
        ..SolutionChange::default()
    }
}
