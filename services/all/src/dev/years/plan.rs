//! What happens in the invented years, decided beforehand: who is flagged when, and how those who are
//! asked behave. Pure, and the same every time.
//!
//! How many carers are how burdened, how old, and how often alone follows the Flemish care survey of
//! 2021 (`adults who are carers`) and the EDIZ-plus distribution of burden; everything else is
//! invented: how often people flag, answer, decline and are helped.

use fastrand::Rng;
use jiff::civil::Date;
use knipperlicht_vocabulary::{
    AgeBand, Consent, DeclineReason, Language, Observation, OutcomeReason, OutcomeResult,
    PerseveranceTime, PostalCode, ReporterRole, ZoneId,
};
use knipperlicht_zones::ZoneTable;

/// The same years at every start.
const SEED: u64 = 2021;

/// Signals a year in a zone.
const IN_A_ZONE: u32 = 25;
/// The same where a demo screen is most likely to be looked at: enough that a report has figures to
/// show, which hides all that are under ten.
const IN_A_SHOWN_ZONE: u32 = 180;
const SHOWN_ZONES: [&str; 4] = ["oostende-bredene", "gent", "leuven", "bruzel"];

/// Carers whose burden is heavy, moderate or light, of those who are flagged at all (own estimate,
/// from EDIZ-plus among all carers: 0.19, 0.27, 0.33).
const BURDENS: [(Burden, u32); 3] = [
    (Burden::Heavy, 55),
    (Burden::Moderate, 35),
    (Burden::Light, 10),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Burden {
    Light,
    Moderate,
    Heavy,
}

/// One flagged carer, and what comes of it.
#[derive(Debug, Clone)]
pub(super) struct Story {
    /// The day it is flagged.
    pub(super) day: Date,
    pub(super) postal_code: PostalCode,
    /// The demo person, or an invented colleague, who flags it.
    pub(super) reporter: String,
    pub(super) reporter_role: ReporterRole,
    pub(super) observations: Vec<Observation>,
    pub(super) consent: Consent,
    /// After so many days whoever was not asked agrees, if they do.
    pub(super) agrees_after: Option<i32>,
    pub(super) language: Language,
    pub(super) age_band: AgeBand,
    /// How each partner that is asked answers, one after the other; the last one's way is repeated.
    pub(super) answers: Vec<Reply>,
    /// Days from acceptance to the first talk.
    pub(super) reached_after: i32,
    /// Attempts before somebody answers.
    pub(super) missed_calls: u32,
    /// Days from acceptance to the end; never, for some that still run.
    pub(super) completed_after: Option<i32>,
    pub(super) result: OutcomeResult,
    pub(super) reason: Option<OutcomeReason>,
    /// What the carer answers when asked, if anything.
    pub(super) confirms: Option<Confirmation>,
}

/// How a partner answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// It accepts, after so many days.
    Accept(i32),
    /// It declines, after so many days.
    Decline(i32, DeclineReason),
    /// It does not answer.
    Silence,
}

/// What a carer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Confirmation {
    pub(super) helped: bool,
    pub(super) perseverance: PerseveranceTime,
}

/// Every story from `from` up to and including `to`, in order of their days.
pub(super) fn stories(zones: &ZoneTable, from: Date, to: Date) -> Vec<Story> {
    let mut rng = Rng::with_seed(SEED);
    let days: Vec<Date> = from
        .series(jiff::ToSpan::days(1))
        .take_while(|day| *day <= to)
        .collect();
    let mut stories = Vec::new();
    for zone in zones.zones() {
        let codes: Vec<PostalCode> = zones.postal_codes_of(&zone.id, to).collect();
        let a_year = if is_shown(&zone.id) {
            IN_A_SHOWN_ZONE
        } else {
            IN_A_ZONE
        };
        for day in &days {
            // Somebody who comes by on working days sees more than others.
            let busy = if is_weekend(*day) { 1 } else { 3 };
            if codes.is_empty() || rng.u32(0..365 * 17 / 7) >= a_year * busy {
                continue;
            }
            let postal_code = codes[rng.usize(0..codes.len())];
            stories.push(story(&mut rng, *day, postal_code, &zone.id));
        }
    }
    stories.sort_by_key(|story| story.day);
    stories
}

fn is_shown(zone: &ZoneId) -> bool {
    SHOWN_ZONES.contains(&zone.as_str())
}

pub(super) fn is_weekend(day: Date) -> bool {
    matches!(
        day.weekday(),
        jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday
    )
}

fn story(rng: &mut Rng, day: Date, postal_code: PostalCode, zone: &ZoneId) -> Story {
    let burden = pick(rng, &BURDENS);
    let age_band = age_band(rng);
    let (reporter, reporter_role) = reporter(rng, zone);
    let (consent, agrees_after) = consent(rng);
    let (result, reason) = outcome(rng, burden);
    let still_runs = rng.u32(0..100) < 4;
    Story {
        day,
        postal_code,
        reporter,
        reporter_role,
        observations: observations(rng, burden, age_band),
        consent,
        agrees_after,
        language: language(rng),
        age_band,
        answers: answers(rng),
        reached_after: pick(rng, &[(0, 55), (1, 20), (3, 15), (6, 8), (12, 2)]),
        missed_calls: pick(rng, &[(0, 70), (1, 20), (2, 10)]),
        completed_after: (!still_runs).then(|| rng.i32(8..50)),
        result,
        reason,
        confirms: confirmation(rng, result),
    }
}

/// The demo's cleaner and nurse work where a newcomer looks first.
fn reporter(rng: &mut Rng, zone: &ZoneId) -> (String, ReporterRole) {
    let role = pick(
        rng,
        &[
            (ReporterRole::Cleaner, 22),
            (ReporterRole::Nurse, 24),
            (ReporterRole::HomeCareWorker, 22),
            (ReporterRole::GeneralPractitioner, 12),
            (ReporterRole::SocialWorker, 8),
            (ReporterRole::Pharmacist, 5),
            (ReporterRole::Teacher, 3),
            (ReporterRole::Volunteer, 4),
        ],
    );
    let own = zone.as_str() == SHOWN_ZONES[0] && rng.u32(0..100) < 25;
    let name = match role {
        ReporterRole::Cleaner if own => "cleaner".to_owned(),
        ReporterRole::Nurse if own => "nurse".to_owned(),
        _ => format!("demo-{}-{}", zone.as_str(), role.code().replace('_', "-")),
    };
    (name, role)
}

/// What people see, by how much somebody carries. How often is invented.
fn observations(rng: &mut Rng, burden: Burden, age: AgeBand) -> Vec<Observation> {
    use Observation as O;
    const OFTEN: &[(Observation, u32)] = &[
        (O::Exhausted, 30),
        (O::SleepsBadly, 18),
        (O::TenseOrIrritable, 14),
        (O::ConstantWorry, 16),
        (O::TasksTooHeavy, 18),
        (O::NoBackup, 20),
        (O::Isolated, 12),
        (O::GaveUpOwnLife, 10),
        (O::LostInPaperwork, 12),
        (O::UnawareOfSupport, 14),
        (O::MoneyWorries, 8),
        (O::PhysicallyUnwell, 8),
        (O::SadOrHopeless, 8),
        (O::ConflictAtHome, 6),
        (O::WorkOrStudySuffers, 9),
        (O::BehaviourHardToBear, 8),
        (O::HospitalDischarge, 5),
        (O::NewDiagnosis, 5),
        (O::AsksForHelp, 8),
        (O::Bereavement, 2),
    ];
    let count = match burden {
        Burden::Light => rng.usize(1..=2),
        Burden::Moderate => rng.usize(2..=3),
        Burden::Heavy => rng.usize(2..=5),
    };
    let mut seen: Vec<Observation> = (0..count).map(|_| pick(rng, OFTEN)).collect();
    if burden == Burden::Heavy && rng.u32(0..100) < 25 {
        seen.push(O::SaysCannotGoOn);
    }
    if rng.u32(0..1000) < 12 {
        seen.push(pick(
            rng,
            &[
                (O::SuicidalTalk, 2),
                (O::FearOfViolence, 1),
                (O::SuspectedRoughCareOrNeglect, 2),
            ],
        ));
    }
    if age == AgeBand::Under18 {
        seen.push(O::YoungCarer);
    }
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// Shares of the age bands among carers: the survey's shares of each age that care, weighed by how many
/// people are of that age (own estimate).
fn age_band(rng: &mut Rng) -> AgeBand {
    pick(
        rng,
        &[
            (AgeBand::Under18, 3),
            (AgeBand::From18To25, 6),
            (AgeBand::From26To64, 60),
            (AgeBand::From65To79, 22),
            (AgeBand::From80, 9),
        ],
    )
}

fn language(rng: &mut Rng) -> Language {
    pick(
        rng,
        &[
            (Language::Dutch, 88),
            (Language::French, 6),
            (Language::Turkish, 2),
            (Language::Arabic, 2),
            (Language::English, 2),
        ],
    )
}

fn consent(rng: &mut Rng) -> (Consent, Option<i32>) {
    match rng.u32(0..100) {
        0..76 => (Consent::Given, None),
        76..86 => (Consent::NotAsked, Some(rng.i32(1..8))),
        86..93 => (Consent::NotAsked, None),
        _ => (Consent::Refused, None),
    }
}

fn answers(rng: &mut Rng) -> Vec<Reply> {
    let first = match rng.u32(0..100) {
        0..80 => Reply::Accept(prompt(rng)),
        80..94 => Reply::Decline(
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
    vec![first, Reply::Accept(prompt(rng))]
}

/// Days until somebody answers: most keep the promise, which for the pressing ones is a matter of hours.
fn prompt(rng: &mut Rng) -> i32 {
    pick(rng, &[(0, 88), (1, 8), (3, 4)])
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

/// Not everybody answers; of those who do, nearly all say the same as the partner.
fn confirmation(rng: &mut Rng, result: OutcomeResult) -> Option<Confirmation> {
    if rng.u32(0..100) >= 65 {
        return None;
    }
    let helped = result != OutcomeResult::NotHelped && rng.u32(0..100) < 92;
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
        helped,
        perseverance: pick(rng, &keeps_going),
    })
}

/// One of these, the likelier the more it weighs.
fn pick<T: Copy>(rng: &mut Rng, choices: &[(T, u32)]) -> T {
    let all: u32 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.u32(0..all);
    for (choice, weight) in choices {
        if left < *weight {
            return *choice;
        }
        left -= weight;
    }
    choices[choices.len() - 1].0
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn of_2025() -> Vec<Story> {
        let zones = ZoneTable::builtin().unwrap();
        stories(&zones, date(2025, 1, 1), date(2025, 12, 31))
    }

    #[test]
    fn every_zone_has_about_as_many_as_meant_and_the_same_every_time() {
        let zones = ZoneTable::builtin().unwrap();
        let all = of_2025();
        for zone in zones.zones() {
            let here = all
                .iter()
                .filter(|story| {
                    let resolved = zones.resolve(story.postal_code, story.day);
                    resolved.is_ok_and(|resolved| resolved.zone.id == zone.id)
                })
                .count();
            let meant = if is_shown(&zone.id) { 90..=260 } else { 8..=50 };
            assert!(meant.contains(&here), "{}: {here}", zone.id);
        }
        let again = of_2025();
        assert_eq!(format!("{all:?}"), format!("{again:?}"));
    }

    #[test]
    fn nobody_is_flagged_for_nothing_and_whoever_is_not_helped_has_a_reason() {
        for story in of_2025() {
            assert!(!story.observations.is_empty());
            assert_eq!(
                story.reason.is_none(),
                story.result == OutcomeResult::Helped
            );
        }
    }
}
