//! Events as any process may have written them: repetitions, lost races, names that others have, and
//! what only a later version understands.

use aftercall_domain::commitment::{Change, Clock, Evidence, Lapse, Outcome, Rescheduled};
use aftercall_domain::interaction::{commitment_id, id_of_reference};
use aftercall_log::Record;
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::{
    Fact, calendar_feeds_key, candidates_key, contact_key, customer_key, exports_key, notify_key,
    problem_key, search_key, settings_key, solution_key,
};
use aftercall_proto::event::v1::event::Payload;
use aftercall_proto::event::v1::{
    AggregateKind, CustomersMerged, CustomersUnmerged, Event, InteractionIdentified,
    InteractionRecorded, SealedPayload, SettingsChanged, SolutionPublished,
};
use aftercall_proto::model::v1::{CommitmentDraft, Customer, ExternalRef, Interaction, Solution};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use prost::Message;
use uuid::Uuid;

pub(crate) const TENANT: &str = "acme";

/// What one writer wrote.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// 0 for a customer who isn't identified.
    customer: u8,
    contact: ContactName,
    /// In which hour of a day.
    hour: u8,
    what: What,
    sealed: bool,
}

/// How a contact is named.
#[derive(Debug, Clone, Copy)]
enum ContactName {
    Id(u8),
    Reference(u8),
}

/// How a promise is named.
#[derive(Debug, Clone, Copy)]
enum PromiseName {
    /// By its place in its contact.
    Derived(u8),
    /// By its caller.
    Given(u8),
    /// As the first promise of another contact.
    Foreign(u8),
}

#[derive(Debug, Clone)]
enum What {
    Record {
        reference: Option<u8>,
        promises: Vec<PromiseName>,
        imported: bool,
    },
    Amend {
        sequence: u64,
        request: u8,
    },
    Promise {
        of: PromiseName,
        sequence: u64,
        kind: u8,
        revision: u32,
    },
    /// A type that nobody knows yet, of one of the kinds.
    Unknown {
        kind: AggregateKind,
        of: PromiseName,
        sequence: u64,
    },
    Publish {
        solution: u8,
        sequence: u64,
    },
    Identify {
        sequence: u64,
    },
    Merge {
        with: u8,
        sequence: u64,
        undo: bool,
    },
    SetUp {
        sequence: u64,
    },
}

pub(crate) fn written() -> impl Strategy<Value = Written> {
    let contact = prop_oneof![
        3 => (0..3_u8).prop_map(ContactName::Id),
        1 => (0..2_u8).prop_map(ContactName::Reference),
    ];
    let promise = || {
        prop_oneof![
            3 => (0..2_u8).prop_map(PromiseName::Derived),
            2 => (0..2_u8).prop_map(PromiseName::Given),
            1 => (0..3_u8).prop_map(PromiseName::Foreign),
        ]
    };
    let kind = prop::sample::select(vec![
        AggregateKind::Interaction,
        AggregateKind::Commitment,
        AggregateKind::Solution,
        AggregateKind::Customer,
        AggregateKind::Settings,
        AggregateKind::Repeat,
        AggregateKind::Webhook,
        AggregateKind::WebhookQueue,
        AggregateKind::WebhookOutcomes,
        AggregateKind::MailOutcomes,
        AggregateKind::CalendarFeed,
        AggregateKind::Candidate,
        AggregateKind::AlertRoutes,
        AggregateKind::Search,
        AggregateKind::Link,
        AggregateKind::Cause,
        AggregateKind::Problem,
        AggregateKind::Export,
        AggregateKind::Concern,
        AggregateKind::Call,
        AggregateKind::Unspecified,
    ]);
    let drafts = prop::collection::vec(promise(), 0..3);
    let what = prop_oneof![
        4 => (prop::option::of(0..2_u8), drafts, any::<bool>()).prop_map(
            |(reference, promises, imported)| What::Record { reference, promises, imported }
        ),
        2 => (1..5_u64, 0..3_u8).prop_map(|(sequence, request)| What::Amend { sequence, request }),
        6 => (promise(), 1..5_u64, 0..4_u8, 1..4_u32).prop_map(|(of, sequence, kind, revision)| {
            What::Promise { of, sequence, kind, revision }
        }),
        2 => (kind, promise(), 1..5_u64)
            .prop_map(|(kind, of, sequence)| What::Unknown { kind, of, sequence }),
        1 => (1..5_u64).prop_map(|sequence| What::Identify { sequence }),
        1 => (0..2_u8, 1..4_u64, any::<bool>())
            .prop_map(|(with, sequence, undo)| What::Merge { with, sequence, undo }),
        1 => (0..2_u8, 1..3_u64).prop_map(|(solution, sequence)| What::Publish { solution, sequence }),
        1 => (1..5_u64).prop_map(|sequence| What::SetUp { sequence }),
    ];
    let sealed = prop::bool::weighted(0.1);
    (0..3_u8, contact, 0..12_u8, what, sealed).prop_map(
        |(customer, contact, hour, what, sealed)| Written {
            customer,
            contact,
            hour,
            what,
            sealed,
        },
    )
}

/// The one customer who is merged with others, and the key of all that concerns it.
fn merging() -> (String, Bytes) {
    let customer_id = "customer-1".to_owned();
    let key = customer_key(TENANT, &customer_id);
    (customer_id, key)
}

fn at(hour: u8) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour.into())
}

fn id_of(contact: ContactName) -> Uuid {
    match contact {
        ContactName::Id(number) => Uuid::from_u128(u128::from(number) + 1),
        ContactName::Reference(number) => id_of_reference(TENANT, "pbx", &number.to_string()),
    }
}

fn promise_id(contact: Uuid, promise: PromiseName) -> String {
    let id = match promise {
        PromiseName::Derived(index) => commitment_id(TENANT, contact, index.into()),
        PromiseName::Given(number) => Uuid::from_u128(u128::from(number) + 1),
        PromiseName::Foreign(other) => commitment_id(TENANT, id_of(ContactName::Id(other)), 0),
    };
    id.to_string()
}

impl Written {
    /// The record of the log.
    pub(crate) fn record(&self) -> Record {
        let contact = id_of(self.contact);
        let customer_id = match self.customer {
            0 => String::new(),
            customer => format!("customer-{customer}"),
        };
        let mut key = contact_key(TENANT, &customer_id, &contact.to_string());
        let mut event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: contact.to_string(),
            interaction_id: contact.to_string(),
            recorded_at: Some(to_wire(at(self.hour))),
            request_hash: vec![self.hour; 16].into(),
            customer_id: customer_id.clone(),
            ..self.event(contact, customer_id)
        };
        match &self.what {
            What::Promise { of, .. } => event.aggregate_id = promise_id(contact, *of),
            What::Unknown { kind, of, .. } => match kind {
                AggregateKind::Commitment => event.aggregate_id = promise_id(contact, *of),
                AggregateKind::Solution => {
                    event.aggregate_id = "solution-0".to_owned();
                    key = solution_key(TENANT, &event.aggregate_id);
                }
                AggregateKind::Customer => (event.aggregate_id, key) = merging(),
                AggregateKind::Settings => key = settings_key(TENANT),
                AggregateKind::Webhook
                | AggregateKind::WebhookQueue
                | AggregateKind::WebhookOutcomes
                | AggregateKind::MailOutcomes
                | AggregateKind::AlertRoutes => key = notify_key(TENANT),
                AggregateKind::CalendarFeed => key = calendar_feeds_key(TENANT),
                AggregateKind::Export => key = exports_key(TENANT),
                AggregateKind::Candidate => key = candidates_key(TENANT, &event.aggregate_id),
                AggregateKind::Search | AggregateKind::Link => {
                    key = search_key(TENANT, &event.aggregate_id);
                }
                AggregateKind::Problem => key = problem_key(TENANT, &event.aggregate_id),
                AggregateKind::Interaction
                | AggregateKind::Repeat
                | AggregateKind::Cause
                | AggregateKind::Concern
                | AggregateKind::Call
                | AggregateKind::Unspecified => {}
            },
            What::Merge { .. } => (event.aggregate_id, key) = merging(),
            What::SetUp { .. } => key = settings_key(TENANT),
            What::Publish { solution, .. } => {
                event.aggregate_id = format!("solution-{solution}");
                event.interaction_id = String::new();
                key = solution_key(TENANT, &event.aggregate_id);
            }
            What::Record { .. } | What::Amend { .. } | What::Identify { .. } => {}
        }
        if self.sealed {
            event.payload = Some(Payload::Sealed(SealedPayload::default()));
        }
        Record {
            key,
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        }
    }

    fn event(&self, contact: Uuid, customer_id: String) -> Event {
        match &self.what {
            What::Record {
                reference,
                promises,
                imported,
            } => Event {
                sequence: 1,
                import_batch: "batch".repeat((*imported).into()),
                ..self.recorded(contact, customer_id, *reference, promises)
            },
            What::Amend { sequence, request } => Event {
                sequence: *sequence,
                request_id: format!("request-{request}"),
                ..Fact::InteractionAmended(Box::default()).event()
            },
            What::Promise {
                sequence,
                kind,
                revision,
                ..
            } => Event {
                sequence: *sequence,
                ..fact(self.change(*kind, *revision)).event()
            },
            What::Unknown { kind, sequence, .. } => Event {
                r#type: 9_999,
                aggregate_kind: (*kind).into(),
                sequence: *sequence,
                payload: Some(Payload::Data("of a later version".into())),
                ..Event::default()
            },
            What::Identify { sequence } => Event {
                sequence: *sequence,
                ..Fact::InteractionIdentified(InteractionIdentified::default()).event()
            },
            What::Merge {
                with,
                sequence,
                undo,
            } => Event {
                sequence: *sequence,
                ..merge(*with, *undo).event()
            },
            What::SetUp { sequence } => Event {
                sequence: *sequence,
                ..Fact::SettingsChanged(Box::<SettingsChanged>::default()).event()
            },
            What::Publish { sequence, .. } => {
                let published = SolutionPublished {
                    solution: Some(Solution::default()),
                    ..SolutionPublished::default()
                };
                Event {
                    sequence: *sequence,
                    ..Fact::SolutionPublished(Box::new(published)).event()
                }
            }
        }
    }

    fn recorded(
        &self,
        contact: Uuid,
        customer_id: String,
        reference: Option<u8>,
        promises: &[PromiseName],
    ) -> Event {
        let reference = match self.contact {
            ContactName::Reference(own) => Some(own),
            ContactName::Id(_) => reference,
        };
        let drafts = promises.iter().map(|promise| CommitmentDraft {
            commitment_id: promise_id(contact, *promise),
            told_to_customer: true,
            promised_by: Some(to_wire(at(6))),
            fulfilled_at: self.hour.is_multiple_of(3).then(|| to_wire(at(self.hour))),
            ..CommitmentDraft::default()
        });
        let interaction = Interaction {
            interaction_id: contact.to_string(),
            external_ref: reference.map(|number| ExternalRef {
                source_system: "pbx".to_owned(),
                external_id: number.to_string(),
            }),
            customer: Some(Customer {
                customer_id,
                ..Customer::default()
            }),
            commitments: drafts.collect(),
            ..Interaction::default()
        };
        let recorded = InteractionRecorded {
            interaction: Some(interaction),
            ..InteractionRecorded::default()
        };
        Fact::InteractionRecorded(Box::new(recorded)).event()
    }

    fn change(&self, kind: u8, revision: u32) -> Change {
        let recorded_at = at(self.hour);
        match kind {
            0 => Change::Lapsed(Lapse {
                clock: Clock::Promise,
                due_revision: revision,
                lapsed_at: at(6),
                detected_at: recorded_at,
            }),
            1 => Change::Fulfilled {
                fulfilled_at: recorded_at,
                outcome: Outcome::Kept,
                evidence: Evidence::default(),
                note: String::new(),
            },
            2 => Change::Cancelled {
                outcome: Outcome::Broken,
                customer_informed: Evidence::default(),
                reason: String::new(),
            },
            _ => Change::Rescheduled(Box::new(Rescheduled {
                number: revision,
                clock: Clock::Promise,
                target: None,
                stages: Vec::new(),
                due_revision: revision,
                from: at(6),
                to: at(7),
                reason: String::new(),
                customer_informed: Evidence::default(),
                after_lapse: false,
                by: "lead".to_owned(),
                at: recorded_at,
                told_at: recorded_at,
                due: None,
            })),
        }
    }
}

/// Two customers become one, or two again.
fn merge(with: u8, undo: bool) -> Fact {
    let merged_customer_id = format!("other-{with}");
    match undo {
        false => Fact::CustomersMerged(CustomersMerged {
            merged_customer_id,
            ..CustomersMerged::default()
        }),
        true => Fact::CustomersUnmerged(CustomersUnmerged {
            merged_customer_id,
            ..CustomersUnmerged::default()
        }),
    }
}
