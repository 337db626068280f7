//! From credentials to a [`Principal`].

mod credentials;
mod known;
mod signed;
mod vouched;
mod whom;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::server::Peer;
use crate::{Access, ActorKind, Principal, Roles, Unauthenticated};
use known::KnownFile;

pub use credentials::CredentialsError;
pub use vouched::Vouched;
pub use whom::{Tenant, Whom};

/// The tenant of every caller in development mode.
const DEVELOPMENT_TENANT: &str = "default";
/// The actor of every caller in development mode.
const DEVELOPMENT_ACTOR: &str = "developer";

/// The SHA-256 of a token or certificate; tokens themselves are never kept.
type Hash = [u8; 32];

/// Decides who a caller is.
pub struct Authenticator(Mode);

enum Mode {
    Development(Principal),
    File(KnownFile),
    /// A token says who its bearer is.
    #[cfg(feature = "testing")]
    Trusting,
}

/// Who a caller is, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) principal: Principal,
    /// Cancelled when the credentials are revoked, where they can be.
    pub(crate) revoked: Option<CancellationToken>,
    /// When they expire, if they do.
    pub(crate) expires: Option<Instant>,
}

impl Identity {
    /// Somebody whose credentials may be revoked before they expire.
    fn revocable(principal: Principal) -> Self {
        Self {
            revoked: Some(CancellationToken::new()),
            ..principal.into()
        }
    }

    fn revoke(&self) {
        if let Some(revoked) = &self.revoked {
            revoked.cancel();
        }
    }

    /// Waits until the credentials are not good any more.
    pub(crate) async fn over(&self) {
        let revoked = async {
            match &self.revoked {
                Some(revoked) => revoked.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let expired = async {
            match self.expires {
                Some(expires) => sleep_until(expires).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = revoked => {}
            () = expired => {}
        }
    }

    /// Whether they are not good any more.
    pub(crate) fn is_over(&self) -> bool {
        let revoked = self.revoked.as_ref();
        revoked.is_some_and(CancellationToken::is_cancelled)
            || self
                .expires
                .is_some_and(|expires| expires <= Instant::now())
    }
}

impl From<Principal> for Identity {
    fn from(principal: Principal) -> Self {
        Self {
            principal,
            revoked: None,
            expires: None,
        }
    }
}

impl Authenticator {
    /// Everybody is the developer of the tenant `default`, with all roles. The server then accepts
    /// loopback addresses only.
    pub fn development() -> Self {
        let roles = Roles::all();
        let developer = Principal::new(
            DEVELOPMENT_TENANT,
            DEVELOPMENT_ACTOR,
            ActorKind::Agent,
            roles,
        );
        Self(Mode::Development(developer))
    }

    /// Callers are known by the bearer tokens whose hashes are in the TOML file at `path`:
    ///
    /// ```toml
    /// [[token]]
    /// sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    /// tenant = "acme"
    /// actor = "crm"
    /// kind = "INTEGRATION"
    /// roles = ["integration"]
    /// teams = ["billing"]
    /// sites = ["lyon"]
    /// country = "DE"
    /// ```
    ///
    /// `teams` and `sites` say whose records a caller reads whose roles don't reach through all of the tenant: see
    /// [`Access`]. `country` may be left out: it is where numbers without a country code are dialled. A
    /// `[[certificate]]` says the same of a client's certificate, with its `sha256` or a `name` that is
    /// among its subject's alternative names in place of the token's hash. An `[[issuer]]` says whose
    /// signed tokens are taken: see `docs/security.md`. The file is read again when
    /// it changes.
    ///
    /// # Errors
    /// When the file can't be read or says something wrong: which line and which field.
    pub fn from_file(path: &Path) -> Result<Self, CredentialsError> {
        Ok(Self(Mode::File(KnownFile::open(path.to_owned())?)))
    }

    /// Everybody is who they say: see [`crate::testing::Caller`].
    #[cfg(feature = "testing")]
    pub(crate) const fn trusting() -> Self {
        Self(Mode::Trusting)
    }

    /// Whether callers are told apart by credentials. Without them nothing but loopback may be
    /// bound.
    pub fn has_credentials(&self) -> bool {
        matches!(self.0, Mode::File(_))
    }

    /// Whether a server may listen on `address`.
    pub(crate) fn may_listen_on(&self, address: SocketAddr) -> bool {
        self.has_credentials() || address.ip().to_canonical().is_loopback()
    }

    /// Who sends a request with these headers at `now`.
    ///
    /// # Errors
    /// When the token is absent, malformed, not known or not good any more.
    pub fn principal(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Principal, Unauthenticated> {
        self.identity((headers, now), None)
            .map(|identity| identity.principal)
    }

    /// Who sends `request` at `now`: whom the door vouches for, else by its headers or by the certificate that its
    /// connection showed.
    ///
    /// # Errors
    /// As [`Authenticator::principal`], and when the certificate is of nobody.
    pub fn caller<B>(
        &self,
        request: &http::Request<B>,
        now: Timestamp,
    ) -> Result<Principal, Unauthenticated> {
        self.identity_of(request, now)
            .map(|identity| identity.principal)
    }

    /// The same, and for how long.
    pub(crate) fn identity_of<B>(
        &self,
        request: &http::Request<B>,
        now: Timestamp,
    ) -> Result<Identity, Unauthenticated> {
        if let Some(vouched) = request.extensions().get::<Vouched>() {
            return vouched.identity();
        }
        let peer = request.extensions().get::<Arc<Peer>>();
        self.identity((request.headers(), now), peer.map(AsRef::as_ref))
    }

    /// Who sends a request with these headers, and when, over a connection on which `peer` showed a certificate. A
    /// token says more of a caller than the connection that it shares with others.
    pub(crate) fn identity(
        &self,
        (headers, now): (&HeaderMap, Timestamp),
        peer: Option<&Peer>,
    ) -> Result<Identity, Unauthenticated> {
        match &self.0 {
            Mode::Development(principal) => Ok(principal.clone().into()),
            #[cfg(feature = "testing")]
            Mode::Trusting => crate::testing::described(bearer(headers)?)
                .map(Identity::from)
                .ok_or(Unauthenticated::UnknownToken),
            Mode::File(known) => match (headers.contains_key(AUTHORIZATION), peer) {
                (false, Some(peer)) => known
                    .by_certificate(peer)
                    .ok_or(Unauthenticated::UnknownCertificate),
                _ => known
                    .by_token(bearer(headers)?, now)
                    .ok_or(Unauthenticated::UnknownToken),
            },
        }
    }

    /// Has the keys of issuers anew where it is time. A server does so by itself.
    pub async fn refresh_keys(&self) {
        if let Mode::File(known) = &self.0 {
            known.refresh_keys().await;
        }
    }

    /// Says of whom it is known that they read nothing but their own records for lack of a team.
    pub(crate) fn warn_of_lacking_teams(&self, access: Access) {
        if let Mode::File(known) = &self.0 {
            known.warn_of_lacking_teams(access);
        }
    }

    /// Reads the file again if it has changed.
    pub(crate) fn refresh(&self) {
        if let Mode::File(known) = &self.0 {
            known.refresh();
        }
    }
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Mode::Development(_) => f.write_str("Authenticator(development)"),
            #[cfg(feature = "testing")]
            Mode::Trusting => f.write_str("Authenticator(trusting)"),
            Mode::File(known) => write!(f, "Authenticator({} tokens)", known.tokens()),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&[u8], Unauthenticated> {
    let header = headers
        .get(AUTHORIZATION)
        .ok_or(Unauthenticated::Missing)?
        .as_bytes();
    let (scheme, token) = header
        .split_at_checked(7)
        .ok_or(Unauthenticated::Malformed)?;
    match scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty() {
        true => Ok(token),
        false => Err(Unauthenticated::Malformed),
    }
}
