//! A token's form: header, claims and signature, each in base64, with dots between them (RFC 7515).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::claims::Claims;
use super::crypto::Algorithm;

/// A token, taken apart; nothing of it is to be believed before its signature is checked.
pub(super) struct Compact<'a> {
    pub(super) header: Header,
    claims: &'a str,
    /// What is signed.
    pub(super) message: &'a [u8],
    pub(super) signature: Vec<u8>,
}

/// What a token says of its signature.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    pub(super) alg: Algorithm,
    #[serde(default)]
    pub(super) kid: Option<String>,
    /// What a reader has to understand; there is nothing of the kind that we do.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

impl<'a> Compact<'a> {
    /// None for what is no token, or one that we can't judge.
    pub(super) fn parse(token: &'a [u8]) -> Option<Self> {
        let token = std::str::from_utf8(token).ok()?;
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
        if header.crit.is_some() || claims.contains('.') {
            return None;
        }
        Some(Self {
            header,
            claims,
            message: message.as_bytes(),
            signature: decoded(signature)?,
        })
    }

    /// What it claims, once its signature is known to be good.
    pub(super) fn claims(&self) -> Option<Claims> {
        serde_json::from_slice(&decoded(self.claims)?).ok()
    }
}

/// What stands in base64, as tokens and keys write it.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
