//! Access tokens: OIDC claims, checked against the issuer's keys, become a [`Principal`].

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use knipperlicht_runtime::{Coded, Kind};
use knipperlicht_vocabulary::{Environment, OrganisationId, ReporterId, ZoneId};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::{Principal, Role};

/// How far the issuer's clock may be off.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// How many checked tokens are remembered, so that a signature is not checked at every call.
const REMEMBERED: usize = 10_000;

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No token was sent.
    #[error("log in first: send an access token as `authorization: Bearer ...`")]
    NoToken,
    /// The token is forged, for somebody else, or malformed.
    #[error("this access token is not valid here: {0}; log in again")]
    BadToken(String),
    /// The token ran out.
    #[error("this access token has expired; log in again")]
    Expired,
    /// The role may not make this call.
    #[error("a {role} may not call {call}")]
    NotAllowed {
        /// The caller's role.
        role: Role,
        /// The call.
        call: String,
    },
    /// Too many calls in a short time.
    #[error("too many calls in a short time: go on in {} s; this one did nothing", .wait.as_secs())]
    TooOften {
        /// How long to wait.
        wait: Duration,
    },
    /// The keys that check tokens cannot be read.
    #[error("the issuer's keys cannot be read: {0}")]
    BadKeys(String),
}

impl Coded for AccessError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoToken | Self::BadToken(_) | Self::Expired => Kind::Unauthenticated,
            Self::NotAllowed { .. } => Kind::Forbidden,
            Self::TooOften { .. } => Kind::Exhausted,
            Self::BadKeys(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "KL0001",
            Self::BadToken(_) => "KL0002",
            Self::Expired => "KL0003",
            Self::NotAllowed { .. } => "KL0004",
            Self::BadKeys(_) => "KL0005",
            Self::TooOften { .. } => "KL0021",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { wait } => Some(*wait),
            _ => None,
        }
    }
}

/// Which tokens are believed.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// The issuer's public keys: the text of a JSON Web Key Set (RFC 7517).
    pub jwks: String,
    /// The `iss` a token must carry.
    pub issuer: String,
    /// The `aud` a token must carry.
    pub audience: String,
}

/// The claims of an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: ReporterId,
    pub(crate) exp: i64,
    pub(crate) role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<OrganisationId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) zones: Vec<ZoneId>,
}

struct Believed {
    principal: Principal,
    expires_at: i64,
}

/// Checks access tokens.
pub struct Verifier {
    keys: JwkSet,
    validation: Validation,
    environment: Environment,
    believed: Cache<Box<str>, Arc<Believed>>,
}

impl Verifier {
    /// A verifier for one issuer.
    pub fn new(rules: &TokenRules, environment: Environment) -> Result<Self, AccessError> {
        let keys: JwkSet = serde_json::from_str(&rules.jwks)
            .map_err(|error| AccessError::BadKeys(error.to_string()))?;
        if keys.keys.is_empty() {
            return Err(AccessError::BadKeys("the set holds no key".to_owned()));
        }
        // The first of the list decides the family; which algorithm a token used is never its choice.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.algorithms = vec![Algorithm::EdDSA];
        validation.set_issuer(&[&rules.issuer]);
        validation.set_audience(&[&rules.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Expiry is checked below, against the clock this process was given.
        validation.validate_exp = false;
        Ok(Self {
            keys,
            validation,
            environment,
            believed: Cache::new(REMEMBERED),
        })
    }

    /// Who holds this token.
    pub fn verify(&self, token: &str) -> Result<Principal, AccessError> {
        let believed = match self.believed.get(token) {
            Some(believed) => believed,
            None => self.check(token)?,
        };
        let skew = i64::try_from(CLOCK_SKEW.as_secs()).unwrap_or_default();
        if believed.expires_at + skew < self.environment.now().as_second() {
            self.believed.remove(token);
            return Err(AccessError::Expired);
        }
        Ok(believed.principal.clone())
    }

    fn check(&self, token: &str) -> Result<Arc<Believed>, AccessError> {
        let bad = |error: jsonwebtoken::errors::Error| AccessError::BadToken(error.to_string());
        let header = jsonwebtoken::decode_header(token).map_err(bad)?;
        let key_id = header.kid.unwrap_or_default();
        let key = self
            .keys
            .find(&key_id)
            .ok_or_else(|| AccessError::BadToken("signed with an unknown key".to_owned()))?;
        let key = DecodingKey::from_jwk(key).map_err(bad)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(bad)?
            .claims;
        let believed = Arc::new(Believed {
            expires_at: claims.exp,
            principal: principal(claims)?,
        });
        self.believed.insert(token.into(), Arc::clone(&believed));
        Ok(believed)
    }
}

/// A role that sees only its own must say what its own is.
fn principal(claims: Claims) -> Result<Principal, AccessError> {
    let lacks = |what: &str| AccessError::BadToken(format!("a {} needs {what}", claims.role));
    match claims.role {
        Role::Service | Role::LinkHolder => {
            return Err(AccessError::BadToken("a role of our own".to_owned()));
        }
        Role::Partner if claims.organisation.is_none() => return Err(lacks("an organisation")),
        Role::Coordinator if claims.zones.is_empty() => return Err(lacks("zones")),
        _ => {}
    }
    Ok(Principal {
        subject: claims.sub,
        role: claims.role,
        organisation: claims.organisation,
        zones: claims.zones,
    })
}
