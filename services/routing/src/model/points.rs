//! What excludes a service, and what it scores.
//!
//! The weights are our own default, not validated. They only break ties between services that
//! meet equally many needs; a change of any number here is a new [`VERSION`].

use jiff::SignedDuration;
use knipperlicht_vocabulary::{CapacityState, Language};
use serde::Serialize;

use super::{
    decision::Question,
    directory::{Area, Fit, Service},
};

/// Names these rules and weights in every decision.
pub const VERSION: &str = "2026-11.1";

/// A statement of capacity older than this says nothing any more (DESIGN.md, section 5).
const CAPACITY_HOLDS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Why a service that covers the zone and meets a need is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// It is not offered on this day.
    NotValid,
    /// It does not help in the carer's language.
    Language,
    /// It is not for the carer's age, or it is for some ages and the carer's is unknown.
    AgeBand,
    /// It is for a group that no code tells apart: a person must choose it.
    TargetGroup,
    /// It said lately that it is full.
    Full,
    /// It was asked for this situation before.
    AlreadyAsked,
}

/// What speaks for a service, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Points {
    /// Specific before generic.
    pub fit: u32,
    /// Room for new people, as far as it was stated lately.
    pub capacity: u32,
    /// The zone before several zones before all of Flanders and Brussels.
    pub nearness: u32,
}

impl Points {
    /// All together.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.fit + self.capacity + self.nearness
    }
}

/// The first rule that excludes this service, where one does.
#[must_use]
pub fn exclusion(service: &Service, question: &Question) -> Option<Exclusion> {
    let ended = service.valid_to.is_some_and(|last| last < question.on);
    if question.on < service.valid_from || ended {
        return Some(Exclusion::NotValid);
    }
    let language = question.circumstances.language;
    // Nobody lists "other": an interpreter will be needed wherever it goes.
    if language != Language::Other && !service.languages.contains(&language) {
        return Some(Exclusion::Language);
    }
    let for_this_age = question
        .circumstances
        .age_band
        .is_some_and(|band| service.age_bands.contains(&band));
    if !service.age_bands.is_empty() && !for_this_age {
        return Some(Exclusion::AgeBand);
    }
    if service.target_group.is_some() {
        return Some(Exclusion::TargetGroup);
    }
    if question.asked.contains(&service.id) {
        return Some(Exclusion::AlreadyAsked);
    }
    (stated_capacity(service, question) == Some(CapacityState::Full)).then_some(Exclusion::Full)
}

/// What this service scores.
#[must_use]
pub fn points(service: &Service, question: &Question) -> Points {
    Points {
        fit: match service.fit {
            Fit::Specific => 40,
            Fit::Generic => 0,
        },
        capacity: match stated_capacity(service, question) {
            Some(CapacityState::Available) => 20,
            None | Some(CapacityState::AskFirst) => 10,
            Some(CapacityState::Waitlist) => 5,
            Some(CapacityState::Full) => 0,
        },
        nearness: match &service.area {
            Area::Zones(zones) if zones.len() == 1 => 15,
            Area::Zones(_) => 10,
            Area::Everywhere => 0,
        },
    }
}

/// What the partner said of its room, unless that is too long ago.
fn stated_capacity(service: &Service, question: &Question) -> Option<CapacityState> {
    let capacity = service.capacity?;
    let age = question.at.duration_since(capacity.stated_at);
    (age <= CAPACITY_HOLDS).then_some(capacity.state)
}
