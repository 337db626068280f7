//! Contacts in which solutions are used, as many at once as an import sends; and how that goes, told while it goes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aftercall_proto::model::v1::{
    Channel, ContactReason, Customer, Direction, Interaction, ReasonResolution, SolutionUse,
    SolutionUseKind,
};
use aftercall_proto::recorder::v1::RecordInteractionsRequest;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::library::{ids, reason, text};
use crate::footprint::mib;
use crate::load;
use crate::message::{customer_of, interaction_id};
use crate::report::Report;
use crate::server::{Server, rss_mib_of};
use crate::stream;

/// How often it is told how it goes.
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// After how many equal parts of the load there are figures of it.
const PARTS: u64 = 10;
/// How long the views may take until they have all of it.
const CATCH_UP_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Over which time the contacts are spread, in the order of their numbers: as a house's last year comes in.
const SPAN_S: u64 = 365 * 24 * 3_600;
/// How often a customer reaches out in that time.
const CONTACTS_EACH: u64 = 5;

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Solutions that are live.
    pub(super) solutions: u64,
    /// Contacts in each of which one was used.
    pub(super) uses: u64,
}

/// Records contacts in each of which a solution is used, some much and most little, and waits until all views have them.
/// `view` is where the view of knowledge lies. Gives how long it took to record them.
pub(super) async fn use_them(
    server: &Server,
    size: Size,
    view: PathBuf,
    report: &mut Report,
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut progress = Progress {
        server,
        size,
        view,
        answered: Arc::default(),
        told: (began, 0),
        kept: (began, 0),
    };
    let answered = Arc::clone(&progress.answered);
    let work = async {
        record(server, size, &answered).await?;
        let recorded = began.elapsed();
        server.caught_up_within(CATCH_UP_MAX).await?;
        anyhow::Ok(recorded)
    };
    tokio::select! {
        failed = progress.tell(report) => {
            failed?;
            anyhow::bail!("nothing is told any more");
        }
        recorded = work => recorded,
    }
}

/// How a load goes. What is told of it stays, if it is interrupted.
struct Progress<'a> {
    server: &'a Server,
    size: Size,
    view: PathBuf,
    /// How many are recorded.
    answered: Arc<AtomicU64>,
    /// When it was told last, and how many were recorded then.
    told: (Instant, u64),
    /// When there were figures last, and of how many.
    kept: (Instant, u64),
}

impl Progress<'_> {
    async fn tell(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let mut ticks = tokio::time::interval(TOLD_EVERY);
        loop {
            ticks.tick().await;
            self.look(report)?;
        }
    }

    fn look(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let Size { uses, .. } = self.size;
        let now = (Instant::now(), self.answered.load(Ordering::Relaxed));
        let memory = self.server.rss_mib()?;
        let client = rss_mib_of("self")?;
        let view = mib(&self.view)?;
        let behind = self
            .server
            .metric_of("aftercall_view_lag_records", "knowledge")?;
        let of_late = rate(self.told, now);
        self.told = now;
        eprintln!(
            "{} of {uses} uses, {of_late:.0}/s; memory {memory:.0} MiB (of the client {client:.0}), \
             the view of knowledge {view:.0} MiB and {behind:.0} records behind",
            now.1
        );
        let part = |recorded: u64| recorded * PARTS / uses;
        if part(now.1) > part(self.kept.1) {
            let name = |what: &str| format!("knowledge.part_{}.{what}", part(now.1));
            report.note(&name("uses"), now.1 as f64, "uses");
            report.note(&name("rate"), rate(self.kept, now), "uses/s");
            report.note(&name("memory"), memory, "MiB");
            report.note(&name("client"), client, "MiB");
            report.note(&name("view"), view, "MiB");
            report.note(&name("behind"), behind, "records");
            self.kept = now;
        }
        let is_paused = self.server.metric_max("aftercall_view_paused")? > 0.0;
        anyhow::ensure!(!is_paused, "the disk is full: a view waits for free space");
        Ok(())
    }
}

/// How many a second were recorded between two looks.
fn rate((before, few): (Instant, u64), (now, more): (Instant, u64)) -> f64 {
    let seconds = now.duration_since(before).as_secs_f64();
    (more - few) as f64 / seconds.max(f64::MIN_POSITIVE)
}

/// Records all contacts over one stream for each connection. Each is made when the stream takes it, so that they take no
/// memory, however many.
async fn record(server: &Server, size: Size, answered: &Arc<AtomicU64>) -> anyhow::Result<()> {
    let clients = load::connect(&server.grpc).await?;
    let (ids, now) = (Arc::new(ids()), Timestamp::now());
    let lanes = clients.len() as u64;
    let mut streams = tokio::task::JoinSet::new();
    for (lane, client) in (0..).zip(clients) {
        let ids = Arc::clone(&ids);
        // In turn, so that they come in about the order of time.
        let numbers = (lane..size.uses).step_by(lanes as usize);
        let requests = numbers.map(move |number| {
            let share = StdRng::seed_from_u64(number).random::<f64>();
            let used = (size.solutions as f64).powf(share) as u64 % size.solutions;
            contact(number, size, (ids[used as usize].as_str(), used), now)
        });
        streams.spawn(stream::record_each(client, requests, Arc::clone(answered)));
    }
    while let Some(done) = streams.join_next().await {
        done??;
    }
    Ok(())
}

fn contact(
    number: u64,
    Size { uses, .. }: Size,
    (solution_id, used): (&str, u64),
    now: Timestamp,
) -> RecordInteractionsRequest {
    let ago_s = SPAN_S * (uses - number) / uses;
    let at = now - SignedDuration::from_mins(30) - SignedDuration::from_secs(ago_s as i64);
    let occurred_at = pbjson_types::Timestamp {
        seconds: at.as_second(),
        nanos: 0,
    };
    let interaction = Interaction {
        interaction_id: interaction_id(number),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: customer_of(number, uses.div_ceil(CONTACTS_EACH)),
            ..Customer::default()
        }),
        agent_id: format!("agent-{:03}", number % 400),
        team_id: format!("team-{:02}", number % 24),
        occurred_at: Some(occurred_at),
        contact_reasons: vec![ContactReason {
            code: reason(used),
            primary: true,
            stated_verbatim: text(number ^ (3 << 60), 10),
            resolution: ReasonResolution::Resolved.into(),
            ..ContactReason::default()
        }],
        no_follow_up_promised: true,
        solution_uses: vec![SolutionUse {
            solution_id: solution_id.to_owned(),
            version: 1,
            kind: SolutionUseKind::UsedAsIs.into(),
            relied_on_for_statement: false,
        }],
        ..Interaction::default()
    };
    stream::request(interaction)
}
