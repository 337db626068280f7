//! What is asked of the words of a row: answered for each word once.

use aftercall_domain::Scope;
use aftercall_log::Partition;

use crate::filter::{Among, Filter, part};
use crate::row::{Column, RowBytes};
use crate::seen::Seen;
use crate::words::WordList;

/// What a test of a row asks of one of its words.
enum Wanted<'a> {
    Among(&'a Among),
    Within(&'a Scope),
}

/// A test of one word, answered for each word of the partition once.
pub(super) struct Test<'a> {
    wanted: Wanted<'a>,
    column: Column,
    passes: Vec<bool>,
}

impl<'a> Test<'a> {
    /// Somebody of a scope has a part in it.
    pub(super) const fn within(scope: &'a Scope) -> Self {
        Self {
            wanted: Wanted::Within(scope),
            column: Column::Parties,
            passes: Vec::new(),
        }
    }

    pub(super) fn learn(&mut self, words: &WordList) {
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

    pub(super) fn admits(&self, row: RowBytes<'_>) -> bool {
        let number = row.word(self.column) as usize;
        self.passes.get(number).copied().unwrap_or(false)
    }
}

pub(super) fn tests(filter: &Filter) -> impl Iterator<Item = Test<'_>> {
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
    pub(crate) fn fits(&mut self, seen: &Seen<'_>, number: usize) -> bool {
        let (partition, words) = seen.partition();
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
        tests.is_some_and(|tests| tests.iter().all(|test| test.admits(seen.row)))
    }
}
