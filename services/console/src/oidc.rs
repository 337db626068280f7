//! Signing in elsewhere: at a provider of OpenID Connect, by the authorization code flow with PKCE.
//!
//! It ends in a session like any other. Whom the provider's claims name stands in the list of sessions, beside nothing
//! that would let anybody in; the cookie holds the session's id. At each request the door vouches for whoever that is.

mod config;
mod granted;
mod http;
mod pending;
mod provider;

use std::sync::Arc;

use ::http::header::SET_COOKIE;
use ::http::request::Parts;
use ::http::{HeaderValue, Method, Request, Response};
use aftercall_service::{Principal, Roles, Vouched};
use jiff::Timestamp;
use openidconnect::url::form_urlencoded;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use crate::answer::{Refusal, lead};
use crate::api::{LetIn, browser};
use crate::console::{Shared, SignedIn};
use crate::cookie::{Cookies, TOKEN_BYTES_MAX};
use crate::origin::Origin;
use crate::sessions::Session;
use config::Settled;
use pending::{Pending, TAKES_MAX, Used, local};
use provider::{CameBack, Provider, Said, Trouble};

pub use config::{OidcConfig, OidcError};
pub(crate) use granted::Granted;

/// Where what belongs to signing in elsewhere begins.
pub(crate) const OIDC: &str = "/oidc/";

/// Where a sign-in begins, and where it comes back to.
const START: &str = "/oidc/start";
const CALLBACK: &str = "/oidc/callback";

/// How much of an error that a provider names is logged, in bytes.
const ERROR_BYTES_MAX: usize = 64;

/// Signing in elsewhere.
#[derive(Debug)]
pub(crate) struct Oidc {
    settled: Settled,
    provider: Provider,
    used: Used,
}

/// Why somebody is not let in who signed in elsewhere. The page is told the reason, which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unmet {
    /// Nothing is known of the sign-in: it took too long, came back before, or was begun by somebody else.
    Unknown,
    /// The provider did not let them in, or they did not want to.
    Refused,
    /// The provider does not answer.
    Unreachable,
    /// What it says can't be believed.
    Token,
    /// It names no tenant or no actor.
    Claims,
    /// It names no role that is one here.
    Role,
    /// The session can't be kept.
    Unkept,
}

impl Unmet {
    const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "SIGN_IN_UNKNOWN",
            Self::Refused => "SIGN_IN_REFUSED",
            Self::Unreachable => "PROVIDER_UNREACHABLE",
            Self::Token => "ID_TOKEN_INVALID",
            Self::Claims => "CLAIMS_INCOMPLETE",
            Self::Role => "ROLE_UNKNOWN",
            Self::Unkept => "SESSION_NOT_KEPT",
        }
    }
}

impl From<Trouble> for Unmet {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable(_) => Self::Unreachable,
            Trouble::Refused(_) => Self::Refused,
            Trouble::Token(_) => Self::Token,
        }
    }
}

/// With what somebody comes back.
#[derive(Debug)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
}

impl Oidc {
    /// By the settings; none where there are none.
    pub(crate) fn open(
        config: &OidcConfig,
        has_credentials: bool,
    ) -> Result<Option<Self>, OidcError> {
        let Some(settled) = config.settled()? else {
            return Ok(None);
        };
        if !has_credentials {
            return Err(OidcError::new(
                "issuer",
                "needs server.credentials: without it everybody is the developer, whoever signs in",
            ));
        }
        Ok(Some(Self {
            provider: Provider::new(&settled),
            settled,
            used: Used::default(),
        }))
    }

    /// What the provider is called.
    pub(crate) fn name(&self) -> &str {
        &self.settled.name
    }

    /// Vouches for whom the provider said that a session is; not by settings of before.
    pub(crate) fn vouch(
        &self,
        granted: &Granted,
        session: &Session,
        over: CancellationToken,
    ) -> Option<Vouched> {
        if granted.settings != self.settled.fingerprint {
            return None;
        }
        let principal = granted.principal(&session.tenant, &session.actor)?;
        Some(Vouched::new(principal, over))
    }

    /// Where a browser goes whose session has ended, for it to end at the provider, too.
    pub(crate) async fn end(&self, hint: Option<&str>, origin: &Origin) -> Option<String> {
        self.provider.end(hint, origin.at("/")).await
    }

    /// Whom the provider says that somebody is.
    async fn who(&self, came: CameBack, now: Timestamp) -> Result<(Principal, Said), Unmet> {
        let said = self.provider.claims(came, now).await;
        let said = said.inspect_err(warn)?;
        let who = self.settled.whom.principal(&said.claims);
        let who = who.ok_or(Unmet::Claims)?;
        match who.roles == Roles::default() {
            true => Err(Unmet::Role),
            false => Ok((who, said)),
        }
    }
}

impl Shared {
    /// What is asked below `/oidc/`.
    pub(crate) async fn elsewhere(
        self: &Arc<Self>,
        origin: &Origin,
        request: Request<Body>,
        signed_in: Option<SignedIn>,
    ) -> Result<Response<Body>, Refusal> {
        let oidc = self.oidc.as_ref().ok_or(Refusal::Nothing)?;
        if *request.method() != Method::GET {
            return Err(Refusal::Method);
        }
        Origin::require_page(request.headers())?;
        let (head, _) = request.into_parts();
        let before = signed_in.map(|one| one.session.id);
        match head.uri.path() {
            START => self.set_out(oidc, origin, &head, before).await,
            CALLBACK => self.come_back(oidc, origin, &head).await,
            _ => Err(Refusal::Nothing),
        }
    }

    /// Sends somebody to the provider.
    async fn set_out(
        &self,
        oidc: &Oidc,
        origin: &Origin,
        head: &Parts,
        before: Option<String>,
    ) -> Result<Response<Body>, Refusal> {
        let query = head.uri.query().unwrap_or_default();
        let to = local(parameter(query, "to").as_deref());
        let ids = self.ids.as_ref();
        let set_out = match oidc.provider.set_out(origin.at(CALLBACK), ids).await {
            Ok(set_out) => set_out,
            Err(trouble) => {
                warn(&trouble);
                return back_to_sign_in(trouble.into(), &to);
            }
        };
        let pending = Pending {
            state: set_out.state,
            nonce: set_out.nonce,
            verifier: set_out.verifier,
            to,
            before,
            ends_at: Pending::end(self.clock.now()),
        };
        let text = pending.text().ok_or(Refusal::Unkept)?;
        let cookie = self.cookies.keep_sign_in(text, TAKES_MAX.as_secs(), ids);
        let cookie = cookie.ok_or(Refusal::Unkept)?;
        let response = lead(&set_out.url).ok_or(Refusal::Unkept)?;
        Ok(with_cookies(response, [Some(cookie)]))
    }

    /// Lets somebody in who comes back, or says on the sign-in page why not.
    async fn come_back(
        self: &Arc<Self>,
        oidc: &Oidc,
        origin: &Origin,
        head: &Parts,
    ) -> Result<Response<Body>, Refusal> {
        let pending = self.cookies.sign_in_of(&head.headers);
        let pending = pending.and_then(|text| Pending::parse(&text));
        let to = pending.as_ref().map_or("/", |pending| pending.to.as_str());
        let to = to.to_owned();
        let before = pending.as_ref().and_then(|pending| pending.before.clone());
        let answer = Answer::of(head.uri.query().unwrap_or_default());
        let browser = browser(&head.headers);
        let let_in = match self.let_in(oidc, origin, (pending, answer)).await {
            Ok((who, said)) => {
                // What does not fit is left out: the provider then asks whose session it is to end.
                let fits = said.token.len() <= TOKEN_BYTES_MAX;
                let begun = LetIn {
                    granted: Some(Granted::new(&who, &oidc.settled.fingerprint)),
                    token: if fits { said.token } else { String::new() },
                    who,
                    browser,
                };
                self.begin(begun, before).await.map_err(|_| Unmet::Unkept)
            }
            Err(unmet) => Err(unmet),
        };
        // What was not asked for must not end what goes on: a page of somebody else's could lead here.
        let forget = match &let_in {
            Err(Unmet::Unknown) => None,
            _ => Cookies::forget_sign_in(),
        };
        let (response, session) = match let_in {
            Ok((cookie, _)) => (lead(&to).ok_or(Refusal::Unkept)?, Some(cookie)),
            Err(unmet) => {
                tracing::info!(
                    reason = unmet.reason(),
                    "a sign-in elsewhere came to nothing"
                );
                (back_to_sign_in(unmet, &to)?, None)
            }
        };
        Ok(with_cookies(response, [session, forget]))
    }

    /// Whom somebody is who comes back with `answer` and the cookie of `pending`.
    async fn let_in(
        &self,
        oidc: &Oidc,
        origin: &Origin,
        (pending, answer): (Option<Pending>, Answer),
    ) -> Result<(Principal, Said), Unmet> {
        let now = self.clock.now();
        // Without the cookie of who set out nothing is believed, not even an error; and each comes back once.
        let pending = pending.filter(|pending| answer.state.as_ref() == Some(&pending.state));
        let pending = pending.filter(|pending| oidc.used.first(pending, now));
        let pending = pending.ok_or(Unmet::Unknown)?;
        if let Some(issuer) = &answer.issuer
            && !oidc.provider.is(issuer)
        {
            return Err(Unmet::Token);
        }
        if let Some(error) = &answer.error {
            let shown = &error[..error.floor_char_boundary(ERROR_BYTES_MAX)];
            tracing::info!(error = ?shown, "the provider did not let somebody in");
            return Err(Unmet::Refused);
        }
        let came = CameBack {
            code: answer.code.ok_or(Unmet::Refused)?,
            nonce: pending.nonce,
            verifier: pending.verifier,
            redirect: origin.at(CALLBACK),
        };
        oidc.who(came, now).await
    }
}

impl Answer {
    fn of(query: &str) -> Self {
        Self {
            code: parameter(query, "code"),
            state: parameter(query, "state"),
            issuer: parameter(query, "iss"),
            error: parameter(query, "error"),
        }
    }
}

/// A parameter of a query, if it stands there once.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut found = pairs.filter(|(key, _)| key == name);
    let (_, value) = found.next()?;
    match found.next() {
        Some(_) => None,
        None => Some(value.into_owned()),
    }
}

/// Leads to the sign-in page, which says why, and leads on to `to`.
fn back_to_sign_in(unmet: Unmet, to: &str) -> Result<Response<Body>, Refusal> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("failed", unmet.reason());
    query.append_pair("to", to);
    let place = format!("/sign-in?{}", query.finish());
    lead(&place).ok_or(Refusal::Unkept)
}

fn with_cookies<const N: usize>(
    mut response: Response<Body>,
    cookies: [Option<HeaderValue>; N],
) -> Response<Body> {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn warn(trouble: &Trouble) {
    tracing::warn!(error = %trouble, "a provider can't be signed in at");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_stands_there_twice_is_none() {
        let query = "state=a%20b&code=1&code=2&empty=";
        assert_eq!(parameter(query, "state").as_deref(), Some("a b"));
        assert_eq!(parameter(query, "code"), None);
        assert_eq!(parameter(query, "empty").as_deref(), Some(""));
        assert_eq!(parameter(query, "iss"), None);
    }

    #[test]
    fn whoever_is_not_let_in_learns_why_on_a_page_of_ours() {
        let answer = back_to_sign_in(Unmet::Role, "/search?q=a&b=c").unwrap();
        let place = answer.headers()[::http::header::LOCATION].to_str().unwrap();
        let expected = "/sign-in?failed=ROLE_UNKNOWN&to=%2Fsearch%3Fq%3Da%26b%3Dc";
        assert_eq!(place, expected);
    }

    #[test]
    fn without_credentials_nobody_signs_in_elsewhere() {
        let config = OidcConfig {
            issuer: Some("https://identity.example".to_owned()),
            client_id: Some("aftercall".to_owned()),
            tenant: Some("acme".to_owned()),
            ..OidcConfig::default()
        };
        assert!(Oidc::open(&config, true).unwrap().is_some());
        let error = Oidc::open(&config, false).unwrap_err().to_string();
        assert!(error.contains("server.credentials"), "{error}");
        assert!(Oidc::open(&OidcConfig::default(), false).unwrap().is_none());
    }
}
