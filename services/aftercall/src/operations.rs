//! The service for those who run the server: copies of the log while it is written to.

use std::pin::Pin;
use std::sync::Arc;

use aftercall_log::backup::{Backup, Part};
use aftercall_log::{Log, Offset, ReadError};
use aftercall_proto::operations::v1::backup_log_response::Part as Wire;
use aftercall_proto::operations::v1::operations_service_server::{
    OperationsService, OperationsServiceServer,
};
use aftercall_proto::operations::v1::{
    BackupLogRequest, BackupLogResponse, LogCopyBegun, LogSegment,
};
use aftercall_service::{Call, Deps, ServerStopping, Supervisor, Unread, to_status};
use aftercall_view::{Positions, TokenError};
use futures::{Stream, StreamExt, stream};
use tonic::{Request, Response, Status};

/// Where the request says what it has already.
const RESUME: &str = "resume_position";

/// The service behind the generated server.
#[derive(Debug)]
pub(crate) struct Operations {
    log: Arc<dyn Log>,
    supervisor: Supervisor,
}

/// The service of a process.
pub(crate) fn server(deps: &Deps) -> OperationsServiceServer<Operations> {
    OperationsServiceServer::new(Operations {
        log: Arc::clone(&deps.log),
        supervisor: deps.supervisor.clone(),
    })
}

type Parts = Pin<Box<dyn Stream<Item = Result<BackupLogResponse, Status>> + Send>>;

#[tonic::async_trait]
impl OperationsService for Operations {
    type BackupLogStream = Parts;

    async fn backup_log(
        &self,
        request: Request<BackupLogRequest>,
    ) -> Result<Response<Parts>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let from = resumed(&*self.log, &call.message.resume_position).map_err(to_status)?;
        let backup = self
            .log
            .backup(from)
            .map_err(|error| to_status(beyond(error)))?;
        tracing::info!(from, records = backup.tail(), "backup begun");
        let begun = LogCopyBegun {
            log_id: backup.identity().id().0.to_vec().into(),
            records: backup.tail(),
            bytes: backup.bytes_left(),
        };
        let begun = stream::once(async move { Ok(answer(Wire::Begun(begun))) });
        let parts = parts(backup, self.supervisor.clone());
        Ok(Response::new(Box::pin(begun.chain(parts))))
    }
}

/// The first record that the caller lacks.
fn resumed(log: &dyn Log, position: &str) -> Result<Offset, Unread> {
    if position.is_empty() {
        return Ok(0);
    }
    let unread = |error: TokenError| Unread::Position {
        field: RESUME,
        error,
    };
    let positions = Positions::decode(position, log.identity()).map_err(unread)?;
    Ok(positions.next(0))
}

fn beyond(error: ReadError) -> Unread {
    match error {
        ReadError::OffsetOutOfRange { .. } => Unread::BeyondLog { field: RESUME },
        error => Unread::Log(error),
    }
}

/// The parts of a backup, each read on a thread that may block when the caller has taken the one
/// before.
fn parts(
    backup: Backup,
    supervisor: Supervisor,
) -> impl Stream<Item = Result<BackupLogResponse, Status>> + Send {
    stream::try_unfold(backup, move |mut backup| {
        let supervisor = supervisor.clone();
        async move {
            if supervisor.draining().is_cancelled() {
                return Err(to_status(ServerStopping));
            }
            let read = supervisor.read(move || (backup.next_part(), backup)).await;
            let (part, backup) = read.map_err(to_status)?;
            let part = part.map_err(|error| to_status(Unread::Log(error)))?;
            Ok(part.map(|part| (answer(wire(part)), backup)))
        }
    })
}

fn wire(part: Part) -> Wire {
    match part {
        Part::Epochs(bytes) => Wire::Epochs(bytes),
        Part::Frames(bytes) => Wire::Frames(bytes),
        Part::Segment {
            base,
            page,
            from,
            bytes,
        } => Wire::Segment(LogSegment {
            base,
            page,
            from_byte: from,
            file_bytes: bytes,
        }),
    }
}

fn answer(part: Wire) -> BackupLogResponse {
    BackupLogResponse { part: Some(part) }
}
