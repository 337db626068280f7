//! Sessions, in JSON: who one is, signing in, what sessions there are, ending them.

use std::sync::Arc;

use aftercall_service::{Permissions, Principal, Role};
use http::header::{AUTHORIZATION, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Limited};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tonic::body::Body;

use crate::answer::{Refusal, json};
use crate::console::{Shared, SignedIn};
use crate::cookie::{Cookies, Held, TOKEN_BYTES_MAX};
use crate::oidc::{Granted, Oidc};
use crate::origin::Origin;
use crate::sessions::Session;

/// The largest body that is read, in bytes.
const BODY_BYTES_MAX: usize = 8 << 10;

/// How much is kept of what a browser says that it is, in bytes.
const BROWSER_BYTES_MAX: usize = 256;

/// Who asks, as the pages are told.
#[derive(Serialize)]
struct Who<'a> {
    tenant: &'a str,
    actor: &'a str,
    roles: Vec<&'static str>,
    teams: Vec<&'a str>,
    /// The methods that the roles allow, by their paths: what is not among them is not offered.
    methods: Vec<&'a str>,
    /// When the session ends; none where nobody has to sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Timestamp>,
}

/// A session, as it is listed.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    tenant: &'a str,
    actor: &'a str,
    began_at: Timestamp,
    ends_at: Timestamp,
    browser: &'a str,
    /// Whether it is the one by which it is asked.
    is_this: bool,
}

/// How somebody can sign in, besides by a token.
#[derive(Serialize)]
struct Ways<'a> {
    /// What the provider is called where people sign in elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<&'a str>,
}

/// What is answered to who signed out.
#[derive(Serialize)]
struct SignedOut {
    /// Where the browser has to go for it to be true elsewhere, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    leads_to: Option<String>,
}

/// Somebody who is let in: by which token, and whom a provider says that it is.
pub(crate) struct LetIn {
    pub(crate) who: Principal,
    pub(crate) token: String,
    pub(crate) granted: Option<Granted>,
    pub(crate) browser: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    token: String,
}

impl Shared {
    pub(crate) async fn api(
        self: &Arc<Self>,
        origin: &Origin,
        request: Request<Body>,
        signed_in: Option<SignedIn>,
    ) -> Result<Response<Body>, Refusal> {
        let path = request.uri().path().to_owned();
        let method = request.method().clone();
        match (path.as_str(), method) {
            ("/api/session", Method::GET) => {
                let who = self.who(&request)?;
                Ok(told(&who, signed_in.map(|one| one.session.ends_at)))
            }
            ("/api/session", Method::POST) => self.sign_in(request, signed_in).await,
            ("/api/session", Method::DELETE) => self.sign_out(origin, signed_in).await,
            ("/api/sign-in", Method::GET) => Ok(json(&Ways {
                oidc: self.oidc.as_ref().map(Oidc::name),
            })),
            ("/api/sessions", Method::GET) => self.list(&request, signed_in),
            (path, Method::DELETE) => match path.strip_prefix("/api/sessions/") {
                Some(id) => {
                    let who = self.who(&request)?;
                    self.end(&who, id).await
                }
                None => Err(Refusal::Nothing),
            },
            ("/api/session" | "/api/sessions" | "/api/sign-in", _) => Err(Refusal::Method),
            _ => Err(Refusal::Nothing),
        }
    }

    fn who(&self, request: &Request<Body>) -> Result<Principal, Refusal> {
        let who = self.authenticator.caller(request, self.clock.now());
        who.map_err(|_| Refusal::SignedOut)
    }

    async fn sign_in(
        self: &Arc<Self>,
        request: Request<Body>,
        before: Option<SignedIn>,
    ) -> Result<Response<Body>, Refusal> {
        let browser = browser(request.headers());
        let token = token(request.into_body()).await?;
        let now = self.clock.now();
        let who = self.known(&token, now)?;
        let let_in = LetIn {
            who: who.clone(),
            token,
            granted: None,
            browser,
        };
        let before = before.map(|before| before.session.id);
        let (cookie, ends_at) = self.begin(let_in, before).await?;
        let mut response = told(&who, Some(ends_at));
        response.headers_mut().insert(SET_COOKIE, cookie);
        Ok(response)
    }

    /// Begins a session, in place of the one of the id `before`. Gives the header that has the browser keep it, and when
    /// it ends.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        let_in: LetIn,
        before: Option<String>,
    ) -> Result<(HeaderValue, Timestamp), Refusal> {
        let now = self.clock.now();
        let session = Session {
            id: self.ids.uuid_v7().to_string(),
            tenant: let_in.who.tenant_id.to_string(),
            actor: let_in.who.actor_id.to_string(),
            began_at: now,
            ends_at: self.end_of_session(now),
            browser: let_in.browser,
            granted: let_in.granted,
        };
        let ends_at = session.ends_at;
        let held = Held {
            session_id: session.id.clone(),
            token: let_in.token,
        };
        let seconds = self.session_age_max.as_secs();
        let kept = self.cookies.keep(&held, seconds, self.ids.as_ref());
        let cookie = kept.ok_or(Refusal::Unkept)?;
        let sessions = self.sessions.clone();
        self.on_disk(move || {
            sessions.begin(session)?;
            // Who signs in anew leaves nothing behind by which somebody else could go on.
            match before {
                Some(before) => sessions.end(&before),
                None => Ok(()),
            }
        })
        .await?;
        Ok((cookie, ends_at))
    }

    /// Whose token it is.
    fn known(&self, token: &str, now: Timestamp) -> Result<Principal, Refusal> {
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer.map_err(|_| Refusal::Token)?);
        let who = self.authenticator.principal(&headers, now);
        who.map_err(|_| Refusal::Token)
    }

    fn end_of_session(&self, now: Timestamp) -> Timestamp {
        let age = SignedDuration::try_from(self.session_age_max).unwrap_or(SignedDuration::MAX);
        now.saturating_add(age).unwrap_or(Timestamp::MAX)
    }

    async fn sign_out(
        self: &Arc<Self>,
        origin: &Origin,
        signed_in: Option<SignedIn>,
    ) -> Result<Response<Body>, Refusal> {
        let mut leads_to = None;
        if let Some(signed_in) = signed_in {
            let (sessions, id) = (self.sessions.clone(), signed_in.session.id.clone());
            self.on_disk(move || sessions.end(&id)).await?;
            if let (Some(oidc), Some(hint)) = (&self.oidc, signed_in.elsewhere()) {
                leads_to = oidc.end(hint, origin).await;
            }
        }
        let mut response = json(&SignedOut { leads_to });
        if let Some(forget) = Cookies::forget() {
            response.headers_mut().insert(SET_COOKIE, forget);
        }
        Ok(response)
    }

    /// One's own sessions; whoever administers the tenant sees all of its.
    fn list(
        &self,
        request: &Request<Body>,
        signed_in: Option<SignedIn>,
    ) -> Result<Response<Body>, Refusal> {
        let who = self.who(request)?;
        let this = signed_in.map(|one| one.session.id);
        let listed = self
            .sessions
            .list(self.clock.now(), |one| may_end(&who, one));
        let listed = listed.iter().map(|session| Listed {
            id: &session.id,
            tenant: &session.tenant,
            actor: &session.actor,
            began_at: session.began_at,
            ends_at: session.ends_at,
            browser: &session.browser,
            is_this: this.as_ref() == Some(&session.id),
        });
        Ok(json(&listed.collect::<Vec<_>>()))
    }

    async fn end(self: &Arc<Self>, who: &Principal, id: &str) -> Result<Response<Body>, Refusal> {
        let found = self.sessions.get(id, self.clock.now());
        let found = found.filter(|(session, _)| may_end(who, session));
        let (session, _) = found.ok_or(Refusal::NoSession)?;
        let sessions = self.sessions.clone();
        self.on_disk(move || sessions.end(&session.id)).await?;
        Ok(json(&serde_json::json!({})))
    }

    /// Does what waits for the disk where waiting harms nobody.
    async fn on_disk(
        self: &Arc<Self>,
        work: impl FnOnce() -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), Refusal> {
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the console's sessions can't be written");
                Err(Refusal::Unkept)
            }
            Err(_) => Err(Refusal::Unkept),
        }
    }
}

fn may_end(who: &Principal, session: &Session) -> bool {
    let administers = who.roles.contains(Role::TenantAdmin);
    session.is_of(who) || administers && session.tenant == *who.tenant_id
}

fn told(who: &Principal, ends_at: Option<Timestamp>) -> Response<Body> {
    let permissions = Permissions::default();
    let allowed = permissions.iter();
    let allowed = allowed.filter(|(_, any_of)| who.require_any(any_of).is_ok());
    let mut methods: Vec<_> = allowed.map(|(path, _)| path).collect();
    methods.sort_unstable();
    json(&Who {
        tenant: &who.tenant_id,
        actor: &who.actor_id,
        roles: who.roles.iter().map(Role::name).collect(),
        teams: who.teams.iter().map(String::as_str).collect(),
        methods,
        ends_at,
    })
}

/// What a browser says that it is, as much as is kept of it.
pub(crate) fn browser(headers: &HeaderMap) -> String {
    let said = headers.get(USER_AGENT).and_then(|said| said.to_str().ok());
    let said = said.unwrap_or_default();
    said[..said.floor_char_boundary(BROWSER_BYTES_MAX)].to_owned()
}

/// The token in a body.
async fn token(body: Body) -> Result<String, Refusal> {
    let read = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let read = read.map_err(|_| Refusal::Body)?.to_bytes();
    let SignIn { token } = serde_json::from_slice(&read).map_err(|_| Refusal::Body)?;
    match token.len() {
        1..=TOKEN_BYTES_MAX => Ok(token),
        _ => Err(Refusal::Body),
    }
}
