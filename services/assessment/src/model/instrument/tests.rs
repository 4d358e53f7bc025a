use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::Catalogue;

const VERSION: &str = "1.0.0";

fn builtin(id: &str) -> Instrument {
    let catalogue = Catalogue::builtin().unwrap();
    catalogue.get(id, VERSION).unwrap().clone()
}

fn answers(answers: &[(&str, &str)]) -> Entry {
    let answers = answers.iter();
    Entry::Answers(
        answers
            .map(|(item, answer)| ((*item).to_owned(), (*answer).to_owned()))
            .collect(),
    )
}

fn total(number: f64) -> Entry {
    Entry::Total(Score::try_from(number).unwrap())
}

fn points(number: f64) -> Score {
    Score::try_from(number).unwrap()
}

/// What an organisation may drop in: two items of 0 or 1, the second asked after a yes.
fn licensed() -> Value {
    let option = |code: &str, score: u8| {
        json!({
            "valueCoding": {"code": code, "display": code, "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/itemWeight", "valueDecimal": score}
            ]}
        })
    };
    let texts = json!({"nl": "x", "fr": "x", "en": "x"});
    json!({
        "questionnaire": {
            "resourceType": "Questionnaire", "id": "ours", "url": "https://example.org/q/ours",
            "version": "2", "title": "Ours", "status": "active",
            "item": [{"linkId": "part", "type": "group", "item": [
                {"linkId": "a", "type": "coding", "text": "A?", "answerOption": [option("no", 0), option("yes", 1)]},
                {"linkId": "b", "type": "coding", "text": "B?", "answerOption": [option("no", 0), option("yes", 1)],
                 "enableWhen": [{"question": "a", "operator": "=", "answerCoding": {"code": "yes"}}]}
            ]}]
        },
        "scoring": {
            "kind": "sum", "entry": ["answers", "total"], "about": "carer", "wording": "licensed", "measures": texts,
            "credit": "licence 12", "range": {"from": 0, "to": 2, "step": 1, "source": "manual"},
            "direction": "higher_is_worse",
            "bands": [
                {"code": "low", "from": 0, "to": 0, "label": texts, "source": "manual"},
                {"code": "high", "from": 1, "to": 2, "label": texts, "source": "manual"}
            ],
            "overload": {"from": 2, "source": "manual"}, "may_be_missing": [],
            "smallest_change": {"points": 1, "source": "own default, not validated"}
        }
    })
}

/// What is said of a file after a change to it.
fn fault(change: impl Fn(&mut Value)) -> String {
    let mut file = licensed();
    change(&mut file);
    Instrument::parse(&file.to_string())
        .unwrap_err()
        .to_string()
}

#[test]
fn the_instruments_that_come_with_the_program() {
    let catalogue = Catalogue::builtin().unwrap();
    let ids: Vec<&str> = catalogue.all().map(|one| one.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "belrai-screener",
            "carerqol-7d",
            "csi",
            "ediz",
            "ediz-plus",
            "interrai-cwbi",
            "maca-yc18",
            "mcsi",
            "perseverance-time"
        ]
    );
    for one in catalogue.all() {
        let asked = one.scoring.wording == Wording::Own;
        assert_eq!(asked, !one.takes(EntryWay::Total), "{}", one.id);
        let texts = one.items.iter().map(|item| &item.text);
        let texts = texts.chain([&one.title, &one.scoring.measures]);
        assert!(texts.clone().all(Texts::is_complete), "{}", one.id);
        if asked {
            assert!(one.scoring.credit.contains("project's own"), "{}", one.id);
            let mut translated = texts.map(|text| (text.nl != text.fr, text.nl != text.en));
            assert!(translated.all(|both| both == (true, true)), "{}", one.id);
        }
    }
}

#[test]
fn carerqol_counts_the_good_and_the_bad_of_caring() {
    let carerqol = builtin("carerqol-7d");
    let same = |positive: &str, negative: &str| {
        answers(&[
            ("fulfilment", positive),
            ("support", positive),
            ("relational_problems", negative),
            ("mental_health_problems", negative),
            ("daily_activities_problems", negative),
            ("financial_problems", negative),
            ("physical_health_problems", negative),
        ])
    };
    let score = |entry: &Entry| carerqol.score(entry).unwrap().score;
    assert_eq!(score(&same("a_lot", "no")), points(14.0));
    assert_eq!(score(&same("some", "some")), points(7.0));
    assert_eq!(score(&same("no", "a_lot")), points(0.0));
    let scored = carerqol.score(&same("no", "a_lot")).unwrap();
    assert_eq!((scored.band, scored.overloaded), (None, false));
}

#[test]
fn scores_lie_in_their_published_bands_and_thresholds() {
    let band = |id: &str, number: f64| {
        let scored = builtin(id).score(&total(number)).unwrap();
        (scored.band.unwrap_or_default(), scored.overloaded)
    };
    for (id, number, code, overloaded) in [
        ("ediz-plus", 0.0, "none", false),
        ("ediz-plus", 3.0, "light", false),
        ("ediz-plus", 8.0, "moderate", false),
        ("ediz-plus", 9.0, "heavy", true),
        ("csi", 6.0, "", false),
        ("csi", 7.0, "", true),
        ("belrai-screener", 12.5, "below_care_need", false),
        ("belrai-screener", 13.0, "care_need", false),
        ("maca-yc18", 9.0, "under_moderate", false),
        ("maca-yc18", 10.0, "moderate", false),
        ("maca-yc18", 17.0, "high", false),
        ("maca-yc18", 18.0, "very_high", false),
        ("mcsi", 26.0, "", false),
        ("interrai-cwbi", 8.0, "", false),
    ] {
        assert_eq!(
            band(id, number),
            (code.to_owned(), overloaded),
            "{id} {number}"
        );
    }
    let perseverance = builtin("perseverance-time");
    let scored = perseverance.score(&answers(&[("perseverance", "under_1_month")]));
    assert_eq!(scored.unwrap().band.as_deref(), Some("under_1_month"));
}

#[test]
fn forms_that_cannot_be_scored_say_why() {
    let say = |id: &str, entry: &Entry| builtin(id).score(entry).unwrap_err().to_string();
    assert_eq!(
        say("perseverance-time", &answers(&[("perseverance", "soon")])),
        "`perseverance` has no answer `soon`; there are: under_1_week, under_1_month, 1_to_6_months, \
         6_to_12_months, 1_to_2_years, over_2_years"
    );
    assert_eq!(
        say("perseverance-time", &answers(&[("sleep", "no")])),
        "there is no item `sleep`; there are: perseverance"
    );
    assert!(
        say("carerqol-7d", &answers(&[("support", "no")]))
            .starts_with("the form cannot be scored without: fulfilment, relational_problems")
    );
    assert_eq!(
        say("ediz-plus", &total(15.5)),
        "a total of 15.5 cannot be: it lies between 0 and 15, in steps of 1"
    );
    for out in [-1.0, 16.0, 3.5] {
        assert!(
            say("ediz-plus", &total(out)).contains("between 0 and 15"),
            "{out}"
        );
    }
    assert_eq!(
        say("carerqol-7d", &total(7.0)),
        "this instrument takes answers, item by item"
    );
    assert_eq!(say("mcsi", &answers(&[])), "this instrument takes a total");
}

#[test]
fn what_may_be_missing_adds_nothing_and_what_is_not_asked_is_not_answered() {
    let mut file = licensed();
    let ours = Instrument::parse(&file.to_string()).unwrap();
    let score = |one: &Instrument, entry: &[(&str, &str)]| {
        one.score(&answers(entry))
            .map(|scored| scored.score.number())
            .map_err(|fault| fault.to_string())
    };
    assert_eq!(score(&ours, &[("a", "no")]), Ok(0.0));
    assert_eq!(score(&ours, &[("a", "yes"), ("b", "yes")]), Ok(2.0));
    assert_eq!(
        score(&ours, &[("a", "yes")]),
        Err("the form cannot be scored without: b".to_owned())
    );
    assert_eq!(
        score(&ours, &[("a", "no"), ("b", "yes")]),
        Err("`b` is not asked after these answers: leave it out".to_owned())
    );
    file["scoring"]["may_be_missing"] = json!(["a", "b"]);
    let lenient = Instrument::parse(&file.to_string()).unwrap();
    assert_eq!(score(&lenient, &[("a", "yes")]), Ok(1.0));
    assert_eq!(
        score(&lenient, &[]),
        Err("the form cannot be scored without: any answer".to_owned())
    );
}

type Change<'a> = &'a dyn Fn(&mut Value);

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_file_that_is_wrong_is_refused_with_the_place_and_the_reason() {
    let item = |file: &mut Value, index: usize, change: &dyn Fn(&mut Value)| {
        change(&mut file["questionnaire"]["item"][0]["item"][index]);
    };
    let cases: &[(Change, &str)] = &[
        (
            &|file| file["questionnaire"]["resourceType"] = json!("Patient"),
            "questionnaire.resourceType: this is a `Patient`, not a `Questionnaire`",
        ),
        (
            &|file| file["questionnaire"]["version"] = json!("one two"),
            "questionnaire.version: `one two` is not a version: letters, digits, `.` and `-`, at most 40",
        ),
        (
            &|file| {
                item(file, 1, &|item| {
                    item["linkId"] = json!("a");
                });
            },
            "questionnaire.item[0].item[1].linkId: another item has the linkId `a` too",
        ),
        (
            &|file| {
                item(file, 1, &|item| {
                    item["enableWhen"][0]["question"] = json!("c");
                });
            },
            "questionnaire.item[0].item[1].enableWhen[0].question: there is no item `c`",
        ),
        (
            &|file| {
                item(file, 1, &|item| {
                    item["enableWhen"][0]["answerCoding"]["code"] = json!("perhaps");
                });
            },
            "questionnaire.item[0].item[1].enableWhen[0].question: the item `a` has no answer `perhaps`",
        ),
        (
            &|file| {
                item(file, 1, &|item| {
                    item["enableWhen"][0]["operator"] = json!(">");
                });
            },
            "questionnaire.item[0].item[1].enableWhen[0]: `>` with this answer is not read: use = or != with \
             answerCoding, or exists with answerBoolean",
        ),
        (
            &|file| {
                item(file, 0, &|item| {
                    item["enableWhen"] =
                        json!([{"question": "b", "operator": "exists", "answerBoolean": true}]);
                });
            },
            "questionnaire.item[0].item[0].enableWhen: these items wait for each other: a > b > a",
        ),
        (
            &|file| {
                item(file, 0, &|item| {
                    item["answerOption"][1]["valueCoding"]["extension"] = json!([]);
                });
            },
            "questionnaire.item[0].item[0].answerOption[1]: the answer `yes` has no score: give it the extension \
             ordinalValue or itemWeight with a valueDecimal",
        ),
        (
            &|file| {
                item(file, 0, &|item| {
                    item["answerOption"][1]["valueCoding"]["code"] = json!("no");
                });
            },
            "questionnaire.item[0].item[0].answerOption[1]: `no` stands here twice",
        ),
        (
            &|file| {
                item(file, 0, &|item| {
                    item["type"] = json!("string");
                });
            },
            "questionnaire.item[0].item[0].type: an item of type `string` cannot be scored: use group, display, \
             choice, coding, integer or decimal",
        ),
        (
            &|file| file["scoring"]["bands"][1]["from"] = json!(2),
            "scoring.bands[1]: there is a gap before this band: it begins at 2 and should begin at 1",
        ),
        (
            &|file| file["scoring"]["bands"][0]["to"] = json!(1),
            "scoring.bands[1]: this band overlaps the one before: it begins at 1 and should begin at 2",
        ),
        (
            &|file| file["scoring"]["bands"][1]["to"] = json!(1),
            "scoring.bands[1]: there is a gap after this band: it ends at 1 and the range at 2",
        ),
        (
            &|file| file["scoring"]["bands"][1]["to"] = json!(3),
            "scoring.bands[1]: 3 lies outside the range of 0 to 2",
        ),
        (
            &|file| file["scoring"]["overload"]["from"] = json!(5),
            "scoring.overload.from: 5 lies outside the range of 0 to 2",
        ),
        (
            &|file| file["scoring"]["range"]["to"] = json!(1),
            "scoring.range: answers can add up to 0 at least and 2 at most: that is not within 0 to 1",
        ),
        (
            &|file| file["scoring"]["may_be_missing"] = json!(["c"]),
            "scoring.may_be_missing[0]: there is no item `c`",
        ),
        (
            &|file| file["scoring"]["entry"] = json!([]),
            "scoring.entry: say how it is handed in: answers, total or both",
        ),
        (
            &|file| file["scoring"]["smallest_change"]["points"] = json!(0),
            "scoring.smallest_change.points: the smallest change that counts must be above 0",
        ),
    ];
    for (change, said) in cases {
        assert_eq!(fault(change), *said);
    }
    assert!(Instrument::parse(&licensed().to_string()).is_ok());
    let unreadable = Instrument::parse("{\n\"questionnaire\": 5}").unwrap_err();
    assert!(
        unreadable.to_string().contains("at line 2 column"),
        "{unreadable}"
    );
}

#[test]
fn an_own_file_may_not_stand_in_the_place_of_another() {
    let add = |change: &dyn Fn(&mut Value)| {
        let mut catalogue = Catalogue::builtin().unwrap();
        catalogue.add(&licensed().to_string()).unwrap();
        let mut file = licensed();
        change(&mut file["questionnaire"]);
        catalogue
            .add(&file.to_string())
            .map_err(|fault| fault.to_string())
    };
    assert_eq!(add(&|file| file["version"] = json!("3")), Ok(()));
    assert_eq!(
        add(&|_| {}),
        Err("questionnaire.version: `ours` is there in version 2 already".to_owned())
    );
    assert_eq!(
        add(&|file| file["id"] = json!("csi")),
        Err(
            "questionnaire.id: `csi` comes with the program: give yours an id of its own"
                .to_owned()
        )
    );
    let url = |file: &mut Value| {
        file["id"] = json!("other");
        file["url"] = json!("urn:knipperlicht:instrument:csi");
    };
    assert_eq!(
        add(&url),
        Err(
            "questionnaire.url: `urn:knipperlicht:instrument:csi` is the address of `csi`"
                .to_owned()
        )
    );
}

#[test]
fn a_trend_needs_two_scores_and_a_change_that_counts() {
    use Trend::{Better, Same, TooFew, Worse};
    let trend = |id: &str, scores: &[f64]| {
        let scores: Vec<Score> = scores.iter().map(|score| points(*score)).collect();
        let trends = builtin(id).trends(&scores);
        (trends.latest, trends.since_first)
    };
    assert_eq!(trend("carerqol-7d", &[]), (TooFew, TooFew));
    assert_eq!(trend("carerqol-7d", &[5.0]), (TooFew, TooFew));
    assert_eq!(trend("carerqol-7d", &[5.0, 7.0]), (Better, Better));
    assert_eq!(trend("carerqol-7d", &[5.0, 6.0]), (Same, Same));
    assert_eq!(trend("carerqol-7d", &[7.0, 6.0, 5.0]), (Same, Worse));
    assert_eq!(trend("ediz-plus", &[4.0, 9.0]), (Worse, Worse));
    assert_eq!(trend("ediz-plus", &[4.0, 9.0, 3.0]), (Better, Same));
}

proptest! {
    #[test]
    fn every_complete_form_has_a_score_in_range_and_one_band_or_none(picks in prop::collection::vec(any::<prop::sample::Index>(), 13)) {
        for one in Catalogue::builtin().unwrap().all().filter(|one| one.takes(EntryWay::Answers)) {
            let answers: BTreeMap<String, String> = one.items.iter().zip(&picks)
                .map(|(item, pick)| (item.link_id.clone(), pick.get(&item.choices).code.clone()))
                .collect();
            let scored = one.score(&Entry::Answers(answers)).unwrap();
            prop_assert!((one.scoring.range.from..=one.scoring.range.to).contains(&scored.score));
        }
    }

    #[test]
    fn every_score_of_the_range_has_exactly_one_band_where_there_are_bands(pick in 0..400_i32) {
        for one in Catalogue::builtin().unwrap().all() {
            let range = &one.scoring.range;
            let score = range.from.plus(Score::from_tenths(pick * range.step.tenths()));
            if score > range.to || one.scoring.bands.is_empty() {
                continue;
            }
            let holding = one.scoring.bands.iter().filter(|band| (band.from..=band.to).contains(&score));
            prop_assert_eq!(holding.count(), 1, "{} {}", one.id, score);
        }
    }
}
