//! Which request is answered by whom.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aftercall_service::server::{Behind, Door};
use aftercall_service::{Authenticator, Clock, Ids, Vouched};
use futures::StreamExt;
use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyStream, StreamBody};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer, Service};

use crate::answer::Refusal;
use crate::config::ConsoleConfig;
use crate::cookie::{Cookies, KeyError};
use crate::guard::guard;
use crate::oidc::{OIDC, Oidc, OidcError};
use crate::origin::{Origin, Origins};
use crate::pages::Pages;
use crate::sessions::{Session, Sessions, SessionsError};

/// Where what the pages ask in JSON begins.
const API: &str = "/api/";

/// How the content type of gRPC-Web begins.
const GRPC_WEB: &[u8] = b"application/grpc-web";

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// An origin that can't be one.
    #[error(
        "console.origins: \"{origin}\" must be https:// and a host, with a port if it is not 443, as in \
         https://console.example"
    )]
    Origin {
        /// What stands there.
        origin: String,
    },
    /// Sessions that would end before they begin.
    #[error("console.session_age_max must be more than 0, as in \"12h\"")]
    Age,
    /// A setting of signing in elsewhere is wrong.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The directory of what it keeps can't be made.
    #[error("the console's directory, {}, can't be made", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key of its cookies can't be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The sessions can't be read.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
}

/// Where a console stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The directory of its key and its sessions. It is made where there is none.
    pub dir: &'a Path,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Whether the server speaks TLS by itself.
    pub is_secured: bool,
}

/// The console. Clones are the same.
#[derive(Debug, Clone)]
pub struct Console(pub(crate) Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) session_age_max: Duration,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) cookies: Cookies,
    pub(crate) sessions: Sessions,
    /// Where else people sign in, if they do.
    pub(crate) oidc: Option<Oidc>,
    origins: Origins,
    pages: Pages,
}

/// Who signed in and asks.
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    pub(crate) over: CancellationToken,
    token: String,
    /// Who that is, where somebody else said so than the token.
    vouched: Option<Vouched>,
}

impl Console {
    /// A console at `place`, whose callers `authenticator` knows.
    ///
    /// # Errors
    /// [`ConsoleError`], which names the setting or the file, and what to do.
    pub fn open(
        config: &ConsoleConfig,
        place: Place<'_>,
        authenticator: Arc<Authenticator>,
        (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>),
    ) -> Result<Self, ConsoleError> {
        let origins = Origins::new(&config.origins, place.listen, place.is_secured)?;
        if config.session_age_max.is_zero() {
            return Err(ConsoleError::Age);
        }
        let oidc = Oidc::open(&config.oidc, authenticator.has_credentials())?;
        std::fs::create_dir_all(place.dir).map_err(|source| ConsoleError::Directory {
            path: place.dir.to_owned(),
            source,
        })?;
        Ok(Self(Arc::new(Shared {
            session_age_max: config.session_age_max,
            authenticator,
            cookies: Cookies::open(&place.dir.join("key"), ids.as_ref())?,
            sessions: Sessions::open(place.dir.join("sessions.json"))?,
            oidc,
            clock,
            ids,
            origins,
            pages: Pages::open(),
        })))
    }
}

impl Door for Console {
    fn answer(&self, request: Request<Body>, behind: Behind) -> BoxFuture<'static, Response<Body>> {
        let console = self.clone();
        Box::pin(async move { console.0.respond(request, behind).await })
    }
}

impl Shared {
    async fn respond(self: &Arc<Self>, request: Request<Body>, behind: Behind) -> Response<Body> {
        let (mut response, is_secured) = match self.origins.of(&request) {
            Ok(origin) => {
                let answer = self.answer(&origin, request, behind).await;
                (answer.unwrap_or_else(Refusal::answer), origin.is_secured())
            }
            Err(refusal) => (refusal.answer(), false),
        };
        guard(response.headers_mut(), is_secured);
        response
    }

    async fn answer(
        self: &Arc<Self>,
        origin: &Origin,
        mut request: Request<Body>,
        behind: Behind,
    ) -> Result<Response<Body>, Refusal> {
        let signed_in = self.signed_in(&request);
        if request.uri().path().starts_with(OIDC) {
            return self.elsewhere(origin, request, signed_in).await;
        }
        // A page has no token to send: its session's is the one that counts.
        let headers = request.headers_mut();
        headers.remove(AUTHORIZATION);
        headers.remove(COOKIE);
        if let Some(signed_in) = &signed_in {
            signed_in.show(&mut request)?;
        }
        if is_grpc_web(&request) {
            origin.require_own_page(&request)?;
            return Ok(self.called(request, behind, signed_in).await);
        }
        if request.uri().path().starts_with(API) {
            origin.require_own_page(&request)?;
            return self.api(origin, request, signed_in).await;
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Refusal::Method);
        }
        Origin::require_page(request.headers())?;
        self.pages.at(request.uri().path(), request.headers())
    }

    /// What the services answer. A session that ends takes its streams along.
    async fn called(
        &self,
        request: Request<Body>,
        behind: Behind,
        signed_in: Option<SignedIn>,
    ) -> Response<Body> {
        let mut services = GrpcWebLayer::new().layer(behind);
        let Ok(response) = services.call(request).await;
        let Some(SignedIn { session, over, .. }) = signed_in else {
            return response;
        };
        let expired = self.clock.sleep_until(session.ends_at);
        response.map(|body| {
            let ended = async move {
                tokio::select! {
                    () = over.cancelled() => {}
                    () = expired => {}
                }
            };
            let frames = BodyStream::new(body).take_until(ended);
            Body::new(StreamBody::new(frames))
        })
    }

    fn signed_in(&self, request: &Request<Body>) -> Option<SignedIn> {
        let held = self.cookies.of(request.headers())?;
        let now = self.clock.now();
        let (session, over) = self.sessions.get(&held.session_id, now)?;
        let vouched = match &session.granted {
            None => None,
            // Where nobody signs in elsewhere any more, or others do, these sessions are over.
            Some(granted) => Some(self.oidc.as_ref()?.vouch(granted, &session, over.clone())?),
        };
        Some(SignedIn {
            session,
            over,
            token: held.token,
            vouched,
        })
    }
}

impl SignedIn {
    /// Has `request` say who it is.
    fn show(&self, request: &mut Request<Body>) -> Result<(), Refusal> {
        match &self.vouched {
            Some(vouched) => {
                request.extensions_mut().insert(vouched.clone());
            }
            None => {
                let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token));
                let mut bearer = bearer.map_err(|_| Refusal::SignedOut)?;
                bearer.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, bearer);
            }
        }
        Ok(())
    }

    /// The provider's own token, by which it knows whose session there is to end, too; none of somebody who signed in
    /// here.
    pub(crate) fn elsewhere(&self) -> Option<Option<&str>> {
        self.vouched.as_ref()?;
        Some(Some(self.token.as_str()).filter(|token| !token.is_empty()))
    }
}

fn is_grpc_web(request: &Request<Body>) -> bool {
    let content = request.headers().get(CONTENT_TYPE);
    content.is_some_and(|content| content.as_bytes().starts_with(GRPC_WEB))
}
