//! Keys that mean nothing, and what was probably meant.

use figment::Figment;
use figment::value::{Dict, Value};

use super::ConfigError;

/// How similar a known key must be to be suggested, from 0 to 1.
const SIMILARITY_MIN: f64 = 0.75;

/// A key that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// Its path, as in `server.lisen`.
    pub key: String,
    /// Where it stands.
    pub origin: String,
    /// The known key that is most like it, if one is.
    pub nearest: Option<String>,
}

/// Every key of `given` that `defaults` does not have.
pub(super) fn keys(defaults: &Figment, given: &Figment) -> Result<Vec<UnknownKey>, ConfigError> {
    let known: Dict = defaults.extract().map_err(ConfigError::invalid)?;
    let present: Dict = given.extract().map_err(ConfigError::invalid)?;
    let mut paths = Vec::new();
    collect(&known, "", &mut paths);

    let mut unknown = Vec::new();
    compare(&known, &present, "", &mut |key| {
        let origin = given
            .find_metadata(&key)
            .map(|metadata| origin(metadata, &key));
        let nearest = nearest(&key, &paths);
        unknown.push(UnknownKey {
            key,
            origin: origin.unwrap_or_default(),
            nearest,
        });
    });
    Ok(unknown)
}

/// All of them in one text, a line each.
pub(super) fn listed(unknown: &[UnknownKey]) -> String {
    let lines: Vec<_> = unknown.iter().map(line).collect();
    lines.join("\n")
}

fn line(
    UnknownKey {
        key,
        origin,
        nearest,
    }: &UnknownKey,
) -> String {
    let remedy = match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "`aftercall config` prints the known ones".to_owned(),
    };
    format!("configuration: unknown key {key} ({origin}): {remedy}")
}

fn origin(metadata: &figment::Metadata, key: &str) -> String {
    let path: Vec<_> = key.split('.').collect();
    match metadata
        .source
        .as_ref()
        .and_then(figment::Source::file_path)
    {
        Some(file) => file.display().to_string(),
        None => format!(
            "{} {}",
            metadata.name,
            metadata.interpolate(&figment::Profile::Default, &path)
        ),
    }
}

fn collect(known: &Dict, prefix: &str, paths: &mut Vec<String>) {
    for (key, value) in known {
        let path = format!("{prefix}{key}");
        if let Value::Dict(_, below) = value {
            collect(below, &format!("{path}."), paths);
        }
        paths.push(path);
    }
}

fn compare(known: &Dict, given: &Dict, prefix: &str, report: &mut impl FnMut(String)) {
    for (key, value) in given {
        let path = format!("{prefix}{key}");
        match (known.get(key), value) {
            (None, _) => report(path),
            (Some(Value::Dict(_, known)), Value::Dict(_, given)) if !known.is_empty() => {
                compare(known, given, &format!("{path}."), report);
            }
            _ => {}
        }
    }
}

/// The known key that is most like `key`, as a whole or by its last part.
fn nearest(key: &str, known: &[String]) -> Option<String> {
    let likeness = |known: &str| {
        let whole = strsim::jaro_winkler(key, known);
        let last = strsim::jaro_winkler(last(key), last(known));
        // A key in the wrong section is meant more often than a wrong key in the right one.
        whole.max(last * 0.99)
    };
    let scored = known.iter().map(|known| (likeness(known), known));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0));
    best.filter(|(score, _)| *score >= SIMILARITY_MIN)
        .map(|(_, known)| known.clone())
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}
