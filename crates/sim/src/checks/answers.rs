//! What every process answers is what the naive model says.

use std::collections::BTreeSet;
use std::future::Future;

use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::get_interaction_request::Which;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::list_timeline_request::Whose;
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{
    GetInteractionRequest, InteractionFilter, ListTimelineRequest, SearchInteractionsRequest,
};
use aftercall_proto::knowledge::v1::ListSolutionsRequest;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::model::v1::{Alert, AlertState, Commitment, CommitmentLifecycle, Interaction};
use jiff::Timestamp;
use tonic::Status;

use crate::client::{asked, lists, requests, watches};
use crate::model::{Contact, Model, Promise};
use crate::plan::{CUSTOMERS, HANDLES, TENANTS, Tenant};
use crate::process::Process;
use crate::world::World;

/// Small enough that there are several pages; the same list is read in pages of both sizes.
const PAGE_SIZES: [i32; 2] = [7, 3];

/// A promise in short.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Short {
    customer_id: String,
    id: String,
    version: u64,
    lapses: usize,
    is_open: bool,
    is_paused: bool,
    pauses: usize,
    /// As the customer was told, and our own due, in nanoseconds.
    dues: [Option<i128>; 2],
    owner: String,
    /// Whether somebody was asked to keep it.
    is_asked: bool,
    waits_for: Vec<String>,
    /// Of one in a series: which one it is, the id of the next one, and whether there is none.
    place: Option<(u32, String, bool)>,
}

pub(super) async fn are_as_the_model(world: &World, model: &Model) -> Result<(), String> {
    for process in &world.processes() {
        for tenant in 0..TENANTS {
            let asking = Asking {
                process,
                tenant,
                tenant_id: requests::tenant_id(tenant),
                model,
            };
            asking.contacts().await?;
            asking.timelines().await?;
            asking.promises().await?;
            asking.alerts().await?;
            asking.search().await?;
            asking.solutions().await?;
        }
    }
    Ok(())
}

/// What a tenant is answered by a process.
#[derive(Clone, Copy)]
struct Asking<'a> {
    process: &'a Process,
    tenant: Tenant,
    tenant_id: &'static str,
    model: &'a Model,
}

/// Asks for one page.
macro_rules! page {
    ($self:ident, $client:ident, $method:ident, $request:expr, $entries:ident) => {{
        let mut client = $client::new($self.process.services.clone());
        async move {
            let page = client.$method(asked($self.tenant, $request)).await?;
            let page = page.into_inner();
            Ok::<_, Status>((page.$entries, page.next_page_token))
        }
    }};
}

impl Asking<'_> {
    async fn contacts(self) -> Result<(), String> {
        let mut history = HistoryServiceClient::new(self.process.services.clone());
        let ids: BTreeSet<&String> = self
            .model
            .contacts_of(self.tenant_id)
            .map(|(id, _)| id)
            .collect();
        for id in ids {
            let request = GetInteractionRequest {
                which: Some(Which::InteractionId(id.clone())),
                latest: true,
                ..GetInteractionRequest::default()
            };
            let answer = history.get_interaction(asked(self.tenant, request)).await;
            let answer = answer.map_err(|status| unanswered(&status))?.into_inner();
            let shown = answer.interaction.unwrap_or_default();
            let Some(contact) = self.model.first(self.tenant_id, id) else {
                continue;
            };
            let promises: BTreeSet<Short> = answer.commitments.iter().map(short).collect();
            let expected: BTreeSet<Short> = of_contact(contact).collect();
            if self.contact(&shown)? != entry((id, contact)) || promises != expected {
                return Err(format!(
                    "contact {id} is shown as {shown:?}, with {promises:?}; the log says {contact:?}"
                ));
            }
        }
        Ok(())
    }

    /// A contact in short: its id, its version, and whose it is.
    fn contact(self, shown: &Interaction) -> Result<Entry, String> {
        if !shown.agent_id.starts_with(&requests::mark(self.tenant)) {
            return Err(format!("another tenant's contact: {shown:?}"));
        }
        let customer = shown.customer.clone().unwrap_or_default();
        let id = shown.interaction_id.clone();
        Ok((id, shown.version, customer.customer_id))
    }

    /// All contacts of each customer and those that are one with it, and all that a number made.
    async fn timelines(self) -> Result<(), String> {
        for customer in 0..CUSTOMERS {
            let customer_id = requests::customer_id(customer);
            let all = self.model.merged_with(self.tenant_id, &customer_id);
            let is_theirs = |contact: &Contact| all.contains(&contact.customer_id);
            let whose = Whose::CustomerId(customer_id);
            self.timeline(whose, is_theirs).await?;
        }
        for handle in 0..HANDLES {
            let number = requests::handle(handle);
            let is_by_it = |contact: &Contact| contact.handles.contains(&number);
            self.timeline(lists::by_handle(handle), is_by_it).await?;
        }
        Ok(())
    }

    async fn timeline(
        self,
        whose: Whose,
        is_theirs: impl Fn(&Contact) -> bool,
    ) -> Result<(), String> {
        let listed = pages(|page_size, page_token| {
            let request = ListTimelineRequest {
                whose: Some(whose.clone()),
                page_size,
                page_token,
                latest: true,
                ..ListTimelineRequest::default()
            };
            page!(self, HistoryServiceClient, list_timeline, request, entries)
        });
        let entries = listed.await?.into_iter();
        let contacts = entries.filter_map(|entry| match entry.what {
            Some(What::Interaction(contact)) => Some(contact),
            _ => None,
        });
        let listed = contacts.map(|contact| self.contact(&contact));
        let listed = listed.collect::<Result<Vec<_>, _>>()?;
        let expected = self.model.contacts_of(self.tenant_id);
        let expected = expected.filter(|(_, contact)| is_theirs(contact));
        let what = format!("contacts of {whose:?}");
        same(&what, listed.into_iter(), expected.map(entry))
    }

    async fn promises(self) -> Result<(), String> {
        let listed = pages(|page_size, page_token| {
            let request = ListCommitmentsRequest {
                page_size,
                page_token,
                latest: true,
                ..ListCommitmentsRequest::default()
            };
            page!(
                self,
                FollowupServiceClient,
                list_commitments,
                request,
                commitments
            )
        });
        let listed = listed.await?;
        if let Some(other) = listed.iter().find(|one| !lists::is_of(self.tenant, one)) {
            return Err(format!("another tenant's promise: {other:?}"));
        }
        let expected = self.model.contacts_of(self.tenant_id);
        let expected = expected.flat_map(|(_, contact)| of_contact(contact));
        same("promises", listed.iter().map(short), expected)
    }

    /// One for each lapse, and triggered as long as its condition holds.
    async fn alerts(self) -> Result<(), String> {
        let listed = pages(|page_size, page_token| {
            let request = ListAlertsRequest {
                page_size,
                page_token,
                latest: true,
                ..ListAlertsRequest::default()
            };
            page!(self, AlertServiceClient, list_alerts, request, alerts)
        });
        let listed = listed.await?.into_iter().filter(watches::is_of_promise);
        let listed = listed.map(|alert| {
            self.check_waiting(&alert)?;
            let customer_id = alert.customer_id.clone();
            Ok((customer_id, watches::change(self.tenant, &alert)?))
        });
        let listed = listed.collect::<Result<Vec<_>, String>>()?;
        let expected = self
            .model
            .contacts_of(self.tenant_id)
            .flat_map(|(id, contact)| {
                contact.promises.iter().flat_map(move |promise| {
                    promise.alerts.all().map(move |seen| {
                        let change = seen.change(&promise.id, id);
                        (contact.customer_id.clone(), change)
                    })
                })
            });
        same("alerts", listed.into_iter(), expected)
    }

    /// What fires waits until something is decided of it, if somebody is to be told; and nothing was said of what was over
    /// before.
    fn check_waiting(self, alert: &Alert) -> Result<(), String> {
        let of = (self.tenant_id.to_owned(), alert.alert_id.clone());
        // That a promise was given up is told on the last level from the beginning.
        if alert.level > 1 || self.model.alerts_decided.contains(&of) || alert.escalation.is_none()
        {
            return match alert.state() {
                AlertState::Pending if alert.level <= 1 => Err(format!("it waits: {alert:?}")),
                _ => Ok(()),
            };
        }
        match alert.state() {
            AlertState::Triggered | AlertState::Resolved => {
                Err(format!("nothing was decided of it: {alert:?}"))
            }
            _ => Ok(()),
        }
    }

    /// By the search index: all contacts, those with an open promise, and those of nobody.
    async fn search(self) -> Result<(), String> {
        let has_open = |contact: &Contact| contact.promises.iter().any(Promise::is_open);
        let all = InteractionFilter::default;
        let open = InteractionFilter {
            open_promise: Some(true),
            ..all()
        };
        let nobody = InteractionFilter {
            identified: Some(false),
            ..all()
        };
        self.find("contacts", all(), |_| true).await?;
        self.find("contacts with open promises", open, has_open)
            .await?;
        let is_nobodys = |contact: &Contact| contact.customer_id.is_empty();
        self.find("contacts of nobody", nobody, is_nobodys).await
    }

    async fn find(
        self,
        what: &str,
        filter: InteractionFilter,
        is_meant: impl Fn(&Contact) -> bool,
    ) -> Result<(), String> {
        let listed = pages(|page_size, page_token| {
            let request = SearchInteractionsRequest {
                filter: Some(filter.clone()),
                page_size,
                page_token,
                latest: true,
                ..SearchInteractionsRequest::default()
            };
            page!(
                self,
                HistoryServiceClient,
                search_interactions,
                request,
                results
            )
        });
        let found = listed.await?.into_iter();
        let found = found.map(|result| self.contact(&result.interaction.unwrap_or_default()));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let expected = self.model.contacts_of(self.tenant_id);
        let expected = expected.filter(|(_, contact)| is_meant(contact));
        same(what, found.into_iter(), expected.map(entry))
    }

    async fn solutions(self) -> Result<(), String> {
        let listed = pages(|page_size, page_token| {
            let request = ListSolutionsRequest {
                page_size,
                page_token,
                latest: true,
                ..ListSolutionsRequest::default()
            };
            page!(
                self,
                KnowledgeServiceClient,
                list_solutions,
                request,
                solutions
            )
        });
        let listed = listed.await?;
        let mark = requests::mark(self.tenant);
        if let Some(other) = listed.iter().find(|one| !one.title.starts_with(&mark)) {
            return Err(format!("another tenant's solution: {other:?}"));
        }
        let listed = listed.into_iter().map(|solution| solution.solution_id);
        let expected = self.model.solutions.keys();
        let expected = expected.filter(|(tenant_id, _)| tenant_id == self.tenant_id);
        same("solutions", listed, expected.map(|(_, id)| id.clone()))
    }
}

/// A contact in short: its id, its version, and whose it is.
type Entry = (String, u64, String);

fn entry((id, contact): (&String, &Contact)) -> Entry {
    (id.clone(), contact.version, contact.customer_id.clone())
}

/// All pages of a list, which is the same in pages of any size.
async fn pages<T, F>(mut page: impl FnMut(i32, String) -> F) -> Result<Vec<T>, String>
where
    T: PartialEq + std::fmt::Debug,
    F: Future<Output = Result<(Vec<T>, String), Status>>,
{
    let [size, other_size] = PAGE_SIZES;
    let listed = pages_of(size, &mut page).await?;
    let again = pages_of(other_size, &mut page).await?;
    match listed == again {
        true => Ok(listed),
        false => Err(format!(
            "a list is {listed:?} in pages of {size}, and {again:?} in pages of {other_size}"
        )),
    }
}

async fn pages_of<T, F>(
    page_size: i32,
    page: &mut impl FnMut(i32, String) -> F,
) -> Result<Vec<T>, String>
where
    F: Future<Output = Result<(Vec<T>, String), Status>>,
{
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let answered = page(page_size, page_token).await;
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
    let nanos = |at: Option<Timestamp>| at.map(Timestamp::as_nanosecond);
    contact.promises.iter().map(move |promise| Short {
        customer_id: contact.customer_id.clone(),
        id: promise.id.clone(),
        version: promise.version,
        lapses: promise.lapses,
        is_open: promise.is_open(),
        is_paused: promise.pause.is_some(),
        pauses: promise.pauses,
        dues: [nanos(promise.told.at), nanos(promise.ours.at)],
        owner: format!("{:?}", promise.owner),
        is_asked: promise.asked.is_some(),
        waits_for: promise.waits_for.iter().map(|one| one.0.clone()).collect(),
        place: contact.shown_place(promise),
    })
}

fn short(shown: &Commitment) -> Short {
    let nanos =
        |at: Option<&pbjson_types::Timestamp>| at.and_then(from_wire).map(Timestamp::as_nanosecond);
    let told = shown
        .promised_by
        .as_ref()
        .filter(|_| shown.told_to_customer);
    let ours = shown
        .target
        .as_ref()
        .and_then(|target| target.target_at.as_ref());
    let lifecycle = shown.lifecycle();
    let is_paused = lifecycle == CommitmentLifecycle::Paused;
    Short {
        customer_id: shown.customer_id.clone(),
        id: shown.commitment_id.clone(),
        version: shown.version,
        lapses: shown.lapses.len(),
        is_open: is_paused || lifecycle == CommitmentLifecycle::Active,
        is_paused,
        pauses: shown.pauses.len(),
        dues: [nanos(told), nanos(ours)],
        owner: format!("{:?}", shown.owner),
        is_asked: shown.handover.is_some(),
        waits_for: shown
            .depends_on
            .iter()
            .map(|one| one.commitment_id.clone())
            .collect(),
        place: shown.occurrence.as_ref().map(|place| {
            let next_id = place.next_commitment_id.clone();
            (place.occurrence_no, next_id, place.series_ended)
        }),
    }
}

fn unanswered(status: &Status) -> String {
    format!("in the end a question is not answered: {status:?}")
}
