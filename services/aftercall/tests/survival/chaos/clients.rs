//! The clients: they write, read their own writes, and hear alarms, whatever fails.

use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::alerts::v1::WatchAlertsRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::followups::v1::GetCommitmentRequest;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{ListTimelineRequest, timeline_entry::What};
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{AlertState, Priority};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::observed::{Observed, OwnWrite};
use super::retry::ask;
use crate::checker::told::LATE;
use crate::cluster::roles::Doors;
use crate::journal::Journal;
use crate::{load, requests};

/// Those who write, each about customers of its own, so that their order is known.
pub(super) const WRITERS: u64 = 4;
/// One of so many of a writer's contacts has an urgent promise, if it has any.
const URGENT: u64 = 5;
/// The longest that a writer thinks, in milliseconds.
const THINKS_MS_MAX: u64 = 60;
/// How long a watcher listens to a silent replica before it turns to another.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// What the clients share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) doors: Doors,
    pub(super) journal: Arc<Journal>,
    pub(super) observed: Arc<Mutex<Observed>>,
    /// Where stands how promises are followed up.
    pub(super) house: String,
    /// Ends the writers.
    pub(super) stop: CancellationToken,
    /// Ends the watchers.
    pub(super) stop_listening: CancellationToken,
}

/// One who records, amends and fulfils, and looks whether it is there.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Shared,
    rng: StdRng,
    source: String,
    number: u64,
    sent: u64,
}

impl Writer {
    pub(super) fn new(shared: &Shared, seed: u64, number: u64) -> Self {
        Self {
            shared: shared.clone(),
            rng: StdRng::seed_from_u64(seed ^ (number << 32)),
            source: format!("{seed}-{number}"),
            number,
            sent: 0,
        }
    }

    /// Until it is told to stop, and what it has begun is acknowledged.
    pub(super) async fn run(mut self) {
        while !self.shared.stop.is_cancelled() {
            self.step().await;
            let thinks = self.rng.random_range(0..THINKS_MS_MAX);
            sleep(Duration::from_millis(thinks)).await;
        }
    }

    async fn step(&mut self) {
        self.sent += 1;
        let customer = load::customer(self.number, self.rng.random_range(0..load::CUSTOMERS));
        let mut request = requests::record(&mut self.rng, &self.source, self.sent, &customer);
        request.settings_position.clone_from(&self.shared.house);
        let promises = request
            .interaction
            .iter_mut()
            .flat_map(|it| &mut it.commitments);
        for promise in promises.filter(|_| self.sent.is_multiple_of(URGENT)) {
            promise.set_priority(Priority::P1);
        }
        let Some(position) = self.record(&request).await else {
            return;
        };
        let interaction = request.interaction.unwrap_or_default();
        let id = interaction.interaction_id;
        if self.rng.random_bool(0.5) {
            self.read_timeline(&customer, &id, &position).await;
        }
        if self.rng.random_bool(0.2) {
            self.amend(&customer, &id).await;
        }
        let Some(promise) = interaction.commitments.first() else {
            return;
        };
        if self.rng.random_bool(0.4) {
            self.read_promise(&promise.commitment_id, &position).await;
        }
        if self.rng.random_bool(0.3) {
            self.fulfil(&customer, &promise.commitment_id).await;
        }
    }

    async fn record(&mut self, request: &RecordInteractionRequest) -> Option<String> {
        let journal = Arc::clone(&self.shared.journal);
        let id = journal.send_record(request);
        let doors = &self.shared.doors.recorders;
        let answer = ask(doors, &mut self.rng, request, async |door, request| {
            RecorderServiceClient::new(door)
                .record_interaction(request)
                .await
        });
        match answer.await {
            Ok((_, answer)) => {
                let position = answer.position.clone();
                journal.answer_record(&id, Some(answer));
                Some(position)
            }
            Err(status) => {
                journal.unexpected(format!("to record {id}: {status:?}"));
                None
            }
        }
    }

    async fn amend(&mut self, customer: &str, id: &str) {
        let journal = Arc::clone(&self.shared.journal);
        let request_id = format!("{}-{}", self.source, self.sent);
        let request = requests::amendment(&mut self.rng, request_id.clone(), id);
        journal.send_amendment(customer, &request);
        let doors = &self.shared.doors.recorders;
        let answer = ask(doors, &mut self.rng, &request, async |door, request| {
            RecorderServiceClient::new(door)
                .amend_interaction(request)
                .await
        });
        match answer.await {
            Ok((_, answer)) => journal.answer_amendment(&request_id, Some(answer)),
            Err(status) => journal.unexpected(format!("to amend {id}: {status:?}")),
        }
    }

    async fn fulfil(&mut self, customer: &str, id: &str) {
        let journal = Arc::clone(&self.shared.journal);
        let request_id = format!("{}-{}", self.source, self.sent);
        let request = requests::fulfilment(&mut self.rng, request_id.clone(), id);
        journal.send_fulfilment(customer, &request);
        let doors = &self.shared.doors.followups;
        let answer = ask(doors, &mut self.rng, &request, async |door, request| {
            FollowupServiceClient::new(door)
                .fulfil_commitment(request)
                .await
        });
        match answer.await {
            Ok((_, answer)) => journal.answer_fulfilment(&request_id, Some(answer)),
            Err(status) => journal.unexpected(format!("to fulfil {id}: {status:?}")),
        }
    }

    /// The latest page of the timeline has what was just recorded.
    async fn read_timeline(&mut self, customer: &str, id: &str, position: &str) {
        let request = ListTimelineRequest {
            whose: Some(customer.to_owned().into()),
            page_size: 200,
            min_position: position.to_owned(),
            ..ListTimelineRequest::default()
        };
        let doors = &self.shared.doors.histories;
        let answer = ask(doors, &mut self.rng, &request, async |door, request| {
            HistoryServiceClient::new(door).list_timeline(request).await
        });
        match answer.await {
            Ok((replica, answer)) => {
                let found = answer.entries.iter().filter(|entry| match &entry.what {
                    Some(What::Interaction(interaction)) => interaction.interaction_id == id,
                    _ => false,
                });
                self.note(format!("history-{}", replica + 1), id, found.count());
            }
            Err(status) => self.unexpected(&format!("the timeline: {status:?}")),
        }
    }

    async fn read_promise(&mut self, id: &str, position: &str) {
        let request = GetCommitmentRequest {
            commitment_id: id.to_owned(),
            min_position: position.to_owned(),
            ..GetCommitmentRequest::default()
        };
        let doors = &self.shared.doors.followups;
        let answer = ask(doors, &mut self.rng, &request, async |door, request| {
            let mut followups = FollowupServiceClient::new(door);
            match followups.get_commitment(request).await {
                // Other than a command's, this answer has to include the write.
                Err(status) if status.code() == tonic::Code::NotFound => {
                    Ok(tonic::Response::new(Default::default()))
                }
                answered => answered,
            }
        });
        match answer.await {
            Ok((replica, answer)) => {
                let found = answer.commitment.is_some_and(|it| it.commitment_id == id);
                self.note(format!("followups-{}", replica + 1), id, found.into());
            }
            Err(status) => self.unexpected(&format!("a promise: {status:?}")),
        }
    }

    fn note(&self, replica: String, id: &str, found: usize) {
        self.shared.observed.lock().own_writes.push(OwnWrite {
            replica,
            id: id.to_owned(),
            found,
        });
    }

    fn unexpected(&self, what: &str) {
        self.shared.journal.unexpected(what.to_owned());
    }
}

/// One who hears alarms: from one replica after another, and goes on where it was.
#[derive(Debug)]
pub(super) struct Watcher {
    shared: Shared,
    name: String,
    rng: StdRng,
    resume_token: String,
}

impl Watcher {
    /// Begins to watch: what fires from now on must be heard.
    pub(super) async fn begin(shared: &Shared, name: &str, seed: u64) -> Self {
        let mut watcher = Self {
            shared: shared.clone(),
            name: name.to_owned(),
            rng: StdRng::seed_from_u64(seed),
            resume_token: String::new(),
        };
        {
            let mut observed = shared.observed.lock();
            observed.alarms.insert(name.to_owned(), Vec::new());
        }
        while watcher.resume_token.is_empty() {
            watcher.listen(true).await;
        }
        watcher
    }

    /// Until it is told to stop.
    pub(super) async fn run(mut self) {
        let stop = self.shared.stop_listening.clone();
        let listening = async {
            loop {
                self.listen(false).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = listening => {}
        }
    }

    /// Listens to a replica until it is gone or silent; if `begin`, only until it has begun.
    async fn listen(&mut self, begin: bool) {
        let doors = &self.shared.doors.followups;
        let door = doors[self.rng.random_range(0..doors.len())].clone();
        let request = WatchAlertsRequest {
            resume_token: self.resume_token.clone(),
            ..WatchAlertsRequest::default()
        };
        let mut alerts = AlertServiceClient::new(door);
        let opened = timeout(SILENCE_MAX, alerts.watch_alerts(request)).await;
        let Ok(Ok(stream)) = opened else {
            return sleep(Duration::from_millis(100)).await;
        };
        let mut stream = stream.into_inner();
        // A replica that is stopped is silent; one that has nothing to say, says so.
        while let Ok(Ok(Some(answer))) = timeout(SILENCE_MAX, stream.message()).await {
            self.resume_token = answer.resume_token;
            if begin {
                return;
            }
            let alert = answer.alert.unwrap_or_default();
            // Warnings are alerts, too.
            let fires = matches!(alert.state(), AlertState::Pending | AlertState::Triggered);
            let fires = fires && alert.rule == LATE;
            if let Some(Subject::Promise(promise)) = alert.subject.filter(|_| fires) {
                let mut observed = self.shared.observed.lock();
                let heard = observed.alarms.entry(self.name.clone()).or_default();
                heard.push(promise.commitment_id);
            }
        }
    }
}
