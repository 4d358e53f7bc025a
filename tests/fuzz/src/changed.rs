//! Good input that was changed: it comes further into a reader than bytes at random.

use bolero::TypeGenerator;

/// Which seed, and what becomes of it.
#[derive(Debug, Clone, TypeGenerator)]
pub struct Changed {
    seed: u8,
    #[generator(bolero::produce::<Vec<Change>>().with().len(0..=8usize))]
    changes: Vec<Change>,
}

/// One change. Places are shares of the length: 65,536 of them make it whole.
#[derive(Debug, Clone, TypeGenerator)]
enum Change {
    Put {
        at: u16,
        byte: u8,
    },
    Insert {
        at: u16,
        #[generator(bolero::produce::<Vec<u8>>().with().len(0..=24usize))]
        bytes: Vec<u8>,
    },
    Word {
        at: u16,
        word: u8,
    },
    Replace {
        at: u16,
        word: u8,
        over: u8,
    },
    Remove {
        at: u16,
        bytes: u8,
    },
    Double {
        at: u16,
        bytes: u8,
        to: u16,
    },
    Nest {
        at: u16,
        times: u8,
    },
    Cut {
        at: u16,
    },
}

/// What readers of JSON, CSV, dates and numbers stumble over.
const WORDS: [&[u8]; 28] = [
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"-0.0000000000001",
    b"99999999999999999999999999",
    b"9223372036854775807",
    b"\"\"",
    b"{}",
    b"[]",
    b"[[[[",
    b"\"\\ud800\"",
    b"\\u0000",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\0",
    b"\r\n",
    b"\n",
    b",",
    b";",
    b"\"",
    b"2026-02-30",
    b"0000-00-00",
    b"-009999-01-01T00:00:00Z",
    b"99999",
    b"%s%n{}",
];

/// The bytes that come of it.
#[must_use]
pub fn change(seeds: &[&[u8]], changed: &Changed) -> Vec<u8> {
    let mut bytes = seeds
        .get(usize::from(changed.seed) % seeds.len().max(1))
        .map(|seed| seed.to_vec())
        .unwrap_or_default();
    for change in &changed.changes {
        apply(&mut bytes, change);
    }
    bytes
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len();
    let place = |at: u16| usize::from(at) * length / 65_536;
    let end = |at: usize, over: u8| (at + usize::from(over)).min(length);
    match change {
        Change::Put { at, byte } => {
            if let Some(there) = bytes.get_mut(place(*at)) {
                *there = *byte;
            }
        }
        Change::Insert { at, bytes: new } => {
            let at = place(*at);
            bytes.splice(at..at, new.iter().copied());
        }
        Change::Word { at, word } => {
            let at = place(*at);
            bytes.splice(
                at..at,
                WORDS[usize::from(*word) % WORDS.len()].iter().copied(),
            );
        }
        Change::Replace { at, word, over } => {
            let at = place(*at);
            bytes.splice(
                at..end(at, *over),
                WORDS[usize::from(*word) % WORDS.len()].iter().copied(),
            );
        }
        Change::Remove { at, bytes: over } => {
            let at = place(*at);
            bytes.drain(at..end(at, *over));
        }
        Change::Double {
            at,
            bytes: over,
            to,
        } => {
            let at = place(*at);
            let again = bytes[at..end(at, *over)].to_vec();
            let to = place(*to);
            bytes.splice(to..to, again);
        }
        Change::Nest { at, times } => {
            let at = place(*at);
            let brackets = [b'[', b'{', b'('][usize::from(*times) % 3];
            bytes.splice(
                at..at,
                std::iter::repeat_n(brackets, usize::from(*times) * 40),
            );
        }
        Change::Cut { at } => bytes.truncate(place(*at)),
    }
}
