//! `knipperlicht-chaos`: lets things go wrong under load and counts what is lost.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use knipperlicht_chaos::{Chaos, cluster::Shape, load::Rate, mishap::Kind, run, upgrade};

/// Two processes of every service, three nats-servers and a PostgreSQL with its standby, under load:
/// they are killed and held up, the network between them fails, disks are full, clocks jump. Then the
/// databases prove that nothing was lost, doubled or put out of order.
#[derive(Debug, Parser)]
#[command(name = "knipperlicht-chaos", version)]
struct Options {
    /// How long things go wrong
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// How many things go wrong at most
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    mishaps: usize,
    /// What goes wrong
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Kind::ALL)]
    only: Vec<Kind>,
    /// One of everything
    #[arg(long)]
    alone: bool,
    /// Nothing goes wrong, but this program of an earlier version is replaced by that of this one
    #[arg(long, value_name = "OLD_PROGRAM")]
    from: Option<PathBuf>,
    /// New signals a second, of all reporters together
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Reporters
    #[arg(long, default_value_t = 8)]
    reporters: u32,
    /// The same seed gives the same mishaps and signals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    fn chaos(self) -> Chaos {
        let shape = if self.alone {
            Shape::ALONE
        } else {
            Shape::DOUBLED
        };
        Chaos {
            shape: Shape {
                is_harsh: true,
                ..shape
            },
            rate: Rate {
                signals: self.rate,
                reporters: self.reporters,
            },
            seed: self.seed,
            kinds: self.only,
            lasts: Duration::from_mins(self.minutes),
            most: self.mishaps,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let as_json = options.json;
    let old = options.from.clone();
    let chaos = options.chaos();
    let tell = |told: &str| eprintln!("{told}");
    let running = async {
        match &old {
            None => run(&chaos, tell).await,
            Some(old) => upgrade(old, &chaos, tell).await,
        }
    };
    let report = tokio::select! {
        report = running => report,
        // Whatever was started ends, and disks are unmounted.
        _ = tokio::signal::ctrl_c() => return ExitCode::from(130),
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            eprintln!("knipperlicht-chaos: {error}");
            return ExitCode::from(2);
        }
    };
    if as_json {
        match serde_json::to_string_pretty(&report) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("knipperlicht-chaos: {error}"),
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
