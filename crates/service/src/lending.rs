//! What the services of one process lend each other: which contacts a filter of the one finds, for a question to the other.
//!
//! Services never call each other: each answers from views of its own, and in another process there is nobody to ask. Two
//! views of one process are at hand to both, though, and what the one is built to find (words, handles) need not be built
//! once more into the other. So a service offers to find contacts in its view ([`Finds`]), and whoever needs that asks for
//! the places in the log at which they were recorded ([`Places`]), which mean the same to every view. Where the other one
//! does not run in the process, the question is refused with the remedy ([`Unfound::NotServed`]).
//!
//! Who lends is not kept alive by it: a service that is gone lends nothing any more.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use aftercall_domain::{Scope, Violations};
use aftercall_proto::history::v1::InteractionFilter;
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_view::Positions;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::{Failure, Places, Reason, Unread};

/// The most contacts that are lent at once: their places are held in memory, sixteen megabytes of them.
pub const LENT_MAX: usize = 2_000_000;

/// What is looked for, and for whom.
#[derive(Debug)]
pub struct Sought<F> {
    /// The tenant.
    pub tenant_id: String,
    /// Whose contacts the caller reads.
    pub scope: Scope,
    /// What they must fulfil.
    pub filter: F,
    /// What the view must include at least, so that no contact is missing that the other view has.
    pub including: Positions,
    /// Until when to wait for that.
    pub until: Instant,
}

/// What a search asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Searched {
    /// Its words.
    pub query: String,
    /// Its filter.
    pub filter: InteractionFilter,
}

/// Finds contacts in the view of its own.
pub trait Finds<F>: Send + Sync + fmt::Debug {
    /// The places in the log of the contacts that fulfil a filter, at most [`LENT_MAX`]. Fields that are wrong have the names
    /// that they have in a request to that service itself: those of the filter begin with `filter.`.
    fn find(self: Arc<Self>, sought: Sought<F>) -> BoxFuture<'static, Result<Places, Unfound>>;
}

/// Who of a process lends what. Cheap to clone; one for all services of a process.
#[derive(Debug, Clone, Default)]
pub struct Lent(Arc<Lenders>);

#[derive(Debug, Default)]
struct Lenders {
    searched: OnceLock<Weak<dyn Finds<Searched>>>,
    measured: OnceLock<Weak<dyn Finds<ContactFilter>>>,
}

impl Lent {
    /// From here on `by` finds what a search does. The first one that says so counts.
    pub fn lend_search(&self, by: Weak<dyn Finds<Searched>>) {
        let _ = self.0.searched.set(by);
    }

    /// From here on `by` finds the contacts behind numbers. The first one that says so counts.
    pub fn lend_measures(&self, by: Weak<dyn Finds<ContactFilter>>) {
        let _ = self.0.measured.set(by);
    }

    /// The contacts that a search finds.
    ///
    /// # Errors
    /// [`Unfound`] says why there is no telling.
    pub async fn search(&self, sought: Sought<Searched>) -> Result<Places, Unfound> {
        match self.0.searched.get().and_then(Weak::upgrade) {
            Some(by) => by.find(sought).await,
            None => Err(Unfound::NotServed("history")),
        }
    }

    /// The contacts behind a number.
    ///
    /// # Errors
    /// [`Unfound`] says why there is no telling.
    pub async fn measure(&self, sought: Sought<ContactFilter>) -> Result<Places, Unfound> {
        match self.0.measured.get().and_then(Weak::upgrade) {
            Some(by) => by.find(sought).await,
            None => Err(Unfound::NotServed("insight")),
        }
    }
}

/// Why contacts aren't found for another service.
#[derive(Debug, thiserror::Error)]
pub enum Unfound {
    /// Fields of the filter are wrong.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// There are too many.
    #[error(
        "more than 2,000,000 contacts fit that part of the filter; ask for a shorter time, or for more that they must fulfil"
    )]
    TooWide,
    /// The service that knows does not run in this process.
    #[error(
        "that part of the filter is known to the service {0}, which does not run in this process; leave it out, or have the \
         operator serve both in one: aftercall serve history insight"
    )]
    NotServed(&'static str),
    /// The view does not answer.
    #[error(transparent)]
    Unread(#[from] Unread),
}

impl Unfound {
    /// The same where the filter stands elsewhere: fields that are wrong have the names that `renamed` gives them.
    #[must_use]
    pub fn named(self, renamed: impl Fn(&str) -> String) -> Self {
        let Self::Invalid(found) = self else {
            return self;
        };
        let mut named = Violations::new();
        for wrong in found.as_slice() {
            let field = renamed(&wrong.field);
            named.add(field, wrong.reason, wrong.description.clone());
        }
        Self::Invalid(named)
    }
}

impl Failure for Unfound {
    fn reason(&self) -> Reason {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::TooWide => Reason::FilterTooWide,
            Self::NotServed(_) => Reason::FilterNotServed,
            Self::Unread(failure) => failure.reason(),
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Invalid(violations) => Some(violations),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::Unread(failure) => failure.retry_after(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use aftercall_domain::violation;

    use super::*;

    #[derive(Debug)]
    struct Everything;

    impl Finds<Searched> for Everything {
        fn find(
            self: Arc<Self>,
            _: Sought<Searched>,
        ) -> BoxFuture<'static, Result<Places, Unfound>> {
            Box::pin(async { Ok(Places::of(&[1, 2])) })
        }
    }

    fn sought() -> Sought<Searched> {
        Sought {
            tenant_id: "acme".to_owned(),
            scope: Scope::All,
            filter: Searched::default(),
            including: Positions::new(),
            until: Instant::now(),
        }
    }

    #[tokio::test]
    async fn who_is_there_lends_and_who_is_gone_does_not() {
        let lent = Lent::default();
        let refused = lent.search(sought()).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::FilterNotServed);
        let everything: Arc<dyn Finds<Searched>> = Arc::new(Everything);
        lent.lend_search(Arc::downgrade(&everything));
        assert_eq!(lent.clone().search(sought()).await.unwrap().len(), 2);
        drop(everything);
        let refused = lent.search(sought()).await.unwrap_err();
        assert!(matches!(refused, Unfound::NotServed("history")));
    }

    #[test]
    fn wrong_fields_are_named_from_where_the_filter_stands() {
        let mut found = Violations::new();
        found.add(
            "filter.labels[0]",
            violation::Reason::Required,
            "is required",
        );
        let named =
            Unfound::from(found).named(|field| field.replacen("filter.", "filter.search.", 1));
        let Unfound::Invalid(found) = named else {
            panic!("it stays what it is");
        };
        assert_eq!(found.as_slice()[0].field, "filter.search.labels[0]");
    }
}
