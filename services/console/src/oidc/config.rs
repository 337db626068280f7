//! Where people sign in, and whom that makes of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aftercall_service::fetch::is_trusted;
use aftercall_service::{ActorKind, Role, Tenant, Whom};
use http::Uri;
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as readable;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, Scope};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// By how much the provider's clock may differ from ours at most: of a longer time a token would mean little.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(5 * 60);

/// What every sign-in asks for, by whatever name it is set.
const OPENID: &str = "openid";

/// Signing in by OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider, as its tokens name it in `iss`: its discovery document is below. Default: none, and nobody signs
    /// in so.
    pub issuer: Option<String>,
    /// The name by which the provider knows the console.
    pub client_id: Option<String>,
    /// The file of the secret that goes with it. Default: none; the console is a public client.
    pub client_secret_file: Option<PathBuf>,
    /// What the provider is called on the page. Default: its host.
    pub name: Option<String>,
    /// What is asked for. Default: `openid` and `profile`.
    pub scopes: Vec<String>,
    /// Certificates (PEM) of authorities that the provider's may come from, beside those that the machine trusts.
    pub ca_file: Option<PathBuf>,
    /// By how much the provider's clock may differ from ours. Default: `1m`; at most `5m`.
    #[serde(with = "readable")]
    pub clock_skew: Duration,
    /// The tenant of everybody who signs in so.
    pub tenant: Option<String>,
    /// The claim that is the tenant, where the provider may name any.
    pub tenant_claim: Option<String>,
    /// The claim that is the actor. Default: `sub`.
    pub actor_claim: String,
    /// The claim that lists roles or groups. Default: `roles`.
    pub roles_claim: String,
    /// The claim that lists teams. Default: `teams`.
    pub teams_claim: String,
    /// The claim that lists sites. Default: `sites`.
    pub sites_claim: String,
    /// What kind of actor they are. Default: `AGENT`.
    pub kind: String,
    /// Where their numbers without a country code are dialled.
    pub country: Option<String>,
    /// What roles of ours the provider's roles or groups are. Default: none; they have our names.
    pub roles: BTreeMap<String, String>,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret_file: None,
            name: None,
            scopes: vec![OPENID.to_owned(), "profile".to_owned()],
            ca_file: None,
            clock_skew: Duration::from_secs(60),
            tenant: None,
            tenant_claim: None,
            actor_claim: "sub".to_owned(),
            roles_claim: "roles".to_owned(),
            teams_claim: "teams".to_owned(),
            sites_claim: "sites".to_owned(),
            kind: "AGENT".to_owned(),
            country: None,
            roles: BTreeMap::new(),
        }
    }
}

/// A setting of signing in elsewhere that is wrong.
#[derive(Debug, thiserror::Error)]
#[error("console.oidc.{key} {problem}")]
pub struct OidcError {
    key: String,
    problem: String,
}

impl OidcError {
    pub(super) fn new(key: &str, problem: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            problem: problem.into(),
        }
    }
}

/// The settings, checked.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) issuer: IssuerUrl,
    pub(super) client_id: ClientId,
    pub(super) client_secret: Option<ClientSecret>,
    pub(super) name: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) clock_skew: Duration,
    pub(super) whom: Whom,
    /// Differs with any of them.
    pub(super) fingerprint: String,
}

impl OidcConfig {
    /// None where nothing is set.
    pub(super) fn settled(&self) -> Result<Option<Settled>, OidcError> {
        if *self == Self::default() {
            return Ok(None);
        }
        let (issuer, host) = self.issuer()?;
        let client_id = self.client_id.clone().filter(|id| !id.is_empty());
        let client_id = client_id.ok_or_else(|| {
            OidcError::new(
                "client_id",
                "is needed with issuer: the name by which the provider knows the console",
            )
        })?;
        if self.clock_skew > CLOCK_SKEW_MAX {
            return Err(OidcError::new("clock_skew", "must be at most \"5m\""));
        }
        let secret = self.client_secret_file.as_deref().map(secret).transpose()?;
        Ok(Some(Settled {
            issuer,
            client_id: ClientId::new(client_id),
            client_secret: secret.map(ClientSecret::new),
            name: self.name.clone().unwrap_or(host),
            scopes: self.scopes()?,
            ca_file: self.ca_file.clone(),
            clock_skew: self.clock_skew,
            whom: self.whom()?,
            fingerprint: self.fingerprint(),
        }))
    }

    /// The issuer, and its host.
    fn issuer(&self) -> Result<(IssuerUrl, String), OidcError> {
        let wrong = || {
            OidcError::new(
                "issuer",
                "must be the provider's https://HOST/PATH, as its tokens name it in iss, or http:// of this machine",
            )
        };
        let text = self.issuer.clone().ok_or_else(wrong)?;
        let url: Uri = text.parse().map_err(|_| wrong())?;
        let host = url.host().unwrap_or_default().to_owned();
        match is_trusted(&url) && url.query().is_none() {
            true => Ok((IssuerUrl::new(text).map_err(|_| wrong())?, host)),
            false => Err(wrong()),
        }
    }

    /// What is asked for beside `openid`, which the library always does.
    fn scopes(&self) -> Result<Vec<Scope>, OidcError> {
        let is_scope =
            |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
        match self.scopes.iter().all(is_scope) {
            true => {
                let more = self.scopes.iter().filter(|scope| *scope != OPENID);
                Ok(more.cloned().map(Scope::new).collect())
            }
            false => Err(OidcError::new(
                "scopes",
                "must be words without spaces, as in [\"openid\", \"profile\"]",
            )),
        }
    }

    fn whom(&self) -> Result<Whom, OidcError> {
        let tenant = Tenant::of(self.tenant.clone(), self.tenant_claim.clone());
        let kind = self.kind.parse::<ActorKind>();
        let country = match &self.country {
            None => None,
            Some(code) => Some(code.parse().map_err(|_| {
                OidcError::new(
                    "country",
                    "must be an ISO 3166-1 code of two capital letters, such as DE",
                )
            })?),
        };
        Ok(Whom {
            tenant: tenant.map_err(|problem| OidcError::new("tenant", problem))?,
            actor_claim: named("actor_claim", &self.actor_claim)?,
            roles_claim: named("roles_claim", &self.roles_claim)?,
            roles: self.roles()?,
            teams_claim: named("teams_claim", &self.teams_claim)?,
            sites_claim: named("sites_claim", &self.sites_claim)?,
            kind: kind.map_err(|error| OidcError::new("kind", format!("is wrong: {error}")))?,
            country,
        })
    }

    fn roles(&self) -> Result<BTreeMap<String, Role>, OidcError> {
        let roles = self.roles.iter().map(|(given, role)| {
            let key = format!("roles.\"{given}\"");
            role.parse::<Role>()
                .map(|role| (given.clone(), role))
                .map_err(|error| OidcError::new(&key, format!("is wrong: {error}")))
        });
        roles.collect()
    }

    fn fingerprint(&self) -> String {
        // Settings were read from text, and have a form in JSON.
        let text = serde_json::to_vec(self).unwrap_or_default();
        let hash = Sha256::digest(&text);
        let digits = hash[..16].iter().map(|byte| format!("{byte:02x}"));
        digits.collect()
    }
}

fn named(key: &str, claim: &str) -> Result<String, OidcError> {
    match claim.is_empty() {
        true => Err(OidcError::new(key, "must name a claim")),
        false => Ok(claim.to_owned()),
    }
}

fn secret(path: &Path) -> Result<String, OidcError> {
    let wrong = |problem: String| {
        let path = path.display();
        OidcError::new("client_secret_file", format!("({path}) {problem}"))
    };
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| wrong(format!("can't be read: {error}")))?;
    match text.trim() {
        "" => Err(wrong(
            "is empty: it holds the secret and nothing else".to_owned(),
        )),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> OidcConfig {
        OidcConfig {
            issuer: Some("https://identity.example/realms/acme".to_owned()),
            client_id: Some("aftercall".to_owned()),
            tenant: Some("acme".to_owned()),
            ..OidcConfig::default()
        }
    }

    fn wrong(change: impl FnOnce(&mut OidcConfig)) -> String {
        let mut config = some();
        change(&mut config);
        config.settled().unwrap_err().to_string()
    }

    #[test]
    fn nothing_set_is_nothing_and_little_is_enough() {
        assert!(OidcConfig::default().settled().unwrap().is_none());
        let settled = some().settled().unwrap().unwrap();
        assert_eq!(settled.name, "identity.example");
        assert_eq!(settled.scopes.len(), 1, "openid is asked for anyway");
        assert!(settled.client_secret.is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (error, key) in [
            (wrong(|one| one.issuer = None), "issuer"),
            (
                wrong(|one| one.issuer = Some("http://identity.example".to_owned())),
                "issuer",
            ),
            (wrong(|one| one.client_id = None), "client_id"),
            (wrong(|one| one.tenant = None), "tenant"),
            (
                wrong(|one| one.tenant_claim = Some("tenant".to_owned())),
                "tenant",
            ),
            (
                wrong(|one| one.clock_skew = Duration::from_secs(301)),
                "clock_skew",
            ),
            (wrong(|one| one.scopes = vec!["a b".to_owned()]), "scopes"),
            (wrong(|one| one.actor_claim = String::new()), "actor_claim"),
            (wrong(|one| one.kind = "ROBOT".to_owned()), "kind"),
            (wrong(|one| one.country = Some("Q".to_owned())), "country"),
            (
                wrong(|one| one.client_secret_file = Some(PathBuf::from("/nowhere"))),
                "client_secret_file",
            ),
            (
                wrong(|one| {
                    one.roles.insert("staff".to_owned(), "boss".to_owned());
                }),
                "roles.\"staff\"",
            ),
        ] {
            let start = format!("console.oidc.{key} ");
            assert!(error.starts_with(&start), "{key}: {error}");
        }
    }

    #[test]
    fn a_session_of_other_settings_is_told_apart() {
        let changed = OidcConfig {
            roles_claim: "groups".to_owned(),
            ..some()
        };
        assert_ne!(some().fingerprint(), changed.fingerprint());
    }
}
