mod golden;
mod properties;

use jiff::{SignedDuration, civil::date};
use knipperlicht_vocabulary::{AgeBand, CapacityState, Language};
use uuid::Uuid;

use super::*;
use crate::model::{
    behaviour::Behaviour,
    directory::{Area, Capacity},
    record::{Record, Versions},
    tests::{circumstances, directory, ground, now, service, situation_id, tables},
};

pub(super) fn question(needs: &[Need]) -> Question {
    Question {
        situation: situation_id(),
        circumstances: circumstances(),
        needs: needs.to_vec(),
        urgency: Urgency::Soon,
        asked: Vec::new(),
        knows: Vec::new(),
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
    decide(&tables(&directory), question).candidates[0].verdict
}

#[test]
fn one_partner_for_several_needs_comes_before_several() {
    let directory = directory();
    let decision = decide(
        &tables(&directory),
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
    let decision = decide(
        &tables(&directory),
        &question(&[Need::Safety, Need::Respite]),
    );
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
        let decision = decide(&tables(&directory), &question);
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
    assert_eq!(chosen(&decide(&tables(&directory), &asked)), ["local"]);
    asked.circumstances.age_band = Some(AgeBand::Under18);
    assert_eq!(
        chosen(&decide(&tables(&directory), &asked)),
        ["young", "local"]
    );
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
        chosen(&decide(&tables(&directory), &question(&[Need::Respite]))),
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
            &tables(&directory),
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
fn two_that_fit_together_come_before_the_broadest_with_others() {
    let directory = Directory::new(
        1,
        vec![
            service("a", &[Need::Information, Need::Financial]),
            service("b", &[Need::Respite, Need::Psychosocial]),
            service("broad", &[Need::Financial, Need::Respite, Need::Training]),
        ],
    );
    let asked = question(&[
        Need::Information,
        Need::Financial,
        Need::Respite,
        Need::Psychosocial,
    ]);
    let mut asked_of = chosen(&decide(&tables(&directory), &asked));
    asked_of.sort();
    assert_eq!(asked_of, ["a", "b"]);
}

#[test]
fn who_knows_the_situation_comes_first_among_equals() {
    let directory = directory();
    let mut asked = question(&[Need::Information]);
    for knows in ["broad", "other"] {
        asked.knows = vec![format!("of-{knows}").parse().unwrap()];
        assert_eq!(chosen(&decide(&tables(&directory), &asked)), [knows]);
    }
}

#[test]
fn who_accepted_often_and_soon_comes_before_who_let_people_wait() {
    let directory = Directory::new(
        1,
        ["slow", "quick"]
            .map(|id| service(id, &[Need::Respite]))
            .to_vec(),
    );
    let behaviour = |answered, accepted, minutes: u64| Behaviour {
        answered,
        accepted,
        minutes_to_accept: u64::from(accepted) * minutes,
    };
    let behaviours = Behaviours::from([
        ("quick".parse().unwrap(), behaviour(40, 38, 60)),
        ("slow".parse().unwrap(), behaviour(40, 10, 5_000)),
    ]);
    for situation in 0..50_u128 {
        let asked = Question {
            situation: Uuid::from_u128(situation).into(),
            ..question(&[Need::Respite])
        };
        let tables = Tables {
            behaviours: &behaviours,
            ..tables(&directory)
        };
        assert_eq!(chosen(&decide(&tables, &asked)), ["quick"]);
    }
}

#[test]
fn is_stored_with_all_that_explains_it_and_replays() {
    let directory = directory();
    let asked = question(&[Need::Administration, Need::Safety]);
    let record = Record {
        decision: decide(&tables(&directory), &asked),
        versions: Versions::of(&ground(&directory)),
        question: asked,
    };
    let stored = record.stored();
    assert_eq!(
        json(&stored.candidates),
        r#"[{"service":"broad","points":{"fit":0,"capacity":20,"nearness":15,"acceptance":3,"speed":3}}]"#
    );
    assert_eq!(
        json(&stored.chosen),
        r#"[{"service":"broad","needs":["administration"]}]"#
    );
    assert_eq!(
        json(&stored.question),
        r#"{"situation":"00000000-0000-0000-0000-000000000051","circumstances":{"zone":"here","postal_code":"8400","language":"nl","age_band":null},"needs":["administration","safety"],"urgency":"soon","asked":[],"at":"2026-11-21T12:00:00Z","on":"2026-11-21"}"#
    );
    assert!(stored.replays(&tables(&directory)));
    let changed = Directory::new(3, vec![service("another", &[Need::Administration])]);
    assert!(!stored.replays(&tables(&changed)));
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}
