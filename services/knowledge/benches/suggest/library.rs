//! A knowledge service with solutions in it.

use std::sync::Arc;

use aftercall_knowledge::Knowledge;
use aftercall_log::{Log, LogId, MemoryLog, Record};
use aftercall_proto::envelope::{Fact, solution_key};
use aftercall_proto::event::v1::{Event, SolutionPublished};
use aftercall_proto::knowledge::v1::knowledge_service_server::KnowledgeService;
use aftercall_proto::knowledge::v1::{SuggestSolutionsRequest, Suggestion};
use aftercall_proto::model::v1::Solution;
use aftercall_service::{
    ActorKind, Clock, Deps, Principal, Roles, Supervisor, SystemClock, SystemIds,
};
use aftercall_view::Positions;
use prost::Message;
use tempfile::TempDir;
use tonic::Request;

const TENANT: &str = "bench";

pub(crate) struct Library {
    knowledge: Knowledge,
    log: MemoryLog,
    _views: TempDir,
}

impl Library {
    pub(crate) async fn of(solutions: impl Iterator<Item = Solution>) -> Self {
        let log = MemoryLog::new(LogId([9; 16]), 1);
        for solution in solutions {
            publish(&log, solution).await;
        }
        let views = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let ids = Arc::new(SystemIds::new(Arc::clone(&clock)));
        let (deps, feed) = Deps::new(
            Arc::new(log.clone()),
            views.path().to_owned().into(),
            (clock, ids),
            Supervisor::new(),
        );
        let knowledge = Knowledge::start(deps.clone(), None).unwrap();
        deps.run_feed(feed).unwrap();
        let library = Self {
            knowledge,
            log,
            _views: views,
        };
        library.caught_up().await;
        library
    }

    /// Waits until all solutions can be found.
    async fn caught_up(&self) {
        let all = Positions::below(&self.log.tails().unwrap());
        let mut progress = self.knowledge.view().progress();
        let indexed = progress.wait_for(|progress| progress.indexed.covers_all(&all));
        indexed.await.unwrap();
    }

    pub(crate) async fn suggest(&self, text: &str) -> Vec<Suggestion> {
        let mut request = Request::new(SuggestSolutionsRequest {
            text: text.to_owned(),
            suggestions_max: 10,
            ..SuggestSolutionsRequest::default()
        });
        let by = Principal::new(TENANT, "bench", ActorKind::Agent, Roles::all());
        request.extensions_mut().insert(by);
        let answer = KnowledgeService::suggest_solutions(&self.knowledge, request).await;
        answer.unwrap().into_inner().suggestions
    }
}

async fn publish(log: &MemoryLog, solution: Solution) {
    let key = solution_key(TENANT, &solution.solution_id);
    let id = solution.solution_id.clone();
    let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
        candidate_id: id.clone(),
        solution: Some(solution),
        ..SolutionPublished::default()
    }));
    let event = Event {
        event_id: id.clone(),
        request_id: id.clone(),
        aggregate_id: id,
        tenant_id: TENANT.to_owned(),
        sequence: 1,
        ..fact.event()
    };
    let record = Record {
        key,
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    };
    log.append(vec![record]).await.unwrap();
}
