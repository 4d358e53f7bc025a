//! S15: completed after its due date: accepted, and marked late.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use knipperlicht_contracts::{followup::v1 as followup, from_proto};
use knipperlicht_e2e::{PartnerDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{ContactChannel, ContactResult, ItemKind, OutcomeResult, Step};

async fn complete(partner: &PartnerDesk, task: &followup::Task) -> followup::Task {
    let helped = followup::CompleteRequest {
        task_id: task.task_id.clone(),
        result: OutcomeResult::Helped.number(),
        ..Default::default()
    };
    let closed = partner.0.followup().complete(helped).await.unwrap();
    closed.into_inner().task.unwrap()
}

#[tokio::test]
async fn s15_late() {
    let world = World::start().await;
    let monday: DateTime = "2027-06-07T10:00".parse().unwrap();
    world
        .clock
        .set(monday.in_tz("Europe/Brussels").unwrap().timestamp());
    let worker = world.reporter("worker");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receipt = worker.send(a_signal(&world.environment)).await.unwrap();
    let (id, situation) = (receipt.signal_id.as_str(), receipt.situation_id.as_str());
    let referral = coordinator.referral_of(situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    let task = partner.task_of(situation).await;
    let reached = followup::RecordContactRequest {
        task_id: task.task_id,
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    let contacted = partner.0.followup().record_contact(reached).await.unwrap();
    let task = contacted.into_inner().task.unwrap();

    // The outcome was promised within twenty working days; a day after that it is still not there.
    let due: Timestamp = from_proto(task.next_clock.as_ref().unwrap().due_at.unwrap()).unwrap();
    world.clock.set(due + SignedDuration::from_hours(24));
    worker.sees(id, Step::WithCoordinator).await;
    let items = coordinator.items().await;
    assert_eq!(items[0].kind, ItemKind::Late.number());

    // It is taken all the same, and says that it is late.
    let closed = complete(&partner, &task).await;
    assert!(closed.late);
    worker.sees(id, Step::Closed).await;
    eventually("nobody has to see to it any more", async || {
        coordinator.items().await.is_empty().then_some(())
    })
    .await;
    let late = eventually("the timeline tells", async || {
        let timeline = coordinator.timeline(situation).await;
        let completed = "knipperlicht.followup.completed.v1";
        let told = timeline.into_iter().find(|entry| entry.r#type == completed);
        told.and_then(|entry| entry.codes.get("late").cloned())
    })
    .await;
    assert_eq!(late, "true");

    // Opened again and closed on the next day, it is in time: the promise began anew.
    let again = followup::ReopenRequest {
        task_id: task.task_id.clone(),
    };
    partner.0.followup().reopen(again).await.unwrap();
    world.clock.advance(SignedDuration::from_hours(24));
    assert!(!complete(&partner, &task).await.late);
    world.stop().await;
}
