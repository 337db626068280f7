//! Signatures by the Standard Webhooks specification.

use aftercall_proto::model::v1::WebhookAlgorithm;
use aftercall_service::Ids;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// The bytes of a secret, and of the seed of a key.
const BYTES: usize = 32;

/// By what messages are signed.
pub(crate) enum Secret {
    /// What both sides have.
    Hmac([u8; BYTES]),
    /// The seed of a key of which the receiver has the public half.
    Ed25519([u8; BYTES]),
}

impl Secret {
    /// A fresh one.
    pub(crate) fn generate(algorithm: WebhookAlgorithm, ids: &dyn Ids) -> Self {
        let mut bytes = [0; BYTES];
        ids.fill(&mut bytes);
        match algorithm {
            WebhookAlgorithm::Ed25519 => Self::Ed25519(bytes),
            WebhookAlgorithm::Unspecified | WebhookAlgorithm::HmacSha256 => Self::Hmac(bytes),
        }
    }

    pub(crate) const fn algorithm(&self) -> WebhookAlgorithm {
        match self {
            Self::Hmac(_) => WebhookAlgorithm::HmacSha256,
            Self::Ed25519(_) => WebhookAlgorithm::Ed25519,
        }
    }

    /// The text that is sealed: `whsec_`, or `whsk_` with the seed and the public half, and base64.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Hmac(bytes) => format!("whsec_{}", STANDARD.encode(bytes)),
            Self::Ed25519(seed) => {
                let public = pair(seed).map(|pair| pair.public_key().as_ref().to_vec());
                let whole = [&seed[..], &public.unwrap_or_default()].concat();
                format!("whsk_{}", STANDARD.encode(whole))
            }
        }
    }

    /// Reads what [`Secret::to_text`] wrote.
    pub(crate) fn from_text(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let (kind, encoded) = text.split_once('_')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let bytes = *bytes.first_chunk()?;
        match kind {
            "whsec" => Some(Self::Hmac(bytes)),
            "whsk" => Some(Self::Ed25519(bytes)),
            _ => None,
        }
    }

    /// The public half, as `whpk_` and base64; empty where there is none.
    pub(crate) fn public_key(&self) -> String {
        match self {
            Self::Hmac(_) => String::new(),
            Self::Ed25519(seed) => pair(seed).map_or_else(String::new, |pair| {
                format!("whpk_{}", STANDARD.encode(pair.public_key()))
            }),
        }
    }

    /// What the receiver checks signatures by.
    pub(crate) fn for_receiver(&self) -> String {
        match self {
            Self::Hmac(_) => self.to_text(),
            Self::Ed25519(_) => self.public_key(),
        }
    }

    /// The signature of a message, with its version; none by a key that is none.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(body);
        match self {
            Self::Hmac(bytes) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
                let tag = hmac::sign(&key, &signed);
                Some(format!("v1,{}", STANDARD.encode(tag)))
            }
            Self::Ed25519(seed) => {
                let signature = pair(seed)?.sign(&signed);
                Some(format!("v1a,{}", STANDARD.encode(signature)))
            }
        }
    }
}

fn pair(seed: &[u8; BYTES]) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(seed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_as_it_was_written() {
        for secret in [Secret::Hmac([7; BYTES]), Secret::Ed25519([9; BYTES])] {
            let text = secret.to_text();
            let read = Secret::from_text(text.as_bytes()).unwrap();
            assert_eq!(read.to_text(), text);
            assert_eq!(read.sign("m", 1, b"{}"), secret.sign("m", 1, b"{}"));
            assert_ne!(read.sign("m", 1, b"{}"), secret.sign("m", 2, b"{}"));
        }
        for text in ["", "whsec_", "whsec_AAAA", "whxx_AAAA", "whsec_?"] {
            assert!(Secret::from_text(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn the_receiver_of_a_key_gets_its_public_half_alone() {
        let secret = Secret::Ed25519([9; BYTES]);
        assert!(secret.to_text().starts_with("whsk_"));
        assert!(secret.for_receiver().starts_with("whpk_"));
        assert_eq!(secret.for_receiver(), secret.public_key());
        assert_eq!(Secret::Hmac([9; BYTES]).public_key(), "");
    }
}
