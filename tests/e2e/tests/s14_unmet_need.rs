//! S14: a need nobody offers: a coordinator has it, and it counts as an unmet need of the zone, in
//! its list at once and in its report of the year.

use jiff::Timestamp;
use knipperlicht_access::Role;
use knipperlicht_contracts::{
    followup::v1::{ReportTopic, ZoneReportRequest},
    intake::v1::Signal,
    routing::v1 as routing,
};
use knipperlicht_e2e::{Caller, CoordinatorDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{ItemKind, Need, Observation, Step};

#[tokio::test]
async fn s14_unmet_need() {
    let world = World::start().await;
    world
        .clock
        .set("2027-03-01T09:00:00Z".parse::<Timestamp>().unwrap());
    let nurse = world.reporter("nurse");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let elsewhere = world.coordinator(&["mechelen-katelijne"]);
    assert!(unmet(&coordinator).await.is_empty());

    let signal = || Signal {
        observations: vec![Observation::SuspectedRoughCareOrNeglect.number()],
        ..a_signal(&world.environment)
    };
    for times in 1..=10 {
        let receipt = nurse.send(signal()).await.unwrap();
        nurse.sees(&receipt.signal_id, Step::WithCoordinator).await;
        let items = coordinator.items().await;
        let item = items
            .iter()
            .find(|item| item.situation_id == receipt.situation_id)
            .unwrap();
        assert_eq!(item.kind, ItemKind::NoCandidate.number());
        assert_eq!(item.needs, [Need::Safety.number()]);
        eventually("the need is counted", async || {
            let counted = [(Need::Safety.number(), times)];
            (unmet(&coordinator).await == counted).then_some(())
        })
        .await;
    }
    assert!(unmet(&elsewhere).await.is_empty(), "each zone has its own");

    // Once the year is over, its report has it: ten are told, fewer are not.
    world
        .clock
        .set("2028-01-03T09:00:00Z".parse::<Timestamp>().unwrap());
    let analyst = world.caller("analyst", Role::Analyst, None, &[]);
    eventually("the need in the report", async || {
        let told = reported(&analyst, "oostende-bredene").await;
        (told == [("safety".to_owned(), 10)]).then_some(())
    })
    .await;
    assert!(reported(&analyst, "mechelen-katelijne").await.is_empty());
    world.stop().await;
}

async fn unmet(coordinator: &CoordinatorDesk) -> Vec<(i32, i64)> {
    let request = routing::ListUnmetNeedsRequest::default();
    let unmet = coordinator.0.routing().list_unmet_needs(request).await;
    let unmet = unmet.unwrap().into_inner().unmet_needs;
    unmet
        .into_iter()
        .map(|one| (one.need, one.situations))
        .collect()
}

/// The unmet needs that the report of 2027 tells.
async fn reported(analyst: &Caller, zone: &str) -> Vec<(String, i64)> {
    let request = ZoneReportRequest {
        zone_id: zone.to_owned(),
        from: "2027-01-01".to_owned(),
        to: "2027-12-31".to_owned(),
    };
    let report = analyst.followup().zone_report(request).await.unwrap();
    let lines = report.into_inner().years.remove(0).lines;
    lines
        .into_iter()
        .filter(|line| line.topic() == ReportTopic::UnmetNeeds && !line.hidden)
        .map(|line| (line.code, line.value))
        .collect()
}
