//! Who reads the records of a team sees candidates by these; what is decided holds for everybody.

use aftercall_proto::knowledge::v1::{
    GetCandidateRequest, ListCandidatesRequest, RejectCandidateRequest,
};
use aftercall_proto::model::v1::{Candidate, CandidateState, Interaction};
use aftercall_service::testing::Caller;
use aftercall_service::{ActorKind, Role};
use tonic::Request;

use crate::groups::WAYS;
use crate::world::{TENANT, World, reason, solved};

/// A request of a contributor of a team.
fn of_team<T>(request: T, actor: &str, team: &str) -> Request<T> {
    let roles = [Role::KbContributor];
    let caller = Caller::of_kind(ActorKind::Agent, TENANT, actor, &roles).of_groups(&[team], &[]);
    let mut request = Request::new(request);
    let credentials = caller.credentials();
    request.metadata_mut().insert("authorization", credentials);
    request
}

fn handled_by(team: &str, contact: Interaction) -> Interaction {
    Interaction {
        team_id: team.to_owned(),
        ..contact
    }
}

async fn listed(world: &World, state: CandidateState, who: (&str, &str)) -> Vec<Candidate> {
    let request = ListCandidatesRequest {
        state: state.into(),
        include_total: true,
        min_position: world.now(),
        ..ListCandidatesRequest::default()
    };
    let request = of_team(request, who.0, who.1);
    let answer = world.client.clone().list_candidates(request).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.total_size, Some(answer.candidates.len() as u64));
    answer.candidates
}

#[tokio::test]
async fn a_team_sees_its_own_cases_and_decides_for_all() {
    let world = World::of_teams().await;
    for (n, team, way) in [
        (1, "north", 0),
        (2, "north", 0),
        (3, "south", 1),
        (4, "south", 1),
        (5, "south", 1),
        (6, "south", 3),
    ] {
        let contact = solved(n, "net.slow", &format!("words of {team}"), WAYS[way]);
        world.record(&handled_by(team, contact)).await;
    }
    let north = ("ann", "north");
    let seen = listed(&world, CandidateState::Open, north).await;
    assert_eq!(seen.len(), 1);
    let own = &seen[0];
    // Two of six minutes each, and nothing of what the other team's would save.
    assert_eq!(
        (own.case_count, own.handle_time.as_ref().unwrap().seconds),
        (2, 720)
    );
    assert_eq!(own.variants.len(), 1);
    assert_eq!(own.variants[0].case_count, 2);
    assert_eq!(own.customer_wording, "words of north");
    assert!(!format!("{own:?}").contains("again"));

    let south = ("bob", "south");
    let seen = listed(&world, CandidateState::Open, south).await;
    let counts: Vec<_> = seen.iter().map(|one| one.case_count).collect();
    assert_eq!(counts, [3, 1]);
    // Another team's wording is not there, by whatever name.
    let request = GetCandidateRequest {
        candidate_id: seen[1].candidate_id.clone(),
        ..GetCandidateRequest::default()
    };
    let request = of_team(request, "ann", "north");
    let status = world
        .client
        .clone()
        .get_candidate(request)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_NOT_FOUND");

    let reject = RejectCandidateRequest {
        request_id: "r-1".to_owned(),
        candidate_id: own.candidate_id.clone(),
        reason: "says nothing".to_owned(),
    };
    let rejected = of_team(reject, "ann", "north");
    let rejected = world.client.clone().reject_candidate(rejected).await;
    let rejected = rejected.unwrap().into_inner().candidate.unwrap();
    assert_eq!(
        (rejected.state(), rejected.case_count),
        (CandidateState::Rejected, 2)
    );
    for (who, expected) in [(north, 2), (south, 3)] {
        let seen = listed(&world, CandidateState::Rejected, who).await;
        let counts: Vec<_> = seen.iter().map(|one| one.case_count).collect();
        assert_eq!(counts, [expected], "{who:?}");
    }
    assert_eq!(listed(&world, CandidateState::Open, north).await, []);
    assert_eq!(listed(&world, CandidateState::Open, south).await.len(), 1);
}
