//! When a carer may be called unreachable.

use std::collections::BTreeSet;

use jiff::civil::Date;
use knipperlicht_vocabulary::ContactResult;

/// On so many different days somebody has to have tried (issue 4 of the design; how far apart they
/// are is left to whoever tries).
const DAYS: usize = 3;

/// An attempt to reach a carer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// On which day, in Belgium.
    pub day: Date,
    /// With what result.
    pub result: ContactResult,
}

/// Too early to call a carer unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "`unreachable` asks for attempts on {DAYS} different days, and so far there are {tried}: try again on another day"
)]
pub struct TriedTooLittle {
    /// On so many days somebody tried.
    pub tried: usize,
}

/// Whether a carer may be called unreachable after these attempts, the oldest first. Who was
/// reached has to be lost again first: only what came after counts.
pub fn may_be_unreachable(attempts: &[Attempt]) -> Result<(), TriedTooLittle> {
    let vain = attempts
        .iter()
        .rev()
        .take_while(|attempt| attempt.result != ContactResult::Reached);
    let days: BTreeSet<Date> = vain.map(|attempt| attempt.day).collect();
    if days.len() < DAYS {
        return Err(TriedTooLittle { tried: days.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use knipperlicht_vocabulary::ContactResult::{MessageLeft, NoAnswer, Reached};

    use super::*;

    fn tried(attempts: &[(i8, ContactResult)]) -> Result<(), usize> {
        let attempts: Vec<Attempt> = attempts
            .iter()
            .map(|(day, result)| Attempt {
                day: date(2026, 11, *day),
                result: *result,
            })
            .collect();
        may_be_unreachable(&attempts).map_err(|little| little.tried)
    }

    #[test]
    fn asks_for_three_different_days() {
        assert_eq!(tried(&[]), Err(0));
        assert_eq!(
            tried(&[(2, NoAnswer), (2, NoAnswer), (2, MessageLeft)]),
            Err(1)
        );
        assert_eq!(tried(&[(2, NoAnswer), (3, NoAnswer)]), Err(2));
        assert_eq!(
            tried(&[(2, NoAnswer), (3, MessageLeft), (9, NoAnswer)]),
            Ok(())
        );
    }

    #[test]
    fn counts_from_when_the_carer_was_last_reached() {
        let before = [(2, NoAnswer), (3, NoAnswer), (4, NoAnswer)];
        let reached = [&before[..], &[(5, Reached)]].concat();
        assert_eq!(tried(&reached), Err(0));
        let lost = [&reached[..], &[(6, NoAnswer), (7, NoAnswer)]].concat();
        assert_eq!(tried(&lost), Err(2));
        assert_eq!(tried(&[&lost[..], &[(8, MessageLeft)]].concat()), Ok(()));
    }
}
