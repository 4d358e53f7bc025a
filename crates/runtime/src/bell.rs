//! A bell that wakes whoever watches something: those who hear it look for themselves.

use std::time::Duration;

use tokio::{sync::watch, time::Instant};

/// How long a watcher waits at most, for changes that another process made.
const SLOW_LOOK: Duration = Duration::from_secs(1);

/// Between two looks at least: under load the bell rings hundreds of times a second, and each
/// watcher asks the database.
const BREATH: Duration = Duration::from_millis(15);

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
        Listener {
            rung: self.0.subscribe(),
            looked: Instant::now(),
        }
    }
}

/// Somebody who listens to a [`Bell`].
#[derive(Debug)]
pub struct Listener {
    rung: watch::Receiver<()>,
    looked: Instant,
}

impl Listener {
    /// Waits for the bell, or for a second; never lets its caller look too often.
    pub async fn wait(&mut self) {
        // Both mean the same: look again.
        let _ = tokio::time::timeout(SLOW_LOOK, self.rung.changed()).await;
        tokio::time::sleep_until(self.looked + BREATH).await;
        self.looked = Instant::now();
    }
}
