//! `knipperlicht-sandbox COMMAND...`: runs a command with throw-away PostgreSQL and NATS servers,
//! which it finds as `DATABASE_URL` and `NATS_URL`. Its exit code is ours.

use std::{
    env, fs,
    io::{self, BufRead as _},
    path::Path,
    process::ExitCode,
};

use knipperlicht_sandbox::{SandboxError, Scratch};
use tokio::process::Command;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("knipperlicht-sandbox: say which command to run");
        return ExitCode::from(2);
    };
    let scratch = match Scratch::start().await {
        Ok(scratch) => scratch,
        Err(error) => return failed(&error),
    };
    let status = Command::new(&program)
        .args(arguments)
        .env("DATABASE_URL", scratch.postgres.url())
        .env("NATS_URL", scratch.nats.url())
        .status()
        .await;
    tell_of_crashes(&scratch.postgres.log());
    match status {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!(
                "knipperlicht-sandbox: {}: {error}",
                program.to_string_lossy()
            );
            ExitCode::FAILURE
        }
    }
}

/// A PostgreSQL that fell over comes back by itself; whatever asked it meanwhile failed, and cannot
/// tell why. A full disk, mostly.
fn tell_of_crashes(log: &Path) {
    for line in fs::File::open(log)
        .map(|log| io::BufReader::new(log).lines())
        .into_iter()
        .flatten()
        .map_while(Result::ok)
        .filter(|line| {
            ["PANIC: ", "terminated by signal"]
                .iter()
                .any(|sign| line.contains(sign))
        })
    {
        eprintln!("knipperlicht-sandbox: PostgreSQL: {line}");
    }
}

fn failed(error: &SandboxError) -> ExitCode {
    eprintln!("knipperlicht-sandbox: {error}");
    ExitCode::FAILURE
}
