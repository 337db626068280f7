//! Plays plans of many seeds, and shows that a seed plays one course. `cargo xtask simulate` plays more
//! of them.

mod incidents;

use std::time::{Duration, Instant};

use aftercall_sim::{Course, Plan, Tally, play, shrink};

/// What `cargo xtask simulate` says: the first seed, how many, and for how many minutes at most.
const SEED: &str = "AFTERCALL_SIMULATE_SEED";
const SEEDS: &str = "AFTERCALL_SIMULATE_SEEDS";
const MINUTES: &str = "AFTERCALL_SIMULATE_MINUTES";

/// As many as take some seconds.
const SEEDS_SHORT: u64 = 20;

/// Of a course that found something, the last lines are shown.
const LINES_SHOWN: usize = 150;

fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn the_same_seed_gives_the_same_course() {
    for seed in [1, 2, 3] {
        let plan = Plan::of(seed);
        let (one, other) = (play(seed, &plan), play(seed, &plan));
        let lines = one.transcript.iter().zip(&other.transcript);
        let differ = lines.enumerate().find(|(_, (one, other))| one != other);
        assert_eq!(differ, None, "seed {seed}");
        assert_eq!(
            (one.hash, one.tally),
            (other.hash, other.tally),
            "seed {seed}"
        );
        let seeds_differ = one.transcript != play(seed + 1, &plan).transcript;
        assert!(seeds_differ, "seed {seed} decides nothing");
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how long people wait is no part of the simulation"
)]
fn no_seed_finds_anything() {
    let begun = Instant::now();
    let first = asked(SEED).unwrap_or(1);
    let count = asked(SEEDS).unwrap_or(SEEDS_SHORT);
    let minutes = asked(MINUTES).map(|minutes| Duration::from_secs(60 * minutes));
    let mut tally = Tally::default();
    let mut seeds = 0;
    for seed in (first..).take(count as usize) {
        if minutes.is_some_and(|minutes| begun.elapsed() > minutes) {
            break;
        }
        let plan = Plan::of(seed);
        let course = play(seed, &plan);
        tally += course.tally;
        seeds += 1;
        if let Some(finding) = &course.finding {
            // At once: to make its plan shorter takes a while.
            eprintln!("seed {seed}, after {tally}, found: {finding}");
            panic!("{}", report(seed, &plan, finding, seeds));
        }
    }
    println!(
        "{seeds} seeds from {first}, {tally}, nothing found in {:?}",
        begun.elapsed()
    );
}

/// What was found, the shortest plan that finds something, its course, and how to repeat it.
fn report(seed: u64, plan: &Plan, finding: &str, seeds: u64) -> String {
    let short = shrink(seed, plan);
    let Course {
        finding: short_finding,
        transcript,
        ..
    } = play(seed, &short);
    let from = transcript.len().saturating_sub(LINES_SHOWN);
    format!(
        "seed {seed}, the {seeds}. that was played, found: {finding}\n\nof {} steps it takes {}:\n\
         {short:?}\nwhich find: {}\n\n{}\n\nrepeat it: cargo xtask simulate --seed {seed} --seeds 1",
        plan.len(),
        short.len(),
        short_finding.unwrap_or_default(),
        transcript[from..].join("\n"),
    )
}
