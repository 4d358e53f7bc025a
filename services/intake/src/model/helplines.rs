//! Whom to call now. Emergency never waits for the system.
//!
//! The numbers and what they are for are the public ones of Flanders (112, 1712, 1813, 106).

use knipperlicht_vocabulary::Observation;

/// A number to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Helpline {
    /// The number to dial.
    pub number: &'static str,
    /// What it is for, as a code.
    pub purpose: &'static str,
}

const LIFE: Helpline = Helpline {
    number: "112",
    purpose: "life",
};
const VIOLENCE: Helpline = Helpline {
    number: "1712",
    purpose: "violence",
};
const SUICIDE: Helpline = Helpline {
    number: "1813",
    purpose: "suicide",
};
const LISTENING: Helpline = Helpline {
    number: "106",
    purpose: "listening",
};

/// The numbers that go with what was noticed, the most pressing first; none if nothing is.
#[must_use]
pub fn call_now(observations: &[Observation]) -> Vec<Helpline> {
    let seen = |observation| observations.contains(&observation);
    let lines = [
        (
            seen(Observation::SuicidalTalk) || seen(Observation::FearOfViolence),
            LIFE,
        ),
        (seen(Observation::SuicidalTalk), SUICIDE),
        (
            seen(Observation::FearOfViolence) || seen(Observation::SuspectedRoughCareOrNeglect),
            VIOLENCE,
        ),
        (
            observations
                .iter()
                .any(|observation| observation.is_red_flag()),
            LISTENING,
        ),
    ];
    lines
        .into_iter()
        .filter_map(|(needed, line)| needed.then_some(line))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_with_what_was_noticed() {
        let numbers = |observations: &[Observation]| {
            call_now(observations)
                .into_iter()
                .map(|line| line.number)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(&[Observation::Exhausted]), Vec::<&str>::new());
        assert_eq!(
            numbers(&[Observation::SuicidalTalk]),
            ["112", "1813", "106"]
        );
        assert_eq!(
            numbers(&[Observation::SuspectedRoughCareOrNeglect]),
            ["1712", "106"]
        );
        assert_eq!(
            numbers(&[Observation::FearOfViolence, Observation::SuicidalTalk]),
            ["112", "1813", "1712", "106"]
        );
    }
}
