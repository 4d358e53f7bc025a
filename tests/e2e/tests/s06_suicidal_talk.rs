//! S6: suicidal talk. The numbers to call are on the receipt, it is an emergency, and the zone's
//! coordinator has it at once, whatever the carer agreed to; who it is nobody learns without a yes.

use std::time::{Duration, Instant};

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{Consent, ItemKind, Observation, Urgency};

/// From the receipt until it lies with the coordinator, on a machine that builds besides.
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn s06_suicidal_talk() {
    let world = World::start().await;
    let nurse = world.reporter("nurse");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let elsewhere = world.coordinator(&["gent"]);
    for consent in [Consent::Given, Consent::NotAsked, Consent::Refused] {
        let signal = intake::Signal {
            observations: vec![
                Observation::SuicidalTalk.number(),
                Observation::Exhausted.number(),
            ],
            consent: consent.number(),
            ..a_signal(&world.environment)
        };
        let receipt = nurse.send(signal).await.unwrap();
        let sent = Instant::now();
        let numbers = receipt.call_now.iter().map(|line| line.number.as_str());
        assert_eq!(numbers.collect::<Vec<_>>(), ["112", "1813", "106"]);

        let item = eventually("an emergency at the coordinator", async || {
            let mut items = coordinator.items().await.into_iter();
            items.find(|item| item.situation_id == receipt.situation_id)
        })
        .await;
        let took = sent.elapsed();
        assert_eq!(item.kind, ItemKind::Emergency.number(), "{consent}");
        assert_eq!(item.urgency, Urgency::Emergency.number());
        assert!(took < AT_ONCE, "{consent}: {took:?}");

        // Partners are asked where that is agreed, and only there.
        let referrals = coordinator.referrals_of(&receipt.situation_id).await;
        if consent == Consent::Refused {
            assert!(referrals.is_empty());
            continue;
        }
        assert!(!referrals.is_empty());
        let emergency = Urgency::Emergency.number();
        assert!(referrals.iter().all(|one| one.urgency == emergency));
        let are_asked = referrals.iter().all(|one| one.requested_at.is_some());
        assert_eq!(are_asked, consent == Consent::Given);
    }
    assert!(elsewhere.items().await.is_empty());
    world.stop().await;
}
