//! The traces of a development machine, looked at at once: taken in and shown by this process itself.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use knipperlicht_traces::Traces;

/// Where a collector usually takes traces in, and where they are looked at; elsewhere when somebody else
/// is there.
const OTLP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4317);
const PAGE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7482);

/// Where the traces of a development machine are.
#[derive(Debug, Clone, Copy)]
pub struct TracePlaces {
    /// Where spans come in.
    pub otlp: SocketAddr,
    /// Where they are looked at.
    pub page: SocketAddr,
}

impl TracePlaces {
    /// The page's address, as a browser takes it.
    pub(super) fn address(&self) -> String {
        format!("http://{}", self.page)
    }

    /// Takes traces in and shows them, for as long as the runtime lasts.
    pub async fn open() -> io::Result<Self> {
        let anywhere = |usual: SocketAddr| SocketAddr::new(usual.ip(), 0);
        let traces = match Traces::bind(OTLP, PAGE).await {
            Ok(traces) => traces,
            Err(_) => Traces::bind(anywhere(OTLP), anywhere(PAGE)).await?,
        };
        let places = Self {
            otlp: traces.otlp_address()?,
            page: traces.page_address()?,
        };
        tokio::spawn(async move {
            if let Err(error) = traces.serve().await {
                tracing::warn!(%error, "traces are not shown any more");
            }
        });
        Ok(places)
    }
}
