//! A hotel promises a confirmation by mail; it does not come, and the guest calls again. What the second call is about is
//! the mail, whatever its wrap-up says.

use std::time::Duration;

use aftercall_client::Client;
use aftercall_proto::followups::v1::{CountRepeatsRequest, GetCommitmentRequest, RepeatGrouping};
use aftercall_proto::history::v1::get_interaction_request::Which;
use aftercall_proto::history::v1::list_timeline_request::Whose;
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{GetInteractionRequest, ListTimelineRequest};
use aftercall_proto::insight::v1::{
    CountRepeatContactsRequest, ListSlipUpsRequest, RepeatCauseKind, RepeatGroupBy, SlipUp,
    SlipUpKind,
};
use aftercall_proto::model::v1::{Commitment, CommitmentKind, Interaction, RepeatCause};
use aftercall_proto::recorder::v1::identify_interaction_request::Identity;
use aftercall_proto::recorder::v1::{IdentifyInteractionRequest, RecordInteractionRequest};
use aftercall_service::testing::{contact, promise, reason};
use aftercall_service::{Clock, ManualClock};
use jiff::SignedDuration;

use crate::app::beside_an_app;

async fn record(client: &Client, interaction: Interaction) -> (String, Vec<String>) {
    let request = RecordInteractionRequest {
        interaction: Some(interaction),
        ..RecordInteractionRequest::default()
    };
    let recorded = client.call(request).await.unwrap();
    (recorded.interaction_id, recorded.commitment_ids)
}

/// The booking, with the promise of a mail within an hour.
fn booking(clock: &ManualClock) -> Interaction {
    let now = clock.now();
    let mut booking = contact(now);
    booking.team_id = "reservations".to_owned();
    booking.contact_reasons = vec![reason("booking.new")];
    let mut mail = promise(now + SignedDuration::from_hours(1));
    mail.kind = CommitmentKind::SendInfo.into();
    mail.promise_text = "You get the confirmation by mail within an hour.".to_owned();
    booking.commitments = vec![mail];
    booking.no_follow_up_promised = false;
    booking
}

/// The contact, as it is now.
async fn shown(client: &Client, interaction_id: &str) -> Interaction {
    let request = GetInteractionRequest {
        which: Some(Which::InteractionId(interaction_id.to_owned())),
        latest: true,
        ..GetInteractionRequest::default()
    };
    client.call(request).await.unwrap().interaction.unwrap()
}

/// The promise, as it is now.
async fn promised(client: &Client, commitment_id: &str) -> Commitment {
    let request = GetCommitmentRequest {
        commitment_id: commitment_id.to_owned(),
        latest: true,
        ..GetCommitmentRequest::default()
    };
    client.call(request).await.unwrap().commitment.unwrap()
}

async fn story(client: &Client, clock: &ManualClock) {
    let (booked, promises) = record(client, booking(clock)).await;
    let mail = &promises[0];
    clock.advance(Duration::from_secs(2 * 3_600));
    while promised(client, mail).await.lapses.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut angry = contact(clock.now());
    angry.contact_reasons = vec![reason("booking.error")];
    angry.agent_id = "agent-2".to_owned();
    angry.team_id = "complaints".to_owned();
    let (called, _) = record(client, angry).await;
    let caused = loop {
        let shown = shown(client, &called).await;
        if shown.repeat_cause() != RepeatCause::Unspecified {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(caused.repeat_cause(), RepeatCause::LapsedCommitment);
    assert_eq!(&caused.repeat_commitment_id, mail);
    assert_eq!(caused.contact_reasons[0].code, "booking.error");
    assert_eq!(caused.version, 1, "what we find out is no amendment");

    let promise = promised(client, mail).await;
    assert_eq!(promise.caused_contact_ids, [&*called]);
    assert_eq!(promise.interaction_id, booked);
    let count = CountRepeatsRequest {
        from: Some(aftercall_proto::convert::time::to_wire(
            clock.now() - SignedDuration::from_hours(24),
        )),
        before: Some(aftercall_proto::convert::time::to_wire(
            clock.now() + SignedDuration::from_hours(1),
        )),
        group_by: RepeatGrouping::Team.into(),
        ..CountRepeatsRequest::default()
    };
    let counted = client.call(count).await.unwrap();
    assert_eq!(counted.counts[0].value, "reservations");
    assert_eq!((counted.counts[0].contacts, counted.contacts), (1, 1));
    let timeline = ListTimelineRequest {
        whose: Some(Whose::CustomerId("customer-1".to_owned())),
        ..ListTimelineRequest::default()
    };
    let timeline = client.call(timeline).await.unwrap().entries;
    let told = timeline.iter().any(|entry| match &entry.what {
        Some(What::Interaction(contact)) => contact.repeat_commitment_id == *mail,
        _ => false,
    });
    assert!(told, "{timeline:#?}");

    measured(client, mail).await;
    identified(client, (&called, mail)).await;
}

/// The call is the broken promise's, and not the wrap-up's; its customer has two slip-ups.
async fn measured(client: &Client, mail: &str) {
    let request = CountRepeatContactsRequest {
        by: RepeatGroupBy::Commitment.into(),
        latest: true,
        ..CountRepeatContactsRequest::default()
    };
    let counted = client.call(request.clone()).await.unwrap();
    assert_eq!((counted.groups, counted.contacts), (1, 1));
    assert_eq!(counted.rows[0].cause(), RepeatCauseKind::LapsedCommitment);
    assert_eq!(counted.rows[0].value, mail);
    let by_team = CountRepeatContactsRequest {
        by: RepeatGroupBy::Team.into(),
        ..request
    };
    let counted = client.call(by_team).await.unwrap();
    assert_eq!(counted.rows[0].value, "reservations");
    let slips = ListSlipUpsRequest {
        threshold: 2,
        latest: true,
        ..ListSlipUpsRequest::default()
    };
    let two = client.call(slips.clone()).await.unwrap().windows;
    let kinds: Vec<_> = two[0].slip_ups.iter().map(SlipUp::kind).collect();
    assert_eq!(kinds, [SlipUpKind::Lapse, SlipUpKind::Repeat]);
    let three = ListSlipUpsRequest {
        threshold: 3,
        ..slips
    };
    assert!(client.call(three).await.unwrap().windows.is_empty());
}

/// It was somebody else who called: no promise to them was broken.
async fn identified(client: &Client, (called, mail): (&str, &str)) {
    let identify = IdentifyInteractionRequest {
        request_id: "request-1".to_owned(),
        interaction_id: called.to_owned(),
        identity: Some(Identity::CustomerId("customer-9".to_owned())),
        reason: "they said who they are".to_owned(),
        ..IdentifyInteractionRequest::default()
    };
    client.call(identify).await.unwrap();
    let caused = shown(client, called).await;
    assert_eq!(caused.repeat_cause(), RepeatCause::Unspecified);
    assert_eq!(caused.repeat_commitment_id, "");
    assert_eq!(promised(client, mail).await.caused_contacts_count, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_angry_call_is_put_down_to_the_mail_that_never_came() {
    beside_an_app(|client, clock| async move {
        let told = tokio::time::timeout(Duration::from_secs(120), story(&client, &clock)).await;
        told.expect("the story should come to its end");
    })
    .await;
}
