//! gRPC-Web, as the app speaks it, and gRPC as it is.

use http::Uri;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use knipperlicht_access::Role;
use knipperlicht_contracts::intake::v1::{self as pb, intake_service_client::IntakeServiceClient};
use knipperlicht_e2e::{Caller, World, a_signal, connect};
use knipperlicht_runtime::Problem;
use tonic::{Code, Request};
use tonic_web::GrpcWebClientLayer;
use tower::Layer;

fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let token = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", token);
    request
}

#[tokio::test]
async fn a_browser_flags_and_watches() {
    let world = World::with_gateway(|_| ()).await;
    let origin: Uri = format!("http://{}", world.web().address()).parse().unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let client = GrpcWebClientLayer::new().layer(client);
    let mut intake = IntakeServiceClient::with_origin(client, origin);
    let token = world.token("cleaner", Role::Reporter, None, &[]);

    let nobody = intake
        .list_my_signals(pb::ListMySignalsRequest::default())
        .await;
    let nobody = nobody.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
    assert_eq!(Problem::from(&nobody).code, "KL0001");

    let watch = with_token(pb::WatchMySignalsRequest {}, &token);
    let mut changes = intake.watch_my_signals(watch).await.unwrap().into_inner();
    let signal = pb::SubmitSignalRequest {
        signal: Some(a_signal(&world.environment)),
    };
    let sent = intake
        .submit_signal(with_token(signal, &token))
        .await
        .unwrap();
    let receipt = sent.into_inner().receipt.unwrap();
    let change = changes.message().await.unwrap().unwrap().signal.unwrap();
    assert_eq!(change.receipt.unwrap().signal_id, receipt.signal_id);

    let wrong = pb::GetSignalRequest {
        signal_id: "no id".to_owned(),
    };
    let wrong = intake
        .get_signal(with_token(wrong, &token))
        .await
        .unwrap_err();
    let problem = Problem::from(&wrong);
    assert_eq!(wrong.code(), Code::InvalidArgument);
    assert_eq!(problem.field.as_deref(), Some("signal_id"));
    drop(changes);
    world.stop().await;
}

#[tokio::test]
async fn grpc_as_it_is_passes_as_well() {
    let world = World::with_gateway(|_| ()).await;
    let channel = connect(&format!("http://{}", world.web().address()));
    let token = world.token("cleaner", Role::Reporter, None, &[]);
    let caller = Caller::new(channel, Some(&token));
    let signal = pb::SubmitSignalRequest {
        signal: Some(a_signal(&world.environment)),
    };
    let receipt = caller.intake().submit_signal(signal).await.unwrap();
    assert_eq!(
        receipt.into_inner().receipt.unwrap().zone_id,
        "oostende-bredene"
    );
    world.stop().await;
}
