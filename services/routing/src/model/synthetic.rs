//! Invented local partners, so that every zone of a demonstration has somebody to turn to.
//!
//! Nothing here is a fact about a zone. Each service is marked synthetic and its name says so.

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{
    CapacityState, IdError,
    Language::{self, Dutch, English, French},
    Need,
};
use knipperlicht_zones::{Province, Zone};

use super::directory::{Area, Capacity, Fit, Service};

/// From when everything in the demonstration's directory is offered.
pub const VALID_FROM: Date = Date::constant(2024, 1, 1);

struct Kind {
    organisation: &'static str,
    service: &'static str,
    name: &'static str,
    needs: &'static [Need],
    languages: &'static [Language],
    capacity: CapacityState,
}

/// Together they meet every need but safety, which stays with people; the first two meet much
/// the same needs, so that a decline by one leaves the other.
const KINDS: &[Kind] = &[
    Kind {
        organisation: "ocmw",
        service: "onthaal",
        name: "Sociaal huis",
        needs: &[
            Need::Information,
            Need::Administration,
            Need::Financial,
            Need::PracticalHelp,
            Need::CareCoordination,
            Need::WorkOrStudy,
            Need::RecognitionAndListening,
        ],
        languages: &[Dutch, French, English],
        capacity: CapacityState::Available,
    },
    Kind {
        organisation: "dmw",
        service: "begeleiding",
        name: "Dienst maatschappelijk werk",
        needs: &[
            Need::Information,
            Need::Administration,
            Need::Financial,
            Need::PracticalHelp,
            Need::Psychosocial,
            Need::CareCoordination,
            Need::WorkOrStudy,
            Need::RecognitionAndListening,
        ],
        languages: &[Dutch, French],
        capacity: CapacityState::Available,
    },
    Kind {
        organisation: "ldc",
        service: "ontmoeting",
        name: "Lokaal dienstencentrum",
        needs: &[
            Need::Information,
            Need::PeerSupport,
            Need::Training,
            Need::RecognitionAndListening,
        ],
        languages: &[Dutch],
        capacity: CapacityState::Available,
    },
    Kind {
        organisation: "thuiszorg",
        service: "respijt",
        name: "Thuiszorg en respijt",
        needs: &[Need::PracticalHelp, Need::Respite],
        languages: &[Dutch],
        capacity: CapacityState::AskFirst,
    },
    Kind {
        organisation: "elp",
        service: "gesprek",
        name: "Eerstelijnspsycholoog",
        needs: &[
            Need::Psychosocial,
            Need::Training,
            Need::RecognitionAndListening,
        ],
        languages: &[Dutch, English],
        capacity: CapacityState::Waitlist,
    },
];

/// The invented partners of a zone, whose invented capacity was stated at `stated_at`.
pub fn partners(zone: &Zone, stated_at: Timestamp) -> Result<Vec<Service>, IdError> {
    KINDS
        .iter()
        .map(|kind| partner(kind, zone, stated_at))
        .collect()
}

fn partner(kind: &Kind, zone: &Zone, stated_at: Timestamp) -> Result<Service, IdError> {
    let organisation = format!("{}-{}", kind.organisation, zone.id);
    let name = format!("{} {} (voorbeeld)", kind.name, zone.name);
    let mut languages = kind.languages.to_vec();
    if zone.province == Province::Brussels && !languages.contains(&French) {
        languages.push(French);
    }
    Ok(Service {
        id: format!("{organisation}.{}", kind.service).parse()?,
        organisation: organisation.parse()?,
        organisation_name: name.clone(),
        name,
        url: None,
        needs: kind.needs.iter().copied().collect(),
        area: Area::Zones(vec![zone.id.clone()]),
        postal_codes: Vec::new(),
        languages,
        age_bands: Vec::new(),
        target_group: None,
        fit: Fit::Generic,
        capacity: Some(Capacity {
            state: kind.capacity,
            stated_at,
        }),
        valid_from: VALID_FROM,
        valid_to: None,
        synthetic: true,
    })
}

#[cfg(test)]
mod tests {
    use knipperlicht_zones::ZoneTable;

    use super::*;
    use crate::model::need_set::NeedSet;

    #[test]
    fn every_zone_has_somebody_for_every_need_but_safety() {
        let all: NeedSet = Need::ALL.iter().copied().collect();
        let safety: NeedSet = [Need::Safety].into_iter().collect();
        let table = ZoneTable::builtin().unwrap();
        for zone in table.zones() {
            let partners = partners(zone, Timestamp::UNIX_EPOCH).unwrap();
            let met = partners
                .iter()
                .fold(NeedSet::default(), |met, service| met.or(service.needs));
            assert_eq!(met, all.without(safety), "{}", zone.id);
            assert!(
                partners
                    .iter()
                    .all(|service| service.synthetic && service.name.ends_with("(voorbeeld)"))
            );
            assert!(
                partners
                    .iter()
                    .all(|service| service.languages.contains(&Dutch))
            );
        }
    }

    #[test]
    fn brussels_is_helped_in_french_throughout() {
        let table = ZoneTable::builtin().unwrap();
        let zone = table.zone(&"bruzel".parse().unwrap()).unwrap();
        let partners = partners(zone, Timestamp::UNIX_EPOCH).unwrap();
        assert!(
            partners
                .iter()
                .all(|service| service.languages.contains(&French))
        );
        assert_eq!(partners[0].id.as_str(), "ocmw-bruzel.onthaal");
        assert_eq!(partners[0].organisation.as_str(), "ocmw-bruzel");
    }
}
