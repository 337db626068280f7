//! How messages go out, and where they may go.

use std::path::PathBuf;

use aftercall_domain::delivery::{Network, NotANetwork};
use serde::{Deserialize, Serialize};

use crate::mail::MailConfig;

/// What is told outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotifyConfig {
    /// Which environment this is, such as `production`. A webhook is sent to in the environment in which it
    /// was made, and in no other. Default: the id of the log, which `aftercall restore --copy` changes; a
    /// server on a copy of the log's files tells nobody anything until `aftercall log take-over`.
    pub environment: Option<String>,
    /// The file with the key by which webhooks' secrets are sealed in the log: 32 bytes in 64 hexadecimal
    /// digits. Further lines are keys of before, by which is only opened. Without it, no webhook is made.
    pub secrets_key_file: Option<PathBuf>,
    /// Which addresses that not everybody reaches are sent to all the same, and may be by `http`. Default:
    /// none.
    pub private_networks: Vec<PrivateNetwork>,
    /// Certificates (PEM) of authorities that receivers' certificates may come from, beside those that the
    /// machine trusts.
    pub ca_file: Option<PathBuf>,
    /// How mail goes out.
    pub mail: MailConfig,
}

/// A range of addresses, as the configuration spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrivateNetwork(pub Network);

impl TryFrom<String> for PrivateNetwork {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse().map(Self)
    }
}

impl From<PrivateNetwork> for String {
    fn from(network: PrivateNetwork) -> Self {
        network.0.to_string()
    }
}
