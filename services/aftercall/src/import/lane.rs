//! One stream to the server: rows go out, answers come back in their order.
//!
//! A row stays here until its answer is here. If the stream breaks, all rows without an answer are
//! sent again on the next one; that is harmless, because a record that is there already is answered
//! as such.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aftercall_client::{Client, Error, Refusal};
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::{RecordInteractionsRequest, RecordInteractionsResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Streaming};

use super::report::{RowError, Tally};
use super::row::Row;
use crate::command::CommandError;

/// How many rows may be without an answer, and how many bytes of them.
const WINDOW_ROWS: usize = 2048;
const WINDOW_BYTES: usize = 8 << 20;
/// How long to wait before trying again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// Without any success in so many tries, which is about two minutes, the server is given up.
const TRIES_MAX: u32 = 30;
/// A row that comes back so often, while others succeed, is given up.
const ROW_ATTEMPTS_MAX: u32 = 10;

/// A stream's worth of work.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) client: Client,
    pub(super) rows: mpsc::Receiver<Vec<Row>>,
    pub(super) tally: Arc<Tally>,
    /// No new tries: what has no answer stays open.
    pub(super) stop: CancellationToken,
}

/// The rows that a lane holds.
#[derive(Debug, Default)]
struct Window {
    /// To be sent.
    waiting: VecDeque<Row>,
    /// Sent, in order, without an answer.
    in_flight: VecDeque<Row>,
    in_flight_bytes: usize,
    /// Answered with a failure that may pass.
    again: VecDeque<Row>,
    /// The number of the first row in flight within its stream.
    answered: u64,
    /// Tries without a success.
    tries: u32,
}

/// How a stream ended.
enum End {
    /// All rows have their answer.
    Done,
    /// It broke, or the server asks for a pause.
    Broken(Refusal),
}

impl Lane {
    /// Sends all rows, and returns when each has its answer.
    ///
    /// # Errors
    /// When the server refuses for good, or too often.
    pub(super) async fn run(mut self) -> Result<(), CommandError> {
        let mut window = Window::default();
        loop {
            let refusal = match self.stream(&mut window).await? {
                End::Done => return Ok(()),
                End::Broken(refusal) => refusal,
            };
            window.rewind();
            if !refusal.is_retryable() || window.tries >= TRIES_MAX {
                return Err(Error::from(refusal).into());
            }
            let wait = RETRY_MAX.min(RETRY_FIRST * 2_u32.saturating_pow(window.tries));
            window.tries += 1;
            tokio::select! {
                () = tokio::time::sleep(wait.max(refusal.retry_after.unwrap_or_default())) => {}
                () = self.stop.cancelled() => return Ok(()),
            }
        }
    }

    /// Sends and receives on one stream until it ends.
    async fn stream(&mut self, window: &mut Window) -> Result<End, CommandError> {
        let (sender, requests) = mpsc::channel(WINDOW_ROWS);
        let mut sender = Some(sender);
        // Rows are sent while the stream is still being opened.
        let mut opening = pin!(
            self.client
                .record_interactions(ReceiverStream::new(requests))
        );
        let mut answers: Option<Streaming<RecordInteractionsResponse>> = None;
        let mut ended = false;
        window.answered = 0;
        loop {
            if !window.send(sender.as_ref()) {
                // Nobody takes requests any more: the answer will say why.
                sender = None;
            }
            if !window.again.is_empty() || (ended && window.waiting.is_empty()) {
                // What is in flight is answered; what comes back goes out on the next stream.
                sender = None;
            }
            let wants_rows = !ended && sender.is_some() && window.waiting.is_empty();
            tokio::select! {
                opened = &mut opening, if answers.is_none() => match opened {
                    Ok(opened) => answers = Some(opened),
                    Err(Error::Refused(refusal)) => return Ok(End::Broken(*refusal)),
                    Err(error) => return Err(error.into()),
                },
                answer = next(answers.as_mut()), if answers.is_some() => match answer {
                    Ok(Some(answer)) => window.settle(answer, &self.tally)?,
                    Ok(None) => return Ok(window.end(ended)),
                    Err(refusal) => return Ok(End::Broken(refusal)),
                },
                rows = self.rows.recv(), if wants_rows => match rows {
                    Some(rows) => window.waiting.extend(rows),
                    None => ended = true,
                },
            }
        }
    }
}

async fn next(
    answers: Option<&mut Streaming<RecordInteractionsResponse>>,
) -> Result<Option<RecordInteractionsResponse>, Refusal> {
    match answers {
        Some(answers) => Ok(answers.message().await?),
        None => Ok(None),
    }
}

impl Window {
    /// Sends what may be sent; false when the stream takes no more for good.
    fn send(&mut self, sender: Option<&mpsc::Sender<RecordInteractionsRequest>>) -> bool {
        let Some(sender) = sender else {
            return false;
        };
        while self.has_room() && self.again.is_empty() {
            let Some(row) = self.waiting.pop_front() else {
                break;
            };
            let number = self.answered + self.in_flight.len() as u64;
            let request = RecordInteractionsRequest {
                correlation_id: number.to_string(),
                request: Some(row.request.clone()),
            };
            // The channel has room for all that may be in flight, so it is never full.
            let sent = sender.try_send(request);
            self.in_flight_bytes += row.wire_bytes;
            self.in_flight.push_back(row);
            if sent.is_err() {
                return false;
            }
        }
        true
    }

    fn has_room(&self) -> bool {
        let few = self.in_flight.len() < WINDOW_ROWS && self.in_flight_bytes < WINDOW_BYTES;
        few || self.in_flight.is_empty()
    }

    /// Notes an answer, which must be that of the row sent first.
    fn settle(
        &mut self,
        answer: RecordInteractionsResponse,
        tally: &Tally,
    ) -> Result<(), CommandError> {
        let expected = self.answered.to_string();
        let row = self
            .in_flight
            .pop_front()
            .filter(|_| answer.correlation_id == expected);
        let (Some(mut row), Some(outcome)) = (row, answer.outcome) else {
            let text = "the server's answers are out of order: is it a newer version?";
            return Err(CommandError::Input(text.to_owned()));
        };
        self.answered += 1;
        self.in_flight_bytes -= row.wire_bytes;
        match outcome {
            Outcome::Response(response) => {
                self.tries = 0;
                tally.recorded(response.already_recorded);
                tally.settled(row.line_bytes);
            }
            Outcome::Failure(failure) => {
                let refusal = Refusal::from(&failure);
                if refusal.is_retryable() && row.attempts < ROW_ATTEMPTS_MAX {
                    row.attempts += 1;
                    self.again.push_back(row);
                } else {
                    tally.settled(row.line_bytes);
                    tally.failed(&RowError::refused(row.place, refusal));
                }
            }
        }
        Ok(())
    }

    /// How a stream ended that the server ended without a failure.
    fn end(&self, ended: bool) -> End {
        match (self.in_flight.is_empty(), self.again.is_empty()) {
            (true, true) if ended && self.waiting.is_empty() => End::Done,
            (true, false) => End::Broken(refusal(
                Code::ResourceExhausted,
                "the server takes no more for now",
            )),
            _ => End::Broken(refusal(Code::Unavailable, "the server ended the stream")),
        }
    }

    /// Takes back all rows without an answer, to send them again in their order.
    fn rewind(&mut self) {
        self.in_flight_bytes = 0;
        let mut rows = std::mem::take(&mut self.again);
        rows.append(&mut self.in_flight);
        rows.append(&mut self.waiting);
        self.waiting = rows;
    }
}

/// An end that the server gave no status for, and after which it may be tried again.
fn refusal(code: Code, message: &str) -> Refusal {
    Refusal {
        code,
        reason: String::new(),
        message: message.to_owned(),
        violations: Vec::new(),
        retry_after: Some(Duration::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use aftercall_proto::google::rpc;
    use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};

    use super::super::report::{Place, ShowLine};
    use super::*;

    #[derive(Debug)]
    struct Unseen;

    impl ShowLine for Unseen {
        fn show(&self, _line: &str) {}
    }

    fn tally() -> Tally {
        Tally::new(None, Arc::new(Unseen)).unwrap()
    }

    fn row(line: u64, wire_bytes: usize) -> Row {
        Row {
            place: Place {
                file: "f".into(),
                line,
            },
            request: RecordInteractionRequest::default(),
            wire_bytes,
            line_bytes: 1,
            attempts: 0,
        }
    }

    fn window(rows: impl IntoIterator<Item = Row>) -> Window {
        Window {
            waiting: rows.into_iter().collect(),
            ..Window::default()
        }
    }

    fn recorded(number: u64) -> RecordInteractionsResponse {
        RecordInteractionsResponse {
            correlation_id: number.to_string(),
            outcome: Some(Outcome::Response(RecordInteractionResponse::default())),
        }
    }

    fn failed(number: u64, code: Code) -> RecordInteractionsResponse {
        RecordInteractionsResponse {
            correlation_id: number.to_string(),
            outcome: Some(Outcome::Failure(rpc::Status {
                code: code.into(),
                ..rpc::Status::default()
            })),
        }
    }

    fn lines(window: &Window) -> Vec<u64> {
        window.waiting.iter().map(|row| row.place.line).collect()
    }

    #[test]
    fn rows_without_an_answer_go_out_again_in_their_order() {
        let (sender, _requests) = mpsc::channel(WINDOW_ROWS);
        let tally = tally();
        let mut window = window((1..=5).map(|line| row(line, 1)));
        assert!(window.send(Some(&sender)));
        window.settle(recorded(0), &tally).unwrap();
        window.settle(failed(1, Code::Unavailable), &tally).unwrap();
        window
            .settle(failed(2, Code::InvalidArgument), &tally)
            .unwrap();
        // Nothing new goes out before what came back.
        window.waiting.push_back(row(6, 1));
        assert!(window.send(Some(&sender)));
        assert_eq!(window.in_flight.len(), 2);
        window.rewind();
        assert_eq!(lines(&window), [2, 4, 5, 6]);
        let counts = tally.counts();
        assert_eq!((counts.recorded, counts.failed), (1, 1));
    }

    #[test]
    fn a_row_that_always_comes_back_is_given_up() {
        let tally = tally();
        let mut window = window([row(1, 1)]);
        for _ in 0..=ROW_ATTEMPTS_MAX {
            let (sender, _requests) = mpsc::channel(WINDOW_ROWS);
            window.answered = 0;
            assert!(window.send(Some(&sender)));
            window.settle(failed(0, Code::Unavailable), &tally).unwrap();
            window.rewind();
        }
        assert!(window.waiting.is_empty());
        assert_eq!(tally.counts().failed, 1);
    }

    #[test]
    fn what_is_in_flight_is_bounded_by_rows_and_by_bytes() {
        let (sender, _requests) = mpsc::channel(WINDOW_ROWS);
        let mut many = window((0..5_000).map(|line| row(line, 1)));
        assert!(many.send(Some(&sender)));
        assert_eq!(many.in_flight.len(), WINDOW_ROWS);

        let (sender, _requests) = mpsc::channel(WINDOW_ROWS);
        let mut large = window((0..50).map(|line| row(line, 1 << 20)));
        assert!(large.send(Some(&sender)));
        assert_eq!(large.in_flight.len(), 8);
    }

    #[test]
    fn an_answer_out_of_order_is_refused() {
        let (sender, _requests) = mpsc::channel(WINDOW_ROWS);
        let mut window = window([row(1, 1), row(2, 1)]);
        assert!(window.send(Some(&sender)));
        assert!(window.settle(recorded(1), &tally()).is_err());
    }
}
