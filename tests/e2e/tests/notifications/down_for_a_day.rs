//! Who hears a day late: nothing is lost, nothing is doubled, promises count from when they were
//! made, and what broke meanwhile climbs at once.

use jiff::SignedDuration;
use knipperlicht_contracts::{
    event::Service, from_proto, intake::v1 as intake, notification::v1::DeliveryState::Delivered,
};
use knipperlicht_e2e::{World, a_signal, outbound};
use knipperlicht_followup::model::due;
use knipperlicht_harness::Bed;
use knipperlicht_vocabulary::{ClockKind, Observation, Step, Urgency, WorkingCalendar};

use crate::notifications::{
    receiver::Receiver,
    teller::{by_webhook, stand, subscribe},
};

const AWAKE: &[Service] = &[Service::Intake, Service::Assessment, Service::Routing];
const ASLEEP: &[Service] = &[Service::Followup, Service::Notification];

#[tokio::test]
async fn what_was_said_meanwhile_is_heard() {
    let world = World::of(Bed::start().await, AWAKE, outbound()).await;
    let receiver = Receiver::start().await;
    let before = world.line_of(ASLEEP).await;
    let at_reporter = subscribe(&before.reporter("cleaner").0, by_webhook(&receiver.url())).await;
    before.stop().await;

    // A working day on which nobody hears: one is accepted, one is left to lie.
    world.clock.set("2030-03-05T09:00:00Z".parse().unwrap());
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let accepted_at = world.environment.now();
    let taken = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let referral = coordinator.referral_of(&taken.situation_id).await;
    let accepted_by = referral.service.unwrap().organisation_id;
    let accepting = world.partner(&accepted_by);
    accepting.accept(&referral.referral_id).await.unwrap();
    let emergency = intake::Signal {
        observations: vec![Observation::SaysCannotGoOn.number()],
        ..a_signal(&world.environment)
    };
    let left = cleaner.send(emergency).await.unwrap();
    coordinator.referral_of(&left.situation_id).await;
    world.clock.advance(SignedDuration::from_hours(24));

    // Awake again: the promise counts from when it was made, the broken one goes to the next.
    let after = world.line_of(ASLEEP).await;
    let desk = after.partner(&accepted_by);
    let task = desk.task_of(&taken.situation_id).await;
    let promise = task.next_clock.unwrap();
    let urgency = Urgency::try_from(task.urgency).unwrap();
    let calendar = WorkingCalendar::office_hours().unwrap();
    assert_eq!(
        from_proto(promise.due_at.unwrap()).unwrap(),
        due(&calendar, ClockKind::FirstContact, urgency, accepted_at)
    );
    cleaner.sees(&left.signal_id, Step::WaitingLonger).await;

    // The reporter, who asked to be told, hears all of it, each once.
    let cleaner = after.reporter("cleaner");
    stand(&cleaner.0, &at_reporter.0, Delivered, 3).await;
    let mut told: Vec<(String, String)> = receiver
        .got()
        .iter()
        .map(|call| {
            (
                call.event()["type"].as_str().unwrap().to_owned(),
                call.subject(),
            )
        })
        .collect();
    told.sort_unstable();
    // Of what cannot wait both were promised: that a partner answers, that a coordinator looks.
    let (breached, accepted) = (
        "knipperlicht.followup.clock_breached.v1",
        "knipperlicht.referral.accepted.v1",
    );
    let (left, taken) = (left.signal_id.as_str(), taken.signal_id.as_str());
    let expected = [(breached, left), (breached, left), (accepted, taken)];
    let expected = expected.map(|(told, about)| (told.to_owned(), about.to_owned()));
    assert_eq!(told, expected);
    after.stop().await;
    world.stop().await;
}
