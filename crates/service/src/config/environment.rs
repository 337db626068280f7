//! Configuration from environment variables.

use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

pub(super) const PREFIX: &str = "AFTERCALL_";
const LEVEL: &str = "__";

/// The variables that configure: `AFTERCALL_LOG__PATH` sets `log.path`. Others with the same prefix
/// belong to the command line.
pub(super) struct Environment(Vec<(Vec<String>, String)>);

impl Environment {
    pub(super) fn new(variables: &[(String, String)]) -> Self {
        Self(
            variables
                .iter()
                .filter_map(|(name, value)| Some((keys(name)?, value.clone())))
                .collect(),
        )
    }
}

fn keys(name: &str) -> Option<Vec<String>> {
    let path = name.strip_prefix(PREFIX)?;
    path.contains(LEVEL)
        .then(|| path.split(LEVEL).map(str::to_ascii_lowercase).collect())
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variable").interpolater(|_, keys| {
            let path: Vec<_> = keys.iter().map(|key| key.to_ascii_uppercase()).collect();
            format!("{PREFIX}{}", path.join(LEVEL))
        })
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut data = Dict::new();
        for (keys, value) in &self.0 {
            let Ok(value) = value.parse::<Value>();
            insert(&mut data, keys, value);
        }
        Ok(Profile::Default.collect(data))
    }
}

fn insert(data: &mut Dict, keys: &[String], value: Value) {
    match keys {
        [] => {}
        [key] => {
            data.insert(key.clone(), value);
        }
        [key, below @ ..] => {
            let section = data
                .entry(key.clone())
                .or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, section) = section {
                insert(section, below, value);
            }
        }
    }
}
