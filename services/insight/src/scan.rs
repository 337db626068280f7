//! The pass over rows.

mod wanted;

use std::sync::Arc;

use aftercall_domain::Scope;
use aftercall_domain::measure::{Feeling, Terms};
use aftercall_log::{Partition, Position};
use aftercall_service::{Places, seq_of};
use aftercall_view::{Direction, Store, StoreError};
use prost::Message;

use crate::afters::{After, Afters};
use crate::blocks::{self, Totals, read_zone};
use crate::filter::Filter;
use crate::keys::{self, Address};
use crate::limits::{BLOCK_ROWS, PARTS_OF_A_PASS, ROWS_OF_ONE_PASS, ZONE_BLOCKS};
use crate::row::{Column, RowBytes};
use crate::seen::Seen;
use crate::words::{WordList, WordLists};
pub(crate) use wanted::Several;
use wanted::{Test, tests};

/// Whose rows are asked for, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) scope: &'a Scope,
    pub(crate) filter: &'a Filter,
    pub(crate) terms: &'a Terms,
    /// No others than those recorded there, if it is set: what was looked up for the question.
    pub(crate) among: Option<&'a Places>,
    /// The first row that is looked at,
    pub(crate) from: Address,
    /// and the first one that is not, if there is one.
    pub(crate) before: Option<Address>,
}

impl<'a> Asked<'a> {
    /// All rows of a tenant that somebody reads and that fulfil a filter.
    pub(crate) const fn all(
        (tenant_id, scope): (&'a str, &'a Scope),
        filter: &'a Filter,
        terms: &'a Terms,
    ) -> Self {
        Self {
            tenant_id,
            scope,
            filter,
            terms,
            among: None,
            from: FIRST,
            before: None,
        }
    }

    /// The same of a part of the rows.
    pub(crate) const fn part(self, (from, before): Part) -> Self {
        let mut part = self;
        part.from = from;
        part.before = before;
        part
    }
}

/// Rows from an address on, and before another one, if there is one.
pub(crate) type Part = (Address, Option<Address>);

/// The beginning.
pub(crate) const FIRST: Address = Address {
    partition: 0,
    row: 0,
};

/// The rows of one partition.
struct PartitionRows<'a> {
    asked: Asked<'a>,
    store: &'a Store,
    partition: Partition,
    words: Arc<WordList>,
    tests: Vec<Test<'a>>,
    /// The number of the scorer whose sentiment counts, if it is asked for one; 0, which is nobody's, where nobody of that
    /// name says how a customer felt and is the one that counts.
    scorer: Option<u32>,
}

/// All rows in parts of about as many contacts' rows; in one where one pass is as good.
pub(crate) fn parts(store: &Store, tenant_id: &str) -> Result<Vec<Part>, StoreError> {
    let mut all = Vec::new();
    for entry in store.scan_prefix(keys::all_counts(tenant_id), Direction::Ascending) {
        let (key, totals) = entry?;
        let rows = Totals::decode(totals).map_or(0, |totals| totals.rows);
        all.push((keys::number_of(&key), rows));
    }
    let sum: u64 = all.iter().map(|(_, rows)| rows).sum();
    let mut begins = vec![FIRST];
    if sum >= ROWS_OF_ONE_PASS {
        let cuts = (1..PARTS_OF_A_PASS).map(|number| sum * number / PARTS_OF_A_PASS);
        begins.extend(cuts.filter_map(|cut| address_of(&all, cut)));
    }
    let ends = begins.iter().skip(1).map(|begin| Some(*begin));
    let ends: Vec<_> = ends.chain([None]).collect();
    Ok(begins.into_iter().zip(ends).collect())
}

/// The address of the row of a number, counted over all partitions.
fn address_of(all: &[(Partition, u64)], number: u64) -> Option<Address> {
    let mut row = number;
    for (partition, rows) in all {
        if row < *rows {
            let partition = *partition;
            return Some(Address { partition, row });
        }
        row -= rows;
    }
    None
}

/// Shows `visit` every row that is asked for, in the order of their addresses, until it has seen enough.
pub(crate) fn rows<E: From<StoreError>>(
    store: &Store,
    asked: Asked<'_>,
    visit: impl FnMut(&Seen<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    rows_with(store, asked, &WordLists::default(), visit)
}

/// The same by words that others read, too.
pub(crate) fn rows_with<E: From<StoreError>>(
    store: &Store,
    asked: Asked<'_>,
    words: &WordLists,
    mut visit: impl FnMut(&Seen<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    for partition in partitions(store, asked.tenant_id)? {
        if partition < asked.from.partition {
            continue;
        }
        if asked.before.is_some_and(|it| it.partition < partition) {
            break;
        }
        let words = words.of((asked.tenant_id, partition), store)?;
        let mut rows = PartitionRows::open((store, partition), asked, words);
        if !rows.visit(&mut visit)? {
            break;
        }
    }
    Ok(())
}

/// The first and the last time that any row may have.
pub(crate) fn extent(store: &Store, tenant_id: &str) -> Result<Option<(i64, i64)>, StoreError> {
    let mut extent: Option<(i64, i64)> = None;
    for partition in partitions(store, tenant_id)? {
        let zones = keys::zones(tenant_id, partition);
        for entry in store.scan_prefix(zones, Direction::Ascending) {
            if let Some((first, last)) = read_zone(&entry?.1) {
                let (from, to) = extent.unwrap_or((first, last));
                extent = Some((from.min(first), to.max(last)));
            }
        }
    }
    Ok(extent)
}

fn partitions(store: &Store, tenant_id: &str) -> Result<Vec<Partition>, StoreError> {
    let found = store.scan_prefix(keys::all_counts(tenant_id), Direction::Ascending);
    found
        .map(|entry| entry.map(|(key, _)| keys::number_of(&key)))
        .collect()
}

impl<'a> PartitionRows<'a> {
    fn open(
        (store, partition): (&'a Store, Partition),
        asked: Asked<'a>,
        words: Arc<WordList>,
    ) -> Self {
        let mut tests: Vec<_> = tests(asked.filter).collect();
        if !asked.scope.is_all() {
            tests.push(Test::within(asked.scope));
        }
        let mut rows = Self {
            asked,
            store,
            partition,
            words,
            tests,
            scorer: None,
        };
        rows.learn();
        rows
    }

    /// Reads the partition's words anew. They only ever become more: what the numbers mean stays.
    fn read_words(&mut self) -> Result<(), StoreError> {
        let words = WordList::read(self.asked.tenant_id, self.partition, self.store)?;
        self.words = Arc::new(words);
        self.learn();
        Ok(())
    }

    fn learn(&mut self) {
        for test in &mut self.tests {
            test.learn(&self.words);
        }
        let scorer = self.asked.filter.felt.scorer.as_ref();
        self.scorer = scorer.map(|name| self.words.number(name).unwrap_or(0));
    }

    fn visit<E: From<StoreError>>(
        &mut self,
        visit: &mut impl FnMut(&Seen<'_>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let (tenant_id, partition) = (self.asked.tenant_id, self.partition);
        let store = self.store;
        for (first, last) in self.runs()? {
            let from = keys::block(tenant_id, partition, first);
            let to = keys::blocks(tenant_id, partition);
            let to = match last.checked_add(1) {
                Some(next) => to.u32(next).to_vec(),
                None => aftercall_view::key::prefix_end(&to).unwrap_or_default(),
            };
            let first_row = u64::from(first) * BLOCK_ROWS;
            let mut afters = Afters::from(store, tenant_id, (partition, first_row));
            for entry in store.scan_range(from, Some(&to), Direction::Ascending) {
                let (key, block) = entry?;
                let block = (keys::number_of(&key), &*block);
                if !self.visit_block(block, &mut afters, visit)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The blocks in which something may be asked for, those side by side together.
    fn runs(&self) -> Result<Vec<(u32, u32)>, StoreError> {
        let Asked {
            tenant_id,
            filter,
            from,
            ..
        } = self.asked;
        let first_row = match from.partition == self.partition {
            true => from.row,
            false => 0,
        };
        let first_block = u32::try_from(first_row / BLOCK_ROWS).unwrap_or(u32::MAX);
        let mut runs: Vec<(u32, u32)> = Vec::new();
        let zones = keys::zones(tenant_id, self.partition);
        for entry in self.store.scan_prefix(zones, Direction::Ascending) {
            let (key, zone) = entry?;
            let first = keys::number_of(&key).saturating_mul(ZONE_BLOCKS);
            let last = first.saturating_add(ZONE_BLOCKS - 1);
            let is_asked = read_zone(&zone)
                .is_some_and(|(first, last)| first < filter.before_us && filter.from_us <= last);
            if !is_asked || last < first_block {
                continue;
            }
            let first = first.max(first_block);
            match runs.last_mut() {
                Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
                _ => runs.push((first, last)),
            }
        }
        Ok(runs)
    }

    fn visit_block<E: From<StoreError>>(
        &mut self,
        (number, block): (u32, &[u8]),
        afters: &mut Afters,
        visit: &mut impl FnMut(&Seen<'_>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        for (row, bytes) in blocks::rows(number, block) {
            let address = Address {
                partition: self.partition,
                row,
            };
            if address < self.asked.from {
                continue;
            }
            if self.asked.before.is_some_and(|before| before <= address) {
                return Ok(false);
            }
            // The row came later than the words were read.
            if bytes.words_max() as usize >= self.words.len() {
                self.read_words()?;
            }
            if !self.is_asked(bytes) {
                continue;
            }
            let after = afters.of(row)?;
            if !self.is_so(bytes, after) {
                continue;
            }
            let mut seen = Seen {
                address,
                row: bytes,
                feeling: bytes.feeling(),
                after,
                words: &self.words,
                of: (self.store, self.asked.tenant_id),
            };
            if !self.is_felt(&mut seen)? {
                continue;
            }
            if !visit(&seen)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the row is asked for by its time, its words, and where its record stands.
    fn is_asked(&self, row: RowBytes<'_>) -> bool {
        let filter = self.asked.filter;
        let at = row.occurred_at_us();
        if at < filter.from_us || filter.before_us <= at {
            return false;
        }
        let is_among = |lists: &[Vec<u8>], value| lists.iter().all(|list| list.contains(&value));
        if !is_among(&filter.channels, row.channel())
            || !is_among(&filter.directions, row.direction())
            || !is_among(&filter.attributions, row.attribution())
        {
            return false;
        }
        if !self.tests.iter().all(|test| test.admits(row)) {
            return false;
        }
        self.asked.among.is_none_or(|among| {
            among.contains(seq_of(Position {
                partition: self.partition,
                offset: row.offset(),
            }))
        })
    }

    /// Whether it is asked for by what its contact comes to.
    fn is_so(&self, row: RowBytes<'_>, after: After) -> bool {
        let filter = self.asked.filter;
        if filter.causes.is_empty() && filter.facts.is_empty() {
            return true;
        }
        let (terms, facts) = (self.asked.terms, row.facts(after));
        let why = terms.why(&facts);
        filter.causes.iter().all(|causes| causes.contains(&why))
            && filter.facts.iter().all(|what| terms.counts(*what, &facts))
    }

    /// Whether it is asked for by how the customer felt. Says in `seen` how that was by whom it is asked for.
    fn is_felt(&self, seen: &mut Seen<'_>) -> Result<bool, StoreError> {
        let felt = &self.asked.filter.felt;
        if let Some(name) = &felt.scorer {
            let own = seen.row.word(Column::Scorer);
            if own == 0 || Some(own) != self.scorer {
                let mut feeling = Feeling {
                    signals: seen.feeling.signals,
                    ..Feeling::default()
                };
                seen.each_scorer(|scorer, says| {
                    if scorer == name {
                        feeling = says;
                    }
                    Ok::<_, StoreError>(())
                })?;
                seen.feeling = feeling;
            }
        }
        if !felt.admits(&seen.feeling) {
            return Ok(false);
        }
        if !felt.asks_for_scorers() {
            return Ok(true);
        }
        let mut scorers = Vec::new();
        seen.each_scorer(|scorer, _| {
            scorers.push(scorer.to_owned());
            Ok::<_, StoreError>(())
        })?;
        let mut lists = felt.scorers.iter();
        let is_by_all = lists.all(|any| any.iter().any(|one| scorers.contains(one)));
        Ok(is_by_all && (!felt.unscored || scorers.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use aftercall_view::Txn;
    use aftercall_view::testing::MemoryEngine;

    use super::*;

    fn parts_of(rows: &[u64]) -> Vec<Part> {
        let store = Store::on(Box::new(MemoryEngine::default()));
        let mut txn = Txn::new(&store);
        for (partition, rows) in (0..).zip(rows) {
            let totals = Totals {
                rows: *rows,
                ..Totals::default()
            };
            totals.write("acme", partition, &mut txn).unwrap();
        }
        store.apply(txn.into_changes()).unwrap();
        parts(&store, "acme").unwrap()
    }

    #[test]
    fn parts_lie_beside_each_other_from_the_first_row_to_the_last() {
        assert_eq!(parts_of(&[]), [(FIRST, None)]);
        assert_eq!(parts_of(&[100, 200]), [(FIRST, None)]);
        let parts = parts_of(&[60_000, 0, 20_000]);
        assert_eq!(parts.len() as u64, PARTS_OF_A_PASS);
        assert_eq!(parts[0].0, FIRST);
        assert_eq!(parts[7].1, None);
        for pair in parts.windows(2) {
            assert_eq!(pair[0].1, Some(pair[1].0));
        }
        let begins: Vec<_> = parts.iter().map(|(it, _)| (it.partition, it.row)).collect();
        let expected = (0..6).map(|n| (0, n * 10_000)).chain([(2, 0), (2, 10_000)]);
        assert_eq!(begins, expected.collect::<Vec<_>>());
    }
}
