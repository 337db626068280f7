//! Signatures, checked by the library that TLS uses already.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;

/// What issuers may sign by. All of them are signatures by a key of which we hold the public half: by
/// a shared secret, or by none, nobody says who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    RS256,
    ES256,
    EdDSA,
}

/// The public half of an issuer's key. Its kind alone decides by which algorithm it is used.
#[derive(Debug)]
pub(super) enum PublicKey {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point of P-256, not compressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl PublicKey {
    pub(super) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::RS256,
            Self::P256(_) => Algorithm::ES256,
            Self::Ed25519(_) => Algorithm::EdDSA,
        }
    }

    /// Whether the key's owner signed `message`.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                let checked = key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature);
                checked.is_ok()
            }
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
            Self::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point)
                .verify(message, signature)
                .is_ok(),
        }
    }
}
