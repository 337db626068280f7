//! What names a contact beside its id, the reference in another system and the ids that its caller
//! gave to promises, is no other contact's.

use aftercall_log::testing::Fate;
use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::RecordInteractionsRequest;
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use tokio_stream::StreamExt;
use tonic::Code;

use crate::contact::{id, interaction, reason, request, with_promise};
use crate::fixture::{Fixture, reason_of, violations_of};
use crate::replicas::{Answer, race, record};

const PROMISE: &str = "interaction.commitments[0].commitment_id";
const REFERENCE: &str = "interaction.external_ref";

/// A contact whose caller names the promise.
fn promising(contact: u32, promise: &str) -> wire::Interaction {
    let mut promising = with_promise(&id(contact));
    promising.commitments[0].commitment_id = promise.to_owned();
    promising
}

fn of_customer(customer_id: &str, interaction: wire::Interaction) -> wire::Interaction {
    wire::Interaction {
        customer: Some(wire::Customer {
            customer_id: customer_id.to_owned(),
            ..wire::Customer::default()
        }),
        ..interaction
    }
}

/// A contact with a reference in the telephone system, and perhaps an id.
fn referring(contact: &str, reference: &str) -> wire::Interaction {
    wire::Interaction {
        external_ref: Some(wire::ExternalRef {
            source_system: "pbx".to_owned(),
            external_id: reference.to_owned(),
        }),
        ..interaction(contact)
    }
}

/// It was refused, because of that field, and the refusal names the contact that has the name.
fn assert_taken(answer: &Answer, field: &str, holder: &str) {
    let status = answer.as_ref().expect_err("it is refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let conflicting = (field.to_owned(), "CONFLICTING".to_owned());
    assert_eq!(violations_of(status), [conflicting]);
    let details = reason_of(status).1;
    let text = &details.bad_request().unwrap().field_violations[0].description;
    assert!(text.contains(holder), "{text}");
}

#[tokio::test]
async fn a_promise_id_that_another_contact_gave_is_refused_now_and_for_ever() {
    let fixture = Fixture::new().await;
    let given = id(900);
    record(&fixture, promising(1, &given)).await.unwrap();
    let others = || {
        [
            promising(2, &given),
            promising(2, &given.to_uppercase()),
            of_customer("customer-2", promising(2, &given)),
            // The server draws this one's id.
            wire::Interaction {
                interaction_id: String::new(),
                ..promising(2, &given)
            },
        ]
    };
    for other in others() {
        assert_taken(&record(&fixture, other).await, PROMISE, &id(1));
    }
    fixture.caught_up().await;
    for other in others() {
        assert_taken(&record(&fixture, other).await, PROMISE, &id(1));
    }
    assert_eq!(fixture.log.len(), 1);
    let fixture = fixture.restart().await;
    fixture.ready().await;
    assert_taken(
        &record(&fixture, promising(2, &given)).await,
        PROMISE,
        &id(1),
    );

    // It is a repetition for the contact that has it, and nothing to another tenant.
    assert!(
        record(&fixture, promising(1, &given))
            .await
            .unwrap()
            .already_recorded
    );
    let mut other_tenant = fixture.client("umbrella crm integration");
    let answer = other_tenant
        .record_interaction(request(promising(2, &given)))
        .await;
    assert!(!answer.unwrap().into_inner().already_recorded);
    // The refused contact is recorded once its promise has another name.
    record(&fixture, promising(2, &id(901))).await.unwrap();
}

#[tokio::test]
async fn an_id_that_was_derived_for_another_contact_is_refused() {
    let fixture = Fixture::new().await;
    let first = record(&fixture, with_promise(&id(1))).await.unwrap();
    let derived = &first.commitment_ids[0];
    let refused = record(&fixture, promising(2, derived)).await;
    assert_taken(&refused, PROMISE, "leave it out");
    // Even before the contact is there that it follows from.
    let other = Fixture::new().await;
    assert_taken(
        &record(&other, promising(2, derived)).await,
        PROMISE,
        "leave it out",
    );
    // The contact that it was derived for, with the id spelled out, is not what was sent first.
    let other = record(&fixture, promising(1, derived)).await.unwrap_err();
    assert_eq!(reason_of(&other).0, "REQUEST_ID_REUSED");
    let again = record(&fixture, with_promise(&id(1))).await.unwrap();
    assert!(again.already_recorded);
    assert_eq!(again.commitment_ids, first.commitment_ids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::disallowed_methods,
    reason = "the test waits for what it spawns"
)]
async fn of_many_contacts_at_once_with_one_promise_id_one_is_recorded() {
    let fixture = Fixture::new().await;
    fixture.log.hold_readers();
    let calls = (0..32).map(|number| {
        let mut crm = fixture.crm();
        let request = request(promising(number, &id(900)));
        tokio::spawn(async move { crm.record_interaction(request).await })
    });
    let mut recorded = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => recorded += 1,
            Err(status) => assert_taken(&Err(status), PROMISE, "0199c3a4"),
        }
    }
    fixture.log.release_readers();
    assert_eq!((recorded, fixture.log.len()), (1, 1));
}

#[tokio::test]
async fn in_one_stream_the_first_counts() {
    let fixture = Fixture::new().await;
    let contacts = [
        promising(1, &id(900)),
        promising(2, &id(900)),
        promising(3, &id(901)),
        referring(&id(4), "call-1"),
        referring("", "call-1"),
    ];
    let messages = contacts.map(|contact| RecordInteractionsRequest {
        correlation_id: String::new(),
        request: Some(request(contact)),
    });
    let answers = fixture
        .crm()
        .record_interactions(tokio_stream::iter(messages))
        .await
        .unwrap();
    let answers: Vec<_> = answers.into_inner().map(Result::unwrap).collect().await;
    let refused = answers
        .iter()
        .map(|answer| match answer.outcome.as_ref().unwrap() {
            Outcome::Response(_) => None,
            Outcome::Failure(failure) => {
                let status = aftercall_proto::status::from_wire(failure);
                violations_of(&status).pop()
            }
        });
    let taken = |field: &str| Some((field.to_owned(), "CONFLICTING".to_owned()));
    let expected = [None, taken(PROMISE), None, None, taken(REFERENCE)];
    assert_eq!(refused.collect::<Vec<_>>(), expected);
    assert_eq!(fixture.log.len(), 3);
}

#[tokio::test]
async fn one_reference_is_one_contact_with_an_id_or_without() {
    let fixture = Fixture::new().await;
    record(&fixture, referring(&id(1), "call-1")).await.unwrap();
    let others = |fixture: &Fixture| {
        let crm = fixture.crm();
        [
            referring("", "call-1"),
            referring(&id(2), "call-1"),
            of_customer("customer-2", referring(&id(2), "call-1")),
        ]
        .map(|other| {
            let mut crm = crm.clone();
            async move {
                let answer = crm.record_interaction(request(other)).await;
                answer.map(tonic::Response::into_inner)
            }
        })
    };
    for other in others(&fixture) {
        assert_taken(&other.await, REFERENCE, &id(1));
    }
    fixture.caught_up().await;
    for other in others(&fixture) {
        assert_taken(&other.await, REFERENCE, &id(1));
    }
    assert!(
        record(&fixture, referring(&id(1), "call-1"))
            .await
            .unwrap()
            .already_recorded
    );

    let first = record(&fixture, referring("", "call-2")).await.unwrap();
    let refused = record(&fixture, referring(&id(3), "call-2")).await;
    assert_taken(&refused, REFERENCE, &first.interaction_id);
    // Who gives the id that the reference got, says the same.
    let again = record(&fixture, referring(&first.interaction_id, "call-2"))
        .await
        .unwrap();
    assert!(again.already_recorded);
    // Another reference, and the same one of another system, are others.
    record(&fixture, referring(&id(4), "call-3")).await.unwrap();
    assert_eq!(fixture.log.len(), 3);
}

#[tokio::test]
async fn a_name_whose_contact_was_not_written_is_free() {
    let fixture = Fixture::new().await;
    fixture.log.fail_next([Fate::QueueFull]);
    let full = record(&fixture, promising(1, &id(900))).await.unwrap_err();
    assert_eq!(full.code(), Code::ResourceExhausted);
    record(&fixture, promising(2, &id(900))).await.unwrap();
    assert_taken(
        &record(&fixture, promising(1, &id(900))).await,
        PROMISE,
        &id(2),
    );
}

#[tokio::test]
async fn a_name_whose_contact_may_be_written_is_looked_up() {
    for (fault, is_written) in [(Fate::LostAck, true), (Fate::LostRecord, false)] {
        let fixture = Fixture::new().await;
        fixture.log.fail_next([fault]);
        record(&fixture, promising(1, &id(900))).await.unwrap_err();
        let answer = record(&fixture, promising(2, &id(900))).await;
        match is_written {
            true => assert_taken(&answer, PROMISE, &id(1)),
            false => drop(answer.unwrap()),
        }
    }
}

#[tokio::test]
async fn of_two_recorders_one_has_the_name() {
    let references = [referring(&id(1), "call-1"), referring("", "call-1")];
    for (contacts, field) in [
        ([promising(1, &id(900)), promising(2, &id(900))], PROMISE),
        (references, REFERENCE),
    ] {
        let both = Fixture::two().await;
        let answers = race(&both, contacts.clone()).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_ok());
        assert_eq!((won.len(), lost.len()), (1, 1), "{answers:?}");
        let winner = won[0].as_ref().unwrap();
        assert_taken(lost[0], field, &winner.interaction_id);
        // Whoever is asked again says the same.
        for fixture in [&both.0, &both.1] {
            fixture.caught_up().await;
            for (contact, answer) in contacts.clone().into_iter().zip(&answers) {
                let again = record(fixture, contact).await;
                match answer {
                    Ok(first) => assert_eq!(again.unwrap().position, first.position),
                    Err(_) => assert_taken(&again, field, &winner.interaction_id),
                }
            }
        }
    }
}

/// Of two contents for one id the one that was first is not recorded, because another recorder was faster
/// with a name that it brings. Then the id is free.
#[tokio::test]
async fn an_id_whose_record_lost_a_name_is_free_for_another_content() {
    let both = Fixture::two().await;
    let (one, other) = &both;
    other.log.hold_readers();
    record(one, promising(1, &id(900))).await.unwrap();
    let second = record(other, promising(2, &id(900)));
    let is_written = || until(|| one.log.len() == 2);
    let third = async {
        is_written().await;
        loop {
            let content = wire::Interaction {
                contact_reasons: vec![reason("order.status")],
                ..promising(2, &id(901))
            };
            match record(other, content).await {
                Err(status) if status.code() == Code::Unavailable => {}
                answer => return answer,
            }
        }
    };
    let release = async {
        is_written().await;
        // The third waits for the second by then; if it comes later, it is told the same.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        other.log.release_readers();
    };
    let (second, third, ()) = tokio::join!(second, third, release);
    assert_taken(&second, PROMISE, &id(1));
    assert!(!third.unwrap().already_recorded);
}

/// A client gives up while its append is queued, and tries again with another content; somebody else
/// sends that content, too. All that is acknowledged is true.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test waits for what it spawns"
)]
async fn who_comes_for_a_name_waits_for_the_append_that_has_it_also_if_its_caller_gave_up() {
    let fixture = Fixture::new().await;
    let given = "0190d2c8-aaaa-7000-8000-000000000001";
    let with_given = |contact: u32| {
        let mut contact = with_promise(&id(contact));
        contact.commitments[0].commitment_id = given.to_owned();
        contact
    };
    fixture.log.fail_next([Fate::Queued]);
    let (mut crm, contact) = (fixture.crm(), with_given(1));
    let first = tokio::spawn(async move { crm.record_interaction(request(contact)).await });
    until(|| fixture.log.queued() == 1).await;
    first.abort();
    // One with other content, and another contact that brings the same promise's id.
    let other = wire::Interaction {
        contact_reasons: vec![reason("order.status")],
        ..with_given(1)
    };
    let rivals = [other, with_given(2)].map(|rival| {
        let mut crm = fixture.crm();
        tokio::spawn(async move { crm.record_interaction(request(rival)).await })
    });
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.log.queued(), 1, "nobody writes beside the first");
    fixture.log.acknowledge().await;
    for rival in rivals {
        rival.await.unwrap().unwrap_err();
    }
    let first = record(&fixture, with_given(1)).await.unwrap();
    assert!(first.already_recorded);
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test waits for what it spawns"
)]
async fn doubt_is_shared_by_all_who_wait_for_one_append() {
    let fixture = Fixture::new().await;
    let other = || wire::Interaction {
        contact_reasons: vec![reason("order.status")],
        ..interaction(&id(1))
    };
    // The first is not written, and nobody knows that.
    fixture.log.fail_next([Fate::LostRecord, Fate::Queued]);
    let mut crm = fixture.crm();
    let first = crm.record_interaction(request(interaction(&id(1)))).await;
    first.unwrap_err();
    let later = || {
        let mut crm = fixture.crm();
        tokio::spawn(async move { crm.record_interaction(request(other())).await })
    };
    let second = later();
    until(|| fixture.log.queued() == 1).await;
    let third = later();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    fixture.log.acknowledge().await;
    let [second, third] = [second.await.unwrap(), third.await.unwrap()]
        .map(|answer| answer.unwrap().into_inner().position);
    assert_eq!(second, third, "the third has no append of its own");
    let refused = record(&fixture, interaction(&id(1))).await.unwrap_err();
    assert_eq!(reason_of(&refused).0, "REQUEST_ID_REUSED");
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}
