//! S12: a French-speaking carer in Brussels: language decides.

use knipperlicht_contracts::{intake::v1::Signal, routing::v1 as routing};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_vocabulary::{Language, Observation, Step};

#[tokio::test]
async fn s12_language() {
    let world = World::start().await;
    let nurse = world.reporter("nurse");
    let coordinator = world.coordinator(&["bruzel"]);
    let signal = Signal {
        postal_code: "1000".to_owned(),
        language: Language::French.number(),
        observations: vec![Observation::Isolated.number()],
        ..a_signal(&world.environment)
    };
    let receipt = nurse.send(signal).await.unwrap();
    let referral = coordinator.referral_of(&receipt.situation_id).await;
    let request = routing::ExplainReferralRequest {
        referral_id: referral.referral_id.clone(),
    };
    let why = coordinator.0.routing().explain_referral(request).await;
    let why = why.unwrap().into_inner();
    assert!(why.replays);
    let explanation = why.explanation.unwrap();
    assert_eq!(explanation.language, Language::French.number());

    // Whoever helps in Dutch alone was considered, and kept out by that rule.
    let kept_out =
        |one: &&routing::Consideration| one.excluded_by() == routing::ExclusionRule::Language;
    let kept_out: Vec<&routing::Consideration> =
        explanation.considered.iter().filter(kept_out).collect();
    assert!(!kept_out.is_empty(), "{:#?}", explanation.considered);
    assert!(kept_out.iter().all(|one| one.asked_for.is_empty()));
    let asked = &explanation.considered[0];
    assert_eq!(
        asked.service.as_ref().unwrap().service_id,
        referral.service.as_ref().unwrap().service_id
    );
    assert!(!asked.asked_for.is_empty());
    let total: i32 = asked.points.iter().map(|line| line.points).sum();
    assert_eq!(total, asked.total_points);
    assert!(asked.points.iter().all(|line| !line.source.is_empty()));

    // The same carer in Dutch has somebody else to turn to.
    let preview = |language: Language| {
        let request = routing::PreviewRouteRequest {
            postal_code: "1000".to_owned(),
            language: language.number(),
            needs: explanation.needs.clone(),
            ..Default::default()
        };
        let mut desk = coordinator.0.routing();
        async move {
            let preview = desk.preview_route(request).await.unwrap().into_inner();
            let considered = preview.explanation.unwrap().considered;
            let asked = considered
                .into_iter()
                .filter(|one| !one.asked_for.is_empty());
            asked
                .map(|one| one.service.unwrap().service_id)
                .collect::<Vec<_>>()
        }
    };
    assert_ne!(
        preview(Language::French).await,
        preview(Language::Dutch).await
    );

    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    nurse.sees(&receipt.signal_id, Step::Accepted).await;
    world.stop().await;
}
