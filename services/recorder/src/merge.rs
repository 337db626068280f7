//! Merging customers: two that are one, and two again.

use std::sync::Arc;

use aftercall_domain::customer::{MergeRefused, MergeStep, Merges, check_pair};
use aftercall_domain::limits::{LINE_BYTES_MAX, MERGES_MAX};
use aftercall_domain::violation::Reason as FieldReason;
use aftercall_domain::{Cleaner, FieldPath, Warning};
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CustomersMerged, CustomersUnmerged};
use aftercall_proto::recorder::v1::{
    MergeCustomersRequest, MergeCustomersResponse, UnmergeCustomersRequest,
    UnmergeCustomersResponse,
};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Principal};
use aftercall_view::Store;
use jiff::Timestamp;
use prost::Message;

use crate::change::Changed;
use crate::core::Core;
use crate::failure::Refusal;

/// What either request says.
struct Asked {
    request_id: String,
    customer_id: String,
    merged_customer_id: String,
    expected_version: u64,
    reason: String,
}

/// A command on two customers that is sound in itself, and who gave it.
struct MergeCommand {
    core: Arc<Core>,
    principal: Principal,
    request_id: String,
    customer_id: String,
    merged_customer_id: String,
    expected_version: u64,
    fact: Fact,
    hash: RequestHash,
}

/// Joins two customers.
pub(crate) async fn merge(
    core: &Arc<Core>,
    call: Call<MergeCustomersRequest>,
) -> Result<MergeCustomersResponse, Refusal> {
    let fact = |asked: &Asked| {
        Fact::CustomersMerged(CustomersMerged {
            customer_id: asked.customer_id.clone(),
            merged_customer_id: asked.merged_customer_id.clone(),
            reason: asked.reason.clone(),
        })
    };
    let (done, warned) = run(core, call, fact).await?;
    Ok(MergeCustomersResponse {
        version: done.version,
        position: done.position,
        recorded_at: done.recorded_at,
        warnings: warned.into_iter().map(Into::into).collect(),
    })
}

/// Parts two customers that were joined.
pub(crate) async fn unmerge(
    core: &Arc<Core>,
    call: Call<UnmergeCustomersRequest>,
) -> Result<UnmergeCustomersResponse, Refusal> {
    let fact = |asked: &Asked| {
        Fact::CustomersUnmerged(CustomersUnmerged {
            customer_id: asked.customer_id.clone(),
            merged_customer_id: asked.merged_customer_id.clone(),
            reason: asked.reason.clone(),
        })
    };
    let (done, warned) = run(core, call, fact).await?;
    Ok(UnmergeCustomersResponse {
        version: done.version,
        position: done.position,
        recorded_at: done.recorded_at,
        warnings: warned.into_iter().map(Into::into).collect(),
    })
}

/// Does what `call` asks for: the event that `fact` makes of it.
async fn run<T: Message + Into<Asked>>(
    core: &Arc<Core>,
    call: Call<T>,
    fact: impl FnOnce(&Asked) -> Fact,
) -> Result<(Changed, Vec<Warning>), Refusal> {
    let until = call.write_until();
    let hash = RequestHash::of(&call.message);
    let mut asked: Asked = call.message.into();
    let warned = asked.check()?;
    let fact = fact(&asked);
    let command = MergeCommand {
        core: Arc::clone(core),
        principal: call.principal,
        request_id: asked.request_id,
        customer_id: asked.customer_id,
        merged_customer_id: asked.merged_customer_id,
        expected_version: asked.expected_version,
        fact,
        hash,
    };
    core.require_ready()?;
    let done = command::run(&core.reading, &core.deps.clock, command, until).await?;
    Ok((done, warned))
}

impl Asked {
    /// Cleans and checks what is asked for, and names all that is wrong with it.
    fn check(&mut self) -> Result<Vec<Warning>, Refusal> {
        let mut cleaner = Cleaner::default();
        cleaner.text(FieldPath::of("reason"), &mut self.reason);
        let mut checker = Checker::new();
        checker.required_id("request_id", &self.request_id);
        checker.required_text("reason", &self.reason, LINE_BYTES_MAX);
        let mut found = checker.into_found();
        check_pair(&self.customer_id, &self.merged_customer_id, &mut found);
        Ok(found.into_result(cleaner.into_warnings())?)
    }
}

/// Both requests say the same.
macro_rules! asked {
    ($($request:ident),*) => {
        $(impl From<$request> for Asked {
            fn from(request: $request) -> Self {
                let $request {
                    request_id,
                    customer_id,
                    merged_customer_id,
                    expected_version,
                    reason,
                } = request;
                Self {
                    request_id,
                    customer_id,
                    merged_customer_id,
                    expected_version,
                    reason,
                }
            }
        })*
    };
}

asked!(MergeCustomersRequest, UnmergeCustomersRequest);

impl command::Command for MergeCommand {
    type Done = Changed;
    type Refusal = Refusal;

    fn decide(&self, _: &Store, _: Timestamp) -> Result<Decision<Self::Done>, Refusal> {
        let tenant_id = &self.principal.tenant_id;
        let merges = self.core.ledger.merges(tenant_id, &self.customer_id)?;
        let name = RequestName {
            tenant_id,
            actor_id: &self.principal.actor_id,
            method: self.fact.event_type(),
            request_id: &self.request_id,
        };
        match self.core.ledger.request(name, self.hash.as_bytes())? {
            Known::Not => {}
            Known::Reused => return Err(Refusal::IdReused),
            Known::Done(done) => return Ok(Decision::Done(Changed::of(&self.core, &done))),
        }
        if ![0, merges.version].contains(&self.expected_version) {
            return Err(Refusal::VersionMismatch {
                current: merges.version,
            });
        }
        self.check_other_way_round(&merges)?;
        merges.decide(self.step()).map_err(refusal)?;
        let now = self.core.now();
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &self.customer_id,
            interaction_id: "",
            customer_id: &self.customer_id,
            sequence: merges.version + 1,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        Ok(Decision::Append(Box::new(sealing.seal(&self.fact)?)))
    }
}

impl MergeCommand {
    /// Two customers are merged once, whichever of them was named first, so that one command undoes
    /// it. (Two recorders that don't know of each other yet may still do it both ways round: then it
    /// takes two.)
    fn check_other_way_round(&self, merges: &Merges) -> Result<(), Refusal> {
        let tenant_id = &self.principal.tenant_id;
        let others = self
            .core
            .ledger
            .merges(tenant_id, &self.merged_customer_id)?;
        if !others.merged.contains(&self.customer_id) {
            return Ok(());
        }
        match self.step() {
            MergeStep::Merge(_) => Err(Refusal::Merged),
            MergeStep::Unmerge(other) if merges.merged.contains(other) => Ok(()),
            MergeStep::Unmerge(_) => Err(Refusal::MergedTheOtherWayRound),
        }
    }

    fn step(&self) -> MergeStep<'_> {
        match &self.fact {
            Fact::CustomersUnmerged(_) => MergeStep::Unmerge(&self.merged_customer_id),
            _ => MergeStep::Merge(&self.merged_customer_id),
        }
    }
}

fn refusal(refused: MergeRefused) -> Refusal {
    match refused {
        MergeRefused::Merged => Refusal::Merged,
        MergeRefused::NotMerged => Refusal::NotMerged,
        MergeRefused::TooMany => {
            let text = format!("would be one of more than {MERGES_MAX}; unmerge others first");
            Refusal::field("merged_customer_id", FieldReason::TooMany, &text)
        }
        // The caller asked for no sequence.
        MergeRefused::NotNext => Refusal::NotReady,
    }
}
