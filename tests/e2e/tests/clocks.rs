//! Clocks beside the scenarios: a referral that is held, one that becomes more urgent, and clocks
//! that are fired once and in order, however many instances there are and however long none ran.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use knipperlicht_contracts::{
    event::EventBody, followup::v1 as followup, from_proto, intake::v1 as intake,
    routing::v1 as routing,
};
use knipperlicht_e2e::{CoordinatorDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{
    ClockKind, Consent, ItemKind, Observation, Step, Urgency, WorkingCalendar,
};
use sqlx::{PgConnection, Row};

/// A moment by the clock on the wall in Belgium.
fn at(local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    local.in_tz("Europe/Brussels").unwrap().timestamp()
}

/// The clock of this kind that runs for the situation.
async fn running(
    coordinator: &CoordinatorDesk,
    situation: &str,
    kind: ClockKind,
) -> (followup::OpenLoop, Timestamp) {
    eventually(kind.code(), async || {
        let loops = coordinator.open_loops().await;
        let found = loops.into_iter().find(|open| {
            let clock = open.clock.as_ref().unwrap();
            open.situation_id == situation && clock.kind == kind.number() && !clock.breached
        })?;
        let due = from_proto(found.clock.as_ref()?.due_at?).unwrap();
        Some((found, due))
    })
    .await
}

#[tokio::test]
async fn a_referral_that_waits_has_left_what_was_left_and_does_not_wait_for_ever() {
    let world = World::start().await;
    world.clock.set(at("2027-06-07T10:00"));
    let calendar = WorkingCalendar::office_hours().unwrap();
    let reporter = world.reporter("reporter");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receipt = reporter.send(a_signal(&world.environment)).await.unwrap();
    let situation = receipt.situation_id.as_str();
    let referral = coordinator.referral_of(situation).await;
    let id = referral.referral_id.clone();
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    let (_, due) = running(&coordinator, situation, ClockKind::Accept).await;
    assert_eq!(due, at("2027-06-08T17:00"), "a working day");

    // Held on Tuesday morning with the working day left, for a week.
    world.clock.set(at("2027-06-08T09:00"));
    let hold = routing::HoldRequest {
        referral_id: id.clone(),
    };
    partner.0.routing().hold(hold).await.unwrap();
    let (_, waits) = running(&coordinator, situation, ClockKind::Held).await;
    assert!(waits > at("2027-06-21T00:00") && waits < at("2027-06-24T00:00"));
    let loops = coordinator.open_loops().await;
    assert_eq!(loops.len(), 1, "it does not have to be accepted meanwhile");

    // Taken out of waiting on another Tuesday at noon: the day is left still.
    world.clock.set(at("2027-06-15T12:00"));
    let released_at = world.environment.now();
    let release = routing::ReleaseRequest {
        referral_id: id.clone(),
    };
    partner.0.routing().release(release).await.unwrap();
    let (open, due) = running(&coordinator, situation, ClockKind::Accept).await;
    assert_eq!(open.referral_id, id);
    let left = calendar.open_between(released_at, due);
    let day = SignedDuration::from_hours(8);
    assert!((left - day).abs() < SignedDuration::from_mins(2), "{left}");

    // Held again, and forgotten: the coordinator has to see to it, and the council after that.
    let hold = routing::HoldRequest { referral_id: id };
    partner.0.routing().hold(hold).await.unwrap();
    let (_, waits) = running(&coordinator, situation, ClockKind::Held).await;
    world.clock.set(waits);
    reporter
        .sees(&receipt.signal_id, Step::WithCoordinator)
        .await;
    assert_eq!(coordinator.items().await[0].kind, ItemKind::Late.number());
    let (_, decides) = running(&coordinator, situation, ClockKind::Coordinator).await;
    world.clock.set(decides);
    reporter.sees(&receipt.signal_id, Step::Escalated).await;
    world.stop().await;
}

/// Taken from the waiting list long after the day on which it would have been due.
#[tokio::test]
async fn what_waited_is_accepted_in_time() {
    let world = World::start().await;
    world.clock.set(at("2027-06-07T10:00"));
    let reporter = world.reporter("reporter");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receipt = reporter.send(a_signal(&world.environment)).await.unwrap();
    let situation = receipt.situation_id.as_str();
    let referral = coordinator.referral_of(situation).await;
    let id = referral.referral_id.clone();
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    running(&coordinator, situation, ClockKind::Accept).await;
    world.clock.set(at("2027-06-08T09:00"));
    let hold = routing::HoldRequest {
        referral_id: id.clone(),
    };
    partner.0.routing().hold(hold).await.unwrap();
    running(&coordinator, situation, ClockKind::Held).await;
    world.clock.set(at("2027-06-15T09:00"));
    partner.accept(&id).await.unwrap();
    partner.task_of(situation).await;

    let counted: Vec<String> = sqlx::query_scalar(
        "select measure from followup.report_count
         where code = 'accept' and measure in ('kept', 'late')
         union all
         select measure from followup.report_tally,
                unnest(measures, codes) as noted(measure, code)
         where code = 'accept' and measure in ('kept', 'late')",
    )
    .fetch_all(&mut world.look().await)
    .await
    .unwrap();
    assert_eq!(counted, ["kept"]);
    world.stop().await;
}

#[tokio::test]
async fn who_waits_for_consent_is_not_forgotten() {
    let world = World::start().await;
    let reporter = world.reporter("reporter");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let signal = intake::Signal {
        consent: Consent::NotAsked.number(),
        ..a_signal(&world.environment)
    };
    let receipt = reporter.send(signal).await.unwrap();
    let situation = receipt.situation_id.as_str();
    let (_, waits) = running(&coordinator, situation, ClockKind::Held).await;
    world.clock.set(waits);
    reporter
        .sees(&receipt.signal_id, Step::WithCoordinator)
        .await;

    // Given at last: the partner is asked from then on, and nobody has to see to it any more.
    let given = intake::SetConsentRequest {
        signal_id: receipt.signal_id.clone(),
        consent: Consent::Given.number(),
        ..Default::default()
    };
    reporter.0.intake().set_consent(given).await.unwrap();
    let (open, due) = running(&coordinator, situation, ClockKind::Accept).await;
    assert!(due > world.environment.now());
    eventually("the item is closed", async || {
        coordinator.items().await.is_empty().then_some(())
    })
    .await;
    assert_eq!(
        coordinator.referrals().await[0].referral_id,
        open.referral_id
    );
    world.stop().await;
}

#[tokio::test]
async fn what_becomes_more_urgent_is_due_sooner() {
    let world = World::start().await;
    world.clock.set(at("2027-06-07T10:00"));
    let reporter = world.reporter("reporter");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let known = || intake::Signal {
        contact: Some(intake::Contact {
            name: "Maria Peeters".to_owned(),
            phone: "0470 12 34 56".to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let receipt = reporter.send(known()).await.unwrap();
    let situation = receipt.situation_id.as_str();
    let referral = coordinator.referral_of(situation).await;
    assert_eq!(referral.urgency, Urgency::Soon.number());
    let (_, due) = running(&coordinator, situation, ClockKind::Accept).await;
    assert_eq!(due, at("2027-06-08T17:00"));

    // A second signal says that the carer cannot go on.
    let worse = intake::Signal {
        observations: vec![
            Observation::SaysCannotGoOn.number(),
            Observation::Exhausted.number(),
        ],
        ..known()
    };
    let second = reporter.send(worse).await.unwrap();
    assert_eq!(second.situation_id, receipt.situation_id);
    let raised = eventually("the referral is raised", async || {
        let open = coordinator.referrals().await;
        let raised = open
            .into_iter()
            .find(|one| one.referral_id == referral.referral_id)?;
        (raised.urgency == Urgency::Urgent.number()).then_some(raised)
    })
    .await;
    let due = eventually("the clock is due sooner", async || {
        let loops = coordinator.open_loops().await;
        let mut of_it = loops
            .into_iter()
            .filter(|open| open.referral_id == raised.referral_id);
        let due = from_proto(of_it.next()?.clock?.due_at?).unwrap();
        (due < at("2027-06-08T17:00")).then_some(due)
    })
    .await;
    // Four working hours from when the partner was first asked.
    let asked = from_proto(raised.requested_at.unwrap()).unwrap();
    assert_eq!(due, asked + SignedDuration::from_hours(4));
    world.stop().await;
}

/// Stores so many clocks that ran out one second after the other, each of a situation of its own.
async fn store_due(connection: &mut PgConnection, kind: &str, count: usize, until: Timestamp) {
    sqlx::query(
        "insert into followup.clock (clock_id, kind, situation_id, referral_id, organisation_id,
                                     zone, started_at, due_at, urgency)
         select gen_random_uuid(), $3, gen_random_uuid(), gen_random_uuid(), 'nobody',
                'gent', $2::text::timestamptz - interval '30 days',
                $2::text::timestamptz - (n || ' seconds')::interval, 'soon'
         from generate_series(1, $1::bigint) as n",
    )
    .bind(i64::try_from(count).unwrap())
    .bind(until.to_string())
    .bind(kind)
    .execute(connection)
    .await
    .unwrap();
}

/// What was said of breached clocks, in the order in which it was written.
async fn breaches(connection: &mut PgConnection) -> Vec<(String, Timestamp)> {
    let rows = sqlx::query(
        "select event_type, body
         from followup.outbox where event_type like '%clock_breached%' order by position",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    rows.into_iter()
        .map(|row| {
            let EventBody::ClockBreached(body) =
                EventBody::decode(row.get(0), row.get::<&[u8], _>(1)).unwrap()
            else {
                unreachable!("asked for nothing else")
            };
            let due = from_proto(body.due_at.unwrap()).unwrap();
            (body.clock_id, due)
        })
        .collect()
}

const MANY: usize = 3_000;

const KIND: &str = ClockKind::FirstContact.code();

#[tokio::test]
async fn after_a_stop_clocks_are_fired_in_order_and_other_work_goes_on() {
    let world = World::start().await;
    let mut connection = world.look().await;
    store_due(&mut connection, KIND, MANY, world.environment.now()).await;
    // Meanwhile somebody flags a situation, and does not wait behind thousands.
    let reporter = world.reporter("reporter");
    let receipt = reporter.send(a_signal(&world.environment)).await.unwrap();
    reporter.sees(&receipt.signal_id, Step::Referred).await;
    let said = eventually("all are fired", async || {
        let said = breaches(&mut connection).await;
        (said.len() == MANY).then_some(said)
    })
    .await;
    assert!(
        said.is_sorted_by_key(|(_, due)| *due),
        "what was due first comes first"
    );
    world.stop().await;
}

#[tokio::test]
async fn two_instances_fire_each_clock_once() {
    let world = World::start().await;
    let other = world.second_line().await;
    let mut connection = world.look().await;
    store_due(&mut connection, KIND, MANY, world.environment.now()).await;
    let said = eventually("all are fired", async || {
        let said = breaches(&mut connection).await;
        (said.len() >= MANY).then_some(said)
    })
    .await;
    let clocks: BTreeSet<&str> = said.iter().map(|(clock, _)| clock.as_str()).collect();
    assert_eq!((said.len(), clocks.len()), (MANY, MANY));
    other.stop().await;
    world.stop().await;
}

/// More than a batch of clocks of a kind that only a newer process knows, and they were due first.
#[tokio::test]
async fn what_an_older_process_cannot_read_stops_no_other_clock_and_is_left_to_a_newer_one() {
    let world = World::start().await;
    let mut connection = world.look().await;
    let (unknown, known, now) = (600, 40, world.environment.now());
    let earlier = now - SignedDuration::from_hours(1);
    store_due(&mut connection, "of_tomorrow", unknown, earlier).await;
    store_due(&mut connection, KIND, known, now).await;
    eventually("what can be read is fired", async || {
        let said = breaches(&mut connection).await;
        (said.len() == known).then_some(())
    })
    .await;
    let left: i64 = sqlx::query_scalar(
        "select count(*) from followup.clock where kind = 'of_tomorrow' and breached_at is null",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(usize::try_from(left).unwrap(), unknown);
    world.stop().await;
}

#[tokio::test]
async fn a_follow_up_that_cannot_be_read_keeps_no_other_carer_from_being_asked() {
    let world = World::start().await;
    let (spoilt, other) = (world.closed().await, world.closed().await);
    let mut connection = world.look().await;
    sqlx::query("update followup.task set zone = 'No Zone' where task_id = $1::text::uuid")
        .bind(&spoilt.task)
        .execute(&mut connection)
        .await
        .unwrap();
    world.clock.advance(SignedDuration::from_hours(29 * 24));
    let times = "select times from followup.asking where task_id = $1::text::uuid";
    let mut asked = async |task: &str| -> i16 {
        let times = sqlx::query_scalar(times).bind(task);
        times.fetch_one(&mut connection).await.unwrap()
    };
    eventually("the other carer has to be asked", async || {
        (asked(&other.task).await == 1).then_some(())
    })
    .await;
    assert_eq!(asked(&spoilt.task).await, 0);
    world.stop().await;
}
