//! Where the log ends, asked beside the view's thread: a cluster may take its time to answer, and the
//! view has to go on reading what it can.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use aftercall_log::{Log, Offset, ReadError};
use tokio::time::Instant;

/// What the log said, and when it was asked.
type Answer = (Instant, Result<Vec<Offset>, ReadError>);

/// Asks one question at a time, on a thread that ends with this value.
#[derive(Debug)]
pub(super) struct Tails {
    questions: SyncSender<Instant>,
    answers: Receiver<Answer>,
    /// A question is under way.
    asked: bool,
}

impl Tails {
    /// Begins to ask `log`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn of(log: Arc<dyn Log>, view: &str) -> std::io::Result<Self> {
        let (questions, asked) = sync_channel::<Instant>(1);
        let (answer, answers) = sync_channel::<Answer>(1);
        let thread = std::thread::Builder::new().name(format!("tails-{view}"));
        thread.spawn(move || {
            while let Ok(asked_at) = asked.recv() {
                if answer.send((asked_at, log.tails())).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self {
            questions,
            answers,
            asked: false,
        })
    }

    /// The answer to the question before, if there is one yet; then asks again.
    pub(super) fn ask(&mut self, now: Instant) -> Option<Answer> {
        let answer = self.answers.try_recv().ok();
        if answer.is_some() || !self.asked {
            self.asked = self.questions.try_send(now).is_ok();
        }
        answer
    }
}
