//! The way in by TLS and SASL.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use aftercall_log::kafka::{Config, KafkaError, KafkaLog, Mechanism, Sasl, Security, Tls, init};
use aftercall_log::{Log, Record};
use futures::executor::block_on;
use tempfile::TempDir;

use super::{SMALL, config, new_log, no_headers, variable};

/// What the cluster gives to its clients.
fn dir() -> PathBuf {
    PathBuf::from(variable("AFTERCALL_TEST_KAFKA_DIR"))
}

fn tls() -> Tls {
    Tls {
        ca_file: Some(dir().join("ca.pem")),
        client: None,
    }
}

fn password(mechanism: Mechanism) -> Sasl {
    Sasl::Password {
        mechanism,
        username: std::fs::read_to_string(dir().join("user")).unwrap(),
        password_file: dir().join("password"),
    }
}

fn secured(topic: &Config, tls: Tls, sasl: Sasl) -> Config {
    Config {
        brokers: vec![variable("AFTERCALL_TEST_KAFKA_SASL")],
        topic: topic.topic.clone(),
        security: Security {
            tls: Some(tls),
            sasl: Some(sasl),
        },
    }
}

fn write_and_read(config: &Config) {
    let log = KafkaLog::open(config, no_headers()).unwrap();
    let record = Record {
        key: "k".into(),
        recorded_at_us: 1,
        body: "b".into(),
    };
    let at = block_on(log.append(vec![record.clone()])).unwrap()[0];
    let mut reader = log.reader(&[at]).unwrap();
    let read = reader
        .next(1, 1, std::time::Duration::from_secs(60))
        .unwrap();
    assert_eq!(read[0].record, record);
}

#[test]
fn needs_kafka_every_password_mechanism_lets_in() {
    let topic = config();
    init(
        &secured(&topic, tls(), password(Mechanism::ScramSha512)),
        &SMALL,
    )
    .unwrap();
    for mechanism in [
        Mechanism::Plain,
        Mechanism::ScramSha256,
        Mechanism::ScramSha512,
    ] {
        write_and_read(&secured(&topic, tls(), password(mechanism)));
    }
}

#[test]
fn needs_kafka_a_wrong_password_is_told_from_silence() {
    let topic = new_log();
    let files = tempfile::tempdir().unwrap();
    let wrong = files.path().join("password");
    std::fs::write(&wrong, "not the password\n").unwrap();
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let sasl = Sasl::Password {
            mechanism,
            username: "aftercall".to_owned(),
            password_file: wrong.clone(),
        };
        let config = secured(&topic, tls(), sasl);
        let refused = KafkaLog::open(&config, no_headers()).unwrap_err();
        assert!(
            matches!(refused, KafkaError::Credentials { .. }),
            "{refused}"
        );
        let said = format!("{refused} {refused:?} {config:?}");
        assert!(!said.contains("not the password"), "{said}");
    }
}

#[test]
fn needs_kafka_brokers_that_nobody_vouches_for_are_refused() {
    let topic = new_log();
    let unknown = Tls {
        ca_file: None,
        client: None,
    };
    let config = secured(&topic, unknown, password(Mechanism::Plain));
    let refused = KafkaLog::open(&config, no_headers()).unwrap_err();
    assert!(matches!(refused, KafkaError::Tls { .. }), "{refused}");
}

#[test]
fn needs_kafka_a_token_of_an_identity_provider_lets_in() {
    let topic = new_log();
    let provider = Provider::start();
    let sasl = Sasl::OauthBearer {
        token_url: provider.url.clone(),
        client_id: "recorder".to_owned(),
        client_secret_file: provider.secret(),
        scope: Some("kafka".to_owned()),
    };
    write_and_read(&secured(&topic, tls(), sasl));
}

/// An identity provider that gives to everybody who knows the secret what the test cluster takes: a
/// token without a signature.
struct Provider {
    url: String,
    files: TempDir,
}

const CLIENT_SECRET: &str = "the-clients-secret";

impl Provider {
    fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("secret"), CLIENT_SECRET).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        // It ends with the test's process.
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                answer(&connection.unwrap());
            }
        });
        Self { url, files }
    }

    fn secret(&self) -> PathBuf {
        Path::new(self.files.path()).join("secret")
    }
}

fn answer(mut connection: &std::net::TcpStream) {
    let mut request = BufReader::new(connection);
    let (mut authorized, mut length) = (false, 0);
    let expected = base64(format!("recorder:{CLIENT_SECRET}").as_bytes(), true);
    loop {
        let mut line = String::new();
        request.read_line(&mut line).unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        match name.to_lowercase().as_str() {
            "authorization" => authorized = value == format!("Basic {expected}"),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    request.take(length).read_to_end(&mut Vec::new()).unwrap();
    let (status, body) = match authorized {
        true => ("200 OK", token()),
        false => ("401 Unauthorized", "{}".to_owned()),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(answer.as_bytes()).unwrap();
}

fn token() -> String {
    let now = std::fs::metadata("/proc/self").unwrap().modified().unwrap();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = format!(
        "{{\"sub\":\"recorder\",\"iat\":{},\"exp\":{},\"scope\":\"kafka\"}}",
        now - 60,
        now + 3600
    );
    let token = format!(
        "{}.{}.",
        base64(b"{\"alg\":\"none\"}", false),
        base64(claims.as_bytes(), false)
    );
    format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}")
}

/// Base64, in the alphabet of URLs unless `standard`, and then with its padding.
fn base64(bytes: &[u8], standard: bool) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    match standard {
        true => STANDARD.encode(bytes),
        false => URL_SAFE_NO_PAD.encode(bytes),
    }
}
