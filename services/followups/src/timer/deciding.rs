//! What a contact makes of a promise that it says it follows up.

use aftercall_domain::commitment::{
    Attempt, Commitment, Contact, FollowingUp, Origin, Owner, Return,
};
use aftercall_domain::ids::Namespace;
use aftercall_domain::setting::FollowUpPolicy;
use aftercall_ledger::Ready;
use aftercall_log::Record;
use aftercall_proto::convert::commitment::{fact, fact_telling};
use aftercall_proto::convert::due::duration_to_wire;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::RepeatAttributed;
use aftercall_proto::model::v1 as wire;
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::{SignedDuration, Timestamp};

use super::firing::{ACTOR, House};
use super::recovering;
use crate::contacts::{Contacts, Promised};
use crate::keys::matched::{self, Following};
use crate::keys::{self, MERGED, contacts};
use crate::projection::contacts::Short;
use crate::projection::followed_up::SaidOf;
use crate::{repeats, stored};

/// What is needed to decide about contacts that follow promises up.
#[derive(Debug, Clone)]
pub(crate) struct Deciding {
    pub(super) contacts: Contacts,
    pub(super) policies: Ready<FollowUpPolicy>,
}

/// What a look at one contact came to.
#[derive(Debug)]
pub(super) enum Look {
    /// What the log is to be told.
    Record(Box<Record>),
    /// Nothing can be decided for now.
    Nothing,
    /// What it takes could not be read.
    Later,
}

impl Deciding {
    pub(crate) const fn new(contacts: Contacts, policies: Ready<FollowUpPolicy>) -> Self {
        Self { contacts, policies }
    }

    /// The contacts that are recorded.
    pub(super) const fn contacts(&self) -> &Contacts {
        &self.contacts
    }
}

impl House {
    /// Decides about a contact, by the open promise to its customer that has the id which it names. Blocks.
    pub(super) fn look(
        &self,
        store: &Store,
        following: &Following,
        now: Timestamp,
    ) -> Result<Look, ApplyError> {
        let Some(said) = said(store, following)? else {
            return Ok(Look::Nothing);
        };
        let named = keys::commitments(&following.tenant_id, &following.commitment_id);
        let mut look = Look::Nothing;
        for entry in store.scan_prefix(named, Direction::Ascending) {
            let (key, row) = entry?;
            let whose = key
                .last_chunk()
                .map_or(0, |whose| u64::from_be_bytes(*whose));
            let commitment = stored::decode_commitment(row)?;
            match self.try_promise(store, (&commitment, whose), (following, &said), now)? {
                Look::Nothing => {}
                Look::Later => look = Look::Later,
                record => return Ok(record),
            }
        }
        Ok(look)
    }

    /// What the first contact makes of a promise that nobody has decided about yet. What was said of a promise before
    /// its due passed comes before the lapse. Blocks.
    pub(super) fn first(
        &self,
        store: &Store,
        tenant_id: &str,
        (commitment, whose): (&Commitment, u64),
        now: Timestamp,
    ) -> Result<Option<Record>, ApplyError> {
        let all = Vec::from(matched::followed_up(tenant_id, &commitment.commitment_id));
        if store.get(&all)?.is_none() {
            return Ok(None);
        }
        for entry in store.scan_prefix(&all, Direction::Ascending) {
            let (key, row) = entry?;
            if key.len() <= all.len() {
                continue;
            }
            let following = Following::read(&key).map_err(ApplyError::record)?;
            let said = SaidOf::decode_row(row)?;
            if store.get(following.undecided(said.position()))?.is_none() {
                continue;
            }
            let of = (commitment, whose);
            if let Look::Record(record) = self.try_promise(store, of, (&following, &said), now)? {
                return Ok(Some(*record));
            }
        }
        Ok(None)
    }

    /// What a contact makes of a promise that has the id which it names. What it does for the promise comes before what
    /// rested goes on: of a promise that is kept by it nothing goes on, and nobody is told of an alert that is over with
    /// it. To call back is not done by a contact in which the customer was back first.
    fn try_promise(
        &self,
        store: &Store,
        (commitment, whose): (&Commitment, u64),
        (following, said): (&Following, &SaidOf),
        now: Timestamp,
    ) -> Result<Look, ApplyError> {
        let of = (commitment, whose);
        if said.returns && commitment.origin == Origin::DropRecovery {
            return self.by_return(store, of, following, now);
        }
        match self.by_attempt(store, of, (following, said), now)? {
            Look::Nothing if said.returns => self.by_return(store, of, following, now),
            look => Ok(look),
        }
    }

    /// What a contact makes of a promise that it says it follows up.
    fn by_attempt(
        &self,
        store: &Store,
        (commitment, whose): (&Commitment, u64),
        (following, said): (&Following, &SaidOf),
        now: Timestamp,
    ) -> Result<Look, ApplyError> {
        let by_message = said.by_message;
        let Some(said) = &said.attempt else {
            return Ok(Look::Nothing);
        };
        let counted = matched::counted(
            &following.tenant_id,
            &commitment.commitment_id,
            &following.interaction_id,
        );
        // Looked for after the promise was read, of which the view may know more by now than when this was undecided.
        if !commitment.is_open() || store.get(counted)?.is_some() {
            return Ok(Look::Nothing);
        }
        match self.deciding().is_theirs(store, following, commitment) {
            Some(true) => {}
            Some(false) => return Ok(Look::Nothing),
            None => return Ok(Look::Later),
        }
        let Ok(attempt) = Attempt::try_from(said.clone()) else {
            return Ok(Look::Nothing);
        };
        let contact = FollowingUp {
            interaction_id: following.interaction_id.clone(),
            at: attempt.at,
            result: attempt.result,
            talk: attempt.talk,
            by_message,
            agent_id: attempt.by,
        };
        let policy = match &commitment.policy {
            Some(by) => {
                let version = by.version.into();
                let tenant_id = &following.tenant_id;
                self.deciding()
                    .policies
                    .as_of(tenant_id, &by.policy_id, version)?
            }
            None => None,
        };
        let fulfilment = policy.as_ref().map(|policy| &policy.fulfilment);
        let Ok(event) = commitment.follow_up(contact, ACTOR, now, fulfilment) else {
            return Ok(Look::Nothing);
        };
        let sealing = Sealing {
            by: Author {
                tenant_id: &following.tenant_id,
                actor_id: &event.actor_id,
                kind: ActorKind::System,
            },
            aggregate_id: &commitment.commitment_id,
            interaction_id: &commitment.interaction_id,
            customer_id: commitment.customer_id.as_deref().unwrap_or_default(),
            sequence: event.sequence,
            occurred_at: attempt.at,
            recorded_at: event.recorded_at,
            import_batch: "",
            // The event's id follows from the promise and the contact, whoever decides.
            request: Some(Request {
                id: "",
                hash: RequestHash::of(said),
            }),
        };
        let log_key = stored::log_key(store, &following.tenant_id, commitment, whose)?;
        let record = sealing.seal_under(log_key, &fact(event.change));
        Ok(Look::Record(Box::new(record.map_err(ApplyError::record)?)))
    }

    /// What a contact makes of a promise in which its customer reached us: it is withdrawn, or what rested goes on.
    fn by_return(
        &self,
        store: &Store,
        (commitment, whose): (&Commitment, u64),
        following: &Following,
        now: Timestamp,
    ) -> Result<Look, ApplyError> {
        if commitment.origin == Origin::DropRecovery {
            return recovering::withdraw(store, (commitment, whose), following, now);
        }
        let (tenant_id, contact) = (&*following.tenant_id, &*following.interaction_id);
        let id = (tenant_id, contact, following.whose);
        let Some(short) = Short::find(id, |key| store.get(key))? else {
            return Ok(Look::Nothing);
        };
        let Ok(began_at) = Timestamp::from_microsecond(short.began_at_us) else {
            return Ok(Look::Nothing);
        };
        let merged = match &commitment.customer_id {
            Some(customer_id) => MERGED.customers(store, tenant_id, customer_id)?,
            None => Vec::new(),
        };
        let handles = short.handles();
        let of = Contact {
            interaction_id: contact,
            customer_id: Some(&*short.customer_id).filter(|id| !id.is_empty()),
            handles: &handles,
        };
        // Of two promises of one id it may be the other one that it is about.
        if !commitment.is_met_by_return(of, began_at, &merged) {
            return Ok(Look::Nothing);
        }
        let back = Return {
            interaction_id: contact,
            began_at,
        };
        let event = self.by_telling(tenant_id, commitment, |calendars, escalates_by| {
            commitment.go_on_by_return(back, (ACTOR, now), calendars, escalates_by)
        })?;
        let Some(event) = event else {
            return Ok(Look::Nothing);
        };
        let sealing = Sealing {
            by: Author {
                tenant_id,
                actor_id: ACTOR,
                kind: ActorKind::System,
            },
            aggregate_id: &commitment.commitment_id,
            interaction_id: &commitment.interaction_id,
            customer_id: commitment.customer_id.as_deref().unwrap_or_default(),
            sequence: event.sequence,
            occurred_at: began_at,
            recorded_at: event.recorded_at,
            import_batch: "",
            // What the promise was like follows from its number, so that the event's id is the same whoever decides.
            request: None,
        };
        let log_key = stored::log_key(store, tenant_id, commitment, whose)?;
        let said = fact_telling(event.change, event.escalation);
        let record = sealing.seal_under(log_key, &said);
        Ok(Look::Record(Box::new(record.map_err(ApplyError::record)?)))
    }
}

impl Deciding {
    /// Finds out which broken promise caused a contact. Blocks.
    pub(super) fn cause(
        &self,
        store: &Store,
        following: &Following,
        now: Timestamp,
    ) -> Result<Look, ApplyError> {
        let Following {
            tenant_id,
            interaction_id,
            whose,
            ..
        } = following;
        let short = store.get(contacts::contact(tenant_id, interaction_id, *whose))?;
        let Some(short) = short.map(Short::decode_row).transpose()? else {
            return Ok(Look::Nothing);
        };
        let Ok(began_at) = Timestamp::from_microsecond(short.began_at_us) else {
            return Ok(Look::Nothing);
        };
        if short.cause.is_some() || short.customer_id.is_empty() {
            return Ok(Look::Nothing);
        }
        let of = (&**tenant_id, &*short.customer_id);
        let found = repeats::cause_of(store, of, (began_at, short.began_at_us))?;
        let Some(cause) = found else {
            return Ok(Look::Nothing);
        };
        let log_key = short.log_key.clone();
        let repeat = Namespace::Repeat.id(&[&log_key[..], interaction_id.as_bytes()]);
        let repeat = repeat.to_string();
        let sealing = Sealing {
            by: Author {
                tenant_id,
                actor_id: ACTOR,
                kind: ActorKind::System,
            },
            aggregate_id: &repeat,
            interaction_id,
            customer_id: &short.customer_id,
            sequence: short.times_said.saturating_add(1),
            occurred_at: began_at,
            recorded_at: now,
            import_batch: "",
            request: None,
        };
        let fact = Fact::RepeatAttributed(Box::new(attributed(cause, (&**interaction_id, &short))));
        let record = sealing.seal_under(log_key, &fact);
        Ok(Look::Record(Box::new(record.map_err(ApplyError::record)?)))
    }

    /// Whether the contact is with the customer to whom the promise was made; none while that can't be read.
    fn is_theirs(
        &self,
        store: &Store,
        following: &Following,
        commitment: &Commitment,
    ) -> Option<bool> {
        let tenant_id = &following.tenant_id;
        let merged = match &commitment.customer_id {
            Some(customer_id) => MERGED.customers(store, tenant_id, customer_id).ok()?,
            None => Vec::new(),
        };
        let promised = Promised {
            commitment,
            merged: &merged,
        };
        let contact = &following.interaction_id;
        let theirs = self.contacts.is_customers(tenant_id, promised, contact);
        theirs.ok().map(|theirs| theirs == Some(true))
    }
}

/// What a contact says of a promise, or makes of it, if it does.
fn said(store: &Store, following: &Following) -> Result<Option<SaidOf>, ApplyError> {
    let row = store.get(following.key())?;
    row.map(SaidOf::decode_row).transpose()
}

/// That a promise whose due had passed caused a contact.
fn attributed(
    (promise, lapsed_at): (Commitment, Timestamp),
    (interaction_id, contact): (&str, &Short),
) -> RepeatAttributed {
    let owner_team_id = match promise.owner_team_id.is_empty() {
        true => promise.team_id.clone(),
        false => promise.owner_team_id,
    };
    RepeatAttributed {
        cause: wire::RepeatCause::LapsedCommitment.into(),
        commitment_id: promise.commitment_id,
        made_in_interaction_id: promise.interaction_id,
        lapsed_at: Some(to_wire(lapsed_at)),
        owner_agent_id: match promise.owner {
            Some(Owner::Agent(id)) => id,
            Some(Owner::Queue(_)) | None => String::new(),
        },
        owner_team_id,
        made_by_agent_id: promise.made_by,
        team_id: promise.team_id,
        site_id: promise.site_id,
        reason_code: contact.reason_code.clone(),
        interaction_id: interaction_id.to_owned(),
        contact_time: contact
            .length_us()
            .map(|us| duration_to_wire(SignedDuration::from_micros(us))),
    }
}
