//! What callers ask for of promises and alerts.

use aftercall_proto::alerts::v1::{
    AcknowledgeAlertRequest, CloseAlertRequest, ListAlertsRequest, SnoozeAlertRequest,
};
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    AcceptHandoverRequest, BatchCommitmentsRequest, BatchTarget, CancelCommitmentRequest,
    EndHandoverRequest, FulfilCommitmentRequest, MakeCommitmentRequest, PauseCommitmentRequest,
    ReassignCommitmentRequest, RecordAttemptRequest, ReopenCommitmentRequest,
    ResumeCommitmentRequest, RetargetOpenRequest, SetDependenciesRequest,
};
use aftercall_proto::model::v1::{
    AttemptResult, CommitmentDraft, CommitmentKind, Owner, PauseReason, owner,
};
use pbjson_types::Duration;

use super::{agent_id, at, contact_id, promise_id, request_id, series};
use crate::plan::{Batched, Change, Minutes, Recurs, Tenant, Which};

pub(crate) fn pause(
    tenant: Tenant,
    change: &Change,
    until_minutes: Option<Minutes>,
) -> PauseCommitmentRequest {
    PauseCommitmentRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        reason: PauseReason::AwaitingCustomer.into(),
        paused_until: until_minutes.map(at),
        ..PauseCommitmentRequest::default()
    }
}

pub(crate) fn resume(tenant: Tenant, change: &Change) -> ResumeCommitmentRequest {
    ResumeCommitmentRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        ..ResumeCommitmentRequest::default()
    }
}

pub(crate) fn reassign(
    tenant: Tenant,
    change: &Change,
    (agent, within_minutes): (u8, Option<u16>),
) -> ReassignCommitmentRequest {
    ReassignCommitmentRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        to_owner: Some(Owner {
            owner: Some(owner::Owner::AgentId(agent_id(tenant, agent))),
        }),
        accept_within: within_minutes.map(|minutes| Duration {
            seconds: 60 * i64::from(minutes),
            nanos: 0,
        }),
        ..ReassignCommitmentRequest::default()
    }
}

pub(crate) fn accept(tenant: Tenant, change: &Change) -> AcceptHandoverRequest {
    AcceptHandoverRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        ..AcceptHandoverRequest::default()
    }
}

pub(crate) fn end_handover(tenant: Tenant, change: &Change) -> EndHandoverRequest {
    EndHandoverRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        ..EndHandoverRequest::default()
    }
}

pub(crate) fn attempt(tenant: Tenant, change: &Change) -> RecordAttemptRequest {
    RecordAttemptRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        result: AttemptResult::NoAnswer.into(),
        ..RecordAttemptRequest::default()
    }
}

pub(crate) fn depend(tenant: Tenant, change: &Change, on: &[Which]) -> SetDependenciesRequest {
    SetDependenciesRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        depends_on: on.iter().map(|which| promise_id(tenant, *which)).collect(),
        ..SetDependenciesRequest::default()
    }
}

pub(crate) fn reopen(
    tenant: Tenant,
    change: &Change,
    (due_minutes, told_to_customer): (Minutes, bool),
) -> ReopenCommitmentRequest {
    ReopenCommitmentRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        reason: "not done after all".to_owned(),
        promised_by: Some(at(due_minutes)),
        told_to_customer,
        ..ReopenCommitmentRequest::default()
    }
}

pub(crate) fn make(
    tenant: Tenant,
    contact: u8,
    (due_minutes, told_to_customer, recurs): (Minutes, bool, Option<Recurs>),
    request: u16,
) -> MakeCommitmentRequest {
    let agent = owner::Owner::AgentId(agent_id(tenant, 0));
    let commitment = CommitmentDraft {
        kind: CommitmentKind::SendInfo.into(),
        told_to_customer,
        promised_by: Some(at(due_minutes)),
        owner: Some(Owner { owner: Some(agent) }),
        recurrence: recurs.map(series::recurrence),
        ..CommitmentDraft::default()
    };
    MakeCommitmentRequest {
        request_id: request_id(request),
        commitment: Some(commitment),
        interaction_id: contact_id(contact).to_string(),
        ..MakeCommitmentRequest::default()
    }
}

pub(crate) fn batch(
    tenant: Tenant,
    promises: &[Which],
    command: Batched,
    request: u16,
) -> BatchCommitmentsRequest {
    let targets = promises.iter().map(|which| BatchTarget {
        commitment_id: promise_id(tenant, *which),
        ..BatchTarget::default()
    });
    let command = match command {
        Batched::Fulfil => Command::Fulfil(FulfilCommitmentRequest {
            note: "done".to_owned(),
            ..FulfilCommitmentRequest::default()
        }),
        Batched::Cancel => Command::Cancel(CancelCommitmentRequest {
            reason: "no longer wanted".to_owned(),
            ..CancelCommitmentRequest::default()
        }),
        Batched::Pause => Command::Pause(PauseCommitmentRequest {
            reason: PauseReason::ForceMajeure.into(),
            ..PauseCommitmentRequest::default()
        }),
        Batched::Resume => Command::Resume(ResumeCommitmentRequest::default()),
        Batched::EndSeries => Command::EndRecurrence(series::of_any()),
    };
    BatchCommitmentsRequest {
        request_id: request_id(request),
        targets: targets.collect(),
        command: Some(command),
    }
}

pub(crate) fn retarget(request: u16, page_token: String) -> RetargetOpenRequest {
    RetargetOpenRequest {
        request_id: request_id(request),
        page_token,
        ..RetargetOpenRequest::default()
    }
}

pub(crate) fn alerts() -> ListAlertsRequest {
    ListAlertsRequest {
        latest: true,
        ..ListAlertsRequest::default()
    }
}

pub(crate) fn acknowledge(request: u16, alert_id: String) -> AcknowledgeAlertRequest {
    AcknowledgeAlertRequest {
        request_id: request_id(request),
        alert_id,
        ..AcknowledgeAlertRequest::default()
    }
}

pub(crate) fn snooze(request: u16, alert_id: String, until_minutes: Minutes) -> SnoozeAlertRequest {
    SnoozeAlertRequest {
        request_id: request_id(request),
        alert_id,
        snoozed_until: Some(at(until_minutes)),
    }
}

pub(crate) fn close(request: u16, alert_id: String) -> CloseAlertRequest {
    CloseAlertRequest {
        request_id: request_id(request),
        alert_id,
        reason: "it is known".to_owned(),
    }
}
