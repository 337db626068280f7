//! How good suggestions are, how fast, and what they take.
//!
//! `cargo bench -p aftercall-retrieval --bench suggest -- [--json] [DIR]`
//!
//! DIR (or `AFTERCALL_RETRIEVAL_DATA`) holds retrieval sets: directories called `retrieval-…` with
//! `corpus.jsonl`, `queries.jsonl` and `qrels.tsv`. `AFTERCALL_MODEL` names a model that
//! `aftercall model fetch` has made; otherwise that of the data directory is taken, if there is
//! one. Figures, of the sets that are known:
//!
//! - nDCG@10 by words, and by meaning, as a ratio to plain BM25's in the same run;
//! - of questions without an answer, how well they are told from others, and how many of the
//!   others are refused: by the threshold that is built in, and by one from the set's own cases;
//! - how often the right solution is first when it has 1, 5 and 20 cases;
//! - time and memory at 100,000 solutions.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails has failed")]

mod cases;
mod figure;
mod index;
mod library;
mod meaning;
mod plain;
mod quality;
mod sets;
mod speed;

use std::path::PathBuf;

use figure::Figure;
use meaning::Directions;

/// What is timed where there are no sets.
const QUESTION: &str = "I was billed twice this month, when do I get the second payment back?";

fn main() {
    // `cargo bench` says --bench; what isn't an option is the directory.
    let options: Vec<_> = std::env::args().skip(1).collect();
    let json = options.iter().any(|option| option == "--json");
    let dir = options.into_iter().find(|option| !option.starts_with("--"));
    let dir = dir.map(PathBuf::from);
    let dir = dir.or_else(|| std::env::var_os("AFTERCALL_RETRIEVAL_DATA").map(PathBuf::from));
    let print = |figures: Vec<Figure>| figures.iter().for_each(|figure| figure.print(json));
    let model = meaning::model();
    let mut questions = Vec::new();
    match dir {
        Some(dir) => {
            for set in sets::all(&dir) {
                let directions = model.as_ref().map(|model| Directions::of(model, &set));
                print(quality::of(&set, directions.as_ref()));
                print(cases::of(&set, directions.as_ref()));
                questions.extend(set.queries.into_iter().step_by(8).map(|one| one.text));
            }
        }
        None => eprintln!(
            "quality isn't measured: name the retrieval sets' directory, or set \
             AFTERCALL_RETRIEVAL_DATA"
        ),
    }
    if questions.is_empty() {
        questions.push(QUESTION.to_owned());
    }
    print(speed::of(&questions, model.as_ref()));
}
