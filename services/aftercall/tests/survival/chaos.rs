//! Chaos on three brokers: brokers and roles are killed, stopped and cut off while clients write,
//! read and listen; what the clients saw is checked when all is well again.
//!
//! ```text
//!  writers ──► recorder × 2 ─┐                      ┌─► history × 2   ──► readers
//!              followups × 2 ─┴─► brokers 1, 2, 3 ──┼─► followups × 2 ──► readers, watchers
//!                                                   ├─► knowledge × 2
//!                                                   └─► notify × 2    ──► a receiver, by HTTP, and a server of mail
//!                  nemesis: one fault of a broker and one of a role at a time
//! ```

mod clients;
mod house;
mod kept_back;
mod mailbox;
mod nemesis;
mod observed;
mod retry;
mod told;
mod views;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::cloud_event::NOTIFICATION;
use jiff::SignedDuration;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::checker::Checker;
use crate::cluster::{Brokers, Fleet, Newcomers, SharedLog};
use crate::crash::seed;
use crate::journal::Journal;
use crate::receiver;
use crate::requests::now;
use clients::{Shared, WRITERS, Watcher, Writer};
use kept_back::{Attendant, Until};
use mailbox::{Mailbox, Mails};
use observed::Observed;
use told::Heard;

/// Replicas of each role.
const REPLICAS: usize = 2;
const PARTITIONS: u32 = 6;
const WATCHERS: u64 = 2;
/// What a slow machine may take until the last request is acknowledged, or the last lapse noticed.
const PATIENCE: Duration = Duration::from_secs(180);
/// The same until the last message has arrived: one that fails twice waits five minutes.
const TOLD_WITHIN: Duration = Duration::from_secs(420);
const LOOK_EVERY: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chaos_needs_kafka_brokers_and_needs_smtp() {
    let mut brokers = Brokers::given();
    let minutes = std::env::var("AFTERCALL_CHAOS_MINUTES")
        .map_or(1, |minutes| minutes.parse().expect("a number of minutes"));
    let mut rng = StdRng::seed_from_u64(seed());
    let scratch = tempfile::tempdir().expect("a directory");
    let log = SharedLog::create(&brokers.bootstrap, PARTITIONS, brokers.all.len());
    let mut fleet = Fleet::start(REPLICAS, scratch.path(), &log.settings());
    let mailbox = Mailbox::open(scratch.path());
    let settings = [
        log.settings(),
        receiver::settings(scratch.path()),
        mailbox.settings(),
    ];
    let settings = settings.concat();
    fleet.add_notifiers(REPLICAS, scratch.path(), &settings);
    let heard = Arc::<Mutex<Heard>>::default();
    let hears = Arc::clone(&heard);
    let url = receiver::listen(move |id, body| hears.lock().take(id, body));
    let doors = fleet.doors();
    let (house, until) = house::set_up(&doors, &mut rng, &url).await;
    let outside = Outside {
        heard,
        mails: mailbox.mails(),
        until,
    };
    let shared = Shared {
        house,
        doors,
        journal: Arc::new(Journal::new()),
        observed: Arc::new(Mutex::new(Observed::default())),
        stop: CancellationToken::new(),
        stop_listening: CancellationToken::new(),
    };
    let mut watchers = JoinSet::new();
    for number in 1..=WATCHERS {
        let name = format!("watcher {number}");
        let watcher = Watcher::begin(&shared, &name, rng.random()).await;
        watchers.spawn(watcher.run());
    }
    let mut writers = JoinSet::new();
    let (source, began) = (rng.random(), Instant::now());
    for number in 0..WRITERS {
        writers.spawn(Writer::new(&shared, source, number).run());
    }
    writers.spawn(Attendant::new(&shared, rng.random()).run());
    let until = began + Duration::from_secs(60 * minutes);
    let (first, second) = (rng.random(), rng.random());
    tokio::join!(
        nemesis::brokers(&mut brokers, first, began, until),
        nemesis::roles(&mut fleet, second, began, until),
    );
    println!("all is well again");
    for replica in fleet.all() {
        assert!(replica.runs(), "{} ended by itself", replica.name);
    }
    shared.stop.cancel();
    ended(writers).await;
    let checker = conclude(&shared, &log, (&mut fleet, &outside), scratch.path()).await;
    report(&checker, &outside);
    shared.stop_listening.cancel();
    ended(watchers).await;
}

/// What came of it outside.
struct Outside {
    /// What a system was told by webhook.
    heard: Arc<Mutex<Heard>>,
    /// What came by mail.
    mails: Arc<Mutex<Mails>>,
    /// Until when some of it is kept back.
    until: Until,
}

/// Says how much there was of all that was looked at.
fn report(checker: &Checker, outside: &Outside) {
    let (records, lapses) = (checker.records(), checker.lapses());
    println!("{records} records, {lapses} lapses");
    assert!(records > 0 && lapses > 0, "a test of nothing");
    let (messages, times) = {
        let heard = outside.heard.lock();
        (heard.messages(), heard.times)
    };
    println!("{messages} messages, which came {times} times");
    println!("{} mails", outside.mails.lock().len());
    kept_back::report(checker);
    for event_type in house::EVENTS.into_iter().chain([NOTIFICATION]) {
        let news = checker.news().values();
        let count = news.filter(|one| one.event_type == event_type).count();
        println!("{count} of {event_type}");
        assert!(count > 0, "a test without {event_type}");
    }
}

async fn ended(mut tasks: JoinSet<()>) {
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended.expect("a client ends well");
        }
    };
    timeout(PATIENCE, all)
        .await
        .expect("clients end when told to");
}

/// What must hold when nothing fails any more.
async fn conclude(
    shared: &Shared,
    log: &SharedLog,
    (fleet, outside): (&mut Fleet, &Outside),
    scratch: &std::path::Path,
) -> Checker {
    let checker = when_all_is_told(shared, log, outside).await;
    let mut faults = checker.faults().to_vec();
    faults.extend(checker.kept_from(house::CATCH_ALL, &shared.journal.entries()));
    faults.extend(outside.heard.lock().faults(checker.news()));
    faults.extend(outside.mails.lock().faults(checker.mails()));
    let kept_back = outside.until;
    faults.extend(kept_back.faults(&checker, &shared.journal.entries()));
    faults.extend(checker.told_and_never_was());
    faults.extend(observed::own_writes(&shared.observed.lock().own_writes));
    let lapsed = checker.lapsed();
    wait_for_alarms(shared, &lapsed).await;
    faults.extend(observed::alarms(&lapsed, &shared.observed.lock().alarms));

    // Replicas that begin with nothing must come to the same.
    let newcomers = Newcomers::start(scratch, log).await;
    let doors = fleet.doors().with(&newcomers);
    let position = checker.position();
    let (recorded, promised) = {
        let entries = shared.journal.entries();
        (checker.recorded(), checker.promised(&entries))
    };
    faults.extend(views::complete(&doors, &recorded, &promised, &position).await);
    doors.all_say_the_same(&position).await;
    let shown = faults
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(faults.is_empty(), "{} faults:\n{shown}", faults.len());
    checker
}

/// Waits until every due that has passed is noticed, and all that is to be told of that has arrived, or for as long as
/// that may take: what is missing then is seen later.
async fn when_all_is_told(shared: &Shared, log: &SharedLog, outside: &Outside) -> Checker {
    let (journal, soon) = (&shared.journal, now() + SignedDuration::from_secs(60));
    let has_lapsed = log.when_all_has_lapsed(journal).await;
    println!("{} lapses are noticed", has_lapsed.lapses());
    let is_told = |checker: &Checker| {
        checker.to_lapse(journal, soon) == 0
            && checker
                .kept_from(house::CATCH_ALL, &journal.entries())
                .is_empty()
            && outside.until.is_over(checker, &journal.entries())
            && outside.mails.lock().faults(checker.mails()).is_empty()
            && outside.heard.lock().has(checker.news())
    };
    let told = log.once(journal, TOLD_WITHIN, is_told).await;
    told.unwrap_or_else(|checker| checker)
}

/// Waits until every watcher has heard of all that lapsed; if one doesn't, it is seen later which.
async fn wait_for_alarms(shared: &Shared, lapsed: &BTreeSet<String>) {
    let heard = async {
        while !observed::alarms(lapsed, &shared.observed.lock().alarms).is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let _ = timeout(Duration::from_secs(30), heard).await;
}
