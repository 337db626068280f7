//! The peer: a table of promises in PostgreSQL, and the usual poller, which takes what is due in batches, each in a
//! transaction of its own, and marks it.

use std::time::{Duration, Instant};

use anyhow::bail;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use tokio_postgres::{Client, Statement};

use super::{PATIENCE, histogram, late_us};
use crate::postgres::Postgres;

/// A promise has its due and two stages, as the poller would take all three.
const SCHEMA: &str = "
create table promise (
  commitment_id bigint generated always as identity primary key, customer_id text not null,
  promised_by timestamptz not null, lapsed_at timestamptz, stages timestamptz[] not null, body bytea not null);
create index on promise (promised_by) where lapsed_at is null;
create table lapse (
  commitment_id bigint primary key, lapsed_at timestamptz not null, detected_at timestamptz not null);";

const FILL: &str = "
insert into promise (customer_id, promised_by, stages, body)
select 'C-' || (n % 50000), due, array[due - interval '1 hour', due - interval '30 minutes'],
       convert_to(repeat('x', 600), 'UTF8')
from (select n, to_timestamp($2::float8) + n * ($3::float8 * interval '1 microsecond') as due
      from generate_series(0, $1::bigint - 1) as n) as promised";

/// What is due is taken, marked and recorded, and nobody else takes it meanwhile.
const TAKE: &str = "
with due as (
  select commitment_id, promised_by from promise
  where lapsed_at is null and promised_by < now()
  order by promised_by limit 1000 for update skip locked),
marked as (
  update promise set lapsed_at = due.promised_by from due
  where promise.commitment_id = due.commitment_id)
insert into lapse (commitment_id, lapsed_at, detected_at)
select commitment_id, promised_by, now() from due
returning (extract(epoch from lapsed_at) * 1000000)::bigint";

/// The size of a batch that was full: there may be more.
const BATCH: usize = 1_000;

/// How many pollers there are, and how long each waits when there was nothing more.
const POLLERS: usize = 2;
const WAIT: Duration = Duration::from_millis(100);

/// The table, and who takes from it.
pub(super) struct Poller {
    postgres: Postgres,
    client: Client,
}

impl Poller {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let postgres = Postgres::start()?;
        let client = postgres.connect().await?;
        client.batch_execute(SCHEMA).await?;
        Ok(Self { postgres, client })
    }

    /// Puts in so many promises, each due `apart_us` microseconds after the one before.
    pub(super) async fn fill(
        &self,
        count: u64,
        first_due: Timestamp,
        apart_us: u64,
    ) -> anyhow::Result<()> {
        let due = first_due.as_microsecond() as f64 / 1e6;
        let count = i64::try_from(count)?;
        self.client
            .execute(FILL, &[&count, &due, &(apart_us as f64)])
            .await?;
        self.client
            .batch_execute("analyze promise; checkpoint")
            .await?;
        Ok(())
    }

    /// How late so many dues are taken, as they pass.
    pub(super) async fn lateness(&self, count: u64) -> anyhow::Result<Histogram<u64>> {
        let mut micros = histogram()?;
        for late in self.take(count).await? {
            micros.saturating_record(late);
        }
        Ok(micros)
    }

    /// How long it takes to take so many that are overdue.
    pub(super) async fn drain(&self, count: u64) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.take(count).await?;
        Ok(began.elapsed())
    }

    /// Takes so many, and tells how late each was, in microseconds.
    async fn take(&self, count: u64) -> anyhow::Result<Vec<u64>> {
        let (sender, mut taken) = tokio::sync::mpsc::channel(64);
        let mut pollers = tokio::task::JoinSet::new();
        for _ in 0..POLLERS {
            let client = self.postgres.connect().await?;
            let take = client.prepare(TAKE).await?;
            let sender = sender.clone();
            pollers.spawn(async move {
                loop {
                    let late = take_batch(&client, &take).await?;
                    let full = late.len() == BATCH;
                    if sender.send(late).await.is_err() {
                        return Ok::<_, anyhow::Error>(());
                    }
                    if !full {
                        tokio::time::sleep(WAIT).await;
                    }
                }
            });
        }
        drop(sender);
        let (mut all, until) = (Vec::new(), Instant::now() + PATIENCE);
        while (all.len() as u64) < count {
            match tokio::time::timeout_at(until.into(), taken.recv()).await {
                Ok(Some(late)) => all.extend(late),
                _ => bail!("the poller took {} of {count}", all.len()),
            }
        }
        drop(taken);
        while let Some(ended) = pollers.join_next().await {
            ended??;
        }
        Ok(all)
    }
}

async fn take_batch(client: &Client, take: &Statement) -> anyhow::Result<Vec<u64>> {
    let rows = client.query(take, &[]).await?;
    let due = rows.iter().map(|row| {
        let due = Timestamp::from_microsecond(row.try_get(0)?)?;
        Ok(late_us(due))
    });
    due.collect()
}
