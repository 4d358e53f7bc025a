//! Answers get smaller on their way, where whoever asked can read them so.

use std::convert::Infallible;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use futures::future::ready;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;

/// Makes an answer smaller; what is small, or compressed already, it leaves as it is. A stream of events
/// does not come near: it would keep the room of a compressor that it never uses, kilobytes, for as long
/// as it is open.
pub(crate) async fn compress(request: Request, next: Next) -> Response {
    let mut asked = Request::new(Body::empty());
    for encoding in request.headers().get_all(ACCEPT_ENCODING) {
        asked
            .headers_mut()
            .append(ACCEPT_ENCODING, encoding.clone());
    }
    let response = next.run(request).await;
    let kind = response.headers().get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    let mut response = Some(response);
    let answer = service_fn(move |_: Request| {
        // Asked for once.
        ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
    });
    match CompressionLayer::new().layer(answer).oneshot(asked).await {
        Ok(compressed) => compressed.map(Body::new),
        Err(never) => match never {},
    }
}
