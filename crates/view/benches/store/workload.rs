//! What contacts with one promise each leave in the four views.

use aftercall_view::key::Key;
use bytes::Bytes;

pub(crate) const VIEWS: usize = 4;
/// The view with the timelines.
pub(crate) const HISTORY: usize = 2;

const CUSTOMERS: u64 = 50_000;
const TENANT: &str = "default";

/// A step of a fold.
pub(crate) enum Step {
    /// Looks whether the key is there.
    Look(Bytes),
    Put(Bytes, Bytes),
    Remove(Bytes),
    /// Adds one to a number.
    Count(Bytes),
}

/// The steps of `view` for the contact `number`.
pub(crate) fn steps(view: usize, number: u64, steps: &mut Vec<Step>) {
    match view {
        0 => recorder(number, steps),
        1 => followups(number, steps),
        HISTORY => history(number, steps),
        _ => knowledge(number, steps),
    }
}

/// A customer's timeline.
pub(crate) fn timeline(number: u64) -> Key {
    key(1).text(&customer(number))
}

fn recorder(number: u64, steps: &mut Vec<Step>) {
    let (high, low) = id(number);
    let contact: Bytes = key(1).u64(high).u64(low).into();
    steps.push(Step::Look(contact.clone()));
    steps.push(Step::Put(contact, value(number, 52)));
}

fn followups(number: u64, steps: &mut Vec<Step>) {
    let (high, low) = id(number);
    let marker: Bytes = key(1).text(&format!("{high:018x}{low:018x}")).into();
    steps.push(Step::Look(marker.clone()));
    steps.push(Step::Put(marker, Bytes::new()));
    let promise = format!("{:018x}{:018x}", mixed(number + 1), mixed(number + 2));
    let stored: Bytes = key(2).text(&promise).into();
    steps.push(Step::Look(stored.clone()));
    let due = due(number);
    let lists = [
        key(4),
        key(5).text(&customer(number)),
        key(6).text(&format!("agent-{:03}", number % 400)),
    ];
    for list in lists {
        let place = list.u32(1).time(due).text(&promise);
        steps.push(Step::Put(place.into(), Bytes::new()));
    }
    let watched = Key::new(3).time(due).text(TENANT).text(&promise);
    steps.push(Step::Put(watched.into(), Bytes::new()));
    steps.push(Step::Count(Key::new(13).into()));
    steps.push(Step::Put(stored, value(number, 300)));
}

fn history(number: u64, steps: &mut Vec<Step>) {
    let (high, low) = id(number);
    let id = [high.to_be_bytes(), low.to_be_bytes()].concat();
    let pointer: Bytes = key(3).bytes(&id).into();
    steps.push(Step::Look(pointer.clone()));
    let customer = customer(number);
    steps.push(Step::Count(key(7).text(&customer).into()));
    let due = due(number);
    let entry: Bytes = timeline(number).time_descending(due).u64(!number).into();
    let open = key(6).text(&customer).time(due).bytes(&id);
    steps.push(Step::Put(open.into(), entry.clone()));
    steps.push(Step::Put(entry.clone(), value(number, 750)));
    steps.push(Step::Put(pointer, entry));
}

fn knowledge(number: u64, steps: &mut Vec<Step>) {
    let (high, low) = id(number);
    let case: Bytes = key(1).u64(high).u64(low).into();
    steps.push(Step::Look(case.clone()));
    steps.push(Step::Put(case, value(number, 80)));
    // Seven of ten are solved, by one of sixty texts.
    if number % 10 >= 7 {
        return;
    }
    let candidate = format!("{:016x}", mixed(number % 60));
    let place = key(2).text(&candidate).time(due(number)).u64(low);
    steps.push(Step::Put(place.into(), Bytes::new()));
    steps.push(Step::Count(key(3).text(&candidate).into()));
    steps.push(Step::Look(key(4).text(&candidate).into()));
    for ranking in [5, 6] {
        let place = |count: u64| key(ranking).u64(!count).text(&candidate).into();
        steps.push(Step::Remove(place(number / 60)));
        steps.push(Step::Put(place(number / 60 + 1), Bytes::new()));
    }
}

fn key(tag: u8) -> Key {
    Key::new(tag).text(TENANT)
}

/// In the order of time, as a CRM's are.
fn id(number: u64) -> (u64, u64) {
    ((1_700_000_000_000 + number) << 16, mixed(number))
}

fn customer(number: u64) -> String {
    format!("C-{:08}", mixed(number) % CUSTOMERS)
}

/// Some time within a month, in microseconds.
fn due(number: u64) -> i64 {
    let second = 1_700_000_000 + mixed(number + 7) % 2_592_000;
    second as i64 * 1_000_000
}

fn value(number: u64, bytes: usize) -> Bytes {
    let mut value = Vec::with_capacity(bytes + 8);
    let mut word = number;
    while value.len() < bytes {
        word = mixed(word);
        // Letters, so that they compress about as words do.
        value.extend(word.to_be_bytes().map(|byte| b'a' + byte % 16));
    }
    value.truncate(bytes);
    value.into()
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
