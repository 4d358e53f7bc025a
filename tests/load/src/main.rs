//! `knipperlicht-bench`: measures what DESIGN promises of speed and size.
//!
//! One run, on private durable servers (`fsync` on, `sync_interval: always`), with the program as
//! it is delivered running as a process of its own, and everything - servers, program, clients -
//! on the same cores. What depends on the disk is measured beside what the same disk and the same
//! PostgreSQL can do at most, so that figures of different machines can be compared.

mod counted;
mod country;
mod disk;
mod error;
mod ground;
mod held_up;
mod inbox;
mod load;
mod look;
mod measure;
mod options;
mod pgbench;
mod process;
mod progress;
mod promise;
mod readme;
mod report;
mod reporters;
mod resources;
mod run;
mod sink;
mod stall;
mod stored;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use error::{BenchError, Doing};

/// One thread for all who send: more of them would be in each other's and the program's way.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = options::Options::parse();
    let outcome = until_told_to_stop(Box::pin(run::run(&options)))
        .await
        .and_then(|report| report::deliver(&report, &options));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("knipperlicht-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Drops the run when this process is told to stop: its servers and its program end with it.
async fn until_told_to_stop<T>(
    run: impl Future<Output = Result<T, BenchError>>,
) -> Result<T, BenchError> {
    let mut told = signal(SignalKind::terminate()).doing("listen for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).doing("listen for SIGINT")?;
    tokio::select! {
        outcome = run => outcome,
        _ = told.recv() => Err(BenchError::Stopped),
        _ = interrupted.recv() => Err(BenchError::Stopped),
    }
}
