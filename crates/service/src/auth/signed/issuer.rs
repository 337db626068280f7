//! What a credentials file says of an issuer of tokens.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use aftercall_domain::Country;
use http::Uri;
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as readable;
use serde::Deserialize;

use crate::ActorKind;
use crate::auth::credentials::{RoleName, country, kind};
use crate::auth::whom::{Tenant, Whom};
use crate::fetch;

/// By how much the issuer's clock may differ from ours, unless it is said.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// An issuer whose tokens are taken, as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::auth) struct Described {
    issuer: String,
    audience: String,
    #[serde(default)]
    jwks_file: Option<PathBuf>,
    #[serde(default)]
    jwks_url: Option<String>,
    #[serde(default)]
    jwks_ca_file: Option<PathBuf>,
    #[serde(default = "clock_skew", with = "readable")]
    clock_skew: Duration,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    tenant_claim: Option<String>,
    #[serde(default = "subject")]
    actor_claim: String,
    #[serde(default = "roles")]
    roles_claim: String,
    #[serde(default)]
    roles: BTreeMap<String, RoleName>,
    #[serde(default = "teams")]
    teams_claim: String,
    #[serde(default = "sites")]
    sites_claim: String,
    #[serde(deserialize_with = "kind")]
    kind: ActorKind,
    #[serde(default, deserialize_with = "country")]
    country: Option<Country>,
}

/// An issuer whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::auth) struct Issuer {
    pub(super) name: String,
    pub(super) audience: String,
    pub(super) keys: Where,
    pub(super) clock_skew: Duration,
    pub(super) whom: Whom,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Where {
    File(PathBuf),
    Url {
        url: Uri,
        /// Those whom the server's certificate must come from, besides those whom the machine trusts.
        ca: Option<PathBuf>,
    },
}

fn clock_skew() -> Duration {
    CLOCK_SKEW
}

fn subject() -> String {
    "sub".to_owned()
}

fn roles() -> String {
    "roles".to_owned()
}

fn teams() -> String {
    "teams".to_owned()
}

fn sites() -> String {
    "sites".to_owned()
}

impl Described {
    /// The issuer, or what is wrong with it.
    pub(in crate::auth) fn into_issuer(self) -> Result<Issuer, &'static str> {
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err("needs an issuer and an audience, as its tokens name them");
        }
        let keys = match (self.jwks_file, self.jwks_url) {
            (Some(file), None) => Where::File(file),
            (None, Some(url)) => Where::Url {
                url: trusted(&url)?,
                ca: self.jwks_ca_file,
            },
            _ => return Err("needs either jwks_file or jwks_url, where its keys are"),
        };
        let tenant = Tenant::of(self.tenant, self.tenant_claim)?;
        let roles = self.roles.into_iter();
        Ok(Issuer {
            name: self.issuer,
            audience: self.audience,
            keys,
            clock_skew: self.clock_skew,
            whom: Whom {
                tenant,
                actor_claim: self.actor_claim,
                roles_claim: self.roles_claim,
                roles: roles.map(|(given, role)| (given, role.0)).collect(),
                teams_claim: self.teams_claim,
                sites_claim: self.sites_claim,
                kind: self.kind,
                country: self.country,
            },
        })
    }
}

/// Keys come over TLS, or from this machine: whoever could change them on their way could be anybody.
fn trusted(url: &str) -> Result<Uri, &'static str> {
    let url: Option<Uri> = url.parse().ok();
    url.filter(fetch::is_trusted)
        .ok_or("jwks_url must be https://HOST/PATH, or http:// of this machine")
}
