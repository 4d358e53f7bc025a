//! A vital interest outweighs consent: the partner learns who it is at once, and a coordinator of the
//! zone has to read why and take note of it. The reason stays in the vault, and the carer sees that it was
//! read.

use knipperlicht_contracts::{followup::v1::OpenLoop, intake::v1 as intake};
use knipperlicht_e2e::{Caller, CoordinatorDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{ClockKind, Consent, ItemKind, Step};
use sqlx::Row;
use tonic::{Code, Status};

const ZONE: &str = "oostende-bredene";
const REASON: &str = "Ligt op de grond en antwoordt niet";

async fn read(desk: &Caller, situation: &str) -> Result<Vec<String>, Status> {
    let request = intake::ReadVitalInterestRequest {
        situation_id: situation.to_owned(),
        purpose: "was this right".to_owned(),
    };
    let read = desk.intake().read_vital_interest(request).await?;
    Ok(read.into_inner().reasons.clone())
}

async fn acknowledge(desk: &Caller, situation: &str) -> Result<(), Status> {
    let request = intake::AcknowledgeVitalInterestRequest {
        situation_id: situation.to_owned(),
    };
    desk.intake().acknowledge_vital_interest(request).await?;
    Ok(())
}

async fn noted(desk: &CoordinatorDesk, situation: &str) -> bool {
    let items = desk.items().await;
    items
        .iter()
        .all(|item| item.situation_id != situation || item.kind != ItemKind::VitalInterest.number())
}

#[tokio::test]
async fn a_coordinator_reads_why_and_takes_note_of_it() {
    let world = World::start().await;
    let (nurse, coordinator) = (world.reporter("nurse"), world.coordinator(&[ZONE]));
    let signal = intake::Signal {
        consent: Consent::VitalInterest.number(),
        vital_interest_reason: REASON.to_owned(),
        ..a_signal(&world.environment)
    };
    let receipt = nurse.send(signal).await.unwrap();
    let situation = receipt.situation_id.as_str();

    // It lies with the zone's coordinator, with a promise; for the reporter it is on its way.
    let item = eventually("an item", async || {
        let mut items = coordinator.items().await.into_iter();
        items.find(|item| item.kind == ItemKind::VitalInterest.number())
    })
    .await;
    assert_eq!(item.situation_id, situation);
    eventually("a promise", async || {
        let loops = coordinator.open_loops().await;
        let of_item = |one: &&OpenLoop| {
            let clock = one.clock.as_ref();
            let runs = clock.is_some_and(|clock| clock.kind == ClockKind::Coordinator.number());
            one.item_id == item.item_id && runs
        };
        loops.iter().find(of_item).map(|_| ())
    })
    .await;
    nurse.sees(&receipt.signal_id, Step::Referred).await;
    let steps = nurse.steps(&receipt.signal_id).await;
    assert!(!steps.contains(&Step::WithCoordinator), "{steps:?}");
    let referral = coordinator.referral_of(situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    nurse.sees(&receipt.signal_id, Step::Accepted).await;
    partner.learns(situation).await.unwrap();

    // Read, then noted; by nobody else, and not unread.
    let unread = acknowledge(&coordinator.0, situation).await.unwrap_err();
    assert_eq!(Problem::from(&unread).code, "KL1036");
    let elsewhere = world.coordinator(&["gent"]);
    for refused in [
        read(&elsewhere.0, situation).await.unwrap_err(),
        acknowledge(&elsewhere.0, situation).await.unwrap_err(),
    ] {
        assert_eq!(Problem::from(&refused).code, "KL1015");
    }
    for other in [&partner.0, &nurse.0] {
        let refused = read(other, situation).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    assert!(!noted(&coordinator, situation).await);
    assert_eq!(read(&coordinator.0, situation).await.unwrap(), [REASON]);
    for _ in 0..2 {
        acknowledge(&coordinator.0, situation).await.unwrap();
    }
    eventually("the item is closed", async || {
        noted(&coordinator, situation).await.then_some(())
    })
    .await;

    // The log says who read, and the carer sees that somebody did.
    let log = sqlx::query(
        "select action, purpose from intake.audit where action like 'vital%' order by number",
    )
    .fetch_all(&mut world.look().await)
    .await
    .unwrap();
    let log: Vec<(String, String)> = log.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(log[0].0, "vital_interest.read");
    // Where the reason for the look lies sealed.
    assert!(log[0].1.starts_with("purpose:"), "{log:?}");
    assert_eq!(log[1].0, "vital_interest.acknowledged");
    let token = coordinator.0.situation_link(situation).await;
    let seen = world.nobody().my_situation(&token).await;
    let kinds: Vec<_> = seen.readings.iter().map(intake::Reading::kind).collect();
    let (vital, contact) = (
        intake::ReadingKind::VitalInterest,
        intake::ReadingKind::Contact,
    );
    assert_eq!(kinds, [vital, contact]);
    assert_eq!(seen.readings[0].zone_name, "Oostende-Bredene");
    world.stop().await;
}

/// Recorded since, upon a signal that waited; withdrawn by the carer; and recorded again: each time
/// somebody has to look.
#[tokio::test]
async fn each_time_that_it_comes_to_hold() {
    let world = World::start().await;
    let (nurse, coordinator) = (world.reporter("nurse"), world.coordinator(&[ZONE]));
    let waits = intake::Signal {
        consent: Consent::NotAsked.number(),
        ..a_signal(&world.environment)
    };
    let receipt = nurse.send(waits).await.unwrap();
    let (signal, situation) = (receipt.signal_id.as_str(), receipt.situation_id.as_str());
    nurse.sees(signal, Step::WaitingForConsent).await;
    let none = read(&coordinator.0, situation).await.unwrap_err();
    assert_eq!(Problem::from(&none).code, "KL1015");
    for times in 1..=2 {
        nurse.records(signal, Consent::VitalInterest).await.unwrap();
        eventually("an item", async || {
            (!noted(&coordinator, situation).await).then_some(())
        })
        .await;
        nurse.records(signal, Consent::Withdrawn).await.unwrap();
        eventually("nobody is asked", async || {
            coordinator.referrals().await.is_empty().then_some(())
        })
        .await;
        // It was shared for a while: that is to be looked at, whatever the carer says since.
        assert!(!noted(&coordinator, situation).await);
        let unread = acknowledge(&coordinator.0, situation).await.unwrap_err();
        assert_eq!(Problem::from(&unread).code, "KL1036");
        assert_eq!(read(&coordinator.0, situation).await.unwrap().len(), times);
        acknowledge(&coordinator.0, situation).await.unwrap();
        eventually("the item is closed", async || {
            noted(&coordinator, situation).await.then_some(())
        })
        .await;
        world.clock.advance(jiff::SignedDuration::from_mins(1));
    }
    world.stop().await;
}
