//! Callers that give up, and others that come with the same id and other content, on a log that is
//! slow and loses acknowledgements.

use std::future::Future;

use aftercall_log::testing::Fate;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use tokio::task::yield_now;

use crate::contact::{id, interaction, request};
use crate::fixture::{Client, Fixture, reason_of};

/// How many callers have an id at once; two in five of them give up.
const CALLERS: usize = 24;

/// How many ids are recorded at once, and how often that is done.
const IDS_AT_ONCE: u32 = 10;
const ROUNDS: u32 = 6;

/// What becomes of appends, again and again: no multiple of the calls of an id, so that each has
/// another course.
const FATES: [Fate; 7] = [
    Fate::Queued,
    Fate::LostAck,
    Fate::Late,
    Fate::Queued,
    Fate::LostRecord,
    Fate::Written,
    Fate::Late,
];

/// What somebody was told: which of the contents stands, and where.
type Told = (usize, String);

fn content(number: u32, which: usize) -> RecordInteractionRequest {
    let mut contact = interaction(&id(number));
    contact.agent_id = format!("agent-{which}");
    request(contact)
}

/// Records, or gives up after so many turns of all tasks.
async fn call(mut crm: Client, number: u32, caller: usize) -> Option<Told> {
    let which = caller % 2;
    let patience = match caller % 5 {
        0 | 3 => Some((caller * 13 + number as usize * 7) % 90),
        _ => None,
    };
    let gives_up = async {
        match patience {
            Some(turns) => {
                for _ in 0..turns {
                    yield_now().await;
                }
            }
            None => std::future::pending().await,
        }
    };
    let answer = tokio::select! {
        answer = crm.record_interaction(content(number, which)) => answer.ok()?,
        () = gives_up => return None,
    };
    Some((which, answer.into_inner().position))
}

/// Asks until it is known what became of a content: where it stands, or that the id is another's.
async fn settled(mut crm: Client, number: u32, which: usize) -> Option<String> {
    loop {
        match crm.record_interaction(content(number, which)).await {
            Ok(answer) => return Some(answer.into_inner().position),
            Err(refused) if reason_of(&refused).0 == "REQUEST_ID_REUSED" => return None,
            Err(_) => yield_now().await,
        }
    }
}

/// Does `work` while the log fails now and then, and acknowledges late.
async fn on_a_bad_log<T>(fixture: &Fixture, work: impl Future<Output = T>) -> T {
    let log = &fixture.log;
    let fail = async {
        loop {
            if log.fates_left() < FATES.len() {
                log.fail_next(FATES);
            }
            for _ in 0..20 {
                yield_now().await;
            }
            log.acknowledge().await;
        }
    };
    tokio::select! {
        done = work => done,
        () = fail => unreachable!("it goes on for ever"),
    }
}

#[tokio::test]
async fn an_id_has_one_content_and_one_place_whoever_gives_up_on_the_way() {
    let fixture = Fixture::new().await;
    let crm = fixture.crm();
    let mut told_of = 0;
    for round in 0..ROUNDS {
        let numbers = round * IDS_AT_ONCE..(round + 1) * IDS_AT_ONCE;
        let calls = numbers.clone().flat_map(|number| {
            let crm = &crm;
            (0..CALLERS).map(move |caller| {
                let call = call(crm.clone(), number, caller);
                async move { (number, call.await) }
            })
        });
        let answers = on_a_bad_log(&fixture, futures::future::join_all(calls)).await;
        for number in numbers {
            let outcomes = (0..2).map(|which| settled(crm.clone(), number, which));
            let outcomes = futures::future::join_all(outcomes);
            let outcomes = on_a_bad_log(&fixture, outcomes).await;
            let stands: Vec<Told> = (0..)
                .zip(outcomes)
                .filter_map(|(which, place)| Some((which, place?)))
                .collect();
            assert_eq!(stands.len(), 1, "contents of {number}: {stands:?}");
            let told = answers.iter().filter(|(of, _)| *of == number);
            for told in told.filter_map(|(_, told)| told.as_ref()) {
                assert_eq!(*told, stands[0], "what was acknowledged of {number}");
                told_of += 1;
            }
        }
    }
    assert!(told_of > 100, "{told_of} calls were acknowledged");
}
