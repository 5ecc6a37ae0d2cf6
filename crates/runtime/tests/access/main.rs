//! Who is let in, and to what: every cell of the table over real gRPC with TLS and real tokens.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod denials;
mod reached;
mod renewal;
mod verbatim;
mod world;

use std::collections::BTreeSet;

use bytes::Bytes;
use identity::table::{Access, Condition, table};
use identity::{Caller, Role, Terms};
use jiff::SignedDuration;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use world::{World, call, caller, now, send, signer, terms};

const OWN: &str = "H40.12";
const FOREIGN: &str = "H40.13";
const GET_UNIT: &str = "/chiso.registry.v1.RegistryService/GetUnit";
const READ: &str = "/chiso.log.v1.LogService/Read";

/// What infrastructure answers itself.
fn is_ours(service: &str) -> bool {
    service.starts_with("chiso.")
}

#[track_caller]
fn says_nothing_of_the_inside(status: &Status) {
    let text = format!("{} {:?}", status.message(), status.metadata());
    for inside in [
        "panicked",
        ".rs:",
        "select ",
        "insert ",
        "sqlx",
        "backtrace",
        "jsonwebtoken",
    ] {
        assert!(!text.contains(inside), "{text}");
    }
}

#[tokio::test]
async fn every_cell_of_the_table_is_as_it_says() {
    let world = World::start("matrix").await;
    let people = world.channel();
    let service = world.channel_of("scoring.service.chiso");
    let ours: BTreeSet<&str> = table()
        .map(|rule| rule.service)
        .filter(|service| is_ours(service))
        .collect();
    let served: BTreeSet<&str> = reached::NAMES.iter().copied().collect();
    assert_eq!(ours, served, "serve what is new in the table here as well");
    let mut cells = 0;
    for role in Role::ALL {
        // A service has no token, and no token makes one.
        let (channel, token) = match role {
            Role::Service => (&service, None),
            _ => (&people, Some(world.token(&[role]))),
        };
        for rule in table().filter(|rule| is_ours(rule.service)) {
            let Access::To(grants) = rule.access else {
                panic!("{} is open to everybody", rule.service);
            };
            let condition = grants
                .iter()
                .find(|grant| grant.role == role)
                .map(|grant| grant.condition);
            for method in rule.methods {
                let path = format!("/{}/{method}", rule.service);
                for unit in [None, Some(OWN), Some(FOREIGN)] {
                    let unit_decides = condition.is_some_and(|it| it != Condition::Any);
                    let may = match condition {
                        None => false,
                        Some(Condition::Any) => true,
                        Some(Condition::OwnUnit | Condition::GrantedUnit) => unit == Some(OWN),
                        Some(Condition::OtherUnit) => unit == Some(FOREIGN),
                    };
                    let answer = call(channel, &path, token.as_deref(), unit).await;
                    let cell = format!("{role} {path} {unit:?}: {answer:?}");
                    cells += 1;
                    if may {
                        assert!(answer.is_ok(), "{cell}");
                        continue;
                    }
                    let status = answer.expect_err(&cell);
                    says_nothing_of_the_inside(&status);
                    if unit_decides && unit.is_none() {
                        // Whoever answers without having asked about a unit is not let speak.
                        assert_eq!(status.code(), Code::Internal, "{cell}");
                        continue;
                    }
                    assert_eq!(status.code(), Code::PermissionDenied, "{cell}");
                    let reason = status.get_details_error_info().unwrap().reason;
                    match condition {
                        None => assert_eq!(reason, "ROLE_MISSING", "{cell}"),
                        Some(_) => assert_eq!(reason, "UNIT_NOT_YOURS", "{cell}"),
                    }
                    assert!(!status.message().contains(FOREIGN), "{cell}");
                }
            }
        }
    }
    assert!(cells > 2_000, "{cells} cells");
}

/// Why a call to a service with this token is refused.
async fn refused(world: &World, token: Option<&str>) -> String {
    let status = call(&world.channel(), GET_UNIT, token, None)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    says_nothing_of_the_inside(&status);
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn a_token_that_is_not_to_be_believed_lets_nobody_in() {
    let world = World::start("tokens").await;
    let good = world.token(&[Role::Administrator]);
    assert!(
        call(&world.channel(), GET_UNIT, Some(&good), None)
            .await
            .is_ok()
    );
    let admin = caller(&[Role::Administrator]);
    let with = |terms: Terms<'_>| world.signer.token(&admin, terms);
    let hour = SignedDuration::from_hours(1);
    let expired = with(Terms {
        from: now() - hour,
        until: now() - hour / 2,
        ..terms()
    });
    let early = with(Terms {
        from: now() + hour,
        until: now() + hour * 2,
        ..terms()
    });
    let parts: Vec<&str> = good.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let tampered = format!("{}.{}x.{}", parts[0], parts[1], parts[2]);
    for (token, reason) in [
        (Some(expired), "TOKEN_EXPIRED"),
        (Some(early), "TOKEN_NOT_YET_VALID"),
        (
            Some(with(Terms {
                audience: "mail",
                ..terms()
            })),
            "TOKEN_AUDIENCE",
        ),
        (
            Some(with(Terms {
                issuer: "https://other.test",
                ..terms()
            })),
            "TOKEN_ISSUER",
        ),
        (Some(signer(2).token(&admin, terms())), "TOKEN_SIGNATURE"),
        (Some(unsigned), "TOKEN_MALFORMED"),
        (Some(tampered), "TOKEN_SIGNATURE"),
        (Some("garbage".to_owned()), "TOKEN_MALFORMED"),
        (None, "TOKEN_MISSING"),
    ] {
        assert_eq!(refused(&world, token.as_deref()).await, reason);
    }
    let mut basic = Request::new(Bytes::new());
    basic
        .metadata_mut()
        .insert("authorization", "Basic dTpw".parse().unwrap());
    let status = send(&world.channel(), GET_UNIT, basic).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
}

#[tokio::test]
async fn a_service_is_known_by_its_certificate() {
    let world = World::start("mutual").await;
    let scoring = world.channel_of("scoring.service.chiso");
    assert!(call(&scoring, READ, None, None).await.is_ok());
    let status = call(
        &scoring,
        "/chiso.registry.v1.RegistryService/PutUnit",
        None,
        None,
    )
    .await;
    assert_eq!(status.unwrap_err().code(), Code::PermissionDenied);
    // Of an authority that nobody knows here: the connection is not made.
    let stranger = world.channel_of_stranger("scoring.service.chiso");
    assert!(call(&stranger, READ, None, None).await.is_err());
    // A name that is no service's opens nothing by itself.
    let other = world.channel_of("scoring.example");
    let status = call(&other, READ, None, None).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
}

#[tokio::test]
async fn a_certificate_of_a_client_binds_tokens_to_it() {
    let world = World::start("bound").await;
    let portal = world.channel_of("portal.client.chiso");
    let of = |client: &str| {
        let caller = Caller {
            client: client.to_owned(),
            ..caller(&[Role::Integrator])
        };
        world.signer.token(&caller, terms())
    };
    assert!(
        call(&portal, GET_UNIT, Some(&of("portal")), None)
            .await
            .is_ok()
    );
    let stolen = call(&portal, GET_UNIT, Some(&of("desk")), None)
        .await
        .unwrap_err();
    assert_eq!(
        stolen.get_details_error_info().unwrap().reason,
        "TOKEN_OF_OTHER_CLIENT"
    );
    let bare = call(&portal, GET_UNIT, None, None).await.unwrap_err();
    assert_eq!(bare.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn health_is_answered_to_everybody_and_plain_text_to_nobody() {
    let world = World::start("open").await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(world.channel());
    let check = tonic_health::pb::HealthCheckRequest::default();
    assert_eq!(health.check(check).await.unwrap().into_inner().status, 1);
    let plain = runtime::channel(&world.url.replace("https", "http")).unwrap();
    let token = world.token(&Role::ALL);
    assert!(call(&plain, GET_UNIT, Some(&token), None).await.is_err());
    let unknown = call(&world.channel(), "/no.such/Method", Some(&token), None).await;
    assert_eq!(unknown.unwrap_err().code(), Code::PermissionDenied);
    // Who it is may be asked of everybody who is somebody, of what there is as well.
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let asked = call(&world.channel(), reflection, None, None)
        .await
        .unwrap_err();
    assert_eq!(asked.code(), Code::Unauthenticated);
}
