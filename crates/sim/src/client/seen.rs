//! What callers saw, and what follows from it at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aftercall_log::Position;
use aftercall_proto::alerts::v1::{
    AcknowledgeAlertResponse, CloseAlertResponse, SnoozeAlertResponse,
};
use aftercall_proto::event::v1::Event;
use aftercall_proto::followups::v1::{
    AcceptHandoverResponse, CancelCommitmentResponse, EndHandoverResponse, EndRecurrenceResponse,
    FulfilCommitmentResponse, MakeCommitmentResponse, PauseCommitmentResponse,
    ReassignCommitmentResponse, RecordAttemptResponse, ReopenCommitmentResponse,
    RescheduleCommitmentResponse, ResumeCommitmentResponse, SetDependenciesResponse,
};
use aftercall_proto::knowledge::v1::PromoteCandidateResponse;
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{Alert, Commitment};
use aftercall_proto::recorder::v1::{
    AmendInteractionResponse, IdentifyInteractionResponse, MergeCustomersResponse,
    RecordInteractionResponse, UnmergeCustomersResponse,
};
use aftercall_proto::settings::v1::ChangeSettingsResponse;
use aftercall_view::Positions;
use bytes::Bytes;
use prost::Message;

use super::requests;
use super::watches::Watched;
use crate::log::SIM_LOG_ID;
use crate::plan::{Contact, Promise, Tenant, Which, Wish};
use crate::world::World;

/// An acknowledgement.
#[derive(Debug, Clone)]
pub(crate) enum Done {
    /// A contact is recorded.
    Recorded(RecordInteractionResponse),
    /// A request did something to what has this id.
    Changed { id: String, position: String },
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, position) = match self {
            Self::Recorded(answer) if answer.already_recorded => {
                ("recorded before", &answer.position)
            }
            Self::Recorded(answer) => ("recorded", &answer.position),
            Self::Changed { position, .. } => ("done", position),
        };
        match place(position) {
            Some(Position { partition, offset }) => write!(f, "{what} at {partition}/{offset}"),
            None => write!(f, "{what} at {position:?}"),
        }
    }
}

impl From<RecordInteractionResponse> for Done {
    fn from(answer: RecordInteractionResponse) -> Self {
        Self::Recorded(answer)
    }
}

macro_rules! changed {
    ($($answer:ident { $id:ident },)*) => {
        $(impl From<$answer> for Done {
            fn from(answer: $answer) -> Self {
                Self::Changed {
                    id: answer.$id.into_id(),
                    position: answer.position,
                }
            }
        })*
    };
}

changed! {
    AmendInteractionResponse { interaction_id },
    IdentifyInteractionResponse { interaction_id },
    FulfilCommitmentResponse { commitment },
    CancelCommitmentResponse { commitment },
    RescheduleCommitmentResponse { commitment },
    PauseCommitmentResponse { commitment },
    ResumeCommitmentResponse { commitment },
    ReassignCommitmentResponse { commitment },
    AcceptHandoverResponse { commitment },
    EndHandoverResponse { commitment },
    RecordAttemptResponse { commitment },
    SetDependenciesResponse { commitment },
    MakeCommitmentResponse { commitment },
    ReopenCommitmentResponse { commitment },
    EndRecurrenceResponse { commitment },
    AcknowledgeAlertResponse { alert },
    SnoozeAlertResponse { alert },
    CloseAlertResponse { alert },
}

/// What an answer tells of what it changed.
trait IntoId {
    fn into_id(self) -> String;
}

impl IntoId for String {
    fn into_id(self) -> String {
        self
    }
}

impl IntoId for Option<Commitment> {
    fn into_id(self) -> String {
        self.unwrap_or_default().commitment_id
    }
}

impl IntoId for Option<Alert> {
    fn into_id(self) -> String {
        match self.and_then(|alert| alert.subject) {
            Some(Subject::Promise(promise)) => promise.commitment_id,
            Some(Subject::Signal(_) | Subject::SlipUps(_)) | None => String::new(),
        }
    }
}

impl From<ChangeSettingsResponse> for Done {
    fn from(answer: ChangeSettingsResponse) -> Self {
        Self::unnamed(answer.position)
    }
}

impl From<MergeCustomersResponse> for Done {
    fn from(answer: MergeCustomersResponse) -> Self {
        Self::unnamed(answer.position)
    }
}

impl From<UnmergeCustomersResponse> for Done {
    fn from(answer: UnmergeCustomersResponse) -> Self {
        Self::unnamed(answer.position)
    }
}

impl From<PromoteCandidateResponse> for Done {
    fn from(answer: PromoteCandidateResponse) -> Self {
        Self::Changed {
            id: answer.solution.unwrap_or_default().solution_id,
            position: answer.position,
        }
    }
}

impl Done {
    fn unnamed(position: String) -> Self {
        let id = String::new();
        Self::Changed { id, position }
    }
}

/// A contact that was acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged {
    pub(crate) tenant: Tenant,
    pub(crate) contact: Contact,
    pub(crate) position: Position,
    pub(crate) commitment_ids: Vec<String>,
}

/// All that callers saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    calling: usize,
    /// By the record's key and the contact's id.
    pub(crate) recorded: BTreeMap<(Bytes, String), Acknowledged>,
    /// Where what was acknowledged stands, beside contacts.
    pub(crate) changed: BTreeSet<Position>,
    /// Contacts that were refused, and by which reason.
    pub(crate) refused: Vec<(Tenant, Contact, String)>,
    /// Promises that somebody tried to change, and contacts that somebody tried to move: lists that
    /// are read meanwhile may show them before, after, or both.
    moving: BTreeMap<Tenant, BTreeSet<String>>,
    /// What watchers have seen.
    pub(crate) watched: Vec<Watched>,
}

impl Seen {
    pub(super) fn calls(&mut self) {
        self.calling += 1;
    }

    pub(super) fn called(&mut self) {
        self.calling -= 1;
    }

    /// How many callers have not come to an end.
    pub(crate) fn calling(&self) -> usize {
        self.calling
    }

    /// What was acknowledged to a tenant's callers.
    pub(super) fn of(
        &self,
        tenant: Tenant,
    ) -> impl Iterator<Item = (&(Bytes, String), &Acknowledged)> {
        let recorded = self.recorded.iter();
        recorded.filter(move |(_, one)| one.tenant == tenant)
    }

    pub(super) fn refused(&mut self, tenant: Tenant, wish: &Wish, reason: &str) {
        if let Wish::Record(contact) = wish {
            let refused = (tenant, contact.clone(), reason.to_owned());
            self.refused.push(refused);
        }
    }

    pub(super) fn moving(&mut self, tenant: Tenant) -> &BTreeSet<String> {
        self.moving.entry(tenant).or_default()
    }

    /// Somebody is about to change what a list is ordered by.
    pub(super) fn moves(&mut self, tenant: Tenant, wish: &Wish) {
        let moving = self.moving.entry(tenant).or_default();
        match wish {
            Wish::Fulfil(change)
            | Wish::Cancel(change)
            | Wish::Reschedule(change, _)
            | Wish::Follow(change, _) => {
                moving.insert(requests::promise_id(tenant, change.promise));
            }
            Wish::Record(Contact {
                follows_up: Some(which),
                ..
            }) => {
                moving.insert(requests::promise_id(tenant, *which));
            }
            Wish::RecordMany { contacts, .. } => {
                let followed = contacts.iter().filter_map(|contact| contact.follows_up);
                moving.extend(followed.map(|which| requests::promise_id(tenant, which)));
            }
            Wish::Batch { promises, .. } => {
                let ids = promises.iter();
                moving.extend(ids.map(|which| requests::promise_id(tenant, *which)));
            }
            Wish::Identify { contact, .. } => {
                moving.insert(requests::contact_id(*contact).to_string());
                moving.insert(requests::promise_id(tenant, Which::Of(*contact)));
            }
            _ => {}
        }
    }
}

/// The place that a position's token names.
pub(crate) fn place(token: &str) -> Option<Position> {
    let positions = Positions::decode(token, SIM_LOG_ID).ok()?;
    let (partition, next) = positions.iter().next()?;
    let offset = next.checked_sub(1)?;
    Some(Position { partition, offset })
}

/// What was acknowledged is in the log, with its content, and nothing else was acknowledged before
/// under its names.
pub(super) fn check(world: &World, tenant: Tenant, wish: &Wish, done: Done) -> Result<(), String> {
    world.note(&format!("{wish:?}: {done}"));
    let token = match &done {
        Done::Recorded(answer) => &answer.position,
        Done::Changed { position, .. } => position,
    };
    let position = place(token).ok_or_else(|| format!("an answer without a position: {done:?}"))?;
    let stored = world.medium().at(position);
    let stored = stored.ok_or("acknowledged, and not in the log")?;
    let event = Event::decode(stored.record.body.clone()).map_err(|error| error.to_string())?;
    match (wish, done) {
        (Wish::Record(contact), Done::Recorded(answer)) => {
            let said = requests::content(tenant, contact);
            if event.tenant_id != requests::tenant_id(tenant)
                || event.aggregate_id != answer.interaction_id
                || event.request_hash != said.as_bytes()[..]
            {
                return Err(format!(
                    "acknowledged at {position:?}, where another content stands"
                ));
            }
            let acknowledged = Acknowledged {
                tenant,
                contact: contact.clone(),
                position,
                commitment_ids: answer.commitment_ids,
            };
            let key = (stored.record.key, event.aggregate_id);
            check_names(world, &key, &acknowledged)?;
            world.seen(|seen| seen.recorded.insert(key, acknowledged));
        }
        (_, Done::Changed { id, .. }) => {
            let is_its = id.is_empty() || id == event.aggregate_id;
            let is_theirs = event.tenant_id == requests::tenant_id(tenant);
            if !is_its || !is_theirs || event.request_id != request_of(wish) {
                return Err(format!(
                    "done at {position:?}, where another request's event stands"
                ));
            }
            world.seen(|seen| seen.changed.insert(position));
        }
        (_, Done::Recorded(_)) => return Err("an answer to another question".to_owned()),
    }
    Ok(())
}

/// The id of a wish's request.
fn request_of(wish: &Wish) -> String {
    let request = match wish {
        Wish::Fulfil(change)
        | Wish::Cancel(change)
        | Wish::Reschedule(change, _)
        | Wish::Follow(change, _) => change.request,
        Wish::Amend { request, .. }
        | Wish::Identify { request, .. }
        | Wish::Merge { request, .. }
        | Wish::Unmerge { request, .. }
        | Wish::Make { request, .. }
        | Wish::SeeTo { request, .. }
        | Wish::Settings { request, .. }
        | Wish::Promote { request } => *request,
        Wish::Record(_)
        | Wish::RecordMany { .. }
        | Wish::Batch { .. }
        | Wish::Retarget { .. }
        | Wish::ListPromises
        | Wish::ListTimeline { .. }
        | Wish::ListByHandle { .. } => return String::new(),
    };
    requests::request_id(request)
}

/// What was done to one of several promises is in the log, and of that promise.
pub(super) fn counts(
    world: &World,
    tenant: Tenant,
    commitment_id: &str,
    position: &str,
) -> Result<(), String> {
    let position = place(position).ok_or("an answer without a position")?;
    let stored = world.medium().at(position);
    let stored = stored.ok_or("acknowledged, and not in the log")?;
    let event = Event::decode(stored.record.body).map_err(|error| error.to_string())?;
    if event.aggregate_id != commitment_id || event.tenant_id != requests::tenant_id(tenant) {
        return Err(format!(
            "done to {commitment_id} at {position:?}, where another promise's event stands"
        ));
    }
    world.seen(|seen| seen.changed.insert(position));
    Ok(())
}

/// One content and one place for an id, and one contact for a promise's id: of one customer always,
/// and of all of them where one process alone writes.
fn check_names(world: &World, key: &(Bytes, String), now: &Acknowledged) -> Result<(), String> {
    let alone = world.clocks().len() == 1;
    let given = |contact: &Contact| match contact.promise {
        Some(Promise { id: Some(id), .. }) => Some(id),
        _ => None,
    };
    world.seen(|seen| {
        for (other, before) in seen.of(now.tenant) {
            let is_same_customer = other.0 == key.0;
            if !is_same_customer && !alone {
                continue;
            }
            if other.1 == key.1
                && (before.position != now.position || before.contact != now.contact)
            {
                return Err(format!(
                    "two contents acknowledged under one id: {before:?}, {now:?}"
                ));
            }
            let reference = before.contact.reference;
            let same_reference = reference.is_some() && reference == now.contact.reference;
            if same_reference && other.1 != key.1 {
                return Err(format!(
                    "a reference acknowledged for two contacts: {before:?}, {now:?}"
                ));
            }
            let shared = given(&before.contact).filter(|id| Some(*id) == given(&now.contact));
            if shared.is_some() && other.1 != key.1 {
                return Err(format!(
                    "a promise's id acknowledged for two contacts: {before:?}, {now:?}"
                ));
            }
        }
        Ok(())
    })
}
