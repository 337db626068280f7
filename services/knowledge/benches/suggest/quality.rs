//! nDCG@10 on retrieval sets.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use aftercall_proto::model::v1::Solution;
use serde_json::Value;

use crate::Figure;
use crate::library::Library;

/// Each set, which field of a solution its texts are, and plain BM25's nDCG@10.
const SETS: [(&str, Field, f64); 4] = [
    ("retrieval-tweetsumm", Field::Resolution, 0.605),
    (
        "retrieval-stackexchange-solutions",
        Field::Resolution,
        0.562,
    ),
    ("retrieval-banking77-same-intent", Field::Question, 0.603),
    ("retrieval-clinc-with-no-answer", Field::Question, 0.760),
];
const DEPTH: usize = 10;

#[derive(Clone, Copy)]
enum Field {
    Question,
    Resolution,
}

/// The relevant documents of each query, with their grades.
type Relevant = HashMap<String, HashMap<String, f64>>;

pub(crate) async fn all(dir: &Path) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (name, field, plain) in SETS {
        let set = dir.join(name);
        if !set.exists() {
            eprintln!("{} is not there", set.display());
            continue;
        }
        figures.push(measure(&set, name, field, plain).await);
    }
    figures
}

async fn measure(set: &Path, name: &str, field: Field, plain: f64) -> Figure {
    let library = Library::of(corpus(set, field)).await;
    let relevant = relevant(set);
    let (mut sum, mut count) = (0.0, 0);
    let (mut unanswerable, mut answered) = (0, 0);
    for query in lines(&set.join("queries.jsonl")) {
        let found = library.suggest(text(&query, "text")).await;
        let Some(relevant) = relevant.get(text(&query, "_id")) else {
            unanswerable += 1;
            answered += usize::from(!found.is_empty());
            continue;
        };
        let ids: Vec<_> = found.into_iter().filter_map(|one| one.solution).collect();
        sum += ndcg(ids.iter().map(|one| one.solution_id.as_str()), relevant);
        count += 1;
    }
    if unanswerable > 0 {
        eprintln!("{name}: {answered} of {unanswerable} queries without an answer got one");
    }
    Figure {
        name: format!("suggest.{name}"),
        value: sum / f64::from(count),
        unit: "nDCG10",
        against: "plain BM25".to_owned(),
        other: plain,
        smaller: false,
    }
}

fn corpus(set: &Path, field: Field) -> impl Iterator<Item = Solution> {
    lines(&set.join("corpus.jsonl"))
        .into_iter()
        .map(move |one| {
            let words = text(&one, "text").to_owned();
            let mut solution = Solution {
                solution_id: text(&one, "_id").to_owned(),
                version: 1,
                title: text(&one, "title").to_owned(),
                ..Solution::default()
            };
            match field {
                Field::Question => solution.question_in_customer_words.push(words),
                Field::Resolution => solution.resolution = words,
            }
            solution
        })
}

fn relevant(set: &Path) -> Relevant {
    let packed = set.join("qrels.tsv.gz");
    let lines = match packed.exists() {
        true => {
            let mut text = String::new();
            let file = std::fs::File::open(packed).unwrap();
            flate2::read::MultiGzDecoder::new(file)
                .read_to_string(&mut text)
                .unwrap();
            text
        }
        false => std::fs::read_to_string(set.join("qrels.tsv")).unwrap(),
    };
    let mut relevant = Relevant::new();
    for line in lines.lines().skip(1) {
        let mut parts = line.split('\t');
        let (query, document) = (parts.next().unwrap(), parts.next().unwrap());
        let grade = parts.next().unwrap().parse().unwrap();
        let of_query = relevant.entry(query.to_owned()).or_default();
        of_query.insert(document.to_owned(), grade);
    }
    relevant
}

fn ndcg<'a>(found: impl Iterator<Item = &'a str>, relevant: &HashMap<String, f64>) -> f64 {
    let gain = |grade: f64, place: usize| (grade.exp2() - 1.0) / (place as f64 + 2.0).log2();
    let mut seen = HashSet::new();
    let grades = found.take(DEPTH).map(|id| {
        assert!(seen.insert(id), "{id} was suggested twice");
        relevant.get(id).copied().unwrap_or_default()
    });
    let reached: f64 = grades
        .enumerate()
        .map(|(place, grade)| gain(grade, place))
        .sum();
    let mut best: Vec<_> = relevant.values().copied().collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let best = best.into_iter().take(DEPTH).enumerate();
    reached / best.map(|(place, grade)| gain(grade, place)).sum::<f64>()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_default()
}
