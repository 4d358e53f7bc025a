//! Durable accept throughput, beside pgbench writing the same two rows on the same server.

use std::time::Duration;

use super::{Bench, median, ms_at};
use crate::{
    error::BenchError,
    load::{closed_loop, open_loop},
    look::{Reach, drained},
    pgbench::Pgbench,
    progress::Progress,
    promise::Bound::AtLeast,
    report::Report,
    reporters::Reporters,
};

const AT_ONCE: [usize; 3] = [1, 8, 64];
const WARM_UP: Duration = Duration::from_millis(500);

/// Runs of one number of reporters.
#[derive(Default)]
struct Runs {
    ours: Vec<f64>,
    baseline: Vec<f64>,
    p99: Vec<f64>,
    refused: u64,
}

pub(crate) async fn accept(
    bench: &Bench<'_>,
    reach: Reach,
    report: &mut Report,
) -> Result<(), BenchError> {
    let Bench {
        ground,
        program,
        effort,
        ..
    } = bench;
    let (name, where_) = match reach {
        Reach::WholeLine => ("accept", "the whole line in the process"),
        Reach::IntakeAlone => ("accept_alone", "intake alone in the process"),
    };
    let reporters = Reporters::connect(ground, &program.url(), 64).await?;
    // pgbench writes what a stored signal looks like, so there has to be one.
    open_loop(&reporters, 50, Duration::from_millis(200), None).await?;
    drained(ground, reach).await?;
    let pgbench = Pgbench::prepare(ground).await?;

    let mut runs: [Runs; 3] = Default::default();
    for round in 1..=effort.rounds {
        for (at_once, runs) in AT_ONCE.into_iter().zip(&mut runs) {
            let what = format!(
                "accept, {at_once} at once, {where_}, round {round} of {}",
                effort.rounds
            );
            let _progress = Progress::of(what, effort.closed * 2 + WARM_UP);
            let before = ground.processes(program).processors();
            let sent = closed_loop(&reporters, at_once, WARM_UP, effort.closed).await?;
            let drained_in = drained(ground, reach).await?;
            let after = ground.processes(program).processors();
            if round == effort.rounds {
                let counted = (effort.closed + WARM_UP).as_secs_f64() * sent.rate();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a count"
                )]
                let counted = counted as u64;
                report.remark(format!(
                    "accept, {at_once} at once, {where_}: drained in {:.1} s; {}",
                    drained_in.as_secs_f64(),
                    after.per_piece(before, counted)
                ));
            }
            runs.ours.push(sent.rate());
            runs.p99.push(ms_at(&sent.latency, 0.99));
            runs.refused += sent.refused;
            runs.baseline
                .push(pgbench.run(ground, at_once, effort.closed).await?);
        }
    }
    for (at_once, runs) in AT_ONCE.into_iter().zip(runs) {
        tell(report, name, where_, at_once, runs);
    }
    Ok(())
}

fn tell(report: &mut Report, name: &str, where_: &str, at_once: usize, runs: Runs) {
    let ratios = runs
        .ours
        .iter()
        .zip(&runs.baseline)
        .map(|(ours, baseline)| ours / baseline.max(1.0))
        .collect();
    let ratio = median(ratios);
    let beside = format!(
        "{:.0}/s of {:.0}/s, p99 {:.1} ms, {} refused",
        median(runs.ours),
        median(runs.baseline),
        median(runs.p99),
        runs.refused
    );
    let name = format!("{name}_{at_once}");
    let what = format!("durable accept, {at_once} at once, ratio to pgbench, {where_}");
    // What is promised is the delivered program under the most reporters.
    if name == "accept_64" {
        report.promised(
            &name,
            &what,
            "",
            (AtLeast(0.5), AtLeast(1.0)),
            ratio,
            beside,
        );
    } else {
        report.noted(&name, &what, "", ratio, beside);
    }
}
