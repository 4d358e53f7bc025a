//! What a reporter is advised where the carer was not asked yet, or refused; and how a carer reads who
//! looked at what is kept of them. Plain words, own wording, not tested with readers yet.

use knipperlicht_vocabulary::{Consent, Language};

/// What a reporter is advised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// How to ask.
    HowToAsk,
    /// That a refusal is fine, and that a card may be left behind.
    LeaveTheCard,
}

/// The languages that all of it is in.
pub const LANGUAGES: [Language; 3] = [Language::Dutch, Language::French, Language::English];

/// Advice in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording {
    /// The language.
    pub language: Language,
    /// In one line.
    pub title: &'static str,
    /// A sentence or two each.
    pub lines: &'static [&'static str],
}

impl Advice {
    /// What to advise where this is what the carer said.
    #[must_use]
    pub const fn upon(consent: Consent) -> Option<Self> {
        match consent {
            Consent::NotAsked => Some(Self::HowToAsk),
            Consent::Refused | Consent::Withdrawn => Some(Self::LeaveTheCard),
            Consent::Given | Consent::VitalInterest => None,
        }
    }

    /// The words, in every language.
    #[must_use]
    pub const fn wordings(self) -> [Wording; 3] {
        match self {
            Self::HowToAsk => HOW_TO_ASK,
            Self::LeaveTheCard => LEAVE_THE_CARD,
        }
    }
}

const HOW_TO_ASK: [Wording; 3] = [
    Wording {
        language: Language::Dutch,
        title: "Vraag het aan de mantelzorger",
        lines: &[
            "Niemand verneemt wie het is zolang de mantelzorger geen ja heeft gezegd.",
            "Kies een rustig moment, liefst met u beiden alleen.",
            "Zeg wat u ziet: 'Ik zie dat het u veel kost.'",
            "Vraag het zo: 'Er zijn mensen die u kunnen helpen. Mag ik hun uw naam en nummer geven?'",
            "Nee is ook goed. En wie ja zegt, kan daar altijd mee stoppen.",
            "Is het ja? Duid het aan bij dit signaal. Dan gaat het vanzelf verder.",
        ],
    },
    Wording {
        language: Language::French,
        title: "Demandez-le à l'aidant proche",
        lines: &[
            "Personne n'apprend de qui il s'agit tant que l'aidant n'a pas dit oui.",
            "Choisissez un moment calme, de préférence à deux.",
            "Dites ce que vous voyez : « Je vois que c'est lourd pour vous. »",
            "Demandez : « Des personnes peuvent vous aider. Puis-je leur donner votre nom et votre numéro ? »",
            "Un non est bien aussi. Et qui dit oui peut toujours arrêter.",
            "C'est oui ? Indiquez-le dans ce signal. Il partira de lui-même.",
        ],
    },
    Wording {
        language: Language::English,
        title: "Ask the carer",
        lines: &[
            "Nobody is told who it is until the carer has said yes.",
            "Pick a quiet moment, with just the two of you.",
            "Say what you see: 'I can see that it costs you a lot.'",
            "Ask: 'There are people who can help you. May I give them your name and number?'",
            "No is fine too. And whoever says yes can stop at any time.",
            "Is it yes? Say so on this signal. It then goes out by itself.",
        ],
    },
];

const LEAVE_THE_CARD: [Wording; 3] = [
    Wording {
        language: Language::Dutch,
        title: "Nee is ook goed",
        lines: &[
            "We geven niets door, en niemand belt.",
            "U hebt niets verkeerd gedaan, en de mantelzorger ook niet.",
            "U mag de infokaart achterlaten: wat er in de buurt is, en wie men kan bellen.",
            "Zegt de mantelzorger later toch ja? Duid het aan bij dit signaal. Dan gaat het vanzelf verder.",
        ],
    },
    Wording {
        language: Language::French,
        title: "Un non est bien aussi",
        lines: &[
            "Nous ne transmettons rien et personne n'appelle.",
            "Vous n'avez rien fait de mal, et l'aidant non plus.",
            "Vous pouvez laisser la carte d'information : ce qui existe tout près, et qui appeler.",
            "L'aidant dit oui plus tard ? Indiquez-le dans ce signal. Il partira de lui-même.",
        ],
    },
    Wording {
        language: Language::English,
        title: "No is fine too",
        lines: &[
            "We pass nothing on, and nobody calls.",
            "You did nothing wrong, and nor did the carer.",
            "You may leave the information card: what there is nearby, and whom to call.",
            "Does the carer say yes later? Say so on this signal. It then goes out by itself.",
        ],
    },
];

/// What somebody looked at, or did with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadingKind {
    /// How to reach the carer, and the notes about them.
    Contact,
    /// Why a vital interest outweighs consent.
    VitalInterest,
    /// Nothing was read: something was written down.
    NoteAdded,
}

impl ReadingKind {
    /// Its name in storage.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::VitalInterest => "vital_interest",
            Self::NoteAdded => "note_added",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        [Self::Contact, Self::VitalInterest, Self::NoteAdded]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// What the carer reads of it.
    #[must_use]
    pub const fn told(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Contact, Language::French) => {
                "a lu comment vous joindre et ce qui est noté à votre sujet."
            }
            (Self::Contact, Language::English) => {
                "read how to reach you, and what is written down about you."
            }
            (Self::Contact, _) => "las hoe men u kan bereiken en wat er over u genoteerd is.",
            (Self::VitalInterest, Language::French) => {
                "a lu pourquoi quelqu'un a transmis votre nom sans votre accord."
            }
            (Self::VitalInterest, Language::English) => {
                "read why somebody passed on who you are without asking you."
            }
            (Self::VitalInterest, _) => "las waarom iemand zonder uw ja doorgaf wie u bent.",
            (Self::NoteAdded, Language::French) => "a noté quelque chose à votre sujet.",
            (Self::NoteAdded, Language::English) => "wrote something down about you.",
            (Self::NoteAdded, _) => "noteerde iets over u.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_not_share_is_told_what_to_do_and_nobody_else() {
        for consent in Consent::ALL {
            assert_eq!(Advice::upon(*consent).is_none(), consent.allows_sharing());
        }
    }

    #[test]
    fn advice_is_short_and_in_every_language() {
        for advice in [Advice::HowToAsk, Advice::LeaveTheCard] {
            let wordings = advice.wordings();
            assert_eq!(wordings.map(|one| one.language), LANGUAGES);
            assert!(
                wordings
                    .iter()
                    .all(|one| one.lines.len() == wordings[0].lines.len())
            );
            for line in wordings.iter().flat_map(|one| one.lines) {
                let words = line.split_whitespace().count();
                assert!(words <= 22, "{words} words: {line}");
            }
        }
    }

    #[test]
    fn what_is_stored_of_a_reading_is_read_back() {
        for kind in [
            ReadingKind::Contact,
            ReadingKind::VitalInterest,
            ReadingKind::NoteAdded,
        ] {
            assert_eq!(ReadingKind::named(kind.code()), Some(kind));
        }
    }
}
