//! What was said of a forgotten situation says nothing any more: its rows in the outbox lose their
//! bodies, and go out once more as what they are now; what was published of it is deleted from the
//! stream, overwritten. Each event keeps its place, so that whoever is behind still hears
//! everything in order, and what was said can be compared with what was heard.
//!
//! All of it, with what the service itself forgets, is done twice: the second time for what was
//! written by whoever was at work when the situation was forgotten.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{
    self, Message,
    consumer::{AckPolicy, DeliverPolicy, pull},
    stream::Stream,
};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use knipperlicht_contracts::event::{EventBody, Service};
use knipperlicht_runtime::{Stop, rounds};
use uuid::Uuid;

use crate::{
    Forgets, Kit,
    envelope::{self, SUBJECT_ROOT},
    erasing::ERASURE,
    outbox::{self, Wiped},
    parking, relay,
    topology::STREAM,
};

/// Situations at most in one round.
const AT_ONCE: i64 = 50;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whoever was at work when a situation was forgotten is done by then: no statement takes longer
/// than 10 seconds, and no transaction rests longer than 30.
const STRAGGLERS: SignedDuration = SignedDuration::from_secs(60);

/// Messages asked for at once.
const CHUNK: usize = 500;

/// What a round fails with when the server brings nothing of what it says it has.
const SLOW: &str = "the server has more, and brings nothing: looked at again";

/// Why a round failed; it is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForgettingError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("stream: {0}")]
    Stream(#[from] async_nats::Error),
}

/// Forgets what a service said of forgotten situations.
pub struct Forgetting<F> {
    kit: Kit,
    jetstream: jetstream::Context,
    forgets: Arc<F>,
}

impl<F: Forgets> Forgetting<F> {
    /// For one service.
    #[must_use]
    pub const fn new(kit: Kit, jetstream: jetstream::Context, forgets: Arc<F>) -> Self {
        Self {
            kit,
            jetstream,
            forgets,
        }
    }

    /// Forgets until it is time to stop.
    pub async fn run(self, stop: Stop) {
        rounds(
            &stop,
            "what was said of forgotten situations stands",
            || self.round(),
        )
        .await;
    }

    async fn round(&self) -> Result<Duration, ForgettingError> {
        let situations = self.wipe_tables().await?;
        if situations.is_empty() {
            return Ok(LOOK_EVERY);
        }
        self.kit.waker.wake();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let wiped = outbox::wiped(&mut transaction, &situations).await?;
        transaction.rollback().await?;
        // As long as one is not said again as what it is now, what it was stays: whoever is behind
        // would wait for its place.
        let wiped: Vec<Wiped> = wiped.into_iter().filter(|one| one.is_published).collect();
        let done: Vec<Uuid> = wiped.iter().map(|one| one.situation).collect();
        let deleted = self.wipe_stream(&wiped).await?;
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let now = self.kit.environment.now();
        outbox::note_wiped(&mut transaction, &done, now, before(now)).await?;
        transaction.commit().await?;
        if deleted > 0 {
            tracing::info!(
                service = self.kit.service.name(),
                situations = done.len(),
                messages = deleted,
                "what was said of forgotten situations is deleted"
            );
        }
        Ok(LOOK_EVERY)
    }

    /// What is kept in tables; gives the situations it was done for.
    async fn wipe_tables(&self) -> Result<Vec<Uuid>, ForgettingError> {
        let Kit {
            database,
            principal,
            environment,
            service,
            ..
        } = &self.kit;
        let now = environment.now();
        let mut transaction = database.begin(principal).await?;
        let situations = outbox::to_wipe(&mut transaction, before(now), AT_ONCE).await?;
        if situations.is_empty() {
            transaction.rollback().await?;
            return Ok(situations);
        }
        self.forgets
            .forget(&mut transaction, &situations, now)
            .await?;
        parking::forget(&mut transaction, now, &situations).await?;
        // A relay that read a row before would say it as it was, and note that as said.
        let lock_class = relay::lock_class(*service);
        outbox::wipe(&mut transaction, lock_class, &situations).await?;
        transaction.commit().await?;
        Ok(situations)
    }

    /// Deletes what the stream holds of these situations; gives how many messages.
    async fn wipe_stream(&self, wiped: &[Wiped]) -> Result<usize, ForgettingError> {
        let mut subjects: Vec<String> = Vec::new();
        for one in wiped {
            for aggregate in self.kit.service.aggregates() {
                let places = one.places.iter();
                subjects.extend(places.map(|(partition, zone)| {
                    format!("{SUBJECT_ROOT}.{partition}.{zone}.{aggregate}.>")
                }));
            }
        }
        subjects.sort_unstable();
        subjects.dedup();
        if subjects.is_empty() {
            return Ok(0);
        }
        let situations: Vec<String> = wiped.iter().map(|one| one.situation.to_string()).collect();
        let stream = self.jetstream.get_stream_no_info(STREAM).await;
        let stream = stream.map_err(async_nats::Error::from)?;
        let numbers = self.find(&stream, subjects, &situations).await?;
        for number in &numbers {
            // Overwritten, not only left out: that is what deleting does where nothing else is said.
            stream
                .delete_message(*number)
                .await
                .map_err(async_nats::Error::from)?;
        }
        Ok(numbers.len())
    }

    /// The numbers of the messages that still say something of these situations.
    async fn find(
        &self,
        stream: &Stream<()>,
        subjects: Vec<String>,
        situations: &[String],
    ) -> Result<Vec<u64>, async_nats::Error> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::None,
            filter_subjects: subjects,
            headers_only: true,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: Duration::from_secs(30),
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(config).await?;
        let mut numbers = Vec::new();
        let mut left = consumer.cached_info().num_pending;
        while left > 0 {
            let mut messages = consumer.fetch().max_messages(CHUNK).messages().await?;
            let mut brought_any = false;
            while let Some(message) = messages.next().await {
                let message = message?;
                let info = message.info()?;
                (left, brought_any) = (info.pending, true);
                if says_something(&message, self.kit.service, situations) {
                    numbers.push(info.stream_sequence);
                }
            }
            // A server that is slow brings less than it has: that is not the end.
            if !brought_any {
                return Err(SLOW.into());
            }
        }
        Ok(numbers)
    }
}

/// Whoever was at work before is done by now.
fn before(now: Timestamp) -> Timestamp {
    now.saturating_sub(STRAGGLERS).unwrap_or(now)
}

/// Whether a message says more of one of these situations than that it is forgotten.
fn says_something(message: &Message, service: Service, situations: &[String]) -> bool {
    let Some(headers) = &message.headers else {
        return false;
    };
    let header = |name: &str| {
        headers
            .get(name)
            .map_or("", async_nats::HeaderValue::as_str)
    };
    let about = header(envelope::SUBJECT);
    let event_type = header(envelope::TYPE);
    header(envelope::SOURCE) == service.name()
        && ![ERASURE, EventBody::FORGOTTEN].contains(&event_type)
        && situations.iter().any(|situation| situation == about)
}
