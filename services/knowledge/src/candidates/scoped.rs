//! Candidates for who does not read all of the tenant: made of the latest cases that lie within their scope, so that
//! neither words nor numbers say anything of others.

use std::collections::{BTreeMap, HashMap};

use aftercall_domain::Parties;
use aftercall_domain::masking::Known;
use aftercall_proto::model::v1::{Candidate, CandidateState};
use aftercall_service::{Paging, Total};
use aftercall_view::{Direction, Store};
use bytes::Bytes;
use prost::Message;

use super::{assemble, promoted_to};
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::{self, Ranking};
use crate::limits::{CANDIDATE_CASES_MAX, SCOPED_CASES_MAX};
use crate::page::Listed;
use crate::records::{Tally, timestamp};

/// The candidates of somebody's scope.
pub(super) struct Scoped<'a> {
    store: &'a Store,
    tenant_id: &'a str,
    /// The places of each one's cases, the latest first.
    cases: HashMap<String, Vec<Bytes>>,
    /// There are older cases, which are not looked at.
    is_cut: bool,
}

impl<'a> Scoped<'a> {
    /// Reads the latest cases in which one of `own` has a part, each once.
    pub(super) fn read(store: &'a Store, tenant_id: &'a str, own: &Parties) -> Result<Self, Error> {
        let mut latest: BTreeMap<Bytes, Bytes> = BTreeMap::new();
        let mut is_cut = false;
        for party in own.iter() {
            let list = keys::party_cases(tenant_id, party);
            for entry in store.scan_prefix(&list, Direction::Ascending) {
                let (key, candidate_id) = entry?;
                let place = key.slice(list.len()..);
                latest.insert(place.clone(), candidate_id);
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
        let mut cases: HashMap<String, Vec<Bytes>> = HashMap::new();
        for (place, candidate_id) in latest {
            let candidate_id = String::from_utf8(candidate_id.to_vec());
            let candidate_id = candidate_id.map_err(Error::internal)?;
            cases.entry(candidate_id).or_default().push(place);
        }
        Ok(Self {
            store,
            tenant_id,
            cases,
            is_cut,
        })
    }

    /// A candidate, if it has a case within the scope.
    pub(super) fn candidate(
        &self,
        candidate_id: &str,
        known: Option<&mut Known>,
    ) -> Result<Option<Candidate>, Error> {
        let Some(places) = self.cases.get(candidate_id) else {
            return Ok(None);
        };
        let tally = Tally {
            case_count: places.len() as u64,
            reason_code: self.reason_code(candidate_id)?,
        };
        let place = |place: &Bytes| keys::read_place(place).map_err(Error::internal);
        let latest = places.iter().take(CANDIDATE_CASES_MAX).map(place);
        let named = (candidate_id, tally);
        let mut candidate = assemble(self.store, self.tenant_id, named, latest, known)?;
        let first = places.last().map(place).transpose()?;
        candidate.first_seen_at = first.map(|(occurred_at_us, ..)| timestamp(occurred_at_us));
        Ok(Some(candidate))
    }

    /// A page of those that stand in a ranking, by their cases within the scope, and how many there are.
    pub(super) fn list(
        &self,
        ranking: Ranking<'_>,
        paging: &Paging,
        include_total: bool,
    ) -> Result<(Listed<Candidate>, Option<Total>), Error> {
        let cases = self.cases.iter();
        let mut ranked: Vec<(Vec<u8>, &str)> = cases
            .map(|(id, places)| (ranking.place(places.len() as u64, id).into(), id.as_str()))
            .collect();
        ranked.sort_unstable();
        let after = paging.after();
        let (mut page, mut last, mut next) = (paging.page(), None, None);
        let mut size = 0;
        for (place, candidate_id) in ranked {
            let is_due = next.is_none() && after.is_none_or(|after| place[..] > after[..]);
            if !(is_due || include_total) || !self.stands_in(ranking, candidate_id)? {
                continue;
            }
            size += 1;
            let candidate = match is_due {
                true => self.candidate(candidate_id, None)?,
                false => None,
            };
            let Some(candidate) = candidate else { continue };
            let bytes = candidate.encoded_len();
            if page.takes(bytes) {
                page.add(candidate, bytes);
                last = Some(Bytes::from(place));
            } else {
                next = last.take();
            }
        }
        let total = Total {
            size,
            is_lower_bound: self.is_cut,
        };
        let listed = Listed {
            items: page.into_items(),
            next,
        };
        Ok((listed, include_total.then_some(total)))
    }

    /// Whether a candidate is of the ranking's state and reason.
    fn stands_in(&self, ranking: Ranking<'_>, candidate_id: &str) -> Result<bool, Error> {
        let promoted = promoted_to(self.store, self.tenant_id, candidate_id)?.is_some();
        let is_of_state = promoted == (ranking.state == CandidateState::Promoted);
        Ok(is_of_state
            && match ranking.reason_code {
                None => true,
                Some(code) => self.reason_code(candidate_id)? == code,
            })
    }

    fn reason_code(&self, candidate_id: &str) -> Result<String, Error> {
        let key = keys::candidate(self.tenant_id, candidate_id);
        let tally = stored::<Tally>(self.store.get(key)?).map_err(Error::internal)?;
        Ok(tally.unwrap_or_default().reason_code)
    }
}
