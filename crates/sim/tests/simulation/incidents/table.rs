//! What the tracker says, beside what must be.

use std::collections::BTreeMap;

use aftercall_proto::model::v1::{
    Commitment, CommitmentClock, CommitmentLifecycle, CommitmentOutcome, Pause, Turn,
};

use super::desk::Incident;
use super::reckon::{Reckoned, reckon, target};
use super::told::Told;

const DAY_MINUTES: f64 = 24.0 * 60.0;

/// What was compared.
#[derive(Debug, Default)]
pub(super) struct Compared {
    incidents: usize,
    rows: BTreeMap<String, Row>,
    reopened: usize,
    too_late: usize,
    pub(super) mismatches: Vec<String>,
}

/// The promises of one priority.
#[derive(Debug, Default)]
struct Row {
    promises: usize,
    waits: usize,
    /// In minutes: for callers, and for others.
    waited: [i64; 2],
    kept: usize,
    missed: usize,
    /// Incidents whose label says the same of their first promise.
    as_labelled: usize,
    incidents: usize,
}

/// Compares every promise.
pub(super) fn compare(incidents: &[Incident], told: &BTreeMap<String, Told>) -> Compared {
    let mut compared = Compared {
        incidents: incidents.len(),
        ..Compared::default()
    };
    for incident in incidents {
        let wanted = reckon(incident);
        let told = told.get(&incident.id);
        let said = told.map_or(&[][..], |told| &told.promises);
        let reopened = said.len().saturating_sub(1);
        compared.reopened += reopened;
        compared.too_late += told.map_or(0, |told| told.too_late);
        if said.len() != wanted.len() || reopened != incident.reopen_count {
            compared.mismatches.push(format!(
                "{}: {} promises; {} by its history, and {} reopenings by the desk's count",
                incident.id,
                said.len(),
                wanted.len(),
                incident.reopen_count
            ));
            continue;
        }
        let row = compared.rows.entry(incident.priority.clone()).or_default();
        row.take(incident, &wanted);
        let mut before: Option<&Commitment> = None;
        for (said, wanted) in said.iter().zip(&wanted) {
            let is_next = before.is_none_or(|before| {
                said.reopens == before.commitment_id && before.reopened_by == said.commitment_id
                    || said.reopens.is_empty() && before.reopened_by.is_empty()
            });
            if !is_next || !is_as(said, *wanted) {
                let mismatch =
                    format!("{}: {wanted:?}, and the tracker says {said:?}", incident.id);
                compared.mismatches.push(mismatch);
            }
            before = Some(said);
        }
    }
    compared
}

/// Whether the tracker says what must be.
fn is_as(said: &Commitment, wanted: Reckoned) -> bool {
    let waited = |turn: Turn| {
        let pauses = said.pauses.iter().filter(|pause| pause.turn() == turn);
        pauses.map(lasted).sum::<i64>()
    };
    let seconds = |at: Option<&pbjson_types::Timestamp>| at.map(|at| (at.seconds, at.nanos));
    let target = said.target.as_ref();
    let target_at = target.and_then(|target| seconds(target.target_at.as_ref()));
    let missed = said.lapses.iter().map(|lapse| lapse.clock());
    let missed: Vec<_> = missed.collect();
    let wanted_lapses = match wanted.missed {
        true => vec![CommitmentClock::Internal],
        false => Vec::new(),
    };
    [waited(Turn::Customer), waited(Turn::ThirdParty)] == wanted.waited.map(|minutes| 60 * minutes)
        && said.pauses.len() == wanted.waits
        && missed == wanted_lapses
        && target_at == Some((60 * wanted.target_at, 0))
        && seconds(said.fulfilled_at.as_ref()) == Some((60 * wanted.done_at, 0))
        && said.lifecycle() == CommitmentLifecycle::Fulfilled
        && said.outcome() == CommitmentOutcome::Kept
}

/// In seconds.
fn lasted(pause: &Pause) -> i64 {
    let second = |at: &Option<pbjson_types::Timestamp>| at.as_ref().map_or(0, |at| at.seconds);
    second(&pause.resumed_at) - second(&pause.paused_at)
}

impl Row {
    fn take(&mut self, incident: &Incident, wanted: &[Reckoned]) {
        self.incidents += 1;
        self.promises += wanted.len();
        for one in wanted {
            self.waits += one.waits;
            self.waited[0] += one.waited[0];
            self.waited[1] += one.waited[1];
            self.missed += usize::from(one.missed);
            self.kept += usize::from(!one.missed);
        }
        let missed = wanted.iter().any(|one| one.missed);
        self.as_labelled += usize::from(incident.label_made_sla != missed);
    }
}

impl Compared {
    /// A table that people can read.
    pub(super) fn text(&self, of: usize) -> String {
        let mut lines = vec![
            format!(
                "{} of {of} incidents waited or were reopened, and are told again in their own time:",
                self.incidents
            ),
            format!(
                "{:<10} {:<16} {:>9} {:>7} {:>15} {:>12} {:>7} {:>7} {:>16}",
                "priority",
                "our own target",
                "promises",
                "pauses",
                "days for caller",
                "for others",
                "met",
                "missed",
                "as desk's label"
            ),
        ];
        for (priority, row) in &self.rows {
            let target = target(priority);
            let open = if target.on_weekdays {
                "h, weekdays"
            } else {
                "h"
            };
            let [callers, others] = row.waited.map(|minutes| minutes as f64 / DAY_MINUTES);
            lines.push(format!(
                "{priority:<10} {:<16} {:>9} {:>7} {callers:>15.1} {others:>12.1} {:>7} {:>7} {:>9} of {:>4}",
                format!("{} {open}", target.hours),
                row.promises,
                row.waits,
                row.kept,
                row.missed,
                row.as_labelled,
                row.incidents,
            ));
        }
        lines.push(format!(
            "{} reopenings: {} took the promise up again, {} came after more than seven days and made a new one",
            self.reopened,
            self.reopened - self.too_late,
            self.too_late
        ));
        lines.push(format!("{} mismatches", self.mismatches.len()));
        lines.join("\n")
    }
}
