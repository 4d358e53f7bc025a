//! A year of a zone, line by line.

use knipperlicht_vocabulary::{ClockKind, Consent, Need, Observation, ReporterRole};

use super::{
    By, Cell, Counts, Divided, Durations, LoopAge, Measure, overlapping, parts_of, primary,
};

/// What a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Signals.
    Signals,
    /// Signals by who flagged them.
    SignalsByRole,
    /// Signals in which something was noticed; one signal counts for each.
    SignalsByObservation,
    /// Signals that were taken back.
    SignalsWithdrawn,
    /// Signals of carers who did not agree, and carers who stopped agreeing, by consent.
    NotShared,
    /// How often what was promised was done: accepted, reached the carer, closed.
    Done,
    /// How long half of those took at most, in seconds.
    Median,
    /// How long nine in ten of those took at most, in seconds.
    Ninetieth,
    /// How many of those were done in time.
    Kept,
    /// How many of those were done late.
    Late,
    /// Which share of those was done in time, in whole percents, rounded down.
    WithinPromise,
    /// How many promises ran out, whether or not they were kept later.
    Broken,
    /// How follow-ups ended.
    Outcomes,
    /// Carers who said that it helped.
    Confirmed,
    /// Follow-ups that were opened again.
    Reopened,
    /// Coordinator's items because nobody could be asked, by need.
    UnmetNeeds,
    /// Loops that are open now.
    OpenLoops,
    /// Loops that are open now, by how long they have been.
    OpenLoopsByAge,
}

/// One figure of a report, as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is of.
    pub topic: Topic,
    /// A code of that topic's list; empty where there is one figure only.
    pub code: String,
    /// The figure.
    pub cell: Cell,
}

/// What is promised to be done, and how long it took.
const PROMISES: [ClockKind; 3] = [
    ClockKind::Accept,
    ClockKind::FirstContact,
    ClockKind::Outcome,
];

/// What may be published of what was counted in a year.
#[must_use]
pub fn report(counts: &Counts) -> Vec<Line> {
    let mut lines = Lines {
        counts,
        lines: Vec::new(),
    };
    lines.signals();
    for kind in PROMISES {
        lines.promise(kind);
    }
    for kind in ClockKind::ALL {
        lines.single(Topic::Broken, Measure::Broken(*kind), kind.code());
    }
    lines.single(Topic::Confirmed, Measure::Confirmed, "");
    for by in By::ALL {
        lines.single(Topic::Reopened, Measure::Reopened(by), by.code());
    }
    for need in Need::ALL {
        lines.single(Topic::UnmetNeeds, Measure::Unmet(*need), need.code());
    }
    lines.lines
}

/// What may be published of the loops that are open, by age.
#[must_use]
pub fn open_loops(ages: &[LoopAge]) -> Vec<Line> {
    let counts = LoopAge::ALL.map(|age| count(ages.iter().filter(|one| **one == age)));
    let Divided { total, divisions } = parts_of(count(ages), &[counts.to_vec()]);
    let parts = LoopAge::ALL.iter().zip(divisions.into_iter().flatten());
    let parts = parts.map(|(age, cell)| Line::of(Topic::OpenLoopsByAge, age.code(), cell));
    std::iter::once(Line::of(Topic::OpenLoops, "", total))
        .chain(parts)
        .collect()
}

fn count<T>(things: impl IntoIterator<Item = T>) -> u64 {
    u64::try_from(things.into_iter().count()).unwrap_or(u64::MAX)
}

impl Line {
    fn of(topic: Topic, code: &str, cell: Cell) -> Self {
        Self {
            topic,
            code: code.to_owned(),
            cell,
        }
    }
}

struct Lines<'c> {
    counts: &'c Counts,
    lines: Vec<Line>,
}

impl Lines<'_> {
    fn count(&self, measure: Measure) -> u64 {
        self.counts.get(&measure).copied().unwrap_or_default()
    }

    fn add(&mut self, topic: Topic, code: &str, cell: Cell) {
        self.lines.push(Line::of(topic, code, cell));
    }

    /// A figure that is part of no sum.
    fn single(&mut self, topic: Topic, measure: Measure, code: &str) {
        self.add(topic, code, primary(self.count(measure)));
    }

    /// Every signal has one role, and one observation or more.
    fn signals(&mut self) {
        let roles: Vec<u64> = ReporterRole::ALL
            .iter()
            .map(|role| self.count(Measure::Role(*role)))
            .collect();
        let observed: Vec<u64> = Observation::ALL
            .iter()
            .map(|observation| self.count(Measure::Observation(*observation)))
            .collect();
        let Divided { total, divisions } = parts_of(roles.iter().sum(), &[roles]);
        self.add(Topic::Signals, "", total);
        for (role, cell) in ReporterRole::ALL
            .iter()
            .zip(divisions.into_iter().flatten())
        {
            self.add(Topic::SignalsByRole, role.code(), cell);
        }
        let observations = Observation::ALL.iter().zip(overlapping(&observed));
        for (observation, cell) in observations {
            self.add(Topic::SignalsByObservation, observation.code(), cell);
        }
        self.single(Topic::SignalsWithdrawn, Measure::Withdrawn, "");
        for consent in [Consent::Refused, Consent::Withdrawn] {
            self.single(
                Topic::NotShared,
                Measure::NotShared(consent),
                consent.code(),
            );
        }
    }

    /// What was done was done in time or late; and what was closed was closed in some way.
    fn promise(&mut self, kind: ClockKind) {
        let timely = vec![
            self.count(Measure::Kept(kind)),
            self.count(Measure::Late(kind)),
        ];
        let outcomes: Vec<Measure> = match kind {
            ClockKind::Outcome => Measure::outcomes().collect(),
            _ => Vec::new(),
        };
        let mut ways = vec![timely.clone()];
        if !outcomes.is_empty() {
            ways.push(outcomes.iter().map(|one| self.count(*one)).collect());
        }
        let Divided { total, divisions } = parts_of(timely.iter().sum(), &ways);
        let mut divisions = divisions.into_iter();
        let timely = divisions.next().unwrap_or_default();

        self.add(Topic::Done, kind.code(), total);
        self.took(kind, total);
        let shown: Vec<u64> = timely.iter().filter_map(|cell| cell.shown()).collect();
        let within = match shown[..] {
            [kept, late] => Cell::Shown(100 * kept / (kept + late)),
            _ => Cell::Hidden,
        };
        for (topic, cell) in [Topic::Kept, Topic::Late].into_iter().zip(timely) {
            self.add(topic, kind.code(), cell);
        }
        self.add(Topic::WithinPromise, kind.code(), within);
        for (outcome, cell) in outcomes.iter().zip(divisions.flatten()) {
            self.add(Topic::Outcomes, &outcome.key().1, cell);
        }
    }

    /// That there is a percentile says that there are enough of them: it goes with their number.
    fn took(&mut self, kind: ClockKind, total: Cell) {
        let mut durations = Durations::default();
        for (measure, count) in self.counts {
            if let Measure::Took(of, step) = measure
                && *of == kind
            {
                durations.add(*step, *count);
            }
        }
        for (topic, percent) in [(Topic::Median, 50), (Topic::Ninetieth, 90)] {
            let told = durations
                .percentile(percent)
                .filter(|_| total != Cell::Hidden)
                .and_then(|told| u64::try_from(told.as_secs()).ok());
            self.add(topic, kind.code(), told.map_or(Cell::Hidden, Cell::Shown));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use knipperlicht_vocabulary::{OutcomeReason, OutcomeResult};

    use super::*;
    use crate::model::report::TimeStep;

    fn cell(lines: &[Line], topic: Topic, code: &str) -> Cell {
        let line = lines
            .iter()
            .find(|line| line.topic == topic && line.code == code);
        line.unwrap_or_else(|| panic!("no line {topic:?} {code}"))
            .cell
    }

    fn day() -> TimeStep {
        TimeStep::of(SignedDuration::from_hours(24))
    }

    #[test]
    fn a_year_of_a_busy_zone() {
        let counts = Counts::from([
            (Measure::Role(ReporterRole::Cleaner), 40),
            (Measure::Role(ReporterRole::Nurse), 60),
            (Measure::Role(ReporterRole::Teacher), 3),
            (Measure::Observation(Observation::Exhausted), 99),
            (Measure::Observation(Observation::Isolated), 12),
            (Measure::Kept(ClockKind::Accept), 80),
            (Measure::Late(ClockKind::Accept), 20),
            (Measure::Took(ClockKind::Accept, day()), 100),
            (Measure::Unmet(Need::Safety), 10),
            (Measure::Unmet(Need::Respite), 9),
        ]);
        let lines = report(&counts);
        let shown = |topic, code| cell(&lines, topic, code).shown();
        assert_eq!(shown(Topic::Signals, ""), Some(103));
        assert_eq!(shown(Topic::SignalsByRole, "cleaner"), Some(40));
        assert_eq!(shown(Topic::SignalsByRole, "teacher"), None);
        assert_eq!(
            shown(Topic::SignalsByRole, "nurse"),
            None,
            "the complement of the teachers"
        );
        assert_eq!(shown(Topic::SignalsByObservation, "exhausted"), Some(99));
        assert_eq!(
            shown(Topic::SignalsByObservation, "isolated"),
            None,
            "the complement of those that were hardly noticed"
        );
        assert_eq!(shown(Topic::Done, "accept"), Some(100));
        assert_eq!(shown(Topic::WithinPromise, "accept"), Some(80));
        let hours = shown(Topic::Median, "accept").unwrap() / 3_600;
        assert!((23..=25).contains(&hours), "{hours}");
        assert!(shown(Topic::Ninetieth, "accept").is_some());
        assert_eq!(shown(Topic::Median, "outcome"), None);
        assert_eq!(shown(Topic::UnmetNeeds, "safety"), Some(10));
        assert_eq!(shown(Topic::UnmetNeeds, "respite"), None);
    }

    /// The closed ones are divided in two ways: what hides in one must not show by the other.
    #[test]
    fn two_divisions_of_one_total_hide_together() {
        let counts = Counts::from([
            (Measure::Kept(ClockKind::Outcome), 15),
            (Measure::Late(ClockKind::Outcome), 12),
            (Measure::outcome(OutcomeResult::Helped, None), 12),
            (Measure::outcome(OutcomeResult::PartlyHelped, None), 12),
            (
                Measure::outcome(OutcomeResult::NotHelped, Some(OutcomeReason::Moved)),
                3,
            ),
            // That half of them took a day says that there were 20.
            (Measure::Took(ClockKind::Outcome, day()), 27),
        ]);
        let lines = report(&counts);
        for topic in [
            Topic::Done,
            Topic::Median,
            Topic::Kept,
            Topic::Late,
            Topic::WithinPromise,
        ] {
            assert_eq!(cell(&lines, topic, "outcome"), Cell::Hidden, "{topic:?}");
        }
        for outcome in Measure::outcomes() {
            let code = outcome.key().1;
            assert_eq!(cell(&lines, Topic::Outcomes, &code), Cell::Hidden);
        }
    }

    #[test]
    fn an_empty_year_says_nothing_at_all() {
        let lines = report(&Counts::new());
        assert!(lines.iter().all(|line| line.cell == Cell::Hidden));
        assert_eq!(open_loops(&[]).len(), 5);
    }
}
