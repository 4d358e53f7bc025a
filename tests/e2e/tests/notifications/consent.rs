//! What reporters hear follows what the carer agrees to, whoever wrote it down.

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{Consent, ReporterRole, Step};

use crate::{
    receiver::Receiver,
    teller::{by_webhook, deliveries, subscribe},
};

/// What a reporter was told, by its type, once the last of it is this.
async fn heard(reporter: &Caller, subscription: &str, last: &str) -> Vec<String> {
    eventually(last, async || {
        let told = deliveries(reporter, subscription).await;
        let told: Vec<String> = told.into_iter().map(|one| one.r#type).collect();
        (told.last().map(String::as_str) == Some(last)).then_some(told)
    })
    .await
}

const CHANGED: &str = "knipperlicht.situation.consent_changed.v1";
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
