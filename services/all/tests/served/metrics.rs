//! What a process tells of itself: every metric of the list is there once a signal went through.

use knipperlicht_access::Role;
use knipperlicht_harness::eventually;
use knipperlicht_runtime::metrics;

use crate::{ground::program, line::Line};

const ZONE: &str = "oostende-bredene";

/// Whether a metric has a value.
fn has(text: &str, listed: &str) -> bool {
    let (name, kind) = listed.split_once(' ').unwrap_or((listed, ""));
    let (name, labels) = name.split_once('{').unwrap_or((name, ""));
    let suffix = if kind == "histogram" { "_count" } else { "" };
    let named = format!("{name}{suffix}");
    let labels = labels.trim_end_matches('}').split(',');
    // Errors are labelled where there are any.
    let labels: Vec<&str> = labels
        .filter(|label| !label.is_empty() && *label != "error_type")
        .collect();
    text.lines().any(|line| {
        let rest = line.strip_prefix(&named);
        rest.is_some_and(|rest| {
            rest.starts_with(['{', ' '])
                && labels
                    .iter()
                    .all(|label| rest.contains(&format!("{label}=\"")))
        })
    })
}

#[tokio::test]
async fn every_metric_of_the_list_is_there_once_a_signal_went_through() {
    let line = Line::start().await;
    assert_eq!(line.get(line.door, "/livez").await.unwrap().0, 200);
    assert_eq!(line.get(line.door, "/anything").await.unwrap().0, 404);
    line.get(line.gateway, "/api/v1/signals").await.unwrap();
    // One of the two stays open.
    for name in ["Maria Merkwaardig", "Jeanne Bijzonder"] {
        line.asks(
            line.ground.token(Role::Reporter, None, &[]),
            &[
                "signal",
                "send",
                "--postal-code",
                "8400",
                "--observation",
                "exhausted",
                "--consent",
                "given",
                "--name",
                name,
            ],
        );
    }
    let coordinator = line.ground.token(Role::Coordinator, None, &[ZONE]);
    let referral = eventually("a referral", async || {
        let listed = line.asks(coordinator.clone(), &["referral", "list", "--open"]);
        listed.as_array()?.first().cloned()
    })
    .await;
    // While the partner has not answered, the request has an age and a promise.
    eventually("what is told of the zone", async || {
        let text = line.metrics().await;
        has(&text, "knipperlicht_oldest_unaccepted_seconds{zone}").then_some(())
    })
    .await;
    let organisation = referral["service"]["organisation_id"].as_str().unwrap();
    let id = referral["referral_id"].as_str().unwrap();
    let partner = line.ground.token(Role::Partner, Some(organisation), &[]);
    line.asks(partner, &["referral", "accept", id]);

    let listed = metrics::listed();
    assert!(listed.len() > 25, "{listed:?}");
    let text = eventually("every metric", async || {
        let text = line.metrics().await;
        listed.iter().all(|one| has(&text, one)).then_some(text)
    })
    .await;
    for told in [
        r#"rpc_method="knipperlicht.intake.v1.IntakeService/SubmitSignal""#,
        r#"rpc_response_status_code="OK""#,
        r#"zone="oostende-bredene""#,
        r#"http_route="/api/v1/signals""#,
        r#"service_name="knipperlicht""#,
        r#"runtime="calls""#,
        r#"runtime="behind""#,
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    let kept = text.lines().find(|line| {
        line.starts_with("knipperlicht_promise_total{")
            && line.contains(r#"outcome="kept""#)
            && line.contains(r#"promise="accept""#)
    });
    assert!(kept.unwrap().ends_with(" 1"), "{kept:?}");
    for who in ["Maria", "somebody", id, organisation, "0.0.0.0"] {
        assert!(!text.contains(who), "{who} is in {text}");
    }
    // What it prints for rules and dashboards is the same list.
    let printed = program(&["ops", "metrics-list"], &[]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(printed.lines().collect::<Vec<_>>(), listed);
    drop(line);
}
