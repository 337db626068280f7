//! Lists, up to a limit.

use std::io;

use aftercall_client::{Client, List};
use futures::{StreamExt, TryStreamExt};

use super::CommandError;
use crate::output::{Output, Style};

/// The largest page of lists; searches have a smaller one.
pub(super) const PAGE_MAX: usize = 500;
/// How many entries a list shows unless told otherwise.
pub(super) const LIMIT: &str = "50";

/// How a list that was shown ended.
#[derive(Debug)]
pub(super) struct Listed<A> {
    /// How many were shown.
    pub(super) shown: usize,
    /// Whether there are more.
    pub(super) more: bool,
    /// The first answer, without what it listed.
    pub(super) first: A,
}

/// How large a page to ask for, to show at most `limit`. With a limit of 0 one is asked for, and not
/// shown: whether there is anything at all can be said all the same.
pub(super) fn page_size(limit: usize, page_max: usize) -> i32 {
    i32::try_from(limit.clamp(1, page_max)).unwrap_or(i32::MAX)
}

/// Shows what `request` lists, page by page, up to `limit`.
pub(super) async fn listing<L: List>(
    client: &Client,
    request: L,
    limit: usize,
    mut show: impl FnMut(Vec<L::Item>) -> io::Result<()>,
) -> Result<Listed<L::Answer>, CommandError> {
    let mut pages = std::pin::pin!(client.pages(request).fuse());
    let (mut shown, mut more) = (0, false);
    let mut first = None;
    while let Some(mut answer) = pages.try_next().await? {
        let mut items = L::take(&mut answer);
        more = !L::next_page(&answer).is_empty() || items.len() > limit - shown;
        items.truncate(limit - shown);
        first.get_or_insert(answer);
        shown += items.len();
        show(items)?;
        if shown == limit {
            break;
        }
    }
    Ok(Listed {
        shown,
        more,
        first: first.unwrap_or_default(),
    })
}

impl<A> Listed<A> {
    /// Says what a reader should know of a list besides its entries: that there is nothing, in the
    /// words of `nothing`, or that there is more.
    pub(super) fn close(&self, nothing: &str, output: &mut Output) -> io::Result<()> {
        let Self { shown, more, .. } = *self;
        match (shown, more) {
            (0, false) => output.line(nothing),
            (_, false) => Ok(()),
            (_, true) => {
                let hint = format!("({shown} shown; there are more: raise --limit)");
                output.line(&output.styled(Style::Dim, &hint))
            }
        }
    }
}
