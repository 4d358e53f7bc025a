//! The real rules, as the services load them.

use std::rc::Rc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use knipperlicht_assessment::model::TriageTables;
use knipperlicht_followup::model::{AskingRule, Calendars};
use knipperlicht_routing::model::{
    behaviour::Behaviours,
    decision::Tables,
    directory::{Directory, Service},
    planner::Ground,
    points::PointsTables,
};
use knipperlicht_vocabulary::WorkingCalendar;
use knipperlicht_zones::ZoneTable;

/// Rules or tables that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

impl Unusable {
    pub(crate) fn new(why: &dyn std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// The real rules.
#[derive(Debug)]
pub struct Rules {
    /// What signs mean.
    pub triage: TriageTables,
    /// Who comes first.
    pub points: PointsTables,
    /// Which postal code lies where.
    pub zones: ZoneTable,
    /// When people work.
    pub calendars: Calendars,
    /// The hours of those who work in no zone in particular.
    pub office: WorkingCalendar,
    /// When carers are asked.
    pub asking: AskingRule,
    /// Belgium.
    pub belgium: TimeZone,
}

impl Rules {
    /// Those that come with the program.
    pub fn builtin() -> Result<Self, Unusable> {
        Ok(Self {
            triage: TriageTables::builtin().map_err(|e| Unusable::new(&e))?,
            points: PointsTables::builtin().map_err(|e| Unusable::new(&e))?,
            zones: ZoneTable::builtin().map_err(|e| Unusable::new(&e))?,
            calendars: Calendars::builtin().map_err(|e| Unusable::new(&e))?,
            office: WorkingCalendar::office_hours().map_err(|e| Unusable::new(&e))?,
            asking: AskingRule::default(),
            belgium: TimeZone::get("Europe/Brussels").map_err(|e| Unusable::new(&e))?,
        })
    }

    /// The day that is in Belgium.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.belgium.clone()).date()
    }

    /// The moment at which this hour of a day begins in Belgium.
    #[must_use]
    pub fn moment(&self, day: Date, hour: i8) -> Timestamp {
        day.at(hour, 0, 0, 0)
            .to_zoned(self.belgium.clone())
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }
}

/// What changes from day to day: who has room, and how partners behaved lately.
#[derive(Debug, Clone)]
pub(crate) struct Books<'r> {
    pub(crate) rules: &'r Rules,
    pub(crate) directory: Rc<Directory>,
    pub(crate) behaviours: Rc<Behaviours>,
}

impl<'r> Books<'r> {
    pub(crate) fn new(rules: &'r Rules, services: Vec<Service>) -> Self {
        Self {
            rules,
            directory: Rc::new(Directory::new(1, services)),
            behaviours: Rc::default(),
        }
    }

    /// What is decided from at `at`.
    pub(crate) fn ground(&self, at: Timestamp) -> Ground<'_> {
        Ground {
            tables: Tables {
                directory: &self.directory,
                points: self.rules.points.current(),
                behaviours: &self.behaviours,
            },
            zones: &self.rules.zones,
            at,
            today: self.rules.day(at),
        }
    }
}
