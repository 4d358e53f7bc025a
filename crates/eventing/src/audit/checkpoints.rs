//! Where checkpoints are kept: a folder outside of PostgreSQL, best one that can only be added to, or
//! that is shipped elsewhere at once. Each service has a file in it, a line for each checkpoint.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use knipperlicht_access::{Database, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_privacy::audit::{Checkpoint, CheckpointKey, CheckpointReaders};

use super::verify::{hashes, head};

/// Rows looked up at once.
const AT_ONCE: usize = 5_000;

/// Bytes at the end of a file in which the last checkpoint is looked for: some hundred lines.
const END: u64 = 64 * 1024;

/// Checkpoints cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointsError {
    /// The file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The log itself.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A hash that is none.
    #[error("row {0} has a hash of another length than 32 bytes")]
    Hash(i64),
}

/// A folder with checkpoints.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    folder: PathBuf,
}

/// How a log fits the checkpoints that were made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many checkpoints fit.
    pub fit: usize,
    /// The latest that fits.
    pub latest: Option<(i64, Timestamp)>,
    /// What does not fit, in words.
    pub faults: Vec<String>,
}

impl Checkpoints {
    /// Those in this folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The file with those of a service.
    #[must_use]
    pub fn file(&self, service: Service) -> PathBuf {
        self.folder.join(format!("{}.checkpoints", service.name()))
    }

    /// The lines kept for a service, the oldest first.
    pub fn lines(&self, service: Service) -> Result<Vec<String>, CheckpointsError> {
        let path = self.file(service);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().map(ToOwned::to_owned).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(CheckpointsError::File { path, source }),
        }
    }

    /// The last checkpoint that was kept for a service, of those that are believed.
    pub(super) fn last(
        &self,
        service: Service,
        readers: &CheckpointReaders,
    ) -> Result<Option<Checkpoint>, CheckpointsError> {
        let believed = |lines: &str| {
            let mut read = lines
                .lines()
                .rev()
                .filter_map(|line| readers.read(line).ok());
            read.find(|one| one.service == service.name())
        };
        let path = self.file(service);
        let last = match end_of(&path, END) {
            Ok(end) => believed(&end),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CheckpointsError::File { path, source }),
        };
        match last {
            Some(last) => Ok(Some(last)),
            None => Ok(believed(&self.lines(service)?.join("\n"))),
        }
    }

    /// Adds a line and waits until it is on the disk. One write: two processes that add at once do
    /// not tear each other's line.
    fn add(&self, service: Service, line: &str) -> Result<(), CheckpointsError> {
        let path = self.file(service);
        let add = || {
            fs::create_dir_all(&self.folder)?;
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o640)
                .open(&path)?;
            file.write_all(format!("{line}\n").as_bytes())?;
            file.sync_data()
        };
        add().map_err(|source| CheckpointsError::File { path, source })
    }

    /// Keeps that the log had come so far.
    pub fn keep(
        &self,
        service: Service,
        checkpoint: &Checkpoint,
        key: &CheckpointKey,
    ) -> Result<(), CheckpointsError> {
        self.add(service, &key.sign(checkpoint))
    }

    /// Compares the log with every checkpoint of it. Whoever cut off its end, or wrote it anew, has
    /// not got the key to make others.
    pub async fn compare(
        &self,
        service: Service,
        database: &Database,
        principal: &Principal,
        readers: &CheckpointReaders,
    ) -> Result<Verdict, CheckpointsError> {
        let mut verdict = Verdict::default();
        let mut believed = Vec::new();
        for (place, line) in self.lines(service)?.iter().enumerate() {
            let read = readers.read(line);
            match read {
                Ok(checkpoint) if checkpoint.service == service.name() => {
                    believed.push(checkpoint);
                }
                Ok(_) => verdict.distrust(place, "it is of another service"),
                Err(fault) => verdict.distrust(place, fault),
            }
        }
        for some in believed.chunks(AT_ONCE) {
            let numbers: Vec<i64> = some.iter().map(|one| one.number).collect();
            let mut transaction = database.begin(principal).await?;
            let rows = hashes(&mut transaction, &numbers).await?;
            let last = head(&mut transaction)
                .await?
                .map_or(0, |(number, _)| number);
            transaction.rollback().await?;
            let rows: BTreeMap<i64, Vec<u8>> = rows.into_iter().collect();
            for checkpoint in some {
                verdict.judge(checkpoint, rows.get(&checkpoint.number), last);
            }
        }
        Ok(verdict)
    }
}

/// The last bytes of a file, as text.
fn end_of(path: &Path, bytes: u64) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}

impl Verdict {
    fn distrust(&mut self, place: usize, why: impl std::fmt::Display) {
        self.faults
            .push(format!("checkpoint on line {}: {why}", place + 1));
    }

    fn judge(&mut self, checkpoint: &Checkpoint, hash: Option<&Vec<u8>>, last: i64) {
        let Checkpoint { number, at, .. } = checkpoint;
        match hash {
            Some(hash) if hash.as_slice() == checkpoint.hash => {
                self.fit += 1;
                if self.latest.is_none_or(|(latest, _)| latest < *number) {
                    self.latest = Some((*number, *at));
                }
            }
            Some(_) => self.faults.push(format!(
                "row {number} is another one than on {at}: the log was written anew"
            )),
            None if *number > last => self.faults.push(format!(
                "the log ends at row {last} and had reached row {number} on {at}: its end was cut off"
            )),
            None => self.faults.push(format!(
                "row {number}, the last one on {at}, is missing"
            )),
        }
    }

    /// Nothing speaks against the log.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.faults.is_empty()
    }
}
