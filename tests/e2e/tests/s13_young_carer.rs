//! S13: a pupil flagged by a school: a partner for young carers.

use knipperlicht_contracts::{intake::v1::Signal, routing::v1 as routing};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{AgeBand, Need, Observation, ReporterRole, Step};

#[tokio::test]
async fn s13_young_carer() {
    let world = World::start().await;
    let teacher = world.reporter("teacher");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let signal = Signal {
        observations: vec![Observation::YoungCarer.number()],
        age_band: AgeBand::Under18.number(),
        reporter_role: ReporterRole::Teacher.number(),
        ..a_signal(&world.environment)
    };
    let receipt = teacher.send(signal).await.unwrap();
    // One partner for young carers, and for what that one does not offer perhaps another.
    let referral = eventually("a referral for peer support", async || {
        coordinator.referrals().await.into_iter().find(|one| {
            one.situation_id == receipt.situation_id
                && one.needs.contains(&Need::PeerSupport.number())
        })
    })
    .await;
    let service = referral.service.unwrap();
    assert_eq!(service.organisation_name, "ZoJong!");

    let request = routing::ExplainReferralRequest {
        referral_id: referral.referral_id.clone(),
    };
    let why = coordinator.0.routing().explain_referral(request).await;
    let explanation = why.unwrap().into_inner().explanation.unwrap();
    let fit = explanation.considered[0]
        .points
        .iter()
        .find(|line| line.points_for() == routing::PointsFor::Fit);
    assert!(fit.is_some_and(|line| line.points > 0));

    // Of a carer of another age, nobody for young carers is asked.
    let request = routing::PreviewRouteRequest {
        postal_code: "8400".to_owned(),
        age_band: AgeBand::From65To79.number(),
        needs: vec![Need::PeerSupport.number()],
        ..Default::default()
    };
    let preview = coordinator.0.routing().preview_route(request).await;
    let considered = preview
        .unwrap()
        .into_inner()
        .explanation
        .unwrap()
        .considered;
    let young = considered
        .iter()
        .find(|one| one.service.as_ref().unwrap().service_id == service.service_id)
        .unwrap();
    assert_eq!(young.excluded_by(), routing::ExclusionRule::AgeBand);

    let partner = world.partner(&service.organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    teacher.sees(&receipt.signal_id, Step::Accepted).await;
    world.stop().await;
}
