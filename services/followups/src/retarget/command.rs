//! One promise, followed up by the policies as they are when its turn comes.

use aftercall_domain::commitment::Retargeting;
use aftercall_proto::convert::commitment::fact;
use aftercall_service::Principal;
use aftercall_service::command::{Command, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_view::Store;
use jiff::Timestamp;

use super::plan::House;
use crate::failure::Refused;
use crate::stored;

/// Applies the policies of now to one promise.
pub(super) struct Retarget {
    pub(super) principal: Principal,
    pub(super) request_id: String,
    pub(super) hash: RequestHash,
    pub(super) house: House,
    pub(super) commitment_id: String,
    pub(super) whose: u64,
}

impl Command for Retarget {
    /// Where the change stands.
    type Done = String;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<String>, Refused> {
        let tenant_id = &self.principal.tenant_id;
        let get = |key: &[u8]| store.get(key);
        let found = stored::commitment(tenant_id, &self.commitment_id, self.whose, get)?;
        let commitment = found.ok_or(Refused::NotFound)?;
        let name = (&*self.principal.actor_id, &*self.request_id, self.hash);
        if let Some(position) = self.house.done(store, name)? {
            return Ok(Decision::Done(position));
        }
        let set = self.house.set()?;
        let change = match self.house.judge(&set, (&commitment, self.whose), now)? {
            Retargeting::Changes(change) => *change,
            // Somebody was faster, and left nothing to do.
            Retargeting::Same | Retargeting::MovedByHand => {
                return Ok(Decision::Done(String::new()));
            }
        };
        let event = commitment.retarget(change, &self.principal.actor_id, now);
        let key = stored::log_key(store, tenant_id, &commitment, self.whose)?;
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &commitment.commitment_id,
            interaction_id: &commitment.interaction_id,
            customer_id: commitment.customer_id.as_deref().unwrap_or_default(),
            sequence: event.sequence,
            occurred_at: event.recorded_at,
            recorded_at: event.recorded_at,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        let record = sealing.seal_under(key, &fact(event.change))?;
        Ok(Decision::Append(Box::new(record)))
    }
}
