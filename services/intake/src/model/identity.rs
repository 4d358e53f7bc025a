//! What recognises a carer who was flagged before: texts brought to one form, so that the same
//! phone number, typed in two ways, is the same. They live no longer than it takes to hash them.

use std::fmt;

use knipperlicht_vocabulary::PostalCode;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use zeroize::Zeroizing;

/// Digits of a phone number with its country, at least and at most (E.164 allows 15; a shorter
/// number is a service such as 112, which says nothing of who it is).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// Different digits that a real number has at least: `0400 00 00 00` is what people type when they
/// have none. Own default, not validated.
const DIFFERENT_DIGITS: usize = 3;

/// The earliest year of birth that is not a slip of the finger. Own default.
const EARLIEST_BIRTH: i16 = 1900;

/// Bytes that one byte of a name becomes at most without case and accents.
const LARGEST_FOLD: usize = 16;

/// What kind of text two signals have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// A phone number.
    Phone,
    /// A mail address.
    Mail,
    /// A national number.
    NationalNumber,
    /// Family name, birth year and postal code.
    Person,
    /// Family name and birth year: too little to recognise somebody by.
    Name,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Phone,
        Self::Mail,
        Self::NationalNumber,
        Self::Person,
        Self::Name,
    ];

    /// Its name, in storage and in what is hashed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Mail => "mail",
            Self::NationalNumber => "national_number",
            Self::Person => "person",
            Self::Name => "name",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// Whether it can recognise somebody by itself.
    #[must_use]
    pub const fn is_strong(self) -> bool {
        !matches!(self, Self::Name)
    }
}

/// What a reporter said of who it is, as typed.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    /// A phone number.
    pub phone: &'a str,
    /// A mail address.
    pub mail: &'a str,
    /// A national number.
    pub national_number: &'a str,
    /// A family name.
    pub family_name: &'a str,
    /// A year of birth; 0 if not known.
    pub birth_year: i32,
}

/// What cannot be. Says nothing of what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFault {
    /// Not eleven digits, or a month or day that there is none of.
    #[error(
        "a national number has eleven digits and begins with a date of birth, such as 85.07.30-033.28"
    )]
    NationalNumberForm,
    /// The last two digits do not follow from the others.
    #[error(
        "the check digits of the national number do not fit: compare it with the card, or leave it out"
    )]
    NationalNumberCheck,
    /// A year of birth that cannot be.
    #[error("the year of birth lies before 1900 or in the future: four digits, such as 1958")]
    BirthYear,
}

/// A text in its one form. Says nothing when printed, and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchText {
    /// Of which kind.
    pub kind: KeyKind,
    /// The text.
    pub text: Zeroizing<String>,
}

impl fmt::Debug for MatchText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MatchText").field(&self.kind).finish()
    }
}

/// The texts that recognise somebody, each kind once at most. What cannot be compared (`ask the
/// neighbour` in the phone's field) makes none; only a number that is certainly wrong is a fault.
pub fn match_texts(
    said: Said<'_>,
    postal_code: PostalCode,
    this_year: i16,
) -> Result<Vec<MatchText>, IdentityFault> {
    let number = national_number(said.national_number)?;
    let year = birth_year(said.birth_year, this_year)?;
    let year = year.map(|year| year.to_string());
    let name = year.as_ref().zip(family_name(said.family_name));
    let postal_code = postal_code.to_string();
    let person = name
        .as_ref()
        .map(|(year, name)| joined(&[name, "|", year, "|", &postal_code]));
    let name = name.as_ref().map(|(year, name)| joined(&[name, "|", year]));
    let texts = [
        (KeyKind::Phone, phone(said.phone)),
        (KeyKind::Mail, mail(said.mail)),
        (KeyKind::NationalNumber, number),
        (KeyKind::Person, person),
        (KeyKind::Name, name),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(kind, text)| Some(MatchText { kind, text: text? }));
    Ok(texts.collect())
}

/// These parts in one text.
fn joined(parts: &[&str]) -> Zeroizing<String> {
    // `concat` makes room once: a text that grows leaves copies of itself behind.
    Zeroizing::new(parts.concat())
}

/// These characters as a text, with room for so many bytes from the beginning: a text that grows
/// leaves copies of itself behind.
fn collected(room: usize, characters: impl Iterator<Item = char>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(room));
    text.extend(characters);
    text
}

/// `+` and digits: Belgian and international ways of writing one number are the same.
fn phone(typed: &str) -> Option<Zeroizing<String>> {
    let typed = Zeroizing::new(typed.trim().replace("(0)", ""));
    let is_written = |c: char| c.is_ascii_digit() || " +-./()\u{a0}".contains(c);
    if !typed.chars().all(is_written) {
        return None;
    }
    let digits = digits_of(&typed);
    // With its country, but for a zero that is not dialled from abroad: `+32 0470 ...`.
    let (country, rest) = if typed.starts_with('+') {
        ("", digits.as_str())
    } else if let Some(rest) = digits.strip_prefix("00") {
        ("", rest)
    } else if let Some(rest) = digits.strip_prefix('0') {
        ("32", rest)
    } else if digits.starts_with("32") && (10..=11).contains(&digits.len()) {
        ("", digits.as_str())
    } else {
        return None;
    };
    let international = joined(&["+", country, rest]);
    let international = match international.strip_prefix("+320") {
        Some(rest) => joined(&["+32", rest]),
        None => international,
    };
    let mut is_there = [false; 10];
    for digit in international.chars().skip(3).filter_map(|c| c.to_digit(10)) {
        if let Some(there) = usize::try_from(digit)
            .ok()
            .and_then(|d| is_there.get_mut(d))
        {
            *there = true;
        }
    }
    let different = is_there.iter().filter(|there| **there).count();
    let is_real =
        PHONE_DIGITS.contains(&(international.len() - 1)) && different >= DIFFERENT_DIGITS;
    is_real.then_some(international)
}

fn digits_of(typed: &str) -> Zeroizing<String> {
    collected(typed.len(), typed.chars().filter(char::is_ascii_digit))
}

fn mail(typed: &str) -> Option<Zeroizing<String>> {
    let typed = typed.trim();
    let mail = collected(
        LARGEST_FOLD * typed.len(),
        typed.chars().flat_map(char::to_lowercase),
    );
    let (box_name, host) = mail.split_once('@')?;
    let is_address = !box_name.is_empty()
        && host.contains('.')
        && !host.contains('@')
        && !mail.contains(char::is_whitespace);
    is_address.then_some(mail)
}

/// Eleven digits whose last two are 97 less the rest of the first nine, which for who was born
/// from 2000 on are read with a 2 before them. A BIS number has its month raised by 20 or 40; an
/// unknown date of birth has zeros. (Royal decrees of 3 April 1984, on the number's composition, and of
/// 8 February 1991, on that of BIS numbers.)
fn national_number(typed: &str) -> Result<Option<Zeroizing<String>>, IdentityFault> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let is_written = |c: char| c.is_ascii_digit() || " .-/".contains(c);
    let digits = digits_of(typed);
    if digits.len() != 11 || !typed.chars().all(is_written) {
        return Err(IdentityFault::NationalNumberForm);
    }
    let part = |from: usize, to: usize| {
        let part = digits.get(from..to).and_then(|part| part.parse().ok());
        part.ok_or(IdentityFault::NationalNumberForm)
    };
    let (month, day, first_nine, check): (u64, u64, u64, u64) =
        (part(2, 4)?, part(4, 6)?, part(0, 9)?, part(9, 11)?);
    if !matches!(month, 0..=12 | 20..=32 | 40..=52) || day > 31 {
        return Err(IdentityFault::NationalNumberForm);
    }
    let born_before_2000 = 97 - first_nine % 97 == check;
    let born_since = 97 - (2_000_000_000 + first_nine) % 97 == check;
    if born_before_2000 || born_since {
        Ok(Some(digits))
    } else {
        Err(IdentityFault::NationalNumberCheck)
    }
}

/// Without case, accents, spaces, dashes and apostrophes; with its particles, for `van Damme` and
/// `Damme` are two names.
fn family_name(typed: &str) -> Option<Zeroizing<String>> {
    let folded = typed
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphabetic())
        .flat_map(in_plain_letters);
    let folded = collected(LARGEST_FOLD * typed.len(), folded);
    (folded.chars().count() > 1).then_some(folded)
}

/// A letter as it is written where there is no such letter.
fn in_plain_letters(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' => ('d', None),
        'ı' => ('i', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

fn birth_year(year: i32, this_year: i16) -> Result<Option<i16>, IdentityFault> {
    if year == 0 {
        return Ok(None);
    }
    let year = i16::try_from(year).map_err(|_| IdentityFault::BirthYear)?;
    if (EARLIEST_BIRTH..=this_year).contains(&year) {
        Ok(Some(year))
    } else {
        Err(IdentityFault::BirthYear)
    }
}

#[cfg(test)]
mod tests;
