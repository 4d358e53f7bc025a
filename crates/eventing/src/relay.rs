//! The relay: brings the outbox to JetStream.
//!
//! Rows are claimed by `published_at is null`, never by "later than my cursor": a transaction
//! that commits late would be skipped for ever. One relay at a time holds a partition (an
//! advisory lock that ends with the transaction), and rows go out in the order of their
//! positions, in batches that the server stores whole or not at all, so that a situation's
//! events can never overtake each other.

use std::time::Duration;

use async_nats::{
    Client, HeaderMap, Request,
    jetstream::{self, response::Response},
};
use knipperlicht_access::{Database, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::{Stop, retry_pause};
use knipperlicht_vocabulary::Environment;

use crate::{
    envelope,
    outbox::{self, OutboxRow, Waker},
};

/// Rows at most in one batch; the server takes up to 1,000.
const BATCH: usize = 500;

/// Rows at most that go out one by one in one transaction, so that it never grows old.
const ONE_BY_ONE: usize = 50;

/// How often to look when nobody woke us: for rows of another instance that died.
const SLOW_POLL: Duration = Duration::from_secs(1);

/// How long to wait for the server to store a batch.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

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

/// What a pass left behind.
enum Left {
    /// Nothing that was there when it began.
    Nothing,
    /// Perhaps more.
    More,
}

/// The relay of one service.
pub struct Relay {
    /// Whose outbox.
    pub service: Service,
    /// Its database.
    pub database: Database,
    /// In whose name.
    pub principal: Principal,
    /// The connection to NATS.
    pub nats: Client,
    /// Time.
    pub environment: Environment,
    /// What wakes it.
    pub waker: Waker,
}

impl Relay {
    /// Relays until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let mut failures = 0;
        while !stop.is_requested() {
            match self.pass().await {
                Ok(Left::More) => failures = 0,
                Ok(Left::Nothing) => {
                    failures = 0;
                    tokio::select! {
                        () = stop.requested() => {}
                        () = self.waker.woken() => {}
                        () = tokio::time::sleep(SLOW_POLL) => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(service = self.service.name(), %error, "outbox waits");
                    if !stop.pause(retry_pause(failures)).await {
                        break;
                    }
                    failures += 1;
                }
            }
        }
    }

    /// Publishes one batch.
    async fn pass(&self) -> Result<Left, RelayError> {
        let mut transaction = self.database.begin(&self.principal).await?;
        let lock_class = LOCK_CLASS + self.service as i32;
        let partitions = outbox::claim_partitions(&mut transaction, lock_class).await?;
        let rows = outbox::unpublished(&mut transaction, &partitions, BATCH).await?;
        if rows.is_empty() {
            return Ok(Left::Nothing);
        }
        let published = self.publish(&rows).await?;
        outbox::mark_published(&mut transaction, published, self.environment.now()).await?;
        transaction.commit().await?;
        let whole_outbox = published.len() == rows.len() && rows.len() < BATCH;
        Ok(if whole_outbox {
            Left::Nothing
        } else {
            Left::More
        })
    }

    /// Publishes rows, in order; says which.
    async fn publish<'r>(&self, rows: &'r [OutboxRow]) -> Result<&'r [OutboxRow], RelayError> {
        if let [row] = rows {
            self.publish_one(row).await?;
            return Ok(rows);
        }
        match self.publish_batch(rows).await {
            Ok(()) => Ok(rows),
            // Refused whole. Most often because some of it was stored before, its acknowledgement
            // lost: one by one, the server tells which.
            Err(RelayError::Publish(reason)) => {
                tracing::debug!(
                    service = self.service.name(),
                    reason,
                    "batch refused: one by one"
                );
                let some = &rows[..rows.len().min(ONE_BY_ONE)];
                for row in some {
                    self.publish_one(row).await?;
                }
                Ok(some)
            }
            Err(other) => Err(other),
        }
    }

    /// One atomic batch (NATS ADR-50): only the last message is answered, for all of them.
    async fn publish_batch(&self, rows: &[OutboxRow]) -> Result<(), RelayError> {
        let batch_id = self.environment.uuid().simple().to_string();
        let Some((last, rest)) = rows.split_last() else {
            return Ok(());
        };
        let in_batch = |headers: &mut HeaderMap, place: usize| {
            headers.insert("Nats-Batch-Id", batch_id.as_str());
            headers.insert("Nats-Batch-Sequence", place.to_string());
        };
        for (index, row) in rest.iter().enumerate() {
            let mut headers = envelope::headers(self.service, row);
            in_batch(&mut headers, index + 1);
            self.nats
                .publish_with_headers(envelope::subject(row), headers, row.body.clone().into())
                .await
                .map_err(|error| RelayError::Publish(error.to_string()))?;
        }
        let mut headers = envelope::headers(self.service, last);
        in_batch(&mut headers, rows.len());
        headers.insert("Nats-Batch-Commit", "1");
        self.request(last, headers).await
    }

    async fn publish_one(&self, row: &OutboxRow) -> Result<(), RelayError> {
        self.request(row, envelope::headers(self.service, row))
            .await
    }

    /// Publishes and waits until the server has stored it.
    async fn request(&self, row: &OutboxRow, headers: HeaderMap) -> Result<(), RelayError> {
        let refused = |reason: String| RelayError::Publish(reason);
        let request = Request::new()
            .headers(headers)
            .payload(row.body.clone().into())
            .timeout(Some(ACK_TIMEOUT));
        let answer = self
            .nats
            .send_request(envelope::subject(row), request)
            .await
            .map_err(|error| refused(error.to_string()))?;
        // Anything but an acknowledgement is a refusal: also an empty answer.
        match serde_json::from_slice::<Response<jetstream::publish::PublishAck>>(&answer.payload) {
            Ok(Response::Ok(_)) => Ok(()),
            Ok(Response::Err { error }) => Err(refused(error.to_string())),
            Err(error) => Err(refused(format!("unreadable acknowledgement: {error}"))),
        }
    }
}
