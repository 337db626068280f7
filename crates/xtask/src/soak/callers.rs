//! The callers: they record, change, ask again, read and list, as a call centre does, and not as well.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aftercall_client::{Client, Error, Refusal, Rpc};
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::{RecordInteractionResponse, RecordInteractionsRequest};
use futures::{TryStreamExt, stream};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::bad;
use super::book::{Change, Step};
use super::contact::{Command, Contact};
use super::questions;
use super::scene::{Scene, now};

/// How many callers there are.
const CALLERS: u32 = 16;

/// How many contacts one stream brings.
const STREAMED: usize = 20;

/// What a caller that gives up has waited for at most, in microseconds.
const PATIENCE_US_MAX: u64 = 5_000;

/// One in so many changes is given up first, and one in so many is sent again.
const GIVEN_UP: u32 = 10;
const SENT_AGAIN: u32 = 10;

/// How many connections say nothing.
const SILENT: usize = 8;

/// The callers, at work.
pub(super) struct Callers {
    working: JoinSet<()>,
    _silent: JoinSet<()>,
}

impl Callers {
    /// Lets them do about `rate` things a second together, until the scene is over.
    pub(super) fn start(scene: &Arc<Scene>, rate: u32) -> Self {
        let pause = Duration::from_secs(1) * CALLERS / rate;
        let mut callers = Self {
            working: JoinSet::new(),
            _silent: JoinSet::new(),
        };
        for _ in 0..SILENT {
            callers._silent.spawn(bad::silent(Arc::clone(scene)));
        }
        for number in 0..CALLERS {
            let caller = Caller {
                scene: Arc::clone(scene),
                client: scene.doors.crm(number as usize).clone(),
                random: StdRng::seed_from_u64(u64::from(number)),
                to_do: VecDeque::new(),
                made: Vec::new(),
            };
            callers.working.spawn(caller.work(pause));
        }
        callers
    }

    /// Waits until all have ended.
    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.working.join_next().await {
            ended?;
        }
        Ok(())
    }
}

struct Caller {
    scene: Arc<Scene>,
    client: Client,
    random: StdRng,
    /// Changes that are to be made, and from when on.
    to_do: VecDeque<(Timestamp, Contact, Change)>,
    /// Contacts of this caller's that were acknowledged.
    made: Vec<u64>,
}

/// A record's answer; none where the id has another content.
type Told = Option<RecordInteractionResponse>;

impl Caller {
    async fn work(mut self, pause: Duration) {
        let mut pace = interval(pause);
        pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
        while !self.scene.is_over() {
            pace.tick().await;
            match self.random.random_range(0..100) {
                0..33 => self.record().await,
                33..40 => self.race().await,
                40 => self.stream().await,
                41..69 => self.change().await,
                69..72 => self.again().await,
                72..81 => self.ask().await,
                81..84 => questions::timeline(&self.scene, &self.client, &mut self.random).await,
                84..91 => questions::list(&self.scene, &self.client, &mut self.random).await,
                _ => {
                    let known = self.known();
                    bad::input(&self.scene, &self.client, known, &mut self.random).await;
                }
            }
        }
    }

    fn begin(&self) -> Contact {
        self.scene.book.begin(now(), false)
    }

    /// An acknowledged contact of this caller's.
    fn known(&mut self) -> Option<Contact> {
        let number = *self
            .made
            .get(self.random.random_range(0..self.made.len().max(1)))?;
        Some(self.scene.book.entry(number)?.contact)
    }

    /// Notes an acknowledgement, and what is to be done about the contact.
    fn told(&mut self, contact: &Contact, other: bool, answer: &RecordInteractionResponse) {
        if !self.scene.book.told(contact, other, &answer.position) {
            return;
        }
        self.made.push(contact.number);
        if contact.is_amended() {
            self.to_do.push_back((now(), *contact, Change::Amendment));
        }
        if contact.command().is_some() {
            let at = contact.command_at();
            self.to_do.push_back((at, *contact, Change::Promise));
        }
    }

    async fn record(&mut self) {
        let contact = self.begin();
        let request = contact.record(false);
        if let Some(answer) = self.scene.call(&self.client, "record", request).await {
            self.told(&contact, false, &answer);
        }
    }

    /// Gives up a call, and sends the same and another content under its id, at once.
    async fn race(&mut self) {
        let contact = self.begin();
        let patience = Duration::from_micros(self.random.random_range(0..PATIENCE_US_MAX));
        let given_up = timeout(patience, self.client.call(contact.record(false))).await;
        if given_up.is_err() {
            self.scene.tally.tried("calls given up");
        }
        let (one, other) = tokio::join!(
            self.contested(&contact, false),
            self.contested(&contact, true)
        );
        self.scene.tally.tried("races of two contents for one id");
        match (&one, &other) {
            (Some(Some(_)), Some(Some(_))) => {
                let id = contact.id();
                self.scene
                    .book
                    .found(format!("both contents of {id} are acknowledged"));
            }
            (Some(None), Some(None)) => {
                let id = contact.id();
                self.scene
                    .book
                    .found(format!("neither content of {id} is taken"));
            }
            _ => {}
        }
        for (answer, other) in [(one, false), (other, true)] {
            if let Some(Some(answer)) = answer {
                self.told(&contact, other, &answer);
            }
        }
    }

    /// Records under an id that may have another content; none when there is no answer.
    async fn contested(&self, contact: &Contact, other: bool) -> Option<Told> {
        let begun = Instant::now();
        match self.client.call(contact.record(other)).await {
            Ok(answer) => {
                self.scene.tally.call("record", begun.elapsed());
                Some(Some(answer))
            }
            Err(Error::Refused(refusal)) if refusal.reason == "REQUEST_ID_REUSED" => Some(None),
            Err(error) => {
                self.scene
                    .book
                    .found(format!("a contested record: {error}"));
                None
            }
        }
    }

    /// Records many over one stream. What it does not answer is sent again by itself.
    async fn stream(&mut self) {
        let contacts: Vec<_> = (0..STREAMED).map(|_| self.begin()).collect();
        let requests = contacts.iter().map(|contact| RecordInteractionsRequest {
            correlation_id: contact.number.to_string(),
            request: Some(contact.record(false)),
        });
        let requests: Vec<_> = requests.collect();
        let begun = Instant::now();
        let mut answered = 0;
        if let Ok(mut answers) = self
            .client
            .record_interactions(stream::iter(requests))
            .await
        {
            while let Ok(Some(answer)) = answers.try_next().await {
                let contact = contacts[answered.min(STREAMED - 1)];
                answered += 1;
                if answer.correlation_id != contact.number.to_string() {
                    let number = contact.number;
                    let found = format!("{} is answered before {number}", answer.correlation_id);
                    return self.scene.book.found(found);
                }
                match answer.outcome {
                    Some(Outcome::Response(answer)) => {
                        self.scene.tally.call("record in a stream", begun.elapsed());
                        self.told(&contact, false, &answer);
                    }
                    Some(Outcome::Failure(failure)) => {
                        self.failed(&contact, &Refusal::from(&failure)).await;
                    }
                    None => self
                        .scene
                        .book
                        .found("an answer that says nothing".to_owned()),
                }
            }
        }
        for contact in &contacts[answered..] {
            self.resend(contact).await;
        }
    }

    async fn failed(&mut self, contact: &Contact, refusal: &Refusal) {
        if refusal.is_retryable() {
            self.resend(contact).await;
        } else {
            self.scene.book.found(format!("in a stream: {refusal}"));
        }
    }

    async fn resend(&mut self, contact: &Contact) {
        self.scene
            .tally
            .tried("records sent again after a stream broke");
        let request = contact.record(false);
        if let Some(answer) = self.scene.call(&self.client, "record", request).await {
            self.told(contact, false, &answer);
        }
    }

    /// Sends again what was acknowledged: the answer is that of then.
    async fn again(&mut self) {
        let Some(contact) = self.known() else { return };
        let told = self
            .scene
            .book
            .entry(contact.number)
            .and_then(|entry| entry.told);
        let Some((other, _)) = told else { return };
        let request = contact.record(other);
        if let Some(answer) = self.scene.call(&self.client, "duplicate", request).await {
            self.told(&contact, other, &answer);
            if !answer.already_recorded {
                let id = contact.id();
                self.scene
                    .book
                    .found(format!("{id} is recorded a second time"));
            }
        }
    }

    async fn ask(&mut self) {
        if let Some(contact) = self.known() {
            questions::contact(&self.scene, &self.client, &contact, &mut self.random).await;
        }
    }

    /// Does what is to be done next; asks something where there is nothing.
    async fn change(&mut self) {
        let now = now();
        let ready = self.to_do.iter().position(|(at, ..)| *at <= now);
        let Some((_, contact, change)) = ready.and_then(|at| self.to_do.remove(at)) else {
            return self.ask().await;
        };
        self.scene.book.step(&contact, change, Step::Sent);
        let done = match change {
            Change::Amendment => self.send("amend", contact.amendment()).await,
            Change::Promise => match contact.command() {
                Some(Command::Fulfil(request)) => self.send("fulfil", request).await,
                Some(Command::Cancel(request)) => self.send("cancel", request).await,
                Some(Command::Reschedule(request)) => self.send("reschedule", request).await,
                None => false,
            },
        };
        if done {
            self.scene.book.step(&contact, change, Step::Acknowledged);
        }
    }

    /// Sends a change; now and then given up first, and now and then again after its answer.
    async fn send<R: Rpc>(&mut self, kind: &'static str, request: R) -> bool {
        if self.random.random_ratio(1, GIVEN_UP) {
            let patience = Duration::from_micros(self.random.random_range(0..PATIENCE_US_MAX));
            if timeout(patience, self.client.call(request.clone()))
                .await
                .is_err()
            {
                self.scene.tally.tried("calls given up");
            }
        }
        let answer = self.scene.call(&self.client, kind, request.clone()).await;
        let position = answer.as_ref().and_then(R::position);
        if position.is_some() && self.random.random_ratio(1, SENT_AGAIN) {
            let again = self.scene.call(&self.client, "duplicate", request).await;
            if again.is_some() && again.as_ref().and_then(R::position) != position {
                let found = format!("{kind}, sent again, stands at another place");
                self.scene.book.found(found);
            }
        }
        answer.is_some()
    }
}
