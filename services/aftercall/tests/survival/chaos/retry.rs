//! A client that does not give up: it asks another replica, until one answers.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

/// How long a call may take before another replica is asked.
const CALL: Duration = Duration::from_secs(4);
/// What a call may be late by, where the server is stopped and does not hear of its time.
const GRACE: Duration = Duration::from_secs(1);
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long a client goes on asking: what fails, fails for less.
const PATIENCE: Duration = Duration::from_secs(150);

/// Asks replicas of one role, from a random one on, until one answers. The number of the one that
/// did comes with the answer.
///
/// # Errors
/// What the service said where asking again can't help.
///
/// # Panics
/// When nobody answers for longer than anything fails.
pub(super) async fn ask<M: Clone, A>(
    doors: &[Channel],
    rng: &mut StdRng,
    message: &M,
    mut call: impl AsyncFnMut(Channel, Request<M>) -> Result<Response<A>, Status>,
) -> Result<(usize, A), Status> {
    let mut at = rng.random_range(0..doors.len());
    let mut last = None;
    let asking = async {
        loop {
            let mut request = Request::new(message.clone());
            request.set_timeout(CALL);
            match timeout(CALL + GRACE, call(doors[at].clone(), request)).await {
                Ok(Ok(answer)) => return Ok((at, answer.into_inner())),
                Ok(Err(status)) if !may_pass(&status) => return Err(status),
                Ok(Err(status)) => last = Some(status),
                Err(_) => {}
            }
            at = (at + 1) % doors.len();
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    };
    match timeout(PATIENCE, asking).await {
        Ok(answered) => answered,
        Err(_) => panic!("nobody answered for {PATIENCE:?}; last: {last:?}"),
    }
}

/// Whether asking again may help.
fn may_pass(status: &Status) -> bool {
    let by_server = status.get_details_error_info().is_some();
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => true,
        // The replica's view may not have what another replica has just acknowledged.
        Code::NotFound => true,
        // The connection broke within an answer.
        _ => !by_server,
    }
}
