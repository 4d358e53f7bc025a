use jiff::civil::date;
use knipperlicht_vocabulary::Need;
use proptest::{prelude::*, sample::subsequence};

use super::*;
use crate::model::tests::service;

const ZONES: [&str; 3] = ["here", "there", "elsewhere"];

fn zone(position: usize) -> ZoneId {
    ZONES[position].parse().unwrap()
}

prop_compose! {
    fn any_service()(
        id in 0..6_u8,
        needs in subsequence(Need::ALL, 1..4),
        zones in prop::option::of(subsequence(vec![0, 1, 2], 1..3)),
        narrow: bool,
    ) -> Service {
        let area = zones.map_or(Area::Everywhere, |zones| {
            Area::Zones(zones.into_iter().map(zone).collect())
        });
        let postal_codes = narrow.then(|| "8400".parse().unwrap());
        let postal_codes = postal_codes.into_iter().collect();
        Service { area, postal_codes, ..service(&format!("s{id}"), &needs) }
    }
}

fn covering(directory: &Directory, position: usize) -> Vec<&Service> {
    let mut covering: Vec<&Service> = directory.covering(&zone(position)).collect();
    covering.sort_by(|one, other| one.id.cmp(&other.id));
    covering
}

proptest! {
    /// Version after version, what is kept up to date is what would be read anew.
    #[test]
    fn a_directory_kept_up_to_date_is_the_one_read_anew(
        versions in prop::collection::vec(prop::collection::vec(any_service(), 0..4), 1..6)
    ) {
        let mut kept = Directory::default();
        let mut all: HashMap<ServiceId, Service> = HashMap::new();
        for (version, changed) in (1..).zip(versions) {
            let changed: HashMap<ServiceId, Service> =
                changed.into_iter().map(|one| (one.id.clone(), one)).collect();
            all.extend(changed.clone());
            let before = kept.version();
            let next = kept.with(version, changed.into_values().collect());
            prop_assert_eq!(kept.version(), before, "a version never changes");
            let anew = Directory::new(version, all.values().cloned().collect());
            for position in 0..ZONES.len() {
                prop_assert_eq!(covering(&next, position), covering(&anew, position));
            }
            for id in all.keys() {
                prop_assert_eq!(next.service(id), anew.service(id));
            }
            kept = next;
        }
    }

    /// Whoever could be asked still can when others come.
    #[test]
    fn more_services_never_remove_a_candidate(
        some in prop::collection::vec(any_service(), 0..6),
        more in prop::collection::vec(any_service(), 0..6),
        code in prop::sample::select(vec!["8400", "8450"]),
    ) {
        let by_id = |services: Vec<Service>| {
            let services = services.into_iter().map(|one| (one.id.clone(), one));
            services.collect::<HashMap<ServiceId, Service>>()
        };
        let some = by_id(some);
        let mut more = by_id(more);
        more.retain(|id, _| !some.contains_key(id));
        let few = Directory::new(1, some.into_values().collect());
        let many = few.with(2, more.into_values().collect());
        let code = code.parse().unwrap();
        for position in 0..ZONES.len() {
            let all: Vec<&Service> = many.offered_at(&zone(position), code).collect();
            for service in few.offered_at(&zone(position), code) {
                prop_assert!(all.contains(&service), "{} is gone", service.id);
            }
        }
    }
}

#[test]
fn a_postal_code_narrows_a_zone() {
    let mut narrow = service("narrow", &[Need::Respite]);
    narrow.postal_codes = vec!["8400".parse().unwrap()];
    let directory = Directory::new(1, vec![narrow, service("wide", &[Need::Respite])]);
    let at = |code: &str| {
        let code = code.parse().unwrap();
        let mut ids: Vec<&str> = directory
            .offered_at(&zone(0), code)
            .map(|service| service.id.as_str())
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(at("8400"), ["narrow", "wide"]);
    assert_eq!(at("8450"), ["wide"]);
}

#[test]
fn the_last_day_is_still_offered() {
    let mut service = service("a", &[Need::Respite]);
    service.valid_from = date(2026, 11, 1);
    service.valid_to = Some(date(2026, 11, 20));
    let days = [(10, 31), (11, 1), (11, 20), (11, 21)].map(|(month, day)| date(2026, month, day));
    assert_eq!(
        days.map(|day| service.is_offered_on(day)),
        [false, true, true, false]
    );
    assert_eq!(
        days.map(|day| service.has_ended_before(day)),
        [false, false, false, true]
    );
}
