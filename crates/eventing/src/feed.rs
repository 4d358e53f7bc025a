//! The feed: what is new in the stream, pulled and decoded once for all services of a process.
//!
//! It never waits for anybody: a service that falls behind it reads for itself until it has
//! caught up (see `reader`).

use std::sync::Arc;

use async_nats::jetstream::{self, consumer::DeliverPolicy};
use knipperlicht_runtime::{Stop, retry_pause};
use tokio::sync::broadcast::{self, error::TryRecvError};

use crate::{
    delivery::Delivery,
    envelope::SUBJECT_ROOT,
    pull::{BATCH, Pull},
    topology::stream_state,
};

/// Messages that are kept for who is slower: some kilobytes each.
const KEPT: usize = 4_096;

/// What is new in the stream, for all services of a process.
#[derive(Clone)]
pub struct Feed(broadcast::Sender<Arc<Delivery>>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

/// How far the feed came: in the stream made at which moment, and the number of the last message.
type Reached = Option<(i64, u64)>;

impl Feed {
    /// Feeds those who follow until it is time to stop.
    pub async fn run(self, jetstream: jetstream::Context, stop: Stop) {
        let mut reached = None;
        let mut failures = 0;
        while !stop.is_requested() {
            let before = reached;
            match open(&jetstream, reached).await {
                Ok((stream, pull)) => tokio::select! {
                    () = self.pass_on(stream, pull, &mut reached) => {}
                    () = stop.requested() => return,
                },
                Err(error) => tracing::warn!(%error, "events are not read"),
            }
            if reached == before {
                if !stop.pause(retry_pause(failures)).await {
                    return;
                }
                failures += 1;
            } else {
                failures = 0;
            }
        }
    }

    async fn pass_on(&self, stream: i64, mut pull: Pull, reached: &mut Reached) {
        while let Some(messages) = pull.next().await {
            for (number, message) in messages {
                // Fails when nobody follows just now.
                let _ = self
                    .0
                    .send(Arc::new(Delivery::open(stream, number, message)));
                *reached = Some((stream, number));
            }
        }
    }

    /// Follows from now on.
    pub(crate) fn follow(&self) -> Follower {
        Follower {
            receiver: self.0.subscribe(),
            first: None,
        }
    }
}

/// A pull from where the feed stopped; of a stream it has not seen, from now on.
async fn open(
    jetstream: &jetstream::Context,
    reached: Reached,
) -> Result<(i64, Pull), async_nats::Error> {
    let stream = stream_state(jetstream).await?;
    let from = match reached {
        Some((made, number)) if made == stream.made && number <= stream.last => {
            DeliverPolicy::ByStartSequence {
                start_sequence: number + 1,
            }
        }
        _ => DeliverPolicy::New,
    };
    let pull = Pull::open(jetstream, vec![format!("{SUBJECT_ROOT}.>")], from).await?;
    if stream_state(jetstream).await?.made != stream.made {
        return Err("the stream was made anew meanwhile".into());
    }
    Ok((stream.made, pull))
}

/// Somebody who follows a [`Feed`]. Whoever is too slow misses messages, and sees it by their
/// numbers.
pub(crate) struct Follower {
    receiver: broadcast::Receiver<Arc<Delivery>>,
    first: Option<Arc<Delivery>>,
}

impl Follower {
    /// The next message, if it is there, without taking it.
    pub(crate) fn peek(&mut self) -> Option<&Delivery> {
        if self.first.is_none() {
            self.first = self.try_next();
        }
        self.first.as_deref()
    }

    /// The next messages; nothing when some were missed.
    pub(crate) async fn next(&mut self) -> Option<Vec<Arc<Delivery>>> {
        let first = match self.first.take().or_else(|| self.try_next()) {
            Some(first) => first,
            None => self.receiver.recv().await.ok()?,
        };
        let mut chunk = vec![first];
        while chunk.len() < BATCH
            && let Some(next) = self.try_next()
        {
            chunk.push(next);
        }
        Some(chunk)
    }

    fn try_next(&mut self) -> Option<Arc<Delivery>> {
        loop {
            match self.receiver.try_recv() {
                Ok(next) => return Some(next),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }
}
