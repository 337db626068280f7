//! From credentials to a [`Principal`].

mod credentials;

use std::net::SocketAddr;
use std::path::Path;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::{ActorKind, Principal, Roles, Unauthenticated};

pub use credentials::CredentialsError;

/// The tenant of every caller in development mode.
const DEVELOPMENT_TENANT: &str = "default";
/// The actor of every caller in development mode.
const DEVELOPMENT_ACTOR: &str = "developer";

/// The SHA-256 of a token; tokens themselves are never kept.
type TokenHash = [u8; 32];

/// Decides who a caller is.
pub struct Authenticator(Mode);

enum Mode {
    Development(Principal),
    Tokens(Vec<(TokenHash, Principal)>),
    /// A token says who its bearer is.
    #[cfg(feature = "testing")]
    Trusting,
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
    /// country = "DE"
    /// ```
    ///
    /// `country` may be left out: it is where numbers without a country code are dialled.
    ///
    /// # Errors
    /// When the file can't be read or says something wrong: which line and which field.
    pub fn from_file(path: &Path) -> Result<Self, CredentialsError> {
        let tokens = credentials::read(path)?;
        tracing::info!(tokens = tokens.len(), path = %path.display(), "credentials read");
        Ok(Self(Mode::Tokens(tokens)))
    }

    /// Everybody is who they say: see [`crate::testing::Caller`].
    #[cfg(feature = "testing")]
    pub(crate) const fn trusting() -> Self {
        Self(Mode::Trusting)
    }

    /// Whether callers are told apart by credentials. Without them nothing but loopback may be
    /// bound.
    pub fn has_credentials(&self) -> bool {
        matches!(self.0, Mode::Tokens(_))
    }

    /// Whether a server may listen on `address`.
    pub(crate) fn may_listen_on(&self, address: SocketAddr) -> bool {
        self.has_credentials() || address.ip().to_canonical().is_loopback()
    }

    /// Who sends a request with these headers.
    ///
    /// # Errors
    /// When the token is absent, malformed or not known.
    pub fn principal(&self, headers: &HeaderMap) -> Result<Principal, Unauthenticated> {
        match &self.0 {
            Mode::Development(principal) => Ok(principal.clone()),
            #[cfg(feature = "testing")]
            Mode::Trusting => {
                crate::testing::described(bearer(headers)?).ok_or(Unauthenticated::UnknownToken)
            }
            Mode::Tokens(tokens) => {
                let hash = Sha256::digest(bearer(headers)?).into();
                find(tokens, &hash)
                    .cloned()
                    .ok_or(Unauthenticated::UnknownToken)
            }
        }
    }
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Mode::Development(_) => f.write_str("Authenticator(development)"),
            #[cfg(feature = "testing")]
            Mode::Trusting => f.write_str("Authenticator(trusting)"),
            Mode::Tokens(tokens) => write!(f, "Authenticator({} tokens)", tokens.len()),
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

/// Looks at every token, so that the time taken says nothing of which one was close.
fn find<'a>(tokens: &'a [(TokenHash, Principal)], hash: &TokenHash) -> Option<&'a Principal> {
    let mut found = u64::MAX;
    for (index, (known, _)) in (0..).zip(tokens) {
        let same: Choice = known.ct_eq(hash);
        found.conditional_assign(&index, same);
    }
    let index = usize::try_from(found).ok()?;
    tokens.get(index).map(|(_, principal)| principal)
}
