//! How mail goes out.

use std::net::IpAddr;
use std::path::PathBuf;

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

/// The server that takes mail, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// The SMTP server's name or address; no mail is sent when absent. Default: none.
    pub host: Option<String>,
    /// Its port. Default: 587 for `starttls`, 465 for `implicit`, 25 for `none`.
    pub port: Option<u16>,
    /// How it is encrypted. Default: `starttls`.
    pub tls: MailTls,
    /// The name by which the server knows us. Default: none.
    pub username: Option<String>,
    /// The file that holds the password that goes with it. Default: none.
    pub password_file: Option<PathBuf>,
    /// From whom mail comes, such as `aftercall <alerts@example.com>`. Needed with `host`. Default: none.
    pub from: Option<String>,
}

/// How a connection to the server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// By STARTTLS: a server that does not offer it is sent nothing.
    #[default]
    Starttls,
    /// From the first byte.
    Implicit,
    /// Not at all: on this machine only.
    None,
}

impl MailTls {
    const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            tls: MailTls::Starttls,
            username: None,
            password_file: None,
            from: None,
        }
    }
}

/// What is wrong with the settings of mail.
#[derive(Debug, thiserror::Error)]
pub enum MailConfigError {
    /// There is a server, and nobody from whom mail comes.
    #[error(
        "notify.mail.from is missing: say from whom mail comes, such as aftercall <alerts@example.com>"
    )]
    From,
    /// It is no address.
    #[error(
        "notify.mail.from \"{text}\" is no mail address: give one such as aftercall <alerts@example.com>"
    )]
    NotAnAddress {
        /// As it was given.
        text: String,
    },
    /// Somebody could read along.
    #[error(
        "notify.mail.tls is \"none\", and {host} is another machine: set it to \"starttls\" or \"implicit\""
    )]
    Open {
        /// The server.
        host: String,
    },
    /// Half of what names us.
    #[error("notify.mail.{missing} is missing: username and password_file go together")]
    Credentials {
        /// What is missing.
        missing: &'static str,
    },
    /// The password can't be read.
    #[error("the password of notify.mail.password_file, {}, can't be read", path.display())]
    Password {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The settings, checked.
#[derive(Clone)]
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: MailTls,
    pub(super) credentials: Option<(String, String)>,
    pub(super) from: Mailbox,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Relay");
        shown.field("host", &self.host).field("port", &self.port);
        shown.finish_non_exhaustive()
    }
}

impl MailConfig {
    /// The settings, with what the files hold; none where no server is named.
    pub(super) fn read(&self) -> Result<Option<Relay>, MailConfigError> {
        let Some(host) = self.host.clone() else {
            return Ok(None);
        };
        let text = self.from.as_ref().ok_or(MailConfigError::From)?;
        let from = text
            .parse()
            .map_err(|_| MailConfigError::NotAnAddress { text: text.clone() })?;
        if self.tls == MailTls::None && !is_here(&host) {
            return Err(MailConfigError::Open { host });
        }
        let credentials = match (&self.username, &self.password_file) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(MailConfigError::Credentials {
                    missing: "username",
                });
            }
            (Some(_), None) => {
                let missing = "password_file";
                return Err(MailConfigError::Credentials { missing });
            }
            (Some(name), Some(path)) => {
                let read = std::fs::read_to_string(path);
                let password = read.map_err(|source| MailConfigError::Password {
                    path: path.clone(),
                    source,
                })?;
                let password = password.trim_end_matches(['\r', '\n']);
                Some((name.clone(), password.to_owned()))
            }
        };
        Ok(Some(Relay {
            port: self.port.unwrap_or(self.tls.port()),
            host,
            tls: self.tls,
            credentials,
            from,
        }))
    }
}

/// Whether a host is this machine, as far as its name says.
fn is_here(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay() -> MailConfig {
        MailConfig {
            host: Some("mail.example.com".to_owned()),
            from: Some("aftercall <alerts@example.com>".to_owned()),
            ..MailConfig::default()
        }
    }

    fn wrong(config: &MailConfig) -> String {
        config.read().unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_named_with_its_setting() {
        assert!(MailConfig::default().read().unwrap().is_none());
        let read = relay().read().unwrap().unwrap();
        assert_eq!((read.port, read.tls), (587, MailTls::Starttls));
        let from = MailConfig {
            from: None,
            ..relay()
        };
        assert!(wrong(&from).contains("notify.mail.from"));
        let from = MailConfig {
            from: Some("alerts".to_owned()),
            ..relay()
        };
        assert!(wrong(&from).contains("\"alerts\""));
        let open = MailConfig {
            tls: MailTls::None,
            ..relay()
        };
        assert!(wrong(&open).contains("notify.mail.tls"));
        let half = MailConfig {
            username: Some("us".to_owned()),
            ..relay()
        };
        assert!(wrong(&half).contains("password_file"));
        let gone = MailConfig {
            password_file: Some("/nowhere".into()),
            ..half
        };
        assert!(wrong(&gone).contains("/nowhere"));
    }

    #[test]
    fn without_tls_only_this_machine_is_spoken_to() {
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "127.9.9.9",
            "::ffff:127.0.0.1",
        ] {
            let config = MailConfig {
                host: Some(host.to_owned()),
                tls: MailTls::None,
                ..relay()
            };
            assert!(config.read().unwrap().is_some(), "{host}");
        }
    }

    #[test]
    fn a_password_is_read_from_its_file_and_shown_to_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "secret\n").unwrap();
        let config = MailConfig {
            username: Some("us".to_owned()),
            password_file: Some(path),
            ..relay()
        };
        let read = config.read().unwrap().unwrap();
        assert_eq!(read.credentials.as_ref().unwrap().1, "secret");
        assert!(!format!("{read:?}").contains("secret"));
    }
}
