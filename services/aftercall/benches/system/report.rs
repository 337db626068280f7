//! What was measured, as a table or as one JSON object a line.

use std::io::Write;

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// None: reported only.
    None,
}

/// The figures of one run.
pub(crate) struct Report {
    json: bool,
    missed: Vec<String>,
}

/// One figure.
pub(crate) struct Figure<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: f64,
    pub(crate) unit: &'a str,
    /// The peer and its figure in the same unit; the goal is then on `value / peer`.
    pub(crate) against: Option<(&'a str, f64)>,
    pub(crate) goal: Goal,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        if !json {
            println!(
                "{:<34} {:>12} {:<7} {:>7}  {:<16} goal",
                "what", "value", "unit", "ratio", "against"
            );
        }
        Self {
            json,
            missed: Vec::new(),
        }
    }

    /// Prints a figure and keeps whether its goal was met.
    pub(crate) fn add(&mut self, figure: &Figure<'_>) {
        let Figure {
            name,
            value,
            unit,
            against,
            goal,
        } = figure;
        let ratio = against.map(|(_, peer)| value / peer);
        let judged = ratio.unwrap_or(*value);
        let (met, goal) = match goal {
            Goal::AtLeast(least) => (Some(judged >= *least), format!(">= {least}")),
            Goal::AtMost(most) => (Some(judged <= *most), format!("<= {most}")),
            Goal::None => (None, String::new()),
        };
        let against = against.map(|(peer, _)| peer);
        if self.json {
            let line = serde_json::json!({
                "name": name, "value": value, "unit": unit, "against": against,
                "ratio": ratio, "goal": goal, "met": met,
            });
            println!("{line}");
        } else {
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            let verdict = met.map_or("", |met| if met { "met" } else { "MISSED" });
            let against = against.unwrap_or_default();
            println!(
                "{name:<34} {value:>12.2} {unit:<7} {ratio:>7}  {against:<16} {goal} {verdict}"
            );
        }
        let _ = std::io::stdout().flush();
        if met == Some(false) {
            self.missed.push((*name).to_owned());
        }
    }

    /// A figure without a goal or a peer.
    pub(crate) fn note(&mut self, name: &str, value: f64, unit: &str) {
        self.add(&Figure {
            name,
            value,
            unit,
            against: None,
            goal: Goal::None,
        });
    }

    /// Says which goals were missed.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        if !self.missed.is_empty() {
            eprintln!("goals missed: {}", self.missed.join(", "));
        }
        Ok(())
    }
}
