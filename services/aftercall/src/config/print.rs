//! The configuration as a file that explains itself.

use std::fmt::Write;

use super::Config;

/// What a key means, in the order of the file: section, key, comment, and a value to show for a
/// key that is not set.
const KEYS: [(&str, &str, &str, &str); 15] = [
    (
        "storage",
        "dir",
        "The directory of the log (DIR/log, the truth: back it up) and the views\n(DIR/views, rebuilt from the log when missing). It belongs to one process.",
        "",
    ),
    (
        "server",
        "listen",
        "Where gRPC is served. Only loopback without credentials; port 0 takes any.",
        "",
    ),
    (
        "server",
        "metrics_listen",
        "Where Prometheus finds /metrics.",
        "\"127.0.0.1:7401\"",
    ),
    (
        "server",
        "credentials",
        "The TOML file of bearer tokens. Without it everybody is the developer of the\ntenant \"default\", and only loopback is served.",
        "\"credentials.toml\"",
    ),
    (
        "server",
        "message_bytes_max",
        "The largest message that is taken.",
        "",
    ),
    (
        "server",
        "streams_per_connection_max",
        "How many streams one connection may have open; more wait at the client.",
        "",
    ),
    (
        "server",
        "requests_in_flight_max",
        "How many requests are worked on at a time; more are refused and may come again.",
        "",
    ),
    (
        "server",
        "request_timeout",
        "How long a request may take until its answer begins.",
        "",
    ),
    (
        "server",
        "keepalive_interval",
        "How long a connection may be silent before it is asked whether it lives, and how\nlong it has to answer.",
        "",
    ),
    ("server", "keepalive_timeout", "", ""),
    (
        "server",
        "stream_window_bytes",
        "How much a caller may send ahead, on one stream and on one connection.",
        "",
    ),
    ("server", "connection_window_bytes", "", ""),
    (
        "server",
        "drain_timeout",
        "How long requests in flight have to end when the server stops.",
        "",
    ),
    (
        "telemetry",
        "filter",
        "Which events are logged on standard error: a level, or directives such as\n\"info,aftercall_log=debug\".",
        "",
    ),
    (
        "telemetry",
        "format",
        "The form of the log: \"human\" or \"json\".",
        "",
    ),
];

/// Why a configuration can't be printed.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has no TOML form")]
pub struct PrintError(#[from] toml::ser::Error);

/// `config` as TOML with a comment for each key: a file that would have the same effect.
///
/// # Errors
/// When a value has no TOML form, such as a path that isn't text.
pub fn print(config: &Config) -> Result<String, PrintError> {
    let values = toml::Table::try_from(config)?;
    let mut text = String::from(
        "# aftercall's configuration. A variable such as AFTERCALL_SERVER__LISTEN wins over this\n\
         # file, and a flag such as --listen over both.\n",
    );
    let mut section = "";
    for (of, key, comment, example) in KEYS {
        if of != section {
            section = of;
            let _ = write!(text, "\n[{section}]\n");
        }
        for line in comment.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let value = values.get(section).and_then(|section| section.get(key));
        let _ = match value {
            Some(value) => writeln!(text, "{key} = {value}"),
            None => writeln!(text, "# {key} = {example}"),
        };
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Every key that a configuration has, as `section.key`.
    fn keys(config: &Config) -> Vec<String> {
        let json = serde_json::to_value(config).unwrap();
        let sections = json.as_object().unwrap();
        let keys = sections.iter().flat_map(|(section, keys)| {
            let keys = keys.as_object().unwrap().keys();
            keys.map(move |key| format!("{section}.{key}"))
        });
        keys.collect()
    }

    #[test]
    fn every_key_is_explained() {
        let mut explained: Vec<_> = KEYS
            .into_iter()
            .map(|(section, key, ..)| format!("{section}.{key}"))
            .collect();
        let mut known = keys(&Config::default());
        explained.sort();
        known.sort();
        assert_eq!(explained, known);
    }

    #[test]
    fn what_is_printed_has_the_same_effect() {
        let mut config = Config::default();
        config.storage.dir = PathBuf::from("/var/lib/\"aftercall\"");
        config.server.credentials = Some(PathBuf::from("tokens.toml"));
        config.server.listen = "[::1]:0".parse().unwrap();
        let text = print(&config).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
    }
}
