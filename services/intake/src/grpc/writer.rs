//! Many signals, one commit: whatever waits while the last commit was under way goes into the
//! next. One signal alone waits two milliseconds at most; sixty-four at once share the cost of one
//! commit.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use knipperlicht_access::Standing;
use knipperlicht_eventing::Kit;
use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::{ReporterId, SignalId, SituationId, ZoneId};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use uuid::Uuid;

use crate::{
    IntakeError,
    store::{self, Known, NewSignal},
};

/// Signals that may wait for a commit; more are refused politely.
const WAITING: usize = 2_048;

/// Signals at most in one commit.
const BATCH: usize = 128;

/// From the beginning of a commit of several to the next one's, at least: three signals cost little
/// more to commit than two, and what is saved is there for everything else.
const BREATH: Duration = Duration::from_millis(2);

/// How long a reporter waits for the commit.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a signal was stored, and when.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) signal: SignalId,
    pub(crate) situation: SituationId,
    pub(crate) zone: ZoneId,
    pub(crate) received_at: Timestamp,
}

struct Job {
    new: NewSignal,
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
    pub(crate) async fn store(&self, new: NewSignal) -> Result<Stored, IntakeError> {
        let (reply, stored) = oneshot::channel();
        self.0
            .try_send(Job { new, reply })
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
        let mut standing = self.kit.database.standing(&self.kit.principal);
        let mut next = Instant::now();
        loop {
            tokio::time::sleep_until(next).await;
            let mut jobs = Vec::new();
            let received = tokio::select! {
                biased;
                received = self.jobs.recv_many(&mut jobs, BATCH) => received,
                () = stop.requested() => 0,
            };
            if received == 0 {
                return;
            }
            if received > 1 {
                next = Instant::now() + BREATH;
            }
            // Whoever lost patience was told that nothing is stored yet: so be it.
            jobs.retain(|job| !job.reply.is_closed());
            commit(&self.kit, &mut standing, jobs).await;
        }
    }
}

/// Stores signals in one transaction and tells each sender how it went.
async fn commit(kit: &Kit, standing: &mut Standing, jobs: Vec<Job>) {
    if jobs.is_empty() {
        return;
    }
    let new: Vec<&NewSignal> = jobs.iter().map(|job| &job.new).collect();
    let now = kit.environment.now();
    let stored = match write(standing, now, &new).await {
        // A connection that died while it was idle shows only now: one more try.
        Err(IntakeError::Database(sqlx::Error::Io(_) | sqlx::Error::Protocol(_))) => {
            standing.give_up();
            write(standing, now, &new).await
        }
        other => other,
    };
    match stored {
        Ok(results) => {
            kit.committed();
            kit.turns.waited(jobs.len());
            for (job, result) in jobs.into_iter().zip(results) {
                let _ = job.reply.send(result);
            }
        }
        Err(error) => {
            standing.give_up();
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
    standing: &mut Standing,
    now: Timestamp,
    new: &[&NewSignal],
) -> Result<Vec<Result<Stored, IntakeError>>, IntakeError> {
    let connection = standing.connection().await?;
    let fresh = store::insert_signals(&mut *connection, now, new).await?;

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
    let repeated: Vec<Uuid> = new
        .iter()
        .zip(&is_fresh)
        .filter_map(|(new, fresh)| (!fresh).then_some(new.signal.uuid()))
        .collect();
    let known = if repeated.is_empty() {
        Vec::new()
    } else {
        store::known(connection, &repeated).await?
    };
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

fn stored_now(new: &NewSignal, received_at: Timestamp) -> Stored {
    Stored {
        signal: new.signal,
        situation: new.said.situation,
        zone: new.said.zone.clone(),
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
