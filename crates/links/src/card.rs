//! A link as a card to print: the size of a bank card, plain words, a QR code. Nothing on it says
//! who somebody is, or calls them anything: whoever finds it learns nothing.

use std::fmt::Write;

use jiff::civil::Date;
use knipperlicht_vocabulary::Language;
use qrcode::{Color, EcLevel, QrCode};

use super::Door;

/// The languages a card can be printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardLanguage {
    /// Dutch.
    Dutch,
    /// French.
    French,
    /// English.
    English,
}

impl From<Language> for CardLanguage {
    /// Dutch for languages there is no card in yet.
    fn from(language: Language) -> Self {
        match language {
            Language::French => Self::French,
            Language::English => Self::English,
            _ => Self::Dutch,
        }
    }
}

/// A card to print.
#[derive(Debug, Clone)]
pub struct Card<'a> {
    /// What its link opens.
    pub door: Door,
    /// In which language.
    pub language: CardLanguage,
    /// The whole link.
    pub link: &'a str,
    /// The last day on which it works.
    pub until: Date,
}

/// A link that no QR code can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this link is too long for a QR code")]
pub struct CardError;

struct Words {
    title: &'static str,
    lines: &'static [&'static str],
    until: &'static str,
}

/// The words, ours, at the level of everyday speech (own wording, not tested with readers yet).
const fn words(door: Door, language: CardLanguage) -> Words {
    use CardLanguage::{Dutch, English, French};
    match (door, language) {
        (Door::AnswerOutcome, Dutch) => Words {
            title: "Hoe gaat het nu met u?",
            lines: &[
                "Scan de code met uw telefoon.",
                "Zeg of het geholpen heeft.",
                "Zie wie iets van u weet.",
                "Stoppen kan altijd.",
            ],
            until: "Werkt tot",
        },
        (Door::AnswerOutcome, French) => Words {
            title: "Comment allez-vous ?",
            lines: &[
                "Scannez le code.",
                "Dites si cela vous a aidé.",
                "Voyez qui sait quoi de vous.",
                "Vous pouvez toujours arrêter.",
            ],
            until: "Valable jusqu'au",
        },
        (Door::AnswerOutcome, English) => Words {
            title: "How are you now?",
            lines: &[
                "Scan the code with your phone.",
                "Say whether it helped.",
                "See who knows about you.",
                "You can always stop.",
            ],
            until: "Works until",
        },
        (Door::MySituation, Dutch) => Words {
            title: "Wie weet iets van mij?",
            lines: &[
                "Scan de code met uw telefoon.",
                "Zie wie iets van u weet.",
                "Stoppen kan altijd.",
            ],
            until: "Werkt tot",
        },
        (Door::MySituation, French) => Words {
            title: "Qui sait quoi de moi ?",
            lines: &[
                "Scannez le code.",
                "Voyez qui sait quoi de vous.",
                "Vous pouvez toujours arrêter.",
            ],
            until: "Valable jusqu'au",
        },
        (Door::MySituation, English) => Words {
            title: "Who knows about me?",
            lines: &[
                "Scan the code with your phone.",
                "See who knows about you.",
                "You can always stop.",
            ],
            until: "Works until",
        },
        (Door::SelfSignal, Dutch) => Words {
            title: "Zorgt u voor iemand?",
            lines: &[
                "Wordt het soms te veel?",
                "Scan de code en laat het weten.",
                "U hoeft u nergens in te loggen.",
                "Iemand neemt contact op.",
            ],
            until: "Werkt tot",
        },
        (Door::SelfSignal, French) => Words {
            title: "Vous aidez un proche ?",
            lines: &[
                "C'est parfois trop ?",
                "Scannez le code et dites-le.",
                "Aucun compte n'est nécessaire.",
                "Quelqu'un vous contactera.",
            ],
            until: "Valable jusqu'au",
        },
        (Door::SelfSignal, English) => Words {
            title: "Do you look after someone?",
            lines: &[
                "Is it too much at times?",
                "Scan the code and say so.",
                "You need no account.",
                "Somebody will contact you.",
            ],
            until: "Works until",
        },
    }
}

/// Modules of blank around a QR code (ISO/IEC 18004).
const QUIET: usize = 4;

impl Card<'_> {
    /// An SVG document of 85 by 54 millimetres, black on white, readable by a screen reader.
    pub fn svg(&self) -> Result<String, CardError> {
        let words = words(self.door, self.language);
        let code =
            QrCode::with_error_correction_level(self.link, EcLevel::M).map_err(|_| CardError)?;
        let size = code.width() + 2 * QUIET;
        let language = match self.language {
            CardLanguage::Dutch => "nl",
            CardLanguage::French => "fr",
            CardLanguage::English => "en",
        };
        let mut lines = String::new();
        for (at, line) in words.lines.iter().enumerate() {
            let _ = write!(
                lines,
                r#"<text x="430" y="{}">{}</text>"#,
                190 + at * 56,
                escaped(line)
            );
        }
        Ok(format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="85mm" height="54mm" "#,
                r#"viewBox="0 0 850 540" xml:lang="{language}" role="img">"#,
                "<title>{title}</title>",
                r#"<rect width="850" height="540" fill="white"/>"#,
                r#"<svg x="20" y="80" width="390" height="390" viewBox="0 0 {size} {size}" "#,
                r#"shape-rendering="crispEdges"><path d="{path}"/></svg>"#,
                r#"<g font-family="sans-serif" font-size="27">"#,
                r#"<text x="30" y="62" font-size="44" font-weight="bold">{title}</text>{lines}"#,
                r#"<text x="430" y="440" font-size="24">{until} {day}</text></g></svg>"#
            ),
            language = language,
            title = escaped(words.title),
            size = size,
            path = path(&code),
            lines = lines,
            until = escaped(words.until),
            day = self.until.strftime("%d/%m/%Y"),
        ))
    }
}

/// The dark modules of a code, each a square.
fn path(code: &QrCode) -> String {
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (at % width + QUIET, at / width + QUIET);
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    path
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
mod tests {
    use super::*;

    const DOORS: [Door; 3] = [Door::AnswerOutcome, Door::MySituation, Door::SelfSignal];
    const LANGUAGES: [CardLanguage; 3] = [
        CardLanguage::Dutch,
        CardLanguage::French,
        CardLanguage::English,
    ];

    fn card(door: Door, language: CardLanguage) -> String {
        let link = format!(
            "https://knipperlicht.example/k/{}#{}",
            door.code(),
            "A".repeat(43)
        );
        let until = Date::constant(2027, 1, 21);
        Card {
            door,
            language,
            link: &link,
            until,
        }
        .svg()
        .unwrap()
    }

    #[test]
    fn a_card_says_how_long_it_works_and_nothing_about_anybody() {
        for door in DOORS {
            for language in LANGUAGES {
                let svg = card(door, language);
                assert!(svg.contains("21/01/2027"));
                let low = svg.to_lowercase();
                for label in ["mantelzorg", "aidant proche", "carer", "patient", "#aaa"] {
                    assert!(!low.contains(label), "{door:?} {language:?}: {label}");
                }
            }
        }
        assert!(card(Door::AnswerOutcome, CardLanguage::Dutch).contains("Hoe gaat het nu met u?"));
        assert!(card(Door::SelfSignal, CardLanguage::French).contains("Vous aidez un proche ?"));
    }

    /// The modules drawn are those of the code: the three corners, and as many dark ones.
    #[test]
    fn what_is_drawn_is_the_code() {
        let link = "https://knipperlicht.example/k/self_signal#token";
        let code = QrCode::with_error_correction_level(link, EcLevel::M).unwrap();
        let dark = code
            .to_colors()
            .iter()
            .filter(|color| **color == Color::Dark)
            .count();
        let drawn = path(&code);
        assert_eq!(drawn.matches('M').count(), dark);
        let last = code.width() + QUIET - 1;
        for corner in [
            "M4 4h".to_owned(),
            format!("M{last} 4h"),
            format!("M4 {last}h"),
        ] {
            assert!(drawn.contains(&corner), "{corner}");
        }
    }

    #[test]
    fn a_link_that_is_too_long_is_refused() {
        let link = "x".repeat(5_000);
        let card = Card {
            door: Door::MySituation,
            language: CardLanguage::Dutch,
            link: &link,
            until: Date::constant(2027, 1, 21),
        };
        assert_eq!(card.svg(), Err(CardError));
    }
}
