//! Generates the gRPC code from `proto/` with protox, so that no protoc has to be installed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const ROOT: &str = "../../proto";
const FILES: &[&str] = &[
    "knipperlicht/vocabulary/v1/codes.proto",
    "knipperlicht/events/v1/events.proto",
    "knipperlicht/intake/v1/intake.proto",
    "knipperlicht/assessment/v1/assessment.proto",
    "knipperlicht/routing/v1/routing.proto",
    "knipperlicht/followup/v1/followup.proto",
    "knipperlicht/notification/v1/notification.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let descriptors = protox::compile(FILES, [ROOT])?;
    let out = PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin");
    fs::write(out, descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
