//! Lists, up to a limit.

use std::io;

use aftercall_client::{Client, List, Total};
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;

use super::{CommandError, Session};
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
    /// How many there are in all, if the server says it.
    pub(super) total: Option<Total>,
    /// The first answer, without what it listed.
    pub(super) first: A,
}

/// How large a page to ask for, to show at most `limit`. With a limit of 0 one is asked for, and not
/// shown: whether there is anything at all can be said all the same.
pub(super) fn page_size(limit: usize, page_max: usize) -> i32 {
    i32::try_from(limit.clamp(1, page_max)).unwrap_or(i32::MAX)
}

/// Shows what `request` lists, page by page, up to `limit`, and finds out how many there are in all.
pub(super) async fn listing<L: List>(
    client: &Client,
    mut request: L,
    limit: usize,
    mut show: impl FnMut(Vec<L::Item>) -> io::Result<()>,
) -> Result<Listed<L::Answer>, CommandError> {
    request.ask_total();
    let mut pages = std::pin::pin!(client.pages(request).fuse());
    let (mut shown, mut more) = (0, false);
    let mut first = None;
    let mut total = None;
    while let Some(mut answer) = pages.try_next().await? {
        let mut items = L::take(&mut answer);
        more = !L::next_page(&answer).is_empty() || items.len() > limit - shown;
        items.truncate(limit - shown);
        total = total.or_else(|| L::total(&answer));
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
        total,
        first: first.unwrap_or_default(),
    })
}

/// Shows what `request` lists as a table, or says that there is nothing, in the words of `nothing`.
pub(super) async fn tabled<L: List>(
    session: &mut Session,
    request: L,
    limit: usize,
    nothing: &str,
    table: impl FnOnce(&[L::Item], &mut Output) -> io::Result<()>,
) -> Result<(), CommandError>
where
    L::Item: Serialize,
    L::Answer: Serialize,
{
    let (found, listed) = gathered(session, request, limit).await?;
    let output = &mut session.output;
    if !found.is_empty() {
        table(&found, output)?;
    }
    Ok(listed.close(nothing, output)?)
}

/// All that `request` lists, up to `limit`, to be shown as a whole. As JSON each is shown as it comes, and none is left.
pub(super) async fn gathered<L: List>(
    session: &mut Session,
    request: L,
    limit: usize,
) -> Result<(Vec<L::Item>, Listed<L::Answer>), CommandError>
where
    L::Item: Serialize,
{
    let Session { client, output, .. } = session;
    let mut found = Vec::new();
    let listed = listing(client, request, limit, |page| match output.json() {
        true => page.iter().try_for_each(|item| output.message(item)),
        false => {
            found.extend(page);
            Ok(())
        }
    });
    let listed = listed.await?;
    Ok((found, listed))
}

/// Shows what `request` lists, one item after the other, as each page comes.
pub(super) async fn told<L: List>(
    session: &mut Session,
    request: L,
    limit: usize,
    nothing: &str,
    print: impl Fn(&L::Item, &mut Output) -> io::Result<()>,
) -> Result<(), CommandError>
where
    L::Item: Serialize,
    L::Answer: Serialize,
{
    let Session { client, output, .. } = session;
    let mut shown = 0;
    let listed = listing(client, request, limit, |page| {
        for item in page {
            match output.json() {
                true => output.message(&item)?,
                false => {
                    if shown > 0 {
                        output.line("")?;
                    }
                    print(&item, output)?;
                }
            }
            shown += 1;
        }
        Ok(())
    });
    Ok(listed.await?.close(nothing, output)?)
}

impl<A: Serialize> Listed<A> {
    /// Says what a reader should know of a list besides its entries: that there is nothing, in the
    /// words of `nothing`, or that there is more. As JSON, the answer itself.
    pub(super) fn close(&self, nothing: &str, output: &mut Output) -> io::Result<()> {
        if output.json() {
            return output.message(&self.first);
        }
        let Self { shown, more, .. } = *self;
        match (shown, more) {
            (0, false) => output.line(nothing),
            (_, false) => Ok(()),
            (_, true) => {
                let hint = match self.total {
                    None => format!("({shown} shown; there are more: raise --limit)"),
                    Some(total) => {
                        let Total {
                            size,
                            is_lower_bound,
                        } = total;
                        let of = if is_lower_bound { "of more than" } else { "of" };
                        format!("({shown} {of} {size} shown: raise --limit)")
                    }
                };
                output.line(&output.styled(Style::Dim, &hint))
            }
        }
    }
}
