//! The secret in a feed's address.

use aftercall_service::Ids;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What a feed's path begins and ends with.
const BEFORE: &str = "/feeds/";
const AFTER: &str = ".ics";

/// The bytes of a secret.
const BYTES: usize = 32;

/// A secret that nobody can guess. It has no other form than that in its address.
pub(super) struct Secret([u8; BYTES]);

impl Secret {
    /// A fresh one.
    pub(super) fn generate(ids: &dyn Ids) -> Self {
        let mut bytes = [0; BYTES];
        ids.fill(&mut bytes);
        Self(bytes)
    }

    /// The secret in a path; none in one that is no feed's.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let text = path.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What it is known by. It is found by this, never by itself: so how long that takes says nothing of it.
    pub(super) fn sha256(&self) -> [u8; BYTES] {
        Sha256::digest(self.0).into()
    }
}

/// Where feeds are served, as their addresses begin.
#[derive(Debug, Clone)]
pub(crate) struct Address(String);

impl Address {
    /// Feeds at paths after `base`, such as `https://feeds.example`.
    pub(crate) fn new(base: &str) -> Self {
        Self(base.trim_end_matches('/').to_owned())
    }

    /// The address of a feed.
    pub(super) fn of(&self, secret: &Secret) -> String {
        let text = URL_SAFE_NO_PAD.encode(secret.0);
        format!("{}{BEFORE}{text}{AFTER}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_its_own_address_alone() {
        let secret = Secret([7; BYTES]);
        let address = Address::new("https://feeds.example/").of(&secret);
        let path = address.strip_prefix("https://feeds.example").unwrap();
        assert_eq!(Secret::of_path(path).unwrap().sha256(), secret.sha256());
        let (longer, shorter) = (path.replace(".ics", "AA.ics"), path.replace("BwcH", ""));
        for other in ["", "/", "/feeds/.ics", &path[1..], &longer, &shorter] {
            assert!(Secret::of_path(other).is_none(), "{other}");
        }
        let other = path.replacen("Bwc", "Cwc", 1);
        assert_ne!(Secret::of_path(&other).unwrap().sha256(), secret.sha256());
    }
}
