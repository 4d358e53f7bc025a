//! The reader: the stream from where a service stopped, in batches.
//!
//! The server keeps nothing of a reader: no acknowledgements, no place. Both are in PostgreSQL,
//! moved in the transaction that handles what was read, so that a reader that breaks, for
//! whatever reason, is simply opened anew.

use std::time::Duration;

use async_nats::jetstream::{
    self, Message,
    consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures::{StreamExt, stream::ReadyChunks};
use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::{PARTITIONS, Partition};

use crate::{
    envelope::SUBJECT_ROOT,
    lease::Places,
    topology::{STREAM, is_for},
};

/// Messages at most in one batch.
const BATCH: usize = 128;

/// Messages at most that one pull asks for: what is handled, and as much again on its way.
const PULL: usize = 2 * BATCH;

/// How long a pull waits for messages.
const PULL_EXPIRES: Duration = Duration::from_secs(10);

/// A server that is silent for twice as long has stalled, or has forgotten this reader.
const HEARTBEAT: Duration = Duration::from_millis(900);

/// The server forgets a reader that has not pulled for so long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// What was read: the messages that are for the service, and how far that is.
pub(crate) struct Batch {
    pub(crate) messages: Vec<Message>,
    pub(crate) read: Places,
}

/// Reads some partitions for one service.
pub(crate) struct Reader {
    service: Service,
    chunks: ReadyChunks<pull::Stream>,
    /// How far was read.
    places: Places,
    /// Messages the server has sent to this reader.
    delivered: u64,
    /// The last batch was full: more waits.
    is_behind: bool,
    broken: bool,
}

impl Reader {
    /// Reads on from `places`.
    pub(crate) async fn open(
        jetstream: &jetstream::Context,
        service: Service,
        places: Places,
    ) -> Result<Self, async_nats::Error> {
        let stream = jetstream.get_stream_no_info(STREAM).await?;
        let first = places.last.values().min().copied().unwrap_or_default() + 1;
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: first,
            },
            ack_policy: AckPolicy::None,
            filter_subjects: subjects(&places),
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
            service,
            chunks: messages.ready_chunks(BATCH),
            places,
            delivered: 0,
            is_behind: false,
            broken: false,
        })
    }

    /// What comes next; nothing when this reader is broken, and another has to be opened.
    pub(crate) async fn next(&mut self) -> Option<Batch> {
        if self.broken {
            return None;
        }
        let chunk = self.chunks.next().await?;
        self.is_behind = chunk.len() == BATCH;
        let mut messages = Vec::with_capacity(chunk.len());
        let mut read = Places {
            stream: self.places.stream,
            ..Places::default()
        };
        for message in chunk {
            let Some((number, message)) = self.in_order(message) else {
                self.broken = true;
                break;
            };
            let Some(place) = partition(&message)
                .and_then(|partition| {
                    self.places
                        .last
                        .get_mut(&partition)
                        .map(|place| (partition, place))
                })
                .filter(|(_, place)| **place < number)
                .map(|(partition, place)| {
                    *place = number;
                    partition
                })
            else {
                continue;
            };
            read.last.insert(place, number);
            if is_for(self.service, &message.subject) {
                messages.push(message);
            }
        }
        Some(Batch { messages, read })
    }

    /// Whether more was waiting when it last read.
    pub(crate) const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// The message and its number in the stream, if none before it was lost on the way.
    fn in_order(
        &mut self,
        message: Result<Message, pull::MessagesError>,
    ) -> Option<(u64, Message)> {
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(service = self.service.name(), %error, "reader broke");
                return None;
            }
        };
        let info = message.info().ok()?;
        let (number, delivered) = (info.stream_sequence, info.consumer_sequence);
        if delivered != self.delivered + 1 {
            return None;
        }
        self.delivered = delivered;
        Some((number, message))
    }
}

/// The partition in a subject of ours.
fn partition(message: &Message) -> Option<Partition> {
    let number = message.subject.split('.').nth(2)?;
    Partition::numbered(number.parse().ok()?)
}

/// What to read. All of it is one subject: with a list, the server compares each message with
/// each.
fn subjects(places: &Places) -> Vec<String> {
    if places.last.len() == usize::from(PARTITIONS) {
        return vec![format!("{SUBJECT_ROOT}.>")];
    }
    places
        .last
        .keys()
        .map(|partition| format!("{SUBJECT_ROOT}.{}.>", partition.number()))
        .collect()
}
