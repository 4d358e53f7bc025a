//! What the image of a deployment holds.

use std::{fs, io, path::Path, process::Command};

use crate::{
    error::{BenchError, Doing},
    ground::Ground,
    process::beside_us,
    promise::Bound::Below,
    report::Report,
};

/// What lays it out, here as in the Dockerfile.
const IMAGE_ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/tools/image-root");

/// A megabyte as those count who keep images.
const MEGABYTE: f64 = 1e6;

/// The size of all its files, and of all together compressed, as a registry keeps them.
pub(crate) fn image(ground: &Ground, report: &mut Report) -> Result<(), BenchError> {
    let root = ground.directory().join("image");
    let archive = ground.directory().join("image.tar.gz");
    done(Command::new(IMAGE_ROOT).arg(beside_us()?).arg(&root))?;
    let mut compress = Command::new("tar");
    done(
        compress
            .args(["--create", "--gzip", "--file"])
            .arg(&archive)
            .arg("-C")
            .arg(&root)
            .arg("."),
    )?;
    let size = |path: &Path, bytes: io::Result<u64>| bytes.doing(path.display().to_string());
    let held = size(&root, bytes_in(&root))?;
    let compressed = size(
        &archive,
        fs::metadata(&archive).map(|archive| archive.len()),
    )?;
    report.promised(
        "image",
        "what the image holds, of a million bytes each",
        "MB",
        (Below(40.0), Below(40.0)),
        megabytes(held),
        format!(
            "{:.1} MB compressed, as it is fetched",
            megabytes(compressed)
        ),
    );
    Ok(())
}

fn done(command: &mut Command) -> Result<(), BenchError> {
    let output = command.output().doing("lay out the image")?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(BenchError::NoImage(told))
}

fn bytes_in(directory: &Path) -> io::Result<u64> {
    fs::read_dir(directory)?.try_fold(0, |sum, entry| {
        let entry = entry?;
        let found = entry.metadata()?;
        let bytes = if found.is_dir() {
            bytes_in(&entry.path())?
        } else {
            found.len()
        };
        Ok(sum + bytes)
    })
}

#[expect(clippy::cast_precision_loss, reason = "far less than 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}
