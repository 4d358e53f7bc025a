//! What the gateway adds to a call, and what it takes to hold event streams open.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Bytes,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use knipperlicht_access::{Person, Role};
use knipperlicht_contracts::routing::v1::{
    ResolveZoneRequest, routing_service_client::RoutingServiceClient,
};
use knipperlicht_harness::{Token, WithToken};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};
use tonic::{service::interceptor::InterceptedService, transport::Endpoint};

use super::{Bench, ms_at};
use crate::{
    error::{BenchError, Doing},
    load::{histogram, micros},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    resources::memory_of,
};

/// A call that needs no database: what is measured is the way to it.
const CALL: &str = "/api/v1/zones:resolve?postal_code=8400";

/// What holds a stream open.
const STREAM: &str = "/api/v1/signals:watch";

/// Streams that one account holds: a team with one login, within what is allowed.
const OF_ONE_ACCOUNT: usize = 50;

/// After that long without an event a stream is idle.
const SETTLED: Duration = Duration::from_secs(3);

pub(crate) async fn gateway(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    overhead(bench, &reporter(bench, "cleaner")?, report).await?;
    streams(bench, report).await
}

/// A reporter's token.
fn reporter(bench: &Bench<'_>, name: &str) -> Result<String, BenchError> {
    bench.ground.token(&Person {
        subject: name.parse()?,
        role: Role::Reporter,
        organisation: None,
        zones: Vec::new(),
    })
}

/// The same call directly and by the gateway, in turn, one after the other.
async fn overhead(bench: &Bench<'_>, token: &str, report: &mut Report) -> Result<(), BenchError> {
    let _progress = Progress::of("gateway overhead", Duration::from_secs(10));
    let address = bench.program.gateway();
    let mut direct = client(&bench.program.url(), token).await?;
    let mut by_grpc = client(&format!("http://{address}"), token).await?;
    let mut by_rest = connect(bench).await?;
    let (mut took_direct, mut took_grpc, mut took_rest) =
        (histogram()?, histogram()?, histogram()?);
    // The first of each opens what stays open.
    for counts in 0..=bench.effort.calls {
        let began = Instant::now();
        resolve(&mut direct).await?;
        let first = Instant::now();
        resolve(&mut by_grpc).await?;
        let second = Instant::now();
        let request = Request::get(CALL)
            .header(header::HOST, address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Empty::new());
        let request = request.map_err(|error| BenchError::NotAnswered(error.to_string()))?;
        let answer = by_rest.send_request(request).await?;
        if !answer.status().is_success() {
            return Err(BenchError::NotAnswered(answer.status().to_string()));
        }
        answer.into_body().collect().await?;
        if counts > 0 {
            took_direct.saturating_record(micros(first - began));
            took_grpc.saturating_record(micros(second - first));
            took_rest.saturating_record(micros(second.elapsed()));
        }
    }
    let p50 = |took: &Histogram<u64>| ms_at(took, 0.5);
    let direct = p50(&took_direct);
    report.promised(
        "gateway_rest",
        "REST by the gateway beyond direct gRPC, p50",
        "ms",
        (Below(1.0), Below(0.5)),
        p50(&took_rest) - direct,
        format!(
            "p50 {:.2} ms of {direct:.2} ms directly; p99 {:.2} of {:.2} ms",
            p50(&took_rest),
            ms_at(&took_rest, 0.99),
            ms_at(&took_direct, 0.99),
        ),
    );
    report.promised(
        "gateway_grpc",
        "gRPC by the gateway beyond direct gRPC, p50",
        "ms",
        (Below(1.0), Below(0.5)),
        p50(&took_grpc) - direct,
        format!("p50 {:.2} ms of {direct:.2} ms directly", p50(&took_grpc)),
    );
    Ok(())
}

type Client = RoutingServiceClient<WithToken>;

async fn client(url: &str, token: &str) -> Result<Client, BenchError> {
    let channel = Endpoint::from_shared(url.to_owned())?.connect().await?;
    let channel = InterceptedService::new(channel, Token::bearer(token)?);
    Ok(RoutingServiceClient::new(channel))
}

async fn resolve(client: &mut Client) -> Result<(), BenchError> {
    let request = ResolveZoneRequest {
        postal_code: "8400".to_owned(),
        on: String::new(),
    };
    client.resolve_zone(request).await.map_err(Box::new)?;
    Ok(())
}

async fn connect(bench: &Bench<'_>) -> Result<SendRequest<Empty<Bytes>>, BenchError> {
    let stream = open(bench).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn open(bench: &Bench<'_>) -> Result<TcpStream, BenchError> {
    let stream = TcpStream::connect(bench.program.gateway()).await;
    let stream = stream.doing("reach the gateway")?;
    stream.set_nodelay(true).doing("reach the gateway")?;
    Ok(stream)
}

/// What as many people take who watch, and to whom nothing happens.
async fn streams(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let count = bench.effort.streams;
    let _progress = Progress::of("idle event streams", Duration::from_secs(25));
    let asked_before = transactions(bench).await?;
    let before = memory_of(bench.program.pid());
    let mut held = Vec::with_capacity(count);
    let mut token = String::new();
    for number in 0..count {
        if number.is_multiple_of(OF_ONE_ACCOUNT) {
            token = reporter(bench, &format!("cleaner-{number}"))?;
        }
        held.push(watch(bench, &token).await?);
    }
    sleep(SETTLED).await;
    let after = memory_of(bench.program.pid());
    let asked_after = transactions(bench).await?;
    if let (Some(before), Some(after)) = (before, after) {
        let grown = after.now - before.now;
        #[expect(clippy::cast_precision_loss, reason = "some thousand streams")]
        let each = grown * 1_024.0 / held.len() as f64;
        report.promised(
            "gateway_streams",
            &format!("{count} idle event streams"),
            "MB",
            (Below(200.0), Below(100.0)),
            grown,
            format!(
                "{each:.0} kB each, the services' side included; the process holds {:.0} MB",
                after.now
            ),
        );
    }
    report.noted(
        "gateway_streams_asked",
        "what they ask the database, all together",
        "/s",
        asked_after - asked_before,
        format!("{asked_after:.0} transactions a second, {asked_before:.0} without them"),
    );
    Ok(())
}

/// Transactions a second, while nobody does anything.
async fn transactions(bench: &Bench<'_>) -> Result<f64, BenchError> {
    let mut connection = bench.ground.look().await?;
    let mut count = async || {
        let all = "select sum(xact_commit + xact_rollback)::float8 from pg_stat_database";
        sqlx::query_scalar::<_, f64>(all)
            .fetch_one(&mut connection)
            .await
    };
    let before = count().await?;
    let began = Instant::now();
    sleep(SETTLED).await;
    Ok((count().await? - before) / began.elapsed().as_secs_f64())
}

/// A stream that has said its first line.
async fn watch(bench: &Bench<'_>, token: &str) -> Result<TcpStream, BenchError> {
    let mut stream = open(bench).await?;
    let request = format!(
        "GET {STREAM} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n",
        bench.program.gateway()
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.doing("open an event stream")?;
    let mut read = Vec::new();
    while !read.windows(6).any(|part| part == b"retry:") {
        let got = stream.read_buf(&mut read).await;
        if got.doing("open an event stream")? == 0 || read.len() > 8_192 {
            let text = String::from_utf8_lossy(&read).into_owned();
            return Err(BenchError::NotAnswered(text));
        }
    }
    Ok(stream)
}
