//! What the built-in rules say of texts that the sets have labels for. No rule of aftercall finds reasons or drivers in texts:
//! those are the agents' or another program's to say. What there is are rules of how people feel, of what deserves notice, and
//! of what something was said for; it is shown beside the labels, and counts where a label means the same.

use std::collections::BTreeMap;

use aftercall_domain::call::Speech;
use aftercall_domain::interaction::SentimentParticipant;
use aftercall_domain::sentiment::{Scored, Sense, Turn, score};

/// Groups that are shown of each source.
const SHOWN: usize = 8;

/// From which score on a text is negative, as everywhere.
const NEGATIVE_BELOW: f64 = -1.0;
const POSITIVE_ABOVE: f64 = 1.0;

/// A text with its labels.
#[derive(Debug)]
pub(super) struct Labelled {
    pub(super) source: String,
    /// The drivers, or what each text was said for.
    pub(super) labels: Vec<String>,
    pub(super) text: String,
    /// Whether its record is of the half that rules are not made by.
    pub(super) is_held_out: bool,
}

/// A rule, and the label that means the same.
struct Pair {
    name: &'static str,
    label: &'static str,
    says: fn(&Labelled, &Scored) -> bool,
}

const PAIRS: [Pair; 4] = [
    Pair {
        name: "farewell (what it was said for)",
        label: "closinggreeting",
        says: |it, _| Speech::of(&it.text) == Speech::Farewell,
    },
    Pair {
        name: "thanks, or nothing more (what it was said for)",
        label: "thankyou",
        says: |it, _| Speech::of(&it.text) == Speech::Closing,
    },
    Pair {
        name: "no (what it was said for)",
        label: "rejection",
        says: |it, _| Speech::of(&it.text) == Speech::Refusal,
    },
    Pair {
        name: "thanks (how people feel)",
        label: "thankyou",
        says: |_, scored| says_thanks(scored),
    },
];

/// What the rules say of a group of texts.
#[derive(Debug, Default)]
struct Said {
    texts: u64,
    negative: u64,
    positive: u64,
    /// By kind.
    signals: BTreeMap<String, u64>,
}

/// Texts that a rule means, that it rightly means, and that the label means.
#[derive(Debug, Default)]
struct Held {
    found: u64,
    right: u64,
    labelled: u64,
}

/// A report that people can read.
pub(super) fn report(texts: &[Labelled]) -> String {
    let mut held: Vec<Held> = PAIRS.iter().map(|_| Held::default()).collect();
    let mut groups: BTreeMap<&str, BTreeMap<&str, Said>> = BTreeMap::new();
    for text in texts {
        let scored = scored(&text.text);
        let groups = groups.entry(&text.source).or_default();
        for label in text.labels.iter().map(String::as_str).chain(["all"]) {
            groups.entry(label).or_default().note(&scored);
        }
        // Only one set labels what is said in the course of a contact.
        if text.source == "multidogo" && text.is_held_out {
            for (held, pair) in held.iter_mut().zip(&PAIRS) {
                let is_labelled = text.labels.iter().any(|it| it == pair.label);
                held.note((pair.says)(text, &scored), is_labelled);
            }
        }
    }
    let mut lines = Vec::new();
    if held.iter().any(|held| held.labelled > 0) {
        let head =
            "Rules beside labels that mean the same: multidogo, held out (precision, recall)";
        lines.push(head.to_owned());
        lines.extend(PAIRS.iter().zip(&held).map(|(pair, held)| pair.line(held)));
    }
    for (source, groups) in groups {
        lines.push(format!(
            "What the rules say of {source}'s texts, by label (texts, negative, positive; signals)"
        ));
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, said)| std::cmp::Reverse(said.texts));
        // The first one is all of them.
        let shown = groups.iter().take(SHOWN + 1);
        lines.extend(shown.map(|(label, said)| said.line(label)));
    }
    lines.join("\n")
}

fn scored(text: &str) -> Scored {
    score(&[Turn {
        participant: SentimentParticipant::Customer,
        from_ms: 0,
        to_ms: 0,
        text,
    }])
}

fn says_thanks(scored: &Scored) -> bool {
    let points = scored.sentiment.series.iter();
    let mut rules = points.flat_map(|point| &point.evidence);
    rules.any(|evidence| is_of(&evidence.rule, Sense::Grateful))
}

/// Whether a rule that was found, and that no word took away, has a sense.
fn is_of(rule: &str, sense: Sense) -> bool {
    use aftercall_domain::sentiment::rules::{ENGLISH, GERMAN};
    let mut rules = ENGLISH.iter().chain(GERMAN);
    rules.any(|it| it.code == rule && it.sense == sense)
}

impl Held {
    fn note(&mut self, is_found: bool, is_labelled: bool) {
        self.found += u64::from(is_found);
        self.right += u64::from(is_found && is_labelled);
        self.labelled += u64::from(is_labelled);
    }
}

impl Pair {
    fn line(&self, held: &Held) -> String {
        let share = |of: u64| match of {
            0 => 0.0,
            of => held.right as f64 / of as f64,
        };
        let name = format!("{}: {}", self.label, self.name);
        let (precision, recall) = (share(held.found), share(held.labelled));
        format!(
            "  {name:<64} {precision:>6.3} {recall:>6.3}   {} right of {} found, {} labelled",
            held.right, held.found, held.labelled
        )
    }
}

impl Said {
    fn note(&mut self, scored: &Scored) {
        let score = scored.sentiment.series.first().map_or(0.0, |it| it.score);
        self.texts += 1;
        self.negative += u64::from(score < NEGATIVE_BELOW);
        self.positive += u64::from(score > POSITIVE_ABOVE);
        for noticed in &scored.noticed {
            let kind = format!("{:?}", noticed.kind);
            *self.signals.entry(kind).or_default() += 1;
        }
    }

    fn line(&self, label: &str) -> String {
        let signals = self.signals.iter();
        let signals: Vec<_> = signals
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        format!(
            "  {label:<44} {:>6} {:>6} {:>6}   {}",
            self.texts,
            self.negative,
            self.positive,
            signals.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(label: &str, text: &str) -> Labelled {
        Labelled {
            source: "multidogo".to_owned(),
            labels: vec![label.to_owned()],
            text: text.to_owned(),
            is_held_out: true,
        }
    }

    #[test]
    fn rules_are_held_against_labels_that_mean_the_same() {
        let report = report(&[
            text("closinggreeting", "bye"),
            text("closinggreeting", "so long"),
            text("rejection", "I will sue you"),
        ]);
        let line = |start: &str| {
            let mut lines = report.lines();
            lines
                .find(|line| line.trim_start().starts_with(start))
                .unwrap()
        };
        let farewell = line("closinggreeting: farewell");
        assert!(
            farewell.contains("1 right of 1 found, 2 labelled"),
            "{report}"
        );
        let all = line("all");
        assert!(all.contains("LegalThreat 1"), "{report}");
    }
}
