//! Calls that come from within this process, over memory: nothing of them is on any wire, and nobody
//! else can make them.

use std::io;

use http::Extensions;
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};

/// Bytes on their way in one direction, until whoever sends them waits.
const UNDER_WAY: usize = 256 * 1024;

/// Connections that wait for the server to take them.
const WAITING: usize = 16;

/// The way in from within this process.
#[derive(Debug, Clone)]
pub struct Inside(mpsc::Sender<DuplexStream>);

impl Inside {
    /// The way in, and where its connections come out.
    pub(crate) fn new() -> (Self, mpsc::Receiver<DuplexStream>) {
        let (sender, connections) = mpsc::channel(WAITING);
        (Self(sender), connections)
    }

    /// A connection, as long as the server runs.
    pub async fn connect(&self) -> io::Result<DuplexStream> {
        let (here, there) = duplex(UNDER_WAY);
        let sent = self.0.send(there).await;
        sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
        Ok(here)
    }
}

/// What marks such a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromInside;

/// Whether a call came from within this process.
#[must_use]
pub fn is_from_inside(call: &Extensions) -> bool {
    call.get::<FromInside>().is_some()
}
