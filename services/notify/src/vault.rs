//! Secrets, sealed: the log and the views hold them encrypted, by a key that is in neither.

use std::io;
use std::path::{Path, PathBuf};

use aftercall_proto::event::v1::SealedPayload;
use aftercall_service::Ids;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The bytes of a key.
const KEY_BYTES: usize = 32;

/// How many keys a file may hold.
const KEYS_MAX: usize = 16;

/// Why the keys can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error("the keys of notify.secrets_key_file, {}, can't be read", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "line {line} of {} is no key: give 64 hexadecimal digits, as `openssl rand -hex 32` makes them",
        path.display()
    )]
    NoKey { path: PathBuf, line: usize },
    #[error("{} holds no key, or more than {KEYS_MAX}", path.display())]
    Count { path: PathBuf },
}

/// The key that seals, and those that only open.
pub(crate) struct Vault(Vec<Entry>);

struct Entry {
    id: String,
    key: LessSafeKey,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = self.0.iter().map(|entry| &entry.id);
        f.debug_list().entries(ids).finish()
    }
}

/// A secret that can't be opened: it was sealed by a key that is not here, or for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret was sealed by a key that notify.secrets_key_file does not hold")]
pub(crate) struct Sealed;

impl Vault {
    /// The keys in a file, one a line.
    pub(crate) fn open(path: &Path) -> Result<Self, VaultError> {
        let text = std::fs::read_to_string(path).map_err(|source| VaultError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut entries = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = Entry::read(line).ok_or_else(|| VaultError::NoKey {
                path: path.to_owned(),
                line: number + 1,
            })?;
            entries.push(entry);
        }
        match entries.len() {
            1..=KEYS_MAX => Ok(Self(entries)),
            _ => Err(VaultError::Count {
                path: path.to_owned(),
            }),
        }
    }

    /// Seals `secret` for what `of` names: it is opened for nothing else.
    pub(crate) fn seal(&self, secret: &[u8], of: &[&str], ids: &dyn Ids) -> Option<SealedPayload> {
        let entry = self.0.first()?;
        let mut nonce = [0; NONCE_LEN];
        ids.fill(&mut nonce);
        let mut sealed = secret.to_vec();
        let aad = Aad::from(framed(of));
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        let done = entry
            .key
            .seal_in_place_append_tag(nonce_used, aad, &mut sealed);
        done.ok()?;
        Some(SealedPayload {
            key_id: entry.id.clone(),
            ciphertext: [&nonce[..], &sealed].concat(),
        })
    }

    /// Opens what was sealed for `of`.
    pub(crate) fn unseal(&self, sealed: &SealedPayload, of: &[&str]) -> Result<Vec<u8>, Sealed> {
        let mut entries = self.0.iter();
        let entry = entries.find(|entry| entry.id == sealed.key_id);
        let entry = entry.ok_or(Sealed)?;
        let (nonce, ciphertext) = sealed.ciphertext.split_first_chunk().ok_or(Sealed)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut opened = ciphertext.to_vec();
        let secret = entry
            .key
            .open_in_place(nonce, Aad::from(framed(of)), &mut opened);
        secret.map(|secret| secret.to_vec()).map_err(|_| Sealed)
    }
}

impl Entry {
    fn read(line: &str) -> Option<Self> {
        let digits = line.as_bytes();
        if digits.len() != 2 * KEY_BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut bytes = [0; KEY_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        let id = blake3::derive_key("aftercall 2026 name of a key for secrets", &bytes);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok()?;
        Some(Self {
            id: id[..4].iter().map(|byte| format!("{byte:02x}")).collect(),
            key: LessSafeKey::new(key),
        })
    }
}

/// Names, each with its length, so that no two lists are the same.
fn framed(of: &[&str]) -> Vec<u8> {
    let mut framed = Vec::new();
    for name in of {
        framed.extend_from_slice(&(name.len() as u64).to_be_bytes());
        framed.extend_from_slice(name.as_bytes());
    }
    framed
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aftercall_service::{ManualClock, TestIds};
    use jiff::Timestamp;

    use super::*;

    const ONE: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    const TWO: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

    fn vault(text: &str) -> Result<Vault, VaultError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, text).unwrap();
        Vault::open(&path)
    }

    fn ids() -> TestIds {
        TestIds::new(Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)), 1)
    }

    #[test]
    fn what_is_sealed_is_opened_for_the_same_alone() {
        let (vault, ids) = (vault(ONE).unwrap(), ids());
        let sealed = vault.seal(b"secret", &["acme", "w-1"], &ids).unwrap();
        assert!(!sealed.ciphertext.windows(6).any(|part| part == b"secret"));
        let again = vault.seal(b"secret", &["acme", "w-1"], &ids).unwrap();
        assert_ne!(sealed.ciphertext, again.ciphertext);
        assert_eq!(vault.unseal(&sealed, &["acme", "w-1"]).unwrap(), b"secret");
        assert_eq!(vault.unseal(&sealed, &["acme", "w-2"]), Err(Sealed));
        assert_eq!(vault.unseal(&sealed, &["acmew", "-1"]), Err(Sealed));
        for place in 0..sealed.ciphertext.len() {
            let mut damaged = sealed.clone();
            damaged.ciphertext[place] ^= 1;
            assert_eq!(vault.unseal(&damaged, &["acme", "w-1"]), Err(Sealed));
        }
    }

    #[test]
    fn a_key_of_before_opens_and_the_first_one_seals() {
        let ids = ids();
        let old = vault(ONE).unwrap().seal(b"a", &["t"], &ids).unwrap();
        let both = vault(&format!("# new\n{TWO}\n\n{ONE}\n")).unwrap();
        assert_eq!(both.unseal(&old, &["t"]).unwrap(), b"a");
        let new = both.seal(b"a", &["t"], &ids).unwrap();
        assert_ne!(new.key_id, old.key_id);
        assert_eq!(vault(TWO).unwrap().unseal(&old, &["t"]), Err(Sealed));
    }

    #[test]
    fn what_is_no_key_is_named_by_its_line() {
        let short = vault(&format!("{ONE}\nabc\n")).unwrap_err();
        assert!(short.to_string().contains("line 2"), "{short}");
        let sign = vault(&ONE.replace("00", "+0")).unwrap_err();
        assert!(sign.to_string().contains("line 1"), "{sign}");
        assert!(matches!(vault("\n# none\n"), Err(VaultError::Count { .. })));
    }
}
