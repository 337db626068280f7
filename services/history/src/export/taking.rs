//! An export as its caller takes it: rows are read on one thread while those before them are written on another, and no
//! further than one batch ahead, so that who takes slowly holds neither a thread nor much memory.

use std::pin::Pin;
use std::sync::Arc;

use aftercall_proto::history::v1::ExportInteractionsResponse;
use aftercall_service::{ServerStopping, Unread, to_status};
use aftercall_view::Store;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use tonic::Status;

use super::answer;
use super::course::{Course, Plan};
use super::quota::Place;
use super::rows::{Batch, Rows};
use super::token::Progress;
use crate::History;
use crate::failure::Unanswered;

/// What is read next, and where it goes on from there.
type Ahead = BoxFuture<'static, Result<(Batch, Rows), Unanswered>>;

/// An export that is being taken.
pub(super) struct Taking {
    history: History,
    course: Course,
    /// What is being read while what was read before is written.
    ahead: MaybeDone<Ahead>,
    /// Taken until it ends.
    place: Place,
}

impl Taking {
    /// Goes on from where `progress` says.
    pub(super) fn begin(
        history: &History,
        (plan, progress): (Plan, Progress),
        place: Place,
    ) -> Self {
        let sought = Arc::clone(&plan.sought);
        let rows = Rows::after(&sought, &progress.tenant_id, &progress.after);
        Self {
            history: history.clone(),
            course: Course::begin(plan, progress),
            ahead: maybe_done(read(history, rows)),
            place,
        }
    }

    /// The next piece, made when the caller has taken the one before; none at the end.
    pub(super) async fn next(
        mut self,
    ) -> Result<Option<(ExportInteractionsResponse, Self)>, Status> {
        loop {
            if self.history.draining().is_cancelled() {
                return Err(to_status(ServerStopping));
            }
            if let Some(piece) = self.course.give() {
                return Ok(Some((answer(piece), self)));
            }
            if self.course.is_over() {
                return Ok(None);
            }
            self = self.go_on().await.map_err(to_status)?;
        }
    }

    /// Writes what was read, once there is something.
    async fn go_on(mut self) -> Result<Self, Unanswered> {
        if self.course.needs_rows() {
            let (batch, rows) = self.read_ahead().await?;
            self.course.take(batch);
            self.ahead = maybe_done(read(&self.history, rows));
            // From here on it is read, whether somebody waits for it or not.
            let _ = futures::poll!(&mut self.ahead);
        }
        let Self {
            history,
            mut course,
            ahead,
            place,
        } = self;
        let write = move |_: &Store| course.write().map(|()| course);
        let course = history.reading().run(write).await?;
        Ok(Self {
            history,
            course,
            ahead,
            place,
        })
    }

    async fn read_ahead(&mut self) -> Result<(Batch, Rows), Unanswered> {
        (&mut self.ahead).await;
        let read = Pin::new(&mut self.ahead).take_output();
        read.unwrap_or_else(|| Err(Unread::internal("rows were read and are gone").into()))
    }
}

/// Reads a batch, on a thread that may block. It begins when it is asked for first.
fn read(history: &History, mut rows: Rows) -> Ahead {
    let reading = history.reading().clone();
    Box::pin(async move {
        let read = move |_: &Store| Ok::<_, Unanswered>((rows.read()?, rows));
        reading.run(read).await
    })
}
