use jiff::civil::{date, time};
use knipperlicht_vocabulary::{AgeBand, CapacityState, Language, Need};
use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};

use super::*;
use crate::model::{
    directory::{Area, Capacity, Fit, Service},
    listing::{Day, Details, Opening},
    tests::now,
};

fn zones() -> ZoneTable {
    ZoneTable::builtin().unwrap()
}

fn read_as(file: &[u8], format: Format) -> Reading {
    let zones = zones();
    let check = Check {
        zones: &zones,
        now: now(),
        today: date(2026, 11, 21),
    };
    read(file, format, &check)
}

fn hsds(value: &Value) -> Reading {
    read_as(value.to_string().as_bytes(), Format::Hsds)
}

/// What is said of a reading: code and place.
fn said(reading: &Reading) -> Vec<String> {
    let faults = reading.faults.iter();
    faults
        .map(|fault| format!("{} {}", fault.kind.code(), fault.place))
        .collect()
}

fn need(code: &str) -> Value {
    json!({ "taxonomy_term": { "id": "t", "name": code, "description": code, "code": code,
                               "taxonomy": "urn:knipperlicht:need" } })
}

/// As little as a service can say.
fn plain() -> Value {
    json!({
        "id": "respite-1", "name": "Respijt", "status": "active",
        "organization": { "id": "home", "name": "Kustzorg" },
        "languages": [{ "code": "nl" }],
        "service_areas": [{ "uri": "urn:knipperlicht:zone:oostende-bredene" }],
        "attributes": [need("respite")],
    })
}

#[test]
fn a_service_of_hsds_is_read_whole() {
    let mut service = plain();
    service["url"] = json!("www.kustzorg.be");
    service["minimum_age"] = json!(18);
    service["maximum_age"] = json!(64.0);
    service["assured_date"] = json!("2026-10-01");
    service["languages"] = json!([{ "code": "nld" }, { "code": "fr" }, { "code": "ur" }]);
    service["service_areas"] = json!([{ "extent_type": "text", "extent": "8400, 8450" }]);
    service["phones"] = json!([{ "id": "p", "number": "059 00 00 00" }]);
    service["contacts"] = json!([{ "id": "c", "name": "An", "email": "an@kustzorg.be" }]);
    service["schedules"] = json!([
        { "freq": "WEEKLY", "byday": "TU,MO", "opens_at": "09:00+01:00", "closes_at": "17:30" },
        { "freq": "MONTHLY", "byday": "1MO" },
    ]);
    service["capacities"] = json!([
        { "id": "k", "unit": { "id": "u", "name": "Bed" }, "available": 0, "updated": "2026-11-20T08:00:00Z" },
    ]);
    let reading = hsds(&json!([service]));
    assert!(!reading.is_refused(), "{:?}", said(&reading));
    assert_eq!(
        said(&reading),
        [
            "KL3111 [0].contacts[0]",
            "KL3111 [0].schedules[1]",
            "KL3111 [0].languages[2].code"
        ]
    );
    let listing = &reading.listings[0];
    let service = &listing.service;
    assert_eq!(service.url.as_deref(), Some("https://www.kustzorg.be"));
    assert_eq!(service.languages, [Language::Dutch, Language::French]);
    assert_eq!(
        service.age_bands,
        [AgeBand::From18To25, AgeBand::From26To64]
    );
    assert_eq!(
        service.area,
        Area::Zones(vec!["oostende-bredene".parse().unwrap()])
    );
    assert_eq!(service.postal_codes.len(), 2);
    assert_eq!(
        service.capacity.map(|capacity| capacity.state),
        Some(CapacityState::Full)
    );
    assert_eq!(
        listing.details.email, None,
        "a person's address is not kept"
    );
    assert_eq!(listing.details.phone.as_deref(), Some("059 00 00 00"));
    assert_eq!(
        listing.details.opening,
        [Opening {
            days: vec![Day::Mo, Day::Tu],
            opens_at: Some(time(9, 0, 0, 0)),
            closes_at: Some(time(17, 30, 0, 0)),
        }]
    );
}

#[test]
fn every_form_of_a_file_holds_the_same_service() {
    let expected = hsds(&json!([plain()])).listings;
    assert_eq!(expected.len(), 1);
    let mut referring = plain();
    referring["organization_id"] = json!("home");
    referring.as_object_mut().unwrap().remove("organization");
    for file in [
        plain(),
        json!({ "services": [plain()] }),
        json!({ "total_items": 1, "contents": [plain()] }),
        json!({ "services": [referring], "organizations": [{ "id": "home", "name": "Kustzorg" }] }),
    ] {
        let reading = hsds(&file);
        assert_eq!(reading.listings, expected, "{file}: {:?}", said(&reading));
    }
    let csv = "service_id;organisation_id;organisation_name;name;needs;area;languages\n\
               respite-1;home;Kustzorg;Respijt;respite;oostende-bredene;nl\n";
    for csv in [
        csv.to_owned(),
        csv.replace(';', ","),
        format!("\u{feff}{csv}"),
    ] {
        assert_eq!(read_as(csv.as_bytes(), Format::Csv).listings, expected);
    }
}

type Spoil = fn(&mut Value);

fn add(service: &mut Value, list: &str, part: Value) {
    service[list].as_array_mut().unwrap().push(part);
}

/// What is spoiled, how, and what is said of it.
const BAD_SERVICES: &[(&str, Spoil, &[&str])] = &[
    ("no id", |s| s["id"] = json!(""), &["KL3102 [0].id"]),
    (
        "an id that is none",
        |s| s["id"] = json!("a b"),
        &["KL3103 [0].id"],
    ),
    (
        "a list for a name",
        |s| s["name"] = json!([]),
        &["KL3103 [0].name", "KL3102 [0].name"],
    ),
    (
        "no organisation",
        |s| s["organization"] = Value::Null,
        &["KL3102 [0].organization", "KL3102 [0].organization"],
    ),
    (
        "an organisation that is not there",
        |s| {
            s["organization"] = Value::Null;
            s["organization_id"] = json!("gone");
        },
        &["KL3104 [0].organization_id"],
    ),
    (
        "a term that is not there",
        |s| add(s, "attributes", json!({ "taxonomy_term_id": "gone" })),
        &["KL3104 [0].attributes[1].taxonomy_term_id"],
    ),
    (
        "a unit that is not there",
        |s| {
            s["capacities"] =
                json!([{ "unit_id": "gone", "available": 1, "updated": "2026-11-20T08:00:00Z" }]);
        },
        &["KL3104 [0].capacities[0].unit_id"],
    ),
    (
        "no need",
        |s| s["attributes"] = json!([]),
        &["KL3102 [0].attributes"],
    ),
    (
        "an unknown need",
        |s| s["attributes"][0]["taxonomy_term"]["code"] = json!("money"),
        &["KL3108 [0].attributes[0].taxonomy_term.code"],
    ),
    (
        "no language",
        |s| s["languages"] = json!([]),
        &["KL3102 [0].languages"],
    ),
    (
        "a language that is none",
        |s| s["languages"][0]["code"] = json!("vlaams"),
        &["KL3106 [0].languages[0].code"],
    ),
    (
        "a code that no language has",
        |s| s["languages"][0]["code"] = json!("xx"),
        &["KL3106 [0].languages[0].code"],
    ),
    (
        "only a language nobody can be asked for in",
        |s| s["languages"][0]["code"] = json!("ur"),
        &["KL3111 [0].languages[0].code", "KL3106 [0].languages"],
    ),
    (
        "no area",
        |s| s["service_areas"] = json!([]),
        &["KL3102 [0].service_areas"],
    ),
    (
        "an area that names no zone",
        |s| s["service_areas"][0]["uri"] = json!("urn:knipperlicht:zone:atlantis"),
        &["KL3107 [0].service_areas[0].uri"],
    ),
    (
        "an area without any",
        |s| s["service_areas"][0] = json!({ "name": "de kust" }),
        &["KL3107 [0].service_areas[0]", "KL3102 [0].service_areas"],
    ),
    (
        "a Walloon postal code",
        |s| s["service_areas"][0] = json!({ "extent_type": "text", "extent": "4000" }),
        &["KL3107 [0].service_areas[0].extent"],
    ),
    (
        "zones and everywhere",
        |s| {
            add(
                s,
                "service_areas",
                json!({ "uri": "urn:knipperlicht:everywhere" }),
            );
        },
        &["KL3107 [0].service_areas"],
    ),
    (
        "room stated tomorrow",
        |s| s["capacities"] = json!([{ "available": 1, "updated": "2026-11-22T12:00:00Z" }]),
        &["KL3109 [0].capacities[0].updated"],
    ),
    (
        "room stated no one knows when",
        |s| s["capacities"] = json!([{ "available": 1 }]),
        &["KL3102 [0].capacities[0].updated"],
    ),
    (
        "room stated at no moment",
        |s| s["capacities"] = json!([{ "available": 1, "updated": "gisteren" }]),
        &["KL3103 [0].capacities[0].updated"],
    ),
    (
        "ages the wrong way round",
        |s| {
            s["minimum_age"] = json!(60);
            s["maximum_age"] = json!(20);
        },
        &["KL3110 [0].maximum_age"],
    ),
    (
        "ages that hold no band",
        |s| {
            s["minimum_age"] = json!(30);
            s["maximum_age"] = json!(40);
        },
        &["KL3108 [0].minimum_age"],
    ),
    (
        "an age that is none",
        |s| s["minimum_age"] = json!(-1),
        &["KL3103 [0].minimum_age"],
    ),
    (
        "closed before it opens",
        |s| s["schedules"] = json!([{ "byday": "MO", "opens_at": "17:00", "closes_at": "09:00" }]),
        &["KL3110 [0].schedules[0].closes_at"],
    ),
    (
        "a day that is none",
        |s| s["schedules"] = json!([{ "byday": "MA" }]),
        &["KL3103 [0].schedules[0].byday"],
    ),
    (
        "a time of another zone",
        |s| s["schedules"] = json!([{ "byday": "MO", "opens_at": "09:00Z" }]),
        &["KL3103 [0].schedules[0].opens_at"],
    ),
    (
        "made sure of tomorrow",
        |s| s["assured_date"] = json!("2026-11-22"),
        &["KL3103 [0].assured_date"],
    ),
    (
        "an unknown status",
        |s| s["status"] = json!("asleep"),
        &["KL3108 [0].status"],
    ),
    (
        "a last day before the first",
        |s| {
            add(
                s,
                "attributes",
                json!({ "value": "2020-01-01",
        "taxonomy_term": { "code": "valid_to", "taxonomy": "urn:knipperlicht:validity" } }),
            );
        },
        &["KL3110 [0].attributes[1].value"],
    ),
];

#[test]
fn whatever_is_wrong_is_said_with_its_code_and_path() {
    for (what, spoil, expected) in BAD_SERVICES {
        let mut service = plain();
        spoil(&mut service);
        let reading = hsds(&json!([service]));
        assert_eq!(said(&reading), *expected, "{what}");
        assert!(
            reading.is_refused() && reading.listings.is_empty(),
            "{what}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_file_as_a_whole() {
    for (file, expected) in [
        ("", "KL3101 line 1, column 0"),
        ("{\"services\":\n[}", "KL3101 line 2, column 2"),
        ("[1]", "KL3101 [0]"),
    ] {
        assert_eq!(
            said(&read_as(file.as_bytes(), Format::Hsds)),
            [expected],
            "{file}"
        );
    }
    let twice = hsds(&json!([plain(), plain()]));
    assert_eq!(said(&twice), ["KL3105 [1].id"]);
    let dangling =
        hsds(&json!({ "services": [], "taxonomy_terms": [{ "id": "t", "taxonomy_id": "gone" }] }));
    assert_eq!(said(&dangling), ["KL3104 taxonomy_terms[0].taxonomy_id"]);
    let mut asleep = plain();
    asleep["status"] = json!("inactive");
    let left_out = hsds(&json!([asleep]));
    assert_eq!(said(&left_out), ["KL3112 [0].status"]);
    assert!(!left_out.is_refused() && left_out.listings.is_empty());
}

const HEADER: &str = "service_id,organisation_id,organisation_name,name,needs,area,languages,opening,capacity,capacity_updated,synthetic";

#[test]
fn a_row_of_csv_is_told_by_its_line_and_column() {
    for (row, expected) in [
        ("a,o,O,A,respite,8400,nl,,,,", vec![]),
        (
            "a,o,O,A,respite,8400,nl,\"MO,TU 09:00-17:00|SA\",full,2026-11-20T08:00:00Z,yes",
            vec![],
        ),
        ("a,o,O,A,respite,8400", vec!["KL3101 line 2, row"]),
        (
            "a,o,O,A,rest|respite,8400,nl,,,,",
            vec!["KL3108 line 2, needs"],
        ),
        (
            "a,o,O,A,respite,atlantis,nl,,,,",
            vec!["KL3107 line 2, area"],
        ),
        ("a,o,O,A,respite,,nl,,,,", vec!["KL3102 line 2, area"]),
        (
            "a,o,O,A,respite,everywhere,zz,,,,",
            vec!["KL3106 line 2, languages"],
        ),
        (
            "a,o,O,A,respite,everywhere,nl,,full,2027-01-01T00:00:00Z,",
            vec!["KL3109 line 2, capacity_updated"],
        ),
        (
            "a,o,O,A,respite,everywhere,nl,,plenty,2026-01-01T00:00:00Z,",
            vec!["KL3108 line 2, capacity"],
        ),
        (
            "a,o,O,A,respite,everywhere,nl,,,,maybe",
            vec!["KL3108 line 2, synthetic"],
        ),
        (
            ",o,O,,respite,everywhere,nl,,,,",
            vec!["KL3102 line 2, service_id", "KL3102 line 2, name"],
        ),
        (
            "a,o,O,A,respite,8400,nl,,,,\na,o,O,A,respite,8400,nl,,,,",
            vec!["KL3105 line 3, service_id"],
        ),
    ] {
        let reading = read_as(format!("{HEADER}\n{row}\n").as_bytes(), Format::Csv);
        assert_eq!(said(&reading), expected, "{row}");
    }
    for header in ["", "service_id,name", "a,b", &format!("{HEADER},name")] {
        let reading = read_as(format!("{header}\n").as_bytes(), Format::Csv);
        assert_eq!(said(&reading), ["KL3101 line 1, header"], "{header}");
    }
}

#[test]
fn the_documentation_names_every_column_and_taxonomy() {
    let page = include_str!("../../../../../docs/directory.md");
    for column in csv::COLUMNS {
        assert!(page.contains(&format!("`{column}`")), "{column}");
    }
    for taxonomy in terms::Taxonomy::ALL {
        assert!(
            page.contains(&format!("`{}`", taxonomy.uri())),
            "{}",
            taxonomy.uri()
        );
    }
    for kind in FaultKind::ALL {
        assert!(page.contains(kind.code()), "{}", kind.code());
    }
}

fn any_text() -> impl Strategy<Value = String> {
    "[a-zA-Zé\"\\\\,;|<>{}0-9][ a-zA-Zé\"\\\\,;|\n]{0,12}[a-z]"
}

fn any_day() -> impl Strategy<Value = Date> {
    (2020..2026_i16, 1..13_i8, 1..29_i8).prop_map(|(year, month, day)| date(year, month, day))
}

prop_compose! {
    fn any_opening()(
        days in subsequence(Day::ALL.to_vec(), 1..5),
        opens in prop::option::of(0..12_i8),
        closes in prop::option::of(13..24_i8),
        minute in 0..60_i8,
    ) -> Opening {
        Opening {
            days,
            opens_at: opens.map(|hour| time(hour, minute, 0, 0)),
            closes_at: closes.map(|hour| time(hour, minute, 0, 0)),
        }
    }
}

prop_compose! {
    fn any_details()(
        texts in prop::collection::vec(prop::option::of(any_text()), 4),
        ages in prop::option::of((0..30_u8, prop::option::of(30..120_u8))),
        required_documents in prop::collection::vec(any_text(), 0..3),
        opening in prop::collection::vec(any_opening(), 0..3),
    ) -> Details {
        let [description, eligibility, email, phone] = <[_; 4]>::try_from(texts).unwrap();
        Details {
            description, eligibility, email, phone, required_documents, opening,
            minimum_age: ages.map(|(from, _)| from),
            maximum_age: ages.and_then(|(_, to)| to),
        }
    }
}

#[derive(Debug, Clone)]
enum AnyArea {
    Everywhere,
    Zones(Vec<&'static str>),
    PostalCodes(Vec<&'static str>),
}

fn any_area() -> impl Strategy<Value = AnyArea> {
    prop_oneof![
        Just(AnyArea::Everywhere),
        subsequence(vec!["oostende-bredene", "gent", "bruzel"], 1..4).prop_map(AnyArea::Zones),
        subsequence(vec!["8400", "8450", "9000", "3840"], 1..4).prop_map(AnyArea::PostalCodes),
    ]
}

prop_compose! {
    fn any_listing()(
        id in prop_oneof!["[a-z]{1,8}\\.[a-z]{1,8}", Just("5f0c9a50-7a3c-4b8e-9a51-2f6f0b8a9c11".to_owned()),
                          Just("5F0C9A50-7A3C-4B8E-9A51-2F6F0B8A9C12".to_owned())],
        organisation in "[a-z]{3,8}",
        names in (any_text(), any_text()),
        url in prop::option::of("https://[a-z]{3,9}\\.be"),
        needs in subsequence(Need::ALL, 1..6),
        area in any_area(),
        languages in subsequence(
            Language::ALL.iter().copied().filter(|one| *one != Language::Other).collect::<Vec<_>>(), 1..4),
        age_bands in subsequence(AgeBand::ALL, 0..4),
        target_group in prop::option::of(any_text()),
        (specific, synthetic) in (any::<bool>(), any::<bool>()),
        capacity in prop::option::of((
            prop::sample::select(CapacityState::ALL), 0..10_000_000_000_i64, prop::option::of(any_day()))),
        (valid_from, valid_to) in (any_day(), prop::option::of(0..900_i64)),
        verified_on in prop::option::of(any_day()),
        details in any_details(),
    ) -> Listing {
        let zones = zones();
        let mut area_zones = Vec::new();
        let mut postal_codes = Vec::new();
        match &area {
            AnyArea::Everywhere => {}
            AnyArea::Zones(ids) => area_zones.extend(ids.iter().map(|id| id.parse().unwrap())),
            AnyArea::PostalCodes(codes) => for code in codes {
                let code = code.parse().unwrap();
                postal_codes.push(code);
                let found = zones.resolve(code, date(2026, 11, 21)).unwrap();
                for zone in std::iter::once(found.zone).chain(found.other_candidates) {
                    if !area_zones.contains(&zone.id) {
                        area_zones.push(zone.id.clone());
                    }
                }
            },
        }
        let stated = capacity.map(|(state, micros, _)| Capacity {
            state,
            stated_at: now() - jiff::SignedDuration::from_micros(micros),
        });
        Listing {
            service: Service {
                id: id.parse().unwrap(),
                organisation: organisation.parse().unwrap(),
                name: names.0,
                organisation_name: names.1,
                url,
                needs: needs.into_iter().collect(),
                area: if area_zones.is_empty() { Area::Everywhere } else { Area::Zones(area_zones) },
                postal_codes,
                languages,
                age_bands,
                target_group,
                fit: if specific { Fit::Specific } else { Fit::Generic },
                capacity: stated,
                valid_from,
                valid_to: valid_to.map(|days| valid_from + jiff::SignedDuration::from_hours(24 * days)),
                synthetic,
            },
            capacity_until: capacity.and_then(|(_, _, until)| until),
            verified_on,
            details,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What is written and read again is what it was.
    #[test]
    fn export_then_import_is_the_identity(listings in prop::collection::vec(any_listing(), 0..4)) {
        let mut listings = listings;
        listings.sort_by(|one, other| one.service.id.cmp(&other.service.id));
        listings.dedup_by(|one, other| one.service.id == other.service.id);
        let today = date(2026, 11, 21);
        let mut file = write::beginning();
        for (position, listing) in listings.iter().enumerate() {
            file.push_str(&write::service(listing, position == 0, today));
        }
        file.push_str(write::END);
        let reading = read_as(file.as_bytes(), Format::Hsds);
        prop_assert_eq!(said(&reading), Vec::<String>::new());
        prop_assert_eq!(reading.listings, listings);
    }

    /// Whatever is in a file, reading it ends with a report.
    #[test]
    fn no_file_breaks_the_reader(file in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,200}") {
        for file in [file.as_slice(), text.as_bytes()] {
            for format in [Format::Hsds, Format::Csv] {
                let reading = read_as(file, format);
                prop_assert!(reading.is_refused() || reading.listings.is_empty());
            }
        }
    }
}

/// Every `id` in a value.
fn ids<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
            Value::String(id) if key == "id" => found.push(id),
            other => ids(other, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
        _ => {}
    }
}

#[test]
fn what_is_written_is_hsds() {
    let listing = &hsds(&json!([plain()])).listings[0];
    let text = write::service(listing, true, date(2026, 11, 21));
    let value: Value = serde_json::from_str(text.trim()).unwrap();
    // Required by schema/service.json and schema/organization.json of HSDS 3.1.
    for key in ["id", "name", "status"] {
        assert!(value[key].is_string(), "{key}");
    }
    for key in ["id", "name", "description"] {
        assert!(value["organization"][key].is_string(), "organization.{key}");
    }
    let mut found = Vec::new();
    ids(&value, &mut found);
    assert!(found.len() >= 6);
    for id in &found {
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{id} is no UUID");
    }
    let count = found.len();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), count, "every part has an id of its own");
}
