//! Many signals, one commit: whatever waits while the last commit was under way goes into the
//! next. One signal alone waits for nobody; sixty-four at once share the cost of one fsync.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_eventing::{Kit, Said, say};
use knipperlicht_privacy::WrappedKey;
use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::{EventId, ReporterId, SignalId, SituationId, ZoneId};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    IntakeError,
    store::{self, Known, NewSignal, SealedRow},
};

/// Signals that may wait for a commit; more are refused politely.
const WAITING: usize = 2_048;

/// Signals at most in one commit.
const BATCH: usize = 128;

/// How long a reporter waits for the commit.
const PATIENCE: Duration = Duration::from_secs(5);

/// A signal ready to be stored: checked, sealed, its event made.
pub(crate) struct Prepared {
    pub(crate) new: NewSignal,
    pub(crate) key: Option<WrappedKey>,
    pub(crate) sealed: Vec<SealedRow>,
    pub(crate) event: EventId,
    pub(crate) body: EventBody,
    pub(crate) traceparent: Option<String>,
}

/// Where a signal was stored, and when.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) signal: SignalId,
    pub(crate) situation: SituationId,
    pub(crate) zone: ZoneId,
    pub(crate) received_at: Timestamp,
}

struct Job {
    prepared: Prepared,
    reply: oneshot::Sender<Result<Stored, IntakeError>>,
}

/// Hands signals to the writer.
#[derive(Clone)]
pub(crate) struct Submit(mpsc::Sender<Job>);

/// Stores what it is handed.
pub(crate) struct Writer {
    kit: Kit,
    jobs: mpsc::Receiver<Job>,
}

/// A writer, and what hands it signals.
pub(crate) fn writer(kit: Kit) -> (Writer, Submit) {
    let (sender, jobs) = mpsc::channel(WAITING);
    (Writer { kit, jobs }, Submit(sender))
}

impl Submit {
    /// Stores a signal; returns once it is durable.
    pub(crate) async fn store(&self, prepared: Prepared) -> Result<Stored, IntakeError> {
        let (reply, stored) = oneshot::channel();
        self.0
            .try_send(Job { prepared, reply })
            .map_err(|_| IntakeError::Overloaded)?;
        match tokio::time::timeout(PATIENCE, stored).await {
            Ok(Ok(stored)) => stored,
            // The writer stopped, or the commit takes too long. Sending the signal again finds
            // out whether it was stored: it has the same id.
            Ok(Err(_)) | Err(_) => Err(IntakeError::TooSlow),
        }
    }
}

impl Writer {
    /// Writes, one commit after the other, until it is time to stop and nothing waits.
    pub(crate) async fn run(mut self, stop: Stop) {
        loop {
            let mut jobs = Vec::new();
            let received = tokio::select! {
                biased;
                received = self.jobs.recv_many(&mut jobs, BATCH) => received,
                () = stop.requested() => 0,
            };
            if received == 0 {
                return;
            }
            // Whoever lost patience was told that nothing is stored yet: so be it.
            jobs.retain(|job| !job.reply.is_closed());
            commit(&self.kit, jobs).await;
        }
    }
}

/// Stores signals in one transaction and tells each sender how it went.
async fn commit(kit: &Kit, jobs: Vec<Job>) {
    if jobs.is_empty() {
        return;
    }
    let prepared: Vec<&Prepared> = jobs.iter().map(|job| &job.prepared).collect();
    let stored = match write(kit, &prepared).await {
        // A connection that died while it was idle shows only now: one more try.
        Err(IntakeError::Database(sqlx::Error::Io(_) | sqlx::Error::Protocol(_))) => {
            write(kit, &prepared).await
        }
        other => other,
    };
    match stored {
        Ok(results) => {
            kit.committed();
            for (job, result) in jobs.into_iter().zip(results) {
                let _ = job.reply.send(result);
            }
        }
        Err(error) => {
            tracing::warn!(signals = jobs.len(), error = %causes(&error), "signals not stored");
            for job in jobs {
                let _ = job.reply.send(Err(IntakeError::TooSlow));
            }
        }
    }
}

fn causes(error: &IntakeError) -> String {
    match error {
        IntakeError::Database(error) => error.to_string(),
        other => other.to_string(),
    }
}

async fn write(
    kit: &Kit,
    prepared: &[&Prepared],
) -> Result<Vec<Result<Stored, IntakeError>>, IntakeError> {
    let now = kit.environment.now();
    let mut transaction = kit.database.begin(&kit.principal).await?;
    let new: Vec<&NewSignal> = prepared.iter().map(|one| &one.new).collect();
    let fresh = store::insert_signals(&mut transaction, now, &new).await?;

    // The first of each id that was stored; a second one in the same batch finds it known.
    let mut first: HashMap<Uuid, bool> = fresh.into_iter().map(|id| (id, true)).collect();
    let is_fresh: Vec<bool> = new
        .iter()
        .map(|new| {
            first
                .get_mut(&new.signal.uuid())
                .is_some_and(std::mem::take)
        })
        .collect();
    let fresh_ones = || {
        prepared
            .iter()
            .zip(&is_fresh)
            .filter_map(|(one, fresh)| fresh.then_some(*one))
    };

    let keys: Vec<_> = fresh_ones()
        .filter_map(|one| Some((one.new.situation, one.key.clone()?)))
        .collect();
    let sealed: Vec<&SealedRow> = fresh_ones().flat_map(|one| &one.sealed).collect();
    store::insert_sealed(&mut transaction, now, &keys, &sealed).await?;

    let said: Vec<Said> = fresh_ones().map(said).collect();
    say(&mut transaction, now, &said).await?;

    let repeated: Vec<Uuid> = new
        .iter()
        .zip(&is_fresh)
        .filter_map(|(new, fresh)| (!fresh).then_some(new.signal.uuid()))
        .collect();
    let known = if repeated.is_empty() {
        Vec::new()
    } else {
        store::known(&mut transaction, &repeated).await?
    };
    transaction.commit().await?;

    let known: HashMap<SignalId, Known> = known
        .into_iter()
        .map(|known| (known.signal, known))
        .collect();
    let results = new.iter().zip(&is_fresh).map(|(new, fresh)| {
        if *fresh {
            Ok(stored_now(new, now))
        } else {
            stored_before(new, known.get(&new.signal))
        }
    });
    Ok(results.collect())
}

fn said(one: &Prepared) -> Said {
    Said {
        id: one.event,
        situation: one.new.situation,
        zone: one.new.zone.clone(),
        body: one.body.clone(),
        traceparent: one.traceparent.clone(),
    }
}

fn stored_now(new: &NewSignal, received_at: Timestamp) -> Stored {
    Stored {
        signal: new.signal,
        situation: new.situation,
        zone: new.zone.clone(),
        received_at,
    }
}

/// The same signal again gives the same receipt; another under its id is refused.
fn stored_before(new: &NewSignal, known: Option<&Known>) -> Result<Stored, IntakeError> {
    let reused = || IntakeError::IdReused(new.signal.to_string());
    let known = known.ok_or_else(reused)?;
    let reporter: &ReporterId = &new.reporter;
    if known.content != new.content || known.reporter != reporter.as_str() {
        return Err(reused());
    }
    Ok(Stored {
        signal: known.signal,
        situation: known.situation,
        zone: store::code("situation", &known.zone)?,
        received_at: known.received_at,
    })
}
