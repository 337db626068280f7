//! What happened lately to what people watch, read once for all of them.
//!
//! The view posts each change as it commits it. A tenant whom nobody watches has no board, and what
//! is posted for it costs a look-up; whoever watches waits on the board of their own tenant, so that
//! other tenants' changes and batches without any wake nobody. A board keeps the latest changes only:
//! who comes later, or is slower, reads the rest from the store.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::Position;
use aftercall_service::Clock;
use aftercall_view::Positions;
use parking_lot::Mutex;
use tokio::sync::watch;

/// How many changes a board keeps.
pub(crate) const KEPT_MAX: usize = 256;

/// How often watchers look whether they have been silent since the time before. Twice this, and the
/// way to the caller, stay below the 5 seconds that the API promises.
pub(crate) const TICK_EVERY: Duration = Duration::from_secs(2);

/// What happened lately to one sort of things. Clones are the same one.
#[derive(Debug)]
pub(crate) struct Bulletin<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    boards: Mutex<Boards<T>>,
    /// Counts the ticks.
    ticks: watch::Sender<u64>,
}

#[derive(Debug)]
struct Boards<T> {
    by_tenant: HashMap<Arc<str>, Board<T>>,
    /// Everything up to here is posted.
    applied: Positions,
    closed: bool,
}

impl<T> Clone for Bulletin<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Bulletin<T> {
    fn default() -> Self {
        Self(Arc::new(Shared {
            boards: Mutex::new(Boards {
                by_tenant: HashMap::new(),
                applied: Positions::default(),
                closed: false,
            }),
            ticks: watch::Sender::default(),
        }))
    }
}

/// The latest changes of one tenant.
#[derive(Debug)]
struct Board<T> {
    kept: VecDeque<Arc<Posted<T>>>,
    /// The number of the change that will be posted next.
    next_no: u64,
    changed: watch::Sender<u64>,
}

/// What one record changed.
#[derive(Debug)]
pub(crate) struct Posted<T> {
    pub(crate) at: Position,
    /// The things as the record left them: one, or, where a contact was recorded or named, all of it.
    pub(crate) items: Vec<T>,
}

/// A change that the view is about to commit.
#[derive(Debug)]
pub(crate) struct Draft<T> {
    pub(crate) tenant_id: Box<str>,
    pub(crate) at: Position,
    /// The things as the record leaves them. None if nobody watched when it was folded: whoever does by now reads
    /// them from the store.
    pub(crate) items: Option<Vec<T>>,
}

impl<T> Bulletin<T> {
    /// Posts what was committed, which is all up to `applied`.
    pub(crate) fn post(&self, drafts: impl IntoIterator<Item = Draft<T>>, applied: &Positions) {
        let mut boards = self.0.boards.lock();
        for draft in drafts {
            if let Some(board) = boards.by_tenant.get_mut(&*draft.tenant_id) {
                board.add(draft);
            }
        }
        boards.applied = applied.clone();
    }

    /// Whether anybody watches a tenant.
    pub(crate) fn is_watched(&self, tenant_id: &str) -> bool {
        self.0.boards.lock().by_tenant.contains_key(tenant_id)
    }

    /// Follows the changes of a tenant from now on.
    pub(crate) fn follow(&self, tenant_id: &str) -> Reader<T> {
        let mut boards = self.0.boards.lock();
        let tenant_id: Arc<str> = tenant_id.into();
        let board = boards
            .by_tenant
            .entry(Arc::clone(&tenant_id))
            .or_insert_with(Board::new);
        let (next_no, changed) = (board.next_no, board.changed.subscribe());
        Reader {
            bulletin: self.clone(),
            tenant_id,
            next_no,
            changed,
            ticks: self.0.ticks.subscribe(),
        }
    }

    /// Ends every watch: the view has ended.
    pub(crate) fn close(&self) {
        let mut boards = self.0.boards.lock();
        boards.closed = true;
        for board in boards.by_tenant.values() {
            board.changed.send_replace(board.next_no);
        }
    }

    /// Lets everybody who watches look up now and then.
    pub(crate) async fn tick(self, clock: Arc<dyn Clock>) -> Infallible {
        loop {
            clock.sleep_for(TICK_EVERY).await;
            self.0.ticks.send_modify(|ticks| *ticks += 1);
        }
    }

    /// How many tenants are watched.
    #[cfg(test)]
    fn watched(&self) -> usize {
        self.0.boards.lock().by_tenant.len()
    }
}

impl<T> Board<T> {
    fn new() -> Self {
        Self {
            kept: VecDeque::new(),
            next_no: 0,
            changed: watch::Sender::new(0),
        }
    }

    fn add(&mut self, draft: Draft<T>) {
        match draft.items {
            Some(items) => self.kept.push_back(Arc::new(Posted {
                at: draft.at,
                items,
            })),
            // What was before it can't be told without it.
            None => self.kept.clear(),
        }
        self.next_no += 1;
        if self.kept.len() > KEPT_MAX {
            self.kept.pop_front();
        }
        self.changed.send_replace(self.next_no);
    }

    /// The changes from the number `from` on; none if some of them are gone.
    fn since(&self, from: u64) -> Option<Vec<Arc<Posted<T>>>> {
        let new = usize::try_from(self.next_no - from).ok()?;
        let known = self.kept.len().checked_sub(new)?;
        Some(self.kept.iter().skip(known).cloned().collect())
    }
}

/// Somebody's place on the board of a tenant.
#[derive(Debug)]
pub(crate) struct Reader<T> {
    bulletin: Bulletin<T>,
    tenant_id: Arc<str>,
    next_no: u64,
    changed: watch::Receiver<u64>,
    ticks: watch::Receiver<u64>,
}

/// What a reader finds.
#[derive(Debug)]
pub(crate) enum News<T> {
    /// These changes.
    Changes(Vec<Arc<Posted<T>>>),
    /// No change up to here.
    None(Positions),
    /// Changes that are no longer here; they are in the store. What comes after is here.
    Missed,
    /// The view has ended.
    Ended,
}

/// Why a reader woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Something happened to what the tenant's people watch, or the view has ended.
    Changed,
    /// Some time has passed.
    Tick,
}

impl<T> Reader<T> {
    /// What has happened since the last look.
    pub(crate) fn look(&mut self) -> News<T> {
        self.changed.mark_unchanged();
        let boards = self.bulletin.0.boards.lock();
        if boards.closed {
            return News::Ended;
        }
        let Some(board) = boards.by_tenant.get(&self.tenant_id) else {
            return News::None(boards.applied.clone());
        };
        let since = board.since(self.next_no);
        self.next_no = board.next_no;
        match since {
            None => News::Missed,
            Some(changes) if changes.is_empty() => News::None(boards.applied.clone()),
            Some(changes) => News::Changes(changes),
        }
    }

    /// Waits until there may be something new, or some time has passed.
    pub(crate) async fn woken(&mut self) -> Woken {
        tokio::select! {
            biased;
            // Both senders live as long as the bulletin, which this reader holds.
            _ = self.changed.changed() => Woken::Changed,
            _ = self.ticks.changed() => Woken::Tick,
        }
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        let mut boards = self.bulletin.0.boards.lock();
        let board = boards.by_tenant.get(&self.tenant_id);
        // This reader is still counted.
        if board.is_some_and(|board| board.changed.receiver_count() <= 1) {
            boards.by_tenant.remove(&self.tenant_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use aftercall_service::ManualClock;
    use futures::FutureExt;
    use jiff::Timestamp;

    use super::*;

    fn draft(tenant_id: &str, offset: u64) -> Draft<u64> {
        Draft {
            tenant_id: tenant_id.into(),
            at: Position {
                partition: 0,
                offset,
            },
            items: Some(vec![offset]),
        }
    }

    fn post(bulletin: &Bulletin<u64>, tenant_id: &str, offsets: std::ops::Range<u64>) {
        let applied = Positions::below(&[offsets.end]);
        let drafts = offsets.map(|offset| draft(tenant_id, offset));
        bulletin.post(drafts, &applied);
    }

    fn offsets(news: News<u64>) -> Vec<u64> {
        match news {
            News::Changes(changes) => changes.iter().map(|posted| posted.at.offset).collect(),
            News::None(_) => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_change_wakes_its_own_tenants_readers_only_and_is_read_once_for_all() {
        let bulletin = Bulletin::default();
        let mut own = [bulletin.follow("acme"), bulletin.follow("acme")];
        let mut other = bulletin.follow("other");
        post(&bulletin, "acme", 3..5);
        post(&bulletin, "nobody", 5..9);
        assert_eq!(other.woken().now_or_never(), None);
        let mut seen = Vec::new();
        for reader in &mut own {
            assert_eq!(reader.woken().now_or_never(), Some(Woken::Changed));
            match reader.look() {
                News::Changes(changes) => seen.push(changes),
                news => panic!("{news:?}"),
            }
            assert_eq!(reader.woken().now_or_never(), None);
            assert!(matches!(reader.look(), News::None(applied) if applied.next(0) == 9));
        }
        assert!(Arc::ptr_eq(&seen[0][1], &seen[1][1]), "one reading for all");
        assert_eq!(seen[0].len(), 2);
        assert!(matches!(other.look(), News::None(_)));
    }

    /// Ten thousand who wait for what does not happen cost a batch nothing: none of them is woken, and so
    /// none of them reads anything.
    #[test]
    fn idle_readers_are_woken_by_changes_of_their_own_alone() {
        let bulletin = Bulletin::default();
        let tenant = |number: usize| ["acme", "other"][number % 2];
        let mut idle: Vec<_> = (0..10_000)
            .map(|number| bulletin.follow(tenant(number)))
            .collect();
        let woken = |idle: &mut Vec<Reader<u64>>| {
            let wake = |reader: &mut Reader<u64>| reader.woken().now_or_never().is_some();
            idle.iter_mut().map(wake).filter(|woken| *woken).count()
        };
        for batch in 0..1_000 {
            post(&bulletin, "busy", batch..batch + 1);
            bulletin.post([], &Positions::below(&[batch + 1]));
        }
        assert_eq!(woken(&mut idle), 0);
        post(&bulletin, "acme", 1_000..1_001);
        assert_eq!(woken(&mut idle), 5_000, "each of them once");
        assert_eq!(woken(&mut idle), 0);
        let own = idle
            .iter_mut()
            .step_by(2)
            .map(|reader| match reader.look() {
                News::Changes(changes) => changes.into_iter().next().unwrap(),
                news => panic!("{news:?}"),
            });
        let own: Vec<_> = own.collect();
        assert!(
            own.iter().all(|posted| Arc::ptr_eq(posted, &own[0])),
            "one reading for all"
        );
    }

    #[test]
    fn who_is_too_slow_is_told_and_goes_on_from_there() {
        let bulletin = Bulletin::default();
        let mut reader = bulletin.follow("acme");
        let kept = KEPT_MAX as u64;
        post(&bulletin, "acme", 0..kept);
        assert_eq!(offsets(reader.look()), (0..kept).collect::<Vec<_>>());
        post(&bulletin, "acme", kept..2 * kept + 1);
        assert!(matches!(reader.look(), News::Missed));
        post(&bulletin, "acme", 1_000..1_001);
        assert_eq!(offsets(reader.look()), [1_000]);
    }

    #[test]
    fn what_was_folded_while_nobody_watched_is_read_from_the_store() {
        let bulletin = Bulletin::default();
        assert!(!bulletin.is_watched("acme"));
        let mut reader = bulletin.follow("acme");
        assert!(bulletin.is_watched("acme"));
        post(&bulletin, "acme", 0..2);
        let unseen = Draft {
            items: None,
            ..draft("acme", 2)
        };
        bulletin.post([unseen], &Positions::below(&[3]));
        post(&bulletin, "acme", 3..4);
        assert_eq!(reader.woken().now_or_never(), Some(Woken::Changed));
        assert!(matches!(reader.look(), News::Missed));
        post(&bulletin, "acme", 4..5);
        assert_eq!(offsets(reader.look()), [4]);
    }

    #[test]
    fn a_tenant_whom_nobody_watches_any_more_has_no_board() {
        let bulletin = Bulletin::<u64>::default();
        let (first, second) = (bulletin.follow("acme"), bulletin.follow("acme"));
        drop(first);
        assert_eq!(bulletin.watched(), 1);
        drop(second);
        assert_eq!(bulletin.watched(), 0);
    }

    #[tokio::test]
    async fn readers_look_up_now_and_then_and_at_the_end() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let bulletin = Bulletin::<u64>::default();
        let mut reader = bulletin.follow("acme");
        let mut ticking = Box::pin(bulletin.clone().tick(Arc::new(clock.clone())));
        assert!((&mut ticking).now_or_never().is_none());
        clock.advance(TICK_EVERY - Duration::from_millis(1));
        assert!((&mut ticking).now_or_never().is_none());
        assert_eq!(reader.woken().now_or_never(), None);
        clock.advance(Duration::from_millis(1));
        assert!((&mut ticking).now_or_never().is_none());
        assert_eq!(reader.woken().now_or_never(), Some(Woken::Tick));

        bulletin.close();
        assert_eq!(reader.woken().now_or_never(), Some(Woken::Changed));
        assert!(matches!(reader.look(), News::Ended));
    }
}
