//! Samples for tests.

use std::sync::LazyLock;

use jiff::{Timestamp, civil::date};
use knipperlicht_vocabulary::{
    CapacityState, Consent, Language, Need, ReferralId, SituationId, Urgency,
};
use knipperlicht_zones::ZoneTable;
use uuid::Uuid;

use super::{
    behaviour::Behaviours,
    case::{Agreement, Case, Circumstances, Situation},
    change::{Change, in_effect},
    decision::Tables,
    directory::{Area, Capacity, Directory, Fit, Service},
    hearing::Assessed,
    planner::Ground,
    points::{PointsTable, PointsTables},
    referral::{Referral, State},
};

/// 21 November 2026, noon.
pub(crate) fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub(crate) fn situation_id() -> SituationId {
    Uuid::from_u128(0x51).into()
}

/// A service in the zone `here`, in Dutch, with room stated just now.
pub(crate) fn service(id: &str, needs: &[Need]) -> Service {
    Service {
        id: id.parse().unwrap(),
        organisation: format!("of-{id}").parse().unwrap(),
        name: id.to_owned(),
        organisation_name: id.to_owned(),
        url: None,
        needs: needs.into(),
        area: Area::Zones(vec!["here".parse().unwrap()]),
        postal_codes: Vec::new(),
        languages: vec![Language::Dutch],
        age_bands: Vec::new(),
        target_group: None,
        fit: Fit::Generic,
        capacity: Some(Capacity {
            state: CapacityState::Available,
            stated_at: now(),
        }),
        valid_from: date(2024, 1, 1),
        valid_to: None,
        synthetic: true,
    }
}

/// Two who meet much the same, one of whom meets one need more, and one for respite.
pub(crate) fn directory() -> Directory {
    let services = vec![
        service(
            "broad",
            &[Need::Information, Need::Financial, Need::Administration],
        ),
        service("other", &[Need::Information, Need::Financial]),
        service("respite", &[Need::Respite]),
    ];
    Directory::new(3, services)
}

/// Rules and weights of today.
pub(crate) fn points() -> &'static PointsTable {
    static TABLES: LazyLock<PointsTables> = LazyLock::new(|| PointsTables::builtin().unwrap());
    TABLES.current()
}

/// The directory, with rules and weights of today; nobody was ever asked.
pub(crate) fn tables(directory: &Directory) -> Tables<'_> {
    static NOBODY: Behaviours = Behaviours::new();
    Tables {
        directory,
        points: points(),
        behaviours: &NOBODY,
    }
}

pub(crate) fn ground(directory: &Directory) -> Ground<'_> {
    static ZONES: LazyLock<ZoneTable> = LazyLock::new(|| ZoneTable::builtin().unwrap());
    Ground {
        tables: tables(directory),
        zones: &ZONES,
        at: now(),
        today: date(2026, 11, 21),
    }
}

pub(crate) fn circumstances() -> Circumstances {
    Circumstances {
        zone: "here".parse().unwrap(),
        postal_code: "8400".parse().unwrap(),
        language: Language::Dutch,
        age_band: None,
    }
}

pub(crate) fn agreement(consent: Consent, sequence: i64) -> Agreement {
    Agreement { consent, sequence }
}

pub(crate) fn assessed(consent: Consent, urgency: Urgency, needs: &[Need]) -> Assessed {
    Assessed {
        signal: Uuid::from_u128(0x516).into(),
        urgency,
        needs: needs.to_vec(),
        circumstances: circumstances(),
        agreement: agreement(consent, 1),
    }
}

pub(crate) fn situation(consent: Consent) -> Situation {
    Situation {
        id: situation_id(),
        circumstances: circumstances(),
        agreement: agreement(consent, 1),
        urgency: Some(Urgency::Soon),
        needs: vec![Need::Financial],
    }
}

pub(crate) fn referral(number: u128, service: &str, state: State) -> Referral {
    Referral {
        id: ReferralId::from(Uuid::from_u128(number)),
        previous: None,
        service: service.parse().unwrap(),
        organisation: format!("of-{service}").parse().unwrap(),
        circumstances: circumstances(),
        needs: vec![Need::Financial],
        urgency: Urgency::Soon,
        state,
        state_since: now(),
        created_at: now(),
        requested_at: Some(now()),
        followed_up: false,
        takes_over: None,
    }
}

/// A case with these referrals.
pub(crate) fn case(consent: Consent, referrals: Vec<Referral>) -> Case {
    Case {
        situation: Some(situation(consent)),
        referrals,
        ..Case::default()
    }
}

/// What the database would hold after these changes.
pub(crate) fn after(case: Case, changes: Vec<Change<'_>>) -> Case {
    in_effect(case, changes, now())
}

/// Changes in one word each, for tests that care for the order in which things are said.
pub(crate) fn told(changes: &[Change<'_>]) -> Vec<String> {
    let tell = |change: &Change<'_>| match change {
        Change::Referred(referral) => Some(format!("{} {}", referral.state, referral.service)),
        Change::Moved { referral, .. } | Change::TookOver { referral, .. } => {
            Some(format!("now {} {}", referral.state, referral.service))
        }
        Change::Raised(referral) => Some(format!("{} {}", referral.urgency, referral.service)),
        Change::Escalated(_) => Some("escalated".to_owned()),
        Change::Opened(item) | Change::CameBack(item) => Some(format!("item {}", item.kind)),
        Change::Closed(_) | Change::GaveWay(_) => Some("item closed".to_owned()),
        Change::Withheld(withheld) => Some(format!("withheld {}", withheld.consent)),
        Change::Lifted => Some("lifted".to_owned()),
        Change::Learned(_) | Change::Decided(_) | Change::TakenBack(_) | Change::FollowedUp(..) => {
            None
        }
    };
    changes.iter().filter_map(tell).collect()
}
