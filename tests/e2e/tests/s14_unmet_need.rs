//! S14: a need nobody offers: a coordinator has it, and it counts as an unmet need of the zone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use knipperlicht_contracts::{intake::v1::Signal, routing::v1 as routing};
use knipperlicht_e2e::{CoordinatorDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{ItemKind, Need, Observation, Step};

#[tokio::test]
async fn s14_unmet_need() {
    let world = World::start().await;
    let nurse = world.reporter("nurse");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let elsewhere = world.coordinator(&["mechelen-katelijne"]);
    assert!(unmet(&coordinator).await.is_empty());

    let signal = || Signal {
        observations: vec![Observation::SuspectedRoughCareOrNeglect.number()],
        ..a_signal(&world.environment)
    };
    for times in 1..=2 {
        let receipt = nurse.send(signal()).await.unwrap();
        nurse.sees(&receipt.signal_id, Step::WithCoordinator).await;
        let items = coordinator.items().await;
        let item = items
            .iter()
            .find(|item| item.situation_id == receipt.situation_id)
            .unwrap();
        assert_eq!(item.kind, ItemKind::NoCandidate.number());
        assert_eq!(item.needs, [Need::Safety.number()]);
        eventually("the need is counted", async || {
            let counted = [(Need::Safety.number(), times)];
            (unmet(&coordinator).await == counted).then_some(())
        })
        .await;
    }
    assert!(unmet(&elsewhere).await.is_empty(), "each zone has its own");
    world.stop().await;
}

async fn unmet(coordinator: &CoordinatorDesk) -> Vec<(i32, i64)> {
    let request = routing::ListUnmetNeedsRequest::default();
    let unmet = coordinator.0.routing().list_unmet_needs(request).await;
    let unmet = unmet.unwrap().into_inner().unmet_needs;
    unmet
        .into_iter()
        .map(|one| (one.need, one.situations))
        .collect()
}
