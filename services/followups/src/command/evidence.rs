//! The contacts that commands name as evidence.

use aftercall_domain::Violations;
use aftercall_domain::commitment::{Commitment, Shown};
use aftercall_domain::interaction::Reach;
use aftercall_domain::violation::Reason;
use aftercall_ledger::CallRow;
use aftercall_proto::convert::{call, interaction};
use aftercall_view::Store;
use jiff::Timestamp;

use super::{Asked, Wish};
use crate::contacts::{Named, Promised, Witness};
use crate::failure::Refused;
use crate::keys::calls::CALLS;
use crate::keys::{contacts, matched};
use crate::projection::contacts::Short;

impl Asked {
    /// What is wanted, with what follows from the contact that is named as evidence; none if none is. The contact must
    /// be there, be one with the customer, and show what is said: else any word would make a promise kept, or let us
    /// off.
    pub(super) fn by_evidence(
        &self,
        store: &Store,
        commitment: &Commitment,
        (wish, now): (Wish, Timestamp),
    ) -> Result<Option<Wish>, Refused> {
        let Some(named) = wish.evidence() else {
            return Ok(None);
        };
        let witness = self.witness(store, commitment, named)?;
        let shown = self.shown(store, witness)?;
        Ok(Some(match wish {
            Wish::Fulfil(wish) => Wish::Fulfil(commitment.fulfilled_in(wish, &shown)?),
            Wish::Attempt(wish) => {
                self.check_new(store, commitment, &shown.interaction_id)?;
                Wish::Attempt(commitment.attempted_in(wish, &shown)?)
            }
            wish => {
                commitment.check_told(&shown, now)?;
                wish
            }
        }))
    }

    /// The contact, if it is one with the customer.
    pub(super) fn witness(
        &self,
        store: &Store,
        commitment: &Commitment,
        (field, interaction_id): (&'static str, &str),
    ) -> Result<Witness, Refused> {
        let tenant_id = &self.principal.tenant_id;
        let merged = self.merged(store, commitment)?;
        let promised = Promised {
            commitment,
            merged: &merged,
        };
        let named = self.contacts.named(tenant_id, promised, interaction_id)?;
        let (reason, text) = match named {
            Named::Theirs(witness) => return Ok(*witness),
            Named::SomebodyElses if self.scope.is_all() => {
                let text = "is a contact with somebody else; name one with the customer to whom it \
                            was promised";
                (Reason::Conflicting, text)
            }
            // Whether it is somebody else's, or not there at all, is for those to know who read everything.
            Named::SomebodyElses | Named::Nowhere => {
                let text = "there is no such contact with the customer; check the id, record the contact \
                            first, or give a message's id in its own field";
                (Reason::NotFound, text)
            }
        };
        let mut found = Violations::new();
        found.add(field, reason, text);
        Err(found.into())
    }

    /// What a contact shows: as it was recorded, with what telephony tells of it where its record says nothing, and
    /// with its parts as they were amended.
    pub(super) fn shown(&self, store: &Store, witness: Witness) -> Result<Shown, Refused> {
        let Witness {
            whose,
            recorded_at,
            began_at,
            interaction: mut recorded,
        } = witness;
        let tenant_id = &self.principal.tenant_id;
        let id = recorded.interaction_id.clone();
        let told = CALLS.read(tenant_id, &id, |key| store.get(key))?;
        if let Some(told) = told.as_ref().and_then(CallRow::call) {
            call::complete(&mut recorded, told);
        }
        let short = store.get(contacts::contact(tenant_id, &id, whose))?;
        let short = short.map(Short::decode_row).transpose()?;
        // What is odd about it was refused before it was recorded.
        let contact = interaction::read(recorded, &mut Violations::new());
        let (mut parts, mut over_at) = (contact.parts_shown(), contact.over_at());
        if let Some(amended) = short.and_then(|short| short.amended_parts) {
            let at = |us: i64| Timestamp::from_microsecond(us).ok();
            let worked_until = amended.worked_until_us.and_then(at);
            over_at = contact.ended_at.max(worked_until);
            parts = amended.shown();
        }
        Ok(Shown {
            began_at,
            over_at,
            recorded_at,
            reach: Reach::of(contact.channel, contact.direction, &parts),
            talk: parts.talk,
            interaction_id: id,
        })
    }

    /// A contact is one attempt, however often somebody says so.
    fn check_new(
        &self,
        store: &Store,
        commitment: &Commitment,
        interaction_id: &str,
    ) -> Result<(), Refused> {
        let tenant_id = &self.principal.tenant_id;
        let counted = matched::counted(tenant_id, &commitment.commitment_id, interaction_id);
        if store.get(counted)?.is_none() {
            return Ok(());
        }
        let mut found = Violations::new();
        let text = "counts as an attempt already; name another contact, or leave the attempt out";
        found.add("evidence_interaction_id", Reason::Conflicting, text);
        Err(found.into())
    }
}
