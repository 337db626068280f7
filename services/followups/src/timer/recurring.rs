//! The next promise of a series.
//!
//! Its id follows from the series and its number there, and so does its event's: whoever makes it, and however often, it
//! is made once.

use aftercall_domain::CommitmentId;
use aftercall_domain::commitment::Commitment;
use aftercall_domain::interaction::occurrence_commitment_id;
use aftercall_log::Record;
use aftercall_service::seal::Author;
use aftercall_service::{ActorKind, Unread};
use aftercall_view::{ApplyError, Store};
use jiff::Timestamp;

use super::firing::{ACTOR, House};
use crate::making::Basis;

/// What there is to be said of a series.
#[derive(Debug)]
pub(super) enum Next {
    /// The next promise.
    Record(Box<Record>),
    /// Nothing, or something that is no promise.
    Nothing,
    /// The contact in which it was promised could not be read.
    Later,
}

impl House {
    /// The promise that follows another one in its series, if that is what is to be said first. Blocks.
    pub(super) fn next_occurrence(
        &self,
        store: &Store,
        tenant_id: &str,
        of: (&Commitment, u64),
        now: Timestamp,
    ) -> Result<Next, ApplyError> {
        let Some((made_at, mut draft)) = of.0.recurs(now) else {
            return Ok(Next::Nothing);
        };
        let contacts = self.deciding().contacts();
        let basis = match Basis::of_promise((store, contacts), tenant_id, of, made_at) {
            Ok(basis) => basis,
            Err(Unread::Unavailable(_)) => return Ok(Next::Later),
            Err(unread) => return Err(ApplyError::record(unread)),
        };
        let place = draft.occurrence.as_ref();
        let place = place.map_or(("", 0), |place| (&*place.series_id, place.number));
        let id = occurrence_commitment_id(&basis.key, place.0, place.1);
        draft.commitment_id = CommitmentId::from(id).into_string();
        basis.follow_up(&mut draft, tenant_id, self.set_up())?;
        let by = Author {
            tenant_id,
            actor_id: ACTOR,
            kind: ActorKind::System,
        };
        let record = basis.record(draft, (by, None), now);
        let record = record.map_err(ApplyError::record)?;
        Ok(Next::Record(Box::new(record)))
    }
}
