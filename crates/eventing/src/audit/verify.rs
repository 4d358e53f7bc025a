//! Whether the log is as it was written: numbers without a gap, each hash following from the row and
//! the hash before it. Read in stretches, several at once, so that memory stays small and every
//! processor works; a stretch begins with the hash that the one before it ends with.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use futures::TryStreamExt;
use knipperlicht_access::{Database, OwnedTransaction, Principal};
use knipperlicht_privacy::audit::{Entry, GENESIS, link};
use sqlx::PgConnection;
use tokio::task::JoinSet;

/// Rows of a stretch: some megabytes, a tenth of a second.
const STRETCH: i64 = 20_000;

/// Faults that are told; of more, how many there are.
const TOLD: usize = 20;

/// A row that is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// There is no row of this number, and perhaps none of the next ones.
    Missing(i64),
    /// What this row holds, or its place, is not what its hash was made of.
    Changed(i64),
}

impl Fault {
    const fn number(self) -> i64 {
        match self {
            Self::Missing(number) | Self::Changed(number) => number,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(number) => write!(f, "row {number} is missing"),
            Self::Changed(number) => write!(f, "row {number} was changed or put in"),
        }
    }
}

/// What is wrong with a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first ones, by number.
    pub first: Vec<Fault>,
    /// How many there are.
    pub count: usize,
}

impl Faults {
    fn add(&mut self, fault: Fault) {
        self.count += 1;
        if self.first.len() < TOLD {
            self.first.push(fault);
        }
    }

    fn join(&mut self, others: Self) {
        self.count += others.count;
        self.first.extend(others.first);
        self.first.sort_unstable_by_key(|fault| fault.number());
        self.first.truncate(TOLD);
    }
}

/// A log that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The number and the hash of its last row when reading began, if it had one.
    pub head: Option<(i64, Vec<u8>)>,
    /// What is wrong with it.
    pub faults: Faults,
}

/// Reads the log of a service from behind row `after`, which is taken as it is, to its end, as many
/// stretches at once as `readers` says. `read` is told how many rows more were read.
pub async fn verify(
    database: &Database,
    principal: &Principal,
    after: i64,
    readers: usize,
    read: impl Fn(u64) + Clone + Send + Sync + 'static,
) -> Result<Chain, sqlx::Error> {
    let mut transaction = database.begin(principal).await?;
    let head = head(&mut transaction).await?;
    transaction.rollback().await?;
    let last = head.as_ref().map_or(0, |(number, _)| *number);

    let next = Arc::new(AtomicI64::new(after));
    let mut at_work = JoinSet::new();
    for _ in 0..readers.max(1) {
        let (database, principal) = (database.clone(), principal.clone());
        let (next, read) = (Arc::clone(&next), read.clone());
        at_work.spawn(async move {
            let mut faults = Faults::default();
            loop {
                let from = next.fetch_add(STRETCH, Ordering::Relaxed);
                if from >= last {
                    return Ok::<_, sqlx::Error>(faults);
                }
                let upto = last.min(from + STRETCH);
                let transaction = database.begin(&principal).await?;
                read(stretch(transaction, from, upto, &mut faults).await?);
            }
        });
    }
    let mut faults = Faults::default();
    while let Some(done) = at_work.join_next().await {
        faults.join(done.map_err(|_| sqlx::Error::WorkerCrashed)??);
    }
    Ok(Chain { head, faults })
}

/// The number of the last row; 0 if there is none.
pub async fn last_number(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let last = head(connection).await?;
    Ok(last.map_or(0, |(number, _)| number))
}

/// The number and the hash of the last row. Relies on the primary key.
pub(super) async fn head(
    connection: &mut PgConnection,
) -> Result<Option<(i64, Vec<u8>)>, sqlx::Error> {
    let last = sqlx::query!("select number, hash from audit order by number desc limit 1")
        .fetch_optional(connection)
        .await?;
    Ok(last.map(|row| (row.number, row.hash)))
}

/// The hashes of these rows. Relies on the primary key.
pub(super) async fn hashes(
    connection: &mut PgConnection,
    numbers: &[i64],
) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select number, hash from audit where number = any($1)",
        numbers
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.number, row.hash)).collect())
}

/// Reads the rows behind `from`, and that one for its hash. Relies on the primary key.
async fn stretch(
    mut transaction: OwnedTransaction,
    from: i64,
    upto: i64,
    faults: &mut Faults,
) -> Result<u64, sqlx::Error> {
    // Before the first row there may be none.
    let beginning = if from == 0 { i64::MIN } else { from };
    // What the next row's hash has to follow from; nothing where the row before it is missing.
    let mut previous = (from == 0).then(|| GENESIS.to_vec());
    let mut expected = from + 1;
    let mut count = 0;
    let mut rows = sqlx::query!(
        r#"select number, at as "at: jiff_sqlx::Timestamp", subject, role, action, object, purpose,
                  trace_id, hash
           from audit where number between $1 and $2 order by number"#,
        beginning,
        upto,
    )
    .fetch(&mut *transaction);
    while let Some(row) = rows.try_next().await? {
        if row.number <= from {
            if from == 0 {
                faults.add(Fault::Changed(row.number));
            } else {
                previous = Some(row.hash);
            }
            continue;
        }
        count += 1;
        if row.number > expected {
            faults.add(Fault::Missing(expected));
            previous = None;
        }
        let entry = Entry {
            at: row.at.to_jiff(),
            subject: row.subject,
            role: row.role,
            action: row.action,
            object: row.object,
            purpose: row.purpose,
            trace_id: row.trace_id,
        };
        let follows = |previous: &Vec<u8>| link(previous, &entry).as_slice() == row.hash;
        if !previous.as_ref().is_none_or(follows) {
            faults.add(Fault::Changed(row.number));
        }
        previous = Some(row.hash);
        expected = row.number + 1;
    }
    if expected <= upto {
        faults.add(Fault::Missing(expected));
    }
    Ok(count)
}
