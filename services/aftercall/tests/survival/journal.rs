//! What was sent, and what of it was acknowledged: kept in the test's memory, out of the disk's
//! reach.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use aftercall_proto::convert::time::from_wire;
use aftercall_proto::followups::v1::{FulfilCommitmentRequest, FulfilCommitmentResponse};
use aftercall_proto::model::v1::CommitmentDraft;
use aftercall_proto::recorder::v1::{
    AmendInteractionRequest, AmendInteractionResponse, RecordInteractionRequest,
    RecordInteractionResponse,
};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::requests::now;

/// A request, and what became of it.
#[derive(Debug)]
pub(crate) struct Sent<Q, A> {
    pub(crate) request: Q,
    pub(crate) customer_id: String,
    /// Its place among all that was sent to the same customer, and more.
    pub(crate) order: u64,
    pub(crate) answer: Answer<A>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer<A> {
    /// Nobody knows.
    None,
    /// It is in the log, the server says.
    Acknowledged { answer: A, at: Timestamp },
    /// It is not in the log, the server says.
    Refused,
}

impl<A> Answer<A> {
    pub(crate) fn acknowledged(&self) -> Option<(&A, Timestamp)> {
        match self {
            Self::Acknowledged { answer, at } => Some((answer, *at)),
            Self::None | Self::Refused => None,
        }
    }
}

/// Recordings by the interaction's id.
pub(crate) type Records =
    HashMap<String, Sent<RecordInteractionRequest, RecordInteractionResponse>>;
/// Amendments by the request's id.
pub(crate) type Amendments =
    HashMap<String, Sent<AmendInteractionRequest, AmendInteractionResponse>>;
/// Fulfilments by the request's id.
pub(crate) type Fulfilments =
    HashMap<String, Sent<FulfilCommitmentRequest, FulfilCommitmentResponse>>;

/// Everything that was sent.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) records: Records,
    pub(crate) amendments: Amendments,
    pub(crate) fulfilments: Fulfilments,
    /// The interaction of each promise.
    pub(crate) promises: HashMap<String, String>,
    /// Answers that nobody expects.
    pub(crate) unexpected: Vec<String>,
    order: u64,
}

impl Entries {
    /// The promise of that id, as it was sent.
    pub(crate) fn promise(&self, commitment_id: &str) -> Option<&CommitmentDraft> {
        let record = self.records.get(self.promises.get(commitment_id)?)?;
        let interaction = record.request.interaction.as_ref()?;
        let mut drafts = interaction.commitments.iter();
        drafts.find(|draft| draft.commitment_id == commitment_id)
    }

    fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }
}

/// When a promise is due.
pub(crate) fn due(promise: &CommitmentDraft) -> Timestamp {
    let due = promise.promised_by.as_ref().and_then(from_wire);
    due.expect("a promise of ours")
}

/// The journal, shared by those who write.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: Mutex<Entries>,
    acknowledged: watch::Sender<u64>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::default(),
            acknowledged: watch::Sender::new(0),
        }
    }

    pub(crate) fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("no writer failed")
    }

    /// How many requests were acknowledged, as it grows.
    pub(crate) fn acknowledgements(&self) -> watch::Receiver<u64> {
        self.acknowledged.subscribe()
    }

    /// To be called before a record is sent.
    pub(crate) fn send_record(&self, request: &RecordInteractionRequest) -> String {
        let mut entries = self.entries();
        let interaction = request.interaction.as_ref().expect("a record of ours");
        let id = interaction.interaction_id.clone();
        for draft in &interaction.commitments {
            let known = entries
                .promises
                .insert(draft.commitment_id.clone(), id.clone());
            assert_eq!(known, None, "a promise's id is used once");
        }
        let customer_id = interaction.customer.clone().unwrap_or_default().customer_id;
        let sent = Sent {
            request: request.clone(),
            customer_id,
            order: entries.next_order(),
            answer: Answer::None,
        };
        let known = entries.records.insert(id.clone(), sent);
        assert!(known.is_none(), "an id is used once");
        id
    }

    /// To be called before a record is sent again that never arrived.
    pub(crate) fn send_record_again(&self, id: &str) {
        let mut entries = self.entries();
        let order = entries.next_order();
        entries.records.get_mut(id).expect("it was sent").order = order;
    }

    /// To be called before an amendment is sent.
    pub(crate) fn send_amendment(&self, customer_id: &str, request: &AmendInteractionRequest) {
        let mut entries = self.entries();
        let order = entries.next_order();
        let sent = sent(customer_id, request, order);
        entries.amendments.insert(request.request_id.clone(), sent);
    }

    /// To be called before a fulfilment is sent.
    pub(crate) fn send_fulfilment(&self, customer_id: &str, request: &FulfilCommitmentRequest) {
        let mut entries = self.entries();
        let order = entries.next_order();
        let sent = sent(customer_id, request, order);
        entries.fulfilments.insert(request.request_id.clone(), sent);
    }

    /// Notes what became of a record.
    pub(crate) fn answer_record(&self, id: &str, answer: Option<RecordInteractionResponse>) {
        let mut entries = self.entries();
        let sent = entries.records.get_mut(id).expect("it was sent");
        self.note(&mut sent.answer, answer);
    }

    /// Notes what became of an amendment.
    pub(crate) fn answer_amendment(&self, id: &str, answer: Option<AmendInteractionResponse>) {
        let mut entries = self.entries();
        let sent = entries.amendments.get_mut(id).expect("it was sent");
        self.note(&mut sent.answer, answer);
    }

    /// Notes what became of a fulfilment.
    pub(crate) fn answer_fulfilment(&self, id: &str, answer: Option<FulfilCommitmentResponse>) {
        let mut entries = self.entries();
        let sent = entries.fulfilments.get_mut(id).expect("it was sent");
        self.note(&mut sent.answer, answer);
    }

    /// The first acknowledgement counts.
    fn note<A>(&self, noted: &mut Answer<A>, answer: Option<A>) {
        if noted.acknowledged().is_some() {
            return;
        }
        *noted = match answer {
            None => Answer::Refused,
            Some(answer) => {
                self.acknowledged.send_modify(|count| *count += 1);
                Answer::Acknowledged { answer, at: now() }
            }
        };
    }

    /// Notes an answer that nobody expects.
    pub(crate) fn unexpected(&self, what: String) {
        self.entries().unexpected.push(what);
    }
}

fn sent<Q: Clone, A>(customer_id: &str, request: &Q, order: u64) -> Sent<Q, A> {
    Sent {
        request: request.clone(),
        customer_id: customer_id.to_owned(),
        order,
        answer: Answer::None,
    }
}
