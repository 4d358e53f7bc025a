//! A card to leave with a carer who does not want to be referred: what there is nearby for everyone who
//! asks, and whom to call. No blame, and nothing about who gets it. Own wording, not tested with readers
//! yet; the numbers are the public ones, each for who speaks its language.

use jiff::civil::Date;
use knipperlicht_vocabulary::{Language, Need, PostalCode, ZoneId};

use super::{
    directory::{Directory, Fit, Service},
    need_set::NeedSet,
};

/// Services at most on a card: more is a directory. Own default.
const SERVICES: usize = 8;

/// The words of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// The language it is in.
    pub language: Language,
    /// In one line.
    pub title: &'static str,
    /// A sentence or two each.
    pub lines: &'static [&'static str],
    /// Numbers to call and what they are for, what cannot wait last.
    pub numbers: &'static [(&'static str, &'static str)],
}

/// The words in this language; in Dutch where there are none yet.
#[must_use]
pub const fn words(language: Language) -> Words {
    match language {
        Language::French => Words {
            language,
            title: "Vous aidez un proche ?",
            lines: &[
                "Aider quelqu'un peut être lourd. C'est normal, et vous n'êtes pas seul.",
                "Voici ce qui existe près de chez vous. Vous choisissez si vous appelez, et quand.",
                "Votre médecin, votre mutualité et le CPAS de votre commune peuvent aussi vous aider.",
            ],
            numbers: &[
                (
                    "107",
                    "Télé-Accueil : parler à quelqu'un qui écoute, jour et nuit",
                ),
                ("0800 32 123", "Prévention du suicide, jour et nuit"),
                ("112", "Une vie est en danger"),
            ],
        },
        Language::English => Words {
            language,
            title: "Do you look after someone?",
            lines: &[
                "Looking after someone can be hard. That is normal, and you are not alone.",
                "This is what there is near you. You choose whether you call, and when.",
                "Your doctor, your health insurance fund and the social service of your town (OCMW) can help too.",
            ],
            numbers: &[
                (
                    "02 648 40 14",
                    "Community Help Service: somebody who listens, in English, day and night",
                ),
                ("1813", "Suicide line, in Dutch"),
                ("1712", "Violence, abuse or neglect, in Dutch"),
                ("112", "A life is in danger"),
            ],
        },
        _ => Words {
            language: Language::Dutch,
            title: "Zorgt u voor iemand?",
            lines: &[
                "Voor iemand zorgen kan zwaar zijn. Dat is normaal, en u staat er niet alleen voor.",
                "Dit is er bij u in de buurt. U kiest zelf of u belt, en wanneer.",
                "Ook uw huisarts, uw ziekenfonds en het OCMW of Sociaal Huis van uw gemeente helpen u verder.",
            ],
            numbers: &[
                (
                    "106",
                    "Tele-Onthaal: praten met iemand die luistert, dag en nacht",
                ),
                ("1813", "Zelfmoordlijn"),
                ("1712", "Vragen over geweld, misbruik of verwaarlozing"),
                ("112", "Er is iemand in levensgevaar"),
            ],
        },
    }
}

/// What is offered here to every carer who asks for it: those that inform and listen first, those that
/// speak the language before those that do not, then by name.
#[must_use]
pub fn nearby<'d>(
    directory: &'d Directory,
    zone: &ZoneId,
    postal_code: PostalCode,
    language: Language,
    today: Date,
) -> Vec<&'d Service> {
    let listens = NeedSet::from(
        &[
            Need::Information,
            Need::RecognitionAndListening,
            Need::PeerSupport,
        ][..],
    );
    let is_for_everyone = |service: &&Service| {
        service.fit == Fit::Generic
            && service.target_group.is_none()
            && service.age_bands.is_empty()
            && service.is_offered_on(today)
    };
    let mut nearby: Vec<&Service> = directory
        .offered_at(zone, postal_code)
        .filter(is_for_everyone)
        .collect();
    nearby.sort_by_key(|service| {
        (
            service.needs.and(listens).is_empty(),
            !service.languages.contains(&language),
            &service.name,
            &service.id,
        )
    });
    nearby.truncate(SERVICES);
    nearby
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_own_words_and_the_others_dutch_ones() {
        for language in [Language::Dutch, Language::French, Language::English] {
            assert_eq!(words(language).language, language);
            let numbers = words(language).numbers;
            assert_eq!(numbers.last().map(|(number, _)| *number), Some("112"));
        }
        assert_eq!(words(Language::Turkish), words(Language::Dutch));
    }
}
