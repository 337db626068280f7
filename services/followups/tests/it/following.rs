//! Contacts that say which promises they follow up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::event::Payload;
use aftercall_proto::event::v1::{Event, InteractionRecorded};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    AttemptResult, Channel, Commitment, CommitmentDraft, CommitmentLifecycle, CommitmentOutcome,
    CustomerReached, Direction, FollowUp, FollowUpPolicy, FulfilmentPolicy, Hold, Interaction,
    PolicyRef, Segment, SegmentKind, Setting, fulfilment_policy,
};
use aftercall_service::Clock;
use aftercall_service::testing::setting_changed;
use jiff::SignedDuration;
use pbjson_types::Duration;
use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::identifying::{identify, merge};
use crate::stage::{Contact, PATIENCE, Running, Stage, TENANT, at, promise, wire};

/// A contact that was changed after the fixture made it.
pub(crate) fn changed(mut event: Event, change: impl FnOnce(&mut Interaction)) -> Event {
    let data = event.data().unwrap().clone();
    let mut recorded = InteractionRecorded::decode(data).unwrap();
    change(recorded.interaction.as_mut().unwrap());
    event.payload = Some(Payload::Data(recorded.encode_to_vec().into()));
    event
}

fn follow_up(commitment_id: &str, result: AttemptResult) -> FollowUp {
    FollowUp {
        commitment_id: commitment_id.to_owned(),
        result: result.into(),
    }
}

/// An agent's part of a contact, with so many seconds of talk after some on hold.
pub(crate) fn talk(stage: &Stage, seconds: i64) -> Segment {
    let from = stage.clock.now();
    let after = |seconds| wire(from + SignedDuration::from_secs(seconds));
    Segment {
        kind: SegmentKind::Agent.into(),
        answered_at: after(0),
        ended_at: after(seconds + 20),
        holds: vec![Hold {
            began_at: after(5),
            ended_at: after(25),
            ..Hold::default()
        }],
        ..Segment::default()
    }
}

/// Records a contact that follows promises up.
fn record(
    stage: &Stage,
    (interaction_id, customer_id): (&str, &str),
    follow_ups: Vec<FollowUp>,
    change: impl FnOnce(&mut Interaction),
) -> Event {
    let contact = Contact {
        customer_id: customer_id.to_owned(),
        ..Contact::new(interaction_id, Vec::new())
    };
    let event = changed(contact.event(stage.clock.now()), |interaction| {
        interaction.follow_ups = follow_ups;
        change(interaction);
    });
    stage.append(&event, customer_id);
    event
}

/// A promise that is kept by whoever talks to the customer for half a minute.
pub(crate) fn by_policy(commitment_id: &str) -> CommitmentDraft {
    CommitmentDraft {
        policy: Some(PolicyRef {
            policy_id: "calls".to_owned(),
            version: 1,
        }),
        ..promise(commitment_id, at(3_600))
    }
}

/// Sets the policy up.
pub(crate) async fn set_up(stage: &Stage) {
    use aftercall_log::Log;
    let min_talk = Some(Duration {
        seconds: 30,
        nanos: 0,
    });
    let rule = fulfilment_policy::Rule::Reached(CustomerReached { min_talk });
    let policy = FollowUpPolicy {
        fulfilment: Some(FulfilmentPolicy { rule: Some(rule) }),
        ..FollowUpPolicy::default()
    };
    let setting = Setting {
        setting_id: "calls".to_owned(),
        version: 1,
        body: Some(Body::FollowUpPolicy(policy)),
        ..Setting::default()
    };
    let record = setting_changed(TENANT, 1, setting, stage.clock.now());
    stage.log.append(vec![record]).await.unwrap();
}

/// The promise as soon as it is so.
pub(crate) async fn when(
    running: &Running,
    commitment_id: &str,
    holds: impl Fn(&Commitment) -> bool,
) -> Commitment {
    let mut progress = running.followups.view().progress();
    let waiting = async {
        loop {
            progress.borrow_and_update();
            let shown = running.get(commitment_id, "").await;
            if holds(&shown) {
                return shown;
            }
            progress.changed().await.unwrap();
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.expect("the promise should come to it in the end")
}

#[tokio::test]
async fn a_contact_that_follows_a_promise_up_is_an_attempt_and_keeps_it_if_that_is_enough() {
    let stage = Stage::new();
    set_up(&stage).await;
    stage.record(&Contact::new(
        "i-1",
        vec![by_policy("c-1"), promise("c-2", at(3_600))],
    ));
    let running = stage.start().await;
    let both = |result| vec![follow_up("c-1", result), follow_up("c-2", result)];
    let own = "customer-1";
    stage.clock.advance_to(at(60));
    record(&stage, ("i-2", own), both(AttemptResult::NoAnswer), |_| {});
    when(&running, "c-1", |shown| shown.attempts_count == 1).await;
    // Whatever was said, a voicemail is nobody, and whoever talked for less was not talked to for long enough.
    record(&stage, ("i-3", own), both(AttemptResult::Reached), |it| {
        it.segments = vec![talk(&stage, 50)];
        it.channel = Channel::Voicemail.into();
    });
    when(&running, "c-1", |shown| shown.attempts_count == 2).await;
    record(&stage, ("i-4", own), both(AttemptResult::Reached), |it| {
        it.segments = vec![talk(&stage, 29)];
    });
    let tried = when(&running, "c-1", |shown| shown.attempts_count == 3).await;
    assert_eq!(tried.lifecycle(), CommitmentLifecycle::Active);
    let results: Vec<_> = tried.attempts.iter().map(|it| it.result()).collect();
    let [no_answer, voicemail, reached] = [
        AttemptResult::NoAnswer,
        AttemptResult::Voicemail,
        AttemptResult::Reached,
    ];
    assert_eq!(results, [no_answer, voicemail, reached]);
    assert_eq!(tried.attempts[2].evidence_interaction_id, "i-4");
    assert_eq!(tried.attempts[2].attempted_by, "ana");
    assert_eq!(tried.attempts[2].talk_time.unwrap().seconds, 29);

    record(&stage, ("i-5", own), both(AttemptResult::Reached), |it| {
        it.segments = vec![talk(&stage, 30)];
    });
    let kept = when(&running, "c-1", |shown| shown.fulfilled_at.is_some()).await;
    assert_eq!(kept.lifecycle(), CommitmentLifecycle::Fulfilled);
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    assert_eq!(kept.evidence_interaction_id, "i-5");
    assert_eq!(kept.fulfilled_at, wire(at(60)));
    // Without a policy somebody has to say that it was kept.
    let other = when(&running, "c-2", |shown| shown.attempts_count == 4).await;
    assert_eq!(other.lifecycle(), CommitmentLifecycle::Active);
    running.stop().await;
}

#[tokio::test]
async fn a_mail_that_was_sent_is_an_attempt_and_the_chat_in_which_they_answer_keeps_it() {
    let stage = Stage::new();
    set_up(&stage).await;
    stage.record(&Contact::new("i-1", vec![by_policy("c-1")]));
    let running = stage.start().await;
    stage.clock.advance_to(at(60));
    let reached = || vec![follow_up("c-1", AttemptResult::Reached)];
    record(&stage, ("i-2", "customer-1"), reached(), |it| {
        it.channel = Channel::Email.into();
        it.direction = Direction::Outbound.into();
    });
    let tried = when(&running, "c-1", |shown| shown.attempts_count == 1).await;
    assert_eq!(tried.attempts[0].result(), AttemptResult::NoAnswer);
    assert_eq!(tried.lifecycle(), CommitmentLifecycle::Active);
    record(&stage, ("i-3", "customer-1"), reached(), |it| {
        it.channel = Channel::Chat.into();
        it.direction = Direction::Inbound.into();
    });
    let kept = when(&running, "c-1", |shown| shown.fulfilled_at.is_some()).await;
    assert_eq!(kept.evidence_interaction_id, "i-3");
    running.stop().await;
}

#[tokio::test]
async fn only_a_contact_of_the_same_customer_counts() {
    let stage = Stage::with_partitions(4);
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(9_000))]));
    let named = |_: &mut Interaction| {};
    let busy = |id| vec![follow_up(id, AttemptResult::Busy)];
    record(&stage, ("i-other", "customer-2"), busy("c-1"), named);
    record(&stage, ("i-nobody", ""), busy("c-1"), named);
    record(&stage, ("i-own", "customer-1"), busy("c-0"), named);
    record(&stage, ("i-late", "customer-3"), busy("c-1"), named);
    let running = stage.start().await;
    record(&stage, ("i-2", "customer-1"), busy("c-1"), named);
    let shown = when(&running, "c-1", |shown| shown.attempts_count == 1).await;
    assert_eq!(shown.attempts[0].evidence_interaction_id, "i-2");

    // Whose it is may be said later, and two customers may turn out to be one.
    identify(&stage, ("i-nobody", ""), 2, "customer-1");
    merge(&stage, ("customer-1", "customer-3"), 1, true);
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(60));
    let shown = when(&running, "c-1", |shown| shown.attempts_count == 3).await;
    let contacts: BTreeSet<&str> = shown
        .attempts
        .iter()
        .map(|attempt| &*attempt.evidence_interaction_id)
        .collect();
    assert_eq!(contacts, BTreeSet::from(["i-2", "i-late", "i-nobody"]));
    running.stop().await;
}

/// The contact was recorded before the due, and nobody had decided about it when the due passed.
#[tokio::test]
async fn a_promise_that_a_contact_kept_in_time_does_not_lapse() {
    let stage = Stage::new();
    set_up(&stage).await;
    stage.record(&Contact::new("i-1", vec![by_policy("c-1")]));
    stage.clock.advance_to(at(3_599));
    let reached = vec![follow_up("c-1", AttemptResult::Reached)];
    record(&stage, ("i-2", "customer-1"), reached, |it| {
        it.segments = vec![talk(&stage, 60)];
    });
    stage.clock.advance_to(at(3_700));
    let running = stage.start().await;
    let kept = when(&running, "c-1", |shown| shown.fulfilled_at.is_some()).await;
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);
    assert!(kept.lapses.is_empty());
    assert!(stage.lapses().is_empty());
    running.stop().await;
}

/// What a contact says, drawn at random.
#[derive(Debug, Clone)]
struct Said {
    interaction_id: String,
    customer: usize,
    commitment_id: String,
    /// Whether the customer was talked to for long enough.
    is_enough: bool,
}

/// Customers 0 and 1 are one; 2 is somebody else.
fn customer_id(customer: usize) -> String {
    format!("customer-{customer}")
}

fn is_one(one: usize, other: usize) -> bool {
    one == other || one < 2 && other < 2
}

/// A log with promises of three customers, two of whom are one: promise c-N is customer N % 3's, and has a policy from
/// the sixth on.
async fn with_promises() -> Stage {
    let stage = Stage::with_partitions(3);
    set_up(&stage).await;
    merge(&stage, ("customer-0", "customer-1"), 1, true);
    for no in 0..9 {
        let id = format!("c-{no}");
        let draft = match no < 6 {
            true => promise(&id, at(9_000)),
            false => by_policy(&id),
        };
        stage.record(&Contact {
            customer_id: customer_id(no % 3),
            ..Contact::new(&format!("made-{no}"), vec![draft])
        });
    }
    stage
}

fn record_said(stage: &Stage, said: &Said, twice: bool) {
    let result = match said.is_enough {
        true => AttemptResult::Reached,
        false => AttemptResult::NoAnswer,
    };
    let customer = customer_id(said.customer);
    let follow_ups = vec![follow_up(&said.commitment_id, result)];
    let segments = vec![talk(stage, 30)];
    let event = record(stage, (&said.interaction_id, &customer), follow_ups, |it| {
        it.segments = segments;
    });
    if twice {
        stage.append(&event, &customer);
    }
}

/// Each contact counts once; all of them for a promise that nobody kept, and none any more for one that was kept.
fn check(shown: &Commitment, contacts: &Contacts<'_>, enough: &Contacts<'_>) {
    let counted = shown.attempts.iter();
    let counted: Vec<&str> = counted.map(|it| &*it.evidence_interaction_id).collect();
    let unique: BTreeSet<&str> = counted.iter().copied().collect();
    assert_eq!(unique.len(), counted.len(), "{counted:?}");
    if enough.is_empty() {
        assert_eq!(unique, *contacts);
        return;
    }
    assert!(unique.is_subset(contacts));
    let last = counted.last().copied().unwrap_or_default();
    assert!(enough.contains(last), "{last}");
    assert_eq!(unique.intersection(enough).count(), 1);
}

/// Two trackers, a log in which records stand twice, and contacts in any order: what counts is what a naive look at all
/// contacts counts, each once, and a replica that reads the log anew has nothing to add.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_contact_counts_once_whoever_decides_and_in_whatever_order() {
    for seed in 0..4 {
        let mut random = StdRng::seed_from_u64(seed);
        let stage = with_promises().await;
        let log = Arc::new(stage.log.clone());
        let mut replicas = vec![stage.start_on(log, "one").await];
        let said: Vec<Said> = (0..40)
            .map(|no| Said {
                interaction_id: format!("i-{no}"),
                customer: random.random_range(0..3),
                commitment_id: format!("c-{}", random.random_range(0..9)),
                is_enough: random.random_bool(0.3),
            })
            .collect();
        for (no, one) in said.iter().enumerate() {
            record_said(&stage, one, random.random_bool(0.3));
            if no == 10 {
                let other = Arc::new(stage.log.of_another_process());
                replicas.push(stage.start_on(other, "other").await);
            }
        }
        let expected = expected(&said);
        let mut told = Vec::new();
        for (id, (contacts, enough)) in &expected {
            let shown = when(&replicas[0], id, |shown| match enough.is_empty() {
                true => shown.attempts_count as usize >= contacts.len(),
                false => shown.fulfilled_at.is_some(),
            });
            let shown = shown.await;
            check(&shown, contacts, enough);
            told.push(shown);
        }
        for running in replicas {
            running.caught_up(&stage).await;
            running.stop().await;
        }
        let before = stage.events().len();
        let log = Arc::new(stage.log.clone());
        let anew = stage.start_on(log, "anew").await;
        anew.caught_up(&stage).await;
        stage.clock.advance_to(at(600));
        for shown in told {
            assert_eq!(anew.get(&shown.commitment_id, "").await, shown);
        }
        assert_eq!(stage.events().len(), before, "nothing is left to say");
        anew.stop().await;
    }
}

type Contacts<'a> = BTreeSet<&'a str>;

/// By promise: the contacts that follow it up, and those of them that keep it.
fn expected(said: &[Said]) -> BTreeMap<String, (Contacts<'_>, Contacts<'_>)> {
    let mut expected: BTreeMap<String, (Contacts<'_>, Contacts<'_>)> = BTreeMap::new();
    for no in 0..9 {
        let id = format!("c-{no}");
        let theirs = said
            .iter()
            .filter(|one| one.commitment_id == id && is_one(one.customer, no % 3));
        let (contacts, enough) = expected.entry(id.clone()).or_default();
        for one in theirs {
            contacts.insert(&one.interaction_id);
            if one.is_enough && no >= 6 {
                enough.insert(&one.interaction_id);
            }
        }
    }
    expected
}

/// What the log says of attempts has the contact, and an id that follows from it.
#[tokio::test]
async fn the_same_decision_has_the_same_id_wherever_it_is_made() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let stage = Stage::new();
        stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
        let busy = vec![follow_up("c-1", AttemptResult::Busy)];
        record(&stage, ("i-2", "customer-1"), busy, |_| {});
        let running = stage.start().await;
        when(&running, "c-1", |shown| shown.attempts_count == 1).await;
        let attempts = stage.events().into_iter();
        let attempts = attempts
            .filter(|event| matches!(event.fact().unwrap(), Some(Fact::CommitmentAttempted(_))));
        ids.push(attempts.map(|event| event.event_id).collect::<Vec<_>>());
        running.stop().await;
    }
    assert_eq!(ids[0].len(), 1);
    assert_eq!(ids[0], ids[1]);
}
