//! The keys that an issuer publishes, as far as they may check tokens here.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// The algorithms that are believed. None with a shared secret: whoever knows the public key could
/// sign with it.
const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("EdDSA", Algorithm::EdDSA),
    ("ES256", Algorithm::ES256),
    ("RS256", Algorithm::RS256),
    ("PS256", Algorithm::PS256),
];

/// More keys than any issuer has at a time.
const MOST_KEYS: usize = 100;

/// The shortest and the longest RSA key, in bits: shorter ones are broken, longer ones only cost.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The algorithm of this name, where it is believed.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    let mut known = ALGORITHMS.iter();
    known.find(|(one, _)| *one == name).map(|(_, known)| *known)
}

/// Why nothing can be checked by a key set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeySetError {
    /// It does not have the form.
    #[error("not a JSON Web Key Set: {0}")]
    Form(#[from] serde_json::Error),
    /// There are more keys than an issuer has.
    #[error("more than {MOST_KEYS} keys")]
    TooMany,
    /// There is no key to check a token by.
    #[error(
        "no public key in it can check tokens: Ed25519, P-256, or RSA of at least 2048 bits, for signatures"
    )]
    NoKey,
}

/// One key, and what it may check.
#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    checks: DecodingKey,
}

/// The keys of an issuer.
#[derive(Clone)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Reads a JSON Web Key Set (RFC 7517). Keys of other sorts may stand in it: they are left out.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        #[derive(serde::Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(text)?;
        if set.keys.len() > MOST_KEYS {
            return Err(KeySetError::TooMany);
        }
        let keys: Vec<Key> = set.keys.iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(KeySetError::NoKey);
        }
        Ok(Self { keys })
    }

    /// The key of this name that may check this algorithm. Without a name the only one that may.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| key.algorithms.contains(&algorithm))
            .filter(|key| id.is_none() || key.id.as_deref() == id);
        let found = fitting.next()?;
        let is_only = fitting.next().is_none();
        is_only.then_some(&found.checks)
    }
}

impl Key {
    fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        // Whoever publishes the private half of a key lets everybody sign with it.
        if jwk.get("d").is_some() {
            tracing::warn!("the issuer publishes a private key: it is not believed");
            return None;
        }
        if text("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops") {
            let operations = operations.as_array()?;
            if !operations.iter().any(|operation| operation == "verify") {
                return None;
            }
        }
        let (mut algorithms, key) = match text("kty")? {
            "OKP" if text("crv")? == "Ed25519" => {
                has_bytes(text("x")?, 32)?;
                let key = DecodingKey::from_ed_components(text("x")?);
                (vec![Algorithm::EdDSA], key.ok()?)
            }
            "EC" if text("crv")? == "P-256" => {
                has_bytes(text("x")?, 32)?;
                has_bytes(text("y")?, 32)?;
                let key = DecodingKey::from_ec_components(text("x")?, text("y")?);
                (vec![Algorithm::ES256], key.ok()?)
            }
            "RSA" => {
                if !RSA_BITS.contains(&bits(text("n")?)?) {
                    tracing::warn!("the issuer has an RSA key of a length that is not believed");
                    return None;
                }
                let key = DecodingKey::from_rsa_components(text("n")?, text("e")?);
                (vec![Algorithm::RS256, Algorithm::PS256], key.ok()?)
            }
            _ => return None,
        };
        if let Some(only) = jwk.get("alg") {
            let only = algorithm(only.as_str()?)?;
            algorithms.retain(|one| *one == only);
        }
        Some(Self {
            id: text("kid").map(str::to_owned),
            algorithms,
            checks: key,
        })
        .filter(|key| !key.algorithms.is_empty())
    }
}

fn has_bytes(coded: &str, number: usize) -> Option<()> {
    (URL_SAFE_NO_PAD.decode(coded).ok()?.len() == number).then_some(())
}

/// How long a number is, without the zeros before it.
fn bits(coded: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(coded).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    let leading = usize::try_from(bytes[first].leading_zeros()).ok()?;
    Some((bytes.len() - first) * 8 - leading)
}
