//! Values on the command line: parsed where they are typed, trusted from there on.

use std::{error::Error, str::FromStr};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// The time zone people here live in.
pub(crate) const BELGIUM: &str = "Europe/Brussels";

/// A parser for a closed list of the vocabulary: refuses anything else, names the codes in the
/// help, and lets shells complete them.
pub(crate) fn codes<T>(all: &'static [T]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Into<&'static str> + FromStr + Send + Sync + 'static,
    T::Err: Error + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(|&code| code.into())).try_map(|code| code.parse())
}

/// A moment: `2026-11-21 14:02` in Belgian time, or with its own offset as in RFC 3339.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let local: DateTime = text.parse().map_err(|_| {
        "give a moment such as `2026-11-21 14:02` (Belgian time) or `2026-11-21T13:02:00Z`"
            .to_owned()
    })?;
    let zone = TimeZone::get(BELGIUM).map_err(|error| error.to_string())?;
    let zoned = local.to_zoned(zone).map_err(|error| error.to_string())?;
    Ok(zoned.timestamp())
}

/// A text that must say something.
pub(crate) fn words(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        Err("say something here".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_belgian_unless_it_says_otherwise() {
        for (text, utc) in [
            ("2026-11-21 14:02", "2026-11-21T13:02:00Z"),
            ("2026-07-21T14:02", "2026-07-21T12:02:00Z"),
            ("2026-11-21T14:02:03Z", "2026-11-21T14:02:03Z"),
            ("2026-11-21T14:02:00+05:00", "2026-11-21T09:02:00Z"),
        ] {
            assert_eq!(
                moment(text).map(|at| at.to_string()).as_deref(),
                Ok(utc),
                "{text}"
            );
        }
        for bad in [
            "",
            "tomorrow",
            "14:02",
            "21-11-2026 14:02",
            "2026-13-01 10:00",
        ] {
            let refused = moment(bad).unwrap_err();
            assert!(refused.contains("2026-11-21 14:02"), "{bad}: {refused}");
        }
    }
}
