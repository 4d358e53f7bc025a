use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below the ports that Linux gives to outgoing connections (32768 on): none of those can take a
/// port between this question and its use, nor meet itself on it.
const FIRST: u32 = 10_000;

/// So many from there.
const COUNT: u32 = 22_000;

/// A port of 127.0.0.1 that nobody listened on a moment ago.
///
/// Another program may take it before you do: be ready to try again with another one.
pub fn free_port() -> io::Result<u16> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    // Processes side by side begin at different places.
    let begin = process::id().wrapping_mul(7_919) % COUNT;
    for _ in 0..COUNT {
        let step = ASKED.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = u16::try_from(FIRST + (begin + step) % COUNT).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        "no port is free below the ephemeral ones",
    ))
}
