//! Who calls: asked once, before the handler.

use contracts::problem::Problem;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request};
use identity::{Caller, Permit, Rejected, Role, Verifier, table};
use tonic::body::Body;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

use crate::Clock;

/// How the name of a service's certificate ends.
const SERVICE_SUFFIX: &str = ".service.chiso";
/// How the name of an integrator's certificate ends.
const CLIENT_SUFFIX: &str = ".client.chiso";

/// Lets calls in.
#[derive(Debug)]
pub(super) enum Gate {
    /// Whoever calls.
    Open,
    /// Who has a token or a service's certificate.
    Guarded(Verifier),
}

/// Why a call is not let in, and who made it as far as that is known.
#[derive(Debug)]
pub(super) struct Denied {
    pub(super) problem: Problem,
    pub(super) caller: Option<Caller>,
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Self {
        let caller = None;
        Self { problem, caller }
    }
}

impl From<Rejected> for Denied {
    fn from(rejected: Rejected) -> Self {
        Problem::from(rejected).into()
    }
}

/// Whom the connection's certificate names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Certified {
    service: Option<String>,
    client: Option<String>,
}

impl Gate {
    /// What the call may do; leaves it in the request as well.
    pub(super) async fn admit(&self, request: &mut Request<Body>) -> Result<Permit, Denied> {
        let permit = match self {
            Self::Open => Permit::unasked(),
            Self::Guarded(verifier) => {
                if table::access(request.uri().path()) == table::Access::Open {
                    return Ok(Permit::unasked());
                }
                let certified = certified(request);
                let token = bearer(request.headers())?.map(str::to_owned);
                let caller = caller(verifier, certified, token).await?;
                match Permit::decide(request.uri().path(), &caller) {
                    Ok(permit) => permit,
                    Err(problem) => {
                        let caller = Some(caller);
                        return Err(Denied { problem, caller });
                    }
                }
            }
        };
        request.extensions_mut().insert(permit.clone());
        Ok(permit)
    }
}

async fn caller(
    verifier: &Verifier,
    certified: Certified,
    token: Option<String>,
) -> Result<Caller, Problem> {
    let Some(token) = token else {
        let service = certified.service.ok_or(Rejected::Missing)?;
        return Ok(Caller {
            client: service.clone(),
            subject: service,
            roles: [Role::Service].into(),
            units: [].into(),
        });
    };
    // Not the service's clock, which may be set to another time: tokens are of this one.
    let caller = verifier.verify(&token, Clock::system().now()).await?;
    match certified.client {
        Some(client) if client != caller.client => Err(Rejected::OtherClient.into()),
        _ => Ok(caller),
    }
}

/// The token of a call; none when it brings no authorization at all.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Rejected> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    if given.next().is_some() {
        return Err(Rejected::Malformed);
    }
    let (scheme, token) = first
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or(Rejected::Malformed)?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(Some(token.trim())),
        false => Err(Rejected::Malformed),
    }
}

/// Whom the certificate names that the connection was made with, if it was with one; its issuer was
/// checked then.
fn certified(request: &Request<Body>) -> Certified {
    let info = request.extensions().get::<TlsConnectInfo<TcpConnectInfo>>();
    let Some(chain) = info.and_then(TlsConnectInfo::peer_certs) else {
        return Certified::default();
    };
    let leaf = chain.first().map(webpki::EndEntityCert::try_from);
    let Some(Ok(leaf)) = leaf else {
        return Certified::default();
    };
    named(leaf.valid_dns_names())
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> Certified {
    let mut certified = Certified::default();
    for name in names {
        let label = |suffix| {
            let label: Option<&str> = name.strip_suffix(suffix);
            label.filter(|label| !label.is_empty() && !label.contains(['.', '*']))
        };
        if let Some(service) = label(SERVICE_SUFFIX) {
            certified.service = Some(service.to_owned());
        }
        if let Some(client) = label(CLIENT_SUFFIX) {
            certified.client = Some(client.to_owned());
        }
    }
    certified
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_names_a_service_or_a_client_and_nothing_by_halves() {
        let of = |names: &[&str]| {
            let Certified { service, client } = named(names.iter().copied());
            (service.unwrap_or_default(), client.unwrap_or_default())
        };
        let pair = |service: &str, client: &str| (service.to_owned(), client.to_owned());
        let both = ["scoring", "scoring.service.chiso"];
        assert_eq!(of(&both), pair("scoring", ""));
        assert_eq!(of(&["portal.client.chiso"]), pair("", "portal"));
        for name in [
            ".service.chiso",
            "*.service.chiso",
            "a.b.service.chiso",
            "scoring.service.chiso.example",
            "service.chiso",
        ] {
            assert_eq!(of(&[name]), pair("", ""), "{name}");
        }
    }

    #[test]
    fn authorization_is_a_bearer_token_or_nothing() {
        let with = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(|token| token.map(str::to_owned))
        };
        assert_eq!(with(&[]), Ok(None));
        assert_eq!(with(&["bearer a.b.c"]), Ok(Some("a.b.c".to_owned())));
        for values in [
            &["Basic dTpw"][..],
            &["a.b.c"],
            &[""],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(with(values), Err(Rejected::Malformed), "{values:?}");
        }
    }
}
