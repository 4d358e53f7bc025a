//! Messages of the stream from some number on, in order, none left out.
//!
//! The server keeps nothing of who reads: no acknowledgements, no place. When a pull breaks, for
//! whatever reason, whoever reads knows how far it came and opens another. (The library's ordered
//! consumer does likewise, but goes on from its own count rather than from what was handled, and
//! notices a stalled server only after half a minute.)

use std::time::Duration;

use async_nats::jetstream::{
    self, Message,
    consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures::{StreamExt, stream::ReadyChunks};

use crate::topology::STREAM;

/// Messages at most in one batch.
pub(crate) const BATCH: usize = 128;

/// Messages at most that one pull asks for: what is handled, and as much again on its way.
const PULL: usize = 2 * BATCH;

/// How long a pull waits for messages.
const PULL_EXPIRES: Duration = Duration::from_secs(10);

/// A server that is silent for twice as long has stalled, or has forgotten this reader.
const HEARTBEAT: Duration = Duration::from_millis(900);

/// The server forgets a pull that nobody waits on for so long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(5);

/// An open pull.
pub(crate) struct Pull {
    chunks: ReadyChunks<pull::Stream>,
    /// Messages the server has sent.
    delivered: u64,
    broken: bool,
}

impl Pull {
    /// Pulls what is on `subjects`, from where `from` says.
    pub(crate) async fn open(
        jetstream: &jetstream::Context,
        subjects: Vec<String>,
        from: DeliverPolicy,
    ) -> Result<Self, async_nats::Error> {
        let stream = jetstream.get_stream_no_info(STREAM).await?;
        let config = pull::Config {
            deliver_policy: from,
            ack_policy: AckPolicy::None,
            filter_subjects: subjects,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: FORGOTTEN_AFTER,
            ..pull::Config::default()
        };
        let messages = stream
            .create_consumer(config)
            .await?
            .stream()
            .max_messages_per_batch(PULL)
            .expires(PULL_EXPIRES)
            .heartbeat(HEARTBEAT)
            .messages()
            .await?;
        Ok(Self {
            chunks: messages.ready_chunks(BATCH),
            delivered: 0,
            broken: false,
        })
    }

    /// What comes next, with the numbers in the stream; nothing when this pull is broken.
    pub(crate) async fn next(&mut self) -> Option<Vec<(u64, Message)>> {
        if self.broken {
            return None;
        }
        let chunk = self.chunks.next().await?;
        let mut messages = Vec::with_capacity(chunk.len());
        for message in chunk {
            let Some(message) = self.in_order(message) else {
                self.broken = true;
                break;
            };
            messages.push(message);
        }
        (!messages.is_empty()).then_some(messages)
    }

    /// The message and its number, if none before it was lost on the way.
    fn in_order(
        &mut self,
        message: Result<Message, pull::MessagesError>,
    ) -> Option<(u64, Message)> {
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(%error, "pull broke");
                return None;
            }
        };
        let info = message.info().ok()?;
        let (number, delivered) = (info.stream_sequence, info.consumer_sequence);
        if delivered != self.delivered + 1 {
            tracing::debug!(number, "pull broke: a message before this one was lost");
            return None;
        }
        self.delivered = delivered;
        Some((number, message))
    }
}
