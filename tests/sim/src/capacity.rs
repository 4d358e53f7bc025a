//! How many hours of work the partners of a zone need.
//!
//! First everybody has as much time as it takes: that shows how much work there is for whom. Then every
//! partner has a multiple of what its work takes on average, and the smallest multiple with which
//! enough promises are kept is searched for.

use std::collections::HashMap;

use knipperlicht_routing::model::directory::{Area, Service};
use knipperlicht_vocabulary::{ClockKind, ServiceId};

use crate::{
    population::Place,
    tally::Tally,
    world::{Setting, Staff, live},
};

/// The share of first talks that has to be in time.
pub const ENOUGH_IN_TIME: f64 = 0.9;

/// How much smaller the share of follow-ups that are closed in time may be than where nobody ever waits
/// for somebody to have time.
pub const CLOSED_LESS: f64 = 0.05;

/// What is missing in a zone that is short of hands.
pub const SHORT: f64 = 0.2;

/// The multiples between which is searched, and how closely.
const FROM: f64 = 0.9;
const TO: f64 = 2.5;
const CLOSE: f64 = 0.01;

const DAYS_A_WEEK: f64 = 7.0;

/// A zone with enough hours, and with too few.
#[derive(Debug)]
pub struct Found {
    /// The zone.
    pub place: Place,
    /// What happens where everybody has as much time as it takes.
    pub unbounded: Tally,
    /// Hours a week that the work for the zone's partners takes.
    pub work: f64,
    /// With enough first talks in time.
    pub first_talks: Staffed,
    /// With a fifth less.
    pub short: Tally,
    /// With closings in time as well.
    pub all_promises: Staffed,
}

/// A zone whose partners have a multiple of the hours that their work takes.
#[derive(Debug, Clone)]
pub struct Staffed {
    /// The smallest multiple that does, or the largest that was tried where none does.
    pub multiple: f64,
    /// Whether it does.
    pub is_enough: bool,
    /// What happens with it.
    pub tally: Tally,
}

/// The zone with as many hours for each of its partners as `multiple` times the work it has in `unbounded`.
#[must_use]
pub fn staff(setting: &Setting<'_>, unbounded: &Tally, multiple: f64, runs: f64) -> Staff {
    let local = setting.services.iter().filter(|service| is_local(service));
    let hours: HashMap<ServiceId, f64> = local
        .filter_map(|service| {
            let worked = unbounded.worked.get(service.id.as_str())?;
            let weekly = worked / runs / weeks(setting) * multiple;
            // Where nothing was asked of a partner within the year, it has time for it.
            (weekly > 0.0).then(|| (service.id.clone(), weekly))
        })
        .collect();
    Staff::Weekly(hours)
}

/// Hours a week that the zone's partners work.
#[must_use]
pub fn work(setting: &Setting<'_>, tally: &Tally, runs: f64) -> f64 {
    let local = setting.services.iter().filter(|service| is_local(service));
    let worked = local.filter_map(|service| tally.worked.get(service.id.as_str()));
    worked.sum::<f64>() / runs / weeks(setting)
}

/// Searches for the hours that a zone takes: the same year with each of these seeds, together.
#[must_use]
pub fn search(setting: &Setting<'_>, place: &Place, seeds: &[u64]) -> Found {
    let lived = |staff: &Staff| {
        let mut all = Tally::default();
        for seed in seeds {
            let setting = Setting {
                seed: *seed,
                ..*setting
            };
            all.add(live(&setting, place, staff).tally);
        }
        all
    };
    let runs = f64::from(u32::try_from(seeds.len()).unwrap_or(1));
    let unbounded = lived(&Staff::Enough);
    let with = |multiple| lived(&staff(setting, &unbounded, multiple, runs));
    let first_talks = smallest(&with, FROM, talks_in_time);
    let closed = closed_in_time(&unbounded) - CLOSED_LESS;
    let also_closed = |tally: &Tally| talks_in_time(tally) && closed_in_time(tally) >= closed;
    let all_promises = smallest(&with, first_talks.multiple - CLOSE, also_closed);
    Found {
        place: place.clone(),
        work: work(setting, &unbounded, runs),
        short: with(first_talks.multiple * (1.0 - SHORT)),
        first_talks,
        all_promises,
        unbounded,
    }
}

/// The smallest multiple that is enough and larger than `too_few`.
fn smallest(
    with: &impl Fn(f64) -> Tally,
    mut too_few: f64,
    is_enough: impl Fn(&Tally) -> bool,
) -> Staffed {
    let tally = with(TO);
    let mut found = Staffed {
        multiple: TO,
        is_enough: is_enough(&tally),
        tally,
    };
    while found.is_enough && found.multiple - too_few > CLOSE {
        let middle = f64::midpoint(too_few, found.multiple);
        let tally = with(middle);
        if is_enough(&tally) {
            found.multiple = middle;
            found.tally = tally;
        } else {
            too_few = middle;
        }
    }
    found
}

/// Whether enough of what was promised when a partner was first asked, and when one accepted, was kept.
fn talks_in_time(tally: &Tally) -> bool {
    tally.first_talks.share() >= ENOUGH_IN_TIME
        && kept(tally, ClockKind::FirstContact) >= ENOUGH_IN_TIME
}

fn closed_in_time(tally: &Tally) -> f64 {
    kept(tally, ClockKind::Outcome)
}

fn kept(tally: &Tally, kind: ClockKind) -> f64 {
    let kept = tally.promises.get(&kind).copied();
    kept.unwrap_or_default().share()
}

fn is_local(service: &Service) -> bool {
    matches!(service.area, Area::Zones(_))
}

fn weeks(setting: &Setting<'_>) -> f64 {
    let period = setting.period;
    period.until.duration_since(period.from).as_secs_f64() / 86_400.0 / DAYS_A_WEEK
}
