//! What it costs this disk to keep something: every durable figure stands on it.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

use crate::error::{BenchError, Doing};

/// What PostgreSQL writes at a time.
const BLOCK: [u8; 8_192] = [0x5a; 8_192];

/// Blocks of a file written over and over, as PostgreSQL does with its write-ahead log.
const BLOCKS: u64 = 256;

/// Microseconds to write 8 kB and have the disk keep it (`fdatasync`): the median.
pub(crate) fn sync_cost(directory: &Path, lasting: Duration) -> Result<f64, BenchError> {
    let path = directory.join("sync-cost");
    let what = path.display().to_string();
    let file = File::create(&path).doing(&what)?;
    for block in 0..BLOCKS {
        file.write_all_at(&BLOCK, block * 8_192).doing(&what)?;
    }
    file.sync_all().doing(&what)?;
    let mut took = Vec::new();
    let started = Instant::now();
    let mut block = 0;
    while started.elapsed() < lasting {
        let before = Instant::now();
        file.write_all_at(&BLOCK, block * 8_192).doing(&what)?;
        file.sync_data().doing(&what)?;
        took.push(before.elapsed());
        block = (block + 1) % BLOCKS;
    }
    took.sort_unstable();
    Ok(took
        .get(took.len() / 2)
        .map_or(0.0, |median| median.as_secs_f64() * 1e6))
}
