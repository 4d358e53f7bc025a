use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tokio::time::sleep;

use crate::error::{Doing, SandboxError};
use crate::nats::{Nats, NatsOptions, Peer};
use crate::port::free_port;
use crate::tools::Tools;

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Several nats-servers that keep each stream together. Dropped, they end.
#[derive(Debug)]
pub struct NatsCluster {
    nodes: Vec<Nats>,
}

impl NatsCluster {
    /// Starts `size` of them, each as `like` says in a directory of its own within the one named there,
    /// and waits until all serve clients; not until a leader is chosen, see [`settled`](Self::settled).
    pub async fn start(
        tools: &Tools,
        like: NatsOptions,
        size: usize,
    ) -> Result<Self, SandboxError> {
        let routes: Vec<u16> = (0..size)
            .map(|_| free_port())
            .collect::<Result<_, _>>()
            .doing("find a free port")?;
        let starting = routes.iter().enumerate().map(|(number, port)| {
            let options = NatsOptions {
                directory: directory(&like.directory, number),
                port: None,
                peer: (size > 1).then(|| Peer {
                    port: *port,
                    routes: routes.clone(),
                }),
                ..like.clone()
            };
            Nats::start(tools, options)
        });
        Ok(Self {
            nodes: try_join_all(starting).await?,
        })
    }

    /// Each of them.
    #[must_use]
    pub fn nodes(&self) -> &[Nats] {
        &self.nodes
    }

    /// One of them, to be killed or started again.
    pub fn node(&mut self, number: usize) -> Option<&mut Nats> {
        self.nodes.get_mut(number)
    }

    /// Waits until every one of them has all that it should; false when that takes too long.
    pub async fn settled(&self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        for node in &self.nodes {
            while !node.is_well().await {
                if Instant::now() >= deadline {
                    return false;
                }
                sleep(LOOK_EVERY).await;
            }
        }
        true
    }

    /// The addresses for clients, with commas between.
    #[must_use]
    pub fn url(&self) -> String {
        let urls: Vec<String> = self.nodes.iter().map(Nats::url).collect();
        urls.join(",")
    }
}

fn directory(within: &Path, number: usize) -> PathBuf {
    within.join(format!("node-{number}"))
}
