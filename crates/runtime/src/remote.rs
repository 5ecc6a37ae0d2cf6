//! Whether what is said to a server leaves this machine.

use std::net::IpAddr;

/// The host of an address like `scheme://user:password@host:port/path?parameters`; empty when it names none.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // The last @: a password may contain one that nobody encoded.
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    match place.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    }
}

/// Whether an address is of this machine.
pub fn is_loopback(url: &str) -> bool {
    is_loopback_host(host(url))
}

/// Whether a host is this machine.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_addresses() {
        for (url, expected) in [
            ("nats://h", "h"),
            ("tls://u:p@ss@h:4222", "h"),
            ("postgres://u:p@[::1]:5432/db", "::1"),
            (
                "postgres://u@db.example.vn/chiso?sslmode=require",
                "db.example.vn",
            ),
            ("postgres:///db?host=/run", ""),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["nats://127.0.0.1:1", "nats://localhost", "nats://[::1]:1"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "nats://10.0.0.1",
            "nats://127.0.0.1.example.vn",
            "nats://localhost@far.vn",
            "nats://",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
