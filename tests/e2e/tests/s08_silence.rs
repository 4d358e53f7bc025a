//! S8: silence: breaches in working time climb the ladder, across a weekend and a public holiday;
//! the reporter is told at each rung.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use jiff::{Timestamp, civil::DateTime};
use knipperlicht_contracts::{
    followup::v1 as followup, from_proto, intake::v1::Signal, routing::v1 as routing,
};
use knipperlicht_e2e::{CoordinatorDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{
    ClockKind, ContactChannel, ContactResult, ItemKind, Observation, Rung, Step, Urgency,
};

/// A moment by the clock on the wall in Belgium.
fn at(local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    local.in_tz("Europe/Brussels").unwrap().timestamp()
}

/// The one promise that is watched for the situation, of this kind and due then.
async fn promised(
    coordinator: &CoordinatorDesk,
    situation: &str,
    kind: ClockKind,
    due: &str,
) -> followup::OpenLoop {
    let found = eventually(&format!("{kind} due {due}"), async || {
        let loops = coordinator.open_loops().await;
        let of_it: Vec<_> = loops
            .into_iter()
            .filter(|open| open.situation_id == situation)
            .collect();
        let running = of_it.iter().find(|open| {
            let clock = open.clock.as_ref().unwrap();
            clock.kind == kind.number() && !clock.breached
        });
        running.cloned()
    })
    .await;
    let due_at = from_proto(found.clock.as_ref().unwrap().due_at.unwrap()).unwrap();
    assert_eq!(due_at, at(due), "{kind}");
    found
}

#[tokio::test]
async fn s08_silence() {
    let world = World::start().await;
    // The Friday before Pentecost; Whit Monday is a public holiday.
    world.clock.set(at("2027-05-14T16:00"));
    let worker = world.reporter("worker");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    // One need, for which there are several candidates.
    let signal = Signal {
        observations: vec![Observation::UnawareOfSupport.number()],
        ..a_signal(&world.environment)
    };
    let receipt = worker.send(signal).await.unwrap();
    let (id, situation) = (receipt.signal_id.as_str(), receipt.situation_id.as_str());

    // Asked on Friday afternoon, a partner has two working days: Tuesday and Wednesday.
    let first = coordinator.referral_of(situation).await;
    assert_eq!(first.urgency, Urgency::Routine.number());
    promised(
        &coordinator,
        situation,
        ClockKind::Accept,
        "2027-05-19T17:00",
    )
    .await;

    // Silent: the next candidate is asked, who is silent as well.
    world.clock.set(at("2027-05-19T17:00:01"));
    let second = eventually("the next candidate", async || {
        let open = coordinator.referrals().await;
        let next = open.into_iter().find(|one| one.situation_id == situation);
        next.filter(|next| next.previous_referral_id == first.referral_id)
    })
    .await;
    worker.sees(id, Step::WaitingLonger).await;
    promised(
        &coordinator,
        situation,
        ClockKind::Accept,
        "2027-05-21T17:00",
    )
    .await;
    world.clock.set(at("2027-05-21T17:00:01"));

    // Two silences are enough: the coordinator decides, and is silent too.
    worker.sees(id, Step::WithCoordinator).await;
    let item = item_of(&coordinator, situation).await;
    assert_eq!(item.kind, ItemKind::ClockBreached.number());
    assert_eq!(item.referral_id, second.referral_id);
    assert!(item.escalated_at.is_none());
    let kind = ClockKind::Coordinator;
    let open = promised(&coordinator, situation, kind, "2027-05-25T17:00").await;
    assert_eq!(open.item_id, item.item_id);
    world.clock.set(at("2027-05-25T17:00:01"));

    // So it lies with the zone's council, for everybody there to see.
    worker.sees(id, Step::Escalated).await;
    eventually("the item says so", async || {
        let item = item_of(&coordinator, situation).await;
        item.escalated_at
    })
    .await;
    let loops = coordinator.open_loops().await;
    let escalated = loops.iter().find(|open| open.situation_id == situation);
    assert_eq!(escalated.unwrap().rung, Rung::Council.number());

    // Somebody picks it up: another partner accepts, and does not call for two weeks.
    let third = assign(&coordinator, &item, [&first, &second]).await;
    let partner = world.partner(&third.service.unwrap().organisation_id);
    partner.accept(&third.referral_id).await.unwrap();
    worker.sees(id, Step::Accepted).await;
    let kind = ClockKind::FirstContact;
    promised(&coordinator, situation, kind, "2027-06-08T17:00").await;
    assert!(
        coordinator.items().await.is_empty(),
        "the item was dealt with"
    );
    world.clock.set(at("2027-06-08T17:00:01"));
    let item = item_of(&coordinator, situation).await;
    assert_eq!(item.kind, ItemKind::Late.number());
    assert_eq!(item.referral_id, third.referral_id);
    assert!(item.needs.is_empty(), "nobody else is asked for them");

    // A call keeps the promise after all, and nobody has to see to it any more.
    let task = partner.task_of(situation).await;
    let reached = followup::RecordContactRequest {
        task_id: task.task_id,
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    partner.0.followup().record_contact(reached).await.unwrap();
    eventually("the item is closed", async || {
        coordinator.items().await.is_empty().then_some(())
    })
    .await;
    let status = worker.sees(id, Step::Contacted).await;

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
            "waiting_longer",
            "referred",
            "waiting_longer",
            "with_coordinator",
            "escalated",
            "referred",
            "accepted",
            "waiting_longer",
            "with_coordinator",
            "contacted"
        ]
    );
    let rungs: Vec<String> = coordinator
        .timeline(situation)
        .await
        .into_iter()
        .filter_map(|entry| entry.codes.get("rung").cloned())
        .collect();
    assert_eq!(
        rungs,
        ["next_candidate", "next_candidate", "council", "coordinator"]
    );
    world.stop().await;
}

async fn item_of(coordinator: &CoordinatorDesk, situation: &str) -> routing::Item {
    eventually("an item", async || {
        let items = coordinator.items().await;
        items
            .into_iter()
            .find(|item| item.situation_id == situation)
    })
    .await
}

/// The coordinator gives an item to somebody who was not silent before.
async fn assign(
    coordinator: &CoordinatorDesk,
    item: &routing::Item,
    silent: [&routing::Referral; 2],
) -> routing::Referral {
    let request = routing::ListServicesRequest {
        zone_id: "oostende-bredene".to_owned(),
        ..Default::default()
    };
    let services = coordinator
        .0
        .routing()
        .list_services(request)
        .await
        .unwrap();
    let asked = silent.map(|one| one.service.clone().unwrap().service_id);
    let service = services
        .into_inner()
        .services
        .into_iter()
        .find(|service| !asked.contains(&service.service_id))
        .unwrap();
    let assign = routing::AssignRequest {
        item_id: item.item_id.clone(),
        service_id: service.service_id,
    };
    let assigned = coordinator.0.routing().assign(assign).await.unwrap();
    assigned.into_inner().referral.unwrap()
}
