//! What a connection is doing: whether it has spoken, and how many of its requests are open.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What every HTTP/2 client sends first: the preface, and the head of a SETTINGS frame.
const GREETING_BYTES: usize = 24 + 9;

/// One connection's doings.
#[derive(Debug)]
pub(crate) struct Presence(Mutex<State>);

#[derive(Debug)]
struct State {
    opened: Instant,
    spoke: bool,
    requests: usize,
    /// Since when no request is open.
    quiet_since: Instant,
}

impl Presence {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self(Mutex::new(State {
            opened: now,
            spoke: false,
            requests: 0,
            quiet_since: now,
        }))
    }

    /// Counts a request until what is returned is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Busy {
        self.0.lock().requests += 1;
        Busy(Arc::clone(self))
    }

    pub(crate) fn opened(&self) -> Instant {
        self.0.lock().opened
    }

    /// Whether the peer has said what a client says first.
    pub(crate) fn spoke(&self) -> bool {
        self.0.lock().spoke
    }

    /// Since when no request is open; none while one is.
    pub(crate) fn quiet_since(&self) -> Option<Instant> {
        let state = self.0.lock();
        (state.requests == 0).then_some(state.quiet_since)
    }

    /// Whether no request has been open for `long`.
    pub(crate) fn is_quiet_for(&self, long: Duration) -> bool {
        self.quiet_since()
            .is_some_and(|since| since.elapsed() >= long)
    }

    fn speak(&self) {
        self.0.lock().spoke = true;
    }
}

/// A request that is open.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Presence>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.requests -= 1;
        state.quiet_since = Instant::now();
    }
}

/// A stream whose first bytes are noticed.
#[derive(Debug)]
pub(crate) struct Heard<S> {
    stream: S,
    presence: Arc<Presence>,
    /// How many bytes are missing until the peer has spoken.
    missing: usize,
}

impl<S> Heard<S> {
    pub(crate) fn new(stream: S, presence: Arc<Presence>) -> Self {
        Self {
            stream,
            presence,
            missing: GREETING_BYTES,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.missing > 0 {
            let read = buffer.filled().len() - before;
            self.missing = self.missing.saturating_sub(read);
            if self.missing == 0 {
                self.presence.speak();
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
