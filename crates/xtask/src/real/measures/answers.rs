//! What both programs answer, in one form, and number by number.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// An answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    pub(super) total: Value,
    pub(super) hidden_groups: i64,
    pub(super) hidden_contacts: i64,
    pub(super) contacts: i64,
}

/// One group of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Row {
    /// When its time begins, in seconds since the epoch.
    pub(super) bucket_from: Option<i64>,
    pub(super) values: Vec<String>,
    pub(super) measures: Value,
    /// Of repeats and drivers there is nothing but how many there are.
    pub(super) cause: String,
    pub(super) value: String,
    pub(super) contacts: i64,
}

impl Row {
    /// Its name.
    fn name(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.bucket_from.map(|at| at.to_string()));
        parts.extend(self.values.clone());
        let parts = parts.into_iter();
        let parts = parts.chain([self.cause.clone(), self.value.clone()]);
        parts.collect::<Vec<_>>().join(", ")
    }
}

impl Answer {
    /// How many contacts each value has.
    pub(super) fn drivers(&self) -> Vec<(u64, String)> {
        let rows = self.rows.iter();
        let drivers = rows.map(|row| (u64::try_from(row.contacts).unwrap_or(0), row.value.clone()));
        drivers.collect()
    }

    /// Its numbers, each by its place.
    fn numbers(&self) -> BTreeMap<(String, String), String> {
        let mut numbers = BTreeMap::new();
        let mut note = |row: &str, field: &str, number: String| {
            numbers.insert((row.to_owned(), field.to_owned()), number);
        };
        for row in &self.rows {
            let name = row.name();
            for (field, number) in fields(&row.measures) {
                note(&name, field, number);
            }
            if row.contacts != 0 {
                note(&name, "contacts", row.contacts.to_string());
            }
        }
        for (field, number) in fields(&self.total) {
            note("total", field, number);
        }
        note("all", "hidden groups", self.hidden_groups.to_string());
        note("all", "hidden contacts", self.hidden_contacts.to_string());
        note("all", "contacts", self.contacts.to_string());
        numbers
    }
}

/// The numbers of two answers, place by place; what one of them does not say is nothing there.
pub(super) fn pairs(one: &Answer, other: &Answer) -> Vec<(String, String, String)> {
    let (one, other) = (one.numbers(), other.numbers());
    let places: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let said = |numbers: &BTreeMap<(String, String), String>, place: &(String, String)| {
        numbers.get(place).map_or("nothing", |it| it).to_owned()
    };
    let pairs = places.into_iter().map(|place| {
        let name = format!("{} of {}", place.1, place.0);
        (name, said(&one, place), said(&other, place))
    });
    pairs.collect()
}

/// The numbers of measures as proto3 JSON has them, in one spelling.
fn fields(measures: &Value) -> impl Iterator<Item = (&String, String)> {
    let fields = measures.as_object().into_iter().flatten();
    fields.map(|(field, value)| {
        let number = match value {
            Value::String(text) => spelt(text),
            Value::Number(number) => match number.as_f64() {
                Some(float) => format!("{float:?}"),
                None => number.to_string(),
            },
            other => other.to_string(),
        };
        (field, number)
    })
}

/// A whole number as it is; another one in the shortest way that means it and no other.
fn spelt(text: &str) -> String {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Err(_), Ok(float)) => format!("{float:?}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_compared_to_the_last_digit() {
        let one: Answer = serde_json::from_value(json!({
            "rows": [{"bucketFrom": 60, "values": ["a"], "measures": {"contacts": "3"}}],
            "total": {"repeatRate": "0.1"},
        }))
        .unwrap();
        let mut other = Answer {
            total: json!({"repeatRate": 0.1}),
            ..Answer::default()
        };
        let differing = |other: &Answer| {
            let pairs = pairs(&one, other).into_iter();
            let differing = pairs.filter(|(_, one, other)| one != other);
            differing.collect::<Vec<_>>()
        };
        let row = "contacts of 60, a, , ".to_owned();
        assert_eq!(
            differing(&other),
            [(row, "3".to_owned(), "nothing".to_owned())]
        );
        other.total = json!({"repeatRate": 0.1_f64.next_up()});
        assert_eq!(differing(&other).len(), 2);
    }
}
