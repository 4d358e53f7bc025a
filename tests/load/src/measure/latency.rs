//! Accept latency at a constant arrival.

use jiff::SignedDuration;

use super::{Bench, ms_at};
use crate::{
    error::BenchError,
    load::open_loop,
    look::{Reach, drained},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::Reporters,
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
    let progress = Progress::of(
        format!("accept latency at {rate}/s"),
        effort.warm_up + effort.steady,
    );
    open_loop(&reporters, rate, effort.warm_up, None).await?;
    let processes = ground.processes(program);
    let before = processes.processors();
    let sent = open_loop(&reporters, rate, effort.steady, None).await?;
    drop(progress);
    drained(ground, Reach::WholeLine).await?;
    let after = processes.processors();
    let (name, what) = bench.figure(
        "accept_latency",
        &format!("accept latency at {rate}/s, p99"),
    );
    report.promised(
        &name,
        &what,
        "ms",
        (Below(10.0), Below(5.0)),
        ms_at(&sent.latency, 0.99),
        format!(
            "p50 {:.2}, p99.9 {:.1}, max {:.0} ms; {} refused",
            ms_at(&sent.latency, 0.5),
            ms_at(&sent.latency, 0.999),
            ms_at(&sent.latency, 1.0),
            sent.refused
        ),
    );
    if let Some((_, at)) = sent.slowest {
        let ago = SignedDuration::try_from(at.elapsed()).unwrap_or_default();
        let moment = ground.environment.now().saturating_sub(ago);
        let moment = moment.unwrap_or_default();
        report.remark(format!(
            "at {rate}/s: the slowest had its receipt at {moment}"
        ));
    }
    report.remark(format!(
        "at {rate}/s: {}",
        after.per_piece(before, sent.accepted)
    ));
    Ok(())
}
