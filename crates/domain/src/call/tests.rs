//! One call, whatever order its events come in.

mod measured;
mod menus;
mod orders;
mod talking;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::interaction::{
    DisconnectReason, DropAttribution, DropClass, HoldReason, SegmentKind, Transfer, TransferKind,
};
use crate::limits::CALL_LATE_WINDOW_S;

const AGENTS: [&str; 3] = ["ana", "ben", "cleo"];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn by(agent: &str) -> Place {
    Place {
        agent_id: agent.to_owned(),
        ..Place::default()
    }
}

fn queue(queue: &str) -> Place {
    Place {
        queue_id: queue.to_owned(),
        ..Place::default()
    }
}

fn event(second: i64, what: What, place: Place) -> CallEvent {
    CallEvent {
        name: EventName {
            source: "pbx".to_owned(),
            call_id: "call-1".to_owned(),
            event_id: format!("{second}-{what:?}-{}", place.agent_id),
        },
        revision: 0,
        occurred_at: at(second),
        recorded_at: at(second),
        what,
        place,
        customer_id: None,
        handles: Vec::new(),
        our_handle: None,
        channel: None,
    }
}

const fn ended(reason: DisconnectReason) -> What {
    What::Ended {
        reason: Some(reason),
    }
}

const fn held(reason: HoldReason) -> What {
    What::Held { reason }
}

/// From the first ring to after-call work, with a transfer.
fn story() -> Vec<CallEvent> {
    let none = Place::default;
    let direction = Some(Direction::Inbound);
    let node = "main".to_owned();
    let warm = Transfer {
        kind: TransferKind::Warm,
        to: "ben".to_owned(),
        reason: "knows it".to_owned(),
    };
    vec![
        event(0, What::Started { direction }, none()),
        event(2, What::MenuStep { node }, none()),
        event(10, What::Queued, queue("billing")),
        event(60, What::Offered, by("cleo")),
        event(80, What::Offered, by("ana")),
        event(90, What::Answered, by("ana")),
        event(120, held(HoldReason::Lookup), by("ana")),
        event(150, What::Resumed, by("ana")),
        event(200, held(HoldReason::TransferPrep), by("ana")),
        event(205, What::Consulted, by("ben")),
        event(240, What::Transferred(warm), by("ana")),
        event(400, ended(DisconnectReason::Customer), none()),
        event(245, What::AcwBegan, by("ana")),
        event(275, What::AcwEnded, by("ana")),
        event(401, What::AcwBegan, by("ben")),
        event(431, What::AcwEnded, by("ben")),
    ]
}

#[test]
fn a_call_is_told_whole() {
    let call = Call::of(&story()).unwrap();
    let kinds: Vec<_> = call.segments.iter().map(|one| one.kind).collect();
    assert_eq!(
        kinds,
        [
            SegmentKind::Ivr,
            SegmentKind::Queue,
            SegmentKind::Agent,
            SegmentKind::Consult,
            SegmentKind::Agent
        ]
    );
    assert_eq!(call.state, CallState::WrapUp);
    assert_eq!((call.began_at, call.ended_at), (at(0), Some(at(400))));
    let measures = Measures {
        queue_wait: secs(80),
        ring_time: secs(10),
        talk_time: secs(30 + 50 + 160),
        hold_time: secs(70),
        holds_n: 2,
        longest_hold: secs(40),
        acw_time: secs(60),
        transfer_n: 1,
        answered_n: 2,
        ring_no_answer_n: 1,
        abandoned: false,
        short_abandon: false,
    };
    assert_eq!(call.measures, measures);
    assert_eq!(call.measures.handle_time(), secs(240 + 70 + 60));
    assert_eq!(call.segments[4].agent_id, "ben");
    let transfer = call.segments[2].transfer.as_ref().unwrap();
    assert_eq!(transfer.kind, TransferKind::Warm);
    let disconnect = call.disconnect.unwrap();
    assert_eq!(disconnect.reason, Some(DisconnectReason::Customer));
    assert_eq!(disconnect.stage, Some(DisconnectStage::Talk));
}

#[test]
fn the_end_that_comes_before_the_answer_ends_it_all_the_same() {
    let (answered, end) = (
        event(30, What::Answered, by("ana")),
        event(90, ended(DisconnectReason::Agent), Place::default()),
    );
    let late = [end.clone(), answered.clone()];
    assert_eq!(Call::of(&late), Call::of(&[answered.clone(), end]));
    assert_eq!(Call::of(&late).unwrap().measures.talk_time, secs(60));
    // An end that nobody tells follows from after-call work, and else there is none.
    let open = Call::of(std::slice::from_ref(&answered)).unwrap();
    assert_eq!((open.state, open.ended_at), (CallState::Connected, None));
    let worked = event(95, What::AcwBegan, by("ana"));
    let call = Call::of(&[worked, answered]).unwrap();
    assert_eq!(
        (call.state, call.ended_at),
        (CallState::WrapUp, Some(at(95)))
    );
}

#[test]
fn who_leaves_while_waiting_has_abandoned_it() {
    let queued = event(10, What::Queued, queue("billing"));
    let gone = |second| event(second, ended(DisconnectReason::Customer), Place::default());
    let call = Call::of(&[queued.clone(), gone(70)]).unwrap();
    assert_eq!(call.state, CallState::Abandoned);
    assert!(call.measures.abandoned && !call.measures.short_abandon && !call.needs_wrap_up());
    let stage = call.disconnect.and_then(|it| it.stage);
    assert_eq!(stage, Some(DisconnectStage::Queue));
    assert!(
        Call::of(&[queued, gone(12)])
            .unwrap()
            .measures
            .short_abandon
    );
}

#[test]
fn who_leaves_while_they_wait_for_a_second_agent_leaves_the_first_one_to_wrap_up() {
    let to = Transfer {
        kind: TransferKind::Blind,
        to: "billing".to_owned(),
        reason: String::new(),
    };
    let mut told = vec![
        event(30, What::Answered, by("ana")),
        event(60, What::Transferred(to), by("ana")),
        event(61, What::Queued, queue("billing")),
    ];
    let gone = event(90, ended(DisconnectReason::Customer), Place::default());
    for rings in [false, true] {
        if rings {
            told.push(event(70, What::Offered, by("ben")));
        }
        let all: Vec<_> = told.iter().cloned().chain([gone.clone()]).collect();
        let call = Call::of(&all).unwrap();
        assert_eq!(call.state, CallState::WrapUp);
        assert_eq!(call.ended_at, Some(at(90)));
        assert!(call.needs_wrap_up() && call.queued_since().is_none());
        // Whoever has to wrap it up finds it as theirs.
        assert_eq!(call.place.agent_id, "ana");
        assert_eq!(call.place.queue_id, "billing");
        assert_eq!(call.measures.talk_time, secs(30));
        let stage = call.disconnect.and_then(|it| it.stage);
        let expected = match rings {
            true => DisconnectStage::Ringing,
            false => DisconnectStage::Queue,
        };
        assert_eq!(stage, Some(expected));
    }
}

#[test]
fn what_comes_after_a_call_has_settled_restates_it() {
    let answered = event(30, What::Answered, by("ana"));
    let end = event(90, ended(DisconnectReason::Agent), Place::default());
    let mut on_hold = event(40, held(HoldReason::Verify), by("ana"));
    let mut resumed = event(60, What::Resumed, by("ana"));
    let calls = |on_hold: &CallEvent, resumed: &CallEvent| {
        let all = [&end, resumed, &answered, on_hold];
        Call::of(&all.map(Clone::clone)).unwrap()
    };
    let settled = calls(&on_hold, &resumed);
    assert_eq!(settled.restatements, []);
    on_hold.recorded_at = at(90 + CALL_LATE_WINDOW_S);
    resumed.recorded_at = at(91 + CALL_LATE_WINDOW_S);
    let restated = calls(&on_hold, &resumed);
    assert_eq!(restated.measures, settled.measures);
    // Without its end the hold was held to last until the call ended.
    let [one] = &restated.restatements[..] else {
        panic!("{:?}", restated.restatements);
    };
    assert_eq!((one.at, &one.by), (resumed.recorded_at, &resumed.name));
    assert_eq!(one.before.hold_time, secs(50));
    assert_eq!(one.after.hold_time, secs(20));
    // A source that corrects itself.
    let corrected = CallEvent {
        revision: 2,
        occurred_at: at(100),
        recorded_at: at(5_000),
        ..end.clone()
    };
    let call = Call::of(&[corrected.clone(), end, answered, corrected]).unwrap();
    assert_eq!(call.ended_at, Some(at(100)));
    assert_eq!(call.restatements[0].ended_at, (Some(at(90)), Some(at(100))));
}

#[test]
fn two_sources_that_tell_the_same_are_one_call() {
    let mut all = story();
    let others: Vec<_> = story()
        .into_iter()
        .filter(|one| !matches!(one.what, What::Offered))
        .map(|mut one| {
            one.name.source = "cloud".to_owned();
            one.occurred_at += SignedDuration::from_millis(300);
            one
        })
        .collect();
    all.extend(others);
    let (one, both) = (Call::of(&story()).unwrap(), Call::of(&all).unwrap());
    assert_eq!(both.measures.transfer_n, 1);
    assert_eq!(both.measures.holds_n, 2);
    assert_eq!(both.segments.len(), one.segments.len());
    assert_eq!(both.ended_at, one.ended_at);
}

#[test]
fn how_long_a_call_settles_and_what_is_a_loss_is_what_its_tenant_has_set() {
    let answered = event(30, What::Answered, by("ana"));
    let on_hold = event(40, held(HoldReason::Verify), by("ana"));
    let end = event(90, ended(DisconnectReason::Customer), Place::default());
    let mut worked = event(80, What::Resumed, by("ana"));
    worked.recorded_at = at(90 + 120);
    let all = [answered, on_hold, end, worked];
    let terms = CallTerms {
        late_window: secs(60),
        ..CallTerms::default()
    };
    assert_eq!(Call::of(&all).unwrap().restatements, []);
    assert_eq!(Call::by(&all, &terms).unwrap().restatements.len(), 1);
    let held_for_50 = Call::of(&all[..3]).unwrap();
    let judged = |terms: CallTerms, back: Option<i64>| {
        let rule = terms.drop_rule();
        rule.judge(&held_for_50, back.map(at)).unwrap().class
    };
    assert_eq!(judged(terms, None), DropClass::NotADrop);
    let strict = CallTerms {
        hang_up_on_hold_after: secs(30),
        back_within: secs(100),
        ..terms
    };
    assert_eq!(judged(strict, Some(200)), DropClass::Suspected);
    assert_eq!(judged(strict, Some(180)), DropClass::Confirmed);
}

#[test]
fn a_loss_is_suspected_and_confirmed_by_who_is_back() {
    let rule = DropRule::default();
    let judged = |what: What, on_hold_at: Option<i64>, back: Option<i64>| {
        let mut all = vec![event(0, What::Answered, by("ana"))];
        all.extend(on_hold_at.map(|second| event(second, held(HoldReason::Verify), by("ana"))));
        all.push(event(300, what, Place::default()));
        rule.judge(&Call::of(&all).unwrap(), back.map(at)).unwrap()
    };
    let by_customer = || ended(DisconnectReason::Customer);
    let telecom = || ended(DisconnectReason::TelecomProblem);
    assert_eq!(judged(by_customer(), None, None).class, DropClass::NotADrop);
    assert_eq!(
        judged(by_customer(), None, Some(320)).class,
        DropClass::NotADrop
    );
    assert_eq!(
        judged(by_customer(), Some(290), None).class,
        DropClass::NotADrop
    );
    let on_hold = judged(by_customer(), Some(200), None);
    assert_eq!(on_hold.class, DropClass::Suspected);
    assert_eq!(on_hold.basis, Some(DropBasis::HungUpOnHold));
    assert_eq!(
        judged(by_customer(), Some(200), Some(420)).class,
        DropClass::Confirmed
    );
    assert_eq!(
        judged(by_customer(), Some(200), Some(4_200)).class,
        DropClass::Suspected
    );
    assert_eq!(judged(telecom(), None, None).class, DropClass::Suspected);
    let ours = judged(
        What::Dropped {
            side: DropSide::Agent,
        },
        None,
        None,
    );
    assert_eq!(ours.basis, Some(DropBasis::AgentSide));
    assert_eq!(ours.attribution, DropAttribution::Ours);
    let unknown = || What::Ended { reason: None };
    assert_eq!(judged(unknown(), None, None).class, DropClass::NotADrop);
    let back = judged(unknown(), None, Some(400));
    assert_eq!(back.basis, Some(DropBasis::CustomerBack));
}

/// A call of a queue and of agents one after the other, some of them with holds: what is drawn is how long each part
/// lasts, so that what is to be measured is known without any events.
#[derive(Debug, Clone)]
struct Plan {
    wait: i64,
    ring: i64,
    agents: Vec<(i64, Option<i64>, i64)>,
}

impl Plan {
    fn strategy() -> impl Strategy<Value = Self> {
        let agent = (1..100_i64, proptest::option::of(1..50_i64), 1..30_i64);
        let agents = proptest::collection::vec(agent, 1..4);
        (1..500_i64, 1..30_i64, agents).prop_map(|(wait, ring, agents)| Self { wait, ring, agents })
    }

    fn events(&self) -> Vec<CallEvent> {
        let mut now = 0;
        let mut all = vec![event(now, What::Queued, queue("q"))];
        now += self.wait;
        all.push(event(now, What::Offered, by(AGENTS[0])));
        now += self.ring;
        for (place, (talk, hold, acw)) in self.agents.iter().enumerate() {
            let agent = AGENTS[place];
            all.push(event(now, What::Answered, by(agent)));
            now += talk;
            if let Some(hold) = hold {
                all.push(event(now, held(HoldReason::Other), by(agent)));
                now += hold;
                all.push(event(now, What::Resumed, by(agent)));
                now += 1;
            }
            let is_last = place + 1 == self.agents.len();
            let cold = Transfer {
                kind: TransferKind::Cold,
                to: String::new(),
                reason: String::new(),
            };
            all.push(match is_last {
                true => event(now, ended(DisconnectReason::Agent), Place::default()),
                false => event(now, What::Transferred(cold), by(agent)),
            });
            all.push(event(now, What::AcwBegan, by(agent)));
            all.push(event(now + acw, What::AcwEnded, by(agent)));
        }
        all
    }

    /// The naive model: sums of what was drawn.
    fn measures(&self) -> Measures {
        let holds: Vec<i64> = self
            .agents
            .iter()
            .filter_map(|(_, hold, _)| *hold)
            .collect();
        let talk: i64 = self.agents.iter().map(|(talk, ..)| talk).sum();
        let count = |number: usize| u32::try_from(number).unwrap();
        Measures {
            queue_wait: secs(self.wait + self.ring),
            ring_time: secs(self.ring),
            talk_time: secs(talk + i64::try_from(holds.len()).unwrap()),
            hold_time: secs(holds.iter().sum()),
            holds_n: count(holds.len()),
            longest_hold: secs(holds.iter().copied().max().unwrap_or(0)),
            acw_time: secs(self.agents.iter().map(|(.., acw)| acw).sum()),
            transfer_n: count(self.agents.len() - 1),
            answered_n: count(self.agents.len()),
            ..Measures::default()
        }
    }
}

proptest! {
    #[test]
    fn what_is_measured_is_what_was_drawn(plan in Plan::strategy()) {
        let call = Call::of(&plan.events()).unwrap();
        prop_assert_eq!(call.measures, plan.measures());
        prop_assert_eq!(call.state, CallState::WrapUp);
    }

    /// Whatever the order, whatever comes twice, and whichever one is missing: the call is the same as of the rest in
    /// their order, and is sound.
    #[test]
    fn order_and_repetitions_make_no_difference(
        plan in Plan::strategy(),
        missing in proptest::option::of(any::<Index>()),
        twice in proptest::collection::vec(any::<Index>(), 0..6),
        late in proptest::collection::vec((any::<Index>(), 0..10_000_i64), 0..4),
        seed in any::<u64>(),
    ) {
        let mut events = plan.events();
        if let Some(missing) = missing {
            events.remove(missing.index(events.len()));
        }
        for (which, seconds) in late {
            let which = which.index(events.len());
            events[which].recorded_at += secs(seconds);
        }
        let in_order = Call::of(&events);
        let mut shuffled = events.clone();
        for which in twice {
            let mut again = events[which.index(events.len())].clone();
            again.recorded_at += secs(1);
            shuffled.push(again);
        }
        let mut state = seed | 1;
        for place in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(place, (state >> 33) as usize % (place + 1));
        }
        let any_order = Call::of(&shuffled);
        prop_assert_eq!(&in_order, &any_order);
        let call = in_order.unwrap();
        let lasts = call.ended_at.map(|ended_at| ended_at.duration_since(call.began_at));
        if let Some(lasts) = lasts {
            prop_assert!(call.measures.queue_wait <= lasts);
            prop_assert!(call.measures.talk_time.saturating_add(call.measures.hold_time) <= lasts);
            prop_assert!(call.segments.iter().all(|one| one.ended_at.is_some()));
        }
        for segment in &call.segments {
            for hold in &segment.holds {
                prop_assert!(hold.ended_at.is_none_or(|ended_at| ended_at >= hold.began_at));
            }
        }
    }
}
