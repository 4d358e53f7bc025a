//! A few zones for some weeks: what must hold of every simulated year.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::date};
use knipperlicht_assessment::model::Inputs;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_followup::model::{hastens, promised_while};
use knipperlicht_routing::{demo_services, model::directory::Service};
use knipperlicht_sim::{
    assumptions::Assumptions,
    capacity,
    course::{Course, Standing},
    population::{Place, places},
    rules::Rules,
    tally::Period,
    world::{Outcome, Setting, Staff, live},
};
use knipperlicht_vocabulary::{ClockKind, Consent, ReferralState};

const ZONES: [&str; 2] = ["oostende-bredene", "dender-zuid"];

/// With a part of their carers: what must hold holds of few as well.
const A_PART: f64 = 0.25;

struct Ground {
    rules: Rules,
    assumptions: Assumptions,
    services: Vec<Service>,
    period: Period,
}

impl Ground {
    /// From the autumn into a month in which there are public holidays.
    fn new() -> Self {
        let rules = Rules::builtin().unwrap();
        let from = rules.moment(date(2027, 4, 26), 0);
        let period = Period {
            begins: rules.moment(date(2027, 2, 1), 0),
            from,
            until: from + (31 * 24).hours(),
        };
        Self {
            services: demo_services(period.begins).unwrap(),
            assumptions: Assumptions::builtin().unwrap(),
            rules,
            period,
        }
    }

    fn setting(&self, seed: u64) -> Setting<'_> {
        Setting {
            rules: &self.rules,
            assumptions: &self.assumptions,
            services: &self.services,
            period: self.period,
            seed,
        }
    }

    fn places(&self) -> Vec<Place> {
        let mut all = places(&self.rules, &self.assumptions, date(2027, 1, 1));
        all.retain(|place| ZONES.contains(&place.zone.as_str()));
        assert_eq!(all.len(), ZONES.len());
        for place in &mut all {
            place.carers *= A_PART;
        }
        all
    }

    /// Each zone with time enough, and with far too little.
    fn lived(&self) -> Vec<Outcome> {
        let setting = self.setting(7);
        let mut outcomes = Vec::new();
        for place in self.places() {
            let enough = live(&setting, &place, &Staff::Enough);
            let few = capacity::staff(&setting, &enough.tally, 0.6, 1.0);
            outcomes.push(live(&setting, &place, &few));
            outcomes.push(enough);
        }
        outcomes
    }
}

#[test]
fn every_signal_ends_or_is_open_with_a_reason_and_none_is_lost() {
    let ground = Ground::new();
    for Outcome { tally, courses } in ground.lived() {
        let mut standings: BTreeMap<&str, usize> = BTreeMap::new();
        for course in &courses {
            match course.standing() {
                Standing::Lost(why) => panic!("{why}: {course:#?}"),
                Standing::Open(kinds) => assert!(!kinds.is_empty()),
                Standing::Ended => *standings.entry("ended").or_default() += 1,
                Standing::NotShared => {
                    assert_eq!(course.consent.0, Consent::Refused);
                    *standings.entry("not shared").or_default() += 1;
                }
            }
        }
        assert!(standings["ended"] > 0 && standings["not shared"] > 0);
        // Whoever was flagged within the period is among the situations, and so is each of the signals.
        let since = |course: &&Course| course.flagged_at >= ground.period.from;
        let began = courses.iter().filter(since).count();
        assert_eq!(u64::try_from(began).unwrap(), tally.situations);
        let in_period = |course: &Course| {
            let signals = course.inputs.signals.iter();
            signals
                .filter(|signal| signal.at >= ground.period.from)
                .count()
        };
        let signals: usize = courses.iter().map(in_period).sum();
        assert_eq!(u64::try_from(signals).unwrap(), tally.signals());
        assert_eq!(
            tally.said["knipperlicht.signal.flagged.v1"],
            tally.signals()
        );
    }
}

#[test]
fn what_is_known_at_the_end_is_what_the_rules_make_of_its_signals() {
    let ground = Ground::new();
    for Outcome { courses, .. } in ground.lived() {
        for course in &courses {
            let all = course.inputs.signals.iter().cloned();
            let inputs = all.fold(Inputs::default(), Inputs::with_signal);
            let judgement = ground.rules.triage.current().judge(&inputs);
            let situation = course.case.situation.as_ref().unwrap();
            assert_eq!(situation.needs, judgement.needs);
            assert_eq!(situation.urgency, Some(judgement.urgency));
        }
    }
}

/// Without consent nobody is asked, and what waits for it is not shown to a partner.
#[test]
fn nobody_is_told_of_a_carer_who_did_not_agree() {
    let ground = Ground::new();
    for Outcome { courses, .. } in ground.lived() {
        let not_agreed = |course: &&Course| course.consent.0 != Consent::Given;
        for course in courses.iter().filter(not_agreed) {
            assert_eq!(course.asked_at, None);
            assert!(course.followed.is_empty());
            let mut referrals = course.case.referrals.iter();
            assert!(referrals.all(|referral| referral.requested_at.is_none()));
        }
    }
}

#[test]
fn every_clock_is_that_of_the_promise_and_runs_out_when_it_is_due() {
    let ground = Ground::new();
    let mut seen: BTreeMap<ClockKind, usize> = BTreeMap::new();
    for Outcome { courses, .. } in ground.lived() {
        for course in &courses {
            let zone = &course.case.situation.as_ref().unwrap().circumstances.zone;
            let calendar = ground.rules.calendars.of(zone);
            for clock in course.clocks.iter() {
                *seen.entry(clock.kind).or_default() += 1;
                let promised =
                    ground
                        .rules
                        .asking
                        .due(calendar, clock.kind, clock.urgency, clock.started_at);
                match clock.hastened_at {
                    None => assert_eq!(clock.due_at, promised, "{clock:?}"),
                    Some(at) => {
                        assert!(hastens(clock.kind) && clock.due_at >= promised, "{clock:?}");
                        let has_time = clock.due_at > at || clock.paused_at.is_some();
                        assert!(has_time, "{clock:?}");
                    }
                }
                let end = clock.paused_at.or(clock.stopped_at);
                let ran_out = end.unwrap_or(ground.period.until) > clock.due_at;
                // What ends in the second in which it is due may come first or second.
                if end != Some(clock.due_at) {
                    assert_eq!(clock.breached_at.is_some(), ran_out, "{clock:?}");
                }
                let is_punctual = |at: Timestamp| at == clock.due_at;
                assert!(clock.breached_at.is_none_or(is_punctual), "{clock:?}");
            }
        }
    }
    for kind in ClockKind::ALL {
        assert!(seen.contains_key(kind), "no clock of {kind} was seen");
    }
    assert_eq!(
        promised_while(ReferralState::Requested),
        Some(ClockKind::Accept)
    );
}

#[test]
fn the_same_seed_is_the_same_year_and_another_is_another() {
    let ground = Ground::new();
    let place = &ground.places()[0];
    let lived = |seed| live(&ground.setting(seed), place, &Staff::Enough).tally;
    assert_eq!(lived(3), lived(3));
    assert_ne!(lived(3), lived(4));
}

#[test]
fn fewer_hands_mean_longer_waiting() {
    let ground = Ground::new();
    let setting = ground.setting(11);
    let place = &ground.places()[0];
    let enough = live(&setting, place, &Staff::Enough).tally;
    let few = capacity::staff(&setting, &enough, 0.6, 1.0);
    let few = live(&setting, place, &few).tally;
    assert!(few.waited(0.9) > enough.waited(0.9));
    assert!(few.first_talks.share() < enough.first_talks.share());
}

#[test]
fn what_is_counted_as_said_is_in_the_catalogue() {
    let ground = Ground::new();
    for Outcome { tally, .. } in ground.lived() {
        for event in tally.said.keys() {
            assert!(EventBody::TYPES.contains(event), "{event}");
        }
    }
}
