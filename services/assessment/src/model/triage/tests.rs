use knipperlicht_vocabulary::{CarerAsk, Need, Observation as O, Urgency};
use proptest::{prelude::*, sample::subsequence};
use serde::Deserialize;
use uuid::Uuid;

use super::*;
use crate::model::{Inputs, ResultInput, Score, SignalInput};

const GOLDEN: &str = include_str!("golden.json");

fn tables() -> TriageTables {
    TriageTables::builtin().unwrap()
}

fn signal(id: u128, day: u8, observations: &[O]) -> SignalInput {
    SignalInput {
        signal: Uuid::from_u128(id).into(),
        at: format!("2026-11-{day:02}T09:00:00Z").parse().unwrap(),
        role: None,
        observations: observations.to_vec(),
    }
}

fn form(instrument: &str, day: u8, band: Option<&str>, answers: &[(&str, &str)]) -> ResultInput {
    ResultInput {
        response: Uuid::from_u128(0xF0).into(),
        at: format!("2026-11-{day:02}T09:00:00Z").parse().unwrap(),
        instrument: instrument.to_owned(),
        version: "1.0.0".to_owned(),
        score: Score::ZERO,
        band: band.map(str::to_owned),
        overloaded: false,
        answers: answers
            .iter()
            .map(|(item, answer)| ((*item).to_owned(), (*answer).to_owned()))
            .collect(),
    }
}

fn judge(observations: &[O]) -> Judgement {
    tables()
        .current()
        .judge(&Inputs::of(signal(1, 1, observations)))
}

fn names(judgement: &Judgement) -> Vec<String> {
    let reasons = judgement.reasons.iter();
    reasons.map(|line| line.trigger.to_string()).collect()
}

#[test]
fn examples() {
    let cases: &[(&[O], Urgency, Need, CarerAsk)] = &[
        (
            &[O::UnawareOfSupport],
            Urgency::Routine,
            Need::Information,
            CarerAsk::Knowledge,
        ),
        (
            &[O::Exhausted],
            Urgency::Soon,
            Need::Respite,
            CarerAsk::Collaboration,
        ),
        (
            &[O::Exhausted, O::SleepsBadly, O::NoBackup],
            Urgency::Urgent,
            Need::Respite,
            CarerAsk::Collaboration,
        ),
        (
            &[O::SaysCannotGoOn],
            Urgency::Urgent,
            Need::Respite,
            CarerAsk::Collaboration,
        ),
        (
            &[O::UnawareOfSupport, O::SuicidalTalk],
            Urgency::Emergency,
            Need::Safety,
            CarerAsk::BeingHeard,
        ),
        (
            &[O::YoungCarer],
            Urgency::Soon,
            Need::PeerSupport,
            CarerAsk::Recognition,
        ),
    ];
    for (observations, urgency, need, ask) in cases {
        let judgement = judge(observations);
        assert_eq!(judgement.urgency, *urgency, "{observations:?}");
        assert_eq!(judgement.needs.first(), Some(need), "{observations:?}");
        assert_eq!(judgement.asks.first(), Some(ask), "{observations:?}");
    }
}

#[test]
fn forms_count_by_their_bands_answers_and_thresholds() {
    let table = tables();
    let judge = |result: ResultInput| {
        let inputs = Inputs::of(signal(1, 1, &[O::UnawareOfSupport])).with_result(result);
        table.current().judge(&inputs)
    };
    let week = judge(form("perseverance-time", 2, Some("under_1_week"), &[]));
    assert_eq!(week.urgency, Urgency::Urgent);
    assert_eq!(week.needs.first(), Some(&Need::Respite));
    assert_eq!(
        names(&week),
        ["perseverance-time/under_1_week", "unaware_of_support"]
    );
    let years = judge(form("perseverance-time", 2, Some("over_2_years"), &[]));
    assert_eq!(years.urgency, Urgency::Routine);
    assert_eq!(names(&years), ["unaware_of_support"]);
    let money = judge(form(
        "carerqol-7d",
        2,
        None,
        &[("financial_problems", "a_lot"), ("support", "a_lot")],
    ));
    assert_eq!(money.needs.first(), Some(&Need::Financial));
    assert_eq!(money.urgency, Urgency::Soon);
    let strained = judge(ResultInput {
        overloaded: true,
        ..form("a-licensed-one", 2, None, &[])
    });
    assert_eq!(names(&strained), ["overload", "unaware_of_support"]);
    assert_eq!(strained.urgency, Urgency::Soon);
}

#[test]
fn signals_of_one_situation_add_up_and_the_newest_decides_between_equals() {
    let table = tables();
    // Each calls for one need of the same weight: the newest comes first.
    let (money, loneliness) = ([O::MoneyWorries], [O::Isolated]);
    let inputs = |money_day, isolated_day| {
        Inputs::of(signal(1, money_day, &money)).with_signal(signal(2, isolated_day, &loneliness))
    };
    let first = |inputs: &Inputs| table.current().judge(inputs).needs[0];
    assert_eq!(first(&inputs(1, 2)), Need::PeerSupport);
    assert_eq!(first(&inputs(2, 1)), Need::Financial);

    // Together they weigh more than either, and what one said twice counts once.
    let both = table.current().judge(&inputs(1, 2));
    assert_eq!((both.weight, both.urgency), (4, Urgency::Soon));
    let again = inputs(1, 2).with_signal(signal(3, 1, &money));
    assert_eq!(table.current().judge(&again).weight, 4);
    let alone = table
        .current()
        .judge(&again.without_signal(Uuid::from_u128(2).into()));
    assert_eq!((alone.weight, alone.urgency), (2, Urgency::Routine));
    assert!(both.asks_for_more_than(&alone));
    assert!(!alone.asks_for_more_than(&both));
}

#[test]
fn red_flags_come_first_among_the_reasons() {
    let judgement = judge(&[
        O::SaysCannotGoOn,
        O::Exhausted,
        O::SuspectedRoughCareOrNeglect,
    ]);
    assert_eq!(
        names(&judgement),
        [
            "suspected_rough_care_or_neglect",
            "says_cannot_go_on",
            "exhausted"
        ]
    );
    assert_eq!(judgement.needs[0], Need::Safety);
}

/// What was stored, and what it came to then.
#[derive(Deserialize)]
struct Golden {
    version: String,
    inputs: Inputs,
    urgency: Urgency,
    needs: Vec<Need>,
    weight: u16,
    reasons: Vec<String>,
}

#[test]
fn stored_judgements_replay_to_the_same_by_the_table_of_their_version() {
    let golden: Vec<Golden> = serde_json::from_str(GOLDEN).unwrap();
    let tables = tables();
    for case in golden {
        let judgement = tables.version(&case.version).unwrap().judge(&case.inputs);
        let mut reasons = names(&judgement);
        reasons.sort_unstable();
        assert_eq!(
            (
                judgement.urgency,
                judgement.needs,
                judgement.weight,
                reasons
            ),
            (case.urgency, case.needs, case.weight, case.reasons),
            "{} {:?}",
            case.version,
            case.inputs
        );
    }
}

#[test]
fn every_line_names_its_source_and_speaks_three_languages() {
    let tables = tables();
    for line in tables.current().lines() {
        let name = line.trigger.to_string();
        assert!(!line.source.trim().is_empty(), "{name}");
        assert!(!line.asks.is_empty(), "{name}");
        assert!(line.because.as_ref().unwrap().is_complete(), "{name}");
        if line.is_red_flag() {
            assert!(line.at_least >= Some(Urgency::Urgent), "{name}");
        }
    }
    for weight in [0, 3, 7] {
        let limit = tables.current().limit(weight).unwrap();
        assert!(limit.because.as_ref().unwrap().is_complete(), "{weight}");
        assert!(!limit.source.is_empty(), "{weight}");
    }
}

#[test]
fn lines_speak_of_instruments_that_there_are() {
    let catalogue = crate::model::Catalogue::builtin().unwrap();
    for line in tables().current().lines() {
        let known = |id: &str| catalogue.all().find(|one| one.id == id).cloned();
        match &line.trigger {
            Trigger::Band { instrument, band } => {
                let instrument = known(instrument).unwrap();
                let mut bands = instrument.scoring.bands.iter();
                assert!(bands.any(|known| known.code == *band), "{}", line.trigger);
            }
            Trigger::Answer {
                instrument,
                item,
                answer,
            } => {
                let instrument = known(instrument).unwrap();
                let item = instrument.items.iter().find(|known| known.link_id == *item);
                let mut choices = item.unwrap().choices.iter();
                assert!(
                    choices.any(|known| known.code == *answer),
                    "{}",
                    line.trigger
                );
            }
            Trigger::Observation(_) | Trigger::Overload => {}
        }
    }
}

#[test]
fn a_table_that_cannot_be_used_says_why() {
    let good = include_str!("../../../data/triage/2026-11-22.1.json");
    let fault = |text: &str| TriageTable::parse(text).unwrap_err().to_string();
    assert!(fault("{").starts_with("triage table: EOF"));
    assert_eq!(
        fault(&good.replace(
            "\"observation\": \"isolated\"",
            "\"observation\": \"exhausted\""
        )),
        "triage table 2026-11-22.1: `exhausted` needs exactly one line"
    );
    assert_eq!(
        fault(&good.replace("\"observation\": \"isolated\"", "\"overload\": false")),
        "triage table 2026-11-22.1: line 6 must speak of one thing: an `observation`, an `instrument` with its \
         `band` or its `item` and `answer`, or `overload`"
    );
    assert!(fault(&good.replace("\"from_weight\": 0", "\"from_weight\": 1")).contains("bands"));
}

prop_compose! {
    /// Some signals of one situation, on some days.
    fn some_signals()(
        signals in prop::collection::vec(
            (1..28_u8, subsequence(O::ALL.to_vec(), 1..=6).prop_shuffle()),
            1..5,
        )
    ) -> Vec<SignalInput> {
        (1..).zip(signals).map(|(id, (day, seen))| signal(id, day, &seen)).collect()
    }
}

fn all(signals: impl IntoIterator<Item = SignalInput>) -> Inputs {
    signals
        .into_iter()
        .fold(Inputs::default(), Inputs::with_signal)
}

proptest! {
    #[test]
    fn more_observations_never_make_it_less_urgent_nor_need_less(
        seen in subsequence(O::ALL.to_vec(), 1..=27).prop_shuffle(),
        keep in 0..27_usize,
    ) {
        let fewer = judge(&seen[..keep.min(seen.len())]);
        let more = judge(&seen);
        prop_assert!(fewer.urgency <= more.urgency);
        prop_assert!(fewer.needs.iter().all(|need| more.needs.contains(need)));
        prop_assert!(!more.needs.is_empty());
    }

    #[test]
    fn a_situation_is_at_least_as_urgent_as_each_of_its_signals(signals in some_signals()) {
        let tables = tables();
        let whole = tables.current().judge(&all(signals.clone()));
        for one in signals {
            let alone = tables.current().judge(&Inputs::of(one));
            prop_assert!(!alone.asks_for_more_than(&whole));
        }
    }

    #[test]
    fn order_and_repetition_change_nothing(
        signals in some_signals(),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let tables = tables();
        let once = tables.current().judge(&all(signals.clone()));
        let mut other = signals.clone();
        other.rotate_left(shuffled.index(signals.len()));
        for one in &mut other {
            one.observations.reverse();
            one.observations.extend(one.observations.clone());
        }
        other.extend(signals);
        other.reverse();
        prop_assert_eq!(once, tables.current().judge(&all(other)));
    }
}
