//! Forgotten while something else is under way: whichever comes first, nothing is left.

use knipperlicht_contracts::{
    event::Service,
    intake::v1::{self as intake, Resolution},
};
use knipperlicht_e2e::{World, a_signal, outbound};
use knipperlicht_harness::{Bed, eventually};
use knipperlicht_vocabulary::{ResolutionReason, Step};
use sqlx::Connection;

use crate::erasure::traces::{left_of, until_forgotten, until_reconciled};

pub(crate) const ZONE: &str = "oostende-bredene";

#[tokio::test]
async fn in_the_moment_of_an_acceptance() {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    let mut situations = Vec::new();
    for round in 0..8 {
        let cleaner = world.reporter(&format!("cleaner-{round}"));
        let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
        let referral = coordinator.referral_of(&receipt.situation_id).await;
        let partner = world.partner(&referral.service.unwrap().organisation_id);
        let (accepted, erased) = tokio::join!(
            partner.accept(&referral.referral_id),
            coordinator.erases(&receipt.situation_id),
        );
        erased.unwrap();
        drop(accepted);
        assert_eq!(cleaner.steps(&receipt.signal_id).await, [Step::Erased]);
        situations.push(receipt.situation_id);
    }
    for situation in &situations {
        until_forgotten(&world, situation).await;
    }
    until_reconciled(&world).await;
    for situation in &situations {
        assert!(left_of(&world, situation).await.is_empty());
    }
    world.stop().await;
}

/// Flagged in two municipalities of the zone: nobody but a coordinator knows that it is one carer.
pub(crate) async fn two_that_are_one(world: &World, round: u32) -> [intake::Receipt; 2] {
    let flagged = |postal_code: &str| intake::Signal {
        postal_code: postal_code.to_owned(),
        contact: Some(intake::Contact {
            phone: format!("059 {postal_code} {round}"),
            family_name: format!("Van den Broeck {round}"),
            birth_year: 1958,
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let cleaner = world.reporter("cleaner");
    let first = cleaner.send(flagged("8400")).await.unwrap();
    let later = cleaner.send(flagged("8450")).await.unwrap();
    assert_ne!(first.situation_id, later.situation_id);
    [first, later]
}

pub(crate) async fn question(world: &World, situation: &str) -> String {
    let desk = world.coordinator(&[ZONE]);
    eventually("the question", async || {
        let request = intake::ListDuplicatesRequest::default();
        let list = desk.0.intake().list_duplicates(request).await.unwrap();
        let mut asked = list.into_inner().duplicates.into_iter();
        let about = |one: &intake::Duplicate| {
            let sides = [&one.first, &one.later];
            let mut sides = sides.iter().filter_map(|side| side.as_ref());
            sides.any(|side| side.situation_id == situation)
        };
        asked.find(about).map(|one| one.duplicate_id)
    })
    .await
}

pub(crate) fn merge(duplicate: &str) -> intake::ResolveDuplicateRequest {
    intake::ResolveDuplicateRequest {
        duplicate_id: duplicate.to_owned(),
        resolution: Resolution::Merge.into(),
        reason: ResolutionReason::SameCarer.number(),
    }
}

#[tokio::test]
async fn with_all_that_became_part_of_it() {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    let [first, later] = two_that_are_one(&world, 1).await;
    coordinator.referral_of(&first.situation_id).await;
    coordinator.referral_of(&later.situation_id).await;
    let asked = question(&world, &first.situation_id).await;
    let mut desk = coordinator.0.intake();
    desk.resolve_duplicate(merge(&asked)).await.unwrap();
    // By the name of the one that is part of the other.
    let done = coordinator.erases(&later.situation_id).await.unwrap();
    assert_eq!(done.situation_id, first.situation_id);
    let cleaner = world.reporter("cleaner");
    for receipt in [&first, &later] {
        assert_eq!(cleaner.steps(&receipt.signal_id).await, [Step::Erased]);
        until_forgotten(&world, &receipt.situation_id).await;
    }
    until_reconciled(&world).await;
    let keys: i64 = sqlx::query_scalar("select count(*) from intake.data_key")
        .fetch_one(&mut world.look().await)
        .await
        .unwrap();
    assert_eq!(keys, 0, "the keys of both");
    world.stop().await;
}

#[tokio::test]
async fn in_the_moment_of_a_merge() {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    for round in 0..6 {
        let pair = two_that_are_one(&world, round).await;
        let asked = question(&world, &pair[0].situation_id).await;
        let mut desk = coordinator.0.intake();
        let chosen = &pair[usize::try_from(round % 2).unwrap()].situation_id;
        let (merged, erased) = tokio::join!(
            desk.resolve_duplicate(merge(&asked)),
            coordinator.erases(chosen),
        );
        // Told to do it again where the merge came in between.
        if erased.is_err() {
            coordinator.erases(chosen).await.unwrap();
        }
        until_forgotten(&world, chosen).await;
        if merged.is_ok() {
            for receipt in &pair {
                until_forgotten(&world, &receipt.situation_id).await;
            }
        }
    }
    until_reconciled(&world).await;
    world.stop().await;
}

#[tokio::test]
async fn whoever_was_away_hears_only_that_it_is_forgotten() {
    const HERE: &[Service] = &[Service::Intake, Service::Assessment, Service::Notification];
    let world = World::of(Bed::start().await, HERE, outbound()).await;
    let coordinator = world.coordinator(&[ZONE]);
    let cleaner = world.reporter("cleaner");
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Assessed).await;
    coordinator.erases(&receipt.situation_id).await.unwrap();
    let wiped = "select count(*) from (
        select wiped_at from intake.erased union all select wiped_at from assessment.erased
    ) as erased where wiped_at is not null";
    eventually("what was said to be wiped", async || {
        let done: i64 = sqlx::query_scalar(wiped)
            .fetch_one(&mut world.look().await)
            .await
            .unwrap();
        (done == 2).then_some(())
    })
    .await;

    // Routing and follow-up come back only now: what was said before says nothing any more, and
    // still is heard in order.
    let away = world.line_of(&[Service::Routing, Service::Followup]).await;
    until_forgotten(&world, &receipt.situation_id).await;
    until_reconciled(&world).await;
    let asked: i64 = sqlx::query_scalar("select count(*) from routing.outbox")
        .fetch_one(&mut world.look().await)
        .await
        .unwrap();
    assert_eq!(asked, 0, "nobody was asked");
    away.stop().await;
    world.stop().await;
}

/// Who waits for a lock in notification, which hears of a merge and of an erasure in whatever process
/// they come to.
const WAITING: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'knipperlicht-notification'
      and wait_event_type = 'Lock' and wait_event = 'advisory'";

#[tokio::test]
async fn notification_forgets_only_when_nobody_hears_of_a_merge() {
    let world = World::start().await;
    let one = world.accepted().await;
    let mut look = world.look().await;
    let mut hearing = look.begin().await.unwrap();
    sqlx::raw_sql("select pg_advisory_xact_lock_shared(hashtext('notification.merged'))")
        .execute(&mut *hearing)
        .await
        .unwrap();
    one.coordinator.erases(&one.situation).await.unwrap();
    eventually("notification to wait", async || {
        let waiting: i64 = sqlx::query_scalar(WAITING)
            .fetch_one(&mut world.look().await)
            .await
            .unwrap();
        (waiting > 0).then_some(())
    })
    .await;
    let forgotten: i64 = sqlx::query_scalar("select count(*) from notification.erased")
        .fetch_one(&mut *hearing)
        .await
        .unwrap();
    assert_eq!(forgotten, 0);
    hearing.commit().await.unwrap();
    until_forgotten(&world, &one.situation).await;
    world.stop().await;
}
