//! When something happens: in the afternoon of two days of a week people flag what they saw, and the
//! mornings after desks answer. Nothing happens in between, so that years take minutes.

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{
        Date,
        Weekday::{self, Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday},
    },
};
use knipperlicht_vocabulary::Environment;

/// The days on which people flag, week after week.
const FLAGGING: [[Weekday; 2]; 4] = [
    [Monday, Wednesday],
    [Tuesday, Friday],
    [Monday, Thursday],
    [Wednesday, Friday],
];

/// How many of a year's days those are.
pub(super) const FLAGGING_DAYS_A_YEAR: f64 = 2.0 * 365.0 / 7.0;

/// Half a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::dev::years) enum Part {
    /// What was flagged the day before is answered; less than four working hours have passed.
    Morning,
    /// What was flagged during the day comes in.
    Afternoon,
}

/// A half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::dev::years) struct Moment {
    pub(in crate::dev::years) day: Date,
    pub(in crate::dev::years) part: Part,
}

impl Moment {
    pub(in crate::dev::years) const fn morning(day: Date) -> Self {
        Self {
            day,
            part: Part::Morning,
        }
    }

    pub(in crate::dev::years) const fn afternoon(day: Date) -> Self {
        Self {
            day,
            part: Part::Afternoon,
        }
    }

    /// The half of a day after it.
    pub(in crate::dev::years) fn next(self) -> Self {
        match self.part {
            Part::Morning => Self::afternoon(self.day),
            Part::Afternoon => Self::morning(later(self.day, 1)),
        }
    }

    /// The first one at which desks work that is so many days later; at least the next one.
    pub(in crate::dev::years) fn working_after(self, days: i32) -> Self {
        let mut then = match days {
            0 => self.next(),
            days => Self::morning(later(self.day, days)),
        };
        while !then.is_worked() {
            then = then.next();
        }
        then
    }

    /// The first one at which people flag that is at least so many days later.
    pub(super) fn flagged_after(self, days: i32) -> Self {
        let mut day = later(self.day, days);
        while !is_flagging_day(day) {
            day = later(day, 1);
        }
        Self::afternoon(day)
    }

    fn is_worked(self) -> bool {
        match self.part {
            Part::Morning => !is_weekend(self.day) && is_flagging_day(working_day_before(self.day)),
            Part::Afternoon => is_flagging_day(self.day),
        }
    }

    /// When it is: some minutes earlier or later every day.
    pub(in crate::dev::years) fn at(self, environment: &Environment) -> Timestamp {
        let start = environment
            .start_of(self.day)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let wavers = i64::from(self.day.day_of_year()) * 37;
        let minutes = match self.part {
            Part::Morning => 9 * 60 + 5 + wavers % 50,
            Part::Afternoon => 14 * 60 + 40 + wavers % 60,
        };
        start + SignedDuration::from_mins(minutes)
    }
}

/// So many days later.
pub(in crate::dev::years) fn later(day: Date, days: i32) -> Date {
    day.saturating_add(days.days())
}

/// Whether desks are closed.
pub(in crate::dev::years) fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Saturday | Sunday)
}

/// Whether people flag what they saw.
pub(super) fn is_flagging_day(day: Date) -> bool {
    let week = usize::from(day.iso_week_date().week().unsigned_abs());
    FLAGGING[week % FLAGGING.len()].contains(&day.weekday())
}

fn working_day_before(day: Date) -> Date {
    let mut before = later(day, -1);
    while is_weekend(before) {
        before = later(before, -1);
    }
    before
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn desks_work_after_what_was_flagged_and_never_twice_at_one_moment() {
        // The week of Monday 23 November 2026 is the 48th: people flag on Monday and Wednesday.
        let monday = date(2026, 11, 23);
        let day = |days| later(monday, days);
        for (moment, days, expected) in [
            (Moment::afternoon(monday), 0, Moment::morning(day(1))),
            (Moment::morning(day(1)), 0, Moment::afternoon(day(2))),
            (Moment::afternoon(day(2)), 0, Moment::morning(day(3))),
            (Moment::afternoon(monday), 3, Moment::morning(day(3))),
            // The week after, on Tuesday and Friday; what is flagged on a Friday is answered on Monday.
            (Moment::morning(day(3)), 0, Moment::afternoon(day(8))),
            (Moment::afternoon(day(11)), 0, Moment::morning(day(14))),
            (Moment::afternoon(day(12)), 0, Moment::morning(day(14))),
        ] {
            assert_eq!(moment.working_after(days), expected, "{moment:?} {days}");
        }
    }

    #[test]
    fn people_flag_on_two_days_of_every_week() {
        let year = date(2026, 1, 1).series(1.days()).take(365);
        let days = year.filter(|day| is_flagging_day(*day)).count();
        assert!((103..=106).contains(&days), "{days}");
        assert!((f64::from(u32::try_from(days).unwrap()) - FLAGGING_DAYS_A_YEAR).abs() < 2.0);
    }
}
