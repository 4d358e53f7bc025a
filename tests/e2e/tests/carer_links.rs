//! Links and cards for carers: what they open, to whom, how long, and what bad ones are told.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use knipperlicht_contracts::{
    events::v1::{CarerQol, CarerState},
    followup::v1 as followup,
    intake::v1 as intake,
    routing::v1 as routing,
};
use knipperlicht_e2e::{Caller, Closed, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{Consent, MatchReason, OutcomeReason, OutcomeResult, Step};
use sqlx::Row;

async fn confirm(carer: &Caller, token: &str) -> Result<(), String> {
    let request = followup::ConfirmOutcomeRequest {
        token: token.to_owned(),
        answer: followup::Answer::Helped.into(),
        ..Default::default()
    };
    match carer.followup().confirm_outcome(request).await {
        Ok(_) => Ok(()),
        Err(status) => Err(Problem::from(&status).code),
    }
}

async fn look(carer: &Caller, token: &str) -> Result<intake::MySituation, String> {
    let request = intake::GetMySituationRequest {
        token: token.to_owned(),
    };
    match carer.intake().get_my_situation(request).await {
        Ok(seen) => Ok(seen.into_inner().situation.unwrap()),
        Err(status) => Err(Problem::from(&status).code),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, tonic::Status>) -> String {
    Problem::from(&result.unwrap_err()).code
}

#[tokio::test]
async fn a_link_that_does_not_work_says_no_more_than_that() {
    let world = World::start().await;
    let carer = world.nobody();
    let one = world.closed().await;
    let other = world.closed().await;
    let (link, second) = (
        one.partner.link(&one.task).await,
        one.partner.link(&one.task).await,
    );

    // Forged, cut short, none at all: the same answer at each door.
    let forged = BASE64_URL_SAFE_NO_PAD.encode([9; 32]);
    for bad in ["", "x", &link.token[1..], &forged, &"A".repeat(10_000)] {
        assert_eq!(confirm(&carer, bad).await, Err("KL4008".to_owned()));
        assert_eq!(look(&carer, bad).await.unwrap_err(), "KL1041");
    }
    // A card is for something else: it opens neither.
    let card = intake::IssueSelfSignalCardRequest::default();
    let card = one.partner.0.intake().issue_self_signal_card(card).await;
    let card = card.unwrap().into_inner().link.unwrap();
    assert_eq!(confirm(&carer, &card.token).await, Err("KL4008".to_owned()));
    assert_eq!(look(&carer, &card.token).await.unwrap_err(), "KL1041");

    // The link that asks whether it helped shows as well who was told; the situation's own link
    // does not answer.
    let seen = eventually("the situation", async || {
        look(&carer, &link.token).await.ok()
    })
    .await;
    assert_eq!(seen.told[0].organisation_id, one.organisation);
    assert_eq!(seen.step, Step::Closed.number());
    let own = intake::IssueSituationLinkRequest {
        situation_id: one.situation.clone(),
        ..Default::default()
    };
    let own = one.coordinator.0.intake().issue_situation_link(own).await;
    let own = own.unwrap().into_inner().link.unwrap();
    assert_eq!(confirm(&carer, &own.token).await, Err("KL4008".to_owned()));

    // Used twice: the first answer stands, and it said nothing of the other situation.
    assert_eq!(confirm(&carer, &link.token).await, Ok(()));
    assert_eq!(confirm(&carer, &link.token).await, Err("KL4010".to_owned()));
    one.cleaner.sees(&one.signal, Step::Confirmed).await;
    assert!(
        !other
            .cleaner
            .steps(&other.signal)
            .await
            .contains(&Step::Confirmed)
    );

    // Taken back, at both doors.
    let lost = other.partner.link(&other.task).await;
    eventually("the situation", async || {
        look(&carer, &lost.token).await.ok()
    })
    .await;
    let revoke = followup::RevokeCarerLinksRequest {
        task_id: other.task.clone(),
    };
    let revoked = other.partner.0.followup().revoke_carer_links(revoke).await;
    assert_eq!(revoked.unwrap().into_inner().revoked, 1);
    assert_eq!(confirm(&carer, &lost.token).await, Err("KL4008".to_owned()));
    let refused = eventually("a link that was taken back", async || {
        look(&carer, &lost.token).await.err()
    });
    assert_eq!(refused.await, "KL1041");
    let revoke = intake::RevokeSituationLinksRequest {
        situation_id: one.situation.clone(),
    };
    let revoked = one
        .coordinator
        .0
        .intake()
        .revoke_situation_links(revoke)
        .await;
    assert!(revoked.unwrap().into_inner().revoked >= 1);
    assert_eq!(look(&carer, &own.token).await.unwrap_err(), "KL1041");

    // Expired.
    let late = other.partner.link(&other.task).await;
    eventually("the situation", async || {
        look(&carer, &late.token).await.ok()
    })
    .await;
    world.clock.advance(SignedDuration::from_hours(61 * 24));
    assert_eq!(confirm(&carer, &late.token).await, Err("KL4009".to_owned()));
    assert_eq!(look(&carer, &late.token).await.unwrap_err(), "KL1042");
    assert_eq!(
        confirm(&carer, &second.token).await,
        Err("KL4009".to_owned())
    );

    // No token travels: an event holds a hash, which opens nothing.
    let token = BASE64_URL_SAFE_NO_PAD.decode(&late.token).unwrap();
    let said: i64 = sqlx::query(
        "select count(*) from followup.outbox
         where position($1::bytea in body) > 0 or position($2::bytea in body) > 0",
    )
    .bind(token)
    .bind(late.token.as_bytes())
    .fetch_one(&mut world.look().await)
    .await
    .unwrap()
    .get(0);
    assert_eq!(said, 0);
    world.stop().await;
}

/// A link asks nothing any more once the follow-up is open again, or held; "my situation" it opens
/// still, and a lost card is taken back there whatever happened since.
#[tokio::test]
async fn a_lost_card_is_taken_back_whatever_happened_since() {
    let world = World::start().await;
    let carer = world.nobody();
    let revoke = async |closed: &Closed| {
        let revoke = followup::RevokeCarerLinksRequest {
            task_id: closed.task.clone(),
        };
        let revoked = closed.partner.0.followup().revoke_carer_links(revoke).await;
        revoked.unwrap().into_inner().revoked
    };
    let opens_nothing = async |token: &str| {
        let refused = eventually("a link that was taken back", async || {
            look(&carer, token).await.err()
        });
        assert_eq!(refused.await, "KL1041");
    };

    let reopened = world.closed().await;
    let lost = reopened.partner.link(&reopened.task).await.token;
    let request = followup::ReopenRequest {
        task_id: reopened.task.clone(),
    };
    let opened = reopened.partner.0.followup().reopen(request).await;
    opened.unwrap();
    assert_eq!(confirm(&carer, &lost).await, Err("KL4008".to_owned()));
    eventually("the situation", async || look(&carer, &lost).await.ok()).await;
    assert_eq!(revoke(&reopened).await, 1);
    opens_nothing(&lost).await;
    assert_eq!(revoke(&reopened).await, 0);

    let held = world.closed().await;
    let lost = held.partner.link(&held.task).await.token;
    eventually("the situation", async || look(&carer, &lost).await.ok()).await;
    let withdraw = intake::WithdrawMyConsentRequest {
        token: lost.clone(),
    };
    carer.intake().withdraw_my_consent(withdraw).await.unwrap();
    eventually("a follow-up that is held", async || {
        let task = held.partner.task_of(&held.situation).await;
        task.held.then_some(())
    })
    .await;
    assert_eq!(confirm(&carer, &lost).await, Err("KL4008".to_owned()));
    look(&carer, &lost).await.unwrap();
    assert_eq!(revoke(&held).await, 1);
    opens_nothing(&lost).await;
    world.stop().await;
}

#[tokio::test]
async fn half_an_answer_is_refused_and_the_link_still_works() {
    let world = World::start().await;
    let closed = world.closed().await;
    let link = closed.partner.link(&closed.task).await;
    let carer = world.nobody();
    let answer = |state: CarerState| followup::ConfirmOutcomeRequest {
        token: link.token.clone(),
        answer: followup::Answer::Helped.into(),
        how_are_you: Some(state),
    };
    let half = CarerState {
        perseverance: 1,
        quality_of_life: Some(CarerQol {
            support: 2,
            ..Default::default()
        }),
    };
    let unknown = CarerState {
        perseverance: 77,
        quality_of_life: None,
    };
    let mut followup = carer.followup();
    assert_eq!(code(followup.confirm_outcome(answer(half)).await), "KL4022");
    assert_eq!(
        code(followup.confirm_outcome(answer(unknown)).await),
        "KL4003"
    );
    assert_eq!(confirm(&carer, &link.token).await, Ok(()));
    world.stop().await;
}

#[tokio::test]
async fn a_carer_flags_their_own_situation_by_a_card() {
    let world = World::start().await;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let card = intake::IssueSelfSignalCardRequest {
        zone_id: "oostende-bredene".to_owned(),
        ..Default::default()
    };
    let mut desk = coordinator.0.intake();
    let card = desk.issue_self_signal_card(card).await.unwrap();
    let card = card.into_inner().link.unwrap();
    assert!(card.card_svg.contains("Zorgt u voor iemand?"));
    let elsewhere = intake::IssueSelfSignalCardRequest {
        zone_id: "gent".to_owned(),
        ..Default::default()
    };
    assert_eq!(code(desk.issue_self_signal_card(elsewhere).await), "KL1015");

    // Somebody flagged this carer before, who did not agree.
    let contact = Some(intake::Contact {
        phone: "0470 12 34 56".to_owned(),
        ..Default::default()
    });
    let known = intake::Signal {
        contact: contact.clone(),
        consent: Consent::Refused.number(),
        ..a_signal(&world.environment)
    };
    let cleaner = world.reporter("cleaner");
    let before = cleaner.send(known).await.unwrap();

    // Whoever scans the card opens a situation of their own, and speaks for no other: a phone
    // number is no proof.
    let carer = world.nobody();
    let own = intake::SubmitSelfSignalRequest {
        token: card.token.clone(),
        signal: Some(intake::Signal {
            contact,
            ..a_signal(&world.environment)
        }),
    };
    let stored = carer
        .intake()
        .submit_self_signal(own.clone())
        .await
        .unwrap();
    let stored = stored.into_inner();
    let receipt = stored.receipt.unwrap();
    assert_ne!(receipt.situation_id, before.situation_id);
    let status = cleaner.signal(&before.signal_id).await;
    assert_eq!(status.consent, Consent::Refused.number());
    // A coordinator is asked whether they are one.
    let asked = desk.list_duplicates(intake::ListDuplicatesRequest::default());
    let asked = asked.await.unwrap().into_inner().duplicates;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].reasons, [MatchReason::SamePhone.number()]);

    // Nor does anything join what was opened so: whoever scans says yes for nobody who is flagged
    // later, and looks at nothing of theirs.
    let mail = Some(intake::Contact {
        mail: "an@example.be".to_owned(),
        ..Default::default()
    });
    let scanned = intake::SubmitSelfSignalRequest {
        token: card.token.clone(),
        signal: Some(intake::Signal {
            contact: mail.clone(),
            ..a_signal(&world.environment)
        }),
    };
    let scanned = carer.intake().submit_self_signal(scanned).await.unwrap();
    let scanned = scanned.into_inner().receipt.unwrap();
    let not_asked = intake::Signal {
        contact: mail,
        consent: Consent::NotAsked.number(),
        ..a_signal(&world.environment)
    };
    let later = cleaner.send(not_asked).await.unwrap();
    assert_ne!(later.situation_id, scanned.situation_id);
    let status = cleaner.signal(&later.signal_id).await;
    assert_eq!(status.consent, Consent::NotAsked.number());
    let asked = desk.list_duplicates(intake::ListDuplicatesRequest::default());
    assert_eq!(asked.await.unwrap().into_inner().duplicates.len(), 2);

    // It goes its way like any other, and the carer can look at it.
    coordinator.referral_of(&receipt.situation_id).await;
    let link = stored.my_situation.unwrap();
    let seen = eventually("that somebody was asked", async || {
        let seen = look(&carer, &link.token).await.unwrap();
        (seen.step == Step::Referred.number()).then_some(seen)
    });
    assert!(seen.await.told.is_empty());

    // Sent again it is the same; another under its id is refused; what a carer cannot say as well.
    let again = carer
        .intake()
        .submit_self_signal(own.clone())
        .await
        .unwrap();
    assert_eq!(again.into_inner().receipt.unwrap(), receipt);
    let mut other = own.clone();
    other.signal.as_mut().unwrap().postal_code = "8450".to_owned();
    assert_eq!(
        code(carer.intake().submit_self_signal(other).await),
        "KL1012"
    );
    let mut refused = own.clone();
    refused.signal.as_mut().unwrap().consent = Consent::VitalInterest.number();
    assert_eq!(
        code(carer.intake().submit_self_signal(refused).await),
        "KL1011"
    );

    // A card takes 20 signals in an hour, then says so, and takes them again in the next.
    let fresh = || intake::SubmitSelfSignalRequest {
        token: card.token.clone(),
        signal: Some(a_signal(&world.environment)),
    };
    let mut taken = 0;
    let stopped = loop {
        match carer.intake().submit_self_signal(fresh()).await {
            Ok(_) => taken += 1,
            Err(status) => break Problem::from(&status).code,
        }
        assert!(taken <= 20, "never stopped");
    };
    assert_eq!(stopped, "KL1045");
    // Two of its own and eighteen others: what was sent again, or refused, did not count, and is
    // answered still.
    assert_eq!(taken, 18);
    let again = carer.intake().submit_self_signal(own).await.unwrap();
    assert_eq!(again.into_inner().receipt.unwrap(), receipt);
    world.clock.advance(SignedDuration::from_hours(1));
    carer.intake().submit_self_signal(fresh()).await.unwrap();

    // Only its zone takes it back; then it works no more.
    let revoke = intake::RevokeSelfSignalCardRequest {
        token: card.token.clone(),
    };
    let stranger = world.coordinator(&["gent"]).0;
    assert_eq!(
        code(
            stranger
                .intake()
                .revoke_self_signal_card(revoke.clone())
                .await
        ),
        "KL1041"
    );
    desk.revoke_self_signal_card(revoke).await.unwrap();
    assert_eq!(
        code(carer.intake().submit_self_signal(fresh()).await),
        "KL1041"
    );
    world.stop().await;
}

#[tokio::test]
async fn what_was_not_told_cannot_have_been_seen() {
    let world = World::start().await;
    let Closed {
        cleaner,
        signal,
        situation,
        ..
    } = world.accepted().await;
    let mut told = cleaner.signal(&signal).await.progress;
    told[0].step = Step::Confirmed.number();
    assert_eq!(code(cleaner.has_seen(&signal, &told).await), "KL1043");
    let stranger = world.reporter("stranger");
    assert_eq!(code(stranger.has_seen(&signal, &[]).await), "KL1015");
    // Another zone's coordinator sees nothing of it.
    let request = intake::ListToldRequest {
        situation_id: situation,
    };
    let elsewhere = world.coordinator(&["gent"]).0;
    assert_eq!(code(elsewhere.intake().list_told(request).await), "KL1015");
    world.stop().await;
}

#[tokio::test]
async fn two_workers_complete_at_once_and_one_outcome_stands() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let (partner, task) = (&accepted.partner, accepted.task.as_str());

    // Without an outcome, or without its reason, it is not closed.
    let nothing = followup::CompleteRequest {
        task_id: task.to_owned(),
        ..Default::default()
    };
    assert_eq!(code(partner.0.followup().complete(nothing).await), "KL4001");
    let unexplained = partner.completes(task, OutcomeResult::NotHelped, None);
    assert_eq!(code(unexplained.await), "KL4005");

    let colleague = world.partner(&accepted.organisation);
    let moved = Some(OutcomeReason::Moved);
    let (one, two) = tokio::join!(
        partner.completes(task, OutcomeResult::Helped, None),
        colleague.completes(task, OutcomeResult::NotHelped, moved),
    );
    let refused = match (&one, &two) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => Problem::from(refused).code,
        both => panic!("not exactly one of them: {both:?}"),
    };
    assert_eq!(refused, "KL4007");
    let closed = Step::Closed;
    accepted.cleaner.sees(&accepted.signal, closed).await;
    let completed = "knipperlicht.followup.completed.v1";
    let endings = accepted.coordinator.told_of(&accepted.situation, completed);
    assert_eq!(endings.await.len(), 1);
    world.stop().await;
}

/// A coordinator cancels in the moment in which the partner accepts: it is one of both, and only
/// what was accepted is followed up, to an outcome.
#[tokio::test]
async fn what_was_cancelled_takes_no_outcome() {
    let world = World::start().await;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let cleaner = world.reporter("cleaner");
    for round in 0..6 {
        let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
        let situation = receipt.situation_id.as_str();
        let referral = coordinator.referral_of(situation).await;
        let partner = world.partner(&referral.service.unwrap().organisation_id);
        let request = routing::CancelRequest {
            referral_id: referral.referral_id.clone(),
        };
        let mut desk = coordinator.0.routing();
        let (accepted, cancelled) = if round == 0 {
            let cancelled = desk.cancel(request).await;
            (partner.accept(&referral.referral_id).await, cancelled)
        } else {
            tokio::join!(partner.accept(&referral.referral_id), desk.cancel(request))
        };
        assert_ne!(accepted.is_ok(), cancelled.is_ok(), "one of both");
        if accepted.is_ok() {
            let task = partner.task_of(situation).await.task_id;
            let outcome = partner.completes(&task, OutcomeResult::Helped, None);
            outcome.await.unwrap();
        } else {
            eventually("follow-up to hear that it was cancelled", async || {
                let cancelled = "knipperlicht.referral.cancelled.v1";
                let told = coordinator.told_of(situation, cancelled).await;
                (!told.is_empty()).then_some(())
            })
            .await;
            let tasks = partner.open_tasks().await;
            assert!(tasks.iter().all(|task| task.situation_id != situation));
        }
    }
    world.stop().await;
}
