//! Working time in Belgium, and the promises that are counted in it.

use std::{cmp, collections::BTreeSet};

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time, time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

mod holidays;

pub use holidays::Holiday;

/// When people of a zone are at work: hours per weekday in Belgian time, never on a legal public
/// holiday ([`Holiday`]) nor on the zone's own closed dates.
///
/// A moment that would lie past the end of time ([`Timestamp::MAX`], in the year 9999) is that
/// end instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingCalendar {
    zone: TimeZone,
    /// Monday first.
    week: [Option<OpeningHours>; 7],
    closed: BTreeSet<Date>,
}

/// The hours of one weekday, in local time. Open at `from`, closed again at `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpeningHours {
    from: Time,
    to: Time,
}

/// How soon something is promised. See [`WorkingCalendar::due`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Working days: due when the last of them closes, see [`WorkingCalendar::add_working_days`].
    WorkingDays(u32),
    /// Hours of opening time: see [`WorkingCalendar::add_working_hours`].
    WorkingHours(u32),
    /// Hours on the wall clock, day and night.
    ClockHours(u32),
    /// The same calendar day: due at 23:59:59 in Belgium, open or not.
    SameDay,
}

/// Why a calendar cannot be.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CalendarError {
    /// Hours that end before they begin, or at once.
    #[error("opening hours must end after they begin: {from} to {to} does not")]
    EndsBeforeStart {
        /// The opening time given.
        from: Time,
        /// The closing time given.
        to: Time,
    },
    /// A week in which nobody works: no promise could ever fall due.
    #[error("at least one weekday must have opening hours")]
    NeverOpen,
    /// A time zone database without Belgium.
    #[error("the time zone database that jiff was built with does not know Europe/Brussels")]
    TimeZone(#[source] jiff::Error),
}

/// The opening of one date, as moments. Never empty.
struct Opening {
    date: Date,
    start: Timestamp,
    end: Timestamp,
}

impl OpeningHours {
    /// Monday to Friday, unless a zone says otherwise.
    const OFFICE: Self = Self {
        from: time(9, 0, 0, 0),
        to: time(17, 0, 0, 0),
    };

    /// Open at `from`, closed again at `to`, both in local time.
    pub fn new(from: Time, to: Time) -> Result<Self, CalendarError> {
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(CalendarError::EndsBeforeStart { from, to })
        }
    }
}

impl WorkingCalendar {
    /// Monday to Friday from 9 to 17.
    pub fn office_hours() -> Result<Self, CalendarError> {
        let day = Some(OpeningHours::OFFICE);
        Self::new([day, day, day, day, day, None, None], BTreeSet::new())
    }

    /// A calendar with these hours per weekday, Monday first, and these closed dates on top of
    /// the legal public holidays.
    pub fn new(
        week: [Option<OpeningHours>; 7],
        closed: BTreeSet<Date>,
    ) -> Result<Self, CalendarError> {
        if week.iter().all(Option::is_none) {
            return Err(CalendarError::NeverOpen);
        }
        let zone = TimeZone::get("Europe/Brussels").map_err(CalendarError::TimeZone)?;
        Ok(Self { zone, week, closed })
    }

    /// The moment at which a promise made at `from` falls due; never before `from`.
    #[must_use]
    pub fn due(&self, from: Timestamp, within: Within) -> Timestamp {
        match within {
            Within::WorkingDays(days) => self.add_working_days(from, days),
            Within::WorkingHours(hours) => self.add_working_hours(from, hours),
            Within::ClockHours(hours) => from
                .checked_add(SignedDuration::from_hours(hours.into()))
                .unwrap_or(Timestamp::MAX),
            Within::SameDay => self.last_second_of_day(from),
        }
    }

    /// The closing time of the `days`-th working day after the calendar day of `from`.
    ///
    /// The day of `from` never counts, at whatever hour: it makes no difference whether a signal
    /// comes before, during or after the opening hours of that day, or on a closed day. One day
    /// from Friday 8:00, 16:00 or 23:00, from Saturday and from Sunday is Monday at closing time.
    ///
    /// With 0 days: the next closing time after `from`, so that of the same day if it is still
    /// to come.
    #[must_use]
    pub fn add_working_days(&self, from: Timestamp, days: u32) -> Timestamp {
        let today = self.date_of(from);
        let counts = |opening: &Opening| {
            if days == 0 {
                opening.end > from
            } else {
                opening.date > today
            }
        };
        let counted_before = usize::try_from(days.saturating_sub(1)).unwrap_or(usize::MAX);
        self.openings(today)
            .filter(counts)
            .nth(counted_before)
            .map_or(Timestamp::MAX, |opening| opening.end)
    }

    /// The moment at which the doors have been open for `hours` hours since `from`.
    ///
    /// From a closed moment the count starts at the next opening. A count that is full at closing
    /// time ends there, not at the next opening. With 0 hours: [`Self::next_opening`].
    #[must_use]
    pub fn add_working_hours(&self, from: Timestamp, hours: u32) -> Timestamp {
        self.add_opening_time(from, SignedDuration::from_hours(hours.into()))
    }

    /// The same as [`Self::add_working_hours`], in minutes.
    #[must_use]
    pub fn add_working_minutes(&self, from: Timestamp, minutes: u32) -> Timestamp {
        self.add_opening_time(from, SignedDuration::from_mins(minutes.into()))
    }

    /// How long the doors are open between two moments; nothing where `to` is not after `from`.
    #[must_use]
    pub fn open_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        self.openings(self.date_of(from))
            .take_while(|opening| opening.start < to)
            .map(|opening| {
                let (start, end) = (cmp::max(from, opening.start), cmp::min(to, opening.end));
                cmp::max(end.duration_since(start), SignedDuration::ZERO)
            })
            .fold(SignedDuration::ZERO, |open, part| open + part)
    }

    /// Whether people are at work at this moment. At closing time they no longer are.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.opening_on(self.date_of(at))
            .is_some_and(|opening| opening.start <= at && at < opening.end)
    }

    /// The first moment from `at` on when people are at work: `at` itself if they are.
    #[must_use]
    pub fn next_opening(&self, at: Timestamp) -> Timestamp {
        self.add_opening_time(at, SignedDuration::ZERO)
    }

    /// The moment at which the doors have been open for so long since `from`: the other way round
    /// to [`Self::open_between`].
    #[must_use]
    pub fn add_opening_time(&self, from: Timestamp, duration: SignedDuration) -> Timestamp {
        let mut left = duration;
        for opening in self
            .openings(self.date_of(from))
            .filter(|opening| opening.end > from)
        {
            let start = cmp::max(from, opening.start);
            let until_closing = opening.end.duration_since(start);
            if left <= until_closing {
                return start + left;
            }
            left -= until_closing;
        }
        Timestamp::MAX
    }

    fn last_second_of_day(&self, from: Timestamp) -> Timestamp {
        let last_second = self.date_of(from).to_datetime(time(23, 59, 59, 0));
        let due = last_second
            .to_zoned(self.zone.clone())
            .map_or(Timestamp::MAX, |z| z.timestamp());
        // A promise made within the last second of the day is due at once.
        cmp::max(from, due)
    }

    fn date_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The openings of `first` and of every day after it.
    fn openings(&self, first: Date) -> impl Iterator<Item = Opening> {
        first
            .series(1.day())
            .filter_map(|date| self.opening_on(date))
    }

    fn opening_on(&self, date: Date) -> Option<Opening> {
        let weekday = date.weekday().to_monday_zero_offset().unsigned_abs();
        let hours = self.week[usize::from(weekday)]?;
        if self.closed.contains(&date) || Holiday::on(date).is_some() {
            return None;
        }
        let moment = |local: Time| {
            Some(
                date.to_datetime(local)
                    .to_zoned(self.zone.clone())
                    .ok()?
                    .timestamp(),
            )
        };
        let (start, end) = (moment(hours.from)?, moment(hours.to)?);
        // Hours within the hour that the change to summer time skips are no hours on that day.
        (start < end).then_some(Opening { date, start, end })
    }
}

#[cfg(test)]
mod tests;
