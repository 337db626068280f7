//! One measurement, beside what it is measured against.

/// A measurement.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// What it should reach; none for what is only told.
    pub(crate) goal: Option<Goal>,
}

/// What is wanted.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    pub(crate) fn print(&self, json: bool) {
        let Self {
            name, value, unit, ..
        } = self;
        let (goal, met) = match self.goal {
            Some(Goal::AtLeast(least)) => (format!(">= {least}"), *value >= least),
            Some(Goal::AtMost(most)) => (format!("<= {most}"), *value <= most),
            None => (String::new(), true),
        };
        if json {
            let line = serde_json::json!({
                "name": name, "value": value, "unit": unit, "goal": goal, "met": met,
            });
            println!("{line}");
        } else {
            let met = match (goal.is_empty(), met) {
                (true, _) => String::new(),
                (_, true) => format!("{goal} (met)"),
                (_, false) => format!("{goal} (NOT MET)"),
            };
            println!("{name:58} {value:9.3} {unit:6} {met}");
        }
    }
}
