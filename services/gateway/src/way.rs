//! The way to one service. A call of which nothing was read yet when its connection ended never
//! reached the service, so it is made again over another: while processes are replaced one by one,
//! nobody notices. Any other is made once.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::body::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tonic::{
    Status,
    body::Body,
    transport::{Channel, Error},
};
use tower::{Service, ServiceExt};

use crate::upstream::CONNECT;

/// How often a call is made at most.
const TRIES: u32 = 3;

/// The way to one service.
#[derive(Debug, Clone)]
pub(crate) struct Way(Channel);

impl From<Channel> for Way {
    fn from(channel: Channel) -> Self {
        Self(channel)
    }
}

impl Service<Request<Body>> for Way {
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(pass_on(self.0.clone(), request))
    }
}

async fn pass_on(channel: Channel, request: Request<Body>) -> Result<Response<Body>, Error> {
    let begun = Instant::now();
    let (parts, mut body) = request.into_parts();
    let mut tries = 1;
    loop {
        let unread = Unread::default();
        let lent = Body::new(Lent::new(body, unread.clone()));
        let request = Request::from_parts(parts.clone(), lent);
        let error = match channel.clone().oneshot(request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match unread.take() {
            Some(given_back) if tries < TRIES && begun.elapsed() < CONNECT => body = given_back,
            _ => return Err(error),
        }
        tries += 1;
    }
}

/// A body that was given back unread.
#[derive(Debug, Clone, Default)]
struct Unread(Arc<Mutex<Option<Body>>>);

impl Unread {
    fn take(&self) -> Option<Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, body: Body) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }
}

/// A body that is given back if it is dropped before anything of it was read.
struct Lent {
    body: Body,
    /// Where to; nowhere once something was read.
    unread: Option<Unread>,
}

impl Lent {
    fn new(body: Body, unread: Unread) -> Self {
        // Of one that is empty, nobody can tell whether it was sent.
        let unread = (!body.is_end_stream()).then_some(unread);
        Self { body, unread }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.unread = None;
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(unread) = self.unread.take() {
            unread.put(std::mem::take(&mut self.body));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::atomic::{AtomicU32, Ordering},
    };

    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};
    use tonic::{
        Code,
        transport::{Endpoint, Server},
    };
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    use tower::service_fn;

    use super::*;

    /// A way whose connections come about as `connect` says of each, by its number from 1.
    fn way<F>(connect: impl Fn(u32) -> F + Clone + Send + 'static) -> (Way, Arc<AtomicU32>)
    where
        F: Future<Output = io::Result<DuplexStream>> + Send + 'static,
    {
        let connections = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&connections);
        let connect = service_fn(move |_| {
            let connecting = connect(counted.fetch_add(1, Ordering::Relaxed) + 1);
            async move { connecting.await.map(TokioIo::new) }
        });
        let channel = Endpoint::from_static("http://test").connect_with_connector_lazy(connect);
        (channel.into(), connections)
    }

    async fn ask(way: Way) -> Result<(), Code> {
        let mut health = HealthClient::new(way);
        let asked = health.check(HealthCheckRequest::default()).await;
        asked.map(drop).map_err(|status| status.code())
    }

    fn served() -> DuplexStream {
        let (here, there) = duplex(64 * 1024);
        let (_, health) = tonic_health::server::health_reporter();
        let incoming = futures::stream::iter([Ok::<_, io::Error>(there)]);
        tokio::spawn(
            Server::builder()
                .add_service(health)
                .serve_with_incoming(incoming),
        );
        here
    }

    #[tokio::test]
    async fn a_call_that_never_left_is_made_again() {
        let (way, connections) = way(|number| async move {
            match number {
                1 => Err(io::ErrorKind::ConnectionRefused.into()),
                _ => Ok(served()),
            }
        });
        assert_eq!(ask(way).await, Ok(()));
        assert_eq!(connections.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn where_nobody_is_it_is_not_tried_for_ever() {
        let (way, connections) = way(|_| async { Err(io::ErrorKind::ConnectionRefused.into()) });
        assert_eq!(ask(way).await, Err(Code::Unavailable));
        assert_eq!(connections.load(Ordering::Relaxed), TRIES);
    }

    #[tokio::test]
    async fn a_call_that_was_sent_is_made_once() {
        let (way, connections) = way(|_| async {
            let (here, mut there) = duplex(64 * 1024);
            tokio::spawn(async move {
                // The message itself, which every connection's first words come before.
                let mut heard = Vec::new();
                while !heard.windows(7).any(|bytes| bytes == b"to be h") {
                    let mut chunk = [0; 1024];
                    let length = there.read(&mut chunk).await.unwrap();
                    heard.extend_from_slice(&chunk[..length]);
                }
            });
            Ok(here)
        });
        let request = HealthCheckRequest {
            service: "to be heard".to_owned(),
        };
        HealthClient::new(way).check(request).await.unwrap_err();
        assert_eq!(connections.load(Ordering::Relaxed), 1);
    }
}
