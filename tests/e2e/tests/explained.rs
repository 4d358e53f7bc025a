//! A route explains itself: measured behaviour counts, a preview does nothing, and a decision
//! comes out the same after the tables have changed.

use jiff::SignedDuration;
use knipperlicht_contracts::routing::v1 as routing;
use knipperlicht_e2e::{CoordinatorDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{DeclineReason, Need};
use tonic::Code;

#[tokio::test]
async fn how_partners_behaved_counts() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let referral = coordinator.referral_of(&receipt.situation_id).await;
    let service = referral.service.unwrap();
    let before = considered(&preview(&coordinator).await, &service.service_id);
    assert!(before.behaviour.is_none());

    let partner = world.partner(&service.organisation_id);
    let reason = DeclineReason::OutsideTargetGroup;
    partner
        .decline(&referral.referral_id, reason)
        .await
        .unwrap();
    // It is measured from time to time.
    world.clock.advance(SignedDuration::from_hours(2));
    let after = eventually("the decline counts", async || {
        let after = considered(&preview(&coordinator).await, &service.service_id);
        after.behaviour.is_some().then_some(after)
    })
    .await;
    let behaviour = after.behaviour.unwrap();
    assert_eq!((behaviour.answered, behaviour.accepted), (1, 0));
    assert_eq!(behaviour.over_days, 90);
    assert!(after.total_points <= before.total_points);
    world.stop().await;
}

#[tokio::test]
async fn a_preview_does_nothing_and_needs_a_question() {
    let world = World::start().await;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let explanation = preview(&coordinator).await;
    assert!(
        explanation
            .considered
            .iter()
            .any(|one| !one.asked_for.is_empty())
    );
    assert!(explanation.points_note.contains("not been validated"));
    assert!(coordinator.referrals().await.is_empty());
    assert!(coordinator.items().await.is_empty());

    let refused = |postal_code: &str, needs: Vec<i32>| {
        let request = routing::PreviewRouteRequest {
            postal_code: postal_code.to_owned(),
            needs,
            ..Default::default()
        };
        let mut desk = coordinator.0.routing();
        async move { desk.preview_route(request).await.unwrap_err() }
    };
    for (postal_code, needs, code) in [
        ("8400", vec![], "KL3018"),
        ("8400", vec![99], "KL3002"),
        ("84", vec![1], "KL3003"),
        ("4000", vec![1], "KL3004"),
    ] {
        let status = refused(postal_code, needs).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().contains(code), "{status:?}");
    }
    world.stop().await;
}

async fn preview(coordinator: &CoordinatorDesk) -> routing::Explanation {
    let request = routing::PreviewRouteRequest {
        postal_code: "8400".to_owned(),
        needs: vec![
            Need::PracticalHelp.number(),
            Need::CareCoordination.number(),
            Need::Psychosocial.number(),
        ],
        ..Default::default()
    };
    let preview = coordinator.0.routing().preview_route(request).await;
    preview.unwrap().into_inner().explanation.unwrap()
}

fn considered(explanation: &routing::Explanation, service: &str) -> routing::Consideration {
    let mut considered = explanation.considered.iter();
    considered
        .find(|one| one.service.as_ref().unwrap().service_id == service)
        .unwrap()
        .clone()
}
