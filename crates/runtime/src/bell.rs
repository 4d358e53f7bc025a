//! A bell that wakes whoever watches something: those who hear it look for themselves.

use std::time::Duration;

use tokio::sync::watch;

/// How long a watcher waits at most, for changes that another process made.
const SLOW_LOOK: Duration = Duration::from_secs(1);

/// Rung when something changed.
#[derive(Debug, Clone)]
pub struct Bell(watch::Sender<()>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Bell {
    /// Something changed.
    pub fn ring(&self) {
        self.0.send_replace(());
    }

    /// Listens from now on: look first, then [`wait`](Listener::wait).
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

/// Somebody who listens to a [`Bell`].
#[derive(Debug)]
pub struct Listener(watch::Receiver<()>);

impl Listener {
    /// Waits for the bell, or for a second.
    pub async fn wait(&mut self) {
        // Both mean the same: look again.
        let _ = tokio::time::timeout(SLOW_LOOK, self.0.changed()).await;
    }
}
