//! Which promises to call back are to be withdrawn, and because of which contact: as a naive look at all of the log says,
//! however it is read.

use std::collections::BTreeSet;

use aftercall_domain::commitment::Origin;
use aftercall_ledger::testing::merged;
use aftercall_proto::event::v1::{CommitmentFulfilled, CommitmentMade, InteractionAmended};
use pbjson_types::FieldMask;

use super::*;
use crate::keys::matched::{self, Following};
use crate::projection::followed_up::SaidOf;

/// What happens next to one of a few contacts.
#[derive(Debug, Clone)]
enum Step {
    Record(Contact),
    Identify(u8),
    /// It was cut off, or was not.
    Amend(bool),
    /// Somebody is to be called back after it.
    Make,
    /// They were.
    End,
    /// The first two customers are one, or are two again.
    Merge,
}

#[derive(Debug, Clone)]
struct Contact {
    customer: u8,
    number: u8,
    began_s: i64,
    inbound: bool,
    dropped: bool,
    /// What is known of it, once it is recorded.
    version: u64,
    made: bool,
    ended: bool,
}

fn steps() -> impl Strategy<Value = Vec<(u8, Step)>> {
    let customer = 0_u8..4;
    let flags = (any::<bool>(), any::<bool>());
    let contact = (customer.clone(), 0_u8..3, 0_i64..6, flags);
    let contact = contact.prop_map(|(customer, number, began_s, (inbound, dropped))| Contact {
        customer,
        number,
        began_s,
        inbound,
        dropped,
        version: 0,
        made: false,
        ended: false,
    });
    let step = prop_oneof![
        4 => contact.prop_map(Step::Record),
        2 => customer.prop_map(Step::Identify),
        1 => any::<bool>().prop_map(Step::Amend),
        4 => Just(Step::Make),
        1 => Just(Step::End),
        1 => Just(Step::Merge),
    ];
    prop::collection::vec((0_u8..5, step), 0..40)
}

/// The log that steps make, and what is known of it.
struct World {
    log: Partitions,
    /// Each contact, and the key that it was recorded under.
    contacts: BTreeMap<u8, (Contact, Bytes)>,
    merges: u64,
}

impl World {
    fn of(steps: &[(u8, Step)], partitions: u32) -> Self {
        let mut world = Self {
            log: Partitions::new(partitions),
            contacts: BTreeMap::new(),
            merges: 0,
        };
        for (no, step) in steps {
            world.take(*no, step);
        }
        world
    }

    fn take(&mut self, no: u8, step: &Step) {
        match (step, self.contacts.get_mut(&no)) {
            (Step::Merge, _) => {
                self.merges += 1;
                self.merge();
            }
            (Step::Record(contact), None) => {
                let (id, mut contact) = (format!("i-{no}"), contact.clone());
                contact.version = 1;
                let key = contact_key(TENANT, &customer_id(contact.customer), &id);
                let recorded = recorded(&id, &contact);
                self.contacts.insert(no, (contact, key));
                self.push(no, (&id, 1), &recorded);
            }
            (Step::Identify(customer), Some((contact, _))) => {
                (contact.customer, contact.version) = (*customer, contact.version + 1);
                let identified = InteractionIdentified {
                    customer_id: customer_id(*customer),
                    ..InteractionIdentified::default()
                };
                self.push_next(no, &Fact::InteractionIdentified(identified));
            }
            (Step::Amend(dropped), Some((contact, _))) => {
                (contact.dropped, contact.version) = (*dropped, contact.version + 1);
                let amended = InteractionAmended {
                    update_mask: Some(FieldMask {
                        paths: vec!["disconnect".to_owned()],
                    }),
                    interaction: Some(wire::Interaction {
                        disconnect: ended(*dropped),
                        ..wire::Interaction::default()
                    }),
                    ..InteractionAmended::default()
                };
                self.push_next(no, &Fact::InteractionAmended(Box::new(amended)));
            }
            (Step::Make, Some((contact, _))) if contact.dropped && !contact.made => {
                contact.made = true;
                let made = made(contact.began_s, contact.number);
                self.push_of_promise(no, 1, &made);
            }
            (Step::End, Some((contact, _))) if contact.made && !contact.ended => {
                contact.ended = true;
                let fulfilled = CommitmentFulfilled {
                    fulfilled_at: at(100),
                    outcome: wire::CommitmentOutcome::NotApplicable.into(),
                    ..CommitmentFulfilled::default()
                };
                self.push_of_promise(no, 2, &Fact::CommitmentFulfilled(fulfilled));
            }
            _ => {}
        }
    }

    fn merge(&mut self) {
        let (customer_id, other) = (customer_id(1), customer_id(2));
        let key = contact_key(TENANT, &customer_id, "");
        let fact = merged(&customer_id, &other, self.merges % 2 == 1);
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: customer_id,
            sequence: self.merges,
            recorded_at: at(0),
            ..fact.event()
        };
        self.append(key, &event);
    }

    /// The next event of a contact's record.
    fn push_next(&mut self, no: u8, fact: &Fact) {
        let version = self.contacts[&no].0.version;
        self.push(no, (&format!("i-{no}"), version), fact);
    }

    fn push_of_promise(&mut self, no: u8, sequence: u64, fact: &Fact) {
        let mut fact = fact.clone();
        let id = promise_id(&self.contacts[&no].1, no);
        if let Fact::CommitmentMade(made) = &mut fact {
            made.commitment.as_mut().unwrap().commitment_id = id.clone();
        }
        self.push(no, (&id, sequence), &fact);
    }

    fn push(&mut self, no: u8, (aggregate_id, sequence): (&str, u64), fact: &Fact) {
        let (contact, key) = &self.contacts[&no];
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            sequence,
            interaction_id: format!("i-{no}"),
            recorded_at: at(0),
            customer_id: customer_id(contact.customer),
            ..fact.event()
        };
        let key = key.clone();
        self.append(key, &event);
    }

    fn append(&mut self, key: Bytes, event: &Event) {
        self.log.append(Record {
            key,
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        });
    }

    /// Because of which contact the promise after one is to be withdrawn.
    fn needless_by(&self, no: u8) -> Option<u8> {
        let (lost, _) = &self.contacts[&no];
        if !lost.made || lost.ended {
            return None;
        }
        if !lost.dropped {
            return Some(no);
        }
        let back = self.contacts.iter().filter(|(other, (contact, _))| {
            **other != no
                && contact.inbound
                && contact.began_s >= lost.began_s
                && self.is_same(lost, contact)
        });
        let first = back.min_by_key(|(other, (contact, _))| (contact.began_s, **other));
        first.map(|(other, _)| *other)
    }

    fn is_same(&self, one: &Contact, other: &Contact) -> bool {
        let are_one = self.merges % 2 == 1;
        match (one.customer, other.customer) {
            (0, _) | (_, 0) => one.number == other.number && one.number > 0,
            (1 | 2, 1 | 2) if are_one => true,
            (one, other) => one == other,
        }
    }
}

pub(super) fn at(seconds: i64) -> Option<pbjson_types::Timestamp> {
    Some(to_wire(Timestamp::from_second(seconds).unwrap()))
}

fn ended(dropped: bool) -> Option<wire::Disconnect> {
    let drop_class = match dropped {
        true => wire::DropClass::Suspected,
        false => wire::DropClass::NotADrop,
    };
    Some(wire::Disconnect {
        drop_class: drop_class.into(),
        ..wire::Disconnect::default()
    })
}

/// 0 for a number that is withheld.
pub(super) fn handles(number: u8) -> Vec<wire::Handle> {
    let value = match number {
        0 => "anonymous".to_owned(),
        number => format!("+493099900{number}"),
    };
    vec![wire::Handle {
        kind: wire::HandleKind::Telephone.into(),
        value,
        display_form: String::new(),
    }]
}

fn recorded(id: &str, contact: &Contact) -> Fact {
    let direction = match contact.inbound {
        true => wire::Direction::Inbound,
        false => wire::Direction::Outbound,
    };
    Fact::InteractionRecorded(Box::new(InteractionRecorded {
        interaction: Some(wire::Interaction {
            interaction_id: id.to_owned(),
            direction: direction.into(),
            occurred_at: at(contact.began_s),
            disconnect: ended(contact.dropped),
            customer: Some(wire::Customer {
                customer_id: customer_id(contact.customer),
                handles: handles(contact.number),
                ..wire::Customer::default()
            }),
            ..wire::Interaction::default()
        }),
        ..InteractionRecorded::default()
    }))
}

fn made(made_s: i64, number: u8) -> Fact {
    Fact::CommitmentMade(Box::new(CommitmentMade {
        commitment: Some(wire::CommitmentDraft {
            kind: wire::CommitmentKind::CallBack.into(),
            promised_by: at(90),
            origin: wire::CommitmentOrigin::from(Origin::DropRecovery).into(),
            ..wire::CommitmentDraft::default()
        }),
        made_at: at(made_s),
        handles: handles(number),
        ..CommitmentMade::default()
    }))
}

fn promise_id(key: &[u8], no: u8) -> String {
    keys::recovery::promise_of(key, &format!("i-{no}"))
}

proptest! {
    #[test]
    fn a_promise_to_call_back_is_withdrawn_because_of_the_first_contact_that_makes_it_needless(
        steps in steps(),
        partitions in 1_u32..5,
        turns in prop::collection::vec((0_usize..4, 1_usize..9), 1..12),
    ) {
        let world = World::of(&steps, partitions);
        let folded = fold(&world.log, &mut Promises::default(), &[(0, 1)]);
        let again = fold(&world.log, &mut Promises::default(), &turns);
        prop_assert_eq!(&folded, &again, "the way of reading makes no difference");

        let held = folded.held;
        let mut left = BTreeSet::new();
        for (no, (contact, key)) in &world.contacts {
            let id = promise_id(key, *no);
            let all = matched::followed_up(TENANT, &id);
            let rows = held.iter().filter(|(key, _)| key.starts_with(&all[..]) && key.len() > all.len());
            let because: Vec<_> = rows
                .map(|(key, row)| {
                    let following = Following::read(key).unwrap();
                    let said = SaidOf::decode_row(row.clone()).unwrap();
                    left.insert(Bytes::copy_from_slice(&following.undecided(said.position())));
                    (said.returns, following.interaction_id)
                })
                .collect();
            let expected = world.needless_by(*no).map(|by| (true, format!("i-{by}")));
            prop_assert_eq!(because, Vec::from_iter(expected), "of {}", no);
            let to_be_made = held.keys().filter(|key| {
                key[0] == 80 && keys::recovery::read_dropped(key).unwrap().interaction_id == format!("i-{no}")
            });
            let expected = usize::from(contact.dropped && !contact.made);
            prop_assert_eq!(to_be_made.count(), expected, "of {}", no);
        }
        let undecided: BTreeSet<_> = held.keys().filter(|key| key[0] == 23).cloned().collect();
        prop_assert_eq!(undecided, left, "each is left to be said, and nothing else");
    }
}
