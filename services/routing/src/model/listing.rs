//! A service as the directory lists it: what decisions read, and all else a person wants to know.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{directory::Service, points::Holds};

/// A listing that nobody has looked at for longer is shown as stale. Own default, not validated.
const VERIFIED_HOLDS_DAYS: i32 = 365;

/// A service with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What decisions read.
    pub service: Service,
    /// The last day for which the partner said what room it has, where it named one.
    pub capacity_until: Option<Date>,
    /// When somebody last made sure that all of this is right.
    pub verified_on: Option<Date>,
    /// The rest.
    pub details: Details,
}

impl Listing {
    /// Whether nobody has made sure for too long that this is right.
    #[must_use]
    pub fn is_stale(&self, today: Date) -> bool {
        let age = |day: Date| today.since(day).map_or(0, |age| age.get_days());
        self.verified_on
            .is_none_or(|day| age(day) > VERIFIED_HOLDS_DAYS)
    }

    /// Whether what the partner said of its room still says anything.
    #[must_use]
    pub fn capacity_holds(&self, holds: &Holds, now: Timestamp, today: Date) -> bool {
        let named = self.capacity_until.is_none_or(|last| today <= last);
        let stated = self.service.capacity;
        named && stated.is_some_and(|stated| holds.covers(stated.stated_at, now))
    }
}

/// What no decision reads. Stored as it is written here: a field that is gone is no longer known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// What it is, in the partner's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For whom it is meant, in the partner's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<String>,
    /// From which age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_age: Option<u8>,
    /// Up to which age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_age: Option<u8>,
    /// What to bring.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_documents: Vec<String>,
    /// The organisation's public address for mail; never a person's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The organisation's public telephone number; never a person's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When it is open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opening: Vec<Opening>,
}

/// Some days of every week on which a service is open, in Belgian time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The days, in the order of the week.
    pub days: Vec<Day>,
    /// From when; from the start of the day where nothing is said.
    pub opens_at: Option<jiff::civil::Time>,
    /// Until when; until the end of the day where nothing is said.
    pub closes_at: Option<jiff::civil::Time>,
}

/// A day of the week, as in a rule of `iCalendar` (RFC 5545).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the days of the week")]
pub enum Day {
    Mo,
    Tu,
    We,
    Th,
    Fr,
    Sa,
    Su,
}

impl Day {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Mo,
        Self::Tu,
        Self::We,
        Self::Th,
        Self::Fr,
        Self::Sa,
        Self::Su,
    ];

    /// Its two letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mo => "MO",
            Self::Tu => "TU",
            Self::We => "WE",
            Self::Th => "TH",
            Self::Fr => "FR",
            Self::Sa => "SA",
            Self::Su => "SU",
        }
    }

    /// The day with these two letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.code() == text)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::date};
    use knipperlicht_vocabulary::Need;

    use super::*;
    use crate::model::tests::{now, service};

    #[test]
    fn a_listing_and_what_was_said_of_room_grow_old() {
        let today = date(2026, 11, 21);
        let mut listing = Listing {
            service: service("a", &[Need::Respite]),
            capacity_until: None,
            verified_on: None,
            details: Details::default(),
        };
        assert!(listing.is_stale(today), "nobody ever looked");
        listing.verified_on = Some(date(2025, 11, 21));
        assert!(!listing.is_stale(today));
        listing.verified_on = Some(date(2025, 11, 20));
        assert!(listing.is_stale(today));

        let holds = Holds {
            days: 14,
            source: "own default, not validated".to_owned(),
        };
        let fortnight = now() + SignedDuration::from_hours(14 * 24);
        assert!(listing.capacity_holds(&holds, fortnight, today));
        assert!(!listing.capacity_holds(&holds, fortnight + SignedDuration::from_secs(1), today));
        listing.capacity_until = Some(date(2026, 11, 20));
        assert!(
            !listing.capacity_holds(&holds, now(), today),
            "said until yesterday"
        );
    }
}
