//! Accept latency at a constant arrival.

use jiff::SignedDuration;

use super::{
    Bench, ms_at,
    rounds::{Round, middle},
};
use crate::{
    error::BenchError,
    ground::Ground,
    load::{Sent, open_loop},
    look::{Reach, drained},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::Reporters,
    stall::Watch,
};

const PER_SECOND: u32 = 1_000;
const REPORTERS: usize = 64;

pub(crate) async fn latency(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let Bench {
        ground,
        program,
        effort,
        ..
    } = bench;
    let rate = PER_SECOND / effort.gentler;
    let reporters = Reporters::connect(ground, &program.url(), REPORTERS).await?;
    let processes = ground.processes(program);
    let mut rounds = Vec::new();
    for number in 1..=effort.steady_rounds {
        Ground::settle_disk()?;
        let progress = Progress::of(
            format!(
                "accept latency at {rate}/s, round {number} of {}",
                effort.steady_rounds
            ),
            effort.warm_up + effort.steady,
        );
        open_loop(&reporters, rate, effort.warm_up, None).await?;
        let before = processes.processors();
        let watch = Watch::begin();
        let sent = open_loop(&reporters, rate, effort.steady, None).await?;
        let stalled = watch.longest();
        drop(progress);
        drained(ground, Reach::WholeLine).await?;
        let after = processes.processors();
        report.remark(format!(
            "at {rate}/s, round {number}: {}{}",
            after.per_piece(before, sent.accepted),
            slowest(ground, &sent)
        ));
        rounds.push(Round {
            ms: ms_at(&sent.latency, 0.99),
            stalled,
            seen: sent,
        });
    }
    let Some((Round { ms, seen: sent, .. }, told)) = middle(rounds) else {
        return Ok(());
    };
    let (name, what) = bench.figure(
        "accept_latency",
        &format!("accept latency at {rate}/s, p99"),
    );
    report.promised(
        &name,
        &what,
        "ms",
        (Below(10.0), Below(5.0)),
        ms,
        format!(
            "p50 {:.2}, p99.9 {:.1}, max {:.0} ms; {} refused; {told}",
            ms_at(&sent.latency, 0.5),
            ms_at(&sent.latency, 0.999),
            ms_at(&sent.latency, 1.0),
            sent.refused
        ),
    );
    Ok(())
}

/// When the one that waited longest had its receipt, to be found in what held PostgreSQL up.
fn slowest(ground: &Ground, sent: &Sent) -> String {
    sent.slowest.map_or_else(String::new, |(_, at)| {
        let ago = SignedDuration::try_from(at.elapsed()).unwrap_or_default();
        let moment = ground.environment.now().saturating_sub(ago);
        let moment = moment.unwrap_or_default();
        format!("; the slowest had its receipt at {moment}")
    })
}
