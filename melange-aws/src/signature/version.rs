//! The ways in which SNS signs.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};

/// A `SignatureVersion`. Source: the SNS API reference, `SetTopicAttributes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// RSA with SHA-1, what a topic signs with unless told otherwise.
    One,
    /// RSA with SHA-256.
    Two,
}

impl Version {
    pub(super) fn of(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::One),
            "2" => Some(Self::Two),
            _ => None,
        }
    }

    /// Whether `signature` is of the holder of `key`, over `signed`.
    pub(super) fn verifies(self, key: &[u8], signed: &[u8], signature: &[u8]) -> bool {
        let parameters: &'static RsaParameters = match self {
            Self::One => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Two => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(parameters, key).verify(signed, signature).is_ok()
    }
}
