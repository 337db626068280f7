//! Signing in to the console at a provider of OpenID Connect.

mod provider;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::command::{Server, aftercall, run};
use crate::console::{Browser, COUNT, EMPTY, GRPC_WEB, known, status};
use provider::{CLIENT_ID, CLIENT_SECRET, Provider, parameters};

/// The cookie of a sign-in that goes on, and that of a session.
const SIGN_IN: &str = "__Host-aftercall-sign-in=";
const SESSION: &str = "__Host-aftercall=";

/// A house whose people sign in at a provider.
struct House {
    provider: Provider,
    /// What the configuration and the credentials stand in.
    files: TempDir,
    credentials: PathBuf,
    server: Server,
    browser: Browser,
}

/// Somebody on their way to the provider, or back from it.
struct Way {
    /// The address where they are sent, or the path to which they come back.
    to: String,
    /// The header of the cookie that they were given.
    cookie: String,
}

impl House {
    fn open() -> Self {
        let provider = Provider::start();
        let (files, credentials, data) = known();
        configure(&files, &settings(&provider.issuer, &files));
        let server = Server::spawn(&mut serve(&files, &credentials, &data), data);
        Self {
            browser: Browser::at(&server),
            provider,
            files,
            credentials,
            server,
        }
    }

    /// The same, started again with other settings.
    fn again(self, change: impl Fn(String) -> String) -> Self {
        let data = self.server.stop();
        let settings = settings(&self.provider.issuer, &self.files);
        configure(&self.files, &change(settings));
        let mut command = serve(&self.files, &self.credentials, &data);
        let server = Server::spawn(&mut command, data);
        Self {
            browser: Browser::at(&server),
            server,
            ..self
        }
    }

    /// Sets out, to be led to a path afterwards.
    fn set_out(&self, to: &str) -> Way {
        let answer = self
            .browser
            .ask(&format!("GET /oidc/start?to={to}"), "", "");
        assert_eq!(status(&answer), 303, "{answer}");
        Way {
            to: header(&answer, "location").to_owned(),
            cookie: cookie(&answer, SIGN_IN),
        }
    }

    /// Signs in at the provider, which leads back.
    fn sign_in(&self, way: Way) -> Way {
        let back = get(&way.to);
        let back = header(&back, "location");
        let ours = format!("http://{}", self.browser.address);
        let path = back.strip_prefix(&ours).unwrap();
        Way {
            to: path.to_owned(),
            ..way
        }
    }

    fn come_back(&self, way: &Way) -> String {
        let answer = self
            .browser
            .ask(&format!("GET {}", way.to), &way.cookie, "");
        assert_eq!(status(&answer), 303, "{answer}");
        answer
    }

    /// All of it; gives what is answered to who comes back.
    fn go_through(&self) -> String {
        self.come_back(&self.sign_in(self.set_out("/board")))
    }

    /// The header of the session of somebody who signs in.
    fn signed_in(&self) -> String {
        cookie(&self.go_through(), SESSION)
    }

    fn counts(&self, cookie: &str) -> String {
        let headers = format!("{cookie}{GRPC_WEB}");
        self.browser.post(COUNT, &headers, EMPTY)
    }
}

fn settings(issuer: &str, files: &TempDir) -> String {
    let secret = files.path().join("secret");
    std::fs::write(&secret, format!("{CLIENT_SECRET}\n")).unwrap();
    format!(
        r#"
[console.oidc]
issuer = "{issuer}"
client_id = "{CLIENT_ID}"
client_secret_file = {secret:?}
name = "The House"
tenant = "first"
actor_claim = "preferred_username"
roles_claim = "realm_access.groups"
kind = "SUPERVISOR"
[console.oidc.roles]
"/call agents" = "supervisor"
"#
    )
}

fn configure(files: &TempDir, settings: &str) {
    std::fs::write(files.path().join("aftercall.toml"), settings).unwrap();
}

fn serve(files: &TempDir, credentials: &std::path::Path, data: &TempDir) -> Command {
    let mut serve = aftercall(["serve", "--listen", "127.0.0.1:0"]);
    serve.args(["--metrics-listen", "127.0.0.1:0", "--data"]);
    serve.arg(data.path()).arg("--credentials").arg(credentials);
    serve
        .arg("--config")
        .arg(files.path().join("aftercall.toml"));
    serve
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines().take_while(|line| !line.is_empty());
    let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name}: {answer}"))
}

/// The header by which a browser sends the cookie that an answer sets.
fn cookie(answer: &str, named: &str) -> String {
    let mut set = answer
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "));
    let set = set
        .find(|set| set.starts_with(named))
        .unwrap_or_else(|| panic!("{answer}"));
    format!("cookie: {}\r\n", set.split(';').next().unwrap())
}

/// What is at an address of this machine.
fn get(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Why somebody was not let in, as the sign-in page is told. No session came of it.
fn failed(answer: &str) -> String {
    let place = header(answer, "location");
    let query = place
        .strip_prefix("/sign-in?")
        .unwrap_or_else(|| panic!("{answer}"));
    assert!(
        !answer.contains(&format!("set-cookie: {SESSION}")),
        "{answer}"
    );
    parameters(query).remove("failed").unwrap()
}

#[test]
fn who_signs_in_at_the_provider_has_a_session_like_any_other() {
    let house = House::open();
    let ways = house.browser.ask("GET /api/sign-in", "", "");
    assert!(ways.contains(r#"{"oidc":"The House"}"#), "{ways}");
    let back = house.sign_in(house.set_out("/promise/x%3Fa%3Db"));
    let answer = house.come_back(&back);
    assert_eq!(header(&answer, "location"), "/promise/x?a=b");
    for set in [
        "SameSite=Strict",
        "__Host-aftercall-sign-in=; Path=/; Max-Age=0",
    ] {
        assert!(answer.contains(set), "{set}: {answer}");
    }
    let ann = cookie(&answer, SESSION);
    let who = house.browser.ask("GET /api/session", &ann, "");
    for said in [
        r#""tenant":"first""#,
        r#""actor":"ann""#,
        r#""roles":["supervisor"]"#,
        r#""teams":["billing"]"#,
    ] {
        assert!(who.contains(said), "{said}: {who}");
    }
    let counted = house.counts(&ann);
    assert!(counted.contains("grpc-status:0"), "{counted}");
    let nobody = house.counts("");
    assert!(nobody.contains("grpc-status: 16"), "{nobody}");

    // It outlives a restart, and is listed and ended as one by a token is.
    let house = house.again(|settings| settings);
    let counted = house.counts(&ann);
    assert!(counted.contains("grpc-status:0"), "{counted}");
    let listed = house.browser.ask("GET /api/sessions", &ann, "");
    assert!(listed.contains(r#""actor":"ann""#), "{listed}");
    assert!(!listed.contains("granted"), "{listed}");
    let id = listed.split(r#""id":""#).nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    let own = format!("{}{ann}", house.browser.own());
    let ended = house
        .browser
        .ask(&format!("DELETE /api/sessions/{id}"), &own, "");
    assert_eq!(status(&ended), 200, "{ended}");
    let over = house.counts(&ann);
    assert!(over.contains("grpc-status: 16"), "{over}");
}

#[test]
fn who_signs_out_signs_out_at_the_provider_too() {
    let house = House::open();
    let ann = house.signed_in();
    let own = format!("{}{ann}", house.browser.own());
    let answer = house.browser.ask("DELETE /api/session", &own, "");
    let place = format!(r#"{{"leads_to":"{}/end?"#, house.provider.issuer);
    assert!(answer.contains(&place), "{answer}");
    for said in [
        "id_token_hint=ey",
        "client_id=aftercall",
        "post_logout_redirect_uri=",
    ] {
        assert!(answer.contains(said), "{said}: {answer}");
    }
    let over = house.counts(&ann);
    assert!(over.contains("grpc-status: 16"), "{over}");
}

#[test]
fn who_signs_in_anew_leaves_no_session_behind() {
    let house = House::open();
    let before = house.signed_in();
    let start = house.browser.ask("GET /oidc/start", &before, "");
    let way = Way {
        to: header(&start, "location").to_owned(),
        cookie: cookie(&start, SIGN_IN),
    };
    // A strict cookie does not come along from the provider's page: only that of the sign-in does.
    let answer = house.come_back(&house.sign_in(way));
    let over = house.counts(&before);
    assert!(over.contains("grpc-status: 16"), "{over}");
    let counted = house.counts(&cookie(&answer, SESSION));
    assert!(counted.contains("grpc-status:0"), "{counted}");
}

#[test]
fn sessions_of_other_settings_are_over() {
    let house = House::open();
    let ann = house.signed_in();
    let house = house.again(|settings| settings.replace("\"supervisor\"", "\"agent\""));
    let over = house.counts(&ann);
    assert!(over.contains("grpc-status: 16"), "{over}");
    let ann = house.signed_in();
    let house = house.again(|_| String::new());
    let over = house.counts(&ann);
    assert!(over.contains("grpc-status: 16"), "{over}");
    let ways = house.browser.ask("GET /api/sign-in", "", "");
    assert!(ways.ends_with("{}"), "{ways}");
    let start = house.browser.ask("GET /oidc/start", "", "");
    assert_eq!(status(&start), 404, "{start}");
}

#[test]
fn only_who_set_out_comes_back_and_once() {
    let house = House::open();
    let back = house.sign_in(house.set_out("/board"));
    let state = parameters(back.to.split_once('?').unwrap().1)
        .remove("state")
        .unwrap();
    let foreign = Way {
        to: back.to.replace(&state, "another"),
        cookie: back.cookie.clone(),
    };
    assert_eq!(failed(&house.come_back(&foreign)), "SIGN_IN_UNKNOWN");
    let bare = Way {
        to: back.to.clone(),
        cookie: String::new(),
    };
    assert_eq!(failed(&house.come_back(&bare)), "SIGN_IN_UNKNOWN");
    let made_up = Way {
        to: back.to.clone(),
        cookie: format!("cookie: {SIGN_IN}AAAA\r\n"),
    };
    assert_eq!(failed(&house.come_back(&made_up)), "SIGN_IN_UNKNOWN");
    assert_eq!(header(&house.come_back(&back), "location"), "/board");
    assert_eq!(failed(&house.come_back(&back)), "SIGN_IN_UNKNOWN");

    // A code of somebody else's sign-in goes with another verifier.
    let (one, other) = (house.set_out("/board"), house.set_out("/board"));
    let (one, other) = (house.sign_in(one), house.sign_in(other));
    let code = |way: &Way| {
        parameters(way.to.split_once('?').unwrap().1)
            .remove("code")
            .unwrap()
    };
    let swapped = Way {
        to: one.to.replace(&code(&one), &code(&other)),
        cookie: one.cookie,
    };
    assert_eq!(failed(&house.come_back(&swapped)), "SIGN_IN_REFUSED");

    let refused = house.set_out("/board");
    let asked = parameters(refused.to.split_once('?').unwrap().1);
    let refused = Way {
        to: format!(
            "/oidc/callback?error=access_denied&state={}",
            asked["state"]
        ),
        ..refused
    };
    assert_eq!(failed(&house.come_back(&refused)), "SIGN_IN_REFUSED");
}

#[test]
fn a_token_that_is_not_for_this_sign_in_is_refused() {
    let house = House::open();
    for (claim, value) in [
        ("nonce", json!("another")),
        ("nonce", json!(null)),
        ("aud", json!("another")),
        ("aud", json!([CLIENT_ID, "another"])),
        ("iss", json!("http://127.0.0.1:1")),
        ("exp", json!(1_000_000_000)),
        ("iat", json!(10_000_000_000_u64)),
    ] {
        let said = value.clone();
        house
            .provider
            .says(move |claims| claims[claim] = said.clone());
        let reason = failed(&house.go_through());
        assert_eq!(reason, "ID_TOKEN_INVALID", "{claim}: {value}");
    }
    house.provider.says(|_| {});
    house.signed_in();
}

#[test]
fn a_key_that_is_not_known_is_asked_for() {
    let house = House::open();
    house.signed_in();
    house.provider.rotate();
    assert_eq!(failed(&house.go_through()), "ID_TOKEN_INVALID");
    house.provider.publish();
    house.signed_in();
}

#[test]
fn who_has_no_role_or_no_name_here_is_not_let_in() {
    let house = House::open();
    house
        .provider
        .says(|claims| claims["realm_access"] = json!({"groups": ["/choir", "supervisor"]}));
    assert_eq!(failed(&house.go_through()), "ROLE_UNKNOWN");
    house
        .provider
        .says(|claims| claims["preferred_username"] = json!("a|b"));
    assert_eq!(failed(&house.go_through()), "CLAIMS_INCOMPLETE");
}

#[test]
fn nobody_is_led_elsewhere() {
    let house = House::open();
    for to in [
        "//evil.example",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "https://evil.example/",
        "/%0d%0aset-cookie:%20a=b",
        "/oidc/start",
        "",
    ] {
        let answer = house.come_back(&house.sign_in(house.set_out(to)));
        assert_eq!(header(&answer, "location"), "/", "{to}");
    }
}

#[test]
fn a_provider_that_is_not_there_is_said_to_be_so() {
    // Nobody listens on the port that was just given back.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let (files, credentials, data) = known();
    configure(&files, &settings(&issuer, &files));
    let server = Server::spawn(&mut serve(&files, &credentials, &data), data);
    let answer = Browser::at(&server).ask("GET /oidc/start?to=/board", "", "");
    assert_eq!(failed(&answer), "PROVIDER_UNREACHABLE");
}

#[test]
fn settings_that_are_wrong_end_the_start() {
    for (was, is, key) in [
        ("client_id", "# client_id", "client_id"),
        ("http://127.0.0.1", "http://identity.example", "issuer"),
        ("tenant = ", "# tenant = ", "tenant"),
        ("\"supervisor\"", "\"boss\"", "roles.\"/call agents\""),
        ("SUPERVISOR", "ROBOT", "kind"),
        ("/secret\"", "/nowhere\"", "client_secret_file"),
    ] {
        let (files, credentials, data) = known();
        let settings = settings("http://127.0.0.1:1", &files);
        configure(&files, &settings.replace(was, is));
        let error = run(&mut serve(&files, &credentials, &data)).fails(1);
        assert!(
            error.contains(&format!("console.oidc.{key} ")),
            "{key}: {error}"
        );
    }
    let (files, _, data) = known();
    configure(&files, &settings("http://127.0.0.1:1", &files));
    let mut open = aftercall(["serve", "--listen", "127.0.0.1:0"]);
    open.args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(data.path());
    open.arg("--config")
        .arg(files.path().join("aftercall.toml"));
    let error = run(&mut open).fails(1);
    assert!(error.contains("needs server.credentials"), "{error}");
}
