//! The service desk's incidents, in their own time: a pause is stamped by the server's clock, so it takes a server whose
//! clock can be set. That is the simulation's, and this runs its test on the whole set.

use std::path::Path;

use super::say;
use crate::command;

const SET: &str = "followups-uci-incidents.jsonl";

/// Tells them.
///
/// # Errors
/// When the tracker says otherwise than the histories; the test says how.
pub(super) fn tell(dir: &Path) -> anyhow::Result<()> {
    let packed = dir.join(format!("{SET}.gz"));
    let path = match packed.exists() {
        true => packed,
        false => dir.join(SET),
    };
    if !path.exists() {
        say(&format!("{SET} is not there"));
        return Ok(());
    }
    say("tell the incidents again");
    let mut test = command::cargo();
    // All packages, though one has the test: chosen alone it would have all it needs built again.
    test.args([
        "test",
        "--quiet",
        "--workspace",
        "--test",
        "simulation",
        "--",
    ]);
    test.args(["--nocapture", "incidents_are_told_again"]);
    test.env("AFTERCALL_INCIDENTS", path.canonicalize()?);
    command::run(&mut test)
}
