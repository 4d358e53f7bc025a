use knipperlicht_runtime::system_environment;

use super::*;

fn parsed(text: &str) -> Result<Vec<Numbered>, String> {
    parse(text, &system_environment().unwrap()).map_err(|error| error.to_string())
}

#[test]
fn a_line_needs_little_and_can_say_everything() {
    let text = concat!(
        r#"{"postal_code":"8400","observations":["exhausted"]}"#,
        "\n\n",
        r#"{"signal_id":"0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b","reported_at":"2026-11-21T13:02:00Z","#,
        r#""postal_code":"1000","observations":["suicidal_talk"],"reporter_role":"nurse","#,
        r#""consent":"vital_interest","vital_interest_reason":"r","language":"fr","#,
        r#""age_band":"under_18","contact":{"name":"n"},"note":"t"}"#,
    );
    let signals = parsed(text).unwrap();
    let [first, second] = signals.as_slice() else {
        panic!("two signals")
    };
    assert_eq!((first.line, second.line), (1, 3));
    assert_eq!(first.signal.signal_id.len(), 36);
    assert!(first.signal.reported_at.is_some());
    assert_eq!(
        first.signal.consent(),
        knipperlicht_contracts::vocabulary::v1::Consent::NotAsked
    );
    assert_eq!(first.signal.contact, None);
    assert_eq!(
        second.signal.signal_id,
        "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b"
    );
    assert_eq!(
        second
            .signal
            .contact
            .as_ref()
            .map(|contact| contact.name.as_str()),
        Some("n")
    );
}

#[test]
fn wrong_lines_are_named_together_and_nothing_is_sent() {
    let text = concat!(
        r#"{"postal_code":"8400","observations":["exhausted"]}"#,
        "\n",
        r#"{"postal_code":"84000","observations":["exhausted"]}"#,
        "\n",
        r#"{"postal_code":"8400","observations":["exhausted"],"langage":"fr"}"#,
        "\nnot json\n",
    );
    insta::assert_snapshot!(parsed(text).err().unwrap(), @"
    nothing was sent, mend these lines first:
      line 2: a Belgian postal code is four digits, such as 8400: leave out everything else (column 22)
      line 3: unknown field `langage`, expected one of `signal_id`, `reported_at`, `observations`, `postal_code`, `reporter_role`, `consent`, `vital_interest_reason`, `language`, `age_band`, `contact`, `note` (column 60)
      line 4: expected ident (column 2)
    ");
    insta::assert_snapshot!(parsed("\n \n").err().unwrap(), @"the file holds no signals: put one on each line as a JSON object");
}

#[test]
fn a_line_reports_its_receipt_or_its_refusal() {
    let refusal = proto::Refusal {
        code: "KL1001".to_owned(),
        field: "postal_code".to_owned(),
        message: "no".to_owned(),
    };
    let view = LineView {
        line: 7,
        signal_id: "s".to_owned(),
        outcome: OutcomeView::Refusal(refusal.into()),
    };
    insta::assert_snapshot!(serde_json::to_string(&view).unwrap(), @r#"{"line":7,"signal_id":"s","refusal":{"code":"KL1001","field":"postal_code","message":"no"}}"#);
}

#[test]
fn whoever_got_no_answer_is_told_by_what_the_same_signals_are_known_again() {
    let line = r#"{"postal_code":"8400","observations":["exhausted"]}"#;
    let signals = parsed(&format!("{line}\n\n{line}")).unwrap();
    let unanswered = CliError::NoAnswer {
        why: "cut off".to_owned(),
        again: None,
    };
    let told = stopped_at(&signals, &unanswered);
    for (numbered, line) in signals.iter().zip([1, 3]) {
        let id = &numbered.signal.signal_id;
        let named = format!("\n  line {line}  signal_id {id}  reported_at 20");
        assert!(told.contains(&named), "{told}");
    }
    // Where nothing is stored there is nothing to be known again.
    let told = stopped_at(&signals, &CliError::Usage("wrong".to_owned()));
    assert!(!told.contains("signal_id"), "{told}");
}
