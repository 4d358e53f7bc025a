//! The way between browsers and the gateway, which can be cut: nobody listens then, and what was open
//! breaks off in the middle.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::JoinHandle,
};

/// The way, at one port for as long as it lives.
#[derive(Clone)]
pub(crate) struct Wire {
    port: u16,
    gateway: SocketAddr,
    carrying: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Wire {
    /// The way to this gateway.
    pub(crate) async fn to(gateway: SocketAddr) -> Self {
        let listener = listen(0).await;
        let port = listener.local_addr().expect("an address").port();
        let carrying = tokio::spawn(carry(listener, gateway));
        Self {
            port,
            gateway,
            carrying: Arc::new(Mutex::new(Some(carrying))),
        }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts it. Returns once nobody listens any more.
    pub(crate) async fn cut(&self) {
        if let Some(carrying) = self.carrying.lock().await.take() {
            carrying.abort();
            // Whatever it held is dropped once it has ended.
            let _ = carrying.await;
        }
    }

    /// Mends it.
    pub(crate) async fn mend(&self) {
        let mut carrying = self.carrying.lock().await;
        if carrying.is_none() {
            let listener = listen(self.port).await;
            *carrying = Some(tokio::spawn(carry(listener, self.gateway)));
        }
    }
}

async fn listen(port: u16) -> TcpListener {
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    listener.expect("the address that it had before")
}

/// Carries every connection; all of them end with it.
async fn carry(listener: TcpListener, gateway: SocketAddr) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((browser, _)) = accepted {
                    connections.spawn(pass(browser, gateway));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn pass(mut browser: TcpStream, gateway: SocketAddr) {
    let Ok(mut line) = TcpStream::connect(gateway).await else {
        return;
    };
    let _ = browser.set_nodelay(true);
    let _ = line.set_nodelay(true);
    // However it ends, it is over for both.
    let _ = copy_bidirectional(&mut browser, &mut line).await;
}
