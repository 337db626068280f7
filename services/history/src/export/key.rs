//! The key by which a server signs what is taken home, and knows its own tokens again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aftercall_service::Ids;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// The bytes of the secret.
const SEED_BYTES: usize = 32;

/// How many hexadecimal digits name a key.
const ID_DIGITS: usize = 16;

/// The most of a file that is looked at, in bytes.
const FILE_BYTES_MAX: u64 = 1_024;

/// What the key of tokens is derived by.
const TOKENS: &[u8] = b"aftercall export tokens 1";

/// Why the key can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ExportKeyError {
    /// The file can't be read or written.
    #[error("the key that signs exports, {}, can't be read or made", path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read it.
    #[error(
        "the key that signs exports, {}, may be read by others than its owner; `chmod 600` it, and make a new one if \
         somebody has",
        path.display()
    )]
    Open {
        /// Where it is.
        path: PathBuf,
    },
    /// It holds no key.
    #[error(
        "{} holds no key: 64 hexadecimal digits are wanted, as `openssl rand -hex 32` makes them; delete it to have a new \
         one made",
        path.display()
    )]
    NoKey {
        /// Where it is.
        path: PathBuf,
    },
}

/// An Ed25519 key, and what is derived from it.
pub struct ExportKey {
    pair: Ed25519KeyPair,
    tokens: hmac::Key,
}

impl std::fmt::Debug for ExportKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportKey")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

impl ExportKey {
    /// The key in the file at `path`, which nobody but its owner may read. Where there is none, it is drawn from `ids`.
    ///
    /// # Errors
    /// When the file can't be used, or holds no key.
    pub fn open(path: &Path, ids: &dyn Ids) -> Result<Self, ExportKeyError> {
        let failed = |source| ExportKeyError::File {
            path: path.to_owned(),
            source,
        };
        let no_key = || ExportKeyError::NoKey {
            path: path.to_owned(),
        };
        let seed = match File::open(path) {
            Ok(file) => {
                let mode = file.metadata().map_err(failed)?.permissions().mode();
                if mode & 0o077 != 0 {
                    let path = path.to_owned();
                    return Err(ExportKeyError::Open { path });
                }
                let mut text = String::new();
                let mut file = file.take(FILE_BYTES_MAX);
                file.read_to_string(&mut text).map_err(failed)?;
                read_hex(text.trim()).ok_or_else(no_key)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut seed = [0; SEED_BYTES];
                ids.fill(&mut seed);
                keep(path, &seed).map_err(failed)?;
                tracing::info!(path = %path.display(), "key for exports made");
                seed
            }
            Err(error) => return Err(failed(error)),
        };
        Self::from_seed(&seed).ok_or_else(no_key)
    }

    /// The key of a secret.
    fn from_seed(seed: &[u8; SEED_BYTES]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, seed), TOKENS);
        Some(Self {
            pair,
            tokens: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
        })
    }

    /// What the key is called.
    pub(crate) fn id(&self) -> String {
        let digest = digest(&SHA256, self.pair.public_key().as_ref());
        let mut id = hex(digest.as_ref());
        id.truncate(ID_DIGITS);
        id
    }

    /// The public half, in Base64.
    pub(crate) fn public(&self) -> String {
        STANDARD.encode(self.pair.public_key().as_ref())
    }

    /// The signature of `bytes`, in Base64.
    pub(crate) fn sign(&self, bytes: &[u8]) -> String {
        STANDARD.encode(self.pair.sign(bytes).as_ref())
    }

    /// The key by which tokens are known again.
    pub(super) const fn tokens(&self) -> &hmac::Key {
        &self.tokens
    }
}

/// Writes a key that is there whole, or not at all; and that is the first one, should two begin at once.
fn keep(path: &Path, seed: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let fresh = path.with_extension("new");
    // What a start that was broken off left behind.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    writeln!(file, "{}", hex(seed))?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    File::open(dir)?.sync_all()
}

/// Hexadecimal digits, two a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read_hex(text: &str) -> Option<[u8; SEED_BYTES]> {
    let mut seed = [0; SEED_BYTES];
    let digits = text.as_bytes();
    if digits.len() != 2 * SEED_BYTES {
        return None;
    }
    for (byte, pair) in seed.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aftercall_service::{ManualClock, TestIds};
    use jiff::Timestamp;

    use super::*;

    fn ids(seed: u64) -> TestIds {
        TestIds::new(Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)), seed)
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/export.key");
        let made = ExportKey::open(&path, &ids(1)).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = ExportKey::open(&path, &ids(2)).unwrap();
        assert_eq!(again.public(), made.public());
        assert_eq!(again.sign(b"said"), made.sign(b"said"));
        let other = ExportKey::open(&dir.path().join("other"), &ids(2)).unwrap();
        assert_ne!(other.id(), made.id());
    }

    #[test]
    fn a_key_that_others_read_or_that_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("export.key");
        ExportKey::open(&path, &ids(1)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = ExportKey::open(&path, &ids(1)).unwrap_err();
        assert!(matches!(refused, ExportKeyError::Open { .. }), "{refused}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for wrong in ["", "7", &"zz".repeat(SEED_BYTES)] {
            fs::write(&path, wrong).unwrap();
            let refused = ExportKey::open(&path, &ids(1)).unwrap_err();
            assert!(matches!(refused, ExportKeyError::NoKey { .. }), "{wrong}");
        }
    }

    /// The first vector of RFC 8032, section 7.1.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let key = ExportKey::from_seed(&read_hex(seed).unwrap()).unwrap();
        let public = STANDARD.decode(key.public()).unwrap();
        assert_eq!(
            hex(&public),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        let signature = STANDARD.decode(key.sign(b"")).unwrap();
        assert_eq!(
            hex(&signature),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b\
             be24655141438e7a100b"
        );
    }
}
