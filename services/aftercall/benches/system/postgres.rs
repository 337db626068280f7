//! The other peer: PostgreSQL doing the same work, started for the run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

use crate::message::{customer_id, interaction_id};

const SCHEMA: &str = "
drop table if exists interaction, follow_up;
create table interaction (
  interaction_id uuid primary key, customer_id text not null, agent_id text not null,
  occurred_at timestamptz not null, recorded_at timestamptz not null default now(),
  body bytea not null);
create index on interaction (customer_id, occurred_at);
create index on interaction (agent_id, occurred_at);
create table follow_up (
  commitment_id uuid primary key, interaction_id uuid not null, promised_by timestamptz not null,
  body bytea not null);
create index on follow_up (promised_by);";

const INTERACTION: &str = "
insert into interaction (interaction_id, customer_id, agent_id, occurred_at, body)
values ($1::text::uuid, $2, $3, now(), $4)";

const FOLLOW_UP: &str = "
insert into follow_up (commitment_id, interaction_id, promised_by, body)
values (gen_random_uuid(), $1::text::uuid, now() + interval '1 day', $2)";

const BOTH: &str = "
with recorded as (
  insert into interaction (interaction_id, customer_id, agent_id, occurred_at, body)
  values ($1::text::uuid, $2, $3, now(), $4) returning interaction_id)
insert into follow_up (commitment_id, interaction_id, promised_by, body)
select gen_random_uuid(), interaction_id, now() + interval '1 day', $5 from recorded";

/// How a contact and its promise are written together.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Writing {
    /// As applications do: a transaction of two inserts.
    Transaction,
    /// The least that can be sent: one statement that inserts into both tables.
    OneStatement,
}

/// A cluster in a directory of its own, on a Unix socket. Dropping it ends the server.
pub(crate) struct Postgres {
    server: Child,
    home: tempfile::TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it, with the settings that PostgreSQL ships with.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        let home = tempfile::tempdir()?;
        let data = home.path().join("data");
        // PostgreSQL refuses to run as root.
        let user = if rustix::process::geteuid().is_root() {
            Some("postgres")
        } else {
            None
        };
        if let Some(user) = user {
            let given = Command::new("chown").arg(user).arg(home.path()).status()?;
            anyhow::ensure!(
                given.success(),
                "can't give the directory to the user {user}"
            );
        }
        let mut made = as_user(user, &programs.join("initdb"));
        made.args([
            "--auth=trust",
            "--username=bench",
            "--no-instructions",
            "-D",
        ])
        .arg(&data);
        anyhow::ensure!(
            made.stdout(Stdio::null()).status()?.success(),
            "initdb failed"
        );
        let mut server = as_user(user, &programs.join("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(home.path());
        server.args(["-c", "listen_addresses=", "-c", "synchronous_commit=on"]);
        server.args(["-c", "max_connections=100", "-c", "log_min_messages=fatal"]);
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { server, home })
    }

    /// Records with so many clients, each on a connection of its own; records a second.
    pub(crate) async fn record(
        &self,
        writing: Writing,
        lasting: Duration,
        clients: u64,
    ) -> anyhow::Result<f64> {
        let first = self.connect().await?;
        first.batch_execute(SCHEMA).await?;
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(self.connect().await?);
        }
        let mut workers = tokio::task::JoinSet::new();
        let began = Instant::now();
        for (worker, client) in (0..).zip(connections) {
            let numbers = (worker..).step_by(clients as usize);
            workers.spawn(async move {
                match writing {
                    Writing::Transaction => transactions(client, numbers, began + lasting).await,
                    Writing::OneStatement => statements(client, numbers, began + lasting).await,
                }
            });
        }
        let mut recorded = 0;
        while let Some(count) = workers.join_next().await {
            recorded += count??;
        }
        Ok(recorded as f64 / began.elapsed().as_secs_f64())
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        let socket = self.home.path().to_string_lossy().into_owned();
        let settings = format!("host={socket} user=bench dbname=postgres");
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match tokio_postgres::connect(&settings, NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return Ok(client);
                }
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

/// What the tables hold of a contact: the columns that are indexed, and the rest as bytes, as many
/// as aftercall's message has.
struct Row {
    id: String,
    customer: String,
    agent: String,
    body: Vec<u8>,
    promise: Vec<u8>,
}

impl Row {
    fn new(number: u64) -> Self {
        Self {
            id: interaction_id(number),
            customer: customer_id(number),
            agent: format!("agent-{:03}", number % 400),
            body: vec![b'x'; 600],
            promise: vec![b'y'; 100],
        }
    }
}

async fn transactions(
    mut client: Client,
    numbers: impl Iterator<Item = u64>,
    until: Instant,
) -> anyhow::Result<u64> {
    let interaction = client.prepare(INTERACTION).await?;
    let follow_up = client.prepare(FOLLOW_UP).await?;
    let mut count = 0;
    for row in numbers.map(Row::new) {
        if Instant::now() >= until {
            break;
        }
        let transaction = client.transaction().await?;
        let values: [&(dyn ToSql + Sync); 4] = [&row.id, &row.customer, &row.agent, &row.body];
        transaction.execute(&interaction, &values).await?;
        let values: [&(dyn ToSql + Sync); 2] = [&row.id, &row.promise];
        transaction.execute(&follow_up, &values).await?;
        transaction.commit().await?;
        count += 1;
    }
    Ok(count)
}

async fn statements(
    client: Client,
    numbers: impl Iterator<Item = u64>,
    until: Instant,
) -> anyhow::Result<u64> {
    let both = client.prepare(BOTH).await?;
    let mut count = 0;
    for row in numbers.map(Row::new) {
        if Instant::now() >= until {
            break;
        }
        let values: [&(dyn ToSql + Sync); 5] =
            [&row.id, &row.customer, &row.agent, &row.body, &row.promise];
        client.execute(&both, &values).await?;
        count += 1;
    }
    Ok(count)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown, which takes its workers along.
        let id = self.server.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.server.wait();
    }
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", user, "--regid", user, "--clear-groups"])
                .arg(program);
            command
        }
    }
}

/// Where PostgreSQL's programs are.
fn programs() -> anyhow::Result<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").context(
        "PostgreSQL is not installed: install the package postgresql (Debian) and try again",
    )?;
    let mut found: Vec<PathBuf> = installed
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|programs| programs.join("initdb").exists())
        .collect();
    found.sort();
    match found.pop() {
        Some(programs) => Ok(programs),
        None => bail!("PostgreSQL's server is not installed: install the package postgresql"),
    }
}
