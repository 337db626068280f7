//! The incidents as callers tell them: recorded, paused, resumed, kept and reopened when each of it happened.

use std::collections::BTreeMap;

use aftercall_proto::convert::time::to_wire;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::followups::v1::{
    FulfilCommitmentRequest, GetCommitmentRequest, MakeCommitmentRequest, PauseCommitmentRequest,
    ReopenCommitmentRequest, ResumeCommitmentRequest,
};
use aftercall_proto::model::v1::{
    Channel, Commitment, CommitmentDraft, CommitmentKind, ContactReason, Customer, Direction,
    ExternalRef, Interaction, Owner, PauseReason, Priority, owner,
};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::settings::v1::ChangeSettingsRequest;
use aftercall_proto::settings::v1::settings_service_client::SettingsServiceClient;
use aftercall_sim::Stage;
use jiff::SignedDuration;
use tonic::Status;
use tonic::service::Routes;
use tonic_types::StatusExt;

use super::desk::{Incident, Minute, State, instant};

mod settings;

/// A due that can't pass while the incidents last.
const DUE_AFTER: SignedDuration = SignedDuration::from_hours(24 * 1_000);

/// What became of an incident's promises, in order.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) promises: Vec<Commitment>,
    /// How many reopenings came too late to take the old promise up again.
    pub(super) too_late: usize,
}

/// Tells them all, and asks what became of each.
pub(super) async fn tell(
    stage: &Stage,
    incidents: &[Incident],
) -> Result<BTreeMap<String, Told>, String> {
    let mut teller = Teller {
        stage,
        services: stage.services()?,
        requests: 0,
        open: BTreeMap::new(),
    };
    teller
        .set_up()
        .await
        .map_err(|status| format!("the settings: {status:?}"))?;
    let mut changes = Vec::new();
    for incident in incidents {
        let course = incident.course();
        let before = [None]
            .into_iter()
            .chain(course.iter().map(|(_, state)| Some(*state)));
        let course = before
            .zip(&course)
            .map(|(before, (at, state))| (*at, before, *state, incident));
        changes.extend(course);
    }
    // What happened to one incident at one minute stays in its order.
    changes.sort_by_key(|(at, ..)| *at);
    for (at, before, state, incident) in changes {
        stage.go_to(instant(at)).await;
        let done = teller.change(incident, at, before, state).await;
        done.map_err(|status| {
            format!("{} at {}, {state:?}: {status:?}", incident.id, instant(at))
        })?;
    }
    teller.answers().await
}

/// An incident's promises so far.
#[derive(Debug, Default)]
struct Promises {
    interaction_id: String,
    commitment_ids: Vec<String>,
    too_late: usize,
}

struct Teller<'s> {
    stage: &'s Stage,
    services: Routes,
    requests: u64,
    open: BTreeMap<String, Promises>,
}

impl Teller<'_> {
    async fn set_up(&mut self) -> Result<(), Status> {
        let request = ChangeSettingsRequest {
            request_id: self.request_id(),
            changes: settings::all(),
            ..ChangeSettingsRequest::default()
        };
        let mut settings = SettingsServiceClient::new(self.services.clone());
        settings.change_settings(self.stage.asked(request)).await?;
        Ok(())
    }

    fn request_id(&mut self) -> String {
        self.requests += 1;
        format!("request-{}", self.requests)
    }

    fn promise_of(&self, incident: &Incident) -> String {
        let promises = self.open.get(&incident.id);
        let last = promises.and_then(|promises| promises.commitment_ids.last());
        last.cloned().unwrap_or_default()
    }

    /// What a change of state asks for.
    async fn change(
        &mut self,
        incident: &Incident,
        at: Minute,
        before: Option<State>,
        state: State,
    ) -> Result<(), Status> {
        match before {
            None => return self.record(incident, at).await,
            Some(State::Done) => self.reopen(incident, at).await?,
            Some(State::Callers | State::Others) if state != State::Done => {
                self.resume(incident).await?;
            }
            _ => {}
        }
        match state {
            State::Ours => Ok(()),
            State::Callers => self.pause(incident, PauseReason::AwaitingCustomer).await,
            State::Others => self.pause(incident, PauseReason::AwaitingThirdParty).await,
            State::Done => self.fulfil(incident).await,
        }
    }

    async fn record(&mut self, incident: &Incident, at: Minute) -> Result<(), Status> {
        let reason = ContactReason {
            code: "incident".to_owned(),
            primary: true,
            ..ContactReason::default()
        };
        // A caller's next incident would end what waits for them in this one, which the desk's history does not know: so
        // each incident has a customer of its own.
        let customer = incident.customer.as_ref();
        let customer_id = customer.map(|caller| format!("{caller}-{}", incident.id));
        let customer_id = customer_id.unwrap_or_default();
        let interaction = Interaction {
            external_ref: Some(ExternalRef {
                source_system: "desk".to_owned(),
                external_id: incident.id.clone(),
            }),
            channel: Channel::Task.into(),
            direction: Direction::Inbound.into(),
            customer: Some(Customer {
                customer_id,
                ..Customer::default()
            }),
            occurred_at: Some(to_wire(instant(at))),
            contact_reasons: vec![reason],
            commitments: vec![promise(incident, at)],
            ..Interaction::default()
        };
        let request = RecordInteractionRequest {
            interaction: Some(interaction),
            ..RecordInteractionRequest::default()
        };
        let mut recorder = RecorderServiceClient::new(self.services.clone());
        let request = self.stage.asked(request);
        let recorded = recorder.record_interaction(request).await?.into_inner();
        let promises = Promises {
            interaction_id: recorded.interaction_id,
            commitment_ids: recorded.commitment_ids,
            too_late: 0,
        };
        self.open.insert(incident.id.clone(), promises);
        Ok(())
    }

    fn followups(&self) -> FollowupServiceClient<Routes> {
        FollowupServiceClient::new(self.services.clone())
    }

    async fn pause(&mut self, incident: &Incident, reason: PauseReason) -> Result<(), Status> {
        let request = PauseCommitmentRequest {
            request_id: self.request_id(),
            commitment_id: self.promise_of(incident),
            reason: reason.into(),
            ..PauseCommitmentRequest::default()
        };
        let request = self.stage.asked(request);
        self.followups().pause_commitment(request).await.map(drop)
    }

    async fn resume(&mut self, incident: &Incident) -> Result<(), Status> {
        let request = ResumeCommitmentRequest {
            request_id: self.request_id(),
            commitment_id: self.promise_of(incident),
            ..ResumeCommitmentRequest::default()
        };
        let request = self.stage.asked(request);
        self.followups().resume_commitment(request).await.map(drop)
    }

    async fn fulfil(&mut self, incident: &Incident) -> Result<(), Status> {
        let request = FulfilCommitmentRequest {
            request_id: self.request_id(),
            commitment_id: self.promise_of(incident),
            note: "resolved".to_owned(),
            ..FulfilCommitmentRequest::default()
        };
        let request = self.stage.asked(request);
        self.followups().fulfil_commitment(request).await.map(drop)
    }

    /// Takes the promise up again; after more than seven days it is a promise of its own.
    async fn reopen(&mut self, incident: &Incident, at: Minute) -> Result<(), Status> {
        let request = ReopenCommitmentRequest {
            request_id: self.request_id(),
            commitment_id: self.promise_of(incident),
            reason: "not resolved".to_owned(),
            promised_by: Some(to_wire(instant(at) + DUE_AFTER)),
            told_to_customer: true,
            ..ReopenCommitmentRequest::default()
        };
        let request = self.stage.asked(request);
        let reopened = self.followups().reopen_commitment(request).await;
        let made = match reopened {
            Ok(reopened) => reopened.into_inner().commitment,
            Err(status) if is_too_late(&status) => self.make_anew(incident, at).await?,
            Err(status) => return Err(status),
        };
        let made = made.unwrap_or_default().commitment_id;
        let promises = self.open.entry(incident.id.clone()).or_default();
        promises.commitment_ids.push(made);
        Ok(())
    }

    async fn make_anew(
        &mut self,
        incident: &Incident,
        at: Minute,
    ) -> Result<Option<Commitment>, Status> {
        let promises = self.open.entry(incident.id.clone()).or_default();
        promises.too_late += 1;
        let interaction_id = promises.interaction_id.clone();
        let request = MakeCommitmentRequest {
            request_id: self.request_id(),
            commitment: Some(promise(incident, at)),
            interaction_id,
            made_at: Some(to_wire(instant(at))),
            ..MakeCommitmentRequest::default()
        };
        let request = self.stage.asked(request);
        let made = self.followups().make_commitment(request).await?;
        Ok(made.into_inner().commitment)
    }

    async fn answers(self) -> Result<BTreeMap<String, Told>, String> {
        let mut all = BTreeMap::new();
        for (id, promises) in &self.open {
            let mut told = Told {
                too_late: promises.too_late,
                ..Told::default()
            };
            for commitment_id in &promises.commitment_ids {
                let request = GetCommitmentRequest {
                    commitment_id: commitment_id.clone(),
                    latest: true,
                    ..GetCommitmentRequest::default()
                };
                let request = self.stage.asked(request);
                let answer = self.followups().get_commitment(request).await;
                let answer = answer.map_err(|status| format!("{id}: {status:?}"))?;
                told.promises.extend(answer.into_inner().commitment);
            }
            all.insert(id.clone(), told);
        }
        Ok(all)
    }
}

fn promise(incident: &Incident, at: Minute) -> CommitmentDraft {
    CommitmentDraft {
        kind: CommitmentKind::Other.into(),
        told_to_customer: true,
        promised_by: Some(to_wire(instant(at) + DUE_AFTER)),
        owner: Some(Owner {
            owner: Some(owner::Owner::QueueId("desk".to_owned())),
        }),
        priority: priority(&incident.priority).into(),
        ..CommitmentDraft::default()
    }
}

pub(super) fn priority(number: &str) -> Priority {
    match number {
        "1" => Priority::P1,
        "2" => Priority::P2,
        "3" => Priority::P3,
        _ => Priority::P4,
    }
}

/// Whether a promise ended too long ago to be taken up again.
fn is_too_late(status: &Status) -> bool {
    let details = status.get_error_details();
    let violations = details
        .precondition_failure()
        .map(|failure| &failure.violations);
    let mut violations = violations.into_iter().flatten();
    violations.any(|violation| violation.r#type == "ENDED_LATELY")
}
