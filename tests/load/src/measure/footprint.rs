//! Start-up time and memory.

use tokio::time::sleep;

use super::median;
use crate::{
    error::BenchError, ground::Ground, options::Effort, process::Program, progress::Progress,
    promise::Bound::Below, report::Report, resources::memory_of,
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
