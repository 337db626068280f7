//! The keys of an issuer: kept, and had anew when they change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::compact::decoded;
use super::crypto::{Algorithm, PublicKey};
use super::fetch::{KeysError, fetch};
use super::issuer::Where;
use crate::chain;

/// How often keys are asked for that nobody misses,
const FETCHED_EVERY: Duration = Duration::from_secs(5 * 60);
/// and how often at most, though tokens name keys that are not known: anybody can name some.
const FETCHED_AT_MOST_EVERY: Duration = Duration::from_secs(10);

/// An issuer's keys.
#[derive(Debug)]
pub(super) struct Keys {
    place: Where,
    known: ArcSwap<Vec<Key>>,
    /// Goes up when the keys change.
    number: AtomicU64,
    /// Whether a token named a key that is not known.
    missed: AtomicBool,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    text: Vec<u8>,
    at: Option<Instant>,
    wrong: Option<String>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    key: Arc<PublicKey>,
}

impl Keys {
    pub(super) fn new(place: Where) -> Self {
        Self {
            place,
            known: ArcSwap::default(),
            number: AtomicU64::new(0),
            // None is known yet.
            missed: AtomicBool::new(true),
            last: Mutex::default(),
        }
    }

    /// Which keys are in force, by a number that changes with them.
    pub(super) fn number(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// The keys by which a token may be signed that names `id`, or none.
    pub(super) fn of(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<Arc<PublicKey>> {
        let known = self.known.load();
        let fitting = known.iter().filter(|key| key.key.algorithm() == algorithm);
        let named = fitting.filter(|key| id.is_none() || key.id.as_deref() == id);
        let named: Vec<_> = named.map(|key| Arc::clone(&key.key)).collect();
        if named.is_empty() {
            self.missed.store(true, Ordering::Release);
        }
        named
    }

    /// Has them anew if it is time, and says whether they have changed.
    pub(super) async fn refresh(&self) -> bool {
        if !self.is_due() {
            return false;
        }
        self.missed.store(false, Ordering::Release);
        let had = match &self.place {
            Where::File(path) => tokio::fs::read(path).await.map_err(KeysError::from),
            Where::Url { url, ca } => fetch(url, ca.as_deref()).await,
        };
        let mut last = self.last.lock();
        last.at = Some(Instant::now());
        let parsed = had.and_then(|text| match text == last.text {
            true => Ok(None),
            false => Ok(Some((parse(&text)?, text))),
        });
        match parsed {
            Ok(None) => {
                last.wrong = None;
                false
            }
            Ok(Some((keys, text))) => {
                tracing::info!(keys = keys.len(), place = ?self.place, "keys of an issuer read");
                (last.text, last.wrong) = (text, None);
                self.known.store(Arc::new(keys));
                self.number.fetch_add(1, Ordering::AcqRel);
                true
            }
            Err(error) => {
                let wrong = chain(&error).to_string();
                if last.wrong.as_ref() != Some(&wrong) {
                    tracing::error!(
                        error = wrong,
                        place = ?self.place,
                        "an issuer's keys can't be had: those before stay in force"
                    );
                    last.wrong = Some(wrong);
                }
                false
            }
        }
    }

    fn is_due(&self) -> bool {
        let Some(at) = self.last.lock().at else {
            return true;
        };
        match (&self.place, self.missed.load(Ordering::Acquire)) {
            (Where::File(_), _) => true,
            (Where::Url { .. }, true) => at.elapsed() >= FETCHED_AT_MOST_EVERY,
            (Where::Url { .. }, false) => at.elapsed() >= FETCHED_EVERY,
        }
    }
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// A key that we may be able to use.
#[derive(Deserialize)]
struct Described {
    kty: String,
    #[serde(default)]
    crv: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

/// The keys of `text` that can be used; others are for somebody else.
fn parse(text: &[u8]) -> Result<Vec<Key>, KeysError> {
    let set: KeySet = serde_json::from_slice(text)?;
    let described = set.keys.into_iter().map(serde_json::from_value);
    Ok(described.filter_map(|key| usable(key.ok()?)).collect())
}

fn usable(key: Described) -> Option<Key> {
    let (public, algorithm) = match (&*key.kty, &*key.crv) {
        ("RSA", _) => {
            let (n, e) = (decoded(&key.n)?, decoded(&key.e)?);
            (PublicKey::Rsa { n, e }, "RS256")
        }
        ("EC", "P-256") => {
            // As a point that is not compressed is written (SEC 1).
            let point = [vec![4], decoded(&key.x)?, decoded(&key.y)?].concat();
            (PublicKey::P256(point), "ES256")
        }
        ("OKP", "Ed25519") => (PublicKey::Ed25519(decoded(&key.x)?), "EdDSA"),
        _ => return None,
    };
    let for_this = key.alg.is_none_or(|said| said == algorithm);
    let to_sign = key.r#use.is_none_or(|said| said == "sig");
    (for_this && to_sign).then(|| Key {
        id: key.kid,
        key: Arc::new(public),
    })
}
