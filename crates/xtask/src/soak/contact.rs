//! Contacts that are made from their numbers alone: what was sent need not be kept to be compared.

use aftercall_client::Rpc;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
};
use aftercall_proto::model::v1::{
    Channel, Commitment, CommitmentDraft, CommitmentKind, CommitmentLifecycle, CommitmentOutcome,
    ContactReason, Customer, Direction, Handling, Interaction,
};
use aftercall_proto::recorder::v1::{AmendInteractionRequest, RecordInteractionRequest};
use jiff::{SignedDuration, Timestamp};
use pbjson_types::FieldMask;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How many customers call.
pub(super) const CUSTOMERS: u64 = 2_000;

/// What a short promise has left when it is made, and a long one; and by how much one is moved.
const SOON: SignedDuration = SignedDuration::from_secs(6);
const LATER: SignedDuration = SignedDuration::from_hours(1_000);
const MOVE: SignedDuration = SignedDuration::from_hours(24);

const WORDS: [&str; 16] = [
    "router", "light", "orange", "invoice", "twice", "paid", "rebooted", "parcel", "waits",
    "since", "Tuesday", "Straße", "账单", "refund", "line", "noise",
];

/// The words of a long summary.
const LARGE_WORDS: usize = 9_000;

/// What is to become of a contact's promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is none.
    None,
    /// It stays open, and is not due.
    Open,
    /// It is kept in time.
    Kept,
    /// It lapses, and is kept after that.
    Late,
    /// It lapses, and nobody cares.
    Lapsed,
    /// It is called off.
    Cancelled,
    /// What we aim at is moved, and the customer is not told: what they were told stays.
    Moved,
    /// Its due is moved, and the customer is told.
    MovedAndTold,
}

/// What changes a contact's promise.
pub(super) enum Command {
    Fulfil(FulfilCommitmentRequest),
    Cancel(CancelCommitmentRequest),
    Reschedule(RescheduleCommitmentRequest),
}

/// A contact: all of it follows from this.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contact {
    pub(super) number: u64,
    /// In whole seconds.
    pub(super) occurred_at: Timestamp,
    /// Whether its summary is as long as one may be, rather than as an agent writes it.
    pub(super) is_large: bool,
}

impl Contact {
    /// Its id, and that of its promise.
    fn ids(&self) -> (String, String) {
        let mut random = StdRng::seed_from_u64(self.number);
        let mut id = || {
            uuid::Builder::from_random_bytes(random.random())
                .into_uuid()
                .to_string()
        };
        (id(), id())
    }

    pub(super) fn id(&self) -> String {
        self.ids().0
    }

    pub(super) fn promise_id(&self) -> String {
        self.ids().1
    }

    pub(super) fn customer_id(&self) -> String {
        customer(self.number % CUSTOMERS)
    }

    pub(super) fn fate(&self) -> Fate {
        match self.number % 16 {
            0 | 1 => Fate::Kept,
            2 => Fate::Late,
            3 => Fate::Cancelled,
            4 if self.number % 32 == 4 => Fate::Moved,
            4 => Fate::MovedAndTold,
            5 | 6 => Fate::Lapsed,
            7 | 8 => Fate::Open,
            _ => Fate::None,
        }
    }

    /// Whether its record is amended later.
    pub(super) fn is_amended(&self) -> bool {
        self.number.is_multiple_of(10)
    }

    /// When its promise is due at first.
    pub(super) fn due(&self) -> Timestamp {
        match self.fate() {
            Fate::Late | Fate::Lapsed => self.occurred_at + SOON,
            _ => self.occurred_at + LATER,
        }
    }

    /// The record; `other` is another content under the same id.
    pub(super) fn record(&self, other: bool) -> RecordInteractionRequest {
        let (interaction_id, commitment_id) = self.ids();
        let commitments = match self.fate() {
            Fate::None => Vec::new(),
            _ => vec![CommitmentDraft {
                commitment_id,
                kind: CommitmentKind::CallBack.into(),
                promise_text: "We call you back.".to_owned(),
                told_to_customer: true,
                promised_by: Some(to_wire(self.due())),
                ..CommitmentDraft::default()
            }],
        };
        RecordInteractionRequest {
            interaction: Some(Interaction {
                interaction_id,
                channel: Channel::Voice.into(),
                direction: Direction::Inbound.into(),
                customer: Some(Customer {
                    customer_id: self.customer_id(),
                    ..Customer::default()
                }),
                agent_id: self.agent_id(other),
                occurred_at: Some(to_wire(self.occurred_at)),
                contact_reasons: vec![ContactReason {
                    code: "soak.call".to_owned(),
                    primary: true,
                    ..ContactReason::default()
                }],
                handling: Some(Handling {
                    summary: self.summary(false),
                    ..Handling::default()
                }),
                no_follow_up_promised: commitments.is_empty(),
                commitments,
                labels: vec![format!("number-{}", self.number)],
                ..Interaction::default()
            }),
            ..RecordInteractionRequest::default()
        }
    }

    fn agent_id(&self, other: bool) -> String {
        let which = if other { "other" } else { "agent" };
        format!("{which}-{}", self.number % 97)
    }

    fn summary(&self, amended: bool) -> String {
        let mut random = StdRng::seed_from_u64(!self.number ^ u64::from(amended) << 32);
        let words = if self.is_large {
            LARGE_WORDS
        } else {
            random.random_range(5..120)
        };
        let words: Vec<_> = (0..words)
            .map(|_| WORDS[random.random_range(0..WORDS.len())])
            .collect();
        words.join(" ")
    }

    /// The amendment of its record.
    pub(super) fn amendment(&self) -> AmendInteractionRequest {
        let mut request = AmendInteractionRequest {
            interaction_id: self.id(),
            interaction: Some(Interaction {
                handling: Some(Handling {
                    summary: self.summary(true),
                    ..Handling::default()
                }),
                ..Interaction::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["handling".to_owned()],
            }),
            reason: "was cut short".to_owned(),
            ..AmendInteractionRequest::default()
        };
        request.name(|| format!("amend-{}", self.number));
        request
    }

    /// What is done about its promise; none where nothing is.
    pub(super) fn command(&self) -> Option<Command> {
        let (request_id, commitment_id) = (format!("change-{}", self.number), self.promise_id());
        match self.fate() {
            Fate::None | Fate::Open | Fate::Lapsed => None,
            Fate::Kept | Fate::Late => Some(Command::Fulfil(FulfilCommitmentRequest {
                request_id,
                commitment_id,
                note: "called".to_owned(),
                ..FulfilCommitmentRequest::default()
            })),
            Fate::Cancelled => Some(Command::Cancel(CancelCommitmentRequest {
                request_id,
                commitment_id,
                reason: "solved meanwhile".to_owned(),
                ..CancelCommitmentRequest::default()
            })),
            fate @ (Fate::Moved | Fate::MovedAndTold) => {
                Some(Command::Reschedule(RescheduleCommitmentRequest {
                    request_id,
                    commitment_id,
                    promised_by: Some(to_wire(self.due() + MOVE)),
                    reason: "the part is late".to_owned(),
                    customer_informed_message_id: match fate {
                        Fate::MovedAndTold => format!("message-{}", self.number),
                        _ => String::new(),
                    },
                    ..RescheduleCommitmentRequest::default()
                }))
            }
        }
    }

    /// From when on the promise's command is sent.
    pub(super) fn command_at(&self) -> Timestamp {
        match self.fate() {
            Fate::Late => self.due() + SignedDuration::from_secs(2),
            _ => self.occurred_at,
        }
    }

    /// How what the server says of the contact is not what was sent; none if it is.
    pub(super) fn differs(&self, said: &Interaction, other: bool, amended: bool) -> Option<String> {
        let customer_id = said.customer.clone().unwrap_or_default().customer_id;
        let handling = said.handling.clone().unwrap_or_default();
        let label = format!("number-{}", self.number);
        let fields = [
            ("agent_id", said.agent_id == self.agent_id(other)),
            ("customer", customer_id == self.customer_id()),
            ("summary", handling.summary == self.summary(amended)),
            ("labels", said.labels == [label]),
            (
                "occurred_at",
                said.occurred_at == Some(to_wire(self.occurred_at)),
            ),
            ("version", said.version == 1 + u64::from(amended)),
        ];
        let wrong = fields.into_iter().find(|(_, same)| !same);
        wrong.map(|(field, _)| format!("{field} of contact {} is not what was sent", self.id()))
    }

    /// How the promise is not what its fate says; none if it is. `done` is whether its command was.
    pub(super) fn promise_differs(&self, said: &Commitment, done: bool) -> Option<String> {
        use CommitmentLifecycle::{Active, Cancelled, Fulfilled};
        use CommitmentOutcome::{Kept, KeptLate};
        let (lifecycle, lapses) = match (self.fate(), done) {
            (Fate::Kept, true) => (Fulfilled, 0),
            (Fate::Late, true) => (Fulfilled, 1),
            (Fate::Cancelled, true) => (Cancelled, 0),
            (Fate::Late | Fate::Lapsed, _) => (Active, 1),
            _ => (Active, 0),
        };
        let outcome = match (self.fate(), done) {
            (Fate::Kept, true) => Some(Kept),
            (Fate::Late, true) => Some(KeptLate),
            _ => None,
        };
        let (due, target) = match (self.fate(), done) {
            (Fate::Moved, true) => (self.due(), Some(self.due() + MOVE)),
            (Fate::MovedAndTold, true) => (self.due() + MOVE, None),
            _ => (self.due(), None),
        };
        let said_target = said.target.as_ref().and_then(|it| it.target_at);
        let lapsed_at = said.lapses.iter().map(|lapse| lapse.lapsed_at);
        let fields = [
            ("lifecycle", said.lifecycle == i32::from(lifecycle)),
            (
                "outcome",
                outcome.is_none_or(|it| said.outcome == i32::from(it)),
            ),
            ("promised_by", said.promised_by == Some(to_wire(due))),
            ("target", said_target == target.map(to_wire)),
            ("lapses", said.lapses.len() == lapses),
            (
                "lapsed_at",
                lapsed_at
                    .into_iter()
                    .all(|at| at == Some(to_wire(self.due()))),
            ),
            ("interaction_id", said.interaction_id == self.id()),
        ];
        let wrong = fields.into_iter().find(|(_, same)| !same);
        wrong.map(|(field, _)| {
            let (fate, id) = (self.fate(), &said.commitment_id);
            format!("{field} of promise {id} is wrong: {fate:?}, done {done}: {said:?}")
        })
    }
}

/// The customer of that number.
pub(super) fn customer(number: u64) -> String {
    format!("customer-{number}")
}
