//! Follows the search index beside requests: reads ahead what ranking needs of it, has directions reckoned that are not
//! known yet, and now and then what a tenant's own uses have shown.
//!
//! One piece of work follows the other, on a thread that gives way to those on which requests read.

use std::convert::Infallible;
use std::sync::Arc;

use aftercall_service::Reading;
use aftercall_view::{Store, ViewError};

use crate::failure::Error;
use crate::index::Fields;
use crate::meaning::Progress;
use crate::ranking::Comparing;
use crate::server::Knowledge;

/// Each time so many more directions are known, that is said.
const TOLD_EACH: usize = 1_000;

/// Follows the index.
#[derive(Debug)]
pub(crate) struct Following {
    reading: Reading,
    fields: Arc<Fields>,
    comparing: Comparing,
}

/// Why it ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowingError {
    #[error("the view ended")]
    View(#[source] Option<Arc<ViewError>>),
    #[error("texts can't be compared")]
    Comparing(#[source] Box<Error>),
}

impl Following {
    pub(crate) fn of(knowledge: &Knowledge) -> Self {
        Self {
            reading: knowledge.reading().clone(),
            fields: Arc::clone(knowledge.fields()),
            comparing: knowledge.comparing().clone(),
        }
    }

    /// Runs until it is dropped.
    ///
    /// # Errors
    /// When the view has failed, or the model can't reckon.
    pub(crate) async fn run(self) -> Result<Infallible, FollowingError> {
        tokio::select! {
            biased;
            ended = self.reading.view().stopped() => Err(FollowingError::View(ended.err())),
            failed = self.follow() => failed,
        }
    }

    async fn follow(&self) -> Result<Infallible, FollowingError> {
        let mut progress = self.reading.view().progress();
        let mut told = Told::default();
        loop {
            progress.borrow_and_update();
            let is_done = match self.reading.view().is_ready() {
                true => self.round(&mut told).await,
                false => Ok(true),
            };
            let is_done = is_done.map_err(|error| FollowingError::Comparing(Box::new(error)))?;
            if is_done && progress.changed().await.is_err() {
                let ended = self.reading.view().stopped().await;
                return Err(FollowingError::View(ended.err()));
            }
        }
    }

    /// Does some of what there is to do; says whether that was all.
    async fn round(&self, told: &mut Told) -> Result<bool, Error> {
        let Some(snapshot) = self.reading.view().snapshot() else {
            return Ok(true);
        };
        let applied = self.reading.view().applied();
        let (fields, comparing) = (Arc::clone(&self.fields), self.comparing.clone());
        let work = move |store: &Store| {
            if !comparing.memory.read_ahead(&snapshot.searcher, &fields)? {
                return Ok((None, false));
            }
            let meaning = comparing.meaning.as_ref();
            let followed = meaning.map(|meaning| meaning.follow(store, &fields, &snapshot));
            let progress = followed.transpose()?.unwrap_or_default();
            if progress.done > 0 {
                return Ok((Some(progress), false));
            }
            let calibrations = &comparing.calibrations;
            let renewed = calibrations.renew(store, &fields, (&snapshot, &applied), &comparing)?;
            Ok::<_, Error>((Some(progress), !renewed))
        };
        let (progress, is_done) = self.reading.run_behind(work).await?;
        if let Some(progress) = progress {
            told.tell(progress);
        }
        Ok(is_done)
    }
}

/// How many directions came to be known since that was said last.
#[derive(Debug, Default)]
struct Told {
    since: usize,
}

impl Told {
    fn tell(&mut self, progress: Progress) {
        let gauge = |state: &'static str, count: usize| {
            metrics::gauge!("aftercall_knowledge_directions", "state" => state).set(count as f64);
        };
        gauge("known", progress.known);
        gauge("wanted", progress.unknown);
        self.since += progress.done;
        if self.since >= TOLD_EACH {
            let Progress { known, unknown, .. } = progress;
            tracing::info!(known, wanted = unknown, "reckoning what solutions mean");
            self.since = 0;
        }
    }
}
