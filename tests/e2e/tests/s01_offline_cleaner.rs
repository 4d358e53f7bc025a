//! S1: an offline cleaner in 8400 Oostende flags; it is synced, routed, accepted, contacted,
//! helped; the reporter is told each time; the carer confirms after four weeks.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use jiff::SignedDuration;
use knipperlicht_contracts::{
    assessment::v1 as assessment,
    events::v1::{CarerQol, CarerState},
    followup::v1 as followup,
    intake::v1 as intake,
    to_proto,
};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{
    Consent, ContactChannel, ContactResult, OutcomeResult, PerseveranceTime, QolLevel, Step,
};

use crate::wire;

#[tokio::test]
async fn s01_offline_cleaner() {
    let world = World::start().await;
    is_flagged_and_helped(&world).await;
    world.stop().await;
}

#[tokio::test]
async fn s01_offline_cleaner_with_every_connection_encrypted_and_every_permission_on() {
    let world = World::start_encrypted().await;
    is_flagged_and_helped(&world).await;
    wire::nothing_goes_in_clear(&world).await;
    world.stop().await;
}

async fn is_flagged_and_helped(world: &World) {
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);

    // Noticed without network, sent three hours later.
    let noticed = world.environment.now();
    world.clock.advance(SignedDuration::from_hours(3));
    let sent = intake::Signal {
        reported_at: Some(to_proto(noticed)),
        contact: Some(intake::Contact {
            name: "Maria Peeters".to_owned(),
            phone: "0470 12 34 56".to_owned(),
            ..Default::default()
        }),
        note: "Best na 17 uur bellen.".to_owned(),
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(sent).await.unwrap();
    assert_eq!(receipt.zone_name, "Oostende-Bredene");
    let (id, situation) = (receipt.signal_id.as_str(), receipt.situation_id.as_str());
    cleaner.sees(id, Step::Referred).await;

    // The partner finds it in its inbox, and only it.
    let referral = coordinator.referral_of(situation).await;
    let organisation = referral.service.unwrap().organisation_id;
    let partner = world.partner(&organisation);
    let referral = partner.receives(situation).await;
    assert_eq!(referral.zone_id, "oostende-bredene");
    assert!(world.partner("somebody-else").inbox().await.is_empty());

    // Before acceptance nobody learns who it is; after it, whoever accepted does.
    let contact = intake::GetContactRequest {
        situation_id: situation.to_owned(),
        purpose: "first call".to_owned(),
    };
    assert_eq!(
        partner
            .0
            .intake()
            .get_contact(contact.clone())
            .await
            .unwrap_err()
            .code(),
        tonic::Code::NotFound
    );
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(id, Step::Accepted).await;
    let known = partner
        .0
        .intake()
        .get_contact(contact)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(known.contacts[0].name, "Maria Peeters");
    assert_eq!(known.notes, ["Best na 17 uur bellen."]);

    // Contacted, helped.
    let task = partner.task_of(situation).await;
    let reached = followup::RecordContactRequest {
        task_id: task.task_id.clone(),
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    partner.0.followup().record_contact(reached).await.unwrap();
    cleaner.sees(id, Step::Contacted).await;
    world.clock.advance(SignedDuration::from_hours(5 * 24));
    let helped = followup::CompleteRequest {
        task_id: task.task_id.clone(),
        result: OutcomeResult::Helped.number(),
        ..Default::default()
    };
    let closed = partner
        .0
        .followup()
        .complete(helped)
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert!(!closed.late);
    let status = cleaner.sees(id, Step::Closed).await;
    let outcome = status
        .progress
        .iter()
        .find(|taken| taken.step == Step::Closed.number())
        .unwrap()
        .outcome;
    assert_eq!(outcome, OutcomeResult::Helped.number());

    // For four weeks nobody asks the carer anything; then the partner's contact person is to.
    let asks = |task: &followup::Task| task.carer_question.is_some();
    assert!(!partner.open_tasks().await.iter().any(asks));
    world.clock.advance(SignedDuration::from_hours(28 * 24));
    let question = eventually("that the carer is to be asked", async || {
        let tasks = partner.open_tasks().await;
        tasks.into_iter().find_map(|task| task.carer_question)
    })
    .await;
    assert_eq!((question.times, question.with_coordinator), (1, false));

    // The carer answers by a link, without an account: it helped, and how they are now.
    let link = partner.link(&task.task_id).await;
    assert!(
        link.url
            .ends_with(&format!("/answer_outcome#{}", link.token))
    );
    assert!(link.card_svg.contains("Hoe gaat het nu met u?"));
    let (no, much) = (QolLevel::No.number(), QolLevel::ALot.number());
    let answer = followup::ConfirmOutcomeRequest {
        token: link.token,
        answer: followup::Answer::Helped.into(),
        how_are_you: Some(CarerState {
            perseverance: PerseveranceTime::OneToTwoYears.number(),
            quality_of_life: Some(CarerQol {
                fulfilment: much,
                relational_problems: no,
                mental_health_problems: no,
                daily_activities_problems: no,
                financial_problems: no,
                support: much,
                physical_health_problems: no,
            }),
        }),
    };
    world
        .nobody()
        .followup()
        .confirm_outcome(answer)
        .await
        .unwrap();
    let status = cleaner.sees(id, Step::Confirmed).await;
    assert!(!partner.open_tasks().await.iter().any(asks));

    // What they said joined the situation's series, and no event but the one that carried it there.
    let series = eventually("both forms", async || {
        let request = assessment::ListAssessmentsRequest {
            situation_id: situation.to_owned(),
        };
        let listed = partner.0.assessment().list_assessments(request).await;
        let series = listed.unwrap().into_inner().series;
        (series.len() == 2).then_some(series)
    })
    .await;
    let mut instruments: Vec<&str> = series
        .iter()
        .map(|one| one.instrument_id.as_str())
        .collect();
    instruments.sort_unstable();
    assert_eq!(instruments, ["carerqol-7d", "perseverance-time"]);

    // The app shows the reporter all of it and says so; the first time counts.
    let seen = cleaner.has_seen(id, &status.progress).await.unwrap();
    let first: Vec<_> = seen.progress.iter().map(|step| step.seen_at).collect();
    assert!(first.iter().all(Option::is_some));
    world.clock.advance(SignedDuration::from_hours(1));
    let again = cleaner.has_seen(id, &status.progress).await.unwrap();
    assert_eq!(again, seen);
    let told = coordinator.told(situation).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].told, seen.progress);

    // The reporter's list shows every step, in order.
    assert_eq!(status.consent, Consent::Given.number());
    let steps: Vec<&str> = status
        .progress
        .iter()
        .map(|taken| Step::try_from(taken.step).unwrap().code())
        .collect();
    assert_eq!(
        steps,
        [
            "received",
            "assessed",
            "referred",
            "accepted",
            "contacted",
            "closed",
            "confirmed"
        ]
    );

    // The timeline tells the same story in one order, all in one trace of events.
    let timeline = eventually("the whole timeline", async || {
        let timeline = coordinator.timeline(situation).await;
        timeline
            .iter()
            .any(|entry| entry.r#type == "knipperlicht.followup.confirmed.v1")
            .then_some(timeline)
    })
    .await;
    let types: Vec<&str> = timeline.iter().map(|entry| entry.r#type.as_str()).collect();
    for expected in [
        "knipperlicht.signal.flagged.v1",
        "knipperlicht.assessment.completed.v1",
        "knipperlicht.referral.requested.v1",
        "knipperlicht.referral.accepted.v1",
        "knipperlicht.followup.contact_recorded.v1",
        "knipperlicht.followup.completed.v1",
        "knipperlicht.followup.carer_asked.v1",
    ] {
        assert!(types.contains(&expected), "{expected} is not in {types:?}");
    }
}
