//! The configuration as a file that explains itself.

use super::Config;

/// The defaults with a comment for each key. A key that has no default stands in a comment.
const EXPLAINED: &str = include_str!("../../../../deploy/aftercall.toml");

/// A section whose keys are the operator's own.
const ROLES: &str = "console.oidc.roles";

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
    let mut section = "";
    let lines = EXPLAINED.lines().flat_map(|line| {
        let begins = header(line);
        if let Some(name) = begins {
            section = name;
        }
        let value = key(line).and_then(|key| Some((key, in_section(&values, section)?.get(key)?)));
        let line = value.map_or_else(
            || line.to_owned(),
            |(key, value)| format!("{key} = {value}"),
        );
        let own = begins.filter(|name| *name == ROLES);
        let own = own.and_then(|name| in_section(&values, name));
        let own = own.into_iter().flatten();
        // A key of theirs may be any text.
        let own = own.map(|(key, value)| format!("{} = {value}", toml::Value::from(key.as_str())));
        std::iter::once(line).chain(own)
    });
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    Ok(text)
}

/// What a section such as `log.kafka` sets.
fn in_section<'a>(values: &'a toml::Table, section: &str) -> Option<&'a toml::Table> {
    section
        .split('.')
        .try_fold(values, |values, name| values.get(name)?.as_table())
}

/// The section that begins on a line.
fn header(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']')
}

/// The key that a line sets, or shows in a comment.
fn key(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    let (key, _) = line.split_once(" = ")?;
    key.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        .then_some(key)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::{Engine, SaslMechanism};

    #[test]
    fn the_file_that_is_delivered_holds_the_defaults() {
        assert_eq!(print(&Config::default()).unwrap(), EXPLAINED);
        assert_eq!(
            toml::from_str::<Config>(EXPLAINED).unwrap(),
            Config::default()
        );
    }

    #[test]
    fn every_key_is_explained() {
        let known = serde_json::to_value(Config::default()).unwrap();
        let mut sections: Vec<_> = known
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, values)| (name.clone(), values))
            .collect();
        while let Some((section, values)) = sections.pop() {
            for (key, value) in values.as_object().unwrap() {
                if value.is_object() {
                    sections.push((format!("{section}.{key}"), value));
                    continue;
                }
                let place = EXPLAINED.split(&format!("[{section}]\n")).nth(1).unwrap();
                let place = place.split("\n[").next().unwrap();
                let explained = place
                    .lines()
                    .any(|line| super::key(line) == Some(key.as_str()));
                assert!(explained, "{section}.{key} is not in deploy/aftercall.toml");
            }
        }
    }

    #[test]
    fn what_is_printed_has_the_same_effect() {
        let mut config = Config::default();
        config.storage.dir = PathBuf::from("/var/lib/\"aftercall\"");
        config.server.credentials = Some(PathBuf::from("tokens.toml"));
        config.server.listen = "[::1]:0".parse().unwrap();
        config.log.engine = Engine::Kafka;
        config.log.kafka.sasl_mechanism = Some(SaslMechanism::ScramSha512);
        config.log.kafka.ca_file = Some(PathBuf::from("ca.pem"));
        config.console.oidc.tenant = Some("acme".to_owned());
        for (given, role) in [("call agents", "agent"), ("/leads.eu", "team_lead")] {
            let roles = &mut config.console.oidc.roles;
            roles.insert(given.to_owned(), role.to_owned());
        }
        let text = print(&config).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
    }
}
