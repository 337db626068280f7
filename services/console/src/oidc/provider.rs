//! The provider: where it has people sign in, and what it says of who did.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aftercall_service::fetch::is_trusted;
use aftercall_service::{Ids, chain};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Uri;
use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RequestTokenError, Scope, TokenResponse,
};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::config::Settled;
use super::http::Http;

/// How long the discovery document and the keys are kept, while no token names another key.
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// How long a provider that did not answer is left alone: anybody can ask to be sent there.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(5);

/// The discovery document, with the keys that it leads to.
type Metadata = ProviderMetadataWithLogout;

/// What the library makes of it.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why somebody could not be told of.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The provider does not answer, or not as a provider does.
    #[error("{0}")]
    Unreachable(String),
    /// It does not give a token for the code.
    #[error("{0}")]
    Refused(String),
    /// Its token is not for us, not of now, or not its own.
    #[error("{0}")]
    Token(String),
}

/// A sign-in that begins: where to go, and what is to come back from there.
#[derive(Debug)]
pub(super) struct SetOut {
    pub(super) url: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// What came back, and is to be given for a token.
#[derive(Debug)]
pub(super) struct CameBack {
    pub(super) code: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) redirect: String,
}

/// What the provider says of somebody, checked, and the token that says it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) claims: Map<String, Value>,
    pub(super) token: String,
}

#[derive(Debug)]
pub(super) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    scopes: Vec<Scope>,
    clock_skew: Duration,
    http: Http,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Instant)>,
    failed_at: Option<Instant>,
}

impl Provider {
    pub(super) fn new(settled: &Settled) -> Self {
        Self {
            issuer: settled.issuer.clone(),
            client_id: settled.client_id.clone(),
            client_secret: settled.client_secret.clone(),
            scopes: settled.scopes.clone(),
            clock_skew: settled.clock_skew,
            http: Http {
                ca_file: settled.ca_file.clone(),
            },
            known: Mutex::default(),
        }
    }

    /// Whether it is named so.
    pub(super) fn is(&self, issuer: &str) -> bool {
        self.issuer.as_str() == issuer
    }

    /// Where somebody is to sign in who then comes back to `redirect`.
    pub(super) async fn set_out(&self, redirect: String, ids: &dyn Ids) -> Result<SetOut, Trouble> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata, redirect)?;
        let (state, nonce, verifier) = (drawn(ids), drawn(ids), drawn(ids));
        let proof = PkceCodeVerifier::new(verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&proof);
        let (asked_state, asked_nonce) = (state.clone(), nonce.clone());
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(asked_state),
                move || Nonce::new(asked_nonce),
            )
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        let url = trusted(url.to_string()).ok_or_else(|| {
            Trouble::Unreachable("its authorization_endpoint is not https://".to_owned())
        })?;
        Ok(SetOut {
            url,
            state,
            nonce,
            verifier,
        })
    }

    /// What it says of whoever came back. A token that names a key that is not known has the keys fetched again.
    pub(super) async fn claims(&self, came: CameBack, now: Timestamp) -> Result<Said, Trouble> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata, came.redirect.clone())?;
        let token = self.token(&client, &came).await?;
        let nonce = Nonce::new(came.nonce);
        match self.check(&client, &token, &nonce, now) {
            Ok(()) => {}
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let metadata = self.renewed(&metadata).await?;
                let client = self.client(&metadata, came.redirect)?;
                let checked = self.check(&client, &token, &nonce, now);
                checked.map_err(|error| Trouble::Token(chain(&error).to_string()))?;
            }
            Err(error) => return Err(Trouble::Token(chain(&error).to_string())),
        }
        let token = token.to_string();
        let claims = claims(&token);
        let claims = claims.ok_or_else(|| Trouble::Token("it has no claims".to_owned()))?;
        Ok(Said { claims, token })
    }

    /// Where somebody goes whose session here has ended, for it to end there, too: none where the provider has no such
    /// place, or does not answer.
    pub(super) async fn end(&self, hint: Option<&str>, back: String) -> Option<String> {
        let metadata = self.metadata().await.ok()?;
        let place = &metadata.additional_metadata().end_session_endpoint;
        let mut request = LogoutRequest::from(place.clone()?).set_client_id(self.client_id.clone());
        if let Ok(back) = PostLogoutRedirectUrl::new(back) {
            request = request.set_post_logout_redirect_uri(back);
        }
        if let Some(Ok(token)) = hint.map(CoreIdToken::from_str) {
            request = request.set_id_token_hint(&token);
        }
        trusted(request.http_get_url().to_string())
    }

    async fn token(&self, client: &Client, came: &CameBack) -> Result<CoreIdToken, Trouble> {
        let code = AuthorizationCode::new(came.code.clone());
        let request = client.exchange_code(code);
        let request = request.map_err(|error| Trouble::Unreachable(chain(&error).to_string()))?;
        let verifier = PkceCodeVerifier::new(came.verifier.clone());
        let answer = request
            .set_pkce_verifier(verifier)
            .request_async(&self.http)
            .await;
        let answer = answer.map_err(|error| match &error {
            RequestTokenError::ServerResponse(_) => Trouble::Refused(chain(&error).to_string()),
            _ => Trouble::Unreachable(chain(&error).to_string()),
        })?;
        let token = answer.id_token().cloned();
        token.ok_or_else(|| Trouble::Token("the provider gave no ID token".to_owned()))
    }

    /// By the library: signature, issuer, audience, nonce and end; and that it was not made after now.
    fn check(
        &self,
        client: &Client,
        token: &CoreIdToken,
        nonce: &Nonce,
        now: Timestamp,
    ) -> Result<(), ClaimsVerificationError> {
        let now = SystemTime::from(now);
        let earliest = now.checked_sub(self.clock_skew).unwrap_or(now);
        let latest = now.checked_add(self.clock_skew).unwrap_or(now);
        let verifier = client
            .id_token_verifier()
            // By a public key: what is signed by a shared secret, everybody could have signed who has it.
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_time_fn(move || earliest.into())
            .set_issue_time_verifier_fn(move |issued| match SystemTime::from(issued) > latest {
                true => Err("the token was issued in the future".to_owned()),
                false => Ok(()),
            });
        token.claims(&verifier, nonce).map(|_| ())
    }

    fn client(&self, metadata: &Metadata, redirect: String) -> Result<Client, Trouble> {
        let redirect = RedirectUrl::new(redirect);
        let redirect = redirect.map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let auth_type = auth_type(metadata);
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
        );
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth_type))
    }

    /// What is known of it, fetched where nothing is, or where that is old.
    async fn metadata(&self) -> Result<Arc<Metadata>, Trouble> {
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.metadata
            && at.elapsed() < KEPT_FOR
        {
            return Ok(Arc::clone(metadata));
        }
        let before = known.metadata.as_ref();
        let before = before.map(|(metadata, _)| Arc::clone(metadata));
        let is_left_alone = known
            .failed_at
            .is_some_and(|at| at.elapsed() < LEFT_ALONE_FOR);
        match (is_left_alone, before) {
            (true, Some(before)) => Ok(before),
            (true, None) => Err(Trouble::Unreachable("it did not answer lately".to_owned())),
            (false, Some(before)) => Ok(self.fetched(&mut known).await.unwrap_or(before)),
            (false, None) => self.fetched(&mut known).await,
        }
    }

    /// What is known of it, fetched unless somebody else just did.
    async fn renewed(&self, old: &Arc<Metadata>) -> Result<Arc<Metadata>, Trouble> {
        let mut known = self.known.lock().await;
        if let Some((metadata, _)) = &known.metadata
            && !Arc::ptr_eq(metadata, old)
        {
            return Ok(Arc::clone(metadata));
        }
        self.fetched(&mut known).await
    }

    async fn fetched(&self, known: &mut Known) -> Result<Arc<Metadata>, Trouble> {
        let issuer = self.issuer.clone();
        match Metadata::discover_async(issuer, &self.http).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                let at = Instant::now();
                *known = Known {
                    metadata: Some((Arc::clone(&metadata), at)),
                    failed_at: None,
                };
                Ok(metadata)
            }
            Err(error) => {
                known.failed_at = Some(Instant::now());
                Err(Trouble::Unreachable(chain(&error).to_string()))
            }
        }
    }
}

/// What nobody can guess, in 43 letters, as many as a verifier has to have.
fn drawn(ids: &dyn Ids) -> String {
    let mut bytes = [0; 32];
    ids.fill(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// How the console shows its secret: in a header, unless the provider takes it in the body alone.
fn auth_type(metadata: &Metadata) -> AuthType {
    let taken = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| taken.is_some_and(|taken| taken.contains(&method));
    let in_body = takes(CoreClientAuthMethod::ClientSecretPost);
    match in_body && !takes(CoreClientAuthMethod::ClientSecretBasic) {
        true => AuthType::RequestBody,
        false => AuthType::BasicAuth,
    }
}

/// All claims of a token that was checked: the library's own type knows some of them.
fn claims(token: &str) -> Option<Map<String, Value>> {
    let payload = token.split('.').nth(1)?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// An address to which a browser may be sent.
fn trusted(url: String) -> Option<String> {
    let parsed: Uri = url.parse().ok()?;
    is_trusted(&parsed).then_some(url)
}
