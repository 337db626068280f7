//! What people read of a house: by their roles, teams and sites, and nothing else. Every list, count, facet, alert,
//! candidate and answer is compared with all that there is, filtered by a predicate of the test's own.

mod commands;
mod everything;
mod house;
mod lists;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aftercall_client::{Client, Error, Refusal, Rpc};
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::followups::v1::{
    GetCommitmentRequest, ListCommitmentsRequest, ListReschedulesRequest,
};
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{
    BatchGetInteractionsRequest, Facet, FindCustomersRequest, GetCustomerContextRequest,
    GetInteractionRequest, InteractionName, ListAmendmentsRequest, SearchInteractionsRequest,
    TimelineEntry,
};
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListCandidatesRequest, ListSolutionsRequest, SuggestSolutionsRequest,
};
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{Alert, Candidate, Commitment};
use aftercall_service::{Access, Agents, Context, Role, Supervisors};
use futures::future::join_all;

use everything::{Everything, search, timeline};
use house::{House, Person, of_contact, of_promise};
use lists::{Listed, all, refusal_of_page};

const NOBODYS: &str = "00000000-0000-7000-8000-000000000001";

/// Somebody, and what they are to see of everything.
struct Seen<'a> {
    house: &'a House,
    everything: &'a Everything,
    person: &'a Person,
    client: Client,
}

impl Seen<'_> {
    fn contact(&self, id: &str) -> bool {
        let contact = &self.everything.contacts[id];
        self.person.sees(self.house.access, of_contact(contact))
    }

    fn promise(&self, promise: &Commitment) -> bool {
        self.person.sees(self.house.access, of_promise(promise))
    }

    fn may<R: Rpc>(&self) -> bool {
        self.person.may(R::PATH)
    }

    async fn refused<R: Rpc>(&self, request: R) -> Refusal {
        match self.client.call(request).await {
            Err(Error::Refused(refusal)) => *refusal,
            answer => panic!("{:?}: {}: {:?}", self.person, R::PATH, answer.map(drop)),
        }
    }

    /// Pages of a list, of which no token is good for somebody who sees more.
    async fn pages<L: Listed>(&self, request: &L) -> Option<Vec<L::Item>> {
        if !self.may::<L>() {
            return None;
        }
        let (items, token) = all(&self.client, request).await;
        let sees_all = self.person.sees(self.house.access, []);
        if !token.is_empty() && !sees_all {
            let reason = refusal_of_page(&self.house.root, request, token).await;
            assert_eq!(reason, "PAGE_TOKEN_INVALID", "{:?}", self.person);
        }
        Some(items)
    }

    async fn history(&self) {
        let who = self.person;
        let found = self.everything.found.iter();
        let mine: Vec<&String> = found.filter(|id| self.contact(id)).collect();
        for query in ["", "router"] {
            let request = SearchInteractionsRequest {
                query: query.to_owned(),
                ..search()
            };
            let Some(found) = self.pages(&request).await else {
                return;
            };
            let found: Vec<_> = found.iter().map(|one| &one.interaction_id).collect();
            assert_eq!(found, mine, "{who:?}: {query}");
        }
        self.facets(&mine).await;
        let names = self.everything.found.iter().map(|id| InteractionName {
            which: Some(id.clone().into()),
        });
        let batch = BatchGetInteractionsRequest {
            names: names.collect(),
            ..BatchGetInteractionsRequest::default()
        };
        let batch = self.client.call(batch).await.unwrap();
        let got: Vec<_> = batch
            .interactions
            .iter()
            .map(|one| &one.interaction_id)
            .collect();
        assert_eq!(got, mine, "{who:?}");
        for id in self.everything.found.iter().step_by(5) {
            let get = GetInteractionRequest {
                which: Some(id.clone().into()),
                ..GetInteractionRequest::default()
            };
            let amendments = ListAmendmentsRequest {
                which: Some(id.clone().into()),
                ..ListAmendmentsRequest::default()
            };
            if self.contact(id) {
                self.client.call(get).await.unwrap();
                self.client.call(amendments).await.unwrap();
            } else {
                let absent = self.refused(GetInteractionRequest {
                    which: Some(NOBODYS.to_owned().into()),
                    ..GetInteractionRequest::default()
                });
                let absent = absent.await;
                assert_eq!(absent.reason, "INTERACTION_NOT_FOUND");
                assert_eq!(self.refused(get).await, absent, "{who:?}: {id}");
                assert_eq!(self.refused(amendments).await, absent, "{who:?}: {id}");
            }
        }
        self.customer().await;
    }

    async fn facets(&self, mine: &[&String]) {
        let asked = SearchInteractionsRequest {
            facets: vec![Facet::Team.into(), Facet::Agent.into()],
            ..search()
        };
        let answer = self.client.call(asked).await.unwrap();
        for (facet, sort) in answer.facets.iter().zip(["team", "agent"]) {
            let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
            for id in mine {
                let parties = of_contact(&self.everything.contacts[*id]).into_iter();
                let values = parties.filter(|(of, id)| *of == sort && !id.is_empty());
                for (_, value) in values.collect::<BTreeSet<_>>() {
                    *expected.entry(value).or_default() += 1;
                }
            }
            let counts = facet.counts.iter();
            let counted: BTreeMap<&str, u64> =
                counts.map(|one| (one.value.as_str(), one.count)).collect();
            assert_eq!(counted, expected, "{:?}: {sort}", self.person);
        }
    }

    /// The timeline of one customer, and the context of the customer in hand.
    async fn customer(&self) {
        let is_mine = |entry: &&TimelineEntry| match entry.what.as_ref().unwrap() {
            What::Interaction(contact) => self.contact(&contact.interaction_id),
            What::CommitmentChange(change) => self.promise(change.commitment.as_ref().unwrap()),
        };
        let entries = self.everything.timeline.iter().filter(is_mine).cloned();
        let entries: Vec<_> = entries.collect();
        assert_eq!(
            self.pages(&timeline()).await.unwrap(),
            entries,
            "{:?}",
            self.person
        );
        self.names(!entries.is_empty()).await;

        let context = GetCustomerContextRequest {
            whose: Some("C-1".to_owned().into()),
            interactions_max: 20,
            ..GetCustomerContextRequest::default()
        };
        let whole = self.house.root.call(context.clone()).await.unwrap();
        let mut shown = self.client.call(context).await.unwrap();
        if self.house.access.context == Context::Whole {
            shown.complete_through.clone_from(&whole.complete_through);
            shown.complete_through_at = whole.complete_through_at;
            assert_eq!(shown, whole, "{:?}", self.person);
            return;
        }
        let mut expected = whole.interactions;
        expected.retain(|contact| self.contact(&contact.interaction_id));
        assert_eq!(
            shown.interaction_count,
            expected.len() as u64,
            "{:?}",
            self.person
        );
        assert_eq!(shown.interactions, expected, "{:?}", self.person);
        let mut expected = whole.open_commitments;
        expected.retain(|promise| self.promise(promise));
        assert_eq!(shown.open_commitments, expected, "{:?}", self.person);
    }

    /// Customers by name, all of whom have one, and one by the id; `is_there` is whether that one is there at all.
    async fn names(&self, is_there: bool) {
        let find = async |text: &str| {
            let request = FindCustomersRequest {
                text: text.to_owned(),
                page_size: 50,
                ..FindCustomersRequest::default()
            };
            self.client.call(request).await.unwrap().customers
        };
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        for (id, contact) in &self.everything.contacts {
            if self.contact(id) {
                let customer_id = &contact.customer.as_ref().unwrap().customer_id;
                *expected.entry(customer_id).or_default() += 1;
            }
        }
        let found = find("lovelace ad").await;
        let found = found
            .iter()
            .map(|one| (&*one.customer_id, one.interaction_count));
        let found: BTreeMap<&str, u64> = found.collect();
        assert_eq!(found, expected, "{:?}", self.person);
        let found = find("C-1").await.len();
        assert_eq!(found, usize::from(is_there), "{:?}", self.person);
    }

    async fn followups(&self) {
        let who = self.person;
        let promises = self.everything.promises.iter();
        let mine: Vec<_> = promises.filter(|one| self.promise(one)).cloned().collect();
        let Some(found) = self.pages(&ListCommitmentsRequest::default()).await else {
            return;
        };
        assert_eq!(found, mine, "{who:?}");
        let mut of_one = ListCommitmentsRequest::default();
        of_one.filter.get_or_insert_default().customer_ids = vec!["C-1".to_owned()];
        let mut of_owner = ListCommitmentsRequest::default();
        of_owner.filter.get_or_insert_default().owner_agent_ids = vec!["agent-1".to_owned()];
        let mut of_team = ListCommitmentsRequest::default();
        of_team.filter.get_or_insert_default().team_ids = vec!["tech".to_owned()];
        for (filter, wanted) in [
            (of_one, ("customer", "C-1")),
            (of_owner, ("owner", "agent-1")),
            (of_team, ("made in", "tech")),
        ] {
            let is_wanted = |one: &&Commitment| match wanted {
                ("customer", id) => one.customer_id == id,
                ("owner", id) => of_promise(one)[0] == ("agent", id),
                (_, id) => one.team_id == id,
            };
            let expected: Vec<_> = mine.iter().filter(is_wanted).cloned().collect();
            let found = self.pages(&filter).await.unwrap();
            assert_eq!(found, expected, "{who:?}: {wanted:?}");
        }
        for promise in self.everything.promises.iter().step_by(3) {
            let get = GetCommitmentRequest {
                commitment_id: promise.commitment_id.clone(),
                ..GetCommitmentRequest::default()
            };
            let moves = ListReschedulesRequest {
                commitment_id: promise.commitment_id.clone(),
                ..ListReschedulesRequest::default()
            };
            if self.promise(promise) {
                self.client.call(get).await.unwrap();
                self.client.call(moves).await.unwrap();
            } else {
                assert_eq!(
                    self.refused(get).await.reason,
                    "COMMITMENT_NOT_FOUND",
                    "{who:?}"
                );
                assert_eq!(
                    self.refused(moves).await.reason,
                    "COMMITMENT_NOT_FOUND",
                    "{who:?}"
                );
            }
        }
        let found = self.pages(&everything::alerts()).await.unwrap();
        assert_eq!(found, self.alerts(), "{who:?}");
    }

    fn alerts(&self) -> Vec<Alert> {
        let alerts = self.everything.alerts.iter();
        let mine = alerts.filter(|alert| {
            let Some(Subject::Promise(subject)) = &alert.subject else {
                panic!("{alert:?}")
            };
            let mut promises = self.everything.promises.iter();
            let promise = promises.find(|one| one.commitment_id == subject.commitment_id);
            self.promise(promise.unwrap())
        });
        mine.cloned().collect()
    }

    /// All that a watch says up to its first sign of life after the alerts.
    async fn watch(&self) {
        if !self
            .person
            .may("/aftercall.alerts.v1.AlertService/WatchAlerts")
        {
            return;
        }
        let watch = everything::watch(&self.everything.resume_token);
        let mut alerts = AlertServiceClient::new(self.client.transport());
        let mut watch = alerts.watch_alerts(watch).await.unwrap().into_inner();
        assert_eq!(watch.message().await.unwrap().unwrap().alert, None);
        let mut told = BTreeMap::new();
        while let Some(alert) = watch.message().await.unwrap().unwrap().alert {
            told.insert(alert.alert_id.clone(), alert);
        }
        let expected = self.alerts().into_iter();
        let expected = expected.map(|alert| (alert.alert_id.clone(), alert));
        assert_eq!(told, expected.collect(), "{:?}", self.person);
    }

    async fn knowledge(&self) {
        let who = self.person;
        let Some(found) = self.pages(&ListCandidatesRequest::default()).await else {
            return;
        };
        let told = |mut candidate: Candidate| {
            // What would be saved follows from the cases and the time.
            assert_eq!(
                candidate.saved_a_month.take().is_some(),
                candidate.case_count > 0
            );
            candidate
        };
        let found: Vec<_> = found.into_iter().map(told).collect();
        let expected: Vec<_> = self.candidates().into_iter().map(told).collect();
        assert_eq!(found, expected, "{who:?}");
        let mut solutions = self.everything.solutions.clone();
        for solution in &mut solutions {
            solution
                .origin_interaction_ids
                .retain(|id| self.contact(id));
        }
        let found = self.pages(&ListSolutionsRequest::default()).await.unwrap();
        assert_eq!(found, solutions, "{who:?}");
        let get = GetSolutionRequest {
            solution_id: solutions[0].solution_id.clone(),
            ..GetSolutionRequest::default()
        };
        let got = self.client.call(get).await.unwrap().solution;
        assert_eq!(got.as_ref(), Some(&solutions[0]), "{who:?}");
        let suggest = SuggestSolutionsRequest {
            text: "how to frobnicate".to_owned(),
            ..SuggestSolutionsRequest::default()
        };
        let suggested = self.client.call(suggest).await.unwrap().suggestions;
        assert_eq!(
            suggested[0].solution.as_ref(),
            Some(&solutions[0]),
            "{who:?}"
        );
    }

    /// The open candidates by the cases that are for this person to see.
    fn candidates(&self) -> Vec<Candidate> {
        let mut candidates = self.everything.candidates.clone();
        for candidate in &mut candidates {
            candidate.interaction_ids.retain(|id| self.contact(id));
            let handled = candidate.handle_time.unwrap().seconds / candidate.case_count as i64;
            candidate.case_count = candidate.interaction_ids.len() as u64;
            // All say the same, are of one kind, and took as long.
            candidate.variants[0].case_count = candidate.case_count;
            candidate.case_kinds[0].case_count = candidate.case_count;
            candidate.handle_time = Some(pbjson_types::Duration {
                seconds: handled * candidate.case_count as i64,
                nanos: 0,
            });
            let cases = candidate.interaction_ids.iter();
            let mut cases = cases.map(|id| &self.everything.contacts[id]);
            let latest = cases.next();
            candidate.last_seen_at = latest.and_then(|contact| contact.occurred_at);
            candidate.first_seen_at = cases.next_back().or(latest).and_then(|one| one.occurred_at);
            candidate.customer_wording = latest.map_or_else(String::new, |contact| {
                contact.contact_reasons[0].stated_verbatim.clone()
            });
        }
        candidates.retain(|candidate| candidate.case_count > 0);
        candidates.sort_by_key(|one| (u64::MAX - one.case_count, one.candidate_id.clone()));
        candidates
    }
}

async fn everybody_reads_what_is_theirs(access: Access, people: Vec<Person>) {
    let house = House::open(access).await;
    let everything = Everything::of(&house).await;
    let complete =
        |candidate: &Candidate| candidate.case_count == candidate.interaction_ids.len() as u64;
    assert!(
        everything.candidates.iter().all(complete),
        "a candidate names all of its cases"
    );
    assert!(everything.candidates.len() > 1 && everything.alerts.len() > 8);
    let mut seen = Vec::new();
    for person in &people {
        let client = house.client_of(person).await;
        seen.push(Seen {
            house: &house,
            everything: &everything,
            person,
            client,
        });
    }
    for one in &seen {
        one.history().await;
        one.followups().await;
        one.knowledge().await;
    }
    let watched = join_all(seen.iter().map(Seen::watch));
    let ticking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        loop {
            ticks.tick().await;
            house.clock.advance(Duration::from_secs(2));
        }
    };
    tokio::select! {
        _ = watched => {}
        () = ticking => {}
    }
    drop(seen);
    house.app.run(std::future::ready(())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_every_role_read_what_their_teams_and_sites_had_a_part_in() {
    everybody_reads_what_is_theirs(Access::default(), Person::all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_says_how_far_agents_and_supervisors_reach() {
    let access = Access {
        agents: Agents::Own,
        supervisors: Supervisors::All,
        context: Context::Scope,
    };
    let mut people = Person::all();
    people.retain(|one| matches!(one.role, Role::Agent | Role::TeamLead | Role::Supervisor));
    everybody_reads_what_is_theirs(access, people.clone()).await;
    let access = Access {
        agents: Agents::All,
        ..Access::default()
    };
    everybody_reads_what_is_theirs(access, people).await;
}
