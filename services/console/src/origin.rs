//! Under which names browsers are answered, and from which pages.
//!
//! A name that somebody else owns can be made to lead here (DNS rebinding), and a page of somebody else can send
//! requests here (CSRF). So only names are answered to that are known, and requests that come from our own pages.

use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, Request};

use crate::answer::Refusal;
use crate::console::ConsoleError;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Names under which the console is reached.
#[derive(Debug)]
pub(crate) struct Origins {
    named: Vec<Origin>,
    /// How addresses of this machine begin, where it is served to itself.
    loopback: Option<&'static str>,
}

/// One of them: a scheme, and a host with its port, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    authority: String,
}

impl Origins {
    /// The names that the configuration gives, and where `listen` is a loopback address, those of this machine.
    pub(crate) fn new(
        named: &[String],
        listen: SocketAddr,
        is_secured: bool,
    ) -> Result<Self, ConsoleError> {
        let named = named.iter().map(|text| {
            Origin::parse(text).ok_or_else(|| ConsoleError::Origin {
                origin: text.clone(),
            })
        });
        let scheme = if is_secured { "https" } else { "http" };
        Ok(Self {
            named: named.collect::<Result<_, _>>()?,
            loopback: listen.ip().to_canonical().is_loopback().then_some(scheme),
        })
    }

    /// The origin of the pages that `request` is about, if they are served under the name that it asks for.
    pub(crate) fn of<B>(&self, request: &Request<B>) -> Result<Origin, Refusal> {
        let authority = asked_for(request).ok_or(Refusal::Host)?;
        let known = self.named.iter().find(|one| one.authority == authority);
        match (known, self.loopback) {
            (Some(known), _) => Ok(known.clone()),
            (None, Some(scheme)) if is_this_machine(&authority) => Ok(Origin {
                scheme: scheme.to_owned(),
                authority,
            }),
            _ => Err(Refusal::Host),
        }
    }
}

impl Origin {
    /// Reads `https://console.example:8443`. Beyond this machine nothing else than TLS will do.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let parsed: Authority = authority.parse().ok()?;
        let authority = authority.to_ascii_lowercase();
        let is_secure = scheme == "https" || scheme == "http" && is_this_machine(&authority);
        let is_plain = !authority.contains('@') && !parsed.host().is_empty();
        (is_secure && is_plain).then(|| Self {
            scheme: scheme.to_owned(),
            authority,
        })
    }

    /// Whether it is reached by TLS.
    pub(crate) fn is_secured(&self) -> bool {
        self.scheme == "https"
    }

    /// The address of a path.
    pub(crate) fn at(&self, path: &str) -> String {
        let Self { scheme, authority } = self;
        format!("{scheme}://{authority}{path}")
    }

    fn is(&self, text: &[u8]) -> bool {
        text.eq_ignore_ascii_case(self.at("").as_bytes())
    }

    /// Refuses what a page of another origin sends. What changes something, or is answered with what is not for
    /// everybody, has to say where it comes from.
    pub(crate) fn require_own_page<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let headers = request.headers();
        let is_ours = match headers.get(ORIGIN) {
            Some(origin) => self.is(origin.as_bytes()),
            // Browsers name no origin where a page gets something from its own.
            None => request.method() == Method::GET,
        };
        let is_same = is_one_of(headers, SEC_FETCH_SITE, &["same-origin"]).unwrap_or(true);
        match is_ours && is_same {
            true => Ok(()),
            false => Err(Refusal::Origin),
        }
    }

    /// Refuses to be a part of another page: a page is opened as such, and its parts by itself.
    pub(crate) fn require_page(headers: &HeaderMap) -> Result<(), Refusal> {
        let is_own = is_one_of(headers, SEC_FETCH_SITE, &["same-origin", "none"]).unwrap_or(true);
        let is_opened = is_one_of(headers, SEC_FETCH_MODE, &["navigate"]).unwrap_or(true);
        match is_own || is_opened {
            true => Ok(()),
            false => Err(Refusal::Origin),
        }
    }
}

/// Whether a header has one of these values; none where it is not there.
fn is_one_of(headers: &HeaderMap, name: HeaderName, values: &[&str]) -> Option<bool> {
    let value = headers.get(name)?;
    Some(values.iter().any(|one| value == one))
}

/// The host and port that a request asks for, in small letters. None where it names several, or none.
fn asked_for<B>(request: &Request<B>) -> Option<String> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().map(|host| host.to_str());
    let authority = request.uri().authority().map(Authority::as_str);
    let named = match (authority, host, hosts.next()) {
        (_, _, Some(_)) => return None,
        (Some(authority), None, None) => authority,
        (None, Some(host), None) => host.ok()?,
        (Some(authority), Some(host), None) => {
            let same = host.ok()?.eq_ignore_ascii_case(authority);
            same.then_some(authority)?
        }
        (None, None, None) => return None,
    };
    Some(named.to_ascii_lowercase())
}

/// Whether a host is this machine by a name that nobody can make lead elsewhere, whatever the port.
fn is_this_machine(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address: Option<IpAddr> = bare.unwrap_or(host).parse().ok();
    !authority.as_str().contains('@')
        && (host == "localhost" || address.is_some_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(named: &[&str], listen: &str) -> Origins {
        let named: Vec<String> = named.iter().map(|&one| one.to_owned()).collect();
        Origins::new(&named, listen.parse().unwrap(), false).unwrap()
    }

    fn asked(method: Method, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().method(method).uri("/x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn only_known_names_are_answered_to() {
        let own = origins(&["https://Console.example"], "127.0.0.1:7400");
        for host in [
            "localhost:7400",
            "127.0.0.1:7400",
            "127.0.0.1",
            "[::1]:9000",
            "LOCALHOST:1",
            "console.example",
        ] {
            assert!(
                own.of(&asked(Method::GET, &[("host", host)])).is_ok(),
                "{host}"
            );
        }
        for host in [
            "rebound.example",
            "localhost.rebound.example",
            "127.0.0.1.rebound.example",
            "console.example:8443",
            "10.0.0.1",
            "a@localhost",
            "",
        ] {
            let refused = own.of(&asked(Method::GET, &[("host", host)]));
            assert_eq!(refused, Err(Refusal::Host), "{host}");
        }
        let twice = asked(Method::GET, &[("host", "localhost"), ("host", "other")]);
        assert_eq!(own.of(&twice), Err(Refusal::Host));
        let outside = origins(&["https://console.example"], "10.0.0.1:7400");
        let local = asked(Method::GET, &[("host", "localhost")]);
        assert_eq!(outside.of(&local), Err(Refusal::Host));
    }

    #[test]
    fn an_origin_beyond_this_machine_speaks_tls() {
        for good in [
            "https://a.example",
            "https://a.example:8443/",
            "http://localhost:80",
        ] {
            assert!(Origin::parse(good).is_some(), "{good}");
        }
        for bad in [
            "http://a.example",
            "a.example",
            "https://",
            "https://a.example/x",
            "https://u@a.example",
            "ftp://localhost",
        ] {
            assert!(Origin::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_another_page_sends_is_refused() {
        let own = origins(&[], "127.0.0.1:7400");
        let judged = |method: Method, headers: &[(&str, &str)]| {
            let mut all = vec![("host", "localhost:7400")];
            all.extend(headers);
            let request = asked(method, &all);
            own.of(&request).unwrap().require_own_page(&request).is_ok()
        };
        let ours = ("origin", "http://localhost:7400");
        assert!(judged(Method::POST, &[ours]));
        assert!(judged(
            Method::POST,
            &[ours, ("sec-fetch-site", "same-origin")]
        ));
        assert!(judged(Method::GET, &[]));
        assert!(!judged(Method::POST, &[]));
        assert!(!judged(
            Method::DELETE,
            &[("sec-fetch-site", "same-origin")]
        ));
        for origin in [
            "http://evil.example",
            "https://localhost:7400",
            "http://localhost",
            "null",
        ] {
            assert!(!judged(Method::POST, &[("origin", origin)]), "{origin}");
            assert!(!judged(Method::GET, &[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert!(
                !judged(Method::POST, &[ours, ("sec-fetch-site", site)]),
                "{site}"
            );
        }
    }

    #[test]
    fn a_page_is_opened_and_is_no_part_of_another() {
        let judged = |site: &str, mode: &str| {
            let request = asked(
                Method::GET,
                &[("sec-fetch-site", site), ("sec-fetch-mode", mode)],
            );
            Origin::require_page(request.headers()).is_ok()
        };
        assert!(judged("cross-site", "navigate"));
        assert!(judged("none", "navigate"));
        assert!(judged("same-origin", "no-cors"));
        assert!(!judged("cross-site", "no-cors"));
        assert!(!judged("same-site", "cors"));
    }
}
