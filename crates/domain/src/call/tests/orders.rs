//! Calls in which everything happens that can, told by several sources, in any order, twice, and with something missing.

use super::*;
use crate::interaction::SentimentParticipant;

const REASONS: [HoldReason; 7] = [
    HoldReason::Lookup,
    HoldReason::AskSupervisor,
    HoldReason::Verify,
    HoldReason::SystemSlow,
    HoldReason::TransferPrep,
    HoldReason::Other,
    HoldReason::Unstated,
];
const SPEECHES: [Speech; 7] = [
    Speech::Farewell,
    Speech::Closing,
    Speech::Refusal,
    Speech::Offer,
    Speech::Wait,
    Speech::Question,
    Speech::Other,
];
const SIDES: [DropSide; 3] = [DropSide::Customer, DropSide::Agent, DropSide::Unknown];
const ENDS: [Option<DisconnectReason>; 4] = [
    None,
    Some(DisconnectReason::Customer),
    Some(DisconnectReason::Agent),
    Some(DisconnectReason::Flow),
];
/// Those who have a call one after the other, those who don't answer, and whoever is asked.
const OWNERS: [&str; 3] = ["ana", "ben", "cleo"];
const ABSENT: [&str; 2] = ["kim", "lou"];
const ASKED: &str = "dora";

/// One agent's part: how long each thing lasts.
#[derive(Debug, Clone)]
struct Leg {
    /// Until they answer, where it rings at theirs.
    ring: i64,
    talk: i64,
    /// How long after what was before, for how long, and what for.
    holds: Vec<(i64, i64, HoldReason)>,
    /// How they hand it on, if there is a next one: asking that one first for so long, or at once.
    hands_on: (TransferKind, i64),
    acw: i64,
}

/// A whole call.
#[derive(Debug, Clone)]
struct Course {
    menu: Vec<String>,
    /// For how long the customer waits, and how long it rings at those who don't answer.
    wait: i64,
    unanswered: Vec<i64>,
    legs: Vec<Leg>,
    /// Whether the last agent asks somebody, and whether that one joins for so long.
    asks: (bool, Option<i64>),
    said: Vec<(SentimentParticipant, Speech)>,
    /// Whether the line was lost, and why it ended, if that is told, too.
    lost: Option<DropSide>,
    end: Option<DisconnectReason>,
}

fn leg() -> impl Strategy<Value = Leg> {
    let hold = (
        1..40_i64,
        1..50_i64,
        proptest::sample::select(REASONS.to_vec()),
    );
    let holds = proptest::collection::vec(hold, 0..4);
    let kinds = [TransferKind::Blind, TransferKind::Cold, TransferKind::Warm];
    let hands_on = (proptest::sample::select(kinds.to_vec()), 1..40_i64);
    let all = (1..30_i64, 1..100_i64, holds, hands_on, 1..60_i64);
    all.prop_map(|(ring, talk, holds, hands_on, acw)| Leg {
        ring,
        talk,
        holds,
        hands_on,
        acw,
    })
}

fn course() -> impl Strategy<Value = Course> {
    let who = [SentimentParticipant::Customer, SentimentParticipant::Agent];
    let said = (
        proptest::sample::select(who.to_vec()),
        proptest::sample::select(SPEECHES.to_vec()),
    );
    let before = (
        proptest::collection::vec("[a-c]", 0..3),
        1..500_i64,
        proptest::collection::vec(1..30_i64, 0..=ABSENT.len()),
    );
    let asks = (any::<bool>(), proptest::option::of(1..60_i64));
    let end = (
        proptest::option::of(proptest::sample::select(SIDES.to_vec())),
        proptest::sample::select(ENDS.to_vec()),
    );
    let all = (
        before,
        proptest::collection::vec(leg(), 1..=OWNERS.len()),
        asks,
        proptest::collection::vec(said, 0..6),
        end,
    );
    all.prop_map(
        |((menu, wait, unanswered), legs, asks, said, (lost, end))| Course {
            menu,
            wait,
            unanswered,
            legs,
            asks,
            said,
            lost,
            end,
        },
    )
}

/// The naive model: what happened, told as it happens, and beside it what that must come to, added up.
#[derive(Debug, Default)]
struct Told {
    now: i64,
    events: Vec<CallEvent>,
    measures: Measures,
    kinds: Vec<SegmentKind>,
    reasons: Vec<HoldReason>,
}

impl Told {
    fn of(course: &Course) -> Self {
        let mut told = Self::default();
        told.waiting(course);
        for (number, leg) in course.legs.iter().enumerate() {
            let asked_before = number > 0 && is_warm(&course.legs[number - 1]);
            told.answering(number, leg, asked_before);
            told.talking(number, leg);
            match course.legs.get(number + 1) {
                Some(_) => told.handing_on(number, leg),
                None => told.ending(number, course),
            }
            told.working(number, leg);
        }
        told
    }

    fn tell(&mut self, what: What, place: Place) {
        self.events.push(event(self.now, what, place));
    }

    fn waiting(&mut self, course: &Course) {
        let direction = Some(Direction::Inbound);
        self.tell(What::Started { direction }, Place::default());
        self.tell(What::Identified, Place::default());
        for node in &course.menu {
            let node = node.clone();
            self.tell(What::MenuStep { node }, Place::default());
            self.now += 7;
        }
        if !course.menu.is_empty() {
            self.kinds.push(SegmentKind::Ivr);
        }
        self.kinds.push(SegmentKind::Queue);
        self.tell(What::Queued, queue("billing"));
        let mut waits = course.wait;
        self.now += course.wait;
        for (agent, ring) in ABSENT.iter().zip(&course.unanswered) {
            self.tell(What::Offered, by(agent));
            self.now += ring;
            waits += ring;
            self.measures.ring_no_answer_n += 1;
        }
        self.measures.queue_wait = secs(waits + course.legs[0].ring);
    }

    /// An agent gets it: whoever was asked before has it as soon as it is handed on.
    fn answering(&mut self, number: usize, leg: &Leg, asked_before: bool) {
        let agent = OWNERS[number];
        if !asked_before {
            self.tell(What::Offered, by(agent));
            self.now += leg.ring;
            self.tell(What::Answered, by(agent));
            self.measures.ring_time += secs(leg.ring);
        }
        self.kinds.push(SegmentKind::Agent);
        self.measures.answered_n += 1;
    }

    fn talking(&mut self, number: usize, leg: &Leg) {
        let agent = OWNERS[number];
        for (before, length, reason) in &leg.holds {
            self.now += before;
            self.tell(held(*reason), by(agent));
            self.now += length;
            self.tell(What::Resumed, by(agent));
            let length = secs(*length);
            self.reasons.push(*reason);
            self.measures.talk_time += secs(*before);
            self.measures.hold_time += length;
            self.measures.holds_n += 1;
            self.measures.longest_hold = self.measures.longest_hold.max(length);
        }
        self.now += leg.talk;
        self.measures.talk_time += secs(leg.talk);
    }

    fn handing_on(&mut self, number: usize, leg: &Leg) {
        let (agent, next) = (OWNERS[number], OWNERS[number + 1]);
        let (kind, asking) = leg.hands_on;
        if is_warm(leg) {
            self.tell(What::Consulted, by(next));
            self.kinds.push(SegmentKind::Consult);
            self.now += asking;
            self.measures.talk_time += secs(asking);
        }
        let transfer = Transfer {
            kind,
            to: next.to_owned(),
            reason: String::new(),
        };
        self.tell(What::Transferred(transfer), by(agent));
        self.measures.transfer_n += 1;
    }

    fn ending(&mut self, number: usize, course: &Course) {
        let (asks, joins) = course.asks;
        if asks {
            self.tell(What::Consulted, by(ASKED));
            self.kinds.push(SegmentKind::Consult);
        }
        for (who, speech) in &course.said {
            self.now += 1;
            self.measures.talk_time += secs(1);
            let place = match who {
                SentimentParticipant::Agent => by(OWNERS[number]),
                SentimentParticipant::Customer => Place::default(),
            };
            let (by, speech) = (*who, *speech);
            self.tell(What::Said { by, speech }, place);
        }
        if let Some(length) = joins {
            self.now += 1;
            self.tell(What::Conferenced, by(ASKED));
            self.kinds.push(SegmentKind::Conference);
            self.now += length;
            // There are two agents on the line, and each of them talks.
            self.measures.talk_time += secs(1 + 2 * length);
        }
        if let Some(side) = course.lost {
            self.tell(What::Dropped { side }, Place::default());
        }
        let reason = course.end;
        if course.lost.is_none() || reason.is_some() {
            self.tell(What::Ended { reason }, Place::default());
        }
    }

    fn working(&mut self, number: usize, leg: &Leg) {
        let agent = OWNERS[number];
        self.tell(What::AcwBegan, by(agent));
        let mut ended = event(self.now, What::AcwEnded, by(agent));
        ended.occurred_at += secs(leg.acw);
        self.events.push(ended);
        self.measures.acw_time += secs(leg.acw);
    }
}

const fn is_warm(leg: &Leg) -> bool {
    matches!(leg.hands_on.0, TransferKind::Warm)
}

/// The same as another source tells it, under names of its own.
fn by_another(event: &CallEvent) -> CallEvent {
    let mut again = event.clone();
    again.name.source = "cloud".to_owned();
    again.name.event_id = format!("c{}", event.name.event_id);
    again
}

fn shuffled(mut events: Vec<CallEvent>, seed: u64) -> Vec<CallEvent> {
    let mut state = seed | 1;
    for place in (1..events.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        events.swap(place, (state >> 33) as usize % (place + 1));
    }
    events
}

fn settled(events: &[CallEvent]) -> Call {
    let mut call = Call::of(events).unwrap();
    call.restatements.clear();
    call
}

proptest! {
    /// Everything that can happen comes to what was drawn.
    #[test]
    fn all_that_happens_comes_to_what_was_drawn(course in course()) {
        let told = Told::of(&course);
        let call = Call::of(&told.events).unwrap();
        prop_assert_eq!(&call.measures, &told.measures);
        let kinds: Vec<_> = call.segments.iter().map(|one| one.kind).collect();
        prop_assert_eq!(kinds, told.kinds);
        let holds = call.segments.iter().flat_map(|one| &one.holds);
        let reasons: Vec<_> = holds.filter_map(|hold| hold.reason).collect();
        prop_assert_eq!(reasons, told.reasons);
        prop_assert_eq!(call.state, CallState::WrapUp);
        prop_assert_eq!(call.ended_at, Some(at(told.now)));
        prop_assert_eq!(call.dropped, course.lost);
        let reason = call.disconnect.as_ref().and_then(|it| it.reason);
        let expected = match course.lost {
            Some(_) => Some(DisconnectReason::TelecomProblem),
            None => course.end,
        };
        prop_assert_eq!(reason, expected);
        let last = call.talk.map(|talk| (talk.by, talk.speech));
        prop_assert_eq!(last, course.said.last().copied());
    }

    /// Several sources, any order, anything twice: the same call.
    #[test]
    fn whoever_tells_it_in_whatever_order_tells_one_call(
        course in course(),
        others in proptest::collection::vec(any::<Index>(), 0..30),
        twice in proptest::collection::vec(any::<Index>(), 0..10),
        seed in any::<u64>(),
    ) {
        let events = Told::of(&course).events;
        let mut all = events.clone();
        all.extend(others.iter().map(|which| by_another(which.get(&events))));
        for which in twice {
            let mut again = which.get(&all).clone();
            again.recorded_at += secs(1);
            all.push(again);
        }
        prop_assert_eq!(settled(&events), settled(&shuffled(all, seed)));
    }

    /// Whichever one is missing, the rest is one sound call in any order; and when it comes after all, however late, the call
    /// is what it would have been, and says what it was before.
    #[test]
    fn what_comes_late_makes_it_whole(
        course in course(),
        missing in any::<Index>(),
        seed in any::<u64>(),
    ) {
        let mut events = Told::of(&course).events;
        let whole = settled(&events);
        let mut late = events.remove(missing.index(events.len()));
        let rest = Call::of(&events);
        prop_assert_eq!(&rest, &Call::of(&shuffled(events.clone(), seed)));
        let rest = rest.unwrap();
        sound(&rest)?;
        late.recorded_at = at(100_000 + CALL_LATE_WINDOW_S);
        let restates = rest.measures != whole.measures || rest.ended_at != whole.ended_at;
        let was_over = events.iter().any(|one| one.what.ends());
        events.push(late);
        let mut call = Call::of(&shuffled(events, seed)).unwrap();
        let restated = std::mem::take(&mut call.restatements);
        prop_assert_eq!(&call, &whole);
        prop_assert_eq!(restated.len(), usize::from(restates && was_over));
        if let [one] = &restated[..] {
            prop_assert_eq!((&one.before, &one.after), (&rest.measures, &whole.measures));
        }
    }

    /// Events that make no sense together make one call, too, and the same in any order.
    #[test]
    fn nonsense_is_one_call(
        drawn in proptest::collection::vec((0..16_usize, 0..300_i64, 0..5_usize, any::<bool>()), 1..30),
        seed in any::<u64>(),
    ) {
        let events = drawn.iter().enumerate().map(|(number, (kind, second, who, other))| {
            let place = match who {
                0 => Place::default(),
                1 => queue("billing"),
                who => by(OWNERS[who - 2]),
            };
            let mut event = event(*second, any_kind(*kind), place);
            event.name.event_id = format!("{number}");
            if *other {
                event.name.source = "cloud".to_owned();
            }
            event
        });
        let events: Vec<_> = events.collect();
        let call = Call::of(&events);
        prop_assert_eq!(&call, &Call::of(&shuffled(events, seed)));
        sound(&call.unwrap())?;
    }
}

fn any_kind(number: usize) -> What {
    let node = "main".to_owned();
    match number {
        0 => What::Started { direction: None },
        1 => What::Identified,
        2 => What::MenuStep { node },
        3 => What::Queued,
        4 => What::Offered,
        5 => What::Answered,
        6 => held(HoldReason::Verify),
        7 => What::Resumed,
        8 => What::Consulted,
        9 => What::Conferenced,
        10 => What::Transferred(Transfer {
            kind: TransferKind::Cold,
            to: String::new(),
            reason: String::new(),
        }),
        11 => What::Said {
            by: SentimentParticipant::Agent,
            speech: Speech::Other,
        },
        12 => What::Dropped {
            side: DropSide::Unknown,
        },
        13 => What::Ended { reason: None },
        14 => What::AcwBegan,
        _ => What::AcwEnded,
    }
}

/// What must be so of any call.
fn sound(call: &Call) -> Result<(), TestCaseError> {
    let is_over = call.ended_at.is_some();
    prop_assert_eq!(is_over, !call.state.is_live());
    for segment in &call.segments {
        prop_assert!(segment.ended_at.is_some() || !is_over);
        for hold in &segment.holds {
            prop_assert!(
                hold.ended_at
                    .is_none_or(|ended_at| ended_at >= hold.began_at)
            );
            prop_assert!(hold.ended_at.is_some() || !is_over);
        }
    }
    let ids: std::collections::BTreeSet<_> =
        call.segments.iter().map(|one| &one.segment_id).collect();
    prop_assert_eq!(ids.len(), call.segments.len());
    Ok(())
}
