//! The issuer's keys at present: from a file for good, or asked of the issuer from time to time.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};
use knipperlicht_runtime::{Stop, retry_pause};
use knipperlicht_vocabulary::Environment;
use tokio::sync::Mutex;
use tokio_rustls::rustls::RootCertStore;

use crate::{
    AccessError,
    fetch::{FetchError, Fetcher},
    keys::{KeySet, KeySetError},
};

/// How often the issuer is asked for its keys, whatever happens.
const REFRESH: Duration = Duration::from_mins(5);

/// Whatever keys tokens name, the issuer is not asked for them more often than this.
const BACK_OFF: SignedDuration = SignedDuration::from_secs(10);

/// Where the keys that check tokens come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// The text of a JSON Web Key Set (RFC 7517).
    Text(String),
    /// The issuer, asked by https, believed by one of these authorities.
    Issuer {
        /// Where it publishes its keys; where that is not said, its `OpenID` configuration says it.
        jwks_url: Option<String>,
        /// Whose certificates are believed.
        roots: RootCertStore,
    },
}

/// Why an issuer's keys are not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyringError {
    /// It does not answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It answers with something else.
    #[error(transparent)]
    Keys(#[from] KeySetError),
    /// What it says of itself is not an `OpenID` configuration.
    #[error("its OpenID configuration: {0}")]
    Configuration(#[from] serde_json::Error),
    /// Somebody else answers.
    #[error("its OpenID configuration is of the issuer {0}")]
    OtherIssuer(String),
}

/// The keys, and how often they changed.
#[derive(Clone, Default)]
struct Present {
    keys: Option<Arc<KeySet>>,
    generation: u64,
}

/// The keys with the text that they were read from.
struct Held {
    present: Present,
    text: Vec<u8>,
}

/// The issuer's keys.
pub(crate) struct Keyring {
    issuer: String,
    /// None where the keys are for good.
    asked: Option<(Fetcher, Option<String>)>,
    held: RwLock<Held>,
    /// When the issuer was asked last. Whoever asks holds it, so that only one does.
    last_asked: Mutex<Option<Timestamp>>,
    environment: Environment,
}

impl Keyring {
    pub(crate) fn new(
        source: &KeySource,
        issuer: &str,
        environment: Environment,
    ) -> Result<Self, AccessError> {
        let unread = |error: &dyn std::error::Error| AccessError::BadKeys(error.to_string());
        let (asked, keys) = match source {
            KeySource::Text(text) => {
                let keys = KeySet::parse(text.as_bytes()).map_err(|error| unread(&error))?;
                (None, Some(Arc::new(keys)))
            }
            KeySource::Issuer { jwks_url, roots } => {
                let fetcher = Fetcher::new(roots.clone()).map_err(|error| unread(&error))?;
                (Some((fetcher, jwks_url.clone())), None)
            }
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            asked,
            held: RwLock::new(Held {
                present: Present {
                    keys,
                    generation: 0,
                },
                text: Vec::new(),
            }),
            last_asked: Mutex::new(None),
            environment,
        })
    }

    /// How often the keys changed: what was believed by others is to be checked anew.
    pub(crate) fn generation(&self) -> u64 {
        self.present().generation
    }

    /// Whether there are keys.
    pub(crate) fn has_keys(&self) -> bool {
        self.present().keys.is_some()
    }

    /// The key of this name for this algorithm, and the generation it belongs to. For one that is not
    /// known the issuer is asked, if it was not a moment ago.
    pub(crate) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<(DecodingKey, u64)>, AccessError> {
        let before = self.environment.now();
        if let Some(found) = self.present().find(id, algorithm) {
            return Ok(Some(found));
        }
        if let Some((fetcher, jwks_url)) = &self.asked {
            let mut last_asked = self.last_asked.lock().await;
            // Somebody else may have asked while this waited.
            let is_new = last_asked.is_none_or(|at| before.duration_since(at) >= BACK_OFF);
            if is_new && self.present().find(id, algorithm).is_none() {
                *last_asked = Some(self.environment.now());
                self.renew(fetcher, jwks_url.as_deref()).await;
            }
        }
        let present = self.present();
        if present.keys.is_none() {
            return Err(AccessError::KeysAway);
        }
        Ok(present.find(id, algorithm))
    }

    /// Asks the issuer from time to time until it is time to stop.
    pub(crate) async fn keep(&self, stop: Stop) {
        let Some((fetcher, jwks_url)) = &self.asked else {
            return;
        };
        let mut failures = 0;
        while !stop.is_requested() {
            let renewed = {
                let mut last_asked = self.last_asked.lock().await;
                *last_asked = Some(self.environment.now());
                self.renew(fetcher, jwks_url.as_deref()).await
            };
            failures = if renewed { 0 } else { failures + 1 };
            let pause = if renewed {
                REFRESH
            } else {
                retry_pause(failures)
            };
            if !stop.pause(pause).await {
                return;
            }
        }
    }

    /// Asks the issuer. What it says holds from now on; while it says nothing, what it said last.
    async fn renew(&self, fetcher: &Fetcher, jwks_url: Option<&str>) -> bool {
        match self.fetch(fetcher, jwks_url).await {
            Ok((text, keys)) => {
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                if held.text != text {
                    held.present.generation += 1;
                    held.present.keys = Some(Arc::new(keys));
                    held.text = text;
                    tracing::info!(issuer = self.issuer.as_str(), "the issuer's keys are new");
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, issuer = self.issuer.as_str(), "the issuer's keys could not be asked for");
                false
            }
        }
    }

    async fn fetch(
        &self,
        fetcher: &Fetcher,
        jwks_url: Option<&str>,
    ) -> Result<(Vec<u8>, KeySet), KeyringError> {
        let url = match jwks_url {
            Some(url) => url.to_owned(),
            None => self.discover(fetcher).await?,
        };
        let text = fetcher.get(&url).await?.to_vec();
        let keys = KeySet::parse(&text)?;
        Ok((text, keys))
    }

    /// Where the issuer publishes its keys (`OpenID` Connect Discovery 1.0, section 4).
    async fn discover(&self, fetcher: &Fetcher) -> Result<String, KeyringError> {
        #[derive(serde::Deserialize)]
        struct Configuration {
            issuer: String,
            jwks_uri: String,
        }
        let base = self.issuer.trim_end_matches('/');
        let address = format!("{base}/.well-known/openid-configuration");
        let configuration: Configuration = serde_json::from_slice(&fetcher.get(&address).await?)?;
        if configuration.issuer != self.issuer {
            return Err(KeyringError::OtherIssuer(configuration.issuer));
        }
        Ok(configuration.jwks_uri)
    }

    fn present(&self) -> Present {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.present.clone()
    }
}

impl Present {
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<(DecodingKey, u64)> {
        let key = self.keys.as_ref()?.find(id, algorithm)?;
        Some((key.clone(), self.generation))
    }
}
