//! Sees to what the program carries: the folder of the built web app, which without npm nobody made,
//! and the page to look at the interface with.

use std::{
    env,
    error::Error,
    fs,
    io::{Cursor, Read},
    path::PathBuf,
};

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::{CompressionMethod, ZipArchive};

const APP: &str = "../../web/dist";

/// What of Swagger UI is served.
const EXPLORER: [&str; 2] = ["swagger-ui-bundle.js", "swagger-ui.css"];

fn main() -> Result<(), Box<dyn Error>> {
    // Where it cannot be made, its absence is told by what embeds it.
    let _ = fs::create_dir_all(APP);
    println!("cargo:rerun-if-changed={APP}");
    println!("cargo:rerun-if-changed=../../docs/errors");
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in EXPLORER {
        let packed = as_gzip(&mut archive, name)?;
        fs::write(out.join(format!("{name}.gz")), packed)?;
    }
    Ok(())
}

/// A file of the archive as gzip (RFC 1952): the same compressed bytes, in another frame.
fn as_gzip(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let ending = format!("/dist/{name}");
    let index = (0..archive.len())
        .find(|index| {
            archive
                .name_for_index(*index)
                .is_some_and(|it| it.is_ok_and(|it| it.ends_with(&ending)))
        })
        .ok_or_else(|| format!("Swagger UI has no {name}"))?;
    let mut file = archive.by_index_raw(index)?;
    if file.compression() != CompressionMethod::DEFLATE {
        return Err(format!("{name} is compressed in another way").into());
    }
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    file.read_to_end(&mut packed)?;
    packed.extend(file.crc32().to_le_bytes());
    packed.extend(u32::try_from(file.size())?.to_le_bytes());
    Ok(packed)
}
