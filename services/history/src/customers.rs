//! Finding customers by what somebody typed of them: words of a name, an id, a number or an address.
//!
//! Rows of names say who may be meant. Whether the caller reads anything of them, what they are called now, and when they
//! were in contact, their timelines say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_domain::words::stands_alone;
use aftercall_domain::{Scope, handle};
use aftercall_service::Checker;
use aftercall_view::Positions;
use bytes::Bytes;
use pbjson_types::Timestamp;

use crate::failure::Unanswered;
use crate::known::Known;
use crate::limits::{
    CUSTOMER_ENTRIES_MAX, CUSTOMERS_MAX, EXAMINED_MAX, NAME_BYTES_MAX, NAME_ROWS_MAX,
    NAME_SCANS_MAX,
};
use crate::request::{Whose, prefix, with_merged};
use crate::stored::StoredEntry;
use crate::timelines::{Row, Rows, Timelines};
use crate::{keys, names};

/// What somebody typed to find a customer.
#[derive(Debug)]
pub(crate) struct Sought {
    text: String,
    words: Vec<String>,
}

impl Sought {
    /// Checks what was typed.
    pub(crate) fn check(field: &str, text: &str, checker: &mut Checker) -> Self {
        checker.required_text(field, text, NAME_BYTES_MAX);
        let sought = Self::of(prefix(text, NAME_BYTES_MAX));
        if !sought.text.is_empty() && !says_enough(&sought.text) {
            let text = "is too short: too many names begin so; give at least two characters";
            checker.add(field, Reason::TooShort, text);
        }
        sought
    }

    /// What this text asks for.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim();
        Self {
            text: text.to_owned(),
            words: names::words(text),
        }
    }

    /// What tells it from any other, for page tokens.
    pub(crate) fn fingerprint(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The words to look for names by, the longest first: fewer names begin with those.
    fn longest_words(&self) -> impl Iterator<Item = &String> {
        let mut words: Vec<&String> = self.words.iter().collect();
        words.sort_by_key(|word| Reverse(word.len()));
        words.into_iter().take(NAME_SCANS_MAX)
    }
}

/// Whether a text is worth looking for: in most scripts one character begins more names than anybody looks through, in
/// others it is a word or a syllable of one.
fn says_enough(text: &str) -> bool {
    let is_hangul = |character| matches!(character, '\u{AC00}'..='\u{D7A3}');
    text.chars().nth(1).is_some() || text.chars().any(|one| stands_alone(one) || is_hangul(one))
}

/// Where a customer stands among those that were found: the smaller, the earlier. No two have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// 0 for whose id or handle it is; else 1, and one more for each word that only begins one of the name.
    rank: u8,
    /// When they were in contact last, in microseconds since the Unix epoch.
    last_us: Reverse<i64>,
    pub(crate) customer_id: String,
}

impl Place {
    pub(crate) fn to_bytes(&self) -> Bytes {
        let last_us = self.last_us.0.to_be_bytes();
        [&[self.rank], &last_us[..], self.customer_id.as_bytes()]
            .concat()
            .into()
    }

    /// The place of these bytes, if they are those of one.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (rank, rest) = bytes.split_first()?;
        let (last_us, customer_id) = rest.split_first_chunk()?;
        Some(Self {
            rank: *rank,
            last_us: Reverse(i64::from_be_bytes(*last_us)),
            customer_id: std::str::from_utf8(customer_id).ok()?.to_owned(),
        })
    }
}

/// A customer that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) place: Place,
    /// All ids under which they are known.
    pub(crate) customers: Vec<String>,
    /// What they are called.
    pub(crate) display_name: String,
    /// The name by which they were found, where that is another one.
    pub(crate) matched_name: String,
    pub(crate) last_contact_at: Option<Timestamp>,
}

/// All that were found, in their order.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) found: Vec<Found>,
    /// Whether more fits than was looked at.
    pub(crate) cut_short: bool,
}

/// Somebody who looks for customers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looking<'a> {
    pub(crate) known: &'a Known,
    pub(crate) tenant_id: &'a str,
    /// What of the tenant they read.
    pub(crate) scope: &'a Scope,
    /// What was recorded later is left out.
    pub(crate) through: &'a Positions,
    /// Whether nothing has been left out yet: it is the first page.
    pub(crate) is_first: bool,
}

/// Who may be meant, by all their ids in order.
type Hits = BTreeMap<Vec<String>, Hit>;

/// Why they may be.
#[derive(Debug, Default)]
struct Hit {
    /// Whether it is their id or their handle.
    exact: bool,
    /// Those of their names that fit.
    names: BTreeSet<String>,
}

/// How much more is looked at.
#[derive(Debug)]
struct Budget {
    entries: usize,
    cut_short: bool,
}

impl Looking<'_> {
    /// All that `sought` finds, in their order.
    pub(crate) fn find(self, sought: &Sought) -> Result<Finding, Unanswered> {
        let mut budget = Budget {
            entries: EXAMINED_MAX,
            cut_short: false,
        };
        let mut hits = Hits::new();
        if sought.text.len() <= ID_BYTES_MAX {
            self.hit(&sought.text, &mut hits)?.exact = true;
        }
        self.by_handle(sought, &mut hits, &mut budget)?;
        self.by_name(sought, &mut hits, &mut budget)?;
        let mut found = Vec::new();
        for (customers, hit) in &hits {
            found.extend(self.look(sought, (customers, hit), &mut budget)?);
        }
        found.sort_unstable_by(|one, other| one.place.cmp(&other.place));
        Ok(Finding {
            found,
            cut_short: budget.cut_short,
        })
    }

    /// The timeline of customers that are one.
    pub(crate) fn timeline(self, customers: &[String]) -> Rows {
        // Which of them is named makes no difference.
        let whose = Whose::Customer(String::new());
        Timelines::of(self.tenant_id, &whose, customers).read(self.known, None)
    }

    /// What stands in a row, if it is the customer's own and the caller reads it.
    pub(crate) fn own(self, row: &Row) -> Result<Option<StoredEntry>, Unanswered> {
        if !self.through.covers(keys::position_of(row.seq())) {
            return Ok(None);
        }
        let entry = row.decoded(self.known)?;
        let own = entry.filter(|(entry, ambiguous)| !ambiguous && entry.is_within(self.scope));
        Ok(own.map(|(entry, _)| entry))
    }

    /// Notes that a customer may be meant, with those that they are one with.
    fn hit<'h>(self, customer_id: &str, hits: &'h mut Hits) -> Result<&'h mut Hit, Unanswered> {
        let mut customers = with_merged(self.known, self.tenant_id, customer_id)?;
        customers.sort_unstable();
        Ok(hits.entry(customers).or_default())
    }

    /// Those who were reached by what was typed.
    fn by_handle(
        self,
        sought: &Sought,
        hits: &mut Hits,
        budget: &mut Budget,
    ) -> Result<(), Unanswered> {
        let mut keys = handle::look_up(None, &sought.text, None);
        keys.sort_unstable();
        keys.dedup();
        let rows = Timelines::of(self.tenant_id, &Whose::Handle(keys), &[]);
        for (looked_at, row) in rows.read(self.known, None).enumerate() {
            if looked_at == CUSTOMER_ENTRIES_MAX {
                budget.cut_short = true;
                break;
            }
            if let Some(entry) = self.own(&row?)?
                && let Some(customer_id) = entry.customer_id()
            {
                self.hit(customer_id, hits)?.exact = true;
            }
        }
        Ok(())
    }

    /// Those of whose names all words that were typed begin one.
    fn by_name(
        self,
        sought: &Sought,
        hits: &mut Hits,
        budget: &mut Budget,
    ) -> Result<(), Unanswered> {
        for word in sought.longest_words() {
            if self.scan(sought, word, hits)? {
                return Ok(());
            }
        }
        budget.cut_short |= !sought.words.is_empty();
        Ok(())
    }

    /// Those of them of whose names a word begins with `word`. Whether these are all.
    fn scan(self, sought: &Sought, word: &str, hits: &mut Hits) -> Result<bool, Unanswered> {
        let rows = names::beginning(self.known.store(), self.tenant_id, word);
        for (looked_at, row) in rows.enumerate() {
            if looked_at == NAME_ROWS_MAX || hits.len() >= CUSTOMERS_MAX {
                return Ok(false);
            }
            let (customer_id, name) = row?;
            let name = String::from_utf8_lossy(&name);
            if names::fit(&sought.words, &name).is_some() {
                let hit = self.hit(&customer_id, hits)?;
                hit.names.insert(name.into_owned());
            }
        }
        Ok(true)
    }

    /// Looks at the latest of whoever may be meant, until it is known whether they are found, and how they are shown.
    fn look(
        self,
        sought: &Sought,
        (customers, hit): (&[String], &Hit),
        budget: &mut Budget,
    ) -> Result<Option<Found>, Unanswered> {
        // What the rows say was recorded by somebody; what this caller reads of it, and what was there when the first page
        // was answered, has to be seen.
        let proven = self.is_first && self.scope.is_all();
        let mut seen = Seen::default();
        let mut is_bounded = false;
        for (looked_at, row) in self.timeline(customers).enumerate() {
            if looked_at == CUSTOMER_ENTRIES_MAX || budget.entries == 0 {
                is_bounded = true;
                break;
            }
            budget.entries -= 1;
            if let Some(entry) = self.own(&row?)? {
                seen.add(entry, hit);
            }
            if seen.is_enough(hit, proven) {
                break;
            }
        }
        let names = if proven { &hit.names } else { &seen.names };
        let matched = seen.matched(sought, names);
        let found = seen.found(sought, (customers, hit), matched);
        budget.cut_short |= is_bounded && found.is_none();
        Ok(found)
    }
}

/// What was seen of whoever may be meant.
#[derive(Debug, Default)]
struct Seen {
    /// Whether anything was.
    any: bool,
    /// The latest contact: when it began, and whose it was.
    last: Option<Last>,
    /// What the latest contact that has a name calls them.
    name: Option<String>,
    /// The names that fit, of contacts that were seen.
    names: BTreeSet<String>,
}

/// The latest contact.
#[derive(Debug)]
struct Last {
    at: Option<Timestamp>,
    at_us: i64,
    customer_id: String,
}

impl Seen {
    /// Takes what comes next in their timeline, the latest first.
    fn add(&mut self, entry: StoredEntry, hit: &Hit) {
        self.any = true;
        if entry.interaction.is_none() {
            return;
        }
        if self.last.is_none() {
            self.last = Some(Last {
                at: entry.occurred_at,
                at_us: entry.occurred_at_us(),
                customer_id: entry.customer_id().unwrap_or_default().to_owned(),
            });
        }
        if let Some(name) = names::name_of(&entry) {
            if hit.names.contains(name) {
                self.names.insert(name.to_owned());
            }
            self.name.get_or_insert_with(|| name.to_owned());
        }
    }

    /// Whether what comes before would tell nothing more.
    fn is_enough(&self, hit: &Hit, proven: bool) -> bool {
        let Some(name) = self.name.as_ref().filter(|_| self.last.is_some()) else {
            return false;
        };
        let are_all_seen = self.names.len() == hit.names.len();
        proven || hit.exact || are_all_seen || self.names.contains(name)
    }

    /// Which of `names`, which fit, it is: what they are called, if that is one of them, or else the one that fits best.
    fn matched(&self, sought: &Sought, names: &BTreeSet<String>) -> Option<(String, usize)> {
        let fit = |name: &String| names::fit(&sought.words, name).unwrap_or(usize::MAX);
        let current = self.name.as_ref().filter(|name| names.contains(*name));
        let best = || names.iter().min_by_key(|name| fit(name));
        let name = current.or_else(best)?;
        Some((name.clone(), fit(name)))
    }

    /// The customer, if the caller reads anything of them by which they are found.
    fn found(
        self,
        sought: &Sought,
        (customers, hit): (&[String], &Hit),
        matched: Option<(String, usize)>,
    ) -> Option<Found> {
        let is_found = match hit.exact {
            true => self.any,
            false => self.last.is_some() && matched.is_some(),
        };
        if !is_found {
            return None;
        }
        let (matched_name, beginnings) = matched.unwrap_or_default();
        let rank = match hit.exact {
            true => 0,
            false => u8::try_from(beginnings.saturating_add(1)).unwrap_or(u8::MAX),
        };
        let typed = customers.iter().find(|id| **id == sought.text);
        let last_id = self.last.as_ref().map(|last| &last.customer_id);
        let last_id = last_id.filter(|id| customers.contains(*id));
        let customer_id = typed.or(last_id).or(customers.first())?.clone();
        let display_name = self.name.unwrap_or_else(|| matched_name.clone());
        let is_another = !hit.exact && matched_name != display_name;
        Some(Found {
            place: Place {
                rank,
                last_us: Reverse(self.last.as_ref().map_or(i64::MIN, |last| last.at_us)),
                customer_id,
            },
            customers: customers.to_vec(),
            matched_name: if is_another {
                matched_name
            } else {
                String::new()
            },
            display_name,
            last_contact_at: self.last.and_then(|last| last.at),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_character_says_enough_where_it_is_a_word_or_a_syllable() {
        for text in ["王", "김", "か", "ก", "ab", "7b", "e\u{301}"] {
            assert!(says_enough(text), "{text}");
        }
        for text in ["", "a", "é", "7", "م"] {
            assert!(!says_enough(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_place_reads_back_in_its_order(
            one in (any::<u8>(), any::<i64>(), "\\PC{0,8}"),
            other in (any::<u8>(), any::<i64>(), "\\PC{0,8}"),
        ) {
            let place = |(rank, last_us, customer_id): &(u8, i64, String)| Place {
                rank: *rank,
                last_us: Reverse(*last_us),
                customer_id: customer_id.clone(),
            };
            let there = place(&one);
            prop_assert_eq!(Place::from_bytes(&there.to_bytes()), Some(there));
            let order = (one.0, Reverse(one.1), &one.2).cmp(&(other.0, Reverse(other.1), &other.2));
            prop_assert_eq!(place(&one).cmp(&place(&other)), order);
        }
    }
}
