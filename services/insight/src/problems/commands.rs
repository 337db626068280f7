//! Making, changing and improving problems: decided by the view, appended as one event, answered by what the fold made of
//! it.

use aftercall_domain::Violations;
use aftercall_domain::ids::Namespace;
use aftercall_domain::violation::Reason;
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_log::LogIdentity;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, ProblemChanged, ProblemImproved};
use aftercall_proto::insight::v1::{
    CreateProblemRequest, RecordImprovementRequest, UpdateProblemRequest,
};
use aftercall_proto::model::v1::{Improvement, Problem, ProblemState};
use aftercall_service::command::{self, Command, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Principal, Unread};
use aftercall_view::{Direction, Positions, Store};
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use super::problem;
use crate::Insight;
use crate::failure::Unanswered;
use crate::keys;
use crate::limits::{IMPROVEMENTS_MAX, NOTE_BYTES_MAX, PROBLEMS_MAX, TITLE_BYTES_MAX, VALUES_MAX};

/// How far ahead of our clock what happened may be said to be.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// A problem as a command left it, and where in the log that stands.
pub(super) struct Done {
    pub(super) problem: Problem,
    pub(super) position: String,
}

/// What is to be done.
enum Step {
    Create(Problem),
    Update { problem: Problem, note: String },
    Improve(Improvement),
}

/// A command, checked as far as it can be without the view, and who gave it.
struct Given {
    principal: Principal,
    request_id: String,
    hash: RequestHash,
    problem_id: String,
    /// 0 for whichever there is.
    expected_version: u64,
    step: Step,
    log: LogIdentity,
}

/// Makes what a request asks for.
pub(super) async fn create(
    insight: &Insight,
    call: Call<CreateProblemRequest>,
) -> Result<Done, Unanswered> {
    let mut checker = Checker::new();
    checker.required_id("request_id", &call.message.request_id);
    let problem = checked(call.message.problem.as_ref(), &mut checker);
    let problem = checker.done(problem)?;
    let parts = [
        call.tenant_id().as_bytes(),
        call.principal.actor_id.as_bytes(),
        call.message.request_id.as_bytes(),
    ];
    let problem_id = Namespace::Problem.id(&parts).to_string();
    let request_id = call.message.request_id.clone();
    run(
        insight,
        call,
        (request_id, problem_id, 0),
        Step::Create(problem),
    )
    .await
}

/// Changes what a request names.
pub(super) async fn update(
    insight: &Insight,
    call: Call<UpdateProblemRequest>,
) -> Result<Done, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    checker.required_id("problem_id", &message.problem_id);
    checker.text("note", &message.note, NOTE_BYTES_MAX);
    let problem = checked(message.problem.as_ref(), &mut checker);
    let problem = checker.done(problem)?;
    let of = (
        message.request_id.clone(),
        message.problem_id.clone(),
        message.expected_version,
    );
    let note = message.note.clone();
    run(insight, call, of, Step::Update { problem, note }).await
}

/// Says what was done about a problem.
pub(super) async fn improve(
    insight: &Insight,
    call: Call<RecordImprovementRequest>,
) -> Result<Done, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    checker.required_id("problem_id", &message.problem_id);
    let given = message.improvement.clone();
    if given.is_none() {
        checker.found().required("improvement");
    }
    let given = given.unwrap_or_default();
    let change = &given.change;
    checker.required_text("improvement.change", change, NOTE_BYTES_MAX);
    checker.required_id("improvement.improved_by", &given.improved_by);
    let at = given.improved_at.as_ref();
    let at = checker.required_time("improvement.improved_at", at);
    let now = insight.clock().now();
    if at.is_some_and(|at| at.duration_since(now) > AHEAD_MAX) {
        let text = "is still to come; say what was done once it is done";
        checker.add("improvement.improved_at", Reason::OutOfRange, text);
    }
    let improvement = checker.done(Improvement {
        number: 0,
        recorded_by: String::new(),
        recorded_at: None,
        ..given
    })?;
    let of = (
        message.request_id.clone(),
        message.problem_id.clone(),
        message.expected_version,
    );
    run(insight, call, of, Step::Improve(improvement)).await
}

/// What a caller may say of a problem.
fn checked(given: Option<&Problem>, checker: &mut Checker) -> Problem {
    let Some(given) = given else {
        checker.found().required("problem");
        return Problem::default();
    };
    checker.required_text("problem.title", &given.title, TITLE_BYTES_MAX);
    checker.text("problem.description", &given.description, NOTE_BYTES_MAX);
    checker.required_id("problem.owner_department", &given.owner_department);
    checker.known::<ProblemState>("problem.state", given.state);
    let cluster = given.cluster.clone().unwrap_or_default();
    let lists = [
        ("root_cause_codes", &cluster.root_cause_codes),
        ("reason_codes", &cluster.reason_codes),
        ("reason_families", &cluster.reason_families),
        ("disposition_codes", &cluster.disposition_codes),
        ("client_account_ids", &cluster.client_account_ids),
    ];
    if lists.iter().all(|(_, values)| values.is_empty()) {
        let text = "names no contacts; give a root cause, a reason or a family of reasons";
        checker.add("problem.cluster", Reason::Required, text);
    }
    for (field, values) in lists {
        checker.ids(&format!("problem.cluster.{field}"), values, VALUES_MAX);
    }
    Problem {
        title: given.title.clone(),
        description: given.description.clone(),
        owner_department: given.owner_department.clone(),
        cluster: Some(cluster),
        state: given.state,
        ..Problem::default()
    }
}

async fn run<M: Message>(
    insight: &Insight,
    call: Call<M>,
    (request_id, problem_id, expected_version): (String, String, u64),
    step: Step,
) -> Result<Done, Unanswered> {
    let until = call.write_until();
    let given = Given {
        hash: RequestHash::of(&call.message),
        principal: call.principal,
        request_id,
        problem_id,
        expected_version,
        step,
        log: insight.log_identity(),
    };
    command::run(insight.reading(), insight.clock(), given, until).await
}

impl Command for Given {
    type Done = Done;
    type Refusal = Unanswered;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Unanswered> {
        let tenant_id = &*self.principal.tenant_id;
        let existing = problem(store, tenant_id, &self.problem_id)?;
        if let Some(done) = self.done(store)? {
            return Ok(Decision::Done(done));
        }
        let fact = match (&self.step, &existing) {
            // The request is forgotten, what it made is not.
            (Step::Create(_), Some(_)) => return Err(Unanswered::RequestIdReused),
            (Step::Create(problem), None) => {
                check_count(store, tenant_id)?;
                changed(problem, ProblemState::Open, "")
            }
            (_, None) => return Err(Unanswered::ProblemNotFound),
            (Step::Update { problem, note }, Some(before)) => {
                self.check_version(before)?;
                changed(problem, before.state(), note)
            }
            (Step::Improve(improvement), Some(before)) => {
                self.check_version(before)?;
                if before.improvements.len() >= IMPROVEMENTS_MAX {
                    return Err(too_many("improvement", IMPROVEMENTS_MAX).into());
                }
                Fact::ProblemImproved(Box::new(ProblemImproved {
                    improvement: Some(improvement.clone()),
                }))
            }
        };
        let version = existing.map_or(0, |before| before.version);
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &self.problem_id,
            interaction_id: "",
            customer_id: "",
            sequence: version + 1,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        Ok(Decision::Append(Box::new(sealing.seal(&fact)?)))
    }
}

/// The event that a problem is so from now on; where nothing is said of how far it is, that stays.
fn changed(problem: &Problem, state: ProblemState, note: &str) -> Fact {
    let state = match problem.state() {
        ProblemState::Unspecified => state,
        said => said,
    };
    Fact::ProblemChanged(Box::new(ProblemChanged {
        problem: Some(Problem {
            state: state.into(),
            ..problem.clone()
        }),
        note: note.to_owned(),
    }))
}

fn check_count(store: &Store, tenant_id: &str) -> Result<(), Violations> {
    let all = store.scan_prefix(keys::problems(tenant_id), Direction::Ascending);
    match all.take(PROBLEMS_MAX).count() < PROBLEMS_MAX {
        true => Ok(()),
        false => Err(too_many("problem", PROBLEMS_MAX)),
    }
}

fn too_many(field: &str, count_max: usize) -> Violations {
    let mut found = Violations::new();
    let text =
        format!("is one too many: there are {count_max}, which is the most; change one of them");
    found.add(field, Reason::TooMany, text);
    found
}

impl Given {
    fn check_version(&self, before: &Problem) -> Result<(), Unanswered> {
        match self.expected_version == 0 || self.expected_version == before.version {
            true => Ok(()),
            false => Err(Unanswered::VersionMismatch {
                current: before.version,
            }),
        }
    }

    /// What the request did, if it was done.
    fn done(&self, store: &Store) -> Result<Option<Done>, Unanswered> {
        let name = RequestName {
            tenant_id: &self.principal.tenant_id,
            actor_id: &self.principal.actor_id,
            method: match self.step {
                Step::Create(_) | Step::Update { .. } => EventType::ProblemChanged,
                Step::Improve(_) => EventType::ProblemImproved,
            },
            request_id: &self.request_id,
        };
        let known = keys::COMMANDS.find(store, name, self.hash.as_bytes());
        match known.map_err(Unread::from)? {
            Known::Not => Ok(None),
            Known::Reused => Err(Unanswered::RequestIdReused),
            Known::Done(done) => Ok(Some(Done {
                problem: Problem::decode(done.answer().clone())?,
                position: Positions::through(done.position()).encode(self.log.clone()),
            })),
        }
    }
}
