//! Where a call comes from, and what is so near that nobody listens in between.

use std::net::IpAddr;

use http::Extensions;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

/// The address at the other end of the connection that a call came in on.
#[must_use]
pub fn peer_of(call: &Extensions) -> Option<IpAddr> {
    let encrypted = || {
        let info = call.get::<TlsConnectInfo<TcpConnectInfo>>()?;
        info.get_ref().remote_addr()
    };
    let clear = || call.get::<TcpConnectInfo>()?.remote_addr();
    encrypted().or_else(clear).map(|address| address.ip())
}

/// Whether a host is this machine: what is said to it passes through nobody's hands.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
