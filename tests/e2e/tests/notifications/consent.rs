//! What reporters hear follows what the carer agrees to, whoever wrote it down; and partners hear of
//! it as long as it is theirs to act on.

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{Consent, DeclineReason, ReporterRole, Step};

use crate::notifications::{
    receiver::Receiver,
    teller::{by_webhook, deliveries, subscribe},
};

/// What somebody was told, by its type, once the last of it is this.
async fn heard(caller: &Caller, subscription: &str, last: &str) -> Vec<String> {
    eventually(last, async || {
        let told = deliveries(caller, subscription).await;
        let told: Vec<String> = told.into_iter().map(|one| one.r#type).collect();
        (told.last().map(String::as_str) == Some(last)).then_some(told)
    })
    .await
}

const CHANGED: &str = "knipperlicht.situation.consent_changed.v1";
const ERASED: &str = "knipperlicht.situation.erased.v1";
const ACCEPTED: &str = "knipperlicht.referral.accepted.v1";

#[tokio::test]
async fn a_yes_to_the_nurse_lets_the_cleaner_hear_and_a_no_ends_it_for_both() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receiver = Receiver::start().await;
    let (at_cleaner, _) = subscribe(&cleaner.0, by_webhook(&receiver.url())).await;
    let contact = Some(intake::Contact {
        name: "Maria".to_owned(),
        phone: "0470 12 34 56".to_owned(),
        ..Default::default()
    });

    let refused = intake::Signal {
        consent: Consent::Refused.number(),
        contact: contact.clone(),
        ..a_signal(&world.environment)
    };
    let first = cleaner.send(refused).await.unwrap();
    cleaner.sees(&first.signal_id, Step::NotShared).await;

    // The carer agrees when the nurse asks: the cleaner hears from here on.
    let given = intake::Signal {
        reporter_role: ReporterRole::Nurse.number(),
        contact,
        ..a_signal(&world.environment)
    };
    let second = nurse.send(given).await.unwrap();
    assert_eq!(second.situation_id, first.situation_id);
    let referral = coordinator.referral_of(&first.situation_id).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    heard(&cleaner.0, &at_cleaner, ACCEPTED).await;

    // The carer withdraws: that is told, and nothing that happens after it.
    let changes = async |consent: Consent| {
        let change = intake::SetConsentRequest {
            signal_id: second.signal_id.clone(),
            consent: consent.number(),
            ..Default::default()
        };
        nurse.0.intake().set_consent(change).await.unwrap();
    };
    changes(Consent::Withdrawn).await;
    heard(&cleaner.0, &at_cleaner, CHANGED).await;
    changes(Consent::Given).await;
    let told = eventually("what holds at last", async || {
        let told = deliveries(&cleaner.0, &at_cleaner).await;
        (told.len() == 3).then_some(told)
    })
    .await;
    let types: Vec<&str> = told.iter().map(|one| one.r#type.as_str()).collect();
    assert_eq!(types, [ACCEPTED, CHANGED, CHANGED]);
    world.stop().await;
}

/// Who declined was told who it may be, and no more: what the carer agrees to since is not theirs to
/// know, that it is to be forgotten is.
#[tokio::test]
async fn who_declined_hears_no_more_than_that_it_is_forgotten() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receiver = Receiver::start().await;
    let organisation = async |situation: &str| {
        let referral = coordinator.referral_of(situation).await;
        (
            referral.service.unwrap().organisation_id,
            referral.referral_id,
        )
    };
    // Who is asked for such a carer.
    let known = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let (asked, _) = organisation(&known.situation_id).await;
    let declines = world.partner(&asked);
    let (at_declines, _) = subscribe(&declines.0, by_webhook(&receiver.url())).await;
    let (at_cleaner, _) = subscribe(&cleaner.0, by_webhook(&receiver.url())).await;

    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let situation = receipt.situation_id.as_str();
    let (again, referral) = organisation(situation).await;
    assert_eq!(again, asked);
    let no_room = declines.decline(&referral, DeclineReason::NoCapacity);
    no_room.await.unwrap();
    let (next, referral) = eventually("another one to be asked", async || {
        let (next, referral) = organisation(situation).await;
        (next != asked).then_some((next, referral))
    })
    .await;
    let accepts = world.partner(&next);
    let (at_accepts, _) = subscribe(&accepts.0, by_webhook(&receiver.url())).await;
    accepts.accept(&referral).await.unwrap();
    heard(&cleaner.0, &at_cleaner, ACCEPTED).await;

    let withdrawn = cleaner.records(&receipt.signal_id, Consent::Withdrawn);
    withdrawn.await.unwrap();
    heard(&accepts.0, &at_accepts, CHANGED).await;
    coordinator.erases(situation).await.unwrap();
    heard(&accepts.0, &at_accepts, ERASED).await;
    let told = heard(&declines.0, &at_declines, ERASED).await;
    assert!(!told.iter().any(|one| one == CHANGED), "{told:?}");
    world.stop().await;
}
