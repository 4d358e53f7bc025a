//! S5: the carer refuses. Nobody is asked and nobody is told who it is; there is a card to leave behind;
//! and the zone's report counts it.

use jiff::Timestamp;
use knipperlicht_access::Role;
use knipperlicht_contracts::{
    followup::v1::{ReportTopic, ZoneReportRequest},
    intake::v1 as intake,
    routing::v1 as routing,
};
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{Consent, Language, Step};

const ZONE: &str = "oostende-bredene";

#[tokio::test]
async fn s05_refused() {
    let world = World::start().await;
    world
        .clock
        .set("2027-03-01T09:00:00Z".parse::<Timestamp>().unwrap());
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);
    let mut situations = Vec::new();
    for _ in 0..9 {
        let refused = intake::Signal {
            consent: Consent::Refused.number(),
            ..a_signal(&world.environment)
        };
        let receipt = cleaner.send(refused).await.unwrap();
        let advice = receipt.advice.unwrap();
        assert_eq!(advice.kind(), intake::AdviceKind::LeaveTheCard);
        situations.push((receipt.signal_id, receipt.situation_id));
    }
    // The tenth refuses when they are asked.
    let not_asked = intake::Signal {
        consent: Consent::NotAsked.number(),
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(not_asked).await.unwrap();
    cleaner
        .sees(&receipt.signal_id, Step::WaitingForConsent)
        .await;
    let status = cleaner
        .records(&receipt.signal_id, Consent::Refused)
        .await
        .unwrap();
    let advice = status.receipt.unwrap().advice.unwrap();
    assert_eq!(advice.kind(), intake::AdviceKind::LeaveTheCard);
    situations.push((receipt.signal_id, receipt.situation_id));

    // No referral is open, and no item: a recorded reason.
    for (signal, situation) in &situations {
        eventually("a recorded reason", async || {
            let event = "knipperlicht.referral.withheld.v1";
            (!coordinator.told_of(situation, event).await.is_empty()).then_some(())
        })
        .await;
        assert_eq!(
            cleaner.steps(signal).await,
            [Step::Received, Step::NotShared]
        );
    }
    assert!(coordinator.referrals().await.is_empty());
    assert!(coordinator.items().await.is_empty());

    // Counted, once the year is over.
    world
        .clock
        .set("2028-01-03T09:00:00Z".parse::<Timestamp>().unwrap());
    let analyst = world.caller("analyst", Role::Analyst, None, &[]);
    eventually("ten refusals in the report", async || {
        let refused = not_shared(&analyst, "refused").await;
        (refused == Some(10)).then_some(())
    })
    .await;
    assert_eq!(not_shared(&analyst, "withdrawn").await, None);
    world.stop().await;
}

/// The card says what there is where the home is, in the language that was asked for, and nobody is
/// known to have got it.
#[tokio::test]
async fn a_card_to_leave_behind() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let card = async |postal_code: &str, language: Language| {
        let request = routing::GetInformationCardRequest {
            postal_code: postal_code.to_owned(),
            language: language.number(),
        };
        let card = cleaner.0.routing().get_information_card(request).await;
        card.map(tonic::Response::into_inner)
    };
    let dutch = card("8400", Language::Dutch).await.unwrap();
    assert_eq!(dutch.title, "Zorgt u voor iemand?");
    assert_eq!(dutch.zone_name, "Oostende-Bredene");
    let numbers: Vec<&str> = dutch
        .numbers
        .iter()
        .map(|one| one.number.as_str())
        .collect();
    assert_eq!(numbers, ["106", "1813", "1712", "112"]);
    assert!((1..=8).contains(&dutch.services.len()));
    for service in &dutch.services {
        let covers = service.everywhere || service.zone_ids.iter().any(|zone| zone == ZONE);
        assert!(covers, "{service:?}");
        assert!(service.target_group.is_empty() && service.age_bands.is_empty());
    }
    let french = card("1000", Language::French).await.unwrap();
    assert_eq!(french.numbers[0].number, "107");
    assert_ne!(french.services, dutch.services, "another zone has others");
    let other = card("8400", Language::Turkish).await.unwrap();
    assert_eq!(other, dutch, "Dutch where there are no words yet");
    card("4000", Language::Dutch).await.unwrap_err();
    world.stop().await;
}

/// How many were not shared for this reason in 2027, where that is told.
async fn not_shared(analyst: &Caller, code: &str) -> Option<i64> {
    let request = ZoneReportRequest {
        zone_id: ZONE.to_owned(),
        from: "2027-01-01".to_owned(),
        to: "2027-12-31".to_owned(),
    };
    let report = analyst.followup().zone_report(request).await.unwrap();
    let lines = report.into_inner().years.remove(0).lines;
    let mut lines = lines.into_iter();
    let line = lines.find(|line| line.topic() == ReportTopic::NotShared && line.code == code);
    line.filter(|line| !line.hidden).map(|line| line.value)
}
