//! Random courses of events: what happens to a few contacts, promises and customers, in any order.

use aftercall_proto::model::v1::{
    CallEvent, CallEventKind, Handle, HandleKind, Interaction, ReasonResolution,
};
use proptest::prelude::*;

use crate::contact::{Contact, contact, merge};
use crate::fixture::{About, Events, TENANT, ago, id, reported};

/// How many contacts there are; the last of them are calls.
pub(super) const CONTACTS: u64 = 7;
/// The first that is a call.
const CALLS_FROM: u64 = 5;
/// Whose they are, or are said to be later.
pub(super) const CUSTOMERS: [&str; 3] = ["A", "B", "C"];
/// The number of whoever is not known.
pub(super) const NUMBER: &str = "+4930999001";

/// Something that happens: what, to which, and how.
#[derive(Debug, Clone)]
pub(super) struct Step {
    what: u8,
    which: u64,
    how: u64,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    (0..13_u8, 0..CONTACTS, 0..6_u64).prop_map(|(what, which, how)| Step { what, which, how })
}

pub(super) fn contact_id(n: u64) -> String {
    id(1, n)
}

/// How far things have come, so that most events are the next ones of what they happen to.
#[derive(Debug, Default)]
pub(super) struct Course {
    versions: [u64; CONTACTS as usize],
    promises: [u64; CONTACTS as usize],
    made: [u64; CONTACTS as usize],
    causes: [u64; CONTACTS as usize],
    merges: u64,
    calls: u64,
    steps: i64,
}

fn one(n: u64) -> Contact {
    let one = contact(n)
        .summary(["alpha beta", "beta", "gamma"][n as usize % 3])
        .reason("billing.refund", "", ReasonResolution::Partly)
        .ago(3_600 - 100 * n as i64);
    let one = match n % 4 {
        0 => one.customer("").handle(HandleKind::Telephone, NUMBER),
        1 => one.one_of(&["A", "B"]),
        n => one
            .customer(CUSTOMERS[n as usize % 3])
            .handle(HandleKind::Telephone, NUMBER),
    };
    one.promise(n, 600)
}

impl Course {
    /// Writes what happens.
    pub(super) fn take(&mut self, step: &Step, events: &Events) {
        let Step { what, which, how } = *step;
        // Each a little later than the one before.
        self.steps += 1;
        events.at(10_000 - 10 * self.steps);
        let (place, of) = (which as usize, one(which));
        let customer = CUSTOMERS[how as usize % 3];
        match what {
            0..=2 => {
                self.versions[place] = self.versions[place].max(1);
                of.record(events);
            }
            3 => self.amend(&of, place, how, events),
            4 | 5 => {
                self.versions[place] += 1;
                let customer = if how == 5 { "" } else { customer };
                of.identify(events, self.versions[place], customer);
            }
            6 | 7 => self.follow(&of, (place, which), how, events),
            8 if self.made[place] == 0 => {
                self.made[place] = 1;
                of.make(events, which, 500);
            }
            8 => {
                self.made[place] += 1;
                of.fulfil_made(events, which, self.made[place], 10);
            }
            9 => {
                self.merges += 1;
                merge(events, ("A", "B"), self.merges, self.merges % 2 == 1);
            }
            12 => {
                self.causes[place] += 1;
                let code = ["", "process.delay", "system"][how as usize % 3];
                of.explain(events, self.causes[place], code);
            }
            _ => self.call(CALLS_FROM + which % (CONTACTS - CALLS_FROM), how, events),
        }
    }

    fn amend(&mut self, of: &Contact, place: usize, how: u64, events: &Events) {
        self.versions[place] += 1;
        let values = Interaction {
            labels: vec![format!("label-{how}")],
            occurred_at: Some(ago(3_600 - 500 * how as i64)),
            ..Default::default()
        };
        let paths = match how {
            0 | 1 => vec!["labels"],
            2 => vec!["labels", "handling"],
            _ => vec!["labels", "occurred_at"],
        };
        of.amend(events, self.versions[place], &paths, values);
    }

    fn follow(&mut self, of: &Contact, (place, n): (usize, u64), how: u64, events: &Events) {
        let version = self.promises[place].max(1) + 1;
        self.promises[place] = version;
        match how {
            0 | 1 => of.lapse(events, n, version),
            2 | 3 => of.reschedule(events, n, version, 900),
            4 => of.fulfil(events, n, version, 10),
            _ => of.cancel(events, n, version),
        };
    }

    fn call(&mut self, n: u64, how: u64, events: &Events) {
        self.calls += 1;
        let kinds = [
            CallEventKind::Started,
            CallEventKind::Queued,
            CallEventKind::Answered,
            CallEventKind::Held,
            CallEventKind::Identified,
            CallEventKind::Ended,
        ];
        let customer = match how {
            4 => CUSTOMERS[self.calls as usize % 3],
            _ => "",
        };
        let event = CallEvent {
            source: "pbx".into(),
            call_id: n.to_string(),
            event_id: self.calls.to_string(),
            kind: kinds[how as usize % kinds.len()].into(),
            occurred_at: Some(ago(2_000 - 10 * self.calls as i64)),
            interaction_id: contact_id(n),
            agent_id: "agent-1".into(),
            customer_id: customer.into(),
            handles: vec![Handle {
                kind: HandleKind::Telephone.into(),
                value: NUMBER.into(),
                ..Handle::default()
            }],
            ..CallEvent::default()
        };
        let about = About {
            tenant: TENANT,
            customer: String::new(),
            interaction: contact_id(n),
            aggregate: contact_id(n),
            sequence: 0,
            recorded_at: ago(0),
            import: false,
        };
        events.fact(&about, &reported(event));
    }
}
