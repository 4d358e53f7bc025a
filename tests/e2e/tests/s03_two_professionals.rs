//! S3: two professionals, one carer: one situation, one referral, both told.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use knipperlicht_contracts::{followup::v1 as followup, intake::v1 as intake};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{
    Consent, ContactChannel, ContactResult, Observation, OutcomeResult, ReporterRole, Step,
};

fn reachable_at(phone: &str, name: &str) -> intake::Contact {
    intake::Contact {
        name: name.to_owned(),
        phone: phone.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn s03_two_professionals() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&["oostende-bredene"]);

    // The cleaner did not ask; the carer's number stands on the fridge.
    let noticed = intake::Signal {
        consent: Consent::NotAsked.number(),
        contact: Some(reachable_at("0470 12 34 56", "Maria")),
        ..a_signal(&world.environment)
    };
    let first = cleaner.send(noticed.clone()).await.unwrap();
    cleaner
        .sees(&first.signal_id, Step::WaitingForConsent)
        .await;

    // The nurse did, writes the number in another way, and noticed less.
    let noticed = intake::Signal {
        observations: vec![Observation::TasksTooHeavy.number()],
        reporter_role: ReporterRole::Nurse.number(),
        contact: Some(reachable_at("+32 (0)470/12.34.56", "Mevr. Peeters")),
        note: "Dochter woont in het buitenland.".to_owned(),
        ..a_signal(&world.environment)
    };
    let second = nurse.send(noticed.clone()).await.unwrap();
    assert_eq!(second.situation_id, first.situation_id);
    assert_ne!(second.signal_id, first.signal_id);
    assert_eq!(nurse.send(noticed).await.unwrap(), second);

    // One referral, which her consent sends out; both see every step.
    let referral = coordinator.referral_of(&first.situation_id).await;
    let organisation = referral.service.clone().unwrap().organisation_id;
    let partner = world.partner(&organisation);
    partner.receives(&first.situation_id).await;
    nurse.sees(&second.signal_id, Step::Assessed).await;
    eventually("both judged", async || {
        let told = coordinator.timeline(&first.situation_id).await;
        let judged = "knipperlicht.assessment.completed.v1";
        (told.iter().filter(|entry| entry.r#type == judged).count() == 2).then_some(())
    })
    .await;
    assert_eq!(coordinator.referrals().await.len(), 1);
    assert!(coordinator.items().await.is_empty());

    partner.accept(&referral.referral_id).await.unwrap();
    let task = partner.task_of(&first.situation_id).await;
    let reached = followup::RecordContactRequest {
        task_id: task.task_id.clone(),
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    partner.0.followup().record_contact(reached).await.unwrap();
    let helped = followup::CompleteRequest {
        task_id: task.task_id,
        result: OutcomeResult::Helped.number(),
        ..Default::default()
    };
    partner.0.followup().complete(helped).await.unwrap();
    for (phone, id) in [(&cleaner, &first.signal_id), (&nurse, &second.signal_id)] {
        for step in [
            Step::Referred,
            Step::Accepted,
            Step::Contacted,
            Step::Closed,
        ] {
            phone.sees(id, step).await;
        }
        let status = phone.signal(id).await;
        assert_eq!(status.step, Step::Closed.number());
        assert_eq!(status.consent, Consent::Given.number());
    }

    // Each reporter has their own signal only; who accepted reads what both left.
    let request = intake::ListMySignalsRequest::default();
    let list = nurse.0.intake().list_my_signals(request).await.unwrap();
    assert_eq!(list.into_inner().signals.len(), 1);
    let contact = intake::GetContactRequest {
        situation_id: first.situation_id.clone(),
        purpose: "first call".to_owned(),
    };
    let known = partner
        .0
        .intake()
        .get_contact(contact)
        .await
        .unwrap()
        .into_inner();
    let names: Vec<&str> = known.contacts.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Mevr. Peeters", "Maria"]);
    assert_eq!(known.notes, ["Dochter woont in het buitenland."]);
    world.stop().await;
}

#[tokio::test]
async fn one_of_two_signals_is_taken_back_and_the_other_goes_on() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let noticed = || intake::Signal {
        contact: Some(intake::Contact {
            national_number: "85.07.30-033.28".to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let first = cleaner.send(noticed()).await.unwrap();
    coordinator.referral_of(&first.situation_id).await;
    let second = nurse.send(noticed()).await.unwrap();
    assert_eq!(second.situation_id, first.situation_id);

    let take_back = |phone: knipperlicht_e2e::ReporterPhone, id: String| async move {
        let request = intake::WithdrawSignalRequest { signal_id: id };
        phone.0.intake().withdraw_signal(request).await.unwrap();
    };
    take_back(cleaner, first.signal_id).await;
    eventually("the signal taken back", async || {
        let told = coordinator.timeline(&first.situation_id).await;
        let withdrawn = "knipperlicht.signal.withdrawn.v1";
        told.iter()
            .any(|entry| entry.r#type == withdrawn)
            .then_some(())
    })
    .await;
    assert_eq!(coordinator.referrals().await.len(), 1);
    take_back(nurse, second.signal_id).await;
    eventually("no open referral", async || {
        coordinator.referrals().await.is_empty().then_some(())
    })
    .await;

    // Nobody remembers who it was: whoever is flagged now opens a situation.
    let third = world.reporter("gp").send(noticed()).await.unwrap();
    assert_ne!(third.situation_id, first.situation_id);
    world.stop().await;
}

/// Two processes, neither of which sees what the other is about to write.
#[tokio::test]
async fn two_phones_at_the_same_moment_flag_one_carer_once() {
    let world = World::start().await;
    let other = world.second_line().await;
    for round in 0..20 {
        let noticed = || intake::Signal {
            contact: Some(intake::Contact {
                phone: format!("0470 12 34 {:02}", 10 + round),
                mail: format!("carer{round}@example.be"),
                ..Default::default()
            }),
            ..a_signal(&world.environment)
        };
        let (cleaner, nurse) = (world.reporter("cleaner"), other.reporter("nurse"));
        let (first, second) = tokio::join!(cleaner.send(noticed()), nurse.send(noticed()));
        assert_eq!(
            first.unwrap().situation_id,
            second.unwrap().situation_id,
            "round {round}"
        );
    }
    other.stop().await;
    world.stop().await;
}
