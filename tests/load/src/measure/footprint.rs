//! Start-up time and memory.

use knipperlicht_contracts::event::Service;
use tokio::time::sleep;

use super::median;
use crate::{
    error::BenchError,
    ground::Ground,
    options::Effort,
    process::{GATEWAY, Program},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    resources::memory_of,
};

/// Starts it as often as there are rounds, and leaves the last running.
pub(crate) async fn start_up(
    ground: &Ground,
    effort: Effort,
    report: &mut Report,
) -> Result<Program, BenchError> {
    let mut took = Vec::new();
    for _ in 1..effort.rounds {
        let program = Program::start(ground, "all").await?;
        took.push(program.start_up.as_secs_f64());
        program.end().await?;
    }
    let program = Program::start(ground, "all").await?;
    took.push(program.start_up.as_secs_f64());
    let first = took.first().copied().unwrap_or_default();
    report.promised(
        "start_up",
        "ready after start (built, migrated)",
        "s",
        (Below(3.0), Below(1.0)),
        median(took),
        format!("the first {first:.2} s"),
    );
    Ok(program)
}

/// Memory before anybody has called.
pub(crate) async fn idle(program: &Program, effort: Effort, report: &mut Report) {
    let _progress = Progress::of("idle memory", effort.idle);
    sleep(effort.idle).await;
    if let Some(memory) = memory_of(program.pid()) {
        report.promised(
            "memory_idle",
            "one process with everything, idle",
            "MB",
            (Below(120.0), Below(60.0)),
            memory.now,
            String::new(),
        );
    }
}

/// Memory of each service and of a gateway, as processes of their own side by side, before anybody has
/// called.
pub(crate) async fn apart(
    ground: &Ground,
    effort: Effort,
    report: &mut Report,
) -> Result<(), BenchError> {
    let mut programs = Vec::new();
    for target in Service::ALL
        .iter()
        .map(|service| service.name())
        .chain([GATEWAY])
    {
        programs.push((target, Program::start(ground, target).await?));
    }
    let progress = Progress::of("idle memory of each", effort.idle);
    sleep(effort.idle).await;
    drop(progress);
    let (mut largest, mut each) = (0.0_f64, Vec::new());
    for (target, program) in programs {
        if let Some(memory) = memory_of(program.pid()) {
            largest = largest.max(memory.now);
            each.push(format!("{target} {:.1}", memory.now));
        }
        program.end().await?;
    }
    report.noted(
        "memory_apart",
        "one process of each service and a gateway, idle, the largest",
        "MB",
        largest,
        each.join(", "),
    );
    Ok(())
}

/// The most memory it took in everything that was measured.
pub(crate) fn loaded(program: &Program, report: &mut Report) {
    if let Some(memory) = memory_of(program.pid()) {
        report.promised(
            "memory_loaded",
            "one process with everything, under load",
            "MB",
            (Below(300.0), Below(150.0)),
            memory.most,
            format!("at most in this run; {:.0} MB at its end", memory.now),
        );
    }
}
