//! The program `knipperlicht`, as built beside us.

use std::{env, path::PathBuf};

use crate::ChaosError;

/// Finds it: a program lies beside it, a test one folder deeper (`deps`).
pub(super) fn find() -> Result<PathBuf, ChaosError> {
    let ourselves = env::current_exe().map_err(ChaosError::io("find this program"))?;
    let name = format!("knipperlicht{}", env::consts::EXE_SUFFIX);
    let beside: Vec<PathBuf> = ourselves
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(&name))
        .collect();
    let built = beside.iter().find(|path| path.is_file()).cloned();
    built.ok_or_else(|| ChaosError::NotBuilt(beside.into_iter().next_back().unwrap_or(ourselves)))
}
