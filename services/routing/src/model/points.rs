//! What excludes a service, and what it scores.
//!
//! The rules that exclude are here; every number is in a table of `data/points`, with its source.
//! A table once used is never changed or removed: a decision names the one it was taken by, and
//! replays from it.

use jiff::{SignedDuration, Timestamp};
use knipperlicht_vocabulary::{CapacityState, Language};
use serde::{Deserialize, Serialize};

use super::{
    behaviour::{Behaviour, Prior},
    decision::Question,
    directory::{Area, Fit, Service},
};

/// Why a service that covers the zone and meets a need is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// Its organisation helps, or helped, in this situation.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub knows: u32,
    /// Specific before generic.
    pub fit: u32,
    /// Room for new people, as far as it was stated lately.
    pub capacity: u32,
    /// The zone before several zones before all of Flanders and Brussels.
    pub nearness: u32,
    /// How often it accepts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub acceptance: u32,
    /// How soon it accepts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub speed: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(points: &u32) -> bool {
    *points == 0
}

impl Points {
    /// All together.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.knows + self.fit + self.capacity + self.nearness + self.acceptance + self.speed
    }
}

/// A number, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// Points.
    pub points: u32,
    /// Where the number comes from, or that it is our own default.
    pub source: String,
}

/// How the fewest services are found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    /// Up to so many needs by an exact search; beyond, the best first, one after the other.
    pub exact_up_to: u32,
    /// Where the number comes from.
    pub source: String,
}

/// How long a statement of capacity holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// Days.
    pub days: u16,
    /// Where the number comes from.
    pub source: String,
}

impl Holds {
    /// Whether what was stated then still holds now.
    #[must_use]
    pub fn covers(&self, stated_at: Timestamp, now: Timestamp) -> bool {
        let holds = SignedDuration::from_hours(24 * i64::from(self.days));
        now.duration_since(stated_at) <= holds
    }
}

/// What a statement of room is worth; one that is full is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityWeights {
    /// There is room.
    pub available: Weight,
    /// It wants to be asked.
    pub ask_first: Weight,
    /// It has said nothing lately.
    pub unknown: Weight,
    /// There is a waiting list.
    pub waitlist: Weight,
}

/// What being near is worth.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearnessWeights {
    /// Offered in this zone alone.
    pub one_zone: Weight,
    /// Offered in some zones.
    pub several_zones: Weight,
    /// Offered in all of Flanders and Brussels.
    pub everywhere: Weight,
}

/// What measured behaviour is worth.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredWeights {
    /// Measured over so many days.
    pub over_days: u16,
    /// For accepting.
    pub acceptance: Weight,
    /// For accepting soon.
    pub speed: Weight,
    /// As if it had been asked so many times before,
    pub as_if_asked_before: u32,
    /// had accepted so many of those,
    pub as_if_accepted_before: u32,
    /// each after so many minutes.
    pub as_if_minutes_to_accept: u64,
    /// From so many minutes on, nothing is earned for speed.
    pub slowest_minutes: u64,
    /// Where all this comes from.
    pub source: String,
}

/// Rules and weights of one version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsTable {
    /// Named by every decision.
    pub version: String,
    /// What to know of its numbers.
    pub note: String,
    /// How the fewest are found.
    pub cover: Cover,
    /// How long a statement of capacity holds.
    pub capacity_holds: Holds,
    /// For knowing the situation.
    pub knows_the_situation: Weight,
    /// For being made for the carer's own group.
    pub specific: Weight,
    /// For room.
    pub capacity: CapacityWeights,
    /// For being near.
    pub nearness: NearnessWeights,
    /// For behaviour, where this version looks at it.
    pub measured: Option<MeasuredWeights>,
}

/// Every version ever used, the oldest first.
#[derive(Debug, Clone)]
pub struct PointsTables {
    earlier: Vec<PointsTable>,
    current: PointsTable,
}

impl PointsTables {
    /// The tables that come with this program.
    pub fn builtin() -> Result<Self, serde_json::Error> {
        Ok(Self {
            earlier: vec![serde_json::from_str(include_str!(
                "../../data/points/2026-11.1.json"
            ))?],
            current: serde_json::from_str(include_str!("../../data/points/2026-11.2.json"))?,
        })
    }

    /// The one that decides now.
    #[must_use]
    pub const fn current(&self) -> &PointsTable {
        &self.current
    }

    /// The one with this name.
    #[must_use]
    pub fn version(&self, version: &str) -> Option<&PointsTable> {
        let mut all = self.earlier.iter().chain([&self.current]);
        all.find(|table| table.version == version)
    }
}

impl PointsTable {
    /// The first rule that excludes this service, where one does.
    #[must_use]
    pub fn exclusion(&self, service: &Service, question: &Question) -> Option<Exclusion> {
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
        (self.stated_capacity(service, question) == Some(CapacityState::Full))
            .then_some(Exclusion::Full)
    }

    /// What this service scores, that behaved so.
    #[must_use]
    pub fn points(&self, service: &Service, question: &Question, behaved: Behaviour) -> Points {
        let (acceptance, speed) = self
            .measured
            .as_ref()
            .map_or((0, 0), |weights| weights.points(behaved));
        Points {
            knows: if question.knows.contains(&service.organisation) {
                self.knows_the_situation.points
            } else {
                0
            },
            fit: match service.fit {
                Fit::Specific => self.specific.points,
                Fit::Generic => 0,
            },
            capacity: self
                .for_capacity(service, question)
                .map_or(0, |weight| weight.points),
            nearness: self.for_nearness(service).points,
            acceptance,
            speed,
        }
    }

    /// What its room weighs; nothing for one that is full.
    #[must_use]
    pub fn for_capacity(&self, service: &Service, question: &Question) -> Option<&Weight> {
        match self.stated_capacity(service, question) {
            Some(CapacityState::Available) => Some(&self.capacity.available),
            Some(CapacityState::AskFirst) => Some(&self.capacity.ask_first),
            Some(CapacityState::Waitlist) => Some(&self.capacity.waitlist),
            Some(CapacityState::Full) => None,
            None => Some(&self.capacity.unknown),
        }
    }

    /// What being so near weighs.
    #[must_use]
    pub fn for_nearness(&self, service: &Service) -> &Weight {
        match &service.area {
            Area::Zones(zones) if zones.len() == 1 => &self.nearness.one_zone,
            Area::Zones(_) => &self.nearness.several_zones,
            Area::Everywhere => &self.nearness.everywhere,
        }
    }

    /// What the partner said of its room, unless that is too long ago.
    #[must_use]
    pub fn stated_capacity(&self, service: &Service, question: &Question) -> Option<CapacityState> {
        let capacity = service.capacity?;
        self.capacity_holds
            .covers(capacity.stated_at, question.at)
            .then_some(capacity.state)
    }
}

impl MeasuredWeights {
    fn points(&self, behaved: Behaviour) -> (u32, u32) {
        let prior = Prior {
            asked: self.as_if_asked_before,
            accepted: self.as_if_accepted_before,
            minutes: self.as_if_minutes_to_accept,
        };
        (
            behaved.of_acceptance(self.acceptance.points, prior),
            behaved.of_speed(self.speed.points, prior, self.slowest_minutes),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_kept_under_its_name() {
        let tables = PointsTables::builtin().unwrap();
        for version in ["2026-11.1", "2026-11.2"] {
            assert_eq!(tables.version(version).unwrap().version, version);
        }
        assert_eq!(tables.current().version, "2026-11.2");
        assert!(tables.version("2031-01.1").is_none());
    }

    /// "More capacity never ranks a service lower" begins here.
    #[test]
    fn more_room_is_never_worth_less() {
        let tables = PointsTables::builtin().unwrap();
        for table in tables.earlier.iter().chain([&tables.current]) {
            let room = &table.capacity;
            assert!(room.waitlist.points <= room.unknown.points);
            assert!(room.unknown.points <= room.ask_first.points);
            assert!(room.ask_first.points <= room.available.points);
        }
    }
}
