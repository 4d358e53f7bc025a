//! What is counted.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use knipperlicht_vocabulary::{
    ClockKind, Consent, Need, Observation, OutcomeReason, OutcomeResult, ReporterRole,
};

use super::TimeStep;

/// Something that is counted, for a zone and a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// A signal, by who flagged it.
    Role(ReporterRole),
    /// A signal in which this was noticed.
    Observation(Observation),
    /// A signal that was taken back.
    Withdrawn,
    /// A signal of a carer who did not agree, or a carer who stopped agreeing since.
    NotShared(Consent),
    /// What was promised was done by the moment it was promised for.
    Kept(ClockKind),
    /// What was promised was done after it.
    Late(ClockKind),
    /// What was promised took so long.
    Took(ClockKind, TimeStep),
    /// A promise ran out before it was kept, if it ever was.
    Broken(ClockKind),
    /// A follow-up was closed; the reason where the carer was not helped.
    Outcome(OutcomeResult, Option<OutcomeReason>),
    /// The carer said that it helped.
    Confirmed,
    /// A follow-up was opened again.
    Reopened(By),
    /// A coordinator's item arose because nobody could be asked for this.
    Unmet(Need),
}

/// Who opened a follow-up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The carer.
    Carer,
    /// A reporter.
    Reporter,
    /// A partner or a coordinator.
    Desk,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Carer, Self::Reporter, Self::Desk];

    /// In one word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Carer => "by_carer",
            Self::Reporter => "by_reporter",
            Self::Desk => "by_desk",
        }
    }
}

/// How often each was counted.
pub type Counts = BTreeMap<Measure, u64>;

impl Measure {
    /// A follow-up that ended so. Only of a carer who was not helped the reason is counted: the
    /// parts of a total have to be few and large enough.
    #[must_use]
    pub fn outcome(result: OutcomeResult, reason: Option<OutcomeReason>) -> Self {
        match result {
            OutcomeResult::NotHelped => {
                Self::Outcome(result, Some(reason.unwrap_or(OutcomeReason::Other)))
            }
            OutcomeResult::Helped | OutcomeResult::PartlyHelped => Self::Outcome(result, None),
        }
    }

    /// Every way in which a follow-up can end, as it is counted.
    pub fn outcomes() -> impl Iterator<Item = Self> {
        let helped = [OutcomeResult::Helped, OutcomeResult::PartlyHelped];
        let not_helped = OutcomeReason::ALL
            .iter()
            .map(|reason| Self::Outcome(OutcomeResult::NotHelped, Some(*reason)));
        helped
            .into_iter()
            .map(|result| Self::Outcome(result, None))
            .chain(not_helped)
    }

    /// As it is stored: what is counted, and a code of its list.
    #[must_use]
    pub fn key(self) -> (&'static str, String) {
        match self {
            Self::Role(role) => ("role", role.to_string()),
            Self::Observation(observation) => ("observation", observation.to_string()),
            Self::Withdrawn => ("withdrawn", String::new()),
            Self::NotShared(consent) => ("not_shared", consent.to_string()),
            Self::Kept(kind) => ("kept", kind.to_string()),
            Self::Late(kind) => ("late", kind.to_string()),
            Self::Took(kind, step) => ("took", format!("{kind}.{}", step.number())),
            Self::Broken(kind) => ("broken", kind.to_string()),
            Self::Outcome(result, None) => ("outcome", result.to_string()),
            Self::Outcome(result, Some(reason)) => ("outcome", format!("{result}.{reason}")),
            Self::Confirmed => ("confirmed", String::new()),
            Self::Reopened(by) => ("reopened", by.code().to_owned()),
            Self::Unmet(need) => ("unmet", need.to_string()),
        }
    }

    /// What was stored so; nothing for what no version stores.
    #[must_use]
    pub fn of_key(measure: &str, code: &str) -> Option<Self> {
        let parts = || code.split_once('.');
        let measure = match measure {
            "role" => Self::Role(code.parse().ok()?),
            "observation" => Self::Observation(code.parse().ok()?),
            "withdrawn" => Self::Withdrawn,
            "not_shared" => Self::NotShared(code.parse().ok()?),
            "kept" => Self::Kept(code.parse().ok()?),
            "late" => Self::Late(code.parse().ok()?),
            "took" => {
                let (kind, step) = parts()?;
                Self::Took(kind.parse().ok()?, TimeStep::numbered(step.parse().ok()?)?)
            }
            "broken" => Self::Broken(code.parse().ok()?),
            "outcome" => match parts() {
                None => Self::Outcome(code.parse().ok()?, None),
                Some((result, reason)) => {
                    Self::Outcome(result.parse().ok()?, Some(reason.parse().ok()?))
                }
            },
            "confirmed" => Self::Confirmed,
            "reopened" => Self::Reopened(By::ALL.into_iter().find(|by| by.code() == code)?),
            "unmet" => Self::Unmet(code.parse().ok()?),
            _ => return None,
        };
        Some(measure)
    }
}

/// How long a loop has been open: since its partner was asked, or since it lies with a coordinator.
/// Own default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoopAge {
    /// Less than a week.
    UnderAWeek,
    /// Less than four weeks.
    UnderFourWeeks,
    /// Less than thirteen weeks.
    UnderThirteenWeeks,
    /// Longer.
    Older,
}

impl LoopAge {
    /// From young to old.
    pub const ALL: [Self; 4] = [
        Self::UnderAWeek,
        Self::UnderFourWeeks,
        Self::UnderThirteenWeeks,
        Self::Older,
    ];

    /// Of a loop that has been open so long.
    #[must_use]
    pub fn of(open: SignedDuration) -> Self {
        match open.as_hours() / (7 * 24) {
            ..1 => Self::UnderAWeek,
            1..4 => Self::UnderFourWeeks,
            4..13 => Self::UnderThirteenWeeks,
            13.. => Self::Older,
        }
    }

    /// In one word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnderAWeek => "under_1_week",
            Self::UnderFourWeeks => "1_to_4_weeks",
            Self::UnderThirteenWeeks => "4_to_13_weeks",
            Self::Older => "13_weeks_and_over",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        let step = TimeStep::of(SignedDuration::from_hours(30));
        let mut all = vec![
            Measure::Withdrawn,
            Measure::NotShared(Consent::Refused),
            Measure::Kept(ClockKind::Accept),
            Measure::Late(ClockKind::FirstContact),
            Measure::Took(ClockKind::Outcome, step),
            Measure::Broken(ClockKind::Confirmation),
            Measure::Confirmed,
        ];
        all.extend(ReporterRole::ALL.iter().copied().map(Measure::Role));
        all.extend(Observation::ALL.iter().copied().map(Measure::Observation));
        all.extend(Need::ALL.iter().copied().map(Measure::Unmet));
        all.extend(By::ALL.map(Measure::Reopened));
        all.extend(Measure::outcomes());
        for measure in all {
            let (name, code) = measure.key();
            assert_eq!(Measure::of_key(name, &code), Some(measure), "{name} {code}");
        }
        for (name, code) in [("role", "king"), ("took", "accept"), ("took", "accept.999")] {
            assert_eq!(Measure::of_key(name, code), None, "{name} {code}");
        }
    }

    #[test]
    fn every_ending_is_one_of_the_outcomes() {
        let outcomes: Vec<Measure> = Measure::outcomes().collect();
        for result in OutcomeResult::ALL {
            for reason in [None, Some(OutcomeReason::Moved)] {
                assert!(outcomes.contains(&Measure::outcome(*result, reason)));
            }
        }
    }

    #[test]
    fn a_loop_grows_older() {
        let age = |hours| LoopAge::of(SignedDuration::from_hours(hours)).code();
        assert_eq!(
            [-1, 0, 167, 168, 671, 672, 2183, 2184].map(age),
            [
                "under_1_week",
                "under_1_week",
                "under_1_week",
                "1_to_4_weeks",
                "1_to_4_weeks",
                "4_to_13_weeks",
                "4_to_13_weeks",
                "13_weeks_and_over"
            ]
        );
    }
}
