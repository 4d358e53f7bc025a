//! Clocks that can be moved, of real processes: a few lines of C between them and the system.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::SignedDuration;

use crate::ChaosError;

const SOURCE: &str = include_str!("skew.c");

/// What comes between a process and its clock.
pub(super) struct Shim(PathBuf);

impl Shim {
    /// Compiles it; nothing where there is no compiler for it.
    pub(super) fn build(directory: &Path) -> Result<Option<Self>, ChaosError> {
        let (source, shim) = (directory.join("skew.c"), directory.join("skew.so"));
        fs::write(&source, SOURCE).map_err(ChaosError::io("write the clock's shim"))?;
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([&shim, &source])
            .stdin(Stdio::null())
            .status();
        Ok(built
            .is_ok_and(|status| status.success())
            .then_some(Self(shim)))
    }
}

/// The clock of one process.
#[derive(Debug, Clone)]
pub(super) struct ProcessClock {
    shim: PathBuf,
    file: PathBuf,
}

impl ProcessClock {
    /// One that is right.
    pub(super) fn new(shim: &Shim, file: PathBuf) -> Result<Self, ChaosError> {
        let clock = Self {
            shim: shim.0.clone(),
            file,
        };
        clock.set(SignedDuration::ZERO)?;
        Ok(clock)
    }

    /// Puts it so far from what is right, in the process that runs and in the next one.
    pub(super) fn set(&self, by: SignedDuration) -> Result<(), ChaosError> {
        let nanos = i64::try_from(by.as_nanos()).unwrap_or_default();
        // Written over, never anew: whoever runs looks at this very file.
        let mut options = fs::OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.file);
        file.and_then(|file| {
            std::os::unix::fs::FileExt::write_all_at(&file, &nanos.to_ne_bytes(), 0)
        })
        .map_err(ChaosError::io("move a clock"))
    }

    /// What a process is told so that it goes by this clock.
    pub(super) fn variables(&self) -> [(&'static str, &Path); 2] {
        [
            ("LD_PRELOAD", self.shim.as_path()),
            ("KL_SKEW_FILE", self.file.as_path()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_goes_by_the_clock_that_it_was_given() {
        let directory = tempfile::tempdir().unwrap();
        let shim = Shim::build(directory.path()).unwrap().unwrap();
        let clock = ProcessClock::new(&shim, directory.path().join("clock")).unwrap();
        let told = || -> i64 {
            let mut date = Command::new("date");
            let said = date.arg("+%s").envs(clock.variables()).output().unwrap();
            String::from_utf8(said.stdout)
                .unwrap()
                .trim()
                .parse()
                .unwrap()
        };
        let right = told();
        for hours in [1, -1] {
            clock.set(SignedDuration::from_hours(hours)).unwrap();
            let off = told() - right - hours * 3600;
            assert!((0..60).contains(&off), "{off} s");
        }
    }
}
