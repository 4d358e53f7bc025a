//! Instruments, forms that were filled in, scores, what became of them, and judgements.

use knipperlicht_contracts::assessment::v1::{self as assessment, Direction, Trend};
use knipperlicht_vocabulary::{Language, Need, Observation as Noticed, Urgency};
use sha2::{Digest, Sha256};

use super::{
    found::{Found, moment, told},
    ids::{paired, unhyphenated},
    offer::Kind,
    reply,
    terms::{self, INSTRUMENT, List, ORDINAL},
    types::{
        AnswerOption, CodeableConcept, Coding, Component, Extension, Observation, Quantity,
        Questionnaire, QuestionnaireItem, QuestionnaireResponse,
    },
};
use crate::etag::hex;

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const UNITS: &str = "http://unitsofmeasure.org";
const ABSENT_CODES: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";

/// An instrument. Items that are asked only after certain answers are not marked as required: the
/// condition is the instrument's own, and is not told.
pub(super) fn questionnaire(instrument: &assessment::Instrument, language: i32) -> Found {
    let language = Language::try_from(language).ok();
    let mut item: Vec<_> = instrument.items.iter().map(item).collect();
    if item.is_empty() || !instrument.takes_answers {
        item = vec![QuestionnaireItem {
            link_id: "total".to_owned(),
            text: filled(&instrument.title),
            kind: "decimal".to_owned(),
            required: Some(true),
            answer_option: Vec::new(),
        }];
    }
    let questionnaire = Questionnaire {
        language: language.map(|language| language.code().to_owned()),
        url: filled(&instrument.url),
        version: filled(&instrument.version),
        title: filled(&instrument.title),
        status: "active".to_owned(),
        subject_type: vec!["Patient".to_owned()],
        description: filled(&instrument.measures),
        copyright: filled(&instrument.credit),
        item,
        ..Questionnaire::default()
    };
    let resource = reply::json(Kind::Questionnaire.name(), &questionnaire);
    Found::new(
        Kind::Questionnaire,
        instrument.instrument_id.clone(),
        None,
        resource,
    )
    .by("url", instrument.url.clone())
    .by("url", canonical(instrument))
}

fn canonical(instrument: &assessment::Instrument) -> String {
    format!("{}|{}", instrument.url, instrument.version)
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn item(item: &assessment::Item) -> QuestionnaireItem {
    let options = item.choices.iter().map(|choice| AnswerOption {
        extension: vec![Extension {
            value_decimal: Some(choice.score),
            ..terms::part(ORDINAL)
        }],
        value_coding: Some(Coding {
            code: filled(&choice.code),
            display: filled(&choice.text),
            ..Coding::default()
        }),
    });
    QuestionnaireItem {
        link_id: item.link_id.clone(),
        text: filled(&item.text),
        kind: if item.choices.is_empty() {
            "decimal"
        } else {
            "choice"
        }
        .to_owned(),
        required: Some(item.required && !item.conditional),
        answer_option: options.collect(),
    }
}

/// All forms of a situation.
pub(super) fn forms(
    situation: &str,
    judged: &assessment::ListAssessmentsResponse,
    catalogue: &[assessment::Instrument],
) -> Vec<Found> {
    let results = judged.series.iter().flat_map(|series| &series.results);
    results
        .map(|result| {
            let instrument = catalogue.iter().find(|one| {
                one.instrument_id == result.instrument_id
                    && one.version == result.instrument_version
            });
            let form = QuestionnaireResponse {
                identifier: Some(terms::uuid(&result.response_id)),
                questionnaire: instrument.map(canonical),
                status: "completed".to_owned(),
                subject: Some(terms::carer(situation)),
                authored: told(result.answered_at.as_ref()),
                ..QuestionnaireResponse::default()
            };
            let resource = reply::json(Kind::QuestionnaireResponse.name(), &form);
            let id = paired(situation, &result.response_id);
            let at = moment(result.recorded_at.as_ref());
            Found::new(Kind::QuestionnaireResponse, id, at, resource)
                .by_token(
                    "identifier",
                    terms::URI,
                    format!("urn:uuid:{}", result.response_id),
                )
                .by_token("patient", terms::SITUATION, situation)
        })
        .collect()
}

/// All scores, trends and judgements of a situation.
pub(super) fn observations(
    situation: &str,
    judged: &assessment::ListAssessmentsResponse,
) -> Vec<Found> {
    let mut found = Vec::new();
    for series in &judged.series {
        let scores = series.results.iter();
        found.extend(scores.map(|result| score(situation, series, result)));
        found.extend(trend(situation, series));
    }
    let judgements = judged.assessments.iter();
    found.extend(judgements.map(|one| judgement(situation, one)));
    found
}

fn instrument_code(series: &assessment::Series) -> CodeableConcept {
    let title = series.title.as_ref().map(|title| title.nl.as_str());
    CodeableConcept {
        coding: vec![Coding {
            system: Some(INSTRUMENT.to_owned()),
            version: filled(&series.instrument_version),
            code: filled(&series.instrument_id),
            ..Coding::default()
        }],
        text: title.and_then(filled),
    }
}

fn observation(
    situation: &str,
    id: String,
    category: &'static str,
    at: Option<&prost_types::Timestamp>,
    observation: Observation,
) -> Found {
    let observation = Observation {
        status: "final".to_owned(),
        category: vec![if category == "survey" {
            terms::concept(CATEGORY, category)
        } else {
            List::Term.concept(category)
        }],
        subject: Some(terms::carer(situation)),
        issued: told(at),
        ..observation
    };
    let resource = reply::json(Kind::Observation.name(), &observation);
    Found::new(Kind::Observation, id, moment(at), resource)
        .by("category", category)
        .by_token("patient", terms::SITUATION, situation)
}

fn score(situation: &str, series: &assessment::Series, result: &assessment::Result) -> Found {
    let mut interpretation = Vec::new();
    if let Some(band) = filled(&result.band) {
        let label = result.band_label.as_ref().map(|label| label.nl.as_str());
        let system = format!("{INSTRUMENT}/{}/band", result.instrument_id);
        interpretation.push(CodeableConcept {
            text: label.and_then(filled),
            ..terms::concept(&system, &band)
        });
    }
    if result.overloaded {
        interpretation.push(List::Term.concept("overloaded"));
    }
    let id = paired(situation, &result.response_id);
    let told_of = Observation {
        identifier: vec![terms::uuid(&result.response_id)],
        code: instrument_code(series),
        effective_date_time: told(result.answered_at.as_ref()),
        value_quantity: Some(Quantity {
            value: Some(result.score),
            unit: Some("score".to_owned()),
            system: Some(UNITS.to_owned()),
            code: Some("{score}".to_owned()),
        }),
        interpretation,
        derived_from: vec![terms::literal("QuestionnaireResponse", &id)],
        ..Observation::default()
    };
    let at = result.recorded_at.as_ref();
    observation(situation, id, "survey", at, told_of).by_token(
        "identifier",
        terms::URI,
        format!("urn:uuid:{}", result.response_id),
    )
}

/// What became of a series of scores; nothing where there is one only.
fn trend(situation: &str, series: &assessment::Series) -> Option<Found> {
    let code = |trend: i32| match Trend::try_from(trend).ok()? {
        Trend::Better => Some("better"),
        Trend::Worse => Some("worse"),
        Trend::Same => Some("same"),
        Trend::Unspecified | Trend::TooFew => None,
    };
    let latest = series.results.last()?;
    let now = code(series.trend)?;
    let words = series.trend_words.as_ref().map(|words| words.nl.as_str());
    let mut component = Vec::new();
    let direction = match Direction::try_from(series.direction).unwrap_or_default() {
        Direction::HigherIsBetter => Some("higher-is-better"),
        Direction::HigherIsWorse => Some("higher-is-worse"),
        Direction::Unspecified => None,
    };
    component.extend(direction.map(|direction| Component {
        code: List::Term.concept("direction"),
        value_codeable_concept: Some(List::Term.concept(direction)),
        ..Component::default()
    }));
    component.extend(code(series.trend_since_first).map(|since| Component {
        code: List::Term.concept("trend-since-first"),
        value_codeable_concept: Some(List::Trend.concept(since)),
        ..Component::default()
    }));
    let name = format!("{}|{}", series.instrument_id, series.instrument_version);
    let hash = hex(&Sha256::digest(name.as_bytes())[..16]);
    let scores = series.results.iter();
    let told_of = Observation {
        code: instrument_code(series),
        effective_date_time: told(latest.answered_at.as_ref()),
        value_codeable_concept: Some(CodeableConcept {
            text: words.and_then(filled),
            ..List::Trend.concept(now)
        }),
        has_member: scores
            .map(|one| terms::literal("Observation", &paired(situation, &one.response_id)))
            .collect(),
        component,
        ..Observation::default()
    };
    let id = format!("{}{hash}", unhyphenated(situation));
    let at = latest.recorded_at.as_ref();
    Some(observation(situation, id, "trend", at, told_of))
}

fn judgement(situation: &str, judged: &assessment::Assessment) -> Found {
    let mut component: Vec<_> = judged
        .needs
        .iter()
        .filter_map(|need| Need::try_from(*need).ok())
        .map(|need| Component {
            code: List::Term.concept("need"),
            value_codeable_concept: Some(List::Need.concept(need.code())),
            ..Component::default()
        })
        .collect();
    component.extend(judged.reasons.iter().map(reason));
    component.push(Component {
        code: List::Term.concept("weight"),
        value_integer: Some(judged.weight),
        ..Component::default()
    });
    if judged.left_out {
        component.push(Component {
            code: List::Term.concept("reason"),
            data_absent_reason: Some(terms::concept(ABSENT_CODES, "masked")),
            ..Component::default()
        });
    }
    let urgency = Urgency::try_from(judged.urgency).ok();
    let told_of = Observation {
        identifier: vec![terms::uuid(&judged.assessment_id)],
        code: List::Term.concept("judgement"),
        effective_date_time: told(judged.assessed_at.as_ref()),
        value_codeable_concept: urgency.map(|urgency| List::Urgency.concept(urgency.code())),
        component,
        ..Observation::default()
    };
    let id = paired(situation, &judged.assessment_id);
    let at = judged.assessed_at.as_ref();
    observation(situation, id, "judgement", at, told_of).by_token(
        "identifier",
        terms::URI,
        format!("urn:uuid:{}", judged.assessment_id),
    )
}

fn reason(reason: &assessment::Reason) -> Component {
    let noticed = Noticed::try_from(reason.observation).ok();
    let words = reason.because.as_ref().and_then(|words| filled(&words.nl));
    let coding = noticed.map(|noticed| List::Observation.coding(noticed.code()));
    Component {
        code: List::Term.concept("reason"),
        value_codeable_concept: Some(CodeableConcept {
            coding: coding.into_iter().collect(),
            text: words.or_else(|| filled(&reason.line)),
        }),
        ..Component::default()
    }
}
