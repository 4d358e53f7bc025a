//! A server on loopback that behaves as it is told and keeps what it got; it can be killed, with
//! every connection it took, and started again where it was.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use knipperlicht_harness::eventually;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::notifications::wire::{Tape, Taped, Wire};

/// What a server speaks.
pub(crate) trait Protocol: 'static {
    /// What it does with what it gets.
    type Behaviour: Copy + Send;
    /// What it gets.
    type Got: Clone + Send;

    /// What it does before it is told anything.
    const AT_FIRST: Self::Behaviour;

    /// One conversation; nothing more when the other side has gone.
    fn converse(wire: Wire, state: Arc<State<Self>>) -> impl Future<Output = Option<()>> + Send;
}

/// How what is said to a server is encrypted.
#[derive(Clone)]
pub(crate) enum Security {
    /// Not at all.
    Clear,
    /// From the first byte on.
    Tls(TlsAcceptor),
    /// When the other side asks for it.
    StartTls(TlsAcceptor),
}

/// What the conversations of a server share.
pub(crate) struct State<P: Protocol + ?Sized> {
    behaviour: Mutex<P::Behaviour>,
    security: Mutex<Security>,
    tape: Tape,
    got: Mutex<Vec<P::Got>>,
}

impl<P: Protocol + ?Sized> State<P> {
    pub(crate) fn behaviour(&self) -> P::Behaviour {
        *self.behaviour.lock().unwrap()
    }

    pub(crate) fn security(&self) -> Security {
        self.security.lock().unwrap().clone()
    }

    pub(crate) fn keep(&self, got: P::Got) {
        self.got.lock().unwrap().push(got);
    }
}

/// The server.
pub(crate) struct Server<P: Protocol> {
    address: SocketAddr,
    state: Arc<State<P>>,
    running: Option<JoinHandle<()>>,
}

impl<P: Protocol> Server<P> {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(State {
            behaviour: Mutex::new(P::AT_FIRST),
            security: Mutex::new(Security::Clear),
            tape: Tape::default(),
            got: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            running: Some(listen(listener, Arc::clone(&state))),
            state,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it does this.
    pub(crate) fn behaves(&self, behaviour: P::Behaviour) {
        *self.state.behaviour.lock().unwrap() = behaviour;
    }

    /// From now on it encrypts so.
    pub(crate) fn encrypts(&self, security: Security) {
        *self.state.security.lock().unwrap() = security;
    }

    /// Every byte that reached it.
    pub(crate) fn tape(&self) -> &Tape {
        &self.state.tape
    }

    /// Ends it, and every connection to it, at once.
    pub(crate) async fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            let _ = running.await;
        }
    }

    /// Starts it again where it was.
    pub(crate) async fn restart(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.running = Some(listen(listener, Arc::clone(&self.state)));
    }

    /// What it got, as it came.
    pub(crate) fn got(&self) -> Vec<P::Got> {
        self.state.got.lock().unwrap().clone()
    }

    /// The same, once there is so much.
    pub(crate) async fn gets(&self, count: usize) -> Vec<P::Got> {
        eventually(&format!("{count} to arrive"), async || {
            Some(self.got()).filter(|got| got.len() >= count)
        })
        .await
    }
}

fn listen<P: Protocol>(listener: TcpListener, state: Arc<State<P>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        // With it end the connections it took.
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let state = Arc::clone(&state);
            connections.spawn(async move {
                let tape = state.tape.clone();
                let wire: Wire = Box::new(Taped { stream, tape });
                let wire = match state.security() {
                    Security::Tls(acceptor) => Box::new(acceptor.accept(wire).await.ok()?),
                    Security::Clear | Security::StartTls(_) => wire,
                };
                P::converse(wire, state).await
            });
        }
    })
}
