//! The legal public holidays of Belgium.

use jiff::{ToSpan, civil::Date};

/// A legal public holiday in Belgium: the ten of the Royal Decree of 18 April 1974, article 1,
/// which carries out the Public Holidays Act of 4 January 1974.
///
/// The replacement day that an employer grants for a holiday on a Saturday or Sunday is that
/// organisation's own closed date, not one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holiday {
    /// 1 January.
    NewYear,
    /// The day after Easter.
    EasterMonday,
    /// 1 May.
    LabourDay,
    /// 39 days after Easter, a Thursday.
    Ascension,
    /// 50 days after Easter.
    WhitMonday,
    /// 21 July.
    NationalDay,
    /// 15 August.
    Assumption,
    /// 1 November.
    AllSaints,
    /// 11 November.
    Armistice,
    /// 25 December.
    Christmas,
}

impl Holiday {
    /// All ten, in the order of the year.
    pub const ALL: [Self; 10] = [
        Self::NewYear,
        Self::EasterMonday,
        Self::LabourDay,
        Self::Ascension,
        Self::WhitMonday,
        Self::NationalDay,
        Self::Assumption,
        Self::AllSaints,
        Self::Armistice,
        Self::Christmas,
    ];

    /// The Dutch name, as on a calendar.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewYear => "Nieuwjaar",
            Self::EasterMonday => "Paasmaandag",
            Self::LabourDay => "Dag van de Arbeid",
            Self::Ascension => "Onze-Lieve-Heer-Hemelvaart",
            Self::WhitMonday => "Pinkstermaandag",
            Self::NationalDay => "Nationale feestdag",
            Self::Assumption => "Onze-Lieve-Vrouw-Hemelvaart",
            Self::AllSaints => "Allerheiligen",
            Self::Armistice => "Wapenstilstand",
            Self::Christmas => "Kerstmis",
        }
    }

    /// The day on which it falls; none for a year outside -9999 to 9999.
    #[must_use]
    pub fn date_in(self, year: i16) -> Option<Date> {
        let fixed = |month, day| Date::new(year, month, day).ok();
        let after_easter = |days: i64| easter(year)?.checked_add(days.days()).ok();
        match self {
            Self::NewYear => fixed(1, 1),
            Self::EasterMonday => after_easter(1),
            Self::LabourDay => fixed(5, 1),
            Self::Ascension => after_easter(39),
            Self::WhitMonday => after_easter(50),
            Self::NationalDay => fixed(7, 21),
            Self::Assumption => fixed(8, 15),
            Self::AllSaints => fixed(11, 1),
            Self::Armistice => fixed(11, 11),
            Self::Christmas => fixed(12, 25),
        }
    }

    /// The holiday on this day, if it is one. When Ascension falls on 1 May (as in 2008), the
    /// answer is Labour Day.
    #[must_use]
    pub fn on(date: Date) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|holiday| holiday.date_in(date.year()) == Some(date))
    }
}

/// Easter Sunday in the Gregorian calendar, by the algorithm that an anonymous correspondent sent
/// to *Nature* in 1876, as given in J. Meeus, *Astronomical Algorithms* (1991), chapter 8.
fn easter(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let golden = year_number.rem_euclid(19);
    let (century, in_century) = (year_number.div_euclid(100), year_number.rem_euclid(100));
    let moon_correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let full_moon =
        (19 * golden + century - century.div_euclid(4) - moon_correction + 15).rem_euclid(30);
    let to_sunday =
        (32 + 2 * century.rem_euclid(4) + 2 * (in_century / 4) - full_moon - in_century % 4)
            .rem_euclid(7);
    // Keeps Easter on or before 25 April.
    let too_late = (golden + 11 * full_moon + 22 * to_sunday).div_euclid(451);
    let days_from_22_march = full_moon + to_sunday - 7 * too_late;
    Date::new(year, 3, 22)
        .ok()?
        .checked_add(days_from_22_march.days())
        .ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn easter_of_2024_to_2035() {
        let published = [
            date(2024, 3, 31),
            date(2025, 4, 20),
            date(2026, 4, 5),
            date(2027, 3, 28),
            date(2028, 4, 16),
            date(2029, 4, 1),
            date(2030, 4, 21),
            date(2031, 4, 13),
            date(2032, 3, 28),
            date(2033, 4, 17),
            date(2034, 4, 9),
            date(2035, 3, 25),
        ];
        for easter_sunday in published {
            assert_eq!(easter(easter_sunday.year()), Some(easter_sunday));
        }
    }

    /// The years in which a rule of thumb goes wrong.
    #[test]
    fn easter_at_its_limits() {
        for (year, month, day) in [
            (1818, 3, 22),
            (1943, 4, 25),
            (1954, 4, 18),
            (1981, 4, 19),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn holidays_of_2026() {
        let dates: Vec<_> = Holiday::ALL
            .into_iter()
            .filter_map(|h| h.date_in(2026))
            .collect();
        let expected = [
            (1, 1),
            (4, 6),
            (5, 1),
            (5, 14),
            (5, 25),
            (7, 21),
            (8, 15),
            (11, 1),
            (11, 11),
            (12, 25),
        ];
        assert_eq!(dates, expected.map(|(month, day)| date(2026, month, day)));
    }

    #[test]
    fn a_day_is_named_once() {
        assert_eq!(
            Holiday::on(date(2026, 5, 25)).map(Holiday::name),
            Some("Pinkstermaandag")
        );
        assert_eq!(Holiday::on(date(2008, 5, 1)), Some(Holiday::LabourDay));
        // The holiday of the Flemish Community is not a legal one.
        assert_eq!(Holiday::on(date(2026, 7, 11)), None);
        // Good Friday is not one in Belgium.
        assert_eq!(Holiday::on(date(2026, 4, 3)), None);
    }

    proptest! {
        #[test]
        fn moving_holidays_keep_their_weekday(year in 1583_i16..9999) {
            let weekday = |holiday: Holiday| holiday.date_in(year).map(Date::weekday);
            prop_assert_eq!(weekday(Holiday::EasterMonday), Some(Weekday::Monday));
            prop_assert_eq!(weekday(Holiday::Ascension), Some(Weekday::Thursday));
            prop_assert_eq!(weekday(Holiday::WhitMonday), Some(Weekday::Monday));
            let easter = easter(year).unwrap();
            prop_assert!(date(year, 3, 22) <= easter && easter <= date(year, 4, 25));
        }

        #[test]
        fn every_holiday_is_found_on_its_day(year in 1583_i16..9999, which in 0..10_usize) {
            let holiday = Holiday::ALL[which];
            let found = Holiday::on(holiday.date_in(year).unwrap()).unwrap();
            prop_assert!(found == holiday || holiday == Holiday::Ascension);
        }
    }
}
