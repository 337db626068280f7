//! When all is over: everything that was acknowledged is asked for, and the log is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::history::v1::{BatchGetInteractionsRequest, InteractionName};
use aftercall_proto::model::v1::{Commitment, Interaction};
use anyhow::{Context, ensure};
use futures::TryStreamExt;
use serde_json::Value;

use super::book::Entry;
use super::contact::Fate;
use super::questions::{promise_differs, record_differs};
use super::scene::{Scene, now};
use crate::command;

/// Names that one request takes, and promises of a page.
const NAMES: usize = 100;
const PAGE_SIZE: i32 = 500;

/// How often promises are asked for until what was due has been noticed.
const LOOKS: usize = 60;
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) contacts: usize,
    pub(super) promises: usize,
    /// Records of the log, and how many of them stand there again and don't count.
    pub(super) records: u64,
    pub(super) repeated: u64,
}

/// Asks for every contact and every promise that was acknowledged. What is missing or changed goes
/// into the book.
pub(super) async fn ask_for_all(scene: &Scene) -> anyhow::Result<Verdict> {
    let told = scene
        .book
        .all()
        .into_iter()
        .filter(|entry| entry.told.is_some());
    let told: Vec<_> = told.collect();
    for some in told.chunks(NAMES) {
        let found = contacts(scene, some).await?;
        for entry in some {
            let id = entry.contact.id();
            let wrong = match found.get(&id) {
                None => Some(format!("contact {id} is lost")),
                Some(said) => record_differs(entry, said),
            };
            wrong.into_iter().for_each(|wrong| scene.book.found(wrong));
        }
    }
    let promised: Vec<_> = told
        .iter()
        .filter(|it| it.contact.fate() != Fate::None)
        .collect();
    promises_in_time(scene, &promised).await?;
    Ok(Verdict {
        contacts: told.len(),
        promises: promised.len(),
        ..Verdict::default()
    })
}

/// The contacts that the server has, of those.
async fn contacts(scene: &Scene, asked: &[Entry]) -> anyhow::Result<BTreeMap<String, Interaction>> {
    let mut found = BTreeMap::new();
    let name = |entry: &Entry| InteractionName {
        which: Some(entry.contact.id().into()),
    };
    let mut names: Vec<_> = asked.iter().map(name).collect();
    while !names.is_empty() {
        let request = BatchGetInteractionsRequest {
            names: std::mem::take(&mut names),
            latest: true,
            ..BatchGetInteractionsRequest::default()
        };
        let answer = scene.doors.crm(0).call(request).await?;
        let progress = !answer.interactions.is_empty();
        for contact in answer.interactions {
            found.insert(contact.interaction_id.clone(), contact);
        }
        // What did not fit into one answer is asked for again.
        names = answer.left_out;
        ensure!(
            progress || names.is_empty(),
            "no contact fits into an answer"
        );
    }
    Ok(found)
}

/// Compares the promises, until those that were due have been noticed.
async fn promises_in_time(scene: &Scene, promised: &[&Entry]) -> anyhow::Result<()> {
    let latest = promised.iter().map(|entry| entry.contact.due());
    let latest = latest
        .filter(|due| due.duration_since(now()).as_hours() < 1)
        .max();
    if let Some(due) = latest {
        let left = due.duration_since(now()).try_into();
        tokio::time::sleep(left.unwrap_or_default()).await;
    }
    let mut wrong = Vec::new();
    for _ in 0..LOOKS {
        let found = promises(scene).await?;
        let differences = promised.iter().filter_map(|entry| {
            let id = entry.contact.promise_id();
            match found.get(&id) {
                None => Some(format!("promise {id} is lost")),
                Some(said) => promise_differs(entry, said),
            }
        });
        wrong = differences.collect();
        if wrong.is_empty() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    wrong.into_iter().for_each(|wrong| scene.book.found(wrong));
    Ok(())
}

async fn promises(scene: &Scene) -> anyhow::Result<BTreeMap<String, Commitment>> {
    let request = ListCommitmentsRequest {
        page_size: PAGE_SIZE,
        latest: true,
        ..ListCommitmentsRequest::default()
    };
    let all = scene.doors.crm(0).items(request);
    let found: Vec<_> = all.try_collect().await?;
    let count = found.len();
    let found: BTreeMap<_, _> = found
        .into_iter()
        .map(|promise| (promise.commitment_id.clone(), promise))
        .collect();
    ensure!(count == found.len(), "a list has a promise twice");
    Ok(found)
}

/// Reads the log of a server that has ended: it is sound, each contact that was acknowledged stands in it,
/// and no due lapsed twice.
pub(super) fn read_log(
    binary: &Path,
    data: &Path,
    (scene, verdict): (&Scene, &mut Verdict),
) -> anyhow::Result<()> {
    let mut verify = Command::new(binary);
    command::run(verify.args(["log", "verify", "--data"]).arg(data))?;
    let mut cat = Command::new(binary);
    cat.args(["log", "cat", "--json", "--data"]).arg(data);
    let mut cat = cat.stdout(Stdio::piped()).spawn()?;
    let output = cat.stdout.take().context("the log's records")?;
    let (mut recorded, mut lapsed) = (BTreeSet::new(), BTreeSet::new());
    for line in BufReader::new(output).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        verdict.records += 1;
        let event = &line["event"];
        let id = event["aggregateId"].as_str().context("an event's id")?;
        match event["type"].as_str().context("an event's type")? {
            // One that was in doubt may have been written again: the first counts.
            "EVENT_TYPE_INTERACTION_RECORDED" if !recorded.insert(id.to_owned()) => {
                verdict.repeated += 1;
            }
            "EVENT_TYPE_COMMITMENT_LAPSED" => {
                let revision = line["fact"]["dueRevision"].to_string();
                if !lapsed.insert((id.to_owned(), revision)) {
                    scene.book.found(format!("promise {id} lapsed twice"));
                }
            }
            _ => {}
        }
    }
    ensure!(cat.wait()?.success(), "the log can't be read");
    for entry in scene.book.all() {
        let id = entry.contact.id();
        if entry.told.is_some() && !recorded.contains(&id) {
            scene.book.found(format!("contact {id} is not in the log"));
        }
    }
    Ok(())
}
