//! Calls on a switch: from what happens on its channels to what happened in its calls.
//!
//! A pure fold: what it gives follows from what it was given, and all that it remembers can be written down and read
//! again. A call is all channels of one `Linkedid`. One of them is the customer's: the first, or the first on a trunk
//! where trunks are named. What has no customer is told to nobody.

mod ends;
mod talks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aftercall_proto::model::v1::{CallEvent, CallEventKind as Kind, Direction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::facts::{Agent, event, name, telephone};
use super::super::staff::Staff;
use super::step::{By, Party, Step};

/// Channels that are known at a time. When there are more, those of the calls of which nothing was heard for longest
/// are forgotten.
const CHANNELS_MAX: usize = 20_000;
/// Calls that ended, of which it may be told yet who ended them.
const ENDED_MAX: usize = 500;
/// Telephones at which one call rings.
const OFFERS_MAX: usize = 100;

/// What the house says of its switch.
#[derive(Debug, Default)]
pub(in crate::connect) struct Setup {
    /// How the names of channels begin that lead outside.
    pub(in crate::connect) trunks: Vec<String>,
    /// Contexts of the dialplan whose digits are steps of a menu.
    pub(in crate::connect) menus: Vec<String>,
    /// Whose which interface is.
    pub(in crate::connect) staff: Staff,
    /// Which queue is which, and whose.
    pub(in crate::connect) queues: Staff,
}

impl Setup {
    pub(super) fn is_trunk(&self, channel: &str) -> bool {
        self.trunks
            .iter()
            .any(|trunk| channel.starts_with(trunk.as_str()))
    }

    /// Whether nobody is behind a channel but another channel.
    fn is_a_passage(&self, channel: &str) -> bool {
        channel.starts_with("Local/") && self.staff.of(interface(channel)).is_none()
    }

    /// Which queue is meant: as the house says it; else by its name.
    pub(super) fn queue(&self, own: &str) -> Agent {
        let known = self.queues.of(own).cloned();
        known.unwrap_or_else(|| Agent {
            id: own.to_owned(),
            ..Agent::default()
        })
    }

    /// Who is behind a channel: as the house says it; else by the name that the queue has for them; else by the
    /// interface.
    pub(super) fn agent(&self, party: Party<'_>) -> Agent {
        let (member, called) = party.member.unwrap_or_default();
        let own = interface(party.name);
        let known = self.staff.of(member).or_else(|| self.staff.of(own));
        known.cloned().unwrap_or_else(|| {
            let ids = [called, member, own];
            let id = ids.into_iter().find(|id| !id.is_empty());
            Agent {
                id: name(id.unwrap_or_default()),
                ..Agent::default()
            }
        })
    }
}

/// A channel's name without what tells it from others of its interface: `PJSIP/1001` of `PJSIP/1001-0000002a`.
fn interface(channel: &str) -> &str {
    channel
        .rsplit_once('-')
        .map_or(channel, |(interface, _)| interface)
}

/// A channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Channel {
    name: String,
    /// The call that it is of.
    call: String,
}

/// Who talks with the customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct With {
    channel: String,
    /// Whether the channel is one of two ends behind which the telephone's own is.
    is_a_passage: bool,
    agent: Agent,
}

/// A call that goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Live {
    /// Its first channel, and what was dialled there.
    first: String,
    dialled: String,
    /// The customer's channel.
    customer: Option<String>,
    is_outbound: bool,
    /// The queue in which it is.
    waits_in: Option<String>,
    /// The queue in which it was last.
    queue: String,
    /// Whether it was in a queue, or with somebody.
    is_past_menus: bool,
    /// Whether somebody ever talked with the customer.
    was_answered: bool,
    /// Where it rings.
    offers: BTreeMap<String, Agent>,
    with: Option<With>,
    is_conference: bool,
    /// Who hung up first, as a reason of the wire.
    ended_by: Option<i32>,
    heard_at: Timestamp,
}

/// A call that has ended, and how that was told.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ended {
    call: String,
    customer: String,
    at: Timestamp,
    reason: Option<i32>,
    agent: Agent,
}

/// All calls of a switch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::connect) struct Switch {
    channels: BTreeMap<String, Channel>,
    calls: BTreeMap<String, Live>,
    /// Who is on one line.
    bridges: BTreeMap<String, BTreeSet<String>>,
    ended: VecDeque<Ended>,
    /// The channels that were known when the connection came back, as long as they are not heard of.
    missing: Option<(Timestamp, BTreeSet<String>)>,
    /// Calls that were forgotten since that was asked.
    forgotten_n: usize,
}

/// A step's time, and whom it is told to.
struct Now<'a> {
    at: Timestamp,
    setup: &'a Setup,
    out: &'a mut Vec<CallEvent>,
}

impl Now<'_> {
    /// The name of an event that happens once at a time.
    fn id(&self, what: &str) -> String {
        format!("{what}-{}", self.at.as_microsecond())
    }
}

impl Switch {
    /// Takes what happens, and gives what that means.
    pub(super) fn take(
        &mut self,
        step: Step<'_>,
        at: Timestamp,
        setup: &Setup,
        out: &mut Vec<CallEvent>,
    ) {
        let now = &mut Now { at, setup, out };
        match step {
            Step::Begins { .. } => self.begins(step, now),
            Step::Digit { id, context, digit } => self.digit(id, (context, digit), now),
            Step::Queues { id, queue } => self.queues(id, queue, now),
            Step::LeavesQueue { id } => {
                if let Some((_, live)) = self.of_customer(id) {
                    live.waits_in = None;
                }
            }
            Step::Rings { id, to, by } => self.rings(id, (to, by), now),
            Step::Answers { id, to, by } => self.answers(id, (to, by), now),
            Step::Holds { id } => self.holds(id, Kind::Held, now),
            Step::Resumes { id } => self.holds(id, Kind::Resumed, now),
            Step::HandsOn { id, to } => self.hands_on(id, to, now),
            Step::HandsOver { ids, target, to } => self.hands_over(ids, (target, to), now),
            Step::Joins { id, bridge } => self.joins(id, bridge, now),
            Step::Leaves { id, bridge } => self.leaves(id, bridge),
            Step::AsksToHangUp { id } => self.asks_to_hang_up(id, now),
            Step::SaysWho { id, by } => self.says_who(id, by, now),
            Step::HangsUp { id, cause, source } => self.hangs_up(id, (cause, source), now),
            Step::IsOver { call } => self.is_over(call, now),
        }
    }

    /// How many calls were forgotten, because there are too many, since this was asked.
    pub(in crate::connect) fn forgotten(&mut self) -> usize {
        std::mem::take(&mut self.forgotten_n)
    }

    /// The customer's channel of a call; none where it has none.
    pub(super) fn customer_of(&self, call: &str) -> Option<&str> {
        self.calls.get(call)?.customer.as_deref()
    }

    /// The call of which a channel is the customer's.
    fn of_customer(&mut self, id: &str) -> Option<(String, &mut Live)> {
        let call = &self.channels.get(id)?.call;
        let live = self.calls.get_mut(call)?;
        let is_customer = live.customer.as_deref() == Some(id);
        is_customer.then(|| (call.clone(), live))
    }

    /// The call of a channel, and the channel, where it has a customer.
    fn of(&mut self, id: &str) -> Option<(String, &Channel, &mut Live)> {
        let channel = self.channels.get(id)?;
        let live = self.calls.get_mut(&channel.call)?;
        live.customer
            .is_some()
            .then(|| (channel.call.clone(), channel, live))
    }

    fn begins(&mut self, step: Step<'_>, now: &mut Now<'_>) {
        let Step::Begins {
            id,
            name: channel,
            call,
            caller,
            dialled,
        } = step
        else {
            return;
        };
        if id.is_empty() || call.is_empty() || self.channels.contains_key(id) {
            return;
        }
        if self.channels.len() >= CHANNELS_MAX {
            self.forget_some();
        }
        let known = Channel {
            name: name(channel),
            call: call.to_owned(),
        };
        self.channels.insert(id.to_owned(), known);
        let live = self.calls.entry(call.to_owned());
        let live = live.or_insert_with(|| Live::new(id, dialled, now.at));
        live.heard_at = now.at;
        let is_customer = match now.setup.trunks.is_empty() {
            true => id == call,
            false => now.setup.is_trunk(channel),
        };
        if live.customer.is_some() || !is_customer {
            return;
        }
        live.customer = Some(id.to_owned());
        live.is_outbound = id != live.first;
        let direction = match live.is_outbound {
            true => Direction::Outbound,
            false => Direction::Inbound,
        };
        let (customer, ours) = match live.is_outbound {
            true => (telephone(&live.dialled), None),
            false => (telephone(caller), telephone(dialled)),
        };
        now.out.push(CallEvent {
            direction: direction.into(),
            handles: customer.into_iter().collect(),
            our_handle: ours,
            ..event(call, "started", Kind::Started, now.at)
        });
    }

    fn digit(&mut self, id: &str, (context, digit): (&str, &str), now: &mut Now<'_>) {
        let is_menu = now.setup.menus.iter().any(|menu| menu == context);
        let Some((call, live)) = self.of_customer(id) else {
            return;
        };
        if is_menu && !live.is_past_menus {
            now.out.push(CallEvent {
                menu_node: name(&format!("{context}:{digit}")),
                ..event(&call, &now.id("menu"), Kind::MenuStep, now.at)
            });
        }
    }

    fn queues(&mut self, id: &str, queue: &str, now: &mut Now<'_>) {
        let Some((call, live)) = self.of_customer(id) else {
            return;
        };
        live.enter(queue, now.at);
        let queue = now.setup.queue(&live.queue);
        now.out.push(CallEvent {
            queue_id: queue.id,
            team_id: queue.team_id,
            ..event(&call, &now.id("queued"), Kind::Queued, now.at)
        });
    }

    fn rings(&mut self, id: &str, (to, by): (Party<'_>, By<'_>), now: &mut Now<'_>) {
        let passage = now.setup.is_a_passage(to.name) && to.member.is_none();
        let Some((call, live)) = self.of_customer(id) else {
            return;
        };
        let is_customer = live.customer.as_deref() == Some(to.id);
        // A queue's dial is told by the queue.
        let is_told_elsewhere = by == By::Dial && live.waits_in.is_some();
        if passage || is_customer || is_told_elsewhere || live.with.is_some() {
            return;
        }
        let agent = now.setup.agent(to);
        if live.offers.len() < OFFERS_MAX {
            live.offers.insert(to.id.to_owned(), agent.clone());
        }
        let queue = match by {
            By::Queue(queue) => name(queue),
            By::Whatever | By::Dial => live.waits_in.clone().unwrap_or_default(),
        };
        let queue_id = now.setup.queue(&queue).id;
        (live.is_past_menus, live.heard_at) = (true, now.at);
        let id = format!("{}-{}", now.id("offered"), to.id);
        now.out.push(agent.with(CallEvent {
            queue_id,
            ..event(&call, &id, Kind::Offered, now.at)
        }));
    }

    /// Forgets the calls of which nothing was heard for longest: a tenth of all.
    fn forget_some(&mut self) {
        let mut heard: Vec<_> = self.calls.values().map(|live| live.heard_at).collect();
        heard.sort_unstable();
        let Some(&until) = heard.get(heard.len() / 10) else {
            self.channels.clear();
            return;
        };
        let before = self.calls.len();
        self.calls.retain(|_, live| live.heard_at > until);
        self.forgotten_n += before - self.calls.len();
        let calls = &self.calls;
        self.channels
            .retain(|_, channel| calls.contains_key(&channel.call));
        let channels = &self.channels;
        self.bridges.retain(|_, members| {
            members.retain(|id| channels.contains_key(id));
            !members.is_empty()
        });
    }
}

impl Live {
    fn new(first: &str, dialled: &str, at: Timestamp) -> Self {
        Self {
            first: first.to_owned(),
            dialled: dialled.to_owned(),
            customer: None,
            is_outbound: false,
            waits_in: None,
            queue: String::new(),
            is_past_menus: false,
            was_answered: false,
            offers: BTreeMap::new(),
            with: None,
            is_conference: false,
            ended_by: None,
            heard_at: at,
        }
    }

    fn enter(&mut self, queue: &str, at: Timestamp) {
        self.queue = name(queue);
        self.waits_in = Some(self.queue.clone());
        (self.with, self.is_conference, self.ended_by) = (None, false, None);
        self.offers.clear();
        (self.is_past_menus, self.heard_at) = (true, at);
    }
}
