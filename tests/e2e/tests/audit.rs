//! What the services note of what people do, and that it holds.

use knipperlicht_access::{Database, DatabaseOptions, Principal, Role};
use knipperlicht_contracts::{
    event::Service, followup::v1 as followup, intake::v1 as intake,
    notification::v1 as notification, routing::v1 as routing,
};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_eventing::audit::verify;
use knipperlicht_vocabulary::{CapacityState, Consent};
use sqlx::{AssertSqlSafe, Row};

/// The actions that a service noted, each with the role of who did it, in order.
async fn noted(world: &World, service: Service) -> Vec<String> {
    let name = service.name();
    let rows = sqlx::query(AssertSqlSafe(format!(
        "select action || ' by ' || role from {name}.audit order by number"
    )))
    .fetch_all(&mut world.look().await)
    .await
    .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn holds(world: &World, service: Service) {
    let database = Database::new(&DatabaseOptions {
        url: world.bed.database_url.clone(),
        service: service.name(),
        connections: 2,
    });
    let principal = Principal::service("test".parse().unwrap());
    let chain = verify(&database.unwrap(), &principal, 0, 2, |_| {}).await;
    assert_eq!(chain.unwrap().faults.count, 0, "{}", service.name());
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "one deed after the other")]
async fn what_somebody_may_have_to_answer_for_is_noted() {
    let world = World::start().await;
    let closed = world.closed().await;

    // Intake: a look, links, consent.
    let mut partner = closed.partner.0.intake();
    let look = intake::GetContactRequest {
        situation_id: closed.situation.clone(),
        purpose: "first call".to_owned(),
    };
    partner.get_contact(look).await.unwrap();
    let link = intake::IssueSituationLinkRequest {
        situation_id: closed.situation.clone(),
        ..Default::default()
    };
    let link = partner.issue_situation_link(link).await.unwrap();
    let withdraw = intake::WithdrawMyConsentRequest {
        token: link.into_inner().link.unwrap().token.clone(),
    };
    let carer = world.nobody();
    for _ in 0..2 {
        let withdrawn = carer.intake().withdraw_my_consent(withdraw.clone()).await;
        withdrawn.unwrap();
    }
    let agreed = intake::SetConsentRequest {
        signal_id: closed.signal.clone(),
        consent: Consent::Given.number(),
        ..Default::default()
    };
    closed.cleaner.0.intake().set_consent(agreed).await.unwrap();
    assert_eq!(
        noted(&world, Service::Intake).await,
        [
            "contact.read by partner",
            "link.issued by partner",
            "consent.withdrawn by link_holder",
            "consent.recorded by reporter"
        ]
    );

    // Routing: what a coordinator does against the rules, and an admin with another's service.
    let receipt = closed
        .cleaner
        .send(a_signal(&world.environment))
        .await
        .unwrap();
    let referral = closed.coordinator.referral_of(&receipt.situation_id).await;
    let service = referral.service.unwrap();
    let cancel = routing::CancelRequest {
        referral_id: referral.referral_id,
    };
    let mut coordinator = closed.coordinator.0.routing();
    coordinator.cancel(cancel).await.unwrap();
    let full = routing::SetCapacityRequest {
        service_id: service.service_id,
        state: CapacityState::Full.number(),
        ..Default::default()
    };
    let admin = world.caller("admin", Role::Admin, None, &[]);
    admin.routing().set_capacity(full).await.unwrap();
    assert_eq!(
        noted(&world, Service::Routing).await,
        [
            "referral.cancelled by coordinator",
            "capacity.overruled by admin"
        ]
    );
    for service in [Service::Intake, Service::Routing] {
        holds(&world, service).await;
    }

    world.stop().await;
}

#[tokio::test]
async fn so_it_is_of_subscriptions_and_followups() {
    let world = World::start().await;
    let closed = world.closed().await;
    let subscribe = notification::SubscribeRequest {
        channel: Some(notification::subscribe_request::Channel::Webhook(
            notification::Webhook {
                url: "https://127.0.0.1:9/hook".to_owned(),
            },
        )),
        ..Default::default()
    };
    let mut desk = closed.partner.0.notification();
    let made = desk.subscribe(subscribe).await.unwrap().into_inner();
    let subscription_id = made.subscription.as_ref().unwrap().subscription_id.clone();
    let rotate = notification::RotateSecretRequest {
        subscription_id: subscription_id.clone(),
    };
    desk.rotate_secret(rotate).await.unwrap();
    let end = notification::UnsubscribeRequest { subscription_id };
    desk.unsubscribe(end.clone()).await.unwrap();
    desk.unsubscribe(end).await.unwrap();
    assert_eq!(
        noted(&world, Service::Notification).await,
        [
            "subscription.made by partner",
            "secret.rotated by partner",
            "subscription.ended by partner"
        ]
    );
    knipperlicht_harness::eventually("a follow-up that goes on", async || {
        let reopen = followup::ReopenRequest {
            task_id: closed.task.clone(),
        };
        closed.partner.0.followup().reopen(reopen).await.ok()
    })
    .await;
    assert_eq!(
        noted(&world, Service::Followup).await,
        ["followup.reopened by partner"]
    );
    for service in [Service::Notification, Service::Followup] {
        holds(&world, service).await;
    }
    world.stop().await;
}
