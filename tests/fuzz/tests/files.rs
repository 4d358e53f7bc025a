//! Files that somebody brings in: directories, questionnaires, tables, calendars.

#![allow(clippy::expect_used, reason = "a test that cannot go on should stop")]

use std::str;

use jiff::{Timestamp, civil::date};
use knipperlicht_assessment::model::{Catalogue, TriageTable, instrument::Instrument};
use knipperlicht_followup::model::Calendars;
use knipperlicht_fuzz::try_reader;
use knipperlicht_notification::Authorities;
use knipperlicht_privacy::MasterKey;
use knipperlicht_routing::model::exchange::{Check, Format, read};
use knipperlicht_zones::ZoneTable;

macro_rules! data {
    ($($path:literal),* $(,)?) => {
        &[$(include_bytes!(concat!("../../../", $path)).as_slice()),*]
    };
}

const HSDS: &[u8] = include_bytes!("seeds/directory.json");
const CSV: &[u8] = include_bytes!("seeds/directory.csv");

fn directory(target: &str, seeds: &[&[u8]], format: Format) {
    let zones = ZoneTable::builtin().expect("zones");
    let check = Check {
        zones: &zones,
        now: "2026-11-21T09:00:00Z"
            .parse::<Timestamp>()
            .expect("a moment"),
        today: date(2026, 11, 21),
    };
    for seed in seeds {
        assert!(
            !read(seed, format, &check).is_refused(),
            "a seed that is refused reaches nothing"
        );
    }
    try_reader(target, seeds, 3_000, |bytes| {
        let reading = read(bytes, format, &check);
        assert!(reading.is_refused() || reading.faults.iter().all(|fault| !fault.kind.is_wrong()));
    });
}

#[test]
fn a_directory_as_hsds() {
    directory("hsds", &[HSDS], Format::Hsds);
}

#[test]
fn a_directory_as_csv() {
    directory("csv", &[CSV], Format::Csv);
}

#[test]
fn a_questionnaire() {
    let seeds = data![
        "services/assessment/data/instruments/belrai-screener.json",
        "services/assessment/data/instruments/carerqol-7d.json",
        "services/assessment/data/instruments/csi.json",
        "services/assessment/data/instruments/maca-yc18.json",
        "services/assessment/data/instruments/perseverance-time.json",
    ];
    try_reader("questionnaire", seeds, 5_000, |bytes| {
        if let Ok(text) = str::from_utf8(bytes) {
            let _ = Instrument::parse(text);
            if let Ok(mut catalogue) = Catalogue::builtin() {
                let _ = catalogue.add(text);
            }
        }
    });
}

#[test]
fn a_triage_table() {
    let seeds = data![
        "services/assessment/data/triage/2026-11-21.1.json",
        "services/assessment/data/triage/2026-11-22.1.json",
    ];
    try_reader("triage table", seeds, 5_000, |bytes| {
        if let Ok(text) = str::from_utf8(bytes) {
            let _ = TriageTable::parse(text);
        }
    });
}

#[test]
fn calendars() {
    let seeds = data!["services/followup/data/calendars.json"];
    try_reader("calendars", seeds, 10_000, |bytes| {
        if let Ok(text) = str::from_utf8(bytes) {
            let _ = Calendars::parse(text);
        }
    });
}

#[test]
fn the_table_of_zones() {
    const ZONES: &[u8] = include_bytes!("../../../crates/zones/data/zones.csv");
    const POSTAL_CODES: &[u8] = include_bytes!("../../../crates/zones/data/postal_codes.csv");
    let zones = str::from_utf8(ZONES).expect("text");
    try_reader("table of zones", &[POSTAL_CODES], 500, |bytes| {
        if let Ok(text) = str::from_utf8(bytes) {
            let _ = ZoneTable::from_csv(zones, text);
            let _ = ZoneTable::from_csv(text, zones);
        }
    });
}

#[test]
fn keys_and_certificates() {
    let key = format!("2026-1:{}=", "A".repeat(43));
    let seeds: &[&[u8]] = &[
        key.as_bytes(),
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    ];
    try_reader("keys and certificates", seeds, 10_000, |bytes| {
        if let Ok(text) = str::from_utf8(bytes) {
            let _ = MasterKey::parse(text);
        }
        let _ = Authorities::from_pem(bytes);
    });
}
