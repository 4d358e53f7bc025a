//! The issuer of a development machine: tokens for demo people. Never part of `serve`, which
//! only reads public keys, and those of this issuer only where it is told so on the machine itself.

use std::time::Duration;

use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet},
};
use knipperlicht_vocabulary::{Environment, OrganisationId, ReporterId, ZoneId};
use serde::Serialize;

use crate::{ClaimNames, KeySource, Role, TokenRules};

/// The `iss` of its tokens.
pub const DEV_ISSUER: &str = "https://issuer.knipperlicht.invalid/dev";
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

/// What it publishes, for a process of its own to read.
#[derive(Debug, Clone)]
pub struct Published {
    /// The text of its JSON Web Key Set.
    pub jwks: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its tokens.
    pub audience: String,
}

impl Published {
    /// What is believed then.
    #[must_use]
    pub fn rules(self) -> TokenRules {
        TokenRules {
            keys: KeySource::Text(self.jwks),
            issuer: self.issuer,
            audiences: vec![self.audience],
            claims: ClaimNames::default(),
            longest: DevIssuer::LONGEST,
        }
    }
}

/// The claims of its tokens.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a ReporterId,
    iat: i64,
    exp: i64,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<&'a OrganisationId>,
    #[serde(skip_serializing_if = "<[ZoneId]>::is_empty")]
    zones: &'a [ZoneId],
}

/// Makes tokens for demo people.
pub struct DevIssuer {
    key: EncodingKey,
    environment: Environment,
}

impl DevIssuer {
    /// For how long its tokens may hold: a test moves the clock by months.
    pub const LONGEST: Duration = Duration::from_hours(366 * 24);

    /// An issuer whose key comes from `seed`, 32 secret bytes.
    #[must_use]
    pub fn new(seed: &[u8; 32], environment: Environment) -> Self {
        let der = [PKCS8_ED25519.as_slice(), seed].concat();
        Self {
            key: EncodingKey::from_ed_der(&der),
            environment,
        }
    }

    /// What it publishes.
    pub fn published(&self) -> Result<Published, IssuerError> {
        let mut key = Jwk::from_encoding_key(&self.key, Algorithm::EdDSA)?;
        key.common.key_id = Some(KEY_ID.to_owned());
        let jwks = serde_json::to_string(&JwkSet { keys: vec![key] })
            .map_err(jsonwebtoken::errors::Error::from)?;
        Ok(Published {
            jwks,
            issuer: DEV_ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
        })
    }

    /// What is needed to believe its tokens.
    pub fn rules(&self) -> Result<TokenRules, IssuerError> {
        self.published().map(Published::rules)
    }

    /// A token that holds for `seconds`.
    pub fn token(&self, person: &Person, seconds: i64) -> Result<String, IssuerError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY_ID.to_owned());
        let now = self.environment.now().as_second();
        let claims = Claims {
            iss: DEV_ISSUER,
            aud: AUDIENCE,
            sub: &person.subject,
            iat: now,
            exp: now + seconds,
            role: person.role,
            organisation: person.organisation.as_ref(),
            zones: &person.zones,
        };
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}
