//! An instrument's file: `questionnaire`, a FHIR R4 or R5 Questionnaire of which the parts that
//! are asked and scored are read, and `scoring` beside it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Choice, Condition, Instrument, Item, Scoring, Term, Test, check::Wrong};
use crate::model::{Score, Texts};

/// Other languages of a text: <http://hl7.org/fhir/StructureDefinition/translation>.
const TRANSLATION: &str = "http://hl7.org/fhir/StructureDefinition/translation";
/// What an answer adds, in R4 and in R5.
const SCORES: [&str; 2] = [
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
];

/// An instrument's file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InstrumentFault {
    /// It is not of the form it should have; says at which line and column.
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
    /// Something in it is wrong.
    #[error("{path}: {wrong}")]
    At {
        /// Where, as a path into the file.
        path: String,
        /// What.
        wrong: Wrong,
    },
}

impl InstrumentFault {
    pub(super) fn at(path: impl Into<String>, wrong: Wrong) -> Self {
        Self::At {
            path: path.into(),
            wrong,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstrumentFile {
    questionnaire: Questionnaire,
    scoring: Scoring,
}

/// As FHIR has it; what is not read here may be there all the same.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Questionnaire {
    resource_type: String,
    id: String,
    url: String,
    version: String,
    title: String,
    #[serde(rename = "_title")]
    title_element: Option<Element>,
    item: Vec<ItemFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemFile {
    link_id: String,
    #[serde(default)]
    text: String,
    #[serde(rename = "_text")]
    text_element: Option<Element>,
    #[serde(rename = "type")]
    item_type: String,
    #[serde(default)]
    answer_option: Vec<OptionFile>,
    #[serde(default)]
    enable_when: Vec<EnableWhen>,
    #[serde(default)]
    enable_behavior: Behaviour,
    #[serde(default)]
    item: Vec<ItemFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OptionFile {
    value_coding: Coding,
    #[serde(default)]
    extension: Vec<Extension>,
}

#[derive(Deserialize)]
struct Coding {
    code: String,
    #[serde(default)]
    display: String,
    #[serde(rename = "_display")]
    display_element: Option<Element>,
    #[serde(default)]
    extension: Vec<Extension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnableWhen {
    question: String,
    operator: String,
    answer_coding: Option<Code>,
    answer_boolean: Option<bool>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Behaviour {
    All,
    #[default]
    Any,
}

#[derive(Deserialize)]
struct Element {
    #[serde(default)]
    extension: Vec<Extension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extension {
    url: String,
    #[serde(default, rename = "extension")]
    parts: Vec<Extension>,
    value_code: Option<String>,
    value_string: Option<String>,
    value_markdown: Option<String>,
    value_decimal: Option<f64>,
}

/// Where each item stands in the file, in the order of the items.
pub(super) type Places = Vec<String>;

/// Reads a file: its form is right then, and its linkIds and the scores of its answers are there.
pub(super) fn read(text: &str) -> Result<(Instrument, Places), InstrumentFault> {
    let InstrumentFile {
        questionnaire,
        scoring,
    } = serde_json::from_str(text)?;
    if questionnaire.resource_type != "Questionnaire" {
        let wrong = Wrong::ResourceType(questionnaire.resource_type);
        return Err(InstrumentFault::at("questionnaire.resourceType", wrong));
    }
    let mut reader = Reader::default();
    reader.items("questionnaire.item", questionnaire.item)?;
    let instrument = Instrument {
        title: texts(&questionnaire.title, questionnaire.title_element.as_ref()),
        id: questionnaire.id,
        url: questionnaire.url,
        version: questionnaire.version,
        items: reader.items,
        scoring,
    };
    Ok((instrument, reader.places))
}

#[derive(Default)]
struct Reader {
    link_ids: BTreeSet<String>,
    items: Vec<Item>,
    places: Places,
}

impl Reader {
    fn items(&mut self, path: &str, items: Vec<ItemFile>) -> Result<(), InstrumentFault> {
        for (index, item) in items.into_iter().enumerate() {
            self.item(&format!("{path}[{index}]"), item)?;
        }
        Ok(())
    }

    fn item(&mut self, path: &str, item: ItemFile) -> Result<(), InstrumentFault> {
        if !self.link_ids.insert(item.link_id.clone()) {
            let wrong = Wrong::DuplicateLinkId(item.link_id);
            return Err(InstrumentFault::at(format!("{path}.linkId"), wrong));
        }
        match item.item_type.as_str() {
            "group" | "display" if !item.enable_when.is_empty() => {
                let wrong = Wrong::ConditionOfGroup;
                return Err(InstrumentFault::at(format!("{path}.enableWhen"), wrong));
            }
            "group" | "display" => {}
            "choice" | "coding" | "integer" | "decimal" => {
                let asked_when = condition(path, item.enable_when, &item.enable_behavior)?;
                self.items.push(Item {
                    text: texts(&item.text, item.text_element.as_ref()),
                    choices: choices(path, item.answer_option)?,
                    asked_when,
                    link_id: item.link_id,
                });
                self.places.push(path.to_owned());
            }
            other => {
                let wrong = Wrong::Type(other.to_owned());
                return Err(InstrumentFault::at(format!("{path}.type"), wrong));
            }
        }
        self.items(&format!("{path}.item"), item.item)
    }
}

fn choices(path: &str, options: Vec<OptionFile>) -> Result<Vec<Choice>, InstrumentFault> {
    let read = |(index, option): (usize, OptionFile)| {
        let path = format!("{path}.answerOption[{index}]");
        let coding = option.value_coding;
        let extensions = option.extension.iter().chain(&coding.extension);
        let number = extensions
            .filter(|extension| SCORES.contains(&extension.url.as_str()))
            .find_map(|extension| extension.value_decimal)
            .ok_or_else(|| InstrumentFault::at(&path, Wrong::NoScore(coding.code.clone())))?;
        let score = Score::try_from(number)
            .map_err(|no_score| InstrumentFault::at(&path, Wrong::Score(no_score)))?;
        Ok(Choice {
            text: texts(&coding.display, coding.display_element.as_ref()),
            code: coding.code,
            score,
        })
    };
    options.into_iter().enumerate().map(read).collect()
}

fn condition(
    path: &str,
    terms: Vec<EnableWhen>,
    behaviour: &Behaviour,
) -> Result<Option<Condition>, InstrumentFault> {
    let read = |(index, term): (usize, EnableWhen)| {
        let test = match (
            term.operator.as_str(),
            term.answer_coding,
            term.answer_boolean,
        ) {
            ("=", Some(answer), None) => Test::Is(answer.code),
            ("!=", Some(answer), None) => Test::IsNot(answer.code),
            ("exists", None, Some(exists)) => Test::Exists(exists),
            _ => {
                let path = format!("{path}.enableWhen[{index}]");
                return Err(InstrumentFault::at(path, Wrong::Operator(term.operator)));
            }
        };
        Ok(Term {
            item: term.question,
            test,
        })
    };
    let terms: Vec<Term> = terms
        .into_iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()?;
    Ok((!terms.is_empty()).then_some(Condition {
        all: *behaviour == Behaviour::All,
        terms,
    }))
}

/// A text with its translations; a language without one gets the text as it stands.
fn texts(text: &str, element: Option<&Element>) -> Texts {
    let in_language = |language: &str| {
        let translations = element.map_or(&[][..], |element| &element.extension);
        translations
            .iter()
            .filter(|extension| extension.url == TRANSLATION)
            .find_map(|extension| extension.content_in(language))
            .unwrap_or(text)
            .to_owned()
    };
    Texts {
        nl: in_language("nl"),
        fr: in_language("fr"),
        en: in_language("en"),
    }
}

impl Extension {
    fn content_in(&self, language: &str) -> Option<&str> {
        let part = |url: &str| self.parts.iter().find(|part| part.url == url);
        let said = part("lang")?.value_code.as_deref()?;
        let content = part("content")?;
        // `nl` is meant by `nl-BE` too.
        (said.split('-').next() == Some(language))
            .then_some(
                content
                    .value_string
                    .as_deref()
                    .or(content.value_markdown.as_deref()),
            )
            .flatten()
    }
}
