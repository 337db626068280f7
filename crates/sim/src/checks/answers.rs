//! What every process answers is what the naive model says.

use std::collections::BTreeSet;
use std::future::Future;

use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::get_interaction_request::Which;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{GetInteractionRequest, SearchInteractionsRequest};
use aftercall_proto::knowledge::v1::ListSolutionsRequest;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::model::v1::{AlertState, Commitment, CommitmentLifecycle};
use tonic::Status;

use crate::client::asked;
use crate::model::{Contact, Model, Promise};
use crate::process::Process;
use crate::world::World;

/// Small enough that there are several pages.
const PAGE_SIZE: i32 = 7;

/// A promise in short: whose, its id, version, lapses, and whether it is open.
type Short = (String, String, u64, usize, bool);

pub(super) async fn are_as_the_model(world: &World, model: &Model) -> Result<(), String> {
    for process in world.processes() {
        contacts(&process, model).await?;
        promises(&process, model).await?;
        alerts(&process, model).await?;
        search(&process, model).await?;
        solutions(&process, model).await?;
    }
    Ok(())
}

async fn contacts(process: &Process, model: &Model) -> Result<(), String> {
    let mut history = HistoryServiceClient::new(process.services.clone());
    let ids: BTreeSet<&String> = model.contacts.keys().map(|(_, id)| id).collect();
    for id in ids {
        let request = GetInteractionRequest {
            which: Some(Which::InteractionId(id.clone())),
            latest: true,
            ..GetInteractionRequest::default()
        };
        let answer = history.get_interaction(asked(request)).await;
        let answer = answer.map_err(|status| unanswered(&status))?.into_inner();
        let shown = answer.interaction.unwrap_or_default();
        let customer = shown.customer.unwrap_or_default();
        let Some(contact) = model.first(id) else {
            continue;
        };
        let is_same =
            shown.version == contact.version && customer.customer_id == contact.customer_id;
        let shown: BTreeSet<Short> = answer.commitments.iter().map(short).collect();
        let expected: BTreeSet<Short> = of_contact(contact).collect();
        if !is_same || shown != expected {
            return Err(format!(
                "contact {id} is shown in version {}, of {:?}, with {shown:?}; the log says {contact:?}",
                answer.amendment_count + 1,
                customer.customer_id
            ));
        }
    }
    Ok(())
}

async fn promises(process: &Process, model: &Model) -> Result<(), String> {
    let client = FollowupServiceClient::new(process.services.clone());
    let listed = pages(|page_token| {
        let mut client = client.clone();
        async move {
            let request = ListCommitmentsRequest {
                page_size: PAGE_SIZE,
                page_token,
                latest: true,
                ..ListCommitmentsRequest::default()
            };
            let page = client.list_commitments(asked(request)).await?.into_inner();
            Ok::<_, Status>((page.commitments, page.next_page_token))
        }
    });
    let listed = listed.await?;
    let expected = model.contacts.values().flat_map(of_contact);
    same("promises", listed.iter().map(short), expected)
}

/// One for each lapse, and triggered as long as the promise is open and its due has not moved.
async fn alerts(process: &Process, model: &Model) -> Result<(), String> {
    let client = AlertServiceClient::new(process.services.clone());
    let listed = pages(|page_token| {
        let mut client = client.clone();
        async move {
            let request = ListAlertsRequest {
                page_size: PAGE_SIZE,
                page_token,
                latest: true,
                ..ListAlertsRequest::default()
            };
            let page = client.list_alerts(asked(request)).await?.into_inner();
            Ok::<_, Status>((page.alerts, page.next_page_token))
        }
    });
    let listed = listed.await?;
    let promises = || {
        model
            .contacts
            .values()
            .flat_map(|contact| &contact.promises)
    };
    let expected = promises().flat_map(|promise| {
        let triggered = promise.is_open && promise.lapsed;
        let states = (1..=promise.lapses).map(move |number| triggered && number == promise.lapses);
        states.map(|triggered| triggered.to_string())
    });
    let states = listed
        .iter()
        .map(|alert| (alert.state() == AlertState::Triggered).to_string());
    same("alerts", states, expected)
}

/// All contacts, by the search index.
async fn search(process: &Process, model: &Model) -> Result<(), String> {
    let client = HistoryServiceClient::new(process.services.clone());
    let listed = pages(|page_token| {
        let mut client = client.clone();
        async move {
            let request = SearchInteractionsRequest {
                page_size: PAGE_SIZE,
                page_token,
                latest: true,
                ..SearchInteractionsRequest::default()
            };
            let page = client
                .search_interactions(asked(request))
                .await?
                .into_inner();
            Ok::<_, Status>((page.results, page.next_page_token))
        }
    });
    let found = listed.await?.into_iter().map(|result| {
        let shown = result.interaction.unwrap_or_default();
        (
            shown.interaction_id,
            shown.version,
            shown.customer.unwrap_or_default().customer_id,
        )
    });
    let contacts = model.contacts.iter();
    let expected = contacts
        .map(|((_, id), contact)| (id.clone(), contact.version, contact.customer_id.clone()));
    same("search", found, expected)
}

async fn solutions(process: &Process, model: &Model) -> Result<(), String> {
    let client = KnowledgeServiceClient::new(process.services.clone());
    let listed = pages(|page_token| {
        let mut client = client.clone();
        async move {
            let request = ListSolutionsRequest {
                page_size: PAGE_SIZE,
                page_token,
                latest: true,
                ..ListSolutionsRequest::default()
            };
            let page = client.list_solutions(asked(request)).await?.into_inner();
            Ok::<_, Status>((page.solutions, page.next_page_token))
        }
    });
    let listed = listed
        .await?
        .into_iter()
        .map(|solution| solution.solution_id);
    same("solutions", listed, model.solutions.iter().cloned())
}

/// All pages of a list.
async fn pages<T, F>(mut page: impl FnMut(String) -> F) -> Result<Vec<T>, String>
where
    F: Future<Output = Result<(Vec<T>, String), Status>>,
{
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let answered = page(page_token).await;
        let (entries, next) = answered.map_err(|status| unanswered(&status))?;
        listed.extend(entries);
        page_token = next;
        if page_token.is_empty() {
            return Ok(listed);
        }
    }
}

fn same<T: Ord + std::fmt::Debug>(
    what: &str,
    listed: impl Iterator<Item = T>,
    expected: impl Iterator<Item = T>,
) -> Result<(), String> {
    let (mut listed, mut expected): (Vec<T>, Vec<T>) = (listed.collect(), expected.collect());
    listed.sort();
    expected.sort();
    match listed == expected {
        true => Ok(()),
        false => Err(format!(
            "the list of {what} is {listed:?}, and should be {expected:?}"
        )),
    }
}

fn of_contact(contact: &Contact) -> impl Iterator<Item = Short> + '_ {
    contact.promises.iter().map(|promise| {
        let Promise {
            id,
            version,
            lapses,
            is_open,
            ..
        } = promise;
        (
            contact.customer_id.clone(),
            id.clone(),
            *version,
            *lapses,
            *is_open,
        )
    })
}

fn short(shown: &Commitment) -> Short {
    (
        shown.customer_id.clone(),
        shown.commitment_id.clone(),
        shown.version,
        shown.lapses.len(),
        shown.lifecycle() == CommitmentLifecycle::Active,
    )
}

fn unanswered(status: &Status) -> String {
    format!("in the end a question is not answered: {status:?}")
}
