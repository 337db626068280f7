//! The view's store: which keys there are, and what they hold.
//!
//! ```text
//!  tag  key                                             value
//!  1    tenant · partition · block                      rows, one after another
//!  2    tenant · partition · zone                       the first and the last time in the blocks of a zone
//!  3    tenant · interaction · whose                    Kept: what a contact's row follows from
//!  4    tenant · customer · time · interaction · whose  Place: a customer's inbound contacts
//!  5    tenant · customer · time · kind · promise · interaction   PromiseSlip: what went wrong with promises
//!  6    tenant · interaction · whose · commitment       Commitment, without its words
//!  7    tenant · partition                              how many rows and words there are
//!  8    tenant · partition · word                       the word's number
//!  9    tenant · partition · number                     the word
//!  10, 11  see [`COMMANDS`]                             what requests did
//!  12   tenant · customer                               Noted: how much is noted of a customer
//!  13   tenant · customer · time · promise · interaction   -: a promise to put right what the customer was told
//!  14   see [`MERGED`]                                  -: two customers are one
//!  15   tenant · time · promise · whose                 Turns: whose turn it was while a promise was to be kept
//!  16   tenant · problem                                Problem, as it stands
//!  17   tenant · problem · version, the latest first    ProblemVersion: what it was by then
//!  18   see [`CALLS`]                                   what was told of calls
//!  19   tenant · interaction                            CallNote: where a call's own row stands, and who recorded it
//!  60   tenant · partition · rows                       what comes after the contacts of some rows: see `afters`
//!  61   tenant · partition · row                         OtherScores: what other scorers say than the one that counts
//!  211  partition · offset · tenant · customer          when it was recorded that something went wrong with a customer
//!  212  tenant · customer · partition                   the key of the latest of these
//!  213  tenant · customer · first slip-up               RaisedWindow: a window that was raised
//!  214  tenant · concern                                how many events and episodes a concern has
//! ```
//!
//! Numbers of rows are a partition's own, so they do not depend on how partitions are read beside each other. Numbers of
//! words are a partition's own, too; but what telephony tells of a contact stands in another partition than its record,
//! and adds words to the record's. Which of two new words has which number may so depend on what is read first. What a
//! row says does not, and no answer shows a number.

use aftercall_ledger::requests::Requests;
use aftercall_ledger::{CallRows, MergedPairs};
use aftercall_log::{Partition, Position};
use aftercall_view::key::{Key, MalformedKey, Parts};

/// Where it is kept what requests did.
pub(crate) const COMMANDS: Requests = Requests::new(10, 11);

/// Customers that are one.
pub(crate) const MERGED: MergedPairs = MergedPairs::under(14);

/// What was told of calls.
pub(crate) const CALLS: CallRows = CallRows::under(18).measuring();

/// A row's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address {
    pub(crate) partition: Partition,
    /// Which row of the partition's, from 0; from [`CALL_ROWS`](crate::limits::CALL_ROWS) on, those of calls that nobody
    /// recorded.
    pub(crate) row: u64,
}

pub(crate) fn blocks(tenant_id: &str, partition: Partition) -> Key {
    Key::new(1).text(tenant_id).u32(partition)
}

pub(crate) fn block(tenant_id: &str, partition: Partition, block: u32) -> Key {
    blocks(tenant_id, partition).u32(block)
}

pub(crate) fn zones(tenant_id: &str, partition: Partition) -> Key {
    Key::new(2).text(tenant_id).u32(partition)
}

pub(crate) fn zone(tenant_id: &str, partition: Partition, zone: u32) -> Key {
    zones(tenant_id, partition).u32(zone)
}

/// The last four bytes of a key of a block or zone.
pub(crate) fn number_of(key: &[u8]) -> u32 {
    let last = key.last_chunk::<4>();
    last.map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// All contacts that an id names.
pub(crate) fn all_kept(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(3).text(tenant_id).id(interaction_id)
}

pub(crate) fn kept(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    Key::new(3).text(tenant_id).id(interaction_id).u64(whose)
}

pub(crate) fn all_places(tenant_id: &str) -> Key {
    Key::new(4).text(tenant_id)
}

pub(crate) fn places(tenant_id: &str, customer_id: &str) -> Key {
    all_places(tenant_id).text(customer_id)
}

pub(crate) fn place(list: &Key, at_us: i64, interaction_id: &str, whose: u64) -> Key {
    list.clone().time(at_us).id(interaction_id).u64(whose)
}

/// The time and the contact of a key of [`place`], after its list.
pub(crate) fn read_place(list: &[u8], key: &[u8]) -> Result<(i64, String), MalformedKey> {
    let mut parts = Parts::new(key.get(list.len()..).ok_or(MalformedKey)?);
    Ok((parts.time()?, parts.id()?))
}

pub(crate) fn all_slips(tenant_id: &str) -> Key {
    Key::new(5).text(tenant_id)
}

pub(crate) fn slips(tenant_id: &str, customer_id: &str) -> Key {
    all_slips(tenant_id).text(customer_id)
}

/// The customer of a key under [`all_places`] or [`all_slips`].
pub(crate) fn customer_of(all: &[u8], key: &[u8]) -> Result<String, MalformedKey> {
    Parts::new(key.get(all.len()..).ok_or(MalformedKey)?).text()
}

pub(crate) fn promises(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    Key::new(6).text(tenant_id).id(interaction_id).u64(whose)
}

pub(crate) fn counts(tenant_id: &str, partition: Partition) -> Key {
    all_counts(tenant_id).u32(partition)
}

pub(crate) fn all_counts(tenant_id: &str) -> Key {
    Key::new(7).text(tenant_id)
}

pub(crate) fn word(tenant_id: &str, partition: Partition, word: &[u8]) -> Key {
    Key::new(8).text(tenant_id).u32(partition).bytes(word)
}

pub(crate) fn words(tenant_id: &str, partition: Partition) -> Key {
    Key::new(9).text(tenant_id).u32(partition)
}

pub(crate) fn noted(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(12).text(tenant_id).text(customer_id)
}

pub(crate) fn corrections(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(13).text(tenant_id).text(customer_id)
}

/// Whose turn it was of all promises, by when they were made.
pub(crate) fn turns(tenant_id: &str) -> Key {
    Key::new(15).text(tenant_id)
}

pub(crate) fn problems(tenant_id: &str) -> Key {
    Key::new(16).text(tenant_id)
}

pub(crate) fn problem(tenant_id: &str, problem_id: &str) -> Key {
    problems(tenant_id).id(problem_id)
}

pub(crate) fn problem_versions(tenant_id: &str, problem_id: &str) -> Key {
    Key::new(17).text(tenant_id).id(problem_id)
}

/// What comes after the contacts of all rows of a partition.
pub(crate) fn all_afters(tenant_id: &str, partition: Partition) -> Key {
    Key::new(60).text(tenant_id).u32(partition)
}

/// What comes after the contacts of some rows that stand together.
pub(crate) fn afters(tenant_id: &str, partition: Partition, number: u32) -> Key {
    all_afters(tenant_id, partition).u32(number)
}

/// What other scorers say of a contact.
pub(crate) fn other_scores(tenant_id: &str, address: Address) -> Key {
    let rows = Key::new(61).text(tenant_id).u32(address.partition);
    rows.u64(address.row)
}

/// What is noted of a call.
pub(crate) fn call_note(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(19).text(tenant_id).id(interaction_id)
}

/// All customers of a partition with whom something went wrong, in the order in which that was recorded.
pub(crate) fn all_stirred(partition: Partition) -> Key {
    Key::new(211).u32(partition)
}

/// That a record says that something went wrong with a customer.
pub(crate) fn stirred(at: Position, tenant_id: &str, customer_id: &str) -> Key {
    all_stirred(at.partition)
        .u64(at.offset)
        .text(tenant_id)
        .text(customer_id)
}

/// The tenant and the customer of a key of [`stirred`].
pub(crate) fn read_stirred(key: &[u8]) -> Result<(String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    parts.u64()?;
    Ok((parts.text()?, parts.text()?))
}

/// Where the key of the latest such record of a partition stands.
pub(crate) fn last_stirred(tenant_id: &str, customer_id: &str, partition: Partition) -> Key {
    Key::new(212)
        .text(tenant_id)
        .text(customer_id)
        .u32(partition)
}

/// The windows of a customer that were raised.
pub(crate) fn windows(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(213).text(tenant_id).text(customer_id)
}

/// When a window of a key of [`windows`] began, after its list.
pub(crate) fn read_window(list: &[u8], key: &[u8]) -> Result<i64, MalformedKey> {
    Parts::new(key.get(list.len()..).ok_or(MalformedKey)?).time()
}

/// How far a concern has come.
pub(crate) fn concern(tenant_id: &str, concern_id: &str) -> Key {
    Key::new(214).text(tenant_id).id(concern_id)
}
