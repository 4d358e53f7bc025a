//! The report of a zone: counted once, whole years only, seen by those who may, and with nothing in
//! it that gives away a handful of people.

#![allow(clippy::panic, reason = "a test that cannot go on should stop")]
#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use jiff::{SignedDuration, Timestamp};
use knipperlicht_access::Role;
use knipperlicht_contracts::{
    followup::v1::{
        self as followup, ReportLine,
        ReportTopic::{
            Done, Kept, MedianSeconds, NinetiethPercentileSeconds, OpenLoops, Outcomes, Signals,
            SignalsByObservation, SignalsByRole, WithinPromisePercent,
        },
    },
    intake::v1 as intake,
};
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{
    ContactChannel, ContactResult, Observation, OutcomeResult, ReporterRole,
};
use tonic::{Code, Status};

const ZONE: &str = "oostende-bredene";
const NURSES: usize = 3;
const ALL: usize = 25 + NURSES;

async fn report(
    who: &Caller,
    zone: &str,
    (from, to): (&str, &str),
) -> Result<followup::ZoneReportResponse, Status> {
    let request = followup::ZoneReportRequest {
        zone_id: zone.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    };
    let report = who.followup().zone_report(request).await?;
    Ok(report.into_inner())
}

/// A figure; nothing where it is hidden.
fn figure(lines: &[ReportLine], topic: followup::ReportTopic, code: &str) -> Option<i64> {
    let line = lines
        .iter()
        .find(|line| line.topic() == topic && line.code == code)
        .unwrap_or_else(|| panic!("no line {topic:?} {code}"));
    assert!(!line.hidden || line.value == 0, "{line:?}");
    (!line.hidden).then_some(line.value)
}

/// What is under ten, and its complement, cannot be had from anything else that is there.
fn subtract(lines: &[ReportLine], total: i64, topic: followup::ReportTopic) -> (i64, usize) {
    let parts: Vec<&ReportLine> = lines.iter().filter(|line| line.topic() == topic).collect();
    let shown: i64 = parts.iter().map(|line| line.value).sum();
    let hidden = parts.iter().filter(|line| line.hidden).count();
    (total - shown, hidden)
}

#[tokio::test]
async fn a_year_of_a_zone() {
    let world = World::start().await;
    // A Monday at ten, so that two hours later is still in time.
    world
        .clock
        .set("2027-03-01T09:00:00Z".parse::<Timestamp>().unwrap());

    let coordinator = world.coordinator(&[ZONE]);
    let nurse = world.reporter("nurse");
    let mut situations = Vec::new();
    for number in 0..ALL {
        let role = if number < NURSES {
            ReporterRole::Nurse
        } else {
            ReporterRole::HomeCareWorker
        };
        let signal = intake::Signal {
            reporter_role: role.number(),
            ..a_signal(&world.environment)
        };
        let receipt = nurse.send(signal.clone()).await.unwrap();
        // Sent twice, counted once.
        nurse.send(signal).await.unwrap();
        situations.push(receipt.situation_id);
    }
    let mut asked = Vec::new();
    for situation in &situations {
        asked.push(coordinator.referral_of(situation).await);
    }
    world.clock.advance(SignedDuration::from_hours(2));
    for (number, referral) in asked.iter().enumerate() {
        let organisation = &referral.service.as_ref().unwrap().organisation_id;
        let partner = world.partner(organisation);
        partner.accept(&referral.referral_id).await.unwrap();
        let task = partner.task_of(&referral.situation_id).await.task_id;
        for _ in 0..2 {
            let reached = followup::RecordContactRequest {
                task_id: task.clone(),
                channel: ContactChannel::Phone.number(),
                result: ContactResult::Reached.number(),
                ..Default::default()
            };
            partner.0.followup().record_contact(reached).await.unwrap();
        }
        if number < 20 {
            let helped = followup::CompleteRequest {
                task_id: task,
                result: OutcomeResult::Helped.number(),
                ..Default::default()
            };
            partner.0.followup().complete(helped).await.unwrap();
        }
    }

    // A year that goes on is not reported, nor is anything but whole years.
    let year = ("2027-01-01", "2027-12-31");
    for period in [year, ("2026-02-01", "2026-12-31"), ("2026-01-01", "")] {
        let refused = report(&coordinator.0, ZONE, period).await.unwrap_err();
        assert_eq!(Problem::from(&refused).code, "KL4031", "{period:?}");
    }

    world
        .clock
        .set("2028-01-03T09:00:00Z".parse::<Timestamp>().unwrap());
    let coordinator = world.coordinator(&[ZONE]).0;
    let told = eventually("everything to be counted", async || {
        let told = report(&coordinator, ZONE, year).await.unwrap();
        let all = i64::try_from(ALL).unwrap();
        let lines = &told.years[0].lines;
        let counted = [(Signals, ""), (Done, "accept"), (Done, "first_contact")];
        counted
            .iter()
            .all(|(topic, code)| figure(lines, *topic, code) == Some(all))
            .then_some(told)
    })
    .await;
    let lines = &told.years[0].lines;
    let of = |topic, code| figure(lines, topic, code);
    assert_eq!((told.years[0].year, told.threshold), (2027, 10));
    assert_eq!(of(SignalsByObservation, "conflict_at_home"), Some(28));
    assert_eq!(
        of(SignalsByObservation, "tasks_too_heavy"),
        None,
        "the last"
    );
    let median = of(MedianSeconds, "accept").unwrap();
    assert!(
        (6_800..=7_600).contains(&median),
        "{median} s for two hours"
    );
    assert_eq!(of(NinetiethPercentileSeconds, "accept"), None, "of too few");

    // Three nurses: neither they nor what they could be computed from is shown.
    assert_eq!(of(SignalsByRole, "nurse"), None);
    assert_eq!(of(SignalsByRole, "home_care_worker"), None);
    let (rest, hidden) = subtract(lines, 28, SignalsByRole);
    assert_eq!((rest, hidden), (28, ReporterRole::ALL.len()));
    // All came in time: that nobody came late is itself a figure under ten.
    assert_eq!(of(Kept, "accept"), None);
    assert_eq!(of(WithinPromisePercent, "accept"), None);
    // Twenty were closed, all helped: that nobody was not is under ten.
    assert_eq!(of(Done, "outcome"), Some(20));
    assert_eq!(of(Outcomes, "helped"), None);
    assert!(lines.iter().all(|line| line.hidden || line.value >= 10));

    // A year in which nothing happened looks like one in which little did.
    let two = report(&coordinator, ZONE, ("2026-01-01", "2027-12-31"))
        .await
        .unwrap();
    assert_eq!(two.years.len(), 2);
    assert!(two.years[0].lines.iter().all(|line| line.hidden));
    assert_eq!(two.years[1].lines, *lines);

    // The other eight wait for their outcome, under ten. Twelve more bring two partners each and
    // something that nobody could be asked for.
    assert_eq!(figure(&told.open_loops, OpenLoops, ""), None);
    let nurse = world.reporter("nurse");
    for _ in 0..12 {
        let nobody_offers = intake::Signal {
            observations: vec![Observation::SuspectedRoughCareOrNeglect.number()],
            ..a_signal(&world.environment)
        };
        nurse.send(nobody_offers).await.unwrap();
    }
    eventually("all of them to be open", async || {
        let told = report(&coordinator, ZONE, year).await.unwrap();
        (figure(&told.open_loops, OpenLoops, "") == Some(8 + 12 * (2 + 1))).then_some(())
    })
    .await;

    // A coordinator has its own zones; an analyst all, and nothing of the present.
    let refused = report(&coordinator, "gent", year).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let analyst = world.caller("analyst", Role::Analyst, None, &[]);
    let seen = report(&analyst, ZONE, year).await.unwrap();
    assert_eq!(seen.years[0].lines, *lines);
    assert!(seen.open_loops.is_empty());
    let partner = world.partner("somebody").0;
    let refused = report(&partner, ZONE, year).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = report(&analyst, "No Zone", year).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL4032");

    // Of an analyst the database hides everything but what was counted.
    let mut look = world.look().await;
    sqlx::raw_sql("set role kl_followup; set kl.role = 'analyst'; set search_path = followup")
        .execute(&mut look)
        .await
        .unwrap();
    for (table, sees) in [
        ("report_count", true),
        ("report_tally", false),
        ("task", false),
        ("clock", false),
        ("timeline", false),
    ] {
        let question = format!("select exists (select from {table})");
        let seen: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(question))
            .fetch_one(&mut look)
            .await
            .unwrap();
        assert_eq!(seen, sees, "{table}");
    }
    world.stop().await;
}
