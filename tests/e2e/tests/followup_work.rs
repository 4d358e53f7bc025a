//! What a partner does until the carer is helped: names who is there, tries, visits, and says that
//! nobody answers.

use jiff::SignedDuration;
use knipperlicht_contracts::{followup::v1 as followup, intake::v1 as intake, to_proto};
use knipperlicht_e2e::{Caller, Closed, World};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{
    ContactChannel, ContactId, ContactResult, FollowUpState, NoteId, OutcomeReason, OutcomeResult,
};
use tonic::Status;

/// Records an attempt under this number.
async fn tries(
    accepted: &Closed,
    contact: ContactId,
    result: ContactResult,
) -> Result<followup::Task, Status> {
    let attempt = followup::RecordContactRequest {
        task_id: accepted.task.clone(),
        channel: ContactChannel::Phone.number(),
        result: result.number(),
        contact_id: contact.to_string(),
    };
    let recorded = accepted
        .partner
        .0
        .followup()
        .record_contact(attempt)
        .await?;
    Ok(recorded.into_inner().task.unwrap())
}

/// Closes it, for nobody answers.
async fn gives_up(accepted: &Closed) -> Result<followup::Task, Problem> {
    let (task, partner) = (&accepted.task, &accepted.partner);
    let unreachable = Some(OutcomeReason::Unreachable);
    partner
        .completes(task, OutcomeResult::NotHelped, unreachable)
        .await
        .map_err(|status| Problem::from(&status))
}

/// How often the story tells this.
async fn told(accepted: &Closed, event: &str) -> usize {
    let event = format!("knipperlicht.followup.{event}.v1");
    let told = accepted.coordinator.told_of(&accepted.situation, &event);
    told.await.len()
}

#[tokio::test]
async fn unreachable_is_who_was_tried_on_three_days() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let new = || ContactId::new(&world.environment);
    let next_day = || world.clock.advance(SignedDuration::from_hours(24));

    for result in [ContactResult::NoAnswer, ContactResult::MessageLeft] {
        tries(&accepted, new(), result).await.unwrap();
    }
    next_day();
    tries(&accepted, new(), ContactResult::NoAnswer)
        .await
        .unwrap();
    let refused = gives_up(&accepted).await.unwrap_err();
    assert_eq!(refused.code, "KL4017");
    assert_eq!(refused.field.as_deref(), Some("reason"));
    next_day();
    tries(&accepted, new(), ContactResult::MessageLeft)
        .await
        .unwrap();
    let closed = gives_up(&accepted).await.unwrap();
    assert_eq!(closed.reason, OutcomeReason::Unreachable.number());
    // Said twice is said once.
    gives_up(&accepted).await.unwrap();

    // Opened again, somebody has to try again.
    let again = followup::ReopenRequest {
        task_id: accepted.task.clone(),
    };
    next_day();
    accepted.partner.0.followup().reopen(again).await.unwrap();
    let refused = gives_up(&accepted).await.unwrap_err();
    assert_eq!(refused.code, "KL4017");
    world.stop().await;
}

#[tokio::test]
async fn an_attempt_sent_twice_counts_once() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let id = ContactId::new(&world.environment);
    for _ in 0..2 {
        let task = tries(&accepted, id, ContactResult::Reached).await.unwrap();
        assert_eq!(task.state, FollowUpState::Contacted.number());
    }
    let refused = tries(&accepted, id, ContactResult::NoAnswer).await;
    let problem = Problem::from(&refused.unwrap_err());
    assert_eq!(
        (problem.code.as_str(), problem.field.as_deref()),
        ("KL4014", Some("contact_id"))
    );
    eventually("the attempt to be told", async || {
        (told(&accepted, "contact_recorded").await > 0).then_some(())
    })
    .await;
    assert_eq!(told(&accepted, "contact_recorded").await, 1);
    world.stop().await;
}

#[tokio::test]
async fn a_visit_is_part_of_the_story() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    accepted.partner.reaches(&accepted.task).await;
    let task_id = accepted.task.clone();
    let visit_at = Some(to_proto(
        world.environment.now() + SignedDuration::from_hours(48),
    ));
    for _ in 0..2 {
        let task_id = task_id.clone();
        let plan = followup::ScheduleRequest { task_id, visit_at };
        accepted.partner.0.followup().schedule(plan).await.unwrap();
    }
    let missed = followup::RecordVisitRequest {
        task_id,
        visit: followup::Visit::Missed.into(),
    };
    let missed = accepted.partner.0.followup().record_visit(missed).await;
    let task = missed.unwrap().into_inner().task.unwrap();
    assert_eq!(task.state, FollowUpState::Missed.number());
    eventually("the visit to be told", async || {
        (told(&accepted, "visit_ended").await == 1).then_some(())
    })
    .await;
    assert_eq!(told(&accepted, "visit_planned").await, 1);
    world.stop().await;
}

/// Who is there for the carer, by the name that the carer hears.
async fn contact(desk: &Caller, task: &str) -> (String, String) {
    let list = followup::ListTasksRequest::default();
    let tasks = desk.followup().list_tasks(list).await.unwrap();
    let mut tasks = tasks.into_inner().tasks.into_iter();
    let task = tasks.find(|one| one.task_id == task).unwrap();
    let person = task.contact_person.unwrap();
    (person.organisation_id, person.name)
}

#[tokio::test]
async fn one_worker_is_there_for_a_carer() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let (task, desk) = (accepted.task.as_str(), &accepted.partner.0);
    let ours = |name: &str| (accepted.organisation.clone(), name.to_owned());

    // From acceptance on: first the organisation, then who is named.
    assert_eq!(contact(desk, task).await, ours(""));
    let named = followup::NameContactPersonRequest {
        task_id: task.to_owned(),
        worker: "els".to_owned(),
        name: "Els Maes".to_owned(),
        phone: "059 11 22 33".to_owned(),
    };
    for _ in 0..2 {
        let done = desk.followup().name_contact_person(named.clone()).await;
        let task = done.unwrap().into_inner().task.unwrap();
        assert_eq!(task.contact_person.unwrap().phone, "059 11 22 33");
    }
    assert_eq!(
        contact(&accepted.coordinator.0, task).await,
        ours("Els Maes")
    );
    let nameless = followup::NameContactPersonRequest {
        name: " ".to_owned(),
        ..named.clone()
    };
    let refused = desk.followup().name_contact_person(nameless).await;
    let problem = Problem::from(&refused.unwrap_err());
    assert_eq!(
        (problem.code.as_str(), problem.field.as_deref()),
        ("KL4015", Some("name"))
    );

    // Els leaves: Jan is there for her carers, and for nobody else's.
    let leaves = followup::HandOverWorkRequest {
        from_worker: "els".to_owned(),
        to_worker: "jan".to_owned(),
        name: "Jan Claes".to_owned(),
        phone: String::new(),
    };
    let elsewhere = world.partner("somebody-else");
    let other = elsewhere.0.followup().hand_over_work(leaves.clone()).await;
    assert_eq!(other.unwrap().into_inner().situations, 0);
    for situations in [1, 0] {
        let done = desk.followup().hand_over_work(leaves.clone()).await;
        assert_eq!(done.unwrap().into_inner().situations, situations);
    }
    assert_eq!(contact(desk, task).await, ours("Jan Claes"));
    let refused = elsewhere.0.followup().name_contact_person(named).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::NotFound);
    eventually("the story to tell both", async || {
        let told = told(&accepted, "contact_person_named").await;
        (told == 2).then_some(())
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn what_a_partner_writes_down_stays_in_the_vault() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let note = intake::AddNoteRequest {
        note_id: NoteId::new(&world.environment).to_string(),
        situation_id: accepted.situation.clone(),
        text: " Zus Marieke springt bij op dinsdag. ".to_owned(),
    };
    // Sent twice, written once.
    for _ in 0..2 {
        let desk = &accepted.partner.0;
        desk.intake().add_note(note.clone()).await.unwrap();
    }
    let question = intake::GetContactRequest {
        situation_id: accepted.situation.clone(),
        purpose: "first visit".to_owned(),
    };
    let known = accepted.partner.0.intake().get_contact(question).await;
    let notes = known.unwrap().into_inner().work_notes.clone();
    let [known] = notes.as_slice() else {
        panic!("{} notes", notes.len())
    };
    assert_eq!(known.text, "Zus Marieke springt bij op dinsdag.");
    assert_eq!(known.organisation_id, accepted.organisation);

    // Nobody else writes, and nothing empty or endless is written.
    let elsewhere = world.partner("somebody-else");
    let refused = elsewhere.0.intake().add_note(note.clone()).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::NotFound);
    for (text, code) in [(" ".to_owned(), "KL1001"), ("e".repeat(2_001), "KL1009")] {
        let spoilt = intake::AddNoteRequest {
            text,
            ..note.clone()
        };
        let refused = accepted.partner.0.intake().add_note(spoilt).await;
        assert_eq!(Problem::from(&refused.unwrap_err()).code, code);
    }

    // The words are nowhere to be read, and who wrote them is on record.
    let mut look = world.look().await;
    let readable: bool = sqlx::query_scalar(
        "select exists (select from intake.sealed where position('Marieke'::bytea in sealed) > 0)
             or exists (select from intake.outbox where position('Marieke'::bytea in body) > 0)
             or exists (select from followup.timeline where codes::text like '%Marieke%')",
    )
    .fetch_one(&mut look)
    .await
    .unwrap();
    assert!(!readable);
    let written: i64 =
        sqlx::query_scalar("select count(*) from intake.audit where action = 'note.added'")
            .fetch_one(&mut look)
            .await
            .unwrap();
    assert_eq!(written, 1);
    world.stop().await;
}

#[tokio::test]
async fn the_follow_ups_of_named_referrals_are_those_the_caller_may_see() {
    let world = World::start().await;
    let accepted = world.accepted().await;
    let named = async |desk: &Caller, ids: &[&str]| {
        let request = followup::ListTasksRequest {
            referral_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            ..Default::default()
        };
        let tasks = desk.followup().list_tasks(request).await?;
        let tasks = tasks.into_inner().tasks.into_iter();
        Ok::<Vec<String>, tonic::Status>(tasks.map(|task| task.task_id).collect())
    };
    let task = accepted.partner.task_of(&accepted.situation).await;
    let (ours, other) = (task.referral_id.as_str(), accepted.situation.as_str());
    let desk = &accepted.partner.0;
    let found = named(desk, &[ours, other]).await.unwrap();
    assert_eq!(found, [task.task_id.as_str()]);
    assert!(named(desk, &[other]).await.unwrap().is_empty());
    let stranger = world.partner("somebody-else");
    assert!(named(&stranger.0, &[ours]).await.unwrap().is_empty());
    let refused = named(desk, &[ours; 201]).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL4033");
    world.stop().await;
}
