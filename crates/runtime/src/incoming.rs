//! Connections that come in encrypted. Whoever does not finish the handshake in time is dropped,
//! and holds up nobody else.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Handshakes under way at most; who comes then waits to be let in.
const HANDSHAKES: usize = 512;

/// Connections that wait for the server to take them.
const WAITING: usize = 64;

/// How long to rest when the system gives no more connections.
const REST: Duration = Duration::from_millis(50);

/// The connections that come in on `listener`, each with what is `current` when it begins.
pub(crate) fn encrypted(
    listener: TcpListener,
    current: watch::Receiver<Arc<ServerConfig>>,
) -> impl Stream<Item = std::io::Result<TlsStream<TcpStream>>> {
    let (ready, connections) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        tokio::select! {
            () = accept(&listener, &current, &ready) => {}
            () = ready.closed() => {}
        }
    });
    ReceiverStream::new(connections).map(Ok)
}

async fn accept(
    listener: &TcpListener,
    current: &watch::Receiver<Arc<ServerConfig>>,
    ready: &mpsc::Sender<TlsStream<TcpStream>>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let connection = match listener.accept().await {
            Ok((connection, _)) => connection,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(REST).await;
                continue;
            }
        };
        let acceptor = TlsAcceptor::from(Arc::clone(&current.borrow()));
        let ready = ready.clone();
        tokio::spawn(async move {
            let shaken = shake_hands(acceptor, connection).await;
            drop(place);
            if let Some(connection) = shaken {
                // Nobody takes it when the server has ended.
                let _ = ready.send(connection).await;
            }
        });
    }
}

async fn shake_hands(acceptor: TlsAcceptor, connection: TcpStream) -> Option<TlsStream<TcpStream>> {
    // An answer that waits for the acknowledgement of the one before costs 40 ms.
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "connection lost before its handshake");
        return None;
    }
    match timeout(HANDSHAKE, acceptor.accept(connection)).await {
        Ok(Ok(connection)) => Some(connection),
        Ok(Err(error)) => {
            tracing::debug!(%error, "handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("handshake took too long");
            None
        }
    }
}
