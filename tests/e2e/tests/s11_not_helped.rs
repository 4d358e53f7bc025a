//! S11: the partner says that it helped, the carer says that it did not: it is open again at once,
//! with a fresh clock and everything kept. A reporter can say the same, and so can a coordinator.

use jiff::SignedDuration;
use knipperlicht_contracts::{
    events::v1::CarerState, followup::v1 as followup, from_proto, intake::v1 as intake,
    routing::v1 as routing,
};
use knipperlicht_e2e::{Closed, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{
    ClockKind, FollowUpState, ItemKind, Observation, OutcomeResult, PerseveranceTime, Step,
};

#[tokio::test]
async fn s11_helped_by_the_partner_not_helped_by_the_carer() {
    let world = World::start().await;
    let Closed {
        cleaner,
        partner,
        coordinator,
        signal,
        situation,
        task,
        ..
    } = world.closed().await;
    world.clock.advance(SignedDuration::from_hours(28 * 24));
    let (link, other_link) = (partner.link(&task).await, partner.link(&task).await);

    let said_at = world.environment.now();
    let no = followup::ConfirmOutcomeRequest {
        token: link.token.clone(),
        answer: followup::Answer::NotHelped.into(),
        how_are_you: Some(CarerState {
            perseverance: PerseveranceTime::UnderOneWeek.number(),
            quality_of_life: None,
        }),
    };
    let mut carer = world.nobody().followup();
    let answered = carer.confirm_outcome(no.clone()).await.unwrap();
    assert!(answered.into_inner().reopened);

    // Open again at once, with a promise that counts from now.
    let open = partner.task_of(&situation).await;
    assert_eq!(open.state, FollowUpState::Reopened.number());
    let clock = open.next_clock.unwrap();
    assert_eq!(clock.kind, ClockKind::FirstContact.number());
    assert!(!clock.breached);
    assert!(from_proto(clock.due_at.unwrap()).unwrap() > said_at);
    assert!(open.carer_question.is_none());

    // Told to the reporter; the story keeps the first ending, and how the carer is comes to it.
    let status = cleaner.sees(&signal, Step::Reopened).await;
    let closed = status
        .progress
        .iter()
        .find(|taken| taken.step == Step::Closed.number());
    assert_eq!(closed.unwrap().outcome, OutcomeResult::Helped.number());
    let timeline = eventually("that the carer is worse", async || {
        let timeline = coordinator.timeline(&situation).await;
        let judged = "knipperlicht.assessment.completed.v1";
        let judgements = timeline.iter().filter(|entry| entry.r#type == judged);
        (judgements.count() == 2).then_some(timeline)
    })
    .await;
    let completed = "knipperlicht.followup.completed.v1";
    assert!(timeline.iter().any(|entry| entry.r#type == completed));

    // Neither link works any more: one was used, the other asked about that ending.
    let used = carer.confirm_outcome(no).await.unwrap_err();
    assert_eq!(Problem::from(&used).code, "KL4010");
    let gone = followup::ConfirmOutcomeRequest {
        token: other_link.token,
        answer: followup::Answer::Helped.into(),
        ..Default::default()
    };
    let gone = carer.confirm_outcome(gone).await.unwrap_err();
    assert_eq!(Problem::from(&gone).code, "KL4008");

    // It is followed up again, to the end.
    partner.reaches(&task).await;
    partner
        .completes(&task, OutcomeResult::Helped, None)
        .await
        .unwrap();
    let steps = eventually("closed a second time", async || {
        let steps = cleaner.steps(&signal).await;
        (steps.last() == Some(&Step::Closed)).then_some(steps)
    })
    .await;
    let closings = steps.iter().filter(|step| **step == Step::Closed).count();
    assert_eq!(closings, 2, "{steps:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_reporter_says_that_it_is_not_better() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let (cleaner, partner) = (&accepted.cleaner, &accepted.partner);
    let request = intake::ReportNotBetterRequest {
        signal_id: accepted.signal.clone(),
    };
    let mut phone = cleaner.0.intake();
    let too_early = phone.report_not_better(request.clone()).await.unwrap_err();
    assert_eq!(Problem::from(&too_early).code, "KL1044");

    let closed = partner.completes(&accepted.task, OutcomeResult::Helped, None);
    closed.await.unwrap();
    cleaner.sees(&accepted.signal, Step::Closed).await;
    // Pressed twice, and by two who cannot know of each other.
    phone.report_not_better(request.clone()).await.unwrap();
    let _ = phone.report_not_better(request.clone()).await;
    cleaner.sees(&accepted.signal, Step::Reopened).await;
    let open = partner.task_of(&accepted.situation).await;
    assert_eq!(open.state, FollowUpState::Reopened.number());
    assert!(open.next_clock.is_some());
    let reopened = accepted
        .coordinator
        .told_of(&accepted.situation, "knipperlicht.followup.reopened.v1")
        .await;
    assert_eq!(reopened.len(), 1);
    assert_eq!(reopened[0].codes["by_reporter"], "true");

    // Somebody else's signal is nobody's to reopen.
    let stranger = world.reporter("stranger").0;
    let refused = stranger
        .intake()
        .report_not_better(request)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1015");
    world.stop().await;
}

/// Two partners help; one has ended, and it is not better. That the other one goes on is no reason
/// to say nothing.
#[tokio::test]
async fn what_ended_opens_again_also_while_another_partner_is_at_work() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let flagged = |observation: Observation| intake::Signal {
        observations: vec![observation.number()],
        contact: Some(intake::Contact {
            phone: "0470 12 34 56".to_owned(),
            national_number: "85.07.30-033.28".to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let accepted = async |situation: &str| {
        let referral = coordinator.referral_of(situation).await;
        let partner = world.partner(&referral.service.unwrap().organisation_id);
        partner.accept(&referral.referral_id).await.unwrap();
        eventually("its follow-up", async || {
            let mut tasks = partner.open_tasks().await.into_iter();
            tasks.find(|task| task.referral_id == referral.referral_id)
        })
        .await
    };
    let first = cleaner
        .send(flagged(Observation::LostInPaperwork))
        .await
        .unwrap();
    let one = accepted(&first.situation_id).await;
    let second = cleaner.send(flagged(Observation::NoBackup)).await.unwrap();
    assert_eq!(second.situation_id, first.situation_id);
    let other = accepted(&first.situation_id).await;
    assert_ne!(one.task_id, other.task_id);

    let partner = world.partner(&one.organisation_id);
    let helped = partner.completes(&one.task_id, OutcomeResult::Helped, None);
    helped.await.unwrap();
    cleaner.sees(&first.signal_id, Step::Closed).await;
    let request = intake::ReportNotBetterRequest {
        signal_id: first.signal_id.clone(),
    };
    let reopened = cleaner.0.intake().report_not_better(request).await;
    reopened.unwrap();
    cleaner.sees(&first.signal_id, Step::Reopened).await;
    let tasks = partner.open_tasks().await;
    let open = tasks.iter().find(|task| task.task_id == one.task_id);
    assert_eq!(open.unwrap().state, FollowUpState::Reopened.number());
    world.stop().await;
}

#[tokio::test]
async fn a_carer_who_does_not_answer_is_asked_once_more_and_then_a_coordinator_decides() {
    let world = World::start().await;
    let Closed {
        organisation,
        situation,
        task,
        ..
    } = world.closed().await;
    let coordinator = || world.coordinator(&["oostende-bredene"]);
    let question = async |times: i32, with_coordinator: bool| {
        eventually("a question", async || {
            let tasks = world.partner(&organisation).open_tasks().await;
            let task = tasks.into_iter().find(|one| one.task_id == task)?;
            let question = task.carer_question?;
            (question.times == times && question.with_coordinator == with_coordinator).then_some(())
        })
        .await;
    };
    let close = followup::CloseLoopRequest {
        task_id: task.clone(),
    };
    // Before that nobody gives the carer up: not unasked, nor while they may still answer.
    let too_early = async || {
        let refused = coordinator().0.followup().close_loop(close.clone()).await;
        assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL4018");
    };
    too_early().await;
    world.clock.advance(SignedDuration::from_hours(28 * 24));
    question(1, false).await;
    too_early().await;
    world.clock.advance(SignedDuration::from_hours(14 * 24));
    question(2, false).await;
    too_early().await;
    world.clock.advance(SignedDuration::from_hours(14 * 24));
    question(2, true).await;
    // It lies with the coordinator, who has to see to it in time like to all else.
    eventually("it to lie with the coordinator", async || {
        let items = coordinator().items().await;
        let loops = coordinator().open_loops().await;
        assert!(loops.iter().all(|one| one.situation_id == situation));
        let is_late = |item: &routing::Item| item.kind == ItemKind::Late.number();
        (items.iter().any(is_late) && loops.len() == 2).then_some(())
    })
    .await;

    // The coordinator lets it rest; doing so twice is harmless.
    for _ in 0..2 {
        let mut desk = coordinator().0.followup();
        let closed = desk.close_loop(close.clone()).await.unwrap();
        let closed = closed.into_inner().task.unwrap();
        assert_eq!(closed.state, FollowUpState::Completed.number());
        assert!(closed.next_clock.is_none() && closed.carer_question.is_none());
    }
    eventually("nobody to have anything to do any more", async || {
        let is_done =
            coordinator().items().await.is_empty() && coordinator().open_loops().await.is_empty();
        is_done.then_some(())
    })
    .await;
    let told = async |event: &str| {
        let event = format!("knipperlicht.followup.{event}.v1");
        coordinator().told_of(&situation, &event).await.len()
    };
    assert_eq!(told("carer_asked").await, 2, "never a third time");
    assert_eq!(told("loop_closed").await, 1);

    // Decided otherwise later: nothing was thrown away.
    let reopen = followup::ReopenRequest { task_id: task };
    let opened = coordinator().0.followup().reopen(reopen).await.unwrap();
    assert!(opened.into_inner().task.unwrap().next_clock.is_some());
    world.stop().await;
}
