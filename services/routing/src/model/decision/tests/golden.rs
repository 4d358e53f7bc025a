//! Decisions of old, from tables of old: they come out as they did, for ever (rule 4).
//!
//! A case once written is never changed. A new version of the rules, or of the directory, brings
//! new cases.

use serde::Deserialize;

use super::*;
use crate::model::{points::PointsTables, record::StoredDecision};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<StoredDecision>,
}

/// The directory of the cases, in its first version and in its second, in which one service has
/// ended, one is full, and a new one came.
fn directory_version(version: i64) -> Directory {
    let everywhere = |id: &str, needs: &[Need]| Service {
        area: Area::Everywhere,
        ..service(id, needs)
    };
    let mut services = vec![
        service(
            "sociaal-huis",
            &[Need::Information, Need::Financial, Need::Administration],
        ),
        service(
            "maatschappelijk-werk",
            &[Need::Information, Need::Financial, Need::Psychosocial],
        ),
        service("oppas", &[Need::Respite]),
        service("dagverzorging", &[Need::Respite, Need::PracticalHelp]),
        Service {
            age_bands: vec![AgeBand::Under18],
            fit: Fit::Specific,
            ..everywhere(
                "jonge-mantelzorgers",
                &[Need::PeerSupport, Need::RecognitionAndListening],
            )
        },
        Service {
            languages: vec![Language::French],
            ..everywhere("aidants", &[Need::Information, Need::PeerSupport])
        },
        everywhere(
            "vereniging",
            &[Need::Information, Need::PeerSupport, Need::Training],
        ),
    ];
    if version == 2 {
        services[0].valid_to = Some(date(2026, 10, 31));
        services[2].capacity = Some(Capacity {
            state: CapacityState::Full,
            stated_at: now(),
        });
        services.push(service(
            "zorgpunt",
            &[Need::Respite, Need::Psychosocial, Need::Information],
        ));
    }
    Directory::new(version, services)
}

fn read() -> Vec<StoredDecision> {
    let golden: Golden = serde_json::from_str(include_str!("golden.json")).unwrap();
    golden.cases
}

#[test]
fn decisions_of_old_come_out_as_they_did() {
    let points = PointsTables::builtin().unwrap();
    let cases = read();
    assert!(cases.len() >= 12);
    for (number, case) in cases.iter().enumerate() {
        let tables = Tables {
            directory: &directory_version(case.versions.directory),
            points: points.version(&case.versions.points).unwrap(),
            behaviours: &case.behaviours(),
        };
        assert!(
            case.replays(&tables),
            "case {number} is decided otherwise now"
        );
    }
    for versions in [
        (1, "2026-11.1"),
        (2, "2026-11.1"),
        (1, "2026-11.2"),
        (2, "2026-11.2"),
    ] {
        let of_these = |case: &&StoredDecision| {
            (case.versions.directory, case.versions.points.as_str()) == versions
        };
        assert!(
            cases.iter().any(|case| of_these(&case)),
            "no case for {versions:?}"
        );
    }
}

#[test]
fn the_tables_of_another_version_would_decide_otherwise() {
    let points = PointsTables::builtin().unwrap();
    let differs = read().into_iter().any(|case| {
        let other = 3 - case.versions.directory;
        let tables = Tables {
            directory: &directory_version(other),
            points: points.version(&case.versions.points).unwrap(),
            behaviours: &case.behaviours(),
        };
        !case.replays(&tables)
    });
    assert!(differs);
}

/// Prints cases, to be looked at and then put into `golden.json` by hand.
#[test]
#[ignore = "writes new cases, when there is a new version"]
fn print_cases() {
    let points = PointsTables::builtin().unwrap();
    let mut cases = Vec::new();
    for version in ["2026-11.1", "2026-11.2"] {
        for directory_number in [1, 2] {
            for question in questions() {
                let directory = directory_version(directory_number);
                let behaviours = [("oppas", 40, 38, 60), ("dagverzorging", 40, 12, 4_000)]
                    .into_iter()
                    .map(|(id, answered, accepted, minutes)| {
                        let behaviour = Behaviour {
                            answered,
                            accepted,
                            minutes_to_accept: u64::from(accepted) * minutes,
                        };
                        (id.parse().unwrap(), behaviour)
                    })
                    .collect();
                let tables = Tables {
                    directory: &directory,
                    points: points.version(version).unwrap(),
                    behaviours: &behaviours,
                };
                let decision = decide(&tables, &question);
                let record = Record {
                    versions: Versions {
                        directory: directory_number,
                        zones: "z".to_owned(),
                        points: version.to_owned(),
                    },
                    question,
                    decision,
                };
                cases.push(serde_json::to_string(&record.stored()).unwrap());
            }
        }
    }
    println!("{{\"cases\": [\n  {}\n]}}", cases.join(",\n  "));
}

fn questions() -> Vec<Question> {
    let plain = |needs: &[Need]| question(needs);
    let mut young = plain(&[
        Need::RecognitionAndListening,
        Need::PeerSupport,
        Need::Training,
    ]);
    young.circumstances.age_band = Some(AgeBand::Under18);
    let mut french = plain(&[Need::Information, Need::PeerSupport, Need::Respite]);
    french.circumstances.language = Language::French;
    let mut known = plain(&[Need::Information, Need::Psychosocial]);
    known.knows = vec!["of-sociaal-huis".parse().unwrap()];
    known.asked = vec!["maatschappelijk-werk".parse().unwrap()];
    vec![
        plain(&[Need::Respite]),
        plain(&[
            Need::Financial,
            Need::Psychosocial,
            Need::Respite,
            Need::PracticalHelp,
        ]),
        plain(&[Need::Safety, Need::Administration]),
        young,
        french,
        known,
    ]
}
