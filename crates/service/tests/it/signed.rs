//! Signed tokens: whose are taken, and whose are not.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use aftercall_service::{Authenticator, Clock, CredentialsError, Principal, Role, SystemClock};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tonic::Code;

use crate::probe::{Running, config, start};

/// Keys and tokens that PyJWT 2 and jose 6 (Node.js) made, good until the year 2100.
const OTHERS_KEYS: &str = include_str!("signed/jwks.json");
const OTHERS_TOKENS: &str = include_str!("signed/tokens.json");

/// The year 2026.
const NOW_S: i64 = 1_790_000_000;

/// Somebody who gives out tokens.
struct Issuer {
    id: String,
    key: Ed25519KeyPair,
}

impl Issuer {
    fn new(id: &str) -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self {
            id: id.to_owned(),
            key: Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap(),
        }
    }

    fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "use": "sig", "x": x})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let said = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(said.as_bytes()));
        format!("{said}.{signature}")
    }

    fn token(&self, claims: &Value) -> String {
        self.sign(&json!({"alg": "EdDSA", "kid": self.id}), claims)
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://identity.example", "aud": "aftercall", "sub": "ann", "tenant": "acme",
        "realm_access": {"roles": ["call-agent", "lead", "unknown"]}, "exp": NOW_S + 600,
        "groups": ["billing", "", "\u{7}"], "sites": "lyon nantes",
    })
}

/// The claims, with one of them as `value`; without it where that is null.
fn with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    match value.is_null() {
        true => drop(claims.as_object_mut().unwrap().remove(claim)),
        false => claims[claim] = value,
    }
    claims
}

const ISSUER: &str = r#"
[[issuer]]
issuer = "https://identity.example"
audience = "aftercall"
KEYS
tenant_claim = "tenant"
roles_claim = "realm_access.roles"
teams_claim = "groups"
kind = "AGENT"
country = "DE"
[issuer.roles]
call-agent = "agent"
lead = "team_lead"
"#;

fn read(keys: &str, dir: &TempDir) -> Result<Authenticator, CredentialsError> {
    let path = dir.path().join("credentials.toml");
    std::fs::write(&path, ISSUER.replace("KEYS", keys)).unwrap();
    Authenticator::from_file(&path)
}

/// An authenticator that has read these keys.
async fn knowing(keys: &[Value]) -> (Authenticator, TempDir) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("jwks.json");
    std::fs::write(&path, json!({"keys": keys}).to_string()).unwrap();
    let authenticator = read(&format!("jwks_file = {path:?}"), &dir).unwrap();
    authenticator.refresh_keys().await;
    (authenticator, dir)
}

fn bearer(authenticator: &Authenticator, token: &str) -> Option<Principal> {
    let mut headers = HeaderMap::new();
    let header = format!("Bearer {token}").parse().unwrap();
    headers.insert(AUTHORIZATION, header);
    let now = jiff::Timestamp::from_second(NOW_S).unwrap();
    authenticator.principal(&headers, now).ok()
}

#[tokio::test]
async fn a_token_says_who_calls_and_roles_are_translated() {
    let issuer = Issuer::new("1");
    let (authenticator, _dir) = knowing(&[issuer.jwk()]).await;
    let ann = bearer(&authenticator, &issuer.token(&claims())).unwrap();
    assert_eq!((&*ann.tenant_id, &*ann.actor_id), ("acme", "ann"));
    assert_eq!(
        ann.roles.iter().collect::<Vec<_>>(),
        [Role::Agent, Role::TeamLead]
    );
    assert_eq!(ann.country, "DE".parse().ok());
    assert_eq!(ann.teams.iter().collect::<Vec<_>>(), ["billing"]);
    assert_eq!(ann.sites.iter().collect::<Vec<_>>(), ["lyon", "nantes"]);
}

#[tokio::test]
async fn a_token_that_names_no_team_is_of_none_and_of_very_many_some_count() {
    let issuer = Issuer::new("1");
    let (authenticator, _dir) = knowing(&[issuer.jwk()]).await;
    let many: Vec<_> = (0..10_000).map(|no| format!("team-{no}")).collect();
    for (groups, counted) in [
        (Value::Null, 0),
        (json!(7), 0),
        (json!({"billing": true}), 0),
        (json!(many), 100),
    ] {
        let token = issuer.token(&with("groups", groups.clone()));
        let ann = bearer(&authenticator, &token).unwrap();
        assert_eq!(ann.teams.len(), counted);
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_us_now_is_nobodys() {
    let issuer = Issuer::new("1");
    let (authenticator, _dir) = knowing(&[issuer.jwk()]).await;
    let cases = [
        ("iss", json!("https://else.example"), false),
        ("iss", Value::Null, false),
        ("aud", json!("crm"), false),
        ("aud", json!(["crm", "aftercall"]), true),
        ("aud", Value::Null, false),
        // Clocks may differ by a minute.
        ("exp", json!(NOW_S - 59), true),
        ("exp", json!(NOW_S - 60), false),
        ("exp", Value::Null, false),
        ("exp", json!("never"), false),
        ("exp", json!(-1), false),
        ("exp", json!(1e300), false),
        ("nbf", json!(NOW_S + 60), true),
        ("nbf", json!(NOW_S + 61), false),
        ("nbf", json!("yesterday"), false),
        ("sub", Value::Null, false),
        ("sub", json!("a|b"), false),
        ("sub", json!(7), false),
        ("tenant", Value::Null, false),
        ("tenant", json!(""), false),
        ("tenant", json!(["acme"]), false),
    ];
    for (claim, value, taken) in cases {
        let token = issuer.token(&with(claim, value.clone()));
        let found = bearer(&authenticator, &token);
        assert_eq!(found.is_some(), taken, "{claim}: {value}");
    }
}

#[tokio::test]
async fn a_token_that_nobody_known_signed_is_nobodys() {
    let issuer = Issuer::new("1");
    let (authenticator, _dir) = knowing(&[issuer.jwk()]).await;
    let good = issuer.token(&claims());
    assert!(bearer(&authenticator, &good).is_some());

    let forged = Issuer::new("1").token(&claims());
    assert_eq!(
        bearer(&authenticator, &forged),
        None,
        "another key of the same name"
    );
    let named = Issuer::new("2").token(&claims());
    assert_eq!(bearer(&authenticator, &named), None);
    let (said, signature) = good.rsplit_once('.').unwrap();
    for broken in [
        format!("{said}."),
        said.to_owned(),
        format!("{good}."),
        format!("{said}.{said}"),
    ] {
        assert_eq!(bearer(&authenticator, &broken), None, "{broken}");
    }
    for algorithm in ["none", "None", "HS256", "ES256", "RS256"] {
        let header = json!({"alg": algorithm, "kid": "1"});
        let said = issuer.sign(&header, &claims());
        assert_eq!(bearer(&authenticator, &said), None, "{algorithm}");
    }
    let header = json!({"alg": "EdDSA", "kid": "1", "crit": ["exp"], "exp": 1});
    assert_eq!(
        bearer(&authenticator, &issuer.sign(&header, &claims())),
        None
    );
    // The claims of one, with the signature of the other.
    let other = issuer.token(&with("sub", json!("bob")));
    let (other, _) = other.rsplit_once('.').unwrap();
    assert_eq!(
        bearer(&authenticator, &format!("{other}.{signature}")),
        None
    );
}

#[tokio::test]
async fn tokens_of_other_libraries_are_taken() {
    let keys: Value = serde_json::from_str(OTHERS_KEYS).unwrap();
    let (authenticator, _dir) = knowing(keys["keys"].as_array().unwrap()).await;
    let tokens: Value = serde_json::from_str(OTHERS_TOKENS).unwrap();
    let tokens = tokens.as_object().unwrap();
    assert_eq!(tokens.len(), 6);
    for (made, token) in tokens {
        let ann = bearer(&authenticator, token.as_str().unwrap());
        let ann = ann.unwrap_or_else(|| panic!("{made}"));
        assert_eq!(&*ann.actor_id, "ann", "{made}");
    }
}

#[tokio::test]
async fn keys_are_rotated_and_who_was_known_by_an_old_one_is_out() {
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    let (authenticator, dir) = knowing(&[old.jwk()]).await;
    let token = old.token(&claims());
    assert!(bearer(&authenticator, &token).is_some());
    let path = dir.path().join("jwks.json");
    std::fs::write(&path, "no keys").unwrap();
    authenticator.refresh_keys().await;
    assert!(
        bearer(&authenticator, &token).is_some(),
        "a broken file changes nothing"
    );
    std::fs::write(&path, json!({"keys": [new.jwk()]}).to_string()).unwrap();
    authenticator.refresh_keys().await;
    assert_eq!(bearer(&authenticator, &token), None);
    assert!(bearer(&authenticator, &new.token(&claims())).is_some());
}

/// Gives out keys over HTTP, and counts how often.
async fn giving_out(keys: Arc<Mutex<Value>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await;
            let body = keys.lock().to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn keys_come_from_an_address_and_a_servers_streams_end_with_the_token() {
    let issuer = Issuer::new("1");
    let keys = Arc::new(Mutex::new(json!({"keys": [issuer.jwk()]})));
    let address = giving_out(keys).await;
    let dir = TempDir::new().unwrap();
    let authenticator = read(&format!("jwks_url = \"http://{address}/jwks\""), &dir).unwrap();
    let running: Running = start(config(), authenticator).await;
    let now = SystemClock::new().now().as_second();
    let bearing = |left: i64| {
        let token = issuer.token(&with("exp", json!(now + left)));
        let mut request = tonic::Request::new(String::new());
        let header = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", header);
        request
    };
    // Keys are there soon after the start.
    while running.call_with("WhoAmI", bearing(600)).await.is_err() {
        tokio::task::yield_now().await;
    }
    // With what clocks may differ by, it is good for two more seconds.
    let mut watch = running.watch_with("Watch", bearing(-58)).await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");
    assert_eq!(
        watch.message().await.unwrap_err().code(),
        Code::Unauthenticated
    );
}

#[test]
fn what_is_wrong_with_an_issuer_is_named() {
    let dir = TempDir::new().unwrap();
    for (keys, named) in [
        ("", "jwks_file"),
        ("jwks_file = \"a\"\njwks_url = \"https://b\"", "jwks_file"),
        ("jwks_url = \"http://identity.example/jwks\"", "https://"),
        ("jwks_url = \"identity.example\"", "https://"),
        ("jwks_file = \"a\"\ntenant = \"acme\"", "tenant_claim"),
        (
            "jwks_file = \"a\"\nclock_skew = \"soon\"",
            "issuer[0].clock_skew",
        ),
    ] {
        let error = read(keys, &dir).unwrap_err().to_string();
        assert!(error.contains(named), "{keys}: {error}");
    }
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(b"[[issuer]]\nissuer = \"a\"").unwrap();
    let error = Authenticator::from_file(file.path()).unwrap_err();
    assert!(error.to_string().contains("issuer[0]"), "{error}");
}
