//! What a soak prints at its end.

use std::fmt;

use super::bad;
use super::course::Course;
use super::host::Host;
use super::scene::Scene;
use super::verify::Verdict;

/// All that is said of it.
pub(super) struct Report<'a> {
    pub(super) course: &'a Course,
    pub(super) host: &'a Host,
    pub(super) scene: &'a Scene,
    pub(super) verdict: &'a Verdict,
    /// Alerts that watchers were told of, all watchers together.
    pub(super) alerts: usize,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.course.took.as_secs_f64();
        let tally = &self.scene.tally;
        let calls = tally.total();
        writeln!(
            f,
            "load: {calls} calls answered in {took:.0} s, {:.1} a second",
            calls as f64 / took
        )?;
        for (kind, took) in tally.all_calls() {
            let millis = |quantile| took.value_at_quantile(quantile) as f64 / 1_000.0;
            writeln!(
                f,
                "  {kind:<40} {:>8}   p50 {:>8.1} ms   p99 {:>8.1} ms",
                took.len(),
                millis(0.5),
                millis(0.99)
            )?;
        }
        for (what, times) in tally.all_tried() {
            writeln!(f, "  {what:<40} {times:>8}")?;
        }
        let (stops, kills) = (self.host.stops, self.host.kills);
        let filled = self.course.filled;
        writeln!(
            f,
            "faults: {stops} stops, {kills} kills, {filled} times a full disk"
        )?;
        let refused = tally.all_refused();
        let total: u64 = refused.values().sum();
        writeln!(
            f,
            "bad input: {total} refused as they should be, of {} of {} kinds",
            refused.len(),
            bad::kinds()
        )?;
        for (kind, times) in refused {
            writeln!(f, "  {kind:<40} {times:>8}")?;
        }
        write!(f, "{}", self.course.footprints)?;
        let Verdict {
            contacts,
            promises,
            records,
            repeated,
        } = self.verdict;
        let alerts = self.alerts;
        writeln!(
            f,
            "in the end: {contacts} contacts and {promises} promises as acknowledged, {records} records in the log \
             ({repeated} of them again, which don't count), {alerts} alerts told to watchers"
        )?;
        write!(f, "lost, changed or wrong: {}", self.scene.book.wrong())
    }
}
