//! Callers who read lists page by page, while others write.

use std::collections::BTreeSet;

use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::list_timeline_request::Whose;
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{HandleQuery, ListTimelineRequest};
use aftercall_proto::model::v1::{Commitment, owner};
use tonic::Status;

use super::{Asking, asked, requests};
use crate::executor::pause;
use crate::plan::{Contact, Tenant};

/// Few entries a page, so that there are pages.
const PAGE_SIZE: i32 = 3;

/// What stands in a list, and the contact that it is of.
type Entry = (String, String);

type Read = Result<Result<(), String>, Status>;

/// The contacts that were made by a number.
pub(crate) fn by_handle(handle: u8) -> Whose {
    Whose::Handle(HandleQuery {
        value: requests::handle(handle),
        ..HandleQuery::default()
    })
}

/// Whose promise it is, by the mark in its owner's id.
pub(crate) fn is_of(tenant: Tenant, commitment: &Commitment) -> bool {
    let owner = commitment.owner.as_ref();
    let agent = owner.and_then(|owner| match &owner.owner {
        Some(owner::Owner::AgentId(agent_id)) => Some(agent_id),
        _ => None,
    });
    agent.is_some_and(|agent_id| agent_id.starts_with(&requests::mark(tenant)))
}

impl Asking<'_> {
    /// All promises: each that was acknowledged before stands in the list, once.
    pub(super) async fn list_promises(&self) -> Read {
        let expected = self.world.seen(|seen| {
            let acknowledged = seen.of(self.tenant);
            let ids = acknowledged.flat_map(|(_, one)| {
                let contact = requests::contact_id(one.contact.id).to_string();
                let ids = one.commitment_ids.iter().cloned();
                ids.map(move |id| (id, contact.clone()))
            });
            ids.collect::<BTreeSet<Entry>>()
        });
        let mut followups = FollowupServiceClient::new(self.process.services.clone());
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListCommitmentsRequest {
                page_size: PAGE_SIZE,
                page_token,
                latest: true,
                ..ListCommitmentsRequest::default()
            };
            let request = asked(self.tenant, request);
            let page = followups.list_commitments(request).await?.into_inner();
            for one in page.commitments {
                if !is_of(self.tenant, &one) {
                    return Ok(Err(format!("another tenant's promise: {one:?}")));
                }
                listed.push(((one.commitment_id, one.interaction_id), one.customer_id));
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
            pause(self.world.executor().draw(30)).await;
        }
        Ok(self.compare(&expected, &listed))
    }

    /// All contacts of somebody: each that was acknowledged before stands in the list, once.
    pub(super) async fn list_timeline(
        &self,
        whose: Whose,
        is_theirs: impl Fn(&Contact) -> bool,
    ) -> Read {
        let expected = self.world.seen(|seen| {
            let theirs = seen.of(self.tenant);
            let theirs = theirs.filter(|(_, one)| is_theirs(&one.contact));
            theirs
                .map(|((_, id), _)| (id.clone(), id.clone()))
                .collect::<BTreeSet<Entry>>()
        });
        let mut history = HistoryServiceClient::new(self.process.services.clone());
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListTimelineRequest {
                whose: Some(whose.clone()),
                page_size: PAGE_SIZE,
                page_token,
                latest: true,
                ..ListTimelineRequest::default()
            };
            let request = asked(self.tenant, request);
            let page = history.list_timeline(request).await?.into_inner();
            for entry in page.entries {
                let Some(What::Interaction(contact)) = entry.what else {
                    continue;
                };
                if !contact.agent_id.starts_with(&requests::mark(self.tenant)) {
                    return Ok(Err(format!("another tenant's contact: {contact:?}")));
                }
                let entry = (contact.interaction_id.clone(), contact.interaction_id);
                listed.push((entry, contact.customer.unwrap_or_default().customer_id));
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
            pause(self.world.executor().draw(30)).await;
        }
        Ok(self.compare(&expected, &listed))
    }

    fn compare(
        &self,
        expected: &BTreeSet<Entry>,
        listed: &[(Entry, String)],
    ) -> Result<(), String> {
        let moving = self.world.seen(|seen| seen.moving(self.tenant).clone());
        let stays = |(id, contact): &Entry| !moving.contains(id) && !moving.contains(contact);
        let mut seen = BTreeSet::new();
        for entry in listed.iter().filter(|(entry, _)| stays(entry)) {
            if !seen.insert(entry) {
                return Err(format!("{entry:?} stands twice in a list: {listed:?}"));
            }
        }
        let entries: BTreeSet<&Entry> = listed.iter().map(|(entry, _)| entry).collect();
        match expected
            .iter()
            .find(|entry| stays(entry) && !entries.contains(entry))
        {
            Some(missing) => Err(format!("{missing:?} is not in a list: {listed:?}")),
            None => Ok(()),
        }
    }
}
