//! The whole line, sustained: what is received is in a partner's inbox as fast as it comes.

use std::{sync::Arc, time::Duration};

use super::{Bench, ms_at};
use crate::{
    error::BenchError,
    inbox::{Desks, Taps},
    load::open_loop,
    look::{self, Reach, Standing, drained},
    progress::Progress,
    promise::Bound::AtLeast,
    report::Report,
    reporters::{PROBED_ZONE, Reporters},
};

const PER_SECOND: u32 = 1_000;
const REPORTERS: usize = 64;

/// What is left when sending ends must be gone by then.
const SOON: Duration = Duration::from_secs(2);

/// What came of one rate.
struct Step {
    rate: u32,
    accepted: u64,
    refused: u64,
    standing: Standing,
    /// Signals a second that reached an inbox while sending.
    through: f64,
    drained_in: Duration,
}

impl Step {
    fn backlog(&self) -> i64 {
        self.standing.received - self.standing.in_inbox
    }

    /// All was taken, less than a second of it waits, and that is soon gone.
    fn is_sustained(&self, lasting: Duration) -> bool {
        let offered = f64::from(self.rate) * lasting.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a count of signals")]
        let accepted = self.accepted as f64;
        accepted >= 0.99 * offered
            && self.backlog() < i64::from(self.rate)
            && self.drained_in < SOON
    }

    fn words(&self) -> String {
        format!(
            "{}/s offered: {} accepted, {} refused, {:.0}/s into inboxes, {} waiting at the end, drained in {:.1} s",
            self.rate,
            self.accepted,
            self.refused,
            self.through,
            self.backlog(),
            self.drained_in.as_secs_f64()
        )
    }
}

pub(crate) async fn line(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let Bench {
        ground,
        program,
        effort,
        ..
    } = bench;
    let rate = PER_SECOND / effort.gentler;
    let reporters = Reporters::connect(ground, &program.url(), REPORTERS).await?;
    open_loop(&reporters, rate, effort.warm_up, None).await?;
    drained(ground, Reach::WholeLine).await?;

    let organisations = look::organisations(&mut ground.look().await?, PROBED_ZONE).await?;
    let taps = Taps::new()?;
    let desks = Desks::open(ground, &program.url(), &organisations, &taps).await?;
    let processes = ground.processes(program);
    let before = processes.processors();
    let step = offer(bench, &reporters, rate, effort.steady, Some(&taps)).await?;
    let after = processes.processors();
    let (took, _) = taps.took();
    drop(desks);
    let mut sustained = step.is_sustained(effort.steady).then_some(rate);
    report.remark(format!(
        "whole line, {}; on the streams of {} partners p50 {:.0}, p99 {:.0} ms; {}",
        step.words(),
        organisations.len(),
        ms_at(&took, 0.5),
        ms_at(&took, 0.99),
        after.per_piece(before, step.accepted)
    ));

    // Halving, between the highest rate known to be sustained and the lowest known not to be.
    let mut too_much = sustained.is_none().then_some(rate);
    for _ in 0..effort.steps {
        let next = match (sustained, too_much) {
            (Some(good), None) => good * 2,
            (None, Some(bad)) => bad / 2,
            (Some(good), Some(bad)) => good.midpoint(bad),
            (None, None) => break,
        };
        let step = offer(bench, &reporters, next, effort.step, None).await?;
        report.remark(format!("whole line, {}", step.words()));
        if step.is_sustained(effort.step) {
            sustained = Some(next);
        } else {
            too_much = Some(next);
        }
    }
    let goal = f64::from(effort.gentler);
    report.promised(
        "whole_line",
        "whole line, tap to partner's inbox, sustained",
        "/s",
        (AtLeast(1_000.0 / goal), AtLeast(2_500.0 / goal)),
        sustained.map_or(0.0, f64::from),
        too_much.map_or_else(String::new, |bad| format!("{bad}/s is not")),
    );
    Ok(())
}

async fn offer(
    bench: &Bench<'_>,
    reporters: &Reporters,
    rate: u32,
    lasting: Duration,
    taps: Option<&Arc<Taps>>,
) -> Result<Step, BenchError> {
    let _progress = Progress::of(format!("whole line at {rate}/s"), lasting);
    let mut connection = bench.ground.look().await?;
    let since = bench.ground.environment.now();
    let sent = open_loop(reporters, rate, lasting, taps).await?;
    let standing = look::standing(&mut connection, since).await?;
    let seconds = bench
        .ground
        .environment
        .now()
        .duration_since(since)
        .as_secs_f64();
    let drained_in = drained(bench.ground, Reach::WholeLine).await?;
    #[expect(clippy::cast_precision_loss, reason = "a count of signals")]
    let through = standing.in_inbox as f64 / seconds;
    Ok(Step {
        rate,
        accepted: sent.accepted,
        refused: sent.refused,
        standing,
        through,
        drained_in,
    })
}
