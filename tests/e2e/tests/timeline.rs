//! The timeline: one situation's whole story in order, with who, what, when, why and its trace; of
//! two situations that became one, both.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use std::collections::BTreeSet;

use jiff::SignedDuration;
use knipperlicht_contracts::{
    followup::v1::{self as followup, TimelineEntry},
    intake::v1 as intake,
    routing::v1 as routing,
};
use knipperlicht_e2e::{CoordinatorDesk, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_vocabulary::{
    Actor, ContactChannel, ContactResult, Observation, OutcomeReason, OutcomeResult, ReporterRole,
    ResolutionReason, Step,
};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const ZONE: &str = "oostende-bredene";

/// Traces are made, and go nowhere.
fn trace() {
    let tracer = SdkTracerProvider::builder().build().tracer("test");
    let spans = tracing_opentelemetry::layer().with_tracer(tracer);
    tracing_subscriber::registry().with(spans).init();
}

/// Who did what.
fn told(entries: &[TimelineEntry]) -> Vec<(String, &str)> {
    entries
        .iter()
        .map(|entry| {
            let what = entry.r#type.strip_prefix("knipperlicht.").unwrap();
            let who = Actor::try_from(entry.who).unwrap();
            (format!("{who}"), what.strip_suffix(".v1").unwrap())
        })
        .collect()
}

/// The story, once it has this and so many entries.
async fn story(
    desk: &CoordinatorDesk,
    situation: &str,
    (what, entries): (&str, usize),
) -> Vec<TimelineEntry> {
    let what = format!("knipperlicht.{what}.v1");
    let least = entries;
    eventually(&what, async || {
        let request = followup::GetTimelineRequest {
            situation_id: situation.to_owned(),
        };
        let story = desk.0.followup().get_timeline(request).await.ok()?;
        let entries = story.into_inner().entries;
        let has = entries.iter().any(|entry| entry.r#type == what);
        (has && entries.len() >= least).then_some(entries)
    })
    .await
}

#[tokio::test]
async fn a_whole_story_in_order() {
    trace();
    let world = World::start().await;
    let nurse = world.reporter("nurse");
    let coordinator = world.coordinator(&[ZONE]);
    let hour = || world.clock.advance(SignedDuration::from_hours(1));

    let signal = intake::Signal {
        reporter_role: ReporterRole::Nurse.number(),
        contact: Some(intake::Contact {
            name: "Maria Peeters".to_owned(),
            ..Default::default()
        }),
        note: "Best na 17 uur bellen.".to_owned(),
        ..a_signal(&world.environment)
    };
    let receipt = nurse.send(signal).await.unwrap();
    let situation = receipt.situation_id.as_str();
    let referral = coordinator.referral_of(situation).await;
    let organisation = referral.service.unwrap().organisation_id;
    let partner = world.partner(&organisation);
    hour();
    partner.accept(&referral.referral_id).await.unwrap();
    nurse.sees(&receipt.signal_id, Step::Accepted).await;
    let task = partner.task_of(situation).await.task_id;
    for result in [ContactResult::NoAnswer, ContactResult::Reached] {
        hour();
        let contact = followup::RecordContactRequest {
            task_id: task.clone(),
            channel: ContactChannel::Phone.number(),
            result: result.number(),
            ..Default::default()
        };
        partner.0.followup().record_contact(contact).await.unwrap();
    }
    hour();
    let closed = followup::CompleteRequest {
        task_id: task.clone(),
        result: OutcomeResult::PartlyHelped.number(),
        reason: OutcomeReason::NoCapacity.number(),
    };
    partner.0.followup().complete(closed).await.unwrap();
    hour();
    let link = followup::IssueCarerLinkRequest {
        task_id: task.clone(),
        ..Default::default()
    };
    let link = partner.0.followup().issue_carer_link(link).await.unwrap();
    let answer = followup::ConfirmOutcomeRequest {
        token: link.into_inner().token,
        answer: followup::Answer::NotHelped.into(),
        ..Default::default()
    };
    let nobody = world.nobody();
    nobody.followup().confirm_outcome(answer).await.unwrap();

    let entries = story(&coordinator, situation, ("followup.reopened", 10)).await;
    let mut happened = told(&entries);
    // Whom a situation is shared with is intake's remark on the acceptance, at its own moment.
    happened.retain(|(_, what)| *what != "situation.shared");
    let expected = [
        ("reporter", "signal.flagged"),
        ("system", "assessment.completed"),
        ("system", "referral.requested"),
        ("partner", "referral.accepted"),
        ("partner", "followup.contact_recorded"),
        ("partner", "followup.contact_recorded"),
        ("partner", "followup.completed"),
        ("partner", "followup.link_made"),
        ("carer", "followup.reopened"),
    ];
    let expected: Vec<(String, &str)> = expected
        .iter()
        .map(|(who, what)| ((*who).to_owned(), *what))
        .collect();
    assert_eq!(happened, expected);

    // Why, in codes; when, in order; and a trace for each.
    let why = |what: &str, name: &str| {
        let what = format!("knipperlicht.{what}.v1");
        let entry = entries.iter().rfind(|entry| entry.r#type == what).unwrap();
        entry.codes.get(name).cloned().unwrap_or_default()
    };
    assert_eq!(why("signal.flagged", "reporter_role"), "nurse");
    assert_eq!(why("followup.contact_recorded", "result"), "reached");
    assert_eq!(why("followup.completed", "outcome"), "partly_helped");
    assert_eq!(why("followup.completed", "reason"), "no_capacity");
    let moments: Vec<_> = entries
        .iter()
        .map(|entry| entry.at.map(|at| (at.seconds, at.nanos)).unwrap())
        .collect();
    assert!(moments.is_sorted(), "{moments:?}");
    for entry in &entries {
        assert_eq!(entry.trace_id.len(), 32, "{entry:?}");
    }
    // From the tap to the request it is one trace.
    let traces: Vec<&str> = entries[..3]
        .iter()
        .map(|entry| entry.trace_id.as_str())
        .collect();
    assert!(traces.iter().all(|trace| *trace == traces[0]), "{traces:?}");

    // Nobody and nothing that leads to somebody: roles and codes only.
    let told = format!("{entries:?}");
    for id in [
        situation,
        &receipt.signal_id,
        &referral.referral_id,
        &task,
        &organisation,
        "Maria",
        "17 uur",
    ] {
        assert!(!told.contains(id), "{id} is in {told}");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_a_coordinator_did_and_what_two_stories_became() {
    let world = World::start().await;
    let nurse = world.reporter("nurse");
    let coordinator = world.coordinator(&[ZONE]);
    let flagged = |postal_code: &str, observation: Observation| intake::Signal {
        postal_code: postal_code.to_owned(),
        observations: vec![observation.number()],
        contact: Some(intake::Contact {
            family_name: "Van den Broeck".to_owned(),
            birth_year: 1958,
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };

    // Nobody offers it; the coordinator asks somebody all the same.
    let signal = flagged("8400", Observation::SuspectedRoughCareOrNeglect);
    let first = nurse.send(signal).await.unwrap().situation_id;
    let item = eventually("an item", async || {
        let items = coordinator.items().await;
        items.into_iter().find(|item| item.situation_id == first)
    })
    .await;
    let services = routing::ListServicesRequest {
        zone_id: ZONE.to_owned(),
        ..Default::default()
    };
    let services = coordinator
        .0
        .routing()
        .list_services(services)
        .await
        .unwrap();
    let service_id = services.into_inner().services.remove(0).service_id;
    let assign = routing::AssignRequest {
        item_id: item.item_id,
        service_id,
    };
    coordinator.0.routing().assign(assign).await.unwrap();
    let entries = story(&coordinator, &first, ("referral.item_closed", 7)).await;
    let by_coordinator: Vec<_> = told(&entries)
        .into_iter()
        .filter(|(who, _)| who == "coordinator")
        .map(|(_, what)| what.to_owned())
        .collect();
    assert_eq!(
        BTreeSet::from_iter(by_coordinator),
        ["referral.item_closed", "referral.requested"]
            .map(ToOwned::to_owned)
            .into(),
        "{entries:?}"
    );

    // The same carer, flagged as another: once merged, one story tells both.
    let signal = flagged("8450", Observation::TasksTooHeavy);
    let later = nurse.send(signal).await.unwrap().situation_id;
    assert_ne!(first, later);
    story(&coordinator, &later, ("referral.requested", 3)).await;
    let duplicates = intake::ListDuplicatesRequest::default();
    let duplicates = coordinator
        .0
        .intake()
        .list_duplicates(duplicates)
        .await
        .unwrap();
    let merge = intake::ResolveDuplicateRequest {
        duplicate_id: duplicates.into_inner().duplicates.remove(0).duplicate_id,
        resolution: intake::Resolution::Merge.into(),
        reason: ResolutionReason::SameCarer.number(),
    };
    coordinator
        .0
        .intake()
        .resolve_duplicate(merge)
        .await
        .unwrap();
    let entries = story(&coordinator, &first, ("situation.merged", 7)).await;
    let told = told(&entries);
    let flagged = told.iter().filter(|(_, what)| *what == "signal.flagged");
    assert_eq!(flagged.count(), 2, "{told:?}");
    assert!(told.contains(&("coordinator".to_owned(), "situation.merged")));
    let moments: Vec<_> = entries
        .iter()
        .map(|entry| entry.at.map(|at| (at.seconds, at.nanos)).unwrap())
        .collect();
    assert!(moments.is_sorted(), "{told:?}");
    world.stop().await;
}
