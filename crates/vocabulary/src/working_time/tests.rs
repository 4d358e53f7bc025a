//! Working time, by examples and by properties.

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
    fn opening_time_counts_back_to_what_was_added(
        calendar in calendars(),
        from in moments(),
        minutes in 0..20_000_i64,
    ) {
        let added = SignedDuration::from_mins(minutes);
        let until = calendar.add_opening_time(from, added);
        prop_assert_eq!(calendar.open_between(from, until), added);
        prop_assert_eq!(calendar.open_between(until, from), SignedDuration::ZERO);
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
