//! S4: consent is not asked. The receipt says how to ask; nobody downstream learns who it is, nor that
//! they were thought of; and once it is given, it goes out by itself.

use knipperlicht_contracts::{intake::v1 as intake, routing::v1 as routing};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{Consent, Language, ReferralState, Step};

#[tokio::test]
async fn s04_not_asked_then_given() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let not_asked = intake::Signal {
        consent: Consent::NotAsked.number(),
        contact: Some(intake::Contact {
            name: "Maria Peeters".to_owned(),
            phone: "0470 12 34 56".to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(not_asked.clone()).await.unwrap();

    // In plain words, in each language; the same however often it is sent; and again with the signal.
    let advice = receipt.advice.clone().unwrap();
    assert_eq!(advice.kind(), intake::AdviceKind::HowToAsk);
    let languages: Vec<i32> = advice.texts.iter().map(|text| text.language).collect();
    let wanted = [Language::Dutch, Language::French, Language::English];
    assert_eq!(languages, wanted.map(Language::number));
    assert_eq!(cleaner.send(not_asked).await.unwrap(), receipt);
    let status = cleaner.signal(&receipt.signal_id).await;
    assert_eq!(status.receipt.unwrap().advice, Some(advice));

    // It waits at a partner who does not know: not by list, not by accepting, not by asking who it is.
    cleaner
        .sees(&receipt.signal_id, Step::WaitingForConsent)
        .await;
    let situation = receipt.situation_id.as_str();
    let held = coordinator.referral_of(situation).await;
    assert_eq!(held.state, ReferralState::Held.number());
    let organisation = held.service.unwrap().organisation_id;
    let partner = world.partner(&organisation);
    let everything = routing::ListReferralsRequest::default();
    let listed = partner.0.routing().list_referrals(everything).await;
    assert!(listed.unwrap().into_inner().referrals.is_empty());
    let refused = partner.accept(&held.referral_id).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL3007");
    assert_eq!(partner.learns(situation).await.unwrap_err(), "KL1015");

    // Given: nobody sends anything again, and the partner is asked.
    let given = cleaner
        .records(&receipt.signal_id, Consent::Given)
        .await
        .unwrap();
    assert_eq!(given.receipt.unwrap().advice, None);
    let asked = partner.receives(situation).await;
    assert_eq!(asked.referral_id, held.referral_id);
    assert_eq!(partner.learns(situation).await.unwrap_err(), "KL1015");
    partner.accept(&asked.referral_id).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;
    let known = partner.learns(situation).await.unwrap();
    assert_eq!(known.contacts[0].name, "Maria Peeters");
    world.stop().await;
}
