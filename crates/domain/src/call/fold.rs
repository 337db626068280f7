//! From events in their order to a call. Whatever is missing among them, what is left makes one call: a step that
//! implies another one brings it along.

mod segments;
mod talk;

use jiff::Timestamp;

use super::event::{CallEvent, DropSide, Place, What};
use super::measures::Measures;
use super::{Call, CallState, Talk};
use crate::interaction::{
    Channel, Direction, Disconnect, DisconnectReason, Hold, HoldReason, IvrOutcome, IvrStep,
    Segment, SegmentKind, Transfer,
};
use segments::{close_hold, fill, fill_segment, is_with_agent, place_of};

/// The call of events that count, in their order.
pub(super) fn fold(events: &[&CallEvent]) -> Option<Call> {
    let first = events.first()?;
    let mut folding = Folding::new(first.occurred_at);
    for event in events {
        folding.take(event);
    }
    Some(folding.finish())
}

/// How a call ended, as far as is known yet.
#[derive(Debug, Clone)]
struct End {
    at: Timestamp,
    reason: Option<DisconnectReason>,
    dropped: Option<DropSide>,
    /// How it stood before.
    from: CallState,
    /// It only follows from something else, and may be told yet.
    is_implied: bool,
}

/// It rings at somebody's.
#[derive(Debug, Clone)]
struct Offer {
    agent_id: String,
    at: Timestamp,
}

#[derive(Debug)]
struct Folding {
    began_at: Timestamp,
    state: CallState,
    since: Timestamp,
    direction: Option<Direction>,
    said: Said,
    place: Place,
    menu_node: String,
    ivr_path: Vec<IvrStep>,
    segments: Vec<Segment>,
    /// Which of the segments are open.
    menu: Option<usize>,
    queue: Option<usize>,
    agent: Option<usize>,
    consult: Option<usize>,
    conference: Option<usize>,
    offer: Option<Offer>,
    /// How often it rang unanswered since somebody answered last.
    unanswered: u32,
    talk: Option<Talk>,
    end: Option<End>,
}

/// What is said beside what happened.
#[derive(Debug, Default)]
struct Said {
    customer_id: Option<String>,
    handles: Vec<crate::Handle>,
    our_handle: Option<crate::Handle>,
    channel: Option<Channel>,
}

impl Said {
    fn take(&mut self, event: &CallEvent) {
        if event.customer_id.is_some() {
            self.customer_id.clone_from(&event.customer_id);
        }
        if !event.handles.is_empty() {
            self.handles.clone_from(&event.handles);
        }
        if event.our_handle.is_some() {
            self.our_handle.clone_from(&event.our_handle);
        }
        self.channel = event.channel.or(self.channel);
    }
}

impl Folding {
    fn new(began_at: Timestamp) -> Self {
        Self {
            began_at,
            state: CallState::Initiated,
            since: began_at,
            direction: None,
            said: Said::default(),
            place: Place::default(),
            menu_node: String::new(),
            ivr_path: Vec::new(),
            segments: Vec::new(),
            menu: None,
            queue: None,
            agent: None,
            consult: None,
            conference: None,
            offer: None,
            unanswered: 0,
            talk: None,
            end: None,
        }
    }

    fn take(&mut self, event: &CallEvent) {
        self.said.take(event);
        let (at, place) = (event.occurred_at, &event.place);
        match &event.what {
            What::Started { direction } => self.direction = direction.or(self.direction),
            What::Identified => {}
            What::MenuStep { node } => self.menu_step(at, node),
            What::Queued => self.queued(at, place),
            What::Offered => self.offered(at, place),
            What::Answered => self.answered(at, place),
            What::Held { reason } => self.held(at, place, *reason),
            What::Resumed => self.resumed(at, place),
            What::Consulted => self.consulted(at, place),
            What::Conferenced => self.conferenced(at, place),
            What::Transferred(transfer) => self.transferred(at, place, transfer),
            What::Said { by, speech } => self.said(at, place, (*by, *speech)),
            What::Dropped { side } => {
                let reason = Some(DisconnectReason::TelecomProblem);
                self.ended(at, reason, Some(*side));
            }
            What::Ended { reason } => self.ended(at, *reason, None),
            What::AcwBegan => self.acw_began(at, place),
            What::AcwEnded => self.acw_ended(at, place),
        }
    }

    fn turn(&mut self, state: CallState, at: Timestamp) {
        if self.state != state {
            (self.state, self.since) = (state, at);
        }
    }

    /// The call goes on: what was told to end it ended one leg of it.
    fn go_on(&mut self) {
        self.end = None;
    }

    fn menu_step(&mut self, at: Timestamp, node: &str) {
        if self.agent.is_some() || self.queue.is_some() || self.end.is_some() {
            return;
        }
        node.clone_into(&mut self.menu_node);
        self.enter_step(at, node);
        if self.menu.is_none() {
            let segment = self.segment(SegmentKind::Ivr, &Place::default());
            segment.answered_at = Some(at);
            self.menu = Some(self.segments.len() - 1);
        }
        self.turn(CallState::Menu, at);
    }

    fn queued(&mut self, at: Timestamp, place: &Place) {
        self.go_on();
        self.close_menu(at, IvrOutcome::Queued);
        self.close_agents(at);
        if let Some(open) = self.queue {
            let same = place.queue_id.is_empty() || self.segments[open].queue_id == place.queue_id;
            if same {
                return;
            }
            self.close_queue(at);
        }
        let segment = self.segment(SegmentKind::Queue, place);
        segment.agent_id = String::new();
        segment.enqueued_at = Some(at);
        self.queue = Some(self.segments.len() - 1);
        self.place = Place {
            agent_id: String::new(),
            ..place.clone()
        };
        self.turn(CallState::Queued, at);
    }

    fn offered(&mut self, at: Timestamp, place: &Place) {
        if let Some(offer) = &self.offer
            && offer.agent_id == place.agent_id
        {
            return;
        }
        if self.offer.is_some() {
            self.unanswered += 1;
        }
        self.offer = Some(Offer {
            agent_id: place.agent_id.clone(),
            at,
        });
        if let Some(queue) = self.queue {
            self.segments[queue].offered_at.get_or_insert(at);
        }
        if self.agent.is_none() {
            self.go_on();
            self.close_menu(at, IvrOutcome::Agent);
            fill(&mut self.place, place);
            self.turn(CallState::Ringing, at);
        }
    }

    fn answered(&mut self, at: Timestamp, place: &Place) {
        if let (Some(consult), Some(_)) = (self.consult, self.agent)
            && self.segments[consult].agent_id == place.agent_id
        {
            return;
        }
        if let Some(open) = self.agent
            && self.is_of(open, place)
        {
            fill_segment(&mut self.segments[open], place);
            return;
        }
        self.connect(at, place);
    }

    /// Somebody has the call from now on.
    fn connect(&mut self, at: Timestamp, place: &Place) {
        self.go_on();
        self.close_menu(at, IvrOutcome::Agent);
        self.close_queue(at);
        self.close_agents(at);
        let offer = self.offer.take();
        let own =
            offer.filter(|offer| place.agent_id.is_empty() || offer.agent_id == place.agent_id);
        let unanswered = std::mem::take(&mut self.unanswered);
        let queue_id = match place.queue_id.as_str() {
            "" => self.place.queue_id.clone(),
            queue_id => queue_id.to_owned(),
        };
        let place = Place {
            queue_id,
            ..place.clone()
        };
        let segment = self.segment(SegmentKind::Agent, &place);
        segment.offered_at = own.map(|offer| offer.at);
        segment.answered_at = Some(at);
        segment.ring_no_answer_count = unanswered;
        self.agent = Some(self.segments.len() - 1);
        self.place = place;
        self.turn(CallState::Connected, at);
    }

    /// Who has the call: whoever does something with it, unless they had it before. None if it is somebody else's, or
    /// over.
    fn whoever_has_it(&mut self, at: Timestamp, place: &Place) -> Option<usize> {
        if self.end.is_some() {
            return None;
        }
        if let Some(agent) = self.agent
            && self.is_of(agent, place)
        {
            return Some(agent);
        }
        let mut agents = self.segments.iter().filter(|one| is_with_agent(one));
        if !place.agent_id.is_empty() && agents.any(|one| one.agent_id == place.agent_id) {
            return None;
        }
        self.connect(at, place);
        self.agent
    }

    /// Whether a segment is that of whoever an event names; one that names nobody means whoever has the call.
    fn is_of(&self, segment: usize, place: &Place) -> bool {
        place.agent_id.is_empty() || self.segments[segment].agent_id == place.agent_id
    }

    fn held(&mut self, at: Timestamp, place: &Place, reason: HoldReason) {
        let Some(agent) = self.whoever_has_it(at, place) else {
            return;
        };
        let holds = &mut self.segments[agent].holds;
        match holds.last_mut().filter(|hold| hold.ended_at.is_none()) {
            Some(open) => {
                if matches!(open.reason, None | Some(HoldReason::Unstated)) {
                    open.reason = Some(reason);
                }
            }
            None => holds.push(Hold {
                began_at: at,
                ended_at: None,
                reason: Some(reason),
            }),
        }
        self.turn(CallState::OnHold, at);
    }

    fn resumed(&mut self, at: Timestamp, place: &Place) {
        if let Some(agent) = self.whoever_has_it(at, place) {
            close_hold(&mut self.segments[agent], at);
            self.turn(CallState::Connected, at);
        }
    }

    fn consulted(&mut self, at: Timestamp, place: &Place) {
        if self.end.is_some() {
            return;
        }
        if let Some(open) = self.consult.take() {
            if self.segments[open].agent_id == place.agent_id {
                self.consult = Some(open);
                return;
            }
            self.segments[open].ended_at = Some(at);
        }
        let segment = self.segment(SegmentKind::Consult, place);
        segment.answered_at = Some(at);
        self.consult = Some(self.segments.len() - 1);
    }

    fn conferenced(&mut self, at: Timestamp, place: &Place) {
        if self.end.is_some() {
            return;
        }
        let mut place = place.clone();
        if let Some(consult) = self.consult.take() {
            let asked = &mut self.segments[consult];
            asked.ended_at = Some(at);
            if place.agent_id.is_empty() {
                place.agent_id.clone_from(&asked.agent_id);
            }
        }
        if self.agent.is_none() {
            self.connect(at, &place);
            return;
        }
        if let Some(agent) = self.agent {
            close_hold(&mut self.segments[agent], at);
        }
        if self.conference.is_none() {
            let segment = self.segment(SegmentKind::Conference, &place);
            segment.answered_at = Some(at);
            self.conference = Some(self.segments.len() - 1);
        }
        self.turn(CallState::Connected, at);
    }

    fn transferred(&mut self, at: Timestamp, place: &Place, transfer: &Transfer) {
        if !self.was_answered() && self.queue.is_none() && self.end.is_none() {
            self.connect(at, place);
        }
        let Some(agent) = self.agent.take_if(|agent| {
            place.agent_id.is_empty() || self.segments[*agent].agent_id == place.agent_id
        }) else {
            // Another source told of it before, or what came of it.
            if let Some(last) = self.segment_of(place)
                && last.transfer.is_none()
                && last.kind == SegmentKind::Agent
            {
                last.transfer = Some(transfer.clone());
            }
            return;
        };
        let segment = &mut self.segments[agent];
        close_hold(segment, at);
        segment.ended_at = Some(at);
        segment.transfer = Some(transfer.clone());
        if let Some(conference) = self.conference.take() {
            self.agent = Some(conference);
            self.turn(CallState::Connected, at);
        } else if let Some(consult) = self.consult.take() {
            let asked = &mut self.segments[consult];
            asked.ended_at = Some(at);
            let place = place_of(asked);
            self.connect(at, &place);
        } else {
            self.turn(CallState::Transferring, at);
        }
    }

    fn ended(
        &mut self,
        at: Timestamp,
        reason: Option<DisconnectReason>,
        dropped: Option<DropSide>,
    ) {
        if let Some(end) = &mut self.end {
            if end.is_implied {
                (end.at, end.is_implied) = (at, false);
            }
            if matches!(end.reason, None | Some(DisconnectReason::Unknown)) {
                end.reason = reason.or(end.reason);
            }
            end.dropped = end.dropped.or(dropped);
            return;
        }
        self.end(at, (reason, dropped), false);
    }

    fn end(
        &mut self,
        at: Timestamp,
        (reason, dropped): (Option<DisconnectReason>, Option<DropSide>),
        is_implied: bool,
    ) {
        let from = self.state;
        self.end = Some(End {
            at,
            reason,
            dropped,
            from,
            is_implied,
        });
        self.close_menu(at, IvrOutcome::Ended);
        self.close_queue(at);
        self.close_agents(at);
        if self.offer.take().is_some() {
            self.unanswered += 1;
        }
        let waited = matches!(
            from,
            CallState::Queued | CallState::Ringing | CallState::Menu
        );
        let last = self.segment_of(&Place::default()).map(|one| place_of(one));
        let state = match last {
            Some(had) => {
                // Whoever had it before has to say what it was about.
                if waited {
                    let queue_id = std::mem::take(&mut self.place.queue_id);
                    self.place = Place { queue_id, ..had };
                }
                CallState::WrapUp
            }
            None => CallState::Abandoned,
        };
        self.turn(state, at);
    }

    fn acw_began(&mut self, at: Timestamp, place: &Place) {
        if let Some(agent) = self.agent
            && self.is_of(agent, place)
        {
            // Whoever works after a call has none any more.
            self.end(at, (None, None), true);
        }
        if let Some(segment) = self.segment_of(place) {
            segment.acw_started_at.get_or_insert(at);
        }
    }

    fn acw_ended(&mut self, at: Timestamp, place: &Place) {
        if let Some(segment) = self.segment_of(place)
            && segment.ended_at.is_some()
        {
            let ended_at = segment.ended_at;
            segment.acw_started_at = segment.acw_started_at.or(ended_at);
            segment.acw_ended_at.get_or_insert(at);
        }
    }

    fn finish(mut self) -> Call {
        let unanswered = std::mem::take(&mut self.unanswered);
        if let Some(last) = self.segments.last_mut() {
            last.ring_no_answer_count += unanswered;
        }
        let end = self.end;
        let ended_at = end.as_ref().map(|end| end.at);
        let measures = Measures::of(&self.segments, self.direction, ended_at);
        Call {
            began_at: self.began_at,
            ended_at,
            state: self.state,
            since: self.since,
            direction: self.direction,
            customer_id: self.said.customer_id,
            handles: self.said.handles,
            our_handle: self.said.our_handle,
            channel: self.said.channel,
            segments: self.segments,
            place: self.place,
            menu_node: self.menu_node,
            ivr_path: self.ivr_path,
            talk: self.talk,
            dropped: end.as_ref().and_then(|end| end.dropped),
            disconnect: end.map(|end| Disconnect {
                reason: end.reason,
                stage: Some(end.from.stage()),
                ..Disconnect::default()
            }),
            measures,
            restatements: Vec::new(),
        }
    }
}
