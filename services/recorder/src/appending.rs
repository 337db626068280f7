//! Appends that outlive the requests which wait for them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;

use crate::core::Core;

/// An append for which a request waits. If the request is given up, or takes too long, the append goes on
/// without it: its claim holds until the log has answered, so that whoever comes for one of its names waits
/// for the same append.
pub(crate) struct Appending<'c> {
    core: &'c Core,
    /// None once the log has answered.
    append: Option<BoxFuture<'static, ()>>,
}

impl<'c> Appending<'c> {
    pub(crate) fn new(core: &'c Core, append: BoxFuture<'static, ()>) -> Self {
        Self {
            core,
            append: Some(append),
        }
    }
}

impl Future for Appending<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(append) = &mut self.append else {
            return Poll::Ready(());
        };
        let answered = append.as_mut().poll(context);
        if answered.is_ready() {
            self.append = None;
        }
        answered
    }
}

impl Drop for Appending<'_> {
    fn drop(&mut self) {
        if let Some(append) = self.append.take() {
            self.core.settle("settle-late", append);
        }
    }
}
