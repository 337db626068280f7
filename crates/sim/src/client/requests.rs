//! The requests of callers. The same wish makes the same request, whenever it is made.

pub(crate) mod followups;
pub(crate) mod series;
pub(crate) mod settings;

use aftercall_domain::interaction::commitment_id;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
};
use aftercall_proto::knowledge::v1::{ListCandidatesRequest, PromoteCandidateRequest};
use aftercall_proto::model::v1::{
    AttemptResult, Channel, CommitmentDraft, CommitmentKind, ContactReason, Customer, Direction,
    ExternalRef, FollowUp, Handle, HandleKind, Handling, Interaction, ReasonResolution,
};
use aftercall_proto::recorder::v1::identify_interaction_request::Identity;
use aftercall_proto::recorder::v1::{
    AmendInteractionRequest, IdentifyInteractionRequest, MergeCustomersRequest,
    RecordInteractionRequest, UnmergeCustomersRequest,
};
use aftercall_service::seal::RequestHash;
use aftercall_service::{ActorKind, Principal, Roles};
use jiff::SignedDuration;
use pbjson_types::{Empty, FieldMask, Timestamp};
use tonic::Request;
use uuid::{Builder, Uuid};

use crate::clock::SimClock;
use crate::plan::{Change, Contact, Minutes, TENANTS, Tenant, Which};

/// The tenants' ids: the one begins with the other.
const TENANT_IDS: [&str; TENANTS as usize] = ["t", "tt"];

/// Where contacts have another name.
const SOURCE_SYSTEM: &str = "telephony";

/// What customers are called, by what else their contact says.
const NAMES: [&str; 3] = ["Ada Lovelace", "Ada King", ""];

pub(crate) fn tenant_id(tenant: Tenant) -> &'static str {
    TENANT_IDS[usize::from(tenant)]
}

/// A request as the server hands it on, of a tenant's caller who may do everything.
pub(crate) fn asked<T>(tenant: Tenant, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let tenant_id = tenant_id(tenant);
    let caller = Principal::new(tenant_id, "crm", ActorKind::Integration, Roles::all());
    request.extensions_mut().insert(caller);
    request
}

/// The same of one of the tenant's agents.
pub(crate) fn asked_by<T>(tenant: Tenant, agent: u8, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let (tenant_id, agent_id) = (tenant_id(tenant), agent_id(tenant, agent));
    let caller = Principal::new(tenant_id, &agent_id, ActorKind::Agent, Roles::all());
    request.extensions_mut().insert(caller);
    request
}

/// The id of an agent.
pub(crate) fn agent_id(tenant: Tenant, agent: u8) -> String {
    format!("{} agent {agent}", mark(tenant))
}

/// The id of a contact.
pub(crate) fn contact_id(contact: u8) -> Uuid {
    id(b'c', u16::from(contact))
}

/// The id of a promise that a caller names.
pub(crate) fn given_id(promise: u8) -> Uuid {
    id(b'p', u16::from(promise))
}

pub(crate) fn customer_id(customer: u8) -> String {
    format!("customer-{customer}")
}

/// The id of whose contact it is; empty for nobody.
pub(crate) fn customer_of(contact: &Contact) -> String {
    contact.customer.map_or_else(String::new, customer_id)
}

/// The number that somebody calls from.
pub(crate) fn handle(handle: u8) -> String {
    format!("+4930123450{handle:02}")
}

/// Stands in what a tenant writes, so that it is known wherever it is shown.
pub(crate) fn mark(tenant: Tenant) -> String {
    format!("tenant {}.", tenant_id(tenant))
}

/// The id of a request.
pub(crate) fn request_id(request: u16) -> String {
    id(b'r', request).to_string()
}

fn id(sort: u8, number: u16) -> Uuid {
    let hash = blake3::hash(&[&[sort], &number.to_be_bytes()[..]].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}

pub(crate) fn promise_id(tenant: Tenant, which: Which) -> String {
    match which {
        Which::Of(contact) => {
            let contact = contact_id(contact);
            commitment_id(tenant_id(tenant), contact, 0).to_string()
        }
        Which::Given(promise) => given_id(promise).to_string(),
        Which::Later(later) => series::later_id(tenant, later),
    }
}

pub(super) fn at(minutes: Minutes) -> Timestamp {
    to_wire(SimClock::beginning() + SignedDuration::from_mins(i64::from(minutes)))
}

/// When all contacts were made: before the beginning, so that a clock that is set back knows them.
fn occurred_at() -> Timestamp {
    to_wire(SimClock::beginning() - SignedDuration::from_hours(24))
}

/// The content of a contact in short, as the log has it.
pub(crate) fn content(tenant: Tenant, contact: &Contact) -> RequestHash {
    let said = record(tenant, contact).interaction.unwrap_or_default();
    RequestHash::of(&Interaction {
        interaction_id: String::new(),
        ..said
    })
}

pub(crate) fn record(tenant: Tenant, contact: &Contact) -> RecordInteractionRequest {
    let Contact {
        id,
        content,
        customer: _,
        handle: number,
        reference,
        promise,
        follows_up,
    } = contact;
    let commitments = promise.iter().map(|promise| CommitmentDraft {
        commitment_id: promise
            .id
            .map_or_else(String::new, |id| given_id(id).to_string()),
        kind: CommitmentKind::CallBack.into(),
        told_to_customer: promise.told_to_customer,
        promised_by: Some(at(promise.due_minutes)),
        recurrence: promise.recurs.map(series::recurrence),
        ..CommitmentDraft::default()
    });
    let follow_ups = follows_up.iter().map(|which| FollowUp {
        commitment_id: promise_id(tenant, *which),
        result: AttemptResult::Reached.into(),
    });
    let handles = number.iter().map(|number| Handle {
        kind: HandleKind::Telephone.into(),
        value: handle(*number),
        ..Handle::default()
    });
    let reason = ContactReason {
        code: "billing.refund".to_owned(),
        primary: true,
        stated_verbatim: "charged twice".to_owned(),
        resolution: ReasonResolution::Resolved.into(),
        ..ContactReason::default()
    };
    let interaction = Interaction {
        interaction_id: contact_id(*id).to_string(),
        external_ref: reference.map(|reference| ExternalRef {
            source_system: SOURCE_SYSTEM.to_owned(),
            external_id: reference.to_string(),
        }),
        channel: Channel::Voice.into(),
        direction: match follows_up {
            Some(_) => Direction::Outbound.into(),
            None => Direction::Inbound.into(),
        },
        follow_ups: follow_ups.collect(),
        customer: Some(Customer {
            customer_id: customer_of(contact),
            handles: handles.collect(),
            display_name: NAMES[usize::from(*content) % NAMES.len()].to_owned(),
            ..Customer::default()
        }),
        agent_id: agent_id(tenant, *content),
        occurred_at: Some(occurred_at()),
        contact_reasons: vec![reason],
        handling: Some(Handling {
            resolution: format!("{} refunded by way {}", mark(tenant), id % 3),
            ..Handling::default()
        }),
        commitments: commitments.collect(),
        no_follow_up_promised: promise.is_none(),
        ..Interaction::default()
    };
    RecordInteractionRequest {
        interaction: Some(interaction),
        ..RecordInteractionRequest::default()
    }
}

pub(crate) fn fulfil(tenant: Tenant, change: &Change) -> FulfilCommitmentRequest {
    FulfilCommitmentRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        note: "done".to_owned(),
        ..FulfilCommitmentRequest::default()
    }
}

pub(crate) fn cancel(tenant: Tenant, change: &Change) -> CancelCommitmentRequest {
    CancelCommitmentRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        reason: "no longer wanted".to_owned(),
        ..CancelCommitmentRequest::default()
    }
}

pub(crate) fn reschedule(
    tenant: Tenant,
    change: &Change,
    due_minutes: Minutes,
) -> RescheduleCommitmentRequest {
    RescheduleCommitmentRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        promised_by: Some(at(due_minutes)),
        reason: "a part is missing".to_owned(),
        // Every other one is told to the customer.
        customer_informed_message_id: match change.request % 2 {
            0 => "<told@mail.example>".to_owned(),
            _ => String::new(),
        },
        ..RescheduleCommitmentRequest::default()
    }
}

pub(crate) fn amend(contact: u8, request: u16) -> AmendInteractionRequest {
    AmendInteractionRequest {
        request_id: request_id(request),
        interaction_id: contact_id(contact).to_string(),
        interaction: Some(Interaction {
            labels: vec![format!("amended-{request}")],
            ..Interaction::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["labels".to_owned()],
        }),
        reason: "forgotten".to_owned(),
        ..AmendInteractionRequest::default()
    }
}

pub(crate) fn identify(
    contact: u8,
    customer: Option<u8>,
    request: u16,
) -> IdentifyInteractionRequest {
    let identity = match customer {
        Some(customer) => Identity::CustomerId(customer_id(customer)),
        None => Identity::Nobody(Empty {}),
    };
    IdentifyInteractionRequest {
        request_id: request_id(request),
        interaction_id: contact_id(contact).to_string(),
        identity: Some(identity),
        reason: "called from another number".to_owned(),
        ..IdentifyInteractionRequest::default()
    }
}

pub(crate) fn merge(customer: u8, merged: u8, request: u16) -> MergeCustomersRequest {
    MergeCustomersRequest {
        request_id: request_id(request),
        customer_id: customer_id(customer),
        merged_customer_id: customer_id(merged),
        reason: "married".to_owned(),
        ..MergeCustomersRequest::default()
    }
}

pub(crate) fn unmerge(customer: u8, merged: u8, request: u16) -> UnmergeCustomersRequest {
    UnmergeCustomersRequest {
        request_id: request_id(request),
        customer_id: customer_id(customer),
        merged_customer_id: customer_id(merged),
        reason: "two after all".to_owned(),
        ..UnmergeCustomersRequest::default()
    }
}

pub(crate) fn candidates() -> ListCandidatesRequest {
    ListCandidatesRequest {
        page_size: 1,
        latest: true,
        ..ListCandidatesRequest::default()
    }
}

pub(crate) fn promote(tenant: Tenant, candidate_id: &str, request: u16) -> PromoteCandidateRequest {
    PromoteCandidateRequest {
        request_id: request_id(request),
        candidate_id: candidate_id.to_owned(),
        title: format!("{} charged twice", mark(tenant)),
        question_in_customer_words: vec!["charged twice".to_owned()],
        resolution: "Refund it.".to_owned(),
        ..PromoteCandidateRequest::default()
    }
}
