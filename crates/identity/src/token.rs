//! Tokens: what a signed one must say to be believed.

use std::collections::BTreeSet;

use contracts::problem::Problem;
use ids::UnitCode;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::{Caller, Role};

/// What tokens of this system are meant for when nothing else is said.
pub const AUDIENCE: &str = "chiso";
/// Longest token that is looked at, in bytes; headers of HTTP/2 are rarely let through longer.
pub const TOKEN_MAX: usize = 8 * 1024;
/// Most characters in a subject or a client's id.
const NAME_CHARS: usize = 100;
/// Most units that a token may name: more than a province has departments and communes together.
const UNITS_MAX: usize = 1_000;

/// The algorithms that are accepted: all of them asymmetric, so that no server holds what signs.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// Whose tokens are believed, and for whom they must be meant.
#[derive(Debug, Clone)]
pub struct Policy {
    /// `iss` must be this.
    pub issuer: String,
    /// `aud` must be this or name it.
    pub audience: String,
    /// How far the issuer's clock and ours may differ.
    pub leeway: SignedDuration,
}

/// Why a token is not believed. What the caller is told helps it to get a good one, and tells
/// nobody what a forged one got right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// There is none.
    #[error("no token came with the call; send one as authorization: Bearer")]
    Missing,
    /// It is no token, or says what no token of ours says.
    #[error("the token cannot be read; get a new one from the issuer")]
    Malformed,
    /// It is not signed as ours are.
    #[error("the token is not signed with EdDSA, ES256 or RS256; get one that is")]
    Algorithm,
    /// It is not signed with a key of the issuer.
    #[error("the token is not signed with a key of the issuer; get a new one there")]
    Signature,
    /// It is somebody else's.
    #[error("the token is from another issuer; get one from this system's")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is meant for another service; get one for this audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired; get a new one")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet; wait, and see that both clocks are right")]
    Early,
    /// It is good, but for another client than the one that the certificate names.
    #[error("the token belongs to another client than the certificate; use the client's own")]
    OtherClient,
}

impl Rejected {
    /// The reason as programs know it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Algorithm => "TOKEN_ALGORITHM",
            Self::Signature => "TOKEN_SIGNATURE",
            Self::Issuer => "TOKEN_ISSUER",
            Self::Audience => "TOKEN_AUDIENCE",
            Self::Expired => "TOKEN_EXPIRED",
            Self::Early => "TOKEN_NOT_YET_VALID",
            Self::OtherClient => "TOKEN_OF_OTHER_CLIENT",
        }
    }
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Self {
        Self::unauthenticated(rejected.reason(), rejected.to_string())
    }
}

/// What a token says of itself before anybody believes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: String,
}

/// Reads the heading of a token.
pub(crate) fn heading(token: &str) -> Result<Heading, Rejected> {
    if token.len() > TOKEN_MAX {
        return Err(Rejected::Malformed);
    }
    // An algorithm that the library does not know, such as `none`, fails to decode.
    let header = jsonwebtoken::decode_header(token).map_err(|_| Rejected::Malformed)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Rejected::Algorithm);
    }
    // What is critical and unknown makes a token unreadable (RFC 7515 §4.1.11); we know nothing
    // that is.
    match header.kid {
        Some(key_id) if header.crit.is_none() => Ok(Heading {
            algorithm: header.alg,
            key_id,
        }),
        _ => Err(Rejected::Malformed),
    }
}

/// A token that was believed.
#[derive(Debug, Clone)]
pub(crate) struct Believed {
    pub(crate) caller: Caller,
    validity: Validity,
}

/// When a token counts, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Validity {
    from: Option<i64>,
    until: i64,
}

impl Believed {
    /// Whether the token counts at `now`.
    pub(crate) fn at(&self, policy: &Policy, now: Timestamp) -> Result<(), Rejected> {
        let (now, leeway) = (now.as_second(), policy.leeway.as_secs());
        if now.saturating_sub(leeway) >= self.validity.until {
            return Err(Rejected::Expired);
        }
        match self.validity.from {
            Some(from) if now.saturating_add(leeway) < from => Err(Rejected::Early),
            _ => Ok(()),
        }
    }
}

/// The claims that count; a token may have others.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    client_id: Option<String>,
    azp: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    units: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Checks signature, issuer and audience of a token, and what it says. Its times are for
/// [`Believed::at`].
pub(crate) fn believe(
    token: &str,
    heading: &Heading,
    key: &DecodingKey,
    policy: &Policy,
) -> Result<Believed, Rejected> {
    let mut signature_only = Validation::new(heading.algorithm);
    signature_only.required_spec_claims.clear();
    // The library would read the clock; ours is handed in.
    signature_only.validate_exp = false;
    signature_only.validate_nbf = false;
    signature_only.validate_aud = false;
    let decoded = jsonwebtoken::decode::<Claims>(token, key, &signature_only);
    let claims = decoded.map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::Json(_) => Rejected::Malformed,
        _ => Rejected::Signature,
    })?;
    let claims = claims.claims;
    if claims.iss != policy.issuer {
        return Err(Rejected::Issuer);
    }
    let for_us = match &claims.aud {
        Audience::One(audience) => *audience == policy.audience,
        Audience::Several(audiences) => audiences.contains(&policy.audience),
    };
    if !for_us {
        return Err(Rejected::Audience);
    }
    let validity = Validity {
        from: claims.nbf.max(claims.iat),
        until: claims.exp,
    };
    let caller = caller(claims)?;
    Ok(Believed { caller, validity })
}

fn caller(claims: Claims) -> Result<Caller, Rejected> {
    let client = claims.client_id.or(claims.azp).unwrap_or_default();
    let sound =
        |name: &str| name.chars().count() <= NAME_CHARS && !name.chars().any(char::is_control);
    if claims.sub.is_empty() || !sound(&claims.sub) || !sound(&client) {
        return Err(Rejected::Malformed);
    }
    if claims.units.len() > UNITS_MAX {
        return Err(Rejected::Malformed);
    }
    // A unit that was left out because it cannot be read would let an appraiser judge its own.
    let units: Result<BTreeSet<UnitCode>, _> =
        claims.units.iter().map(|unit| unit.parse()).collect();
    let units = units.map_err(|_| Rejected::Malformed)?;
    // The issuer may serve other systems with roles of their own; they open nothing here.
    let roles = claims.roles.iter().filter_map(|role| role.parse().ok());
    // What a service is, only its certificate says.
    let roles = roles.filter(|role| *role != Role::Service);
    let roles: BTreeSet<Role> = roles.collect();
    Ok(Caller {
        subject: claims.sub,
        client,
        roles,
        units,
    })
}
