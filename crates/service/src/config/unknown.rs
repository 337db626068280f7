//! Keys that mean nothing, and what was probably meant.

use figment::Figment;
use figment::value::{Dict, Value};

use super::ConfigError;

/// How much like an unknown key a known one must be to be suggested, from 0 to 1.
const LIKENESS_MIN: f64 = 0.6;

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

/// The known key whose last part is most like that of `key`, of the same section if there are two.
fn nearest(key: &str, known: &[String]) -> Option<String> {
    let (section, name) = split(key);
    let scored = known.iter().map(|candidate| {
        let (candidate_section, candidate_name) = split(candidate);
        let likeness = strsim::normalized_damerau_levenshtein(name, candidate_name);
        (likeness, section == candidate_section, candidate)
    });
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
    best.filter(|(likeness, ..)| *likeness >= LIKENESS_MIN)
        .map(|(.., key)| key.clone())
}

fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}
