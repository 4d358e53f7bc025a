//! How those who are asked behave. All of it is invented.

use fastrand::Rng;
use knipperlicht_vocabulary::{
    DeclineReason, OutcomeReason, OutcomeResult, PerseveranceTime, Urgency,
};

use super::{
    carer::Burden,
    chance::{happens, pick},
};

/// How a partner answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dev::years) enum Reply {
    /// It accepts, after so many days.
    Accept(i32),
    /// It declines, after so many days.
    Decline(i32, DeclineReason),
    /// It does not answer.
    Silence,
}

/// What a carer answers when asked whether it helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dev::years) struct Confirmation {
    /// Days after they were asked.
    pub(in crate::dev::years) after: i32,
    pub(in crate::dev::years) helped: bool,
    pub(in crate::dev::years) perseverance: PerseveranceTime,
}

/// What a partner does once it accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dev::years) struct Help {
    /// Whether the first talk comes within the days that are promised for it.
    pub(in crate::dev::years) first_talk: FirstTalk,
    /// Attempts before somebody answers.
    pub(in crate::dev::years) missed_calls: u32,
    /// Days from the first talk to the end.
    pub(in crate::dev::years) completed_after: i32,
    pub(in crate::dev::years) result: OutcomeResult,
    pub(in crate::dev::years) reason: Option<OutcomeReason>,
}

/// When a partner first talks to a carer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dev::years) enum FirstTalk {
    /// The day they accept.
    AtOnce,
    /// Within the time that is promised.
    InTime,
    /// After that.
    Late,
}

impl FirstTalk {
    /// Days from acceptance. Promised are 10, 5 and 1 working days, and the same day
    /// (`services/followup/src/model/promises.rs`).
    pub(in crate::dev::years) const fn days(self, urgency: Urgency) -> i32 {
        match (self, urgency) {
            (_, Urgency::Emergency) | (Self::AtOnce, _) | (Self::InTime, Urgency::Urgent) => 0,
            (Self::InTime, Urgency::Soon) => 2,
            (Self::InTime, Urgency::Routine) => 5,
            (Self::Late, Urgency::Urgent) => 4,
            (Self::Late, Urgency::Soon) => 9,
            (Self::Late, Urgency::Routine) => 16,
        }
    }
}

/// How each partner that is asked answers, one after the other; the last one's way is repeated, so that
/// everything is taken by somebody.
pub(super) fn answers(rng: &mut Rng) -> Vec<Reply> {
    let first = match rng.u32(0..100) {
        0..86 => Reply::Accept(prompt(rng)),
        86..97 => Reply::Decline(
            prompt(rng),
            pick(
                rng,
                &[
                    (DeclineReason::NoCapacity, 6),
                    (DeclineReason::OutsideTargetGroup, 2),
                    (DeclineReason::NeedsOtherHelp, 2),
                    (DeclineReason::AlreadyKnown, 1),
                ],
            ),
        ),
        _ => Reply::Silence,
    };
    vec![first, Reply::Accept(0)]
}

/// Days until somebody answers: most keep the promise.
fn prompt(rng: &mut Rng) -> i32 {
    pick(rng, &[(0, 95), (2, 5)])
}

pub(super) fn help(rng: &mut Rng, burden: Burden) -> Help {
    let (result, reason) = outcome(rng, burden);
    Help {
        first_talk: pick(
            rng,
            &[
                (FirstTalk::AtOnce, 35),
                (FirstTalk::InTime, 58),
                (FirstTalk::Late, 7),
            ],
        ),
        missed_calls: pick(rng, &[(0, 80), (1, 20)]),
        // Most within the four weeks that are promised.
        completed_after: if happens(rng, 88) {
            rng.i32(3..17)
        } else {
            rng.i32(28..50)
        },
        result,
        reason,
    }
}

fn outcome(rng: &mut Rng, burden: Burden) -> (OutcomeResult, Option<OutcomeReason>) {
    let helped = if burden == Burden::Heavy { 58 } else { 70 };
    match rng.u32(0..100) {
        share if share < helped => (OutcomeResult::Helped, None),
        share if share < helped + 20 => (
            OutcomeResult::PartlyHelped,
            Some(pick(
                rng,
                &[(OutcomeReason::NoCapacity, 3), (OutcomeReason::Other, 2)],
            )),
        ),
        _ => (
            OutcomeResult::NotHelped,
            Some(pick(
                rng,
                &[
                    (OutcomeReason::RefusedHelp, 4),
                    (OutcomeReason::NoLongerNeeded, 3),
                    (OutcomeReason::Moved, 1),
                    (OutcomeReason::Deceased, 1),
                ],
            )),
        ),
    }
}

/// Not everybody answers, and few of those who were not helped; of the others nearly all say the same as
/// the partner.
pub(super) fn confirmation(rng: &mut Rng, result: OutcomeResult) -> Option<Confirmation> {
    let is_helped = result != OutcomeResult::NotHelped;
    if !happens(rng, if is_helped { 90 } else { 40 }) {
        return None;
    }
    let helped = is_helped && happens(rng, 92);
    let keeps_going = if helped {
        [
            (PerseveranceTime::SixToTwelveMonths, 2),
            (PerseveranceTime::OneToTwoYears, 3),
            (PerseveranceTime::OverTwoYears, 3),
        ]
    } else {
        [
            (PerseveranceTime::UnderOneMonth, 1),
            (PerseveranceTime::OneToSixMonths, 3),
            (PerseveranceTime::SixToTwelveMonths, 2),
        ]
    };
    Some(Confirmation {
        after: rng.i32(1..10),
        helped,
        perseverance: pick(rng, &keeps_going),
    })
}
