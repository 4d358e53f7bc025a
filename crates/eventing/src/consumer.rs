//! The consumer: brings events to a service's reactions, in order, with effect once.
//!
//! Whatever waits in the stream is handled as one batch in one transaction: inbox, state, outbox,
//! and how far was read. What keeps effects in order and once is the place each event has in its
//! situation's line, against the inbox: that something is read twice, or by two processes,
//! changes nothing.

use std::{future::Future, sync::Arc, time::Instant};

use async_nats::jetstream;
use knipperlicht_access::{Database, Principal, Standing};
use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::{Stop, retry_pause};
use knipperlicht_vocabulary::Environment;
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::{
    Event, Feed, Forgets, Lead, Turns,
    admission::{Place, Verdict, waves},
    delivery::Delivery,
    envelope::{self, Unreadable},
    erasing,
    inbox::{self, LookUp},
    lease::{self, Places},
    measure, merges,
    parking::{self, Parking},
    reader::{Batch, Reader},
    seat::{Seat, Share, next},
    turn::rest,
};

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
    /// What sort of error it is, for telemetry: never its text.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Store(_) => "database",
            Self::Nonsense(_) => "nonsense",
        }
    }

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
        // 25P03: the server ended a transaction that stood idle. 55P03: somebody else holds a lock for
        // too long. Then classes of SQLSTATE: connection, transaction rollback, resources, operator
        // intervention, system error.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["25P03", "55P03", "08", "40", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// What a service does when it hears something.
pub trait Reactions: Forgets {
    /// Lets `wave` take effect on `connection`'s transaction, and says what follows from it. A
    /// wave holds a situation at most once.
    fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
    ) -> impl Future<Output = Result<(), ReactionError>> + Send;

    /// The effects are committed: the relay, if something was said, and those who watch may look.
    fn committed(&self, wave: &[&Event]);
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
    /// What its process reads for all its services; none for a service alone in its process.
    pub feed: Option<Feed>,
    /// Whether its process tells of the whole service: told here.
    pub lead: Lead,
    /// Time.
    pub environment: Environment,
    /// When it is its turn.
    pub turns: Turns,
    /// What the service does.
    pub reactions: Arc<R>,
}

impl<R: Reactions> Consumer<R> {
    /// Consumes until it is time to stop.
    pub async fn run(self, stop: Stop) {
        let process = self.environment.uuid();
        let (share, shared) = watch::channel(Share::default());
        let seat = self.seat();
        tokio::join!(
            seat.hold(process, share, &stop),
            self.read_all(shared, &stop),
            self.retry_parked(&stop)
        );
        seat.release(process).await;
    }

    /// What this process reads, and where it stands in it.
    const fn seat(&self) -> Seat<'_> {
        Seat {
            service: self.service,
            database: &self.database,
            principal: &self.principal,
            jetstream: &self.jetstream,
            feed: self.feed.as_ref(),
            lead: &self.lead,
        }
    }

    /// Reads this process's share, opening the reader anew whenever it breaks or the share
    /// changes.
    async fn read_all(&self, mut shared: watch::Receiver<Share>, stop: &Stop) {
        let mut standing = self.database.standing(&self.principal);
        let mut failures = 0;
        while !stop.is_requested() {
            let share = shared.borrow_and_update().clone();
            let ended = match self.seat().open(&share).await {
                Ok(opened) => self.read(opened, &mut standing, &mut shared, stop).await,
                Err(error) => {
                    tracing::warn!(service = self.service.name(), %error, "events are not read");
                    Ended::Unread
                }
            };
            if matches!(ended, Ended::Read) {
                failures = 0;
            } else {
                if !stop.pause(retry_pause(failures)).await {
                    return;
                }
                failures += 1;
            }
        }
    }

    /// Handles what is read, until the reader breaks or the share changes.
    async fn read(
        &self,
        mut reader: Option<Reader>,
        standing: &mut Standing,
        shared: &mut watch::Receiver<Share>,
        stop: &Stop,
    ) -> Ended {
        let mut ended = Ended::Unread;
        loop {
            let batch = tokio::select! {
                batch = next(&mut reader) => batch,
                _ = shared.changed() => return Ended::Read,
                () = stop.requested() => return Ended::Read,
            };
            let Some(Batch { deliveries, read }) = batch else {
                return ended;
            };
            ended = Ended::Read;
            let is_done = deliveries.is_empty()
                || self
                    .handle_until_done(standing, &deliveries, &read, stop)
                    .await;
            if !is_done {
                return ended;
            }
            if !reader.as_ref().is_some_and(Reader::is_behind) {
                rest(deliveries.len(), stop).await;
            }
        }
    }

    /// Handles a batch, waiting out outages. False when it is time to stop instead.
    async fn handle_until_done(
        &self,
        standing: &mut Standing,
        deliveries: &[Arc<Delivery>],
        read: &Places,
        stop: &Stop,
    ) -> bool {
        let mut failures = 0;
        measure::consumed(self.service, deliveries.len());
        loop {
            let began = Instant::now();
            let handled = self.handle_quickly(standing, deliveries, read).await;
            let error = handled.as_ref().err().map(ReactionError::kind);
            measure::processed(self.service, began.elapsed(), error);
            let Err(error) = handled else { return true };
            standing.give_up();
            let handled = if error.is_outage() {
                Err(error)
            } else {
                // One event is at fault: find it, so that the others flow on.
                self.handle_one_by_one(standing, deliveries, read)
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

    async fn handle_one_by_one(
        &self,
        standing: &mut Standing,
        deliveries: &[Arc<Delivery>],
        read: &Places,
    ) -> Result<(), sqlx::Error> {
        // How far was read is noted with the whole: with nothing, at its end.
        let nowhere = Places::default();
        for delivery in deliveries {
            let one = std::slice::from_ref(delivery);
            match self.handle(standing, one, &nowhere, LookUp::All).await {
                Ok(()) => {}
                Err(ReactionError::Store(error)) if is_outage(&error) => return Err(error),
                Err(error) => self.park_failed(delivery, &error.to_string()).await?,
            }
        }
        let mut transaction = self.database.begin(&self.principal).await?;
        lease::advance(&mut transaction, read).await?;
        transaction.commit().await
    }

    /// One batch, with as little looking up as goes well nearly always.
    async fn handle_quickly(
        &self,
        standing: &mut Standing,
        deliveries: &[Arc<Delivery>],
        read: &Places,
    ) -> Result<(), ReactionError> {
        match self.handle(standing, deliveries, read, LookUp::Later).await {
            Err(error) if inbox::was_handled(&error) => {
                self.handle(standing, deliveries, read, LookUp::All).await
            }
            handled => handled,
        }
    }

    /// One batch in one transaction.
    async fn handle(
        &self,
        standing: &mut Standing,
        deliveries: &[Arc<Delivery>],
        read: &Places,
        look_up: LookUp,
    ) -> Result<(), ReactionError> {
        let mut opened: Vec<Result<Event, &Unreadable>> = deliveries
            .iter()
            .map(|delivery| {
                let opened = delivery.opened.as_ref();
                opened.map(|fact| Event::of(self.service, fact))
            })
            .collect();
        let handled = self
            .handle_opened(standing, (deliveries, &opened), read, look_up)
            .await;
        if let (Err(error), [Ok(event)]) = (&handled, &mut opened[..]) {
            event.fail(error.kind());
        }
        handled
    }

    async fn handle_opened(
        &self,
        standing: &mut Standing,
        (deliveries, opened): (&[Arc<Delivery>], &[Result<Event, &Unreadable>]),
        read: &Places,
        look_up: LookUp,
    ) -> Result<(), ReactionError> {
        let now = self.environment.now();
        let events: Vec<&Event> = opened.iter().flatten().collect();
        let mut transaction = standing.begin().await?;
        let turn = self.turns.take().await;
        let (mut admission, waiting) = inbox::admission(&mut transaction, &events, look_up).await?;

        let mut applied = Vec::with_capacity(events.len());
        let mut held_back = Vec::new();
        let mut erasures = Vec::new();
        let mut duplicates = 0;
        for (opened, delivery) in opened.iter().zip(deliveries) {
            let message = &delivery.message;
            match opened {
                Ok(event) => match admission.judge(event.place()) {
                    Verdict::Apply => applied.push(event),
                    Verdict::Duplicate => duplicates += 1,
                    // It waits too, but nothing that is parked before it keeps it for long.
                    Verdict::Wait | Verdict::QueueBehind if erasing::is_erasure(event) => {
                        erasures.push(event.said_of.uuid());
                        held_back.push(Parking::erasure(event, message));
                    }
                    Verdict::Wait => held_back.push(Parking::waiting(event, message)),
                    Verdict::QueueBehind => held_back.push(Parking::behind(event, message)),
                },
                Err(unreadable) => held_back.push(Parking::unreadable(unreadable, message)),
            }
        }
        self.apply(&mut transaction, &applied, read).await?;
        parking::park(&mut transaction, now, &held_back).await?;
        if !erasures.is_empty() {
            parking::forget(&mut transaction, now, &erasures).await?;
        }
        if waiting {
            parking::hasten(&mut transaction, now, &applied).await?;
        }
        // The next may take its turn while the disk turns.
        drop(turn);
        transaction.commit().await?;
        measure::duplicates(self.service, duplicates);
        self.told(&applied);
        Ok(())
    }

    /// Lets events take effect, in order.
    async fn apply(
        &self,
        transaction: &mut PgConnection,
        events: &[&Event],
        read: &Places,
    ) -> Result<(), ReactionError> {
        if !events.is_empty() {
            merges::hold_for(transaction, events.iter().copied()).await?;
        }
        inbox::record(transaction, self.environment.now(), events, read).await?;
        for part in merges::parts(events) {
            let part = merges::follow(transaction, part).await?;
            if let [event] = part[..]
                && erasing::is_erasure(event)
            {
                let at = event.occurred_at;
                let family = erasing::erase(transaction, event.said_of, at).await?;
                self.reactions.forget(transaction, &family, at).await?;
                continue;
            }
            for wave in waves(part, |event| event.situation()) {
                self.reactions.react(transaction, &wave).await?;
            }
        }
        Ok(())
    }

    fn told(&self, applied: &[&Event]) {
        if !applied.is_empty() {
            self.reactions.committed(applied);
        }
    }

    async fn park_failed(&self, delivery: &Delivery, error: &str) -> Result<(), sqlx::Error> {
        let Ok(event) = &delivery.opened else {
            return Ok(());
        };
        tracing::error!(
            service = self.service.name(),
            situation = %event.said_of,
            event = event.body.event_type(),
            error,
            "event parked"
        );
        let mut transaction = self.database.begin(&self.principal).await?;
        let parking = Parking::failed(event, &delivery.message, error);
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
                Ok(fact) if parked.is_missing_one() => ReactionError::Nonsense(format!(
                    "waits for number {} of {}",
                    fact.sequence - 1,
                    fact.source.name()
                )),
                Ok(fact) => {
                    let event = Event::of(self.service, &Arc::new(fact));
                    let fresh = !parked.is_duplicate();
                    let events = if fresh { vec![&event] } else { Vec::new() };
                    let applied = self
                        .apply(&mut transaction, &events, &Places::default())
                        .await;
                    match applied {
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
            situation: self.said_of,
            sequence: self.sequence,
        }
    }
}

/// How reading ended.
#[derive(Debug, Clone, Copy)]
enum Ended {
    /// In good order, or after something was read: it can go on at once.
    Read,
    /// Before anything was read.
    Unread,
}
