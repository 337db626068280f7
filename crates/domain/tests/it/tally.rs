//! How well rules tell what is so.

/// How often it was right that something is so, how often it was not, and how often it was missed.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) right: u32,
    pub(crate) wrong: u32,
    pub(crate) missed: u32,
}

impl Tally {
    pub(crate) fn count(&mut self, said: bool, is: bool) {
        match (said, is) {
            (true, true) => self.right += 1,
            (true, false) => self.wrong += 1,
            (false, true) => self.missed += 1,
            (false, false) => {}
        }
    }

    pub(crate) fn precision(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    pub(crate) fn recall(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }

    pub(crate) fn print(self, what: &str) {
        println!(
            "{what:44} precision {:.3} recall {:.3} ({} right, {} wrong, {} missed)",
            self.precision(),
            self.recall(),
            self.right,
            self.wrong,
            self.missed
        );
    }
}
