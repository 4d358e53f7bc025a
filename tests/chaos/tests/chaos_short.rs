//! Chaos, short: one sort of mishap after the other under load, and nothing is lost, doubled or put out of
//! order. `make chaos` is the long one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use knipperlicht_chaos::{Chaos, cluster::Shape, load::Rate, mishap::Kind, run};

#[tokio::test(flavor = "multi_thread")]
async fn chaos_short() {
    let chaos = Chaos {
        shape: Shape {
            is_harsh: true,
            ..Shape::DOUBLED
        },
        rate: Rate {
            signals: 60,
            reporters: 4,
        },
        seed: 11,
        kinds: Kind::ALL.to_vec(),
        lasts: Duration::from_secs(25),
        most: Kind::ALL.len(),
    };
    let report = run(&chaos, |told| eprintln!("{told}")).await.unwrap();
    println!("{report}");
    assert!(report.is_clean(), "{report}");
    assert!(
        report.asked.acknowledged > 500 && report.asked.decisions > 0,
        "hardly anything was at stake: {report}"
    );
}
