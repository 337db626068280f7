//! Callers who do something with promises, alerts and settings.

use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::followups::v1::RetargetedCommitment;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::model::v1::{AlertState, Commitment};
use aftercall_proto::settings::v1::settings_service_client::SettingsServiceClient;
use tonic::Status;
use tonic::service::Routes;

use super::ask;
use crate::client::requests::{self, followups, series, settings};
use crate::client::{Asking, Done, Ended, asked, is_passing, seen, watches};
use crate::plan::{Batched, Change, Following, Minutes, Recurs, SeeingTo, Which};

impl Asking<'_> {
    fn followups(&self) -> FollowupServiceClient<Routes> {
        FollowupServiceClient::new(self.process.services.clone())
    }

    pub(super) async fn follow(
        &self,
        change: &Change,
        following: &Following,
    ) -> Result<Done, Status> {
        let (tenant, mut client) = (self.tenant, self.followups());
        match following {
            Following::Pause { until_minutes } => {
                let request = followups::pause(tenant, change, *until_minutes);
                ask!(client, pause_commitment, tenant, request)
            }
            Following::Resume => {
                let request = followups::resume(tenant, change);
                ask!(client, resume_commitment, tenant, request)
            }
            Following::Reassign {
                agent,
                within_minutes,
            } => {
                let request = followups::reassign(tenant, change, (*agent, *within_minutes));
                ask!(client, reassign_commitment, tenant, request)
            }
            Following::Accept { agent } => {
                let request = followups::accept(tenant, change);
                let request = requests::asked_by(tenant, *agent, request);
                let answer = client.accept_handover(request).await?;
                Ok(Done::from(answer.into_inner()))
            }
            Following::EndHandover => {
                let request = followups::end_handover(tenant, change);
                ask!(client, end_handover, tenant, request)
            }
            Following::Attempt => {
                let request = followups::attempt(tenant, change);
                ask!(client, record_attempt, tenant, request)
            }
            Following::Depend { on } => {
                let request = followups::depend(tenant, change, on);
                ask!(client, set_dependencies, tenant, request)
            }
            Following::Reopen {
                due_minutes,
                told_to_customer,
            } => {
                let due = (*due_minutes, *told_to_customer);
                let request = followups::reopen(tenant, change, due);
                ask!(client, reopen_commitment, tenant, request)
            }
            Following::EndSeries => self.end_series(change).await,
        }
    }

    /// Ends a series: its latest promise shows that there is no further one.
    async fn end_series(&self, change: &Change) -> Result<Done, Status> {
        let request = asked(self.tenant, series::end(self.tenant, change));
        let answer = self.followups().end_recurrence(request).await?.into_inner();
        if !shows_end(answer.commitment.as_ref()) {
            self.world
                .find(format!("a series is ended, and goes on: {answer:?}"));
        }
        Ok(Done::from(answer))
    }

    pub(super) async fn make(
        &self,
        contact: u8,
        due: (Minutes, bool, Option<Recurs>),
        request: u16,
    ) -> Result<Done, Status> {
        let (tenant, mut client) = (self.tenant, self.followups());
        let request = followups::make(tenant, contact, due, request);
        ask!(client, make_commitment, tenant, request)
    }

    /// Does something about the first alert that somebody can do something about.
    pub(super) async fn see_to(&self, how: &SeeingTo, request: u16) -> Result<Done, Status> {
        let tenant = self.tenant;
        let mut client = AlertServiceClient::new(self.process.services.clone());
        let listed = client
            .list_alerts(asked(tenant, followups::alerts()))
            .await?;
        let alerts = listed.into_inner().alerts.into_iter();
        let mut alerts = alerts.filter(watches::is_of_promise);
        let open = alerts
            .find(|alert| !matches!(alert.state(), AlertState::Resolved | AlertState::Closed));
        let Some(alert) = open else {
            return Err(Status::not_found("there is no alert"));
        };
        if let Err(wrong) = watches::change(tenant, &alert) {
            self.world.find(wrong);
        }
        let id = alert.alert_id;
        match how {
            SeeingTo::Acknowledge => {
                let request = followups::acknowledge(request, id);
                ask!(client, acknowledge_alert, tenant, request)
            }
            SeeingTo::Snooze { until_minutes } => {
                let request = followups::snooze(request, id, *until_minutes);
                ask!(client, snooze_alert, tenant, request)
            }
            SeeingTo::Close => {
                let request = followups::close(request, id);
                ask!(client, close_alert, tenant, request)
            }
        }
    }

    pub(super) async fn change_settings(&self, state: u8, request: u16) -> Result<Done, Status> {
        let tenant = self.tenant;
        let mut client = SettingsServiceClient::new(self.process.services.clone());
        let request = settings::change(state, request);
        ask!(client, change_settings, tenant, request)
    }

    /// Does the same with several promises: each that was done counts where it was said to stand.
    pub(in crate::client) async fn batch(
        &self,
        promises: &[Which],
        command: Batched,
        request: u16,
    ) -> Result<Ended, String> {
        let request = followups::batch(self.tenant, promises, command, request);
        let mut client = self.followups();
        let answer = client.batch_commitments(asked(self.tenant, request));
        let answer = match answer.await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Ok(ended_by(status)),
        };
        if answer.commitments.len() != promises.len() {
            return Err(format!("a batch of {promises:?} is answered by {answer:?}"));
        }
        for one in &answer.commitments {
            let is_done = one.status.is_none();
            if is_done == one.position.is_empty() {
                return Err(format!("done or refused? {one:?}"));
            }
            let mut id = &one.commitment_id;
            if is_done && command == Batched::EndSeries {
                // It is the latest promise of the series that says so, whichever was named.
                if !shows_end(one.commitment.as_ref()) {
                    return Err(format!("a series is ended, and goes on: {one:?}"));
                }
                id = one.commitment.as_ref().map_or(id, |one| &one.commitment_id);
            }
            if is_done {
                seen::counts(self.world, self.tenant, id, &one.position)?;
            }
        }
        Ok(Ended::Answered)
    }

    /// Has all open promises follow the policies as they are, page by page.
    pub(in crate::client) async fn retarget(&self, request: u16) -> Result<Ended, String> {
        let (mut client, mut page_token) = (self.followups(), String::new());
        loop {
            let asking = followups::retarget(request, page_token);
            let answer = client.retarget_open(asked(self.tenant, asking));
            let answer = match answer.await {
                Ok(answer) => answer.into_inner(),
                Err(status) => return Ok(ended_by(status)),
            };
            for RetargetedCommitment {
                commitment_id,
                position,
                ..
            } in &answer.commitments
            {
                if !position.is_empty() {
                    seen::counts(self.world, self.tenant, commitment_id, position)?;
                }
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(Ended::Answered);
            }
        }
    }
}

/// Whether a promise shows that its series has ended.
fn shows_end(promise: Option<&Commitment>) -> bool {
    let place = promise.and_then(|promise| promise.occurrence.as_ref());
    place.is_some_and(|place| place.series_ended)
}

fn ended_by(status: Status) -> Ended {
    match is_passing(&status) {
        true => Ended::Failed(status),
        false => Ended::Refused(status),
    }
}
