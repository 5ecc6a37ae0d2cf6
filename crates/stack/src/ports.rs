//! Ports that stay ours while a server is down.

use std::io;
use std::net::TcpListener;

use crate::StackError;
use crate::error::doing;

/// Below these are well-known ones.
const LOWEST: u16 = 10_240;
/// Where the system's own choice of ports begins when it does not say.
const USUAL_EPHEMERAL: u16 = 32_768;
/// More than enough to find one of 20,000.
const TRIES: u32 = 200;
/// Another program may take the port between the look and the server's own try.
const STARTS: u32 = 3;

/// Starts a server on the port that it had, or on a free one when it had none or somebody took it.
pub(crate) fn on_free_port(
    had: Option<u16>,
    mut start: impl FnMut(u16) -> Result<(), StackError>,
) -> Result<(), StackError> {
    let mut wanted = had.filter(|port| is_free(*port));
    for _ in 1..STARTS {
        let port = wanted.take().map_or_else(free, Ok)?;
        match start(port) {
            Err(StackError::Start { why, .. }) if taken(&why) => {}
            other => return other,
        }
    }
    start(free()?)
}

fn taken(why: &str) -> bool {
    why.to_lowercase().contains("address already in use")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// A free port that the system gives to nobody by itself: were it among those of outgoing connections, a client that
/// tries to reach a killed server again and again would in the end get that very port, be connected to itself, and
/// keep the server from coming back.
fn free() -> Result<u16, StackError> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let first = range
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse().ok());
    let end = first.unwrap_or(USUAL_EPHEMERAL);
    for _ in 0..TRIES {
        let drawn = u16::try_from(uuid::Uuid::new_v4().as_u128() & 0xffff).unwrap_or_default();
        if (LOWEST..end).contains(&drawn) && is_free(drawn) {
            return Ok(drawn);
        }
    }
    // A system with another idea of its ports: any will have to do.
    let chosen = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    chosen
        .map(|address| address.port())
        .map_err(|error: io::Error| doing("finding a free port")(error))
}
