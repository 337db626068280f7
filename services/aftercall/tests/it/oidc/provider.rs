//! A provider of OpenID Connect, over HTTP on this machine: it lets everybody in, and looks closely at who asks for a
//! token.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use aftercall_service::{Clock, SystemClock};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

/// The name and the secret of the console there.
pub(crate) const CLIENT_ID: &str = "aftercall";
pub(crate) const CLIENT_SECRET: &str = "a secret";

/// What is done to the claims of a token before it is signed.
type Change = Box<dyn Fn(&mut Value) + Send>;

/// The provider, until the process ends.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    state: Arc<Mutex<State>>,
}

struct State {
    key: Key,
    /// The key that the key set has.
    published: Value,
    /// What was asked for, by the codes that were given out.
    asked: HashMap<String, HashMap<String, String>>,
    change: Change,
}

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self {
            id: id.to_owned(),
            pair: EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap(),
        }
    }

    fn jwk(&self) -> Value {
        // The first byte says that the point is not compressed.
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.id, "x": part(x), "y": part(y),
        })
    }

    fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": self.id});
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let said = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), said.as_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.unwrap().as_ref());
        format!("{said}.{signature}")
    }
}

impl Provider {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let key = Key::new("first");
        let state = State {
            published: key.jwk(),
            key,
            asked: HashMap::new(),
            change: Box::new(|_| {}),
        };
        let provider = Self {
            issuer,
            state: Arc::new(Mutex::new(state)),
        };
        let serving = provider.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(serving.serve(listener));
        });
        provider
    }

    /// Has its tokens say something else from now on.
    pub(crate) fn says(&self, change: impl Fn(&mut Value) + Send + 'static) {
        self.state.lock().change = Box::new(change);
    }

    /// Signs by another key from now on, which nobody can know yet.
    pub(crate) fn rotate(&self) {
        self.state.lock().key = Key::new("second");
    }

    /// Has the key set have the key by which is signed.
    pub(crate) fn publish(&self) {
        let mut state = self.state.lock();
        state.published = state.key.jwk();
    }

    async fn serve(self, listener: TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let mut connections = JoinSet::new();
        while let Ok((connection, _)) = listener.accept().await {
            let provider = self.clone();
            connections.spawn(async move {
                let service = service_fn(|request| provider.answer(request));
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = match head.uri.path() {
            "/.well-known/openid-configuration" => said(StatusCode::OK, &self.document()),
            "/keys" => said(
                StatusCode::OK,
                &json!({"keys": [self.state.lock().published]}),
            ),
            "/authorize" => self.authorize(&head),
            "/token" => self.token(&head.headers, std::str::from_utf8(&body).unwrap()),
            _ => said(StatusCode::NOT_FOUND, &json!({})),
        };
        Ok(answer)
    }

    fn document(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "end_session_endpoint": at("/end"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        })
    }

    /// Lets everybody in, and leads back with a code.
    fn authorize(&self, head: &Parts) -> Response<Full<Bytes>> {
        let asked = parameters(head.uri.query().unwrap_or_default());
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT_ID);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|one| one == "openid"));
        let mut state = self.state.lock();
        let code = format!("code-{}", state.asked.len());
        let place = format!(
            "{}?code={code}&state={}",
            asked["redirect_uri"], asked["state"]
        );
        state.asked.insert(code, asked);
        let response = Response::builder().status(StatusCode::SEE_OTHER);
        let response = response.header(LOCATION, place);
        response.body(Full::default()).unwrap()
    }

    /// Gives a token for a code to whoever asked for it, once.
    fn token(&self, headers: &HeaderMap, body: &str) -> Response<Full<Bytes>> {
        let shown = headers
            .get(AUTHORIZATION)
            .and_then(|shown| shown.to_str().ok());
        // The secret's blank is a plus, as forms have it.
        let secret = CLIENT_SECRET.replace(' ', "+");
        let expected = BASE64_STANDARD.encode(format!("{CLIENT_ID}:{secret}"));
        if shown != Some(format!("Basic {expected}").as_str()) {
            return said(
                StatusCode::UNAUTHORIZED,
                &json!({"error": "invalid_client"}),
            );
        }
        let given = parameters(body);
        let mut state = self.state.lock();
        let asked = state.asked.get_mut(&given["code"]).map(std::mem::take);
        let is_theirs = |asked: &HashMap<String, String>| {
            let hash = Sha256::digest(given["code_verifier"].as_bytes());
            let challenge = BASE64_URL_SAFE_NO_PAD.encode(hash);
            asked.get("code_challenge") == Some(&challenge)
                && asked["redirect_uri"] == given["redirect_uri"]
                && given["grant_type"] == "authorization_code"
        };
        let Some(asked) = asked.filter(is_theirs) else {
            return said(StatusCode::BAD_REQUEST, &json!({"error": "invalid_grant"}));
        };
        let now = SystemClock::new().now().as_second();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "0b6e", "preferred_username": "ann",
            "iat": now, "exp": now + 300, "nonce": asked["nonce"],
            "realm_access": {"groups": ["/call agents", "/choir"]}, "teams": ["billing"],
        });
        (state.change)(&mut claims);
        let token = state.key.token(&claims);
        let answer = json!({
            "access_token": "of no use", "token_type": "Bearer", "expires_in": 60, "id_token": token,
        });
        said(StatusCode::OK, &answer)
    }
}

fn said(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status);
    let response = response.header(CONTENT_TYPE, "application/json");
    response.body(value.to_string().into()).unwrap()
}

/// The parameters of a query or a form.
pub(crate) fn parameters(text: &str) -> HashMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap();
                u8::from_str_radix(digits, 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
