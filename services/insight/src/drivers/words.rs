//! New words that stand out: which words more contacts of a period have than of the one before it, and not by chance.
//!
//! Words are not kept in the view, so that a contact costs no more for it. Those of a bounded sample are read from the log when
//! somebody asks, masked, counted by contacts, and compared by the log-likelihood ratio ([`log_likelihood`]).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aftercall_domain::Scope;
use aftercall_domain::measure::{corrected, log_likelihood};
use aftercall_log::Log;
use aftercall_proto::insight::v1::{CompareDriversResponse, Driver, StandingWord};
use aftercall_service::Places;
use aftercall_view::Store;
use jiff::Timestamp;
use tokio::time::Instant;

use super::Query;
use super::sample::{Group, pick};
use crate::answer::number;
use crate::failure::Unanswered;
use crate::fold::WordsAt;
use crate::limits::{
    GROUPS_WITH_WORDS_MAX, SAMPLE_BEFORE_MIN, SAMPLE_OF_ALL, SAMPLE_OF_VALUE, SAMPLE_RUN,
    STANDING_Q_MAX,
};
use crate::scan::Asked;
use crate::spoken::{LogReader, Terms, is_better, terms};

/// Which words are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// How many of each group.
    pub(super) limit: usize,
    /// Of how many contacts at least.
    pub(super) contacts_min: u64,
}

/// Where words are read, and until when.
pub(super) struct Source<'s> {
    pub(super) store: &'s Store,
    pub(super) log: &'s Arc<dyn Log>,
    pub(super) until: Instant,
}

/// How many contacts of a sample have a word: of the period before, and of the period.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    contacts: [u64; 2],
    spelling: String,
}

/// The words of a sample of two periods.
#[derive(Debug, Default)]
struct Tally {
    words: HashMap<String, Counted>,
    /// How many contacts were read.
    contacts: [u64; 2],
}

impl Tally {
    fn add(&mut self, period: usize, terms: Terms) {
        self.contacts[period] += 1;
        for (term, spelling) in terms {
            let counted = self.words.entry(term).or_insert_with(|| Counted {
                contacts: [0; 2],
                spelling: spelling.clone(),
            });
            counted.contacts[period] += 1;
            if is_better(&spelling, &counted.spelling) {
                counted.spelling = spelling;
            }
        }
    }

    /// The same, compared with the contacts before of another one.
    fn against(mut self, other: &Self) -> Self {
        self.contacts[0] = other.contacts[0];
        for (term, counted) in &mut self.words {
            let before = other.words.get(term);
            counted.contacts[0] = before.map_or(0, |before| before.contacts[0]);
        }
        self
    }

    /// The words that stand out. How many are compared is what has as many contacts as asked for in the period: of fewer nothing
    /// is told, whatever they are.
    fn standing_out(&self, wanted: Wanted) -> Vec<StandingWord> {
        let [of_before, of] = self.contacts;
        let mut compared: Vec<(&String, &Counted)> = self.words.iter().collect();
        compared.retain(|(_, counted)| counted.contacts[1] >= wanted.contacts_min);
        // A map has no order of its own, and equal words are to come in the same one.
        compared.sort_unstable_by_key(|(term, _)| *term);
        let tests = compared.iter().map(|(_, counted)| {
            let [before, now] = counted.contacts;
            log_likelihood((now, of), (before, of_before))
        });
        let tests: Vec<_> = tests.collect();
        let p_values: Vec<f64> = tests.iter().map(|test| test.p).collect();
        let mut found = Vec::new();
        let all = compared.into_iter().zip(tests).zip(corrected(&p_values));
        for (((term, counted), test), q_value) in all {
            let [before, now] = counted.contacts;
            // Shares without a division: counts of a sample are small.
            let rose = now * of_before > before * of;
            if rose && q_value <= STANDING_Q_MAX {
                let word = StandingWord {
                    word: counted.spelling.clone(),
                    contacts: number(now),
                    contacts_before: number(before),
                    g2: test.g2,
                    p_value: test.p,
                    q_value,
                    is_new: before == 0,
                };
                found.push((term, word));
            }
        }
        without_parts(&mut found);
        found.sort_by(|(one_term, one), (other_term, other)| {
            let order = other.g2.total_cmp(&one.g2);
            order.then_with(|| one_term.cmp(other_term))
        });
        found.truncate(wanted.limit);
        found.into_iter().map(|(_, word)| word).collect()
    }
}

/// Leaves out words that stand in the same contacts only as part of a pair that is told: the pair says more.
fn without_parts(found: &mut Vec<(&String, StandingWord)>) {
    let mut in_pairs: HashSet<(String, i64, i64)> = HashSet::new();
    for (term, word) in found.iter() {
        if let Some((first, second)) = term.split_once(' ') {
            for part in [first, second] {
                in_pairs.insert((part.to_owned(), word.contacts, word.contacts_before));
            }
        }
    }
    found.retain(|(term, word)| {
        !in_pairs.contains(&((*term).clone(), word.contacts, word.contacts_before))
    });
}

/// Adds to an answer the words that stand out in it.
pub(super) fn tell(
    query: &Query,
    wanted: Wanted,
    (source, whose): (&Source<'_>, (&str, &Scope)),
    at: (Timestamp, Option<&Places>),
    answer: &mut CompareDriversResponse,
) -> Result<(), Unanswered> {
    let count = |contacts: i64| u64::try_from(contacts).unwrap_or(0);
    let mut groups = vec![Group {
        value: None,
        contacts: [count(answer.contacts_before), count(answer.contacts)],
        size: SAMPLE_OF_ALL,
    }];
    let rose: Vec<usize> = rose_most(&answer.drivers);
    // Where a place in the log costs a connection, values have the words of no sample of their own.
    let rose = match source.log.is_shared() {
        true => Vec::new(),
        false => rose,
    };
    groups.extend(rose.iter().map(|place| {
        let driver = &answer.drivers[*place];
        Group {
            value: Some(driver.value.clone()),
            contacts: [count(driver.contacts_before), count(driver.contacts)],
            size: SAMPLE_OF_VALUE,
        }
    }));
    let samples = samples(query, (source, whose), at, &groups)?;
    let mut samples = samples.into_iter();
    let all = read(source, samples.next().unwrap_or_default())?;
    answer.words = all.standing_out(wanted);
    [answer.sampled_before, answer.sampled] = all.contacts.map(number);
    for (place, sample) in rose.into_iter().zip(samples) {
        let driver = &mut answer.drivers[place];
        let mut own = read(source, sample)?;
        driver.is_against_all = own.contacts[0] < SAMPLE_BEFORE_MIN;
        if driver.is_against_all {
            own = own.against(&all);
        }
        driver.words = own.standing_out(wanted);
        [driver.sampled_before, driver.sampled] = own.contacts.map(number);
    }
    Ok(())
}

/// The places of the values that rose most, and not by chance.
fn rose_most(drivers: &[Driver]) -> Vec<usize> {
    let all = drivers.iter().enumerate();
    let rose = all.filter(|(_, driver)| driver.z > 0.0 && driver.q_value <= STANDING_Q_MAX);
    let places = rose.map(|(place, _)| place);
    places.take(GROUPS_WITH_WORDS_MAX).collect()
}

/// Where the words of each group stand, of the period before and of the period.
fn samples(
    query: &Query,
    (source, whose): (&Source<'_>, (&str, &Scope)),
    (at, among): (Timestamp, Option<&Places>),
    groups: &[Group],
) -> Result<Vec<[Vec<WordsAt>; 2]>, Unanswered> {
    let terms = query.terms.at(at);
    let run = if source.log.is_shared() {
        SAMPLE_RUN
    } else {
        1
    };
    let mut periods = Vec::with_capacity(2);
    for (period, filter) in [&query.before, &query.filter].into_iter().enumerate() {
        let asked = Asked {
            among,
            ..Asked::all(whose, filter, &terms)
        };
        periods.push(pick(
            source.store,
            asked,
            (query.by, groups),
            (period, run),
        )?);
    }
    let now = periods.pop().unwrap_or_default();
    let before = periods.pop().unwrap_or_default();
    let both = before.into_iter().zip(now);
    Ok(both.map(|(before, now)| [before, now]).collect())
}

/// Reads the words of a sample: of both periods by turns, so that where time is up, neither has been read alone.
fn read(source: &Source<'_>, sample: [Vec<WordsAt>; 2]) -> Result<Tally, Unanswered> {
    let mut tally = Tally::default();
    let mut readers = [(); 2].map(|()| LogReader::new(source.log, source.until));
    let mut samples = sample.map(Vec::into_iter);
    loop {
        let mut is_over = true;
        for period in [0, 1] {
            let Some(at) = samples[period].next() else {
                continue;
            };
            if source.until <= Instant::now() {
                continue;
            }
            is_over = false;
            if let Some(contact) = readers[period].contact(at)? {
                tally.add(period, terms(&contact));
            }
        }
        if is_over {
            return Ok(tally);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted = Wanted {
        limit: 50,
        contacts_min: 5,
    };

    fn tally(of: [u64; 2], words: &[(&str, [u64; 2])]) -> Tally {
        let words = words.iter().map(|(word, contacts)| {
            let counted = Counted {
                contacts: *contacts,
                spelling: (*word).to_owned(),
            };
            ((*word).to_owned(), counted)
        });
        Tally {
            words: words.collect(),
            contacts: of,
        }
    }

    fn told(tally: &Tally) -> Vec<(String, i64, i64)> {
        let told = tally.standing_out(WANTED).into_iter();
        told.map(|it| (it.word, it.contacts, it.contacts_before))
            .collect()
    }

    #[test]
    fn what_rose_is_told_and_neither_what_fell_nor_what_stayed() {
        let tally = tally(
            [200, 200],
            &[
                ("outage", [2, 40]),
                ("bill", [60, 61]),
                ("storm", [0, 12]),
                ("refund", [50, 5]),
            ],
        );
        let found = tally.standing_out(WANTED);
        let words: Vec<_> = found.iter().map(|it| (&*it.word, it.is_new)).collect();
        assert_eq!(words, [("outage", false), ("storm", true)]);
        assert!(found.iter().all(|it| it.p_value <= it.q_value));
    }

    #[test]
    fn what_few_contacts_say_is_not_told_however_unlikely_it_is() {
        let few = tally([1_000, 20], &[("maier", [0, 4]), ("storm", [0, 5])]);
        assert_eq!(told(&few), [("storm".to_owned(), 5, 0)]);
    }

    #[test]
    fn a_pair_that_says_more_stands_for_its_words() {
        let tally = tally(
            [200, 200],
            &[
                ("north", [0, 20]),
                ("outage", [0, 30]),
                ("outage north", [0, 20]),
            ],
        );
        assert_eq!(
            told(&tally),
            [
                ("outage".to_owned(), 30, 0),
                ("outage north".to_owned(), 20, 0)
            ]
        );
    }

    #[test]
    fn what_is_new_is_compared_with_all_of_before() {
        let all = tally([400, 400], &[("bill", [300, 300]), ("storm", [0, 40])]);
        let own = tally([0, 40], &[("bill", [0, 20]), ("storm", [0, 38])]);
        let own = own.against(&all);
        assert_eq!(own.contacts, [400, 40]);
        assert_eq!(told(&own), [("storm".to_owned(), 38, 0)]);
    }
}
