//! What a benchmark says: one JSON object a line, as every benchmark of every commit prints it.

use serde::Deserialize;

/// One figure of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) unit: String,
}

/// A line as it is printed. Other keys say how the figure stands to its goal.
#[derive(Debug, Deserialize)]
struct Line {
    name: String,
    value: f64,
    #[serde(default)]
    unit: String,
    /// The peer in the same run.
    against: Option<String>,
    /// This figure by the peer's.
    ratio: Option<f64>,
}

/// The figures of a line: the value, and its ratio to the peer, which the peer's name tells from
/// ratios to others. None if the line is something else.
pub(super) fn read(line: &str) -> Vec<Figure> {
    let Ok(line) = serde_json::from_str::<Line>(line) else {
        return Vec::new();
    };
    let beside = line.against.zip(line.ratio).map(|(peer, ratio)| Figure {
        name: format!("{} ÷ {peer}", line.name),
        value: ratio,
        unit: "×".to_owned(),
    });
    let value = Figure {
        name: line.name,
        value: line.value,
        unit: line.unit,
    };
    [Some(value), beside].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, value: f64, unit: &str) -> Figure {
        Figure {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
        }
    }

    #[test]
    fn a_figure_and_its_ratio_to_a_peer_are_two_figures() {
        let line = r#"{"name":"record.unary","value":20500.0,"unit":"rec/s",
            "against":"tonic echo","ratio":0.3,"goal":">= 0.7","met":false}"#;
        assert_eq!(
            read(line),
            [
                named("record.unary", 20_500.0, "rec/s"),
                named("record.unary ÷ tonic echo", 0.3, "×")
            ]
        );
    }

    #[test]
    fn a_figure_without_a_peer_is_itself() {
        let line = r#"{"name":"rebuild.memory","value":650.5,"unit":"MiB","against":null,
            "ratio":null,"goal":"","met":null}"#;
        assert_eq!(read(line), [named("rebuild.memory", 650.5, "MiB")]);
        let bare = r#"{"name":"a","value":1}"#;
        assert_eq!(read(bare), [named("a", 1.0, "")]);
    }

    #[test]
    fn what_is_no_figure_is_none() {
        for line in ["", "running 1 test", "{}", r#"{"name":"a"}"#, r#"["a", 1]"#] {
            assert_eq!(read(line), [], "{line}");
        }
    }
}
