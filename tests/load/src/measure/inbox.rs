//! From the tap to a partner's inbox, as a client sees it: from the moment the signal is sent to
//! its arrival on the stream of a partner who watches.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::{
    Bench, ms_at,
    rounds::{Round, middle},
};
use crate::{
    error::BenchError,
    ground::Ground,
    inbox::{Desks, Taps},
    load::open_loop,
    look::{self, Reach, drained},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::{PROBED_ZONE, Reporters},
    stall::Watch,
};

const PER_SECOND: u32 = 200;
const REPORTERS: usize = 64;

/// What was seen of one round.
struct Seen {
    took: Histogram<u64>,
    missing: usize,
    accepted: u64,
    /// From receipt to referral of all of them, in the database: p50 and p99 in milliseconds.
    stored: (f64, f64),
}

pub(crate) async fn inbox(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let Bench {
        ground,
        program,
        effort,
        ..
    } = bench;
    let rate = PER_SECOND / effort.gentler.min(2);
    let reporters = Reporters::connect(ground, &program.url(), REPORTERS).await?;

    // Who is asked in the zone shows only once there were signals of every kind.
    open_loop(&reporters, rate, effort.warm_up, None).await?;
    drained(ground, Reach::WholeLine).await?;
    let mut connection = ground.look().await?;
    let organisations = look::organisations(&mut connection, PROBED_ZONE).await?;

    let mut rounds = Vec::new();
    for number in 1..=effort.steady_rounds {
        Ground::settle_disk()?;
        let progress = Progress::of(
            format!(
                "tap to inbox at {rate}/s, round {number} of {}",
                effort.steady_rounds
            ),
            effort.steady,
        );
        rounds.push(watched(bench, &reporters, &organisations, rate).await?);
        drop(progress);
    }
    let Some((Round { ms, seen, .. }, told)) = middle(rounds) else {
        return Ok(());
    };
    let (name, what) = bench.figure(
        "tap_to_inbox",
        &format!("tap to partner's inbox at {rate}/s, p99"),
    );
    let Seen {
        took,
        missing,
        accepted,
        stored,
    } = seen;
    report.promised(
        &name,
        &what,
        "ms",
        (Below(100.0), Below(50.0)),
        ms,
        format!(
            "p50 {:.1}, max {:.0} ms on the streams of {} partners, {} of {accepted} signals watched, {missing} not \
             seen; by database timestamps of all: p50 {:.1}, p99 {:.1} ms; {told}",
            ms_at(&took, 0.5),
            ms_at(&took, 1.0),
            organisations.len(),
            took.len(),
            stored.0,
            stored.1,
        ),
    );
    Ok(())
}

/// One round, with these partners at their desks.
async fn watched(
    bench: &Bench<'_>,
    reporters: &Reporters,
    organisations: &[String],
    rate: u32,
) -> Result<Round<Seen>, BenchError> {
    let Bench {
        ground, program, ..
    } = bench;
    let taps = Taps::new()?;
    let desks = Desks::open(ground, &program.url(), organisations, &taps).await?;
    let since = ground.environment.now();
    let watch = Watch::begin();
    let sent = open_loop(reporters, rate, bench.effort.steady, Some(&taps)).await?;
    let stalled = watch.longest();
    drained(ground, Reach::WholeLine).await?;
    // The last change is on its way to the desks.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (took, missing) = taps.took();
    drop(desks);
    if took.is_empty() {
        return Err(BenchError::NothingArrived(
            "no watched partner saw anything",
        ));
    }
    let mut connection = ground.look().await?;
    let stored = look::receipt_to_referral(&mut connection, since)
        .await?
        .unwrap_or_default();
    Ok(Round {
        ms: ms_at(&took, 0.99),
        stalled,
        seen: Seen {
            took,
            missing,
            accepted: sent.accepted,
            stored,
        },
    })
}
