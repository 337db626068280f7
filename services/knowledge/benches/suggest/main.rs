//! How good suggestions are, and how fast.
//!
//! `cargo bench -p aftercall-knowledge --bench suggest -- [--json] [DIR]`
//!
//! DIR (or `AFTERCALL_RETRIEVAL_DATA`) holds retrieval sets: directories called `retrieval-…` with
//! `corpus.jsonl`, `queries.jsonl` and `qrels.tsv`. For each of those that are known, nDCG@10 is
//! printed beside plain BM25's (k1 1.2, b 0.75, no stemming). Then 100,000 solutions are published,
//! and suggestions are timed as a caller in the same process sees them.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails has failed")]

mod latency;
mod library;
mod quality;

use std::path::PathBuf;

/// One measurement, beside what it is measured against.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    against: String,
    /// The other's value, or the limit.
    other: f64,
    /// Whether smaller is better.
    smaller: bool,
}

impl Figure {
    fn print(&self, json: bool) {
        let ratio = self.value / self.other;
        let met = if self.smaller {
            ratio <= 1.0
        } else {
            ratio >= 1.0
        };
        let goal = if self.smaller { "<= 1" } else { ">= 1" };
        if json {
            let line = serde_json::json!({
                "name": self.name, "value": self.value, "unit": self.unit,
                "against": self.against, "ratio": ratio, "goal": goal, "met": met,
            });
            println!("{line}");
        } else {
            let Self {
                name,
                value,
                unit,
                against,
                other,
                ..
            } = self;
            let met = if met { "met" } else { "NOT MET" };
            println!("{name:44} {value:9.4} {unit:6} against {against} {other} ({met})");
        }
    }
}

#[tokio::main]
async fn main() {
    // `cargo bench` says --bench; what isn't an option is the directory.
    let options: Vec<_> = std::env::args().skip(1).collect();
    let json = options.iter().any(|option| option == "--json");
    let dir = options.into_iter().find(|option| !option.starts_with("--"));
    let dir = dir.map(PathBuf::from);
    let dir = dir.or_else(|| std::env::var_os("AFTERCALL_RETRIEVAL_DATA").map(PathBuf::from));
    match dir {
        Some(dir) => {
            for figure in quality::all(&dir).await {
                figure.print(json);
            }
        }
        None => eprintln!(
            "quality isn't measured: name the retrieval sets' directory, or set \
             AFTERCALL_RETRIEVAL_DATA"
        ),
    }
    for figure in latency::all().await {
        figure.print(json);
    }
}
