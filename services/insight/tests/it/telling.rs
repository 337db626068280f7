//! What telephony tells of contacts, as tests write it into the log.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{ActorKind, CallDropJudged, CallReported, Event};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, CallTerms, Direction, DisconnectReason, DropAttribution,
    DropClass, HoldReason, Transfer, TransferKind,
};

use crate::fixture::{Events, TENANT, ago, id};
use crate::known::{Known, name};

/// An event of the call number `n`, so many seconds ago.
pub(crate) fn event(n: u64, seconds_ago: i64, kind: Kind) -> CallEvent {
    CallEvent {
        source: "pbx".to_owned(),
        call_id: n.to_string(),
        event_id: format!("{seconds_ago}-{}", kind.as_str_name()),
        kind: kind.into(),
        occurred_at: Some(ago(seconds_ago)),
        interaction_id: id(1, n),
        ..CallEvent::default()
    }
}

impl Events {
    /// Telephony tells of a call.
    pub(crate) fn tell(&self, told: impl IntoIterator<Item = CallEvent>) {
        self.tell_by(None, told);
    }

    /// The same while the tenant has set by what calls are judged.
    pub(crate) fn tell_by(
        &self,
        terms: Option<&CallTerms>,
        told: impl IntoIterator<Item = CallEvent>,
    ) {
        for event in told {
            let id = event.interaction_id.clone();
            let reported = CallReported {
                event: Some(event),
                terms: terms.cloned(),
            };
            let fact = Fact::CallReported(Box::new(reported));
            self.of_call(&id, ActorKind::Integration, &fact);
        }
    }

    /// Somebody says whether the call number `n` was lost.
    pub(crate) fn judge(&self, n: u64, class: DropClass) {
        self.put_down(n, class, DropAttribution::Unspecified);
    }

    /// The same, and to whom that is put down.
    pub(crate) fn put_down(&self, n: u64, class: DropClass, whose: impl Into<i32>) {
        let judged = CallDropJudged {
            drop_class: class.into(),
            attribution: whose.into(),
            ..CallDropJudged::default()
        };
        let fact = Fact::CallDropJudged(Box::new(judged));
        self.of_call(&id(1, n), ActorKind::Agent, &fact);
    }

    /// What is told of a call stands under a key of its own, whoever's it is.
    fn of_call(&self, id: &str, by: ActorKind, fact: &Fact) {
        self.append(&Event {
            event_id: format!("{id}-{}", fact.event_type().as_str_name()),
            tenant_id: TENANT.to_owned(),
            aggregate_id: id.to_owned(),
            interaction_id: id.to_owned(),
            actor_kind: by.into(),
            occurred_at: Some(ago(0)),
            recorded_at: Some(ago(0)),
            ..fact.event()
        });
    }
}

impl Known {
    /// Has telephony tell all of it, the last thing first.
    pub(crate) fn tell(&self, events: &Events) {
        let mut told = self.told();
        told.reverse();
        events.tell(told);
        if self.dropped {
            events.judge(self.n, DropClass::Suspected);
        }
    }

    fn told(&self) -> Vec<CallEvent> {
        let event = |seconds_ago: i64, kind: Kind| CallEvent {
            team_id: name("team", self.team),
            agent_id: match kind {
                Kind::Started | Kind::Queued | Kind::Ended => String::new(),
                _ => "agent-1".to_owned(),
            },
            ..event(self.n, seconds_ago, kind)
        };
        let mut at = self.seconds_ago;
        let direction = match self.inbound {
            true => Direction::Inbound,
            false => Direction::Outbound,
        };
        let mut all = vec![CallEvent {
            direction: direction.into(),
            ..event(at, Kind::Started)
        }];
        if let Some(wait) = self.queued {
            all.push(event(at, Kind::Queued));
            at -= wait;
        }
        if let Some((talk, lookup, _)) = self.talked {
            all.extend([event(at, Kind::Offered), event(at, Kind::Answered)]);
            at -= talk;
            if lookup > 0 {
                all.push(CallEvent {
                    hold_reason: HoldReason::Lookup.into(),
                    ..event(at, Kind::Held)
                });
            }
            at -= lookup;
            if talk % 3 == 0 {
                all.push(CallEvent {
                    transfer: Some(Transfer {
                        kind: TransferKind::Warm.into(),
                        ..Transfer::default()
                    }),
                    ..event(at, Kind::Transferred)
                });
            }
            all.push(event(at, Kind::AcwBegan));
            all.push(event(at - self.after, Kind::AcwEnded));
        }
        all.push(CallEvent {
            disconnect_reason: DisconnectReason::Agent.into(),
            ..event(at, Kind::Ended)
        });
        all
    }
}
