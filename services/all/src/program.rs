//! The program: what it can be told, and which part of it then runs.

use std::{io, num::NonZero, process::ExitCode};

use clap::{Args, CommandFactory, Parser, Subcommand};
use knipperlicht_runtime::{Telemetry, TelemetryOptions, system_environment};

use crate::{
    cli,
    dev::{self, DevOptions, TracePlaces},
    migrate,
    ops::{self, OpsOptions},
    print::tell,
    serve::{self, ServeOptions},
};

/// Knipperlicht: carries a sign that a carer is being overloaded to someone who does something
/// about it, and tells whoever noticed it what happened.
#[derive(Debug, Parser)]
#[command(name = "knipperlicht", version, propagate_version = true)]
pub struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on this machine, for development: own servers, demo directory, demo people
    Dev(Box<DevOptions>),
    /// Serve: every service in one process, or those named by --target
    Serve(Box<ServeOptions>),
    /// Bring the database schemas up to date
    Migrate(MigrateOptions),
    /// Look at the line and repair it
    Ops(OpsOptions),
    /// Anything a user does
    #[command(flatten)]
    Client(cli::Command),
}

#[derive(Debug, Args)]
struct MigrateOptions {
    /// PostgreSQL; its user may create schemas and roles
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

/// How telemetry leaves the processes that serve; logs are JSON in `serve`, and for people where
/// `KL_LOG_FORMAT` is `text`.
const OTLP_ENDPOINT: &str = "KL_OTLP_ENDPOINT";
const LOG_FORMAT: &str = "KL_LOG_FORMAT";

/// One more than there are processors, so that an answer that somebody waits for need not wait
/// until a hundred events are unpacked; with many more, they hand each other the work for nothing.
fn threads() -> usize {
    1 + std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs the program as told by its arguments.
#[must_use]
pub fn run() -> ExitCode {
    let program = Program::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads())
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let traces = match runtime.block_on(program.traces()) {
        Ok(traces) => traces,
        Err(error) => return failed(&error),
    };
    // The exporter lives on the runtime but is flushed after it has stopped working for us.
    let telemetry = {
        let _inside = runtime.enter();
        match program.telemetry(traces) {
            Ok(telemetry) => telemetry,
            Err(error) => return failed(&error),
        }
    };
    let code = runtime.block_on(program.run(traces));
    drop(telemetry);
    code
}

impl Program {
    /// The traces of a development machine are taken in here, unless there is a collector.
    async fn traces(&self) -> io::Result<Option<TracePlaces>> {
        let is_told = std::env::var_os(OTLP_ENDPOINT).is_some();
        if is_told || !matches!(self.command, Command::Dev(_)) {
            return Ok(None);
        }
        TracePlaces::open().await.map(Some)
    }

    fn telemetry(
        &self,
        traces: Option<TracePlaces>,
    ) -> Result<Option<Telemetry>, knipperlicht_runtime::TelemetryError> {
        if !matches!(self.command, Command::Dev(_) | Command::Serve(_)) {
            return Ok(None);
        }
        let (targets, json_logs) = match &self.command {
            Command::Serve(options) => (options.target_names(), true),
            _ => ("all".to_owned(), false),
        };
        let format = std::env::var(LOG_FORMAT).ok();
        let instance = system_environment().map(|environment| environment.uuid().to_string());
        let options = TelemetryOptions {
            otlp_endpoint: std::env::var(OTLP_ENDPOINT)
                .ok()
                .or_else(|| traces.map(|traces| format!("http://{}", traces.otlp))),
            json_logs: format.map_or(json_logs, |format| format == "json"),
            instance: instance.unwrap_or_default(),
            targets,
        };
        Telemetry::start("knipperlicht", &options).map(Some)
    }

    async fn run(self, traces: Option<TracePlaces>) -> ExitCode {
        match self.command {
            Command::Dev(options) => done(dev::run(*options, traces).await),
            Command::Serve(options) => done(Box::pin(serve::serve(*options)).await),
            Command::Migrate(options) => {
                let migrated = migrate::migrate(&options.database_url).await;
                match migrated {
                    Ok(()) => done(tell!("the schemas are up to date")),
                    Err(error) => failed(&error),
                }
            }
            Command::Ops(options) => match system_environment() {
                Ok(environment) => done(ops::run(options, &environment).await),
                Err(error) => failed(&error),
            },
            Command::Client(command) => cli::run(command, Self::command()).await,
        }
    }
}

fn done<E: std::error::Error>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("knipperlicht: {error}");
    ExitCode::FAILURE
}
