//! Who talks with the customer: answers, holds, transfers, conferences.

use aftercall_proto::model::v1::{CallEvent, CallEventKind as Kind, Transfer, TransferKind};

use super::super::step::{By, Party};
use super::{Agent, CHANNELS_MAX, Live, Now, Setup, Switch, With};
use crate::connect::facts::{event, name};

impl Switch {
    pub(super) fn answers(&mut self, id: &str, (to, by): (Party<'_>, By<'_>), now: &mut Now<'_>) {
        let Some(channel) = self.channels.get(id) else {
            return;
        };
        let Some(live) = self.calls.get_mut(&channel.call) else {
            return;
        };
        let call = channel.call.clone();
        let answering = Party {
            id,
            name: &channel.name,
            member: None,
        };
        match live.customer.as_deref() {
            None => {
                let (asking, asked) = (now.setup.agent(answering), now.setup.agent(to));
                self.consults(&asking, &asked, now);
            }
            // The customer answers, whom somebody called.
            Some(customer) if customer == to.id => {
                let agent = now.setup.agent(answering);
                live.connect(&call, (answering, agent), "", now);
            }
            Some(customer) if customer == id => {
                let is_told_elsewhere = by == By::Dial && live.waits_in.is_some();
                let passage = now.setup.is_a_passage(to.name) && to.member.is_none();
                if passage || is_told_elsewhere {
                    return;
                }
                let offered = live.offers.get(to.id).cloned();
                let agent = offered.unwrap_or_else(|| now.setup.agent(to));
                let queue = match by {
                    By::Queue(queue) => name(queue),
                    By::Whatever | By::Dial => live.waits_in.clone().unwrap_or_default(),
                };
                live.connect(&call, (to, agent), &queue, now);
            }
            // Somebody who talks with the customer calls another one.
            Some(_) => {
                let asked = now.setup.agent(to);
                if live.is_with(id, &channel.name, now.setup) {
                    consulted(&call, &asked, now);
                }
            }
        }
    }

    /// Somebody asks another one, in a call of their own: it belongs to the customer with whom they talk.
    fn consults(&self, asking: &Agent, asked: &Agent, now: &mut Now<'_>) {
        let mut calls = self.calls.iter();
        let found = calls.find(|(_, live)| {
            live.with
                .as_ref()
                .is_some_and(|with| with.agent.id == asking.id)
        });
        if let Some((call, _)) = found {
            consulted(call, asked, now);
        }
    }

    pub(super) fn holds(&mut self, id: &str, kind: Kind, now: &mut Now<'_>) {
        let Some((call, channel, live)) = self.of(id) else {
            return;
        };
        if !live.is_with(id, &channel.name, now.setup) {
            return;
        }
        live.heard_at = now.at;
        let what = match kind {
            Kind::Held => "held",
            _ => "resumed",
        };
        let agent = live.agent();
        now.out
            .push(agent.with(event(&call, &now.id(what), kind, now.at)));
    }

    pub(super) fn hands_on(&mut self, id: &str, to: &str, now: &mut Now<'_>) {
        let Some((call, channel, live)) = self.of(id) else {
            return;
        };
        if live.customer.as_deref() == Some(id) {
            return;
        }
        let party = Party {
            id,
            name: &channel.name,
            member: None,
        };
        let with = live.with.take();
        let agent = with.map_or_else(|| now.setup.agent(party), |with| with.agent);
        live.goes_on(now);
        now.out
            .push(transferred(&call, &agent, (TransferKind::Blind, to), now));
    }

    /// Somebody hands the customer over to whom they asked. Their two channels are of two calls; the customer's counts.
    pub(super) fn hands_over(
        &mut self,
        ids: [&str; 2],
        (target, to): (Party<'_>, &str),
        now: &mut Now<'_>,
    ) {
        let found = ids.into_iter().find_map(|id| {
            let (call, channel, live) = self.of(id)?;
            let is_agent = live.customer.as_deref() != Some(id);
            is_agent.then(|| (call, channel.name.clone(), id))
        });
        let Some((call, channel, id)) = found else {
            return;
        };
        let party = Party {
            id,
            name: &channel,
            member: None,
        };
        let Some(live) = self.calls.get_mut(&call) else {
            return;
        };
        let with = live.with.take();
        let agent = with.map_or_else(|| now.setup.agent(party), |with| with.agent);
        live.goes_on(now);
        let is_somebody = !target.id.is_empty() && !target.name.is_empty();
        let asked = now.setup.agent(target);
        let to = match is_somebody {
            true => asked.id.clone(),
            false => name(to),
        };
        now.out
            .push(transferred(&call, &agent, (TransferKind::Warm, &to), now));
        if is_somebody {
            live.connect(&call, (target, asked), "", now);
            if let Some(channel) = self.channels.get_mut(target.id) {
                channel.call = call;
            }
        }
    }

    pub(super) fn joins(&mut self, id: &str, bridge: &str, now: &mut Now<'_>) {
        let Some(channel) = self.channels.get(id) else {
            return;
        };
        let is_one_too_many =
            self.bridges.len() >= CHANNELS_MAX && !self.bridges.contains_key(bridge);
        if bridge.is_empty() || is_one_too_many || now.setup.is_a_passage(&channel.name) {
            return;
        }
        let members = self.bridges.entry(bridge.to_owned()).or_default();
        members.insert(id.to_owned());
        let members: Vec<_> = members.iter().cloned().collect();
        let is_customer = |id: &String| {
            let call = self.channels.get(id).map(|channel| &channel.call);
            call.and_then(|call| self.customer_of(call)) == Some(id.as_str())
        };
        let (customers, others): (Vec<_>, Vec<_>) = members.into_iter().partition(is_customer);
        for customer in customers {
            self.talks(&customer, (&others, id), now);
        }
    }

    /// A customer is on one line with `others`, of whom `last` came last.
    fn talks(&mut self, customer: &str, (others, last): (&[String], &str), now: &mut Now<'_>) {
        let named = |id: &String| {
            let channel = self.channels.get(id)?;
            Some((id.clone(), channel.name.clone()))
        };
        let named: Vec<_> = others.iter().filter_map(named).collect();
        let Some((call, live)) = self.of_customer(customer) else {
            return;
        };
        live.heard_at = now.at;
        if live.with.is_none()
            && let Some((id, channel)) = named.first()
        {
            let party = Party {
                id,
                name: channel,
                member: None,
            };
            let offered = live.offers.get(id).cloned();
            let agent = offered.unwrap_or_else(|| now.setup.agent(party));
            let queue = live.waits_in.clone().unwrap_or_default();
            live.connect(&call, (party, agent), &queue, now);
        }
        if named.len() < 2 || live.is_conference {
            return;
        }
        let with = live.with.as_ref().map(|with| with.channel.clone());
        let with = with.unwrap_or_default();
        let newest = named.iter().find(|(id, _)| id == last && *id != with);
        let asked = newest.or_else(|| named.iter().find(|(id, _)| *id != with));
        let Some((id, channel)) = asked else { return };
        live.is_conference = true;
        let party = Party {
            id,
            name: channel,
            member: None,
        };
        let asked = now.setup.agent(party);
        now.out.push(asked.with(event(
            &call,
            &now.id("conferenced"),
            Kind::Conferenced,
            now.at,
        )));
    }

    pub(super) fn leaves(&mut self, id: &str, bridge: &str) {
        let Some(members) = self.bridges.get_mut(bridge) else {
            return;
        };
        members.remove(id);
        let left: Vec<_> = members.iter().cloned().collect();
        if left.is_empty() {
            self.bridges.remove(bridge);
        }
        for id in left.iter().filter(|_| left.len() < 3) {
            if let Some((_, live)) = self.of_customer(id) {
                live.is_conference = false;
            }
        }
    }
}

fn consulted(call: &str, asked: &Agent, now: &mut Now<'_>) {
    now.out
        .push(asked.with(event(call, &now.id("consulted"), Kind::Consulted, now.at)));
}

fn transferred(
    call: &str,
    agent: &Agent,
    (kind, to): (TransferKind, &str),
    now: &Now<'_>,
) -> CallEvent {
    agent.with(CallEvent {
        transfer: Some(Transfer {
            kind: kind.into(),
            to: name(to),
            reason: String::new(),
        }),
        ..event(call, &now.id("transferred"), Kind::Transferred, now.at)
    })
}

impl Live {
    pub(super) fn agent(&self) -> Agent {
        self.with
            .as_ref()
            .map_or_else(Agent::default, |with| with.agent.clone())
    }

    /// Nobody talks with the customer for now.
    fn goes_on(&mut self, now: &Now<'_>) {
        (self.with, self.is_conference, self.ended_by) = (None, false, None);
        self.offers.clear();
        (self.waits_in, self.heard_at) = (None, now.at);
    }

    /// Somebody talks with the customer from now on.
    fn connect(
        &mut self,
        call: &str,
        (party, agent): (Party<'_>, Agent),
        queue: &str,
        now: &mut Now<'_>,
    ) {
        (self.is_past_menus, self.was_answered, self.heard_at) = (true, true, now.at);
        (self.waits_in, self.ended_by) = (None, None);
        let was_with = self.with.replace(With {
            channel: party.id.to_owned(),
            is_a_passage: party.name.starts_with("Local/"),
            agent: agent.clone(),
        });
        if was_with.is_some_and(|with| with.agent.id == agent.id) {
            return;
        }
        self.offers.clear();
        self.is_conference = false;
        let id = format!("{}-{}", now.id("answered"), party.id);
        now.out.push(agent.with(CallEvent {
            queue_id: now.setup.queue(queue).id,
            ..event(call, &id, Kind::Answered, now.at)
        }));
    }

    /// Whether a channel is that of whoever talks with the customer.
    pub(super) fn is_with(&self, id: &str, channel: &str, setup: &Setup) -> bool {
        if self.customer.as_deref() == Some(id) {
            return false;
        }
        let Some(with) = &self.with else { return false };
        let party = Party {
            id,
            name: channel,
            member: None,
        };
        // The telephone behind a passage has a channel and an interface of its own.
        with.channel == id || with.is_a_passage || setup.agent(party).id == with.agent.id
    }
}
