//! The turns a situation can take besides the straight way of S1: consent that is not asked,
//! refused or given later; an emergency; silence; taking back; holding; a coordinator's hand.

use jiff::SignedDuration;
use knipperlicht_contracts::{
    intake::v1 as intake,
    routing::v1::{self as routing, Action},
};
use knipperlicht_e2e::{ReporterPhone, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{
    Consent, DeclineReason, ItemKind, Observation, ReferralState, Step, Urgency,
};

const ZONE: &str = "oostende-bredene";

async fn set_consent(
    phone: &ReporterPhone,
    signal: &str,
    consent: Consent,
) -> intake::SignalStatus {
    let request = intake::SetConsentRequest {
        signal_id: signal.to_owned(),
        consent: consent.number(),
        ..Default::default()
    };
    phone
        .0
        .intake()
        .set_consent(request)
        .await
        .unwrap()
        .into_inner()
        .signal
        .unwrap()
}

#[tokio::test]
async fn consent_not_asked_reaches_no_partner_and_given_later_goes_out_by_itself() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);
    let signal = intake::Signal {
        consent: Consent::NotAsked.number(),
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(signal).await.unwrap();
    cleaner
        .sees(&receipt.signal_id, Step::WaitingForConsent)
        .await;
    let held = coordinator.referral_of(&receipt.situation_id).await;
    assert_eq!(held.state, ReferralState::Held.number());
    let organisation = held.service.unwrap().organisation_id;
    let partner = world.partner(&organisation);
    assert!(
        partner.inbox().await.is_empty(),
        "a partner sees nothing before consent"
    );
    let accept = partner.accept(&held.referral_id).await.unwrap_err();
    assert_eq!(accept.code(), tonic::Code::NotFound);

    let status = set_consent(&cleaner, &receipt.signal_id, Consent::Given).await;
    assert_eq!(status.consent, Consent::Given.number());
    let referral = partner.receives(&receipt.situation_id).await;
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;

    // Withdrawn after that: the partner can no longer learn who it is.
    let contact = intake::GetContactRequest {
        situation_id: receipt.situation_id.clone(),
        purpose: "first call".to_owned(),
    };
    partner
        .0
        .intake()
        .get_contact(contact.clone())
        .await
        .unwrap();
    set_consent(&cleaner, &receipt.signal_id, Consent::Withdrawn).await;
    let denied = partner.0.intake().get_contact(contact).await.unwrap_err();
    assert_eq!(Problem::from(&denied).code, "KL1018");
    world.stop().await;
}

#[tokio::test]
async fn consent_refused_makes_no_referral_until_it_is_given() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);
    let signal = intake::Signal {
        consent: Consent::Refused.number(),
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(signal).await.unwrap();
    // Told at once, and nothing else: what is under way elsewhere is not theirs to see.
    let told = cleaner.sees(&receipt.signal_id, Step::NotShared).await;
    assert_eq!(told.progress.len(), 2);
    eventually("that nobody is asked", async || {
        let timeline = coordinator.timeline(&receipt.situation_id).await;
        let withheld = "knipperlicht.referral.withheld.v1";
        timeline
            .iter()
            .any(|entry| entry.r#type == withheld)
            .then_some(())
    })
    .await;
    assert!(coordinator.referrals().await.is_empty());
    assert!(coordinator.items().await.is_empty());

    set_consent(&cleaner, &receipt.signal_id, Consent::Given).await;
    cleaner.sees(&receipt.signal_id, Step::Referred).await;
    coordinator.referral_of(&receipt.situation_id).await;
    world.stop().await;
}

#[tokio::test]
async fn suicidal_talk_says_whom_to_call_and_reaches_the_coordinator_at_once() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let observations = vec![
        Observation::SuicidalTalk.number(),
        Observation::Exhausted.number(),
    ];
    let signal = intake::Signal {
        observations,
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(signal).await.unwrap();
    let numbers: Vec<&str> = receipt
        .call_now
        .iter()
        .map(|line| line.number.as_str())
        .collect();
    assert_eq!(numbers, ["112", "1813", "106"]);
    let coordinator = world.coordinator(&[ZONE]);
    let item = eventually("an item", async || coordinator.items().await.pop()).await;
    assert_eq!(item.kind, ItemKind::Emergency.number());
    assert!(
        world.coordinator(&["gent"]).items().await.is_empty(),
        "another zone sees nothing"
    );
    world.stop().await;
}

#[tokio::test]
async fn silence_is_noticed_and_the_next_partner_asked() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let first = coordinator.referral_of(&receipt.situation_id).await;
    cleaner.sees(&receipt.signal_id, Step::Referred).await;
    // The clock has to be running before time moves.
    eventually("a running clock", async || {
        let loops = coordinator.open_loops().await;
        loops
            .iter()
            .any(|open| open.referral_id == first.referral_id)
            .then_some(())
    })
    .await;

    // `soon` is one working day; six days hold at least three, whatever today is.
    world.clock.advance(SignedDuration::from_hours(6 * 24));
    let next = eventually("the next referral", async || {
        let open = coordinator.referrals().await;
        open.into_iter()
            .find(|referral| referral.previous_referral_id == first.referral_id)
    })
    .await;
    assert_ne!(
        next.service.unwrap().service_id,
        first.service.unwrap().service_id
    );
    let timeline = coordinator.timeline(&receipt.situation_id).await;
    let types: Vec<&str> = timeline.iter().map(|entry| entry.r#type.as_str()).collect();
    assert!(
        types.contains(&"knipperlicht.followup.clock_breached.v1"),
        "{types:?}"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_signal_can_be_taken_back_until_a_partner_accepts() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);
    let withdraw = |id: &str| intake::WithdrawSignalRequest {
        signal_id: id.to_owned(),
    };

    let taken_back = cleaner.send(a_signal(&world.environment)).await.unwrap();
    coordinator.referral_of(&taken_back.situation_id).await;
    for _ in 0..2 {
        let status = cleaner
            .0
            .intake()
            .withdraw_signal(withdraw(&taken_back.signal_id))
            .await
            .unwrap();
        assert_eq!(
            status.into_inner().signal.unwrap().step,
            Step::Withdrawn.number()
        );
    }
    eventually("no open referral", async || {
        coordinator.referrals().await.is_empty().then_some(())
    })
    .await;

    let accepted = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let referral = coordinator.referral_of(&accepted.situation_id).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    partner
        .accept(&referral.referral_id)
        .await
        .expect("accepting twice is harmless");
    cleaner.sees(&accepted.signal_id, Step::Accepted).await;
    let refused = cleaner
        .0
        .intake()
        .withdraw_signal(withdraw(&accepted.signal_id))
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1016");
    let late = partner
        .decline(&referral.referral_id, DeclineReason::NoCapacity)
        .await
        .unwrap_err();
    assert_eq!(late.code(), tonic::Code::FailedPrecondition);
    world.stop().await;
}

#[tokio::test]
async fn a_referral_can_wait_be_sent_on_and_come_back_to_the_coordinator() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let referral = coordinator.referral_of(&receipt.situation_id).await;
    let service = referral.service.clone().unwrap();
    let partner = world.partner(&service.organisation_id);
    let id = referral.referral_id;

    let held = partner
        .0
        .routing()
        .hold(routing::HoldRequest {
            referral_id: id.clone(),
        })
        .await
        .unwrap();
    assert_eq!(
        held.into_inner().referral.unwrap().state,
        ReferralState::Held.number()
    );
    let request = routing::AvailableActionsRequest {
        referral_id: id.clone(),
    };
    let actions = partner
        .0
        .routing()
        .available_actions(request)
        .await
        .unwrap()
        .into_inner()
        .actions;
    assert!(
        actions.contains(&Action::Release.into()) && !actions.contains(&Action::Hold.into()),
        "{actions:?}"
    );
    partner
        .0
        .routing()
        .release(routing::ReleaseRequest {
            referral_id: id.clone(),
        })
        .await
        .unwrap();

    let request = routing::ListServicesRequest {
        zone_id: ZONE.to_owned(),
        ..Default::default()
    };
    let services = partner
        .0
        .routing()
        .list_services(request)
        .await
        .unwrap()
        .into_inner()
        .services;
    let other = services
        .into_iter()
        .find(|other| other.synthetic && other.service_id != service.service_id)
        .unwrap();
    let redirect = routing::RedirectRequest {
        referral_id: id.clone(),
        service_id: other.service_id.clone(),
        reason: DeclineReason::NeedsOtherHelp.number(),
    };
    let next = partner
        .0
        .routing()
        .redirect(redirect)
        .await
        .unwrap()
        .into_inner()
        .referral
        .unwrap();
    assert_eq!(
        (&next.previous_referral_id, next.service.unwrap().service_id),
        (&id, other.service_id)
    );

    let cancel = routing::CancelRequest {
        referral_id: next.referral_id,
    };
    coordinator.0.routing().cancel(cancel).await.unwrap();
    let items = coordinator.items().await;
    assert_eq!(
        items.iter().map(|item| item.kind).collect::<Vec<_>>(),
        [ItemKind::Cancelled.number()]
    );
    cleaner
        .sees(&receipt.signal_id, Step::WithCoordinator)
        .await;
    world.stop().await;
}

#[tokio::test]
async fn a_reporter_watches_the_signal_on_its_way() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let mut changes = cleaner
        .0
        .intake()
        .watch_my_signals(intake::WatchMySignalsRequest {})
        .await
        .unwrap()
        .into_inner();
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let mut steps = Vec::new();
    while steps.last() != Some(&Step::Referred.number()) {
        let signal = changes.message().await.unwrap().unwrap().signal.unwrap();
        assert_eq!(signal.receipt.unwrap().signal_id, receipt.signal_id);
        steps.push(signal.step);
    }
    assert!(steps.is_sorted(), "{steps:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_partner_watches_what_is_asked_of_it_and_nothing_else() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let desk = world.partner("dmw-oostende-bredene");
    let mut changes = desk
        .0
        .routing()
        .watch_referrals(routing::WatchReferralsRequest {})
        .await
        .unwrap()
        .into_inner();
    let next = async |changes: &mut tonic::Streaming<routing::WatchReferralsResponse>| {
        changes.message().await.unwrap().unwrap().referral.unwrap()
    };

    let elsewhere = intake::Signal {
        postal_code: "3500".to_owned(),
        ..a_signal(&world.environment)
    };
    let elsewhere = cleaner.send(elsewhere).await.unwrap();
    cleaner.sees(&elsewhere.signal_id, Step::Referred).await;
    let here = cleaner.send(a_signal(&world.environment)).await.unwrap();

    let asked = next(&mut changes).await;
    assert_eq!(asked.situation_id, here.situation_id);
    assert_eq!(asked.state, ReferralState::Requested.number());
    desk.accept(&asked.referral_id).await.unwrap();
    let accepted = next(&mut changes).await;
    assert_eq!(accepted.referral_id, asked.referral_id);
    assert_eq!(accepted.state, ReferralState::Accepted.number());
    world.stop().await;
}

/// The next news of a signal that is as looked for.
async fn told(
    changes: &mut tonic::Streaming<intake::WatchMySignalsResponse>,
    is_it: impl Fn(&intake::SignalStatus) -> bool,
) -> intake::SignalStatus {
    loop {
        let change = changes.message().await.unwrap().unwrap();
        let signal = change.signal.unwrap();
        if is_it(&signal) {
            return signal;
        }
    }
}

async fn watch(phone: &ReporterPhone) -> tonic::Streaming<intake::WatchMySignalsResponse> {
    let request = intake::WatchMySignalsRequest {};
    let changes = phone.0.intake().watch_my_signals(request).await;
    changes.unwrap().into_inner()
}

#[tokio::test]
async fn whatever_changes_of_a_signal_is_told_to_whoever_watches_it() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let mut changes = watch(&cleaner).await;
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let id = &receipt.signal_id;
    let referred = |signal: &intake::SignalStatus| signal.step == Step::Referred.number();
    let signal = told(&mut changes, referred).await;

    // The same person's other phone shows it.
    let seen = intake::MarkSeenRequest {
        signal_id: id.clone(),
        seen: signal.progress,
    };
    cleaner.0.intake().mark_seen(seen).await.unwrap();
    let is_seen = |signal: &intake::SignalStatus| {
        let mut steps = signal.progress.iter();
        steps.any(|step| step.seen_at.is_some())
    };
    told(&mut changes, is_seen).await;

    set_consent(&cleaner, id, Consent::Refused).await;
    let is_refused = |signal: &intake::SignalStatus| signal.consent == Consent::Refused.number();
    told(&mut changes, is_refused).await;

    let withdraw = intake::WithdrawSignalRequest {
        signal_id: id.clone(),
    };
    cleaner.0.intake().withdraw_signal(withdraw).await.unwrap();
    let is_withdrawn = |signal: &intake::SignalStatus| signal.step == Step::Withdrawn.number();
    told(&mut changes, is_withdrawn).await;
    world.stop().await;
}

#[tokio::test]
async fn what_another_process_changed_is_told_as_well() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Referred).await;
    let desk = world.partner("dmw-oostende-bredene");
    let asked = desk.receives(&receipt.situation_id).await;
    let request = routing::WatchReferralsRequest {};
    let referrals = desk.0.routing().watch_referrals(request).await;
    let (mut signals, mut referrals) = (watch(&cleaner).await, referrals.unwrap().into_inner());
    signals.message().await.unwrap();
    referrals.message().await.unwrap();

    // Nothing in this process knows of it.
    let mut elsewhere = world.look().await;
    sqlx::raw_sql(
        "insert into intake.progress (event_id, situation_id, step, at)
         select gen_random_uuid(), situation_id, 'contacted', now() from intake.situation;
         update routing.referral set urgency = 'emergency', changed_in = default",
    )
    .execute(&mut elsewhere)
    .await
    .unwrap();
    let contacted = |signal: &intake::SignalStatus| {
        let mut steps = signal.progress.iter();
        steps.any(|taken| taken.step == Step::Contacted.number())
    };
    told(&mut signals, contacted).await;
    let changed = referrals.message().await.unwrap().unwrap();
    let changed = changed.referral.unwrap();
    assert_eq!(
        (changed.referral_id, changed.urgency),
        (asked.referral_id, Urgency::Emergency.number())
    );
    world.stop().await;
}
