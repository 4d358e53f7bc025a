//! JSON that was changed in one place, and is JSON still: it comes further than bytes that were changed.

use serde_json::{Value, json};

/// Puts something else in one place of `whole`; which and what, the numbers say.
pub fn put_somewhere(whole: &mut Value, place: u16, what: u8) {
    let at = usize::from(place) % count(whole);
    let something = something(what);
    replace(whole, &mut (at + 1), &something);
}

fn count(value: &Value) -> usize {
    let within: usize = match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    };
    1 + within
}

/// Walks down to the place that is so many steps away.
fn replace(value: &mut Value, steps: &mut usize, with: &Value) {
    *steps -= 1;
    if *steps == 0 {
        value.clone_from(with);
        return;
    }
    let within: Vec<&mut Value> = match value {
        Value::Array(values) => values.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => Vec::new(),
    };
    for one in within {
        replace(one, steps, with);
        if *steps == 0 {
            return;
        }
    }
}

/// What readers stumble over.
fn something(what: u8) -> Value {
    const TEXTS: [&str; 18] = [
        "",
        " ",
        "\0",
        "\u{202e}desrever",
        "\u{feff}",
        "-1",
        "NaN",
        "1e999",
        "2026-02-30",
        "2026-11-21T25:61:61Z",
        "-009999-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "OBSERVATION_UNSPECIFIED",
        "00000000-0000-0000-0000-000000000000",
        "urn:uuid:ffffffff-ffff-ffff-ffff-ffffffffffff",
        "../../etc/passwd",
        "%00%ff",
        "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    ];
    let nested = |times: usize, around: fn(Value) -> Value| {
        (0..times).fold(Value::Null, |inner, _| around(inner))
    };
    let what = usize::from(what);
    match what % 40 {
        0 => Value::Null,
        1 => true.into(),
        2 => 0.into(),
        3 => (-1).into(),
        4 => i64::MIN.into(),
        5 => u64::MAX.into(),
        6 => json!(1.5),
        7 => json!(f64::MAX),
        8 => json!([]),
        9 => json!({}),
        10 => json!([null, null]),
        11 => vec![Value::Null; 1_000].into(),
        12 => json!({"unknown": 1}),
        13 => json!({"resourceType": "Patient", "id": "carer"}),
        14 => json!({"reference": "#carer"}),
        15 => nested(100, |inner| json!([inner])),
        16 => nested(100, |inner| json!({ "extension": [inner] })),
        17 => "langer dan wie dan ook verdraagt ".repeat(2_000).into(),
        other => TEXTS[other % TEXTS.len()].into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_place_can_be_changed_and_one_at_a_time() {
        let whole = json!({"a": [1, {"b": "c"}], "d": 2});
        let mut became = BTreeSet::new();
        for place in 0..6 {
            let mut changed = whole.clone();
            put_somewhere(&mut changed, place, 0);
            became.insert(changed.to_string());
        }
        let expected = [
            "null",
            r#"{"a":null,"d":2}"#,
            r#"{"a":[null,{"b":"c"}],"d":2}"#,
            r#"{"a":[1,null],"d":2}"#,
            r#"{"a":[1,{"b":null}],"d":2}"#,
            r#"{"a":[1,{"b":"c"}],"d":null}"#,
        ];
        assert_eq!(became, expected.map(str::to_owned).into());
    }
}
