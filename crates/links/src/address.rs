//! Where links lead.

use std::{fmt, str::FromStr};

use super::{Door, Token};

/// The beginning of every link: where the web app is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Box<str>);

/// An address that cannot begin a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "links for carers begin with `https://` (or `http://localhost`), at most 80 letters, without `#` or `?`"
)]
pub struct AddressError;

impl Address {
    /// Longer ones make a QR code that old phones cannot read from a small card.
    const LONGEST: usize = 80;

    /// The link to `door` with this token. The token stands behind a `#`, which a browser keeps to
    /// itself: no server, proxy or log on the way sees it.
    #[must_use]
    pub fn link(&self, door: Door, token: &Token) -> String {
        format!("{}/{}#{}", self.0, door.code(), token.text())
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim_end_matches('/');
        let is_safe = text.starts_with("https://")
            || text == "http://localhost"
            || text.starts_with("http://localhost:")
            || text.starts_with("http://localhost/");
        let is_plain = text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"#?\"'<>".contains(&b));
        if is_safe && is_plain && text.len() <= Self::LONGEST {
            Ok(Self(text.into()))
        } else {
            Err(AddressError)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_on_the_way_can_read_begins_a_link() {
        for good in ["https://knipperlicht.example/k/", "http://localhost:7402"] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        let long = format!("https://{}", "a".repeat(80));
        for bad in [
            "",
            "knipperlicht.example",
            "http://knipperlicht.example",
            "http://localhost.example",
            "https://x/#y",
            "https://x/?y",
            "https://x y",
            &long,
        ] {
            assert_eq!(bad.parse::<Address>(), Err(AddressError), "{bad}");
        }
    }
}
