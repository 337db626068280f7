//! kill −9 under load, with a receiver that is told of every lapse: at least once, under one id, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::model::v1::Webhook;
use aftercall_proto::notify::v1::CreateWebhookRequest;
use aftercall_proto::notify::v1::webhook_service_client::WebhookServiceClient;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::crash::Trial;
use crate::process::Server;
use crate::receiver::{self, Reply};

const ROUNDS: usize = 12;
const LAPSED: &str = "aftercall.commitment.lapsed.v1";
/// One of so many messages is not taken when it comes first.
const REFUSED: usize = 25;
/// What a slow machine may take, with the pauses after messages that were not taken.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_with_a_receiver_that_is_told_of_lapses() {
    let scratch = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::start();
    let trial = Trial::new(&scratch.path().join("data"), scratch.path());
    let mut trial = trial.configured(&receiver::settings(scratch.path()));
    let server = trial.start().await;
    receiver.subscribe(&server).await;
    server.kill();
    for _ in 0..ROUNDS {
        let server = trial.start().await;
        let writers = trial.load(&server).await;
        server.kill();
        Trial::ended(writers).await;
    }
    let server = trial.start().await;
    trial.wait_for_lapses().await;
    let lapsed = trial.checker.lapsed();
    assert!(!lapsed.is_empty(), "a test of nothing");
    let told = async {
        while !lapsed.is_subset(&receiver.promises()) {
            sleep(LOOK_EVERY).await;
        }
    };
    let all = timeout(PATIENCE, told).await;
    let missing: Vec<_> = lapsed.difference(&receiver.promises()).cloned().collect();
    all.unwrap_or_else(|_| panic!("nobody is told that these lapsed: {missing:?}"));
    server.stop();
    trial.check();
    let heard = receiver.heard.lock();
    println!("{} lapses, {} messages", lapsed.len(), heard.messages);
    let faults = heard.faults(&trial.checker.lapsed());
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What a receiver was told.
#[derive(Debug, Default)]
struct Heard {
    messages: usize,
    /// The promise and the messages' ids, by the event that they tell of.
    events: BTreeMap<String, (String, BTreeSet<String>)>,
    /// What was said that nobody expects.
    odd: Vec<String>,
}

impl Heard {
    /// Takes a message; says whether it is taken.
    fn take(&mut self, id: &str, body: &Value) -> bool {
        self.messages += 1;
        let text = |name: &str| body["data"][name].as_str().unwrap_or_default().to_owned();
        if body["type"] != LAPSED {
            self.odd.push(body.to_string());
        }
        let is_new = !self.events.contains_key(&text("eventId"));
        let of = (text("aggregateId"), BTreeSet::new());
        let event = self.events.entry(text("eventId")).or_insert(of);
        event.1.insert(id.to_owned());
        !(is_new && self.events.len().is_multiple_of(REFUSED))
    }

    /// An event is told under one id, and is a lapse that the log has: none of what was kept, and none twice.
    fn faults(&self, lapsed: &BTreeSet<String>) -> Vec<String> {
        let mut faults = self.odd.clone();
        let mut promises = BTreeSet::new();
        for (event, (promise, ids)) in &self.events {
            if ids.len() != 1 {
                faults.push(format!("event {event} is told under {ids:?}"));
            }
            if !lapsed.contains(promise) {
                faults.push(format!("{promise} is told to have lapsed, and did not"));
            }
            if !promises.insert(promise) {
                faults.push(format!("{promise} is told to have lapsed by two events"));
            }
        }
        faults
    }
}

/// Takes messages over HTTP.
#[derive(Debug)]
struct Receiver {
    url: String,
    heard: Arc<Mutex<Heard>>,
}

impl Receiver {
    /// Listens from now on, until the test is over.
    fn start() -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let hears = Arc::clone(&heard);
        let url = receiver::listen(move |id, body| {
            // What is no message is told of no event, and objected to.
            let body = serde_json::from_slice(&body).unwrap_or_default();
            match hears.lock().take(id, &body) {
                true => Reply::Take,
                false => Reply::Refuse,
            }
        });
        Self { url, heard }
    }

    async fn subscribe(&self, server: &Server) {
        let request = CreateWebhookRequest {
            request_id: "receiver".to_owned(),
            webhook: Some(Webhook {
                url: self.url.clone(),
                event_types: vec![LAPSED.to_owned()],
                ..Webhook::default()
            }),
            ..CreateWebhookRequest::default()
        };
        let mut webhooks = WebhookServiceClient::new(server.channel());
        webhooks.create_webhook(request).await.expect("a webhook");
    }

    /// The promises that it was told lapsed.
    fn promises(&self) -> BTreeSet<String> {
        let heard = self.heard.lock();
        heard.events.values().map(|event| event.0.clone()).collect()
    }
}

#[test]
fn a_receivers_objections() {
    let said = |event: &str, promise: &str| serde_json::json!({"type": LAPSED, "data": {"eventId": event, "aggregateId": promise}});
    let lapsed = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    let mut heard = Heard::default();
    heard.take("1", &said("e", "a"));
    heard.take("1", &said("e", "a"));
    heard.take("2", &said("f", "b"));
    assert_eq!(heard.faults(&lapsed), [""; 0]);
    heard.take("3", &said("f", "b"));
    heard.take("4", &said("g", "a"));
    heard.take("5", &said("h", "kept"));
    let faults = heard.faults(&lapsed).join("; ");
    assert!(faults.contains("event f is told under"), "{faults}");
    assert!(
        faults.contains("a is told to have lapsed by two events"),
        "{faults}"
    );
    assert!(
        faults.contains("kept is told to have lapsed, and did not"),
        "{faults}"
    );
}
