//! Words of different age and from different mouths: which one holds, and that every service goes by it.

use jiff::SignedDuration;
use knipperlicht_contracts::{assessment::v1 as assessment, intake::v1 as intake, to_proto};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{Consent, Step};

fn of_maria(world: &World, consent: Consent) -> intake::Signal {
    intake::Signal {
        consent: consent.number(),
        contact: Some(intake::Contact {
            name: "Maria Peeters".to_owned(),
            phone: "0470 12 34 56".to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    }
}

/// A yes waits on a phone without network; meanwhile the carer withdraws. That yes, which comes later,
/// undoes nothing; a yes that was heard since does.
#[tokio::test]
async fn a_yes_of_before_a_no_does_not_undo_it() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let before = to_proto(world.environment.now());
    world.clock.advance(SignedDuration::from_hours(1));
    let first = cleaner
        .send(of_maria(&world, Consent::Given))
        .await
        .unwrap();
    world.clock.advance(SignedDuration::from_hours(1));
    let withdrawn = cleaner.records(&first.signal_id, Consent::Withdrawn).await;
    assert_eq!(withdrawn.unwrap().consent, Consent::Withdrawn.number());

    for consent in [Consent::Given, Consent::VitalInterest] {
        let late = intake::Signal {
            reported_at: Some(before),
            vital_interest_reason: match consent {
                Consent::VitalInterest => "did not answer".to_owned(),
                _ => String::new(),
            },
            ..of_maria(&world, consent)
        };
        let late = nurse.send(late).await.unwrap();
        assert_eq!(late.situation_id, first.situation_id);
        let steps = nurse.steps(&late.signal_id).await;
        assert_eq!(steps, [Step::Received, Step::NotShared], "{consent}");
    }
    world.clock.advance(SignedDuration::from_hours(1));
    let since = nurse.send(of_maria(&world, Consent::Given)).await.unwrap();
    let status = nurse.signal(&since.signal_id).await;
    assert_eq!(status.consent, Consent::Given.number());
    world.stop().await;
}

/// A second reporter hears a no. It comes with a signal, not as a change of consent: the partner who
/// accepted before reads no judgement any more either.
#[tokio::test]
async fn a_no_that_comes_with_a_signal_reaches_every_service() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let first = cleaner
        .send(of_maria(&world, Consent::Given))
        .await
        .unwrap();
    let situation = first.situation_id.as_str();
    let referral = coordinator.referral_of(situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(&first.signal_id, Step::Accepted).await;
    let judged = async || {
        let request = assessment::ListAssessmentsRequest {
            situation_id: situation.to_owned(),
        };
        let listed = partner.0.assessment().list_assessments(request).await;
        listed.unwrap().into_inner().assessments.len()
    };
    eventually("a judgement", async || (judged().await > 0).then_some(())).await;

    nurse
        .send(of_maria(&world, Consent::Refused))
        .await
        .unwrap();
    assert_eq!(partner.learns(situation).await.unwrap_err(), "KL1018");
    eventually("no judgement to be read", async || {
        (judged().await == 0).then_some(())
    })
    .await;
    eventually("a follow-up that is held", async || {
        partner.task_of(situation).await.held.then_some(())
    })
    .await;
    world.stop().await;
}
