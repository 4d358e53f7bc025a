//! Over which time a report may be asked for.

use jiff::civil::Date;

/// Years at most in one answer. Own default.
pub const MOST_YEARS: i16 = 5;

/// Whole calendar years that are over, each with a table of its own.
///
/// No two tables overlap, so none can be subtracted from another: with any months to choose from,
/// January to December less January to November would be December, however few that were. And a year
/// that goes on would tell, asked today and tomorrow, what happened in between. Own default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first: i16,
    last: i16,
}

/// Why no report is made of a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not a day.
    #[error("`{given}` is not a day: give one such as 2026-01-01")]
    Day {
        /// What was given, cut to 40 characters.
        given: String,
    },
    /// Not whole years.
    #[error(
        "a report is made of whole calendar years, so that no two of them can be subtracted: from 1 January to 31 December"
    )]
    Whole,
    /// Too many.
    #[error("a report is made of at most {MOST_YEARS} years at once")]
    TooLong,
    /// The year goes on.
    #[error("the year {year} is not over: ask for it from 1 January {} on", .year + 1)]
    NotOver {
        /// The year.
        year: i16,
    },
}

impl Period {
    /// From the first day to the last, both included, as texts.
    pub fn parse(from: &str, to: &str, today: Date) -> Result<Self, PeriodError> {
        let day = |text: &str| {
            text.parse::<Date>().map_err(|_| PeriodError::Day {
                given: text.chars().take(40).collect(),
            })
        };
        Self::new(day(from)?, day(to)?, today)
    }

    /// From the first day to the last, both included.
    pub fn new(from: Date, to: Date, today: Date) -> Result<Self, PeriodError> {
        let whole = (from.month(), from.day()) == (1, 1) && (to.month(), to.day()) == (12, 31);
        if !whole || from > to {
            return Err(PeriodError::Whole);
        }
        let (first, last) = (from.year(), to.year());
        if last - first >= MOST_YEARS {
            return Err(PeriodError::TooLong);
        }
        if last >= today.year() {
            return Err(PeriodError::NotOver { year: last });
        }
        Ok(Self { first, last })
    }

    /// Its years, in order.
    pub fn years(self) -> impl Iterator<Item = i16> {
        self.first..=self.last
    }

    /// Its first and its last.
    #[must_use]
    pub const fn bounds(self) -> (i16, i16) {
        (self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn whole_years_that_are_over() {
        let parse = |from, to| Period::parse(from, to, date(2026, 11, 22));
        let years = |from, to| parse(from, to).unwrap().years().collect::<Vec<_>>();
        assert_eq!(years("2025-01-01", "2025-12-31"), [2025]);
        assert_eq!(years("2021-01-01", "2025-12-31").len(), 5);
        for (from, to, refused) in [
            ("2025-01-01", "2025-11-30", PeriodError::Whole),
            ("2025-01-02", "2025-12-31", PeriodError::Whole),
            ("2025-01-01", "2024-12-31", PeriodError::Whole),
            ("2020-01-01", "2025-12-31", PeriodError::TooLong),
            (
                "2026-01-01",
                "2026-12-31",
                PeriodError::NotOver { year: 2026 },
            ),
        ] {
            assert_eq!(parse(from, to), Err(refused), "{from} {to}");
        }
        assert!(matches!(
            parse("", "2025-12-31"),
            Err(PeriodError::Day { .. })
        ));
        assert!(matches!(
            parse("-009999-01-01", "9999-12-31"),
            Err(PeriodError::TooLong)
        ));
    }
}
