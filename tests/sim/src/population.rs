//! Who lives where, who is flagged when, and what is seen of them.

use jiff::{Timestamp, ToSpan, civil::Date};
use knipperlicht_routing::model::case::Circumstances;
use knipperlicht_vocabulary::{Consent, Observation, PostalCode, ZoneId};
use knipperlicht_zones::Province;

use crate::{
    assumptions::{Assumptions, Burden},
    chance::Chance,
    rules::Rules,
};

/// A zone as far as its carers go.
#[derive(Debug, Clone)]
pub struct Place {
    /// The zone.
    pub zone: ZoneId,
    /// What it is called.
    pub name: String,
    /// How many live there, known or assumed.
    pub inhabitants: f64,
    /// How many of them care for somebody.
    pub carers: f64,
    is_brussels: bool,
    postal_codes: Vec<PostalCode>,
}

/// Somebody who is flagged.
#[derive(Debug, Clone)]
pub(crate) struct Carer {
    pub(crate) burden: Burden,
    pub(crate) circumstances: Circumstances,
}

/// Every zone, with its share of all carers.
#[must_use]
pub fn places(rules: &Rules, assumptions: &Assumptions, on: Date) -> Vec<Place> {
    let unknown = &assumptions.people.inhabitants_where_unknown;
    let mut places: Vec<Place> = rules
        .zones
        .zones()
        .map(|zone| Place {
            zone: zone.id.clone(),
            name: zone.name.to_string(),
            inhabitants: zone
                .population_2020
                .map(f64::from)
                .or_else(|| unknown.get(&zone.id))
                .unwrap_or_default(),
            carers: 0.0,
            is_brussels: zone.province == Province::Brussels,
            postal_codes: rules.zones.postal_codes_of(&zone.id, on).collect(),
        })
        .collect();
    let all: f64 = places.iter().map(|place| place.inhabitants).sum();
    for place in &mut places {
        place.carers = assumptions.people.carers.value * place.inhabitants / all;
    }
    places
}

/// How many first signals a carer gives a year, on average.
#[must_use]
pub fn signals_of_a_carer(assumptions: &Assumptions) -> f64 {
    let burdens = assumptions.people.burden.of.iter();
    burdens
        .map(|(burden, share)| share * rate(assumptions, *burden))
        .sum()
}

fn rate(assumptions: &Assumptions, burden: Burden) -> f64 {
    let rates = &assumptions.flagging.signals_a_year;
    rates.get(&burden).unwrap_or_default()
}

/// When carers of this place are flagged for the first time on this day.
pub(crate) fn flagged(
    chance: &mut Chance,
    rules: &Rules,
    assumptions: &Assumptions,
    place: &Place,
    day: Date,
) -> Vec<Timestamp> {
    const DAYS: f64 = 365.0;
    let flagging = &assumptions.flagging;
    let season = flagging.month.get(&day.month().to_string());
    let weekday = day.weekday().to_monday_one_offset().to_string();
    let weekday = flagging.weekday.get(&weekday);
    let today = place.carers * signals_of_a_carer(assumptions) / DAYS
        * season.unwrap_or(1.0)
        * weekday.unwrap_or(1.0);
    let times = chance.how_often(today);
    let moment = |chance: &mut Chance| {
        let hour: i8 = chance.pick(&flagging.hour.of)?.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "less than an hour")]
        let second = (chance.share() * 3600.0) as i64;
        Some(rules.moment(day, hour) + second.seconds())
    };
    (0..times).filter_map(|_| moment(chance)).collect()
}

/// Somebody of this place who is flagged.
pub(crate) fn carer(
    chance: &mut Chance,
    assumptions: &Assumptions,
    place: &Place,
) -> Option<Carer> {
    let people = &assumptions.people;
    let flagged: Vec<(Burden, f64)> = people
        .burden
        .of
        .iter()
        .map(|(burden, share)| (*burden, share * rate(assumptions, *burden)))
        .collect();
    let languages = if place.is_brussels {
        &people.language_in_brussels
    } else {
        &people.language
    };
    Some(Carer {
        burden: chance.pick(&flagged)?,
        circumstances: Circumstances {
            zone: place.zone.clone(),
            postal_code: chance.any(&place.postal_codes)?,
            language: chance.pick(&languages.of)?,
            age_band: chance.pick(&people.age.of),
        },
    })
}

/// What is seen of them.
pub(crate) fn seen(
    chance: &mut Chance,
    assumptions: &Assumptions,
    carer: &Carer,
) -> Vec<Observation> {
    use knipperlicht_vocabulary::AgeBand;

    let flagging = &assumptions.flagging;
    let mean = flagging.things_seen.get(&carer.burden).unwrap_or(1.0);
    let things = 1 + chance.how_often(mean - 1.0);
    let mut seen: Vec<Observation> = (0..things)
        .filter_map(|_| chance.pick(&flagging.seen.of))
        .collect();
    if carer.burden == Burden::Heavy && chance.happens(flagging.cannot_go_on.value) {
        seen.push(Observation::SaysCannotGoOn);
    }
    if chance.happens(flagging.red_flag.value) {
        seen.extend(chance.pick(&flagging.red_flags.of));
    }
    if carer.circumstances.age_band == Some(AgeBand::Under18) {
        seen.push(Observation::YoungCarer);
    }
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// What they agree to, and whether they agree later.
pub(crate) fn consent(chance: &mut Chance, assumptions: &Assumptions) -> (Consent, bool) {
    let flagging = &assumptions.flagging;
    let consent = chance.pick(&flagging.consent.of).unwrap_or(Consent::Given);
    let later = consent == Consent::NotAsked && chance.happens(flagging.agrees_later.value);
    (consent, later)
}
