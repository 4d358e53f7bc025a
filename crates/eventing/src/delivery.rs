//! A message as it was delivered, and what it says.

use std::sync::Arc;

use async_nats::jetstream::Message;

use crate::{
    envelope::{self, Unreadable},
    event::Fact,
};

/// A message as it was delivered, and what it says.
pub(crate) struct Delivery {
    /// The stream it lies in: when that was made, in nanoseconds since 1970.
    pub(crate) stream: i64,
    /// Its number there.
    pub(crate) number: u64,
    /// What it says.
    pub(crate) opened: Result<Arc<Fact>, Unreadable>,
    /// As it came.
    pub(crate) message: Message,
}

impl Delivery {
    /// Reads a message.
    pub(crate) fn open(stream: i64, number: u64, message: Message) -> Self {
        let (subject, headers) = (message.subject.as_str(), message.headers.as_ref());
        let opened = envelope::delivered(subject, headers, &message.payload).map(Arc::new);
        Self {
            stream,
            number,
            opened,
            message,
        }
    }
}
