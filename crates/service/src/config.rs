//! The configuration in force: defaults, then a file, then the environment, then flags.

mod environment;
mod unknown;

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use unknown::UnknownKey;

/// Where a configuration comes from, besides its defaults.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a, F> {
    /// The TOML file, if there is one. A file that is named here must exist.
    pub file: Option<&'a Path>,
    /// The environment, such as [`environment`] gives. A variable counts when it
    /// has the form `AFTERCALL_SECTION__KEY`: the prefix, and a double underscore per level.
    pub environment: &'a [(String, String)],
    /// What the command line sets: a value that serialises to the sections and keys that are set,
    /// and leaves out those that are not.
    pub flags: F,
}

/// The process's environment, as far as it is aftercall's.
pub fn environment() -> Vec<(String, String)> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name
            .into_string()
            .ok()
            .filter(|name| name.starts_with(environment::PREFIX))?;
        Some((name, value.to_string_lossy().into_owned()))
    });
    variables.collect()
}

/// The configuration `C` from its defaults and `sources`, the later of which win.
///
/// Every key must be one that `C::default()` serialises, or lie below a key whose default is an
/// empty map. So an optional key must serialise as `None`, and not be skipped.
///
/// # Errors
/// [`ConfigError`]: all unknown keys at once, or the first value that does not fit.
pub fn load<C, F>(sources: &Sources<'_, F>) -> Result<C, ConfigError>
where
    C: Default + Serialize + DeserializeOwned,
    F: Serialize,
{
    let defaults = Figment::from(Serialized::defaults(C::default()));
    let mut given = Figment::new();
    if let Some(path) = sources.file {
        if !path.is_file() {
            return Err(ConfigError::NoFile(path.display().to_string()));
        }
        given = given.merge(Toml::file_exact(path));
    }
    given = given.merge(environment::Environment::new(sources.environment));
    given = given.merge(Serialized::from(&sources.flags, figment::Profile::Default));

    let unknown = unknown::keys(&defaults, &given)?;
    if !unknown.is_empty() {
        return Err(ConfigError::Unknown(unknown));
    }
    defaults
        .merge(given)
        .extract()
        .map_err(ConfigError::invalid)
}

/// `config` as a TOML file that would have the same effect. Keys without a value are left out.
///
/// # Errors
/// When `config` has no TOML form.
pub fn to_toml<C: Serialize>(config: &C) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(config)
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not exist.
    #[error("configuration file {0} does not exist: create it, or leave the option out")]
    NoFile(String),
    /// Keys that mean nothing.
    #[error("{}", unknown::listed(.0))]
    Unknown(Vec<UnknownKey>),
    /// A value that does not fit, or a file that is no TOML.
    #[error("configuration: {0}")]
    Invalid(String),
}

impl ConfigError {
    fn invalid(error: figment::Error) -> Self {
        Self::Invalid(error.to_string())
    }
}
