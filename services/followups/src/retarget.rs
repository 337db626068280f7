//! Open promises, followed up by the policies as they are now. An edit of a setting moves nothing that was promised
//! before it; this does, when somebody asks for it, by one event for each promise.

mod command;
mod plan;

use aftercall_domain::Scope;
use aftercall_domain::setting::shadow::Shadow;
use aftercall_proto::convert::time;
use aftercall_proto::followups::v1::{
    CommitmentFilter, PolicyRetarget, RetargetOpenRequest, RetargetOpenResponse,
    RetargetedCommitment,
};
use aftercall_proto::model::v1::CommitmentLifecycle;
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker, Including, Paging, Principal, Role, to_status};
use aftercall_view::{Positions, Store};
use futures::StreamExt;
use jiff::Timestamp;
use prost::Message;

use crate::batch::{BESIDE, REQUEST_ID_BYTES_MAX, request_id_of};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::limits::RETARGETED_MAX;
use crate::list::{self, Filter};
use command::Retarget;
use plan::{House, Plan, Planned};

/// Whose open promises a page is about, and who asks.
struct Asked {
    principal: Principal,
    request_id: String,
    hash: RequestHash,
    validate_only: bool,
}

/// Answers `call`: says what would change, and if that is not all that was asked for, changes it.
pub(crate) async fn run(
    followups: &Followups,
    call: Call<RetargetOpenRequest>,
) -> Result<RetargetOpenResponse, Refused> {
    let (read_until, until) = (call.read_until(), call.write_until());
    let (scope, reads_all) = (scope(&call), call.scope().is_all());
    let seen = scope.fingerprint();
    let Call {
        principal, message, ..
    } = call;
    let hash = RequestHash::of(&RetargetOpenRequest {
        page_token: String::new(),
        min_position: String::new(),
        ..message.clone()
    });
    let RetargetOpenRequest {
        request_id,
        filter,
        validate_only,
        page_token,
        min_position,
    } = message;
    let filter = filter.unwrap_or_default();
    let bound = filter.encode_to_vec();
    let now = followups.clock().now();
    let whose = (principal.tenant_id.to_string(), scope, &*principal.actor_id);
    let filter = check((&request_id, reads_all), whose, filter, now)?;
    let reading = followups.reading();
    let log = reading.log_identity();
    let query: [&[u8]; 4] = [b"retarget", principal.tenant_id.as_bytes(), &seen, &bound];
    let paging = Paging::asked(&log, &query, RETARGETED_MAX, &page_token)?;
    let after = paging.after().map(|place| list::place(place)).transpose()?;
    let including = Including {
        min_position: &min_position,
        // Settings that were durable when the request came are those as they are now.
        latest: true,
    };
    followups.settings().store_at(including, read_until).await?;
    let through = paging.reach(reading, including, read_until).await?;
    let asked = Asked {
        principal,
        request_id,
        hash,
        validate_only,
    };
    let house = House::of(followups, &asked.principal.tenant_id);
    let name = (
        asked.principal.actor_id.to_string(),
        asked.request_id.clone(),
    );
    let read = move |store: &Store| {
        let filter = filter.with_merged(store)?;
        let plan = house.plan(store, (&filter, after), (&name.0, &name.1, hash), now)?;
        Ok::<_, Refused>((plan, house))
    };
    let (plan, house) = reading.run(read).await?;
    let mut answer = counted(&plan, now);
    answer.complete_through = through.position(&log);
    answer.complete_through_at = through.time();
    answer.next_page_token = paging.token(
        &log,
        &through.positions,
        plan.next_after.as_ref().map(list::payload),
    );
    let (commitments, position) = done(followups, &asked, (plan.promises, house), until).await?;
    answer.commitments = commitments;
    answer.position = position.encode(&log);
    Ok(answer)
}

/// Whose promises are meant: who sets the house up means all of the tenant's, and is told no word of them.
fn scope(call: &Call<RetargetOpenRequest>) -> Scope {
    match call.principal.roles.contains(Role::TenantAdmin) {
        true => Scope::All,
        false => call.scope(),
    }
}

/// What is asked for, if the request makes sense.
fn check(
    (request_id, reads_all): (&str, bool),
    whose: (String, Scope, &str),
    mut filter: CommitmentFilter,
    now: Timestamp,
) -> Result<Filter, Refused> {
    let mut checker = Checker::new();
    checker.required_id("request_id", request_id);
    if request_id.len() > REQUEST_ID_BYTES_MAX {
        checker.found().too_long("request_id", REQUEST_ID_BYTES_MAX);
    }
    // Whether somebody was promised anything is no business of who sets the house up.
    if whose.1.is_all() && !reads_all {
        for (field, asked) in [
            ("filter.customer_ids", &filter.customer_ids),
            ("filter.handles", &filter.handles),
        ] {
            if !asked.is_empty() {
                checker.conflicting(
                    field,
                    "asks for customers, whose promises you don't read; leave it out",
                );
            }
        }
    }
    let open = [CommitmentLifecycle::Active, CommitmentLifecycle::Paused].map(i32::from);
    for (place, lifecycle) in filter.lifecycles.iter().enumerate() {
        if !open.contains(lifecycle) && CommitmentLifecycle::try_from(*lifecycle).is_ok() {
            let field = format!("filter.lifecycles[{place}]");
            checker.conflicting(&field, "is not open; nothing moves there, so leave it out");
        }
    }
    if filter.lifecycles.is_empty() {
        filter.lifecycles.extend(open);
    }
    let filter = Filter::new(whose, filter, now, &mut checker);
    Ok(checker.done(filter)?)
}

/// What a page of promises comes to.
fn counted(plan: &Plan, now: Timestamp) -> RetargetOpenResponse {
    let mut shadow = Shadow::default();
    for one in &plan.promises {
        shadow.count((one.before(), one.after()), None, now);
    }
    let count = |wanted: fn(&Planned) -> bool| {
        let promises = plan.promises.iter();
        promises.filter(|one| wanted(one)).count() as u64
    };
    let policies = shadow.by_policy.into_iter();
    RetargetOpenResponse {
        examined: shadow.promises,
        changed: count(|one| one.changes.is_some() || one.done.is_some()),
        moved_by_hand: count(|one| one.moved_by_hand),
        other_policy: shadow.other_policy,
        other_target: shadow.other_target,
        missed_now: shadow.missed_now,
        missed_then: shadow.missed_then,
        policies: policies
            .map(
                |(policy_id, (promises_now, promises_then))| PolicyRetarget {
                    policy_id,
                    promises_now,
                    promises_then,
                },
            )
            .collect(),
        ..RetargetOpenResponse::default()
    }
}

/// Changes what is to be changed, and tells what became of each; without that, what would.
async fn done(
    followups: &Followups,
    asked: &Asked,
    (promises, house): (Vec<Planned>, House),
    until: tokio::time::Instant,
) -> Result<(Vec<RetargetedCommitment>, Positions), Refused> {
    let reading = followups.reading();
    let changing = promises.into_iter().filter_map(|one| {
        let told = one.told()?;
        Some((told, one))
    });
    let changed = changing.map(|(mut told, one)| {
        let request_id = request_id_of(&asked.request_id, &one.commitment.commitment_id);
        let command = Retarget {
            principal: asked.principal.clone(),
            request_id,
            hash: asked.hash,
            house: house.clone(),
            commitment_id: one.commitment.commitment_id.clone(),
            whose: one.whose,
        };
        async move {
            if let (false, None) = (asked.validate_only, &one.done) {
                let clock = followups.clock();
                match aftercall_service::command::run(reading, clock, command, until).await {
                    Ok(position) => told.position = position,
                    Err(refused) => {
                        let status = to_status(refused);
                        told.status = Some(aftercall_proto::status::to_wire(&status));
                    }
                }
            } else if let Some(position) = &one.done {
                told.position.clone_from(position);
            }
            told
        }
    });
    let told: Vec<_> = futures::stream::iter(changed)
        .buffered(BESIDE)
        .collect()
        .await;
    let mut reached = Positions::default();
    for one in told.iter().filter(|one| !one.position.is_empty()) {
        reached = reached.union(&reading.positions("position", &one.position)?);
    }
    Ok((told, reached))
}

impl Planned {
    /// What is told of it; nothing if it stays as it is.
    fn told(&self) -> Option<RetargetedCommitment> {
        let of = |target: Option<Timestamp>| target.map(time::to_wire);
        let before = (self.commitment.policy.clone(), self.before().target_at);
        let (policy, target) = match (&self.changes, &self.done) {
            (Some(change), _) => (change.policy.clone(), self.after().target_at),
            (None, Some(_)) => before.clone(),
            (None, None) => return None,
        };
        // What was done by an earlier try of the same request stands as it was left.
        let (policy_before, target_before) = match &self.done {
            Some(_) => (None, None),
            None => before,
        };
        Some(RetargetedCommitment {
            commitment_id: self.commitment.commitment_id.clone(),
            policy_before: policy_before.map(Into::into),
            policy_after: policy.map(Into::into),
            target_before: of(target_before),
            target_after: of(target),
            position: String::new(),
            status: None,
        })
    }
}
