mod properties;

use jiff::{SignedDuration, civil::date};
use knipperlicht_vocabulary::{AgeBand, CapacityState, Language};
use uuid::Uuid;

use super::*;
use crate::model::{
    directory::{Area, Capacity},
    tests::{circumstances, directory, now, service, situation_id},
};

pub(super) fn question(needs: &[Need]) -> Question {
    Question {
        situation: situation_id(),
        circumstances: circumstances(),
        needs: needs.to_vec(),
        urgency: Urgency::Soon,
        asked: Vec::new(),
        at: now(),
        on: date(2026, 11, 21),
    }
}

fn chosen(decision: &Decision<'_>) -> Vec<String> {
    decision
        .chosen
        .iter()
        .map(|choice| choice.service.id.to_string())
        .collect()
}

/// What became of the only candidate.
fn verdict(service: Service, question: &Question) -> Verdict {
    let directory = Directory::new(1, vec![service]);
    decide(&directory, question).candidates[0].verdict
}

#[test]
fn one_partner_for_several_needs_comes_before_several() {
    let directory = directory();
    let decision = decide(
        &directory,
        &question(&[Need::Financial, Need::Respite, Need::Administration]),
    );
    assert_eq!(chosen(&decision), ["broad", "respite"]);
    assert_eq!(
        decision.chosen[0].needs,
        [Need::Financial, Need::Administration]
    );
    assert_eq!(
        decision.runner_up.map(|service| service.id.as_str()),
        Some("other")
    );
    assert!(decision.uncovered.is_empty());
}

#[test]
fn a_need_that_nobody_offers_is_left_over() {
    let directory = directory();
    let decision = decide(&directory, &question(&[Need::Safety, Need::Respite]));
    assert_eq!(chosen(&decision), ["respite"]);
    assert_eq!(decision.uncovered, [Need::Safety]);
}

#[test]
fn each_rule_excludes() {
    let asked = question(&[Need::Financial]);
    let plain = || service("one", &[Need::Financial]);
    let full = |stated_at| {
        Some(Capacity {
            state: CapacityState::Full,
            stated_at,
        })
    };
    let excluded = [
        (
            Service {
                valid_from: date(2027, 1, 1),
                ..plain()
            },
            Exclusion::NotValid,
        ),
        (
            Service {
                valid_to: Some(date(2026, 11, 20)),
                ..plain()
            },
            Exclusion::NotValid,
        ),
        (
            Service {
                languages: vec![Language::French],
                ..plain()
            },
            Exclusion::Language,
        ),
        (
            Service {
                age_bands: vec![AgeBand::Under18],
                ..plain()
            },
            Exclusion::AgeBand,
        ),
        (
            Service {
                target_group: Some("dementia".to_owned()),
                ..plain()
            },
            Exclusion::TargetGroup,
        ),
        (
            Service {
                capacity: full(now()),
                ..plain()
            },
            Exclusion::Full,
        ),
    ];
    for (service, rule) in excluded {
        assert_eq!(verdict(service, &asked), Verdict::Excluded(rule));
    }
    let again = Question {
        asked: vec!["one".parse().unwrap()],
        ..question(&[Need::Financial])
    };
    assert_eq!(
        verdict(plain(), &again),
        Verdict::Excluded(Exclusion::AlreadyAsked)
    );
    // The last day counts, and what was said 14 days ago no longer does.
    let last_day = Service {
        valid_to: Some(date(2026, 11, 21)),
        ..plain()
    };
    let long_ago = now() - SignedDuration::from_hours(14 * 24 + 1);
    for service in [
        plain(),
        last_day,
        Service {
            capacity: full(long_ago),
            ..plain()
        },
    ] {
        assert!(matches!(verdict(service, &asked), Verdict::Points(_)));
    }
}

#[test]
fn language_decides_and_other_fits_all() {
    let french = Service {
        languages: vec![Language::French],
        ..service("francophone", &[Need::Financial])
    };
    let directory = Directory::new(1, vec![french, service("dutch", &[Need::Financial])]);
    let asked = |language| {
        let mut question = question(&[Need::Financial]);
        question.circumstances.language = language;
        let decision = decide(&directory, &question);
        (chosen(&decision), decision.runner_up.is_some())
    };
    assert_eq!(
        asked(Language::French),
        (vec!["francophone".to_owned()], false)
    );
    assert_eq!(asked(Language::Dutch), (vec!["dutch".to_owned()], false));
    assert!(asked(Language::Other).1);
    assert!(asked(Language::Turkish).0.is_empty());
}

#[test]
fn a_service_for_the_carers_own_group_comes_first() {
    let young = Service {
        age_bands: vec![AgeBand::Under18],
        fit: Fit::Specific,
        area: Area::Everywhere,
        ..service("young", &[Need::PeerSupport])
    };
    let local = service(
        "local",
        &[Need::PeerSupport, Need::Information, Need::Financial],
    );
    let directory = Directory::new(1, vec![local, young]);
    let mut asked = question(&[Need::Information, Need::PeerSupport]);
    assert_eq!(chosen(&decide(&directory, &asked)), ["local"]);
    asked.circumstances.age_band = Some(AgeBand::Under18);
    assert_eq!(chosen(&decide(&directory, &asked)), ["young", "local"]);
}

#[test]
fn room_and_nearness_break_ties() {
    let waitlist = Some(Capacity {
        state: CapacityState::Waitlist,
        stated_at: now(),
    });
    let tied = [
        Service {
            capacity: waitlist,
            ..service("waitlist", &[Need::Respite])
        },
        Service {
            area: Area::Everywhere,
            ..service("far", &[Need::Respite])
        },
        service("near", &[Need::Respite]),
    ];
    let directory = Directory::new(1, tied.to_vec());
    assert_eq!(
        chosen(&decide(&directory, &question(&[Need::Respite]))),
        ["near"]
    );
}

#[test]
fn equals_share_the_load() {
    let equals = ["a", "b", "c"].map(|id| service(id, &[Need::Respite]));
    let directory = Directory::new(1, equals.to_vec());
    let mut counts = std::collections::BTreeMap::new();
    for n in 0..3_000_u128 {
        let situation = SituationId::from(Uuid::from_u128(
            (n << 80) | n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ));
        let decision = decide(
            &directory,
            &Question {
                situation,
                ..question(&[Need::Respite])
            },
        );
        *counts.entry(chosen(&decision)).or_insert(0) += 1;
    }
    assert!(
        counts.values().all(|count| (850..1_150).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn is_stored_with_all_that_explains_it() {
    let directory = directory();
    let asked = question(&[Need::Administration, Need::Safety]);
    let decision = decide(&directory, &asked);
    let record = Record {
        question: asked,
        decision,
        directory_version: 3,
        zone_version: "z".to_owned(),
    };
    assert_eq!(
        json(&record.candidates()),
        r#"[{"service":"broad","points":{"fit":0,"capacity":20,"nearness":15}}]"#
    );
    assert_eq!(
        json(&record.chosen()),
        r#"[{"service":"broad","needs":["administration"]}]"#
    );
    assert_eq!(
        json(&record.question),
        r#"{"situation":"00000000-0000-0000-0000-000000000051","circumstances":{"zone":"here","postal_code":"8400","language":"nl","age_band":null},"needs":["administration","safety"],"urgency":"soon","asked":[],"at":"2026-11-21T12:00:00Z","on":"2026-11-21"}"#
    );
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}
