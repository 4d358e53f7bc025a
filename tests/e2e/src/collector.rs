//! A collector of traces, on a thread and a runtime of its own: it goes on taking spans in while a line
//! sends its last ones.

use std::{net::SocketAddr, sync::mpsc, thread};

use knipperlicht_traces::{Store, Traces};

/// A collector of traces.
pub struct Collector {
    store: Store,
    address: SocketAddr,
}

impl Collector {
    /// Starts it; it ends with the test.
    #[must_use]
    pub fn start() -> Self {
        let (told, started) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let anywhere = ([127, 0, 0, 1], 0).into();
                let traces = Traces::bind(anywhere, anywhere).await.expect("addresses");
                let address = traces.otlp_address().expect("an address");
                told.send(Self {
                    store: traces.store(),
                    address,
                })
                .expect("a test");
                traces.serve().await.expect("a collector");
            });
        });
        started.recv().expect("a collector")
    }

    /// What came in.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}
