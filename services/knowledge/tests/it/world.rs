//! A server with its log, and what happens in it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::ids::Namespace;
use aftercall_knowledge::{Knowledge, Meaning};
use aftercall_log::{Log, LogId, MemoryLog, Position, Record};
use aftercall_proto::envelope::{Fact, contact_key, customer_key, solution_key};
use aftercall_proto::event::v1::{
    CallReported, Event, InteractionAmended, InteractionRecorded, SolutionPublished,
};
use aftercall_proto::knowledge::v1::evidence_service_client::EvidenceServiceClient;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::knowledge::v1::search_service_client::SearchServiceClient;
use aftercall_proto::knowledge::v1::solution_service_client::SolutionServiceClient;
use aftercall_proto::knowledge::v1::{
    ListCandidatesRequest, PromoteCandidateRequest, SearchSolutionsRequest,
    SearchSolutionsResponse, SuggestSolutionsRequest, SuggestSolutionsResponse, Suggestion,
};
use aftercall_proto::model::v1::{
    CallEvent, Candidate, ContactReason, Handling, Interaction, ReasonResolution, Solution,
    SolutionUse, SolutionUseKind,
};
use aftercall_retrieval::meaning::testing::synonyms;
use aftercall_service::server::Server;
pub(crate) use aftercall_service::testing::reason_of as reason;
use aftercall_service::testing::{self, Caller, OPEN, TestServer, violations_of};
use aftercall_service::{Access, ActorKind, Deps, ManualClock, Role, Supervisor, TestIds};
use aftercall_view::Positions;
use jiff::Timestamp;
use prost::Message;
use tempfile::TempDir;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

pub(crate) const TENANT: &str = "acme";
pub(crate) const STARTED_S: i64 = 1_780_000_000;

pub(crate) type Client = KnowledgeServiceClient<InterceptedService<Channel, Caller>>;
pub(crate) type Searches = SearchServiceClient<InterceptedService<Channel, Caller>>;
pub(crate) type Solutions = SolutionServiceClient<InterceptedService<Channel, Caller>>;
pub(crate) type Evidence = EvidenceServiceClient<InterceptedService<Channel, Caller>>;

/// A server over a log, and a client of it.
pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) clock: ManualClock,
    pub(crate) knowledge: Knowledge,
    pub(crate) client: Client,
    pub(crate) searches: Searches,
    pub(crate) solutions: Solutions,
    pub(crate) evidence: Evidence,
    supervisor: Supervisor,
    views: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::over(Arc::new(MemoryLog::new(LogId([7; 16]), 1))).await
    }

    /// A server over a log that exists, with no view yet.
    pub(crate) async fn over(log: Arc<MemoryLog>) -> Self {
        Self::with_views(log, tempfile::tempdir().unwrap()).await
    }

    /// A house in which teams read their own records alone.
    pub(crate) async fn of_teams() -> Self {
        let log = Arc::new(MemoryLog::new(LogId([7; 16]), 3));
        let views = tempfile::tempdir().unwrap();
        Self::with_access(log, views, Access::default()).await
    }

    /// A server of a house whose records are divided by teams.
    pub(crate) async fn divided() -> Self {
        let log = Arc::new(MemoryLog::new(LogId([7; 16]), 1));
        Self::with_access(log, tempfile::tempdir().unwrap(), Access::default()).await
    }

    /// A server that compares by what words mean: those of a group mean the same.
    pub(crate) async fn comparing(groups: &[&[&str]]) -> Self {
        let log = Arc::new(MemoryLog::new(LogId([7; 16]), 1));
        let views = tempfile::tempdir().unwrap();
        let directions = views.path().join("directions");
        let meaning = Meaning::of(synonyms(groups).unwrap(), &directions).unwrap();
        Self::with(log, views, (OPEN, Some(meaning))).await
    }

    async fn with_views(log: Arc<MemoryLog>, views: TempDir) -> Self {
        Self::with_access(log, views, OPEN).await
    }

    async fn with_access(log: Arc<MemoryLog>, views: TempDir, access: Access) -> Self {
        Self::with(log, views, (access, None)).await
    }

    async fn with(
        log: Arc<MemoryLog>,
        views: TempDir,
        (access, meaning): (Access, Option<Meaning>),
    ) -> Self {
        let clock = ManualClock::at(Timestamp::from_second(STARTED_S).unwrap());
        let supervisor = Supervisor::new();
        let ids = Arc::new(TestIds::new(Arc::new(clock.clone()), 1));
        let (deps, feed) = Deps::new(
            Arc::clone(&log) as Arc<dyn Log>,
            views.path().to_owned().into(),
            (Arc::new(clock.clone()), ids),
            supervisor.clone(),
        );
        let knowledge = Knowledge::start(deps.clone(), meaning).unwrap();
        deps.run_feed(feed).unwrap();
        let time = Arc::new(clock.clone());
        let server = |server: Server| {
            let server = server.access(access).service(knowledge.server());
            let server = server.service(knowledge.search_server());
            let server = server.service(knowledge.solutions_server());
            server.service(knowledge.evidence_server())
        };
        let server = TestServer::start(&supervisor, time, server).await;
        let client = KnowledgeServiceClient::new(server.channel_of(caller(&[])))
            .max_decoding_message_size(16 << 20);
        let searches = SearchServiceClient::new(server.channel_of(caller(&[])));
        let solutions = SolutionServiceClient::new(server.channel_of(caller(&[])));
        let evidence = EvidenceServiceClient::new(server.channel_of(caller(&[])));
        Self {
            log,
            clock,
            knowledge,
            client,
            searches,
            solutions,
            evidence,
            supervisor,
            views,
        }
    }

    /// Stops the server, changes its views by `change`, and starts it again.
    pub(crate) async fn restarted(self, change: impl FnOnce(&Path)) -> Self {
        let Self {
            log,
            client,
            searches,
            solutions,
            evidence,
            supervisor,
            views,
            knowledge,
            ..
        } = self;
        drop((client, searches, solutions, evidence));
        supervisor.shutdown(Duration::from_secs(20)).await.unwrap();
        drop(knowledge);
        change(views.path());
        Self::with_views(log, views).await
    }

    /// Records an interaction of [`TENANT`]; answers where.
    pub(crate) async fn record(&self, interaction: &Interaction) -> String {
        self.record_of(TENANT, interaction).await
    }

    pub(crate) async fn record_of(&self, tenant_id: &str, interaction: &Interaction) -> String {
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(interaction.clone()),
            ..InteractionRecorded::default()
        }));
        let id = &interaction.interaction_id;
        self.append(event(tenant_id, id, 1, &fact)).await
    }

    /// Amends an interaction of [`TENANT`].
    pub(crate) async fn amend(&self, sequence: u64, paths: &[&str], new: &Interaction) -> String {
        let fact = Fact::InteractionAmended(Box::new(InteractionAmended {
            update_mask: Some(pbjson_types::FieldMask {
                paths: paths.iter().map(|&path| path.to_owned()).collect(),
            }),
            interaction: Some(new.clone()),
            reason: "it was wrong".to_owned(),
        }));
        self.append(event(TENANT, &new.interaction_id, sequence, &fact))
            .await
    }

    pub(crate) async fn append(&self, event: Event) -> String {
        let record = Record {
            key: customer_key(&event.tenant_id, &event.customer_id),
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        };
        let positions = self.log.append(vec![record]).await.unwrap();
        self.token(positions[0])
    }

    /// Telephony tells of the call that an interaction of [`TENANT`] is.
    pub(crate) async fn tell(&self, interaction_id: &str, told: CallEvent) {
        let fact = Fact::CallReported(Box::new(CallReported {
            event: Some(told),
            ..CallReported::default()
        }));
        let event = event(TENANT, interaction_id, 0, &fact);
        let record = Record {
            key: contact_key(TENANT, "", interaction_id),
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        };
        self.log.append(vec![record]).await.unwrap();
    }

    pub(crate) fn token(&self, position: Position) -> String {
        Positions::through(position).encode(self.log.id())
    }

    /// Publishes a solution as it is, by one event.
    pub(crate) async fn publish(&self, tenant_id: &str, solution: &Solution) -> String {
        let solution = Solution {
            version: 1,
            ..solution.clone()
        };
        self.publish_edition(tenant_id, solution).await
    }

    /// Publishes a version of a solution: the first one, or the next one of what was published so before.
    pub(crate) async fn publish_edition(&self, tenant_id: &str, solution: Solution) -> String {
        let (id, version) = (solution.solution_id.clone(), solution.version);
        let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(solution),
            superseded_version: version - 1,
            ..SolutionPublished::default()
        }));
        let event = event(tenant_id, &id, version.into(), &fact);
        let record = Record {
            key: solution_key(tenant_id, &id),
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        };
        let positions = self.log.append(vec![record]).await.unwrap();
        self.token(positions[0])
    }

    /// What a search finds, all that is in the log included.
    pub(crate) async fn search(&self, request: SearchSolutionsRequest) -> SearchSolutionsResponse {
        let request = SearchSolutionsRequest {
            min_position: self.now(),
            ..request
        };
        let answer = self.searches.clone().search_solutions(request).await;
        answer.unwrap().into_inner()
    }

    /// The position of all that is in the log.
    pub(crate) fn now(&self) -> String {
        Positions::below(&self.log.tails().unwrap()).encode(self.log.id())
    }

    /// The open candidates of [`TENANT`], all that is in the log included.
    pub(crate) async fn candidates(&self) -> Vec<Candidate> {
        let request = ListCandidatesRequest {
            min_position: self.now(),
            include_total: true,
            ..ListCandidatesRequest::default()
        };
        let answer = self.client.clone().list_candidates(request).await.unwrap();
        let answer = answer.into_inner();
        if answer.next_page_token.is_empty() {
            assert_eq!(answer.total_size, Some(answer.candidates.len() as u64));
        }
        answer.candidates
    }

    /// Promotes the candidate with most cases.
    pub(crate) async fn promote_first(&self, request_id: &str, title: &str) -> Solution {
        let candidate = self.candidates().await.remove(0);
        let request = PromoteCandidateRequest {
            request_id: request_id.to_owned(),
            candidate_id: candidate.candidate_id,
            title: title.to_owned(),
            ..PromoteCandidateRequest::default()
        };
        let answer = self
            .client
            .clone()
            .promote_candidate(request)
            .await
            .unwrap();
        answer.into_inner().solution.unwrap()
    }

    /// What is suggested for a whole text, once all solutions are compared that are found by `text`.
    pub(crate) async fn suggest_whole(&self, text: &str) -> SuggestSolutionsResponse {
        let request = || SuggestSolutionsRequest {
            text: text.to_owned(),
            is_finished: true,
            // It is asked again and again, and kept of nobody.
            is_trial: true,
            min_position: self.now(),
            ..SuggestSolutionsRequest::default()
        };
        let asked = async {
            loop {
                let answer = self.client.clone().suggest_solutions(request()).await;
                let answer = answer.unwrap().into_inner();
                let compared = |one: &Suggestion| one.nearness.is_some();
                if !answer.suggestions.is_empty() && answer.suggestions.iter().all(compared) {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        let patience = Duration::from_secs(60);
        tokio::time::timeout(patience, asked)
            .await
            .expect("solutions are compared")
    }

    /// What is suggested for a text, all that is in the log included.
    pub(crate) async fn suggest(&self, text: &str) -> Vec<Suggestion> {
        let request = SuggestSolutionsRequest {
            text: text.to_owned(),
            suggestions_max: 50,
            min_position: self.now(),
            ..SuggestSolutionsRequest::default()
        };
        let answer = self.client.clone().suggest_solutions(request).await;
        answer.unwrap().into_inner().suggestions
    }
}

/// Who calls, as `who` says by `tenant`, `actor` and `role`: of [`TENANT`] and with all roles,
/// unless it says otherwise.
fn caller(who: &[(&str, &str)]) -> Caller {
    let said = |what| {
        who.iter()
            .find(|(name, _)| *name == what)
            .map(|said| said.1)
    };
    let tenant_id = said("tenant").unwrap_or(TENANT);
    let actor_id = said("actor").unwrap_or("kim");
    let role = said("role").map(|role| vec![role.parse::<Role>().unwrap()]);
    let roles = role.as_deref().unwrap_or(Role::ALL);
    let kind = said("kind").map_or(ActorKind::Supervisor, |kind| kind.parse().unwrap());
    let caller = Caller::of_kind(kind, tenant_id, actor_id, roles);
    match said("teams") {
        None => caller,
        Some(teams) => caller.of_groups(&teams.split(',').collect::<Vec<_>>(), &[]),
    }
}

/// A request of another caller.
pub(crate) fn by<T>(request: T, who: &[(&'static str, &str)]) -> Request<T> {
    let mut request = Request::new(request);
    let credentials = caller(who).credentials();
    request.metadata_mut().insert("authorization", credentials);
    request
}

/// The fields that a failure names.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let violations = violations_of(status).into_iter();
    violations.map(|(field, _)| field).collect()
}

pub(crate) fn event(tenant_id: &str, aggregate_id: &str, sequence: u64, fact: &Fact) -> Event {
    Event {
        event_id: format!("{aggregate_id}-{sequence}"),
        tenant_id: tenant_id.to_owned(),
        aggregate_id: aggregate_id.to_owned(),
        sequence,
        customer_id: "customer-1".to_owned(),
        ..fact.event()
    }
}

/// A contact `n`, which began at second `n`, solved by `resolution`.
pub(crate) fn solved(n: i64, code: &str, words: &str, resolution: &str) -> Interaction {
    Interaction {
        interaction_id: Namespace::Interaction.id(&[&n.to_be_bytes()]).to_string(),
        agent_id: format!("agent-{}", n % 3),
        contact_reasons: vec![ContactReason {
            stated_verbatim: words.to_owned(),
            resolution: ReasonResolution::Resolved.into(),
            ..testing::reason(code)
        }],
        handling: Some(Handling {
            resolution: resolution.to_owned(),
            ..Handling::default()
        }),
        ..testing::contact(Timestamp::from_second(n).unwrap())
    }
}

/// The same contact, in which a solution was used.
pub(crate) fn using(
    mut interaction: Interaction,
    solution_id: &str,
    kind: SolutionUseKind,
) -> Interaction {
    interaction.solution_uses.push(SolutionUse {
        solution_id: solution_id.to_owned(),
        version: 1,
        kind: kind.into(),
        relied_on_for_statement: false,
    });
    interaction
}

pub(crate) fn at(second: i64) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: second,
        nanos: 0,
    }
}
