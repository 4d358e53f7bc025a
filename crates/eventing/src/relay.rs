//! The relay: brings the outbox to JetStream.
//!
//! Rows are claimed by `published_at is null`, never only by "later than my cursor": a transaction
//! that commits late would be skipped for ever. One relay at a time holds a partition (an
//! advisory lock that ends with the transaction), and rows go out in the order of their
//! positions: many as one batch that the server stores whole or not at all, few each for itself.
//! Should the server refuse one of those, or a row be committed so late that the next of its
//! situation went before it, that one waits with those who hear it.

use std::time::{Duration, Instant as Moment};

use async_nats::jetstream::{self, context::PublishError};
use knipperlicht_access::{Database, Principal, Standing};
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::{MessageSpan, Stop, retry_pause};
use knipperlicht_vocabulary::{Environment, PARTITIONS};
use tokio::time::Instant;

use crate::{
    Turns, envelope, measure,
    outbox::{self, OutboxRow, Waker},
    spans::Told,
    turn::rest,
};

/// Rows at most in one batch; the server takes up to 1,000.
const BATCH: usize = 500;

/// Rows from which a batch is worth its price: the server keeps each batch in files of its own
/// until it is whole, and writes one by one to the disk what comes one by one. Measured at 1,000
/// signals a second: from 48 on it saves a tenth of the server's work, from 24 on nothing.
const ATOMIC_FROM: usize = 48;

/// How often to look when nobody woke us: for rows of another instance that died.
const SLOW_POLL: Duration = Duration::from_secs(1);

/// How often to look at all that is unpublished, rather than at what is new.
const LOOK_AT_ALL_EVERY: Duration = Duration::from_secs(1);

/// What every service adds to its number, so that locks of other programs do not clash.
const LOCK_CLASS: i32 = 0x4b4c_0000;

/// Publishing did not work out; it will be tried again.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("publish: {0}")]
    Publish(String),
}

/// The class of the locks by which a service's relays share the partitions out.
pub(crate) const fn lock_class(service: Service) -> i32 {
    LOCK_CLASS + service as i32
}

/// What a pass left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing that was there when it began.
    Nothing,
    /// Perhaps more.
    More,
}

/// From which position on to look. The index of what is unpublished keeps, until it is vacuumed,
/// what was published since: a look from its beginning passes all of that, and takes the longer
/// the more was said. So most looks begin where everything was published a moment ago; and one in
/// each moment begins at the very beginning, for what was committed late, or is to be said again.
#[derive(Default)]
struct Floor {
    above: i64,
    highest: i64,
    looked_at_all: Option<Instant>,
}

impl Floor {
    /// Where the look that begins now begins.
    fn now(&mut self, now: Instant) -> i64 {
        let is_fresh = |at: Instant| now.duration_since(at) < LOOK_AT_ALL_EVERY;
        if self.looked_at_all.is_some_and(is_fresh) {
            return self.above;
        }
        self.looked_at_all = Some(now);
        self.above = self.highest;
        0
    }

    /// Everything that was seen up to `position` was published; `left` says whether more was there.
    fn published(&mut self, position: i64, left: Left) {
        self.highest = self.highest.max(position);
        if left == Left::More {
            self.above = position;
        }
    }
}

/// The relay of one service.
pub struct Relay {
    /// Whose outbox.
    pub service: Service,
    /// Its database.
    pub database: Database,
    /// In whose name.
    pub principal: Principal,
    /// JetStream.
    pub jetstream: jetstream::Context,
    /// Time.
    pub environment: Environment,
    /// What wakes it.
    pub waker: Waker,
    /// When it is its turn.
    pub turns: Turns,
}

impl Relay {
    /// Relays until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let mut standing = self.database.standing(&self.principal);
        let mut floor = Floor::default();
        let mut failures = 0;
        while !stop.is_requested() {
            match self.pass(&mut standing, &mut floor).await {
                Ok((_, Left::More)) => failures = 0,
                Ok((published, Left::Nothing)) => {
                    failures = 0;
                    rest(published, &stop).await;
                    tokio::select! {
                        () = stop.requested() => {}
                        () = self.waker.woken() => {}
                        () = tokio::time::sleep(SLOW_POLL) => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(service = self.service.name(), %error, "outbox waits");
                    standing.give_up();
                    if !stop.pause(retry_pause(failures)).await {
                        break;
                    }
                    failures += 1;
                }
            }
        }
    }

    /// Publishes one batch; says how many that were, and whether more is there.
    async fn pass(
        &self,
        standing: &mut Standing,
        floor: &mut Floor,
    ) -> Result<(usize, Left), RelayError> {
        let mut transaction = standing.begin().await?;
        let turn = self.turns.take().await;
        let lock_class = lock_class(self.service);
        let partitions = outbox::claim_partitions(&mut transaction, lock_class).await?;
        let above = floor.now(Instant::now());
        let rows = outbox::unpublished(&mut transaction, &partitions, above, BATCH).await?;
        if rows.is_empty() {
            // Dropped, it would hold the partitions until the connection is used again.
            transaction.rollback().await?;
            return Ok((0, Left::Nothing));
        }
        drop(turn);
        let published = self.publish_measured(&rows).await?;
        let turn = self.turns.take().await;
        outbox::mark_published(&mut transaction, published, self.environment.now()).await?;
        drop(turn);
        transaction.commit().await?;
        let whole_outbox = published.len() == rows.len() && rows.len() < BATCH;
        let left = if whole_outbox {
            Left::Nothing
        } else {
            Left::More
        };
        if let Some(last) = published.last()
            && partitions.len() == usize::from(PARTITIONS)
        {
            floor.published(last.position, left);
        }
        Ok((published.len(), left))
    }

    async fn publish_measured<'r>(
        &self,
        rows: &'r [OutboxRow],
    ) -> Result<&'r [OutboxRow], RelayError> {
        let began = Moment::now();
        let mut spans: Vec<MessageSpan> = rows.iter().map(|row| self.span(row)).collect();
        let published = self.publish(rows, &spans).await;
        let stored = published.as_ref().map_or(0, |rows| rows.len());
        for span in &mut spans[stored..] {
            span.fail("refused");
        }
        let (tried, error) = match &published {
            Ok(stored) => (stored.len(), None),
            Err(_) => (rows.len(), Some("refused")),
        };
        measure::published(self.service, tried, began.elapsed(), error);
        published
    }

    /// The span of a row that is published.
    fn span(&self, row: &OutboxRow) -> MessageSpan {
        let told = Told {
            by: self.service,
            id: row.event_id,
            subject_tail: &row.subject_tail,
            zone: &row.zone,
            partition: u16::try_from(row.partition).unwrap_or_default(),
        };
        told.published(row.traceparent.as_deref())
    }

    /// Publishes rows, in order; says which.
    async fn publish<'r>(
        &self,
        rows: &'r [OutboxRow],
        spans: &[MessageSpan],
    ) -> Result<&'r [OutboxRow], RelayError> {
        if rows.len() >= ATOMIC_FROM {
            match self.publish_batch(rows, spans).await {
                Ok(()) => return Ok(rows),
                // Refused whole. Most often because some of it was stored before, its acknowledgement
                // lost: each for itself, the server tells which.
                Err(reason) => {
                    tracing::debug!(service = self.service.name(), reason, "batch refused");
                }
            }
        }
        self.publish_each(&rows[..rows.len().min(ATOMIC_FROM)], spans)
            .await
    }

    /// Each row for itself, all on their way at once. Should one be refused and a later one not,
    /// the later one waits with those who hear it, until this one is published again.
    async fn publish_each<'r>(
        &self,
        rows: &'r [OutboxRow],
        spans: &[MessageSpan],
    ) -> Result<&'r [OutboxRow], RelayError> {
        let refused = |error: PublishError| RelayError::Publish(error.to_string());
        let mut answers = Vec::with_capacity(rows.len());
        for (row, span) in rows.iter().zip(spans) {
            let headers = envelope::headers(self.service, row, span);
            let body = row.body.clone().into();
            let answer = self
                .jetstream
                .publish_with_headers(envelope::subject(row), headers, body)
                .await;
            answers.push(answer.map_err(refused)?);
        }
        let mut stored = 0;
        for answer in answers {
            match answer.await {
                Ok(_) => stored += 1,
                Err(error) if stored == 0 => return Err(refused(error)),
                Err(_) => break,
            }
        }
        Ok(&rows[..stored])
    }

    /// One atomic batch (NATS ADR-50): only the last message is answered, for all of them.
    async fn publish_batch(&self, rows: &[OutboxRow], spans: &[MessageSpan]) -> Result<(), String> {
        let batch_id = self.environment.uuid().simple().to_string();
        let (Some((last, rest)), Some(last_span)) = (rows.split_last(), spans.last()) else {
            return Ok(());
        };
        let in_batch = |row: &OutboxRow, span: &MessageSpan, place: usize| {
            let mut headers = envelope::headers(self.service, row, span);
            headers.insert("Nats-Batch-Id", batch_id.as_str());
            headers.insert("Nats-Batch-Sequence", place.to_string());
            headers
        };
        let nats = self.jetstream.client();
        for (index, (row, span)) in rest.iter().zip(spans).enumerate() {
            let (headers, body) = (in_batch(row, span, index + 1), row.body.clone().into());
            nats.publish_with_headers(envelope::subject(row), headers, body)
                .await
                .map_err(|error| error.to_string())?;
        }
        let mut headers = in_batch(last, last_span, rows.len());
        headers.insert("Nats-Batch-Commit", "1");
        self.jetstream
            .publish_with_headers(envelope::subject(last), headers, last.body.clone().into())
            .await
            .map_err(|error| error.to_string())?
            .await
            .map_err(|error| error.to_string())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_looks_begin_where_all_was_published_a_moment_ago_and_one_a_second_at_the_beginning() {
        let mut floor = Floor::default();
        let start = Instant::now();
        let after = |seconds: f64| start + Duration::from_secs_f64(seconds);
        assert_eq!(floor.now(after(0.0)), 0);
        floor.published(7, Left::Nothing);
        // What was just published may have overtaken something that is not committed yet.
        assert_eq!(floor.now(after(0.5)), 0);
        assert_eq!(floor.now(after(1.0)), 0);
        assert_eq!(floor.now(after(1.5)), 7);
        floor.published(9, Left::Nothing);
        assert_eq!(floor.now(after(1.9)), 7);
        assert_eq!(floor.now(after(2.0)), 0);
        assert_eq!(floor.now(after(2.1)), 9);
    }

    #[test]
    fn a_look_that_could_not_take_everything_goes_on_where_it_ended() {
        let mut floor = Floor::default();
        let start = Instant::now();
        floor.published(10_000, Left::Nothing);
        // A replay: everything is to be said again.
        assert_eq!(floor.now(start), 0);
        floor.published(500, Left::More);
        assert_eq!(floor.now(start), 500);
        floor.published(1_000, Left::More);
        assert_eq!(floor.now(start), 1_000);
    }
}
