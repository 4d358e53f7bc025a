//! Letting things go wrong.

use std::time::Duration;

use jiff::Timestamp;
use knipperlicht_contracts::event::Service;
use tokio::time::{Instant, sleep};

use crate::{
    ChaosError,
    cluster::{Cluster, Link, Part, Shape},
    load::SharedPromises,
    mishap::{Kind, Mishap, Place},
    proxy::Weather,
};

/// How often to look whether the line runs again.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The next mishap comes after this even if the line does not run again by then.
const RECOVERED_WITHIN: Duration = Duration::from_secs(30);

/// Something went wrong.
#[derive(Debug, Clone, Copy)]
pub struct Happened {
    /// What.
    pub mishap: Mishap,
    /// When it began.
    pub at: Timestamp,
    /// When it was over: a server answers again by then, a service does not yet.
    pub over_at: Timestamp,
}

/// What can go wrong with a cluster.
#[must_use]
pub fn possible(cluster: &Cluster, shape: Shape, kinds: &[Kind]) -> Vec<(Kind, Vec<Place>)> {
    let parts: Vec<Place> = cluster.parts().into_iter().map(Place::Part).collect();
    let is_service = |place: &Place| matches!(place, Place::Part(Part::Service(..)));
    let services: Vec<Place> = parts.iter().copied().filter(is_service).collect();
    let machines = 0..shape.instances;
    let called = [Service::Intake, Service::Routing, Service::Followup];
    let gateway = (shape.gateways > 0).then_some(Link::Gateway);
    let doors = called.into_iter().map(Link::Door).chain(gateway);
    let links = machines.flat_map(|machine| [Link::Postgres(machine), Link::Nats(machine)]);
    let links: Vec<Place> = doors.chain(links).map(Place::Link).collect();
    let disks = cluster.parts_with_disk().into_iter().map(Place::Part);
    let places = |kind: Kind| match kind {
        Kind::Kill if shape.nats > 1 => [&parts[..], &[Place::NatsLeader][..]].concat(),
        Kind::Kill | Kind::Freeze => parts.clone(),
        Kind::Cut | Kind::Delay | Kind::LoseAnswers => links.clone(),
        Kind::FillDisk => disks.clone().collect(),
        Kind::MoveClock if cluster.has_clocks() => services.clone(),
        // With one process of each service nobody would be there meanwhile.
        Kind::Roll if shape.instances > 1 => parts.clone(),
        Kind::MoveClock | Kind::Roll => Vec::new(),
    };
    kinds.iter().map(|kind| (*kind, places(*kind))).collect()
}

impl Cluster {
    /// Lets one thing go wrong, from its beginning to its end.
    pub async fn suffer(&mut self, mishap: Mishap) -> Result<Happened, ChaosError> {
        let at = self.environment.now();
        match mishap.place {
            Place::Part(part) => self.suffer_at(part, mishap).await?,
            Place::NatsLeader => {
                let leader = self.nats_leader().await?;
                self.suffer_at(leader, mishap).await?;
            }
            Place::Link(link) => {
                self.weather(link, weather(mishap));
                sleep(mishap.lasts).await;
                self.weather(link, Weather::Clear);
            }
        }
        Ok(Happened {
            mishap,
            at,
            over_at: self.environment.now(),
        })
    }

    async fn suffer_at(&mut self, part: Part, mishap: Mishap) -> Result<(), ChaosError> {
        match mishap.kind {
            Kind::Kill => self.kill_and_restart(part, mishap.lasts).await,
            Kind::Freeze => {
                self.freeze(part).await?;
                sleep(mishap.lasts).await;
                self.thaw(part).await
            }
            Kind::FillDisk => {
                self.fill_disk(part)?;
                sleep(mishap.lasts).await;
                self.clear_disk(part).await
            }
            Kind::MoveClock => {
                self.move_clock(part, mishap.by)?;
                sleep(mishap.lasts).await;
                self.move_clock(part, jiff::SignedDuration::ZERO)
            }
            Kind::Roll => self.roll(part, None).await,
            Kind::Cut | Kind::Delay | Kind::LoseAnswers => Ok(()),
        }
    }

    /// Waits until a signal that was sent after `moment` was acknowledged and routing has said something
    /// new; not for ever.
    pub async fn recovered(&self, promises: &SharedPromises, moment: Timestamp) {
        let deadline = Instant::now() + RECOVERED_WITHIN;
        let mut said_before = None;
        while Instant::now() < deadline {
            if promises.acknowledged_since(moment) {
                let said = self.said_by_routing().await.ok();
                if said.is_some() && said_before.is_some() && said != said_before {
                    return;
                }
                said_before = said.or(said_before);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The place that routing's outbox has come to.
    async fn said_by_routing(&self) -> Result<i64, ChaosError> {
        let place = "select pg_sequence_last_value(pg_get_serial_sequence('routing.outbox', 'position')::regclass)";
        let mut connection = self.look().await?;
        Ok(sqlx::query_scalar(place).fetch_one(&mut connection).await?)
    }
}

fn weather(mishap: Mishap) -> Weather {
    match mishap.kind {
        Kind::Cut => Weather::Cut,
        Kind::LoseAnswers => Weather::Unanswered,
        _ => Weather::Late(mishap.by.unsigned_abs()),
    }
}
