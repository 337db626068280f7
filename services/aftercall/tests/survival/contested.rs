//! kill −9 while calls are given up, and others come with the same id and the same or another content:
//! what was acknowledged of an id is one content, at one place, and the first in the log.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::inspect::ReadOnlyLog;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use parking_lot::Mutex;
use pbjson_types::Timestamp;
use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic_types::StatusExt;

use crate::crash::seed;
use crate::process::Start;
use crate::requests;

const ROUNDS: u64 = 5;
/// Calls that have an id at once, two contents in turn; two in five are given up.
const CALLERS: usize = 12;
/// Ids that are recorded at once.
const AT_ONCE: u64 = 8;
/// A round is killed when so many calls were acknowledged in it, at most, and so much later.
const ACKNOWLEDGED_MAX: u64 = 300;
const LATER_US_MAX: u64 = 5_000;
/// What a call that is given up has waited for at most.
const PATIENCE_US_MAX: u64 = 4_000;
/// What a slow machine may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Which content of an id was acknowledged, and where it stands.
type Told = (usize, String);

/// What was acknowledged, by id.
#[derive(Debug)]
struct Journal {
    told: Mutex<HashMap<u64, Told>>,
    wrong: Mutex<Vec<String>>,
    acknowledged: watch::Sender<u64>,
}

impl Journal {
    fn note(&self, number: u64, told: Told) {
        self.acknowledged.send_modify(|count| *count += 1);
        let mut all = self.told.lock();
        let first = all.entry(number).or_insert_with(|| told.clone());
        if *first != told {
            let wrong = format!("{number} was acknowledged as {first:?} and as {told:?}");
            self.wrong.lock().push(wrong);
        }
    }
}

/// A content of the id of that number: always the same, so that it can be sent by anybody.
fn content(number: u64, which: usize) -> RecordInteractionRequest {
    let mut rng = StdRng::seed_from_u64(number);
    let mut request = requests::record(&mut rng, "contested", number, "customer-1");
    let contact = request.interaction.as_mut().expect("a record");
    contact.occurred_at = Some(Timestamp {
        seconds: 1_767_225_600,
        nanos: 0,
    });
    contact.commitments.clear();
    contact.no_follow_up_promised = true;
    contact.agent_id = format!("agent-{which}");
    request
}

/// What a call comes to.
enum Said {
    Told(Told),
    /// The id has another content.
    Reused,
    Nothing,
}

async fn call(channel: &Channel, number: u64, which: usize) -> Said {
    let mut recorder = RecorderServiceClient::new(channel.clone());
    match recorder.record_interaction(content(number, which)).await {
        Ok(answer) => Said::Told((which, answer.into_inner().position)),
        Err(status) => match status.get_details_error_info() {
            Some(info) if info.reason == "REQUEST_ID_REUSED" => Said::Reused,
            _ => Said::Nothing,
        },
    }
}

/// Calls for ids in turn, until the server is gone; which id that was at.
async fn callers(journal: Arc<Journal>, channel: Channel, first: u64, seed: u64) -> u64 {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut number = first;
    loop {
        let calls = (0..CALLERS).map(|caller| {
            let patience = matches!(caller % 5, 0 | 3)
                .then(|| Duration::from_micros(rng.random_range(0..PATIENCE_US_MAX)));
            let (journal, channel) = (&journal, &channel);
            async move {
                let call = call(channel, number, caller % 2);
                let said = match patience {
                    None => call.await,
                    Some(patience) => timeout(patience, call).await.unwrap_or(Said::Nothing),
                };
                match said {
                    Said::Told(told) => journal.note(number, told),
                    Said::Reused => {}
                    Said::Nothing => return patience.is_some(),
                }
                true
            }
        });
        let answered: Vec<bool> = futures::future::join_all(calls).await;
        if answered.contains(&false) {
            return number;
        }
        number += AT_ONCE;
    }
}

/// The contents that the log has, by contact.
fn recorded(data: &Path) -> BTreeMap<String, Vec<String>> {
    let log = ReadOnlyLog::open(data.join("log")).expect("a log");
    let mut reader = log.reader(0).expect("its beginning");
    let mut found = BTreeMap::<String, Vec<String>>::new();
    loop {
        let next = reader
            .next(512, 4 << 20, Duration::ZERO)
            .expect("a sound log");
        if next.is_empty() {
            return found;
        }
        for entry in next {
            let event = Event::decode(entry.record.body.clone()).expect("an event");
            if let Ok(Some(Fact::InteractionRecorded(data))) = event.fact() {
                let agent = data.interaction.clone().unwrap_or_default().agent_id;
                found.entry(event.aggregate_id).or_default().push(agent);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_has_one_content_whoever_gives_up_and_whenever_it_crashes() {
    let scratch = tempfile::tempdir().expect("a directory");
    let data = scratch.path().join("data");
    let start = Start::on(&data, &scratch.path().join("server.log")).logging("warn");
    let mut rng = StdRng::seed_from_u64(seed());
    let journal = Arc::new(Journal {
        told: Mutex::default(),
        wrong: Mutex::default(),
        acknowledged: watch::Sender::new(0),
    });
    let mut lanes: Vec<u64> = (0..AT_ONCE).collect();
    for _ in 0..ROUNDS {
        let server = start.ready();
        let mut calling = JoinSet::new();
        // From where the last crash was on: what is in doubt since then is contested again.
        for first in lanes {
            let (journal, channel) = (Arc::clone(&journal), server.channel());
            calling.spawn(callers(journal, channel, first, rng.random()));
        }
        let mut acknowledged = journal.acknowledged.subscribe();
        let until = *acknowledged.borrow() + rng.random_range(1..=ACKNOWLEDGED_MAX);
        let enough = timeout(PATIENCE, acknowledged.wait_for(|count| *count >= until)).await;
        drop(enough.expect("a server that works").expect("a journal"));
        let later = rng.random_range(0..LATER_US_MAX);
        tokio::time::sleep(Duration::from_micros(later)).await;
        server.kill();
        lanes = calling.join_all().await;
    }
    settle(&start, &journal).await;
    assert_eq!(*journal.wrong.lock(), Vec::<String>::new());
    let log = recorded(&data);
    for (number, (which, _)) in journal.told.lock().iter() {
        let request = content(*number, *which).interaction.unwrap_or_default();
        // What was in doubt may have been written again, with another content, too: the first counts.
        let stands = log.get(&request.interaction_id).and_then(|all| all.first());
        assert_eq!(stands, Some(&request.agent_id), "of {number}");
    }
    println!(
        "{} ids, {} acknowledgements",
        log.len(),
        *journal.acknowledged.borrow()
    );
}

/// Asks for both contents of every id that was acknowledged: one stands, where it was said to.
async fn settle(start: &Start, journal: &Journal) {
    let server = start.ready();
    let channel = server.channel();
    let numbers: Vec<u64> = journal.told.lock().keys().copied().collect();
    assert!(!numbers.is_empty(), "a test of nothing");
    for number in numbers {
        let mut stands = Vec::new();
        for which in 0..2 {
            match call(&channel, number, which).await {
                Said::Told(told) => {
                    journal.note(number, told.clone());
                    stands.push(told);
                }
                Said::Reused => {}
                Said::Nothing => panic!("no answer to {number}"),
            }
        }
        assert_eq!(stands.len(), 1, "contents of {number}: {stands:?}");
    }
    server.stop();
}
