//! What a stream does while the view is behind.

use std::pin::pin;

use aftercall_log::{LogId, MemoryLog};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::status::from_wire;
use aftercall_service::testing::contact;
use aftercall_service::{ActorKind, Deps, ManualClock, Roles, Supervisor, TestIds};
use futures::poll;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tonic_types::StatusExt;
use uuid::Uuid;

use super::*;
use crate::pending::{Claimed, Key, Pending, Wanted};

/// Room for this many records that are not in the view; streams wait from seven eighths on.
const PENDING_MAX: usize = 8;
const WAITING_FROM: u128 = 7;
const RECORDS: usize = 3;
/// Far more turns of all tasks than a record takes that is not held up.
const TURNS: usize = 100;

/// A recorder whose view never sees what others claimed.
struct Fixture {
    core: Arc<Core>,
    log: MemoryLog,
    now: Timestamp,
    _views: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let (log, views) = (MemoryLog::new(LogId([7; 16]), 1), TempDir::new().unwrap());
        let now = Timestamp::from_second(1_777_888_800).unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let ids = Arc::new(TestIds::new(clock.clone(), 1));
        let (deps, feed) = Deps::new(
            Arc::new(log.clone()),
            views.path().to_owned().into(),
            (clock, ids),
            Supervisor::new(),
        );
        let pending = Arc::new(Pending::new(PENDING_MAX));
        deps.feed.observe(Arc::clone(&pending) as Arc<_>);
        deps.run_feed(feed).unwrap();
        let core = Core::new(deps, pending);
        core.view.ready(wait_max()).await.unwrap();
        Self {
            core: Arc::new(core),
            log,
            now,
            _views: views,
        }
    }

    /// Records of others, that wait for the view.
    fn claim_others(&self, numbers: impl IntoIterator<Item = u128>) {
        for number in numbers {
            let claimed = self.core.pending.claim(Wanted {
                key: &other(number),
                names: &[],
                hash: [0; 16],
                whose: 1,
            });
            assert!(matches!(claimed, Claimed::Mine(_)));
        }
    }

    /// The view has one of them.
    fn evict_other(&self, number: u128) {
        let key = other(number);
        self.core.pending.evict(&key, key.id, 1);
    }

    fn stream(&self) -> impl Stream<Item = Result<RecordInteractionsResponse, Status>> + use<> {
        let principal = Principal::new("acme", "crm", ActorKind::Integration, Roles::all());
        let requests = (0..RECORDS).map(|_| Ok(request(self.now)));
        let inbound = futures::stream::iter(requests.collect::<Vec<_>>());
        record_all(Arc::clone(&self.core), principal, inbound)
    }

    fn recorded(&self) -> u64 {
        use aftercall_log::Log as _;
        self.log.tails().unwrap().iter().sum()
    }
}

fn other(number: u128) -> Key {
    Key::contact("other".into(), Uuid::from_u128(number))
}

/// A contact whose id the server draws.
fn request(now: Timestamp) -> RecordInteractionsRequest {
    let interaction = contact(now - SignedDuration::from_mins(5));
    RecordInteractionsRequest {
        correlation_id: "c".to_owned(),
        request: Some(RecordInteractionRequest {
            interaction: Some(interaction),
            ..RecordInteractionRequest::default()
        }),
    }
}

#[tokio::test]
async fn a_stream_that_is_too_fast_waits_and_nothing_of_it_is_refused() {
    let fixture = Fixture::new().await;
    fixture.claim_others(0..WAITING_FROM);
    let mut answers = pin!(fixture.stream());
    for _ in 0..TURNS {
        assert!(poll!(answers.next()).is_pending());
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.recorded(), 0, "nothing is taken without room");

    (0..WAITING_FROM).for_each(|number| fixture.evict_other(number));
    let answers: Vec<_> = answers.collect().await;
    assert_eq!(answers.len(), RECORDS);
    for answer in answers {
        let outcome = answer.unwrap().outcome.unwrap();
        assert!(matches!(outcome, Outcome::Response(_)), "{outcome:?}");
    }
    assert_eq!(fixture.recorded(), RECORDS as u64);
}

#[tokio::test]
async fn a_stream_without_room_for_long_is_told_to_come_again() {
    let fixture = Fixture::new().await;
    fixture.claim_others(0..PENDING_MAX as u128);
    // This takes as long as a stream waits: ten seconds.
    let answers: Vec<_> = fixture.stream().collect().await;
    assert_eq!(answers.len(), RECORDS);
    for answer in answers {
        let outcome = answer.unwrap().outcome.unwrap();
        let Outcome::Failure(failure) = outcome else {
            panic!("there is no room: {outcome:?}");
        };
        let details = from_wire(&failure).get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "VIEW_BEHIND");
        assert!(details.retry_info().is_some());
    }
    assert_eq!(fixture.recorded(), 0);

    (0..PENDING_MAX as u128).for_each(|number| fixture.evict_other(number));
    let again: Vec<_> = fixture.stream().collect().await;
    assert_eq!((again.len(), fixture.recorded()), (RECORDS, RECORDS as u64));
}

#[tokio::test]
async fn a_chunk_is_bounded_by_its_bytes_and_not_by_records_alone() {
    let fixture = Fixture::new().await;
    let principal = Principal::new("acme", "crm", ActorKind::Integration, Roles::all());
    // Two of them are more than a chunk takes, before it is looked at what they say.
    let large = || {
        let mut large = request(fixture.now);
        large.correlation_id = "x".repeat(CHUNK_BYTES_MAX * 2 / 3);
        Ok(large)
    };
    let mut inbound = futures::stream::iter((0..4).map(|_| large()));
    for left in [2, 0] {
        let first = inbound.next().await.unwrap();
        let (chunk, end) = read_chunk(&fixture.core, &principal, first, &mut inbound).await;
        assert_eq!(chunk.len(), 2);
        assert!(matches!(end, End::NotYet));
        assert_eq!(inbound.size_hint().0, left);
    }
    assert_eq!(fixture.recorded(), 0);
}
