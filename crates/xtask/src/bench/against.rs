//! The benchmarks of this commit and of another one, in turn on one machine: A B A B.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

use super::Bench;
use super::figures::{self, Figure};
use super::pairs::{Pair, Pairs, Side, Spread};
use super::tree::Tree;
use super::watch::Watch;
use crate::command;
use crate::kafka::Cluster;

/// Builds both, runs each benchmark `rounds` times, and prints what this commit's figures are beside
/// the other's.
pub(super) fn run(benches: &[&Bench], commit: &str, rounds: u32, json: bool) -> anyhow::Result<()> {
    let that = Tree::of(commit)?;
    let mut both = Both {
        that,
        pairs: Pairs::default(),
        missing: Vec::new(),
    };
    both.build(benches)?;
    for (nth, bench) in benches.iter().enumerate() {
        let clusters = match bench.clusters {
            [] => vec![None],
            sizes => sizes.iter().copied().map(Some).collect(),
        };
        for round in 1..=rounds {
            eprintln!(
                "\n== {} ({} of {}), round {round} of {rounds}",
                bench.name,
                nth + 1,
                benches.len()
            );
            for brokers in &clusters {
                both.round(bench, round, *brokers)?;
            }
        }
        // What is known so far is not lost to whoever stops here.
        if nth + 1 < benches.len() {
            eprintln!();
            both.pairs
                .paired()
                .iter()
                .for_each(|it| eprintln!("{}", line(it)));
        }
    }
    both.print(json);
    Ok(())
}

/// Both commits, and what they said.
struct Both {
    that: Tree,
    pairs: Pairs,
    /// Benchmarks that the other commit does not have.
    missing: Vec<&'static str>,
}

impl Both {
    /// Builds first, so that no measurement is beside a compiler. What the other commit can't build is
    /// found missing when it is to run.
    fn build(&self, benches: &[&Bench]) -> anyhow::Result<()> {
        let mut built = Vec::new();
        for bench in benches {
            if built.contains(&bench.target) {
                continue;
            }
            built.push(bench.target);
            command::run(&mut bench.build(command::cargo()))?;
            eprintln!("• the same of {}, below target/against", self.that.commit);
            if let Err(error) = command::run(&mut bench.build(self.that.cargo())) {
                eprintln!("warning: {error:#}");
            }
        }
        Ok(())
    }

    fn round(&mut self, bench: &Bench, round: u32, brokers: Option<u8>) -> anyhow::Result<()> {
        for side in [Side::This, Side::That] {
            let (whose, cargo) = match side {
                Side::This => ("this commit", command::cargo()),
                Side::That if self.missing.contains(&bench.name) => continue,
                Side::That => (&*self.that.commit, self.that.cargo()),
            };
            eprintln!("• {whose}");
            let mut run = bench.command(cargo);
            run.arg("--json").envs(bench.python()?);
            let said = match brokers {
                None => figures_of(bench, &mut run),
                Some(brokers) => on_kafka(brokers, bench, &mut run),
            };
            match said {
                Ok(figures) => {
                    let figures = figures.iter();
                    figures.for_each(|figure| self.pairs.add(round, side, figure));
                }
                Err(error) if side == Side::That => {
                    eprintln!("warning: no {} of {whose}: {error:#}", bench.name);
                    self.missing.push(bench.name);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn print(&self, json: bool) {
        let that = &self.that.commit;
        let pairs = self.pairs.paired();
        if json {
            pairs
                .iter()
                .for_each(|pair| println!("{}", object(pair, that)));
        } else {
            println!("{}", head(that));
            pairs.iter().for_each(|pair| println!("{}", line(pair)));
        }
        for (side, whose) in [(Side::This, "this commit"), (Side::That, that)] {
            let only = self.pairs.only(side);
            if !only.is_empty() {
                eprintln!("only {whose} has: {}", only.join("; "));
            }
        }
        if !self.missing.is_empty() {
            eprintln!("{that} did not run: {}", self.missing.join(", "));
        }
    }
}

/// The same beside a cluster of its own, whose size is then in the figures' names.
fn on_kafka(brokers: u8, bench: &Bench, run: &mut Command) -> anyhow::Result<Vec<Figure>> {
    let (cluster, _) = Cluster::up(super::CLUSTER, Some(brokers))?;
    let said = figures_of(bench, run.envs(cluster.environment()));
    cluster.down()?;
    let mut figures = said?;
    for figure in &mut figures {
        figure.name = format!("{}, brokers: {brokers}", figure.name);
    }
    Ok(figures)
}

/// Runs a benchmark; what it says, and what its servers took.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark's progress is by the machine's own clock"
)]
fn figures_of(bench: &Bench, run: &mut Command) -> anyhow::Result<Vec<Figure>> {
    let began = Instant::now();
    let mut child = run.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let watch = Watch::begin(child.id());
    let said = listen(&mut child, began);
    let taken = watch.end();
    let status = child.wait()?;
    let mut figures = said?;
    if !status.success() {
        bail!("it ended with {status}");
    }
    for (taken, what) in taken.iter().zip(bench.servers) {
        figures.extend(taken.figures(bench.name, what));
    }
    Ok(figures)
}

/// The figures that a benchmark prints, shown as they come.
fn listen(child: &mut Child, began: Instant) -> anyhow::Result<Vec<Figure>> {
    let out = child.stdout.take().context("a benchmark without output")?;
    let mut figures = Vec::new();
    for line in BufReader::new(out).lines() {
        for figure in figures::read(&line?) {
            let seconds = began.elapsed().as_secs();
            let Figure { name, value, unit } = &figure;
            eprintln!("  {seconds:>4}s  {name} {} {unit}", short(*value));
            figures.push(figure);
        }
    }
    Ok(figures)
}

fn head(that: &str) -> String {
    format!(
        "{:<58} {:>10} {:>10} {:<9} {:>7}  this ÷ {that}",
        "what", "this", that, "unit", "ratio"
    )
}

fn line(pair: &Pair<'_>) -> String {
    let Pair {
        name,
        unit,
        this,
        that,
        ratio: Spread { min, median, max },
        rounds,
    } = pair;
    let (this, that) = (short(*this), short(*that));
    format!(
        "{name:<58} {this:>10} {that:>10} {unit:<9} {median:>7.2}  {min:.2} to {max:.2} of {rounds}"
    )
}

fn object(pair: &Pair<'_>, commit: &str) -> serde_json::Value {
    let Spread { min, median, max } = pair.ratio;
    serde_json::json!({
        "name": pair.name, "unit": pair.unit, "this": pair.this, "that": pair.that,
        "against": commit, "ratio": {"min": min, "median": median, "max": max},
        "rounds": pair.rounds,
    })
}

/// With as many digits as say something.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
