//! Access tokens: OIDC claims, checked against the issuer's keys, become a [`Principal`].

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use knipperlicht_runtime::{Coded, Kind, Stop};
use knipperlicht_vocabulary::Environment;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::{
    ClaimNames, KeySource, Principal, Role, claims::Claims, keyring::Keyring, keys::algorithm,
};

/// How far the issuer's clock may be off, in seconds.
const CLOCK_SKEW: i64 = 60;

/// How many checked tokens are remembered, so that a signature is not checked at every call.
const REMEMBERED: usize = 10_000;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

/// The longest name of a key.
const LONGEST_KEY_ID: usize = 200;

/// What a token may say that it is (RFC 9068, RFC 7519). An ID token or a logout token is for
/// somebody else, whoever signed it.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

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
    /// As many streams as one account may hold.
    #[error("this account has as many streams open as it may: close some, then open this one")]
    TooManyStreams,
    /// The keys that check tokens cannot be read.
    #[error("the issuer's keys cannot be read: {0}")]
    BadKeys(String),
    /// The issuer did not yet say by which keys its tokens are checked.
    #[error("the issuer of access tokens does not answer")]
    KeysAway,
}

impl Coded for AccessError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoToken | Self::BadToken(_) | Self::Expired => Kind::Unauthenticated,
            Self::NotAllowed { .. } => Kind::Forbidden,
            Self::TooOften { .. } | Self::TooManyStreams => Kind::Exhausted,
            Self::BadKeys(_) => Kind::Internal,
            Self::KeysAway => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "KL0001",
            Self::BadToken(_) => "KL0002",
            Self::Expired => "KL0003",
            Self::NotAllowed { .. } => "KL0004",
            Self::BadKeys(_) => "KL0005",
            Self::KeysAway => "KL0008",
            Self::TooOften { .. } => "KL0021",
            Self::TooManyStreams => "KL0023",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { wait } => Some(*wait),
            _ => None,
        }
    }
}

fn bad(why: impl Into<String>) -> AccessError {
    AccessError::BadToken(why.into())
}

/// Which tokens are believed.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// The issuer's public keys.
    pub keys: KeySource,
    /// The `iss` a token must carry.
    pub issuer: String,
    /// One of these a token must carry as an `aud`.
    pub audiences: Vec<String>,
    /// Where the issuer says who somebody is.
    pub claims: ClaimNames,
    /// For how long a token may hold at most.
    pub longest: Duration,
}

/// Somebody who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Who it is.
    pub principal: Principal,
    /// For how much longer their token is believed.
    pub holds_for: Duration,
}

struct Believed {
    principal: Principal,
    expires_at: i64,
    /// That of the keys it was checked by.
    generation: u64,
}

/// Checks access tokens.
pub struct Verifier {
    keyring: Keyring,
    rules: TokenRules,
    environment: Environment,
    /// By the hash of the token: the token itself is kept nowhere.
    believed: Cache<[u8; 32], Arc<Believed>>,
}

impl Verifier {
    /// A verifier for one issuer.
    pub fn new(rules: &TokenRules, environment: Environment) -> Result<Self, AccessError> {
        Ok(Self {
            keyring: Keyring::new(&rules.keys, &rules.issuer, environment.clone())?,
            rules: rules.clone(),
            environment,
            believed: Cache::new(REMEMBERED),
        })
    }

    /// Whether anybody can be let in: the issuer has said its keys once.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.keyring.has_keys()
    }

    /// Asks the issuer for its keys from time to time, until it is time to stop.
    pub async fn keep_keys(&self, stop: Stop) {
        self.keyring.keep(stop).await;
    }

    /// Who holds this token.
    pub async fn verify(&self, token: &str) -> Result<Admitted, AccessError> {
        if token.len() > LONGEST {
            return Err(bad("it is too long"));
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        let generation = self.keyring.generation();
        let known = self.believed.get(&hash);
        let believed = if let Some(believed) = known.filter(|known| known.generation == generation)
        {
            believed
        } else {
            self.believed.remove(&hash);
            let believed = Arc::new(self.check(token).await?);
            self.believed.insert(hash, Arc::clone(&believed));
            believed
        };
        let left = believed.expires_at + CLOCK_SKEW - self.environment.now().as_second();
        let Ok(left) = u64::try_from(left) else {
            self.believed.remove(&hash);
            return Err(AccessError::Expired);
        };
        Ok(Admitted {
            principal: believed.principal.clone(),
            holds_for: Duration::from_secs(left),
        })
    }

    async fn check(&self, token: &str) -> Result<Believed, AccessError> {
        let header = Header::read(token)?;
        let found = self
            .keyring
            .find(header.key_id.as_deref(), header.algorithm)
            .await?;
        let (key, generation) =
            found.ok_or_else(|| bad("signed with a key that its issuer does not publish"))?;
        // The signature alone is checked here; what it says, below, by the clock of this process.
        let mut validation = Validation::new(header.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
            .map_err(|error| bad(error.to_string()))?
            .claims;
        let expires_at = self.holds(&claims)?;
        Ok(Believed {
            principal: self.rules.claims.principal(&claims).map_err(bad)?,
            expires_at,
            generation,
        })
    }

    /// Until when a token holds that was made for us, by whom it should be, and not for too long.
    fn holds(&self, claims: &Claims) -> Result<i64, AccessError> {
        if claims.text("iss") != Some(&self.rules.issuer) {
            return Err(bad("it is of another issuer"));
        }
        let mut audiences = claims.audiences().into_iter();
        if !audiences.any(|one| self.rules.audiences.iter().any(|ours| ours == one)) {
            return Err(bad("it is for somebody else"));
        }
        // Some issuers say here, and not in the header, that it is an ID token or a refresh token.
        if claims.has("typ") && claims.text("typ") != Some("Bearer") {
            return Err(bad("it is no access token"));
        }
        let now = self.environment.now().as_second();
        let moment = |name| claims.moment(name).map_err(bad);
        let expires_at = moment("exp")?.ok_or_else(|| bad("it says no `exp`"))?;
        if moment("nbf")?.is_some_and(|from| from > now.saturating_add(CLOCK_SKEW)) {
            return Err(bad("it does not hold yet"));
        }
        let made_at = moment("iat")?;
        if made_at.is_some_and(|at| at > now.saturating_add(CLOCK_SKEW)) {
            return Err(bad("it was made in the future"));
        }
        let longest = i64::try_from(self.rules.longest.as_secs()).unwrap_or(i64::MAX);
        let holds_for = expires_at.saturating_sub(made_at.unwrap_or(now));
        if holds_for > longest.saturating_add(CLOCK_SKEW) {
            return Err(bad("it holds for longer than is believed here"));
        }
        Ok(expires_at)
    }
}

/// What a token says of its signature. Keys and addresses of keys that stand in it are not looked at.
struct Header {
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl Header {
    fn read(token: &str) -> Result<Self, AccessError> {
        let (header, _) = token.split_once('.').ok_or_else(|| bad("it is no token"))?;
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| bad("it is no token"))?;
        let header: Claims =
            serde_json::from_slice(&header).map_err(|error| bad(error.to_string()))?;
        let algorithm = header
            .text("alg")
            .and_then(algorithm)
            .ok_or_else(|| bad("its signature is not of a kind that is believed here"))?;
        // What is critical we would have to understand (RFC 7515, section 4.1.11).
        if header.has("crit") {
            return Err(bad("it asks for more than is understood here"));
        }
        let kind = header.text("typ").map(str::to_ascii_lowercase);
        if header.has("typ") && !kind.is_some_and(|kind| TYPES.contains(&kind.as_str())) {
            return Err(bad("it is no access token"));
        }
        let key_id = header.text("kid").map(str::to_owned);
        if header.has("kid") && key_id.as_ref().is_none_or(|id| id.len() > LONGEST_KEY_ID) {
            return Err(bad("its key has no name"));
        }
        Ok(Self { algorithm, key_id })
    }
}
