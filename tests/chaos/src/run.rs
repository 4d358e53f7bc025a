//! One run: load, mishaps, quiet, proof.

use std::{path::Path, time::Duration};

use tokio::time::Instant;

use crate::{
    ChaosError, Dice,
    attack::{Happened, possible},
    books::Books,
    cluster::{Cluster, Shape},
    drain::drain,
    load::{Load, Promises, Rate},
    mishap::{Kind, Mishap, Place},
    plan::Plan,
    proof::Findings,
    report::{Asked, CameTo, Report, by_place},
    stall::Pulse,
};

/// The load runs so long before the first mishap, so that there is something to lose.
const WARM_UP: Duration = Duration::from_secs(1);

/// What to do to the line.
#[derive(Debug, Clone)]
pub struct Chaos {
    /// How much there is of everything.
    pub shape: Shape,
    /// How much is asked of it meanwhile.
    pub rate: Rate,
    /// What chance is made from.
    pub seed: u64,
    /// What goes wrong.
    pub kinds: Vec<Kind>,
    /// How long things go wrong.
    pub lasts: Duration,
    /// How many things go wrong at most.
    pub most: usize,
}

/// Runs it, telling what it does. What is wrong stands in the report.
pub async fn run(chaos: &Chaos, mut tell: impl FnMut(&str)) -> Result<Report, ChaosError> {
    let begun = Instant::now();
    tell("starting the servers and the services");
    let mut cluster = Cluster::start_as(chaos.shape, Cluster::program()?).await?;
    let report = attack(&mut cluster, chaos, &mut tell).await;
    let report = report.map(|report| Report {
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
    chaos: &Chaos,
    tell: &mut impl FnMut(&str),
) -> Result<Report, ChaosError> {
    let dice = Dice::new(chaos.seed);
    let possible = possible(cluster, chaos.shape, &chaos.kinds);
    let impossible = possible.iter().filter(|(_, places)| places.is_empty());
    let impossible = impossible.map(|(kind, _)| kind.name()).collect();
    let plan = Plan::new(possible, dice.split(2_000));

    let begun = Instant::now();
    let load = Load::start(&cluster.people(), &cluster.environment, chaos.rate, &dice)?;
    tokio::time::sleep(WARM_UP).await;
    let mut happened = Vec::new();
    for mishap in plan.take(chaos.most) {
        if begun.elapsed() >= chaos.lasts {
            break;
        }
        tokio::time::sleep(mishap.pause).await;
        let number = happened.len() + 1;
        tell(&format!(
            "{:>5.0} s {number:>4} {mishap}",
            begun.elapsed().as_secs_f64()
        ));
        let one = cluster.suffer(mishap).await?;
        happened.push(one);
        // There is nobody to take over again until there is another standby, which takes its time.
        let has_lost_standby = chaos.shape.has_standby && mishap.promotes();
        if mishap.is_awaited || has_lost_standby {
            cluster.recovered(load.promises(), one.at).await;
        }
        if has_lost_standby {
            cluster.add_standby().await?;
        }
    }
    tell("nothing more goes wrong; waiting until everybody has an answer");
    let promises = load.finish().await;
    let load_seconds = begun.elapsed().as_secs_f64();
    let report = prove(cluster, &promises, &happened, tell).await?;
    Ok(Report {
        seed: chaos.seed,
        load_seconds,
        impossible,
        ..report
    })
}

/// A new version in the place of an old one, under load: the schemas first, then one process of each
/// service, so that both work side by side, then the others; and back again.
pub async fn upgrade(
    old: &Path,
    chaos: &Chaos,
    mut tell: impl FnMut(&str),
) -> Result<Report, ChaosError> {
    let begun = Instant::now();
    let new = Cluster::program()?;
    tell("starting the servers and the services of the version before");
    let mut cluster = Cluster::start_as(chaos.shape, old.to_owned()).await?;
    let loaded = Instant::now();
    let dice = Dice::new(chaos.seed);
    let load = Load::start(&cluster.people(), &cluster.environment, chaos.rate, &dice)?;
    let while_nothing_changes = chaos.lasts / 4;
    tokio::time::sleep(while_nothing_changes).await;
    tell("migrating");
    cluster.migrate(&new).await?;
    let mut happened = Vec::new();
    for (what, program, machine) in [
        ("one of each is new", new.as_path(), 0),
        ("both of each are new", new.as_path(), 1),
        ("one of each is old again", old, 0),
    ] {
        let parts = cluster.parts();
        for part in parts.into_iter().filter(|part| part.runs_on(machine)) {
            let at = cluster.environment.now();
            cluster.roll(part, Some(program.to_owned())).await?;
            happened.push(Happened {
                mishap: Mishap::at(Kind::Roll, Place::Part(part)),
                at,
                over_at: cluster.environment.now(),
            });
        }
        let retries = load.promises().retries().values().sum::<u64>();
        tell(&format!("{what}; {retries} calls were made again so far"));
        tokio::time::sleep(while_nothing_changes).await;
    }
    let promises = load.finish().await;
    let load_seconds = loaded.elapsed().as_secs_f64();
    let report = prove(&mut cluster, &promises, &happened, &mut tell).await?;
    if !report.is_clean() {
        tell(&cluster.logs());
    }
    Ok(Report {
        seed: chaos.seed,
        seconds: begun.elapsed().as_secs_f64(),
        load_seconds,
        ..report
    })
}

/// Waits until all is quiet, and holds the promises against the books.
pub async fn prove(
    cluster: &mut Cluster,
    promises: &Promises,
    happened: &[Happened],
    tell: &mut impl FnMut(&str),
) -> Result<Report, ChaosError> {
    tell("waiting until everything was heard");
    let drained = drain(&cluster.database_url()).await?;
    let fallen = cluster.fallen()?;
    let mut books = Books::read(&mut cluster.look().await?).await?;
    books.read_audit(&cluster.database_url()).await?;
    tell("holding the promises against the books");
    let findings = Findings::of(&books, promises);
    let stalls = Pulse::of(promises, &books).stalls(happened);
    let report = Report {
        seed: 0,
        seconds: 0.0,
        load_seconds: 0.0,
        asked: Asked::from(promises),
        came_to: CameTo::of(&books, drained),
        mishaps: by_place(happened, &stalls),
        impossible: Vec::new(),
        fallen: fallen.iter().map(ToString::to_string).collect(),
        lost: 0,
        doubled: 0,
        out_of_order: 0,
        parked: 0,
        findings: Vec::new(),
    };
    Ok(report.with(&findings))
}
