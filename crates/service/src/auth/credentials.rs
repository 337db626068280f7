//! The file of bearer tokens.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aftercall_domain::Country;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::TokenHash;
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
    /// It has no tokens, or too many.
    #[error("credentials file {path} has {tokens} [[token]] entries: it needs 1 to {TOKENS_MAX}")]
    Count {
        /// The file.
        path: PathBuf,
        /// How many it has.
        tokens: usize,
    },
    /// Two entries have the same token.
    #[error("credentials file {path}: token[{again}] repeats the sha256 of token[{first}]")]
    Repeated {
        /// The file.
        path: PathBuf,
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    #[serde(deserialize_with = "hash")]
    sha256: TokenHash,
    #[serde(deserialize_with = "name")]
    tenant: String,
    #[serde(deserialize_with = "name")]
    actor: String,
    #[serde(deserialize_with = "kind")]
    kind: ActorKind,
    roles: Vec<RoleName>,
    #[serde(default, deserialize_with = "country")]
    country: Option<Country>,
}

struct RoleName(Role);

pub(super) fn read(path: &Path) -> Result<Vec<(TokenHash, Principal)>, CredentialsError> {
    let unreadable = |source| CredentialsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    warn_if_open(
        path,
        std::fs::metadata(path)
            .map_err(unreadable)?
            .permissions()
            .mode(),
    );
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let tokens = parse(&text).map_err(|(line, field, problem)| CredentialsError::Malformed {
        path: path.to_owned(),
        line,
        field,
        problem,
    })?;
    check(path, &tokens)?;
    Ok(tokens.into_iter().map(Token::into_entry).collect())
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

/// The tokens, or the line, the field and the problem.
fn parse(text: &str) -> Result<Vec<Token>, (usize, String, String)> {
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
    let file: File = serde_path_to_error::deserialize(document)
        .map_err(|error| located(error.inner(), error.path().to_string()))?;
    Ok(file.token)
}

fn check(path: &Path, tokens: &[Token]) -> Result<(), CredentialsError> {
    let path = path.to_owned();
    if tokens.is_empty() || tokens.len() > TOKENS_MAX {
        return Err(CredentialsError::Count {
            path,
            tokens: tokens.len(),
        });
    }
    let mut seen = HashMap::new();
    for (again, token) in tokens.iter().enumerate() {
        if let Some(first) = seen.insert(token.sha256, again) {
            return Err(CredentialsError::Repeated { path, first, again });
        }
    }
    Ok(())
}

impl Token {
    fn into_entry(self) -> (TokenHash, Principal) {
        let Self {
            sha256,
            tenant,
            actor,
            kind,
            roles,
            country,
        } = self;
        let roles = roles.into_iter().map(|role| role.0).collect();
        let principal = Principal::new(&tenant, &actor, kind, roles);
        (sha256, principal.in_country(country))
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

fn kind<'de, D: Deserializer<'de>>(input: D) -> Result<ActorKind, D::Error> {
    String::deserialize(input)?
        .parse()
        .map_err(D::Error::custom)
}

fn country<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Country>, D::Error> {
    let code = String::deserialize(input)?;
    code.parse().map(Some).map_err(D::Error::custom)
}

/// Tenants and actors are parts of keys: short, printable, and without the keys' separator.
fn name<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let name = String::deserialize(input)?;
    let fits = (1..=128).contains(&name.len());
    match fits
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'|')
    {
        true => Ok(name),
        false => Err(D::Error::custom(
            "must be 1 to 128 printable ASCII characters, without spaces and without |",
        )),
    }
}

fn hash<'de, D: Deserializer<'de>>(input: D) -> Result<TokenHash, D::Error> {
    let text = String::deserialize(input)?;
    let refused = || {
        D::Error::custom(
            "must be the token's SHA-256 in 64 hexadecimal digits, as `printf %s TOKEN | sha256sum` prints it",
        )
    };
    if text.len() != 64 || !text.is_ascii() {
        return Err(refused());
    }
    let mut hash = TokenHash::default();
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(digits[at]).to_digit(16).ok_or_else(refused);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).map_err(|_| refused())?;
    }
    Ok(hash)
}
