//! How a candidate stands: what was made of it, or was decided on it last. Read alike by the fold and by queries.

use aftercall_proto::model::v1::CandidateState;
use aftercall_view::{ApplyError, Store, StoreError, Txn};
use bytes::Bytes;

use crate::fold::stored;
use crate::keys;
use crate::records::{Decision, Made};

/// What rows are read from.
pub(crate) trait Rows {
    /// The value of a key.
    fn row(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;
}

impl Rows for Store {
    fn row(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.get(key)
    }
}

impl Rows for Txn<'_> {
    fn row(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.get(key)
    }
}

/// How a candidate stands by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Standing {
    /// Nothing was decided on it, or that is over.
    Free,
    /// A reviewer decided on it, and on others together.
    Decided {
        /// Which decision it was: its row's key.
        key: Bytes,
        decision: Box<Decision>,
    },
    /// It became a solution.
    Promoted { solution_id: String },
}

impl Standing {
    /// How a candidate stands as far as no clock is asked: claims that may have ended stand, too.
    pub(crate) fn read(
        rows: &impl Rows,
        tenant_id: &str,
        candidate_id: &str,
    ) -> Result<Self, ApplyError> {
        if let Some(solution_id) = promoted_to(rows, tenant_id, candidate_id)? {
            return Ok(Self::Promoted { solution_id });
        }
        let Some(key) = rows.row(&keys::decided(tenant_id, candidate_id))? else {
            return Ok(Self::Free);
        };
        let decision = rows.row(&key)?;
        let decision: Option<Decision> = stored(decision)?;
        let decision = decision.filter(|decision| decision.state() != CandidateState::Open);
        Ok(decision.map_or(Self::Free, |decision| {
            let decision = Box::new(decision);
            Self::Decided { key, decision }
        }))
    }

    /// The same at a time: a claim ends, and what was put off is offered again.
    pub(crate) fn at(self, now_us: i64) -> Self {
        match &self {
            Self::Decided { decision, .. }
                if decision.until_us.is_some_and(|until| until <= now_us) =>
            {
                Self::Free
            }
            _ => self,
        }
    }

    /// The state that it is shown in.
    pub(crate) fn state(&self) -> CandidateState {
        match self {
            Self::Free => CandidateState::Open,
            Self::Decided { decision, .. } => decision.state(),
            Self::Promoted { .. } => CandidateState::Promoted,
        }
    }

    /// When it ends, if it does.
    pub(crate) fn until_us(&self) -> Option<i64> {
        match self {
            Self::Decided { decision, .. } => decision.until_us,
            Self::Free | Self::Promoted { .. } => None,
        }
    }
}

/// The solution that a candidate became; of several, the one with the least id.
fn promoted_to(
    rows: &impl Rows,
    tenant_id: &str,
    candidate_id: &str,
) -> Result<Option<String>, ApplyError> {
    let made = made_of(rows, tenant_id, candidate_id)?;
    Ok(made.solution_ids.into_iter().next())
}

/// All solutions that were made of a candidate.
pub(crate) fn made_of(
    rows: &impl Rows,
    tenant_id: &str,
    candidate_id: &str,
) -> Result<Made, ApplyError> {
    let made = stored(rows.row(&keys::promoted(tenant_id, candidate_id))?)?;
    Ok(made.unwrap_or_default())
}
