//! Many signals, one commit: whatever waits while the last commit was under way goes into the
//! next. One signal alone waits two milliseconds at most; sixty-four at once share the cost of one
//! commit.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::Timestamp;
use knipperlicht_access::Standing;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_eventing::{Kit, merges::survivors, say};
use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::{DuplicateId, ReporterId, SignalId, SituationId, ZoneId};
use sqlx::PgConnection;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use uuid::Uuid;

use super::view::circumstances;
use crate::{
    IntakeError,
    model::{Candidate, Word, joined_consent, meet, meet_unproven},
    store::{self, Known, NewQuestion, NewSignal},
};

/// Signals that may wait for a commit; more are refused politely.
const WAITING: usize = 2_048;

/// Signals at most in one commit.
const BATCH: usize = 128;

/// From the beginning of a commit of several to the next one's, at least: three signals cost little
/// more to commit than two, and what is saved is there for everything else.
const BREATH: Duration = Duration::from_millis(2);

/// How often signals of one carer may overtake each other before they are to be sent again.
const SETBACKS: u32 = 5;

/// A commit that takes longer is worth a line: reporters lose patience soon.
const LATE: Duration = Duration::from_secs(1);

/// How long calls may go on once it is time to stop: a little longer than the server lets them.
const LAST_CALLS: Duration = Duration::from_secs(6);

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
    /// Writes, one commit after the other, until it is time to stop and nobody hands it anything more:
    /// calls that came in before are answered as ever.
    pub(crate) async fn run(mut self, stop: Stop) {
        let ending = async {
            stop.requested().await;
            tokio::time::sleep(LAST_CALLS).await;
        };
        tokio::pin!(ending);
        let mut standing = self.kit.database.standing(&self.kit.principal);
        let mut next = Instant::now();
        loop {
            tokio::time::sleep_until(next).await;
            let mut jobs = Vec::new();
            let received = tokio::select! {
                biased;
                received = self.jobs.recv_many(&mut jobs, BATCH) => received,
                () = &mut ending => 0,
            };
            if received == 0 {
                return;
            }
            if received > 1 {
                next = Instant::now() + BREATH;
            }
            // Whoever lost patience was told that nothing is stored yet: so be it.
            jobs.retain(|job| !job.reply.is_closed());
            let (began, signals) = (Instant::now(), jobs.len());
            commit(&self.kit, &mut standing, jobs).await;
            let took = began.elapsed();
            if took > LATE {
                tracing::warn!(signals, ?took, "signals were stored late");
            }
        }
    }
}

/// Stores signals and tells each sender how it went. Of those that may be about one carer only the
/// first goes into a commit; the next one finds it there.
async fn commit(kit: &Kit, standing: &mut Standing, jobs: Vec<Job>) {
    let mut waiting = jobs;
    let mut setbacks = 0;
    while !waiting.is_empty() {
        let (round, later) = apart(waiting);
        let mut overtaken = store_round(kit, standing, round).await;
        if !overtaken.is_empty() {
            setbacks += 1;
        }
        if setbacks > SETBACKS {
            refuse(std::mem::take(&mut overtaken));
        }
        overtaken.extend(later);
        waiting = overtaken;
    }
}

/// Those that have nothing in common with one before them, in the order of their ids (two writers
/// that meet the same signals never wait for each other), and the others.
fn apart(jobs: Vec<Job>) -> (Vec<Job>, Vec<Job>) {
    let mut ids = HashSet::new();
    let mut hashes = HashSet::new();
    let (mut round, later): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| {
        let keys = &job.new.keys;
        let is_new =
            !ids.contains(&job.new.signal) && !keys.iter().any(|key| hashes.contains(&key.hash));
        if is_new {
            ids.insert(job.new.signal);
            hashes.extend(keys.iter().map(|key| key.hash));
        }
        is_new
    });
    round.sort_by_key(|job| job.new.signal);
    (round, later)
}

fn refuse(jobs: Vec<Job>) {
    for job in jobs {
        let _ = job.reply.send(Err(IntakeError::TooSlow));
    }
}

/// Stores signals: those that open a situation in one commit, then those that join one. Gives back
/// those that were overtaken: their carer was flagged elsewhere, or merged, at this very moment.
async fn store_round(kit: &Kit, standing: &mut Standing, jobs: Vec<Job>) -> Vec<Job> {
    let now = kit.environment.now();
    let written = match write(kit, standing, now, &jobs).await {
        // A connection that died while it was idle shows only now: one more try.
        Err(IntakeError::Database(sqlx::Error::Io(_) | sqlx::Error::Protocol(_))) => {
            standing.give_up();
            write(kit, standing, now, &jobs).await
        }
        other => other,
    };
    let written = match written {
        Ok(written) => written,
        Err(IntakeError::Database(error)) if is_overtaken(&error) => return jobs,
        Err(error) => {
            standing.give_up();
            tracing::warn!(signals = jobs.len(), error = %causes(&error), "signals not stored");
            refuse(jobs);
            return Vec::new();
        }
    };
    kit.committed();
    kit.turns.waited(jobs.len());
    let mut joining = Vec::new();
    for (job, written) in jobs.into_iter().zip(written) {
        match written {
            Written::Stored(stored) => {
                let _ = job.reply.send(stored);
            }
            Written::Joins(meeting) => joining.push((job, meeting)),
        }
    }
    let mut overtaken = Vec::new();
    for (job, meeting) in joining {
        match join(kit, standing, &job.new, meeting).await {
            Ok(Some(stored)) => {
                kit.committed();
                let _ = job.reply.send(stored);
            }
            Ok(None) => overtaken.push(job),
            Err(IntakeError::Database(error)) if is_overtaken(&error) => {
                standing.give_up();
                overtaken.push(job);
            }
            Err(error) => {
                standing.give_up();
                tracing::warn!(error = %causes(&error), "signal not stored");
                refuse(vec![job]);
            }
        }
    }
    overtaken
}

/// Whether another signal of the same carer was stored at the same moment.
fn is_overtaken(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    // 40P01: two of them waited for each other.
    error.constraint() == Some(store::FIRST_KEY) || error.code().as_deref() == Some("40P01")
}

fn causes(error: &IntakeError) -> String {
    match error {
        IntakeError::Database(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// What became of a signal.
enum Written {
    /// It opened a situation, or was known, or refused.
    Stored(Result<Stored, IntakeError>),
    /// It joins a situation; nothing is written yet.
    Joins(Joining),
}

/// The situation that a signal joins, and what a coordinator is asked about it.
struct Joining {
    situation: SituationId,
    /// The hashes that were found before.
    known: HashSet<[u8; 32]>,
    questions: Vec<NewQuestion>,
}

/// Stores those that open a situation. Mostly none is about a carer who was flagged before: then
/// one statement does it, and nobody is looked up.
async fn write(
    kit: &Kit,
    standing: &mut Standing,
    now: Timestamp,
    jobs: &[Job],
) -> Result<Vec<Written>, IntakeError> {
    let all: Vec<&NewSignal> = jobs.iter().map(|job| &job.new).collect();
    let connection = standing.connection().await?;
    let inserted = store::insert_signals(&mut *connection, now, &all, None).await?;
    if !inserted.has_met {
        let stored = stored(connection, now, &all, &inserted.fresh).await?;
        return Ok(stored.into_iter().map(Written::Stored).collect());
    }
    write_known(kit, standing, now, &all).await
}

/// The same when one of them may be: looks up who that is.
async fn write_known(
    kit: &Kit,
    standing: &mut Standing,
    now: Timestamp,
    new: &[&NewSignal],
) -> Result<Vec<Written>, IntakeError> {
    let mut transaction = standing.begin().await?;
    let hashes: Vec<Vec<u8>> = new
        .iter()
        .flat_map(|new| &new.keys)
        .map(|key| key.hash.to_vec())
        .collect();
    let candidates = store::candidates(&mut transaction, &hashes).await?;
    let known: HashSet<[u8; 32]> = candidates
        .iter()
        .flat_map(|candidate| candidate.keys.iter().map(|key| key.hash))
        .collect();

    let mut joining = Vec::with_capacity(new.len());
    let mut opening = Vec::with_capacity(new.len());
    let mut asked = Vec::new();
    for new in new {
        let (joins, questions) = placed(kit, new, &candidates);
        joining.push(if let Some(situation) = joins {
            Some(Joining {
                situation,
                known: known.clone(),
                questions,
            })
        } else {
            opening.push(*new);
            asked.extend(questions);
            None
        });
    }
    let inserted = store::insert_signals(&mut transaction, now, &opening, Some(&known)).await?;
    let is_fresh: HashSet<SituationId> = opening
        .iter()
        .filter(|new| inserted.fresh.contains(&new.signal.uuid()))
        .map(|new| new.said.situation)
        .collect();
    asked.retain(|question| is_fresh.contains(&question.later));
    store::ask(&mut transaction, now, &asked).await?;
    let stored = stored(&mut transaction, now, &opening, &inserted.fresh).await?;
    transaction.commit().await?;

    let mut stored = stored.into_iter();
    let written = joining.into_iter().filter_map(|joining| match joining {
        Some(joining) => Some(Written::Joins(joining)),
        None => stored.next().map(Written::Stored),
    });
    Ok(written.collect())
}

/// Where a signal belongs, and what a coordinator is asked about that.
fn placed(
    kit: &Kit,
    new: &NewSignal,
    candidates: &[Candidate],
) -> (Option<SituationId>, Vec<NewQuestion>) {
    let meet = if new.proven { meet } else { meet_unproven };
    let meeting = meet(&new.keys, &new.said.zone, candidates);
    let place = meeting.joins.unwrap_or(new.said.situation);
    let zone_of = |situation: SituationId| {
        let known = candidates.iter().find(|one| one.situation == situation);
        known.map_or(&new.said.zone, |known| &known.zone).clone()
    };
    let questions = meeting.questions.into_iter().map(|question| {
        let mut zones = vec![zone_of(question.with), zone_of(place)];
        zones.dedup();
        NewQuestion {
            id: DuplicateId::new(&kit.environment),
            first: question.with,
            later: place,
            reasons: question.reasons,
            zones,
        }
    });
    (meeting.joins, questions.collect())
}

/// What to tell the senders: those that are not fresh were stored before.
async fn stored(
    connection: &mut PgConnection,
    now: Timestamp,
    new: &[&NewSignal],
    fresh: &HashSet<Uuid>,
) -> Result<Vec<Result<Stored, IntakeError>>, IntakeError> {
    let repeated: Vec<Uuid> = new
        .iter()
        .map(|new| new.signal.uuid())
        .filter(|id| !fresh.contains(id))
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
    let results = new.iter().map(|new| {
        if fresh.contains(&new.signal.uuid()) {
            Ok(stored_now(new, now))
        } else {
            stored_before(new, known.get(&new.signal))
        }
    });
    Ok(results.collect())
}

/// Stores a signal that joins a situation; nothing when that situation has become part of another
/// one. Locked first, in a transaction of its own: what the carer agreed to may change with it.
async fn join(
    kit: &Kit,
    standing: &mut Standing,
    new: &NewSignal,
    joining: Joining,
) -> Result<Option<Result<Stored, IntakeError>>, IntakeError> {
    let Joining {
        situation,
        known,
        questions,
    } = joining;
    let now = kit.environment.now();
    let mut transaction = standing.begin().await?;
    let held = store::lock_consent(&mut transaction, situation).await?;
    // Forgotten at this moment: then nothing of it is found the next time.
    if held.erased
        || !survivors(&mut transaction, &[situation.uuid()])
            .await?
            .is_empty()
    {
        transaction.rollback().await?;
        return Ok(None);
    }
    if !store::insert_joining(&mut transaction, now, situation, new).await? {
        let known = store::known(&mut transaction, &[new.signal.uuid()]).await?;
        // Said, not left to the next one who uses the connection: the situation stands locked.
        transaction.rollback().await?;
        return Ok(Some(stored_before(new, known.first())));
    }
    let mut sequence = held.sequence;
    let mut consent = held.consent;
    let holds = Word {
        consent: held.consent,
        at: held.since,
    };
    let word = Word {
        consent: new.consent,
        at: new.reported_at,
    };
    if let Some(said) = joined_consent(holds, word) {
        (consent, sequence) = (said, sequence + 1);
        store::set_consent(&mut transaction, situation, consent, sequence, now).await?;
    }
    if let Some(age_band) = new.age_band {
        store::learn_age_band(&mut transaction, situation, age_band).await?;
    }
    let sealed: Vec<_> = new.sealed.iter().collect();
    let key = new.key.clone().map(|key| (new.said.situation, key));
    store::insert_sealed(&mut transaction, now, key.as_slice(), &sealed).await?;
    store::insert_keys(&mut transaction, new.signal, &new.keys, &known).await?;
    store::ask(&mut transaction, now, &questions).await?;

    let mut said = new.said.clone();
    said.situation = situation;
    said.zone = held.zone.clone();
    if let EventBody::SignalFlagged(flagged) = &mut said.body {
        let age_band = held.age_band.or(new.age_band);
        flagged.circumstances = Some(circumstances(&held, age_band, consent, sequence));
    }
    say(&mut transaction, now, &[said]).await?;
    transaction.commit().await?;
    Ok(Some(Ok(Stored {
        signal: new.signal,
        situation,
        zone: held.zone,
        received_at: now,
    })))
}

fn stored_now(new: &NewSignal, received_at: Timestamp) -> Stored {
    Stored {
        signal: new.signal,
        situation: new.said.situation,
        zone: new.said.zone.clone(),
        received_at,
    }
}

/// The same signal again gives the same receipt; another under its id is refused, and so is one
/// that was forgotten.
fn stored_before(new: &NewSignal, known: Option<&Known>) -> Result<Stored, IntakeError> {
    let reused = || IntakeError::IdReused(new.signal.to_string());
    let known = known.ok_or_else(reused)?;
    if known.erased {
        return Err(IntakeError::Erased);
    }
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
