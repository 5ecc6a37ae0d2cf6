//! Who may do what with which unit's dossiers, with TLS and tokens.

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::log::v1 as log;
use identity::{Caller, Role, Signer, Terms, key_pem};
use jiff::SignedDuration;
use prost::Message as _;
use runtime::{Bearer, Clock, Security};
use stack::Authority;
use tokio_util::sync::DropGuard;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::catalog::{NO_LIMIT, OTHER, UNIT, reception};
use crate::world::{World, at, eventually};

const ISSUER: &str = "https://issuer.test";
const MOMENT: &str = "2025-03-03T09:00:00+07:00";

type Client = DossiersServiceClient<InterceptedService<Channel, Bearer>>;

struct Guarded {
    signer: Signer,
    channel: Channel,
    _running: DropGuard,
}

impl Guarded {
    async fn start(world: &World) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::create(folder.path()).expect("an authority");
        let server = authority.issue("dossiers", &["127.0.0.1"]).expect("issued");
        let signer = Signer::from_pem(key_pem([7; 32]).as_bytes()).expect("a key");
        let keys = folder.path().join("keys.json");
        std::fs::write(&keys, signer.key_set()).expect("written");
        let security = Security {
            tls_cert: Some(server.cert),
            tls_key: Some(server.key),
            tls_ca: Some(authority.ca()),
            jwks: Some(keys.to_str().expect("a path").parse().expect("a file")),
            token_issuer: Some(ISSUER.to_owned()),
            ..Security::default()
        };
        let (url, running) = world.guarded(security.clone()).await;
        let trusting = Security {
            tls_ca: security.tls_ca,
            ..Security::default()
        };
        let channel = runtime::secure_channel(&url, &trusting).expect("a channel");
        let guarded = Self {
            signer,
            channel,
            _running: running,
        };
        // Certificates and keys are read by the time it answers.
        let list = pb::ListDossiersRequest::default();
        eventually("the guarded service answers", async || {
            let auditor = guarded.client("auditor", &[Role::Auditor], &[]);
            auditor.clone().list_dossiers(list.clone()).await.ok()
        })
        .await;
        guarded
    }

    fn client(&self, subject: &str, roles: &[Role], units: &[&str]) -> Client {
        let caller = Caller {
            subject: subject.to_owned(),
            client: "desk".to_owned(),
            roles: roles.iter().copied().collect(),
            units: units
                .iter()
                .map(|unit| unit.parse().expect("a unit"))
                .collect(),
        };
        let now = Clock::system().now();
        let terms = Terms {
            issuer: ISSUER,
            audience: "chiso",
            from: now,
            until: now + SignedDuration::from_mins(10),
        };
        let bearer = Bearer::new(&self.signer.token(&caller, terms)).expect("a token");
        DossiersServiceClient::with_interceptor(self.channel.clone(), bearer)
    }
}

fn receiving(code: &str) -> pb::ReceiveDossierRequest {
    pb::ReceiveDossierRequest {
        context: Some(at(MOMENT)),
        ..reception(code, NO_LIMIT)
    }
}

fn starting(code: &str) -> pb::StartProcessingRequest {
    pb::StartProcessingRequest {
        context: Some(at(MOMENT)),
        code: code.into(),
        ..Default::default()
    }
}

fn getting(code: &str) -> pb::GetDossierRequest {
    pb::GetDossierRequest {
        code: code.into(),
        ..Default::default()
    }
}

fn listing(unit: &str) -> pb::ListDossiersRequest {
    pb::ListDossiersRequest {
        unit: unit.into(),
        ..Default::default()
    }
}

#[track_caller]
fn denied<T: std::fmt::Debug>(answer: Result<T, Status>, reason: &str) -> String {
    let status = answer.expect_err("nobody may");
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    let info = status.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, reason, "{status:?}");
    status.message().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_acts_on_its_own_units_dossiers_by_any_code_of_the_unit() {
    let world = World::start().await;
    let guarded = Guarded::start(&world).await;
    for (number, unit) in [UNIT, "000.00.12.H40"].into_iter().enumerate() {
        let code = format!("own-{number}");
        let mut clerk = guarded.client("nv-017", &[Role::Clerk], &[unit]);
        clerk
            .receive_dossier(receiving(&code))
            .await
            .expect("received");
        clerk
            .start_processing(starting(&code))
            .await
            .expect("started");
        clerk.get_dossier(getting(&code)).await.expect("read");
        clerk.list_dossiers(listing(UNIT)).await.expect("listed");
        let events = world.events(&code).await;
        let metadata = log::Metadata::decode(events[0].metadata.as_ref()).expect("metadata");
        assert_eq!(metadata.actor, "nv-017");
        assert_eq!(metadata.client, "desk");
        assert_eq!(metadata.roles, ["clerk"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_unit_has_and_what_nobody_has_are_refused_alike() {
    let world = World::start().await;
    let guarded = Guarded::start(&world).await;
    let mut theirs = guarded.client("nv-017", &[Role::Clerk], &[UNIT]);
    theirs
        .receive_dossier(receiving("theirs"))
        .await
        .expect("received");
    let head = world.head().await;
    let mut clerk = guarded.client("nv-018", &[Role::Clerk], &[OTHER]);
    let foreign = denied(
        clerk.start_processing(starting("theirs")).await,
        "UNIT_NOT_YOURS",
    );
    let none = denied(
        clerk.start_processing(starting("nobodys")).await,
        "UNIT_NOT_YOURS",
    );
    assert_eq!(foreign, none);
    let foreign = denied(clerk.get_dossier(getting("theirs")).await, "UNIT_NOT_YOURS");
    let none = denied(
        clerk.get_dossier(getting("nobodys")).await,
        "UNIT_NOT_YOURS",
    );
    assert_eq!(foreign, none);
    for unit in [UNIT, "", "H40.99"] {
        denied(clerk.list_dossiers(listing(unit)).await, "UNIT_NOT_YOURS");
    }
    denied(
        clerk.receive_dossier(receiving("new")).await,
        "UNIT_NOT_YOURS",
    );
    // In another unit's name.
    let mut request = starting("theirs");
    request.context.as_mut().expect("a context").unit = OTHER.into();
    denied(theirs.start_processing(request).await, "UNIT_NOT_YOURS");
    assert_eq!(world.head().await, head, "nothing was written");
    // After the handover it is theirs.
    let handing = pb::HandOverDossierRequest {
        context: Some(at(MOMENT)),
        code: "theirs".into(),
        to_unit: OTHER.into(),
        reason: "wrong counter".into(),
    };
    theirs
        .start_processing(starting("theirs"))
        .await
        .expect("started");
    theirs
        .hand_over_dossier(handing)
        .await
        .expect("handed over");
    clerk.get_dossier(getting("theirs")).await.expect("read");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_open_what_the_table_says_and_nobody_acts_as_somebody_else() {
    let world = World::start().await;
    let guarded = Guarded::start(&world).await;
    let mut clerk = guarded.client("nv-017", &[Role::Clerk], &[UNIT]);
    let mut as_another = receiving("own");
    as_another.context.as_mut().expect("a context").actor = "nv-018".into();
    let status = clerk
        .receive_dossier(as_another)
        .await
        .expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("context.actor"), "{status:?}");
    let mut client = guarded.client("portal", &[Role::Integrator], &["H40"]);
    client
        .receive_dossier(receiving("brought"))
        .await
        .expect("received");
    let mut auditor = guarded.client("kt-001", &[Role::Auditor], &[UNIT]);
    auditor.get_dossier(getting("brought")).await.expect("read");
    auditor.list_dossiers(listing("")).await.expect("listed");
    let message = denied(
        auditor.receive_dossier(receiving("a")).await,
        "ROLE_MISSING",
    );
    assert!(
        message.contains("needs the role clerk or integrator"),
        "{message}"
    );
    let mut analyst = guarded.client("pt-001", &[Role::Analyst], &[UNIT]);
    denied(
        analyst.get_dossier(getting("brought")).await,
        "ROLE_MISSING",
    );
    let mut appraiser = guarded.client("td-001", &[Role::Appraiser], &[UNIT]);
    denied(
        appraiser.get_dossier(getting("brought")).await,
        "UNIT_NOT_YOURS",
    );
}
