//! What the clients saw, and what is wrong with it. Pure: what it objects to can be shown by tests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A client's answer that had to include a write.
#[derive(Debug, Clone)]
pub(super) struct OwnWrite {
    /// The replica that answered.
    pub(super) replica: String,
    /// What was acknowledged, and named by its position.
    pub(super) id: String,
    /// How often the answer has it.
    pub(super) found: usize,
}

/// What all clients saw while things failed.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub(super) own_writes: Vec<OwnWrite>,
    /// The promises whose lapse each watcher heard of, by the watcher.
    pub(super) alarms: BTreeMap<String, Vec<String>>,
}

/// Every answer includes the write that its request named, once.
pub(super) fn own_writes(seen: &[OwnWrite]) -> Vec<String> {
    let wrong = seen.iter().filter(|read| read.found != 1);
    wrong
        .map(|OwnWrite { replica, id, found }| {
            format!("{replica} showed {id} {found} times to who had just written it")
        })
        .collect()
}

/// What a view shows in the end is what the log has, each once. `view` names it in the faults.
pub(super) fn view(view: &str, logged: &BTreeSet<String>, shown: &[String]) -> Vec<String> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for id in shown {
        *times.entry(id).or_default() += 1;
    }
    let lost = logged.iter().filter(|id| !times.contains_key(id.as_str()));
    let mut faults: Vec<_> = lost.map(|id| format!("{view} lacks {id}")).collect();
    for (id, times) in times {
        if times > 1 {
            faults.push(format!("{view} shows {id} {times} times"));
        }
        if !logged.contains(id) {
            faults.push(format!("{view} shows {id}, which the log doesn't have"));
        }
    }
    faults
}

/// Every lapse in the log was heard of by every watcher, and nothing else was.
pub(super) fn alarms(
    lapsed: &BTreeSet<String>,
    heard: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for (watcher, heard) in heard {
        let heard: BTreeSet<_> = heard.iter().cloned().collect();
        let missed = lapsed.difference(&heard);
        faults.extend(missed.map(|id| format!("{watcher} did not hear that {id} lapsed")));
        let invented = heard.difference(lapsed);
        faults
            .extend(invented.map(|id| format!("{watcher} heard that {id} lapsed, and it did not")));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<C: FromIterator<String>>(ids: &[&str]) -> C {
        ids.iter().map(ToString::to_string).collect()
    }

    fn read(found: usize) -> OwnWrite {
        OwnWrite {
            replica: "history-1".to_owned(),
            id: "a".to_owned(),
            found,
        }
    }

    #[test]
    fn an_own_write_that_is_missing_or_double_is_a_fault() {
        assert!(own_writes(&[read(1), read(1)]).is_empty());
        let faults = own_writes(&[read(1), read(0), read(2)]);
        assert_eq!(faults.len(), 2);
        assert!(
            faults[0].contains("history-1 showed a 0 times"),
            "{faults:?}"
        );
    }

    #[test]
    fn a_view_that_lacks_repeats_or_invents_is_at_fault() {
        let logged = ids(&["a", "b"]);
        assert!(view("history", &logged, &ids::<Vec<_>>(&["b", "a"])).is_empty());
        let lacks = view("history", &logged, &ids::<Vec<_>>(&["a"]));
        assert_eq!(lacks, ["history lacks b"]);
        let repeats = view("history", &logged, &ids::<Vec<_>>(&["a", "b", "a"]));
        assert_eq!(repeats, ["history shows a 2 times"]);
        let invents = view("history", &logged, &ids::<Vec<_>>(&["a", "b", "c"]));
        assert_eq!(invents, ["history shows c, which the log doesn't have"]);
    }

    #[test]
    fn a_lapse_may_be_heard_twice_but_not_missed_and_not_invented() {
        let lapsed = ids(&["a", "b"]);
        let heard = |heard: &[&str]| BTreeMap::from([("watcher".to_owned(), ids(heard))]);
        assert!(alarms(&lapsed, &heard(&["a", "b", "a"])).is_empty());
        let missed = alarms(&lapsed, &heard(&["a"]));
        assert_eq!(missed, ["watcher did not hear that b lapsed"]);
        let invented = alarms(&lapsed, &heard(&["a", "b", "c"]));
        assert_eq!(invented, ["watcher heard that c lapsed, and it did not"]);
    }
}
