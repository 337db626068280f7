//! Retrieval sets, and how good a ranking of one is.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use serde_json::Value;

pub(crate) const DEPTH: usize = 10;

/// A document of a set.
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A query, with the documents that answer it and their grades; none for one without an answer.
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) relevant: HashMap<String, f64>,
}

/// A set.
pub(crate) struct Set {
    pub(crate) name: String,
    /// Whether its texts are questions; resolutions otherwise.
    pub(crate) questions: bool,
    pub(crate) documents: Vec<Document>,
    pub(crate) queries: Vec<Asked>,
    /// What a text is about, where that is known.
    pub(crate) labels: HashMap<String, String>,
}

impl Set {
    /// Whether it is known of all texts what they are about.
    pub(crate) fn is_labelled(&self) -> bool {
        let known = |one: &Document| self.labels.contains_key(&one.id);
        self.documents.iter().all(known)
    }
}

/// The sets that are known, and whether their texts are questions.
const SETS: [(&str, bool); 4] = [
    ("tweetsumm", false),
    ("stackexchange-solutions", false),
    ("banking77-same-intent", true),
    ("clinc-with-no-answer", true),
];

/// Reads those of the sets that are in `dir`.
pub(crate) fn all(dir: &Path) -> Vec<Set> {
    let mut sets = Vec::new();
    for (name, questions) in SETS {
        let set = dir.join(format!("retrieval-{name}"));
        match set.exists() {
            true => sets.push(read(&set, name, questions)),
            false => eprintln!("{} is not there", set.display()),
        }
    }
    sets
}

fn read(set: &Path, name: &str, questions: bool) -> Set {
    let documents = lines(&set.join("corpus.jsonl")).into_iter();
    let documents = documents.map(|one| Document {
        id: text(&one, "_id"),
        title: text(&one, "title"),
        text: text(&one, "text"),
    });
    let mut relevant = relevant(set);
    let queries = lines(&set.join("queries.jsonl")).into_iter();
    let queries = queries.map(|one| {
        let id = text(&one, "_id");
        Asked {
            relevant: relevant.remove(&id).unwrap_or_default(),
            text: text(&one, "text"),
            id,
        }
    });
    let labels = set.join("labels.jsonl");
    let labels = match labels.exists() {
        true => lines(&labels),
        false => Vec::new(),
    };
    let labels = labels
        .iter()
        .map(|one| (text(one, "_id"), text(one, "intent")));
    Set {
        name: name.to_owned(),
        questions,
        documents: documents.collect(),
        queries: queries.collect(),
        labels: labels.filter(|(_, label)| !label.is_empty()).collect(),
    }
}

fn relevant(set: &Path) -> HashMap<String, HashMap<String, f64>> {
    let packed = set.join("qrels.tsv.gz");
    let mut lines = String::new();
    if packed.exists() {
        let file = std::fs::File::open(packed).unwrap();
        let mut file = flate2::read::MultiGzDecoder::new(file);
        file.read_to_string(&mut lines).unwrap();
    } else {
        lines = std::fs::read_to_string(set.join("qrels.tsv")).unwrap();
    }
    let mut relevant: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for line in lines.lines().skip(1) {
        let mut parts = line.split('\t').map(str::to_owned);
        let (query, document) = (parts.next().unwrap(), parts.next().unwrap());
        let grade = parts.next().unwrap().parse().unwrap();
        relevant.entry(query).or_default().insert(document, grade);
    }
    relevant
}

/// nDCG@10 of a ranking.
pub(crate) fn ndcg<'a>(
    found: impl Iterator<Item = &'a str>,
    relevant: &HashMap<String, f64>,
) -> f64 {
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
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text(line: &Value, field: &str) -> String {
    line[field].as_str().unwrap_or_default().to_owned()
}
