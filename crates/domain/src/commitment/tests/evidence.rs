//! What contacts show that are named as evidence.

use super::*;
use crate::interaction::Reach;
use crate::setting::FulfilmentPolicy;

/// A contact of the promise's customer that began then, and was over then.
fn contact(interaction_id: &str, began: i64, over: Option<i64>) -> Shown {
    Shown {
        interaction_id: interaction_id.to_owned(),
        began_at: at(began),
        over_at: over.map(at),
        recorded_at: at(began + 30),
        reach: Reach::ByVoice,
        talk: None,
    }
}

#[test]
fn the_customer_is_told_in_a_contact_that_began_after_it_was_promised() {
    let promise = Commitment::new(made());
    let told = |id: &str, began| promise.check_told(&contact(id, began, None), at(10)).err();
    assert_eq!(told("i-1", 0), Some(NotShown::ToldWhenMade));
    assert_eq!(told("i-1", 5), Some(NotShown::ToldWhenMade));
    assert_eq!(told("i-2", -1), Some(NotShown::ToldBefore));
    assert_eq!(told("i-2", 0), Some(NotShown::ToldBefore));
    assert_eq!(told("i-2", 1), None);
    assert_eq!(told("i-2", 310), None, "the caller's clock may be ahead");
    assert_eq!(told("i-2", 311), Some(NotShown::ToldAhead));
}

fn fulfil(fulfilled_at: Option<i64>) -> Fulfil {
    Fulfil {
        fulfilled_at: fulfilled_at.map(at),
        evidence: told(true),
        note: String::new(),
    }
}

#[test]
fn a_promise_is_kept_within_the_contact_in_which_it_was_done() {
    let promise = Commitment::new(made());
    let done = |shown: &Shown, said| {
        let wish = promise.fulfilled_in(fulfil(said), shown);
        wish.map(|wish| wish.fulfilled_at)
    };
    let late = contact("i-2", 3_601, None);
    assert_eq!(done(&late, None), Ok(Some(at(3_601))));
    assert_eq!(done(&late, Some(3_600)), Err(NotShown::DoneBeforeContact));
    assert_eq!(done(&late, Some(9_000)), Ok(Some(at(9_000))));
    let ended = contact("i-2", 3_500, Some(3_700));
    assert_eq!(done(&ended, None), Ok(Some(at(3_500))));
    assert_eq!(done(&ended, Some(3_700)), Ok(Some(at(3_700))));
    assert_eq!(done(&ended, Some(3_701)), Err(NotShown::DoneAfterContact));

    let wish = promise.fulfilled_in(fulfil(None), &late).unwrap();
    let event = promise.fulfil(wish, agent(OWNER), at(3_700));
    let mut promise = promise.clone();
    apply(&mut promise, event);
    assert_eq!(promise.outcome, Some(Outcome::KeptLate));
}

#[test]
fn in_the_contact_in_which_it_was_promised_it_is_kept_only_if_somebody_says_when() {
    let promise = Commitment::new(made());
    let done = |shown: &Shown, said| promise.fulfilled_in(fulfil(said), shown).err();
    let own = contact("i-1", 0, Some(60));
    assert_eq!(done(&own, None), Some(NotShown::DoneWhenMade));
    assert_eq!(done(&own, Some(60)), None);
    assert_eq!(done(&own, Some(61)), Some(NotShown::DoneAfterContact));
    // It was over when it was recorded.
    let own = contact("i-1", 0, None);
    assert_eq!(done(&own, Some(30)), None);
    assert_eq!(done(&own, Some(31)), Some(NotShown::DoneAfterContact));
    // Another one that was going on when it was promised.
    let earlier = contact("i-2", -100, Some(60));
    assert_eq!(done(&earlier, None), Some(NotShown::DoneInEarlier));
    assert_eq!(done(&earlier, Some(60)), None);
    assert_eq!(done(&earlier, Some(61)), Some(NotShown::DoneAfterContact));
    let earlier = contact("i-2", -100, None);
    assert_eq!(done(&earlier, Some(10)), Some(NotShown::DoneAfterContact));
}

fn attempt(result: AttemptResult, said: Option<i64>, talk_s: Option<i64>) -> Attempting {
    Attempting {
        at: said.map(at),
        result,
        talk: talk_s.map(SignedDuration::from_secs),
        by_message: false,
        evidence: told(true),
    }
}

#[test]
fn an_attempt_is_what_its_contact_tells() {
    let promise = Commitment::new(made());
    let tried = |shown: &Shown, wish| {
        let wish = promise.attempted_in(wish, shown);
        wish.map(|wish| (wish.at, wish.talk.map(|talk| talk.as_secs())))
    };
    let reached = |said, talk_s| attempt(AttemptResult::Reached, said, talk_s);
    let plain = contact("i-2", 100, Some(160));
    let told = tried(&plain, reached(None, None));
    assert_eq!(told, Ok((Some(at(100)), None)));
    let said = reached(Some(130), Some(60));
    assert_eq!(tried(&plain, said), Ok((Some(at(130)), Some(60))));
    for (wish, not_shown) in [
        (reached(Some(99), None), NotShown::TriedBeforeContact),
        (reached(Some(161), None), NotShown::TriedAfterContact),
        (reached(None, Some(61)), NotShown::TalkedLess),
    ] {
        assert_eq!(tried(&plain, wish), Err(not_shown));
    }
    let talked = Shown {
        talk: Some(SignedDuration::from_secs(29)),
        ..plain.clone()
    };
    for said in [None, Some(10), Some(29)] {
        let told = tried(&talked, reached(None, said));
        assert_eq!(told, Ok((Some(at(100)), Some(29))));
    }
    let longer = reached(None, Some(30));
    assert_eq!(tried(&talked, longer), Err(NotShown::TalkedLess));

    let voicemail = Shown {
        reach: Reach::Voicemail,
        ..plain.clone()
    };
    let nobody = tried(&voicemail, reached(None, Some(60)));
    assert_eq!(nobody, Err(NotShown::NobodyReached));
    let left = attempt(AttemptResult::Voicemail, None, Some(60));
    assert_eq!(tried(&voicemail, left), Ok((Some(at(100)), Some(60))));

    let sent = Shown {
        reach: Reach::Unanswered,
        ..plain
    };
    let nobody = tried(&sent, reached(None, None));
    assert_eq!(nobody, Err(NotShown::NobodyAnswered));
    let left = attempt(AttemptResult::NoAnswer, None, None);
    assert_eq!(tried(&sent, left), Ok((Some(at(100)), None)));

    let own = contact("i-1", 0, None);
    let when_made = tried(&own, reached(None, None));
    assert_eq!(when_made, Err(NotShown::TriedWhenMade));
    let before = tried(&contact("i-2", -1, None), reached(Some(10), None));
    assert_eq!(before, Err(NotShown::TriedBefore));
    assert!(tried(&contact("i-2", 0, None), reached(None, None)).is_ok());
}

#[test]
fn whoever_answers_a_message_is_reached_and_talk_is_asked_for_by_voice_alone() {
    let promise = Commitment::new(made());
    let policy = FulfilmentPolicy::Reached {
        min_talk: SignedDuration::from_secs(30),
    };
    let keeps = |reach: Reach, talk_s: Option<i64>| {
        let shown = Shown {
            reach,
            talk: talk_s.map(SignedDuration::from_secs),
            ..contact("i-2", 100, Some(160))
        };
        let wish = attempt(AttemptResult::Reached, None, None);
        let wish = promise.attempted_in(wish, &shown).unwrap();
        let event = promise.attempt(wish, agent(OWNER), at(200), Some(&policy));
        match event.unwrap().change {
            Change::Attempted { fulfilled_at, .. } => fulfilled_at.is_some(),
            change => panic!("it is an attempt: {change:?}"),
        }
    };
    assert!(keeps(Reach::ByVoice, Some(30)));
    assert!(!keeps(Reach::ByVoice, Some(29)));
    assert!(!keeps(Reach::ByVoice, None));
    assert!(keeps(Reach::ByMessage, None));
    assert!(keeps(Reach::ByMessage, Some(5)));
}
