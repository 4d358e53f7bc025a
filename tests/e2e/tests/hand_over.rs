//! The warm hand-over: a partner asks another one to take its follow-up over, and goes on until
//! that one says yes. Nobody is without help in between, and whoever gave knows nothing more then.

use knipperlicht_contracts::{
    assessment::v1 as assessment, intake::v1 as intake, routing::v1 as routing,
};
use knipperlicht_e2e::{Closed, PartnerDesk, World};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{
    ClockKind, DeclineReason, FollowUpState, OutcomeResult, ReferralState, Step,
};
use tonic::Status;

/// Services of other organisations in the zone.
async fn elsewhere(accepted: &Closed) -> Vec<routing::Service> {
    let request = routing::ListServicesRequest {
        zone_id: "oostende-bredene".to_owned(),
        ..Default::default()
    };
    let mut routing = accepted.coordinator.0.routing();
    let services = routing.list_services(request).await.unwrap();
    let services = services.into_inner().services;
    let mut services: Vec<_> = services
        .into_iter()
        .filter(|one| one.organisation_id != accepted.organisation)
        .collect();
    services.dedup_by(|one, other| one.organisation_id == other.organisation_id);
    services
}

/// The referral that the partner accepted.
async fn accepted_referral(accepted: &Closed) -> routing::Referral {
    let referrals = accepted.coordinator.referrals_of(&accepted.situation).await;
    let mut referrals = referrals.into_iter();
    let is_accepted = |one: &routing::Referral| one.state == ReferralState::Accepted.number();
    referrals.find(is_accepted).unwrap()
}

async fn hand_over(
    desk: &PartnerDesk,
    referral: &str,
    service: &str,
) -> Result<routing::Referral, Status> {
    let request = routing::HandOverRequest {
        referral_id: referral.to_owned(),
        service_id: service.to_owned(),
    };
    let asked = desk.0.routing().hand_over(request).await?;
    Ok(asked.into_inner().referral.unwrap())
}

/// The code by which a desk is refused who it is about; nothing if it is told.
async fn contact(desk: &PartnerDesk, situation: &str) -> Option<String> {
    let request = intake::GetContactRequest {
        situation_id: situation.to_owned(),
        purpose: "first contact".to_owned(),
    };
    let told = desk.0.intake().get_contact(request).await;
    told.err().map(|status| Problem::from(&status).code)
}

/// How many judgements of a situation a desk may see.
async fn judgements(desk: &PartnerDesk, situation: &str) -> usize {
    let request = assessment::ListAssessmentsRequest {
        situation_id: situation.to_owned(),
    };
    let listed = desk.0.assessment().list_assessments(request).await;
    listed.map_or(0, |listed| listed.into_inner().assessments.len())
}

#[tokio::test]
async fn who_says_no_changes_nothing() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let situation = accepted.situation.as_str();
    let giver = &accepted.partner;
    giver.reaches(&accepted.task).await;
    let referral = accepted_referral(&accepted).await.referral_id;
    let other = elsewhere(&accepted).await.remove(0);

    // Asked twice is asked once; meanwhile all stays as it is.
    let asked = hand_over(giver, &referral, &other.service_id)
        .await
        .unwrap();
    let again = hand_over(giver, &referral, &other.service_id)
        .await
        .unwrap();
    assert_eq!(asked.referral_id, again.referral_id);
    let desk = world.partner(&other.organisation_id);
    let received = desk.receives(situation).await;
    assert_eq!(received.takes_over_referral_id, referral);
    assert_eq!(contact(&desk, situation).await.as_deref(), Some("KL1015"));
    assert_eq!(contact(giver, situation).await, None);

    // Nobody else is asked, no coordinator has to decide, and the story tells it.
    let no = DeclineReason::NoCapacity;
    desk.decline(&received.referral_id, no).await.unwrap();
    let told = eventually("the story to tell it", async || {
        let story = accepted.coordinator.timeline(situation).await;
        let mut story = story.into_iter();
        story.find(|entry| entry.r#type == "knipperlicht.referral.declined.v1")
    })
    .await;
    assert_eq!(told.codes["hand_over"], "true");
    assert_eq!(told.codes["reason"], "no_capacity");
    assert!(accepted.coordinator.items().await.is_empty());
    assert!(accepted.coordinator.referrals().await.is_empty());
    let task = giver.task_of(situation).await;
    assert_eq!(task.state, FollowUpState::Contacted.number());
    assert_eq!(contact(giver, situation).await, None);
    let steps = accepted.cleaner.steps(&accepted.signal).await;
    assert_eq!(
        steps.last(),
        Some(&Step::Contacted),
        "the reporter hears nothing of it"
    );
    world.stop().await;
}

#[tokio::test]
async fn who_says_yes_takes_all_of_it_over() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let situation = accepted.situation.as_str();
    let giver = &accepted.partner;
    giver.reaches(&accepted.task).await;
    accepted
        .cleaner
        .sees(&accepted.signal, Step::Contacted)
        .await;
    let referral = accepted_referral(&accepted).await.referral_id;
    let other = elsewhere(&accepted).await.remove(0);
    hand_over(giver, &referral, &other.service_id)
        .await
        .unwrap();
    let receiver = world.partner(&other.organisation_id);
    let asked = receiver.receives(situation).await;
    receiver.accept(&asked.referral_id).await.unwrap();

    let task = receiver.task_of(situation).await;
    assert_eq!(task.task_id, accepted.task, "the same follow-up");
    assert_eq!(task.state, FollowUpState::Open.number());
    assert_eq!(task.referral_id, asked.referral_id);
    let person = task.contact_person.unwrap();
    assert_eq!(person.organisation_id, other.organisation_id);
    let promise = task.next_clock.unwrap();
    assert_eq!(promise.kind, ClockKind::FirstContact.number());
    eventually(
        "the receiver to know who it is, and how it was judged",
        async || {
            let knows = contact(&receiver, situation).await.is_none();
            (knows && judgements(&receiver, situation).await > 0).then_some(())
        },
    )
    .await;

    // Whoever gave has nothing more to do with it.
    eventually("the giver to know nothing more", async || {
        let knows = contact(giver, situation).await;
        let sees = judgements(giver, situation).await;
        (knows.as_deref() == Some("KL1015") && sees == 0).then_some(())
    })
    .await;
    let theirs = giver.open_tasks().await;
    assert!(theirs.iter().all(|task| task.situation_id != situation));
    let late = giver.completes(&accepted.task, OutcomeResult::Helped, None);
    assert_eq!(late.await.unwrap_err().code(), tonic::Code::NotFound);

    // The reporter is told that somebody took it up again, and hears how it ends.
    let Closed {
        cleaner, signal, ..
    } = &accepted;
    cleaner.sees(signal, Step::Accepted).await;
    receiver.reaches(&accepted.task).await;
    let closed = receiver.completes(&accepted.task, OutcomeResult::Helped, None);
    closed.await.unwrap();
    cleaner.sees(signal, Step::Closed).await;
    let steps = cleaner.steps(signal).await;
    let since_accepted = [
        Step::Accepted,
        Step::Contacted,
        Step::Accepted,
        Step::Contacted,
        Step::Closed,
    ];
    assert_eq!(steps[steps.len() - 5..], since_accepted);

    // The carer sees that both were told, and who knows still.
    let link = receiver.link(&accepted.task).await;
    let told = eventually("the carer's own page", async || {
        let request = intake::GetMySituationRequest {
            token: link.token.clone(),
        };
        let seen = world.nobody().intake().get_my_situation(request).await;
        Some(seen.ok()?.into_inner().situation.unwrap().told)
    })
    .await;
    let told: Vec<_> = told
        .iter()
        .map(|one| (one.organisation_id.as_str(), one.still))
        .collect();
    let both = [
        (accepted.organisation.as_str(), false),
        (other.organisation_id.as_str(), true),
    ];
    assert_eq!(told, both);
    world.stop().await;
}

/// Who was asked, and is not any more, ends nothing; who goes on does.
#[tokio::test]
async fn a_hand_over_that_was_cancelled_takes_no_outcome() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let situation = accepted.situation.as_str();
    let referral = accepted_referral(&accepted).await.referral_id;
    let other = elsewhere(&accepted).await.remove(0);
    let asked = hand_over(&accepted.partner, &referral, &other.service_id);
    let asked = asked.await.unwrap().referral_id;
    let receiver = world.partner(&other.organisation_id);
    receiver.receives(situation).await;
    let cancel = routing::CancelRequest {
        referral_id: asked.clone(),
    };
    let mut desk = accepted.coordinator.0.routing();
    desk.cancel(cancel).await.unwrap();
    eventually("follow-up to hear that it was cancelled", async || {
        let cancelled = "knipperlicht.referral.cancelled.v1";
        let told = accepted.coordinator.told_of(situation, cancelled).await;
        (!told.is_empty()).then_some(())
    })
    .await;
    assert!(receiver.accept(&asked).await.is_err());
    let refused = receiver.completes(&accepted.task, OutcomeResult::Helped, None);
    assert_eq!(Problem::from(&refused.await.unwrap_err()).code, "KL4006");
    let closed = accepted
        .partner
        .completes(&accepted.task, OutcomeResult::Helped, None);
    closed.await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_handed_over() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let referral = accepted_referral(&accepted).await;
    let id = referral.referral_id.as_str();
    let services = elsewhere(&accepted).await;
    let other = services[0].service_id.as_str();
    let own = referral.service.unwrap().service_id;
    let code = async |desk: &PartnerDesk, id: &str, service: &str| {
        let refused = hand_over(desk, id, service).await.unwrap_err();
        Problem::from(&refused).code
    };
    let giver = &accepted.partner;
    assert_eq!(code(giver, id, &own).await, "KL3010");
    assert_eq!(code(giver, id, "no-such-service").await, "KL3009");
    assert_eq!(code(giver, "x", other).await, "KL3001");
    let stranger = world.partner("somebody-else");
    assert_eq!(code(&stranger, id, other).await, "KL3007");

    // What was only asked is nothing to hand over, and neither is what has ended.
    let asked = hand_over(giver, id, other).await.unwrap();
    let receiver = world.partner(&services[0].organisation_id);
    receiver.receives(&accepted.situation).await;
    assert_eq!(code(&receiver, &asked.referral_id, &own).await, "KL3011");
    giver.reaches(&accepted.task).await;
    let closed = giver.completes(&accepted.task, OutcomeResult::Helped, None);
    closed.await.unwrap();
    eventually("the question to be taken back", async || {
        receiver.inbox().await.is_empty().then_some(())
    })
    .await;
    assert_eq!(code(giver, id, other).await, "KL3019");
    world.stop().await;
}
