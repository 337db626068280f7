//! Writers that write until the server is gone, and note what it says.

use std::sync::Arc;

use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{
    RecordInteractionRequest, RecordInteractionsRequest, RecordInteractionsResponse,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::journal::Journal;
use crate::requests;

/// Writers with a call for each record.
const UNARY_WRITERS: u64 = 4;
/// Customers of each writer. No other writes about them, so that their order is known.
pub(crate) const CUSTOMERS: u64 = 5;
/// Records that a stream sends ahead of their acknowledgements.
const AHEAD: usize = 64;

/// The customers that the writers write about.
pub(crate) fn customers() -> Vec<String> {
    let writers = 0..=UNARY_WRITERS;
    writers
        .flat_map(|writer| (0..CUSTOMERS).map(move |nth| customer(writer, nth)))
        .collect()
}

/// The `nth` customer of a writer.
pub(crate) fn customer(writer: u64, nth: u64) -> String {
    format!("customer-{writer}-{nth}")
}

/// Why a writer ended, or goes on.
enum Said {
    /// The server did not take it, and it is not in the log.
    No,
    /// The connection is gone, or the server says that it doesn't know.
    Gone,
}

/// Starts the writers of a round: they end when the server does.
pub(crate) fn start(journal: &Arc<Journal>, channel: &Channel, seed: u64) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for number in 0..=UNARY_WRITERS {
        let writer = Writer {
            journal: Arc::clone(journal),
            channel: channel.clone(),
            rng: StdRng::seed_from_u64(seed ^ (number << 32)),
            source: format!("{seed}-{number}"),
            number,
            sent: 0,
        };
        if number == UNARY_WRITERS {
            writers.spawn(writer.stream());
        } else {
            writers.spawn(writer.one_by_one());
        }
    }
    writers
}

struct Writer {
    journal: Arc<Journal>,
    channel: Channel,
    rng: StdRng,
    source: String,
    number: u64,
    sent: u64,
}

impl Writer {
    fn next(&mut self) -> RecordInteractionRequest {
        self.sent += 1;
        let customer = customer(self.number, self.rng.random_range(0..CUSTOMERS));
        requests::record(&mut self.rng, &self.source, self.sent, &customer)
    }

    async fn one_by_one(mut self) {
        let mut recorder = RecorderServiceClient::new(self.channel.clone());
        loop {
            let request = self.next();
            let id = self.journal.send_record(&request);
            let said = match recorder.record_interaction(request.clone()).await {
                Ok(answer) => {
                    self.journal.answer_record(&id, Some(answer.into_inner()));
                    self.go_on(&request).await
                }
                Err(status) => match said(&self.journal, &status) {
                    Said::No => {
                        self.journal.answer_record(&id, None);
                        Ok(())
                    }
                    Said::Gone => Err(()),
                },
            };
            if said.is_err() {
                return;
            }
        }
    }

    /// Changes what was just recorded, now and then.
    async fn go_on(&mut self, recorded: &RecordInteractionRequest) -> Result<(), ()> {
        let interaction = recorded.interaction.as_ref().expect("a record of ours");
        let customer = interaction.customer.clone().unwrap_or_default().customer_id;
        let request_id = format!("{}-{}", self.source, self.sent);
        if self.rng.random_bool(0.2) {
            self.amend(&customer, request_id.clone(), &interaction.interaction_id)
                .await?;
        }
        match interaction.commitments.first() {
            Some(promise) if self.rng.random_bool(0.3) => {
                self.fulfil(&customer, request_id, &promise.commitment_id)
                    .await
            }
            _ => Ok(()),
        }
    }

    async fn amend(&mut self, customer: &str, request_id: String, id: &str) -> Result<(), ()> {
        let request = requests::amendment(&mut self.rng, request_id.clone(), id);
        self.journal.send_amendment(customer, &request);
        let mut recorder = RecorderServiceClient::new(self.channel.clone());
        match recorder.amend_interaction(request).await {
            Ok(answer) => {
                let answer = Some(answer.into_inner());
                self.journal.answer_amendment(&request_id, answer);
            }
            Err(status) => match said(&self.journal, &status) {
                Said::No => self.journal.answer_amendment(&request_id, None),
                Said::Gone => return Err(()),
            },
        }
        Ok(())
    }

    async fn fulfil(&mut self, customer: &str, request_id: String, id: &str) -> Result<(), ()> {
        let request = requests::fulfilment(&mut self.rng, request_id.clone(), id);
        self.journal.send_fulfilment(customer, &request);
        let mut followups = FollowupServiceClient::new(self.channel.clone());
        match followups.fulfil_commitment(request).await {
            Ok(answer) => {
                let answer = Some(answer.into_inner());
                self.journal.answer_fulfilment(&request_id, answer);
            }
            Err(status) => match said(&self.journal, &status) {
                Said::No => self.journal.answer_fulfilment(&request_id, None),
                Said::Gone => return Err(()),
            },
        }
        Ok(())
    }

    async fn stream(mut self) {
        let mut recorder = RecorderServiceClient::new(self.channel.clone());
        let (sender, receiver) = mpsc::channel(1);
        // The ids on their way: as many as may be ahead.
        let (on_the_way, answers) = mpsc::channel(AHEAD);
        let journal = Arc::clone(&self.journal);
        let sending = async move {
            loop {
                let request = self.next();
                let Ok(place) = on_the_way.reserve().await else {
                    return;
                };
                let id = self.journal.send_record(&request);
                place.send(id.clone());
                let message = RecordInteractionsRequest {
                    correlation_id: id,
                    request: Some(request),
                };
                if sender.send(message).await.is_err() {
                    return;
                }
            }
        };
        let receiving = async move {
            let opened = recorder.record_interactions(ReceiverStream::new(receiver));
            match opened.await {
                Ok(stream) => receive(&journal, answers, stream.into_inner()).await,
                Err(status) => drop(said(&journal, &status)),
            }
        };
        // Whichever ends, the server is gone.
        tokio::select! {
            () = sending => {}
            () = receiving => {}
        }
    }
}

/// Takes a stream's answers, which come in the order of the requests.
async fn receive(
    journal: &Journal,
    mut ids: mpsc::Receiver<String>,
    mut stream: tonic::Streaming<RecordInteractionsResponse>,
) {
    loop {
        let answer = match stream.message().await {
            Ok(Some(answer)) => answer,
            Ok(None) => return,
            Err(status) => {
                let _ = said(journal, &status);
                return;
            }
        };
        let id = ids.recv().await.unwrap_or_default();
        if answer.correlation_id != id {
            let what = format!("{} was answered before {id}", answer.correlation_id);
            return journal.unexpected(what);
        }
        match answer.outcome {
            Some(Outcome::Response(response)) => journal.answer_record(&id, Some(response)),
            Some(Outcome::Failure(failure)) if failure.code == Code::ResourceExhausted as i32 => {
                journal.answer_record(&id, None);
            }
            Some(Outcome::Failure(failure)) if failure.code == Code::Unavailable as i32 => {}
            other => journal.unexpected(format!("{other:?}")),
        }
    }
}

/// What a failed call means. Anything that a writer of sound requests must not hear is noted.
fn said(journal: &Journal, status: &Status) -> Said {
    let by_server = status.get_details_error_info().is_some();
    match status.code() {
        Code::ResourceExhausted if by_server => Said::No,
        Code::Unavailable => Said::Gone,
        // The connection broke within an answer.
        _ if !by_server => Said::Gone,
        _ => {
            journal.unexpected(format!("{status:?}"));
            Said::Gone
        }
    }
}
