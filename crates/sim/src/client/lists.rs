//! Callers who read lists page by page, while others write.

use std::collections::BTreeSet;

use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::ListTimelineRequest;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::list_timeline_request::Whose;
use aftercall_proto::history::v1::timeline_entry::What;
use tonic::Status;

use super::{asked, requests};
use crate::executor::pause;
use crate::process::Process;
use crate::world::World;

/// Few entries a page, so that there are pages.
const PAGE_SIZE: i32 = 3;

/// What stands in a list, and the contact that it is of.
type Entry = (String, String);

type Read = Result<Result<(), String>, Status>;

/// All promises: each that was acknowledged before stands in the list, once.
pub(super) async fn promises(world: &World, process: &Process) -> Read {
    let expected = world.seen(|seen| {
        let acknowledged = seen.recorded.values();
        let ids = acknowledged.flat_map(|one| {
            let contact = requests::contact_id(one.contact.id).to_string();
            let ids = one.commitment_ids.iter().cloned();
            ids.map(move |id| (id, contact.clone()))
        });
        ids.collect::<BTreeSet<Entry>>()
    });
    let mut followups = FollowupServiceClient::new(process.services.clone());
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListCommitmentsRequest {
            page_size: PAGE_SIZE,
            page_token,
            latest: true,
            ..ListCommitmentsRequest::default()
        };
        let page = followups
            .list_commitments(asked(request))
            .await?
            .into_inner();
        let entries = page.commitments.into_iter();
        listed
            .extend(entries.map(|one| ((one.commitment_id, one.interaction_id), one.customer_id)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
        pause(world.executor().draw(30)).await;
    }
    Ok(compare(world, &expected, &listed))
}

/// All contacts of a customer: each that was acknowledged before stands in the list, once.
pub(super) async fn timeline(world: &World, process: &Process, customer: u8) -> Read {
    let expected = world.seen(|seen| {
        let acknowledged = seen.recorded.iter();
        let of_customer = acknowledged.filter(|(_, one)| one.contact.customer == customer);
        of_customer
            .map(|((_, id), _)| (id.clone(), id.clone()))
            .collect::<BTreeSet<Entry>>()
    });
    let mut history = HistoryServiceClient::new(process.services.clone());
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListTimelineRequest {
            whose: Some(Whose::CustomerId(requests::customer_id(customer))),
            page_size: PAGE_SIZE,
            page_token,
            latest: true,
            ..ListTimelineRequest::default()
        };
        let page = history.list_timeline(asked(request)).await?.into_inner();
        for entry in page.entries {
            if let Some(What::Interaction(contact)) = entry.what {
                let entry = (contact.interaction_id.clone(), contact.interaction_id);
                listed.push((entry, contact.customer.unwrap_or_default().customer_id));
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
        pause(world.executor().draw(30)).await;
    }
    Ok(compare(world, &expected, &listed))
}

fn compare(
    world: &World,
    expected: &BTreeSet<Entry>,
    listed: &[(Entry, String)],
) -> Result<(), String> {
    let moving = world.seen(|seen| seen.moving.clone());
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
