//! What is sealed of a subscription: where it leads, and what it is signed with.

use base64::{Engine, prelude::BASE64_STANDARD};
use knipperlicht_privacy::{DataKey, VaultError};
use knipperlicht_vocabulary::Environment;
use zeroize::Zeroizing;

/// What a sealed text is; it opens only as that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Target,
    Secret,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Secret => "secret",
        }
    }
}

pub(crate) fn seal(
    key: &DataKey,
    environment: &Environment,
    place: Place,
    text: &str,
) -> Result<Vec<u8>, VaultError> {
    key.seal(environment, place.name(), text.as_bytes())
}

pub(crate) fn open(
    key: &DataKey,
    place: Place,
    sealed: &[u8],
) -> Result<Zeroizing<String>, VaultError> {
    let bytes = key.open(place.name(), sealed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::Sealed)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Bytes of a webhook's secret: 24 to 64, says Standard Webhooks.
const SECRET: usize = 32;

/// A fresh secret, in the form of Standard Webhooks.
pub(crate) fn new_secret(environment: &Environment) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; SECRET]);
    environment.fill(bytes.as_mut_slice());
    Zeroizing::new(format!(
        "whsec_{}",
        BASE64_STANDARD.encode(bytes.as_slice())
    ))
}
