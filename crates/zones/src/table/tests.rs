use std::collections::BTreeSet;

use jiff::{ToSpan, civil::date};
use proptest::prelude::*;

use super::*;
use crate::Province;

const ZONES: &str = include_str!("../../data/zones.csv");
const POSTAL_CODES: &str = include_str!("../../data/postal_codes.csv");

fn table() -> ZoneTable {
    ZoneTable::builtin().unwrap()
}

fn code(text: &str) -> PostalCode {
    text.parse().unwrap()
}

fn ids(zones: &[&Zone]) -> Vec<String> {
    zones.iter().map(|zone| zone.id.to_string()).collect()
}

fn codes(table: &ZoneTable) -> BTreeSet<PostalCode> {
    table
        .assignments
        .iter()
        .map(|assignment| assignment.postal_code)
        .collect()
}

#[test]
fn every_postal_code_has_a_zone_before_and_after_the_mergers() {
    let table = table();
    assert_eq!(table.zones().count(), 60);
    assert_eq!(codes(&table).len(), 543);
    for on in [
        table.first_day(),
        date(2024, 6, 1),
        date(2024, 12, 31),
        date(2025, 1, 1),
        date(2026, 11, 21),
    ] {
        for postal_code in codes(&table) {
            assert!(
                table.resolve(postal_code, on).is_ok(),
                "{postal_code} on {on}"
            );
        }
    }
}

#[test]
fn known_places() {
    let table = table();
    let rows = [
        ("8400", "oostende-bredene", "Oostende"),
        ("1000", "bruzel", "Brussel"),
        ("1040", "bruzel", "Etterbeek"),
        ("1050", "bruzel", "Elsene"),
        ("9000", "gent", "Gent"),
        ("2018", "antwerpen-centrum", "Antwerpen"),
        ("2180", "noord-antwerpen", "Antwerpen"),
        ("3790", "zolim", "Voeren"),
    ];
    for (postal_code, zone, municipality) in rows {
        let found = table.resolve(code(postal_code), date(2024, 6, 1)).unwrap();
        assert_eq!(
            (found.zone.id.as_str(), found.municipality),
            (zone, municipality)
        );
        assert!(found.verified && !found.is_doubtful(), "{postal_code}");
    }
}

#[test]
fn what_was_carried_forward_is_not_verified() {
    let table = table();
    let answer = |on| table.resolve(code("8400"), on).unwrap();
    assert!(answer(date(2024, 12, 31)).verified);
    assert!(!answer(date(2025, 1, 1)).verified);
    assert!(
        !answer(date(2026, 11, 21)).is_doubtful(),
        "unverified is not doubtful"
    );
}

#[test]
fn a_merger_across_zones_names_both() {
    let table = table();
    let rows = [
        ("2150", "Borsbeek", "Antwerpen", "zora", "antwerpen-oost"),
        (
            "3700",
            "Tongeren",
            "Tongeren-Borgloon",
            "zolim",
            "haspengouw",
        ),
        ("3720", "Kortessem", "Hasselt", "haspengouw", "herkenrode"),
        ("3724", "Kortessem", "Hasselt", "haspengouw", "herkenrode"),
        (
            "3840",
            "Borgloon",
            "Tongeren-Borgloon",
            "haspengouw",
            "zolim",
        ),
    ];
    for (postal_code, before, after, zone, other) in rows {
        let was = table
            .resolve(code(postal_code), date(2024, 12, 31))
            .unwrap();
        assert_eq!((was.municipality, was.zone.id.as_str()), (before, zone));
        assert!(was.verified && !was.is_doubtful());

        let is = table.resolve(code(postal_code), date(2025, 1, 1)).unwrap();
        assert_eq!((is.municipality, is.zone.id.as_str()), (after, zone));
        assert_eq!(ids(&is.other_candidates), [other]);
        assert!(!is.verified && is.is_doubtful());
    }
}

#[test]
fn a_merger_within_a_zone_is_firm() {
    let table = table();
    let is = table.resolve(code("9090"), date(2026, 1, 1)).unwrap();
    assert_eq!(
        (is.municipality, is.confidence),
        ("Merelbeke-Melle", Confidence::MergedWithinZone)
    );
    assert!(!is.is_doubtful());
    let was = table.resolve(code("9090"), date(2024, 1, 1)).unwrap();
    assert_eq!(was.municipality, "Melle");
}

#[test]
fn eleven_postal_codes_are_doubtful_today() {
    let table = table();
    let on = date(2026, 11, 21);
    let doubtful: Vec<_> = codes(&table)
        .into_iter()
        .filter(|postal_code| table.resolve(*postal_code, on).unwrap().is_doubtful())
        .map(|postal_code| postal_code.to_string())
        .collect();
    let expected = [
        "2020", "2150", "2610", "2660", "3700", "3720", "3721", "3722", "3723", "3724", "3840",
    ];
    assert_eq!(doubtful, expected);
}

#[test]
fn no_zone_says_why() {
    let table = table();
    let on = date(2026, 11, 21);
    for walloon in ["1300", "4000", "4700", "5000", "7780"] {
        let postal_code = code(walloon);
        assert_eq!(
            table.resolve(postal_code, on),
            Err(ZoneError::Walloon { postal_code })
        );
    }
    for unknown in ["1299", "1999", "2001", "9999"] {
        let postal_code = code(unknown);
        assert_eq!(
            table.resolve(postal_code, on),
            Err(ZoneError::Unknown { postal_code })
        );
    }
    let day_before = table.first_day().checked_sub(1.day()).unwrap();
    assert_eq!(
        table.resolve(code("8400"), day_before),
        Err(ZoneError::DateOutsideTable {
            date: day_before,
            from: date(2020, 1, 1)
        })
    );
}

#[test]
fn zones_by_id() {
    let table = table();
    let bruzel = table.zone(&"bruzel".parse().unwrap()).unwrap();
    assert_eq!(
        (&*bruzel.name, bruzel.province),
        ("BruZEL", Province::Brussels)
    );
    let oostende = table.zone(&"oostende-bredene".parse().unwrap()).unwrap();
    assert_eq!(oostende.population_2020, Some(89_841));
    assert_eq!(table.zone(&"luik".parse().unwrap()), None);
}

#[test]
fn postal_codes_of_all_zones_are_all_postal_codes_once() {
    let table = table();
    for on in [date(2024, 6, 1), date(2026, 11, 21)] {
        let mut all: Vec<_> = table
            .zones()
            .flat_map(|zone| table.postal_codes_of(&zone.id, on))
            .collect();
        all.sort_unstable();
        assert!(all.iter().eq(&codes(&table)), "{on}");
    }
    assert_eq!(
        table
            .postal_codes_of(&"luik".parse().unwrap(), date(2024, 6, 1))
            .count(),
        0
    );
    let oostende: Vec<_> = table
        .postal_codes_of(&"oostende-bredene".parse().unwrap(), date(2024, 6, 1))
        .map(|postal_code| postal_code.to_string())
        .collect();
    assert_eq!(oostende, ["8400", "8450"]);
}

#[test]
fn the_version_names_the_content() {
    let table = table();
    let (day, hash) = table.version().split_once('+').unwrap();
    assert_eq!((day, hash.len()), ("2025-01-01", 8));

    let windows = POSTAL_CODES.replace('\n', "\r\n");
    assert_eq!(
        ZoneTable::from_csv(ZONES, &windows).unwrap().version(),
        table.version()
    );

    let corrected = POSTAL_CODES.replacen(
        "8400,Oostende,oostende-bredene",
        "8400,Oostende,oostkust",
        1,
    );
    assert_ne!(corrected, POSTAL_CODES);
    assert_ne!(
        ZoneTable::from_csv(ZONES, &corrected).unwrap().version(),
        table.version()
    );
}

const TWO_ZONES: &str = "zone_id,name,province,population_2020\n\
     gent,Gent,east_flanders,263703\n\
     aalst,Aalst,east_flanders,\n";
const HEADER: &str =
    "postal_code,municipality,zone_id,confidence,other_zones,valid_from,valid_to,verified_to\n";

fn small(rows: &str) -> Result<ZoneTable, TableError> {
    ZoneTable::from_csv(TWO_ZONES, &format!("{HEADER}{rows}"))
}

#[test]
fn a_postal_code_shared_by_two_zones_names_both() {
    let table = small(
        "9000,Gent,gent,sourced,,2020-01-01,,2024-12-31\n\
         9000,Aalst,aalst,sourced,,2020-01-01,,2024-12-31\n",
    )
    .unwrap();
    let answer = table.resolve(code("9000"), date(2024, 6, 1)).unwrap();
    assert_eq!(answer.municipality, "Gent");
    assert_eq!(ids(&answer.other_candidates), ["aalst"]);
    assert!(answer.is_doubtful());
}

#[test]
fn a_postal_code_given_up_is_unknown_afterwards() {
    let table = small("9000,Gent,gent,sourced,,2020-01-01,2021-12-31,\n").unwrap();
    let postal_code = code("9000");
    assert!(table.resolve(postal_code, date(2021, 12, 31)).is_ok());
    let after = table.resolve(postal_code, date(2022, 1, 1));
    assert_eq!(after, Err(ZoneError::Unknown { postal_code }));
}

#[test]
fn a_faulty_file_is_refused_with_the_place_of_the_fault() {
    let faults = [
        (
            "90000,Gent,gent,sourced,,2020-01-01,,",
            "line 2, column postal_code: `90000` is not",
        ),
        (
            "4000,Luik,gent,sourced,,2020-01-01,,",
            "line 2, column postal_code: `4000` is not",
        ),
        (
            "9000,,gent,sourced,,2020-01-01,,",
            "line 2, column municipality: `` is not a name",
        ),
        (
            "9000,Gent,ghent,sourced,,2020-01-01,,",
            "line 2, column zone_id: `ghent` is not",
        ),
        (
            "9000,Gent,gent,sure,,2020-01-01,,",
            "line 2, column confidence: `sure` is not",
        ),
        (
            "9000,Gent,gent,sourced,aalst x,2020-01-01,,",
            "line 2, column other_zones: `aalst x` is",
        ),
        (
            "9000,Gent,gent,sourced,,2020-02-30,,",
            "line 2, column valid_from: `2020-02-30` is not",
        ),
        (
            "9000,Gent,gent,sourced,,2020-01-01,2019-12-31,",
            "line 2, column valid_to: `2019-12-31`",
        ),
        (
            "9000,Gent,gent,sourced,,2020-01-01,,yes",
            "line 2, column verified_to: `yes` is not",
        ),
        ("9000,Gent,gent", "line 2: not readable as CSV"),
        ("", "line 1: nothing follows the column names"),
        (
            "9000,Gent,gent,sourced,,2020-01-01,2021-12-31,\n9000,Gent,aalst,sourced,,2021-12-31,,",
            "line 3, column valid_from: 9000 Gent already has a zone then, by line 2",
        ),
    ];
    for (rows, complaint) in faults {
        let error = small(rows).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("postal_codes.csv, {complaint}")),
            "{error}"
        );
    }
    let zones = TWO_ZONES.replace("aalst,", "gent,");
    let error = ZoneTable::from_csv(&zones, POSTAL_CODES)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("zones.csv, line 3, column zone_id: `gent` is not a new id"),
        "{error}"
    );
    let zones = TWO_ZONES.replace("province", "region");
    let error = ZoneTable::from_csv(&zones, POSTAL_CODES)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "zones.csv, line 1: there is no column province");
}

proptest! {
    /// The look-up against reading the file from top to bottom.
    #[test]
    fn looks_up_what_the_file_says(number in 1000_u16..=9999, after_start in 0..4000_i64) {
        let table = table();
        let on = table.first_day().checked_add(after_start.days()).unwrap();
        let postal_code = code(&number.to_string());
        let said = POSTAL_CODES.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).find(|cells| {
            let day = |text: &str, otherwise| if text.is_empty() { otherwise } else { text.parse().unwrap() };
            cells[0].parse() == Ok(postal_code)
                && day(cells[5], Date::MIN) <= on
                && on <= day(cells[6], Date::MAX)
        });
        match (table.resolve(postal_code, on), said) {
            (Ok(found), Some(cells)) => {
                prop_assert_eq!(found.municipality, cells[1]);
                prop_assert_eq!(found.zone.id.as_str(), cells[2]);
                prop_assert_eq!(ids(&found.other_candidates).join(" "), cells[4]);
                prop_assert_eq!(found.verified, cells[7].parse().is_ok_and(|to: Date| on <= to));
            }
            (Err(ZoneError::Walloon { .. } | ZoneError::Unknown { .. }), None) => {}
            (found, said) => prop_assert!(false, "{found:?} but {said:?}"),
        }
    }

    #[test]
    fn no_day_before_the_table_has_an_answer(before in 1..40_000_i64, which in 0..543_usize) {
        let table = table();
        let date = table.first_day().checked_sub(before.days()).unwrap();
        let postal_code = *codes(&table).iter().nth(which).unwrap();
        let outside = ZoneError::DateOutsideTable { date, from: table.first_day() };
        prop_assert_eq!(table.resolve(postal_code, date), Err(outside));
    }
}
