//! The secret part of a link.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use knipperlicht_vocabulary::Environment;
use sha2::{Digest, Sha256};

/// Bytes of a token: 256 bits are too many to guess, so that a plain hash is enough to keep it,
/// and a look-up by that hash says nothing by the time it takes.
const LENGTH: usize = 32;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// Did it help, how are you now? Once.
    AnswerOutcome,
    /// Who was told; consent withdrawn. As often as wanted.
    MySituation,
    /// A carer flags their own situation, by a card that hangs in a waiting room.
    SelfSignal,
}

impl Door {
    /// Its name in tables and addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AnswerOutcome => "answer_outcome",
            Self::MySituation => "my_situation",
            Self::SelfSignal => "self_signal",
        }
    }
}

/// The secret part of a link. Never printed with `Debug`, and stored nowhere.
pub struct Token([u8; LENGTH]);

impl Token {
    /// One that nobody made before.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        let mut bytes = [0; LENGTH];
        environment.fill(&mut bytes);
        Self(bytes)
    }

    /// As it stands in a link. Nothing for what is no whole token: it is as unknown as a token that
    /// nobody made.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; LENGTH];
        match BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(LENGTH) => Some(Self(bytes)),
            _ => None,
        }
    }

    /// As it stands in a link: 43 letters, digits, `-` and `_`.
    #[must_use]
    pub fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is kept of it at `door`: SHA-256 over the door's name, a colon, and the token.
    #[must_use]
    pub fn hash(&self, door: Door) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(door.code());
        hash.update(":");
        hash.update(self.0);
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_whole_token_is_one() {
        let token = Token([7; LENGTH]).text();
        assert!(Token::parse(&token).is_some());
        let longer = BASE64_URL_SAFE_NO_PAD.encode([7; LENGTH + 1]);
        for other in ["", "%%%", "AAAA", &token[1..], &longer, &"A".repeat(60_000)] {
            assert!(Token::parse(other).is_none());
        }
    }

    proptest! {
        #[test]
        fn a_token_is_read_back_and_opens_one_door(bytes in any::<[u8; LENGTH]>()) {
            let token = Token(bytes);
            let read = Token::parse(&token.text()).map(|read| read.0);
            prop_assert_eq!(read, Some(bytes));
            prop_assert_ne!(token.hash(Door::AnswerOutcome), token.hash(Door::MySituation));
            prop_assert_ne!(token.hash(Door::MySituation), token.hash(Door::SelfSignal));
        }
    }
}
