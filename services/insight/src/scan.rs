//! The pass over rows.

use aftercall_domain::Scope;
use aftercall_domain::measure::Terms;
use aftercall_log::Partition;
use aftercall_view::{Direction, Store, StoreError};
use prost::Message;

use crate::blocks::{self, Totals, read_zone};
use crate::filter::{Among, Filter, part};
use crate::keys::{self, Address};
use crate::limits::{BLOCK_ROWS, ROWS_OF_ONE_PASS, ZONE_BLOCKS};
use crate::row::{Column, RowBytes};
use crate::words::WordList;

/// Whose rows are asked for, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) scope: &'a Scope,
    pub(crate) filter: &'a Filter,
    pub(crate) terms: &'a Terms,
    /// The first row that is looked at,
    pub(crate) from: Address,
    /// and the first one that is not, if there is one.
    pub(crate) before: Option<Address>,
}

impl Asked<'_> {
    /// The same in two parts: before a row, and from it on.
    pub(crate) const fn halves(self, middle: Address) -> [Self; 2] {
        let (mut first, mut second) = (self, self);
        first.before = Some(middle);
        second.from = middle;
        [first, second]
    }
}

/// The beginning.
pub(crate) const FIRST: Address = Address {
    partition: 0,
    row: 0,
};

/// What a test of a row asks of one of its words.
enum Wanted<'a> {
    Among(&'a Among),
    Within(&'a Scope),
}

/// A test of one word, answered for each word of the partition once.
struct Test<'a> {
    wanted: Wanted<'a>,
    column: Column,
    passes: Vec<bool>,
}

impl Test<'_> {
    fn learn(&mut self, words: &WordList) {
        for number in self.passes.len()..words.len() {
            let passes = match &self.wanted {
                Wanted::Within(scope) => scope.admits(words.parties(number).iter()),
                Wanted::Among(among) => {
                    let word = words.word(number);
                    let word = match among.by_part {
                        true => part(among.column, word),
                        false => word,
                    };
                    among.values.iter().any(|value| value == word)
                }
            };
            self.passes.push(passes);
        }
    }

    fn admits(&self, row: RowBytes<'_>) -> bool {
        let number = row.word(self.column) as usize;
        self.passes.get(number).copied().unwrap_or(false)
    }
}

fn tests(filter: &Filter) -> impl Iterator<Item = Test<'_>> {
    filter.among.iter().map(|among| Test {
        column: among.column,
        wanted: Wanted::Among(among),
        passes: Vec::new(),
    })
}

/// Which of several filters a row fits, beside what the pass asks for: by the words that they name, and nothing else.
pub(crate) struct Several<'a> {
    filters: &'a [Filter],
    partition: Option<Partition>,
    tests: Vec<Vec<Test<'a>>>,
    /// How many words the tests know.
    learnt: usize,
}

impl<'a> Several<'a> {
    pub(crate) const fn of(filters: &'a [Filter]) -> Self {
        Self {
            filters,
            partition: None,
            tests: Vec::new(),
            learnt: 0,
        }
    }

    /// Whether the row fits the filter of a number.
    pub(crate) fn fits(
        &mut self,
        (partition, words): (Partition, &WordList),
        row: RowBytes<'_>,
        number: usize,
    ) -> bool {
        if self.partition != Some(partition) {
            self.partition = Some(partition);
            self.tests = self.filters.iter().map(|it| tests(it).collect()).collect();
            self.learnt = 0;
        }
        if self.learnt < words.len() {
            let all = self.tests.iter_mut().flatten();
            all.for_each(|test| test.learn(words));
            self.learnt = words.len();
        }
        let tests = self.tests.get(number);
        tests.is_some_and(|tests| tests.iter().all(|test| test.admits(row)))
    }
}

/// The rows of one partition.
struct PartitionRows<'a> {
    asked: Asked<'a>,
    store: &'a Store,
    partition: Partition,
    words: WordList,
    tests: Vec<Test<'a>>,
}

/// An address before which lie about as many contacts' rows as after it; none where one pass is as good.
pub(crate) fn middle(store: &Store, tenant_id: &str) -> Result<Option<Address>, StoreError> {
    let mut all = Vec::new();
    for entry in store.scan_prefix(keys::all_counts(tenant_id), Direction::Ascending) {
        let (key, totals) = entry?;
        let rows = Totals::decode(totals).map_or(0, |totals| totals.rows);
        all.push((keys::number_of(&key), rows));
    }
    let sum: u64 = all.iter().map(|(_, rows)| rows).sum();
    if sum < ROWS_OF_ONE_PASS {
        return Ok(None);
    }
    let mut left = sum / 2;
    for (partition, rows) in all {
        if left < rows {
            let row = left;
            return Ok(Some(Address { partition, row }));
        }
        left -= rows;
    }
    Ok(None)
}

/// Shows `visit` every row that is asked for, with its address and the words of its partition, in the order of their
/// addresses, until it has seen enough.
pub(crate) fn rows<E: From<StoreError>>(
    store: &Store,
    asked: Asked<'_>,
    mut visit: impl FnMut(Address, &WordList, RowBytes<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    for partition in partitions(store, asked.tenant_id)? {
        if partition < asked.from.partition {
            continue;
        }
        if asked.before.is_some_and(|it| it.partition < partition) {
            break;
        }
        let mut rows = PartitionRows::open(store, partition, asked)?;
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
    fn open(store: &'a Store, partition: Partition, asked: Asked<'a>) -> Result<Self, StoreError> {
        let mut tests: Vec<_> = tests(asked.filter).collect();
        if !asked.scope.is_all() {
            tests.push(Test {
                column: Column::Parties,
                wanted: Wanted::Within(asked.scope),
                passes: Vec::new(),
            });
        }
        let mut rows = Self {
            asked,
            store,
            partition,
            words: WordList::default(),
            tests,
        };
        rows.learn()?;
        Ok(rows)
    }

    /// Reads the partition's words. They only ever become more: what the numbers mean stays.
    fn learn(&mut self) -> Result<(), StoreError> {
        self.words = WordList::read(self.asked.tenant_id, self.partition, self.store)?;
        for test in &mut self.tests {
            test.learn(&self.words);
        }
        Ok(())
    }

    fn visit<E: From<StoreError>>(
        &mut self,
        visit: &mut impl FnMut(Address, &WordList, RowBytes<'_>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let (tenant_id, partition) = (self.asked.tenant_id, self.partition);
        let store = self.store.clone();
        for (first, last) in self.runs()? {
            let from = keys::block(tenant_id, partition, first);
            let to = keys::blocks(tenant_id, partition);
            let to = match last.checked_add(1) {
                Some(next) => to.u32(next).to_vec(),
                None => aftercall_view::key::prefix_end(&to).unwrap_or_default(),
            };
            for entry in store.scan_range(from, Some(&to), Direction::Ascending) {
                let (key, block) = entry?;
                if !self.visit_block(keys::number_of(&key), &block, visit)? {
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
        number: u32,
        block: &[u8],
        visit: &mut impl FnMut(Address, &WordList, RowBytes<'_>) -> Result<bool, E>,
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
                self.learn()?;
            }
            if !self.is_asked(bytes) {
                continue;
            }
            if !visit(address, &self.words, bytes)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_asked(&self, row: RowBytes<'_>) -> bool {
        let filter = self.asked.filter;
        let at = row.occurred_at_us();
        if at < filter.from_us || filter.before_us <= at {
            return false;
        }
        let is_among = |lists: &[Vec<u8>], value| lists.iter().all(|list| list.contains(&value));
        if !is_among(&filter.channels, row.channel())
            || !is_among(&filter.directions, row.direction())
        {
            return false;
        }
        if !self.tests.iter().all(|test| test.admits(row)) {
            return false;
        }
        if filter.causes.is_empty() && filter.facts.is_empty() {
            return true;
        }
        let (terms, facts) = (self.asked.terms, row.facts());
        let why = terms.why(&facts);
        filter.causes.iter().all(|causes| causes.contains(&why))
            && filter.facts.iter().all(|what| terms.counts(*what, &facts))
    }
}
