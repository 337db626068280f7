//! The names of customers, by which they are found.
//!
//! ```text
//!  tag  key                                       value
//!  70   tenant · word · customer · name's mark    the name, as it was written
//!  71   tenant · customer · name's mark           how many of the customer's contacts have it, big-endian
//! ```
//!
//! A customer is found by a name for as long as one of their contacts has it: one that was had before, too, because who
//! looks for it may know no other. It goes with the last contact that has it, when that turns out to be somebody else's.
//! Contacts of nobody known, and of one of several, name nobody.
//!
//! Rows are sums and sets, so that it makes no difference in which order partitions are read, and what a contact adds does
//! not grow with those before it. They follow from contacts that the view holds, and from nothing else: a contact that a
//! rebuilt view can't read any more leaves no name.

use aftercall_domain::words::Words;
use aftercall_view::key::{Key, MalformedKey, Parts};
use aftercall_view::{ApplyError, Direction, Store, StoreError, Txn, fingerprint};
use bytes::Bytes;

use crate::limits::{NAME_BYTES_MAX, NAME_WORDS_MAX};
use crate::projection::read_count;
use crate::request::prefix;
use crate::stored::StoredEntry;

const WORD: u8 = 70;
const COUNT: u8 = 71;

/// What a contact calls its customer, as much of it as counts; none where it says nothing.
pub(crate) fn name_of(contact: &StoredEntry) -> Option<&str> {
    let customer = contact.interaction.as_ref()?.customer.as_ref()?;
    let name = prefix(customer.display_name.trim(), NAME_BYTES_MAX);
    Some(name).filter(|name| !name.is_empty())
}

/// Notes one more contact that has its customer's name, or one less.
pub(crate) fn count(
    tenant_id: &str,
    contact: &StoredEntry,
    by: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (Some(customer_id), Some(name)) = (contact.customer_id(), name_of(contact)) else {
        return Ok(());
    };
    // What is written in another way is another name: else which way stands here would depend on what is read first.
    let mark = fingerprint(&[name.as_bytes()]);
    let key: Bytes = Key::new(COUNT)
        .text(tenant_id)
        .text(customer_id)
        .u64(mark)
        .into();
    let before = txn.get(&key)?.map_or(0, |bytes| read_count(&bytes));
    let after = before.saturating_add_signed(by);
    match after {
        0 => txn.delete(key)?,
        _ => txn.put(key, after.to_be_bytes().to_vec())?,
    }
    if (before == 0) == (after == 0) {
        return Ok(());
    }
    for word in words(name) {
        let row = Key::new(WORD).text(tenant_id).text(&word);
        let row = row.text(customer_id).u64(mark);
        match after {
            0 => txn.delete(row)?,
            _ => txn.put(row, name.to_owned())?,
        }
    }
    Ok(())
}

/// The words of a name, or of what somebody typed of one: each once, and as many as count.
pub(crate) fn words(text: &str) -> Vec<String> {
    let (mut found, mut word) = (Vec::new(), String::new());
    let mut words = Words::of(text);
    while found.len() < NAME_WORDS_MAX && words.next_into(&mut word).is_some() {
        if !found.contains(&word) {
            found.push(word.clone());
        }
    }
    found
}

/// How many of the words that somebody typed are no more than beginnings of the name's words; none where one begins none
/// of them. The fewer, the better it fits.
pub(crate) fn fit(typed: &[String], name: &str) -> Option<usize> {
    let words = words(name);
    let mut beginnings = 0;
    for one in typed {
        if !words.contains(one) {
            if !words.iter().any(|word| word.starts_with(one.as_str())) {
                return None;
            }
            beginnings += 1;
        }
    }
    Some(beginnings)
}

/// The customers that have a name of which a word begins so, each with that name: those of whole words first.
pub(crate) fn beginning(
    store: &Store,
    tenant_id: &str,
    word: &str,
) -> impl Iterator<Item = Result<(String, Bytes), StoreError>> + use<> {
    let of_tenant = Key::new(WORD).text(tenant_id);
    let begins = [&*of_tenant, word.as_bytes()].concat();
    let rows = store.scan_prefix(begins, Direction::Ascending);
    rows.filter_map(move |row| match row {
        Ok((key, name)) => {
            let customer_id = customer_of(&key[of_tenant.len()..]);
            customer_id.ok().map(|customer_id| Ok((customer_id, name)))
        }
        Err(error) => Some(Err(error)),
    })
}

/// The customer of a row, by what follows the tenant in its key.
fn customer_of(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.text()?;
    parts.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(typed: &str, name: &str) -> Option<usize> {
        fit(&words(typed), name)
    }

    #[test]
    fn every_word_begins_a_word_of_the_name_in_any_order_and_however_it_is_written() {
        for (typed, name, beginnings) in [
            ("meier anna", "Anna Meier", Some(0)),
            ("MEI ann", "Anna Meier", Some(2)),
            ("jose garcia", "José García-Núñez", Some(0)),
            ("nunez", "José García-Núñez", Some(0)),
            ("strauss", "Strauß", Some(0)),
            ("ΑΘΗΝ", "Αθήνα", Some(1)),
            ("김", "김민수", Some(1)),
            ("田", "田中太郎", Some(0)),
            ("мюлл", "Мюллер", Some(1)),
            ("meier anna", "Anna Schulz", None),
            ("eier", "Anna Meier", None),
            ("anna anna", "Anna Meier", Some(0)),
        ] {
            assert_eq!(fits(typed, name), beginnings, "{typed} of {name}");
        }
    }

    #[test]
    fn as_many_words_count_as_a_name_has_and_no_more() {
        let long: String = (0..100).map(|n| format!("w{n} ")).collect();
        assert_eq!(words(&long).len(), NAME_WORDS_MAX);
        assert_eq!(fits(&long, &long), Some(0));
    }
}
