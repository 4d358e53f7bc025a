//! The reader: the stream from where a service stopped, in batches.
//!
//! How far a service has read is in PostgreSQL, moved in the transaction that handles what is
//! read. From there it pulls for itself until it has caught up with the feed of its process, if
//! there is one, and then follows that. When anything breaks, it is simply opened anew.

use std::sync::Arc;

use async_nats::jetstream::{self, consumer::DeliverPolicy};
use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::{PARTITIONS, Partition};

use crate::{
    delivery::Delivery,
    envelope::SUBJECT_ROOT,
    feed::{Feed, Follower},
    lease::Places,
    pull::{BATCH, Pull},
    topology::is_for,
};

/// What was read: the messages that are for the service, and how far that is.
pub(crate) struct Batch {
    pub(crate) deliveries: Vec<Arc<Delivery>>,
    pub(crate) read: Places,
}

/// Reads some partitions for one service.
pub(crate) struct Reader {
    service: Service,
    /// Until it has caught up.
    pull: Option<Pull>,
    /// From then on.
    feed: Option<Follower>,
    /// How far was read.
    places: Places,
    /// The number of the last message that was seen, of whatever partition.
    last: u64,
    /// The last batch was full: more waits.
    is_behind: bool,
}

impl Reader {
    /// Reads on from `places`.
    pub(crate) async fn open(
        jetstream: &jetstream::Context,
        service: Service,
        places: Places,
        feed: Option<&Feed>,
    ) -> Result<Self, async_nats::Error> {
        // Followed before it is pulled: nothing falls in between.
        let feed = feed.map(Feed::follow);
        let last = places.last.values().min().copied().unwrap_or_default();
        let from = DeliverPolicy::ByStartSequence {
            start_sequence: last + 1,
        };
        let pull = Pull::open(jetstream, subjects(&places), from).await?;
        Ok(Self {
            service,
            pull: Some(pull),
            feed,
            places,
            last,
            is_behind: false,
        })
    }

    /// What comes next; nothing when this reader is broken, and another has to be opened.
    pub(crate) async fn next(&mut self) -> Option<Batch> {
        self.join_feed();
        let mut batch = Batch {
            deliveries: Vec::new(),
            read: Places {
                stream: self.places.stream,
                ..Places::default()
            },
        };
        if let Some(pull) = &mut self.pull {
            let chunk = pull.next().await?;
            self.is_behind = chunk.len() == BATCH;
            for (number, message) in chunk {
                if self.is_wanted(number, &message.subject, &mut batch.read) {
                    let delivery = Delivery::open(self.places.stream, number, message);
                    batch.deliveries.push(Arc::new(delivery));
                }
            }
        } else {
            let chunk = self.feed.as_mut()?.next().await?;
            self.is_behind = chunk.len() == BATCH;
            for delivery in chunk {
                if !self.follows(&delivery) {
                    // Too slow: the next look breaks off here as well.
                    self.feed = None;
                    break;
                }
                if self.is_wanted(delivery.number, &delivery.message.subject, &mut batch.read) {
                    batch.deliveries.push(delivery);
                }
            }
        }
        Some(batch)
    }

    /// Whether more was waiting when it last read.
    pub(crate) const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Leaves the pull once everything that comes after it is in the feed.
    fn join_feed(&mut self) {
        let (stream, last) = (self.places.stream, self.last);
        let first = self.feed.as_mut().and_then(Follower::peek);
        if first.is_some_and(|first| first.stream == stream && first.number <= last + 1) {
            self.pull = None;
        }
    }

    /// Whether nothing lies between what was seen last and this.
    fn follows(&self, delivery: &Delivery) -> bool {
        delivery.stream == self.places.stream && delivery.number <= self.last + 1
    }

    /// Whether a message is one to handle; notes that it was seen.
    fn is_wanted(&mut self, number: u64, subject: &str, read: &mut Places) -> bool {
        self.last = self.last.max(number);
        let Some(partition) = partition(subject) else {
            return false;
        };
        match self.places.last.get_mut(&partition) {
            Some(place) if *place < number => *place = number,
            _ => return false,
        }
        read.last.insert(partition, number);
        is_for(self.service, subject)
    }
}

/// The partition in a subject of ours.
fn partition(subject: &str) -> Option<Partition> {
    let number = subject.split('.').nth(2)?;
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
