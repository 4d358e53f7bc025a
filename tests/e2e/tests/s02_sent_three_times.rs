//! S2: the same signal arrives three times: one signal, the same receipt.

use knipperlicht_contracts::intake::v1 as intake;
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::Step;

#[tokio::test]
async fn s02_sent_three_times() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let signal = a_signal(&world.environment);

    // At once, and again after it was routed.
    let (first, second) = tokio::join!(cleaner.send(signal.clone()), cleaner.send(signal.clone()));
    let receipt = first.unwrap();
    assert_eq!(receipt, second.unwrap());
    cleaner.sees(&receipt.signal_id, Step::Referred).await;
    let queue = intake::SubmitSignalsRequest {
        signals: vec![signal.clone(), signal.clone()],
    };
    for result in cleaner
        .0
        .intake()
        .submit_signals(queue)
        .await
        .unwrap()
        .into_inner()
        .results
    {
        assert_eq!(
            result.result,
            Some(intake::submit_signal_result::Result::Receipt(
                receipt.clone()
            ))
        );
    }

    let list = cleaner
        .0
        .intake()
        .list_my_signals(intake::ListMySignalsRequest::default())
        .await
        .unwrap();
    assert_eq!(list.into_inner().signals.len(), 1);
    assert_eq!(coordinator.referrals().await.len(), 1);

    // Under the same id nothing else can be sent, and nobody else can send it.
    let other = intake::Signal {
        note: "iets anders".to_owned(),
        ..signal.clone()
    };
    let refused = cleaner.send(other).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1012");
    assert_eq!(
        Problem::from(&refused).field.as_deref(),
        Some("signal.signal_id")
    );
    let refused = world.reporter("nurse").send(signal).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1012");
    world.stop().await;
}
