//! What a question that has an answer scores, by a tenant's own contacts: each of a sample is asked for once more, as if
//! it were not known yet. So "nothing fits" is said by what has held here, once there is enough of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::solution::Reader;
use aftercall_retrieval::verdict::{self, Basis, Calibration};
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
use crate::ranking::{self, Asked, Comparing};
use crate::sayings::Sayings;
use crate::visible::Visible;

/// What tenants' own uses have shown. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calibrations(Arc<RwLock<BTreeMap<String, Arc<Calibrated>>>>);

/// What one tenant's have shown.
#[derive(Debug, Default)]
pub(crate) struct Calibrated {
    /// How many sayings there were.
    said: u64,
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
            let (said, before) = (stored_number(Some(value)), self.of(&tenant_id));
            let is_much = said.abs_diff(before.said) * 5 >= before.said.max(1);
            let is_whole = before
                .lacking
                .as_ref()
                .is_some_and(|lacking| indexed.covers_all(lacking));
            if said < verdict::ACCEPTED_MIN as u64 || !(is_much || is_whole) {
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
    (tenant_id, said): (&str, u64),
) -> Result<Calibrated, Error> {
    let house = Reader::Within { teams: None };
    let sight = Filter::default().sight(&house, 0);
    let sights = &comparing.memory.sights;
    let visible = Visible::of(sights, (&snapshot.searcher, fields), tenant_id, &sight)?;
    // Each solution that has sayings gives one, each so many-th of them.
    let step = (visible.documents() as usize)
        .div_ceil(CALIBRATED_BY_MAX)
        .max(1);
    let (mut by_words, mut by_meaning) = (Vec::new(), Vec::new());
    for (number, address) in visible.all().enumerate().step_by(step) {
        let Some((_, solution_id)) = lexical::solution_at(&visible, address)? else {
            continue;
        };
        let sayings = Sayings::read(store, tenant_id, &solution_id).map_err(Error::internal)?;
        let accepted: Vec<_> = sayings.accepted().collect();
        let each = CALIBRATED_BY_MAX.div_ceil(visible.documents().max(1) as usize);
        for at in 0..each.min(accepted.len()) {
            let saying = accepted[(number + at) % accepted.len()];
            for is_whole in [false, true] {
                if is_whole && comparing.meaning.is_none() {
                    continue;
                }
                let asked = Asked::of(comparing, &visible, (&saying.text, is_whole))?;
                let without = Some((solution_id.as_str(), saying.draw));
                let ranking = ranking::rank(store, &visible, comparing, &asked, without)?;
                let first = ranking.answer.ranked.first();
                // What would have been found is what counts: the rest has no answer that could be refused.
                if first.is_some_and(|first| ranking.solution_ids[first.place] == solution_id) {
                    let verdict = ranking.answer.verdict;
                    match verdict.basis {
                        Basis::Words if !is_whole => by_words.push(verdict.score),
                        Basis::Meaning => by_meaning.push(verdict.score),
                        // Directions were not there yet.
                        Basis::Words => {}
                    }
                }
            }
        }
    }
    let of = said as usize;
    Ok(Calibrated {
        said,
        lacking: None,
        by: verdict::Calibrations {
            words: Calibration::of(by_words, of),
            meaning: Calibration::of(by_meaning, of),
        },
    })
}
