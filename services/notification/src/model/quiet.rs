//! Quiet hours: when a mailbox gets nothing but what is urgent.

use jiff::{
    Timestamp,
    civil::{Date, Time, time},
    tz::TimeZone,
};

/// From when until when, by the clock on the wall; midnight may lie between. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuietHours {
    from: Time,
    to: Time,
}

/// Why hours cannot be quiet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuietHoursError {
    /// Not a time of day.
    #[error("`{0}` is not a time of day such as 20:00")]
    NotATime(String),
    /// From some time until the same time: the whole day, or none of it.
    #[error(
        "they begin and end at {0}: give two different times, or say that there are no quiet hours"
    )]
    Empty(String),
}

impl QuietHours {
    /// The night, where nothing else is said (own default, not validated).
    pub(crate) const NIGHT: Self = Self {
        from: time(20, 0, 0, 0),
        to: time(7, 0, 0, 0),
    };

    /// Reads two times of day such as `20:00`.
    pub(crate) fn parse(from: &str, to: &str) -> Result<Self, QuietHoursError> {
        let time = |text: &str| {
            Time::strptime("%H:%M", text).map_err(|_| QuietHoursError::NotATime(text.to_owned()))
        };
        Self::between(time(from)?, time(to)?).ok_or_else(|| QuietHoursError::Empty(from.to_owned()))
    }

    /// From one time until another one; nothing when they are the same.
    pub(crate) fn between(from: Time, to: Time) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }

    pub(crate) const fn from(self) -> Time {
        self.from
    }

    pub(crate) const fn to(self) -> Time {
        self.to
    }

    /// When the quiet hours around `at` end; nothing outside them.
    pub(crate) fn end(self, at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        let today = at.to_zoned(local.clone()).date();
        // Those that began yesterday, or today.
        [today.yesterday().ok()?, today]
            .into_iter()
            .filter_map(|day| self.that_begin_on(day, local))
            .find(|(from, to)| (*from..*to).contains(&at))
            .map(|(_, to)| to)
    }

    /// As moments. A time that the clock leaves out when summer time begins is an hour later; of one
    /// that comes twice when it ends, the first counts.
    fn that_begin_on(self, day: Date, local: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let moment = |day: Date, time: Time| {
            let zoned = day.to_datetime(time).to_zoned(local.clone()).ok()?;
            Some(zoned.timestamp())
        };
        let last_day = if self.from < self.to {
            day
        } else {
            day.tomorrow().ok()?
        };
        Some((moment(day, self.from)?, moment(last_day, self.to)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn belgium() -> TimeZone {
        TimeZone::get("Europe/Brussels").unwrap()
    }

    #[test]
    fn hours_are_quiet_by_the_clock_on_the_wall() {
        // Summer time begins on 29 March and ends on 25 October 2026; moments with their offsets.
        for (from, to, at, end) in [
            // Over midnight.
            ("20:00", "07:00", "2026-11-23T19:59+01:00", None),
            (
                "20:00",
                "07:00",
                "2026-11-23T20:00+01:00",
                Some("2026-11-24T07:00+01:00"),
            ),
            (
                "20:00",
                "07:00",
                "2026-11-24T00:00+01:00",
                Some("2026-11-24T07:00+01:00"),
            ),
            (
                "20:00",
                "07:00",
                "2026-11-24T06:59+01:00",
                Some("2026-11-24T07:00+01:00"),
            ),
            ("20:00", "07:00", "2026-11-24T07:00+01:00", None),
            // Within a day, and from or until midnight.
            ("12:00", "13:30", "2026-11-23T11:59+01:00", None),
            (
                "12:00",
                "13:30",
                "2026-11-23T12:00+01:00",
                Some("2026-11-23T13:30+01:00"),
            ),
            ("12:00", "13:30", "2026-11-23T13:30+01:00", None),
            (
                "00:00",
                "08:00",
                "2026-11-23T00:00+01:00",
                Some("2026-11-23T08:00+01:00"),
            ),
            (
                "16:00",
                "00:00",
                "2026-11-23T23:59+01:00",
                Some("2026-11-24T00:00+01:00"),
            ),
            ("16:00", "00:00", "2026-11-24T00:00+01:00", None),
            // All but an hour.
            ("10:00", "09:00", "2026-11-23T09:30+01:00", None),
            (
                "10:00",
                "09:00",
                "2026-11-23T08:30+01:00",
                Some("2026-11-23T09:00+01:00"),
            ),
            (
                "10:00",
                "09:00",
                "2026-11-23T10:30+01:00",
                Some("2026-11-24T09:00+01:00"),
            ),
            // The nights in which the clock changes are an hour shorter and an hour longer.
            (
                "20:00",
                "07:00",
                "2026-03-28T21:00+01:00",
                Some("2026-03-29T07:00+02:00"),
            ),
            (
                "20:00",
                "07:00",
                "2026-10-24T21:00+02:00",
                Some("2026-10-25T07:00+01:00"),
            ),
            // 02:30 is left out: it is 03:30.
            (
                "22:00",
                "02:30",
                "2026-03-29T03:15+02:00",
                Some("2026-03-29T03:30+02:00"),
            ),
            ("22:00", "02:30", "2026-03-29T03:30+02:00", None),
            ("02:30", "06:00", "2026-03-29T03:15+02:00", None),
            ("02:30", "03:00", "2026-03-29T03:15+02:00", None),
            // 02:30 comes twice: the first counts.
            (
                "22:00",
                "02:30",
                "2026-10-25T02:15+02:00",
                Some("2026-10-25T02:30+02:00"),
            ),
            ("22:00", "02:30", "2026-10-25T02:15+01:00", None),
            ("02:30", "06:00", "2026-10-25T02:15+02:00", None),
            (
                "02:30",
                "06:00",
                "2026-10-25T02:15+01:00",
                Some("2026-10-25T06:00+01:00"),
            ),
        ] {
            let hours = QuietHours::parse(from, to).unwrap();
            let end = end.map(|end| end.parse::<Timestamp>().unwrap());
            let at: Timestamp = at.parse().unwrap();
            assert_eq!(hours.end(at, &belgium()), end, "{from} to {to} at {at}");
        }
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        use QuietHoursError::{Empty, NotATime};

        assert_eq!(QuietHours::parse("20:00", "07:00"), Ok(QuietHours::NIGHT));
        for (from, to, refused) in [
            ("", "07:00", NotATime(String::new())),
            ("20:00", "", NotATime(String::new())),
            ("24:00", "07:00", NotATime("24:00".to_owned())),
            ("20:00", "7", NotATime("7".to_owned())),
            ("20:00:30", "07:00", NotATime("20:00:30".to_owned())),
            ("8 pm", "07:00", NotATime("8 pm".to_owned())),
            ("20:00", "20:00", Empty("20:00".to_owned())),
            ("00:00", "0:00", Empty("00:00".to_owned())),
        ] {
            assert_eq!(QuietHours::parse(from, to), Err(refused), "{from} to {to}");
        }
    }

    proptest! {
        /// Quiet hours end within a day, and then mail goes out.
        #[test]
        fn quiet_hours_end(minutes in 0_i64..525_600, from in 4_i8..24, to in 4_i8..24) {
            let Some(hours) = QuietHours::between(time(from, 0, 0, 0), time(to, 0, 0, 0)) else {
                return Ok(());
            };
            let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let at = start + jiff::SignedDuration::from_mins(minutes);
            if let Some(end) = hours.end(at, &belgium()) {
                prop_assert!(at < end);
                prop_assert!(end.duration_since(at) <= jiff::SignedDuration::from_hours(24));
                prop_assert_eq!(hours.end(end, &belgium()), None);
            }
        }
    }
}
