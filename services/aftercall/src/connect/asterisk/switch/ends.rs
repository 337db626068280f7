//! How calls end, and what is gone when a connection comes back.

use std::collections::BTreeSet;

use aftercall_proto::model::v1::{CallEvent, CallEventKind as Kind, DisconnectReason, DropSide};
use jiff::Timestamp;

use super::super::step::{Ender, is_loss};
use super::{ENDED_MAX, Ended, Live, Now, Setup, Switch};
use crate::connect::facts::{event, name};

/// The revision of an end of which it is said afterwards who ended it.
const SAID_AFTERWARDS: u64 = 1;

impl Switch {
    pub(super) fn asks_to_hang_up(&mut self, id: &str, now: &Now<'_>) {
        let Some((_, channel, live)) = self.of(id) else {
            return;
        };
        let by = match live.customer.as_deref() == Some(id) {
            true => DisconnectReason::Customer,
            false if live.is_with(id, &channel.name, now.setup) => DisconnectReason::Agent,
            false => return,
        };
        live.ended_by.get_or_insert(by.into());
    }

    pub(super) fn says_who(&mut self, id: &str, by: Ender, now: &mut Now<'_>) {
        let reason = match by {
            Ender::Customer => DisconnectReason::Customer,
            Ender::Agent => DisconnectReason::Agent,
        };
        if let Some((_, live)) = self.of_customer(id) {
            live.ended_by = Some(reason.into());
            return;
        }
        let mut ended = self.ended.iter_mut();
        if let Some(ended) = ended.find(|ended| ended.customer == id)
            && ended.reason != Some(reason.into())
        {
            ended.reason = Some(reason.into());
            let told = told_end(&ended.call, ended.at, Some(reason.into()));
            now.out.push(CallEvent {
                revision: SAID_AFTERWARDS,
                ..ended.agent.with(told)
            });
        }
    }

    pub(super) fn hangs_up(
        &mut self,
        id: &str,
        (cause, source): (Option<u32>, &str),
        now: &mut Now<'_>,
    ) {
        let is_lost = cause.is_some_and(is_loss);
        if let Some((call, live)) = self.of_customer(id) {
            let live = live.clone();
            let own = self
                .channels
                .get(id)
                .map_or(String::new(), |channel| channel.name.clone());
            self.ends(
                &call,
                &live,
                (is_lost, reason_of(&live, &own, source, now.setup)),
                now,
            );
            return;
        }
        if let Some((call, channel, live)) = self.of(id) {
            let is_with = live.is_with(id, &channel.name, now.setup);
            if is_with && is_lost {
                let told = event(&call, &now.id("dropped"), Kind::Dropped, now.at);
                now.out.push(live.agent().with(CallEvent {
                    drop_side: DropSide::Agent.into(),
                    ..told
                }));
            }
            let is_own = live.with.as_ref().is_some_and(|with| with.channel == id);
            if is_own || (is_with && is_lost) {
                live.with = None;
            }
            live.offers.remove(id);
        }
        self.forget(id);
    }

    /// Ends a call for the customer, and forgets its channels.
    fn ends(
        &mut self,
        call: &str,
        live: &Live,
        (is_lost, reason): (bool, Option<i32>),
        now: &mut Now<'_>,
    ) {
        let is_inbound = !live.is_outbound;
        let told = match is_lost {
            true if is_inbound || live.was_answered => CallEvent {
                drop_side: DropSide::Customer.into(),
                ..event(call, "ended", Kind::Dropped, now.at)
            },
            // Nobody was reached: nothing was lost.
            true => told_end(call, now.at, Some(DisconnectReason::System.into())),
            false => told_end(call, now.at, reason),
        };
        let agent = live.agent();
        now.out.push(agent.with(told));
        if !is_lost {
            if self.ended.len() >= ENDED_MAX {
                self.ended.pop_front();
            }
            self.ended.push_back(Ended {
                call: call.to_owned(),
                customer: live.customer.clone().unwrap_or_default(),
                at: now.at,
                reason,
                agent,
            });
        }
        self.forget_call(call);
    }

    pub(super) fn is_over(&mut self, call: &str, now: &mut Now<'_>) {
        if let Some(live) = self.calls.get(call).filter(|live| live.customer.is_some()) {
            let live = live.clone();
            self.ends(call, &live, (false, live.ended_by), now);
        }
        self.forget_call(call);
    }

    /// The connection is there, for the first time or again: what is known may have ended meanwhile.
    pub(in crate::connect) fn reconnects(&mut self, at: Timestamp) {
        self.missing = Some((at, self.channels.keys().cloned().collect()));
    }

    /// A channel is still there.
    pub(in crate::connect) fn hears_of(&mut self, id: &str) {
        if let Some((_, missing)) = &mut self.missing {
            missing.remove(id);
        }
    }

    /// Those that are there have all been told of: calls of others ended, and nobody saw how. Says how many there were.
    pub(in crate::connect) fn has_heard_of_all(
        &mut self,
        setup: &Setup,
        out: &mut Vec<CallEvent>,
    ) -> usize {
        let Some((at, missing)) = self.missing.take() else {
            return 0;
        };
        let now = &mut Now { at, setup, out };
        let mut ended = 0;
        for id in missing {
            match self.of_customer(&id) {
                Some((call, live)) => {
                    let live = live.clone();
                    let unknown = Some(DisconnectReason::Unknown.into());
                    self.ends(&call, &live, (false, unknown), now);
                    ended += 1;
                }
                None => self.forget(&id),
            }
        }
        ended
    }

    /// Forgets a channel, and its call with the last one.
    fn forget(&mut self, id: &str) {
        let Some(channel) = self.channels.remove(id) else {
            return;
        };
        self.bridges.retain(|_, members| {
            members.remove(id);
            !members.is_empty()
        });
        let mut others = self.channels.values();
        if others.all(|other| other.call != channel.call) {
            self.calls.remove(&channel.call);
        }
    }

    fn forget_call(&mut self, call: &str) {
        self.calls.remove(call);
        let mut gone = BTreeSet::new();
        self.channels.retain(|id, channel| {
            let stays = channel.call != call;
            if !stays {
                gone.insert(id.clone());
            }
            stays
        });
        self.bridges.retain(|_, members| {
            members.retain(|id| !gone.contains(id));
            !members.is_empty()
        });
    }
}

fn told_end(call: &str, at: Timestamp, reason: Option<i32>) -> CallEvent {
    CallEvent {
        disconnect_reason: reason.unwrap_or_default(),
        ..event(call, "ended", Kind::Ended, at)
    }
}

/// Who ended a call, by what is said to have hung up, else by who did so first; none where nobody says so.
fn reason_of(live: &Live, own: &str, source: &str, setup: &Setup) -> Option<i32> {
    let by = match name(source) {
        source if source.is_empty() => None,
        source if source == own => Some(DisconnectReason::Customer),
        source if source.starts_with("dialplan") => Some(DisconnectReason::Flow),
        source if live.is_with("", &source, setup) => Some(DisconnectReason::Agent),
        _ => None,
    };
    by.map(Into::into).or(live.ended_by)
}
