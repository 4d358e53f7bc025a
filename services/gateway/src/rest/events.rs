//! What a call streams, as server-sent events: each message is an event of the kind of thing it is,
//! with an id by which whoever connects again knows what they have seen.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt, stream};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use knipperlicht_runtime::Stop;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use tonic::{Status, Streaming};

use super::answer;
use crate::{etag, problem::Problem};

/// How often a line is written that says nothing, so that nobody on the way thinks it broke.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// After how long whoever lost the connection tries again.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Tells proxies to pass on each event as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The events of a stream, until it ends, whoever listens goes, or it is time to stop. Whoever goes
/// drops it, and with it the call.
pub(crate) fn response(
    messages: Streaming<DynamicMessage>,
    kind: &MessageDescriptor,
    stop: Stop,
    place: OwnedSemaphorePermit,
) -> Response {
    let name = kind.fields().next().map_or_else(
        || "message".to_owned(),
        |field| field.json_name().to_owned(),
    );
    let events = messages.map(move |message| Ok::<_, Infallible>(event(&name, message)));
    let first = stream::once(async { Ok(Event::default().retry(AGAIN_AFTER)) });
    let events = until_stopped(first.chain(events), stop, place);
    let alive = KeepAlive::new().interval(ALIVE_EVERY);
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

fn event(name: &str, message: Result<DynamicMessage, Status>) -> Event {
    match message {
        Ok(message) => {
            let text = answer::json(&message);
            let id = etag::hex(&Sha256::digest(&text)[..8]);
            Event::default()
                .event(name)
                .id(id)
                .data(String::from_utf8_lossy(&text))
        }
        Err(status) => {
            let problem = Problem::of(&status, |field| {
                crate::problem::FieldPlace::Address(field.to_owned())
            });
            let text = serde_json::to_string(&problem).unwrap_or_default();
            Event::default().event("problem").data(text)
        }
    }
}

/// Holds its place among all streams as long as it runs.
fn until_stopped<T>(
    events: impl Stream<Item = T> + Send + 'static,
    stop: Stop,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = T> + Send + 'static {
    let stopped = async move { stop.requested().await };
    let held = events.map(move |event| {
        let _held = &place;
        event
    });
    held.take_until(stopped)
}
