//! Candidates for who does not read all of the tenant: made of the latest cases that lie within their scope, so that
//! neither words nor numbers say anything of others.

use std::collections::{BTreeMap, HashMap};

use aftercall_domain::Parties;
use aftercall_view::{Direction, Store};
use bytes::Bytes;

use crate::failure::Error;
use crate::fold::stored;
use crate::keys::{self, Ranking};
use crate::limits::SCOPED_CASES_MAX;
use crate::records::{Lessons, Tally, Taught};

/// The cases of somebody's scope.
pub(crate) struct Scoped<'a> {
    store: &'a Store,
    tenant_id: &'a str,
    /// Of each candidate its cases, the latest first: their places, and what they are.
    cases: HashMap<String, Vec<(Bytes, Taught)>>,
    /// There are older cases, which are not looked at.
    pub(super) is_cut: bool,
}

impl<'a> Scoped<'a> {
    /// Reads the latest cases in which one of `own` has a part, each once.
    pub(crate) fn read(store: &'a Store, tenant_id: &'a str, own: &Parties) -> Result<Self, Error> {
        let mut latest: BTreeMap<Bytes, Bytes> = BTreeMap::new();
        let mut is_cut = false;
        for party in own.iter() {
            let list = keys::party_cases(tenant_id, party);
            for entry in store.scan_prefix(&list, Direction::Ascending) {
                let (key, lessons) = entry?;
                let place = key.slice(list.len()..);
                latest.insert(place.clone(), lessons);
                if latest.len() > SCOPED_CASES_MAX {
                    is_cut = true;
                    let oldest = latest.pop_last();
                    // What follows in this list is older still.
                    if oldest.is_some_and(|(oldest, _)| oldest == place) {
                        break;
                    }
                }
            }
        }
        let mut cases: HashMap<String, Vec<(Bytes, Taught)>> = HashMap::new();
        for (place, lessons) in latest {
            let lessons = stored::<Lessons>(Some(lessons)).map_err(Error::internal)?;
            for taught in lessons.unwrap_or_default().taught {
                let of_candidate = cases.entry(taught.candidate_id()).or_default();
                of_candidate.push((place.clone(), taught));
            }
        }
        Ok(Self {
            store,
            tenant_id,
            cases,
            is_cut,
        })
    }

    /// The cases of a candidate within the scope, the latest first: their places, and what they are.
    pub(super) fn cases(&self, candidate_id: &str) -> &[(Bytes, Taught)] {
        self.cases.get(candidate_id).map_or(&[], Vec::as_slice)
    }

    /// What a candidate's cases within the scope come to; none if it has none there.
    pub(super) fn tally(&self, candidate_id: &str) -> Result<Option<Tally>, Error> {
        let Some(cases) = self.cases.get(candidate_id) else {
            return Ok(None);
        };
        let mut tally = Tally {
            reason_code: self.reason_code(candidate_id)?,
            ..Tally::default()
        };
        for (place, taught) in cases {
            let (occurred_at_us, ..) = keys::read_place(place).map_err(Error::internal)?;
            tally.shift(occurred_at_us, taught, true);
        }
        Ok(Some(tally))
    }

    /// The candidates that have cases within the scope, by their places in a ranking.
    pub(super) fn ranked(&self, ranking: Ranking<'_>) -> Result<Vec<(Bytes, String)>, Error> {
        let mut ranked = Vec::with_capacity(self.cases.len());
        for candidate_id in self.cases.keys() {
            let tally = self.tally(candidate_id)?.unwrap_or_default();
            if ranking
                .reason_code
                .is_none_or(|code| code == tally.reason_code)
            {
                let place = ranking.place(tally.worth().rank(), candidate_id);
                ranked.push((place.into(), candidate_id.clone()));
            }
        }
        ranked.sort_unstable();
        Ok(ranked)
    }

    /// The reason of a candidate, of whatever scope.
    pub(super) fn reason_code(&self, candidate_id: &str) -> Result<String, Error> {
        let key = keys::candidate(self.tenant_id, candidate_id);
        let tally = stored::<Tally>(self.store.get(key)?).map_err(Error::internal)?;
        Ok(tally.unwrap_or_default().reason_code)
    }
}
