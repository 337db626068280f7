//! Commands on what is not for the caller to see.

use aftercall_client::Rpc;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
};
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::identify_interaction_request::Identity;
use aftercall_proto::recorder::v1::{AmendInteractionRequest, IdentifyInteractionRequest};
use aftercall_service::{Access, Role};
use pbjson_types::FieldMask;

use super::everything::Everything;
use super::house::{House, Person};
use super::{NOBODYS, Seen};

/// A command on what lies outside of the caller's scope is refused as one on what is not there, whatever else is
/// wrong with it.
#[tokio::test(flavor = "multi_thread")]
async fn commands_on_what_others_had_a_part_in_find_nothing() {
    let house = House::open(Access::default()).await;
    let everything = Everything::of(&house).await;
    let mut people = Person::all();
    people.retain(|one| matches!(one.role, Role::Agent | Role::TeamLead | Role::Supervisor));
    let mut tried = 0;
    for person in &people {
        let seen = Seen {
            house: &house,
            everything: &everything,
            person,
            client: house.client_of(person).await,
        };
        let mut promises = everything.promises.iter();
        let Some(foreign) = promises.find(|promise| !seen.promise(promise)) else {
            continue;
        };
        tried += 1;
        let mut promises = everything.promises.iter();
        if let Some(own) = promises.find(|promise| seen.promise(promise)) {
            // Whether it is done or not: from here on a request of this id may be known.
            let fulfil = fulfilment(&own.commitment_id, 0);
            drop(seen.client.call(fulfil).await);
        }
        for version in [0, 9] {
            let fulfil = |id: &str| fulfilment(id, version);
            same(&seen, fulfil(&foreign.commitment_id), fulfil(NOBODYS)).await;
            let cancel = |id: &str| CancelCommitmentRequest {
                request_id: "used".to_owned(),
                commitment_id: id.to_owned(),
                expected_version: version,
                reason: "why".to_owned(),
                ..CancelCommitmentRequest::default()
            };
            same(&seen, cancel(&foreign.commitment_id), cancel(NOBODYS)).await;
            let reschedule = |id: &str| RescheduleCommitmentRequest {
                request_id: "used".to_owned(),
                commitment_id: id.to_owned(),
                expected_version: version,
                promised_by: foreign.promised_by,
                reason: "why".to_owned(),
                ..RescheduleCommitmentRequest::default()
            };
            same(
                &seen,
                reschedule(&foreign.commitment_id),
                reschedule(NOBODYS),
            )
            .await;
        }
        on_contacts(&seen).await;
    }
    assert!(tried > 5, "{tried}");
    house.app.run(std::future::ready(())).await.unwrap();
}

fn fulfilment(commitment_id: &str, expected_version: u64) -> FulfilCommitmentRequest {
    FulfilCommitmentRequest {
        request_id: "used".to_owned(),
        commitment_id: commitment_id.to_owned(),
        expected_version,
        ..FulfilCommitmentRequest::default()
    }
}

async fn on_contacts(seen: &Seen<'_>) {
    let mut contacts = seen.everything.found.iter();
    let Some(foreign) = contacts.find(|id| !seen.contact(id)) else {
        return;
    };
    for expected_version in [0, 9] {
        let amend = |id: &str| AmendInteractionRequest {
            request_id: "used".to_owned(),
            interaction_id: id.to_owned(),
            expected_version,
            interaction: Some(Interaction::default()),
            update_mask: Some(FieldMask {
                paths: vec!["labels".to_owned()],
            }),
            reason: "why".to_owned(),
        };
        same(seen, amend(foreign), amend(NOBODYS)).await;
        let identify = |id: &str| IdentifyInteractionRequest {
            request_id: "used".to_owned(),
            interaction_id: id.to_owned(),
            expected_version,
            identity: Some(Identity::CustomerId("C-9".to_owned())),
            reason: "why".to_owned(),
            ..IdentifyInteractionRequest::default()
        };
        same(seen, identify(foreign), identify(NOBODYS)).await;
    }
}

/// Both are refused in the same words.
async fn same<R: Rpc>(seen: &Seen<'_>, foreign: R, absent: R) {
    if !seen.may::<R>() {
        return;
    }
    let (foreign, absent) = (seen.refused(foreign).await, seen.refused(absent).await);
    assert_eq!(
        foreign.code,
        tonic::Code::NotFound,
        "{:?}: {foreign:?}",
        seen.person
    );
    assert_eq!(foreign, absent, "{:?}", seen.person);
}
