//! Layers of configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use aftercall_service::config::{ConfigError, Sources, load, to_toml};
use aftercall_service::server::ServerConfig;
use aftercall_service::telemetry::{LogFormat, TelemetryConfig};
use serde::{Deserialize, Serialize};

/// As the binary composes it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Config {
    server: ServerConfig,
    telemetry: TelemetryConfig,
}

#[derive(Debug, Default, Serialize)]
struct Flags {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    server: BTreeMap<&'static str, String>,
}

fn flags(listen: Option<&str>) -> Flags {
    Flags {
        server: listen
            .map(|listen| ("listen", listen.to_owned()))
            .into_iter()
            .collect(),
    }
}

fn environment(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn load_from(file: &str, variables: &[(&str, &str)], flags: Flags) -> Result<Config, ConfigError> {
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), file).unwrap();
    let environment = environment(variables);
    load(&Sources {
        file: Some(path.path()),
        environment: &environment,
        flags,
    })
}

fn message(file: &str, variables: &[(&str, &str)]) -> String {
    load_from(file, variables, flags(None))
        .unwrap_err()
        .to_string()
}

#[test]
fn each_layer_wins_over_the_one_before() {
    let file = "[server]\nlisten = '127.0.0.1:1'\ndrain_timeout = '1m 30s'\nmessage_bytes_max = 7";
    let variables = [
        ("AFTERCALL_SERVER__LISTEN", "127.0.0.1:2"),
        ("AFTERCALL_SERVER__MESSAGE_BYTES_MAX", "8"),
        ("AFTERCALL_TELEMETRY__FORMAT", "json"),
    ];
    let config = load_from(file, &variables, flags(Some("127.0.0.1:3"))).unwrap();
    assert_eq!(config.server.listen, SocketAddr::from(([127, 0, 0, 1], 3)));
    assert_eq!(config.server.message_bytes_max, 8);
    assert_eq!(config.server.drain_timeout, Duration::from_secs(90));
    assert_eq!(
        config.server.request_timeout,
        ServerConfig::default().request_timeout
    );
    assert_eq!(config.telemetry.format, LogFormat::Json);
}

#[test]
fn without_anything_the_defaults_are_in_force() {
    let config: Config = load(&Sources {
        file: None,
        environment: &[],
        flags: flags(None),
    })
    .unwrap();
    assert_eq!(config, Config::default());
}

#[test]
fn optional_keys_can_be_set() {
    let config = load_from("[server]\ncredentials = 'tokens.toml'", &[], flags(None)).unwrap();
    assert_eq!(
        config.server.credentials.as_deref(),
        Some(Path::new("tokens.toml"))
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    let typo = message("[server]\nlisen = '127.0.0.1:1'", &[]);
    assert!(typo.contains("unknown key server.lisen"), "{typo}");
    assert!(typo.contains("did you mean server.listen?"), "{typo}");

    let misplaced = message("drain_timeout = '1s'", &[]);
    assert!(
        misplaced.contains("did you mean server.drain_timeout?"),
        "{misplaced}"
    );

    let strange = message("[server]\nxyzzy = 1", &[]);
    assert!(strange.contains("unknown key server.xyzzy"), "{strange}");
    assert!(!strange.contains("did you mean"), "{strange}");
}

#[test]
fn all_unknown_keys_are_named_with_where_they_stand() {
    let both = message(
        "[sever]\nlisten = 1",
        &[("AFTERCALL_TELEMETRY__FILTR", "debug")],
    );
    assert!(both.contains("unknown key sever "), "{both}");
    assert!(both.contains("did you mean server?"), "{both}");
    assert!(
        both.contains("environment variable AFTERCALL_TELEMETRY__FILTR"),
        "{both}"
    );
    assert!(both.contains("did you mean telemetry.filter?"), "{both}");
}

#[test]
fn variables_without_a_section_belong_to_others() {
    let variables = [("AFTERCALL_SERVER", "http://example.org"), ("PATH", "/bin")];
    assert_eq!(
        load_from("", &variables, flags(None)).unwrap(),
        Config::default()
    );
}

#[test]
fn a_value_that_does_not_fit_is_named_with_where_it_stands() {
    let file = message("[server]\nlisten = 'here'", &[]);
    assert!(file.contains("server.listen"), "{file}");
    let variable = message("", &[("AFTERCALL_SERVER__REQUESTS_IN_FLIGHT_MAX", "many")]);
    assert!(
        variable.contains("AFTERCALL_SERVER__REQUESTS_IN_FLIGHT_MAX"),
        "{variable}"
    );
    let broken = message("[server\n", &[]);
    assert!(broken.contains("line 1"), "{broken}");
}

#[test]
fn a_file_that_was_asked_for_must_exist() {
    let path = Path::new("no/such/aftercall.toml");
    let sources = Sources {
        file: Some(path),
        environment: &[],
        flags: flags(None),
    };
    let error = load::<Config, _>(&sources).unwrap_err().to_string();
    assert!(
        error.contains("no/such/aftercall.toml does not exist"),
        "{error}"
    );
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config = load_from(
        "[server]\ncredentials = 'a'\nkeepalive_timeout = '7s'",
        &[],
        flags(None),
    );
    let config = config.unwrap();
    let printed = to_toml(&config).unwrap();
    assert!(printed.contains("keepalive_timeout = \"7s\""), "{printed}");
    assert_eq!(load_from(&printed, &[], flags(None)).unwrap(), config);
}
