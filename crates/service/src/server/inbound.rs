//! The body of a request: its messages, each whole, counted, and within bounds, before a decoder sees
//! them.

use std::io::Read;
use std::time::Duration;

use aftercall_domain::limits::ELEMENTS_MAX;
use aftercall_proto::elements::Request;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::read::GzDecoder;
use futures::stream::unfold;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;

use super::memory::{Held, Memory};
use crate::auth::Identity;
use crate::deadline::RequestTimeout;
use crate::{ServerStopping, Unauthenticated, Untaken, to_status};

/// How gRPC frames a message: whether it is compressed, and its length.
const HEAD_BYTES: usize = 5;

/// How long a message that has begun may still take when the server stops.
const UNFINISHED_GRACE: Duration = Duration::from_secs(1);

/// What bounds a request's messages.
#[derive(Debug)]
pub(super) struct Bounds {
    /// None where the method is not described; then its elements are not counted.
    pub(super) elements: Option<Request>,
    pub(super) message_bytes_max: usize,
    /// How long a message may take from its first byte to its last.
    pub(super) message_timeout: Duration,
    pub(super) memory: Memory,
    pub(super) held: Held,
    pub(super) caller: Identity,
    /// Cancelled when the server stops.
    pub(super) ending: CancellationToken,
}

/// `body` within `bounds`.
pub(super) fn bounded(body: Body, headers: &HeaderMap, bounds: Bounds) -> Body {
    let gzip = headers
        .get("grpc-encoding")
        .is_some_and(|encoding| encoding == "gzip");
    let inbound = Inbound {
        body,
        bounds,
        gzip,
        arrived: BytesMut::new(),
        begun: None,
        phase: Phase::Messages,
    };
    Body::new(StreamBody::new(unfold(inbound, |mut inbound| async move {
        let frame = inbound.next().await?;
        if frame.is_err() {
            inbound.phase = Phase::Ended;
        }
        Some((frame, inbound))
    })))
}

struct Inbound {
    body: Body,
    bounds: Bounds,
    gzip: bool,
    /// What has come and was not passed on.
    arrived: BytesMut,
    /// Since when a message is on its way.
    begun: Option<Instant>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Messages,
    /// What is framed wrongly is refused by the decoder, which says why.
    Unframed,
    Ended,
}

/// How a message is framed.
struct Head {
    compressed: bool,
    length: usize,
}

impl Inbound {
    async fn next(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        match self.phase {
            Phase::Ended => return None,
            Phase::Unframed if !self.arrived.is_empty() => return self.rest(),
            Phase::Unframed | Phase::Messages => {}
        }
        while self.phase == Phase::Messages {
            match self.head() {
                Some(Ok(head)) => return Some(self.message(head).await),
                Some(Err(refused)) => return Some(Err(to_status(refused))),
                None if self.phase == Phase::Unframed => return self.rest(),
                None => {}
            }
            match self.more().await {
                Ok(Some(frame)) => return Some(Ok(frame)),
                Ok(None) if self.phase == Phase::Ended => return self.rest(),
                Ok(None) => {}
                Err(status) => return Some(Err(status)),
            }
        }
        self.body.frame().await
    }

    /// What is left, if anything is: half a message, which the decoder refuses.
    fn rest(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        let rest = self.arrived.split().freeze();
        (!rest.is_empty()).then(|| Ok(Frame::data(rest)))
    }

    /// The next message's head, once it is there.
    fn head(&mut self) -> Option<Result<Head, Untaken>> {
        let (head, _) = self.arrived.split_at_checked(HEAD_BYTES)?;
        let compressed = match (head[0], self.gzip) {
            (0, _) => false,
            (1, true) => true,
            _ => {
                self.phase = Phase::Unframed;
                return None;
            }
        };
        let length = (&head[1..]).get_u32() as usize;
        match length > self.bounds.message_bytes_max {
            true => Some(Err(Untaken::TooLarge)),
            false => Some(Ok(Head { compressed, length })),
        }
    }

    /// The message behind `head`, once it is whole: counted, and with memory of its own.
    async fn message(&mut self, head: Head) -> Result<Frame<Bytes>, Status> {
        let length = u32::try_from(head.length).unwrap_or(u32::MAX);
        let memory = self.bounds.memory.clone();
        let until = self.until();
        // Before the rest is read: while there is no room, the caller can send no more than its
        // window.
        let mut share = tokio::select! {
            share = memory.wait_for(length) => share.map_err(to_status)?,
            late = late(until, &self.bounds.ending) => return Err(late),
            () = self.bounds.caller.over() => return Err(to_status(Unauthenticated::Over)),
        };
        while self.arrived.len() < HEAD_BYTES + head.length {
            match self.more().await? {
                Some(_) => return Err(to_status(Untaken::Unframed)),
                None if self.phase == Phase::Ended => {
                    return Ok(Frame::data(self.arrived.split().freeze()));
                }
                None => {}
            }
        }
        let framed = self.arrived.split_to(HEAD_BYTES + head.length).freeze();
        self.begun = (!self.arrived.is_empty()).then(Instant::now);
        let (framed, unfolded) = match head.compressed {
            true => {
                let framed = unfold_message(&framed[HEAD_BYTES..], self.bounds.message_bytes_max);
                let framed = framed.map_err(to_status)?;
                let unfolded = framed.len();
                (framed, unfolded)
            }
            false => (framed, 0),
        };
        let elements = self.count(&framed[HEAD_BYTES..]).map_err(to_status)?;
        memory
            .add(&mut share, elements, unfolded)
            .map_err(to_status)?;
        self.bounds.held.hold(share);
        Ok(Frame::data(framed))
    }

    fn count(&self, message: &[u8]) -> Result<usize, Untaken> {
        match &self.bounds.elements {
            Some(elements) => elements
                .count(message, ELEMENTS_MAX)
                .ok_or(Untaken::TooManyElements),
            None => Ok(0),
        }
    }

    /// Waits for more of the body. Gives a frame that holds no data, such as trailers.
    async fn more(&mut self) -> Result<Option<Frame<Bytes>>, Status> {
        let until = self.until();
        let frame = tokio::select! {
            frame = self.body.frame() => frame,
            late = late(until, &self.bounds.ending) => return Err(late),
            () = self.bounds.caller.over() => return Err(to_status(Unauthenticated::Over)),
        };
        match frame {
            None => {
                self.phase = Phase::Ended;
                Ok(None)
            }
            Some(Err(status)) => Err(status),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    self.begun = self.begun.or_else(|| Some(Instant::now()));
                    self.take(data);
                    Ok(None)
                }
                Err(other) => Ok(Some(other)),
            },
        }
    }

    /// When a message that is on its way is too late.
    fn until(&self) -> Option<Instant> {
        self.begun.map(|begun| begun + self.bounds.message_timeout)
    }

    fn take(&mut self, data: Bytes) {
        // Most messages come whole, in memory that nobody else uses.
        if self.arrived.is_empty() {
            self.arrived = data.into();
        } else {
            self.arrived.put(data);
        }
    }
}

/// Waits until a message that is on its way is too late, and gives the refusal. While none is, until
/// for ever: a stream may be silent, and its service ends it when the server stops.
async fn late(until: Option<Instant>, ending: &CancellationToken) -> Status {
    let Some(until) = until else {
        return std::future::pending().await;
    };
    let stopping = async {
        ending.cancelled().await;
        tokio::time::sleep(UNFINISHED_GRACE).await;
    };
    tokio::select! {
        () = sleep_until(until) => to_status(RequestTimeout),
        () = stopping => to_status(ServerStopping),
    }
}

/// The message that `compressed` unfolds to, framed.
fn unfold_message(compressed: &[u8], bytes_max: usize) -> Result<Bytes, Untaken> {
    let mut framed = BytesMut::zeroed(HEAD_BYTES).writer();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let mut unfolding = GzDecoder::new(compressed).take(most.saturating_add(1));
    let length = std::io::copy(&mut unfolding, &mut framed).map_err(|_| Untaken::Unframed)?;
    if length > most {
        return Err(Untaken::TooLarge);
    }
    let length = u32::try_from(length).map_err(|_| Untaken::TooLarge)?;
    let mut framed = framed.into_inner();
    framed[1..HEAD_BYTES].copy_from_slice(&length.to_be_bytes());
    Ok(framed.freeze())
}
