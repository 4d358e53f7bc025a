//! From the tap to a partner's inbox, as a client sees it: from the moment the signal is sent to
//! its arrival on the stream of a partner who watches.

use super::{Bench, ms_at};
use crate::{
    error::BenchError,
    inbox::{Desks, Taps},
    load::open_loop,
    look::{self, Reach, drained},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::{PROBED_ZONE, Reporters},
};

const PER_SECOND: u32 = 200;
const REPORTERS: usize = 64;

pub(crate) async fn inbox(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let Bench {
        ground,
        program,
        effort,
        ..
    } = bench;
    let rate = PER_SECOND / effort.gentler.min(2);
    let reporters = Reporters::connect(ground, &program.url(), REPORTERS).await?;
    let progress = Progress::of(
        format!("tap to inbox at {rate}/s"),
        effort.warm_up + effort.steady,
    );

    // Who is asked in the zone shows only once there were signals of every kind.
    open_loop(&reporters, rate, effort.warm_up, None).await?;
    drained(ground, Reach::WholeLine).await?;
    let mut connection = ground.look().await?;
    let organisations = look::organisations(&mut connection, PROBED_ZONE).await?;

    let taps = Taps::new()?;
    let desks = Desks::open(ground, &program.url(), &organisations, &taps).await?;
    let since = ground.environment.now();
    let sent = open_loop(&reporters, rate, effort.steady, Some(&taps)).await?;
    drained(ground, Reach::WholeLine).await?;
    drop(progress);
    // The last change is on its way to the desks.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let (took, missing) = taps.took();
    drop(desks);
    if took.is_empty() {
        return Err(BenchError::NothingArrived(
            "no watched partner saw anything",
        ));
    }
    let stored = look::receipt_to_referral(&mut connection, since)
        .await?
        .unwrap_or_default();
    let (name, what) = bench.figure(
        "tap_to_inbox",
        &format!("tap to partner's inbox at {rate}/s, p99"),
    );
    report.promised(
        &name,
        &what,
        "ms",
        (Below(100.0), Below(50.0)),
        ms_at(&took, 0.99),
        format!(
            "p50 {:.1}, max {:.0} ms on the streams of {} partners, {} of {} signals watched, {missing} not seen; \
             by database timestamps of all: p50 {:.1}, p99 {:.1} ms",
            ms_at(&took, 0.5),
            ms_at(&took, 1.0),
            organisations.len(),
            took.len(),
            sent.accepted,
            stored.0,
            stored.1,
        ),
    );
    Ok(())
}
