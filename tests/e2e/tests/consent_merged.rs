//! Two situations that are one, in which different things were said of consent: the more careful word
//! holds for both until somebody asks again, everywhere; and a split gives each its own back.

use knipperlicht_contracts::intake::v1::{self as intake, Resolution};
use knipperlicht_e2e::{CoordinatorDesk, PartnerDesk, ReporterPhone, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{Consent, ResolutionReason, Step};

const ZONE: &str = "oostende-bredene";

/// Two situations of which only a coordinator can say whether they are one.
struct Pair {
    cleaner: ReporterPhone,
    nurse: ReporterPhone,
    first: intake::Receipt,
    later: intake::Receipt,
    question: String,
}

async fn flagged(world: &World, coordinator: &CoordinatorDesk, said: [Consent; 2]) -> Pair {
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let name = format!("Van {} {}", said[0].code(), said[1].code()).replace('_', " ");
    let signal = |consent: Consent, postal_code: &str, phone: &str| intake::Signal {
        postal_code: postal_code.to_owned(),
        consent: consent.number(),
        vital_interest_reason: match consent {
            Consent::VitalInterest => "does not answer".to_owned(),
            _ => String::new(),
        },
        contact: Some(intake::Contact {
            phone: phone.to_owned(),
            family_name: name.clone(),
            birth_year: 1958,
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let number = u32::try_from(said[0].number() * 10 + said[1].number()).unwrap();
    let phones = [format!("059 10 10 {number}"), format!("059 20 20 {number}")];
    let first = cleaner
        .send(signal(said[0], "8400", &phones[0]))
        .await
        .unwrap();
    let later = nurse
        .send(signal(said[1], "8450", &phones[1]))
        .await
        .unwrap();
    assert_ne!(first.situation_id, later.situation_id);
    let question = eventually("a question", async || {
        let request = intake::ListDuplicatesRequest::default();
        let asked = coordinator.0.intake().list_duplicates(request).await;
        let mut asked = asked.unwrap().into_inner().duplicates.into_iter();
        let is_ours = |one: &intake::Duplicate| {
            let first_side = one.first.as_ref();
            first_side.is_some_and(|side| side.situation_id == first.situation_id)
        };
        asked.find(is_ours).map(|one| one.duplicate_id)
    })
    .await;
    Pair {
        cleaner,
        nurse,
        first,
        later,
        question,
    }
}

impl Pair {
    async fn answered(&self, coordinator: &CoordinatorDesk, resolution: Resolution) {
        let request = intake::ResolveDuplicateRequest {
            duplicate_id: self.question.clone(),
            resolution: resolution.into(),
            reason: ResolutionReason::SameCarer.number(),
        };
        let answered = coordinator.0.intake().resolve_duplicate(request).await;
        answered.unwrap();
    }

    async fn consents(&self) -> [Consent; 2] {
        let first = self.cleaner.signal(&self.first.signal_id).await.consent;
        let later = self.nurse.signal(&self.later.signal_id).await.consent;
        [first, later].map(|consent| Consent::try_from(consent).unwrap())
    }
}

/// Lets a partner accept, so that it may learn who it is.
async fn accepts(coordinator: &CoordinatorDesk, world: &World, situation: &str) -> PartnerDesk {
    let referral = coordinator.referral_of(situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    eventually("that it may learn who it is", async || {
        partner.learns(situation).await.ok()
    })
    .await;
    partner
}

async fn is_held(partner: &PartnerDesk, situation: &str, held: bool) {
    eventually("the follow-up to be held, or not", async || {
        let task = partner.task_of(situation).await;
        (task.held == held).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_more_careful_word_holds_until_somebody_asks_again() {
    use Consent::{Given, NotAsked, Refused, VitalInterest};

    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    for (said, holds) in [
        ([Given, NotAsked], Given),
        ([NotAsked, Given], Given),
        ([Given, Refused], Refused),
        ([Refused, Given], Refused),
        ([NotAsked, Refused], Refused),
        ([Refused, VitalInterest], VitalInterest),
    ] {
        let pair = flagged(&world, &coordinator, said).await;
        pair.answered(&coordinator, Resolution::Merge).await;
        assert_eq!(pair.consents().await, [holds; 2], "{said:?}");
        pair.answered(&coordinator, Resolution::Split).await;
        assert_eq!(pair.consents().await, said, "each its own again");
        // Merged for good, and asked again: that word is about both, also once they are two.
        pair.answered(&coordinator, Resolution::Merge).await;
        pair.nurse
            .records(&pair.later.signal_id, Consent::Refused)
            .await
            .unwrap();
        assert_eq!(pair.consents().await, [Refused; 2]);
        pair.answered(&coordinator, Resolution::Split).await;
        assert_eq!(
            pair.consents().await,
            if holds == Refused { said } else { [Refused; 2] },
            "{said:?}: what was said already is no other word"
        );
    }
    world.stop().await;
}

/// A partner helps one carer; the other situation refused. Merged, the partner learns no more of either;
/// split, again of its own, and of the other one still nothing.
#[tokio::test]
async fn a_refusal_that_is_merged_in_reaches_every_service() {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    let pair = flagged(&world, &coordinator, [Consent::Given, Consent::Refused]).await;
    let (own, other) = (&pair.first.situation_id, &pair.later.situation_id);
    let partner = accepts(&coordinator, &world, own).await;
    assert_eq!(partner.learns(other).await.unwrap_err(), "KL1015");

    pair.answered(&coordinator, Resolution::Merge).await;
    for situation in [own, other] {
        assert_eq!(partner.learns(situation).await.unwrap_err(), "KL1018");
    }
    is_held(&partner, own, true).await;
    for (phone, receipt) in [(&pair.cleaner, &pair.first), (&pair.nurse, &pair.later)] {
        let steps = phone.steps(&receipt.signal_id).await;
        assert_eq!(steps, [Step::Received, Step::NotShared]);
    }

    pair.answered(&coordinator, Resolution::Split).await;
    is_held(&partner, own, false).await;
    let known = partner.learns(own).await.unwrap();
    assert_eq!(known.contacts.len(), 1, "nothing of the other one");
    assert_eq!(partner.learns(other).await.unwrap_err(), "KL1015");
    world.stop().await;
}

/// Who looked at either is on the link of both while they are one, and afterwards each carer sees who
/// looked at what was said of them.
#[tokio::test]
async fn each_carer_sees_who_looked_at_what_was_said_of_them() {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    let pair = flagged(&world, &coordinator, [Consent::Given; 2]).await;
    let (own, other) = (&pair.first.situation_id, &pair.later.situation_id);
    let partner = accepts(&coordinator, &world, own).await;
    let links = [
        coordinator.0.situation_link(own).await,
        coordinator.0.situation_link(other).await,
    ];
    let carer = world.nobody();
    let looked = async || {
        let [first, later] = &links;
        let first = carer.my_situation(first).await.readings.len();
        (first, carer.my_situation(later).await.readings.len())
    };
    let alone = looked().await.0;
    assert_eq!(looked().await, (alone, 0));
    pair.answered(&coordinator, Resolution::Merge).await;
    assert_eq!(looked().await, (alone, alone), "one situation");
    partner.learns(own).await.unwrap();
    pair.answered(&coordinator, Resolution::Split).await;
    assert_eq!(looked().await, (alone + 1, 1), "both were shown");
    partner.learns(own).await.unwrap();
    assert_eq!(looked().await, (alone + 2, 1));
    world.stop().await;
}

/// An objection in either is one in both, for they are of one home; and goes back with its own.
#[tokio::test]
async fn an_objection_goes_along_and_comes_back() {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    let pair = flagged(&world, &coordinator, [Consent::Given; 2]).await;
    let (own, other) = (&pair.first.situation_id, &pair.later.situation_id);
    let partner = accepts(&coordinator, &world, own).await;
    pair.nurse.0.records_objection(other, true).await.unwrap();
    assert!(!partner.learns(own).await.unwrap().left_out);
    pair.answered(&coordinator, Resolution::Merge).await;
    assert!(partner.learns(own).await.unwrap().left_out);
    pair.answered(&coordinator, Resolution::Split).await;
    assert!(!partner.learns(own).await.unwrap().left_out);
    let link = coordinator.0.situation_link(other).await;
    assert!(world.nobody().my_situation(&link).await.cared_for_objects);
    world.stop().await;
}
