use proptest::prelude::*;

use super::*;

fn said(text: Option<Zeroizing<String>>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

/// A national number that nobody has, made of these digits: `85.07.30-033` and its check digits.
fn with_check(first_nine: u64, born_since_2000: bool) -> String {
    let base = if born_since_2000 {
        2_000_000_000 + first_nine
    } else {
        first_nine
    };
    format!("{first_nine:09}{:02}", 97 - base % 97)
}

#[test]
fn one_number_is_one_number_however_it_is_written() {
    for typed in [
        "0470 12 34 56",
        "0470/12.34.56",
        "+32 470 12 34 56",
        "+32 (0)470 12 34 56",
        "+320470123456",
        "0032470123456",
        "32470123456",
        " 0470-123456 ",
    ] {
        assert_eq!(
            said(phone(typed)).as_deref(),
            Some("+32470123456"),
            "{typed}"
        );
    }
    assert_eq!(said(phone("059 12 34 56")).as_deref(), Some("+3259123456"));
    assert_eq!(
        said(phone("+33 6 12 34 56 78")).as_deref(),
        Some("+33612345678")
    );
}

#[test]
fn what_is_no_number_of_somebody_recognises_nobody() {
    for typed in [
        "",
        "112",
        "vraag de buren",
        "0470 12 34 56 (dochter)",
        "0000 00 00 00",
        "0400 00 00 00",
        "470123456",
        "+32 470 12 34 56 78 90 12",
    ] {
        assert_eq!(phone(typed), None, "{typed}");
    }
}

#[test]
fn mail_is_trimmed_and_small() {
    assert_eq!(
        said(mail(" Maria.Peeters@Example.BE ")).as_deref(),
        Some("maria.peeters@example.be")
    );
    for typed in [
        "",
        "maria",
        "@example.be",
        "a b@example.be",
        "a@b@c.be",
        "a@localhost",
    ] {
        assert_eq!(mail(typed), None, "{typed}");
    }
}

#[test]
fn national_numbers() {
    // The example that the National Register prints, and its forms.
    for typed in ["85.07.30-033.28", "85073003328", "85 07 30 033 28"] {
        assert_eq!(
            national_number(typed),
            Ok(Some(Zeroizing::new("85073003328".to_owned()))),
            "{typed}"
        );
    }
    assert_eq!(national_number(""), Ok(None));
    // Born in 2001; a BIS number with the sex known (month + 40) and not (month + 20); no date known.
    for number in [
        with_check(10_203_001, true),
        with_check(854_730_033, false),
        with_check(852_730_033, false),
        with_check(400_001, false),
    ] {
        assert_eq!(
            national_number(&number),
            Ok(Some(Zeroizing::new(number.clone())))
        );
    }
    let check = Err(IdentityFault::NationalNumberCheck);
    assert_eq!(national_number("85073003329"), check);
    let form = Err(IdentityFault::NationalNumberForm);
    for typed in [
        "8507300332",
        "850730033288",
        "85O73003328",
        "85.13.30-033.28",
        "85.07.32-033.28",
    ] {
        assert_eq!(national_number(typed), form, "{typed}");
    }
}

#[test]
fn names_are_folded_and_keep_their_particles() {
    let same = |one: &str, other: &str| assert_eq!(family_name(one), family_name(other));
    same("Van den Broeck", "VANDENBROECK");
    same("D'Hondt", "d hondt");
    same("Crèvecœur", "CREVECOEUR");
    same("Łukasz-Öztürk", "lukasz ozturk");
    same("Peeters\u{301}", "Peeters");
    assert_ne!(family_name("van Damme"), family_name("Damme"));
    assert_eq!(family_name("P."), None);
}

#[test]
fn a_person_needs_name_and_year() {
    let kinds = |said: Said<'_>| -> Vec<KeyKind> {
        let texts = match_texts(said, "8400".parse().unwrap(), 2026).unwrap();
        texts.iter().map(|text| text.kind).collect()
    };
    let name = Said {
        family_name: "Peeters",
        ..Said::default()
    };
    assert_eq!(kinds(name), []);
    let both = Said {
        birth_year: 1958,
        ..name
    };
    assert_eq!(kinds(both), [KeyKind::Person, KeyKind::Name]);
    for year in [58, 1899, 2027, i32::MAX, -1] {
        let said = Said {
            birth_year: year,
            ..name
        };
        assert_eq!(
            match_texts(said, "8400".parse().unwrap(), 2026),
            Err(IdentityFault::BirthYear)
        );
    }
}

#[test]
fn a_text_says_nothing_when_printed() {
    let said = Said {
        mail: "maria@example.be",
        ..Said::default()
    };
    let texts = match_texts(said, "8400".parse().unwrap(), 2026).unwrap();
    assert_eq!(format!("{texts:?}"), "[MatchText(Mail)]");
}

proptest! {
    #[test]
    fn writing_a_number_apart_changes_nothing(number in "4[0-9]{2}1[0-9]{3}25", cuts in prop::collection::vec(0..9_usize, 0..4)) {
        let national = format!("0{number}");
        let mut apart = national.clone();
        for cut in cuts {
            apart.insert(cut.max(1), ' ');
        }
        prop_assert_eq!(phone(&apart), phone(&national));
        let abroad = format!("+32{number}");
        prop_assert_eq!(phone(&national), phone(&abroad));
    }

    /// Any one digit mistyped is noticed: that is what the check digits are for.
    #[test]
    fn one_wrong_digit_is_noticed(
        year in 0..100_u64, month in 1..=12_u64, day in 1..=28_u64, order in 1..998_u64,
        place in 0..11_usize, by in 1..10_u32,
    ) {
        let number = with_check(((year * 100 + month) * 100 + day) * 1000 + order, false);
        prop_assert_eq!(national_number(&number), Ok(Some(Zeroizing::new(number.clone()))));
        let wrong: String = number.chars().enumerate().map(|(at, digit)| {
            let digit = digit.to_digit(10).unwrap();
            char::from_digit(if at == place { (digit + by) % 10 } else { digit }, 10).unwrap()
        }).collect();
        let born_since_2000 = with_check(wrong[..9].parse().unwrap(), true) == wrong;
        prop_assert!(born_since_2000 || national_number(&wrong).is_err());
    }
}
