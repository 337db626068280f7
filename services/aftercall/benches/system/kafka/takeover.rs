//! How soon another process has the dues of one that was killed.

use std::time::{Duration, Instant};

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use anyhow::Context;
use bytes::Bytes;
use pbjson_types::Timestamp;
use prost::Message as _;
use rdkafka::message::Message as _;

use super::Cluster;
use crate::load;
use crate::message::Messages;
use crate::record::RECORD;
use crate::server::Server;

/// Promises, and how far apart their dues are: with twelve partitions, one of each comes every 0.6 s.
const PROMISES: u64 = 600;
const APART: Duration = Duration::from_millis(50);
/// When the first of them is due, and after how long a process is killed.
const FIRST_DUE: Duration = Duration::from_secs(10);
const KILLED: Duration = Duration::from_secs(15);
/// What a slow machine may take until the last lapse is in the log.
const PATIENCE: Duration = Duration::from_secs(180);

/// The longest that a due was noticed late, in seconds, when one of the two processes that watch for
/// dues was killed; and the median of all.
pub(super) async fn measure(cluster: &Cluster) -> anyhow::Result<(f64, f64)> {
    let topic = cluster.new_log("takeover")?;
    let data = tempfile::tempdir()?;
    let start = |role: &str, name: &str| {
        Server::roles(cluster.aftercall(&topic), &[role], &data.path().join(name))
    };
    let recorder = start("recorder", "recorder")?;
    let one = start("followups", "followups-1")?;
    let other = start("followups", "followups-2")?;
    let began = Instant::now();
    record_promises(&recorder).await?;
    tokio::time::sleep(KILLED.saturating_sub(began.elapsed())).await;
    // Dropping kills at once.
    drop(one);
    let mut late = tokio::task::block_in_place(|| lateness(cluster, &topic))?;
    other.stop()?;
    recorder.stop()?;
    late.sort_by(f64::total_cmp);
    let longest = late.last().context("a lapse")?;
    Ok((*longest, late[late.len() / 2]))
}

async fn record_promises(recorder: &Server) -> anyhow::Result<()> {
    let now = jiff::Timestamp::now();
    let messages = Messages::new(now);
    let clients = load::connect(&recorder.grpc).await?;
    for number in 0..PROMISES {
        let mut request = RecordInteractionRequest::decode(messages.unary(number))?;
        let due = now + FIRST_DUE + APART * u32::try_from(number)?;
        let contact = request.interaction.as_mut().context("a contact")?;
        contact.commitments[0].promised_by = Some(Timestamp {
            seconds: due.as_second(),
            nanos: due.subsec_nanosecond(),
        });
        let request = Bytes::from(request.encode_to_vec());
        load::call(&clients[0], RECORD, request).await?;
    }
    Ok(())
}

/// How late each due was noticed that passed, in seconds, when all have.
fn lateness(cluster: &Cluster, topic: &str) -> anyhow::Result<Vec<f64>> {
    let consumer = cluster.consumer(topic)?;
    let until = Instant::now() + PATIENCE;
    let mut late = Vec::new();
    while late.len() < PROMISES as usize {
        anyhow::ensure!(Instant::now() < until, "only {} dues lapsed", late.len());
        let Some(message) = consumer.poll(Duration::from_secs(1)) else {
            continue;
        };
        let message = message?;
        // The log's identity has no key.
        let (Some(_), Some(body)) = (message.key(), message.payload()) else {
            continue;
        };
        if let Some(Fact::CommitmentLapsed(lapsed)) = Event::decode(body)?.fact()? {
            let lapse = lapsed.lapse.context("a lapse")?;
            let (due, noticed) = (lapse.lapsed_at, lapse.detected_at);
            late.push(seconds(noticed)? - seconds(due)?);
        }
    }
    Ok(late)
}

fn seconds(at: Option<Timestamp>) -> anyhow::Result<f64> {
    let at = at.context("a time")?;
    Ok(at.seconds as f64 + f64::from(at.nanos) / 1e9)
}
