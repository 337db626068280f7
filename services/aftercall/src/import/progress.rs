//! Shows how far an import is: a bar on a terminal, a line now and then elsewhere.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report::{ShowLine, Tally};

/// How often the bar moves, and how often a line is written.
const BAR_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(10);
/// The bar's steps.
const STEPS: u64 = 1000;
/// The time left is guessed only when so much is done.
const GUESS_FROM: f64 = 0.005;

/// Where progress is shown.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// On standard error; a bar if it is a terminal.
    pub(super) fn new(terminal: bool) -> Self {
        let style = "{bar:30} {percent:>3}%  {msg}";
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar
        });
        Self { bar }
    }

    /// A way to show lines above the bar.
    pub(super) fn show(&self) -> Arc<dyn ShowLine> {
        Arc::new(self.clone())
    }

    /// Shows progress until it is dropped.
    pub(super) async fn run(&self, tally: &Tally, bytes_total: Option<u64>) {
        let every = if self.bar.is_some() {
            BAR_EVERY
        } else {
            LINE_EVERY
        };
        let mut waited = Duration::ZERO;
        loop {
            tokio::time::sleep(every).await;
            waited += every;
            let done = bytes_total.map(|total| tally.done(total));
            let counts = tally.counts();
            let settled = counts.read - counts.open();
            let text = line(settled, counts.failed, waited, done);
            match &self.bar {
                Some(bar) => {
                    bar.set_position(done.map_or(0, |done| (done * STEPS as f64) as u64));
                    bar.set_message(text);
                }
                None => eprintln!("{text}"),
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl ShowLine for Progress {
    fn show(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}

/// The progress in a line: rows, rate, time left.
fn line(settled: u64, failed: u64, waited: Duration, done: Option<f64>) -> String {
    let seconds = waited.as_secs_f64().max(0.001);
    let mut line = format!(
        "{} rows, {}/s",
        grouped(settled),
        grouped(rate(settled, seconds))
    );
    if let Some(done) = done.filter(|done| *done >= GUESS_FROM) {
        let left = seconds * (1.0 - done) / done;
        let _ = write!(line, ", {} left", duration(left));
    }
    if failed > 0 {
        let _ = write!(line, ", {} failed", grouped(failed));
    }
    line
}

/// So many a second.
pub(super) fn rate(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds.max(0.001)).round() as u64
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_rate_and_time_left() {
        let waited = Duration::from_secs(10);
        assert_eq!(
            line(1_234_567, 0, waited, Some(0.25)),
            "1,234,567 rows, 123,457/s, 30 s left"
        );
        assert_eq!(line(100, 2, waited, None), "100 rows, 10/s, 2 failed");
        assert_eq!(line(0, 0, waited, Some(0.0)), "0 rows, 0/s");
        assert_eq!(duration(3_725.0), "1 h 2 min");
        assert_eq!(duration(125.0), "2 min 5 s");
    }
}
