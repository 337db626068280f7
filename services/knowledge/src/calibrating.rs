//! What a question that has an answer scores, and one whose answer was rejected, by a tenant's own contacts and
//! searches: each of a sample is asked for once more, as if it were not known yet. So "nothing fits" is said by what has
//! held here, once there is enough of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_retrieval::verdict::{self, Basis, Calibration, Verdict};
use aftercall_view::index::Snapshot;
use aftercall_view::{Direction, Positions, Store};
use parking_lot::RwLock;

use crate::failure::Error;
use crate::fold::stored_number;
use crate::index::Fields;
use crate::keys::evidence as keys;
use crate::lexical;
use crate::limits::CALIBRATED_BY_MAX;
use crate::narrow::Filter;
use crate::ranking::{self, Asked, Comparing, Text, Without};
use crate::sayings::{Saying, Sayings};
use crate::visible::Visible;

/// What tenants' own uses have shown. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calibrations(Arc<RwLock<BTreeMap<String, Arc<Calibrated>>>>);

/// How many sayings a tenant has.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    /// Those that speak for a solution.
    accepted: u64,
    /// Those that speak against one.
    rejected: u64,
}

impl Said {
    fn all(self) -> u64 {
        self.accepted.saturating_add(self.rejected)
    }
}

/// What one tenant's have shown.
#[derive(Debug, Default)]
pub(crate) struct Calibrated {
    /// How many sayings there were.
    said: Said,
    /// What the store had and the index lacked, in whose words solutions are found: then it is reckoned once more.
    lacking: Option<Positions>,
    /// What a score has to reach.
    pub(crate) by: verdict::Calibrations,
}

impl Calibrations {
    /// What a tenant's uses have shown.
    pub(crate) fn of(&self, tenant_id: &str) -> Arc<Calibrated> {
        self.0.read().get(tenant_id).cloned().unwrap_or_default()
    }

    /// Reckons anew for one tenant of which there is by a fifth more or less than there was, or whose contacts were not all
    /// in the index, and says whether there was one. `applied` is what the store had before.
    pub(crate) fn renew(
        &self,
        store: &Store,
        fields: &Fields,
        (snapshot, applied): (&Snapshot, &Positions),
        comparing: &Comparing,
    ) -> Result<bool, Error> {
        let indexed = &snapshot.complete_through;
        for entry in store.scan_prefix(keys::all_said(), Direction::Ascending) {
            let (key, value) = entry?;
            let tenant_id = keys::read_said(&key).map_err(Error::internal)?;
            let said = Said {
                accepted: stored_number(Some(value)),
                rejected: stored_number(store.get(keys::said_against(&tenant_id))?),
            };
            let before = self.of(&tenant_id);
            let (all, all_before) = (said.all(), before.said.all());
            let is_much = all.abs_diff(all_before) * 5 >= all_before.max(1);
            let is_whole = before
                .lacking
                .as_ref()
                .is_some_and(|lacking| indexed.covers_all(lacking));
            if said.accepted < verdict::ACCEPTED_MIN as u64 || !(is_much || is_whole) {
                continue;
            }
            let mut calibrated = reckon(store, fields, snapshot, comparing, (&tenant_id, said))?;
            calibrated.lacking = (!indexed.covers_all(applied)).then(|| applied.clone());
            self.0.write().insert(tenant_id, Arc::new(calibrated));
            return Ok(true);
        }
        Ok(false)
    }
}

fn reckon(
    store: &Store,
    fields: &Fields,
    snapshot: &Snapshot,
    comparing: &Comparing,
    (tenant_id, said): (&str, Said),
) -> Result<Calibrated, Error> {
    let sight = Filter::whole_house();
    let sights = &comparing.memory.sights;
    let visible = Visible::of(sights, (&snapshot.searcher, fields), tenant_id, &sight)?;
    // Each solution that has sayings gives one, each so many-th of them.
    let step = (visible.documents() as usize)
        .div_ceil(CALIBRATED_BY_MAX)
        .max(1);
    let each = CALIBRATED_BY_MAX.div_ceil(visible.documents().max(1) as usize);
    let mut scores = Scores::default();
    for (number, address) in visible.all().enumerate().step_by(step) {
        let Some((_, solution_id)) = lexical::solution_at(&visible, address)? else {
            continue;
        };
        let sayings = Sayings::read(store, tenant_id, &solution_id).map_err(Error::internal)?;
        for accepted in [true, false] {
            let of_sort = sayings.iter().filter(|saying| saying.accepted == accepted);
            let of_sort: Vec<_> = of_sort.collect();
            for at in 0..each.min(of_sort.len()) {
                let saying = of_sort[(number + at) % of_sort.len()];
                let of = (solution_id.as_str(), saying);
                ask_again(store, &visible, comparing, of, &mut scores)?;
            }
        }
    }
    Ok(Calibrated {
        said,
        lacking: None,
        by: scores.calibrations(said.accepted as usize),
    })
}

/// Asks once more what was said of a solution, as if it were not known.
fn ask_again(
    store: &Store,
    visible: &Visible<'_>,
    comparing: &Comparing,
    (solution_id, saying): (&str, &Saying),
    scores: &mut Scores,
) -> Result<(), Error> {
    for is_whole in [false, true] {
        if is_whole && comparing.meaning.is_none() {
            continue;
        }
        let asked = Asked::of(
            comparing,
            visible,
            Text {
                text: &saying.text,
                language: "",
                is_whole,
            },
            lexical::Wanted::Best,
        )?;
        let without = Without {
            saying: Some((solution_id, saying.draw)),
            ..Without::default()
        };
        let ranking = ranking::rank(store, visible, comparing, &asked, &without)?;
        let first = ranking.answer.ranked.first();
        // What would have been found is what counts: of the accepted ones the rest has no answer that could be refused,
        // and of the rejected ones the rest was another one's question.
        if first.is_some_and(|first| ranking.found[first.place].0 == solution_id) {
            scores.add(ranking.answer.verdict, (is_whole, saying.accepted));
        }
    }
    Ok(())
}

/// What verdicts scored, by what was compared: of suggestions that were rejected, and of those that were accepted.
#[derive(Debug, Default)]
struct Scores {
    words: [Vec<f32>; 2],
    meaning: [Vec<f32>; 2],
}

impl Scores {
    fn add(&mut self, verdict: Verdict, (is_whole, accepted): (bool, bool)) {
        let scores = match verdict.basis {
            Basis::Words if !is_whole => &mut self.words,
            Basis::Meaning => &mut self.meaning,
            // Directions were not there yet.
            Basis::Words => return,
        };
        scores[usize::from(accepted)].push(verdict.score);
    }

    /// What they show, of so many accepted ones in all.
    fn calibrations(self, of: usize) -> verdict::Calibrations {
        let calibration = |[rejected, accepted]: [Vec<f32>; 2]| {
            Calibration::of(accepted, of).refined_by(rejected)
        };
        verdict::Calibrations {
            words: calibration(self.words),
            meaning: calibration(self.meaning),
        }
    }
}
