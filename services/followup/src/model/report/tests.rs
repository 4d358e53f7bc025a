//! Trying to compute what was hidden: what an attacker can do who knows everything that is
//! published, how it adds up, the rule, and more than that.

use std::{
    collections::{BTreeSet, HashMap},
    slice,
};

use jiff::SignedDuration;
use knipperlicht_vocabulary::{ClockKind, Need, Observation, ReporterRole};
use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    By, Cell, Counts, Divided, Line, Measure, TimeStep, Topic, overlapping, parts_of, primary,
    report,
};

/// No count is larger.
const PLENTY: i64 = 1_000_000;

/// What an attacker knows of a cell: it lies between these, both included.
type Interval = (i64, i64);

/// Some cells add up to something between two numbers.
struct Sum {
    cells: Vec<usize>,
    between: Interval,
}

/// Narrows what is known of each cell by all the sums, until nothing changes any more. For sums that
/// have no two cells in common, this is as far as anybody gets.
fn narrow(known: &mut [Interval], sums: &[Sum]) {
    loop {
        let before = known.to_vec();
        for Sum { cells, between } in sums {
            let least: i64 = cells.iter().map(|cell| known[*cell].0).sum();
            let most: i64 = cells.iter().map(|cell| known[*cell].1).sum();
            for cell in cells {
                let (low, high) = known[*cell];
                let others_least = least - low;
                let others_most = most - high;
                known[*cell] = (
                    low.max(between.0 - others_most),
                    high.min(between.1 - others_least),
                );
            }
        }
        if before == known {
            return;
        }
    }
}

fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap()
}

/// What is known of a cell before anything is added up. Of a hidden one an attacker may have been
/// told that it is small.
fn at_first(cell: Cell, truth: u64, told: bool) -> Interval {
    match cell {
        Cell::Shown(count) => (int(count), int(count)),
        Cell::Hidden if told && truth < 10 => (0, 9),
        Cell::Hidden => (0, PLENTY),
    }
}

/// Attacks the parts of one total. What is known of each in the end.
fn attack(parts: &[u64], cells: &[Cell], total: Cell, told: bool) -> Vec<Interval> {
    let mut known: Vec<Interval> = cells
        .iter()
        .zip(parts)
        .map(|(cell, part)| at_first(*cell, *part, told))
        .collect();
    let between = total
        .shown()
        .map_or((0, PLENTY), |total| (int(total), int(total)));
    let cells = (0..parts.len()).collect();
    narrow(&mut known, &[Sum { cells, between }]);
    known
}

fn parts() -> impl Strategy<Value = Vec<u64>> {
    vec(
        prop_oneof![3 => 0_u64..10, 2 => 10_u64..30, 1 => 30_u64..500],
        2..12,
    )
}

#[test]
fn primary_suppression_alone_is_subtracted_back() {
    let parts = [60, 40, 3];
    let total = Cell::Shown(103);
    let cells = parts.map(primary);
    let known = attack(&parts, &cells, total, false);
    assert_eq!(
        known[2],
        (3, 3),
        "the attack must find what is not protected"
    );

    let Divided { total, divisions } = parts_of(103, &[parts.to_vec()]);
    assert_eq!(total, Cell::Shown(103));
    let known = attack(&parts, &divisions[0], total, true);
    assert_eq!(known[2], (0, 9));
}

/// And what was enough on paper: the sum of all that are hidden is itself small.
#[test]
fn small_ones_do_not_protect_each_other_by_their_number_alone() {
    for parts in [vec![30, 2, 3], vec![30, 9, 9]] {
        let cells: Vec<Cell> = parts.iter().copied().map(primary).collect();
        let total = Cell::Shown(parts.iter().sum());
        let unprotected = attack(&parts, &cells, total, true);
        assert_ne!(unprotected[1], (0, 9), "{parts:?}");
        let Divided { total, divisions } = parts_of(parts.iter().sum(), slice::from_ref(&parts));
        assert_eq!(
            attack(&parts, &divisions[0], total, true)[1],
            (0, 9),
            "{parts:?}"
        );
    }
}

/// Where no signal has two observations, what is shown bounds the rest from below.
#[test]
fn what_does_not_overlap_is_protected_as_if_it_added_up() {
    let mut counts = vec![12; 26];
    counts.push(5);
    let total: u64 = counts.iter().sum();
    let open = |cells: &[Cell]| {
        let mut known: Vec<Interval> = cells
            .iter()
            .zip(&counts)
            .map(|(cell, count)| at_first(*cell, *count, true))
            .collect();
        let cells = (0..27).collect();
        let between = (int(total), PLENTY);
        narrow(&mut known, &[Sum { cells, between }]);
        known[26]
    };
    let unprotected: Vec<Cell> = counts.iter().copied().map(primary).collect();
    assert_eq!(open(&unprotected), (5, 9));
    assert_eq!(open(&overlapping(&counts)), (0, 9));
}

/// Every table there can be, published; then all that look alike are compared. Whoever knows the
/// rule to the letter cannot know more than this.
#[test]
fn tables_that_look_alike_leave_every_small_cell_open() {
    for (length, largest) in [(2, 80), (3, 60), (4, 45)] {
        for total in 10..=largest {
            let mut alike: HashMap<Vec<Cell>, Vec<Vec<u64>>> = HashMap::new();
            for parts in compositions(total, length) {
                let divided = parts_of(total, slice::from_ref(&parts));
                if divided.total != Cell::Hidden {
                    let look = divided.divisions.into_iter().flatten().collect();
                    alike.entry(look).or_default().push(parts);
                }
            }
            assert!(!alike.is_empty() || total < 19);
            for tables in alike.values() {
                for at in 0..length {
                    let values: BTreeSet<u64> = tables.iter().map(|parts| parts[at]).collect();
                    if values.first().is_some_and(|least| *least < 10) {
                        assert!((0..10).all(|small| values.contains(&small)), "{tables:?}");
                    }
                }
            }
        }
    }
}

/// As above, of counts that overlap: each thing has one or more of them.
#[test]
fn overlapping_tables_that_look_alike_leave_every_small_cell_open() {
    let primary_alone = |counts: &[u64]| counts.iter().copied().map(primary).collect();
    // Hidden besides only where something is missing from the sum, as everybody can see.
    let by_what_is_missing = |total: u64| {
        move |counts: &[u64]| -> Vec<Cell> {
            let large = counts.iter().filter(|count| **count >= 10);
            if large.sum::<u64>() < total {
                overlapping(counts)
            } else {
                counts.iter().copied().map(primary).collect()
            }
        }
    };
    let (mut primary_holds, mut missing_holds) = (true, true);
    for (length, largest) in [(2, 60), (3, 32), (4, 18)] {
        for total in 10..=largest {
            let tables = overlaps(total, length);
            assert!(leave_small_ones_open(&tables, overlapping), "of {total}");
            primary_holds &= leave_small_ones_open(&tables, primary_alone);
            missing_holds &= leave_small_ones_open(&tables, by_what_is_missing(total));
        }
    }
    assert!(!primary_holds && !missing_holds, "the attack must succeed");
}

/// Whether of all tables that look alike, once suppressed, each small count can be any.
fn leave_small_ones_open(tables: &[Vec<u64>], suppress: impl Fn(&[u64]) -> Vec<Cell>) -> bool {
    const ALL_SMALL: u16 = (1 << 10) - 1;
    let mut alike: HashMap<Vec<Cell>, Vec<u16>> = HashMap::new();
    for counts in tables {
        let small = alike.entry(suppress(counts));
        let small = small.or_insert_with(|| vec![0; counts.len()]);
        for (small, count) in small.iter_mut().zip(counts) {
            *small |= if *count < 10 { 1 << count } else { 0 };
        }
    }
    let mut small = alike.values().flatten();
    small.all(|small| [0, ALL_SMALL].contains(small))
}

/// All counts that so many things can give of which each has one or more of so many marks.
fn overlaps(total: u64, length: usize) -> Vec<Vec<u64>> {
    let mut tables = vec![Vec::new()];
    for _ in 0..length {
        tables = tables
            .iter()
            .flat_map(|counts| {
                (0..=total).map(|count| {
                    let mut counts = counts.clone();
                    counts.push(count);
                    counts
                })
            })
            .collect();
    }
    tables.retain(|counts| counts.iter().sum::<u64>() >= total);
    tables
}

/// Every way to divide a total into so many parts.
fn compositions(total: u64, length: usize) -> Vec<Vec<u64>> {
    if length == 1 {
        return vec![vec![total]];
    }
    (0..=total)
        .flat_map(|first| {
            compositions(total - first, length - 1)
                .into_iter()
                .map(move |mut rest| {
                    rest.push(first);
                    rest
                })
        })
        .collect()
}

/// The sums that everybody knows of a published year.
fn sums(lines: &[Line]) -> Vec<Sum> {
    let of = |topic: Topic, code: Option<&str>| -> Vec<usize> {
        let is_meant =
            |line: &Line| line.topic == topic && code.is_none_or(|code| line.code == code);
        (0..lines.len())
            .filter(|at| is_meant(&lines[*at]))
            .collect()
    };
    // A total that is not published ties nothing together that would be shown beside it.
    let between = |at: usize| lines[at].cell.shown().map(int);
    let mut sums = Vec::new();
    let signals = of(Topic::Signals, None)[0];
    if let Some(total) = between(signals) {
        sums.push(Sum {
            cells: of(Topic::SignalsByRole, None),
            between: (total, total),
        });
        let observed = of(Topic::SignalsByObservation, None);
        for cell in &observed {
            sums.push(Sum {
                cells: vec![*cell],
                between: (0, total),
            });
        }
        sums.push(Sum {
            cells: observed,
            between: (total, PLENTY),
        });
    }
    for kind in ["accept", "first_contact", "outcome"] {
        let done = of(Topic::Done, Some(kind))[0];
        let Some(total) = between(done) else { continue };
        let mut timely = of(Topic::Kept, Some(kind));
        timely.extend(of(Topic::Late, Some(kind)));
        // A percentage that is shown bounds the parts as well.
        if let Some(percent) = between(of(Topic::WithinPromise, Some(kind))[0]) {
            sums.push(Sum {
                cells: vec![timely[0]],
                between: (total * percent / 100, total * (percent + 1) / 100 + 1),
            });
        }
        sums.push(Sum {
            cells: timely,
            between: (total, total),
        });
        if kind == "outcome" {
            sums.push(Sum {
                cells: of(Topic::Outcomes, None),
                between: (total, total),
            });
        }
    }
    sums
}

/// What a line is of in truth; nothing for what is computed from others.
fn truth(line: &Line, counts: &Counts) -> Option<u64> {
    let one = |measure| counts.get(&measure).copied().unwrap_or_default();
    let measure = match line.topic {
        Topic::SignalsByRole => Measure::Role(line.code.parse().unwrap()),
        Topic::SignalsByObservation => Measure::Observation(line.code.parse().unwrap()),
        Topic::SignalsWithdrawn => Measure::Withdrawn,
        Topic::Kept => Measure::Kept(line.code.parse().unwrap()),
        Topic::Late => Measure::Late(line.code.parse().unwrap()),
        Topic::Broken => Measure::Broken(line.code.parse().unwrap()),
        Topic::Outcomes => Measure::of_key("outcome", &line.code).unwrap(),
        Topic::Confirmed => Measure::Confirmed,
        Topic::Reopened => Measure::of_key("reopened", &line.code).unwrap(),
        Topic::UnmetNeeds => Measure::Unmet(line.code.parse().unwrap()),
        _ => return None,
    };
    Some(one(measure))
}

/// A year in which everything adds up: each signal has a role and one to three observations, what is
/// closed ended somehow.
fn years() -> impl Strategy<Value = Counts> {
    let signal = (
        prop_oneof![
            6 => select(&ReporterRole::ALL[..4]),
            1 => select(ReporterRole::ALL),
        ],
        prop_oneof![
            6 => select(&Observation::ALL[..5]),
            1 => select(Observation::ALL),
        ],
        prop_oneof![4 => Just(None), 1 => select(Observation::ALL).prop_map(Some)],
    );
    let outcomes: Vec<Measure> = Measure::outcomes().collect();
    let closed = (
        prop_oneof![4 => select(outcomes[..3].to_vec()), 1 => select(outcomes)],
        prop::bool::weighted(0.9),
    );
    let other = prop_oneof![
        Just(Measure::Withdrawn),
        Just(Measure::Confirmed),
        select(&By::ALL[..]).prop_map(Measure::Reopened),
        select(Need::ALL).prop_map(Measure::Unmet),
        select(ClockKind::ALL).prop_map(Measure::Broken),
        Just(Measure::Kept(ClockKind::Accept)),
        Just(Measure::Late(ClockKind::Accept)),
        Just(Measure::Kept(ClockKind::FirstContact)),
    ];
    (vec(signal, 0..300), vec(closed, 0..120), vec(other, 0..200)).prop_map(
        |(signals, closed, others)| {
            let mut counts = Counts::new();
            let mut count = |measure| *counts.entry(measure).or_default() += 1;
            for (role, one, another) in signals {
                count(Measure::Role(role));
                count(Measure::Observation(one));
                if let Some(another) = another.filter(|another| *another != one) {
                    count(Measure::Observation(another));
                }
            }
            for (outcome, kept) in closed {
                count(outcome);
                count(Measure::Took(
                    ClockKind::Outcome,
                    TimeStep::of(SignedDuration::ZERO),
                ));
                count(if kept {
                    Measure::Kept(ClockKind::Outcome)
                } else {
                    Measure::Late(ClockKind::Outcome)
                });
            }
            for other in others {
                count(other);
            }
            counts
        },
    )
}

proptest! {
    #[test]
    fn the_parts_of_a_total_leave_every_small_one_open(parts in parts()) {
        let sum = parts.iter().sum();
        let Divided { total, divisions } = parts_of(sum, slice::from_ref(&parts));
        for told in [false, true] {
            let known = attack(&parts, &divisions[0], total, told);
            for (at, part) in parts.iter().enumerate() {
                if *part < 10 {
                    prop_assert_eq!(divisions[0][at], Cell::Hidden);
                    prop_assert!(known[at].0 == 0 && known[at].1 >= 9, "{:?} of {:?}", known[at], parts);
                } else if divisions[0][at] == Cell::Hidden {
                    prop_assert!(known[at].1 - known[at].0 >= 9, "{:?} of {:?}", known[at], parts);
                }
            }
        }
    }

    /// The same attack finds what stands bare where nothing but the threshold rule was followed, or
    /// the test above would prove nothing.
    #[test]
    fn without_complements_the_attack_succeeds(small in 0_u64..10, large in vec(10_u64..500, 1..8)) {
        let mut parts = large;
        parts.push(small);
        let cells: Vec<Cell> = parts.iter().copied().map(primary).collect();
        let known = attack(&parts, &cells, Cell::Shown(parts.iter().sum()), false);
        prop_assert_eq!(known[parts.len() - 1], (int(small), int(small)));
    }

    #[test]
    fn overlapping_counts_leave_every_small_one_open(
        counts in vec(prop_oneof![3 => 0_u64..10, 1 => 10_u64..60], 27),
        spread in 0_u64..100,
    ) {
        // Between all in one signal and each in one of its own.
        let (least, most) = (counts.iter().max().copied().unwrap_or_default(), counts.iter().sum::<u64>());
        let total = primary(least + (most - least) * spread / 99);
        let cells = overlapping(&counts);
        let mut known: Vec<Interval> = cells
            .iter()
            .zip(&counts)
            .map(|(cell, count)| at_first(*cell, *count, true))
            .collect();
        let mut sums = Vec::new();
        if let Cell::Shown(total) = total {
            sums.extend((0..27).map(|cell| Sum { cells: vec![cell], between: (0, int(total)) }));
            sums.push(Sum { cells: (0..27).collect(), between: (int(total), PLENTY) });
        }
        narrow(&mut known, &sums);
        for (at, count) in counts.iter().enumerate() {
            if *count < 10 {
                prop_assert_eq!(known[at], (0, 9));
            }
        }
    }

    #[test]
    fn a_whole_year_leaves_every_small_figure_open(counts in years()) {
        let lines = report(&counts);
        let cell = |topic| lines.iter().find(|line| line.topic == topic && line.code == "outcome").unwrap().cell;
        if cell(Topic::Done) == Cell::Hidden {
            prop_assert_eq!(cell(Topic::Median), Cell::Hidden, "tells that there are 20");
        }
        let sums = sums(&lines);
        for told in [false, true] {
            let mut known: Vec<Interval> = lines
                .iter()
                .map(|line| at_first(line.cell, truth(line, &counts).unwrap_or(PLENTY.unsigned_abs()), told))
                .collect();
            narrow(&mut known, &sums);
            for (line, known) in lines.iter().zip(known) {
                if truth(line, &counts).is_some_and(|truth| truth < 10) {
                    prop_assert_eq!(line.cell, Cell::Hidden);
                    prop_assert!(known.0 == 0 && known.1 >= 9, "{:?}: {:?}", line, known);
                }
            }
        }
    }
}
