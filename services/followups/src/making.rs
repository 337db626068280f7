//! Promises that are made after their contact, or without one.
//!
//! What such a promise leaves to the house is decided as the recorder decides it for those of a record: the due is
//! reckoned once, from when it was made, and the policy of then follows it up. All of that stands in its event.

mod basis;
mod make;
mod reopen;

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::interaction::{CommitmentDraft, made_commitment_id};
use aftercall_domain::limits::WARNINGS_MAX;
use aftercall_domain::setting::FollowUpPolicy;
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, FieldPath, Scope, Violations, Warning, WarningReason};
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_ledger::{Calendars, Id, Ledger, Name, Ready};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::event::v1::EventType;
use aftercall_service::seal::{Author, Request, RequestHash};
use aftercall_service::{Checker, Principal, Unread};
use aftercall_view::key::whose;
use aftercall_view::{Positions, Store};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::REQUESTS;
use crate::stored;
use crate::waiting::{self, Waiter};

pub(crate) use basis::{Basis, caller, follow_up};
pub(crate) use make::{check_making, make};
pub(crate) use reopen::{check_reopening, reopen};

/// A due is given once: as an instant, or in words.
pub(crate) fn check_one_due(checker: &mut Checker, as_instant: bool, in_words: bool) {
    match (as_instant, in_words) {
        (false, false) => checker.found().required("promised_by"),
        (true, true) => {
            let text = "says the same as due, and may say something else; give one of the two";
            checker.conflicting("promised_by", text);
        }
        _ => {}
    }
}

/// A promise that was made.
#[derive(Debug)]
struct Done {
    /// The promise, encoded.
    promise: Bytes,
    /// Where it stands, as a token.
    position: String,
    warnings: Vec<Warning>,
}

/// What a promise is made with: who asks for it, and what the tenant has set up.
struct Maker {
    principal: Principal,
    request_id: String,
    /// Tells a repetition from another request.
    hash: RequestHash,
    log: LogIdentity,
    ledger: Ledger,
    calendars: Calendars,
    policies: Ready<FollowUpPolicy>,
}

impl Maker {
    fn new(
        followups: &Followups,
        principal: Principal,
        (request_id, hash): (String, RequestHash),
    ) -> Self {
        Self {
            principal,
            request_id,
            hash,
            log: followups.log().identity(),
            ledger: followups.ledger().clone(),
            calendars: followups.calendars().clone(),
            policies: followups.policies().clone(),
        }
    }

    fn tenant_id(&self) -> &str {
        &self.principal.tenant_id
    }

    /// What the request did, if it was done.
    fn repetition(&self, store: &Store, warnings: Vec<Warning>) -> Result<Option<Done>, Refused> {
        let name = RequestName {
            tenant_id: self.tenant_id(),
            actor_id: &self.principal.actor_id,
            method: EventType::CommitmentMade,
            request_id: &self.request_id,
        };
        match REQUESTS.find(store, name, self.hash.as_bytes())? {
            Known::Not => Ok(None),
            Known::Reused => Err(Refused::RequestIdReused),
            Known::Done(done) => Ok(Some(Done {
                promise: done.answer().clone(),
                position: Positions::through(done.position()).encode(&self.log),
                warnings,
            })),
        }
    }

    /// Gives the promise its id, reckons its due, checks it, and has it followed up by its policy.
    fn complete(
        &self,
        mut draft: CommitmentDraft,
        basis: &Basis,
        (at, mut found, now): (FieldPath<'_>, Violations, Timestamp),
    ) -> Result<(CommitmentDraft, Vec<Warning>), Refused> {
        let named = draft.due.as_ref().and_then(|due| due.calendar_id());
        let calendars = self.calendars(named)?;
        if !draft.commitment_id.is_empty() {
            let text = "follows from request_id; leave it empty";
            found.add(at.field("commitment_id"), Reason::Conflicting, text);
        }
        draft.commitment_id = self.id();
        let times = (basis.made_at, now);
        let (mut draft, mut warnings) = draft.check_made(at, times, &calendars, found)?;
        let set_up = (&self.policies, &self.calendars);
        let odd = basis.follow_up(&mut draft, self.tenant_id(), set_up)?;
        let room = WARNINGS_MAX.saturating_sub(warnings.len());
        warnings.extend(odd.into_iter().take(room).map(|odd| Warning {
            field: at.into(),
            reason: WarningReason::Due(odd),
            count: 1,
            detail: String::new(),
        }));
        Ok((draft, warnings))
    }

    fn calendars<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, Arc<Calendar>>, Refused> {
        Ok(self.calendars.all(self.tenant_id(), ids)?)
    }

    /// The promise's id: the same, whenever the request is sent.
    fn id(&self) -> String {
        let id = made_commitment_id(self.tenant_id(), &self.principal.actor_id, &self.request_id);
        CommitmentId::from(id).into_string()
    }

    /// The promise of this id: what the request made, also when that was longer ago than requests are remembered.
    ///
    /// # Errors
    /// When the same request asked for something else.
    fn same(&self, store: &Store, id: &str, basis: &Basis) -> Result<Option<Bytes>, Refused> {
        let id = Id::of(id);
        let name = Name::Promise(id.clone());
        if self.ledger.holder(self.tenant_id(), &name)?.is_none() {
            return Ok(None);
        }
        let whose = whose(&basis.key);
        let made = self.ledger.made(self.tenant_id(), &id, whose)?;
        let same = made.filter(|made| made.hash() == self.hash.as_bytes());
        if same.is_none() {
            return Err(Refused::RequestIdReused);
        }
        let get = |key: &[u8]| store.get(key);
        let promise = stored::commitment(self.tenant_id(), &id.to_string(), whose, get)?;
        // The view is behind the ledger.
        let promise = promise.ok_or(Unread::Unavailable(None))?;
        let now = promise.recorded_at;
        let promise = to_wire(promise, now);
        Ok(Some(promise.encode_to_vec().into()))
    }

    /// Where the promise of this id was made.
    fn place(&self, id: &str, basis: &Basis) -> Result<String, Refused> {
        let made = self
            .ledger
            .made(self.tenant_id(), &Id::of(id), whose(&basis.key))?;
        Ok(made.map_or_else(String::new, |made| {
            Positions::through(made.position()).encode(&self.log)
        }))
    }

    /// Whether the promise can wait for those that it names.
    fn check_dependencies(
        &self,
        store: &Store,
        scope: &Scope,
        (draft, basis): (&CommitmentDraft, &Basis),
    ) -> Result<(), Refused> {
        let waiter = Waiter {
            tenant_id: self.tenant_id(),
            scope,
            commitment_id: &draft.commitment_id,
            whose: whose(&basis.key),
        };
        let at = FieldPath::of("commitment");
        let at = at.field("depends_on");
        waiting::check((store, &self.ledger), &waiter, at, &draft.depends_on)
    }

    /// The event.
    fn record(
        &self,
        draft: CommitmentDraft,
        basis: &Basis,
        now: Timestamp,
    ) -> Result<Record, Refused> {
        let request = Request {
            id: &self.request_id,
            hash: self.hash,
        };
        let by = Author::from(&self.principal);
        Ok(basis.record(draft, (by, Some(request)), now)?)
    }
}
