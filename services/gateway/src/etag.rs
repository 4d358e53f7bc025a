//! Whether whoever asks has it already.

use http::{HeaderMap, HeaderValue, header::IF_NONE_MATCH};
use sha2::{Digest, Sha256};

/// A weak validator of these bytes: the same content in another encoding is the same.
pub(crate) fn of(content: &[u8]) -> Option<HeaderValue> {
    of_hash(&Sha256::digest(content))
}

/// The same, where the hash is known.
pub(crate) fn of_hash(hash: &[u8]) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("W/\"{}\"", hex(&hash[..hash.len().min(12)]))).ok()
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| DIGITS[usize::from(half)]).collect()
}

/// Whether the headers say that this very thing is there already.
pub(crate) fn is_there(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let Ok(own) = etag.to_str().map(opaque) else {
        return false;
    };
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim() == "*" || opaque(one) == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(if_none_match: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_static(if_none_match));
        headers
    }

    #[test]
    fn the_same_is_recognised_however_it_is_named() {
        let etag = HeaderValue::from_static("W/\"abc\"");
        for there in ["W/\"abc\"", "\"abc\"", "\"x\", W/\"abc\"", "*"] {
            assert!(is_there(&asks(there), &etag), "{there}");
        }
        for other in ["", "abc", "\"abcd\"", "W/\"x\""] {
            assert!(!is_there(&asks(other), &etag), "{other}");
        }
        assert_eq!(hex(&[0, 0x7f, 0xe3]), "007fe3");
        assert_eq!(of(b"a"), of(b"a"));
        assert_ne!(of(b"a"), of(b"b"));
    }
}
