//! Who is flagged, invented: how burdened they are, what people see, and what they agree to.

use fastrand::Rng;
use knipperlicht_vocabulary::{AgeBand, Consent, Language, Observation, ReporterRole};

use super::chance::{happens, pick};

/// Carers whose burden is heavy, moderate or light, of those who are flagged at all (own estimate,
/// from EDIZ-plus among all carers: 0.19, 0.27, 0.33).
const BURDENS: [(Burden, u32); 3] = [
    (Burden::Heavy, 55),
    (Burden::Moderate, 35),
    (Burden::Light, 10),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Burden {
    Light,
    Moderate,
    Heavy,
}

pub(super) fn burden(rng: &mut Rng) -> Burden {
    pick(rng, &BURDENS)
}

/// Who flags. How often is invented.
pub(super) fn reporter_role(rng: &mut Rng) -> ReporterRole {
    pick(
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
    )
}

/// What people see, by how much somebody carries. How often is invented.
pub(super) fn observations(rng: &mut Rng, burden: Burden, age: AgeBand) -> Vec<Observation> {
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
        Burden::Light => 1,
        Burden::Moderate => rng.usize(1..=2),
        Burden::Heavy => rng.usize(2..=3),
    };
    let mut seen: Vec<Observation> = (0..count).map(|_| pick(rng, OFTEN)).collect();
    if burden == Burden::Heavy && happens(rng, 15) {
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
pub(super) fn age_band(rng: &mut Rng) -> AgeBand {
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

pub(super) fn language(rng: &mut Rng) -> Language {
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

/// What the carer agrees to, and after how many days whoever was not asked does.
pub(super) fn consent(rng: &mut Rng) -> (Consent, Option<i32>) {
    match rng.u32(0..100) {
        0..76 => (Consent::Given, None),
        76..91 => (Consent::NotAsked, Some(rng.i32(1..5))),
        91..93 => (Consent::NotAsked, None),
        _ => (Consent::Refused, None),
    }
}

/// What whoever was forgotten to be asked says in the end.
pub(super) fn said_when_reminded(rng: &mut Rng) -> Consent {
    pick(rng, &[(Consent::Given, 2), (Consent::Refused, 1)])
}
