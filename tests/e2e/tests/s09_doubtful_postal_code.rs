//! S9: a doubtful postal code: the coordinator sees both zones, redirects, history kept.

use knipperlicht_contracts::{
    followup::v1 as followup, intake::v1::Signal, routing::v1 as routing,
};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{DeclineReason, Need, ReferralState, Step};

/// Each postal code, the zone it is taken for, and the other it may belong to.
const DOUBTFUL: [(&str, &str, &str); 2] = [
    ("2150", "zora", "antwerpen-oost"),
    ("3840", "haspengouw", "zolim"),
];

#[tokio::test]
async fn s09_doubtful_postal_code() {
    let world = World::start().await;
    for (postal_code, taken_for, other) in DOUBTFUL {
        redirected(&world, postal_code, taken_for, other).await;
    }
    world.stop().await;
}

async fn redirected(world: &World, postal_code: &str, taken_for: &str, other: &str) {
    let cleaner = world.reporter("cleaner");
    let here = world.coordinator(&[taken_for]);
    let there = world.coordinator(&[other]);
    let signal = Signal {
        postal_code: postal_code.to_owned(),
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(signal).await.unwrap();
    let referral = here.referral_of(&receipt.situation_id).await;
    let named: Vec<&str> = referral
        .other_candidates
        .iter()
        .map(|zone| zone.zone_id.as_str())
        .collect();
    assert_eq!(named, [other], "{postal_code}");
    assert!(there.referrals().await.is_empty());

    // The same in a preview, before anything happens.
    let preview = routing::PreviewRouteRequest {
        postal_code: postal_code.to_owned(),
        needs: vec![Need::Respite.number()],
        ..Default::default()
    };
    let preview = here.0.routing().preview_route(preview).await.unwrap();
    let explanation = preview.into_inner().explanation.unwrap();
    assert_eq!(explanation.zone.unwrap().zone_id, taken_for);
    assert_eq!(explanation.other_candidates[0].zone_id, other);

    // A service of the other zone, of which the coordinator knows that it is the right one.
    let request = routing::ListServicesRequest {
        zone_id: other.to_owned(),
        ..Default::default()
    };
    let services = there.0.routing().list_services(request).await.unwrap();
    let local = services
        .into_inner()
        .services
        .into_iter()
        .find(|service| service.service_id.contains(other))
        .unwrap();
    let request = routing::RedirectRequest {
        referral_id: referral.referral_id.clone(),
        service_id: local.service_id.clone(),
        reason: DeclineReason::OutsideArea.number(),
    };
    let next = here.0.routing().redirect(request).await.unwrap();
    let next = next.into_inner().referral.unwrap();
    assert_eq!(next.zone_id, other);
    assert_eq!(next.previous_referral_id, referral.referral_id);

    // From now on it is the other zone's coordinator who sees it, and why it is there.
    let seen = there.referral_of(&receipt.situation_id).await;
    assert_eq!(seen.referral_id, next.referral_id);
    assert_eq!(seen.other_candidates[0].zone_id, taken_for);
    let request = routing::ExplainReferralRequest {
        referral_id: next.referral_id.clone(),
    };
    let why = there.0.routing().explain_referral(request).await.unwrap();
    assert_eq!(why.into_inner().origin(), routing::ReferralOrigin::SentOn);

    // And the whole story, also of what was before.
    eventually("the story is there", async || {
        let request = followup::GetTimelineRequest {
            situation_id: receipt.situation_id.clone(),
        };
        let story = there.0.followup().get_timeline(request).await.ok()?;
        let entries = story.into_inner().entries;
        let flagged = "knipperlicht.signal.flagged.v1";
        entries
            .iter()
            .any(|entry| entry.r#type == flagged)
            .then_some(())
    })
    .await;

    // History is kept: the first coordinator still sees what became of the first referral.
    let old = eventually("the redirected referral", async || {
        let all = routing::ListReferralsRequest::default();
        let all = here.0.routing().list_referrals(all).await.unwrap();
        all.into_inner()
            .referrals
            .into_iter()
            .find(|one| one.referral_id == referral.referral_id)
    })
    .await;
    assert_eq!(old.state, ReferralState::Redirected.number());

    let partner = world.partner(&local.organisation_id);
    partner.accept(&next.referral_id).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;
}
