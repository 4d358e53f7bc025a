//! Codes and moments, as a person and as a program reads them.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use knipperlicht_contracts::from_proto;
use serde::{Serialize, Serializer};

/// A code of one of the vocabulary's lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Word(Cow<'static, str>);

impl Word {
    /// The code with this number; nothing where nothing was said. A number that only a newer
    /// server knows is shown as it is: a table with one strange word beats none.
    pub(crate) fn of<T>(number: i32) -> Option<Self>
    where
        T: TryFrom<i32> + Into<&'static str>,
    {
        match T::try_from(number) {
            Ok(code) => Some(Self(Cow::Borrowed(code.into()))),
            Err(_) if number == 0 => None,
            Err(_) => Some(Self(Cow::Owned(format!("unknown_{number}")))),
        }
    }

    /// The codes with these numbers.
    pub(crate) fn all<T>(numbers: &[i32]) -> Vec<Self>
    where
        T: TryFrom<i32> + Into<&'static str>,
    {
        numbers
            .iter()
            .filter_map(|&number| Self::of::<T>(number))
            .collect()
    }

    /// A code that is text already.
    pub(crate) fn named(code: String) -> Self {
        Self(Cow::Owned(code))
    }

    /// A value of an enum of the contracts, by its name there without what all of them begin with.
    pub(crate) fn of_enum(name: &'static str, prefix: &str) -> Self {
        Self(Cow::Owned(
            name.strip_prefix(prefix)
                .unwrap_or(name)
                .to_ascii_lowercase(),
        ))
    }

    /// As a program reads it.
    pub(crate) fn code(&self) -> &str {
        &self.0
    }

    /// As a person reads it.
    pub(crate) fn text(&self) -> String {
        self.0.replace('_', " ")
    }
}

/// Words as a person reads them, one after the other.
pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a Word>) -> String {
    words
        .into_iter()
        .map(Word::text)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(Timestamp);

impl Moment {
    /// A moment from the wire; nothing where it is missing or makes no sense.
    pub(crate) fn of(at: Option<prost_types::Timestamp>) -> Option<Self> {
        from_proto(at?).ok().map(Self)
    }

    /// As `21-11 14:02`.
    pub(crate) fn text(self, local: &TimeZone) -> String {
        self.0
            .to_zoned(local.clone())
            .strftime("%d-%m %H:%M")
            .to_string()
    }

    /// As `21-11-2026`, for what is far off.
    pub(crate) fn day(self, local: &TimeZone) -> String {
        let day = self.0.to_zoned(local.clone());
        day.strftime("%d-%m-%Y").to_string()
    }

    /// As `14:02`.
    pub(crate) fn time_of_day(self, local: &TimeZone) -> String {
        self.0.to_zoned(local.clone()).strftime("%H:%M").to_string()
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
