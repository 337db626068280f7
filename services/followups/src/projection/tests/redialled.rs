//! By which contact a customer was back after a call: as a naive look at all of the log says, however it is read.

use aftercall_proto::event::v1::{ActorKind, CallDropJudged, CallReported};

use super::returned::{at, handles};
use super::*;
use crate::keys::calls::{self, Back, CALLS};

/// What happens next with one of a few contacts, in units of three minutes.
#[derive(Debug, Clone)]
enum Step {
    /// It is a call, of a number, that began then.
    Start {
        number: u8,
        began: i64,
        outbound: bool,
    },
    /// It ended then; somebody may say why.
    End { at: i64, said: bool },
    /// It is recorded.
    Record {
        customer: u8,
        number: u8,
        began: i64,
    },
    /// It was said that the customer was back then.
    Back(i64),
    /// Somebody says that it was lost, or that it was not.
    Judge(bool),
}

fn steps() -> impl Strategy<Value = Vec<(u8, Step)>> {
    let time = 0_i64..9;
    let step = prop_oneof![
        3 => (1_u8..3, time.clone(), prop::bool::weighted(0.2))
            .prop_map(|(number, began, outbound)| Step::Start { number, began, outbound }),
        3 => (time.clone(), prop::bool::weighted(0.2)).prop_map(|(at, said)| Step::End { at, said }),
        3 => (0_u8..3, 0_u8..3, time.clone())
            .prop_map(|(customer, number, began)| Step::Record { customer, number, began }),
        1 => time.prop_map(Step::Back),
        1 => any::<bool>().prop_map(Step::Judge),
    ];
    prop::collection::vec((0_u8..5, step), 0..30)
}

const UNIT_S: i64 = 180;

/// The log that steps make, and what is recorded.
struct World {
    log: Partitions,
    events: u64,
    recorded: BTreeMap<u8, (u8, u8, i64)>,
}

impl World {
    fn of(steps: &[(u8, Step)], partitions: u32) -> Self {
        let mut world = Self {
            log: Partitions::new(partitions),
            events: 0,
            recorded: BTreeMap::new(),
        };
        for (no, step) in steps {
            world.take(*no, step);
        }
        world
    }

    fn take(&mut self, no: u8, step: &Step) {
        self.events += 1;
        let id = format!("i-{no}");
        match step {
            Step::Start {
                number,
                began,
                outbound,
            } => {
                let direction = match outbound {
                    true => wire::Direction::Outbound,
                    false => wire::Direction::Inbound,
                };
                self.tell(
                    &id,
                    *began,
                    wire::CallEvent {
                        kind: wire::CallEventKind::Started.into(),
                        direction: direction.into(),
                        handles: handles(*number),
                        ..wire::CallEvent::default()
                    },
                );
            }
            Step::End { at, said } => {
                let reason = match said {
                    true => wire::DisconnectReason::Agent,
                    false => wire::DisconnectReason::Unspecified,
                };
                self.tell(
                    &id,
                    *at,
                    wire::CallEvent {
                        kind: wire::CallEventKind::Ended.into(),
                        disconnect_reason: reason.into(),
                        ..wire::CallEvent::default()
                    },
                );
            }
            Step::Record {
                customer,
                number,
                began,
            } => {
                self.record(no, (*customer, *number, *began));
            }
            Step::Back(back) => {
                let event = Event {
                    actor_kind: ActorKind::System.into(),
                    occurred_at: at(*back * UNIT_S),
                    ..judged(wire::DropClass::Suspected)
                };
                self.push(contact_key(TENANT, "", &id), &id, event);
            }
            Step::Judge(lost) => {
                let class = match lost {
                    true => wire::DropClass::Confirmed,
                    false => wire::DropClass::NotADrop,
                };
                self.push(contact_key(TENANT, "", &id), &id, judged(class));
            }
        }
    }

    /// A contact is recorded, once: of a customer, by a number, with its beginning.
    fn record(&mut self, no: u8, (customer, number, began): (u8, u8, i64)) {
        let id = format!("i-{no}");
        if self.recorded.contains_key(&no) {
            return;
        }
        self.recorded.insert(no, (customer, number, began));
        let customer = customer_id(customer);
        let recorded = wire::Interaction {
            interaction_id: id.clone(),
            direction: wire::Direction::Inbound.into(),
            occurred_at: at(began * UNIT_S),
            customer: Some(wire::Customer {
                customer_id: customer.clone(),
                handles: handles(number),
                ..wire::Customer::default()
            }),
            ..wire::Interaction::default()
        };
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(recorded),
            ..InteractionRecorded::default()
        }));
        let key = contact_key(TENANT, &customer, &id);
        self.push(
            key,
            &id,
            Event {
                customer_id: customer,
                ..fact.event()
            },
        );
    }

    /// Telephony tells something of a call.
    fn tell(&mut self, id: &str, unit: i64, event: wire::CallEvent) {
        let event = wire::CallEvent {
            source: "pbx".to_owned(),
            call_id: id.to_owned(),
            event_id: format!("e-{}", self.events),
            occurred_at: at(unit * UNIT_S),
            ..event
        };
        // Of one call it was set that whoever is back within 24 minutes goes on with it.
        let terms = (id == "i-1").then(|| wire::CallTerms {
            back_within: Some(pbjson_types::Duration {
                seconds: 8 * UNIT_S,
                nanos: 0,
            }),
            ..wire::CallTerms::default()
        });
        let fact = Fact::CallReported(Box::new(CallReported {
            event: Some(event),
            terms,
        }));
        self.push(contact_key(TENANT, "", id), id, fact.event());
    }

    fn push(&mut self, key: Bytes, id: &str, event: Event) {
        let event = Event {
            tenant_id: TENANT.to_owned(),
            event_id: format!("event-{}", self.events),
            aggregate_id: id.to_owned(),
            interaction_id: id.to_owned(),
            sequence: 1,
            recorded_at: at(0),
            ..event
        };
        self.log.append(Record {
            key,
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        });
    }
}

fn judged(class: wire::DropClass) -> Event {
    let judged = CallDropJudged {
        drop_class: class.into(),
        ..CallDropJudged::default()
    };
    Fact::CallDropJudged(Box::new(judged)).event()
}

/// What is said of a call that there is.
fn told(call: &wire::Call) -> Option<(i64, BTreeMap<String, String>)> {
    let began_at = call.began_at.as_ref().and_then(convert::time::from_wire)?;
    let inbound = call.direction() != wire::Direction::Outbound
        && call.direction() != wire::Direction::Internal;
    let names = call
        .handles
        .iter()
        .map(|it| (it.value.clone(), String::new()));
    inbound.then(|| (microseconds(began_at), names.collect()))
}

/// What the view holds, but for what tells those who watch where they go on: a record of which there is no call yet tells
/// them nothing.
fn standing(log: &Partitions, turns: &[(usize, usize)]) -> Held {
    let mut held = fold(log, &mut Promises::default(), turns).held;
    let changes = calls::changes(TENANT, 0);
    held.retain(|key, _| key.first() != changes.first());
    held
}

proptest! {
    #[test]
    fn a_customer_is_back_by_the_first_contact_soon_after_a_call_that_makes_a_difference(
        steps in steps(),
        partitions in 1_u32..5,
        turns in prop::collection::vec((0_usize..4, 1_usize..9), 1..12),
    ) {
        let world = World::of(&steps, partitions);
        let held = standing(&world.log, &[(0, 1)]);
        let again = standing(&world.log, &turns);
        prop_assert_eq!(&held, &again, "the way of reading makes no difference");

        let get = |key: &[u8]| Ok(held.get(key).cloned());
        let row = |no: u8| CALLS.read(TENANT, &format!("i-{no}"), get).unwrap();
        for no in 0..5 {
            let Some(lost) = row(no) else { continue };
            let partition = lost.position().partition;
            let said = held.get(&calls::back(partition, TENANT, &format!("i-{no}"))[..]);
            let said = said.map(|back| Back::decode(back.clone()).unwrap());
            let expected = lost.awaits_return().and_then(|(since, until)| {
                let numbers: Vec<_> = lost.shown().handles.iter().map(|it| it.value.clone()).collect();
                let window = microseconds(since)..=microseconds(until);
                let mut back = Vec::new();
                for other in (0..5).filter(|other| *other != no) {
                    let call = row(other).and_then(|row| told(&row.shown()));
                    if let Some((began, names)) = call
                        && numbers.iter().any(|number| names.contains_key(number))
                    {
                        back.push((began, other));
                    }
                    if let Some((_, number, began)) = world.recorded.get(&other)
                        && handles(*number).iter().any(|it| *number > 0 && numbers.contains(&it.value))
                    {
                        back.push((began * UNIT_S * 1_000_000, other));
                    }
                }
                let first = back.into_iter().filter(|(began, _)| window.contains(began)).min();
                first.filter(|(began, _)| lost.back_at_us().is_none_or(|known| *began < known))
            });
            let said = said.map(|back| (back.began_at_us, back.interaction_id));
            prop_assert_eq!(said, expected.map(|(began, other)| (began, format!("i-{other}"))));
        }
    }
}
