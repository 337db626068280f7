//! What there is to begin with, where somebody wants to write an answer.

use aftercall_domain::Scope;
use aftercall_proto::model::v1::CandidateState;
use aftercall_view::Store;

use super::Reader;
use super::rows::Row;
use super::scoped::Scoped;
use crate::failure::Error;
use crate::keys::Ranking;
use crate::limits::ROWS_LOOKED_AT_MAX;

/// The open candidates of reasons that would save most, of those that somebody sees.
pub(crate) struct Firsts<'a> {
    store: &'a Store,
    tenant_id: &'a str,
    /// Those of the caller's scope; none for somebody who reads all of the tenant.
    scoped: Option<Scoped<'a>>,
    now_us: i64,
}

impl<'a> Firsts<'a> {
    /// Those that somebody of a scope sees, as they stand at `now_us`.
    pub(crate) fn read(
        store: &'a Store,
        (tenant_id, scope): (&'a str, &Scope),
        now_us: i64,
    ) -> Result<Self, Error> {
        let scoped = scope
            .parties()
            .map(|own| Scoped::read(store, tenant_id, own));
        Ok(Self {
            store,
            tenant_id,
            scoped: scoped.transpose()?,
            now_us,
        })
    }

    /// The one of a reason, and how many cases it has.
    pub(crate) fn of(&self, reason_code: &str) -> Result<Option<(String, u64)>, Error> {
        let reader = Reader {
            store: self.store,
            tenant_id: self.tenant_id,
            scoped: self.scoped.as_ref(),
            now_us: self.now_us,
        };
        let ranking = Ranking {
            tenant_id: self.tenant_id,
            state: CandidateState::Open,
            reason_code: Some(reason_code),
        };
        let groups = reader.groups();
        for row in reader.rows(ranking, None)?.take(ROWS_LOOKED_AT_MAX) {
            let Row { candidate_id, .. } = row?;
            let group = groups.led_by(&candidate_id)?;
            if let Some(group) = group.filter(|group| group.state() == CandidateState::Open) {
                return Ok(Some((candidate_id, group.case_count())));
            }
        }
        Ok(None)
    }
}
