//! A disk of one's own that can be filled up: a file with a file system in it, which root alone can
//! mount; and only where mounts go with the process (`unshare --mount`), so that however it ends
//! nothing of them is left.

use std::{
    ffi::OsStr,
    fs, iter,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::process::parent;
use crate::ChaosError;

/// Room on it; the file takes only what is written.
const SIZE: u64 = 12 << 30;

/// What fills it up.
const BALLAST: &str = "ballast";

/// A mounted disk. Dropped, it is unmounted.
pub(super) struct Disk {
    at: PathBuf,
}

impl Disk {
    /// Makes one in the file `image` and mounts it at `at`; nothing where we may not.
    pub(super) fn mount(image: &Path, at: &Path) -> Result<Option<Self>, ChaosError> {
        if !mounts_go_with_us() {
            return Ok(None);
        }
        fs::create_dir_all(at).map_err(ChaosError::io("make a directory"))?;
        let file = fs::File::create(image).map_err(ChaosError::io("make a disk"))?;
        file.set_len(SIZE).map_err(ChaosError::io("make a disk"))?;
        let made = run(
            "mkfs.ext4",
            ["-q".as_ref(), "-m0".as_ref(), image.as_os_str()],
        );
        let mounted = made
            && run(
                "mount",
                [
                    "-o".as_ref(),
                    "loop".as_ref(),
                    image.as_os_str(),
                    at.as_os_str(),
                ],
            );
        Ok(mounted.then(|| Self { at: at.to_owned() }))
    }

    /// Whether this directory is on it.
    pub(super) fn holds(&self, directory: &Path) -> bool {
        directory.starts_with(&self.at)
    }

    /// Takes all room that is left.
    pub(super) fn fill(&self) -> Result<(), ChaosError> {
        // More than there is: it takes what it can get, to the last block, and says that it failed.
        let (all, ballast) = (SIZE.to_string(), self.at.join(BALLAST));
        run(
            "fallocate",
            ["-l".as_ref(), all.as_ref(), ballast.as_os_str()],
        );
        if ballast.exists() {
            Ok(())
        } else {
            Err(ChaosError::DiskNotFilled)
        }
    }

    /// Gives it back.
    pub(super) fn clear(&self) -> Result<(), ChaosError> {
        fs::remove_file(self.at.join(BALLAST)).map_err(ChaosError::io("empty a disk"))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that was just killed may hold a file open still.
        run("umount", [OsStr::new("-l"), self.at.as_os_str()]);
    }
}

/// Whether what we mount is seen by us and those we start alone, and not by the machine: somebody that
/// we come from sees other mounts.
fn mounts_go_with_us() -> bool {
    let seen_by = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    let ourselves = std::process::id();
    let ours = seen_by(ourselves);
    let mut before_us = iter::successors(parent(ourselves), |pid| parent(*pid));
    before_us.any(|pid| seen_by(pid).is_some_and(|theirs| Some(theirs) != ours))
}

fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a OsStr>) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
