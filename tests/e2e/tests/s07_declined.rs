//! S7: declined for capacity: the next one; all decline: the coordinator; nothing dropped.

use std::collections::BTreeSet;

use knipperlicht_contracts::routing::v1 as routing;
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_vocabulary::{DeclineReason, ItemKind, Step};

#[tokio::test]
async fn s07_declined() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let situation = receipt.situation_id.as_str();

    let mut asked = BTreeSet::new();
    let first = coordinator.referral_of(situation).await;
    let needs: BTreeSet<i32> = first.needs.iter().copied().collect();
    let mut open = vec![first];
    while !open.is_empty() {
        for referral in open {
            let service = referral.service.unwrap();
            let earlier = asked.insert(service.service_id.clone());
            assert!(earlier, "{} was asked twice", service.service_id);
            let partner = world.partner(&service.organisation_id);
            let declined = partner
                .decline(&referral.referral_id, DeclineReason::NoCapacity)
                .await
                .unwrap();
            assert_eq!(declined.decline_reason, DeclineReason::NoCapacity.number());
        }
        // Each need lies with exactly one: the next partner, or the coordinator.
        open = coordinator.referrals().await;
        assert!(
            open.iter()
                .all(|next| !next.previous_referral_id.is_empty()),
            "each names the one it follows"
        );
        let referred = open.iter().flat_map(|next| next.needs.clone());
        let with_coordinator = coordinator
            .items()
            .await
            .into_iter()
            .flat_map(|item| item.needs);
        let mut held: Vec<i32> = referred.chain(with_coordinator).collect();
        held.sort_unstable();
        assert_eq!(held, needs.iter().copied().collect::<Vec<_>>());
    }
    assert!(asked.len() >= 2, "only {asked:?} were asked");

    // What nobody takes lies with the coordinator.
    cleaner
        .sees(&receipt.signal_id, Step::WithCoordinator)
        .await;
    let items = coordinator.items().await;
    assert!(
        items
            .iter()
            .all(|item| item.kind == ItemKind::AllDeclined.number())
    );

    // Who gives it to a service after all; that one accepts.
    for item in items {
        let assign = routing::AssignRequest {
            item_id: item.item_id,
            service_id: asked.first().unwrap().clone(),
        };
        let referral = coordinator
            .0
            .routing()
            .assign(assign)
            .await
            .unwrap()
            .into_inner()
            .referral
            .unwrap();
        let partner = world.partner(&referral.service.unwrap().organisation_id);
        partner.accept(&referral.referral_id).await.unwrap();
    }
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;
    assert!(coordinator.items().await.is_empty());
    world.stop().await;
}
