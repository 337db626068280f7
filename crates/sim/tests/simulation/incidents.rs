//! An IT service desk's incidents, told again in their own time: each wait is a pause, each reopening a new promise.
//!
//! What the tracker then says is compared with a reckoning of the same histories that shares nothing with it: it counts
//! minutes. `cargo xtask real` tells the whole set; the tests tell a few incidents of our own.
//!
//! The set tells no dues. So each incident has a due that can't pass, and a target of ours by its priority, which stands
//! still while the desk waits. The desk's own label has another agreement behind it: how often it agrees is told, and
//! not judged.

mod desk;
mod reckon;
mod table;
mod told;

use std::path::PathBuf;

use aftercall_sim::replay;
use desk::Incident;

/// Where `cargo xtask real` says that the set is.
const INCIDENTS: &str = "AFTERCALL_INCIDENTS";

/// Mismatches that are listed; more are counted.
const LISTED_MAX: usize = 5;

#[test]
fn incidents_are_told_again_in_their_own_time() {
    let all = match std::env::var_os(INCIDENTS) {
        Some(path) => desk::read(&PathBuf::from(path)),
        None => desk::parse(include_str!("incidents/few.jsonl").lines()),
    };
    let count = all.len();
    let eventful: Vec<Incident> = all.into_iter().filter(Incident::is_eventful).collect();
    assert!(!eventful.is_empty(), "no incident waited or was reopened");
    let begins_at = eventful.iter().map(Incident::opened_at).min().expect("one");
    let begins_at = desk::instant(begins_at - 24 * 60);
    let told = replay(begins_at, |stage| async move {
        let told = told::tell(&stage, &eventful).await?;
        stage.ends_well().await?;
        Ok((eventful, told))
    });
    let (eventful, told) = told.expect("all goes well");
    let compared = table::compare(&eventful, &told);
    println!("{}", compared.text(count));
    let first = &compared.mismatches[..compared.mismatches.len().min(LISTED_MAX)];
    assert!(first.is_empty(), "{first:#?}");
}
