//! S10, the part of follow-up: consent is withdrawn after a partner accepted, by the carer's own
//! link. The partner loses access at once, nothing runs any more, everyone is told; and it goes on
//! when the carer agrees again.

use std::time::Duration;

use async_nats::jetstream;
use futures::StreamExt;
use knipperlicht_contracts::{event::Service, followup::v1 as followup, intake::v1 as intake};
use knipperlicht_e2e::{Closed, World, a_signal};
use knipperlicht_eventing::NatsUser;
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{Consent, EventId, OutcomeResult, Step};
use tokio::time::timeout;

#[tokio::test]
async fn s10_consent_withdrawn_after_acceptance() {
    let world = World::start().await;
    let Closed {
        cleaner,
        partner,
        coordinator,
        organisation,
        signal,
        situation,
        task,
    } = world.accepted().await;
    partner.reaches(&task).await;
    cleaner.sees(&signal, Step::Contacted).await;

    // The partner hands the carer a card. It shows who was told, and no personal data.
    let request = intake::IssueSituationLinkRequest {
        situation_id: situation.clone(),
        ..Default::default()
    };
    let mut partner_intake = partner.0.intake();
    let link = partner_intake.issue_situation_link(request.clone()).await;
    let link = link.unwrap().into_inner().link.unwrap();
    assert!(link.card_svg.contains("Wie weet iets van mij?"));
    let carer = world.nobody();
    let mine = intake::GetMySituationRequest {
        token: link.token.clone(),
    };
    let seen = carer.intake().get_my_situation(mine.clone()).await.unwrap();
    let seen = seen.into_inner().situation.unwrap();
    assert_eq!(seen.consent, Consent::Given.number());
    assert_eq!(seen.told.len(), 1);
    assert_eq!(seen.told[0].organisation_id, organisation);
    assert!(seen.told[0].still);

    // The carer withdraws: in that moment the partner can look no more, nor make another link.
    let contact = intake::GetContactRequest {
        situation_id: situation.clone(),
        purpose: "second call".to_owned(),
    };
    partner_intake.get_contact(contact.clone()).await.unwrap();
    let withdraw = intake::WithdrawMyConsentRequest { token: link.token };
    for _ in 0..2 {
        let done = carer.intake().withdraw_my_consent(withdraw.clone()).await;
        let done = done.unwrap().into_inner().situation.unwrap();
        assert_eq!(done.consent, Consent::Withdrawn.number());
        assert!(!done.told[0].still, "was told, and may look no more");
        let denied = partner_intake
            .get_contact(contact.clone())
            .await
            .unwrap_err();
        assert_eq!(Problem::from(&denied).code, "KL1018");
    }
    let denied = partner_intake
        .issue_situation_link(request)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&denied).code, "KL1018");

    // Everyone is told: the reporter that it is not shared, and nothing besides; the coordinator by
    // the timeline; the partner by a follow-up that is held.
    assert_eq!(
        cleaner.steps(&signal).await,
        [Step::Received, Step::NotShared]
    );
    let held = eventually("a follow-up that is held", async || {
        let task = partner.task_of(&situation).await;
        task.held.then_some(task)
    })
    .await;
    assert!(held.next_clock.is_none(), "a promise still runs");
    assert!(coordinator.open_loops().await.is_empty());
    let refused = partner.completes(&task, OutcomeResult::Helped, None).await;
    assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL4021");
    let story = followup::GetTimelineRequest {
        situation_id: situation.clone(),
    };
    let mut partner_followup = partner.0.followup();
    let unseen = partner_followup.get_timeline(story.clone()).await;
    assert_eq!(Problem::from(&unseen.unwrap_err()).code, "KL4006");
    let event = "knipperlicht.situation.consent_changed.v1";
    let changes = coordinator.told_of(&situation, event).await;
    let changes: Vec<_> = changes
        .iter()
        .map(|entry| &entry.codes["consent"])
        .collect();
    assert_eq!(changes, ["withdrawn"], "said once, though done twice");

    // Agreed again: everything is there as it was, with a fresh promise.
    let again = intake::SetConsentRequest {
        signal_id: signal.clone(),
        consent: Consent::Given.number(),
        ..Default::default()
    };
    cleaner.0.intake().set_consent(again).await.unwrap();
    let task = eventually("a follow-up that goes on", async || {
        let task = partner.task_of(&situation).await;
        (!task.held).then_some(task)
    })
    .await;
    assert!(task.next_clock.is_some());
    let steps = cleaner.steps(&signal).await;
    assert!(steps.contains(&Step::Contacted), "{steps:?}");
    assert!(!steps.contains(&Step::NotShared), "{steps:?}");
    partner_intake.get_contact(contact).await.unwrap();
    partner_followup.get_timeline(story).await.unwrap();
    partner
        .completes(&task.task_id, OutcomeResult::Helped, None)
        .await
        .unwrap();
    world.stop().await;
}

/// The partner accepts in the moment in which the carer withdraws: whichever comes first, nobody
/// learns who it is, and no promise runs.
#[tokio::test]
async fn accepted_in_the_moment_of_the_withdrawal() {
    let world = World::start().await;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    for round in 0..8 {
        let cleaner = world.reporter(&format!("cleaner-{round}"));
        let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
        let situation = receipt.situation_id.clone();
        let referral = coordinator.referral_of(&situation).await;
        let partner = world.partner(&referral.service.unwrap().organisation_id);
        let withdrawn = intake::SetConsentRequest {
            signal_id: receipt.signal_id.clone(),
            consent: Consent::Withdrawn.number(),
            ..Default::default()
        };
        let mut phone = cleaner.0.intake();
        let (accepted, set) = tokio::join!(
            partner.accept(&referral.referral_id),
            phone.set_consent(withdrawn)
        );
        set.unwrap();
        if accepted.is_ok() {
            eventually("a follow-up that is held", async || {
                let task = partner.task_of(&situation).await;
                (task.held && task.next_clock.is_none()).then_some(())
            })
            .await;
        }
        let contact = intake::GetContactRequest {
            situation_id: situation.clone(),
            purpose: "first call".to_owned(),
        };
        partner.0.intake().get_contact(contact).await.unwrap_err();
        let steps = cleaner.steps(&receipt.signal_id).await;
        assert_eq!(steps, [Step::Received, Step::NotShared]);
    }
    world.stop().await;
}

/// Merges and splits are said of another situation than the one they are about, so that a word may
/// be heard after one that came later. It changes nothing then.
#[tokio::test]
async fn an_older_word_that_is_heard_late_changes_nothing() {
    let world = World::start().await;
    let Closed {
        cleaner,
        partner,
        situation,
        signal,
        ..
    } = world.accepted().await;
    for (consent, held) in [(Consent::Withdrawn, true), (Consent::Given, false)] {
        let said = intake::SetConsentRequest {
            signal_id: signal.clone(),
            consent: consent.number(),
            ..Default::default()
        };
        cleaner.0.intake().set_consent(said).await.unwrap();
        eventually("it to be heard", async || {
            let task = partner.task_of(&situation).await;
            (task.held == held).then_some(())
        })
        .await;
    }

    // The withdrawal once more, as if it came only now.
    let late = EventId::new(&world.environment);
    let nats = world.bed.connect_nats(NatsUser::Operator).await;
    let jetstream = jetstream::new(nats);
    let stream = jetstream.get_stream("KL_EVENTS").await.unwrap();
    let consumer = stream
        .create_consumer(jetstream::consumer::pull::OrderedConfig::default())
        .await
        .unwrap();
    let mut messages = consumer.messages().await.unwrap();
    let (mut last, mut withdrawal) = (0, None);
    while let Ok(Some(message)) = timeout(Duration::from_millis(500), messages.next()).await {
        let message = message.unwrap();
        let headers = message.headers.clone().unwrap();
        let header = |name: &str| headers.get(name).unwrap().as_str().to_owned();
        if header("ce-source") == "intake" && header("ce-subject") == situation {
            last = header("ce-sequence").parse::<i64>().unwrap();
            if header("ce-type") == "knipperlicht.situation.consent_changed.v1" {
                withdrawal.get_or_insert((
                    message.subject.clone(),
                    message.payload.clone(),
                    headers,
                ));
            }
        }
    }
    let (subject, payload, mut headers) = withdrawal.unwrap();
    headers.insert("Nats-Msg-Id", late.to_string());
    headers.insert("ce-id", late.to_string());
    headers.insert("ce-sequence", (last + 1).to_string());
    let intake = NatsUser::Service(Service::Intake);
    let jetstream = jetstream::new(world.bed.connect_nats(intake).await);
    let sent = jetstream
        .publish_with_headers(subject, headers, payload)
        .await;
    sent.unwrap().await.unwrap();
    eventually("it to be heard", async || {
        let heard = sqlx::query("select from followup.inbox where event_id = $1::uuid")
            .bind(late.uuid())
            .fetch_optional(&mut world.look().await)
            .await;
        heard.unwrap()
    })
    .await;
    assert!(!partner.task_of(&situation).await.held);
    world.stop().await;
}
