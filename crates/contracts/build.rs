//! Generates the gRPC code from `proto/` with protox, so that no protoc has to be installed.

use std::{env, error::Error, fs, path::PathBuf};

const ROOT: &str = "../../proto";
const FILES: &[&str] = &[
    "knipperlicht/vocabulary/v1/codes.proto",
    "knipperlicht/events/v1/events.proto",
    "knipperlicht/operations/v1/operations.proto",
    "knipperlicht/intake/v1/intake.proto",
    "knipperlicht/assessment/v1/assessment.proto",
    "knipperlicht/routing/v1/routing.proto",
    "knipperlicht/followup/v1/followup.proto",
    "knipperlicht/notification/v1/notification.proto",
];

/// What says who somebody is, or opens something: its `Debug` is written by hand, in
/// `src/personal.rs`, and says nothing.
const UNSPOKEN: &[&str] = &[
    ".knipperlicht.intake.v1.Contact",
    ".knipperlicht.intake.v1.Signal",
    ".knipperlicht.intake.v1.SetConsentRequest",
    ".knipperlicht.intake.v1.GetContactRequest",
    ".knipperlicht.intake.v1.GetContactResponse",
    ".knipperlicht.intake.v1.ReadVitalInterestRequest",
    ".knipperlicht.intake.v1.ReadVitalInterestResponse",
    ".knipperlicht.intake.v1.WorkNote",
    ".knipperlicht.intake.v1.AddNoteRequest",
    ".knipperlicht.intake.v1.CarerLink",
    ".knipperlicht.intake.v1.GetMySituationRequest",
    ".knipperlicht.intake.v1.WithdrawMyConsentRequest",
    ".knipperlicht.intake.v1.RevokeSelfSignalCardRequest",
    ".knipperlicht.intake.v1.SubmitSelfSignalRequest",
    ".knipperlicht.followup.v1.IssueCarerLinkResponse",
    ".knipperlicht.followup.v1.ConfirmOutcomeRequest",
    ".knipperlicht.notification.v1.Webhook",
    ".knipperlicht.notification.v1.Mail",
    ".knipperlicht.notification.v1.SubscribeResponse",
    ".knipperlicht.notification.v1.RotateSecretResponse",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let mut compiler = protox::Compiler::new([ROOT])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(FILES)?;
    // As it was read: decoded, a descriptor has lost how calls are made over HTTP.
    let out = PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin");
    fs::write(out, compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .skip_debug(UNSPOKEN)
        .codec_path("crate::codec::Protobuf")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
