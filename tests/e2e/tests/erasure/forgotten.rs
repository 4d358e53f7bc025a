//! S10, the part of forgetting: consent was withdrawn after a partner accepted, and a coordinator
//! erases. Nobody sees anything of it any more, everybody is told that it is so, and what was counted
//! stays counted.

use jiff::SignedDuration;
use knipperlicht_contracts::{
    followup::v1 as followup, intake::v1 as intake, notification::v1 as notification,
    routing::v1 as routing,
};
use knipperlicht_e2e::{Caller, Closed, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{Consent, ErasureReason, Step};

use crate::erasure::traces::{until_forgotten, until_reconciled};

const ERASED: &str = "knipperlicht.situation.erased.v1";

/// Asks to be told by a webhook that nobody answers.
async fn subscribe(caller: &Caller) -> String {
    let webhook = notification::Webhook {
        url: "http://127.0.0.1:9/".to_owned(),
    };
    let request = notification::SubscribeRequest {
        channel: Some(notification::subscribe_request::Channel::Webhook(webhook)),
        ..Default::default()
    };
    let made = caller.notification().subscribe(request).await.unwrap();
    made.into_inner().subscription.unwrap().subscription_id
}

/// The types of what somebody was told, the first one first.
async fn told(caller: &Caller, subscription: &str) -> Vec<String> {
    let request = notification::ListDeliveriesRequest {
        subscription_id: subscription.to_owned(),
        ..Default::default()
    };
    let list = caller
        .notification()
        .list_deliveries(request)
        .await
        .unwrap();
    let deliveries = list.into_inner().deliveries.into_iter();
    deliveries.map(|one| one.r#type).rev().collect()
}

async fn counted(world: &World) -> Vec<(String, String, i64)> {
    sqlx::query_as(
        "select measure, code, sum(total)::bigint from (
             select measure, code, total from followup.report_count
             union all
             select unnest(measures), unnest(codes), unnest(totals) from followup.report_tally
         ) as counted group by 1, 2 order by 1, 2",
    )
    .fetch_all(&mut world.look().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn s10_erased_after_acceptance() {
    let world = World::start().await;
    let Closed {
        cleaner,
        partner,
        coordinator,
        signal,
        situation,
        task,
        ..
    } = world.accepted().await;
    let at_partner = subscribe(&partner.0).await;
    let at_cleaner = subscribe(&cleaner.0).await;
    partner.reaches(&task).await;
    cleaner.sees(&signal, Step::Contacted).await;
    let request = intake::IssueSituationLinkRequest {
        situation_id: situation.clone(),
        ..Default::default()
    };
    let link = partner.0.intake().issue_situation_link(request).await;
    let token = link.unwrap().into_inner().link.unwrap().token;
    until_reconciled(&world).await;
    let counted_before = counted(&world).await;
    assert!(!counted_before.is_empty());

    // Only who looks after the zone erases.
    let elsewhere = world.coordinator(&["gent"]).erases(&situation).await;
    assert_eq!(Problem::from(&elsewhere.unwrap_err()).code, "KL1015");
    let done = coordinator.erases(&situation).await.unwrap();
    assert_eq!(coordinator.erases(&situation).await.unwrap(), done);

    // The reporter learns that, and nothing else; the signal is not taken in again.
    assert_eq!(cleaner.steps(&signal).await, [Step::Erased]);
    let status = cleaner.signal(&signal).await;
    assert_eq!((status.observations, status.consent), (vec![], 0));
    let sent_again = intake::Signal {
        signal_id: signal.clone(),
        ..a_signal(&world.environment)
    };
    let refused = cleaner.send(sent_again).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1028");
    let agrees = intake::SetConsentRequest {
        signal_id: signal.clone(),
        consent: Consent::Given.number(),
        ..Default::default()
    };
    let refused = cleaner.0.intake().set_consent(agrees).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1028");

    // The partner sees nothing any more: not who it is, not the referral, not the follow-up.
    let contact = intake::GetContactRequest {
        situation_id: situation.clone(),
        purpose: "second call".to_owned(),
    };
    let refused = partner.0.intake().get_contact(contact).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1015");
    until_forgotten(&world, &situation).await;
    assert!(partner.open_tasks().await.is_empty());
    let all = routing::ListReferralsRequest::default();
    let all = partner.0.routing().list_referrals(all).await.unwrap();
    assert!(all.into_inner().referrals.is_empty());
    assert!(coordinator.timeline(&situation).await.is_empty());
    assert!(coordinator.open_loops().await.is_empty());
    // The carer's links open nothing.
    let mine = intake::GetMySituationRequest { token };
    let unknown = world.nobody().intake().get_my_situation(mine).await;
    assert_eq!(Problem::from(&unknown.unwrap_err()).code, "KL1041");
    let again = followup::IssueCarerLinkRequest {
        task_id: task,
        ..Default::default()
    };
    partner
        .0
        .followup()
        .issue_carer_link(again)
        .await
        .unwrap_err();

    // Nothing was told of it after they asked to be told, but that it is forgotten.
    until_reconciled(&world).await;
    for (caller, subscription) in [(&partner.0, &at_partner), (&cleaner.0, &at_cleaner)] {
        let told = told(caller, subscription).await;
        assert!(told.iter().all(|one| one == ERASED), "{told:?}");
    }
    assert_eq!(
        counted(&world).await,
        counted_before,
        "what was counted stays"
    );
    world.stop().await;
}

#[tokio::test]
async fn whoever_has_to_do_with_it_is_told_once_that_it_is_forgotten() {
    let world = World::start().await;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let cleaner = world.reporter("cleaner");
    // One that stands beside it, and one that they hear of.
    let first = world.accepted().await;
    // Who asks to be told is told of what happens from a minute before on.
    world.clock.advance(SignedDuration::from_secs(120));
    let at_cleaner = subscribe(&cleaner.0).await;
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let referral = coordinator.referral_of(&receipt.situation_id).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    let at_partner = subscribe(&partner.0).await;
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;
    eventually("both to be told of it", async || {
        let both = [
            told(&partner.0, &at_partner).await,
            told(&cleaner.0, &at_cleaner).await,
        ];
        both.iter().all(|one| !one.is_empty()).then_some(())
    })
    .await;

    coordinator.erases(&receipt.situation_id).await.unwrap();
    until_forgotten(&world, &receipt.situation_id).await;
    until_reconciled(&world).await;
    assert_eq!(told(&partner.0, &at_partner).await, [ERASED]);
    assert_eq!(told(&cleaner.0, &at_cleaner).await, [ERASED]);
    // The other situation stands as it stood.
    assert!(!first.partner.open_tasks().await.is_empty());
    assert!(
        first
            .cleaner
            .steps(&first.signal)
            .await
            .contains(&Step::Accepted)
    );
    world.stop().await;
}

#[tokio::test]
async fn a_carer_asks_by_their_link_and_a_coordinator_answers() {
    let world = World::start().await;
    let Closed {
        partner,
        coordinator,
        situation,
        cleaner,
        signal,
        ..
    } = world.accepted().await;
    let request = intake::IssueSituationLinkRequest {
        situation_id: situation.clone(),
        ..Default::default()
    };
    let link = partner
        .0
        .intake()
        .issue_situation_link(request)
        .await
        .unwrap();
    let token = link.into_inner().link.unwrap().token;
    let list = async |desk: &knipperlicht_e2e::CoordinatorDesk| {
        let request = intake::ListErasureRequestsRequest {};
        let list = desk
            .0
            .intake()
            .list_erasure_requests(request)
            .await
            .unwrap();
        list.into_inner().requests
    };
    assert!(list(&coordinator).await.is_empty());
    let carer = world.nobody();
    let ask = intake::AskMyErasureRequest { token };
    let first = carer.intake().ask_my_erasure(ask.clone()).await.unwrap();
    let again = carer.intake().ask_my_erasure(ask.clone()).await.unwrap();
    let first = first.into_inner();
    assert_eq!(again.into_inner(), first, "asking twice is harmless");
    // At once nobody learns who it is any more; that it is forgotten, a coordinator decides.
    assert_eq!(
        first.situation.unwrap().consent,
        Consent::Withdrawn.number()
    );
    assert_eq!(
        cleaner.steps(&signal).await,
        [Step::Received, Step::NotShared]
    );
    let asked = list(&coordinator).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].situation_id, situation);
    assert_eq!(asked[0].due_at, first.due_at);
    assert!(list(&world.coordinator(&["gent"])).await.is_empty());

    let without_reason = intake::EraseSituationRequest {
        situation_id: situation.clone(),
        reason: 0,
    };
    let refused = coordinator.0.intake().erase_situation(without_reason).await;
    assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL1001");
    coordinator.erases(&situation).await.unwrap();
    assert!(list(&coordinator).await.is_empty());
    let unknown = carer.intake().ask_my_erasure(ask).await.unwrap_err();
    assert_eq!(Problem::from(&unknown).code, "KL1041");
    let (action, purpose): (String, String) =
        sqlx::query_as("select action, purpose from intake.audit order by number desc limit 1")
            .fetch_one(&mut world.look().await)
            .await
            .unwrap();
    assert_eq!(action, "situation.erased");
    assert_eq!(purpose, ErasureReason::ConsentWithdrawn.code());
    world.stop().await;
}

#[tokio::test]
async fn who_is_flagged_again_after_it_opens_a_situation_of_its_own() {
    let world = World::start().await;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let cleaner = world.reporter("cleaner");
    let flagged = || intake::Signal {
        contact: Some(intake::Contact {
            phone: "059 12 34 56".to_owned(),
            name: "Maria Peeters".to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let first = cleaner.send(flagged()).await.unwrap();
    let second = cleaner.send(flagged()).await.unwrap();
    assert_eq!(
        first.situation_id, second.situation_id,
        "one carer, one situation"
    );
    coordinator.erases(&first.situation_id).await.unwrap();
    let third = cleaner.send(flagged()).await.unwrap();
    assert_ne!(third.situation_id, first.situation_id);
    coordinator.referral_of(&third.situation_id).await;
    for signal in [&first.signal_id, &second.signal_id] {
        assert_eq!(cleaner.steps(signal).await, [Step::Erased]);
    }
    until_forgotten(&world, &first.situation_id).await;
    assert!(!coordinator.timeline(&third.situation_id).await.is_empty());
    until_reconciled(&world).await;
    world.stop().await;
}
