//! More than one of everything, as processes: two of every service share the work, three nats-servers
//! keep the stream, a standby of PostgreSQL has all that is committed. All of them are replaced under
//! load, and nobody who calls notices; the leader of the stream is killed, and so is PostgreSQL: nothing
//! is lost, doubled or put out of order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use knipperlicht_chaos::{
    Dice,
    cluster::{Cluster, Part, Shape},
    load::{Load, Rate},
    mishap::{Kind, Mishap, Place},
    prove,
};
use knipperlicht_contracts::event::Service;
use sqlx::AssertSqlSafe;
use tokio::time::{Instant, sleep};

const RATE: Rate = Rate {
    signals: 60,
    reporters: 4,
};

/// Far longer than processes take to share the partitions out.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn chaos_more_than_one_of_everything() {
    let program = Cluster::program().unwrap();
    let mut cluster = Cluster::start_as(Shape::DOUBLED, program).await.unwrap();
    let people = cluster.people();
    let load = Load::start(&people, &cluster.environment, RATE, &Dice::new(21)).unwrap();
    both_of_each_read_half(&cluster).await;

    let mut happened = Vec::new();
    let mut noticed = Vec::new();
    for part in cluster.parts() {
        if part != Part::Postgres {
            let before = load.promises().retries();
            let mishap = Mishap::at(Kind::Roll, Place::Part(part));
            happened.push(cluster.suffer(mishap).await.unwrap());
            let after = load.promises().retries();
            if after != before {
                noticed.push(format!("{part}: {before:?}, then {after:?}"));
            }
        }
    }
    assert!(
        noticed.is_empty(),
        "somebody noticed that processes were replaced: {noticed:#?}"
    );

    for mishap in [
        Mishap::at(Kind::Kill, Place::NatsLeader),
        Mishap::at(Kind::Kill, Place::Part(Part::Postgres)),
    ] {
        let one = cluster.suffer(mishap).await.unwrap();
        cluster.recovered(load.promises(), one.at).await;
        happened.push(one);
    }
    cluster.add_standby().await.unwrap();
    both_of_each_read_half(&cluster).await;
    let promises = load.finish().await;

    let report = prove(&mut cluster, &promises, &happened, &mut |told| {
        eprintln!("{told}");
    })
    .await;
    let report = report.unwrap();
    println!("{report}");
    assert!(report.is_clean(), "{report}\n{}", cluster.logs());
    assert!(
        report.asked.acknowledged > 500 && report.asked.decisions > 0 && report.asked.looked_at > 0,
        "hardly anything was at stake: {report}"
    );
}

/// The processes of each service read as many partitions each.
async fn both_of_each_read_half(cluster: &Cluster) {
    let deadline = Instant::now() + PATIENCE;
    for service in Service::ALL {
        let query = format!(
            "select count(*) from {0}.reader join {0}.process using (process_id) group by process_id",
            service.name()
        );
        loop {
            let mut connection = cluster.look().await.unwrap();
            let query = AssertSqlSafe(query.clone());
            let shares: Vec<i64> = sqlx::query_scalar(query)
                .fetch_all(&mut connection)
                .await
                .unwrap();
            if shares == [8, 8] {
                break;
            }
            assert!(Instant::now() < deadline, "{}: {shares:?}", service.name());
            sleep(Duration::from_millis(100)).await;
        }
    }
}
