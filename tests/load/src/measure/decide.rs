//! One decision about who is asked, in process, from a directory of the size of a country.

use std::{iter, time::Instant};

use knipperlicht_routing::model::{
    behaviour::{Behaviour, Behaviours},
    case::Circumstances,
    decision::{Question, Tables, decide},
    directory::Directory,
    points::PointsTables,
};
use knipperlicht_vocabulary::{Environment, Language, Need, SituationId, Urgency};
use knipperlicht_zones::ZoneTable;

use super::ms_at;
use crate::{
    country,
    error::BenchError,
    load::{histogram, micros},
    promise::Bound::Below,
    report::Report,
};

/// Decisions, of which one in a hundred may take longer than is promised.
const DECISIONS: usize = 20_000;

pub(crate) fn decisions(
    environment: &Environment,
    count: usize,
    report: &mut Report,
) -> Result<(), BenchError> {
    let services = country::services(environment, count)?;
    // All of them were asked lately, some more than others.
    let behaviours: Behaviours = (1_u32..)
        .zip(&services)
        .map(|(number, service)| {
            let behaviour = Behaviour {
                answered: number % 50,
                accepted: number % 50 / 2,
                minutes_to_accept: u64::from(number % 50) * 300,
            };
            (service.id.clone(), behaviour)
        })
        .collect();
    let directory = Directory::new(1, services);
    let points = PointsTables::builtin()?;
    let tables = Tables {
        directory: &directory,
        points: points.current(),
        behaviours: &behaviours,
    };
    let mut took = histogram()?;
    let mut candidates = 0;
    let mut asked = 0;
    for question in questions(environment)?.take(DECISIONS) {
        let began = Instant::now();
        let decision = decide(&tables, &question);
        took.saturating_record(micros(began.elapsed()));
        candidates += decision.candidates.len();
        asked += decision.chosen.len();
    }
    report.promised(
        "decision",
        &format!("one route decision among {count} services, p99"),
        "ms",
        (Below(2.0), Below(1.0)),
        ms_at(&took, 0.99),
        format!(
            "p50 {:.2}, max {:.1} ms of {DECISIONS}; {} candidates and {:.1} asked on average",
            ms_at(&took, 0.5),
            ms_at(&took, 1.0),
            candidates / DECISIONS,
            ratio(asked, DECISIONS),
        ),
    );
    Ok(())
}

/// From every zone in turn, with one to five needs.
fn questions(environment: &Environment) -> Result<impl Iterator<Item = Question>, BenchError> {
    let zones = ZoneTable::builtin()?;
    let today = environment.today();
    let mut places = Vec::new();
    for zone in zones.zones() {
        let postal_code = zones.postal_codes_of(&zone.id, today).next();
        places.extend(postal_code.map(|postal_code| (zone.id.clone(), postal_code)));
    }
    let (at, environment) = (environment.now(), environment.clone());
    let places: Vec<_> = iter::repeat_n(places, DECISIONS.div_ceil(60))
        .flatten()
        .collect();
    Ok((0..).zip(places).map(move |(number, (zone, postal_code))| {
        let needs = Need::ALL.iter().copied().cycle().skip(number % 12);
        Question {
            situation: SituationId::new(&environment),
            circumstances: Circumstances {
                zone,
                postal_code,
                language: Language::Dutch,
                age_band: None,
            },
            needs: needs.take(1 + number % 5).collect(),
            urgency: Urgency::Soon,
            asked: Vec::new(),
            knows: Vec::new(),
            at,
            on: today,
        }
    }))
}

fn ratio(part: usize, of: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some ten thousands")]
    let ratio = part as f64 / of as f64;
    ratio
}
