//! What the root cause of a contact was, said later by whoever looked into it.
//!
//! It is no amendment: the record stays as it is, and what was said before stays in the log. The event stands under the
//! contact's key, so that it comes after the contact for every reader. Whoever took the contact does not say it: what went
//! wrong in a house is not for those to judge who were in the middle of it.

use aftercall_domain::ids::Namespace;
use aftercall_domain::setting::{CodeTree, Judged, TaxonomyKind};
use aftercall_domain::violation::Reason;
use aftercall_domain::{InteractionId, Party, Scope, Violations, Warning, WarningReason};
use aftercall_ledger::Ready;
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_log::LogIdentity;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CauseAttributed, EventType};
use aftercall_proto::insight::v1::{AttributeCauseRequest, AttributeCauseResponse};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Principal, Unread};
use aftercall_view::{Direction, Positions, Store};
use jiff::Timestamp;
use prost::Message;

use crate::Insight;
use crate::failure::Unanswered;
use crate::fold::{Kept, finished_call};
use crate::keys;
use crate::labels::Labels;
use crate::limits::NOTE_BYTES_MAX;

/// The field of the code.
const CODE: &str = "root_cause_code";

/// What is said, checked as far as it can be without the view, and who says it.
struct Given {
    principal: Principal,
    scope: Scope,
    said: AttributeCauseRequest,
    hash: RequestHash,
    log: LogIdentity,
    trees: Ready<CodeTree>,
}

/// Keeps what is said, once however often it comes.
pub(crate) async fn attribute(
    insight: &Insight,
    call: Call<AttributeCauseRequest>,
) -> Result<AttributeCauseResponse, Unanswered> {
    let until = call.write_until();
    let hash = RequestHash::of(&call.message);
    let scope = call.scope();
    let given = Given {
        said: checked(call.message)?,
        principal: call.principal,
        scope,
        hash,
        log: insight.log_identity(),
        trees: insight.trees().clone(),
    };
    command::run(insight.reading(), insight.clock(), given, until).await
}

fn checked(mut request: AttributeCauseRequest) -> Result<AttributeCauseRequest, Violations> {
    let mut checker = Checker::new();
    checker.required_id("request_id", &request.request_id);
    checker.required_id("interaction_id", &request.interaction_id);
    checker.id("root_cause_code", &request.root_cause_code);
    checker.id("taxonomy_version", &request.taxonomy_version);
    checker.text("note", &request.note, NOTE_BYTES_MAX);
    if request
        .confidence
        .is_some_and(|sure| !(0.0..=1.0).contains(&sure))
    {
        let text = "is not from 0 to 1; say how sure you are, or leave it out";
        checker.add("confidence", Reason::OutOfRange, text);
    }
    request.interaction_id = InteractionId::read(&request.interaction_id).into_string();
    checker.done(request)
}

impl command::Command for Given {
    type Done = AttributeCauseResponse;
    type Refusal = Unanswered;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Unanswered> {
        let (said, tenant_id) = (&self.said, &*self.principal.tenant_id);
        let kept = self.kept(store)?;
        let name = RequestName {
            tenant_id,
            actor_id: &self.principal.actor_id,
            method: EventType::CauseAttributed,
            request_id: &said.request_id,
        };
        let known = keys::COMMANDS.find(store, name, self.hash.as_bytes());
        match known.map_err(Unread::from)? {
            Known::Done(done) => {
                let answer = self.answer(&done, kept.as_ref())?;
                return Ok(Decision::Done(answer));
            }
            Known::Reused => return Err(Unanswered::RequestIdReused),
            Known::Not => {}
        }
        let kept = kept.ok_or(Unanswered::InteractionNotFound)?;
        if self.took(&kept, store)? {
            return Err(Unanswered::RootCauseBySamePerson);
        }
        let taxonomy_version = self.edition(&kept)?;
        let cause = [tenant_id, &*said.interaction_id].map(str::as_bytes);
        let cause_id = Namespace::Cause.id(&cause).to_string();
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &cause_id,
            interaction_id: &said.interaction_id,
            customer_id: kept.customer_id(),
            sequence: kept.causes() + 1,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &said.request_id,
                hash: self.hash,
            }),
        };
        let fact = Fact::CauseAttributed(Box::new(CauseAttributed {
            interaction_id: said.interaction_id.clone(),
            root_cause_code: said.root_cause_code.clone(),
            taxonomy_version,
            note: said.note.clone(),
            confidence: said.confidence,
        }));
        let record = sealing.seal_under(kept.log_key(tenant_id), &fact)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl Given {
    /// The contact, if the caller reads it.
    fn kept(&self, store: &Store) -> Result<Option<Kept>, Unanswered> {
        let tenant_id = &*self.principal.tenant_id;
        let list = keys::all_kept(tenant_id, &self.said.interaction_id);
        for entry in store.scan_prefix(list, Direction::Ascending) {
            let kept = Kept::decode(entry?.1)?;
            // Whoever has a part in the call has one in the contact.
            let call = finished_call(tenant_id, kept.id(), |key| store.get(key))?;
            if self.scope.admits(kept.completed(call.as_ref()).parties()) {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    /// Whether the caller took the contact: wrapped it up, or had a part in it.
    fn took(&self, kept: &Kept, store: &Store) -> Result<bool, Unanswered> {
        let tenant_id = &*self.principal.tenant_id;
        let call = finished_call(tenant_id, kept.id(), |key| store.get(key))?;
        let whole = kept.completed(call.as_ref());
        let own = Party::Agent(&self.principal.actor_id);
        Ok(whole.parties().any(|party| party == own))
    }

    /// By which edition the code is taken: of the tenant's taxonomies of root causes, as they were to be used when the contact
    /// occurred; else the one that was said.
    fn edition(&self, kept: &Kept) -> Result<String, Unanswered> {
        match self.judge(kept)? {
            Judged::Taken(edition) => Ok(edition),
            Judged::Odd(text, true) => {
                let mut found = Violations::new();
                found.add(CODE, Reason::UnknownCode, text);
                Err(found.into())
            }
            Judged::Free | Judged::Odd(_, false) => Ok(self.said.taxonomy_version.clone()),
        }
    }

    fn judge(&self, kept: &Kept) -> Result<Judged, Unanswered> {
        let trees = Labels::read(&self.trees, &self.principal.tenant_id)?;
        Ok(match &*self.said.root_cause_code {
            "" => Judged::Free,
            code => trees.judge(code, TaxonomyKind::RootCause, kept.occurred_at()),
        })
    }

    fn answer(
        &self,
        done: &Done,
        kept: Option<&Kept>,
    ) -> Result<AttributeCauseResponse, Unanswered> {
        let judged = kept.map_or(Ok(Judged::Free), |kept| self.judge(kept))?;
        let odd = match judged {
            Judged::Odd(detail, false) => Some(Warning {
                field: CODE.to_owned(),
                reason: WarningReason::UnknownCode,
                count: 1,
                detail,
            }),
            Judged::Odd(_, true) | Judged::Taken(_) | Judged::Free => None,
        };
        Ok(AttributeCauseResponse {
            position: Positions::through(done.position()).encode(self.log.clone()),
            warnings: odd.into_iter().map(Into::into).collect(),
        })
    }
}
