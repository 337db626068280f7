//! All that shows a struggle: every contact and search that its counts are of.

use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{
    ListStruggleEvidenceRequest, ListStruggleEvidenceResponse, StruggleEvidence, StruggleSign,
};
use aftercall_service::{Call, Checker, Paging, Through, given};
use aftercall_view::{Direction, Store};
use bytes::Bytes;
use prost::Message;

use super::period::{Of, Period};
use super::records::{Asked, Shown, Sums, Trace};
use super::struggles::counts;
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::search::{self as keys, Showing};
use crate::limits::EVIDENCE;
use crate::reader::Viewer;
use crate::records::timestamp;

/// What is asked for, checked.
#[derive(Debug)]
pub(super) struct Query {
    tenant_id: String,
    viewer: Viewer,
    period: Period,
    reason_code: String,
    team_id: Option<String>,
    sign: StruggleSign,
    paging: Paging,
}

impl Query {
    /// Checks the request.
    pub(super) fn of(
        call: &Call<ListStruggleEvidenceRequest>,
        log: &LogIdentity,
    ) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let (from, before) = (message.from.as_ref(), message.before.as_ref());
        let period = Period::of(from, before, &mut checker);
        checker.id("reason_code", &message.reason_code);
        checker.id("team_id", &message.team_id);
        let sign = checker.known::<StruggleSign>("sign", message.sign);
        let size = checker.count("page_size", message.page_size, EVIDENCE);
        checker.done(())?;
        let (tenant_id, viewer) = (call.tenant_id().to_owned(), Viewer::of(call));
        let query: [&[u8]; 7] = [
            b"struggle evidence",
            tenant_id.as_bytes(),
            &viewer.scope.fingerprint(),
            &period.bytes(),
            message.reason_code.as_bytes(),
            message.team_id.as_bytes(),
            &message.sign.to_be_bytes(),
        ];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        Ok(Self {
            tenant_id,
            viewer,
            period,
            reason_code: message.reason_code.clone(),
            team_id: given(message.team_id.clone()),
            sign: sign.unwrap_or_default(),
            paging,
        })
    }

    /// The page that is asked for.
    pub(super) const fn paging(&self) -> &Paging {
        &self.paging
    }

    fn sums_of(&self) -> Of<'_> {
        Of {
            tenant_id: &self.tenant_id,
            scope: &self.viewer.scope,
            team_id: self.team_id.as_deref(),
            reason_code: Some(&self.reason_code),
        }
    }

    /// The page, and on the first one what all of it comes to.
    pub(super) fn list(
        &self,
        store: &Store,
        (through, log): (&Through, &LogIdentity),
    ) -> Result<ListStruggleEvidenceResponse, Error> {
        let list = keys::shown(&self.tenant_id, &self.reason_code);
        let (from_us, before_us) = self.period.span_us();
        let from = match self.paging.after() {
            Some(place) => [&*list, place, &[0]].concat(),
            None => list.clone().time_descending(before_us - 1).to_vec(),
        };
        let to = list.clone().time_descending(from_us - 1);
        let is_first = self.paging.after().is_none();
        let (mut page, mut last, mut more) = (self.paging.page(), None, false);
        let (mut all, mut total) = (Sums::default(), 0);
        for entry in store.scan_range(from, Some(&to), Direction::Ascending) {
            let (key, shown) = entry?;
            let shown = Shown::decode(shown).map_err(Error::internal)?;
            if !self.sums_of().admits(&shown.site_id, &shown.team_id) {
                continue;
            }
            let (at_us, showing) = keys::read_showing(&key, &list).map_err(Error::internal)?;
            let Some(sums) = self.counted(store, &showing)? else {
                continue;
            };
            all.shift(&sums, 1);
            total += 1;
            if !more {
                let one = evidence(showing, at_us, &sums);
                let bytes = one.encoded_len();
                match page.takes(bytes) {
                    true => {
                        page.add(one, bytes);
                        last = Some(Bytes::copy_from_slice(&key[list.len()..]));
                    }
                    false => more = true,
                }
            }
            // On the first page all of it is counted.
            if more && !is_first {
                break;
            }
        }
        Ok(ListStruggleEvidenceResponse {
            evidence: page.into_items(),
            counts: is_first.then(|| counts(&all)),
            total_size: is_first.then_some(total),
            next_page_token: self
                .paging
                .token(log, &through.positions, last.filter(|_| more)),
            complete_through: through.position(log),
            complete_through_at: through.time(),
        })
    }

    /// What is counted of a contact or a search, if it shows what is asked for.
    fn counted(&self, store: &Store, showing: &Showing) -> Result<Option<Sums>, Error> {
        let tenant_id = &*self.tenant_id;
        let counted = match showing {
            Showing::Contact(id, whose) => {
                let trace = store.get(keys::trace(tenant_id, id, *whose))?;
                let trace: Option<Trace> = stored(trace).map_err(Error::internal)?;
                trace.and_then(|trace| trace.counted)
            }
            Showing::Search(id) => {
                let asked = store.get(keys::asked(tenant_id, id))?;
                let asked: Option<Asked> = stored(asked).map_err(Error::internal)?;
                asked.and_then(|asked| asked.counted)
            }
        };
        let sums = counted.map(|counted| counted.sums);
        Ok(sums.filter(|sums| self.shows(sums)))
    }

    const fn shows(&self, sums: &Sums) -> bool {
        match self.sign {
            StruggleSign::Unspecified => true,
            StruggleSign::LookupHold => sums.lookups > 0,
            StruggleSign::UnansweredSearch => sums.unanswered > 0,
            StruggleSign::TransferAfterSearch => sums.transfers > 0,
            StruggleSign::Assist => sums.assists > 0,
            StruggleSign::Correction => sums.corrections > 0,
            StruggleSign::Repeat => sums.repeats > 0,
        }
    }
}

fn evidence(showing: Showing, at_us: i64, sums: &Sums) -> StruggleEvidence {
    let (interaction_id, search_id) = match showing {
        Showing::Contact(id, _) => (id, String::new()),
        Showing::Search(id) => (String::new(), id),
    };
    StruggleEvidence {
        interaction_id,
        search_id,
        at: Some(timestamp(at_us)),
        counts: Some(counts(sums)),
        score: sums.score(),
    }
}
