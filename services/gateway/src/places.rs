//! How many requests are under way at once, and how long one may take to come.
//!
//! A request takes its place when all of it is there: whoever sends slowly keeps nobody else out.

use std::{sync::Arc, time::Duration};

use axum::body::{Body, Bytes, to_bytes};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{LARGEST_REQUEST, fault::Fault};

/// How long it may take to send a request.
const SENT_WITHIN: Duration = Duration::from_secs(30);

/// Places for so many at once.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Semaphore>);

/// A place, until it is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Places {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// What was sent, and a place for it.
    pub(crate) async fn received(&self, body: Body) -> Result<(Bytes, Place), Fault> {
        let body = timeout(SENT_WITHIN, to_bytes(body, LARGEST_REQUEST)).await;
        let body = body
            .map_err(|_| Fault::TookTooLong)?
            .map_err(|_| Fault::TooLarge)?;
        let place = Arc::clone(&self.0).try_acquire_owned();
        Ok((body, place.map_err(|_| Fault::Overloaded)?))
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::pending};

    use axum::Error;
    use futures::stream;
    use tokio::time::Instant;

    use super::*;

    /// A request of which the end never comes.
    fn endless() -> Body {
        Body::from_stream(stream::once(pending::<Result<Bytes, Error>>()))
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_slowly_is_given_up_and_keeps_nobody_else_out() {
        let places = Places::new(1);
        let begun = Instant::now();
        let slow = places.received(endless());
        let quick = async {
            let sent = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{}"))]);
            let (body, place) = places.received(Body::from_stream(sent)).await.unwrap();
            assert_eq!(body, "{}");
            let full = places.received(Body::empty()).await;
            assert!(matches!(full, Err(Fault::Overloaded)));
            drop(place);
            assert!(places.received(Body::empty()).await.is_ok());
            assert!(begun.elapsed() < SENT_WITHIN);
        };
        let (slow, ()) = tokio::join!(slow, quick);
        assert!(matches!(slow, Err(Fault::TookTooLong)));
        assert_eq!(begun.elapsed().as_secs(), SENT_WITHIN.as_secs());
    }
}
