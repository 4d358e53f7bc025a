//! `knipperlicht-kill`: kills processes of the line under load and counts what is lost.

use std::process::ExitCode;

use clap::Parser;
use knipperlicht_chaos::{KillTest, load::Rate, run};

/// Kills PostgreSQL, nats-server and the four services at any moment, under load, with SIGKILL;
/// then proves from the databases that nothing was lost, doubled or put out of order.
#[derive(Debug, Parser)]
#[command(name = "knipperlicht-kill", version)]
struct Options {
    /// Kills, all in all; everybody in turn, each round in another order
    #[arg(long, default_value_t = 50)]
    kills: usize,
    /// New signals a second, of all reporters together
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Reporters
    #[arg(long, default_value_t = 8)]
    reporters: u32,
    /// The same seed gives the same order of kills, pauses and signals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let rate = Rate {
        signals: options.rate,
        reporters: options.reporters,
    };
    let test = KillTest {
        kills: options.kills,
        rate,
        seed: options.seed,
    };
    let report = match run(test, |told| eprintln!("{told}")).await {
        Ok(report) => report,
        Err(error) => {
            eprintln!("knipperlicht-kill: {error}");
            return ExitCode::from(2);
        }
    };
    if options.json {
        match serde_json::to_string_pretty(&report) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("knipperlicht-kill: {error}"),
        }
    } else {
        println!("{report}");
    }
    if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
