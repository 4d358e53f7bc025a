//! When people of each zone are at work.
//!
//! The defaults stand in `data/calendars.json`; a file of the same form, named by `KL_CALENDARS`,
//! takes their place. Belgian public holidays are computed and stand in no file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use knipperlicht_vocabulary::{CalendarError, OpeningHours, WorkingCalendar, ZoneId};
use serde::Deserialize;

const BUILTIN: &str = include_str!("../../data/calendars.json");

/// When people of each zone are at work: its own hours and closed days, or those that hold where a
/// zone says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendars {
    default: WorkingCalendar,
    zones: BTreeMap<ZoneId, WorkingCalendar>,
}

/// Why a file of calendars cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalendarsError {
    /// It does not have the form.
    #[error("not a file of calendars: {0}")]
    Form(#[from] serde_json::Error),
    /// Hours that cannot be.
    #[error("{whose}: {source}")]
    Calendar {
        /// Whose hours: `default`, or a zone.
        whose: String,
        /// What is wrong.
        source: CalendarError,
    },
}

/// A file of calendars.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarsFile {
    default: Hours,
    #[serde(default)]
    zones: BTreeMap<ZoneId, Hours>,
}

/// Hours as a file has them. A weekday that is left out is closed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    monday: Option<[Time; 2]>,
    tuesday: Option<[Time; 2]>,
    wednesday: Option<[Time; 2]>,
    thursday: Option<[Time; 2]>,
    friday: Option<[Time; 2]>,
    saturday: Option<[Time; 2]>,
    sunday: Option<[Time; 2]>,
    /// Days on which it is closed, besides the public holidays.
    #[serde(default)]
    closed: BTreeSet<Date>,
}

impl Calendars {
    /// Those that come with the program.
    pub fn builtin() -> Result<Self, CalendarsError> {
        Self::parse(BUILTIN)
    }

    /// Those of a file: a JSON object with the hours that hold by `default`, and those of `zones`
    /// by their id.
    pub fn parse(text: &str) -> Result<Self, CalendarsError> {
        let file: CalendarsFile = serde_json::from_str(text)?;
        let default = file.default.calendar("default")?;
        let zones = file
            .zones
            .into_iter()
            .map(|(zone, hours)| {
                let calendar = hours.calendar(zone.as_str())?;
                Ok((zone, calendar))
            })
            .collect::<Result<_, CalendarsError>>()?;
        Ok(Self { default, zones })
    }

    /// When people of this zone are at work.
    #[must_use]
    pub fn of(&self, zone: &ZoneId) -> &WorkingCalendar {
        self.zones.get(zone).unwrap_or(&self.default)
    }
}

impl Hours {
    fn calendar(self, whose: &str) -> Result<WorkingCalendar, CalendarsError> {
        let wrong = |source| CalendarsError::Calendar {
            whose: whose.to_owned(),
            source,
        };
        let opening = |hours: Option<[Time; 2]>| {
            hours
                .map(|[from, to]| OpeningHours::new(from, to))
                .transpose()
        };
        let week = [
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        ];
        let mut opened = [None; 7];
        for (day, hours) in opened.iter_mut().zip(week) {
            *day = opening(hours).map_err(wrong)?;
        }
        WorkingCalendar::new(opened, self.closed).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_office_hours() {
        let calendars = Calendars::builtin().unwrap();
        let zone = "oostende-bredene".parse().unwrap();
        assert_eq!(
            calendars.of(&zone),
            &WorkingCalendar::office_hours().unwrap()
        );
    }

    #[test]
    fn a_zone_has_its_own_hours_and_closed_days() {
        let file = r#"{
            "default": {"monday": ["09:00", "17:00"]},
            "zones": {"gent": {"saturday": ["10:00", "12:30"], "closed": ["2026-11-28"]}}
        }"#;
        let calendars = Calendars::parse(file).unwrap();
        let at = |moment: &str| moment.parse().unwrap();
        let gent = calendars.of(&"gent".parse().unwrap());
        assert!(gent.is_open(at("2026-11-21T10:00:00Z")));
        assert!(!gent.is_open(at("2026-11-28T10:00:00Z")), "its own day");
        assert!(!gent.is_open(at("2026-11-23T10:00:00Z")), "a Monday");
        let other = calendars.of(&"oostende-bredene".parse().unwrap());
        assert!(other.is_open(at("2026-11-23T10:00:00Z")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (file, expected) in [
            ("{}", "missing field `default`"),
            (r#"{"default": {}}"#, "default: at least one weekday"),
            (
                r#"{"default": {"monday": ["09:00", "17:00"]}, "zones": {"gent": {"monday": ["17:00", "09:00"]}}}"#,
                "gent: opening hours must end",
            ),
            (
                r#"{"default": {"maandag": ["09:00", "17:00"]}}"#,
                "unknown field",
            ),
        ] {
            let error = Calendars::parse(file).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
