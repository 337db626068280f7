//! A session in a cookie: its id and the token, sealed by a key that only this server has. So is a sign-in that goes on
//! elsewhere.
//!
//! So what stands on the server's disk is of no use without the browser's cookie, and a cookie that is stolen is of
//! none once its session has ended.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aftercall_service::Ids;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// What a cookie is for.
struct Kind {
    /// By its prefix a browser takes it over TLS or from this machine alone, for this host alone.
    name: &'static str,
    /// What else is sealed, so that nothing else that is sealed by the key is taken for it.
    purpose: &'static [u8],
    same_site: &'static str,
}

const SESSION: Kind = Kind {
    name: "__Host-aftercall",
    purpose: b"aftercall console session 1",
    same_site: "Strict",
};

/// Who comes back from a provider is led here by its page: a strict cookie would stay behind.
const SIGN_IN: Kind = Kind {
    name: "__Host-aftercall-sign-in",
    purpose: b"aftercall console sign-in 1",
    same_site: "Lax",
};

/// The bytes of a key.
const KEY_BYTES: usize = 32;

/// The longest token that fits into a cookie, of which browsers take 4,096 bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 2_800;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read or made.
    #[error("the console's key, {}, can't be read or made", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} is no key of 32 bytes: delete it, and everybody signs in anew", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
}

/// Seals cookies, and opens them.
pub(crate) struct Cookies(LessSafeKey);

impl std::fmt::Debug for Cookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookies")
    }
}

/// What a cookie holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) session_id: String,
    /// By which somebody signed in. Of a session that was begun elsewhere it is the provider's own, for the provider alone,
    /// or empty where it is too long.
    pub(crate) token: String,
}

impl Cookies {
    /// With the key in a file, which is made where there is none.
    pub(crate) fn open(path: &Path, ids: &dyn Ids) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; KEY_BYTES];
                ids.fill(&mut key);
                write_private(path, &key).map_err(failed)?;
                key.to_vec()
            }
            Err(error) => return Err(failed(error)),
        };
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        let key = key.map_err(|_| KeyError::NoKey {
            path: path.to_owned(),
        })?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// The header that has a browser keep `held` for `seconds`.
    pub(crate) fn keep(&self, held: &Held, seconds: u64, ids: &dyn Ids) -> Option<HeaderValue> {
        let text = format!("{}\n{}", held.session_id, held.token);
        self.seal(&SESSION, text, seconds, ids)
    }

    /// The header that has a browser forget.
    pub(crate) fn forget() -> Option<HeaderValue> {
        header(&SESSION, "", 0)
    }

    /// What the request's cookie holds, if it is one of ours.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Option<Held> {
        let opened = self.opened(&SESSION, headers)?;
        let (session_id, token) = opened.split_once('\n')?;
        Some(Held {
            session_id: session_id.to_owned(),
            token: token.to_owned(),
        })
    }

    /// The header that has a browser keep what is known of a sign-in elsewhere, for `seconds`.
    pub(crate) fn keep_sign_in(
        &self,
        text: String,
        seconds: u64,
        ids: &dyn Ids,
    ) -> Option<HeaderValue> {
        self.seal(&SIGN_IN, text, seconds, ids)
    }

    /// The header that has a browser forget that.
    pub(crate) fn forget_sign_in() -> Option<HeaderValue> {
        header(&SIGN_IN, "", 0)
    }

    /// What the request's cookie says of a sign-in elsewhere.
    pub(crate) fn sign_in_of(&self, headers: &HeaderMap) -> Option<String> {
        self.opened(&SIGN_IN, headers)
    }

    fn seal(&self, kind: &Kind, text: String, seconds: u64, ids: &dyn Ids) -> Option<HeaderValue> {
        let mut nonce = [0; NONCE_LEN];
        ids.fill(&mut nonce);
        let mut sealed = text.into_bytes();
        let used = Nonce::assume_unique_for_key(nonce);
        let done = self
            .0
            .seal_in_place_append_tag(used, Aad::from(kind.purpose), &mut sealed);
        done.ok()?;
        let value = BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat());
        header(kind, &value, seconds)
    }

    fn opened(&self, kind: &Kind, headers: &HeaderMap) -> Option<String> {
        let cookies = headers.get_all(COOKIE).into_iter();
        let mut cookies = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = cookies.find(|(name, _)| *name == kind.name)?;
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(value).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk()?;
        let mut opened = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(kind.purpose), &mut opened)
            .ok()?;
        str::from_utf8(opened).ok().map(str::to_owned)
    }
}

fn header(kind: &Kind, value: &str, seconds: u64) -> Option<HeaderValue> {
    let Kind {
        name, same_site, ..
    } = kind;
    let text = format!(
        "{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite={same_site}"
    );
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Writes a file that nobody else may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    match path.parent() {
        Some(parent) => std::fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aftercall_service::{SystemClock, SystemIds};
    use tempfile::TempDir;

    use super::*;

    fn ids() -> SystemIds {
        SystemIds::new(Arc::new(SystemClock::new()))
    }

    fn sent(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
        headers
    }

    fn held() -> Held {
        Held {
            session_id: "one".to_owned(),
            token: "t".repeat(TOKEN_BYTES_MAX),
        }
    }

    fn pair(header: &HeaderValue) -> String {
        let text = header.to_str().unwrap();
        text.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_cookie_is_opened_after_a_restart_and_by_no_other_server() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("key");
        let header = Cookies::open(&path, &ids())
            .unwrap()
            .keep(&held(), 60, &ids())
            .unwrap();
        for needed in [
            "Secure",
            "HttpOnly",
            "SameSite=Strict",
            "Path=/",
            "Max-Age=60",
        ] {
            assert!(header.to_str().unwrap().contains(needed), "{needed}");
        }
        assert!(header.len() <= 4_096, "{} bytes", header.len());
        let cookie = format!("other=1; {}; last=2", pair(&header));
        let again = Cookies::open(&path, &ids()).unwrap();
        assert_eq!(again.of(&sent(&cookie)), Some(held()));
        let other = Cookies::open(&dir.path().join("other"), &ids()).unwrap();
        assert_eq!(other.of(&sent(&cookie)), None);
    }

    #[test]
    fn a_cookie_that_was_made_up_or_changed_holds_nothing() {
        let dir = TempDir::new().unwrap();
        let cookies = Cookies::open(&dir.path().join("key"), &ids()).unwrap();
        let name = SESSION.name;
        let good = pair(&cookies.keep(&held(), 60, &ids()).unwrap());
        let (start, end) = good.split_at(good.len() / 2);
        let first = if end.starts_with('A') { 'B' } else { 'A' };
        for bad in [
            String::new(),
            format!("{name}="),
            format!("{name}=AAAA"),
            format!("{name}=one"),
            format!("{start}{first}{}", &end[1..]),
            good.replace(name, "aftercall"),
            start.to_owned(),
        ] {
            assert_eq!(cookies.of(&sent(&bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_sign_in_is_no_session_and_a_session_no_sign_in() {
        let dir = TempDir::new().unwrap();
        let cookies = Cookies::open(&dir.path().join("key"), &ids()).unwrap();
        let header = cookies.keep_sign_in("one\ntwo".to_owned(), 60, &ids());
        let header = header.unwrap();
        assert!(header.to_str().unwrap().contains("SameSite=Lax"));
        let sign_in = pair(&header);
        let opened = cookies.sign_in_of(&sent(&sign_in));
        assert_eq!(opened.as_deref(), Some("one\ntwo"));
        let renamed = sign_in.replace(SIGN_IN.name, SESSION.name);
        assert_eq!(cookies.of(&sent(&renamed)), None);
        let session = pair(&cookies.keep(&held(), 60, &ids()).unwrap());
        let renamed = session.replace(SESSION.name, SIGN_IN.name);
        assert_eq!(cookies.sign_in_of(&sent(&renamed)), None);
    }

    #[test]
    fn a_key_is_its_owners_alone_and_what_is_none_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("key");
        Cookies::open(&path, &ids()).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        let error = Cookies::open(&path, &ids()).unwrap_err();
        assert!(error.to_string().contains("delete it"), "{error}");
    }
}
