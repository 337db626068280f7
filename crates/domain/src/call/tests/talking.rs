//! Chats that were lost, by what was said last.

use SentimentParticipant::{Agent, Customer};

use super::*;
use crate::interaction::SentimentParticipant;

/// A chat that an agent answered, with these words a second apart, and that ended then.
fn chat(said: &[(SentimentParticipant, &str)], reason: Option<DisconnectReason>) -> Call {
    let mut all = vec![
        event(0, What::Queued, queue("chat")),
        event(5, What::Answered, by("ana")),
    ];
    let told = (10_i64..).zip(said);
    all.extend(told.map(|(second, (by, text))| {
        let (by, speech) = (*by, Speech::of(text));
        event(second, What::Said { by, speech }, Place::default())
    }));
    all.push(event(100, What::Ended { reason }, Place::default()));
    Call::of(&all).unwrap()
}

fn judged(call: &Call, back: Option<i64>) -> (DropClass, Option<DropBasis>) {
    let verdict = DropRule::default().judge(call, back.map(at)).unwrap();
    (verdict.class, verdict.basis)
}

#[test]
fn whoever_waits_for_an_answer_was_lost() {
    let asked = [
        (Agent, "Could I have your name, please?"),
        (Customer, "Angela"),
    ];
    let unanswered = (DropClass::Suspected, Some(DropBasis::Unanswered));
    assert_eq!(judged(&chat(&asked, None), None), unanswered);
    let by_customer = chat(&asked, Some(DisconnectReason::Customer));
    assert_eq!(judged(&by_customer, None), unanswered);
    let confirmed = (DropClass::Confirmed, Some(DropBasis::Unanswered));
    assert_eq!(judged(&chat(&asked, None), Some(130)), confirmed);
    // Whoever ends it answers no more, and knows that.
    let by_agent = chat(&asked, Some(DisconnectReason::Agent));
    assert_eq!(judged(&by_agent, None), (DropClass::NotADrop, None));
    let waits = [
        (Customer, "Is there a room left?"),
        (Agent, "One moment please while I search for you."),
    ];
    let waiting = (DropClass::Suspected, Some(DropBasis::LeftWaiting));
    assert_eq!(judged(&chat(&waits, None), None), waiting);
}

#[test]
fn a_talk_that_came_to_its_end_was_not_lost_whoever_is_back() {
    for said in [
        &[(Customer, "Thanks, that's all"), (Agent, "Goodbye.")][..],
        &[(Agent, "Anything else?"), (Customer, "no")],
        &[(Agent, "It is booked. Good bye"), (Customer, "ok")],
        &[
            (Customer, "Which day?"),
            (Agent, "Your viewing is on Monday."),
        ],
        &[(Customer, "Vielen Dank!")],
    ] {
        let call = chat(said, None);
        for back in [None, Some(200)] {
            assert_eq!(judged(&call, back), (DropClass::NotADrop, None), "{said:?}");
        }
    }
    // Of a call of which nobody tells what was said, it still matters.
    let back = (DropClass::Suspected, Some(DropBasis::CustomerBack));
    assert_eq!(judged(&chat(&[], None), Some(200)), back);
}

#[test]
fn whom_nobody_answered_has_left_a_queue() {
    let said = What::Said {
        by: Customer,
        speech: Speech::Question,
    };
    let events = [
        event(0, What::Queued, queue("chat")),
        event(3, said, Place::default()),
        event(90, What::Ended { reason: None }, Place::default()),
    ];
    let call = Call::of(&events).unwrap();
    assert!(call.measures.abandoned);
    assert_eq!(judged(&call, None), (DropClass::NotADrop, None));
}

#[test]
fn an_agent_who_speaks_has_the_call() {
    let said = |by| What::Said {
        by,
        speech: Speech::Other,
    };
    let events = [
        event(0, What::Queued, queue("chat")),
        event(3, said(Customer), Place::default()),
        event(9, said(Agent), by("ana")),
        // Somebody else helps out: it stays whose it is.
        event(20, said(Agent), by("ben")),
        event(90, ended(DisconnectReason::Agent), Place::default()),
        event(95, said(Customer), Place::default()),
    ];
    let call = Call::of(&events).unwrap();
    assert_eq!(call.measures.queue_wait, secs(9));
    assert_eq!(call.measures.answered_n, 1);
    assert_eq!(call.place.agent_id, "ana");
    assert_eq!(call.talk.map(|talk| talk.by), Some(Agent));
}
