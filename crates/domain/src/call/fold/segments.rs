//! The segments of a call that is being folded.

use jiff::Timestamp;

use super::super::event::Place;
use super::Folding;
use crate::interaction::{IvrOutcome, IvrStep, Segment, SegmentKind};
use crate::limits::LIST_MAX;

impl Folding {
    /// The last segment of an agent; where none is named, of any.
    pub(super) fn segment_of(&mut self, place: &Place) -> Option<&mut Segment> {
        let mut agents = self
            .segments
            .iter_mut()
            .rev()
            .filter(|one| is_with_agent(one));
        agents.find(|one| place.agent_id.is_empty() || one.agent_id == place.agent_id)
    }

    pub(super) fn was_answered(&self) -> bool {
        let mut segments = self.segments.iter();
        segments.any(|one| one.kind == SegmentKind::Agent)
    }

    /// The customer reached a step of the voice menu: the same one that they are at is told again. When there are as many as
    /// are kept, the last one gives way.
    pub(super) fn enter_step(&mut self, at: Timestamp, node: &str) {
        let is_open = self.menu.is_some();
        let last = self.ivr_path.last();
        if node.is_empty() || is_open && last.is_some_and(|last| last.node == node) {
            return;
        }
        if is_open {
            self.leave_step(at, IvrOutcome::NextStep);
        }
        self.ivr_path.truncate(LIST_MAX - 1);
        self.ivr_path.push(IvrStep {
            node: node.to_owned(),
            entered_at: Some(at),
            exited_at: None,
            outcome: None,
        });
    }

    fn leave_step(&mut self, at: Timestamp, outcome: IvrOutcome) {
        let last = self.ivr_path.last_mut();
        if let Some(last) = last.filter(|last| last.exited_at.is_none()) {
            (last.exited_at, last.outcome) = (Some(at), Some(outcome));
        }
    }

    pub(super) fn close_menu(&mut self, at: Timestamp, outcome: IvrOutcome) {
        if let Some(menu) = self.menu.take() {
            self.segments[menu].ended_at = Some(at);
            self.leave_step(at, outcome);
        }
    }

    pub(super) fn close_queue(&mut self, at: Timestamp) {
        if let Some(queue) = self.queue.take() {
            let segment = &mut self.segments[queue];
            segment.dequeued_at = Some(at);
            segment.ended_at = Some(at);
        }
    }

    /// Whoever has the call, or a part in it, has it no longer.
    pub(super) fn close_agents(&mut self, at: Timestamp) {
        let open = [
            self.agent.take(),
            self.consult.take(),
            self.conference.take(),
        ];
        for open in open.into_iter().flatten() {
            close_hold(&mut self.segments[open], at);
            self.segments[open].ended_at = Some(at);
        }
    }

    /// Begins a segment, and names it by its number.
    pub(super) fn segment(&mut self, kind: SegmentKind, place: &Place) -> &mut Segment {
        let number = self.segments.len() + 1;
        self.segments.push(Segment {
            segment_id: format!("call-{number}"),
            kind,
            queue_id: place.queue_id.clone(),
            agent_id: place.agent_id.clone(),
            team_id: place.team_id.clone(),
            site_id: place.site_id.clone(),
            skill: place.skill.clone(),
            enqueued_at: None,
            dequeued_at: None,
            offered_at: None,
            answered_at: None,
            ended_at: None,
            holds: Vec::new(),
            acw_started_at: None,
            acw_ended_at: None,
            transfer: None,
            ring_no_answer_count: 0,
        });
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }
}

pub(super) const fn is_with_agent(segment: &Segment) -> bool {
    matches!(segment.kind, SegmentKind::Agent | SegmentKind::Conference)
}

pub(super) fn close_hold(segment: &mut Segment, at: Timestamp) {
    if let Some(hold) = segment.holds.last_mut() {
        hold.ended_at.get_or_insert(at);
    }
}

/// Says where a call is as far as that was not said.
pub(super) fn fill(place: &mut Place, with: &Place) {
    for (own, with) in [
        (&mut place.queue_id, &with.queue_id),
        (&mut place.agent_id, &with.agent_id),
        (&mut place.team_id, &with.team_id),
        (&mut place.site_id, &with.site_id),
        (&mut place.skill, &with.skill),
    ] {
        if own.is_empty() {
            own.clone_from(with);
        }
    }
}

pub(super) fn fill_segment(segment: &mut Segment, with: &Place) {
    let mut place = place_of(segment);
    fill(&mut place, with);
    segment.queue_id = place.queue_id;
    segment.agent_id = place.agent_id;
    segment.team_id = place.team_id;
    segment.site_id = place.site_id;
    segment.skill = place.skill;
}

pub(super) fn place_of(segment: &Segment) -> Place {
    Place {
        queue_id: segment.queue_id.clone(),
        agent_id: segment.agent_id.clone(),
        team_id: segment.team_id.clone(),
        site_id: segment.site_id.clone(),
        skill: segment.skill.clone(),
    }
}
