//! That a carer asked to be forgotten is never out of sight of who has to answer.

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_e2e::{CoordinatorDesk, World, a_signal};

use crate::erasure::order::{merge, question};

async fn requests(desk: &CoordinatorDesk) -> Vec<intake::ErasureRequest> {
    let request = intake::ListErasureRequestsRequest {};
    let list = desk.0.intake().list_erasure_requests(request).await;
    list.unwrap().into_inner().requests
}

/// Flagged in two zones: the carer of the one asks, and then it becomes part of the other.
#[tokio::test]
async fn whoever_answers_for_the_survivor_sees_it() {
    let world = World::start().await;
    let (cleaner, coast, gent) = (
        world.reporter("cleaner"),
        world.coordinator(&["oostende-bredene"]),
        world.coordinator(&["gent"]),
    );
    let flagged = |postal_code: &str, national_number: &str| intake::Signal {
        postal_code: postal_code.to_owned(),
        contact: Some(intake::Contact {
            phone: "059 12 34 56".to_owned(),
            national_number: national_number.to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let first = cleaner.send(flagged("9000", "85.07.30-033.28")).await;
    let first = first.unwrap().situation_id;
    let later = cleaner.send(flagged("8400", "00.01.01-001.05")).await;
    let later = later.unwrap().situation_id;
    let token = coast.0.situation_link(&later).await;
    let ask = intake::AskMyErasureRequest { token };
    let due = world.nobody().intake().ask_my_erasure(ask).await.unwrap();
    let due = due.into_inner().due_at;
    let asked = requests(&coast).await;
    assert_eq!(asked[0].situation_id, later);
    assert!(requests(&gent).await.is_empty());

    let pair = question(&world, &later).await;
    let merged = coast.0.intake().resolve_duplicate(merge(&pair)).await;
    merged.unwrap();
    let asked = requests(&gent).await;
    assert_eq!(asked.len(), 1, "whose it is now");
    assert_eq!(asked[0].situation_id, first);
    assert_eq!(asked[0].zone_id, "gent");
    assert_eq!(
        asked[0].due_at, due,
        "within a month of the day it was asked"
    );
    assert!(requests(&coast).await.is_empty());
    world.stop().await;
}
