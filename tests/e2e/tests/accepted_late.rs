//! An acceptance that is heard only after its situation became part of another one: it is of both as
//! long as they are one, and after a split of its own alone.

use knipperlicht_contracts::{
    assessment::v1 as assessment,
    intake::v1::{self as intake, Resolution},
};
use knipperlicht_e2e::{CoordinatorDesk, PartnerDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::ResolutionReason;

async fn answer(desk: &CoordinatorDesk, duplicate: &str, resolution: Resolution) {
    let request = intake::ResolveDuplicateRequest {
        duplicate_id: duplicate.to_owned(),
        resolution: resolution.into(),
        reason: ResolutionReason::SameCarer.number(),
    };
    let answered = desk.0.intake().resolve_duplicate(request).await;
    answered.unwrap();
}

/// How many judgements of a situation the partner sees.
async fn judged(desk: &PartnerDesk, situation: &str) -> usize {
    let request = assessment::ListAssessmentsRequest {
        situation_id: situation.to_owned(),
    };
    let list = desk.0.assessment().list_assessments(request).await.unwrap();
    list.into_inner().assessments.len()
}

#[tokio::test]
async fn after_a_split_it_is_of_its_own_situation_alone() {
    let mut world = World::start().await;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let cleaner = world.reporter("cleaner");
    let flagged = |postal_code: &str| intake::Signal {
        postal_code: postal_code.to_owned(),
        contact: Some(intake::Contact {
            phone: format!("059 12 {postal_code}"),
            family_name: "Van den Broeck".to_owned(),
            birth_year: 1958,
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let first = cleaner.send(flagged("8400")).await.unwrap().situation_id;
    coordinator.referral_of(&first).await;
    let later = cleaner.send(flagged("8450")).await.unwrap().situation_id;
    let referral = coordinator.referral_of(&later).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    let request = intake::ListDuplicatesRequest::default();
    let asked = coordinator.0.intake().list_duplicates(request).await;
    let question = asked.unwrap().into_inner().duplicates.remove(0);
    let question = question.duplicate_id;

    world.bed.nats.kill().await.unwrap();
    partner.accept(&referral.referral_id).await.unwrap();
    answer(&coordinator, &question, Resolution::Merge).await;
    assert_eq!(partner.learns(&later).await.unwrap_err(), "KL1015");
    world.bed.nats.restart().await.unwrap();
    for situation in [&first, &later] {
        let known = eventually("the acceptance to be heard", async || {
            partner.learns(situation).await.ok()
        })
        .await;
        assert_eq!(known.contacts.len(), 2, "of both, which are one");
        eventually("assessment to have heard it", async || {
            (judged(&partner, situation).await > 0).then_some(())
        })
        .await;
    }

    answer(&coordinator, &question, Resolution::Split).await;
    let known = partner.learns(&later).await.unwrap();
    assert_eq!(known.contacts.len(), 1, "its own");
    assert_eq!(partner.learns(&first).await.unwrap_err(), "KL1015");
    eventually("assessment to have parted them", async || {
        let seen = (
            judged(&partner, &first).await,
            judged(&partner, &later).await,
        );
        (seen.0 == 0 && seen.1 > 0).then_some(())
    })
    .await;
    world.stop().await;
}
