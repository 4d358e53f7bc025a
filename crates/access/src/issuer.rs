//! The issuer of a development machine: tokens for demo people. Never part of `serve`, which
//! only reads public keys.

use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet},
};
use knipperlicht_vocabulary::{Environment, OrganisationId, ReporterId, ZoneId};

use crate::{Role, TokenRules, token::Claims};

/// The `iss` of its tokens.
const ISSUER: &str = "https://issuer.knipperlicht.invalid/dev";
/// The `aud` of its tokens.
const AUDIENCE: &str = "knipperlicht";
/// The only key's name.
const KEY_ID: &str = "dev-1";
/// DER of an Ed25519 private key up to the seed (RFC 8410, section 7).
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The development issuer could not work with its key.
#[derive(Debug, thiserror::Error)]
#[error("development issuer: {0}")]
pub struct IssuerError(#[from] jsonwebtoken::errors::Error);

/// Somebody to make a token for.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub subject: ReporterId,
    /// In which role.
    pub role: Role,
    /// For which organisation.
    pub organisation: Option<OrganisationId>,
    /// For which zones.
    pub zones: Vec<ZoneId>,
}

/// Makes tokens for demo people.
pub struct DevIssuer {
    key: EncodingKey,
    environment: Environment,
}

impl DevIssuer {
    /// An issuer whose key comes from `seed`, 32 secret bytes.
    #[must_use]
    pub fn new(seed: &[u8; 32], environment: Environment) -> Self {
        let der = [PKCS8_ED25519.as_slice(), seed].concat();
        Self {
            key: EncodingKey::from_ed_der(&der),
            environment,
        }
    }

    /// What `serve` needs to believe its tokens.
    pub fn rules(&self) -> Result<TokenRules, IssuerError> {
        let mut key = Jwk::from_encoding_key(&self.key, Algorithm::EdDSA)?;
        key.common.key_id = Some(KEY_ID.to_owned());
        let jwks = serde_json::to_string(&JwkSet { keys: vec![key] })
            .map_err(jsonwebtoken::errors::Error::from)?;
        Ok(TokenRules {
            jwks,
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
        })
    }

    /// A token that holds for `seconds`.
    pub fn token(&self, person: &Person, seconds: i64) -> Result<String, IssuerError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY_ID.to_owned());
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: person.subject.clone(),
            exp: self.environment.now().as_second() + seconds,
            role: person.role,
            organisation: person.organisation.clone(),
            zones: person.zones.clone(),
        };
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}
