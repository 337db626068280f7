//! What happened, in words.

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;

/// The lines of a course. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transcript(Arc<Mutex<Vec<String>>>);

impl Transcript {
    pub(crate) fn note(&self, line: String) {
        self.0.lock().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    pub(crate) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for line in &*self.0.lock() {
            hasher.update(line.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
