//! The connection to NATS.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use async_nats::{Auth, AuthError, Client, ConnectError, ConnectOptions, Event, ServerAddr};
use knipperlicht_runtime::is_this_machine;

use crate::accounts::{KeyError, NatsUser, read_key};

/// How NATS is reached.
#[derive(Debug, Clone, Default)]
pub struct NatsOptions {
    /// Where it is; several with commas between. With `tls://` the connection is encrypted.
    pub url: String,
    /// The directory with the keys of the users, `<user>.nk`; none where the server asks nobody who
    /// they are.
    pub keys: Option<PathBuf>,
    /// Authorities (PEM) that the server is believed by, instead of those of this machine.
    pub authorities: Option<PathBuf>,
}

/// NATS cannot be reached so.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The connection.
    #[error("NATS_URL: {0}")]
    Connect(#[from] ConnectError),
}

impl NatsError {
    /// Whether nothing is wrong but that the key of that user is not here.
    #[must_use]
    pub fn has_no_key(&self) -> bool {
        matches!(self, Self::Key(KeyError::File { source, .. }) if source.kind() == ErrorKind::NotFound)
    }
}

impl NatsOptions {
    /// Connects as `user`, and keeps trying for ever: while NATS is away, the outbox fills.
    pub async fn connect(&self, user: NatsUser) -> Result<Client, NatsError> {
        let options = self.options(user)?.retry_on_initial_connect();
        Ok(options.connect(self.servers()).await?)
    }

    /// Connects as `user`, now or not at all: for somebody who waits for it.
    pub async fn connect_now(&self, user: NatsUser) -> Result<Client, NatsError> {
        Ok(self.options(user)?.connect(self.servers()).await?)
    }

    /// Whether what is said to NATS could be read by somebody on the way: a server is not on this
    /// machine, and the connection is not encrypted.
    #[must_use]
    pub fn can_be_overheard(&self) -> bool {
        let servers = self.servers();
        servers
            .iter()
            .any(|server| match server.parse::<ServerAddr>() {
                Ok(server) => !server.tls_required() && !is_this_machine(server.host()),
                // Whoever connects is told what is wrong with it.
                Err(_) => false,
            })
    }

    fn servers(&self) -> Vec<&str> {
        self.url.split(',').map(str::trim).collect()
    }

    fn options(&self, user: NatsUser) -> Result<ConnectOptions, NatsError> {
        let mut options = match &self.keys {
            None => ConnectOptions::new(),
            Some(directory) => {
                // Tried here, so that a wrong one is told of at once.
                read_key(directory, user)?;
                let directory = directory.clone();
                // Read for each connection: one that was exchanged needs no restart.
                ConnectOptions::with_auth_callback(move |nonce| {
                    let directory = directory.clone();
                    async move { sign(&directory, user, &nonce) }
                })
            }
        };
        if let Some(authorities) = &self.authorities {
            options = options.add_root_certificates(authorities.clone());
        }
        if self.url.starts_with("tls://") {
            // Other servers of a cluster tell addresses that no certificate names.
            options = options.require_tls(true).ignore_discovered_servers();
        }
        Ok(options
            .name(format!("knipperlicht-{}", user.name()))
            .custom_inbox_prefix(user.inbox())
            .ping_interval(Duration::from_secs(5))
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis((20_u64 << attempts.min(6)).min(1_000))
            })
            .event_callback(move |event| async move { tell(user, &event) }))
    }
}

/// Shows the server that we have the key, without the key.
fn sign(directory: &Path, user: NatsUser, nonce: &[u8]) -> Result<Auth, AuthError> {
    let key = read_key(directory, user).map_err(AuthError::new)?;
    let mut auth = Auth::new();
    auth.signature = Some(key.sign(nonce).map_err(AuthError::new)?);
    auth.nkey = Some(key.public_key());
    Ok(auth)
}

/// What the server refuses is a mistake in its configuration or in ours.
fn tell(user: NatsUser, event: &Event) {
    if matches!(event, Event::ServerError(_) | Event::ClientError(_)) {
        tracing::warn!(user = user.name(), %event, "NATS");
    }
}
