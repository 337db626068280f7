//! Attempts that callers note: what their contacts tell of them, and in which order they count.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, InteractionAmended};
use aftercall_proto::followups::v1::RecordAttemptRequest;
use aftercall_proto::model::v1::{
    AttemptResult, Channel, Commitment, CommitmentLifecycle, CommitmentOutcome, Direction,
    Interaction, Segment, SegmentKind,
};
use aftercall_service::Clock;
use jiff::SignedDuration;
use pbjson_types::{Duration, FieldMask};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::following::{by_policy, changed, set_up, talk};
use crate::identifying::event;
use crate::stage::{Contact, Running, Stage, at, promise, wire};

/// That the customer was reached, in a contact or in none.
fn reached(contact: &str) -> RecordAttemptRequest {
    RecordAttemptRequest {
        commitment_id: "c-1".to_owned(),
        result: AttemptResult::Reached.into(),
        evidence_interaction_id: contact.to_owned(),
        ..RecordAttemptRequest::default()
    }
}

async fn note(
    running: &Running,
    request_id: &str,
    attempt: RecordAttemptRequest,
) -> Result<Commitment, Status> {
    let request = RecordAttemptRequest {
        request_id: request_id.to_owned(),
        ..attempt
    };
    let answer = running.client("owner").record_attempt(request).await?;
    Ok(answer.into_inner().commitment.unwrap())
}

/// What is wrong with which field.
fn wrong(noted: Result<Commitment, Status>) -> (String, String) {
    let status = noted.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let found = status.get_details_bad_request().unwrap().field_violations;
    let [one] = &found[..] else {
        panic!("{found:?}")
    };
    (one.field.clone(), one.reason.clone())
}

fn conflicting(field: &str) -> (String, String) {
    (field.to_owned(), "CONFLICTING".to_owned())
}

fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

/// Records a contact with the customer, in which we called them.
fn call(stage: &Stage, interaction_id: &str, change: impl FnOnce(&mut Interaction)) {
    let contact = Contact::new(interaction_id, Vec::new());
    let called = changed(contact.event(stage.clock.now()), |contact| {
        contact.direction = Direction::Outbound.into();
        change(contact);
    });
    stage.append(&called, "customer-1");
}

/// Telephony puts the parts of a contact right.
fn amend(stage: &Stage, interaction_id: &str, segments: Vec<Segment>) {
    let fact = Fact::InteractionAmended(Box::new(InteractionAmended {
        update_mask: Some(FieldMask {
            paths: vec!["segments".to_owned()],
        }),
        interaction: Some(Interaction {
            segments,
            ..Interaction::default()
        }),
        ..InteractionAmended::default()
    }));
    let amended = Event {
        interaction_id: interaction_id.to_owned(),
        customer_id: "customer-1".to_owned(),
        ..event(interaction_id, 2, &fact)
    };
    stage.append(&amended, "customer-1");
}

/// A promise that is kept by whoever talks to the customer for half a minute, and a minute that has passed.
async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    set_up(&stage).await;
    stage.record(&Contact::new("i-1", vec![by_policy("c-1")]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(60));
    (stage, running)
}

#[tokio::test]
async fn a_voicemail_reaches_nobody_whoever_says_so_and_counts_one_attempt() {
    let (stage, running) = begin().await;
    call(&stage, "i-2", |contact| {
        contact.channel = Channel::Voicemail.into();
    });
    let beep = RecordAttemptRequest {
        talk_time: seconds(600),
        ..reached("i-2")
    };
    let refused = note(&running, "r-1", beep.clone()).await;
    assert_eq!(wrong(refused), conflicting("result"));
    let left = RecordAttemptRequest {
        result: AttemptResult::Voicemail.into(),
        ..beep
    };
    let tried = note(&running, "r-2", left.clone()).await.unwrap();
    assert_eq!(tried.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(tried.attempts_count, 1);
    // The same contact is the same attempt.
    let again = note(&running, "r-3", left).await;
    assert_eq!(wrong(again), conflicting("evidence_interaction_id"));

    // That it was one is known later.
    call(&stage, "i-3", |_| {});
    let voicemail = Segment {
        kind: SegmentKind::Voicemail.into(),
        ..Segment::default()
    };
    amend(&stage, "i-3", vec![voicemail]);
    running.caught_up(&stage).await;
    let refused = note(&running, "r-4", reached("i-3")).await;
    assert_eq!(wrong(refused), conflicting("result"));
    running.stop().await;
}

#[tokio::test]
async fn the_contact_tells_how_long_the_customer_was_talked_to_and_when() {
    let (stage, running) = begin().await;
    let word = RecordAttemptRequest {
        talk_time: seconds(600),
        ..reached("")
    };
    let field = "evidence_interaction_id";
    let refused = wrong(note(&running, "r-1", word).await);
    assert_eq!(refused, (field.to_owned(), "REQUIRED".to_owned()));
    let own = note(&running, "r-2", reached("i-1")).await;
    assert_eq!(wrong(own), conflicting(field));

    let short = vec![talk(&stage, 29)];
    call(&stage, "i-2", |contact| contact.segments = short);
    let longer = RecordAttemptRequest {
        talk_time: seconds(30),
        ..reached("i-2")
    };
    let refused = note(&running, "r-3", longer).await;
    assert_eq!(wrong(refused), conflicting("talk_time"));
    let before = RecordAttemptRequest {
        attempted_at: wire(at(59)),
        ..reached("i-2")
    };
    let refused = note(&running, "r-4", before).await;
    assert_eq!(wrong(refused), conflicting("attempted_at"));
    stage.clock.advance_to(at(90));
    let tried = note(&running, "r-5", reached("i-2")).await.unwrap();
    assert_eq!(tried.lifecycle(), CommitmentLifecycle::Active);
    let attempt = &tried.attempts[0];
    assert_eq!(
        (attempt.attempted_at, attempt.talk_time),
        (wire(at(60)), seconds(29))
    );

    call(&stage, "i-3", |_| {});
    amend(&stage, "i-3", vec![talk(&stage, 30)]);
    running.caught_up(&stage).await;
    let kept = note(&running, "r-6", reached("i-3")).await.unwrap();
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    assert_eq!(kept.evidence_interaction_id, "i-3");
    running.stop().await;
}

/// A part of a contact from so many seconds after now until so many.
fn part(stage: &Stage, kind: SegmentKind, (from, to): (i64, i64)) -> Segment {
    let after = |seconds| wire(stage.clock.now() + SignedDuration::from_secs(seconds));
    Segment {
        kind: kind.into(),
        answered_at: after(from),
        ended_at: after(to),
        ..Segment::default()
    }
}

#[tokio::test]
async fn a_voicemail_beside_it_takes_nothing_from_a_talk_but_its_own_time() {
    let (stage, running) = begin().await;
    let whole = part(&stage, SegmentKind::Agent, (0, 40));
    let beep = part(&stage, SegmentKind::Voicemail, (0, 40));
    let all = vec![whole.clone(), beep];
    call(&stage, "i-2", |contact| contact.segments = all);
    let refused = note(&running, "r-1", reached("i-2")).await;
    assert_eq!(wrong(refused), conflicting("result"));

    // Eleven seconds of the forty were the voicemail's.
    let beep = part(&stage, SegmentKind::Voicemail, (0, 11));
    let too_much = vec![beep, whole.clone()];
    call(&stage, "i-3", |contact| contact.segments = too_much);
    let tried = note(&running, "r-2", reached("i-3")).await.unwrap();
    assert_eq!(tried.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(tried.attempts[0].talk_time, seconds(29));

    let beep = part(&stage, SegmentKind::Voicemail, (0, 10));
    call(&stage, "i-4", |_| {});
    amend(&stage, "i-4", vec![beep, whole]);
    running.caught_up(&stage).await;
    let kept = note(&running, "r-3", reached("i-4")).await.unwrap();
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    assert_eq!(kept.evidence_interaction_id, "i-4");
    running.stop().await;
}

#[tokio::test]
async fn by_messages_who_answers_is_reached_and_what_was_sent_reaches_nobody() {
    let (stage, running) = begin().await;
    let by = |id: &str, channel: Channel, direction: Direction, parts: Vec<Segment>| {
        call(&stage, id, |contact| {
            contact.channel = channel.into();
            contact.direction = direction.into();
            contact.segments = parts;
        });
    };
    let short = part(&stage, SegmentKind::Agent, (0, 5));
    by(
        "i-2",
        Channel::Email,
        Direction::Outbound,
        vec![short.clone()],
    );
    by("i-3", Channel::Chat, Direction::Outbound, Vec::new());
    by("i-4", Channel::Bot, Direction::Inbound, Vec::new());
    for (no, contact) in ["i-2", "i-3", "i-4"].into_iter().enumerate() {
        let refused = note(&running, &format!("r-{no}"), reached(contact)).await;
        assert_eq!(wrong(refused), conflicting("result"), "{contact}");
    }
    let sent = RecordAttemptRequest {
        result: AttemptResult::NoAnswer.into(),
        ..reached("i-2")
    };
    let tried = note(&running, "r-5", sent).await.unwrap();
    assert_eq!(tried.lifecycle(), CommitmentLifecycle::Active);

    // They answered, as is known later: no talk is asked for.
    amend(&stage, "i-3", vec![short]);
    running.caught_up(&stage).await;
    let kept = note(&running, "r-6", reached("i-3")).await.unwrap();
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    running.stop().await;
}

/// Without a policy nothing is kept by attempts; they are noted as they are said.
#[tokio::test]
async fn a_word_is_noted_where_nothing_is_kept_by_it() {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(60));
    for (no, made) in [50, 40].into_iter().enumerate() {
        let word = RecordAttemptRequest {
            talk_time: seconds(600),
            attempted_at: wire(at(made)),
            ..reached("")
        };
        let noted = note(&running, &format!("r-{no}"), word).await.unwrap();
        assert_eq!(noted.attempts_count as usize, no + 1);
        assert_eq!(noted.lifecycle(), CommitmentLifecycle::Active);
    }
    running.stop().await;
}
