//! Advice for a reporter, and the card that is left with a carer.

use knipperlicht_contracts::{intake::v1 as proto, routing::v1 as routing};
use knipperlicht_vocabulary::Language;
use serde::Serialize;

use super::Word;

/// What a reporter is advised.
#[derive(Debug, Serialize)]
pub(crate) struct AdviceView {
    kind: Word,
    texts: Vec<WordingView>,
}

/// Plain words in one language.
#[derive(Debug, Serialize)]
pub(crate) struct WordingView {
    language: Option<Word>,
    title: String,
    lines: Vec<String>,
}

impl From<proto::Wording> for WordingView {
    fn from(wording: proto::Wording) -> Self {
        Self {
            language: Word::of::<Language>(wording.language),
            title: wording.title,
            lines: wording.lines,
        }
    }
}

impl WordingView {
    /// The wording in this language, or the first there is.
    pub(crate) fn in_language(texts: &[Self], language: Language) -> Option<&Self> {
        let is_wanted = |one: &&Self| {
            let code = one.language.as_ref().map(Word::code);
            code == Some(language.code())
        };
        texts.iter().find(is_wanted).or_else(|| texts.first())
    }

    /// In one line.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| format!("  {line}"));
        let all: Vec<String> = std::iter::once(self.title.clone()).chain(lines).collect();
        all.join("\n")
    }
}

impl From<proto::Advice> for AdviceView {
    fn from(advice: proto::Advice) -> Self {
        Self {
            kind: Word::of_enum(advice.kind().as_str_name(), "ADVICE_KIND_"),
            texts: advice.texts.into_iter().map(WordingView::from).collect(),
        }
    }
}

impl AdviceView {
    /// In one language, as a person reads it.
    pub(crate) fn text(&self, language: Language) -> String {
        let wording = WordingView::in_language(&self.texts, language);
        wording.map(WordingView::text).unwrap_or_default()
    }
}

/// The card.
#[derive(Debug, Serialize)]
pub(crate) struct InformationCardView {
    language: Option<Word>,
    title: String,
    lines: Vec<String>,
    zone_name: String,
    services: Vec<OfferView>,
    numbers: Vec<NumberView>,
}

#[derive(Debug, Serialize)]
struct OfferView {
    name: String,
    organisation_name: String,
    phone: String,
    email: String,
    url: String,
}

#[derive(Debug, Serialize)]
struct NumberView {
    number: String,
    text: String,
}

impl From<routing::GetInformationCardResponse> for InformationCardView {
    fn from(card: routing::GetInformationCardResponse) -> Self {
        let services = card.services.into_iter().map(|service| OfferView {
            name: service.name,
            organisation_name: service.organisation_name,
            phone: service.phone,
            email: service.email,
            url: service.url,
        });
        let numbers = card.numbers.into_iter().map(|number| NumberView {
            number: number.number,
            text: number.text,
        });
        Self {
            language: Word::of::<Language>(card.language),
            title: card.title,
            lines: card.lines,
            zone_name: card.zone_name,
            services: services.collect(),
            numbers: numbers.collect(),
        }
    }
}

impl InformationCardView {
    /// As it is printed.
    pub(crate) fn text(&self) -> String {
        let mut all = vec![self.title.clone(), String::new()];
        all.extend(self.lines.iter().cloned());
        all.extend([String::new(), self.zone_name.clone()]);
        all.extend(self.services.iter().map(|service| {
            let reach = [&service.phone, &service.email, &service.url];
            let reach: Vec<&str> = reach
                .into_iter()
                .map(String::as_str)
                .filter(|way| !way.is_empty())
                .collect();
            let (name, by) = (&service.name, &service.organisation_name);
            format!("  {name} ({by})  {}", reach.join("  "))
                .trim_end()
                .to_owned()
        }));
        all.push(String::new());
        let numbers = self.numbers.iter();
        all.extend(numbers.map(|one| format!("  {:<12} {}", one.number, one.text)));
        all.join("\n")
    }
}
