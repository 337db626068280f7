//! Signed tokens (JWT): who a caller is, as an issuer says it whose keys are known.

mod claims;
mod compact;
mod crypto;
mod fetch;
mod issuer;
mod keys;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{Hash, Identity};
use compact::Compact;
use keys::Keys;

pub(super) use issuer::{Described, Issuer};

/// How many tokens are kept with what was found of them, so that a signature is checked once.
const CHECKED_MAX: usize = 10_000;

/// The issuers whose tokens are taken.
#[derive(Debug, Default)]
pub(super) struct Signed {
    issuers: Vec<Arc<Known>>,
}

/// An issuer, its keys, and the tokens of it that were checked.
#[derive(Debug)]
struct Known {
    issuer: Issuer,
    keys: Keys,
    checked: Mutex<HashMap<Hash, Checked>>,
}

/// A token that was checked, and until when it is good.
#[derive(Debug, Clone)]
struct Checked {
    identity: Identity,
    /// Which keys it was checked by: it is checked again when they change.
    keys: u64,
}

impl Signed {
    /// Issuers that stood in the file before, as they are now, keep their keys.
    pub(super) fn new(issuers: Vec<Issuer>, before: &Self) -> Self {
        let issuers = issuers.into_iter().map(|issuer| {
            let same = before.issuers.iter().find(|known| known.issuer == issuer);
            same.cloned().unwrap_or_else(|| {
                Arc::new(Known {
                    keys: Keys::new(issuer.keys.clone()),
                    checked: Mutex::default(),
                    issuer,
                })
            })
        });
        Self {
            issuers: issuers.collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.issuers.len()
    }

    /// Whether one of `issuers` is not what it was: then who came by it has to come again.
    pub(super) fn revoke_all_but(&self, now: &Self) {
        for known in &self.issuers {
            if !now.issuers.iter().any(|one| Arc::ptr_eq(one, known)) {
                for checked in known.checked.lock().values() {
                    checked.identity.revoke();
                }
            }
        }
    }

    /// Who bears `token` at `now`; none when no issuer signed it, or it says nobody.
    pub(super) fn identity(&self, token: &[u8], now: Timestamp) -> Option<Identity> {
        let hash: Hash = Sha256::digest(token).into();
        self.issuers
            .iter()
            .find_map(|known| known.identity(token, (hash, now)))
    }

    /// Keeps the keys fresh: reads files, and asks who gives them out. Never fails: while they can't be
    /// had, those before stay in force.
    pub(super) async fn refresh(&self) {
        for known in &self.issuers {
            if known.keys.refresh().await {
                known.drop_checked();
            }
        }
    }
}

impl Known {
    fn identity(&self, token: &[u8], (hash, now): (Hash, Timestamp)) -> Option<Identity> {
        let found = self.checked.lock().get(&hash).cloned();
        if let Some(checked) = found
            && checked.keys == self.keys.number()
        {
            return (!checked.identity.is_over()).then_some(checked.identity);
        }
        let identity = self.check(token, now)?;
        let mut checked = self.checked.lock();
        if checked.len() >= CHECKED_MAX {
            checked.retain(|_, checked| !checked.identity.is_over());
        }
        if checked.len() < CHECKED_MAX {
            let keys = self.keys.number();
            let identity = identity.clone();
            checked.insert(hash, Checked { identity, keys });
        }
        Some(identity)
    }

    fn check(&self, token: &[u8], now: Timestamp) -> Option<Identity> {
        let token = Compact::parse(token)?;
        let keys = self.keys.of(token.header.kid.as_deref(), token.header.alg);
        let mut keys = keys.iter();
        if !keys.any(|key| key.signed(token.message, &token.signature)) {
            return None;
        }
        let claims = token.claims()?;
        if !claims.are_of(&self.issuer) {
            return None;
        }
        let left = claims.left(now, self.issuer.clock_skew)?;
        let principal = claims.principal(&self.issuer)?;
        Some(Identity {
            expires: Some(Instant::now() + left),
            ..Identity::revocable(principal)
        })
    }

    /// Forgets what was checked by keys that are gone, and has its bearers checked again.
    fn drop_checked(&self) {
        let number = self.keys.number();
        let mut checked = self.checked.lock();
        checked.retain(|_, one| {
            let same = one.keys == number;
            if !same {
                one.identity.revoke();
            }
            same
        });
    }
}
