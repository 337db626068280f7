//! All replicas hold the same, and so does one that is built anew from the log.

use std::collections::BTreeMap;
use std::time::Duration;

use aftercall_view::{Direction, ViewHandle};
use bytes::Bytes;

use crate::process::Process;
use crate::world::World;

/// How long views have to be built.
const BUILT_WITHIN: Duration = Duration::from_secs(120);

/// What may differ, by the view and its keys' first byte: which record made a customer one to be looked at is whichever
/// came last among those that were read from several partitions, in the order in which they were read. That each such
/// customer is looked at follows from the rest of the store, whichever record it was.
const HINTS: [(&str, u8); 2] = [("insight", 211), ("insight", 212)];

/// Compares the stores of all processes with those of a new one.
pub(crate) async fn are_the_same(world: &World) -> Result<(), String> {
    let anew = world.start_anew();
    anew.catch_up(BUILT_WITHIN).await?;
    for (number, process) in world.processes().iter().enumerate() {
        compare(number, process, &anew)?;
    }
    anew.crash(world.executor());
    Ok(())
}

fn compare(number: usize, process: &Process, anew: &Process) -> Result<(), String> {
    for (view, anew) in process.views().iter().zip(anew.views()) {
        let (held, built) = (held(view)?, held(anew)?);
        if held == built {
            continue;
        }
        let keys = held.keys().chain(built.keys());
        let other = keys
            .into_iter()
            .find(|key| held.get(*key) != built.get(*key));
        let other = other.cloned().unwrap_or_default();
        let (held, built) = (held.get(&other), built.get(&other));
        return Err(format!(
            "view {} of process {number} is not as built anew: {other:?} is {held:?}, not {built:?}",
            view.name()
        ));
    }
    Ok(())
}

fn held(view: &ViewHandle) -> Result<BTreeMap<Bytes, Bytes>, String> {
    let entries = view.store().scan_prefix([], Direction::Ascending);
    let is_hint = |key: &Bytes| {
        let first = key.first().copied();
        HINTS
            .iter()
            .any(|(of, tag)| *of == view.name() && first == Some(*tag))
    };
    let entries = entries.filter(|entry| entry.as_ref().map_or(true, |(key, _)| !is_hint(key)));
    let held: Result<_, _> = entries.collect();
    held.map_err(|error| format!("view {}: {error}", view.name()))
}
