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

    fn add_opening_time(&self, from: Timestamp, duration: SignedDuration) -> Timestamp {
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
mod tests {
    use jiff::civil::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn calendar() -> WorkingCalendar {
        WorkingCalendar::office_hours().unwrap()
    }

    /// A moment by the clock on the wall in Belgium.
    fn at(local: &str) -> Timestamp {
        let local: DateTime = local.parse().unwrap();
        local.in_tz("Europe/Brussels").unwrap().timestamp()
    }

    fn hours(from: i8, to: i8) -> OpeningHours {
        OpeningHours::new(time(from, 0, 0, 0), time(to, 0, 0, 0)).unwrap()
    }

    #[track_caller]
    fn check(rows: &[(&str, Within, &str)]) {
        for (from, within, due) in rows {
            assert_eq!(
                calendar().due(at(from), *within),
                at(due),
                "{within:?} from {from}"
            );
        }
    }

    #[test]
    fn working_days_count_from_the_day_after() {
        check(&[
            // Before, during and after opening hours on an open day.
            (
                "2026-11-18T06:30",
                Within::WorkingDays(1),
                "2026-11-19T17:00",
            ),
            (
                "2026-11-18T10:00",
                Within::WorkingDays(1),
                "2026-11-19T17:00",
            ),
            (
                "2026-11-18T23:30",
                Within::WorkingDays(1),
                "2026-11-19T17:00",
            ),
            // Into, from and over a weekend.
            (
                "2026-11-20T10:00",
                Within::WorkingDays(1),
                "2026-11-23T17:00",
            ),
            (
                "2026-11-21T10:00",
                Within::WorkingDays(1),
                "2026-11-23T17:00",
            ),
            (
                "2026-11-22T23:59",
                Within::WorkingDays(1),
                "2026-11-23T17:00",
            ),
            (
                "2026-11-20T10:00",
                Within::WorkingDays(10),
                "2026-12-04T17:00",
            ),
            // Armistice day, a Wednesday.
            (
                "2026-11-10T10:00",
                Within::WorkingDays(2),
                "2026-11-13T17:00",
            ),
            // Over the year's end: 25 December and 1 January are Fridays.
            (
                "2026-12-24T10:00",
                Within::WorkingDays(5),
                "2027-01-04T17:00",
            ),
            // None: the next closing time.
            (
                "2026-11-20T16:59:59",
                Within::WorkingDays(0),
                "2026-11-20T17:00",
            ),
            (
                "2026-11-20T17:00",
                Within::WorkingDays(0),
                "2026-11-23T17:00",
            ),
        ]);
    }

    #[test]
    fn working_hours_run_while_the_doors_are_open() {
        check(&[
            (
                "2026-11-18T10:15",
                Within::WorkingHours(4),
                "2026-11-18T14:15",
            ),
            (
                "2026-11-18T13:00",
                Within::WorkingHours(4),
                "2026-11-18T17:00",
            ),
            (
                "2026-11-18T13:00:01",
                Within::WorkingHours(4),
                "2026-11-19T09:00:01",
            ),
            (
                "2026-11-18T07:00",
                Within::WorkingHours(4),
                "2026-11-18T13:00",
            ),
            (
                "2026-11-18T17:00",
                Within::WorkingHours(4),
                "2026-11-19T13:00",
            ),
            (
                "2026-11-21T12:00",
                Within::WorkingHours(4),
                "2026-11-23T13:00",
            ),
            (
                "2026-11-20T16:00",
                Within::WorkingHours(17),
                "2026-11-24T17:00",
            ),
        ]);
        assert_eq!(
            calendar().add_working_minutes(at("2026-11-20T16:50"), 15),
            at("2026-11-23T09:05")
        );
    }

    /// S8: the long weekend in which a clock that ran on would shout at empty desks.
    #[test]
    fn friday_afternoon_before_pentecost() {
        check(&[
            (
                "2026-05-22T16:00",
                Within::WorkingDays(1),
                "2026-05-26T17:00",
            ),
            (
                "2026-05-22T16:00",
                Within::WorkingDays(2),
                "2026-05-27T17:00",
            ),
            (
                "2026-05-22T16:00",
                Within::WorkingHours(4),
                "2026-05-26T12:00",
            ),
            (
                "2026-05-22T16:00",
                Within::ClockHours(1),
                "2026-05-22T17:00",
            ),
            ("2026-05-22T16:00", Within::SameDay, "2026-05-22T23:59:59"),
            (
                "2026-05-25T11:00",
                Within::WorkingHours(4),
                "2026-05-26T13:00",
            ),
            ("2026-05-25T11:00", Within::SameDay, "2026-05-25T23:59:59"),
        ]);
    }

    #[test]
    fn the_change_of_the_clocks_moves_no_closing_time() {
        // Winter time begins on 25 October 2026, summer time on 28 March 2027 (Easter).
        check(&[
            (
                "2026-10-23T16:00",
                Within::WorkingDays(1),
                "2026-10-26T17:00",
            ),
            (
                "2026-10-23T16:00",
                Within::WorkingHours(2),
                "2026-10-26T10:00",
            ),
            (
                "2027-03-26T16:00",
                Within::WorkingHours(2),
                "2027-03-30T10:00",
            ),
            ("2026-10-25T01:00", Within::SameDay, "2026-10-25T23:59:59"),
            // The night has one hour more, then one hour less.
            (
                "2026-10-25T01:00",
                Within::ClockHours(3),
                "2026-10-25T03:00",
            ),
            (
                "2027-03-28T01:00",
                Within::ClockHours(3),
                "2027-03-28T05:00",
            ),
        ]);
        let closing = calendar().add_working_days(at("2026-10-23T16:00"), 1);
        assert_eq!(closing.to_string(), "2026-10-26T16:00:00Z");
    }

    #[test]
    fn hours_that_the_change_of_the_clocks_skips_do_not_exist() {
        // 2:30 is 3:30 on that night, so that hours from 2:30 to 3:15 would end before they begin.
        let night = OpeningHours::new(time(2, 30, 0, 0), time(3, 15, 0, 0)).unwrap();
        let week = [None, None, None, None, None, None, Some(night)];
        let nights = WorkingCalendar::new(week, BTreeSet::new()).unwrap();
        assert_eq!(
            nights.next_opening(at("2027-03-28T00:00")),
            at("2027-04-04T02:30")
        );
    }

    #[test]
    fn the_last_second_of_the_day_is_due_at_once() {
        let late = at("2026-11-18T23:59:59.4");
        assert_eq!(calendar().due(late, Within::SameDay), late);
    }

    #[test]
    fn open_from_opening_until_just_before_closing() {
        let table = [
            ("2026-11-18T08:59:59", false),
            ("2026-11-18T09:00", true),
            ("2026-11-18T16:59:59", true),
            ("2026-11-18T17:00", false),
            ("2026-11-21T12:00", false),
            ("2026-11-11T12:00", false),
        ];
        for (moment, open) in table {
            assert_eq!(calendar().is_open(at(moment)), open, "{moment}");
        }
        assert_eq!(
            calendar().next_opening(at("2026-11-18T12:00")),
            at("2026-11-18T12:00")
        );
        assert_eq!(
            calendar().next_opening(at("2026-11-18T17:00")),
            at("2026-11-19T09:00")
        );
    }

    #[test]
    fn a_zone_has_its_own_hours_and_closed_dates() {
        let week = [
            None,
            Some(hours(13, 20)),
            None,
            None,
            None,
            Some(hours(9, 12)),
            None,
        ];
        let closed_saturday = at("2026-11-21T00:00").to_zoned(calendar().zone).date();
        let own = WorkingCalendar::new(week, BTreeSet::from([closed_saturday])).unwrap();
        assert_eq!(
            own.add_working_days(at("2026-11-18T10:00"), 1),
            at("2026-11-24T20:00")
        );
        assert_eq!(
            own.add_working_hours(at("2026-11-17T19:00"), 2),
            at("2026-11-24T14:00")
        );
    }

    #[test]
    fn nonsense_is_refused() {
        let nine = time(9, 0, 0, 0);
        assert!(matches!(
            OpeningHours::new(nine, nine),
            Err(CalendarError::EndsBeforeStart { .. })
        ));
        assert!(matches!(
            OpeningHours::new(time(17, 0, 0, 0), nine),
            Err(CalendarError::EndsBeforeStart { .. })
        ));
        let never = WorkingCalendar::new([None; 7], BTreeSet::new());
        assert!(matches!(never, Err(CalendarError::NeverOpen)));
    }

    #[test]
    fn the_end_of_time_is_the_latest_due() {
        for within in [
            Within::WorkingDays(3),
            Within::WorkingHours(30),
            Within::ClockHours(90),
        ] {
            assert_eq!(calendar().due(Timestamp::MAX, within), Timestamp::MAX);
        }
    }

    fn moments() -> impl Strategy<Value = Timestamp> {
        let (first, last) = (at("2024-01-01T00:00"), at("2036-01-01T00:00"));
        (first.as_millisecond()..last.as_millisecond())
            .prop_map(|millisecond| Timestamp::from_millisecond(millisecond).unwrap())
    }

    fn promises() -> impl Strategy<Value = Within> {
        prop_oneof![
            (0..30_u32).prop_map(Within::WorkingDays),
            (0..200_u32).prop_map(Within::WorkingHours),
            (0..200_u32).prop_map(Within::ClockHours),
            Just(Within::SameDay),
        ]
    }

    fn calendars() -> impl Strategy<Value = WorkingCalendar> {
        let day = proptest::option::of(
            (0..23_i8, 1..24_i8).prop_filter_map("in order", |(from, to)| {
                OpeningHours::new(time(from, 0, 0, 0), time(to, 0, 0, 0)).ok()
            }),
        );
        let closed = proptest::collection::btree_set(0..4400_i64, 0..40).prop_map(|days| {
            let first = Date::constant(2024, 1, 1);
            days.into_iter()
                .map(|day| first.checked_add(day.days()).unwrap())
                .collect()
        });
        (proptest::array::uniform7(day), closed).prop_filter_map("open", |(week, closed)| {
            WorkingCalendar::new(week, closed).ok()
        })
    }

    proptest! {
        #[test]
        fn never_due_before_it_was_promised(calendar in calendars(), from in moments(), within in promises()) {
            prop_assert!(calendar.due(from, within) >= from);
        }

        #[test]
        fn a_later_promise_is_not_due_earlier(
            calendar in calendars(),
            one in moments(),
            apart in 0..700_000_i64,
            within in promises(),
        ) {
            let other = one + SignedDuration::from_secs(apart);
            prop_assert!(calendar.due(one, within) <= calendar.due(other, within));
        }

        #[test]
        fn more_time_is_not_due_earlier(calendar in calendars(), from in moments(), n in 0..30_u32) {
            prop_assert!(calendar.add_working_days(from, n) < calendar.add_working_days(from, n + 1) || n == 0);
            prop_assert!(calendar.add_working_hours(from, n) < calendar.add_working_hours(from, n + 1));
        }

        #[test]
        fn working_time_is_due_while_or_when_a_working_day_ends(
            calendar in calendars(),
            from in moments(),
            n in 0..60_u32,
        ) {
            for within in [Within::WorkingDays(n), Within::WorkingHours(n)] {
                let due = calendar.due(from, within);
                let date = calendar.date_of(due);
                prop_assert_eq!(Holiday::on(date), None);
                prop_assert!(!calendar.closed.contains(&date));
                let opening = calendar.opening_on(date).unwrap();
                prop_assert!(opening.start <= due && due <= opening.end);
            }
        }

        /// Counted the slow way: minute by minute.
        #[test]
        fn working_minutes_are_the_open_ones(calendar in calendars(), from in moments(), minutes in 1..600_u32) {
            let from = from.round(jiff::Unit::Minute).unwrap();
            let due = calendar.add_working_minutes(from, minutes);
            let mut open = 0;
            let mut minute = from;
            while minute < due {
                open += u32::from(calendar.is_open(minute));
                minute += SignedDuration::from_mins(1);
            }
            prop_assert_eq!(open, minutes);
        }
    }
}
