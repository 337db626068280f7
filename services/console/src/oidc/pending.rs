//! A sign-in that goes on elsewhere: what is to come back, and where it leads then.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// How long somebody may take at the provider.
pub(super) const TAKES_MAX: Duration = Duration::from_secs(10 * 60);

/// The longest path that is come back to, in bytes.
const TO_BYTES_MAX: usize = 1_024;

/// How many that came back are remembered. Of more the one that ends first is forgotten: the provider takes its code
/// once, too.
const USED_MAX: usize = 10_000;

/// What a sealed cookie says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) to: String,
    /// The session that ends when a new one begins: its cookie does not come along from the provider's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
    pub(super) ends_at: Timestamp,
}

impl Pending {
    pub(super) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// When one that begins at `now` ends.
    pub(super) fn end(now: Timestamp) -> Timestamp {
        let takes = SignedDuration::try_from(TAKES_MAX).unwrap_or(SignedDuration::ZERO);
        now.saturating_add(takes).unwrap_or(Timestamp::MAX)
    }
}

/// Those that came back: nobody comes back twice by the same.
#[derive(Debug, Default)]
pub(super) struct Used(Mutex<BTreeMap<String, Timestamp>>);

impl Used {
    /// Whether it is the first time that `pending` comes back, and in time.
    pub(super) fn first(&self, pending: &Pending, now: Timestamp) -> bool {
        if pending.ends_at <= now {
            return false;
        }
        let mut used = self.0.lock();
        if used.len() >= USED_MAX {
            used.retain(|_, ends_at| *ends_at > now);
        }
        if used.len() >= USED_MAX {
            let first = used.iter().min_by_key(|(_, ends_at)| **ends_at);
            if let Some(state) = first.map(|(state, _)| state.clone()) {
                used.remove(&state);
            }
        }
        used.insert(pending.state.clone(), pending.ends_at)
            .is_none()
    }
}

/// A path of the console that somebody asked to be led to; the first page, where that is none, or could lead
/// elsewhere.
pub(super) fn local(asked: Option<&str>) -> String {
    let is_local = |path: &&str| {
        // Browsers take a backslash for a slash, and two slashes for the beginning of a host.
        let is_plain = path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let is_page = !path.starts_with("/oidc/") && !path.starts_with("/api/");
        let is_ours = path.starts_with('/') && !path.starts_with("//");
        path.len() <= TO_BYTES_MAX && is_plain && is_page && is_ours
    };
    asked.filter(is_local).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn pending(state: &str, ends: i64) -> Pending {
        Pending {
            state: state.to_owned(),
            nonce: "n".repeat(43),
            verifier: "v".repeat(43),
            to: "/board".to_owned(),
            before: None,
            ends_at: at(ends),
        }
    }

    #[test]
    fn only_paths_of_ours_are_led_to() {
        for path in [
            "/",
            "/board",
            "/search?q=a%20b&team=billing",
            "/promise/x.y%2F",
        ] {
            assert_eq!(local(Some(path)), path);
        }
        for path in [
            "",
            "board",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/ /evil.example",
            "/a\r\nset-cookie: a=b",
            "/oidc/start",
            "/api/session",
            "/é",
            &format!("/{}", "a".repeat(TO_BYTES_MAX)),
        ] {
            assert_eq!(local(Some(path)), "/", "{path}");
        }
        assert_eq!(local(None), "/");
    }

    #[test]
    fn nobody_comes_back_twice_or_late() {
        let used = Used::default();
        assert!(used.first(&pending("one", 600), at(0)));
        assert!(!used.first(&pending("one", 600), at(1)));
        assert!(used.first(&pending("two", 600), at(1)));
        assert!(!used.first(&pending("three", 600), at(600)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let used = Used::default();
        for n in 0..=USED_MAX {
            let ends = i64::try_from(n).unwrap() + 10;
            assert!(used.first(&pending(&n.to_string(), ends), at(0)));
        }
        assert_eq!(used.0.lock().len(), USED_MAX);
        let last = pending(&USED_MAX.to_string(), 1_000_000);
        assert!(!used.first(&last, at(0)), "the latest is remembered");
    }

    #[test]
    fn what_a_cookie_says_is_read_again() {
        let one = Pending {
            to: local(Some(&format!("/{}", "a".repeat(TO_BYTES_MAX - 1)))),
            ..pending("one", 600)
        };
        let text = one.text().unwrap();
        // Sealed and encoded it has to fit into a cookie.
        assert!(text.len() < 2_800, "{}", text.len());
        assert_eq!(Pending::parse(&text), Some(one));
        assert_eq!(Pending::parse("one\ntwo"), None);
    }
}
