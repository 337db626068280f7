//! Two tenants on one server: each has a token, and neither learns anything of the other. Nothing
//! personal of either is in the server's log.

mod forged;

use std::fs;
use std::path::Path;

use aftercall_log::{LogId, Position};
use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, GetCommitmentRequest, ListCommitmentsRequest,
    RescheduleCommitmentRequest,
};
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{
    FindCustomersRequest, GetCustomerContextRequest, GetInteractionRequest, ListTimelineRequest,
    SearchInteractionsRequest,
};
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListCandidatesRequest, ListSolutionsRequest, PromoteCandidateRequest,
    SuggestSolutionsRequest,
};
use aftercall_proto::model::v1::{Action, Handle, HandleKind, Interaction};
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{AmendInteractionRequest, RecordInteractionRequest};
use aftercall_view::{PageToken, Positions};
use jiff::SignedDuration;
use pbjson_types::{FieldMask, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

use super::assert_clear;
use crate::process::Start;
use crate::requests::{self, now};

/// The SHA-256 of the tokens `acme-crm` and `umbrella-crm`.
const CREDENTIALS: &str = r#"
[[token]]
sha256 = "5c2cc28351f8559d72962cc16112287abb342863252c3bbefdc92c124fe1e32e"
tenant = "acme"
actor = "crm"
kind = "INTEGRATION"
roles = ["integration", "agent", "supervisor", "team_lead", "kb_publisher", "compliance_officer"]

[[token]]
sha256 = "e2fcd261aa079ce992769bdd79f23e91abe454980b9a852141130231b5924087"
tenant = "umbrella"
actor = "crm"
kind = "INTEGRATION"
roles = ["integration", "agent", "supervisor", "team_lead", "kb_publisher", "compliance_officer"]
"#;

/// In every personal field that is sent, and nowhere else.
const SECRET: &str = "Zaphod-4711";
const CUSTOMER: &str = "customer-1";

#[derive(Debug, Clone, Copy)]
struct Token(&'static str);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = format!("Bearer {}", self.0).parse().expect("a header");
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

type Connection = InterceptedService<Channel, Token>;

/// One tenant's clients.
struct Tenant {
    recorder: RecorderServiceClient<Connection>,
    history: HistoryServiceClient<Connection>,
    followups: FollowupServiceClient<Connection>,
    alerts: AlertServiceClient<Connection>,
    knowledge: KnowledgeServiceClient<Connection>,
}

impl Tenant {
    fn new(channel: &Channel, token: &'static str) -> Self {
        let connection = InterceptedService::new(channel.clone(), Token(token));
        Self {
            recorder: RecorderServiceClient::new(connection.clone()),
            history: HistoryServiceClient::new(connection.clone()),
            followups: FollowupServiceClient::new(connection.clone()),
            alerts: AlertServiceClient::new(connection.clone()),
            knowledge: KnowledgeServiceClient::new(connection),
        }
    }
}

fn with_credentials(scratch: &Path) -> Start {
    let credentials = scratch.join("credentials.toml");
    fs::write(&credentials, CREDENTIALS).expect("a file");
    let credentials = credentials.display().to_string();
    Start::on(&scratch.join("data"), &scratch.join("log"))
        .with(&["--credentials", &credentials])
        // Ours say all they can, others what a server usually says.
        .logging("info,aftercall=trace")
}

fn telephone(value: &str) -> Handle {
    Handle {
        kind: HandleKind::Telephone.into(),
        value: value.to_owned(),
        ..Handle::default()
    }
}

/// A sound record with the secret in each of its personal fields.
fn private() -> Interaction {
    let mut rng = StdRng::seed_from_u64(1);
    let numbers = 1..;
    let records = numbers.map(|number| requests::record(&mut rng, "private", number, CUSTOMER));
    let mut interactions = records.filter_map(|request| request.interaction);
    let with_promise = interactions.find(|one| !one.commitments.is_empty());
    let mut one = with_promise.expect("most have a promise");
    let customer = one.customer.as_mut().expect("a customer");
    customer.display_name = SECRET.to_owned();
    customer.handles = [SECRET, "+4930471147114"].map(telephone).to_vec();
    one.contact_reasons[0].stated_verbatim = SECRET.to_owned();
    let handling = one.handling.as_mut().expect("a handling");
    handling.summary = SECRET.to_owned();
    handling.resolution = format!("{SECRET} reset the router");
    handling.actions = vec![Action {
        code: "called".to_owned(),
        note: SECRET.to_owned(),
        ..Action::default()
    }];
    one.commitments[0].promise_text = SECRET.to_owned();
    one.commitments[0].promised_by = Some(to_wire(now() + SignedDuration::from_hours(1)));
    one
}

fn request(interaction: Interaction) -> RecordInteractionRequest {
    RecordInteractionRequest {
        interaction: Some(interaction),
        ..RecordInteractionRequest::default()
    }
}

fn refused<T: std::fmt::Debug>(
    case: &str,
    answer: Result<Response<T>, Status>,
    (code, reason): (Code, &str),
) {
    let status = answer.map(Response::into_inner).expect_err(case);
    assert_clear(case, &status);
    assert_eq!(status.code(), code, "{case}: {status:?}");
    let error = status.get_details_error_info().expect("details");
    assert_eq!(error.reason, reason, "{case}");
    let quoted = format!("{status:?}{}", String::from_utf8_lossy(status.details()));
    assert!(!quoted.contains(SECRET), "{case} quotes what is personal");
}

const INVALID: (Code, &str) = (Code::InvalidArgument, "INVALID_REQUEST");
const BAD_PAGE: (Code, &str) = (Code::InvalidArgument, "PAGE_TOKEN_INVALID");
const BAD_POSITION: (Code, &str) = (Code::InvalidArgument, "POSITION_INVALID");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_see_nothing_and_the_log_says_nothing_personal() {
    let scratch = tempfile::tempdir().expect("a directory");
    let mut server = with_credentials(scratch.path()).ready();
    let channel = server.channel();
    let mut acme = Tenant::new(&channel, "acme-crm");
    let mut umbrella = Tenant::new(&channel, "umbrella-crm");
    let mut nobody = Tenant::new(&channel, "guessed");
    let unauthenticated = (Code::Unauthenticated, "UNAUTHENTICATED");
    let answer = nobody.recorder.record_interaction(request(private())).await;
    refused("a guessed token", answer, unauthenticated);

    wrong_records(&mut acme).await;
    let one = private();
    let recorded = acme.recorder.record_interaction(request(one.clone())).await;
    let position = recorded.expect("a sound record").into_inner().position;
    reads(&mut acme, &position).await;
    forged::forged_tokens(&mut acme, &position).await;
    foreign_ids(&mut umbrella, &one).await;
    foreign_names(&mut umbrella).await;
    commands(&mut acme, &one).await;
    assert!(server.runs());
    server.stop();

    let said = fs::read_to_string(scratch.path().join("log")).expect("a log");
    assert!(said.contains("credentials read"), "it logs: {said}");
    for personal in ["zaphod", "acme-crm", "30471147114"] {
        let line = said
            .lines()
            .find(|line| line.to_lowercase().contains(&personal.to_lowercase()));
        assert_eq!(line, None, "{personal} is in the log");
    }
}

/// Records that are wrong in one way each, and personal besides.
async fn wrong_records(acme: &mut Tenant) {
    let mut cases = Vec::new();
    let mut many = private();
    many.commitments = vec![many.commitments[0].clone(); 10_000];
    cases.push(("10,000 promises", many));
    for (what, seconds) in [("year 1", -62_135_596_800), ("year 9999", 253_402_300_799)] {
        let time = Some(Timestamp { seconds, nanos: 0 });
        let mut wild = private();
        wild.occurred_at = time;
        cases.push((what, wild));
        let mut wild = private();
        wild.commitments[0].promised_by = time;
        cases.push((what, wild));
    }
    let mut wrong = private();
    wrong.channel = 9_999;
    cases.push(("a channel that isn't", wrong));
    let mut wrong = private();
    wrong.customer.as_mut().expect("a customer").customer_id = format!("{SECRET}\u{7}");
    cases.push(("a control character", wrong));
    let mut wrong = private();
    let customer = wrong.customer.as_mut().expect("a customer");
    customer.handles = vec![telephone(&SECRET.repeat(1_000))];
    cases.push(("an endless number", wrong));
    let mut wrong = private();
    wrong.handling.as_mut().expect("a handling").summary = SECRET.repeat(100_000);
    cases.push(("a summary of a megabyte", wrong));
    let mut wrong = private();
    wrong.commitments[0].promise_text = SECRET.repeat(2_000);
    cases.push(("a long promise", wrong));
    for (what, interaction) in cases {
        let answer = acme.recorder.record_interaction(request(interaction)).await;
        refused(what, answer, INVALID);
    }
}

/// Reads with personal words, sound and not.
async fn reads(acme: &mut Tenant, position: &str) {
    let search = SearchInteractionsRequest {
        query: SECRET.to_owned(),
        min_position: position.to_owned(),
        ..SearchInteractionsRequest::default()
    };
    let found = acme.history.search_interactions(search.clone()).await;
    assert_eq!(found.expect("a sound search").into_inner().results.len(), 1);
    for query in [SECRET.repeat(10_000), format!("{SECRET}\u{0}")] {
        let search = SearchInteractionsRequest {
            query,
            ..search.clone()
        };
        if let Err(status) = acme.history.search_interactions(search).await {
            assert_clear("a hostile query", &status);
        }
    }
    for (text, found) in [(SECRET, 1), ("+49 30 471147114", 1), ("no\u{0}body", 0)] {
        let find = FindCustomersRequest {
            text: text.to_owned(),
            min_position: position.to_owned(),
            ..FindCustomersRequest::default()
        };
        let answer = acme.history.find_customers(find).await;
        let customers = answer.expect("a sound name").into_inner().customers;
        assert_eq!(customers.len(), found);
    }
    let find = FindCustomersRequest {
        text: SECRET.repeat(10_000),
        ..FindCustomersRequest::default()
    };
    let answer = acme.history.find_customers(find).await;
    refused("a long name", answer, INVALID);
    let suggest = SuggestSolutionsRequest {
        text: SECRET.to_owned(),
        min_position: position.to_owned(),
        ..SuggestSolutionsRequest::default()
    };
    let suggested = acme.knowledge.suggest_solutions(suggest.clone()).await;
    suggested.expect("a sound question");
    let suggest = SuggestSolutionsRequest {
        text: SECRET.repeat(10_000),
        ..suggest
    };
    let answer = acme.knowledge.suggest_solutions(suggest).await;
    refused("a long question", answer, INVALID);
}

/// What is another tenant's does not exist.
async fn foreign_ids(umbrella: &mut Tenant, foreign: &Interaction) {
    let interaction_id = foreign.interaction_id.clone();
    let no_interaction = (Code::NotFound, "INTERACTION_NOT_FOUND");
    let get = GetInteractionRequest {
        which: Some(interaction_id.clone().into()),
        ..GetInteractionRequest::default()
    };
    refused(
        "get",
        umbrella.history.get_interaction(get).await,
        no_interaction,
    );
    let answer = umbrella
        .recorder
        .amend_interaction(amendment(&interaction_id))
        .await;
    refused("amend", answer, no_interaction);

    let commitment_id = foreign.commitments[0].commitment_id.clone();
    let no_commitment = (Code::NotFound, "COMMITMENT_NOT_FOUND");
    let get = GetCommitmentRequest {
        commitment_id: commitment_id.clone(),
        ..GetCommitmentRequest::default()
    };
    refused(
        "get",
        umbrella.followups.get_commitment(get).await,
        no_commitment,
    );
    let fulfil = fulfilment(&commitment_id);
    let answer = umbrella.followups.fulfil_commitment(fulfil).await;
    refused("fulfil", answer, no_commitment);

    let candidate = PromoteCandidateRequest {
        request_id: "promote".to_owned(),
        candidate_id: interaction_id.clone(),
        title: "stolen".to_owned(),
        resolution: "stolen".to_owned(),
        question_in_customer_words: vec!["stolen".to_owned()],
        ..PromoteCandidateRequest::default()
    };
    let answer = umbrella.knowledge.promote_candidate(candidate).await;
    refused("promote", answer, (Code::NotFound, "CANDIDATE_NOT_FOUND"));
    let get = GetSolutionRequest {
        solution_id: interaction_id,
        ..GetSolutionRequest::default()
    };
    let answer = umbrella.knowledge.get_solution(get).await;
    refused("get", answer, (Code::NotFound, "SOLUTION_NOT_FOUND"));

    let list = ListTimelineRequest {
        whose: Some(CUSTOMER.to_owned().into()),
        ..ListTimelineRequest::default()
    };
    let timeline = umbrella.history.list_timeline(list).await;
    assert_eq!(timeline.expect("an answer").into_inner().entries, []);
    let search = umbrella
        .history
        .search_interactions(SearchInteractionsRequest::default());
    assert_eq!(search.await.expect("an answer").into_inner().total_size, 0);
    let list = umbrella
        .followups
        .list_commitments(ListCommitmentsRequest::default());
    assert_eq!(list.await.expect("an answer").into_inner().commitments, []);
}

/// Nor is anybody found by another tenant's names.
async fn foreign_names(umbrella: &mut Tenant) {
    for text in [CUSTOMER, SECRET, "+49 30 471147114"] {
        let find = FindCustomersRequest {
            text: text.to_owned(),
            ..FindCustomersRequest::default()
        };
        let found = umbrella.history.find_customers(find).await;
        assert_eq!(found.expect("an answer").into_inner().customers, []);
    }
}

fn amendment(interaction_id: &str) -> AmendInteractionRequest {
    AmendInteractionRequest {
        request_id: "amend".to_owned(),
        interaction_id: interaction_id.to_owned(),
        interaction: Some(Interaction::default()),
        update_mask: Some(FieldMask {
            paths: vec!["labels".to_owned()],
        }),
        reason: SECRET.to_owned(),
        ..AmendInteractionRequest::default()
    }
}

fn fulfilment(commitment_id: &str) -> FulfilCommitmentRequest {
    FulfilCommitmentRequest {
        request_id: "fulfil".to_owned(),
        commitment_id: commitment_id.to_owned(),
        note: SECRET.to_owned(),
        ..FulfilCommitmentRequest::default()
    }
}

/// Commands with personal words, sound and not.
async fn commands(acme: &mut Tenant, one: &Interaction) {
    let amended = acme
        .recorder
        .amend_interaction(amendment(&one.interaction_id))
        .await;
    amended.expect("a sound amendment");
    let commitment_id = one.commitments[0].commitment_id.clone();
    let moved = RescheduleCommitmentRequest {
        request_id: "reschedule".to_owned(),
        commitment_id: commitment_id.clone(),
        promised_by: Some(to_wire(now() + SignedDuration::from_hours(2))),
        reason: SECRET.to_owned(),
        ..RescheduleCommitmentRequest::default()
    };
    let answer = acme.followups.reschedule_commitment(moved).await;
    answer.expect("a sound move");
    let done = acme
        .followups
        .fulfil_commitment(fulfilment(&commitment_id))
        .await;
    done.expect("a sound fulfilment");
    let cancel = CancelCommitmentRequest {
        request_id: "cancel".to_owned(),
        commitment_id,
        reason: SECRET.to_owned(),
        ..CancelCommitmentRequest::default()
    };
    let closed = (Code::FailedPrecondition, "COMMITMENT_ALREADY_CLOSED");
    refused(
        "cancel",
        acme.followups.cancel_commitment(cancel).await,
        closed,
    );
}
