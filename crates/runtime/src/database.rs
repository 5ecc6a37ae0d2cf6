//! Whether what is said to a database may be said in the open.

use crate::remote;

/// What is wrong with a database's address for a service that serves with TLS itself.
pub(crate) fn problem(url: &str) -> Option<String> {
    let named = Named::read(url);
    if named.is_here || named.is_verified {
        return None;
    }
    Some(
        "--database-url is not known to be on loopback, and anybody on the way could read it or answer; \
         add ?sslmode=verify-full, and &sslrootcert=FILE unless the host knows its authority"
            .to_owned(),
    )
}

/// What an address says about its server.
#[derive(Debug, Default)]
struct Named {
    /// Every host that it names is this machine, and it names one.
    is_here: bool,
    /// The server's certificate is checked: other modes take any, or go without when the server does.
    is_verified: bool,
}

impl Named {
    fn read(url: &str) -> Self {
        let (_, parameters) = url.split_once('?').unwrap_or((url, ""));
        let mut hosts = vec![remote::host(url)];
        let mut is_verified = false;
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "host" | "hostaddr" => hosts.push(value),
                // The last one counts.
                "sslmode" | "ssl-mode" => {
                    is_verified = matches!(value, "verify-full" | "verify-ca");
                }
                // Whatever it is, it is not written for people: it may hide any of these.
                _ if name.contains('%') => hosts.push("?"),
                _ => {}
            }
        }
        hosts.retain(|host| !host.is_empty());
        let is_here = !hosts.is_empty() && hosts.iter().all(|host| is_here(host));
        Self {
            is_here,
            is_verified,
        }
    }
}

/// Whether a host is this machine, or the folder of a socket on it.
fn is_here(host: &str) -> bool {
    host.starts_with('/') || host.starts_with("%2F") || remote::is_loopback_host(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_elsewhere_must_prove_who_it_is() {
        for url in [
            "postgres://u:p@127.0.0.1:5432/db",
            "postgres://u:p@[::1]/db",
            "postgres://u@localhost/db?sslmode=disable",
            "postgres:///db?host=/run/postgresql",
            "postgres://u@%2Frun%2Fpostgresql/db",
            "postgres://u@db.example.vn/db?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgres://u@db.example.vn/db?application_name=x&sslmode=verify-ca",
        ] {
            assert_eq!(problem(url), None, "{url}");
        }
        for url in [
            "postgres://u:hunter2@db.example.vn/db",
            "postgres://u@10.0.0.1/db?sslmode=require",
            "postgres://u@db.example.vn/db?sslmode=prefer",
            "postgres://u@db.example.vn/db?sslmode=verify-full&sslmode=disable",
            "postgres://u@localhost/db?host=db.example.vn",
            "postgres://u@localhost/db?%68ost=db.example.vn",
            "postgres://localhost@db.example.vn/db",
            "postgres:///db",
        ] {
            let problem = problem(url).unwrap_or_else(|| panic!("{url} is let through"));
            assert!(problem.contains("sslmode=verify-full"), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
