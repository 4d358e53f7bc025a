//! What the benchmark is told.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser};

/// Measures the promises of speed and size
#[derive(Debug, Parser)]
#[command(name = "knipperlicht-bench")]
pub(crate) struct Options {
    /// A few seconds in all: shows that everything can be measured, not how fast it is
    #[arg(long)]
    pub(crate) short: bool,
    #[command(flatten)]
    pub(crate) form: Form,
    /// Put the table between the markers of this file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "README.md")]
    pub(crate) write_readme: Option<PathBuf>,
    /// So many signals of long ago for the part `stored`; 10 million if not said
    #[arg(long, value_name = "SIGNALS")]
    pub(crate) stored: Option<i64>,
    /// Also tell which SQL statements took the time
    #[arg(long)]
    pub(crate) statements: bool,
    /// Also tell what held PostgreSQL up: slow statements, locks, checkpoints, vacuum
    #[arg(long)]
    pub(crate) held_up: bool,
    /// Measure only these
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) only: Vec<Part>,
}

/// How to print the report.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Form {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print a Markdown table
    #[arg(long)]
    pub(crate) table: bool,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// The image, start-up and idle memory
    Footprint,
    /// The gateway beside direct gRPC, and memory of idle event streams
    Gateway,
    /// Accept latency at constant arrival
    Latency,
    /// Tap to inbox as a partner sees it
    Inbox,
    /// The whole line, sustained
    Line,
    /// The whole line with all telemetry sent, beside the same without
    Telemetry,
    /// Accept throughput beside pgbench, the whole line in the process
    Accept,
    /// Accept throughput beside pgbench, intake alone in the process
    Alone,
    /// Bringing a large directory in
    Import,
    /// One route decision, in process, from a directory of the size of a country
    Decide,
    /// A partner's lists, accept latency and tap to inbox, with years of signals stored
    Stored,
    /// A zone's report of a year, with years of signals counted
    Report,
    /// Clocks: how soon after their time they are fired, with a million of them pending
    Timers,
}

impl Part {
    /// What the report calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Footprint => "footprint",
            Self::Gateway => "gateway",
            Self::Latency => "accept latency",
            Self::Inbox => "tap to inbox",
            Self::Line => "whole line",
            Self::Telemetry => "telemetry",
            Self::Accept => "accept",
            Self::Alone => "accept alone",
            Self::Import => "import",
            Self::Decide => "decisions",
            Self::Stored => "stored",
            Self::Report => "report",
            Self::Timers => "timers",
        }
    }
}

impl Options {
    /// Whether to measure this.
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// How long and how hard to measure.
    pub(crate) fn effort(&self) -> Effort {
        let effort = if self.short {
            Effort::SHORT
        } else {
            Effort::FULL
        };
        Effort {
            stored: self.stored.unwrap_or(effort.stored),
            ..effort
        }
    }
}

/// How long and how hard to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// A constant arrival, measured.
    pub(crate) steady: Duration,
    /// So many times: of these the middle one counts.
    pub(crate) steady_rounds: usize,
    /// Before that, not measured.
    pub(crate) warm_up: Duration,
    /// One run of a closed loop.
    pub(crate) closed: Duration,
    /// Runs of each kind, alternating.
    pub(crate) rounds: usize,
    /// One step of the search for the highest rate.
    pub(crate) step: Duration,
    /// Such steps.
    pub(crate) steps: usize,
    /// What the promises' arrivals are divided by.
    pub(crate) gentler: u32,
    /// Before memory counts as idle.
    pub(crate) idle: Duration,
    /// Services of a large directory.
    pub(crate) services: usize,
    /// Calls of each kind, one after the other.
    pub(crate) calls: usize,
    /// Event streams that are open at once.
    pub(crate) streams: usize,
    /// Signals of long ago.
    pub(crate) stored: i64,
    /// Clocks that run.
    pub(crate) pending: i64,
    /// Clocks that run out while it is measured, one after the other.
    pub(crate) due: i64,
    /// Clocks that ran out while nothing ran.
    pub(crate) missed: i64,
}

impl Effort {
    const FULL: Self = Self {
        steady: Duration::from_secs(20),
        steady_rounds: 3,
        warm_up: Duration::from_secs(3),
        closed: Duration::from_secs(4),
        rounds: 5,
        step: Duration::from_secs(10),
        steps: 4,
        gentler: 1,
        idle: Duration::from_secs(3),
        services: 50_000,
        calls: 4_000,
        streams: 5_000,
        stored: 10_000_000,
        pending: 1_000_000,
        due: 4_000,
        missed: 50_000,
    };

    const SHORT: Self = Self {
        steady: Duration::from_secs(2),
        steady_rounds: 1,
        warm_up: Duration::from_millis(500),
        closed: Duration::from_secs(1),
        rounds: 1,
        step: Duration::from_secs(1),
        steps: 1,
        gentler: 20,
        idle: Duration::from_millis(500),
        services: 1_000,
        calls: 100,
        streams: 50,
        stored: 10_000,
        pending: 10_000,
        due: 100,
        missed: 1_000,
    };
}
