//! What a server takes of its machine, as time goes by.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::Context;

/// By which part the last quarter may take more than the second: what a server keeps on purpose, such
/// as what it has read of its files, grows with what there is, up to its bounds.
const GROWTH_MAX: f64 = 0.25;

/// And how much in any case: so many MiB, files or threads come and go with what is just being done.
const GROWTH_FREE: f64 = 48.0;

/// How long a process must have been looked at before growth tells anything. A young one fills its
/// caches and buffers: within its first minutes it goes from 120 MiB to 400 and stays there.
const WARM: Duration = Duration::from_secs(20 * 60);

/// What it took at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Footprint {
    at: Duration,
    /// What it has asked for, without the files that it looks into, in MiB.
    pub(super) memory: f64,
    /// With them.
    pub(super) resident: f64,
    pub(super) files: f64,
    pub(super) threads: f64,
}

/// What was seen of one process.
#[derive(Debug, Default)]
pub(super) struct Footprints(Vec<Footprint>);

impl Footprints {
    /// Looks at a process that runs.
    pub(super) fn look(&mut self, process: u32, at: Duration) -> anyhow::Result<()> {
        let count = |what: &str| -> anyhow::Result<f64> {
            Ok(fs::read_dir(format!("/proc/{process}/{what}"))?.count() as f64)
        };
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let mib = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next());
            Ok(kib.context("the memory of a process")?.parse::<f64>()? / 1_024.0)
        };
        self.0.push(Footprint {
            at,
            memory: mib("RssAnon:")?,
            resident: mib("VmRSS:")?,
            files: count("fd")?,
            threads: count("task")?,
        });
        Ok(())
    }

    /// Forgets what was seen: another process is looked at from now on.
    pub(super) fn begin(&mut self) {
        self.0.clear();
    }

    /// The latest look.
    pub(super) fn last(&self) -> Option<&Footprint> {
        self.0.last()
    }

    fn all(&self) -> [Course; 4] {
        [
            self.course("memory, MiB", |seen| seen.memory),
            self.course("with files, MiB", |seen| seen.resident),
            self.course("open files", |seen| seen.files),
            self.course("threads", |seen| seen.threads),
        ]
    }

    fn course(&self, what: &'static str, of: impl Fn(&Footprint) -> f64) -> Course {
        let size = self.0.len().div_ceil(4).max(1);
        let mut quarters = [0.0; 4];
        for (quarter, seen) in quarters.iter_mut().zip(self.0.chunks(size)) {
            let mut seen: Vec<f64> = seen.iter().map(&of).collect();
            seen.sort_by(f64::total_cmp);
            *quarter = seen.get(seen.len() / 2).copied().unwrap_or_default();
        }
        let from = self.0.len() / 4;
        let later = self.0[from..].iter().map(|seen| (hours(seen.at), of(seen)));
        Course {
            what,
            first: self.0.first().map_or(0.0, &of),
            last: self.0.last().map_or(0.0, &of),
            quarters,
            per_hour: slope(&later.collect::<Vec<_>>()),
        }
    }

    /// What has grown, in words. Files that are mapped are the kernel's to give back, and don't count.
    /// Of a process that is not warm nothing is said.
    pub(super) fn grown(&self) -> Vec<String> {
        if self.lasted() < WARM {
            return Vec::new();
        }
        let [memory, _, files, threads] = self.all();
        let grown = [memory, files, threads]
            .into_iter()
            .filter(Course::is_growing);
        let words = grown.map(|it| {
            let [_, second, _, last] = it.quarters;
            let what = it.what;
            format!(
                "{what} grow: {second:.0} in the second quarter of its life, {last:.0} in the last"
            )
        });
        words.collect()
    }

    /// How long the process was looked at.
    fn lasted(&self) -> Duration {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) => last.at - first.at,
            _ => Duration::ZERO,
        }
    }
}

/// How one figure went.
struct Course {
    what: &'static str,
    first: f64,
    last: f64,
    /// The medians of the four quarters of the time.
    quarters: [f64; 4],
    /// By how much it grew in an hour, after the first quarter.
    per_hour: f64,
}

impl Course {
    fn is_growing(&self) -> bool {
        let [_, second, _, last] = self.quarters;
        last > second * (1.0 + GROWTH_MAX) + GROWTH_FREE
    }
}

impl fmt::Display for Footprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the last process, within {:.0?}:", self.lasted())?;
        for course in self.all() {
            let [first, second, third, fourth] = course.quarters;
            writeln!(
                f,
                "  {:<16} first {:.0}, last {:.0}; medians of quarters {first:.0}, {second:.0}, {third:.0}, {fourth:.0}; {:+.1} an hour",
                course.what, course.first, course.last, course.per_hour
            )?;
        }
        Ok(())
    }
}

fn hours(at: Duration) -> f64 {
    at.as_secs_f64() / 3_600.0
}

/// By least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(x, y), point| {
        (x + point.0 / count, y + point.1 / count)
    });
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), (x, y)| {
        let x = x - mean_x;
        (over + x * (y - mean_y), under + x * x)
    });
    if under == 0.0 { 0.0 } else { over / under }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour of it, by a look every 90 seconds.
    fn growing_by(mib: f64) -> Footprints {
        growing(mib, 90)
    }

    fn growing(mib: f64, every: u64) -> Footprints {
        let seen = (0..40).map(|number| Footprint {
            at: Duration::from_secs(every * number),
            memory: 200.0 + mib * number as f64,
            resident: 400.0,
            files: 40.0,
            threads: 30.0,
        });
        Footprints(seen.collect())
    }

    #[test]
    fn what_grows_with_time_is_found_and_what_is_flat_is_not() {
        assert!(growing_by(0.0).grown().is_empty());
        assert!(growing_by(1.0).grown().is_empty());
        let grown = growing_by(20.0).grown();
        assert!(
            grown.len() == 1 && grown[0].starts_with("memory"),
            "{grown:?}"
        );
        let young = growing(20.0, 2);
        assert!(young.grown().is_empty(), "it has not filled its caches yet");
        let per_hour = growing_by(2.0).all()[0].per_hour;
        assert!((per_hour - 80.0).abs() < 1e-6, "{per_hour}");
    }
}
