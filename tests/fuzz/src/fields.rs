//! A message at random: most of it plausible, some of it not.

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use uuid::{Builder, Uuid};

use crate::{Choices, Seen};

/// Messages within messages, at most.
const DEPTH: usize = 5;

/// Plausible texts, by the name of the field.
const PLAUSIBLE: &[(&str, &[&str])] = &[
    (
        "postal_code",
        &["8400", "9000", "2150", "1000", "3840", "4000", "0000"],
    ),
    (
        "zone_id",
        &["oostende-bredene", "gent", "bruzel", "nowhere"],
    ),
    ("phone", &["0470 12 34 56", "+32 59 11 22 33", "112"]),
    ("mail", &["an@example.org", "@", "a@b@c"]),
    ("national_number", &["85.07.30-033.28", "00000000097"]),
    ("family_name", &["Van den Broeck", "O'Neill", "Ö"]),
    ("purpose", &["first contact", "    ", "x"]),
    ("reason", &["moved away", "a coordinator's reason"]),
    ("url", &["https://example.org/hook", "http://127.0.0.1:1/"]),
    ("from", &["2026-01-01", "2025-12-31", "2026-13-01"]),
    ("to", &["2026-12-31", "2024-02-29"]),
    ("day", &["2026-11-21", "2026-02-30"]),
    ("page_token", &["", "AAAA", "eyJhIjoxfQ"]),
];

/// Texts that stumble.
const AWKWARD: [&str; 14] = [
    "",
    " ",
    "\0",
    "\u{202e}desrever",
    "\u{feff}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "'; drop table signal; --",
    "%s%n{}",
    "../../etc/passwd",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "-1",
    "NaN",
    "👩‍👩‍👧‍👧",
];

const NUMBERS: [i64; 14] = [
    0,
    1,
    2,
    -1,
    7,
    50,
    100,
    101,
    1_985,
    65_536,
    2_147_483_647,
    -2_147_483_648,
    i64::MAX,
    i64::MIN,
];

/// Fills `message` anew: all of its fields if it is empty, else one or two of them.
pub(crate) fn fill(
    message: &mut DynamicMessage,
    of: &MessageDescriptor,
    seen: &Seen,
    choices: &mut Choices<'_>,
) {
    let fields: Vec<FieldDescriptor> = of.fields().collect();
    if message.fields().next().is_some() {
        for _ in 0..=choices.below(2) {
            if let Some(field) = choices.pick(&fields) {
                put(message, field, seen, choices, 0);
            }
        }
        return;
    }
    for field in &fields {
        if choices.percent(80) {
            put(message, field, seen, choices, 0);
        }
    }
}

fn put(
    message: &mut DynamicMessage,
    field: &FieldDescriptor,
    seen: &Seen,
    choices: &mut Choices<'_>,
    depth: usize,
) {
    if field.is_map() {
        return;
    }
    let value = if field.is_list() {
        let number = match choices.below(20) {
            0 => 0,
            1 => 130,
            some => 1 + some % 3,
        };
        let values = (0..number).map(|_| value(field, seen, choices, depth));
        Value::List(values.collect())
    } else {
        value(field, seen, choices, depth)
    };
    // A value of another kind cannot be: each is made for its field.
    let _ = message.try_set_field(field, value);
}

fn value(field: &FieldDescriptor, seen: &Seen, choices: &mut Choices<'_>, depth: usize) -> Value {
    match field.kind() {
        Kind::String => Value::String(text(field.name(), seen, choices)),
        Kind::Bool => Value::Bool(choices.percent(50)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(small(choices)),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number(choices)),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(small(choices).cast_unsigned()),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number(choices).cast_unsigned()),
        Kind::Float => Value::F32(f32::from_bits(u32::from_le_bytes(choices.bytes()))),
        Kind::Double => Value::F64(f64::from_bits(u64::from_le_bytes(choices.bytes()))),
        Kind::Bytes => Value::Bytes(choices.bytes::<16>().to_vec().into()),
        Kind::Enum(of) => Value::EnumNumber(code(&of, choices)),
        Kind::Message(of) => Value::Message(within(&of, seen, choices, depth + 1)),
    }
}

fn within(
    of: &MessageDescriptor,
    seen: &Seen,
    choices: &mut Choices<'_>,
    depth: usize,
) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    if of.full_name() == "google.protobuf.Timestamp" {
        moment(&mut message, choices);
    } else if depth < DEPTH {
        for field in of.fields() {
            if choices.percent(60) {
                put(&mut message, &field, seen, choices, depth);
            }
        }
    }
    message
}

/// A moment about now, mostly; far away, impossible, at times.
fn moment(message: &mut DynamicMessage, choices: &mut Choices<'_>) {
    const NOW: i64 = 1_795_000_000;
    let seconds = if choices.percent(80) {
        NOW + i64::from(i16::from_le_bytes(choices.bytes())) * 60
    } else {
        number(choices)
    };
    let nanos = if choices.percent(90) {
        0
    } else {
        small(choices)
    };
    let _ = message.try_set_field_by_name("seconds", Value::I64(seconds));
    let _ = message.try_set_field_by_name("nanos", Value::I32(nanos));
}

fn code(of: &EnumDescriptor, choices: &mut Choices<'_>) -> i32 {
    if choices.percent(5) {
        return small(choices);
    }
    let numbers: Vec<i32> = of.values().map(|value| value.number()).collect();
    choices.pick(&numbers).copied().unwrap_or_default()
}

fn small(choices: &mut Choices<'_>) -> i32 {
    i32::try_from(number(choices)).unwrap_or(i32::MAX)
}

fn number(choices: &mut Choices<'_>) -> i64 {
    choices.pick(&NUMBERS).copied().unwrap_or_default()
}

fn text(name: &str, seen: &Seen, choices: &mut Choices<'_>) -> String {
    let plausible = || {
        PLAUSIBLE
            .iter()
            .find(|(of, _)| *of == name)
            .map(|(_, texts)| *texts)
    };
    match choices.below(20) {
        0 => choices
            .pick(&AWKWARD)
            .copied()
            .unwrap_or_default()
            .to_owned(),
        1 => "langer dan wie dan ook verdraagt ".repeat(1 + choices.below(600)),
        2 => Uuid::nil().to_string(),
        3 | 4 if name.ends_with("_id") => anything(choices),
        _ => {
            if let Some(known) = seen.pick(name, choices) {
                return known.clone();
            }
            match plausible() {
                Some(texts) => choices.pick(texts).copied().unwrap_or_default().to_owned(),
                None => anything(choices),
            }
        }
    }
}

/// An id that nobody has seen.
fn anything(choices: &mut Choices<'_>) -> String {
    Builder::from_random_bytes(choices.bytes())
        .into_uuid()
        .to_string()
}
