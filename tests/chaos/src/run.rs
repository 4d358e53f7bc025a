//! One run of the kill test: load, kills, quiet, proof.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    ChaosError, Dice, Victim,
    books::Books,
    cluster::Cluster,
    drain::drain,
    killing::{Kill, kill_all, order},
    load::{Load, Rate},
    proof::Findings,
    recovery::{Recovery, recoveries},
    report::{Report, Spread, VictimReport},
};

/// How long the line may take to become quiet after the load; less, if it does not move any more.
const QUIET_WITHIN: Duration = Duration::from_mins(2);

/// The load runs so long before the first kill, so that there is something to lose.
const WARM_UP: Duration = Duration::from_secs(1);

/// What to do to the line.
#[derive(Debug, Clone, Copy)]
pub struct KillTest {
    /// Kills, all in all.
    pub kills: usize,
    /// How much is asked of it meanwhile.
    pub rate: Rate,
    /// What chance is made from.
    pub seed: u64,
}

/// Runs it, telling what it does. What is wrong stands in the report.
pub async fn run(test: KillTest, mut tell: impl FnMut(&str)) -> Result<Report, ChaosError> {
    let begun = Instant::now();
    let dice = Dice::new(test.seed);
    tell("starting PostgreSQL, nats-server and the four services");
    let mut cluster = Cluster::start().await?;
    let attacked = attack(&mut cluster, test, &dice, &mut tell).await;
    let report = attacked.map(|report| Report {
        seconds: begun.elapsed().as_secs_f64(),
        ..report
    });
    if !report.as_ref().is_ok_and(Report::is_clean) {
        tell(&cluster.logs());
    }
    report
}

async fn attack(
    cluster: &mut Cluster,
    test: KillTest,
    dice: &Dice,
    tell: &mut impl FnMut(&str),
) -> Result<Report, ChaosError> {
    let begun = Instant::now();
    let load = Load::start(&cluster.people(), &cluster.environment, test.rate, dice)?;
    tokio::time::sleep(WARM_UP).await;
    let mut killer_dice = dice.split(2_000);
    let victims = order(test.kills, &mut killer_dice);
    let kills = kill_all(
        cluster,
        load.promises(),
        &victims,
        &mut killer_dice,
        |victim, number| {
            tell(&format!("{number:>3}/{} killed {victim}", test.kills));
        },
    )
    .await?;
    tell("no more kills; waiting until everybody has an answer");
    let promises = load.finish().await;
    let load_seconds = begun.elapsed().as_secs_f64();

    tell("waiting until everything was heard");
    let drained = drain(&cluster.database_url(), QUIET_WITHIN).await?;
    let fallen = cluster.fallen()?;
    let books = Books::read(&mut cluster.look().await?).await?;
    tell("holding the promises against the books");
    let findings = Findings::of(&books, &promises);
    let report = Report {
        seed: test.seed,
        seconds: 0.0,
        load_seconds,
        sent: promises.sent,
        acknowledged: promises.receipts.len(),
        unanswered: promises.unanswered(),
        retries: promises.retries,
        repeated: promises.repeated,
        decisions: promises.decisions.len(),
        completed: promises.completed.len(),
        referrals: books.referrals.len(),
        events: drained.said,
        drained: drained.dry,
        drain_seconds: drained.took.as_secs_f64(),
        left: drained.left,
        victims: by_victim(&kills, &recoveries(&kills, &promises, &books)),
        fallen: fallen
            .iter()
            .map(|service| service.name().to_owned())
            .collect(),
        lost: 0,
        doubled: 0,
        out_of_order: 0,
        parked: 0,
        findings: Vec::new(),
    };
    Ok(report.with(&findings))
}

fn by_victim(kills: &[Kill], recoveries: &[Recovery]) -> Vec<VictimReport> {
    let of = |victim: Victim| {
        let mine = kills.iter().zip(recoveries);
        let mine: Vec<(&Kill, &Recovery)> =
            mine.filter(|(kill, _)| kill.victim == victim).collect();
        let dead = |kill: &Kill| kill.restarted_at.duration_since(kill.at);
        VictimReport {
            victim,
            kills: mine.len(),
            dead: Spread::of(mine.iter().map(|(kill, _)| dead(kill))),
            acknowledged: Spread::of(
                mine.iter()
                    .filter_map(|(_, recovery)| recovery.acknowledged),
            ),
            routed: Spread::of(mine.iter().filter_map(|(_, recovery)| recovery.routed)),
        }
    };
    Victim::ALL.into_iter().map(of).collect()
}
