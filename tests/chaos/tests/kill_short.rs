//! The kill test, short: everybody is killed once under load, and nothing is lost, doubled or put
//! out of order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use knipperlicht_chaos::{KillTest, Victim, load::Rate, run};

#[tokio::test(flavor = "multi_thread")]
async fn kill_short() {
    let rate = Rate {
        signals: 60,
        reporters: 4,
    };
    let test = KillTest {
        kills: Victim::ALL.len(),
        rate,
        seed: 11,
    };
    let report = run(test, |told| eprintln!("{told}")).await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert!(
        report.acknowledged > 100 && report.decisions > 0,
        "hardly anything was at stake: {report}"
    );
}
