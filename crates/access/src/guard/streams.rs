//! What streams to a caller ends when their token does, and one account holds only so many streams.

use std::{
    collections::HashMap,
    future::ready,
    iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{body::Body, response::Response};
use futures::{StreamExt, stream};
use http::HeaderMap;
use http_body_util::{BodyStream, StreamBody};
use hyper::body::{Body as _, Frame};
use knipperlicht_runtime::refusal;
use knipperlicht_vocabulary::ReporterId;
use tokio::time::sleep;

use crate::AccessError;

/// Streams that one account may hold at a time in one process: every phone and desk of a team that
/// shares one.
pub(super) const AT_ONCE: usize = 100;

/// The streams that are open, by account.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<ReporterId, usize>>>);

impl Streams {
    /// A place for one more; refused when the account has no more of them.
    pub(super) fn take(&self, account: &ReporterId) -> Result<Place, AccessError> {
        let mut open = self.open();
        let held = open.entry(account.clone()).or_default();
        if *held >= AT_ONCE {
            return Err(AccessError::TooManyStreams);
        }
        *held += 1;
        Ok(Place {
            streams: self.clone(),
            account: account.clone(),
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ReporterId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream's place, given back when the stream is gone.
pub(super) struct Place {
    streams: Streams,
    account: ReporterId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        if let Some(held) = open.get_mut(&self.account) {
            *held -= 1;
            if *held == 0 {
                open.remove(&self.account);
            }
        }
    }
}

/// The answer as it comes, for as long as the token holds; then the caller is told to log in again.
pub(super) fn until_it_ends(response: Response, holds_for: Duration, place: Place) -> Response {
    response.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        let expired = stream::once(async move {
            sleep(holds_for).await;
            Ok(Frame::trailers(expired()))
        });
        let frames = stream::select(BodyStream::new(body), expired);
        // What is no data is the last: how it ended, or that it broke.
        let frames = frames.flat_map(|frame| {
            let is_last = !frame.as_ref().is_ok_and(Frame::is_data);
            stream::iter(iter::once(Some(frame)).chain(is_last.then_some(None)))
        });
        let frames = frames.scan(place, |_held, frame| ready(frame));
        Body::new(StreamBody::new(Box::pin(frames)))
    })
}

fn expired() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // It fails for texts that are no header, which this one's is.
    let _ = refusal(&AccessError::Expired).add_header(&mut trailers);
    trailers
}
