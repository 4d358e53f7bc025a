//! The run: what is measured, in which order, on what.

use std::time::Duration;

use knipperlicht_runtime::system_environment;

use crate::{
    counted, disk,
    error::BenchError,
    ground::Ground,
    held_up,
    look::{self, Reach},
    measure::{self, Bench},
    options::{Effort, Options, Part},
    process::Program,
    progress::Progress,
    report::Report,
    resources::{self, HostTime},
    stored,
};

/// Measures what is wanted.
pub(crate) async fn run(options: &Options) -> Result<Report, BenchError> {
    let mut report = Report::new(resources::machine());
    let whole = [
        Part::Footprint,
        Part::Gateway,
        Part::Latency,
        Part::Inbox,
        Part::Line,
        Part::Accept,
        Part::Import,
    ];
    if whole.into_iter().any(|part| options.wants(part)) {
        measure_whole_line(options, &mut report).await?;
    }
    if options.wants(Part::Telemetry) {
        measure_telemetry(options, &mut report).await?;
    }
    if options.wants(Part::Alone) {
        measure_intake_alone(options, &mut report).await?;
    }
    if options.wants(Part::Decide) {
        let services = options.effort().services;
        measure::decisions(&system_environment()?, services, &mut report)?;
    }
    if options.wants(Part::Stored) {
        measure_stored(options, &mut report).await?;
    }
    if options.wants(Part::Report) {
        measure_report(options, &mut report).await?;
    }
    if options.wants(Part::Timers) {
        measure_timers(options, &mut report).await?;
    }
    report.remark(format!(
        "load of this machine at the end {}",
        resources::busy()
    ));
    Ok(report)
}

async fn measure_whole_line(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let effort = options.effort();
    let ground = prepare(options, report).await?;
    let program = if options.wants(Part::Footprint) {
        measure::image(&ground, report)?;
        measure::apart(&ground, effort, report).await?;
        let program = measure::start_up(&ground, effort, report).await?;
        measure::idle(&program, effort, report).await;
        program
    } else {
        Program::start(&ground, "all").await?
    };
    let bench = Bench {
        ground: &ground,
        program: &program,
        effort,
        stored: 0,
    };
    if options.wants(Part::Gateway) {
        // On a process of its own: memory that was taken once is not given back.
        measure_gateway(&ground, effort, report).await?;
    }
    for part in [Part::Latency, Part::Inbox, Part::Line, Part::Accept] {
        if options.wants(part) {
            measure_part(part, &bench, report).await?;
        }
    }
    if options.wants(Part::Footprint) {
        measure::loaded(&program, report);
    }
    // Last: from then on every decision has more to choose from.
    if options.wants(Part::Import) {
        measure::import(&bench, report).await?;
    }
    tell_postgres(&ground, options, report).await
}

async fn measure_gateway(
    ground: &Ground,
    effort: Effort,
    report: &mut Report,
) -> Result<(), BenchError> {
    let program = Program::start(ground, "all").await?;
    let bench = Bench {
        ground,
        program: &program,
        effort,
        stored: 0,
    };
    measure::gateway(&bench, report).await?;
    program.end().await
}

/// One part, on a disk that has nothing left to write of the one before: after a minute of 1,000
/// signals a second the system brings a quarter of a gigabyte to the disk at once, half a minute
/// later, and every commit of the next part would wait for that.
async fn measure_part(
    part: Part,
    bench: &Bench<'_>,
    report: &mut Report,
) -> Result<(), BenchError> {
    Ground::settle_disk()?;
    let before = HostTime::now();
    match part {
        Part::Latency => measure::latency(bench, report).await?,
        Part::Inbox => measure::inbox(bench, report).await?,
        Part::Line => measure::line(bench, report).await?,
        Part::Accept => measure::accept(bench, Reach::WholeLine, report).await?,
        Part::Footprint
        | Part::Gateway
        | Part::Telemetry
        | Part::Alone
        | Part::Import
        | Part::Decide
        | Part::Stored
        | Part::Report
        | Part::Timers => {}
    }
    report.withheld(part.name(), HostTime::now().withheld_since(before));
    Ok(())
}

/// On servers of its own, with a process of its own for each run.
async fn measure_telemetry(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let ground = prepare(options, report).await?;
    let before = HostTime::now();
    measure::telemetry(&ground, options.effort(), report).await?;
    report.withheld(
        Part::Telemetry.name(),
        HostTime::now().withheld_since(before),
    );
    Ok(())
}

/// On servers of its own: nobody hears here what intake says.
async fn measure_intake_alone(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let ground = prepare(options, report).await?;
    let program = Program::start(&ground, "intake").await?;
    let bench = Bench {
        ground: &ground,
        program: &program,
        effort: options.effort(),
        stored: 0,
    };
    measure::accept(&bench, Reach::IntakeAlone, report).await?;
    tell_postgres(&ground, options, report).await
}

/// On servers of its own, full of what was flagged long ago.
async fn measure_stored(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let effort = options.effort();
    let ground = prepare(options, report).await?;
    stored::fill(&ground, effort.stored).await?;
    let program = Program::start(&ground, "all").await?;
    let bench = Bench {
        ground: &ground,
        program: &program,
        effort,
        stored: effort.stored,
    };
    measure::lists(&bench, report).await?;
    for part in [Part::Latency, Part::Inbox] {
        measure_part(part, &bench, report).await?;
    }
    tell_postgres(&ground, options, report).await
}

/// On servers of its own, on which years of follow-ups were counted.
async fn measure_report(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let effort = options.effort();
    let ground = prepare(options, report).await?;
    counted::fill(&ground, effort.stored).await?;
    let program = Program::start(&ground, "all").await?;
    let bench = Bench {
        ground: &ground,
        program: &program,
        effort,
        stored: effort.stored,
    };
    measure::reports(&bench, report).await?;
    tell_postgres(&ground, options, report).await
}

/// On servers of its own, full of clocks that run.
async fn measure_timers(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let ground = prepare(options, report).await?;
    let before = HostTime::now();
    measure::timers(&ground, options.effort(), report).await?;
    report.withheld(Part::Timers.name(), HostTime::now().withheld_since(before));
    tell_postgres(&ground, options, report).await
}

async fn prepare(options: &Options, report: &mut Report) -> Result<Ground, BenchError> {
    let _progress = Progress::of("starting PostgreSQL and NATS", Duration::from_secs(5));
    let ground = Ground::prepare(options).await?;
    if report.figures.is_empty() {
        let cost = disk::sync_cost(ground.directory(), options.effort().idle)?;
        report.noted(
            "fsync",
            "the disk: write 8 kB and fdatasync, median",
            "us",
            cost,
            String::new(),
        );
    }
    Ok(ground)
}

async fn tell_postgres(
    ground: &Ground,
    options: &Options,
    report: &mut Report,
) -> Result<(), BenchError> {
    if options.statements {
        for line in look::statements(&mut ground.look().await?).await? {
            report.remark(line);
        }
    }
    if options.held_up {
        for line in held_up::told(&ground.postgres_log())? {
            report.remark(line);
        }
    }
    Ok(())
}
