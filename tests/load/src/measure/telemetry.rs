//! What full telemetry costs: the same line with every span and metric sent to a collector, and with
//! none, one after the other, as often as everything else alternates.

use std::time::{Duration, Instant};

use super::median;
use crate::{
    error::BenchError,
    ground::Ground,
    load::{closed_loop, open_loop},
    look::{Reach, drained},
    options::Effort,
    process::Program,
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::Reporters,
    sink::Sink,
};

const AT_ONCE: usize = 64;
const WARM_UP: Duration = Duration::from_millis(500);

/// What came of one kind of run.
#[derive(Default)]
struct Runs {
    /// Signals a second, from the first until the last is in an inbox.
    through: Vec<f64>,
    /// Microseconds of the processors, of the program alone, for each signal.
    processor: Vec<f64>,
}

pub(crate) async fn telemetry(
    ground: &Ground,
    effort: Effort,
    report: &mut Report,
) -> Result<(), BenchError> {
    let sink = Sink::start().await?;
    let endpoint = format!("http://{}", sink.address);
    let (mut without, mut with) = (Runs::default(), Runs::default());
    for round in 1..=effort.rounds {
        let what = format!("telemetry, round {round} of {}", effort.rounds);
        let _progress = Progress::of(what, (effort.closed + WARM_UP) * 2);
        // Neither comes always first.
        if round % 2 == 0 {
            run(ground, None, effort, &mut without).await?;
            run(ground, Some(&endpoint), effort, &mut with).await?;
        } else {
            run(ground, Some(&endpoint), effort, &mut with).await?;
            run(ground, None, effort, &mut without).await?;
        }
    }
    let ratios = with
        .through
        .iter()
        .zip(&without.through)
        .map(|(with, without)| 100.0 * (1.0 - with / without.max(1.0)));
    let less = median(ratios.collect());
    let beside = format!(
        "{:.0}/s instead of {:.0}/s through the whole line with {AT_ONCE} reporters at once; {:.0} instead of {:.0} us of the program's processor a signal; {} MB of spans",
        median(with.through),
        median(without.through),
        median(with.processor),
        median(without.processor),
        sink.taken.bytes() / 1_000_000
    );
    report.promised(
        "telemetry",
        "every span and metric sent, throughput lost",
        "%",
        (Below(5.0), Below(2.0)),
        less,
        beside,
    );
    Ok(())
}

async fn run(
    ground: &Ground,
    endpoint: Option<&str>,
    effort: Effort,
    runs: &mut Runs,
) -> Result<(), BenchError> {
    Ground::settle_disk()?;
    let program = Program::start_with(ground, "all", endpoint).await?;
    let reporters = Reporters::connect(ground, &program.url(), AT_ONCE).await?;
    open_loop(&reporters, 50, WARM_UP, None).await?;
    drained(ground, Reach::WholeLine).await?;
    let before = ground.processes(&program).processors().program;
    let began = Instant::now();
    let sent = closed_loop(&reporters, AT_ONCE, Duration::ZERO, effort.closed).await?;
    drained(ground, Reach::WholeLine).await?;
    let took = began.elapsed().as_secs_f64();
    let processor = ground.processes(&program).processors().program;
    let processor = processor.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "a count of signals")]
    let accepted = sent.accepted.max(1) as f64;
    runs.through.push(accepted / took);
    runs.processor
        .push(1e6 * processor.as_secs_f64() / accepted);
    program.end().await
}
