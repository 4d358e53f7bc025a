use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::error::{Doing, SandboxError};

const FILE_NAME: &str = "instance.lock";

/// The sole use of a directory by this process.
///
/// The operating system holds the lock, so it is free again however its holder ends. The file
/// stays behind and means nothing by itself; the process id in it is for the message alone.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// Takes the directory, which is made when it is missing, or says who has it.
    pub fn acquire(directory: &Path) -> Result<Self, SandboxError> {
        fs::create_dir_all(directory).doing_at("create", directory)?;
        let path = directory.join(FILE_NAME);
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .doing_at("open", &path)?;

        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = read_holder(&mut file).doing_at("read", &path)?;
                return Err(SandboxError::AlreadyRunning {
                    directory: directory.to_owned(),
                    pid,
                });
            }
            Err(TryLockError::Error(error)) => return Err(error).doing_at("lock", &path),
        }

        file.set_len(0)
            .and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()))
            .doing_at("write", &path)?;
        Ok(Self { _file: file })
    }
}

/// Reads who holds the lock. The holder writes its id just after it takes the lock, so a reader
/// may come a moment too early.
fn read_holder(file: &mut File) -> std::io::Result<u32> {
    for _ in 0..50 {
        let mut text = String::new();
        file.rewind()?;
        file.read_to_string(&mut text)?;
        if let Some(Ok(pid)) = text.strip_suffix('\n').map(str::parse) {
            return Ok(pid);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err(std::io::Error::other(
        "it is locked, but does not say by which process",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_hears_who_was_first() {
        let directory = tempfile::tempdir().unwrap();
        let first = InstanceLock::acquire(directory.path()).unwrap();
        let refusal = InstanceLock::acquire(directory.path()).unwrap_err();
        assert!(matches!(
            refusal,
            SandboxError::AlreadyRunning { pid, .. } if pid == std::process::id()
        ));
        drop(first);
        InstanceLock::acquire(directory.path()).unwrap();
    }
}
