//! Measures the whole system beside its peers: client, server and peer are processes of their own,
//! and everything that is compared runs in one run on one machine.
//!
//! `cargo xtask bench` runs it; `cargo bench -p aftercall --bench system -- record --json` runs one.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures by the machine's own clock"
)]

mod calls;
mod deliver;
mod echo;
mod export;
mod footprint;
mod insight;
mod kafka;
mod knowledge;
mod load;
mod message;
mod postgres;
mod promises;
mod queries;
mod record;
mod report;
mod retarget;
mod server;
mod stream;
mod timers;

use anyhow::bail;

use report::Report;

/// As in the server, so that the peer and the client have no handicap.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Every measurement: its name and what it runs.
const ALL: &[&str] = &[
    "record",
    "stream",
    "rebuild",
    "timeline",
    "search",
    "export",
    "fresh",
    "footprint",
    "deliver",
    "timers",
    "retarget",
    "knowledge",
    "insight",
    "calls",
];

/// What needs a cluster, and runs only where it is asked for.
const ON_KAFKA: &str = "kafka";

fn main() -> anyhow::Result<()> {
    let mut arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if arguments
        .first()
        .is_some_and(|first| first == echo::ARGUMENT)
    {
        return runtime.block_on(echo::serve(arguments.get(1)));
    }
    let json = arguments.iter().any(|it| it == "--json");
    arguments.retain(|it| it != "--json");
    let names: Vec<&str> = if arguments.is_empty() {
        ALL.to_vec()
    } else {
        arguments.iter().map(String::as_str).collect()
    };
    let mut report = Report::new(json);
    for name in names {
        match name {
            "record" => runtime.block_on(record::run(&mut report))?,
            "stream" => runtime.block_on(stream::run(&mut report))?,
            "rebuild" => runtime.block_on(footprint::rebuild(&mut report))?,
            "timeline" => runtime.block_on(queries::timeline(&mut report))?,
            "search" => runtime.block_on(queries::search(&mut report))?,
            "export" => runtime.block_on(export::run(&mut report))?,
            "fresh" => runtime.block_on(queries::fresh(&mut report))?,
            "deliver" => runtime.block_on(deliver::run(&mut report))?,
            "timers" => runtime.block_on(timers::run(&mut report))?,
            "retarget" => runtime.block_on(retarget::run(&mut report))?,
            "footprint" => runtime.block_on(footprint::run(&mut report))?,
            "knowledge" => runtime.block_on(knowledge::run(&mut report))?,
            "insight" => runtime.block_on(insight::run(&mut report))?,
            "calls" => runtime.block_on(calls::run(&mut report))?,
            ON_KAFKA => runtime.block_on(kafka::run(&mut report))?,
            unknown => bail!(
                "there is no measurement {unknown}; there are {}, {ON_KAFKA}",
                ALL.join(", ")
            ),
        }
    }
    report.close()
}
