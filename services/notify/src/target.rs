//! Where messages go: a URL that is taken, and the addresses that are.

use std::net::IpAddr;

use aftercall_domain::Violations;
use aftercall_domain::delivery::{Network, is_public};
use aftercall_domain::limits::URL_BYTES_MAX;
use aftercall_domain::violation::Reason;
use http::Uri;

/// Which addresses are sent to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    /// Those that not everybody reaches.
    pub(crate) private: Vec<Network>,
}

impl Allowed {
    /// Whether an address is sent to, by TLS or in clear.
    pub(crate) fn permits(&self, address: IpAddr, secure: bool) -> bool {
        let mut private = self.private.iter();
        private.any(|network| network.contains(address)) || (secure && is_public(address))
    }

    /// Reads a URL, and names what is wrong with it.
    pub(crate) fn check(&self, field: &str, url: &str, found: &mut Violations) {
        if url.is_empty() {
            return found.required(field);
        }
        if url.len() > URL_BYTES_MAX {
            return found.too_long(field, URL_BYTES_MAX);
        }
        let Some(target) = Target::of(url) else {
            let text = "is no URL that can be sent to; give one such as https://crm.example/hooks, without a \
                        user, a password or a fragment";
            return found.add(field, Reason::Malformed, text);
        };
        let is_permitted = match target.host.parse() {
            Ok(address) => self.permits(address, target.secure),
            // What a name leads to is asked, and checked, with every connection.
            Err(_) => target.secure || !self.private.is_empty(),
        };
        if !is_permitted {
            let text = match target.secure {
                true => {
                    "leads to an address that not everybody reaches; give a public one, or have the \
                         operator name the network in notify.private_networks"
                }
                false => {
                    "would be sent to in clear; give an https URL, or have the operator name the private \
                          network in notify.private_networks"
                }
            };
            found.add(field, Reason::PrivateAddress, text);
        }
    }
}

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) secure: bool,
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As the header `host` says it.
    pub(crate) authority: String,
    pub(crate) path: String,
}

impl Target {
    /// Takes a URL apart; none for what is none, or holds what is not taken.
    pub(crate) fn of(url: &str) -> Option<Self> {
        if url.contains(['#', '@']) {
            return None;
        }
        let uri: Uri = url.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host().trim_matches(['[', ']']);
        if host.is_empty() || authority.port().is_some_and(|port| port.as_u16() == 0) {
            return None;
        }
        let has_port = authority.as_str().len() > authority.host().len();
        if has_port && authority.port_u16().is_none() {
            return None;
        }
        let path = uri.path_and_query();
        Some(Self {
            secure,
            host: host.to_owned(),
            port: authority
                .port_u16()
                .unwrap_or(if secure { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: path.map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(allowed: &Allowed, url: &str) -> Vec<Reason> {
        let mut found = Violations::new();
        allowed.check("url", url, &mut found);
        let found = found.into_result(()).err().unwrap_or_default();
        found.as_slice().iter().map(|one| one.reason).collect()
    }

    #[test]
    fn what_can_be_sent_to_is_taken() {
        let none = Allowed::default();
        for url in [
            "https://crm.example/hooks",
            "https://crm.example:8443/hooks?a=b",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]/x",
        ] {
            assert_eq!(reasons(&none, url), [], "{url}");
        }
        let ours = Allowed {
            private: vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
        };
        for url in [
            "http://127.0.0.1:9/x",
            "https://127.0.0.1/",
            "http://[fd00::1]/",
            "http://localhost/",
        ] {
            assert_eq!(reasons(&ours, url), [], "{url}");
        }
        assert_eq!(reasons(&ours, "http://10.0.0.1/"), [Reason::PrivateAddress]);
        assert_eq!(reasons(&ours, "http://1.1.1.1/"), [Reason::PrivateAddress]);
    }

    #[test]
    fn what_can_not_is_named() {
        let none = Allowed::default();
        for (url, reason) in [
            ("", Reason::Required),
            ("crm.example", Reason::Malformed),
            ("/hooks", Reason::Malformed),
            ("ftp://crm.example/", Reason::Malformed),
            ("https://", Reason::Malformed),
            ("https://user:pass@crm.example/", Reason::Malformed),
            ("https://user@crm.example/", Reason::Malformed),
            ("https://crm.example/#part", Reason::Malformed),
            ("https://crm.example:0/", Reason::Malformed),
            ("https://crm.example:99999/", Reason::Malformed),
            ("https://crm example/", Reason::Malformed),
            ("http://crm.example/", Reason::PrivateAddress),
            ("http://1.1.1.1/", Reason::PrivateAddress),
            ("https://127.0.0.1/", Reason::PrivateAddress),
            ("https://0.0.0.0/", Reason::PrivateAddress),
            ("https://169.254.169.254/latest", Reason::PrivateAddress),
            ("https://[::1]/", Reason::PrivateAddress),
            ("https://[::ffff:10.0.0.1]/", Reason::PrivateAddress),
            ("https://[fe80::1]/", Reason::PrivateAddress),
        ] {
            assert_eq!(reasons(&none, url), [reason], "{url}");
        }
        let long = format!("https://crm.example/{}", "x".repeat(URL_BYTES_MAX));
        assert_eq!(reasons(&none, &long), [Reason::TooLong]);
    }
}
