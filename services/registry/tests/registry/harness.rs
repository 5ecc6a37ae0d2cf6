//! A registry of its own for every test, on one stack.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::log::v1::{CommandContext, GetHeadRequest};
use contracts::registry::v1 as pb;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use runtime::{Nats, Settings, Shutdown};
use stack::{Options, Stack};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The servers, shared by the tests and ended with the process.
pub(crate) fn stack() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK
        .get_or_init(|| Stack::start(&Options::named("registry").without_fsync()).expect("a stack"))
}

/// A running registry with clients.
pub(crate) struct Registry {
    pub(crate) client: RegistryServiceClient<Channel>,
    pub(crate) log: LogServiceClient<Channel>,
    /// Province of its own, and so a JetStream stream of its own.
    pub(crate) province: String,
    database: String,
    shutdown: Shutdown,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Registry {
    /// A new registry with nothing in it.
    pub(crate) async fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let database = format!("registry_{number}");
        stack().create_database(&database).expect("a database");
        Self::serve(database, format!("T{number}")).await
    }

    /// The same registry in a new process, as it were.
    pub(crate) async fn restart(self) -> Self {
        let (database, province) = (self.database.clone(), self.province.clone());
        self.stop().await;
        Self::serve(database, province).await
    }

    /// Ends it as a signal does.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.served.await.expect("no panic").expect("a clean end");
    }

    async fn serve(database: String, province: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let url = stack().postgres_url(&database);
        let nats = stack().nats(&province, "registry").expect("a user of NATS");
        let nats = Nats::new(nats.url, nats.ca, nats.credentials);
        let settings = Settings {
            province: province.clone(),
            ..Settings::local(url, nats)
        };
        let config = registry::Config { settings };
        let shutdown = Shutdown::new();
        let served = tokio::spawn(registry::serve(config, listener, shutdown.clone()));
        let channel = runtime::channel(&format!("http://{address}")).expect("a sound address");
        Self {
            client: RegistryServiceClient::new(channel.clone()),
            log: LogServiceClient::new(channel),
            province,
            database,
            shutdown,
            served,
        }
    }

    /// A new registry with the province H40, two departments and a district.
    pub(crate) async fn with_units() -> Self {
        let mut registry = Self::start().await;
        for request in [
            province(),
            department("H40.14"),
            department("H40.15"),
            district("H40.31"),
        ] {
            registry
                .client
                .put_unit(request)
                .await
                .expect("a sound unit");
        }
        registry
    }

    /// Position of the newest event.
    pub(crate) async fn position(&mut self) -> i64 {
        let head = self.log.get_head(GetHeadRequest {}).await.expect("a head");
        head.into_inner().position
    }
}

/// The context of a command under a request id.
pub(crate) fn under(request_id: uuid::Uuid) -> Option<CommandContext> {
    Some(CommandContext {
        request_id: request_id.to_string(),
        ..CommandContext::default()
    })
}

/// The field that a status complains of.
#[track_caller]
pub(crate) fn violated_field(status: &Status) -> String {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_details_bad_request().expect("a bad request");
    details.field_violations[0].field.clone()
}

/// The reason that a status gives.
#[track_caller]
pub(crate) fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .expect("an error info")
        .reason
}

pub(crate) fn name(vi: &str) -> Option<pb::Name> {
    Some(pb::Name {
        vi: vi.into(),
        en: String::new(),
    })
}

pub(crate) fn province() -> pb::PutUnitRequest {
    pb::PutUnitRequest {
        code: "H40".into(),
        other_codes: vec!["000.00.00.H40".into()],
        name: name("Ủy ban nhân dân tỉnh Nam Định"),
        group: pb::UnitGroup::Province.into(),
        valid_from: "2010-01-01".into(),
        ..pb::PutUnitRequest::default()
    }
}

pub(crate) fn department(code: &str) -> pb::PutUnitRequest {
    let number = code.trim_start_matches("H40.");
    pb::PutUnitRequest {
        code: code.into(),
        other_codes: vec![format!("000.00.{number}.H40")],
        name: name(&format!("Sở {number}")),
        group: pb::UnitGroup::Department.into(),
        parent: "H40".into(),
        valid_from: "2010-01-01".into(),
        ..pb::PutUnitRequest::default()
    }
}

pub(crate) fn district(code: &str) -> pb::PutUnitRequest {
    pb::PutUnitRequest {
        group: pb::UnitGroup::District.into(),
        ..department(code)
    }
}

pub(crate) fn merged(code: &str, into: &str, valid_until: &str) -> pb::SucceedUnitRequest {
    pb::SucceedUnitRequest {
        code: code.into(),
        kind: pb::SuccessionKind::Merged.into(),
        successors: vec![into.into()],
        valid_until: valid_until.into(),
        ..pb::SucceedUnitRequest::default()
    }
}

pub(crate) fn procedure(code: &str) -> pb::PutProcedureRequest {
    pb::PutProcedureRequest {
        code: code.into(),
        name: name("Cấp Phiếu lý lịch tư pháp"),
        sector: "Lý lịch tư pháp".into(),
        limit: Some(pb::TimeLimit {
            limit: Some(pb::time_limit::Limit::WorkingDays(10)),
        }),
        online: pb::OnlineLevel::Full.into(),
        authority: pb::UnitGroup::Department.into(),
        units: vec!["H40.14".into()],
        valid_from: "2024-01-01".into(),
        ..pb::PutProcedureRequest::default()
    }
}

pub(crate) fn calendar() -> pb::PutCalendarRequest {
    let open = |weekday| pb::DayHours {
        weekday,
        intervals: vec![pb::Interval {
            from_minute: 420,
            to_minute: 1_020,
        }],
    };
    pb::PutCalendarRequest {
        name: "office".into(),
        utc_offset_minutes: 420,
        week: (1..=5).map(open).collect(),
        days: vec![pb::SpecialDay {
            date: "2024-09-02".into(),
            kind: "statutory".into(),
            label: "Quốc khánh".into(),
            intervals: vec![],
        }],
        covers_from: "2024-01-01".into(),
        covers_until: "2024-12-31".into(),
        source: "2450/VPCP-KGVX".into(),
        ..pb::PutCalendarRequest::default()
    }
}

pub(crate) fn policy(value: &str, valid_from: &str) -> pb::PutPolicyRequest {
    pb::PutPolicyRequest {
        name: "clock_policy".into(),
        value: value.into(),
        valid_from: valid_from.into(),
        source: "61/2018/NĐ-CP".into(),
        ..pb::PutPolicyRequest::default()
    }
}
