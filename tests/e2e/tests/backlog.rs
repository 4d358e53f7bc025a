//! What an operator is told of each service: what waits and what is stuck, and nothing that is anybody's.

use async_nats::{HeaderMap, jetstream};
use knipperlicht_access::Role;
use knipperlicht_contracts::{
    assessment::v1 as assessment,
    event::Service,
    followup::v1 as followup,
    intake::v1 as intake,
    notification::v1 as notification,
    operations::v1::{Backlog, ParkedReason},
    routing::v1 as routing,
};
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_eventing::NatsUser;
use knipperlicht_harness::eventually;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

macro_rules! backlog {
    ($client:expr, $package:ident) => {{
        let asked = $client.get_backlog($package::GetBacklogRequest {}).await;
        asked.unwrap().into_inner().backlog.unwrap()
    }};
}

async fn each(operator: &Caller) -> [Backlog; 5] {
    [
        backlog!(operator.intake(), intake),
        backlog!(operator.assessment(), assessment),
        backlog!(operator.routing(), routing),
        backlog!(operator.followup(), followup),
        backlog!(operator.notification(), notification),
    ]
}

#[tokio::test]
async fn an_operator_sees_what_waits_and_what_is_stuck() {
    let world = World::start().await;
    let operator = world.caller("operator", Role::Operator, None, &[]);
    let cleaner = world.reporter("cleaner");
    cleaner.send(a_signal(&world.environment)).await.unwrap();
    eventually("nothing waits", async || {
        let all = each(&operator).await;
        let is_done = |one: &Backlog| one.unpublished_since.is_none() && one.unhandled == 0;
        all.iter().all(is_done).then_some(())
    })
    .await;

    // Something that nobody can read comes to the stream, as a word of intake's.
    let mut headers = HeaderMap::new();
    headers.insert("ce-id", "no id");
    headers.insert(
        "traceparent",
        format!("00-{TRACE}-00f067aa0ba902b7-01").as_str(),
    );
    let nats = world
        .bed
        .connect_nats(NatsUser::Service(Service::Intake))
        .await;
    let stream = jetstream::new(nats);
    let said = stream.publish_with_headers("kl.evt.3.gent.signal.flagged.v1", headers, "".into());
    said.await.unwrap().await.unwrap();
    let stuck = eventually("it is stuck", async || {
        let backlog = backlog!(operator.assessment(), assessment);
        (backlog.parked_count > 0).then_some(backlog)
    })
    .await;
    let parked = stuck.parked.first().unwrap();
    assert_eq!((stuck.parked_count, stuck.parked.len()), (1, 1));
    assert_eq!(parked.reason(), ParkedReason::Undecodable);
    assert_eq!(parked.trace_id, TRACE);
    assert!(parked.retry_at.is_none(), "it waits for an operator");
    world.stop().await;
}
