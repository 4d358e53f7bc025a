//! Somebody who asks from time to time what changed, and misses nothing.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use knipperlicht_e2e::World;
use serde_json::Value;

use crate::fhir::care::{Answered, Care, PARTNER, ZONE, moved, proposal, situation_of};

/// Everything that changed since, page by page, as it was found.
async fn changes(care: &Care, since: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = format!("Task?zone={ZONE}&_lastUpdated=gt{since}&_count=2");
    for _ in 0..50 {
        let bundle = care.get(&path).await;
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        assert!(entries.len() <= 2);
        found.extend(entries.into_iter().map(|entry| entry["resource"].clone()));
        let links = bundle["link"].as_array().unwrap();
        let next = links.iter().find(|link| link["relation"] == "next");
        match next {
            Some(next) => next["url"].as_str().unwrap().clone_into(&mut path),
            None => return found,
        }
    }
    panic!("pages without an end");
}

fn of(task: &Value, field: &str) -> String {
    task[field].as_str().unwrap().to_owned()
}

fn updated(task: &Value) -> String {
    task["meta"]["lastUpdated"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_polls_misses_nothing() {
    let world = World::with_gateway(|_| ()).await;
    let answered = Answered::default();
    let partner = Care::partner(&world, PARTNER, &answered);
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    let mut since = "2020-01-01T00:00:00Z".to_owned();

    let mut situations = Vec::new();
    for n in 0..5 {
        let reporter = Care::reporter(&world, &format!("reporter-{n}"), &answered);
        let mut sent = proposal(&world);
        sent["contained"][0]["name"][0]["text"] = format!("Carer {n}").into();
        sent["contained"][0]["telecom"][0]["value"] = format!("0470 00 00 {n}{n}").into();
        let signal = reporter.create(&sent, &[]).await;
        assert_eq!(signal.status, 201, "{}", signal.json());
        situations.push(situation_of(&signal.json()));
    }
    for situation in &situations {
        partner.task(situation, "requested").await;
    }

    // Four looks, a quarter of an hour apart; between them one Task after the other moves.
    for situation in &situations[..4] {
        let found = changes(&partner, &since).await;
        let moments: Vec<_> = found.iter().map(updated).collect();
        assert!(moments.is_sorted(), "{moments:?}");
        for task in found {
            since = since.max(updated(&task));
            known.insert(of(&task, "id"), task);
        }
        assert_eq!(known.len(), situations.len());
        world.clock.advance(SignedDuration::from_mins(15));
        let task = partner.task(situation, "requested").await;
        let accepted = partner.put(&moved(&task, "accepted"), &[]).await;
        assert_eq!(accepted.status, 200, "{}", accepted.json());
    }
    for task in changes(&partner, &since).await {
        known.insert(of(&task, "id"), task);
    }

    // What the poller knows is what there is.
    let accepted = known
        .values()
        .filter(|task| of(task, "status") == "accepted");
    assert_eq!(accepted.count(), 4);
    for task in partner.find(&format!("Task?zone={ZONE}")).await {
        assert_eq!(of(&known[&of(&task, "id")], "status"), of(&task, "status"));
    }
    world.stop().await;
}
