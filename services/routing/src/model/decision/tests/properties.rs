//! What holds of every decision, whatever the directory and the question.

use jiff::SignedDuration;
use knipperlicht_vocabulary::{AgeBand, CapacityState, Language};
use proptest::{prelude::*, sample::subsequence};
use uuid::Uuid;

use super::*;
use crate::model::{
    directory::{Area, Capacity},
    tests::{now, service, tables},
};

fn any_needs() -> impl Strategy<Value = Vec<Need>> {
    subsequence(Need::ALL, 0..=6).prop_shuffle()
}

prop_compose! {
    fn any_service(id: usize)(
        needs in subsequence(Need::ALL, 1..6),
        languages in subsequence(Language::ALL, 1..4),
        age_bands in subsequence(AgeBand::ALL, 0..3),
        capacity in prop::option::of((prop::sample::select(CapacityState::ALL), 0..30_i64)),
        everywhere: bool,
        specific: bool,
        grouped in prop::bool::weighted(0.1),
    ) -> Service {
        let capacity = capacity.map(|(state, days)| {
            Capacity { state, stated_at: now() - SignedDuration::from_hours(24 * days) }
        });
        let plain = service(&format!("s{id}"), &needs);
        Service {
            languages,
            age_bands,
            capacity,
            area: if everywhere { Area::Everywhere } else { plain.area.clone() },
            fit: if specific { Fit::Specific } else { Fit::Generic },
            target_group: grouped.then(|| "a group".to_owned()),
            ..plain
        }
    }
}

fn any_services() -> impl Strategy<Value = Vec<Service>> {
    (0..12_usize).prop_flat_map(|count| (0..count).map(any_service).collect::<Vec<_>>())
}

prop_compose! {
    fn any_question()(
        situation: u128,
        needs in any_needs(),
        language in prop::sample::select(Language::ALL),
        age_band in prop::option::of(prop::sample::select(AgeBand::ALL)),
        asked in subsequence((0..12).collect::<Vec<usize>>(), 0..4),
    ) -> Question {
        let mut question = question(&needs);
        question.situation = Uuid::from_u128(situation).into();
        question.circumstances.language = language;
        question.circumstances.age_band = age_band;
        question.asked = asked.iter().map(|id| format!("s{id}").parse().unwrap()).collect();
        question
    }
}

proptest! {
    /// Rule 1: every need is with exactly one service, or left over for a coordinator.
    #[test]
    fn no_need_is_lost_or_asked_twice(services in any_services(), question in any_question()) {
        let directory = Directory::new(1, services);
        let decision = decide(&tables(&directory), &question);
        let mut ends: Vec<Need> = decision.chosen.iter().flat_map(|choice| choice.needs.clone()).collect();
        prop_assert!(decision.chosen.iter().all(|choice| !choice.needs.is_empty()));
        ends.extend(&decision.uncovered);
        ends.sort();
        let mut needs = question.needs.clone();
        needs.sort();
        prop_assert_eq!(ends, needs);
    }

    #[test]
    fn who_is_excluded_is_never_asked_and_who_is_asked_meets_it(
        services in any_services(),
        question in any_question(),
    ) {
        let directory = Directory::new(1, services);
        let decision = decide(&tables(&directory), &question);
        let excluded: Vec<&ServiceId> = decision
            .candidates
            .iter()
            .filter(|candidate| matches!(candidate.verdict, Verdict::Excluded(_)))
            .map(|candidate| &candidate.service.id)
            .collect();
        for choice in &decision.chosen {
            prop_assert!(!excluded.contains(&&choice.service.id));
            prop_assert!(choice.needs.iter().all(|need| choice.service.needs.contains(*need)));
        }
        for need in &decision.uncovered {
            let could = decision.candidates.iter().any(|candidate| {
                matches!(candidate.verdict, Verdict::Points(_)) && candidate.service.needs.contains(*need)
            });
            prop_assert!(!could, "{} could have been covered", need);
        }
    }

    /// Rule 4: the same inputs lead to the same decision, whatever order rows come in.
    #[test]
    fn the_order_of_the_directory_does_not_matter(services in any_services(), question in any_question()) {
        let reversed: Vec<Service> = services.iter().rev().cloned().collect();
        let (one, other) = (Directory::new(1, services), Directory::new(1, reversed));
        prop_assert_eq!(decide(&tables(&one), &question), decide(&tables(&other), &question));
    }
}

/// From the least room to the most, as far as a partner says anything.
const ROOM: [CapacityState; 4] = [
    CapacityState::Full,
    CapacityState::Waitlist,
    CapacityState::AskFirst,
    CapacityState::Available,
];

proptest! {
    #[test]
    fn more_room_never_makes_a_service_be_asked_less(
        services in any_services(),
        question in any_question(),
        which: prop::sample::Index,
        less in 0..4_usize,
        more in 0..4_usize,
    ) {
        prop_assume!(!services.is_empty());
        let which = which.index(services.len());
        let needs_met = |room: usize| {
            let mut services = services.clone();
            services[which].capacity = Some(Capacity { state: ROOM[room], stated_at: now() });
            let id = services[which].id.clone();
            let directory = Directory::new(1, services);
            let decision = decide(&tables(&directory), &question);
            decision.chosen.iter().filter(|choice| choice.service.id == id).map(|choice| choice.needs.len()).sum::<usize>()
        };
        prop_assert!(needs_met(less.min(more)) <= needs_met(less.max(more)));
    }

    #[test]
    fn nobody_is_asked_who_could_be_spared(services in any_services(), question in any_question()) {
        let directory = Directory::new(1, services);
        let decision = decide(&tables(&directory), &question);
        let wanted = NeedSet::from(question.needs.as_slice()).without(decision.uncovered.as_slice().into());
        for spared in &decision.chosen {
            let others = decision.chosen.iter().filter(|choice| {
                choice.service.id != spared.service.id && choice.service.fit == spared.service.fit
            });
            let covered = others.fold(NeedSet::default(), |all, choice| all.or(choice.service.needs));
            prop_assert!(!spared.service.needs.and(wanted).without(covered).is_empty());
        }
    }
}
