//! The listener: brings events to a service that hears everything, needs little of it and says
//! nothing.
//!
//! It keeps no inbox: most events are none of its business, and a row for each would cost the line
//! more than all else it does. So an event may come to it twice, and what it does with one must
//! have effect once by itself. What concerns it takes effect in the transaction that notes how far
//! was read; nothing is left out.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::jetstream;
use knipperlicht_access::{Database, Principal, Standing};
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::{Stop, retry_pause};
use knipperlicht_vocabulary::Environment;
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::{
    Event, Fact, Feed, Forgets, Lead, Turns,
    delivery::Delivery,
    lease::{self, Places},
    measure, merges,
    reader::Reader,
    seat::{Seat, Share, next},
};

/// Between two looks: more gathers meanwhile, and who is called or mailed does not wait at a desk.
const REST: Duration = Duration::from_millis(200);

/// As long as nothing concerns it and more is waiting, how far was read is noted once in so many
/// batches.
const UNNOTED: usize = 50;

/// What a service does that hears everything.
pub trait Listens: Forgets {
    /// Brings what [`concerns`](Self::concerns) decides by up to date. Called for each batch after
    /// it was read.
    fn prepare(
        &self,
        connection: &mut PgConnection,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Whether an event is any of its business.
    fn concerns(&self, fact: &Fact) -> bool;

    /// Lets events, in the order they were read, take effect on `connection`'s transaction, which
    /// holds what `merges` says of them. One that took effect before changes nothing.
    fn hear(
        &self,
        connection: &mut PgConnection,
        events: &[Event],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The effects are committed.
    fn committed(&self);
}

/// The listener of one service.
pub struct Listener<L> {
    /// Whose.
    pub service: Service,
    /// Its database.
    pub database: Database,
    /// In whose name.
    pub principal: Principal,
    /// JetStream.
    pub jetstream: jetstream::Context,
    /// What its process reads for all its services; none for a service alone in its process.
    pub feed: Option<Feed>,
    /// Whether its process tells of the whole service: told here.
    pub lead: Lead,
    /// Time and randomness.
    pub environment: Environment,
    /// When it is its turn.
    pub turns: Turns,
    /// What the service does.
    pub listens: Arc<L>,
}

/// What was read and is not noted yet.
#[derive(Default)]
struct Unnoted {
    read: Places,
    batches: usize,
}

impl<L: Listens> Listener<L> {
    /// Listens until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let process = self.environment.uuid();
        let seat = Seat {
            service: self.service,
            database: &self.database,
            principal: &self.principal,
            jetstream: &self.jetstream,
            feed: self.feed.as_ref(),
            lead: &self.lead,
        };
        let (share, shared) = watch::channel(Share::default());
        tokio::join!(
            seat.hold(process, share, &stop),
            self.listen(&seat, shared, &stop)
        );
        seat.release(process).await;
    }

    /// Reads this process's share, opening the reader anew whenever it breaks or the share
    /// changes.
    async fn listen(&self, seat: &Seat<'_>, mut shared: watch::Receiver<Share>, stop: &Stop) {
        let mut standing = self.database.standing(&self.principal);
        let mut failures = 0;
        while !stop.is_requested() {
            let share = shared.borrow_and_update().clone();
            let heard = match seat.open(&share).await {
                Ok(reader) => {
                    self.hear_all(reader, &mut standing, &mut shared, stop)
                        .await
                }
                Err(error) => {
                    tracing::warn!(service = self.service.name(), %error, "events are not read");
                    false
                }
            };
            if heard {
                failures = 0;
            } else {
                if !stop.pause(retry_pause(failures)).await {
                    return;
                }
                failures += 1;
            }
        }
    }

    /// Hears what is read, until the reader breaks or the share changes. False when it broke
    /// before anything was heard.
    async fn hear_all(
        &self,
        mut reader: Option<Reader>,
        standing: &mut Standing,
        shared: &mut watch::Receiver<Share>,
        stop: &Stop,
    ) -> bool {
        let mut heard = false;
        let mut unnoted = Unnoted::default();
        loop {
            let batch = tokio::select! {
                batch = next(&mut reader) => batch,
                _ = shared.changed() => return true,
                () = stop.requested() => return true,
            };
            let Some(batch) = batch else { return heard };
            heard = true;
            unnoted.read.stream = batch.read.stream;
            unnoted.read.last.extend(batch.read.last);
            unnoted.batches += 1;
            let is_behind = reader.as_ref().is_some_and(Reader::is_behind);
            let may_wait = is_behind && unnoted.batches < UNNOTED;
            let mut failures = 0;
            measure::consumed(self.service, batch.deliveries.len());
            while let Err(error) = self
                .measured(standing, &batch.deliveries, &mut unnoted, may_wait)
                .await
            {
                standing.give_up();
                tracing::warn!(service = self.service.name(), %error, "events wait");
                if !stop.pause(retry_pause(failures)).await {
                    return true;
                }
                failures += 1;
            }
            if !is_behind && !stop.pause(REST).await {
                return true;
            }
        }
    }

    async fn measured(
        &self,
        standing: &mut Standing,
        deliveries: &[Arc<Delivery>],
        unnoted: &mut Unnoted,
        may_wait: bool,
    ) -> Result<(), sqlx::Error> {
        let began = Instant::now();
        let handled = self.handle(standing, deliveries, unnoted, may_wait).await;
        let error = handled.as_ref().err().map(|_| "database");
        measure::processed(self.service, began.elapsed(), error);
        handled
    }

    /// One batch. How far was read may stay unnoted for a while when nothing in it matters: after
    /// a crash it is read again.
    async fn handle(
        &self,
        standing: &mut Standing,
        deliveries: &[Arc<Delivery>],
        unnoted: &mut Unnoted,
        may_wait: bool,
    ) -> Result<(), sqlx::Error> {
        self.listens.prepare(standing.connection().await?).await?;
        let events: Vec<Event> = deliveries
            .iter()
            // What cannot be read is recorded by the services that it was said to.
            .filter_map(|delivery| delivery.opened.as_ref().ok())
            .filter(|fact| self.listens.concerns(fact))
            .map(|fact| Event::of(self.service, fact))
            .collect();
        if events.is_empty() {
            if may_wait {
                return Ok(());
            }
            lease::advance(standing.connection().await?, &unnoted.read).await?;
        } else {
            let mut transaction = standing.begin().await?;
            let turn = self.turns.take().await;
            merges::hold_for(&mut transaction, &events).await?;
            self.listens.hear(&mut transaction, &events).await?;
            lease::advance(&mut transaction, &unnoted.read).await?;
            drop(turn);
            transaction.commit().await?;
            self.listens.committed();
        }
        *unnoted = Unnoted::default();
        Ok(())
    }
}
