//! Whom a credentials file knows, and what becomes of them when it changes.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use tokio_util::sync::CancellationToken;

use super::credentials::{self, CredentialsError};
use super::signed::{Issuer, Signed};
use super::{Hash, Identity};
use crate::server::Peer;
use crate::{Access, Principal, chain};

/// The file, and what was read from it last.
#[derive(Debug)]
pub(super) struct KnownFile {
    path: PathBuf,
    known: ArcSwap<Known>,
    read: Mutex<Read>,
}

#[derive(Debug)]
struct Read {
    text: String,
    wrong: Option<String>,
}

/// What a file says.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) tokens: Vec<(Hash, Entry)>,
    pub(super) certificates: Vec<(Shown, Entry)>,
    pub(super) issuers: Vec<Issuer>,
}

/// Whom the file knows.
#[derive(Debug)]
struct Known {
    tokens: Vec<(Hash, Entry)>,
    certificates: Vec<(Shown, Entry)>,
    signed: Signed,
}

impl Known {
    /// Issuers that `before` knew keep their keys.
    fn new(parsed: Parsed, before: &Signed) -> Self {
        Self {
            tokens: parsed.tokens,
            certificates: parsed.certificates,
            signed: Signed::new(parsed.issuers, before),
        }
    }
}

/// What a client's certificate is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Shown {
    Fingerprint(Hash),
    Name(String),
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) principal: Principal,
    /// Cancelled when the file does not say this any more.
    revoked: CancellationToken,
}

impl Entry {
    pub(super) fn new(principal: Principal) -> Self {
        Self {
            principal,
            revoked: CancellationToken::new(),
        }
    }

    fn identity(&self) -> Identity {
        Identity {
            revoked: Some(self.revoked.clone()),
            ..self.principal.clone().into()
        }
    }
}

impl KnownFile {
    pub(super) fn open(path: PathBuf) -> Result<Self, CredentialsError> {
        let text = credentials::text(&path)?;
        let known = Known::new(credentials::parse(&path, &text)?, &Signed::default());
        tracing::info!(
            tokens = known.tokens.len(),
            certificates = known.certificates.len(),
            issuers = known.signed.len(),
            path = %path.display(),
            "credentials read"
        );
        Ok(Self {
            path,
            known: ArcSwap::from_pointee(known),
            read: Mutex::new(Read { text, wrong: None }),
        })
    }

    pub(super) fn tokens(&self) -> usize {
        self.known.load().tokens.len()
    }

    pub(super) fn by_token(&self, token: &[u8], now: Timestamp) -> Option<Identity> {
        let known = self.known.load();
        let found = find(&known.tokens, &Sha256::digest(token).into());
        found
            .map(Entry::identity)
            .or_else(|| known.signed.identity(token, now))
    }

    pub(super) fn by_certificate(&self, peer: &Peer) -> Option<Identity> {
        let known = self.known.load();
        let matches = |shown: &Shown| match shown {
            Shown::Fingerprint(fingerprint) => *fingerprint == peer.fingerprint,
            Shown::Name(name) => peer.names.contains(name),
        };
        let mut certificates = known.certificates.iter();
        let found = certificates.find(|(shown, _)| matches(shown));
        found.map(|(_, entry)| entry.identity())
    }

    /// Says who reads nothing but their own records for lack of a team: it is rarely meant, and looks like an
    /// empty house.
    pub(super) fn warn_of_lacking_teams(&self, access: Access) {
        let known = self.known.load();
        let tokens = known.tokens.iter().map(|(_, entry)| entry);
        let certificates = known.certificates.iter().map(|(_, entry)| entry);
        for Entry { principal, .. } in tokens.chain(certificates) {
            if access.lacks_teams(principal) {
                tracing::warn!(
                    tenant = %principal.tenant_id,
                    actor = %principal.actor_id,
                    "these credentials name no teams and no sites: they read their own records alone; \
                     give them teams or sites, or set [access]"
                );
            }
        }
    }

    /// Keeps the keys of issuers fresh.
    pub(super) async fn refresh_keys(&self) {
        self.known.load_full().signed.refresh().await;
    }

    /// Reads the file again if it has changed. While it is wrong, those are known whom it named before.
    pub(super) fn refresh(&self) {
        let mut read = self.read.lock();
        let changed = credentials::text(&self.path).and_then(|text| {
            if text == read.text {
                return Ok(None);
            }
            let parsed = credentials::parse(&self.path, &text)?;
            Ok(Some((text, parsed)))
        });
        match changed {
            Ok(None) => read.wrong = None,
            Ok(Some((text, parsed))) => {
                let before = self.known.load_full();
                let revoked = self.replace(&before, parsed);
                *read = Read { text, wrong: None };
                tracing::info!(revoked, path = %self.path.display(), "credentials read again");
            }
            Err(error) => {
                let wrong = chain(&error).to_string();
                if read.wrong.as_ref() != Some(&wrong) {
                    tracing::error!(error = wrong, "the credentials before stay in force");
                    read.wrong = Some(wrong);
                }
            }
        }
    }

    /// Puts `known` in place of `before`, and revokes who is not the same in it. Gives their number.
    fn replace(&self, before: &Known, parsed: Parsed) -> usize {
        let mut known = Known::new(parsed, &before.signed);
        let mut revoked = keep(&before.tokens, &mut known.tokens);
        revoked.extend(keep(&before.certificates, &mut known.certificates));
        // First nobody new gets in by them; then who is in has to leave.
        let known = Arc::new(known);
        self.known.store(Arc::clone(&known));
        before.signed.revoke_all_but(&known.signed);
        for entry in &revoked {
            entry.cancel();
        }
        revoked.len()
    }
}

/// Lets those who are the same in both stay who they are. Gives the others of `before`.
fn keep<K>(before: &[(K, Entry)], now: &mut [(K, Entry)]) -> Vec<CancellationToken>
where
    K: Eq + std::hash::Hash,
{
    let mut now: HashMap<_, _> = now.iter_mut().map(|(key, entry)| (&*key, entry)).collect();
    let mut gone = Vec::new();
    for (key, entry) in before {
        match now.get_mut(key) {
            Some(same) if same.principal == entry.principal => {
                same.revoked = entry.revoked.clone();
            }
            _ => gone.push(entry.revoked.clone()),
        }
    }
    gone
}

/// Looks at every token, so that the time taken says nothing of which one was close.
fn find<'a>(tokens: &'a [(Hash, Entry)], hash: &Hash) -> Option<&'a Entry> {
    let mut found = u64::MAX;
    for (index, (known, _)) in (0..).zip(tokens) {
        let same: Choice = known.ct_eq(hash);
        found.conditional_assign(&index, same);
    }
    let index = usize::try_from(found).ok()?;
    tokens.get(index).map(|(_, entry)| entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"
        [[token]]
        sha256 = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
        tenant = "acme"
        actor = "ann"
        kind = "AGENT"
        roles = ["agent"]
    "#;

    fn one(known: &KnownFile) -> Option<Identity> {
        let tokens = known.known.load();
        let (_, entry) = tokens.tokens.first()?;
        Some(entry.identity())
    }

    #[test]
    fn a_file_that_is_wrong_changes_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), ONE).unwrap();
        let known = KnownFile::open(file.path().to_owned()).unwrap();
        let ann = one(&known).unwrap();
        for wrong in ["", "[[token]]", "no TOML", &format!("{ONE}{ONE}")] {
            std::fs::write(file.path(), wrong).unwrap();
            known.refresh();
            assert!(!ann.is_over(), "{wrong}");
            assert_eq!(one(&known).unwrap().principal, ann.principal);
        }
        drop(file);
        known.refresh();
        assert!(!ann.is_over(), "the file is gone for a moment");
    }

    #[test]
    fn whoever_is_somebody_else_now_has_to_call_again() {
        for (was, is, stays) in [
            ("acme", "acme", true),
            ("acme", "globex", false),
            ("[\"agent\"]", "[\"agent\", \"auditor\"]", false),
            ("7692", "7693", false),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), ONE).unwrap();
            let known = KnownFile::open(file.path().to_owned()).unwrap();
            let ann = one(&known).unwrap();
            let changed = format!("# changed\n{}", ONE.replace(was, is));
            std::fs::write(file.path(), changed).unwrap();
            known.refresh();
            assert_eq!(!ann.is_over(), stays, "{is}");
            // Who stays can still be revoked.
            std::fs::write(file.path(), ONE.replace("7692", "0000")).unwrap();
            known.refresh();
            assert!(ann.is_over());
        }
    }
}
