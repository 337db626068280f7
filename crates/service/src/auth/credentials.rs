//! The file of those who may call: bearer tokens, and clients' certificates.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aftercall_domain::interaction::check_id;
use aftercall_domain::limits::GROUPS_MAX;
use aftercall_domain::{Country, FieldPath, Violations};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::Hash;
use super::known::{Entry, Parsed, Shown};
use super::signed::{Described, Issuer};
use crate::{ActorKind, Principal, Role};

/// Every request is compared with every token, so there can't be any number of them.
const TOKENS_MAX: usize = 1_000;

/// What is wrong with a credentials file.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It can't be read.
    #[error("credentials file {path} can't be read: check that it exists and who may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its content is wrong.
    #[error("credentials file {path}, line {line}: {field}: {problem}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The path of the field, as in `token[0].roles[1]`.
        field: String,
        /// What is wrong, without the content of the file.
        problem: String,
    },
    /// It knows nobody, or too many.
    #[error(
        "credentials file {path} has {tokens} [[token]], [[certificate]] and [[issuer]] entries: it \
         needs 1 to {TOKENS_MAX}"
    )]
    Count {
        /// The file.
        path: PathBuf,
        /// How many it has.
        tokens: usize,
    },
    /// Two entries are of the same token or certificate.
    #[error("credentials file {path}: {kind}[{again}] repeats {kind}[{first}]")]
    Repeated {
        /// The file.
        path: PathBuf,
        /// `token` or `certificate`.
        kind: &'static str,
        /// The entry that has it first, from 0.
        first: usize,
        /// The entry that has it again.
        again: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    token: Vec<Token>,
    #[serde(default)]
    certificate: Vec<Certificate>,
    #[serde(default)]
    issuer: Vec<Described>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    #[serde(deserialize_with = "hash")]
    sha256: Hash,
    #[serde(deserialize_with = "name")]
    tenant: String,
    #[serde(deserialize_with = "name")]
    actor: String,
    #[serde(deserialize_with = "kind")]
    kind: ActorKind,
    roles: Vec<RoleName>,
    #[serde(default, deserialize_with = "groups")]
    teams: BTreeSet<String>,
    #[serde(default, deserialize_with = "groups")]
    sites: BTreeSet<String>,
    #[serde(default, deserialize_with = "country")]
    country: Option<Country>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    #[serde(default, deserialize_with = "fingerprint")]
    sha256: Option<Hash>,
    #[serde(default)]
    name: Option<String>,
    #[serde(deserialize_with = "name")]
    tenant: String,
    #[serde(deserialize_with = "name")]
    actor: String,
    #[serde(deserialize_with = "kind")]
    kind: ActorKind,
    roles: Vec<RoleName>,
    #[serde(default, deserialize_with = "groups")]
    teams: BTreeSet<String>,
    #[serde(default, deserialize_with = "groups")]
    sites: BTreeSet<String>,
    #[serde(default, deserialize_with = "country")]
    country: Option<Country>,
}

#[derive(Debug)]
pub(super) struct RoleName(pub(super) Role);

/// The text of the file at `path`.
pub(super) fn text(path: &Path) -> Result<String, CredentialsError> {
    let unreadable = |source| CredentialsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    std::fs::read_to_string(path).map_err(unreadable)
}

/// Whom `text`, which is that of the file at `path`, knows.
pub(super) fn parse(path: &Path, text: &str) -> Result<Parsed, CredentialsError> {
    if let Ok(metadata) = std::fs::metadata(path) {
        warn_if_open(path, metadata.permissions().mode());
    }
    let malformed = |(line, field, problem)| CredentialsError::Malformed {
        path: path.to_owned(),
        line,
        field,
        problem,
    };
    let File {
        token,
        certificate,
        issuer,
    } = file(text).map_err(malformed)?;
    let entries = token.len() + certificate.len() + issuer.len();
    if !(1..=TOKENS_MAX).contains(&entries) {
        return Err(CredentialsError::Count {
            path: path.to_owned(),
            tokens: entries,
        });
    }
    let mut certificates = Vec::with_capacity(certificate.len());
    for (index, certificate) in certificate.into_iter().enumerate() {
        let unshown =
            |problem: &str| malformed((1, format!("certificate[{index}]"), problem.to_owned()));
        certificates.push(certificate.into_entry().map_err(unshown)?);
    }
    let issuers = issuer.into_iter().enumerate().map(|(index, described)| {
        let issuer = described.into_issuer();
        issuer.map_err(|problem| malformed((1, format!("issuer[{index}]"), problem.to_owned())))
    });
    let issuers: Vec<Issuer> = issuers.collect::<Result<_, _>>()?;
    let known = Parsed {
        issuers,
        tokens: token.into_iter().map(Token::into_entry).collect(),
        certificates,
    };
    check(path, "token", &known.tokens)?;
    check(path, "certificate", &known.certificates)?;
    Ok(known)
}

fn warn_if_open(path: &Path, mode: u32) {
    if mode & 0o007 != 0 {
        tracing::warn!(
            path = %path.display(),
            mode = format_args!("{:o}", mode & 0o777),
            "credentials file is open to every user of this machine; chmod 0600 closes it"
        );
    }
}

/// What the file says, or the line, the field and the problem.
fn file(text: &str) -> Result<File, (usize, String, String)> {
    let located = |error: &toml::de::Error, field: String| {
        let before = error.span().map_or(0, |span| span.start).min(text.len());
        let line = text.as_bytes()[..before]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        (line, field, error.message().to_owned())
    };
    let document =
        toml::Deserializer::parse(text).map_err(|error| located(&error, "the file".to_owned()))?;
    serde_path_to_error::deserialize(document)
        .map_err(|error| located(error.inner(), error.path().to_string()))
}

/// Refuses entries that are of the same.
fn check<K>(path: &Path, kind: &'static str, entries: &[(K, Entry)]) -> Result<(), CredentialsError>
where
    K: Eq + std::hash::Hash,
{
    let mut seen = HashMap::new();
    for (again, (key, _)) in entries.iter().enumerate() {
        if let Some(first) = seen.insert(key, again) {
            return Err(CredentialsError::Repeated {
                path: path.to_owned(),
                kind,
                first,
                again,
            });
        }
    }
    Ok(())
}

impl Token {
    fn into_entry(self) -> (Hash, Entry) {
        let Self {
            sha256,
            tenant,
            actor,
            kind,
            roles,
            teams,
            sites,
            country,
        } = self;
        let roles = roles.into_iter().map(|role| role.0).collect();
        let principal = Principal::new(&tenant, &actor, kind, roles);
        let principal = principal.of_groups(teams, sites).in_country(country);
        (sha256, Entry::new(principal))
    }
}

impl Certificate {
    fn into_entry(self) -> Result<(Shown, Entry), &'static str> {
        let Self {
            sha256,
            name,
            tenant,
            actor,
            kind,
            roles,
            teams,
            sites,
            country,
        } = self;
        let shown = match (sha256, name) {
            (Some(sha256), None) => Shown::Fingerprint(sha256),
            (None, Some(name)) if !name.is_empty() => Shown::Name(name),
            _ => {
                return Err(
                    "needs either sha256, the certificate's fingerprint, or name, a DNS name or URI \
                     among its subject's alternative names",
                );
            }
        };
        let roles = roles.into_iter().map(|role| role.0).collect();
        let principal = Principal::new(&tenant, &actor, kind, roles);
        let principal = principal.of_groups(teams, sites).in_country(country);
        Ok((shown, Entry::new(principal)))
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?
            .parse()
            .map(Self)
            .map_err(D::Error::custom)
    }
}

pub(super) fn kind<'de, D: Deserializer<'de>>(input: D) -> Result<ActorKind, D::Error> {
    String::deserialize(input)?
        .parse()
        .map_err(D::Error::custom)
}

pub(super) fn country<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Country>, D::Error> {
    let code = String::deserialize(input)?;
    code.parse().map(Some).map_err(D::Error::custom)
}

/// Tenants and actors are parts of keys: short, printable, and without the keys' separator.
pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    (1..=128).contains(&name.len()) && bytes.all(|byte| byte.is_ascii_graphic() && byte != b'|')
}

fn name<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let name = String::deserialize(input)?;
    match is_name(&name) {
        true => Ok(name),
        false => Err(D::Error::custom(
            "must be 1 to 128 printable ASCII characters, without spaces and without |",
        )),
    }
}

/// The name of a team or a site, by the rules of the records that name it.
struct Group(String);

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let name = String::deserialize(input)?;
        match is_group(&name) {
            true => Ok(Self(name)),
            false => Err(D::Error::custom(
                "must be the name of a team or site as records have it: 1 to 128 bytes that can be seen",
            )),
        }
    }
}

/// Whether a record can name a team or a site so.
pub(super) fn is_group(name: &str) -> bool {
    let mut found = Violations::new();
    check_id(FieldPath::of("name"), name, &mut found);
    found.into_result(()).is_ok()
}

fn groups<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeSet<String>, D::Error> {
    let names = Vec::<Group>::deserialize(input)?;
    match names.len() > GROUPS_MAX {
        true => Err(D::Error::custom(format_args!(
            "has {} names, and may have {GROUPS_MAX}; a caller who reads that many reads all: give another role",
            names.len()
        ))),
        false => Ok(names.into_iter().map(|name| name.0).collect()),
    }
}

fn fingerprint<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Hash>, D::Error> {
    hash(input).map(Some)
}

fn hash<'de, D: Deserializer<'de>>(input: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(input)?;
    let refused = || {
        D::Error::custom(
            "must be a SHA-256 in 64 hexadecimal digits, as `printf %s TOKEN | sha256sum` prints it",
        )
    };
    if text.len() != 64 || !text.is_ascii() {
        return Err(refused());
    }
    let mut hash = Hash::default();
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(digits[at]).to_digit(16).ok_or_else(refused);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).map_err(|_| refused())?;
    }
    Ok(hash)
}
