//! Words that rows say by their numbers: ids and codes, each once a partition.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aftercall_domain::{Parties, Party};
use aftercall_log::Partition;
use aftercall_proto::convert::parties::PartiesRow;
use aftercall_view::{ApplyError, Direction, Store, StoreError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::blocks::Totals;
use crate::keys;

/// Begins the word of a set of parties: no id or code does.
const PARTIES: u8 = 0;

/// How many words the fold keeps in memory.
const REMEMBERED_MAX: usize = 100_000;

/// The words that the fold has come across.
#[derive(Debug, Default)]
pub(crate) struct Words(HashMap<(String, Partition), HashMap<Bytes, u32>>, usize);

impl Words {
    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A word's number; 0 for the empty one. A word that is new gets the next.
    pub(crate) fn number(
        &mut self,
        (tenant_id, partition): (&str, Partition),
        word: &[u8],
        txn: &mut Txn<'_>,
    ) -> Result<u32, ApplyError> {
        if word.is_empty() {
            return Ok(0);
        }
        if self.1 >= REMEMBERED_MAX {
            self.clear();
        }
        let of = self.0.entry((tenant_id.to_owned(), partition)).or_default();
        if let Some(number) = of.get(word) {
            return Ok(*number);
        }
        let key = keys::word(tenant_id, partition, word);
        let number = match txn.get(&key)? {
            Some(bytes) => bytes.as_ref().try_into().map_or(0, u32::from_be_bytes),
            None => {
                let mut totals = Totals::read(tenant_id, partition, txn)?;
                totals.words += 1;
                totals.write(tenant_id, partition, txn)?;
                let number = totals.words;
                txn.put(key, number.to_be_bytes().to_vec())?;
                let back = keys::words(tenant_id, partition).u32(number);
                txn.put(back, word.to_vec())?;
                number
            }
        };
        of.insert(Bytes::copy_from_slice(word), number);
        self.1 += 1;
        Ok(number)
    }

    /// The number of a set of parties.
    pub(crate) fn parties<'p>(
        &mut self,
        of: (&str, Partition),
        parties: impl Iterator<Item = Party<'p>>,
        txn: &mut Txn<'_>,
    ) -> Result<u32, ApplyError> {
        let parties: Parties = parties.collect();
        let mut word = vec![PARTIES];
        word.extend(PartiesRow::from(parties).encode_to_vec());
        self.number(of, &word, txn)
    }
}

/// The words of partitions as they were read for a question, each once for all who work on it.
#[derive(Debug, Default)]
pub(crate) struct WordLists(Mutex<HashMap<Partition, Arc<WordList>>>);

impl WordLists {
    /// The words of a partition.
    pub(crate) fn of(
        &self,
        (tenant_id, partition): (&str, Partition),
        store: &Store,
    ) -> Result<Arc<WordList>, StoreError> {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = read.get(&partition) {
            return Ok(Arc::clone(words));
        }
        let words = Arc::new(WordList::read(tenant_id, partition, store)?);
        read.insert(partition, Arc::clone(&words));
        Ok(words)
    }
}

/// A partition's words, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct WordList(Vec<Bytes>);

impl WordList {
    pub(crate) fn read(
        tenant_id: &str,
        partition: Partition,
        store: &Store,
    ) -> Result<Self, StoreError> {
        let mut words = vec![Bytes::new()];
        let prefix = keys::words(tenant_id, partition);
        for entry in store.scan_prefix(prefix, Direction::Ascending) {
            words.push(entry?.1);
        }
        Ok(Self(words))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of a word, if there is one.
    pub(crate) fn number(&self, word: &str) -> Option<u32> {
        let place = self.0.iter().position(|it| **it == *word.as_bytes());
        place.and_then(|place| u32::try_from(place).ok())
    }

    /// The word of a number. Numbers that came after the list was read are no word.
    pub(crate) fn word(&self, number: usize) -> &str {
        let word = self.0.get(number);
        let word = word.and_then(|word| std::str::from_utf8(word).ok());
        word.unwrap_or_default()
    }

    /// The parties of a number.
    pub(crate) fn parties(&self, number: usize) -> PartiesRow {
        let word = self.0.get(number).map_or(&[][..], |word| word);
        let row = word.split_first().filter(|(mark, _)| **mark == PARTIES);
        let row = row.and_then(|(_, row)| PartiesRow::decode(row).ok());
        row.unwrap_or_default()
    }
}
