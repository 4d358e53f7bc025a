//! The consumer: brings events to a service's reactions, in order, with effect once.
//!
//! Per service and partition one durable pull consumer, pinned by the server to one client. All
//! partitions of a process meet in one queue; whatever waits there is handled as one batch in one
//! transaction: inbox, state, outbox. Only then it is acknowledged. That order, and the place
//! each event has in its situation's line, is what counts: the server may deliver twice or out of
//! order, and nothing changes.

use std::{future::Future, sync::Arc, time::Duration};

use async_nats::jetstream::{self, Message, consumer::pull};
use futures::StreamExt;
use knipperlicht_access::{Database, OwnedTransaction, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::{Stop, retry_pause};
use knipperlicht_vocabulary::{Environment, Partition};
use sqlx::PgConnection;
use tokio::sync::mpsc;

use crate::{
    Event, Waker,
    admission::{Place, Verdict, waves},
    envelope::{self, Unreadable},
    parking::{self, Parking},
    topology::{PIN_GROUP, STREAM, consumer_name, is_for},
};

/// Events at most in one transaction.
const BATCH: usize = 256;

/// Messages at most that a process holds and has not handled.
const IN_FLIGHT: usize = 1_024;

/// Messages at most that one pull asks for.
const PULL: usize = 64;

/// A pull that brought nothing ends after this, so that a pinned handler is heard of in time.
const PULL_EXPIRES: Duration = Duration::from_secs(2);

/// A server that is silent for twice as long has stalled: the pull is built anew.
const HEARTBEAT: Duration = Duration::from_millis(900);

/// Why an event could not take effect.
#[derive(Debug, thiserror::Error)]
pub enum ReactionError {
    /// The database: tried again, and parked if it is this event's fault.
    #[error("database: {0}")]
    Store(#[from] sqlx::Error),
    /// The event says something that cannot be.
    #[error("{0}")]
    Nonsense(String),
}

impl ReactionError {
    /// Whether the whole database is away rather than one event at fault.
    fn is_outage(&self) -> bool {
        match self {
            Self::Store(error) => is_outage(error),
            Self::Nonsense(_) => false,
        }
    }
}

/// Whether the database is away, or asks to try the same again.
pub(crate) fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // 25P03: the server ended a transaction that stood idle. Then classes of SQLSTATE: connection,
        // transaction rollback, resources, operator intervention, system error.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["25P03", "08", "40", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// A message as it was delivered, and what it says.
struct Delivery<'a> {
    opened: Result<Event, Unreadable>,
    message: &'a Message,
}

impl<'a> Delivery<'a> {
    fn open(message: &'a Message) -> Self {
        Self {
            opened: envelope::open_message(message),
            message,
        }
    }
}

/// What a service does when it hears something.
pub trait Reactions: Send + Sync + 'static {
    /// Lets `wave` take effect on `connection`'s transaction, and says what follows from it. A
    /// wave holds a situation at most once.
    fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[Event],
    ) -> impl Future<Output = Result<(), ReactionError>> + Send;

    /// The effects are committed: those who watch may look.
    fn committed(&self, wave: &[Event]);
}

/// The consumer of one service.
pub struct Consumer<R> {
    /// Whose.
    pub service: Service,
    /// Its database.
    pub database: Database,
    /// In whose name.
    pub principal: Principal,
    /// JetStream.
    pub jetstream: jetstream::Context,
    /// Time.
    pub environment: Environment,
    /// Wakes the relay when a reaction said something.
    pub waker: Waker,
    /// What the service does.
    pub reactions: Arc<R>,
}

impl<R: Reactions> Consumer<R> {
    /// Consumes until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let (sender, receiver) = mpsc::channel(IN_FLIGHT);
        let pulls = Partition::all().map(|partition| {
            pull_partition(
                self.jetstream.clone(),
                self.service,
                partition,
                sender.clone(),
                stop.clone(),
            )
        });
        let pulling = futures::future::join_all(pulls);
        drop(sender);
        tokio::join!(
            pulling,
            self.handle_all(receiver, &stop),
            self.retry_parked(&stop)
        );
    }

    async fn handle_all(&self, mut receiver: mpsc::Receiver<(Partition, Message)>, stop: &Stop) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let waiting = tokio::select! {
                waiting = receiver.recv_many(&mut batch, BATCH) => waiting,
                () = stop.requested() => 0,
            };
            if waiting == 0 {
                return;
            }
            let deliveries: Vec<_> = batch
                .iter()
                .filter(|(_, message)| is_for(self.service, &message.subject))
                .map(|(_, message)| Delivery::open(message))
                .collect();
            if !deliveries.is_empty() && !self.handle_until_done(&deliveries, stop).await {
                return;
            }
            acknowledge(&mut batch).await;
        }
    }

    /// Handles a batch, waiting out outages. False when it is time to stop instead.
    async fn handle_until_done(&self, deliveries: &[Delivery<'_>], stop: &Stop) -> bool {
        let mut failures = 0;
        loop {
            let error = match self.handle(deliveries).await {
                Ok(()) => return true,
                Err(error) => error,
            };
            let handled = if error.is_outage() {
                Err(error)
            } else {
                // One event is at fault: find it, so that the others flow on.
                self.handle_one_by_one(deliveries)
                    .await
                    .map_err(ReactionError::from)
            };
            let Err(error) = handled else { return true };
            tracing::warn!(service = self.service.name(), %error, "events wait");
            if !stop.pause(retry_pause(failures)).await {
                return false;
            }
            failures += 1;
        }
    }

    async fn handle_one_by_one(&self, deliveries: &[Delivery<'_>]) -> Result<(), sqlx::Error> {
        for delivery in deliveries {
            match self.handle(std::slice::from_ref(delivery)).await {
                Ok(()) => {}
                Err(ReactionError::Store(error)) if is_outage(&error) => return Err(error),
                Err(error) => self.park_failed(delivery, &error.to_string()).await?,
            }
        }
        Ok(())
    }

    /// One batch in one transaction.
    async fn handle(&self, deliveries: &[Delivery<'_>]) -> Result<(), ReactionError> {
        let now = self.environment.now();
        let events: Vec<&Event> = deliveries
            .iter()
            .filter_map(|delivery| delivery.opened.as_ref().ok())
            .collect();
        let mut transaction = self.database.begin(&self.principal).await?;
        let (mut admission, waiting) = parking::admission(&mut transaction, &events).await?;

        let mut applied = Vec::with_capacity(events.len());
        let mut held_back = Vec::new();
        for Delivery { opened, message } in deliveries {
            match opened {
                Ok(event) => match admission.judge(event.place()) {
                    Verdict::Apply => applied.push(event.clone()),
                    Verdict::Duplicate => {}
                    Verdict::Wait => held_back.push(Parking::waiting(event, message)),
                    Verdict::QueueBehind => held_back.push(Parking::behind(event, message)),
                },
                Err(unreadable) => held_back.push(Parking::unreadable(unreadable, message)),
            }
        }
        self.apply(&mut transaction, applied.clone()).await?;
        parking::park(&mut transaction, now, &held_back).await?;
        if waiting {
            parking::hasten(&mut transaction, now, &applied).await?;
        }
        transaction.commit().await?;
        self.told(&applied);
        Ok(())
    }

    /// Lets events take effect, in order.
    async fn apply(
        &self,
        transaction: &mut OwnedTransaction,
        events: Vec<Event>,
    ) -> Result<(), ReactionError> {
        parking::record_handled(transaction, self.environment.now(), &events).await?;
        for wave in waves(events, |event| event.situation) {
            self.reactions.react(transaction, &wave).await?;
        }
        Ok(())
    }

    fn told(&self, applied: &[Event]) {
        if !applied.is_empty() {
            self.waker.wake();
            self.reactions.committed(applied);
        }
    }

    async fn park_failed(&self, delivery: &Delivery<'_>, error: &str) -> Result<(), sqlx::Error> {
        let Ok(event) = &delivery.opened else {
            return Ok(());
        };
        tracing::error!(
            service = self.service.name(),
            situation = %event.situation,
            event = event.body.event_type(),
            error,
            "event parked"
        );
        let mut transaction = self.database.begin(&self.principal).await?;
        let parking = Parking::failed(event, delivery.message, error);
        parking::park(&mut transaction, self.environment.now(), &[parking]).await?;
        transaction.commit().await
    }

    /// Tries parked situations again when their time has come.
    async fn retry_parked(&self, stop: &Stop) {
        while stop.pause(parking::LOOK_EVERY).await {
            if let Err(error) = self.retry_due().await {
                tracing::warn!(service = self.service.name(), %error, "parked events wait");
            }
        }
    }

    async fn retry_due(&self) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.begin(&self.principal).await?;
        let due = parking::due(&mut transaction, self.environment.now()).await?;
        transaction.commit().await?;
        for situation in due {
            self.retry_situation(situation).await?;
        }
        Ok(())
    }

    /// Lets as many of a situation's parked events take effect as can, each in its own
    /// transaction, and stops at the first that cannot.
    async fn retry_situation(&self, situation: uuid::Uuid) -> Result<(), sqlx::Error> {
        loop {
            let now = self.environment.now();
            let mut transaction = self.database.begin(&self.principal).await?;
            let Some(parked) = parking::next(&mut transaction, situation).await? else {
                return Ok(());
            };
            let error = match envelope::open(Some(&parked.headers), &parked.body) {
                Err(unreadable) => ReactionError::Nonsense(unreadable.what),
                Ok(event) if parked.is_missing_one() => ReactionError::Nonsense(format!(
                    "waits for number {} of {}",
                    event.sequence - 1,
                    event.source.name()
                )),
                Ok(event) => {
                    let fresh = !parked.is_duplicate();
                    let events = if fresh { vec![event] } else { Vec::new() };
                    match self.apply(&mut transaction, events.clone()).await {
                        Ok(()) => {
                            parking::discard(&mut transaction, parked.id).await?;
                            transaction.commit().await?;
                            self.told(&events);
                            continue;
                        }
                        Err(error) => error,
                    }
                }
            };
            transaction.rollback().await?;
            if error.is_outage() {
                return Ok(());
            }
            let mut transaction = self.database.begin(&self.principal).await?;
            parking::failed_again(&mut transaction, now, &parked, &error.to_string()).await?;
            return transaction.commit().await;
        }
    }
}

impl Event {
    pub(crate) fn place(&self) -> Place {
        Place {
            source: self.source,
            situation: self.situation,
            sequence: self.sequence,
        }
    }
}

/// Each message for itself. Acknowledging all before the last one would be fewer messages, and
/// would lose some: what a handler that was killed had not acknowledged is delivered again only
/// after its successor has handled, and acknowledged, later ones.
async fn acknowledge(batch: &mut Vec<(Partition, Message)>) {
    for (_, message) in batch.drain(..) {
        // Lost, it is delivered again and found to be a duplicate.
        if let Err(error) = message.ack().await {
            tracing::debug!(%error, "acknowledgement lost");
        }
    }
}

/// Pulls one partition, building the pull anew whenever it breaks.
async fn pull_partition(
    jetstream: jetstream::Context,
    service: Service,
    partition: Partition,
    sender: mpsc::Sender<(Partition, Message)>,
    stop: Stop,
) {
    let mut failures = 0;
    while !stop.is_requested() {
        match pull_until_broken(&jetstream, service, partition, &sender, &stop).await {
            Ok(()) => failures = 0,
            Err(error) => {
                let consumer = consumer_name(service, partition);
                tracing::debug!(consumer, %error, "pull is built anew");
                if !stop.pause(retry_pause(failures)).await {
                    return;
                }
                failures += 1;
            }
        }
    }
}

async fn pull_until_broken(
    jetstream: &jetstream::Context,
    service: Service,
    partition: Partition,
    sender: &mpsc::Sender<(Partition, Message)>,
    stop: &Stop,
) -> Result<(), async_nats::Error> {
    let stream = jetstream.get_stream_no_info(STREAM).await?;
    let consumer: jetstream::consumer::Consumer<pull::Config> = stream
        .get_consumer(&consumer_name(service, partition))
        .await?;
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(PULL)
        .expires(PULL_EXPIRES)
        .heartbeat(HEARTBEAT)
        .group(PIN_GROUP)
        .messages()
        .await?;
    loop {
        let message = tokio::select! {
            message = messages.next() => message,
            () = stop.requested() => return Ok(()),
        };
        match message {
            Some(message) => {
                if sender.send((partition, message?)).await.is_err() {
                    return Ok(());
                }
            }
            None => return Ok(()),
        }
    }
}
