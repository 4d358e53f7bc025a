//! What a look at the wire shows.

use async_nats::ConnectErrorKind;
use knipperlicht_e2e::{World, connect};
use knipperlicht_eventing::{NatsError, NatsOptions, NatsUser};
use sqlx::{Connection, PgConnection};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Each of the three servers refuses whoever does not encrypt, and every connection that is there
/// is encrypted.
pub(crate) async fn nothing_goes_in_clear(world: &World) {
    let channel = connect(&format!("http://{}", world.address()));
    let asked = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await;
    assert!(asked.is_err(), "answered in clear");

    let in_clear = world.bed.database_url.split_once('?').unwrap().0;
    let in_clear = format!("{in_clear}?sslmode=disable");
    let refused = PgConnection::connect(&in_clear).await.unwrap_err();
    assert!(refused.to_string().contains("no encryption"), "{refused}");
    let mut look = world.look().await;
    let (sessions, encrypted): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where ssl)
         from pg_stat_ssl join pg_stat_activity using (pid)
         where backend_type = 'client backend'",
    )
    .fetch_one(&mut look)
    .await
    .unwrap();
    // Each service and who looks.
    assert!(sessions > 5, "{sessions}");
    assert_eq!(encrypted, sessions);

    let nats = TcpStream::connect(("127.0.0.1", world.bed.nats.port()));
    let mut greeting = String::new();
    let mut nats = BufReader::new(nats.await.unwrap());
    nats.read_line(&mut greeting).await.unwrap();
    assert!(greeting.contains(r#""tls_required":true"#), "{greeting}");
    let stranger = NatsOptions {
        keys: None,
        ..world.bed.nats_options()
    };
    let refused = stranger.connect_now(NatsUser::Operator).await.unwrap_err();
    let kind = match refused {
        NatsError::Connect(refused) => Some(refused.kind()),
        NatsError::Key(_) => None,
    };
    assert_eq!(kind, Some(ConnectErrorKind::AuthorizationViolation));
}
