//! Names and numbers of people who do not exist, and say so.

use fastrand::Rng;
use knipperlicht_contracts::intake::v1::Contact;
use knipperlicht_vocabulary::AgeBand;

use super::chance::{happens, one_of};

const FIRST: &[&str] = &[
    "Maria",
    "Rita",
    "Godelieve",
    "Annie",
    "Monique",
    "Christiane",
    "Linda",
    "Martine",
    "Carine",
    "Ann",
    "Els",
    "Sofie",
    "Katrien",
    "Fatima",
    "Nathalie",
    "Jan",
    "Luc",
    "Marc",
    "Dirk",
    "Johan",
    "Patrick",
    "Geert",
    "Willy",
    "Roger",
    "Etienne",
    "Hassan",
    "Tom",
    "Koen",
    "Pieter",
    "Noor",
];

const FAMILY: &[&str] = &[
    "Peeters",
    "Janssens",
    "Maes",
    "Jacobs",
    "Mertens",
    "Willems",
    "Claes",
    "Goossens",
    "Wouters",
    "De Smet",
    "Hermans",
    "Martens",
    "Lambrecht",
    "Aerts",
    "De Clercq",
    "Pauwels",
    "Desmet",
    "Michiels",
    "Vermeulen",
    "Verhaeghe",
    "Vandenberghe",
    "De Backer",
    "Thijs",
    "Smets",
    "Lemmens",
    "Verstraete",
    "Coppens",
    "Van Damme",
    "Bogaerts",
    "Baert",
    "Callens",
    "Dewaele",
    "Geerts",
    "Hendrickx",
    "Cools",
    "Yilmaz",
    "El Idrissi",
    "Declerck",
    "Segers",
    "Stevens",
    "Moens",
    "Vanhoutte",
    "De Pauw",
    "Timmermans",
    "Van den Broeck",
    "Bosmans",
    "De Wilde",
    "Lenaerts",
    "Nijs",
    "Verbeke",
    "Wauters",
    "Devos",
    "Goethals",
    "Raes",
    "Schepers",
    "Vanneste",
    "Vercammen",
    "Ceulemans",
    "Christiaens",
    "De Ridder",
];

const NOTES: &[&str] = &[
    "Best te bereiken na 17 uur.",
    "Liefst eerst bellen, niet zomaar langsgaan.",
    "De dochter woont ver weg en belt elke zondag.",
    "Zou graag eens een nacht doorslapen.",
    "Wacht al maanden op een tegemoetkoming.",
    "Vertelde het zelf, voor het eerst.",
    "Op woensdag is er dagopvang, dan is er tijd om te praten.",
    "Hoort slecht aan de telefoon.",
];

/// Somebody, with a number that is given out to nobody: there are no mobile numbers under 0400.
pub(super) fn somebody(rng: &mut Rng, age: AgeBand, year: i16) -> Contact {
    let family = one_of(rng, FAMILY);
    let number = rng.u32(100_000..1_000_000);
    let [a, b, c] = [number / 10_000, number / 100 % 100, number % 100];
    let is_known_better = happens(rng, 35);
    Contact {
        name: format!("{} {family} (voorbeeld)", one_of(rng, FIRST)),
        phone: format!("0400 {a:02} {b:02} {c:02}"),
        family_name: if is_known_better {
            family.to_owned()
        } else {
            String::new()
        },
        birth_year: if is_known_better {
            i32::from(year) - years_of(rng, age)
        } else {
            0
        },
        ..Contact::default()
    }
}

/// Somebody of the same family name and birth year, of whom no number is known.
pub(super) fn namesake(rng: &mut Rng, of: &Contact) -> Contact {
    Contact {
        name: format!("{} {} (voorbeeld)", one_of(rng, FIRST), of.family_name),
        phone: String::new(),
        ..of.clone()
    }
}

/// Somebody else in the same home: the same number, another name and year.
pub(super) fn housemate(rng: &mut Rng, of: &Contact, year: i16) -> Contact {
    let other = somebody(rng, AgeBand::From26To64, year);
    let family = one_of(rng, FAMILY);
    Contact {
        phone: of.phone.clone(),
        family_name: family.to_owned(),
        name: format!("{} {family} (voorbeeld)", one_of(rng, FIRST)),
        birth_year: i32::from(year) - 30 - rng.i32(0..30),
        ..other
    }
}

/// What a reporter adds, if anything.
pub(super) fn note(rng: &mut Rng) -> &'static str {
    if happens(rng, 30) {
        one_of(rng, NOTES)
    } else {
        ""
    }
}

fn years_of(rng: &mut Rng, age: AgeBand) -> i32 {
    match age {
        AgeBand::Under18 => rng.i32(11..18),
        AgeBand::From18To25 => rng.i32(18..26),
        AgeBand::From26To64 => rng.i32(30..65),
        AgeBand::From65To79 => rng.i32(65..80),
        AgeBand::From80 => rng.i32(80..92),
    }
}
