//! What is known of a carer, in one answer of each service.

use knipperlicht_contracts::{
    assessment::v1 as assessment, followup::v1 as followup, intake::v1 as intake,
    routing::v1 as routing,
};
use knipperlicht_e2e::{CoordinatorDesk, World};
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::Step;
use serde_json::Value;

use crate::erasure::{
    order::{ZONE, merge, question, two_that_are_one},
    proof::{MARKS, WORKER, play},
    traces::until_reconciled,
};

async fn exported(desk: &CoordinatorDesk, situation: &str) -> [Value; 3] {
    let judged = assessment::ExportSituationRequest {
        situation_id: situation.to_owned(),
    };
    let routed = routing::ExportSituationRequest {
        situation_id: situation.to_owned(),
    };
    let followed = followup::ExportSituationRequest {
        situation_id: situation.to_owned(),
    };
    let judged = desk.0.assessment().export_situation(judged).await.unwrap();
    let routed = desk.0.routing().export_situation(routed).await.unwrap();
    let followed = desk.0.followup().export_situation(followed).await.unwrap();
    [
        judged.into_inner().json,
        routed.into_inner().json,
        followed.into_inner().json,
    ]
    .map(|json| serde_json::from_str(&json).unwrap())
}

#[tokio::test]
async fn everything_about_one_situation_is_handed_out_and_noted() {
    let world = World::start().await;
    let played = play(&world).await;
    until_reconciled(&world).await;
    let [situation, own] = &played.situations;
    let ask = intake::ExportSituationRequest {
        situation_id: situation.clone(),
        purpose: "the carer asked at the counter".to_owned(),
    };
    let desk = &played.coordinator;
    let all = desk.0.intake().export_situation(ask.clone()).await.unwrap();
    let all = all.into_inner().json;
    for mark in &MARKS[..10] {
        assert!(all.contains(mark), "{mark} is held, and not handed out");
    }
    assert!(all.contains(&ask.purpose), "why it was handed out");
    assert!(!all.contains(MARKS[10]), "another carer's");
    assert!(!all.contains("reporter_id"), "who flagged it");
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["signals"][0]["signal_id"], played.signal.as_str());
    assert!(all["steps"].as_array().unwrap().len() >= 4);
    let actions: Vec<&str> = all["looks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|look| look["action"].as_str())
        .collect();
    assert!(actions.contains(&"contact.read") && actions.contains(&"situation.exported"));

    let [judged, routed, followed] = exported(desk, situation).await;
    assert!(!judged["assessments"].as_array().unwrap().is_empty());
    assert_eq!(routed["referrals"][0]["state"], "accepted");
    assert!(!routed["decisions"].as_array().unwrap().is_empty());
    assert_eq!(followed["contact_person"][0]["name"], WORKER[0]);
    assert!(followed["story"].as_array().unwrap().len() > 5);

    // Nobody else's, and nothing of what is forgotten.
    let elsewhere = world.coordinator(&["gent"]);
    let refused = elsewhere.0.intake().export_situation(ask.clone()).await;
    assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL1015");
    for held in exported(&elsewhere, situation).await {
        assert_eq!(held, serde_json::json!({}));
    }
    desk.erases(situation).await.unwrap();
    let refused = desk.0.intake().export_situation(ask).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1028");
    assert!(desk.timeline(own).await.len() > 1, "the other one is held");
    world.stop().await;
}

/// What one has kept stays where it was made when both become one: by either name it is handed out.
#[tokio::test]
async fn by_either_name_it_is_everything_about_both() {
    let world = World::start().await;
    let desk = world.coordinator(&[ZONE]);
    let both = two_that_are_one(&world, 1).await;
    for receipt in &both {
        let referral = desk.referral_of(&receipt.situation_id).await;
        let partner = world.partner(&referral.service.unwrap().organisation_id);
        partner.accept(&referral.referral_id).await.unwrap();
        let cleaner = world.reporter("cleaner");
        cleaner.sees(&receipt.signal_id, Step::Accepted).await;
    }
    let [first, later] = both.map(|receipt| receipt.situation_id);
    let asked = question(&world, &first).await;
    let merged = desk.0.intake().resolve_duplicate(merge(&asked)).await;
    merged.unwrap();
    until_reconciled(&world).await;

    let held = exported(&desk, &first).await;
    assert_eq!(exported(&desk, &later).await, held, "by the old name");
    let [judged, routed, followed] = held;
    for (held, of) in [
        (&judged, "shared_with"),
        (&routed, "circumstances"),
        (&followed, "contact_person"),
    ] {
        assert_eq!(held[of].as_array().unwrap().len(), 2, "{of}: {held}");
    }
    world.stop().await;
}
