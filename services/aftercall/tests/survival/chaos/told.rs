//! What a system was told by webhook, and what is wrong with it. Pure: what it objects to can be shown by tests.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::checker::told::News;
use crate::receiver::Reply;

/// One of so many messages is not taken when it comes first: every other time without a word.
const REFUSED: usize = 25;
/// One of so many is taken late, and how late.
const LATE: usize = 15;
const LATE_BY: Duration = Duration::from_millis(700);

/// What the log has to tell, by the event's or the message's id.
pub(super) type Log = BTreeMap<String, News>;

/// What a system was told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// How often anything came.
    pub(super) times: usize,
    /// What came, by the message's id, and whether it was taken.
    messages: BTreeMap<String, (Vec<u8>, bool)>,
    faults: Vec<String>,
}

impl Heard {
    /// Takes a message, or does not.
    pub(super) fn take(&mut self, id: &str, body: Vec<u8>) -> Reply {
        self.times += 1;
        let count = self.messages.len() + 1;
        let Some((known, taken)) = self.messages.get_mut(id) else {
            let reply = match () {
                () if count.is_multiple_of(2 * REFUSED) => Reply::HangUp,
                () if count.is_multiple_of(REFUSED) => Reply::Refuse,
                () if count.is_multiple_of(LATE) => Reply::TakeLate(LATE_BY),
                () => Reply::Take,
            };
            let taken = matches!(reply, Reply::Take | Reply::TakeLate(_));
            self.messages.insert(id.to_owned(), (body, taken));
            return reply;
        };
        if *known != body {
            let (before, now) = (
                String::from_utf8_lossy(known),
                String::from_utf8_lossy(&body),
            );
            self.faults.push(format!("{id} said {before}, then {now}"));
        }
        *taken = true;
        Reply::Take
    }

    /// How many messages came.
    pub(super) fn messages(&self) -> usize {
        self.messages.len()
    }

    /// Whether all that the log has was taken.
    pub(super) fn has(&self, log: &Log) -> bool {
        let taken = self.messages.values().filter(|(_, taken)| *taken);
        taken.count() >= log.len() && self.lacking(log).is_empty()
    }

    /// What the log has, and was not taken.
    fn lacking(&self, log: &Log) -> Vec<String> {
        let taken = self.messages.values().filter(|(_, taken)| *taken);
        let taken = taken.map(|(body, _)| text(&parsed(body), "eventId"));
        let taken: BTreeSet<_> = taken.collect();
        let lacking = log.iter().filter(|(id, _)| !taken.contains(*id));
        lacking
            .map(
                |(
                    id,
                    News {
                        event_type, about, ..
                    },
                )| { format!("{event_type} of {about} ({id}) was never told") },
            )
            .collect()
    }

    /// All that the log has was told, each under one id and one number, always with the same words; and nothing else was.
    pub(super) fn faults(&self, log: &Log) -> Vec<String> {
        let mut faults = self.faults.clone();
        faults.extend(self.lacking(log));
        let mut ids = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        for (id, (body, _)) in &self.messages {
            let body = parsed(body);
            let event_id = text(&body, "eventId");
            let said = News {
                event_type: body["type"].as_str().unwrap_or_default().to_owned(),
                about: text(&body, "aggregateId"),
                notification: body["data"].get("notification").cloned(),
            };
            match log.get(&event_id) {
                Some(news) if *news == said => {}
                other => faults.push(format!("told {body}, where the log has {other:?}")),
            }
            if let Some(before) = ids.insert(event_id.clone(), id) {
                faults.push(format!("{event_id} was told under {before} and {id}"));
            }
            let number = body["data"]["sequence"].as_u64().unwrap_or_default();
            if let Some(before) = numbers.insert(number, id) {
                faults.push(format!("{before} and {id} have the number {number}"));
            }
        }
        let gap = (1..).zip(numbers.keys()).find(|(at, number)| at != *number);
        faults.extend(gap.map(|(at, _)| format!("no message has the number {at}")));
        faults
    }
}

/// A message; none that says anything, if it is no JSON.
fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn text(body: &Value, name: &str) -> String {
    body["data"][name].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn news(about: &str) -> News {
        News {
            event_type: "lapsed".to_owned(),
            about: about.to_owned(),
            notification: None,
        }
    }

    fn log() -> Log {
        [("e", news("a")), ("f", news("b"))]
            .map(|(id, news)| (id.to_owned(), news))
            .into()
    }

    fn body(event: &str, about: &str, number: u64) -> Vec<u8> {
        let data = json!({"eventId": event, "aggregateId": about, "sequence": number});
        json!({"type": "lapsed", "data": data}).to_string().into()
    }

    /// What is wrong when this is told, each under an id.
    fn faults(told: &[(&str, Vec<u8>)]) -> String {
        let mut heard = Heard::default();
        for (id, body) in told {
            heard.take(id, body.clone());
        }
        heard.faults(&log()).join("; ")
    }

    #[test]
    fn news_may_be_told_twice_but_not_missed_changed_or_invented() {
        let (first, second) = (("1", body("e", "a", 1)), ("2", body("f", "b", 2)));
        let told = |third: (&'static str, Vec<u8>)| faults(&[first.clone(), second.clone(), third]);
        assert_eq!(told(first.clone()), "");
        let missed = faults(std::slice::from_ref(&first));
        assert_eq!(missed, "lapsed of b (f) was never told");
        let invented = told(("3", body("g", "c", 3)));
        assert!(invented.contains("where the log has None"), "{invented}");
        let changed = told(("2", body("f", "c", 2)));
        assert!(changed.contains("2 said"), "{changed}");
        let renamed = told(("3", body("f", "b", 3)));
        assert!(renamed.contains("f was told under 2 and 3"), "{renamed}");
        let gap = faults(&[first.clone(), ("2", body("f", "b", 3))]);
        assert_eq!(gap, "no message has the number 2");
        let twice = faults(&[first.clone(), ("2", body("f", "b", 1))]);
        assert_eq!(twice, "1 and 2 have the number 1");
        let other = faults(&[first.clone(), ("2", body("f", "a", 2))]);
        assert!(other.contains("where the log has Some"), "{other}");
    }

    #[test]
    fn what_was_not_taken_has_to_come_again() {
        let mut heard = Heard::default();
        let log: Log = (1..=REFUSED).map(|n| (n.to_string(), news("a"))).collect();
        for number in 1..=REFUSED {
            let id = number.to_string();
            let reply = heard.take(&id, body(&id, "a", number as u64));
            assert_eq!(reply == Reply::Refuse, number == REFUSED);
        }
        assert!(!heard.has(&log));
        let id = REFUSED.to_string();
        assert_eq!(heard.take(&id, body(&id, "a", REFUSED as u64)), Reply::Take);
        assert!(heard.has(&log));
    }
}
