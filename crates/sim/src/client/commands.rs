//! Callers who want one thing done.

mod followups;

use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use tonic::Status;

use super::{Asking, Done, asked, requests};
use crate::plan::Wish;

/// Asks one thing of a service.
macro_rules! ask {
    ($client:expr, $method:ident, $tenant:expr, $request:expr) => {{
        let answer = $client.$method(asked($tenant, $request)).await?;
        Ok(Done::from(answer.into_inner()))
    }};
}

use ask;

impl Asking<'_> {
    /// Has done what is wished.
    pub(super) async fn command(&self, wish: &Wish) -> Result<Done, Status> {
        match wish {
            Wish::Fulfil(_) | Wish::Cancel(_) | Wish::Reschedule(..) => {
                self.change_promise(wish).await
            }
            Wish::Promote { request } => self.promote(*request).await,
            Wish::Follow(change, following) => self.follow(change, following).await,
            Wish::Make {
                contact,
                due_minutes,
                told_to_customer,
                recurs,
                request,
            } => {
                let due = (*due_minutes, *told_to_customer, *recurs);
                self.make(*contact, due, *request).await
            }
            Wish::SeeTo { how, request } => self.see_to(how, *request).await,
            Wish::Settings { state, request } => self.change_settings(*state, *request).await,
            _ => self.change_contact(wish).await,
        }
    }

    async fn change_contact(&self, wish: &Wish) -> Result<Done, Status> {
        let tenant = self.tenant;
        let mut recorder = RecorderServiceClient::new(self.process.services.clone());
        match *wish {
            Wish::Record(ref contact) => {
                let request = requests::record(tenant, contact);
                ask!(recorder, record_interaction, tenant, request)
            }
            Wish::Amend { contact, request } => {
                let request = requests::amend(contact, request);
                ask!(recorder, amend_interaction, tenant, request)
            }
            Wish::Identify {
                contact,
                customer,
                request,
            } => {
                let request = requests::identify(contact, customer, request);
                ask!(recorder, identify_interaction, tenant, request)
            }
            Wish::Merge {
                customer,
                merged,
                request,
            } => {
                let request = requests::merge(customer, merged, request);
                ask!(recorder, merge_customers, tenant, request)
            }
            Wish::Unmerge {
                customer,
                merged,
                request,
            } => {
                let request = requests::unmerge(customer, merged, request);
                ask!(recorder, unmerge_customers, tenant, request)
            }
            _ => Err(Status::invalid_argument("this changes no contact")),
        }
    }

    async fn change_promise(&self, wish: &Wish) -> Result<Done, Status> {
        let tenant = self.tenant;
        let mut followups = FollowupServiceClient::new(self.process.services.clone());
        match wish {
            Wish::Fulfil(change) => {
                let request = requests::fulfil(tenant, change);
                ask!(followups, fulfil_commitment, tenant, request)
            }
            Wish::Cancel(change) => {
                let request = requests::cancel(tenant, change);
                ask!(followups, cancel_commitment, tenant, request)
            }
            Wish::Reschedule(change, due_minutes) => {
                let request = requests::reschedule(tenant, change, *due_minutes);
                ask!(followups, reschedule_commitment, tenant, request)
            }
            _ => Err(Status::invalid_argument("this changes no promise")),
        }
    }

    /// Promotes the first candidate that there is.
    async fn promote(&self, request: u16) -> Result<Done, Status> {
        let tenant = self.tenant;
        let mut knowledge = KnowledgeServiceClient::new(self.process.services.clone());
        let candidates = asked(tenant, requests::candidates());
        let candidates = knowledge.list_candidates(candidates).await?.into_inner();
        let Some(candidate) = candidates.candidates.into_iter().next() else {
            return Err(Status::not_found("there is no candidate"));
        };
        if !candidate.resolution.starts_with(&requests::mark(tenant)) {
            let found = format!("another tenant's candidate: {candidate:?}");
            self.world.find(found);
        }
        let request = requests::promote(tenant, &candidate.candidate_id, request);
        ask!(knowledge, promote_candidate, tenant, request)
    }
}
